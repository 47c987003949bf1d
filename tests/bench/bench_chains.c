/*
 * bench_chains.c - what many auctions cost a node.
 *
 * Idle: GAVEL_BENCH_CHAINS (10000) auctions in which nothing happens, in a
 * gaveld of its own that seals the registry: processor time over some seconds,
 * as a share of a core, and resident memory, beside those of a gaveld without
 * any. `asked`: when somebody has just asked for all of them, which reads them
 * into memory; `again`: when they have left it.
 *
 * Followed: that node serves one with an empty store that follows three of
 * these auctions, and one that follows all: from the answer to the first call
 * until the auctions are there, bytes received, resident memory; then bytes a
 * second while nothing happens. Nobody seals meanwhile.
 *
 * Sealed: 1,000 auctions, in each of which one transaction waits. `make` is the
 * template with a block for each, `enter` puts these blocks in when a seal was
 * found, with the commit. Templates are renewed every five seconds while a
 * miner searches (src/loop_mine.c), so `share` is what making them takes from a
 * core that would hash else.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "chain/state/template.h"
#include "chain/store/kv_mem.h"
#include "tests/bench/load_desk.h"
#include "tests/bench/load_node.h"
#include "tests/bench/measure.h"

#define ROUNDS SAMPLE_BIDDERS
#define SEALED 1000
#define REFRESH_S 5.0
#define SETTLE_US 2000000
#define IDLE_ROUNDS 3
/* What is not asked for leaves memory after 30 s and 4 D (chain/state/due.c).
 */
#define UNLOADED_S 70
#define FOLLOWED 3
#define JOIN_S 300
#define JOIN_POLL_US 2000
#define COUNTERS_US 1500000 /* they are of the last second */

/* --- many auctions --- */

struct chains {
    struct sample s;
    struct load_ledger ledger;
    struct gv_open first;
    struct gv_chain_id *id;
};

static void
chains_init(struct chains *c, uint64_t opening_ms, struct gv_kv kv)
{
    struct sample_options options = {.opening_ms = opening_ms};
    struct gv_state_options state = {.seed = 7, .follow_all = true, .kv = kv};
    char error[GV_KV_ERROR_MAX];

    sample_make(&c->s, &options);
    c->first = c->s.open;
    c->ledger = (struct load_ledger){.kv = kv, .now_ms = opening_ms};
    state.params = c->s.params;
    state.keys = c->s.keys;
    if (gv_state_open(&state, opening_ms, &c->ledger.st, error,
                      sizeof(error)) != GV_OK)
        support_die("%s", error);
}

static void
enter(struct chains *c, struct gv_bytes raw)
{
    struct gv_reject why;
    char text[200];

    if (gv_state_add_tx(c->ledger.st, raw, c->ledger.now_ms, &why) != GV_OK)
        support_die("%s", gv_reject_text(&why, text, sizeof(text)));
}

/* Auctions that differ in their salt; their owner closes them, some day. */
static void
open_auctions(struct chains *c, unsigned long n)
{
    c->id = calloc(n, sizeof(*c->id));
    if (c->id == NULL)
        support_die("no memory");
    for (unsigned long i = 0; i < n; i++) {
        struct gv_open open = c->first;

        gv_le32_put(open.salt, (uint32_t)i);
        enter(c, sample_open(&c->s, &open));
        c->id[i] = open.id;
        if (i % 1000 == 999)
            load_ledger_commit(&c->ledger);
    }
    load_ledger_commit(&c->ledger);
}

static void
chains_free(struct chains *c)
{
    gv_state_close(c->ledger.st);
    gv_kv_close(&c->ledger.kv);
    sample_free(&c->s);
    free(c->id);
}

/* --- sealed --- */

static void
wait_one_each(struct chains *c, unsigned bidder)
{
    for (unsigned i = 0; i < SEALED; i++) {
        struct gv_tx tx;

        c->s.open.id = c->id[i];
        tx = sample_enrol(&c->s, bidder);
        enter(c, tx.raw);
    }
    load_ledger_commit(&c->ledger);
}

