/* node_impl.h - the parts of a node, shared by node.c and node_net.c. */
#ifndef GAVEL_NODE_IMPL_H
#define GAVEL_NODE_IMPL_H

#include <stdatomic.h>

#include "src/base/secret.h"
#include "src/endpoint.h"
#include "src/enrol.h"
#include "src/loop.h"
#include "src/net/diary.h"
#include "src/node.h"

#define GV_TIME_AUTHORITIES 64

struct node {
    const struct gv_options *opt;
    const struct gv_config *config;
    struct gv_log *log;
    struct gv_keys *keys;
    struct gv_kv kv;
    struct gv_endpoint endpoint;
    struct gv_services services;
    struct gv_loop *loop;
    struct gv_ttp_ledger ledger; /* of loop */
    struct gv_net *net;
    struct gv_diary *diary;       /* NULL: messages are not kept */
    struct gv_enroller *enroller; /* NULL: it asks for no certificate */
    char announce[256];           /* host; "": none */
    bool announce_submit;         /* others may reach the submit socket */
    struct gv_passphrase passphrase;
    struct gv_seckey validator[2]; /* the second is that of --handover-key */
    size_t validators;
    /* Outside of the network, that the CA accepts. */
    struct gv_tsafile time_authority[GV_TIME_AUTHORITIES];
    size_t time_authorities;
    atomic_bool faulted; /* set on the chain thread */
};

/* node_net.c: the network, and this node's name in it. GV_OK, or GV_FAULT with
 * e set. */
enum gv_rc gv_node_open_net(struct node *n, struct gv_error *e);
/* What the chain thread needs of it before. */
enum gv_rc gv_node_open_name(struct node *n, struct gv_error *e);

#endif
