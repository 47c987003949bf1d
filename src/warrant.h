/*
 * warrant.h - who may serve an auction: the part of an OPEN that the trusted
 * party answers for (docs/spec/ttp.md, T28; docs/spec/format.md, OPEN).
 *
 * A service is named in an OPEN as the registry names it: by a SERVICE of its
 * role, certified by the root, valid and not revoked. A node's own services
 * count before they stand there.
 *
 * Thread-safety: functions of their arguments; the directory is the chain
 * thread's.
 */
#ifndef GAVEL_WARRANT_H
#define GAVEL_WARRANT_H

#include "chain/state/directory.h"
#include "gavel/key.h"
#include "gavel/open.h"
#include "src/client/tsafile.h"

#define GV_WARRANT_PAST_MS UINT64_C(3600000)          /* 1 h */
#define GV_WARRANT_AHEAD_MS (UINT64_C(90) * 86400000) /* 90 d */

/* Who judges, and by what. */
struct gv_warrant {
    const struct gv_params *params;
    const struct gv_keys *keys;
    const struct gv_directory *dir;
    uint64_t now_ms;
    const struct gv_cred *ca; /* the CA that signs; NULL: any of the registry */
    /* This node's own, or NULL. */
    const struct gv_pubkey *authority_key; /* of its SERVICE */
    const struct gv_authority *authority;
    const struct gv_validator *validator;
    /* Authorities outside of the network that it accepts (T33). */
    const struct gv_tsafile *other;
    size_t others;
};

/* What an OPEN pins of a service that the registry names; a.key points to
 * key, so it must not move. */
struct gv_warrant_authority {
    struct gv_authority a;
    uint8_t key[512];
};
/* GV_OK, or GV_REJECT: its certificate is none for time stamps. */
enum gv_rc
gv_warrant_authority_of(const struct gv_dir_service *s,
                        struct gv_warrant_authority *out) GV_MUST_CHECK;

/* The newest SERVICE of this role with this ledger key, valid at now_ms and
 * not revoked; NULL: none. */
const struct gv_dir_service *gv_warrant_service(const struct gv_directory *d,
                                                uint8_t role,
                                                const struct gv_pubkey *key,
                                                uint64_t now_ms);
/* The one for the certificate that OPEN pins. */
const struct gv_dir_service *gv_warrant_stamper(const struct gv_directory *d,
                                                const struct gv_hash *cert,
                                                uint64_t now_ms);

/* The services that a seller wishes, by their ledger keys, 32 bytes each; none:
 * this node's own. At most GV_AUTHORITIES_MAX and GV_VALIDATORS_MAX. */
struct gv_warrant_wish {
    struct gv_bytes authorities, validators;
    bool blind;             /* the authorities under gavel-blind (R5) */
    struct gv_bytes others; /* encodings (T6), and then no own by default */
};

/* The fields from `ca` (w->ca) to `validators` of a new OPEN. out borrows from
 * w, its directory, wish and room. GV_REJECT: why names the list, index the
 * place of the key that is no such service, or of the encoding in others
 * ("time_authorities") that is none or not accepted. */
enum gv_rc gv_warrant_fill(const struct gv_warrant *w,
                           const struct gv_warrant_wish *wish,
                           struct gv_warrant_authority room[GV_AUTHORITIES_MAX],
                           struct gv_open *out,
                           struct gv_reject *why) GV_MUST_CHECK;

/* May this OPEN's preimage be signed? Its opening is near, its seller certified
 * by its CA and valid, or a pseudonym of an EPOCH on the registry, and
 * everybody in it is who the registry, or this node, says. Issuer and notaries
 * say for themselves that they serve. GV_FAULT: memory. */
enum gv_rc gv_warrant_check(const struct gv_warrant *w,
                            const struct gv_open *open,
                            struct gv_reject *why) GV_MUST_CHECK;

#endif
