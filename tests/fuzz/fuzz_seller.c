/* fuzz_seller.c - what sellers bring and get: of pseudonyms EPOCH and its
 * preimage, SHARE_ASK, SELLER_KEYS_ASK; of all KEYS_ASK and the offers of keys.
 * Refused with a named field, or the one encoding of what was decoded. The
 * first byte says which. */
#include "gavel/epoch.h"
#include "gavel/match.h"
#include "gavel/serve.h"
#include "tests/fuzz/fuzz.h"

#define KINDS 7

static enum gv_rc
round_trip(unsigned kind, struct gv_bytes raw, struct gv_sink *sink,
           struct gv_reject *why)
{
    const struct gv_params *params = gv_params_find("regtest");
    struct gv_seller_keys_ask keys;
    struct gv_keys_offer offer;
    struct gv_seal_offer seal;
    struct gv_share_ask share;
    struct gv_keys_ask ask;
    struct gv_epoch e;
    enum gv_rc rc = GV_FAULT;

    if (kind == 0 && (rc = gv_epoch_decode(raw, params, &e, why)) == GV_OK)
        gv_epoch_put(sink, &e);
    if (kind == 1 &&
        (rc = gv_epoch_decode_preimage(raw, params, &e, why)) == GV_OK)
        gv_epoch_put_preimage(sink, &e);
    if (kind == 2 && (rc = gv_share_ask_decode(raw, &share, why)) == GV_OK)
        gv_share_ask_put(sink, &share);
    if (kind == 3 && (rc = gv_seller_keys_ask_decode(raw, &keys, why)) == GV_OK)
        gv_seller_keys_ask_put(sink, &keys);
    if (kind == 4 && (rc = gv_keys_ask_decode(raw, &ask, why)) == GV_OK)
        gv_keys_ask_put(sink, &ask);
    if (kind == 5 && (rc = gv_keys_offer_decode(raw, &offer, why)) == GV_OK)
        gv_keys_offer_put(sink, &offer);
    if (kind == 6 && (rc = gv_seal_offer_decode(raw, &seal, why)) == GV_OK)
        gv_seal_offer_put(sink, &seal);
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
    rc = round_trip(data[0] % KINDS, gv_bytes(data + 1, size - 1), &sink, &why);
    if (rc == GV_REJECT && (why.code == GV_ACCEPTED || why.field == NULL))
        abort();
    if (rc == GV_OK && (sink.failed || sink.len != size - 1 ||
                        memcmp(again, data + 1, size - 1) != 0))
        abort();
    free(again);
    return 0;
}
