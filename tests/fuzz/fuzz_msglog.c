/* fuzz_msglog.c - a file of the message log, and the entries of a record that
 * was opened. What reads as a record takes up exactly its bytes. */
#include "src/client/msglog.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_reader r = gv_reader(gv_bytes(data, size));
    struct gv_reader in = r;
    struct gv_msglog_chain chain = {{0}, 0};
    struct gv_msglog_record record;
    struct gv_msglog_entry e;
    uint8_t secret[32] = {1};
    size_t at = 0, len;
    bool any = true;

    while (gv_msglog_read(&r, &record)) {
        fuzz_must(record.raw.p == data + at);
        at += record.raw.len;
        fuzz_must(at + r.left == size);
        (void)gv_msglog_follows(&chain, &record, &any);
        free(gv_msglog_open(&record, secret, &len));
    }
    while (gv_msglog_next(&in, &e))
        fuzz_must(e.way < GV_MSGLOG_WAYS && e.frame.len <= size);
    return 0;
}
