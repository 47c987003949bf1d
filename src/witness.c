/* witness.c - see witness.h. */
#include "src/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "src/base/files.h"
#include "src/client/evidence.h"

#define KEY_MAX 512

/* The newest token of one key. */
struct watched {
    uint8_t key[KEY_MAX];
    size_t key_len;
    struct gv_tst_facts facts;
    uint8_t *token, *open; /* heap, the open's raw bytes */
    size_t token_len, open_len;
    uint8_t authority;
    struct gv_chain_id auction;
    uint64_t seen; /* by the witness's own count */
    unsigned files;
};

struct gv_witness {
    const struct gv_params *params;
    char *dir;
    struct gv_log *log;
    struct watched watched[GV_WITNESS_KEYS];
    size_t count;
    uint64_t seen;
};

struct gv_witness *
gv_witness_new(const struct gv_witness_options *o)
{
    struct gv_witness *w = calloc(1, sizeof(*w));

    if (!w)
        return NULL;
    w->params = o->params;
    w->log = o->log;
    w->dir = strdup(o->dir);
    if (w->dir)
        return w;
    free(w);
    return NULL;
}

static void
forget(struct watched *k)
{
    free(k->token);
    free(k->open);
    memset(k, 0, sizeof(*k));
}

void
gv_witness_free(struct gv_witness *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->count; i++)
        forget(&w->watched[i]);
    free(w->dir);
    free(w);
}

static struct watched *
find(struct gv_witness *w, struct gv_bytes key)
{
    struct watched *oldest = &w->watched[0];

    for (size_t i = 0; i < w->count; i++) {
        struct watched *k = &w->watched[i];

        if (gv_bytes_eq(gv_bytes(k->key, k->key_len), key))
            return k;
        if (k->seen < oldest->seen)
            oldest = k;
    }
    if (w->count < GV_WITNESS_KEYS)
        oldest = &w->watched[w->count++];
    else
        forget(oldest);
    memcpy(oldest->key, key.p, key.len); /* at most 512 bytes (T6) */
    oldest->key_len = key.len;
    return oldest;
}

static bool
copy(uint8_t **to, size_t *to_len, struct gv_bytes from)
{
    uint8_t *p = realloc(*to, from.len);

    if (!p)
        return false;
    memcpy(p, from.p, from.len);
    *to = p;
    *to_len = from.len;
    return true;
}

static void
keep(struct watched *k, const struct gv_open *open, uint8_t authority,
     struct gv_bytes token, const struct gv_tst_facts *facts)
{
    bool same = k->open && GV_ID_EQ(&k->auction, &open->id);

    if (!copy(&k->token, &k->token_len, token) ||
        (!same && !copy(&k->open, &k->open_len, open->raw))) {
        k->token_len = 0; /* nothing to compare with */
        return;
    }
    k->auction = open->id;
    k->authority = authority;
    k->facts = *facts;
}

/* --- evidence --- */

/* The name is the pair's: the same pair makes one file, whatever the order. */
static char *
path_of(const struct gv_witness *w, const uint8_t a[32], const uint8_t b[32])
{
    bool swap = memcmp(a, b, 32) > 0;
    uint8_t both[64], hash[32];
    char name[80], hex[33];

    memcpy(both, swap ? b : a, 32);
    memcpy(both + 32, swap ? a : b, 32);
    gv_sha256_of(both, sizeof(both), hash);
    snprintf(name, sizeof(name), "%s.json", gv_hex(hash, 16, hex));
    return gv_file_join(w->dir, name);
}

static void
write_file(struct gv_witness *w, const char *path, enum gv_misconduct what,
           const struct gv_evidence_token pair[2])
{
    char *text = gv_evidence_text(w->params, what, pair);
    struct gv_error e = {"out of memory"};
    enum gv_rc rc = text ? gv_file_mkdirs(w->dir, &e) : GV_FAULT;

    if (rc == GV_OK)
        rc = gv_file_write(path, gv_bytes(text, strlen(text)), 0600, &e);
    if (rc == GV_OK)
        gv_log_error(w->log, "witness", "an authority contradicts itself",
                     GV_S("what", gv_misconduct_name(what)),
                     GV_S("evidence", path));
    else
        gv_log_error(w->log, "witness", "evidence is not kept",
                     GV_S("what", gv_misconduct_name(what)),
                     GV_S("why", e.text));
    free(text);
}

/* The comparison was only a hint; look at both tokens. */
static void
examine(struct gv_witness *w, struct watched *k,
        const struct gv_evidence_token *now, const struct gv_tst_facts *facts)
{
    struct gv_evidence_token pair[2] = {{gv_bytes(k->open, k->open_len),
                                         k->authority,
                                         gv_bytes(k->token, k->token_len)},
                                        *now};
    enum gv_misconduct what;
    struct gv_tst a, b;
    struct stat st;
    char *path;

    if (gv_tst_parse(pair[0].token, &a, NULL) != GV_OK ||
        gv_tst_parse(pair[1].token, &b, NULL) != GV_OK)
        return;
    what = gv_misconduct_of(&a, &b);
    if (what == GV_MISCONDUCT_NONE || k->files >= GV_WITNESS_FILES)
        return;
    path = path_of(w, k->facts.info_hash, facts->info_hash);
    if (path && stat(path, &st) != 0) {
        k->files++;
        write_file(w, path, what, pair);
    }
    free(path);
}

void
gv_witness_token(struct gv_witness *w, const struct gv_open *open,
                 uint8_t authority, struct gv_bytes token,
                 const struct gv_tst_facts *facts)
{
    const struct gv_evidence_token now = {open->raw, authority, token};
    struct watched *k = find(w, open->authority[authority].key);
    bool later = facts->time_us > k->facts.time_us,
         earlier = facts->time_us < k->facts.time_us;
    int order = memcmp(facts->serial, k->facts.serial, GV_SERIAL_SIZE);
    /* The serial numbers are in the order of the times. */
    bool good = later ? order > 0 : earlier && order < 0;

    k->seen = ++w->seen;
    if (!good && k->token_len > 0 &&
        memcmp(facts->info_hash, k->facts.info_hash, 32) != 0)
        examine(w, k, &now, facts);
    if (later || k->token_len == 0)
        keep(k, open, authority, token, facts);
}

void
gv_witness_tx(struct gv_witness *w, const struct gv_open *open,
              const struct gv_tx *tx, const struct gv_tx_facts *facts)
{
    if (tx->kind == GV_TX_STAMP)
        gv_witness_token(w, open, tx->u.stamp.authority, tx->u.stamp.token,
                         &facts->tst[0]);
    for (unsigned i = 0; tx->kind == GV_TX_CUTOFF && i < tx->u.cutoff.count;
         i++)
        gv_witness_token(w, open, tx->u.cutoff.token[i].authority,
                         tx->u.cutoff.token[i].token, &facts->tst[i]);
}