static struct gv_seal
search(const struct gv_template *t)
{
    struct gv_seal seal = *gv_template_seal(t);

    for (uint32_t nonce = 0;; nonce++) {
        gv_le32_put(seal.b + 76, nonce);
        if (gv_seal_meets(&seal, gv_template_target(t)))
            return seal;
    }
}

static void
seal_round(struct chains *c, double *made, double *entered)
{
    struct gv_template *t;
    struct gv_reject why;
    struct gv_seal seal;
    double start = measure_cpu();
    size_t n;

    if (gv_template_make(c->ledger.st, c->ledger.now_ms, 0, &t) != GV_OK ||
        t == NULL || gv_template_chains(t) < SEALED)
        support_die("the template does not hold all chains");
    *made = 1000 * (measure_cpu() - start);
    seal = search(t);
    start = measure_cpu();
    if (gv_template_submit(c->ledger.st, t, &seal, c->ledger.now_ms, NULL, NULL,
                           &n, &why) != GV_OK ||
        n < SEALED)
        support_die("the seal does not fit all chains");
    load_ledger_commit(&c->ledger);
    *entered = 1000 * (measure_cpu() - start);
    gv_template_free(t);
}

static void
bench_sealed(void)
{
    struct chains *c = calloc(1, sizeof(*c));
    double made[ROUNDS], entered[ROUNDS], share[ROUNDS];
    struct gv_kv kv;

    if (c == NULL || gv_kv_mem_open(&kv) != GV_OK)
        support_die("no memory");
    chains_init(c, 0, kv);
    c->ledger.now_ms = c->s.open.opening_ms;
    open_auctions(c, SEALED);
    for (unsigned r = 0; r < ROUNDS; r++) {
        c->ledger.now_ms += 10000;
        wait_one_each(c, r);
        c->ledger.now_ms += 10000;
        seal_round(c, &made[r], &entered[r]);
        share[r] = made[r] / (10 * REFRESH_S);
    }
    measure_print("seal_1000_chains_make", made, ROUNDS, "ms");
    measure_print("seal_1000_chains_enter", entered, ROUNDS, "ms");
    measure_print("seal_1000_chains_share", share, ROUNDS, "%");
    chains_free(c);
    free(c);
}

/* --- idle --- */

static uint64_t
unix_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The auctions' ids in hexadecimal come back, n of them. */
static char (*fill_datadir(const char *datadir, unsigned long n))[65]
{
    char(*ids)[65] = calloc(n, sizeof(*ids));
    struct chains *c = calloc(1, sizeof(*c));
    struct gv_kv kv;

    if (c == NULL || ids == NULL || mkdir(datadir, 0700) != 0)
        support_die("cannot make %s", datadir);
    load_disk_open(datadir, "chain", &kv);
    chains_init(c, unix_ms() - 5000, kv);
    open_auctions(c, n);
    for (unsigned long i = 0; i < n; i++)
        gv_hex(c->id[i].b, 32, ids[i]);
    chains_free(c);
    free(c);
    return ids;
}

/* Whatever is asked about an auction reads its blocks into memory. */
static void
ask_for_all(const struct load_node *node, char (*ids)[65], unsigned long n)
{
    for (unsigned long i = 0; i < n; i++) {
        json_t *answer;

        if (!load_call(node->rpc, "getauction",
                       json_pack("{s:s}", "auction", ids[i]), &answer))
            support_die("auction %s has no answer", ids[i]);
        json_decref(answer);
    }
}

static void
bench_idle(const char *name, const struct load_node *node, unsigned seconds)
{
    double share[IDLE_ROUNDS], memory;
    char line[64];

    usleep(SETTLE_US);
    for (unsigned r = 0; r < IDLE_ROUNDS; r++) {
        double cpu = load_node_cpu(node), start = measure_now();

        usleep(seconds * 1000000u);
        share[r] = 100 * (load_node_cpu(node) - cpu) / (measure_now() - start);
    }
    snprintf(line, sizeof(line), "%s_cpu", name);
    measure_print(line, share, IDLE_ROUNDS, "%");
    memory = load_node_memory(node);
    printf("%s_memory %.3g MB\n", name, memory);
}

/* --- followed --- */

