/* p12.c - a keystore in memory (src/pki/p12.h). */
#include "src/pki/p12.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <strings.h>

#include "src/pki/chain.h"
#include "src/pki/p12_impl.h"

struct gv_p12 *
gv_p12_new(void)
{
    struct gv_p12 *p12 = calloc(1, sizeof(*p12));

    if (p12 == NULL)
        return NULL;
    p12->rounds = GV_SEAL_ROUNDS;
    p12->others = sk_X509_new_null();
    if (p12->others == NULL) {
        free(p12);
        return NULL;
    }
    return p12;
}

static void
entry_clear(struct p12_entry *entry)
{
    free(entry->alias);
    X509_free(entry->cert);
    X509_SIG_free(entry->sealed);
}

void
gv_p12_free(struct gv_p12 *p12)
{
    if (p12 == NULL)
        return;
    for (size_t i = 0; i < p12->n; i++)
        entry_clear(&p12->entries[i]);
    free(p12->entries);
    gv_chain_free(p12->others);
    free(p12);
}

void
gv_p12_rounds(struct gv_p12 *p12, unsigned rounds)
{
    p12->rounds = rounds < GV_SEAL_ROUNDS_MIN ? GV_SEAL_ROUNDS_MIN : rounds;
}

static enum gv_rc
no_memory(struct gv_pki_error *x)
{
    return gv_pki_fail(x, GV_PKI_FAULT, "out of memory");
}

/* --- aliases --- */

bool
p12_same(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

static bool
lookup(const struct gv_p12 *p12, const char *alias, size_t *i)
{
    for (*i = 0; *i < p12->n; (*i)++)
        if (p12_same(p12->entries[*i].alias, alias))
            return true;
    return false;
}

enum gv_rc
gv_p12_find(const struct gv_p12 *p12, const char *alias, size_t *i,
            struct gv_pki_error *x)
{
    return lookup(p12, alias, i)
               ? GV_OK
               : gv_pki_fail(x, GV_PKI_UNKNOWN,
                             "no entry has the alias '%.80s'", alias);
}

/* Rule K3. */
static bool
well_formed(const char *alias)
{
    size_t len = strlen(alias);

    if (len < 1 || len > GV_P12_ALIAS_MAX || alias[0] == ' ' ||
        alias[len - 1] == ' ')
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)alias[i] < 32 || alias[i] == 127)
            return false;
    return true;
}

enum gv_rc
gv_p12_alias_free(const struct gv_p12 *p12, const char *alias,
                  struct gv_pki_error *x)
{
    size_t i;

    if (!well_formed(alias))
        return gv_pki_fail(x, GV_PKI_REFUSED,
                           "an alias has 1 to %d bytes, no control bytes, and "
                           "no blank at either end",
                           GV_P12_ALIAS_MAX);
    if (lookup(p12, alias, &i))
        return gv_pki_fail(x, GV_PKI_DUPLICATE, "the alias '%s' is taken",
                           p12->entries[i].alias);
    return GV_OK;
}

enum gv_rc
p12_append(struct gv_p12 *p12, struct p12_entry entry, struct gv_pki_error *x)
{
    struct p12_entry *grown = NULL;
    enum gv_rc rc = GV_OK;
    size_t i;

    if (entry.alias != NULL && lookup(p12, entry.alias, &i))
        rc = gv_pki_fail(x, GV_PKI_DUPLICATE,
                         "two entries have the alias '%.80s'", entry.alias);
    else if (p12->n >= GV_P12_ENTRIES_MAX)
        rc = gv_pki_fail(x, GV_PKI_REFUSED,
                         "a keystore holds at most %d entries",
                         GV_P12_ENTRIES_MAX);
    else if (entry.alias == NULL ||
             (grown = realloc(p12->entries, (p12->n + 1) * sizeof(*grown))) ==
                 NULL)
        rc = no_memory(x);
    if (rc != GV_OK) {
        entry_clear(&entry);
        return rc;
    }
    p12->entries = grown;
    p12->entries[p12->n++] = entry;
    return GV_OK;
}

/* --- looking --- */

size_t
gv_p12_count(const struct gv_p12 *p12)
{
    return p12->n;
}

