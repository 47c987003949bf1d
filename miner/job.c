/* job.c - see job.h. */
#include "miner/job.h"

/* Exactly len bytes of hex in the member of that name. */
static enum gv_rc
read_hex(const json_t *from, const char *name, void *out, size_t len,
         struct gv_error *e)
{
    const char *hex = json_string_value(json_object_get(from, name));

    if (hex != NULL && gv_unhex(hex, out, len) == GV_OK)
        return GV_OK;
    gv_error_set(e, "getworktemplate: %s: expected %zu hex digits", name,
                 2 * len);
    return GV_REJECT;
}

enum gv_rc
gv_job_read(const json_t *result, struct gv_job *out, struct gv_error *e)
{
    const json_t *chains = json_object_get(result, "chains");
    uint8_t id[GV_JOB_TEMPLATE_HEX / 2], target[32];

    memset(out, 0, sizeof(*out));
    if (read_hex(result, "template", id, sizeof(id), e) != GV_OK ||
        read_hex(result, "seal", out->search.header80, 80, e) != GV_OK ||
        read_hex(result, "target", target, sizeof(target), e) != GV_OK)
        return GV_REJECT;
    if (!json_is_integer(chains) || json_integer_value(chains) < 0) {
        gv_error_set(e, "getworktemplate: chains: expected a number");
        return GV_REJECT;
    }
    out->chains = (uint64_t)json_integer_value(chains);
    gv_hex(id, sizeof(id), out->template);
    for (size_t i = 0; i < 32; i++)
        out->search.target32[i] = target[31 - i];
    return GV_OK;
}

uint16_t
gv_job_extra(const uint8_t header80[80])
{
    return (uint16_t)(header80[2] | header80[3] << 8);
}

void
gv_job_extra_next(uint8_t header80[80])
{
    if (++header80[2] == 0)
        header80[3]++;
}

enum gv_rc
gv_job_read_verdict(const json_t *result, struct gv_job_verdict *out,
                    struct gv_error *e)
{
    const json_t *accepted = json_object_get(result, "accepted");
    const json_t *stale = json_object_get(result, "stale");

    memset(out, 0, sizeof(*out));
    if (!json_is_array(accepted) || !json_is_boolean(stale)) {
        gv_error_set(e, "submitwork: %s: expected %s",
                     json_is_array(accepted) ? "stale" : "accepted",
                     json_is_array(accepted) ? "true or false" : "a list");
        return GV_REJECT;
    }
    out->accepted = json_array_size(accepted);
    out->stale = json_is_true(stale);
    return GV_OK;
}
