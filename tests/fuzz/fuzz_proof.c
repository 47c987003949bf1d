/* fuzz_proof.c - what getproof answers, checked offline: refused with a
 * reason, or it names an auction of a known network, and holds without the
 * part that says it is final. */
#include "src/explorer/proof.h"
#include "tests/fuzz/fuzz.h"

static void
check_weaker(json_t *proof, const struct gv_proof_report *report)
{
    json_t *body = json_object_get(proof, "result");
    struct gv_proof_report again;

    if (body == NULL)
        body = proof;
    json_object_set_new(body, "final", json_null());
    fuzz_must(gv_proof_verify(proof, &again, NULL) == GV_OK);
    fuzz_must(!again.final && again.kind == report->kind);
    fuzz_must(GV_ID_EQ(&again.tx, &report->tx));
    fuzz_must(GV_ID_EQ(&again.auction, &report->auction));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *proof = json_loadb((const char *)data, size,
                               JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    struct gv_proof_report report;
    struct gv_error e = {""};

    if (proof == NULL)
        return 0;
    if (gv_proof_verify(proof, &report, &e) != GV_OK) {
        fuzz_must_say(&e);
    } else {
        fuzz_must(report.params != NULL);
        fuzz_must(gv_tx_name(report.kind) != NULL);
        check_weaker(proof, &report);
    }
    json_decref(proof);
    return 0;
}
