/*
 * ct_keys.c - secret keys in our own code: the tree of a wallet's keys, what
 * follows from its secret branch, the keys of leaves, signing, HPKE, the seal
 * of a bid, hex.
 *
 * Curves are the library's, and so is its word that a number is a key, which
 * all but 2^-127 of them are. In the place of X25519 stands a mix of its
 * inputs, so that everything behind it depends on the secret still. Words as
 * text are left out: their lengths and letters are what they say.
 *
 * usage, under valgrind: ct_keys          every function, must be silent
 *                        ct_keys --leak   an address by a secret, must not be
 */
#include <dlfcn.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>
#include <stdio.h>

#include "gavel/bidseal.h"
#include "gavel/escrow.h"
#include "gavel/hpke.h"
#include "gavel/key.h"
#include "tests/ct/secret.h"
#include "tests/support/support.h"
#include "wallet/bip32.h"
#include "wallet/derive.h"
#include "wallet/memo.h"

/* --- the library, which gets what it is given as if it were public --- */

static void *
library(const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);

    if (f == NULL)
        support_die("no %s", name);
    return f;
}

static void
show(const void *p, size_t len)
{
    declassify((void *)(uintptr_t)p, len);
}

static void
hide(const void *p, size_t len)
{
    secret((void *)(uintptr_t)p, len);
}

int
secp256k1_ec_seckey_verify(const secp256k1_context *ctx,
                           const unsigned char *key)
{
    int (*f)(const secp256k1_context *, const unsigned char *) =
        library("secp256k1_ec_seckey_verify");
    int ok;

    show(key, 32);
    ok = f(ctx, key);
    hide(key, 32);
    return ok;
}

int
secp256k1_ec_seckey_tweak_add(const secp256k1_context *ctx, unsigned char *key,
                              const unsigned char *tweak)
{
    int (*f)(const secp256k1_context *, unsigned char *,
             const unsigned char *) = library("secp256k1_ec_seckey_tweak_add");
    int ok;

    show(key, 32);
    show(tweak, 32);
    ok = f(ctx, key, tweak);
    hide(key, 32);
    hide(tweak, 32);
    return ok;
}

int
secp256k1_ec_pubkey_create(const secp256k1_context *ctx, secp256k1_pubkey *pub,
                           const unsigned char *key)
{
    int (*f)(const secp256k1_context *, secp256k1_pubkey *,
             const unsigned char *) = library("secp256k1_ec_pubkey_create");
    int ok;

    show(key, 32);
    ok = f(ctx, pub, key);
    hide(key, 32);
    return ok;
}

int
secp256k1_keypair_create(const secp256k1_context *ctx, secp256k1_keypair *pair,
                         const unsigned char *key)
{
    int (*f)(const secp256k1_context *, secp256k1_keypair *,
             const unsigned char *) = library("secp256k1_keypair_create");
    int ok;

    show(key, 32);
    ok = f(ctx, pair, key);
    hide(key, 32);
    hide(pair, sizeof(*pair));
    return ok;
}

int
secp256k1_keypair_xonly_pub(const secp256k1_context *ctx,
                            secp256k1_xonly_pubkey *pub, int *parity,
                            const secp256k1_keypair *pair)
{
    int (*f)(const secp256k1_context *, secp256k1_xonly_pubkey *, int *,
             const secp256k1_keypair *) =
        library("secp256k1_keypair_xonly_pub");
    int ok;

    show(pair, sizeof(*pair));
    ok = f(ctx, pub, parity, pair);
    hide(pair, sizeof(*pair));
    return ok;
}

int
secp256k1_schnorrsig_sign32(const secp256k1_context *ctx, unsigned char *sig,
                            const unsigned char *msg,
                            const secp256k1_keypair *pair,
                            const unsigned char *aux)
{
    int (*f)(const secp256k1_context *, unsigned char *, const unsigned char *,
             const secp256k1_keypair *, const unsigned char *) =
        library("secp256k1_schnorrsig_sign32");
    int ok;

    show(pair, sizeof(*pair));
    ok = f(ctx, sig, msg, pair, aux);
    hide(pair, sizeof(*pair));
    return ok;
}

enum gv_rc
gv_x25519_public(const uint8_t key[GV_HPKE_KEY], uint8_t out[GV_HPKE_KEY])
{
    memcpy(out, key, GV_HPKE_KEY);
    return GV_OK;
}

enum gv_rc
gv_x25519(const uint8_t key[GV_HPKE_KEY], const uint8_t peer[GV_HPKE_KEY],
          uint8_t out[GV_HPKE_KEY])
{
    for (unsigned i = 0; i < GV_HPKE_KEY; i++)
        out[i] = key[i] ^ peer[i];
    return GV_OK;
}

/* --- our own code --- */

static const struct gv_chain_id auction = {{1}};
static const struct gv_pubkey bidder = {{2}};

static void
must(enum gv_rc rc, const char *what)
{
    if (rc != GV_OK)
        support_die("%s", what);
}

/* A secret that valgrind follows. */
static void
fill(void *p, size_t len, uint8_t with)
{
    memset(p, with, len);
    secret(p, len);
}

/* Does valgrind still follow it? A secret that was lost on the way would leave
 * what comes behind unchecked. */
