/*
 * bench_stamp.c - the publishing stamp service (R5): bids dated a second
 * against the BIP340 verify rate of the library on the same two cores, blind
 * imprints a second, and one bid on an idle node.
 *
 * Half of GAVEL_BENCH_BIDS (100000) bids of 1,000 certified bidders in ROUNDS
 * rounds. In a round one slice of them is (a) verified with the library alone,
 * (b) dated: signatures on the verifying threads, natural batches of one
 * stamper, Merkle root and token, and one synced commit a turn, as the chain
 * thread does it, without receipts; and (c) handed to a node's own chain thread
 * as a peer's SUBMITs, which also signs a receipt for each and writes each
 * answer. No block takes the bids: they wait in mempool and journal.
 */
#include "tests/bench/load.h"
#include "tests/bench/load_desk.h"
#include "tests/bench/measure.h"
#include "tests/unit/node/house.h"

#define ROUNDS 10
#define PEER (UINT64_C(1) << 40)
#define D_MS 600000
#define CLIENTS 100 /* that have one imprint each on its way */

struct bench {
    struct house h;
    struct sample_party bidder[LOAD_BIDDERS];
    struct gv_sealed_id block0;
    struct support_dir dir;
    struct load_desk *desk;
    size_t blocks; /* of a slice */
    struct load_block *block;
    uint64_t bids;
    uint32_t requests;
    double raw[ROUNDS], stamp[ROUNDS], answer[ROUNDS], imprint[ROUNDS];
    double raw_us[ROUNDS], stamp_us[ROUNDS], answer_us[ROUNDS];
};

/* --- bids --- */

static void
find_block0(struct bench *b)
{
    struct gv_block block;
    size_t len;
    uint8_t *raw_block = gv_block0_auction(&b->h.s.open, &len);

    if (!raw_block || gv_block_decode(gv_bytes(raw_block, len), b->h.s.params,
                                      &block, NULL) != GV_OK)
        support_die("no block 0");
    b->block0 = block.h.sealed_id;
    gv_block_clear(&block);
    free(raw_block);
}

static struct gv_tx
enrol_of(struct bench *b, uint32_t i)
{
    struct sample *s = &b->h.s;
    uint8_t name[8] = "bench";

    gv_le32_put(name + 4, i);
    gv_sha256_of(name, sizeof(name), b->bidder[i].secret.b);
    sample_cred(s, &b->bidder[i], GV_ROLE_USER, &s->ca.secret);
    house_date(&b->h, &b->bidder[i], &s->ca.secret);
    s->bidder[0] = b->bidder[i];
    return sample_enrol(s, 0);
}

/* The n-th bid of all; its bytes are the caller's. */
static struct gv_bytes
make_bid(struct bench *b, uint64_t n, struct load_sig *sig)
{
    const struct sample_party *p = &b->bidder[n % LOAD_BIDDERS];
    struct gv_tx tx = {.kind = GV_TX_BID, .chain = b->h.s.open.id};
    struct gv_sink size = gv_sink_count(), out;
    uint8_t *bytes;

    tx.u.bid.bidder = p->cred.key;
    tx.u.bid.seq = (uint32_t)(n / LOAD_BIDDERS) + 1;
    tx.u.bid.amount = 1000 + n;
    tx.u.bid.recent = b->block0;
    memset(tx.u.bid.memo, (int)n, GV_MEMO_SIZE);
    if (gv_tx_sign(b->h.s.keys, &p->secret, &tx) != GV_OK)
        support_die("cannot sign a bid");
    gv_tx_put(&size, &tx);
    bytes = malloc(size.len);
    if (!bytes)
        support_die("no memory");
    out = gv_sink_buffer(bytes, size.len);
    gv_tx_put(&out, &tx);
    if (sig) {
        sig->key = tx.u.bid.bidder;
        memcpy(sig->msg, tx.u.bid.id.b, 32);
        sig->sig = tx.u.bid.sig;
    }
    return gv_bytes(bytes, size.len);
}

static void
make_slice(struct bench *b)
{
    for (size_t i = 0; i < b->blocks; i++) {
        struct load_block *block = &b->block[i];

        block->sig = calloc(LOAD_BLOCK, sizeof(*block->sig));
        if (!block->sig)
            support_die("no memory");
        for (size_t n = 0; n < LOAD_BLOCK; n++)
            block->tx[n] = make_bid(b, b->bids++, &block->sig[n]);
    }
}

