/* load_desk.c - see load_desk.h. */
#include "tests/bench/load_desk.h"

#include <poll.h>
#include <stdlib.h>

#include "chain/store/kv_rocksdb.h"
#include "src/base/mailbox.h"
#include "src/loop.h"
#include "src/verifier.h"
#include "tests/bench/measure.h"

#define WINDOW 4096 /* bids on their way at once */
#define TURN 512    /* letters a turn, as in src/loop.c */
#define WAIT_MS 10000

struct load_desk {
    struct gv_kv kv;
    struct gv_state *st;
    struct gv_verifier *pool;
    struct gv_stamper *stamper;
    struct gv_mailbox *tasks, *results;
};

void
load_disk_open(const char *dir, const char *name, struct gv_kv *out)
{
    struct gv_kv_rocksdb_options disk = {0};
    char path[PATH_MAX + 16], error[GV_KV_ERROR_MAX];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    disk.dir = path;
    if (gv_kv_rocksdb_open(&disk, out, error) != GV_OK)
        support_die("%s", error);
}

static void
enter(struct load_desk *d, struct gv_bytes raw)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    char text[200];

    if (gv_state_add_tx(d->st, raw, gv_loop_now_ms(), &why) != GV_OK)
        support_die("%s; %s", gv_reject_text(&why, text, sizeof(text)),
                    gv_state_error(d->st));
}

static void
commit(struct load_desk *d)
{
    if (gv_state_commit(d->st, true, NULL) != GV_OK)
        support_die("commit: %s", gv_state_error(d->st));
}

/* --- life --- */

/* Of a mailbox that is empty at its end. */
static void
keep(void *message)
{
    (void)message;
}

static void
deliver_task(void *arg, struct gv_task *task)
{
    struct load_desk *d = arg;

    gv_mailbox_post(d->tasks, task, 0);
}

static void
deliver_stamped(void *arg, struct gv_stamp_result *r)
{
    struct load_desk *d = arg;

    gv_mailbox_post(d->results, r, 0);
}

static void
open_threads(struct load_desk *d, const struct load_desk_options *o)
{
    struct gv_stamper_options stamper = {.tsa = o->tsa,
                                         .keys = o->keys,
                                         .secret = *o->secret,
                                         .deliver = deliver_stamped,
                                         .arg = d};
    struct gv_mailbox_limits none = {0, 0};

    d->tasks = gv_mailbox_new(none, keep);
    d->results = gv_mailbox_new(none, keep);
    d->pool = gv_verifier_new(o->keys, LOAD_CORES, deliver_task, d);
    d->stamper = gv_stamper_new(&stamper);
    if (!d->tasks || !d->results || !d->pool || !d->stamper)
        support_die("no memory or no threads");
}

struct load_desk *
load_desk_new(const struct load_desk_options *o)
{
    struct load_desk *d = calloc(1, sizeof(*d));
    struct gv_state_options state = {
        .params = o->params, .keys = o->keys, .seed = 7, .follow_all = true};
    char error[GV_KV_ERROR_MAX];

    if (!d)
        support_die("no memory");
    load_disk_open(o->dir, "desk", &d->kv);
    state.kv = d->kv;
    if (gv_state_open(&state, gv_loop_now_ms(), &d->st, error, sizeof(error)) !=
        GV_OK)
        support_die("%s", error);
    enter(d, o->open);
    commit(d);
    open_threads(d, o);
    return d;
}

void
load_desk_free(struct load_desk *d)
{
    gv_stamper_free(d->stamper);
    gv_verifier_free(d->pool, NULL, NULL);
    gv_mailbox_free(d->tasks);
    gv_mailbox_free(d->results);
    gv_state_close(d->st);
    gv_kv_close(&d->kv);
    free(d);
}

void
load_desk_block(struct load_desk *d, struct gv_bytes raw)
{
    struct gv_reject why = {.index = GV_NO_INDEX};

    if (gv_state_add_block(d->st, raw, gv_loop_now_ms(), &why) != GV_OK)
        support_die("block: %s", gv_code_name(why.code));
    commit(d);
}

/* --- bids --- */

