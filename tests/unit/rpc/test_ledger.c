/* The methods about chains, blocks, proofs, certificates and submissions, as a
 * client of the HTTP server sees them. */
#include "gavel/merkle.h"
#include "tests/unit/rpc/ledger_world.h"

static void
take_hex(const char *hex, void *out, size_t len)
{
    assert_int_equal(gv_unhex(hex, out, len), GV_OK);
}

static void
P3_status_names_the_node(void **state)
{
    struct world *w = *state;
    json_t *s = world_call(w, "status", NULL), *up;

    assert_string_equal(text_of(s, "network"), "regtest");
    assert_int_equal(int_of(s, "chains"), AUCTIONS + 1);
    assert_int_equal(int_of(s, "time_ms"), NOW_MS);
    assert_int_equal(json_array_size(json_object_get(s, "roles")), 2);
    assert_true(int_of(json_object_get(s, "mempool"), "count") >= 7);
    assert_string_equal(
        text_of(json_object_get(json_object_get(s, "ttp"), "ca"), "url"),
        "https://127.0.0.1:1/.well-known/est");
    assert_null(json_object_get(json_object_get(s, "ttp"), "tsa"));
    up = world_call(w, "uptime", NULL);
    assert_int_equal(json_integer_value(up), 5);
    json_decref(up);
    json_decref(s);
}

static void
P7_chains_come_in_pages(void **state)
{
    struct world *w = *state;
    json_t *page = world_call(w, "getchains", json_pack("{si}", "limit", 3));
    json_t *first = json_array_get(json_object_get(page, "chains"), 0), *rest;

    assert_int_equal(json_array_size(json_object_get(page, "chains")), 3);
    assert_string_equal(text_of(first, "kind"), "registry");
    rest =
        world_call(w, "getchains",
                   json_pack("{sO}", "after", json_object_get(page, "next")));
    assert_int_equal(json_array_size(json_object_get(rest, "chains")), 4);
    assert_true(json_is_null(json_object_get(rest, "next")));
    json_decref(page);
    json_decref(rest);
}

static void
blocks_by_height_and_id(void **state)
{
    struct world *w = *state;
    struct gv_chain *c = world_chain(w, 3);
    json_t *id, *header, *block, *raw, *blocks;

    id = world_call(w, "getblockhash", json_pack("[oi]", auction_hex(w, 3), 2));
    header = world_call(
        w, "getblockheader",
        json_pack("{so sO}", "chain", auction_hex(w, 3), "sealed", id));
    assert_int_equal(int_of(header, "height"), 2);
    assert_int_equal(int_of(header, "confirmations"), c->sum.height - 1);
    assert_true(json_is_true(json_object_get(header, "final")));
    assert_string_equal(text_of(header, "target"), "200fffff");
    block = world_call(
        w, "getblock",
        json_pack("{so si}", "chain", auction_hex(w, 3), "height", 2));
    assert_string_equal(
        text_of(json_array_get(json_object_get(block, "tx"), 0), "kind"),
        "BID");
    raw = world_call(w, "getblock",
                     json_pack("{so si si}", "chain", auction_hex(w, 3),
                               "height", 2, "verbosity", 0));
    assert_int_equal(json_string_length(raw), 2 * int_of(block, "size"));
    blocks =
        world_call(w, "getblocks", json_pack("[oii]", auction_hex(w, 3), 1, 2));
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(blocks, "blocks"), 1)),
        json_string_value(raw));
    assert_int_equal(int_of(blocks, "next"), 3);
    assert_int_equal(
        world_error(w, "getblock", json_pack("{ss}", "chain", "registry")), -8);
    assert_int_equal(
        world_error(w, "getblockhash", json_pack("[si]", "registry", 99)), -5);
    assert_int_equal(world_error(w, "getblockcount", json_pack("[s]", "regis")),
                     -32602);
    json_decref(id);
    json_decref(header);
    json_decref(block);
    json_decref(raw);
    json_decref(blocks);
}

