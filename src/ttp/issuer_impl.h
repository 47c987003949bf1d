/*
 * issuer_impl.h - the inside of the token issuer, for issuer*.c: issuer.c
 * (open, close, keys and serve), issuer_enter.c (who may have a session),
 * issuer_session.c (commit, challenge, reveal), issuer_log.c (records, the
 * log, evidence), issuer_end.c (the end of keys, liars of before).
 *
 * Thread-safety: records are read and changed inside the lock.
 */
#ifndef GAVEL_TTP_ISSUER_IMPL_H
#define GAVEL_TTP_ISSUER_IMPL_H

#include <gavel/open_escrow.h>
#include <gavel/serve.h>
#include <pthread.h>

#include "src/rate.h"
#include "src/ttp/issuer.h"
#include "src/ttp/nonce.h"

enum issuer_state {
    ISSUER_OPENED = 1,
    ISSUER_COMMITTED, /* challenged at once */
    ISSUER_SIGNED,
    ISSUER_CHEATED,
    ISSUER_LATE /* a true REVEAL when the keys were destroyed: no signature */
};

/* Why the keys of an auction were destroyed (I41). */
enum issuer_end {
    ISSUER_HOLDS = 0, /* they are not */
    ISSUER_FINAL,     /* the outcome is final */
    ISSUER_NO_OPEN,   /* its OPEN did not come to the ledger */
    ISSUER_STALLED    /* no outcome can come */
};

#define ISSUER_REVEAL_MAX (32 + GV_CUT_MAX * 32 + GV_RSA_SIZE + 1 + 72)

struct issuer_record {
    enum issuer_state state;
    struct gv_hash session;
    struct gv_chain_id auction;
    struct gv_hash subject;
    struct gv_hash cert_fp;
    struct gv_pubkey ledger; /* the certified key */
    uint64_t opened_ms, committed_ms;
    uint32_t index; /* in the auction's log, from COMMIT on */
    uint8_t *cert;  /* DER */
    size_t cert_len;
    uint8_t commit[32 + 32 + 1 + 72];
    size_t commit_len;
    uint8_t challenge[4 + GV_RSA_SIZE];
    size_t challenge_len; /* 0: not given */
    uint8_t *reveal;      /* heap; NULL: none came */
    size_t reveal_len;
    uint8_t sign[GV_RSA_SIZE]; /* when SIGNED */
    bool checking;             /* a REVEAL, now; not durable */
};

/* One auction's log. */
struct issuer_log {
    struct gv_chain_id auction;
    uint32_t count;     /* COMMITs */
    uint32_t found;     /* of these, at the start */
    uint64_t closed_ms; /* 0: open; else no COMMIT any more */
    enum issuer_end end;
    /* Not durable: nothing is left to destroy; when to look at it again;
     * gv_serve_is_barren. */
    bool over;
    uint64_t next_ms, barren_ms;
};

enum issuer_name { ISSUER_SESSION = 1, ISSUER_SUBJECT, ISSUER_LEDGER };

struct gv_issuer {
    pthread_mutex_t lock;
    pthread_mutex_t ticking; /* one housekeeper at a time */
    struct gv_issuer_options o;
    struct gv_nonces nonces;
    struct gv_rate *rate; /* of sellers who ask for keys */
    struct ca_index index;
    struct issuer_record *at;
    size_t count, cap;
    size_t loaded; /* records of before the start */
    size_t named;  /* of these, seen through for liars; while ticking */
    struct issuer_log *log;
    size_t logs, log_cap;
};

/* issuer_log.c: all inside the lock */
enum gv_rc issuer_load(struct gv_issuer *iss, struct gv_error *e);
/* By session id; by what must be unique in one auction. NULL: none. */
struct issuer_record *issuer_find(struct gv_issuer *iss, enum issuer_name kind,
                                  const struct gv_chain_id *auction,
                                  const uint8_t name32[32]);
/* Make durable, then known. Takes the heap parts of r, also when it fails. */
enum gv_rc issuer_add(struct gv_issuer *iss, struct issuer_record *r);
/* Make a changed copy durable in the place of `old`. Takes what differs. */
enum gv_rc issuer_replace(struct gv_issuer *iss, struct issuer_record *old,
                          const struct issuer_record *changed);
/* NULL: none. */
struct issuer_log *issuer_log_find(struct gv_issuer *iss,
                                   const struct gv_chain_id *auction);
/* Found or made. NULL: no memory. */
struct issuer_log *issuer_log_of(struct gv_issuer *iss,
                                 const struct gv_chain_id *auction);
enum gv_rc issuer_log_close(struct gv_issuer *iss, struct issuer_log *log);
/* Make it durable that the auction's keys are to be destroyed. */
enum gv_rc issuer_log_end(struct gv_issuer *iss, struct issuer_log *log,
                          enum issuer_end end);
/* The COMMITs of a log in order, views; *out is a heap array of `count`. */
enum gv_rc issuer_log_leaves(struct gv_issuer *iss,
                             const struct issuer_log *log,
                             struct gv_bytes **out);
/* Silences of a subject: how many, and until when it is banned (0: not). */
unsigned issuer_silences(const struct gv_issuer *iss,
                         const struct gv_hash *subject, uint64_t now_ms,
                         uint64_t *banned_until_ms);

/* issuer_end.c: watch the auctions whose keys are held. */
enum gv_rc issuer_watch(struct gv_issuer *iss, struct gv_error *e);

uint64_t issuer_now(const struct gv_issuer *iss);
enum gv_issuer_status issuer_refuse(struct gv_error *e,
                                    enum gv_issuer_status status,
                                    const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Encoded by `put` into heap memory. */
enum gv_issuer_status issuer_reply(struct gv_bytes bytes, uint8_t **out,
                                   size_t *len, struct gv_error *e);
/* Is the auction one whose tokens this issuer signs? */
bool issuer_serves(const struct gv_issuer *iss, const struct gv_open *open);

#endif