/* Chains that a node has, the registry among them. */
static size_t
count_chains(const struct load_node *n)
{
    json_t *status;
    size_t count;

    if (!load_call(n->rpc, "status", NULL, &status))
        support_die("the node does not answer status");
    count = (size_t)support_json_u64(status, "chains");
    json_decref(status);
    return count;
}

/* n is not running and has an empty store; it is stopped again. */
static void
bench_join(const char *name, struct load_node *n, size_t chains,
           unsigned seconds)
{
    double end = measure_now() + JOIN_S, start, took, before;

    load_node_start(n);
    start = measure_now();
    while (count_chains(n) < chains) {
        if (measure_now() > end)
            support_die("%s: the auctions did not come in time", name);
        usleep(JOIN_POLL_US);
    }
    took = measure_now() - start;
    usleep(COUNTERS_US);
    before = load_node_received(n);
    printf("%s %.3g s\n%s_bytes %.0f B\n", name, took, name, before);
    printf("%s_memory %.3g MB\n", name, load_node_memory(n));
    usleep(5 * seconds * 1000000u);
    printf("%s_idle %.3g B/s\n", name,
           (load_node_received(n) - before) / (5 * seconds));
    fflush(stdout);
    load_node_stop(n);
}

/* many: stopped; it serves. */
static void
bench_follow(struct load_node *many, unsigned long n, char (*ids)[65],
             const char *datadir, unsigned seconds)
{
    char connect[512], own[512], key[128], served[128];
    char store[PATH_MAX + 32];
    struct load_node three = {.datadir = datadir, .log = many->log};
    struct load_node all;

    snprintf(store, sizeof(store), "%s/chain", datadir);
    load_node_start(&three); /* makes its key */
    load_node_place(&three, own, key);
    load_node_stop(&three);
    load_drop(store);
    many->options[0] = "--discover";
    many->options[1] = "no";
    many->options[2] = "--peer-key";
    many->options[3] = key;
    load_node_start(many);
    load_node_place(many, connect, served);
    three.options[0] = "--discover";
    three.options[1] = "no";
    three.options[2] = "--connect";
    three.options[3] = connect;
    all = three;
    for (unsigned i = 0; i < FOLLOWED; i++) {
        three.options[4 + 2 * i] = "--follow";
        three.options[5 + 2 * i] = ids[n * (i + 1) / (FOLLOWED + 1)];
    }
    bench_join("follow_three", &three, FOLLOWED + 1, seconds);
    load_drop(store);
    bench_join("follow_all", &all, n + 1, seconds);
    load_node_stop(many);
}

int
main(void)
{
    bool smoke = getenv("GAVEL_BENCH_SMOKE") != NULL;
    unsigned long n = measure_option("GAVEL_BENCH_CHAINS", smoke ? 500 : 10000);
    unsigned seconds = smoke ? 1 : 2;
    char with[PATH_MAX + 16], without[PATH_MAX + 16], log[PATH_MAX + 16];
    struct load_node many = {
        .datadir = with, .log = log, .options = {"--mine"}};
    struct load_node none = {
        .datadir = without, .log = log, .options = {"--mine"}};
    struct support_dir dir;
    char(*ids)[65];

    bench_sealed();
    support_dir_make(&dir);
    snprintf(with, sizeof(with), "%s/many", dir.path);
    snprintf(without, sizeof(without), "%s/none", dir.path);
    snprintf(log, sizeof(log), "%s/log", dir.path);
    ids = fill_datadir(with, n);
    printf("idle_chains %lu\n", n);
    if (mkdir(without, 0700) != 0)
        support_die("cannot make %s", without);
    load_node_start(&none);
    bench_idle("idle_none", &none, seconds);
    load_node_stop(&none);
    load_node_start(&many);
    bench_idle("idle_many", &many, seconds);
    ask_for_all(&many, ids, n);
    bench_idle("asked_many", &many, seconds);
    sleep(smoke ? 0 : UNLOADED_S);
    bench_idle("idle_again", &many, seconds);
    load_node_stop(&many);
    bench_follow(&many, n, ids, without, seconds);
    support_dir_remove(&dir);
    free(ids);
    return 0;
}