static void
transactions_of_chain_and_mempool(void **state)
{
    struct world *w = *state;
    const struct known_bid *mined = &w->bid[0], *waits = &w->bid[w->bids - 1];
    struct gv_tx_id enrol;
    json_t *tx, *pool;

    assert_false(waits->mined);
    tx = world_call(w, "gettransaction",
                    json_pack("[oo]", auction_hex(w, mined->auction),
                              hex32(mined->tx.u.bid.id.b)));
    assert_int_equal(int_of(tx, "height"), 2);
    assert_int_equal(json_string_length(json_object_get(tx, "hex")),
                     2 * mined->tx.raw.len);
    json_decref(tx);
    tx = world_call(w, "gettransaction",
                    json_pack("[oo]", auction_hex(w, waits->auction),
                              hex32(waits->tx.u.bid.id.b)));
    assert_true(json_is_null(json_object_get(tx, "height")));
    pool = world_call(w, "getrawmempool",
                      json_pack("[o]", auction_hex(w, waits->auction)));
    /* ENROL, BID, STAMP */
    assert_int_equal(json_array_size(pool), 3);
    assert_string_equal(json_string_value(json_array_get(pool, 1)),
                        text_of(tx, "tx"));
    json_decref(pool);
    json_decref(tx);
    gv_tx_id_of(sample_enrol(&w->sample[3], 1).raw, &enrol);
    tx = world_call(w, "gettransaction",
                    json_pack("[oo]", auction_hex(w, 3), hex32(enrol.b)));
    assert_string_equal(text_of(tx, "kind"), "ENROL");
    assert_int_equal(int_of(tx, "index"), 1);
    json_decref(tx);
}

static void
an_auction_with_all_its_fields(void **state)
{
    struct world *w = *state;
    json_t *a = world_call(
        w, "getauction",
        json_pack("{so sb}", "auction", auction_hex(w, 1), "verbose", 1));
    json_t *terms = json_object_get(a, "terms");
    json_t *bids = json_object_get(a, "bids");

    assert_string_equal(text_of(a, "title"), "A chair");
    assert_string_equal(text_of(a, "phase"), "open");
    assert_int_equal(int_of(terms, "min_step"), 10);
    assert_int_equal(json_array_size(json_object_get(terms, "flags")), 2);
    assert_int_equal(int_of(bids, "total"), 5);
    assert_int_equal(int_of(bids, "accepted"), 3);
    assert_int_equal(int_of(bids, "unmined"), 2);
    assert_int_equal(int_of(json_object_get(a, "leader"), "amount"), 250);
    assert_true(json_is_null(json_object_get(a, "outcome")));
    assert_false(json_is_true(json_object_get(a, "listed")));
    assert_int_equal(json_string_length(json_object_get(a, "open")),
                     2 * w->sample[1].open.raw.len);
    json_decref(a);

    a = world_call(w, "getauction", json_pack("[o]", auction_hex(w, 3)));
    assert_string_equal(text_of(a, "phase"), "final");
    assert_string_equal(text_of(json_object_get(a, "outcome"), "status"),
                        "sold");
    assert_true(json_is_true(json_object_get(a, "outcome_final")));
    json_decref(a);
}

static void
a_bid_says_why_it_is_void(void **state)
{
    struct world *w = *state;
    const struct known_bid *k = &w->bid[1]; /* 105 after 100, step 10 */
    json_t *row =
        world_call(w, "getbid", json_pack("[o]", hex32(k->tx.u.bid.id.b)));

    assert_string_equal(text_of(row, "code_name"), "below-step");
    assert_int_equal(int_of(row, "reference"), 100);
    assert_int_equal(int_of(row, "have"), 105);
    assert_int_equal(int_of(row, "want"), 110);
    assert_int_equal(json_string_length(json_object_get(row, "tx")),
                     2 * k->tx.raw.len);
    json_decref(row);
    assert_int_equal(world_error(w, "getbid",
                                 json_pack("[oo]", hex32(k->tx.u.bid.id.b),
                                           auction_hex(w, 1))),
                     -5);
}

