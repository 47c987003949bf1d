/* fuzz_content.c - what a wallet holds, as the keystore gives it: refused with
 * a named part, or written as what reads the same. */
#include "tests/fuzz/fuzz.h"
#include "wallet/content.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_content c, again;
    const char *what = NULL;
    uint8_t *written;
    size_t len;

    if (gv_content_read(gv_bytes(data, size), &c, &what) != GV_OK) {
        fuzz_must(what != NULL && c.json == NULL);
        return 0;
    }
    fuzz_must(what == NULL);
    written = gv_content_write(&c, &len);
    fuzz_must(written != NULL);
    fuzz_must(gv_content_read(gv_bytes(written, len), &again, &what) == GV_OK);
    fuzz_must(again.entropy_len == c.entropy_len);
    fuzz_must(memcmp(again.entropy, c.entropy, sizeof(c.entropy)) == 0);
    fuzz_must(json_equal(again.json, c.json));
    gv_content_clear(&again);
    gv_content_clear(&c);
    free(written);
    return 0;
}
