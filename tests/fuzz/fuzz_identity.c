/* fuzz_identity.c - any bytes are refused as an evidence pack, or are the one
 * encoding of what was decoded; and the check of it ends in a verdict that
 * names a link, or in a proof that the pack holds. */
#include "gavel/identity.h"
#include "tests/fuzz/fuzz.h"
#include "wallet/disclose.h"

static const struct gv_keys *
keys(void)
{
    static const uint8_t seed[32] = "what the keys are made of";
    static struct gv_keys *made;

    if (made == NULL)
        made = gv_keys_new(seed);
    fuzz_must(made != NULL);
    return made;
}

static void
check_round_trip(const struct gv_identity_pack *p, struct gv_bytes raw)
{
    uint8_t *again = malloc(raw.len);
    struct gv_sink sink = gv_sink_buffer(again, raw.len);

    if (again == NULL)
        exit(1);
    gv_identity_pack_put(&sink, p);
    fuzz_must(!sink.failed && sink.len == raw.len &&
              memcmp(again, raw.p, raw.len) == 0);
    free(again);
}

static void
check_proof(const struct gv_identity_pack *p,
            const struct gv_identity_proof *proof)
{
    struct gv_hash print;

    gv_sha256_of(proof->cert_der.p, proof->cert_der.len, print.b);
    fuzz_must(GV_ID_EQ(&print, &proof->cert) &&
              GV_ID_EQ(&print, &p->cred.fingerprint));
    fuzz_must(GV_ID_EQ(&proof->ledger, &p->cred.key));
    fuzz_must(proof->leaf < proof->leaves && proof->amount > 0);
    fuzz_must(!proof->logged || p->issued.len > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct gv_identity_reader reader = {gv_disclose_read_cert,
                                                     NULL};
    const struct gv_params *params = gv_params_find("regtest");
    struct gv_identity_pack pack;
    struct gv_identity_proof proof;
    struct gv_reject why = {0};
    enum gv_rc rc = gv_identity_pack_decode(gv_bytes(data, size), &pack, &why);

    if (rc == GV_OK) {
        check_round_trip(&pack, gv_bytes(data, size));
        rc = gv_identity_verify(&pack, params, keys(), &reader, &proof, &why);
    }
    if (rc == GV_OK)
        check_proof(&pack, &proof);
    else
        fuzz_must(rc == GV_REJECT && why.code != GV_ACCEPTED &&
                  why.field != NULL);
    return 0;
}