static void
outcomes_stand_or_are_provisional(void **state)
{
    struct world *w = *state;
    json_t *o =
        world_call(w, "getoutcome", json_pack("[o]", auction_hex(w, 3)));

    assert_false(json_is_true(json_object_get(o, "provisional")));
    assert_int_equal(int_of(o, "price"), 150);
    assert_int_equal(int_of(o, "height"), 6);
    json_decref(o);
    o = world_call(w, "getoutcome", json_pack("[o]", auction_hex(w, 2)));
    assert_true(json_is_true(json_object_get(o, "provisional")));
    assert_int_equal(int_of(o, "price"), 90);
    assert_true(json_is_null(json_object_get(o, "sealed")));
    json_decref(o);
}

/* The path leads from the transaction to tx_root, and the FINAL's source is
 * reached over the headers. */
static void
check_proof(struct world *w, json_t *params, const char *kind)
{
    json_t *p = world_call(w, "getproof", params);
    json_t *final = json_object_get(p, "final");
    json_t *path = json_object_get(p, "path"), *item;
    size_t len = json_string_length(json_object_get(p, "tx")) / 2, i;
    uint8_t raw[4096], head[4096], leaf[32], way[GV_MERKLE_MAX][32];
    struct gv_sealed_header h;
    struct gv_reader r;

    assert_string_equal(text_of(p, "kind"), kind);
    take_hex(text_of(p, "tx"), raw, len);
    gv_merkle_leaf(raw, len, leaf);
    json_array_foreach(path, i, item)
        take_hex(json_string_value(item), way[i], 32);
    len = json_string_length(json_object_get(p, "header")) / 2;
    take_hex(text_of(p, "header"), head, len);
    r = gv_reader(gv_bytes(head, len));
    gv_sealed_header_get(&r, &h);
    assert_true(gv_reader_done(&r));
    assert_true(gv_merkle_verify(
        leaf, (size_t)int_of(p, "index"), (size_t)int_of(p, "count"),
        (const uint8_t(*)[32])way, json_array_size(path), h.header.tx_root));
    assert_int_equal(json_array_size(json_object_get(final, "headers")),
                     6 - int_of(p, "height"));
    json_decref(p);
}

static void
proofs_lead_to_a_final_block(void **state)
{
    struct world *w = *state;

    check_proof(w,
                json_pack("{so so}", "auction", auction_hex(w, 3), "bid",
                          hex32(w->bid[2].tx.u.bid.id.b)),
                "BID");
    check_proof(
        w, json_pack("{so sb}", "auction", auction_hex(w, 3), "outcome", 1),
        "OUTCOME");
    assert_int_equal(
        world_error(w, "getproof",
                    json_pack("{so}", "auction", auction_hex(w, 3))),
        -8);
    assert_int_equal(world_error(w, "getproof",
                                 json_pack("{so sb}", "auction",
                                           auction_hex(w, 1), "outcome", 1)),
                     -4);
}

