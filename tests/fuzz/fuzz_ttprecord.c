/* fuzz_ttprecord.c - a row of the records of the token issuer (34 bytes of key,
 * the first of which is 'i') or of a notary (33, 'n'; of a lot 34, for which
 * 'l' stands in the place of 'n'), then the value. Refused, or the one encoding
 * of the record that was read. */
#include "src/ttp/issuer_impl.h"
#include "src/ttp/notary_impl.h"
#include "tests/fuzz/fuzz.h"

struct row {
    struct gv_bytes key, value;
    bool old; /* of the first version, which is written as the second */
};

static enum gv_rc
each(void *ctx, uint8_t owner,
     enum gv_rc (*visit)(void *arg, struct gv_bytes key, struct gv_bytes value),
     void *arg)
{
    const struct row *row = ctx;

    return row->key.len > 0 && row->key.p[0] == owner
               ? visit(arg, row->key, row->value)
               : GV_OK;
}

static enum gv_rc
put(void *ctx, struct gv_bytes key, struct gv_bytes value)
{
    const struct row *row = ctx;

    fuzz_must(gv_bytes_eq(key, row->key));
    fuzz_must(row->old || gv_bytes_eq(value, row->value));
    return GV_OK;
}

static void
issuer(struct row *row)
{
    struct gv_issuer iss = {.o.store = {row, put, NULL, each}};
    struct gv_error e = {""};
    struct gv_bytes *leaves = NULL;

    if (issuer_load(&iss, &e) != GV_OK) {
        fuzz_must_say(&e);
    } else if (iss.count > 0) {
        struct issuer_record same = iss.at[0];

        fuzz_must(issuer_replace(&iss, &iss.at[0], &same) == GV_OK);
        fuzz_must(issuer_log_leaves(&iss, &iss.log[0], &leaves) == GV_OK);
        fuzz_must(iss.log[0].count == 0 || leaves[0].len > 0);
    }
    free(leaves);
    for (size_t i = 0; i < iss.count; i++) {
        free(iss.at[i].cert);
        free(iss.at[i].reveal);
    }
    free(iss.at);
    free(iss.log);
    ca_index_clear(&iss.index);
}

static void
notary(struct row *row)
{
    struct gv_notary n = {.o.store = {row, put, NULL, each}};
    struct gv_error e = {""};

    row->old = row->value.len > 0 && row->value.p[0] == 1;
    if (notary_load(&n, &e) != GV_OK) {
        fuzz_must_say(&e);
    } else if (n.count > 0) {
        struct notary_record *last = &n.at[n.count - 1], same = *last;

        fuzz_must(notary_replace(&n, last, &same) == GV_OK);
    }
    for (size_t i = 0; i < n.count; i++)
        free(n.at[i].cert);
    free(n.at);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t key = size > 0 && (data[0] == 'i' || data[0] == 'l') ? 34 : 33;
    size_t head = size < key ? size : key;
    uint8_t name[34];
    struct row row = {gv_bytes(name, head), gv_bytes(data + head, size - head),
                      false};

    if (head > 0) {
        memcpy(name, data, head);
        name[0] = data[0] == 'l' ? 'n' : data[0];
    }
    issuer(&row);
    notary(&row);
    return 0;
}
