/*
 * clientcert.h - judge the certificate that a TLS client shows
 * (docs/spec/ttp.md, T20): does it lead to the network's root, is it a
 * client's, valid now, not revoked, and has it a role that may ask?
 *
 * Thread-safety: any thread once made.
 */
#ifndef GAVEL_TTP_CLIENTCERT_H
#define GAVEL_TTP_CLIENTCERT_H

#include <gavel/cred.h>
#include <gavel/params.h>
#include <openssl/types.h>

#include "src/base/error.h"

struct stack_st_X509; /* STACK_OF(X509) */

enum gv_clientcert_verdict {
    GV_CLIENTCERT_OK = 0,
    GV_CLIENTCERT_NONE, /* no certificate was shown */
    GV_CLIENTCERT_UNKNOWN_ROOT,
    GV_CLIENTCERT_OTHER_NETWORK,
    GV_CLIENTCERT_WRONG_ROLE,
    GV_CLIENTCERT_NOT_YET,
    GV_CLIENTCERT_EXPIRED,
    GV_CLIENTCERT_REVOKED,
    GV_CLIENTCERT_BAD /* a broken signature, a chain of wrong form, no memory */
};

struct gv_clientcert_options {
    const struct gv_params *params; /* the network, by name in errors */
    X509 *root;                     /* of the network */
    X509 *ca; /* of this node, so that its clients need not send it; or NULL */
    /* Is this certificate revoked? Any thread. */
    bool (*is_revoked)(void *ctx, const struct gv_hash *fingerprint);
    void *ctx;
    uint64_t (*now_ms)(void *ctx); /* NULL: the system's clock */
    void *clock_ctx;
};

struct gv_clientcert;

/* Takes its own references. NULL with e set. */
struct gv_clientcert *
gv_clientcert_new(const struct gv_clientcert_options *options,
                  struct gv_error *e);
void gv_clientcert_free(struct gv_clientcert *judge);

/* A role as a bit of a set. */
#define GV_CLIENTCERT_ROLE(role) (1u << (role))

/* cert: what the client showed and holds the key of, or NULL; chain: what it
 * sent with it, or NULL; roles: who may ask, GV_CLIENTCERT_ROLE of GV_ROLE_USER
 * and GV_ROLE_NODE, ored. why says in one line what is wrong. */
enum gv_clientcert_verdict
gv_clientcert_judge(const struct gv_clientcert *judge, X509 *cert,
                    struct stack_st_X509 *chain, unsigned roles,
                    struct gv_error *why) GV_MUST_CHECK;

#endif