/* The registry learns a service, a certificate and its end. */
static void
certificates_and_services(void **state)
{
    struct world *w = *state;
    struct sample *s = &w->sample[0];
    const struct gv_pubkey *key = &s->bidder[0].cred.key;
    struct gv_tx fields = {.kind = GV_TX_SERVICE, .chain = s->params->registry};
    struct gv_chain *r = gv_state_registry(w->state);
    struct sample_block b = {
        .chain = r->id, .target = r->tree.node[0].target, .time_ms = NOW_MS};
    struct gv_tx tx[2];
    json_t *got;

    assert_int_equal(
        world_error(w, "getcert", json_pack("{so}", "key", hex32(key->b))), -5);
    assert_int_equal(world_error(w, "getcert", NULL), -8);
    fields.u.service.cred = s->ca.cred;
    fields.u.service.der = gv_bytes(s->ca.cred.key.b, 32);
    fields.u.service.endpoint = gv_bytes("https://ca", 10);
    fields.u.service.operator_name = gv_bytes("TTP", 3);
    tx[0] = sample_tx(s, &fields, &s->ca.secret);
    tx[1] = sample_cert(s, 0);
    b.height = 1;
    b.prev = r->sum.tip;
    world_enter(w, sample_block(s, &b, tx, 2));
    got = world_call(w, "listservices", NULL);
    assert_int_equal(json_array_size(got), 1);
    assert_string_equal(text_of(json_array_get(got, 0), "role"), "ca");
    assert_string_equal(text_of(json_array_get(got, 0), "endpoint"),
                        "https://ca");
    json_decref(got);
    tx[0] = sample_revoke(s, 0);
    b.height = 2;
    b.prev = r->sum.tip;
    b.time_ms += 1000;
    world_enter(w, sample_block(s, &b, tx, 1));
    tx[0] = sample_cert(s, 1);
    world_send(w, &tx[0]);
    got = world_call(w, "getcert", json_pack("{so}", "key", hex32(key->b)));
    assert_string_equal(text_of(got, "role"), "user");
    assert_int_equal(int_of(got, "height"), 1);
    assert_int_equal(int_of(json_object_get(got, "revoked"), "height"), 2);
    json_decref(got);
    got = world_call(w, "getcert",
                     json_pack("{so}", "fingerprint",
                               hex32(s->bidder[1].cred.fingerprint.b)));
    assert_true(json_is_null(json_object_get(got, "height")));
    assert_true(json_is_false(json_object_get(got, "revoked")));
    json_decref(got);
}

static json_t *
tx_hex(struct gv_bytes raw)
{
    char text[2 * 8192 + 1];

    assert_true(raw.len <= 8192);
    return json_string(gv_hex(raw.p, raw.len, text));
}

static void
submissions_are_read_and_handed_on(void **state)
{
    struct world *w = *state;
    struct gv_tx bid = sample_bid(&w->sample[1], 2, 77, 400);
    struct gv_tx enrol = sample_enrol(&w->sample[1], 3);
    json_t *got;

    got = world_call(w, "sendrawtransaction",
                     json_pack("[o]", tx_hex(enrol.raw)));
    assert_string_equal(text_of(got, "kind"), "ENROL");
    assert_int_equal(w->submitted, GV_SUBMIT_TX);
    json_decref(got);
    got = world_call(w, "submitopen",
                     json_pack("[o]", tx_hex(w->sample[0].open.raw)));
    json_decref(got);
    got = world_call(w, "submitbid", json_pack("[ob]", tx_hex(bid.raw), 1));
    assert_true(w->forced);
    assert_int_equal(w->submitted_len, bid.raw.len);
    assert_int_equal(int_of(got, "deadline_us"), NOW_MS * 1000 + 60000000);
    assert_true(json_is_null(json_object_get(got, "receipt")));
    json_decref(got);
    /* an unstamped BID, a kind of its own method, broken bytes */
    assert_int_equal(
        world_error(w, "sendrawtransaction", json_pack("[o]", tx_hex(bid.raw))),
        -26);
    assert_string_equal(text_of(w->error.data, "code_name"), "bad-stamp");
    assert_int_equal(
        world_error(w, "sendrawtransaction",
                    json_pack("[o]", tx_hex(w->sample[0].open.raw))),
        -26);
    assert_int_equal(world_error(w, "submitbid", json_pack("[s]", "12ff")),
                     -26);
    assert_string_equal(text_of(w->error.data, "code_name"), "bad-encoding");
    assert_int_equal(world_error(w, "submitbid", json_pack("[s]", "12f")),
                     -32602);
    assert_int_equal(world_error(w, "getwarrant", NULL), -27);
    assert_string_equal(text_of(w->error.data, "role"), "ca");
    json_decref(world_call(w, "stop", NULL));
    assert_int_equal(w->stops, 1);
}