struct gv_p12_entry
gv_p12_at(const struct gv_p12 *p12, size_t i)
{
    const struct p12_entry *entry = &p12->entries[i];

    return (struct gv_p12_entry){entry->alias, entry->kind, entry->cert};
}

/* Of the entries of the kinds in `kinds` (bits), and the others if asked. */
static STACK_OF(X509) *
    gather(const struct gv_p12 *p12, unsigned kinds, bool others)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    bool ok = all != NULL;

    for (size_t i = 0; ok && i < p12->n; i++)
        if ((kinds & (1u << p12->entries[i].kind)) != 0)
            ok = gv_chain_add(all, p12->entries[i].cert) == GV_OK;
    for (int i = 0; ok && others && i < sk_X509_num(p12->others); i++)
        ok = gv_chain_add(all, sk_X509_value(p12->others, i)) == GV_OK;
    if (ok)
        return all;
    gv_chain_free(all);
    return NULL;
}

STACK_OF(X509) * gv_p12_certs(const struct gv_p12 *p12)
{
    return gather(p12, 1u << GV_P12_KEY | 1u << GV_P12_TRUSTED, true);
}

STACK_OF(X509) * gv_p12_trusted(const struct gv_p12 *p12)
{
    return gather(p12, 1u << GV_P12_TRUSTED, false);
}

STACK_OF(X509) * gv_p12_chain(const struct gv_p12 *p12, size_t i)
{
    STACK_OF(X509) *all = gv_p12_certs(p12), *chain;

    if (all == NULL)
        return NULL;
    chain = gv_chain_build(p12->entries[i].cert, all);
    gv_chain_free(all);
    return chain;
}

enum gv_rc
gv_p12_key(const struct gv_p12 *p12, size_t i, struct gv_bytes password,
           EVP_PKEY **out, struct gv_pki_error *x)
{
    const struct p12_entry *entry = &p12->entries[i];
    EVP_PKEY *key;

    if (entry->kind != GV_P12_KEY)
        return gv_pki_fail(x, GV_PKI_REFUSED, "the entry '%s' holds no key",
                           entry->alias);
    key = gv_seal_open(entry->sealed, password);
    if (key == NULL)
        return gv_pki_fail(x, GV_PKI_PASSWORD,
                           "wrong password for the entry '%s'", entry->alias);
    if (X509_check_private_key(entry->cert, key) == 1) {
        *out = key;
        return GV_OK;
    }
    EVP_PKEY_free(key);
    return gv_pki_fail(x, GV_PKI_DAMAGED,
                       "the key of the entry '%s' is not its certificate's",
                       entry->alias);
}

/* --- changing --- */

static enum gv_rc
add_others(struct gv_p12 *p12, const STACK_OF(X509) * chain,
           struct gv_pki_error *x)
{
    for (int i = 1; i < sk_X509_num(chain); i++)
        if (gv_chain_add(p12->others, sk_X509_value(chain, i)) != GV_OK)
            return no_memory(x);
    return GV_OK;
}

enum gv_rc
gv_p12_add_key(struct gv_p12 *p12, const char *alias, EVP_PKEY *key,
               struct gv_bytes password, STACK_OF(X509) * chain,
               struct gv_pki_error *x)
{
    struct p12_entry entry = {.kind = GV_P12_KEY};
    X509 *leaf = sk_X509_num(chain) > 0 ? sk_X509_value(chain, 0) : NULL;
    enum gv_rc rc = gv_p12_alias_free(p12, alias, x);

    if (rc != GV_OK)
        return rc;
    if (leaf == NULL || X509_check_private_key(leaf, key) != 1)
        return gv_pki_fail(x, GV_PKI_REFUSED,
                           "the certificate does not belong to the key");
    entry.sealed = gv_seal_key(key, password, p12->rounds);
    if (entry.sealed == NULL || add_others(p12, chain, x) != GV_OK) {
        X509_SIG_free(entry.sealed);
        return no_memory(x);
    }
    X509_up_ref(leaf);
    entry.cert = leaf;
    entry.alias = strdup(alias);
    return p12_append(p12, entry, x);
}

enum gv_rc
gv_p12_add_trusted(struct gv_p12 *p12, const char *alias, X509 *cert,
                   struct gv_pki_error *x)
{
    struct p12_entry entry = {.kind = GV_P12_TRUSTED};
    enum gv_rc rc = gv_p12_alias_free(p12, alias, x);

