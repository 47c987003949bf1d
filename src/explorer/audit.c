/* audit.c - a dump line by line: batches of lines on two threads, then the
 * chains in order (audit.h). */
#include "src/explorer/audit.h"

#include <inttypes.h>
#include <stdlib.h>

#include "gavel/anchor.h"
#include "src/explorer/audit_impl.h"
#include "src/explorer/pair.h"

#define BATCH_LINES 64
#define BATCH_BYTES (8u << 20)

/* The chains of one batch, in order; the last one may go on in the next. */
struct chain {
    struct gv_track track;
    bool ended; /* of an auction: by this FINAL */
    struct gv_tx_id final;
    struct chain *next;
};

struct audit {
    const struct gv_audit_options *options;
    struct gv_audit_report *report;
    const struct gv_params *params;
    struct gv_keys *keys;
    struct gv_pair *pair;
    struct gv_tally tally;
    struct gv_lines in;
    struct gv_line first, last;
    bool ended; /* the last line was read */
    struct gv_audit_job job[BATCH_LINES];
    size_t jobs;
    struct chain *oldest, *newest;
    struct gv_dir_anchor *anchor; /* of the registry, once it is read */
    size_t anchors;
};

/* --- the ends --- */

/* The network is the one whose first line this is. */
static enum gv_rc
check_first(struct audit *a, struct gv_error *e)
{
    size_t n;
    const struct gv_params *const *all = gv_params_all(&n);
    struct gv_show_text want = {0};
    enum gv_rc rc = GV_REJECT;

    for (size_t i = 0; i < 2 * n && rc == GV_REJECT; i++) {
        want.len = 0;
        gv_tally_first(all[i / 2], i % 2 == 1, &want);
        if (want.failed)
            rc = GV_FAULT;
        else if (want.len == a->first.len &&
                 memcmp(want.p, a->first.text, want.len) == 0) {
            a->params = all[i / 2];
            a->report->params = a->params;
            a->report->final = i % 2 == 1;
            rc = GV_OK;
        }
    }
    gv_show_free(&want);
    if (rc == GV_REJECT)
        gv_error_set(e, "line 1: is not the first line of a dump of a network "
                        "that this program knows");
    if (rc == GV_FAULT)
        gv_error_set(e, "out of memory");
    return rc;
}

static enum gv_rc
check_last(struct audit *a, struct gv_error *e)
{
    uint64_t number = a->tally.lines + 1;
    struct gv_show_text want = {0};
    struct gv_line after = {0};
    enum gv_rc rc = GV_OK;

    gv_tally_last(&a->tally, &want);
    if (want.failed) {
        gv_error_set(e, "out of memory");
        rc = GV_FAULT;
    } else if (!gv_line_is(&a->last, number, gv_bytes(want.p, want.len), e)) {
        rc = GV_REJECT;
    }
    gv_show_free(&want);
    if (rc != GV_OK)
        return rc;
    rc = gv_line_read(&a->in, number + 1, &after, e);
    gv_line_free(&after);
    if (rc == GV_OK) {
        gv_error_set(e, "line %" PRIu64 ": nothing may follow the last line",
                     number + 1);
        return GV_REJECT;
    }
    return rc == GV_ABSENT ? GV_OK : rc;
}

/* --- chains --- */

/* The time that an ANCHOR of the dump's registry proves; 0: none does. */
static uint64_t
anchored_us(const struct audit *a, const struct chain *c)
{
    const struct gv_open *open = c->track.book->open;
    uint64_t t;

    for (size_t i = 0; c->ended && i < a->anchors; i++) {
        const struct gv_dir_anchor *d = &a->anchor[i];
        struct gv_tx tx;

        if (GV_ID_EQ(&d->auction, &open->id) &&
            GV_ID_EQ(&d->final, &c->final) &&
            gv_tx_decode(gv_bytes(d->raw, d->len), &tx, NULL) == GV_OK &&
            gv_anchor_time(open, &tx.u.anchor, &t, NULL) == GV_OK)
            return t;
    }
    return 0;
}

static void
tell_outcome(struct audit *a, const struct chain *c)
{
    const struct gv_book *b = c->track.book;
    struct gv_audit_outcome o = {&b->open->id,
                                 &b->outcome,
                                 b,
                                 &b->open->terms.currency,
                                 gv_book_ended(b),
                                 0};

    if (gv_book_stalled(b)) {
        o.outcome = NULL;
        a->report->stalled++;
    } else if (b->outcome_height) {
        a->report->outcomes++;
        a->report->outcomes_final += o.final;
    } else {
        return;
    }
    o.anchored_us = anchored_us(a, c);
    if (a->options->outcome)
        a->options->outcome(a->options->arg, &o);
}