static void
a_bid_is_tried_against_the_fold(void **state)
{
    struct world *w = *state;
    struct gv_tx low = sample_bid(&w->sample[1], 2, 77, 255);
    struct gv_tx high = sample_bid(&w->sample[2], 3, 77, 260);
    json_t *got =
        world_call(w, "testtransaction", json_pack("[o]", tx_hex(low.raw)));

    assert_false(json_is_true(json_object_get(got, "accepted")));
    assert_string_equal(text_of(json_object_get(got, "reject"), "code_name"),
                        "below-step");
    assert_int_equal(int_of(json_object_get(got, "row"), "reference"), 250);
    assert_null(json_object_get(json_object_get(got, "row"), "state"));
    json_decref(got);
    /* a bidder whose ENROL still waits */
    got = world_call(w, "testtransaction", json_pack("[o]", tx_hex(high.raw)));
    assert_true(json_is_true(json_object_get(got, "accepted")));
    assert_true(
        json_is_true(json_object_get(json_object_get(got, "row"), "leading")));
    json_decref(got);
}

static json_t *
try_bid(struct world *w, const struct gv_chain_id *id,
        const struct gv_pubkey *key, uint64_t amount)
{
    char auction[65], bidder[65];

    gv_hex(id->b, 32, auction);
    gv_hex(key->b, 32, bidder);
    return world_call(w, "trybid",
                      json_pack("{ss ss sI}", "auction", auction, "bidder",
                                bidder, "amount", (json_int_t)amount));
}

/* The same fold as testtransaction, without a transaction; also for a key that
 * nobody knows, which stays unknown. */
static void
a_bid_is_tried_before_it_is_signed(void **state)
{
    struct world *w = *state;
    const struct gv_pubkey stranger = {{9}};
    struct gv_tx low = sample_bid(&w->sample[1], 2, 77, 255);
    json_t *got = try_bid(w, &low.chain, &low.u.bid.bidder, 255);

    assert_false(json_is_true(json_object_get(got, "accepted")));
    assert_string_equal(text_of(got, "code_name"), "below-step");
    assert_int_equal(int_of(got, "reference"), 250);
    json_decref(got);
    for (int twice = 0; twice < 2; twice++) {
        got = try_bid(w, &w->sample[2].open.id, &stranger, 260);
        assert_true(json_is_true(json_object_get(got, "accepted")));
        assert_true(json_is_true(json_object_get(got, "leading")));
        json_decref(got);
    }
}

/* Asking leaves no waiting bid in the book that consensus reads. */
static void
asking_leaves_the_book_alone(void **state)
{
    struct world *w = *state;
    struct gv_chain *c = world_chain(w, 1);
    struct gv_outcome before, after;

    gv_book_outcome(c->book, &before);
    json_decref(
        world_call(w, "getauction", json_pack("[o]", auction_hex(w, 1))));
    gv_book_outcome(c->book, &after);
    assert_memory_equal(before.fold_hash, after.fold_hash, 32);
    assert_int_equal(gv_fold_count(c->book->fold), c->book->bids);
}

/* --- work --- */

static struct gv_work_unit
unit(uint8_t n, bool easy)
{
    struct gv_work_unit u = {.chains = 2};
    struct gv_seal_fields f = {.version = 2, .time_s = 1767225600};

    memset(u.id.b, n, 32);
    memset(f.miner, n, 32);
    memset(f.work_root, 0x77, 32);
    gv_seal_write(&f, &u.seal);
    if (easy)
        memset(&u.target, 0xff, sizeof(u.target));
    return u;
}

