/* fuzz_csr.c - certificate requests as the CA reads them: a refusal has a
 * text, and what is accepted has a readable subject. */
#include "src/ttp/ca_csr.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_keys *keys = gv_keys_new(NULL);
    struct gv_error e = {""};
    struct gv_ca_csr csr;
    enum gv_rc rc;

    if (keys == NULL)
        abort();
    rc = gv_ca_csr_read(keys, gv_bytes(data, size), &csr, &e);
    if (rc == GV_OK && csr.text[0] == '\0')
        abort();
    if (rc == GV_REJECT && e.text[0] == '\0')
        abort();
    if (rc == GV_OK)
        gv_ca_csr_clear(&csr);
    gv_keys_free(keys);
    return 0;
}