/* The oldest chain has no more blocks. */
static void
finish_oldest(struct audit *a)
{
    struct chain *c = a->oldest;

    gv_tally_tip(&a->tally, &c->track.tip);
    a->report->final_blocks += (uint64_t)gv_track_final(&c->track) + 1;
    if (c->track.book) {
        a->report->bids += c->track.book->bids;
        tell_outcome(a, c);
    }
    if (c->track.dir) {
        /* Auctions come later, and their ANCHORs stand here. */
        a->anchor = c->track.dir->anchor;
        a->anchors = c->track.dir->anchors;
        c->track.dir->anchor = NULL;
        c->track.dir->anchors = 0;
    }
    gv_track_end(&c->track);
    a->oldest = c->next;
    if (!a->oldest)
        a->newest = NULL;
    free(c);
}

/* F17: the registry first, then auctions by ascending id. */
static bool
in_order(const struct audit *a, const struct gv_chain_id *id)
{
    const struct gv_chain_id *registry = &a->params->registry;

    if (!a->newest)
        return GV_ID_EQ(id, registry);
    return !GV_ID_EQ(id, registry) &&
           (GV_ID_EQ(&a->newest->track.id, registry) ||
            GV_ID_CMP(id, &a->newest->track.id) > 0);
}

static enum gv_rc
begin_chain(struct audit *a, struct gv_audit_job *job)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct chain *c;
    enum gv_rc rc;

    if (!in_order(a, &job->block.h.header.chain)) {
        gv_error_set(&job->e,
                     "line %" PRIu64 ": chain out of order: the registry comes "
                     "first, then auctions by ascending id, each once",
                     job->number);
        job->rc = GV_REJECT;
        return GV_REJECT;
    }
    c = calloc(1, sizeof(*c));
    rc = c ? gv_track_begin(a->params, &job->block, &c->track, &why) : GV_FAULT;
    if (rc != GV_OK) {
        free(c);
        gv_audit_refuse(job, rc, &why);
        return rc;
    }
    if (a->newest)
        a->newest->next = c;
    else
        a->oldest = c;
    a->newest = c;
    a->report->chains++;
    job->opens = true;
    return GV_OK;
}

/* Give every job its chain. */
static enum gv_rc
place(struct audit *a, struct gv_error *e)
{
    for (size_t i = 0; i < a->jobs; i++) {
        struct gv_audit_job *job = &a->job[i];
        bool goes_on = a->newest && GV_ID_EQ(&job->block.h.header.chain,
                                             &a->newest->track.id);

        if (!goes_on && begin_chain(a, job) != GV_OK) {
            *e = job->e;
            return job->rc;
        }
        job->track = &a->newest->track;
    }
    return GV_OK;
}

/* Note the FINAL that ends an auction. */
static void
note_end(struct chain *c, const struct gv_block *block)
{
    const struct gv_book *b = c->track.book;

    if (!b || c->ended || !gv_book_ended(b))
        return;
    for (uint32_t i = 0; i < block->h.header.tx_count && !c->ended; i++) {
        const struct gv_vote *v = &block->tx[i].u.final.link;

        c->ended = block->tx[i].kind == GV_TX_FINAL &&
                   v->source_height >= b->outcome_height &&
                   v->target_height == v->source_height + 1;
        c->final = block->id[i];
    }
}

static enum gv_rc
connect_job(struct audit *a, struct gv_audit_job *job)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc = GV_OK;

    while (&a->oldest->track != job->track)
        finish_oldest(a);
    if (!job->opens)
        rc = gv_audit_seats(job, a->keys, &why);
    if (!job->opens && rc == GV_OK)
        rc = gv_track_connect(job->track, &job->block, &job->facts, &why);
    if (rc != GV_OK)
        gv_audit_refuse(job, rc, &why);
    else
        note_end(a->oldest, &job->block);
    /* The block that ends a chain can never be final (R8), so a dump that is
     * cut at final blocks does not reach it. */
    if (rc == GV_OK && a->report->final && job->track->book &&
        gv_book_ended(job->track->book)) {
        why = (struct gv_reject){GV_CHAIN_ENDED, "final", GV_NO_INDEX, 0, 0};
        gv_audit_refuse(job, GV_REJECT, &why);
    }
    if (job->rc == GV_OK && a->options->block)
        a->options->block(a->options->block_arg, job->track, &job->block);
    a->report->blocks++;
    a->report->txs += job->block.h.header.tx_count;
    return job->rc;
}

static enum gv_rc
connect_all(struct audit *a, struct gv_error *e)
{
    for (size_t i = 0; i < a->jobs; i++)
        if (connect_job(a, &a->job[i]) != GV_OK) {
            *e = a->job[i].e;
            return a->job[i].rc;
        }
    return GV_OK;
}

/* --- batches --- */

static bool
decode_round(void *arg, size_t i)
{
    struct audit *a = arg;

    gv_audit_decode(&a->job[i], a->params);
    return a->job[i].rc == GV_OK;
}

static bool
verify_round(void *arg, size_t i)
{
    struct audit *a = arg;

    gv_audit_verify(&a->job[i], a->keys);
    return a->job[i].rc == GV_OK;
}

