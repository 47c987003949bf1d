/* seeds_ledger.c - seeds of transactions, OPEN, blocks and headers: one valid
 * input of every kind; and a credential. */
#include "tests/fuzz/seeds.h"

#include "tests/fuzz/bidseal.h"

#include <stdlib.h>

#include "tests/support/sample.h"
#include "tests/support/support.h"

static void
save_txs(const char *corpus, const struct gv_tx *txs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        seeds_save(corpus, "tx", gv_tx_name(txs[i].kind), txs[i].raw);
}

static void
save_block(const char *corpus, const char *name, struct gv_bytes raw)
{
    struct gv_reader r = gv_reader(raw);
    struct gv_sealed_header h;

    gv_sealed_header_get(&r, &h);
    seeds_save(corpus, "block", name, raw);
    seeds_save(corpus, "header", name, gv_bytes(raw.p, raw.len - r.left));
}

static void
save_block0s(const char *corpus, const struct sample *s)
{
    size_t len;
    uint8_t *raw = gv_block0_auction(&s->open, &len);

    if (raw == NULL)
        support_die("no memory");
    save_block(corpus, "auction-0", gv_bytes(raw, len));
    free(raw);
    raw = gv_block0_registry(s->params, &len);
    if (raw == NULL)
        support_die("no memory");
    save_block(corpus, "registry-0", gv_bytes(raw, len));
    free(raw);
}

static void
save_branch(const char *corpus)
{
    struct gv_sealed_header h = {
        .header = {.version = GV_BLOCK_VERSION, .target = 0x200fffff},
        .branch = {.depth = GV_BRANCH_MAX}};
    uint8_t raw[GV_HEADER_SIZE + 80 + 1 + 32 * GV_BRANCH_MAX];
    struct gv_sink sink = gv_sink_buffer(raw, sizeof(raw));

    gv_sealed_header_put(&sink, &h);
    seeds_save(corpus, "header", "deep", gv_bytes(raw, sink.len));
}

static void
save_cred(const char *corpus, const struct gv_cred *cred)
{
    uint8_t raw[GV_CRED_SIZE];
    struct gv_sink sink = gv_sink_buffer(raw, sizeof(raw));

    gv_cred_put(&sink, cred);
    seeds_save(corpus, "cred", "user", gv_bytes(raw, sizeof(raw)));
}

/* Secret and sealed part, and the same with another amount's commitment. */
static void
save_seals(const char *corpus)
{
    uint8_t in[32 + GV_BIDSEAL_SIZE_MAX];
    size_t len = 32 + gv_bidseal_size(BIDSEAL_N);

    memset(in, 5, 32);
    if (gv_bidseal_make(bidseal_pins(), &bidseal_bidder, in, 100, in + 32) !=
        GV_OK)
        support_die("cannot seal");
    seeds_save(corpus, "bidseal", "opens", gv_bytes(in, len));
    in[33] ^= 1;
    seeds_save(corpus, "bidseal", "commitment", gv_bytes(in, len));
    in[33] ^= 1;
    in[len - GV_BIDSEAL_OPENING - 1] ^= 1;
    seeds_save(corpus, "bidseal", "share", gv_bytes(in, len));
    seeds_save(corpus, "bidseal", "cut", gv_bytes(in, len - 1));
}

/* OPENs whose bids are open, and something else sealed. */
static void
save_open_seals(const char *corpus, struct gv_terms terms)
{
    const struct sample_options options = {.terms = &terms, .reserve = 50};
    struct sample s;

    terms.visibility = GV_VISIBLE_RESERVE_SEALED;
    sample_make(&s, &options);
    seeds_save(corpus, "open", "hidden-reserve", s.open.raw);
    sample_free(&s);
    terms.visibility = GV_VISIBLE_FINAL_RESERVE;
    terms.flags |= GV_LIMIT;
    terms.limit_ms = 60000;
    terms.soft_ms = terms.soft_cap_ms = terms.final_ms = 10000;
    sample_make(&s, &options);
    seeds_save(corpus, "open", "final-round-reserve", s.open.raw);
    sample_free(&s);
}

