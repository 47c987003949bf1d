/*
 * miner.h - the miner at work: gets templates from a node by long poll, has
 * them searched, and submits the seals.
 *
 * Two connections, each with its thread. One waits for templates: another
 * template replaces the job at once, the same template again leaves the
 * search alone unless it has already ended with a seal. The other submits.
 * When the node does not answer, both try again, first after 100 ms, then
 * each time after twice as long, at most 5 s; the cookie is read again when
 * the node has a new one. A first failure leaves the search going, a second
 * in a row stops it: what it would find has nowhere to go.
 *
 * A seal is submitted until the node has answered it, at most
 * GV_MINER_WAITING seals at a time; beyond that the oldest is lost and counts
 * as stale. Methods may be repeated, so none is counted twice.
 *
 * Thread-safety: gv_miner_stats may be called from any thread, also by the
 * event function; gv_miner_free not by the event function.
 */
#ifndef MINER_MINER_H
#define MINER_MINER_H

#include "miner/job.h"
#include "miner/kernel/hashers.h"

#define GV_MINER_WAITING 64
#define GV_MINER_POLL_MS 30000

struct gv_miner;

enum gv_miner_event_kind {
    GV_MINER_ONLINE,   /* the node answers (again) */
    GV_MINER_OFFLINE,  /* text: why there is no answer */
    GV_MINER_WORK,     /* another template: template, chains */
    GV_MINER_NO_WORK,  /* text; the node has none for now */
    GV_MINER_ACCEPTED, /* template, chains sealed */
    GV_MINER_STALE,    /* template: sealed nothing, or lost */
    GV_MINER_REJECTED, /* template, text: the node's verdict */
    GV_MINER_DONE,     /* as many were accepted as asked for */
    GV_MINER_REFUSED   /* text: this node or login cannot serve miners; the
                          miner has given up */
};

/* Strings are borrowed for the call; those that do not apply are "". */
struct gv_miner_event {
    enum gv_miner_event_kind kind;
    const char *template;
    const char *text;
    uint64_t chains;
};

/* Called on threads of the miner, one call at a time. */
typedef void (*gv_miner_event_fn)(void *ctx, const struct gv_miner_event *);

struct gv_miner_options {
    const char *node;   /* URL */
    const char *cookie; /* path of the cookie file */
    /* For https://, as in src/client/rpcclient.h. */
    struct gv_bytes roots;
    const char *cert_file, *key_file;
    const struct gv_kernel *kernel; /* NULL: the best */
    unsigned threads;               /* 1..GV_HASHERS_THREADS_MAX */
    enum gv_search_strategy strategy;
    uint64_t seed;    /* of GV_SEARCH_RANDOM */
    uint64_t nonces;  /* of a header, as in struct gv_hashers_options */
    uint64_t blocks;  /* stop after so many accepted seals; 0: never */
    unsigned poll_ms; /* of a long poll, at most 60000; 0: GV_MINER_POLL_MS */
    gv_miner_event_fn event; /* not NULL */
    void *ctx;
};

struct gv_miner_stats {
    uint64_t hashes;     /* as struct gv_hashers_stats */
    uint64_t generation; /* likewise: how many jobs were begun */
    unsigned busy;       /* likewise: threads searching now */
    bool broken;         /* likewise: a kernel computes wrongly */
    uint64_t accepted, stale, rejected; /* seals */
};

/* Start. GV_REJECT: an option is out of range or the URL is none; GV_FAULT:
 * no memory or no thread; both with e set. *out is NULL then. */
enum gv_rc gv_miner_new(const struct gv_miner_options *options,
                        struct gv_miner **out,
                        struct gv_error *e) GV_MUST_CHECK;

/* Stop at once: running calls are broken off, seals not answered yet are
 * lost. */
void gv_miner_free(struct gv_miner *miner);

struct gv_miner_stats gv_miner_stats(struct gv_miner *miner);

#endif
