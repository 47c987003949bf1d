/* fuzz_issue.c - messages of issuance: refused with a named field, or the one
 * encoding of what was decoded. The first byte says which message, and how
 * deep the tree is. */
#include <stdlib.h>

#include "gavel/issue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KINDS 7

/* Decode one kind and encode it again. */
static enum gv_rc
round_trip(unsigned kind, uint8_t depth, struct gv_bytes raw,
           struct gv_sink *sink, struct gv_reject *why)
{
    union {
        struct gv_iss_nonce nonce;
        struct gv_iss_open open;
        struct gv_iss_param param;
        struct gv_iss_commit commit;
        struct gv_iss_challenge challenge;
        struct gv_iss_reveal reveal;
        struct gv_iss_sign sign;
    } m;
    enum gv_rc rc = GV_FAULT;

    if (kind == 0 && (rc = gv_iss_nonce_decode(raw, &m.nonce, why)) == GV_OK)
        gv_iss_nonce_put(sink, &m.nonce);
    if (kind == 1 && (rc = gv_iss_open_decode(raw, &m.open, why)) == GV_OK)
        gv_iss_open_put(sink, &m.open);
    if (kind == 2 && (rc = gv_iss_param_decode(raw, &m.param, why)) == GV_OK)
        gv_iss_param_put(sink, &m.param);
    if (kind == 3 && (rc = gv_iss_commit_decode(raw, &m.commit, why)) == GV_OK)
        gv_iss_commit_put(sink, &m.commit);
    if (kind == 4 &&
        (rc = gv_iss_challenge_decode(raw, depth, &m.challenge, why)) == GV_OK)
        gv_iss_challenge_put(sink, &m.challenge);
    if (kind == 5 &&
        (rc = gv_iss_reveal_decode(raw, depth, &m.reveal, why)) == GV_OK)
        gv_iss_reveal_put(sink, &m.reveal);
    if (kind == 6 && (rc = gv_iss_sign_decode(raw, &m.sign, why)) == GV_OK)
        gv_iss_sign_put(sink, &m.sign);
    return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_reject why = {0};
    struct gv_sink sink;
    uint8_t *again;
    enum gv_rc rc;

    if (size == 0)
        return 0;
    again = malloc(size);
    if (again == NULL)
        return 0;
    sink = gv_sink_buffer(again, size);
    rc = round_trip(data[0] % KINDS, data[0] / KINDS % (GV_CUT_MAX + 1),
                    gv_bytes(data + 1, size - 1), &sink, &why);
    if (rc == GV_REJECT && (why.code != GV_BAD_ENCODING || why.field == NULL))
        abort();
    if (rc == GV_OK && (sink.failed || sink.len != size - 1 ||
                        memcmp(again, data + 1, size - 1) != 0))
        abort();
    free(again);
    return 0;
}