static void
getwork_speaks_as_stock_miners_do(void **state)
{
    struct world *w = *state;
    struct gv_work_unit u = unit(1, true), hard = unit(2, false);
    struct gv_seal seal;
    char data[GV_WORK_DATA_HEX + 1];
    json_t *got, *again;

    gv_work_set(w->ledger.work, &u);
    got = world_call(w, "getwork", NULL);
    again = world_call(w, "getwork", NULL);
    assert_string_not_equal(text_of(got, "data"), text_of(again, "data"));
    assert_int_equal(strlen(text_of(got, "data")), 256);
    assert_true(gv_work_parse(text_of(got, "data"), &seal));
    assert_memory_equal(seal.b + 4, u.seal.b + 4, 76);
    /* the padding of SHA-256, its words reversed: 0x80, length 640 bits */
    assert_memory_equal(text_of(got, "data") + 160, "00000080", 8);
    assert_memory_equal(text_of(got, "data") + 240, "0000000080020000", 16);
    assert_memory_equal(text_of(got, "target"), "ffffffff", 8);
    json_decref(again);
    again = world_call(w, "getwork",
                       json_pack("[O]", json_object_get(got, "data")));
    assert_true(json_is_true(again));
    json_decref(again);
    /* of no template; above the target; no such layout */
    memset(seal.b + 4, 9, 32);
    gv_work_data(&seal, data);
    again = world_call(w, "getwork", json_pack("[s]", data));
    assert_true(json_is_false(again));
    json_decref(again);
    gv_work_set(w->ledger.work, &hard);
    gv_work_data(&hard.seal, data);
    again = world_call(w, "getwork", json_pack("[s]", data));
    assert_true(json_is_false(again));
    json_decref(again);
    data[255] = '1';
    assert_int_equal(world_error(w, "getwork", json_pack("[s]", data)), -32602);
    json_decref(got);
}

static void
templates_are_given_and_taken(void **state)
{
    struct world *w = *state;
    struct gv_work_unit u = unit(1, true), next = unit(2, true);
    json_t *got, *done;

    assert_int_equal(
        world_error(w, "getworktemplate", json_pack("{si}", "timeout_ms", 0)),
        -10);
    gv_work_set(w->ledger.work, &u);
    got = world_call(w, "getworktemplate", NULL);
    assert_int_equal(int_of(got, "chains"), 2);
    done = world_call(w, "submitwork",
                      json_pack("[OO]", json_object_get(got, "template"),
                                json_object_get(got, "seal")));
    assert_int_equal(json_array_size(json_object_get(done, "accepted")), 1);
    assert_false(json_is_true(json_object_get(done, "stale")));
    json_decref(done);
    gv_work_set(w->ledger.work, &next);
    done = world_call(w, "submitwork",
                      json_pack("[OO]", json_object_get(got, "template"),
                                json_object_get(got, "seal")));
    assert_true(json_is_true(json_object_get(done, "stale")));
    json_decref(done);
    /* a long poll with old work is answered at once */
    done = world_call(
        w, "getworktemplate",
        json_pack("{sO}", "longpoll", json_object_get(got, "template")));
    assert_string_not_equal(text_of(done, "template"),
                            text_of(got, "template"));
    json_decref(done);
    json_decref(got);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(P3_status_names_the_node),
        IN_WORLD(P7_chains_come_in_pages),
        IN_WORLD(blocks_by_height_and_id),
        IN_WORLD(transactions_of_chain_and_mempool),
        IN_WORLD(an_auction_with_all_its_fields),
        IN_WORLD(a_bid_says_why_it_is_void),
        IN_WORLD(outcomes_stand_or_are_provisional),
        IN_WORLD(proofs_lead_to_a_final_block),
        IN_WORLD(certificates_and_services),
        IN_WORLD(submissions_are_read_and_handed_on),
        IN_WORLD(a_bid_is_tried_against_the_fold),
        IN_WORLD(a_bid_is_tried_before_it_is_signed),
        IN_WORLD(asking_leaves_the_book_alone),
        IN_WORLD(getwork_speaks_as_stock_miners_do),
        IN_WORLD(templates_are_given_and_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