/* The first job that failed. */
static enum gv_rc
result(const struct audit *a, struct gv_error *e)
{
    for (size_t i = 0; i < a->jobs; i++)
        if (a->job[i].rc != GV_OK) {
            *e = a->job[i].e;
            return a->job[i].rc;
        }
    return GV_OK;
}

static enum gv_rc
run_batch(struct audit *a, struct gv_error *e)
{
    enum gv_rc rc;

    gv_pair_run(a->pair, a->jobs, decode_round, a);
    rc = result(a, e);
    if (rc == GV_OK)
        rc = place(a, e);
    if (rc != GV_OK)
        return rc;
    gv_pair_run(a->pair, a->jobs, verify_round, a);
    rc = result(a, e);
    if (rc == GV_OK)
        rc = connect_all(a, e);
    for (size_t i = 0; rc == GV_OK && i < a->jobs; i++)
        gv_tally_line(&a->tally, a->job[i].line.text, a->job[i].line.len);
    return rc;
}

static void
swap(struct gv_line *x, struct gv_line *y)
{
    struct gv_line z = *x;

    *x = *y;
    *y = z;
}

/* Lines up to the limits of a batch or to the last line. */
static enum gv_rc
read_batch(struct audit *a, struct gv_error *e)
{
    size_t bytes = 0;

    for (a->jobs = 0; a->jobs < BATCH_LINES && bytes < BATCH_BYTES; a->jobs++) {
        struct gv_audit_job *job = &a->job[a->jobs];
        enum gv_rc rc;

        gv_audit_job_clear(job);
        job->number = a->tally.lines + a->jobs + 1;
        rc = gv_line_read(&a->in, job->number, &job->line, e);
        if (rc == GV_ABSENT) {
            gv_error_set(e, "line %" PRIu64 ": the last line is missing",
                         job->number);
            return GV_REJECT;
        }
        if (rc != GV_OK)
            return rc;
        if (gv_line_begins(&job->line, "{\"end\"")) {
            swap(&job->line, &a->last);
            a->ended = true;
            return GV_OK;
        }
        bytes += job->line.len;
    }
    return GV_OK;
}

static enum gv_rc
run_all(struct audit *a, struct gv_error *e)
{
    enum gv_rc rc = check_first(a, e);

    gv_tally_line(&a->tally, a->first.text, a->first.len);
    while (rc == GV_OK && !a->ended) {
        rc = read_batch(a, e);
        if (rc == GV_OK)
            rc = run_batch(a, e);
        a->report->lines = a->tally.lines;
        a->report->bytes = a->tally.bytes;
        if (rc == GV_OK && a->options->progress)
            a->options->progress(a->options->arg, a->report);
    }
    if (rc != GV_OK)
        return rc;
    if (!a->oldest) {
        gv_error_set(e, "line 2: the registry is missing");
        return GV_REJECT;
    }
    while (a->oldest)
        finish_oldest(a);
    a->report->lines++;
    a->report->bytes += a->last.len;
    return check_last(a, e);
}

static void
audit_free(struct audit *a)
{
    while (a->oldest) {
        struct chain *c = a->oldest;

        a->oldest = c->next;
        gv_track_end(&c->track);
        free(c);
    }
    for (size_t i = 0; i < BATCH_LINES; i++)
        gv_audit_job_free(&a->job[i]);
    for (size_t i = 0; i < a->anchors; i++)
        free(a->anchor[i].raw);
    free(a->anchor);
    gv_pair_free(a->pair);
    gv_keys_free(a->keys);
    gv_tally_free(&a->tally);
    gv_line_free(&a->first);
    gv_line_free(&a->last);
    free(a);
}

static enum gv_rc
start(struct audit *a, struct gv_error *e)
{
    enum gv_rc rc;

    gv_tally_begin(&a->tally);
    gv_lines_begin(&a->in, a->options->in);
    a->keys = gv_keys_new(NULL);
    a->pair = gv_pair_new(!a->options->single);
    if (!a->keys || !a->pair) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    rc = gv_line_read(&a->in, 1, &a->first, e);
    if (rc == GV_ABSENT) {
        gv_error_set(e, "line 1: the file is empty");
        return GV_REJECT;
    }
    return rc;
}

enum gv_rc
gv_audit(const struct gv_audit_options *options, struct gv_audit_report *report,
         struct gv_error *e)
{
    struct audit *a = calloc(1, sizeof(*a));
    enum gv_rc rc;

    *report = (struct gv_audit_report){0};
    if (!a) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    a->options = options;
    a->report = report;
    rc = start(a, e);
    if (rc == GV_OK && gv_line_begins(&a->first, "auction,"))
        rc = gv_audit_csv(&a->in, &a->first, report, e);
    else if (rc == GV_OK)
        rc = run_all(a, e);
    audit_free(a);
    return rc;
}
