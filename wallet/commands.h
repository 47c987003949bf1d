/* commands.h - the table entries of the subcommands, one file each. */
#ifndef GAVEL_WALLET_COMMANDS_H
#define GAVEL_WALLET_COMMANDS_H

#include "wallet/cli.h"

extern const struct gv_command gv_cmd_init;
extern const struct gv_command gv_cmd_restore;
extern const struct gv_command gv_cmd_fire_drill;
extern const struct gv_command gv_cmd_enrol;
extern const struct gv_command gv_cmd_keystore_generate;
extern const struct gv_command gv_cmd_keystore_sign;
extern const struct gv_command gv_cmd_keystore_import;
extern const struct gv_command gv_cmd_keystore_export;
extern const struct gv_command gv_cmd_keystore_list;
extern const struct gv_command gv_cmd_keystore_inspect;
extern const struct gv_command gv_cmd_keystore_trust;
extern const struct gv_command gv_cmd_keystore_delete;
extern const struct gv_command gv_cmd_keystore_passwd;
extern const struct gv_command gv_cmd_ceremony_create;
extern const struct gv_command gv_cmd_ceremony_role;
extern const struct gv_command gv_cmd_ceremony_crl;
extern const struct gv_command gv_cmd_auction_create;
extern const struct gv_command gv_cmd_auction_list;
extern const struct gv_command gv_cmd_auction_show;
extern const struct gv_command gv_cmd_auction_relist;
extern const struct gv_command gv_cmd_auction_simulate;
extern const struct gv_command gv_cmd_auction_close;
extern const struct gv_command gv_cmd_auction_open;
extern const struct gv_command gv_cmd_auction_outcome;
extern const struct gv_command gv_cmd_auction_accept;
extern const struct gv_command gv_cmd_settle;
extern const struct gv_command gv_cmd_record;
extern const struct gv_command gv_cmd_epoch_create;
extern const struct gv_command gv_cmd_bid_place;
extern const struct gv_command gv_cmd_bid_bulk;
extern const struct gv_command gv_cmd_bid_list;
extern const struct gv_command gv_cmd_bid_show;
extern const struct gv_command gv_cmd_bid_why;
extern const struct gv_command gv_cmd_bid_open;
extern const struct gv_command gv_cmd_bid_send;
extern const struct gv_command gv_cmd_agent_set;
extern const struct gv_command gv_cmd_agent_show;
extern const struct gv_command gv_cmd_agent_drop;
extern const struct gv_command gv_cmd_agent_run;
extern const struct gv_command gv_cmd_limit_set;
extern const struct gv_command gv_cmd_limit_show;
extern const struct gv_command gv_cmd_limit_drop;
extern const struct gv_command gv_cmd_watch;
extern const struct gv_command gv_cmd_agenda;
extern const struct gv_command gv_cmd_agenda_add;
extern const struct gv_command gv_cmd_agenda_drop;
extern const struct gv_command gv_cmd_identity_disclose;
extern const struct gv_command gv_cmd_identity_verify;
extern const struct gv_command gv_cmd_web;
extern const struct gv_command gv_cmd_replay;
extern const struct gv_command gv_cmd_status;
extern const struct gv_command gv_cmd_peers;
extern const struct gv_command gv_cmd_handover;

#endif
