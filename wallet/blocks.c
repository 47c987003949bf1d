/* blocks.c - an auction's blocks by RPC (wallet/blocks.h). */
#include "wallet/blocks.h"

#include <stdlib.h>

#include "wallet/json.h"

#define BLOCKS 64 /* that one answer may hold */

static int
malformed(struct gv_cli *cli, enum gv_rc rc, const char *what)
{
    return rc == GV_FAULT ? gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory")
                          : gv_cli_fail(cli, GV_EXIT_NODE,
                                        "the node's %s is malformed", what);
}

static int
take_one(struct gv_cli *cli, const char *hex, gv_blocks_take *take, void *arg)
{
    size_t len = strlen(hex) / 2;
    uint8_t *raw = malloc(len + 1);
    struct gv_block block;
    struct gv_reject why;
    enum gv_rc rc = raw != NULL ? gv_unhex(hex, raw, len) : GV_FAULT;
    int code = GV_EXIT_OK;

    if (rc == GV_OK)
        rc = gv_block_decode(gv_bytes(raw, len), cli->params, &block, &why);
    if (rc == GV_OK) {
        code = take(cli, &block, arg);
        gv_block_clear(&block);
    } else {
        code = malformed(cli, rc, "block");
    }
    free(raw);
    return code;
}

int
gv_blocks_each(struct gv_cli *cli, const char *auction, gv_blocks_take *take,
               void *arg)
{
    uint64_t from = 0, next = 0;
    json_t *page, *hex;
    bool more;
    size_t i;
    int code;

    do {
        code = gv_cli_call(cli, "getblocks",
                           json_pack("{ss so si}", "chain", auction, "from",
                                     gv_json_from_u64(from), "count", BLOCKS),
                           &page);
        if (code != GV_EXIT_OK)
            return code;
        json_array_foreach(json_object_get(page, "blocks"), i, hex)
        {
            code = json_is_string(hex)
                       ? take_one(cli, json_string_value(hex), take, arg)
                       : malformed(cli, GV_REJECT, "block");
            if (code != GV_EXIT_OK)
                break;
        }
        more = json_is_integer(json_object_get(page, "next"));
        next = gv_json_u64(page, "next");
        json_decref(page);
        if (code == GV_EXIT_OK && more && next <= from)
            code = malformed(cli, GV_REJECT, "page of blocks");
        from = next;
    } while (code == GV_EXIT_OK && more);
    return code;
}
