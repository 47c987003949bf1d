/* witness.c - see witness.h. */
#include "src/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "src/base/files.h"
#include "src/client/evidence.h"

#define KEY_MAX 512

/* A token, and where its authority is pinned. */
struct seen {
    struct gv_chain_id auction;
    uint8_t authority;
    uint8_t *token; /* heap */
    size_t len;
};

/* The newest token of one key. */
struct watched {
    uint8_t key[KEY_MAX];
    size_t key_len;
    struct gv_tst_facts facts;
    struct seen last; /* token NULL: none */
    uint64_t used;    /* by the witness's own count */
    unsigned files;
};

/* A contradiction to be written. */
struct note {
    struct seen pair[2];
    enum gv_misconduct what;
    char name[40]; /* of the file */
};

/* Contradicting votes to be written. */
struct vote_note {
    bool registry;
    struct gv_chain_id auction;
    uint8_t validator;
    uint8_t *tx; /* heap: the EVIDENCE, then the HANDOVERs */
    size_t len, handovers_len;
    char name[40];
};

struct gv_witness {
    const struct gv_params *params;
    char *dir;
    struct gv_log *log;
    struct watched watched[GV_WITNESS_KEYS];
    struct note note[GV_WITNESS_NOTES];
    struct vote_note votes[GV_WITNESS_NOTES];
    size_t count, notes, vote_notes;
    uint64_t used;
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
note_clear(struct note *n)
{
    free(n->pair[0].token);
    free(n->pair[1].token);
    memset(n, 0, sizeof(*n));
}

void
gv_witness_free(struct gv_witness *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->count; i++)
        free(w->watched[i].last.token);
    for (size_t i = 0; i < w->notes; i++)
        note_clear(&w->note[i]);
    for (size_t i = 0; i < w->vote_notes; i++)
        free(w->votes[i].tx);
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
        if (k->used < oldest->used)
            oldest = k;
    }
    if (w->count < GV_WITNESS_KEYS)
        oldest = &w->watched[w->count++];
    free(oldest->last.token);
    memset(oldest, 0, sizeof(*oldest));
    memcpy(oldest->key, key.p, key.len); /* at most 512 bytes (T6) */
    oldest->key_len = key.len;
    return oldest;
}

/* Without memory nothing is kept. */
static void
keep(struct seen *to, const struct gv_chain_id *auction, uint8_t authority,
     struct gv_bytes token)
{
    uint8_t *p = realloc(to->token, token.len);

    if (!p) {
        free(to->token);
        to->token = NULL;
        return;
    }
    memcpy(p, token.p, token.len);
    *to = (struct seen){*auction, authority, p, token.len};
}

/* --- notes --- */

/* The name is the pair's: the same pair makes one file, whatever the order. */
static void
name_of(const uint8_t a[32], const uint8_t b[32], char out[40])
{
    bool swap = memcmp(a, b, 32) > 0;
    uint8_t both[64], hash[32];
    char hex[33];

    memcpy(both, swap ? b : a, 32);
    memcpy(both + 32, swap ? a : b, 32);
    gv_sha256_of(both, sizeof(both), hash);
    snprintf(out, 40, "%s.json", gv_hex(hash, 16, hex));
}

/* The comparison was only a hint; look at both tokens. */
static void
examine(struct gv_witness *w, const struct watched *k, const struct seen *now,
        const struct gv_tst_facts *facts)
{
    struct gv_bytes token = gv_bytes(now->token, now->len),
                    last = gv_bytes(k->last.token, k->last.len);
    struct gv_tst a, b;
    struct note *n;

    if (k->files >= GV_WITNESS_FILES || w->notes == GV_WITNESS_NOTES ||
        gv_tst_parse(last, &a, NULL) != GV_OK ||
        gv_tst_parse(token, &b, NULL) != GV_OK ||
        gv_misconduct_of(&a, &b) == GV_MISCONDUCT_NONE)
        return;
    n = &w->note[w->notes++];
    n->what = gv_misconduct_of(&a, &b);
    name_of(k->facts.info_hash, facts->info_hash, n->name);
    keep(&n->pair[0], &k->last.auction, k->last.authority, last);
    keep(&n->pair[1], &now->auction, now->authority, token);
}

