/*
 * tsa.h - the stamping engine: RFC 3161 tokens with strictly increasing time.
 *
 * genTime is in microseconds and strictly greater than in any token made
 * before by the same lease file, over restarts and crashes too, so `ordering`
 * is TRUE in every token and the serial number is genTime itself. The file
 * holds a time the engine has promised not to pass; it is moved on ahead of
 * need by at most 100 ms, which is also the accuracy that tokens state, so no
 * token waits for a disk of its own and a token after a crash is at most that
 * much ahead of the clock. A clock that falls back by more than one second, or
 * that nobody keeps synchronised where that is asked for, is a fault, never a
 * token.
 *
 * Thread-safety: any thread; calls are serialised by one lock (the library
 * signs no faster on more threads).
 */
#ifndef GAVEL_TTP_TSA_H
#define GAVEL_TTP_TSA_H

#include <gavel/tst.h>
#include <openssl/types.h>

#include "src/base/error.h"

#define GV_TSA_ACCURACY_MS 100
#define GV_TSA_QUERY_MAX 4096 /* bytes of a query taken from outside */

struct gv_tsa;

struct gv_tsa_options {
    EVP_PKEY *key; /* of cert; both are kept by reference */
    X509 *cert;
    const char *lease_path;        /* file, made if missing; NULL: tests only */
    uint64_t (*now_us)(void *ctx); /* NULL: the system's clock */
    /* May the clock be believed? Asked for every token; false with e set. NULL:
     * always (src/ttp/clock.h has the system's answer). */
    bool (*synced)(void *ctx, struct gv_error *e);
    void *clock_ctx; /* of both */
    /* The clock keeps the engine from stamping, why says how; NULL: it does no
     * longer. Only changes are told, inside the lock. NULL: nobody. */
    void (*on_clock)(void *ctx, const char *why);
    void *on_clock_ctx;
};

/* NULL with e set: unusable key, or a lease file that is damaged or cannot be
 * written. */
struct gv_tsa *gv_tsa_new(const struct gv_tsa_options *options,
                          struct gv_error *e);
/* Gives the unused part of the lease back. */
void gv_tsa_free(struct gv_tsa *tsa);

/* Let an engine on this lease file date nothing at or before time_us; a file
 * that promises more already is left. For restoring: what the engine dated
 * after a backup was at most GV_TSA_RESTORE_US ahead of the clock. GV_OK or
 * GV_FAULT. */
#define GV_TSA_RESTORE_US 1100000u
enum gv_rc gv_tsa_lease_raise(const char *path, uint64_t time_us,
                              struct gv_error *e) GV_MUST_CHECK;

/* Would the clock let it stamp now? False with e set. */
bool gv_tsa_clock_ok(struct gv_tsa *tsa, struct gv_error *e);

enum gv_tsa_policy { GV_TSA_PUBLISHED, GV_TSA_BLIND };

/* Stamp an imprint: a bare token (no certificate, no nonce) of *len bytes in
 * token, which holds GV_TOKEN_MAX. *time_us: its genTime. GV_OK or GV_FAULT
 * with e set (clock fell back, lease not writable). */
enum gv_rc gv_tsa_stamp(struct gv_tsa *tsa, enum gv_tsa_policy policy,
                        const uint8_t imprint32[32], uint8_t *token,
                        size_t *len, uint64_t *time_us,
                        struct gv_error *e) GV_MUST_CHECK;

/* Answer a TimeStampReq with a TimeStampResp: heap memory of *len bytes. Only
 * SHA-256 imprints and the blind policy (or none) are granted; other requests,
 * and bytes that are none, get a response that says why (RFC 3161, 2.4.2). The
 * clock's faults get `timeNotAvailable`, others `systemFailure`. NULL only if
 * memory is out. */
uint8_t *gv_tsa_respond(struct gv_tsa *tsa, struct gv_bytes query, size_t *len);

/* What an OPEN pins about this engine under one of its policies. The key is
 * written to point65, which must outlive out, as must operator_name. GV_OK or
 * GV_FAULT. */
enum gv_rc gv_tsa_authority(const struct gv_tsa *tsa, enum gv_tsa_policy policy,
                            const char *operator_name, uint8_t point65[65],
                            struct gv_authority *out) GV_MUST_CHECK;

#endif