static void
drop_slice(struct bench *b)
{
    for (size_t i = 0; i < b->blocks; i++) {
        for (size_t n = 0; n < LOAD_BLOCK; n++)
            free((void *)b->block[i].tx[n].p);
        load_block_clear(&b->block[i]);
    }
}

/* --- (c) a node's chain thread --- */

static void
deliver(struct bench *b, struct gv_net_event *e)
{
    while (!gv_loop_deliver_net(b->h.loop, e))
        usleep(200); /* its mailbox is full */
}

static struct gv_net_event *
new_event(enum gv_net_what what, size_t len)
{
    struct gv_net_event *e = calloc(1, sizeof(*e) + len);

    if (!e)
        support_die("no memory");
    e->what = what;
    e->session = PEER;
    e->len = len;
    return e;
}

/* Answers go to a session that the net thread does not have, which drops
 * them: the wire is not measured. */
static void
submit(struct bench *b, struct gv_bytes raw_tx)
{
    struct gv_msg m = {.kind = GV_MSG_SUBMIT};
    struct gv_net_event *e;
    uint8_t *body;
    size_t len;

    m.u.submit.nonce = b->requests + 1;
    m.u.submit.raw = raw_tx;
    body = gv_msg_encode(&m, &len);
    if (!body)
        support_die("no memory");
    e = new_event(GV_NET_MESSAGE, len);
    e->kind = GV_MSG_SUBMIT;
    e->request = ++b->requests;
    memcpy(e->body, body, len);
    free(body);
    deliver(b, e);
}

static uint64_t
waiting(struct bench *b)
{
    json_t *info = house_call(&b->h, "getmempoolinfo", NULL);
    uint64_t n;

    if (!info)
        support_die("%s", b->h.error.e.text);
    n = support_json_u64(info, "count");
    json_decref(info);
    return n;
}

static bool
is_known(struct bench *b, struct gv_bytes raw_tx)
{
    struct gv_tx_id id;
    json_t *row;

    gv_tx_id_of(raw_tx, &id);
    row = house_call(&b->h, "gettransaction",
                     json_pack("{so so}", "chain",
                               house_hex(gv_bytes(b->h.s.open.id.b, 32)), "tx",
                               house_hex(gv_bytes(id.b, 32))));
    gv_rpcclient_error_clear(&b->h.error);
    json_decref(row);
    return row != NULL;
}

/* A bid is known once it is stamped, and shown after the commit. The count of
 * all that waits costs the node nothing, the look for one does. */
static void
await_bids(struct bench *b, uint64_t count, struct gv_bytes last)
{
    double end = measure_now() + 60;

    while (measure_now() < end) {
        if (waiting(b) >= count && is_known(b, last))
            return;
        usleep(2000);
    }
    support_die("a bid was not stamped in 60 s");
}

static double
run_node(struct bench *b)
{
    const size_t total = b->blocks * LOAD_BLOCK;
    const struct load_block *last = &b->block[b->blocks - 1];
    uint64_t before = waiting(b);
    double start = measure_now();

    for (size_t i = 0; i < b->blocks; i++)
        for (size_t n = 0; n < LOAD_BLOCK; n++)
            submit(b, b->block[i].tx[n]);
    await_bids(b, before + total, last->tx[LOAD_BLOCK - 1]);
    return (double)total / (measure_now() - start);
}

/* --- one bid --- */

static void
run_idle(struct bench *b, size_t n)
{
    double *ms = calloc(n, sizeof(*ms)), p99;

    if (!ms)
        support_die("no memory");
    for (size_t i = 0; i < n; i++) {
        struct gv_bytes bytes = make_bid(b, b->bids++, NULL);
        json_t *params =
            json_pack("{so sb}", "tx", house_hex(bytes), "force", true);
        double start = measure_now();
        json_t *result = house_call(&b->h, "submitbid", params);

        ms[i] = (measure_now() - start) * 1e3;
        if (!result || !json_is_string(json_object_get(result, "receipt")))
            support_die("no receipt: %s", b->h.error.e.text);
        json_decref(result);
        free((void *)bytes.p);
        usleep(2000);
    }
    qsort(ms, n, sizeof(*ms), measure_compare);
    p99 = ms[n * 99 / 100];
    measure_print("bid_idle", ms, n, "ms");
    printf("bid_idle_p99 %.3g ms\n", p99);
    free(ms);
}

/* --- rounds --- */

static void
open_desk(struct bench *b)
{
    const struct load_desk_options o = {.params = b->h.s.params,
                                        .keys = b->h.s.keys,
                                        .tsa = b->h.services.tsa,
                                        .secret =
                                            &b->h.services.keys.tsa.secret,
                                        .dir = b->dir.path,
                                        .open = b->h.s.open.raw};

    b->desk = load_desk_new(&o);
}

