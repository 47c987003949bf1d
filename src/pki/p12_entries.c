/* p12_entries.c - from the bags of a PKCS#12 file to a keystore's entries. */
#include <stdio.h>
#include <stdlib.h>

#include "src/pki/chain.h"
#include "src/pki/p12_impl.h"

enum gv_rc
p12_damaged(const struct p12_reading *r, const char *why)
{
    return gv_pki_fail(r->x, GV_PKI_DAMAGED, "the keystore %s", why);
}

enum gv_rc
p12_no_memory(const struct p12_reading *r)
{
    return gv_pki_fail(r->x, GV_PKI_FAULT, "out of memory");
}

static bool
same_id(const struct p12_bag *a, const struct p12_bag *b)
{
    return a->id != NULL && b->id != NULL &&
           ASN1_OCTET_STRING_cmp(a->id, b->id) == 0;
}

static bool
same_alias(const struct p12_bag *a, const struct p12_bag *b)
{
    return a->alias != NULL && b->alias != NULL && p12_same(a->alias, b->alias);
}

/* The certificate of a key: of its localKeyID and name, else of its
 * localKeyID, else of its name. */
static struct p12_bag *
partner(struct p12_reading *r, const struct p12_bag *key)
{
    struct p12_bag *by_id = NULL, *by_alias = NULL;

    for (size_t i = 0; i < r->n; i++) {
        struct p12_bag *b = &r->bags[i];

        if (b->cert == NULL || b->trusted)
            continue;
        if (same_id(b, key) && same_alias(b, key))
            return b;
        if (by_id == NULL && same_id(b, key))
            by_id = b;
        if (by_alias == NULL && same_alias(b, key) && b->id == NULL)
            by_alias = b;
    }
    return by_id != NULL ? by_id : by_alias;
}

static bool
is_free(const struct p12_reading *r, const char *alias)
{
    struct gv_pki_error ignored;
    size_t at;

    for (size_t i = 0; i < r->n; i++)
        if (r->bags[i].alias != NULL && p12_same(r->bags[i].alias, alias))
            return false;
    return gv_p12_find(r->out, alias, &at, &ignored) != GV_OK;
}

/* As keytool does it: entries without a name are called 1, 2, ... (rule
 * K6). */
static char *
number_alias(const struct p12_reading *r)
{
    char name[24];

    for (size_t n = 1; n <= P12_BAGS_MAX; n++) {
        (void)snprintf(name, sizeof(name), "%zu", n);
        if (is_free(r, name))
            return strdup(name);
    }
    return NULL;
}

static enum gv_rc
make_entry(struct p12_reading *r, struct p12_bag *bag, X509 *cert)
{
    struct p12_entry entry = {.kind = bag->sealed != NULL ? GV_P12_KEY
                                                          : GV_P12_TRUSTED,
                              .alias = bag->alias,
                              .cert = cert,
                              .sealed = bag->sealed};
    enum gv_rc rc;

    X509_up_ref(cert);
    bag->alias = NULL;
    bag->sealed = NULL;
    if (entry.alias == NULL)
        entry.alias = number_alias(r);
    rc = p12_append(r->out, entry, r->x);
    return rc == GV_REJECT
               ? p12_damaged(r, "has two entries of one alias, or too "
                                "many entries")
               : rc;
}

enum gv_rc
p12_make_entries(struct p12_reading *r)
{
    bool taken[P12_BAGS_MAX] = {false};
    enum gv_rc rc = GV_OK;

    for (size_t i = 0; rc == GV_OK && i < r->n; i++) {
        struct p12_bag *cert;

        if (r->bags[i].sealed == NULL)
            continue;
        cert = partner(r, &r->bags[i]);
        if (cert == NULL)
            return p12_damaged(r, "holds a key without its certificate");
        taken[cert - r->bags] = true;
        rc = make_entry(r, &r->bags[i], cert->cert);
    }
    for (size_t i = 0; rc == GV_OK && i < r->n; i++) {
        struct p12_bag *b = &r->bags[i];

        if (b->cert == NULL || taken[i])
            continue;
        if (b->trusted)
            rc = make_entry(r, b, b->cert);
        else if (gv_chain_add(r->out->others, b->cert) != GV_OK)
            rc = p12_no_memory(r);
    }
    return rc;
}
