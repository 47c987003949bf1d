/* seeds_identity.c - seeds of issuance, blobs, envelopes and evidence packs. */
#include "tests/fuzz/seeds.h"

#include <stdio.h>

#include "chain/core/escrow_impl.h"
#include "gavel/envelope.h"
#include "gavel/issue.h"
#include "gavel/match.h"
#include "tests/fuzz/blob.h"
#include "tests/support/seller.h"
#include "tests/support/support.h"
#include "tests/unit/ttp/pack.h"

#define ROOM 16384

/* An input that grows by what is put into it. */
struct input {
    uint8_t bytes[ROOM];
    struct gv_sink sink;
};

static struct gv_sink *
begin(struct input *in, uint8_t first)
{
    in->sink = gv_sink_buffer(in->bytes, sizeof(in->bytes));
    gv_put_u8(&in->sink, first);
    return &in->sink;
}

static void
save_input(const char *corpus, const char *target, const char *name,
           const struct input *in)
{
    if (in->sink.failed)
        support_die("%s: no room", name);
    seeds_save(corpus, target, name, gv_bytes(in->bytes, in->sink.len));
}

/* First byte: kind + 7 * depth. */
static void
save_messages(const char *corpus)
{
    static struct input in;
    static const uint8_t some[300] = {0x30, 0x45, 0x02, 0x20};
    struct gv_bytes sig = gv_bytes(some, 71);
    struct gv_iss_nonce nonce = {{1}};
    struct gv_iss_open open = {.cert = gv_bytes(some, sizeof(some)),
                               .sig = sig};
    struct gv_iss_param param = {{{2}}};
    struct gv_iss_commit commit = {.session = {{2}}, .root = {3}, .sig = sig};
    struct gv_iss_challenge challenge = {.sig = {4}};
    struct gv_iss_reveal reveal = {.session = {{2}}, .depth = 3, .sig = sig};
    struct gv_iss_sign sign = {{5}};

    gv_iss_nonce_put(begin(&in, 0), &nonce);
    save_input(corpus, "issue", "nonce", &in);
    gv_iss_open_put(begin(&in, 1), &open);
    save_input(corpus, "issue", "open", &in);
    gv_iss_param_put(begin(&in, 2), &param);
    save_input(corpus, "issue", "param", &in);
    gv_iss_commit_put(begin(&in, 3), &commit);
    save_input(corpus, "issue", "commit", &in);
    challenge.j = gv_iss_challenge_j(challenge.sig, 3);
    gv_iss_challenge_put(begin(&in, 4 + 7 * 3), &challenge);
    save_input(corpus, "issue", "challenge", &in);
    gv_iss_reveal_put(begin(&in, 5 + 7 * 3), &reveal);
    save_input(corpus, "issue", "reveal", &in);
    gv_iss_sign_put(begin(&in, 6), &sign);
    save_input(corpus, "issue", "sign", &in);
}

static void
save_blobs(const char *corpus)
{
    static struct input in;
    static const struct gv_chain_id auction = {"an auction"};
    static const uint8_t zero[GV_RSA_SIZE];
    struct gv_escrow *worker = blob_worker();
    struct escrow_subject s = {.key = &blob_key, .index = 5};
    struct gv_blind secret;
    uint8_t blob[GV_BLOB_MAX];
    struct gv_sink *sink = begin(&in, 0);

    gv_put_u8(sink, 2);
    gv_put(sink, auction.b, 32);
    gv_put(sink, blob_key.b, 32);
    gv_put(sink, blob_es, 32);
    save_input(corpus, "blob", "share", &in);
    if (escrow_blob(worker, blob_es, &s, blob) != GV_OK ||
        escrow_secret(worker, blob_es, &secret) != GV_OK)
        support_die("no blob");
    sink = begin(&in, 1);
    gv_put(sink, secret.prefix, 32);
    gv_put(sink, zero, GV_RSA_SIZE);
    gv_put(sink, zero, 32);
    gv_put(sink, blob, gv_blob_size(BLOB_NOTARIES));
    save_input(corpus, "blob", "token", &in);
    gv_escrow_free(worker);
}

static void
save_envelopes(const char *corpus)
{
    static const uint8_t secret[32] = "an X25519 secret of the corpora";
    static const uint8_t other[32] = "another X25519 secret of theirs";
    static const struct gv_seckey sender = {"a secret of the sender's"};
    static const uint8_t seed[32] = "what the keys are made of";
    static const char *const names[] = {"one", "two"};
    struct gv_keys *keys = gv_keys_new(seed);
    uint8_t to[2][32], out[1024];
    struct gv_env_parties p = {
        .keys = keys, .secret = &sender, .to = (const uint8_t(*)[32])to};
    struct gv_env env = {.type = 1, .seq = 2, .time_ms = 3};

    env.body = gv_bytes("a body", 6);
    if (keys == NULL || gv_key_public(keys, &sender, &env.sender) != GV_OK ||
        gv_x25519_public(secret, to[0]) != GV_OK ||
        gv_x25519_public(other, to[1]) != GV_OK)
        support_die("no keys");
    for (p.count = 1; p.count <= 2; p.count++) {
        if (gv_env_seal(&env, &p, seed, out) != GV_OK)
            support_die("no envelope");
        seeds_save(corpus, "envelope", names[p.count - 1],
                   gv_bytes(out, gv_env_size(p.count, env.body.len)));
    }
    gv_keys_free(keys);
}

