/*
 * schema.c - the schema number; see schema.h.
 */
#include "chain/store/schema.h"

/* GV_OK when no column has a row, GV_ABSENT when one has. */
static enum gv_rc
is_empty(const struct gv_kv *kv)
{
    enum gv_rc rc = GV_ABSENT;

    for (int cf = 0; cf < GV_CF_COUNT && rc == GV_ABSENT; cf++) {
        struct gv_kv_range all = {.cf = (enum gv_cf)cf};
        struct gv_kv_iter *it;
        struct gv_kv_row row;

        rc = gv_kv_iter_open(kv, &all, &it);
        if (rc == GV_OK)
            rc = gv_kv_iter_next(it, &row);
        gv_kv_iter_free(it);
    }
    if (rc == GV_FAULT)
        return rc;
    return rc == GV_ABSENT ? GV_OK : GV_ABSENT;
}

static enum gv_rc
write_number(const struct gv_kv *kv, struct gv_bytes key)
{
    struct gv_kv_batch b = {0};
    struct gv_key value;
    enum gv_rc rc;

    gv_key_init(&value);
    gv_key_u32(&value, GV_KV_SCHEMA);
    gv_kv_batch_put(&b, GV_CF_META, key, gv_key_view(&value));
    rc = gv_kv_commit(kv, &b, true);
    gv_kv_batch_free(&b);
    return rc;
}

static enum gv_rc
judge(struct gv_bytes value, const char *dir, struct gv_kv_errors *errors)
{
    uint32_t number;

    if (!gv_key_take_u32(&value, &number) || value.len > 0 || number == 0)
        return gv_kv_errors_set(
            errors, "datadir %s has an unreadable schema number", dir);
    if (number > GV_KV_SCHEMA)
        return gv_kv_errors_set(errors,
                                "datadir %s written by a newer Gavel: schema "
                                "%u, this program knows %u",
                                dir, number, GV_KV_SCHEMA);
    return GV_OK;
}

enum gv_rc
gv_schema_check(const struct gv_kv *kv, const char *dir,
                struct gv_kv_errors *errors)
{
    struct gv_kv_value value;
    struct gv_key key;
    enum gv_rc rc;

    gv_key_init(&key);
    gv_key_text(&key, GV_META_SCHEMA);
    rc = gv_kv_get(kv, GV_CF_META, gv_key_view(&key), &value);
    if (rc == GV_OK)
        rc = judge(gv_bytes(value.p, value.len), dir, errors);
    else if (rc == GV_ABSENT) {
        rc = is_empty(kv);
        if (rc == GV_OK)
            rc = write_number(kv, gv_key_view(&key));
        else if (rc == GV_ABSENT)
            rc = gv_kv_errors_set(
                errors, "datadir %s has no schema number: not Gavel's", dir);
    }
    gv_kv_value_free(&value);
    return rc;
}
