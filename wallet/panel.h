/*
 * panel.h - the time-stamping authorities and the validators of a new auction,
 * from the seller's side: chosen among the services of the registry, and the
 * validators made to sign that they serve the OPEN (docs/spec/ttp.md, T28 and
 * T29).
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_PANEL_H
#define GAVEL_WALLET_PANEL_H

#include <gavel/open.h>

#include "src/client/tsafile.h"
#include "wallet/lint.h"
#include "wallet/make.h"
#include "wallet/service.h"

/* A list without members is what the node offers by itself: one. */
struct gv_panel {
    struct gv_service authority[GV_AUTHORITIES_MAX];
    struct gv_service validator[GV_VALIDATORS_MAX];
    unsigned authorities, validators;
    bool blind; /* the authorities see hashes alone (R5), and these too: */
    struct gv_tsafile other[GV_AUTHORITIES_MAX];
    unsigned others;
    bool chosen; /* the seller said how many validators, even if one */
};

/* --authorities, --blind, --time-authority and --validators: a number, or
 * ledger keys by comma. Numbers are chosen so that as many operators as there
 * are take part, of services that have stood on the registry longest. An exit
 * code. */
int gv_panel_choose(struct gv_cli *cli, struct gv_panel *out) GV_MUST_CHECK;

/* What a seller should know about them, one line each. */
size_t gv_panel_warn(const struct gv_panel *p, const struct gv_params *params,
                     char out[GV_LINT_MAX][200]);

/* The parameters of getwarrant, a new value. */
json_t *gv_panel_wish(const struct gv_panel *p);

/* Ask the validators of the preimage whose signature in w is missing; checks
 * what they sign. GV_OK, GV_REJECT or GV_FAULT with e set. */
enum gv_rc gv_panel_serve(const struct gv_panel *p, struct gv_bytes preimage,
                          const struct gv_params *params,
                          struct gv_make_warrant *w, const struct gv_keys *keys,
                          struct gv_error *e) GV_MUST_CHECK;

#endif