/* The bidders stand in block 1 of both. */
static void
enrol_all(struct bench *b)
{
    struct gv_tx *tx = calloc(LOAD_BIDDERS, sizeof(*tx));
    struct sample_block at = {.chain = b->h.s.open.id,
                              .height = 1,
                              .prev = b->block0,
                              .time_ms = gv_loop_now_ms(),
                              .target = b->h.s.open.terms.target};
    struct gv_bytes block;

    if (!tx)
        support_die("no memory");
    for (uint32_t i = 0; i < LOAD_BIDDERS; i++)
        tx[i] = enrol_of(b, i);
    block = sample_block(&b->h.s, &at, tx, LOAD_BIDDERS);
    house_do(&b->h, "submitblock",
             json_pack("{so}", "block", house_hex(block)));
    load_desk_block(b->desk, block);
    free(tx);
}

static void
bench_open(struct bench *b, unsigned long bids)
{
    b->blocks = bids / 2 / LOAD_BLOCK / ROUNDS;
    if (b->blocks == 0)
        b->blocks = 1;
    b->block = calloc(b->blocks, sizeof(*b->block));
    if (!b->block)
        support_die("no memory");
    support_dir_make(&b->dir);
    house_make_as(&b->h, 1, D_MS);
    gv_kv_close(&b->h.kv);
    load_disk_open(b->dir.path, "house", &b->h.kv);
    b->h.idle = true;
    house_run(&b->h);
    house_do(&b->h, "submitopen",
             json_pack("{so}", "open", house_hex(b->h.s.open.raw)));
    find_block0(b);
    open_desk(b);
    enrol_all(b);
    deliver(b, new_event(GV_NET_UP, 0));
}

static double
run_desk(struct bench *b)
{
    return load_desk_stamp(b->desk, b->block, b->blocks);
}

static double
run_raw(struct bench *b)
{
    return load_raw_verify(b->block, b->blocks);
}

/* One of the three: its rate, and its processor time a bid in microseconds. */
static void
run_slice(struct bench *b, double (*run)(struct bench *b), double *rate,
          double *us)
{
    double start = measure_cpu();

    *rate = run(b);
    *us = (measure_cpu() - start) * 1e6 / (double)(b->blocks * LOAD_BLOCK);
}

static void
bench_round(struct bench *b, size_t r)
{
    make_slice(b);
    if (r % 2 == 0)
        run_slice(b, run_raw, &b->raw[r], &b->raw_us[r]);
    run_slice(b, run_desk, &b->stamp[r], &b->stamp_us[r]);
    if (r % 2 == 1)
        run_slice(b, run_raw, &b->raw[r], &b->raw_us[r]);
    run_slice(b, run_node, &b->answer[r], &b->answer_us[r]);
    b->imprint[r] =
        load_desk_imprints(b->desk, CLIENTS, b->blocks * LOAD_BLOCK);
    drop_slice(b);
}

int
main(void)
{
    struct bench *b = calloc(1, sizeof(*b));
    bool smoke = getenv("GAVEL_BENCH_SMOKE") != NULL;

    if (!b)
        return 1;
    load_two_cores();
    bench_open(b, measure_option("GAVEL_BENCH_BIDS", 100000));
    run_idle(b, smoke ? 100 : 1000);
    for (size_t r = 0; r < ROUNDS; r++)
        bench_round(b, r);
    measure_ratio("stamp_over_raw", b->stamp, b->raw, ROUNDS);
    measure_ratio("acknowledge_over_raw", b->answer, b->raw, ROUNDS);
    measure_ratio("stamp_over_raw_cpu", b->raw_us, b->stamp_us, ROUNDS);
    measure_ratio("acknowledge_over_raw_cpu", b->raw_us, b->answer_us, ROUNDS);
    measure_print("stamp", b->stamp, ROUNDS, "bids/s");
    measure_print("acknowledge", b->answer, ROUNDS, "bids/s");
    measure_print("raw_verify_cpu", b->raw_us, ROUNDS, "us");
    measure_print("stamp_cpu", b->stamp_us, ROUNDS, "us");
    measure_print("acknowledge_cpu", b->answer_us, ROUNDS, "us");
    measure_print("blind_imprints", b->imprint, ROUNDS, "/s");
    load_desk_free(b->desk);
    house_free(&b->h);
    support_dir_remove(&b->dir);
    free(b->block);
    free(b);
    return 0;
}
