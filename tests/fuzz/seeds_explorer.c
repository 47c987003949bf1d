/* seeds_explorer.c - seeds of what nodes tell: dumps, proofs, and scripts of
 * answers, all of a small ledger. */
#include "tests/fuzz/seeds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the headers above, and ledger.h needs cmocka. */
#include <cmocka.h>

#include "gavel/merkle.h"
#include "tests/support/support.h"
#include "tests/unit/explorer/ledger.h"

/* --- dumps --- */

static void
save_dump(const char *corpus, struct ledger *l, const char *name, bool csv)
{
    struct dumped d = ledger_dump(l, csv, false);

    seeds_save(corpus, "dump", name, gv_bytes(d.text, d.len));
    free(d.text);
}

static enum gv_rc
no_auctions(void *arg, struct gv_chain_id **ids, size_t *n, struct gv_error *e)
{
    (void)arg;
    (void)e;
    *ids = NULL;
    *n = 0;
    return GV_OK;
}

/* Dumps of the ledger's first blocks alone, so that they are small. */
static void
save_dumps(const char *corpus, struct ledger *l)
{
    size_t registry = l->registry.count, auction = l->auction.count;

    save_dump(corpus, l, "bids.csv", true);
    l->registry.count = 1;
    l->auction.count = 2;
    save_dump(corpus, l, "auction.jsonl", false);
    l->registry.count = 2;
    l->source.auctions = no_auctions;
    save_dump(corpus, l, "registry.jsonl", false);
    l->registry.count = registry;
    l->auction.count = auction;
    l->source.auctions = ledger_auctions;
}

/* --- JSON --- */

static json_t *
hex_of(const void *p, size_t len)
{
    char *hex = malloc(2 * len + 1);
    json_t *json;

    if (hex == NULL)
        support_die("no memory");
    json = json_string(gv_hex(p, len, hex));
    free(hex);
    return json;
}

static json_t *
hex_of_bytes(struct gv_bytes b)
{
    return hex_of(b.p, b.len);
}

static json_t *
hex_of_cred(const struct gv_cred *cred)
{
    uint8_t raw[GV_CRED_SIZE];
    struct gv_sink sink = gv_sink_buffer(raw, sizeof(raw));

    gv_cred_put(&sink, cred);
    return hex_of(raw, sizeof(raw));
}

/* Takes the value. */
static void
save_json(const char *corpus, const char *target, const char *name,
          json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);

    if (text == NULL)
        support_die("no memory");
    seeds_text(corpus, target, name, text);
    free(text);
    json_decref(value);
}

/* --- proofs --- */

static json_t *
header_of(const struct ledger *l, size_t height)
{
    struct gv_reader r = gv_reader(l->auction.block[height]);
    struct gv_sealed_header h;

    gv_sealed_header_get(&r, &h);
    return hex_of(l->auction.block[height].p,
                  l->auction.block[height].len - r.left);
}

/* A proof of a transaction of block 1, which is final by its child. */
static void
save_proof(const char *corpus, struct ledger *l, const char *target,
           size_t index)
{
    struct gv_tx final = ledger_final(l, &l->auction, 1);
    uint8_t hashes[8][32], path[GV_MERKLE_MAX][32];
    json_t *siblings = json_array();
    struct gv_block b;
    size_t n;

    if (gv_block_decode(l->auction.block[1], l->s.params, &b, NULL) != GV_OK ||
        b.h.header.tx_count > 8)
        support_die("block 1 is not as it was");
    memcpy(hashes, b.id, 32 * (size_t)b.h.header.tx_count);
    n = gv_merkle_path(hashes, b.h.header.tx_count, index, path);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(siblings, hex_of(path[i], 32));
    save_json(corpus, target, gv_tx_name(b.tx[index].kind),
              json_pack("{ss so si si so so si so s{so s[]}}", "kind",
                        gv_tx_name(b.tx[index].kind), "tx",
                        hex_of_bytes(b.tx[index].raw), "index", (int)index,
                        "count", (int)b.h.header.tx_count, "path", siblings,
                        "header", header_of(l, 1), "height", 1, "open",
                        hex_of_bytes(l->s.open.raw), "final", "tx",
                        hex_of_bytes(final.raw), "headers"));
    gv_block_clear(&b);
}

/* --- scripts for fuzz_node --- */

