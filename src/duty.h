/*
 * duty.h - what a node does for its callers: the auction server takes what
 * changes auctions, the auction repository server lists and hands out what is
 * kept (docs/spec/rpc.md, P8). A node does both unless --role says otherwise.
 *
 * Thread-safety: pure.
 */
#ifndef GAVEL_DUTY_H
#define GAVEL_DUTY_H

#include "gavel/types.h"

/* In the order of --role's choices. */
enum gv_duty { GV_DUTY_BOTH, GV_DUTY_SERVER, GV_DUTY_REPOSITORY };

/* What a caller of this JSON-RPC method needs: GV_DUTY_BOTH when every node
 * answers it. */
enum gv_duty gv_duty_needed(const char *method);
/* The word of --role, as errors name it. */
const char *gv_duty_name(enum gv_duty duty);
/* Does a node with this duty answer what needs the other? */
bool gv_duty_does(enum gv_duty node, enum gv_duty needed);

#endif
