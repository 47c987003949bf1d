/* fuzz_answer.c - the reply to a call, and what a miner reads in its result.
 * What is accepted is written as it was read. */
#include <strings.h>

#include "miner/job.h"
#include "src/client/rpcreply.h"
#include "tests/fuzz/fuzz.h"

static void
same_hex(const json_t *object, const char *name, const void *bytes, size_t len)
{
    const char *text = json_string_value(json_object_get(object, name));
    char hex[2 * 80 + 1];

    fuzz_must(strcasecmp(text, gv_hex(bytes, len, hex)) == 0);
}

static void
try_job(const json_t *result)
{
    struct gv_error e = {""};
    struct gv_job job;
    uint8_t id[32], target[32];

    if (gv_job_read(result, &job, &e) != GV_OK) {
        fuzz_must_say(&e);
        return;
    }
    fuzz_must(gv_unhex(job.template, id, sizeof(id)) == GV_OK);
    for (size_t i = 0; i < sizeof(target); i++)
        target[i] = job.search.target32[31 - i];
    same_hex(result, "template", id, sizeof(id));
    same_hex(result, "seal", job.search.header80, 80);
    same_hex(result, "target", target, sizeof(target));
}

static void
try_verdict(const json_t *result)
{
    struct gv_error e = {""};
    struct gv_job_verdict v;

    if (gv_job_read_verdict(result, &v, &e) != GV_OK)
        fuzz_must_say(&e);
    else
        fuzz_must(v.accepted ==
                  json_array_size(json_object_get(result, "accepted")));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_rpcclient_error error = {0};
    json_t *result = NULL;

    switch (gv_rpcreply_read(gv_bytes(data, size), &result, &error)) {
    case GV_OK:
        fuzz_must(result != NULL && error.data == NULL);
        try_job(result);
        try_verdict(result);
        break;
    case GV_REJECT:
        fuzz_must(result == NULL);
        break;
    default:
        fuzz_must(result == NULL && error.data == NULL);
        break;
    }
    json_decref(result);
    gv_rpcclient_error_clear(&error);
    return 0;
}