static void
save_sealed(const char *corpus)
{
    struct sample_options options = {0};
    struct gv_terms terms;
    struct sample s;
    struct gv_tx txs[3], bid;

    gv_terms_default(gv_params_find("regtest"), &terms);
    terms.visibility = GV_VISIBLE_SEALED;
    terms.opening_period_ms = terms.d_ms;
    options.terms = &terms;
    sample_make(&s, &options);
    bid = sample_bid_sealed(&s, 0, 1, 100);
    txs[0] = sample_keyrelease(&s, 1);
    txs[1] = sample_opening(&s, &bid, 0);
    txs[2] = sample_setfixed(&s, 1, bid.u.bid.id.b);
    seeds_save(corpus, "tx", "BID-sealed", bid.raw);
    save_txs(corpus, txs, 3);
    seeds_save(corpus, "open", "sealed", s.open.raw);
    sample_free(&s);
    options.blind = true;
    options.authorities = 3;
    sample_make(&s, &options);
    seeds_save(corpus, "open", "sealed-blind", s.open.raw);
    sample_free(&s);
    options.blind = false;
    options.authorities = 1;
    terms.visibility = GV_VISIBLE_SEALED_RESERVE;
    options.reserve = 50;
    sample_make(&s, &options);
    seeds_save(corpus, "open", "sealed-reserve", s.open.raw);
    sample_free(&s);
    save_open_seals(corpus, terms);
    save_seals(corpus);
}

/* What becomes of a sale, and what speaks against a validator. */
static void
save_afterwards(const char *corpus, struct sample *s)
{
    const struct gv_vote votes[2] = {{.source_height = 0, .target_height = 2},
                                     {.source_height = 1, .target_height = 2}};
    const struct gv_sealed_id made = {{1}};
    const uint64_t t_us = s->open.opening_ms * 1000;
    const struct gv_tx txs[] = {
        sample_settle(s, &s->bidder[0], 0, GV_SETTLE_RECEIVED),
        sample_accept(s, 1, 1, 100),
        sample_evidence(s, &s->open.id, &s->validator[0], votes),
        sample_objection(s, 1, &made)};
    const struct gv_tx with_tokens[] = {
        sample_default(s, 0, &made, 2, t_us),
        sample_anchor(s, (const struct gv_tx_id *)&made, 2, t_us)};

    save_txs(corpus, txs, sizeof(txs) / sizeof(txs[0]));
    seeds_save(corpus, "tx", "SETTLE-defaulted", with_tokens[0].raw);
    save_txs(corpus, &with_tokens[1], 1);
}

/* OPENs whose terms have fields that others lack: a clock with a time to pay,
 * and increments, an allowed set with caps, and a soft close. */
static void
save_terms(const char *corpus)
{
    uint8_t allowed[2 * GV_ALLOWED_ENTRY] = {1};
    uint8_t increments[2 * GV_INCREMENT_ENTRY];
    struct sample_options options = {0};
    struct gv_terms dutch, proxy;
    struct sample s;

    gv_terms_default(gv_params_find("regtest"), &dutch);
    proxy = dutch;
    dutch.direction = GV_DUTCH;
    dutch.flags = GV_LIMIT | GV_PAY_BY;
    dutch.clock_start = 100;
    dutch.clock_floor = 20;
    dutch.clock_drop = 30;
    dutch.clock_step_ms = GV_CLOCK_STEP_MIN_MS;
    dutch.limit_ms = UINT64_C(4) * GV_CLOCK_STEP_MIN_MS;
    dutch.pay_ms = dutch.d_ms;
    options.terms = &dutch;
    sample_make(&s, &options);
    seeds_save(corpus, "open", "dutch", s.open.raw);
    sample_free(&s);
    allowed[GV_ALLOWED_ENTRY] = 2;
    allowed[GV_ALLOWED_ENTRY + 32] = 3;
    gv_le64_put(increments, 1000);
    gv_le64_put(increments + 8, 10);
    gv_le64_put(increments + 16, UINT64_MAX);
    gv_le64_put(increments + 24, 50);
    proxy.pricing = GV_PRICE_SECOND;
    proxy.increments = gv_bytes(increments, sizeof(increments));
    proxy.flags = GV_ALLOWED | GV_PER_BIDDER | GV_LIMIT;
    proxy.allowed = gv_bytes(allowed, sizeof(allowed));
    proxy.per_bidder = 1;
    proxy.limit_ms = 60000;
    proxy.soft_ms = proxy.soft_cap_ms = GV_SOFT_MIN_MS;
    options.terms = &proxy;
    sample_make(&s, &options);
    seeds_save(corpus, "open", "proxy", s.open.raw);
    sample_free(&s);
}

