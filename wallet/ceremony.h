/*
 * ceremony.h - what a key ceremony makes for one node (docs/spec/ttp.md, T24):
 * a directory that is the beginning of the node's data directory.
 *
 *     ttp/           the keys of its roles, as src/pki/rolekeys.h lists them
 *     validator.key  of a validator: its secret, hex
 *     peer.key       of a seed: its CURVE secret, hex
 *
 * Thread-safety: one thread at a time per struct.
 */
#ifndef GAVEL_WALLET_CEREMONY_H
#define GAVEL_WALLET_CEREMONY_H

#include "src/net/netkey.h"
#include "wallet/cli.h"
#include "wallet/root.h"

#define GV_CEREMONY_NODES_MAX 32
#define GV_CEREMONY_NAMES_MAX 8

struct gv_ceremony_node {
    char name[GV_ROLEKEYS_LABEL_MAX + 1];
    unsigned roles;  /* enum gv_rolekeys_roles, ored, without TLS */
    bool validator;  /* is it one of the roles? */
    char hosts[512]; /* the names lie here */
    const char *names[GV_CEREMONY_NAMES_MAX];
    size_t n_names;
    struct gv_seckey secret; /* of a validator */
    struct gv_pubkey pub;
    bool seed; /* genesis names it, and */
    struct gv_net_keys peer;
};

/* "NAME=ROLE,...[@HOST,...]": roles ca, tsa, issuer, notary, tls (nothing
 * more) and validator, hosts in the names of its TLS certificate. GV_OK, or
 * GV_REJECT with e set. out must not move afterwards. */
enum gv_rc gv_ceremony_parse(const char *text, struct gv_ceremony_node *out,
                             struct gv_error *e) GV_MUST_CHECK;

struct gv_ceremony {
    const struct gv_params *params;
    const struct gv_root *root;
    const struct gv_keys *keys; /* may sign */
    const char *passphrase;     /* of the role keys */
    const char *crl_url;        /* of the root's list, or NULL */
    uint64_t now_ms;
};

/* A validator's key pair. GV_OK or GV_FAULT. */
enum gv_rc gv_ceremony_validator(const struct gv_keys *keys,
                                 struct gv_ceremony_node *node,
                                 struct gv_error *e) GV_MUST_CHECK;

/* Make DIR/NAME, which must not exist. GV_OK or GV_FAULT. */
enum gv_rc gv_ceremony_write(const struct gv_ceremony *c, const char *dir,
                             const struct gv_ceremony_node *node,
                             struct gv_error *e) GV_MUST_CHECK;

/* {"name", "roles", "validator"} of a node that was made in dir. */
json_t *gv_ceremony_json(const struct gv_ceremony_node *node, const char *dir);

/* The nodes of --node. *nodes is heap memory, to be wiped with
 * gv_ceremony_free. An exit code, after printing. */
int gv_ceremony_nodes(struct gv_cli *cli, struct gv_ceremony_node **nodes,
                      size_t *count) GV_MUST_CHECK;
void gv_ceremony_free(struct gv_ceremony_node *nodes, size_t count);

/* --- a directory that appears when it is whole --- */

/* Make "OUT.part" with mode 0700; neither it nor out may exist. A heap string;
 * NULL after printing. */
char *gv_ceremony_begin(struct gv_cli *cli, const char *out);
/* Name it out. */
int gv_ceremony_end(struct gv_cli *cli, const char *part,
                    const char *out) GV_MUST_CHECK;

#define GV_OPTIONS_CEREMONY                                                    \
    {.name = "out",                                                            \
     .help = "Make this directory, which must not exist.",                     \
     .argument = "DIR"},                                                       \
        {.name = "node",                                                       \
         .type = GV_CONFIG_LIST,                                               \
         .help = "A node: its roles (ca, tsa, issuer, notary, tls, "           \
                 "validator) and the host names of its TLS certificate.",      \
         .argument = "NAME=ROLE,...[@HOST,...]"},                              \
        {.name = "root-passphrase-file",                                       \
         .help = "The root's passphrase is the first line of this file, - "    \
                 "for stdin (default: ask).",                                  \
         .argument = "FILE"},                                                  \
        {.name = "node-passphrase-file",                                       \
         .help = "Likewise for the nodes' role keys; gaveld reads it by "      \
                 "ttp-passphrase-file.",                                       \
         .argument = "FILE"},                                                  \
    {                                                                          \
        .name = "crl-url",                                                     \
        .help = "Where the root's revocation list will be, as "                \
                "http://HOST/crl/root.crl.",                                   \
        .argument = "URL"                                                      \
    }

#endif