/* Packs that verify, with ISSUED and without, and what an anonymous auction
 * has on its chain. */
static void
save_packs(const char *corpus)
{
    static struct award w;
    static struct packed bidder;
    struct gv_identity_proof proof;

    award_make(&w, NULL);
    pack_play(&bidder, &w, 1, 700);
    pack_finish(&bidder, pack_close(&w));
    if (gv_identity_verify(&bidder.pack, w.s.params, w.s.keys, &pack_reader,
                           &proof, NULL) != GV_OK)
        support_die("a pack that proves nothing");
    seeds_save(corpus, "identity", "logged", pack_bytes(&w, &bidder.pack));
    bidder.pack.issued = gv_bytes(NULL, 0);
    seeds_save(corpus, "identity", "unlogged", pack_bytes(&w, &bidder.pack));
    seeds_save(corpus, "open", "anonymous", w.open.raw);
    seeds_save(corpus, "tx", "ENROL-anonymous", bidder.enrol.raw);
    seeds_save(corpus, "tx", "ISSUED", w.sent[0]);
    seeds_save(corpus, "tx", "DISCLOSE", sample_disclose(&w.s, 0, 0).raw);
    session_free(&bidder.session);
    award_free(&w);
}

/* KEYS_ASK, and what is offered: keys for identities, a key for bids. */
static void
save_offers(const char *corpus, const struct sample *s)
{
    struct gv_keys_ask ask = {.registry = s->params->registry,
                              .seller = s->seller.cred,
                              .time_ms = SAMPLE_OPENING_MS};
    struct gv_keys_offer offer = {.cred = s->notary[0].cred,
                                  .operator_name = gv_bytes("Notary", 6),
                                  .count = 1,
                                  .modulus = {s->open.notary[0].key}};
    struct gv_seal_offer seal = {.cred = s->notary[0].cred,
                                 .operator_name = gv_bytes("Notary", 6),
                                 .key = {9}};
    struct input in;

    gv_keys_ask_put(begin(&in, 4), &ask);
    save_input(corpus, "seller", "keys-ask", &in);
    gv_keys_offer_put(begin(&in, 5), &offer);
    save_input(corpus, "seller", "keys-offer", &in);
    gv_seal_offer_put(begin(&in, 6), &seal);
    save_input(corpus, "seller", "seal-offer", &in);
}

/* A pseudonymous seller's OPEN and LIST, its EPOCH, and what is asked in its
 * name and of its notaries. */
static void
save_sellers(const char *corpus)
{
    static struct sample s;
    static struct gv_epoch e;
    static struct gv_share_ask share = {.count = 2};
    struct gv_seller_keys_ask keys = {.time_ms = SAMPLE_OPENING_MS};
    struct gv_terms terms = award_terms();
    struct gv_open o;
    struct gv_tx list;
    struct input in;

    sample_make(&s, &(struct sample_options){.terms = &terms});
    o = s.open;
    seller_epoch(&s, &e);
    seller_open(&s, &e, &o);
    seeds_save(corpus, "open", "pseudonym", sample_open(&s, &o));
    seeds_save(corpus, "tx", "EPOCH", o.epoch);
    list = seller_list(&s, &e, &o);
    seeds_save(corpus, "tx", "LIST-pseudonym", list.raw);
    gv_epoch_put(begin(&in, 0), &e);
    save_input(corpus, "seller", "epoch", &in);
    gv_epoch_put_preimage(begin(&in, 1), &e);
    save_input(corpus, "seller", "preimage", &in);
    share.part[0].from = 1;
    share.part[1].from = 3;
    gv_share_ask_put(begin(&in, 2), &share);
    save_input(corpus, "seller", "share", &in);
    keys.registry = s.params->registry;
    keys.token = list.u.list.token;
    gv_seller_keys_ask_put(begin(&in, 3), &keys);
    save_input(corpus, "seller", "keys", &in);
    save_offers(corpus, &s);
    sample_free(&s);
}

void
seeds_of_identity(const char *corpus)
{
    save_sellers(corpus);
    save_messages(corpus);
    save_blobs(corpus);
    save_envelopes(corpus);
    save_packs(corpus);
}
