/* fuzz_message.c - a message between nodes: the first byte is its kind. Any
 * body is refused with a named field, or is the one encoding of what was
 * decoded; its lists and rows can be walked. */
#include "src/net/message.h"
#include "tests/fuzz/fuzz.h"

static void
walk(const struct gv_msg *m)
{
    const struct gv_msg_list *list = NULL;
    struct gv_reader r;
    struct gv_bytes item;
    struct gv_tip tip;
    unsigned n = 0;

    if (m->kind == GV_MSG_TIPS)
        for (uint16_t i = 0; i < m->u.tips.rows.count; i++)
            gv_msg_tip_at(&m->u.tips.rows, i, &tip);
    if (m->kind == GV_MSG_TXS)
        list = &m->u.txs.txs;
    else if (m->kind == GV_MSG_BLOCKS)
        list = &m->u.blocks.blocks;
    else if (m->kind == GV_MSG_HEADERS)
        list = &m->u.headers.headers;
    else if (m->kind == GV_MSG_BLOCKTXS)
        list = &m->u.blocktxs.txs;
    else if (m->kind == GV_MSG_COMPACT)
        list = &m->u.compact.whole;
    if (list == NULL)
        return;
    r = gv_reader(list->body);
    while (gv_msg_next(&r, &item)) {
        if (m->kind == GV_MSG_COMPACT &&
            (item.len < 3 ||
             gv_le16(item.p) >= m->u.compact.shorts.count + list->count))
            abort(); /* a place outside of the block */
        n++;
    }
    if (n != list->count)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *field = NULL;
    struct gv_msg m;
    uint8_t *again;
    size_t len;

    if (size < 1)
        return 0;
    if (gv_msg_decode(data[0], gv_bytes(data + 1, size - 1), &m, &field) !=
        GV_OK) {
        if (field == NULL)
            abort();
        return 0;
    }
    walk(&m);
    again = gv_msg_encode(&m, &len);
    if (again == NULL)
        return 0;
    if (len != size - 1 || memcmp(again, data + 1, len) != 0)
        abort();
    free(again);
    return 0;
}
