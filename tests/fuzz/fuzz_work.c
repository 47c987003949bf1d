/* fuzz_work.c - the data of getwork: refused, or the one text of a seal. */
#include <strings.h>

#include "src/rpc/work.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size), again[GV_WORK_DATA_HEX + 1];
    struct gv_seal seal;

    if (gv_work_parse(text, &seal)) {
        gv_work_data(&seal, again);
        fuzz_must(strcasecmp(text, again) == 0);
    }
    free(text);
    return 0;
}