    if (rc != GV_OK)
        return rc;
    X509_up_ref(cert);
    entry.cert = cert;
    entry.alias = strdup(alias);
    return p12_append(p12, entry, x);
}

static bool
holds(const STACK_OF(X509) * chain, const X509 *cert)
{
    for (int i = 0; i < sk_X509_num(chain); i++)
        if (X509_cmp(sk_X509_value(chain, i), cert) == 0)
            return true;
    return false;
}

/* Is it in the chain of any key entry? True also if that cannot be told. */
static bool
is_needed(const struct gv_p12 *p12, const X509 *cert)
{
    bool needed = false;

    for (size_t i = 0; !needed && i < p12->n; i++) {
        STACK_OF(X509) * chain;

        if (p12->entries[i].kind != GV_P12_KEY)
            continue;
        chain = gv_p12_chain(p12, i);
        needed = chain == NULL || holds(chain, cert);
        gv_chain_free(chain);
    }
    return needed;
}

/* Certificates of a former chain that nobody needs now. What was never part
 * of a chain stays: it is not ours to drop. */
static void
drop_unneeded(struct gv_p12 *p12, const STACK_OF(X509) * former)
{
    for (int i = sk_X509_num(p12->others) - 1; i >= 0; i--) {
        X509 *cert = sk_X509_value(p12->others, i);

        if (holds(former, cert) && !is_needed(p12, cert))
            X509_free(sk_X509_delete(p12->others, i));
    }
}

/* The chain of an entry whose certificate is about to go. The certificate
 * joins the others first: it may be the issuer in another entry's chain (rule
 * K4). */
static STACK_OF(X509) * former_chain(struct gv_p12 *p12, size_t i)
{
    STACK_OF(X509) *chain = gv_p12_chain(p12, i);

    if (chain != NULL &&
        gv_chain_add(p12->others, p12->entries[i].cert) == GV_OK)
        return chain;
    gv_chain_free(chain);
    return NULL;
}

enum gv_rc
gv_p12_set_chain(struct gv_p12 *p12, size_t i, STACK_OF(X509) * chain,
                 struct gv_pki_error *x)
{
    struct p12_entry *entry = &p12->entries[i];
    X509 *leaf = sk_X509_num(chain) > 0 ? sk_X509_value(chain, 0) : NULL;
    STACK_OF(X509) * former;

    if (entry->kind != GV_P12_KEY || leaf == NULL ||
        EVP_PKEY_eq(X509_get0_pubkey(entry->cert), X509_get0_pubkey(leaf)) != 1)
        return gv_pki_fail(x, GV_PKI_REFUSED,
                           "the certificate is not for the key of '%s'",
                           entry->alias);
    former = former_chain(p12, i);
    if (former == NULL || add_others(p12, chain, x) != GV_OK) {
        gv_chain_free(former);
        return no_memory(x);
    }
    X509_up_ref(leaf);
    X509_free(entry->cert);
    entry->cert = leaf;
    drop_unneeded(p12, former);
    gv_chain_free(former);
    return GV_OK;
}

enum gv_rc
gv_p12_set_password(struct gv_p12 *p12, size_t i, struct gv_bytes old,
                    struct gv_bytes fresh, struct gv_pki_error *x)
{
    struct p12_entry *entry = &p12->entries[i];
    X509_SIG *sealed;
    EVP_PKEY *key;
    enum gv_rc rc = gv_p12_key(p12, i, old, &key, x);

    if (rc != GV_OK)
        return rc;
    sealed = gv_seal_key(key, fresh, p12->rounds);
    EVP_PKEY_free(key);
    if (sealed == NULL)
        return no_memory(x);
    X509_SIG_free(entry->sealed);
    entry->sealed = sealed;
    return GV_OK;
}

enum gv_rc
gv_p12_remove(struct gv_p12 *p12, size_t i, struct gv_pki_error *x)
{
    STACK_OF(X509) *former = former_chain(p12, i);

    if (former == NULL)
        return no_memory(x);
    entry_clear(&p12->entries[i]);
    memmove(&p12->entries[i], &p12->entries[i + 1],
            (p12->n - i - 1) * sizeof(*p12->entries));
    p12->n--;
    drop_unneeded(p12, former);
    gv_chain_free(former);
    return GV_OK;
}