/* First line, then {"result": VALUE} of each value; takes the values. */
static void
save_script(const char *corpus, const char *name, const char *first,
            json_t **values, size_t n)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        support_die("no memory");
    fprintf(out, "%s", first);
    for (size_t i = 0; i < n; i++) {
        json_t *reply = json_pack("{so}", "result", values[i]);

        fputc('\n', out);
        json_dumpf(reply, out, JSON_COMPACT);
        json_decref(reply);
    }
    fclose(out);
    seeds_save(corpus, "node", name, gv_bytes(text, len));
    free(text);
}

static void
save_dump_script(const char *corpus, const struct ledger *l)
{
    const struct gv_params *params = l->s.params;
    json_t *values[] = {
        json_pack("{ss so}", "network", params->name, "registry",
                  hex_of(params->registry.b, 32)),
        json_pack("{s[{ss so}{so}] sn}", "chains", "kind", "registry", "chain",
                  hex_of(params->registry.b, 32), "chain",
                  hex_of(l->s.open.id.b, 32), "next"),
        json_pack("{s[o] sn}", "blocks", hex_of_bytes(l->registry.block[0]),
                  "next"),
        json_pack("{s[o] si}", "blocks", hex_of_bytes(l->auction.block[0]),
                  "next", 1),
        json_pack("{s[o] sn}", "blocks", hex_of_bytes(l->auction.block[1]),
                  "next"),
    };

    save_script(corpus, "dump", "d", values, 5);
}

static void
save_auction_script(const char *corpus, const struct ledger *l)
{
    json_t *values[] = {
        json_pack("{so si}", "open", hex_of_bytes(l->s.open.raw),
                  "effective_close_us", 0),
        json_pack(
            "{s[{so so sI si}] sn}", "bids", "bid", hex_of(l->s.open.id.b, 32),
            "bidder", hex_of(l->s.bidder[0].cred.key.b, 32), "t_us",
            (json_int_t)(l->s.open.opening_ms * 1000), "amount", 500, "next"),
    };
    char first[80], hex[65];

    snprintf(first, sizeof(first), "a %s", gv_hex(l->s.open.id.b, 32, hex));
    save_script(corpus, "auction", first, values, 2);
}

static void
save_credential_script(const char *corpus, const struct ledger *l)
{
    const struct sample_party *bidder = &l->s.bidder[0];
    json_t *values[] = {
        json_pack("{so so}", "cred", hex_of_cred(&bidder->cred), "issuer",
                  hex_of(l->s.ca.cred.key.b, 32)),
        json_pack("[{so}]", "cred", hex_of_cred(&l->s.ca.cred)),
    };
    char first[80], hex[65];

    snprintf(first, sizeof(first), "c %s", gv_hex(bidder->cred.key.b, 32, hex));
    save_script(corpus, "credential", first, values, 2);
}

static void
save_bid_script(const char *corpus)
{
    seeds_text(corpus, "node", "bid",
               "b\n{\"error\":{\"code\":-10,\"message\":\"busy\",\"data\":"
               "{\"retry_ms\":\"500\"}}}");
    seeds_text(corpus, "node", "sent", "b\n{\"result\":{\"t_us\":1}}");
}

static void
save_publish_script(const char *corpus, const struct ledger *l)
{
    const struct gv_open *o = &l->s.open;
    uint8_t raw[4096];
    struct gv_sink sink = gv_sink_buffer(raw, sizeof(raw));
    json_t *values[2];

    gv_open_put_warrant(&sink, o);
    values[0] = json_pack("{so}", "warrant", hex_of(raw, sink.len));
    values[1] =
        json_pack("{so s[o]}", "warrant_sig", hex_of(o->warrant_sig.b, 64),
                  "pop", hex_of(o->pop[0].b, 64));
    save_script(corpus, "publish", "p", values, 2);
}

void
seeds_of_explorer(const char *corpus)
{
    struct ledger l;

    ledger_make(&l, SPOIL_NOTHING);
    save_dumps(corpus, &l);
    save_proof(corpus, &l, "proof", 0);
    save_proof(corpus, &l, "proof", 2);
    save_proof(corpus, &l, "inclusion", 2);
    save_dump_script(corpus, &l);
    save_auction_script(corpus, &l);
    save_credential_script(corpus, &l);
    save_publish_script(corpus, &l);
    save_bid_script(corpus);
    ledger_free(&l);
}
