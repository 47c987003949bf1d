/* game.c - both sides of anonymous enrolment (tests/support/game.h). */
#include "tests/support/game.h"

#include <openssl/evp.h>

#include "chain/core/escrow_impl.h"
#include "chain/core/rsa_impl.h"
#include "src/ttp/blindsign.h"
#include "tests/support/support.h"

#define NOTARY_KEYS (SUPPORT_RSA_KEYS - 2)

static void
must(enum gv_rc rc, const char *what)
{
    if (rc != GV_OK)
        support_die("game: %s", what);
}

void
game_make(struct game *g, uint8_t depth, uint8_t t, uint8_t n)
{
    uint8_t modulus[GV_RSA_SIZE], seed[32] = {1};

    memset(g, 0, sizeof(*g));
    g->keys = gv_keys_new(seed);
    g->token_key = support_rsa_key(0);
    g->token = support_rsa_pub(0, modulus);
    g->challenge_key = support_rsa_key(1);
    g->challenge = support_rsa_pub(1, modulus);
    g->pins = (struct gv_escrow_pins){
        .depth = depth, .t = t, .n = n, .token = g->token};
    memset(g->pins.auction.b, 0xa0, 32);
    for (unsigned m = 0; m < n; m++) {
        g->notary_key[m] = support_rsa_key(2 + m % NOTARY_KEYS);
        g->notary[m] = support_rsa_pub(2 + m % NOTARY_KEYS, modulus);
        g->pins.notary[m] = g->notary[m];
    }
    memset(g->who.cert.b, 0xce, 32);
    memset(g->who.session.b, 0x5e, 32);
    g->worker = gv_escrow_new(&g->pins, g->keys);
    if (g->keys == NULL || g->worker == NULL)
        support_die("game: no worker");
    game_session(g, 0);
}

void
game_free(struct game *g)
{
    gv_escrow_free(g->worker);
    for (unsigned m = 0; m < g->pins.n; m++) {
        gv_rsa_pub_free(g->notary[m]);
        EVP_PKEY_free(g->notary_key[m]);
    }
    gv_rsa_pub_free(g->challenge);
    EVP_PKEY_free(g->challenge_key);
    gv_rsa_pub_free(g->token);
    EVP_PKEY_free(g->token_key);
    gv_keys_free(g->keys);
}

void
game_session(struct game *g, uint32_t number)
{
    static const uint8_t branch[32] = "the secret branch of the words.";
    static const struct gv_hash subject = {"a subject"};

    gv_escrow_master(branch, &g->pins.auction, &subject, number, g->master);
    gv_ggm_whole(g->master, g->pins.depth, &g->tree);
}

void
game_sign(struct game *g, const struct gv_escrow_leaf *leaf,
          struct gv_token *out)
{
    uint8_t signature[GV_RSA_SIZE], mask[32] = {5};

    must(gv_blindsign(g->token_key, leaf->blinded, signature), "signature");
    must(gv_escrow_finish(g->worker, leaf, signature, mask, out), "finish");
    must(gv_token_verify(g->token, &g->pins.auction, out), "token");
}

void
game_token(struct game *g, uint32_t j, struct gv_escrow_leaf *leaf,
           struct gv_token *out)
{
    must(gv_escrow_leaf(g->worker, &g->tree, &g->who, j, leaf), "leaf");
    game_sign(g, leaf, out);
}

unsigned
game_shares(struct game *g, const struct gv_token *token,
            struct gv_share out[GV_ESCROW_MAX])
{
    unsigned count = 0;

    for (unsigned m = 0; m < g->pins.n; m++) {
        uint8_t plain[GV_RSA_SIZE];
        size_t len = sizeof(plain);

        if (gv_oaep_open(g->notary_key[m],
                         token->blob.p + (size_t)m * GV_RSA_SIZE, plain,
                         &len) == GV_OK &&
            gv_escrow_share_read(gv_bytes(plain, len), &g->pins.auction,
                                 &token->key, m + 1, &out[count]) == GV_OK)
            count++;
    }
    return count;
}

void
game_blind(struct game *g, struct gv_escrow_leaf *leaf)
{
    struct gv_token token = {.key = leaf->key,
                             .blob = gv_bytes(leaf->blob, leaf->blob_len)};
    struct gv_blind secret;
    uint8_t msg[32], em[GV_RSA_SIZE];

    memcpy(token.ek, leaf->ek, 32);
    must(escrow_secret(g->worker, leaf->es, &secret), "secret");
    gv_token_message(&g->pins.auction, &token, msg);
    blind_encode(msg, &secret, em);
    must(blind_apply(g->token, g->worker->work, em, secret.r, leaf->blinded),
         "blinding");
}