/* Several lots (A33): OPEN, and the BID and OUTCOME of version 2. */
static void
save_lots(const char *corpus)
{
    static const struct gv_lot lots[] = {
        {{(const uint8_t *)"Vase", 4}, 0, 0},
        {{(const uint8_t *)"Clock", 5}, 50, 0},
        {{(const uint8_t *)"Chair", 5}, 0, 500}};
    uint8_t list[128], results[3 * GV_RESULT_SIZE];
    struct gv_sink sink = gv_sink_buffer(list, sizeof(list));
    struct sample_options options = {0};
    struct gv_outcome outcome = {.status = GV_SOLD,
                                 .lots = gv_bytes(results, sizeof(results))};
    struct gv_terms terms;
    struct sample s;
    struct gv_tx bid;

    for (unsigned i = 0; i < 3; i++) {
        const struct gv_result r = {.status = i == 0   ? GV_SOLD
                                              : i == 1 ? GV_NO_BID
                                                       : GV_RESERVE_NOT_MET,
                                    .price = i == 0 ? 100 : 0};

        gv_put_b8(&sink, lots[i].title);
        gv_put_u64(&sink, lots[i].min_first);
        gv_put_u64(&sink, lots[i].reserve);
        gv_result_put(&r, results + (size_t)i * GV_RESULT_SIZE);
    }
    gv_terms_default(gv_params_find("regtest"), &terms);
    terms.lots = 3;
    terms.lot_list = gv_bytes(list, sink.len);
    options.terms = &terms;
    sample_make(&s, &options);
    bid = sample_bid(&s, 0, 1, 100);
    bid.u.bid.lot = 2;
    bid = sample_tx(&s, &bid, &s.bidder[0].secret);
    seeds_save(corpus, "open", "lots", s.open.raw);
    seeds_save(corpus, "tx", "BID-lot", bid.raw);
    seeds_save(corpus, "tx", "OUTCOME-lots", sample_outcome(&s, &outcome).raw);
    sample_free(&s);
}

void
seeds_of_ledger(const char *corpus)
{
    static const struct sample_options options = {.authorities = 3,
                                                  .validators = 4};
    struct gv_vote link = {.source_height = 0, .target_height = 1};
    struct gv_outcome none = {.status = GV_NO_BID};
    struct gv_sealed_id parent = {{1}};
    struct sample s;
    struct sample_block at;

    sample_make(&s, &options);
    {
        struct gv_tx bid = sample_bid(&s, 0, 1, 100);
        struct gv_tx registry[4] = {sample_service(&s), sample_cert(&s, 0),
                                    sample_revoke(&s, 0), sample_list(&s)};
        struct gv_tx node = sample_node(&s, 1);
        struct gv_tx handover =
            sample_handover(&s, 2, &s.validator[2], &s.bidder[3].secret);
        struct gv_tx auction[4] = {
            sample_enrol(&s, 0), bid,
            sample_stamp(&s, 0, s.open.opening_ms * 1000, &bid, 1),
            sample_close(&s)};
        struct gv_tx last[4] = {
            sample_cutoff(&s, &parent, 2, s.open.opening_ms * 1000),
            sample_outcome(&s, &none), sample_receipt(&s, &bid),
            sample_final(&s, &s.open.id, &link, 7)};

        save_txs(corpus, registry, 4);
        save_txs(corpus, &node, 1);
        save_txs(corpus, auction, 4);
        save_txs(corpus, last, 4);
        save_txs(corpus, &handover, 1);
        seeds_save(corpus, "open", "plain", s.open.raw);
        at = (struct sample_block){.chain = s.open.id,
                                   .height = 1,
                                   .time_ms = s.open.opening_ms + 1000,
                                   .target = s.open.terms.target};
        save_block(corpus, "auction", sample_block(&s, &at, auction, 4));
        at.chain = s.params->registry;
        save_block(corpus, "registry", sample_block(&s, &at, registry, 4));
        save_block(corpus, "empty", sample_block(&s, &at, NULL, 0));
    }
    save_block0s(corpus, &s);
    save_afterwards(corpus, &s);
    save_terms(corpus);
    save_lots(corpus);
    save_sealed(corpus);
    save_branch(corpus);
    save_cred(corpus, &s.bidder[0].cred);
    sample_free(&s);
}