static void
is_followed(const void *p, size_t len)
{
    uint8_t bits[64] = {0};
    bool any = false;

    if (len > sizeof(bits) || VALGRIND_GET_VBITS(p, bits, len) != 1)
        support_die("valgrind says nothing");
    for (size_t i = 0; i < len; i++)
        any |= bits[i] != 0;
    if (!any)
        support_die("a secret was lost");
}

static void
tree_of_keys(void)
{
    const uint32_t path[] = {7471u | GV_BIP32_HARD, GV_BIP32_HARD, 5};
    struct gv_bip32 node;
    struct gv_derive d;
    struct gv_seckey key;
    uint8_t seed[64];

    fill(seed, sizeof(seed), 1);
    must(gv_bip32_master(gv_bytes(seed, sizeof(seed)), &node), "master");
    must(gv_bip32_path(&node, path, 3, &node), "path");
    is_followed(&node, sizeof(node));
    fill(&d, sizeof(d), 2);
    must(gv_derive_ledger(&d, 3, &key), "ledger key");
    is_followed(&key, sizeof(key));
}

static void
signing(void)
{
    uint8_t seed[32] = {1}, msg[32] = {2}, aux[32] = {3};
    struct gv_keys *keys = gv_keys_new(seed);
    struct gv_seckey key;
    struct gv_pubkey pub;
    struct gv_sig sig;

    fill(&key, sizeof(key), 4);
    must(gv_key_public(keys, &key, &pub), "public key");
    must(gv_key_sign(keys, &key, msg, aux, &sig), "signature");
    gv_keys_free(keys);
}

static void
secret_branch(void)
{
    const struct gv_escrow_who who = {{{1}}, {{2}}};
    const struct gv_hash subject = {{3}};
    uint8_t branch[32], memo[GV_MEMO_SIZE] = {4}, master[32], es[32];
    uint8_t seed[32] = {1};
    struct gv_keys *keys = gv_keys_new(seed);
    struct gv_leaf_keys leaf;
    struct gv_ggm tree;
    uint32_t attempt;

    fill(branch, sizeof(branch), 5);
    attempt = gv_escrow_attempt(branch, &auction, &who);
    gv_escrow_master(branch, &auction, &subject, attempt, master);
    gv_ggm_whole(master, 4, &tree);
    must(gv_escrow_leaf_keys(keys, &tree, 9, &leaf), "leaf");
    is_followed(&leaf.sk, sizeof(leaf.sk));
    is_followed(leaf.xk, sizeof(leaf.xk));
    gv_memo_seal_secret(branch, &auction, &bidder, memo, es);
    is_followed(es, sizeof(es));
    gv_keys_free(keys);
}

static void
memos(void)
{
    const struct gv_memo note = {.seq = 7};
    struct gv_memo memo;
    uint8_t branch[32], out[GV_MEMO_SIZE];

    fill(branch, sizeof(branch), 6);
    memo = note;
    secret(&memo, sizeof(memo));
    must(gv_memo_seal(branch, &auction, &bidder, &memo, out), "memo");
}

static void
envelopes(void)
{
    uint8_t peer[GV_HPKE_KEY] = {9}, enc[GV_HPKE_KEY], key[GV_HPKE_KEY];
    uint8_t seed[32], text[20], sealed[20 + GV_HPKE_TAG];
    struct gv_bytes info = gv_bytes("info", 4);
    struct gv_hpke h;

    fill(seed, sizeof(seed), 7);
    fill(text, sizeof(text), 8);
    must(gv_hpke_send(peer, gv_bytes(seed, 32), info, enc, &h), "send");
    is_followed(h.key, sizeof(h.key));
    must(gv_hpke_seal(&h, info, gv_bytes(text, sizeof(text)), sealed), "seal");
    fill(key, sizeof(key), 9);
    must(gv_hpke_receive(key, peer, info, &h), "receive");
    is_followed(h.key, sizeof(h.key));
}

static void
sealed_bids(void)
{
    const struct gv_bidseal_pins pins = {
        .t = 2, .n = 3, .key = {{1}, {2}, {3}}};
    uint8_t es[32], key[GV_HPKE_KEY];
    uint8_t *out = malloc(gv_bidseal_size(pins.n));

    if (out == NULL)
        support_die("out of memory");
    fill(es, sizeof(es), 10);
    must(gv_bidseal_make(&pins, &bidder, es, 100, out), "seal");
    fill(key, sizeof(key), 11);
    gv_bidseal_clamp(key);
    free(out);
}

static void
hex(void)
{
    uint8_t key[32];
    char text[65];

    fill(key, sizeof(key), 12);
    gv_hex(key, sizeof(key), text);
    is_followed(text, 64);
}

/* What the tool must notice. */
static void
leak(void)
{
    static const uint8_t table[256] = {1};
    volatile uint8_t v;
    uint8_t key;

    fill(&key, 1, 13);
    v = table[key];
    (void)v;
}

int
main(int argc, char **argv)
{
    if (!RUNNING_ON_VALGRIND) {
        fprintf(stderr, "ct_keys: run it by tests/run-ct\n");
        return 2;
    }
    if (argc > 1 && strcmp(argv[1], "--leak") == 0) {
        leak();
        return 0;
    }
    tree_of_keys();
    signing();
    secret_branch();
    memos();
    envelopes();
    sealed_bids();
    hex();
    return 0;
}