static void
send(struct load_desk *d, struct gv_bytes raw, uint64_t now_ms)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_task *task;

    if (gv_task_tx(d->st, raw, now_ms, &task, &why) != GV_OK || !task ||
        gv_verifier_add(d->pool, task) != GV_OK)
        support_die("a bid was not taken");
}

static void
verified(struct load_desk *d, struct gv_task *task)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_stamp_item *item = calloc(1, sizeof(*item));
    const struct gv_tx *tx = gv_task_tx_of(task);

    if (!item || gv_task_verdict(task, &why) != GV_OK)
        support_die("a bid was refused");
    item->user = task;
    item->auction = tx->chain;
    item->id = tx->u.bid.id;
    memcpy(item->leaf, tx->u.bid.leaf, 32);
    gv_stamper_add(d->stamper, item);
}

static size_t
stamped(struct load_desk *d, struct gv_stamp_result *r, uint64_t now_ms)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    size_t n = 0;

    if (r->error[0])
        support_die("%s", r->error);
    for (struct gv_stamp_item *i = r->items; i; i = i->next, n++)
        if (gv_task_accept(d->st, i->user, now_ms, NULL, &why) != GV_OK)
            support_die("a bid was not entered");
    enter(d, gv_bytes(r->tx, r->len));
    gv_stamp_result_free(r);
    return n;
}

struct run {
    const struct load_block *block;
    size_t sent, done, total;
};

static bool
may_send(const struct run *r)
{
    return r->sent < r->total && r->sent - r->done < WINDOW;
}

/* What is finished, what is new, a commit. */
static void
turn(struct load_desk *d, struct run *r)
{
    uint64_t now_ms = gv_loop_now_ms();
    void *mail[TURN];
    size_t n = gv_mailbox_drain(d->results, mail, TURN), more = 0;

    for (size_t i = 0; i < n; i++)
        more += stamped(d, mail[i], now_ms);
    n = gv_mailbox_drain(d->tasks, mail, TURN);
    for (size_t i = 0; i < n; i++)
        verified(d, mail[i]);
    for (n = 0; n < TURN && may_send(r); n++, r->sent++)
        send(d, r->block[r->sent / LOAD_BLOCK].tx[r->sent % LOAD_BLOCK],
             now_ms);
    gv_verifier_release(d->pool);
    if (more > 0)
        commit(d);
    r->done += more;
}

double
load_desk_stamp(struct load_desk *d, const struct load_block *block,
                size_t blocks)
{
    struct run r = {.block = block, .total = blocks * LOAD_BLOCK};
    struct pollfd fd[2] = {{gv_mailbox_fd(d->tasks), POLLIN, 0},
                           {gv_mailbox_fd(d->results), POLLIN, 0}};
    double start = measure_now();

    while (r.done < r.total) {
        turn(d, &r);
        if (r.done < r.total && poll(fd, 2, may_send(&r) ? 0 : WAIT_MS) == 0 &&
            !may_send(&r))
            support_die("nothing was dated in %d ms", WAIT_MS);
    }
    return (double)r.total / (measure_now() - start);
}

/* --- imprints --- */

static void
add_imprint(struct load_desk *d, uint64_t n)
{
    struct gv_stamp_item *item = calloc(1, sizeof(*item));

    if (!item)
        support_die("no memory");
    gv_sha256_of(&n, sizeof(n), item->leaf);
    gv_stamper_add(d->stamper, item);
}

double
load_desk_imprints(struct load_desk *d, size_t clients, size_t total)
{
    double start = measure_now();
    size_t sent = 0, done = 0;

    for (; sent < clients; sent++)
        add_imprint(d, sent);
    while (done < total) {
        struct gv_stamp_result *r;

        if (!gv_mailbox_wait(d->results, WAIT_MS))
            support_die("no token in %d ms", WAIT_MS);
        r = gv_mailbox_take(d->results);
        if (r->error[0])
            support_die("%s", r->error);
        for (struct gv_stamp_item *i = r->items; i; i = i->next, done++)
            if (sent < total)
                add_imprint(d, sent++);
        gv_stamp_result_free(r);
    }
    return (double)done / (measure_now() - start);
}
