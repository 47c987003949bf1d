/* commands.c - the table of subcommands, in the order of --help. */
#include "wallet/commands.h"

const struct gv_command *const gv_commands[] = {
    &gv_cmd_init,          &gv_cmd_restore,
    &gv_cmd_enrol,         &gv_cmd_auction_create,
    &gv_cmd_auction_list,  &gv_cmd_auction_show,
    &gv_cmd_auction_close, &gv_cmd_auction_outcome,
    &gv_cmd_bid_place,     &gv_cmd_bid_list,
    &gv_cmd_bid_show,      &gv_cmd_bid_why,
    &gv_cmd_replay,        &gv_cmd_status,
    &gv_cmd_peers,         NULL};
