/* fuzz_allowed.c - the file of allowed bidders: the first byte says whether
 * caps may stand in it. What is accepted is in order and reads the same when
 * it is written out. */
#include <stdio.h>

#include "gavel/wire.h"
#include "tests/fuzz/fuzz.h"
#include "wallet/allowed.h"

static void
check_again(const struct gv_allowed_file *file, struct gv_bytes list)
{
    struct gv_allowed_file again = {file->name, {NULL, 0}, file->caps};
    struct gv_bytes second;
    size_t len;
    char *text, hex[65];
    FILE *out = open_memstream(&text, &len);

    for (size_t i = 0; i < list.len; i += GV_ALLOWED_ENTRY) {
        uint32_t cap = gv_le32(list.p + i + 32);

        fuzz_must(i == 0 ||
                  memcmp(list.p + i - GV_ALLOWED_ENTRY, list.p + i, 32) <= 0);
        fuzz_must(cap == 0 || file->caps);
        fprintf(out, "%s", gv_hex(list.p + i, 32, hex));
        if (cap > 0)
            fprintf(out, " %u", cap);
        fputc('\n', out);
    }
    fclose(out);
    again.text = gv_bytes(text, len);
    fuzz_must(gv_allowed_read(&again, &second, NULL) == GV_OK);
    fuzz_must(second.len == list.len);
    free((void *)second.p);
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_allowed_file file = {"file", {NULL, 0}, false};
    struct gv_error e = {""};
    struct gv_bytes list;

    if (size < 1)
        return 0;
    file.text = gv_bytes(data + 1, size - 1);
    file.caps = data[0] == '1';
    if (gv_allowed_read(&file, &list, &e) != GV_OK) {
        fuzz_must_say(&e);
        return 0;
    }
    check_again(&file, list);
    free((void *)list.p);
    return 0;
}