void
gv_witness_token(struct gv_witness *w, const struct gv_open *open,
                 uint8_t authority, struct gv_bytes token,
                 const struct gv_tst_facts *facts)
{
    const struct seen now = {open->id, authority, (uint8_t *)token.p,
                             token.len};
    struct watched *k = find(w, open->authority[authority].key);
    bool later = facts->time_us > k->facts.time_us,
         earlier = facts->time_us < k->facts.time_us;
    int order = memcmp(facts->serial, k->facts.serial, GV_SERIAL_SIZE);
    /* The serial numbers are in the order of the times. */
    bool good = later ? order > 0 : earlier && order < 0;

    k->used = ++w->used;
    if (!good && k->last.token &&
        memcmp(facts->info_hash, k->facts.info_hash, 32) != 0)
        examine(w, k, &now, facts);
    if (later || !k->last.token) {
        keep(&k->last, &open->id, authority, token);
        k->facts = *facts;
    }
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

void
gv_witness_votes(struct gv_witness *w, const struct gv_chain_id *auction,
                 uint8_t validator, struct gv_bytes handovers,
                 struct gv_bytes evidence)
{
    struct vote_note *n = &w->votes[w->vote_notes];
    uint8_t hash[32];
    char hex[33];

    if (w->vote_notes == GV_WITNESS_NOTES)
        return;
    memset(n, 0, sizeof(*n));
    n->tx = malloc(evidence.len + handovers.len);
    if (!n->tx)
        return;
    memcpy(n->tx, evidence.p, evidence.len);
    n->len = evidence.len;
    if (handovers.len > 0)
        memcpy(n->tx + n->len, handovers.p, handovers.len);
    n->handovers_len = handovers.len;
    n->registry = !auction;
    if (auction)
        n->auction = *auction;
    n->validator = validator;
    gv_sha256_of(evidence.p, evidence.len, hash);
    snprintf(n->name, sizeof(n->name), "%s.json", gv_hex(hash, 16, hex));
    w->vote_notes++;
}

/* --- files --- */

bool
gv_witness_has_notes(const struct gv_witness *w)
{
    return w->notes > 0 || w->vote_notes > 0;
}

/* Is the file of this name new? Takes text, NULL: memory is out. */
static bool
write_file(struct gv_witness *w, const char *name, char *text, const char *who,
           const char *what)
{
    char *path = gv_file_join(w->dir, name);
    struct gv_error e = {"out of memory"};
    struct stat st;
    enum gv_rc rc = GV_FAULT;
    bool fresh = path && stat(path, &st) != 0;

    if (fresh && text)
        rc = gv_file_mkdirs(w->dir, &e);
    if (rc == GV_OK)
        rc = gv_file_write(path, gv_bytes(text, strlen(text)), 0600, &e);
    if (rc == GV_OK)
        gv_log_error(w->log, "witness", who, GV_S("what", what),
                     GV_S("evidence", path));
    else if (fresh)
        gv_log_error(w->log, "witness", "evidence is not kept",
                     GV_S("what", what), GV_S("why", e.text));
    free(text);
    free(path);
    return fresh;
}

/* The first OPEN is copied: asking for the second may let go of it. */
static void
write_note(struct gv_witness *w, const struct note *n,
           const struct gv_open *(*open_of)(void *, const struct gv_chain_id *),
           void *arg)
{
    const struct gv_open *first = open_of(arg, &n->pair[0].auction), *second;
    uint8_t *raw = first ? malloc(first->raw.len) : NULL;
    struct gv_evidence_token pair[2];
    size_t len;

    if (!raw || !n->pair[0].token || !n->pair[1].token) {
        free(raw);
        return;
    }
    len = first->raw.len;
    memcpy(raw, first->raw.p, len);
    second = open_of(arg, &n->pair[1].auction);
    for (int i = 0; second && i < 2; i++)
        pair[i] = (struct gv_evidence_token){
            i == 0 ? gv_bytes(raw, len) : second->raw, n->pair[i].authority,
            gv_bytes(n->pair[i].token, n->pair[i].len)};
    if (second &&
        write_file(w, n->name, gv_evidence_text(w->params, n->what, pair),
                   "an authority contradicts itself",
                   gv_misconduct_name(n->what)))
        find(w, second->authority[n->pair[1].authority].key)->files++;
    free(raw);
}

static void
write_votes(struct gv_witness *w, const struct vote_note *n,
            const struct gv_open *(*open_of)(void *,
                                             const struct gv_chain_id *),
            void *arg)
{
    const struct gv_open *open = n->registry ? NULL : open_of(arg, &n->auction);
    struct gv_evidence_votes v = {
        .validator = n->validator,
        .handovers = gv_bytes(n->tx + n->len, n->handovers_len),
        .tx = gv_bytes(n->tx, n->len)};

    if (!n->registry && !open)
        return;
    if (open)
        v.open = open->raw;
    write_file(w, n->name, gv_evidence_votes_text(w->params, &v),
               "a validator contradicts itself", "votes");
}

void
gv_witness_write(struct gv_witness *w,
                 const struct gv_open *(*open_of)(void *arg,
                                                  const struct gv_chain_id *),
                 void *arg)
{
    for (size_t i = 0; i < w->notes; i++) {
        write_note(w, &w->note[i], open_of, arg);
        note_clear(&w->note[i]);
    }
    w->notes = 0;
    for (size_t i = 0; i < w->vote_notes; i++) {
        write_votes(w, &w->votes[i], open_of, arg);
        free(w->votes[i].tx);
    }
    w->vote_notes = 0;
}
