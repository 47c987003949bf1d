/* directory_impl.h - what the files of the directory share: directory.c,
 * directory_node.c (NODE records), directory_anchor.c (ends of auctions) and
 * directory_epoch.c (pseudonymous sellers).
 */
#ifndef GAVEL_STATE_DIRECTORY_IMPL_H
#define GAVEL_STATE_DIRECTORY_IMPL_H

#include "chain/state/directory.h"

/* A CA that is on the registry, valid at this time and not revoked. */
enum gv_rc gv_directory_check_issuer(const struct gv_directory *d,
                                     const struct gv_pubkey *issuer,
                                     uint64_t time_ms, struct gv_reject *why);
enum gv_rc gv_directory_check_valid(const struct gv_directory *d,
                                    const struct gv_cred *c, uint64_t time_ms,
                                    struct gv_reject *why);

enum gv_rc gv_directory_check_node(const struct gv_directory *d,
                                   const struct gv_tx_node *t, uint64_t time_ms,
                                   struct gv_reject *why);
enum gv_rc gv_directory_add_node(struct gv_directory *d,
                                 const struct gv_tx_node *t,
                                 const struct gv_header *h);
/* Take off the newest record. */
void gv_directory_drop_node(struct gv_directory *d);

void gv_directory_init_anchors(struct gv_directory *d, uint64_t seed);
void gv_directory_free_anchors(struct gv_directory *d);
enum gv_rc gv_directory_check_anchor(const struct gv_directory *d,
                                     const struct gv_tx_anchor *t,
                                     uint64_t time_ms, struct gv_reject *why);
enum gv_rc gv_directory_add_anchor(struct gv_directory *d,
                                   const struct gv_tx *tx, uint32_t height);
/* Take off the newest one. */
void gv_directory_drop_anchor(struct gv_directory *d);

/* tx was verified. */
enum gv_rc gv_directory_check_epoch(const struct gv_directory *d,
                                    const struct gv_tx *tx, uint64_t time_ms,
                                    struct gv_reject *why);
enum gv_rc gv_directory_add_epoch(struct gv_directory *d,
                                  const struct gv_tx *tx, uint32_t height);
/* May this LIST of a pseudonym stand on the registry (G5)? */
enum gv_rc gv_directory_check_pseudonym(const struct gv_directory *d,
                                        const struct gv_tx_list *t,
                                        struct gv_reject *why);

#endif
