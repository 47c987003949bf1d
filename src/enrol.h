/*
 * enrol.h - a node's own identity: its ledger key, and a thread that asks a CA
 * for a certificate over it (docs/spec/ttp.md, T14).
 *
 * The credential that comes of it reaches the node by the registry, as that of
 * everybody else; the certificate is kept in the data directory.
 *
 * Thread-safety: new and free from one thread, ask from any; key and secret
 * never change.
 */
#ifndef GAVEL_ENROL_H
#define GAVEL_ENROL_H

#include "gavel/key.h"
#include "gavel/params.h"
#include "src/base/log.h"

struct gv_enroller;

struct gv_enroller_options {
    const char *datadir; /* node-ledger.key, node-key.pem, node-cert.pem */
    const struct gv_params *params;
    const struct gv_keys *keys; /* may sign; outlives it */
    const char *name;           /* common name; copied */
    const char *secret_file;    /* of the CA's one-time secret, or NULL */
    struct gv_log *log;
};

/* Reads the keys or makes them. NULL with e set. */
struct gv_enroller *gv_enroller_new(const struct gv_enroller_options *o,
                                    struct gv_error *e);
/* Interrupts what runs. NULL is legal. */
void gv_enroller_free(struct gv_enroller *n);

const struct gv_pubkey *gv_enroller_key(const struct gv_enroller *n);
const struct gv_seckey *gv_enroller_secret(const struct gv_enroller *n);

/* Ask for a certificate, unless that is under way or was refused a moment
 * ago: pauses grow from 5 s to 10 minutes. */
void gv_enroller_ask(struct gv_enroller *n, const char *url);

#endif
