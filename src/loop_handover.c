/* loop_handover.c - the method handover: this node's validator goes over to
 * the key of --handover-key (docs/spec/ttp.md, T31). */
#include "src/loop_impl.h"
#include "src/rpc/render.h"

static const char *
state_name(enum gv_handing_state state)
{
    static const char *const names[] = {"waits", "stands", "done"};

    return names[state];
}

/* Adds a row if this node is a validator of the auction. False: a fault. */
static bool
hand_over(struct gv_loop *l, struct gv_chain *c, json_t *rows)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_handing h = {0};
    char text[200];
    enum gv_rc rc = gv_state_hand_over(l->state, c, l->now_ms, &h, &why);

    if (rc == GV_FAULT)
        return false;
    if (rc != GV_ABSENT)
        json_array_append_new(
            rows,
            json_pack("{so si ss ss*}", "auction", gv_render_hex(c->id.b, 32),
                      "validator", (int)h.validator, "state",
                      rc == GV_OK ? state_name(h.state) : "refused", "why",
                      rc == GV_OK ? NULL
                                  : gv_reject_text(&why, text, sizeof(text))));
    return true;
}

/* Those that are over need not be read from the disk to be left out. */
static bool
is_over(const struct gv_chain *c)
{
    return c->registry || gv_summary_over(&c->sum);
}

struct gv_rpc_answer *
gv_loop_handover(void *loop, struct gv_rpc_call *call)
{
    struct gv_loop *l = loop;
    size_t last = l->opt.validator_count - 1;
    json_t *rows;
    struct gv_pubkey key;
    bool good = true;

    if (l->opt.validator_count == 0)
        return gv_ledger_no_role(call, "validator");
    if (last == 0)
        return gv_rpc_error_data(
            call, GV_RPC_WRONG_STATE,
            "this node has no --handover-key to hand over to",
            json_pack("{ss ss}", "state", "one key", "want", "handover-key"));
    if (gv_key_public(l->opt.keys, &l->opt.validator[last], &key) != GV_OK)
        return gv_rpc_error(call, GV_RPC_INTERNAL, "the key is no key");
    rows = json_array();
    for (size_t i = 0; good && i < gv_state_chain_count(l->state); i++) {
        struct gv_chain *c = gv_state_chain_at(l->state, i);

        good = is_over(c) || hand_over(l, c, rows);
    }
    /* What is answered must not be lost when the node stops now. */
    if (!good || gv_state_commit(l->state, true, NULL) != GV_OK) {
        json_decref(rows);
        return gv_ledger_fault(&l->rpc, call);
    }
    return gv_rpc_ok(call, json_pack("{so so}", "key", gv_render_hex(key.b, 32),
                                     "auctions", rows));
}
