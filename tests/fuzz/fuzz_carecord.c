/* fuzz_carecord.c - a row of the CA's records: 33 bytes of key, then the
 * value. Refused, or the one encoding of the record that was read. */
#include "src/ttp/ca_impl.h"
#include "tests/fuzz/fuzz.h"

#define KEY_MAX 33

struct row {
    struct gv_bytes key, value;
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

/* The row's value, whatever key the record has. */
static enum gv_rc
get(void *ctx, struct gv_bytes key, uint8_t **value, size_t *len)
{
    const struct row *row = ctx;

    (void)key;
    *len = row->value.len;
    *value = malloc(*len + 1);
    if (*value == NULL)
        return GV_FAULT;
    memcpy(*value, row->value.p, *len);
    return GV_OK;
}

/* A record is written as it was read. */
static enum gv_rc
put(void *ctx, struct gv_bytes key, struct gv_bytes value)
{
    const struct row *row = ctx;

    fuzz_must(key.len == KEY_MAX);
    fuzz_must(gv_bytes_eq(value, row->value));
    return GV_OK;
}

/* The record has a certificate, and is written again as it is. */
static void
check_record(struct gv_ca *ca)
{
    struct gv_error e;
    uint8_t *der;
    size_t len;

    fuzz_must(ca_record_der(ca, &ca->records[0], &der, &len, &e) == GV_OK);
    fuzz_must(len > 0);
    fuzz_must(ca_record_update(ca, &ca->records[0], &e) == GV_OK);
    free(der);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t head = size < KEY_MAX ? size : KEY_MAX;
    struct row row = {gv_bytes(data, head), gv_bytes(data + head, size - head)};
    struct gv_ca ca = {.o.store = {&row, put, get, each}};
    struct gv_error e = {""};

    if (ca_record_load(&ca, &e) != GV_OK)
        fuzz_must_say(&e);
    else if (ca.n_records > 0)
        check_record(&ca);
    ca_index_clear(&ca.index);
    free(ca.records);
    return 0;
}
