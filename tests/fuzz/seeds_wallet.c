/* seeds_wallet.c - seeds of what a wallet reads that is not plain text: its
 * file, its content, memos and words. */
#include "tests/fuzz/seeds.h"

#include <stdlib.h>

#include "src/base/sealed.h"
#include "src/rpc/work.h"
#include "tests/support/support.h"
#include "wallet/bip39.h"
#include "wallet/content.h"
#include "wallet/memo.h"

#define LOG_N 2 /* cheap: fuzz_sealed.c derives no dear keys */

static const uint8_t entropy[GV_BIP39_ENTROPY_MAX] = {1, 2, 3};

static void
save_words(const char *corpus, const char *name, size_t len)
{
    char words[GV_BIP39_TEXT_MAX];

    if (gv_bip39_words(gv_bytes(entropy, len), words) != GV_OK)
        support_die("no words");
    seeds_text(corpus, "bip39", name, words);
}

/* Content, and sealed under the passphrase of fuzz_sealed.c. */
static void
save_wallet(const char *corpus)
{
    static const struct gv_passphrase pass = {4, "fuzz"};
    struct gv_sealed k;
    struct gv_content c;
    struct gv_error e;
    uint8_t *data;
    size_t len;
    char *text;

    if (gv_content_new(gv_bytes(entropy, 16), &c) != GV_OK ||
        gv_sealed_new(&gv_sealed_wallet, "regtest", LOG_N, &pass, &k, &e) !=
            GV_OK)
        support_die("cannot make a wallet");
    json_array_append_new(
        json_object_get(c.json, "identities"),
        json_pack("{ss ss}", "name", "ann", "request", "00ff"));
    json_object_set_new(json_object_get(c.json, "bids"), "id",
                        json_pack("{ss}", "state", "sent"));
    data = gv_content_write(&c, &len);
    text = data == NULL ? NULL : gv_sealed_seal(&k, gv_bytes(data, len));
    if (text == NULL)
        support_die("cannot seal a wallet");
    seeds_save(corpus, "content", "wallet", gv_bytes(data, len));
    seeds_text(corpus, "sealed", "wallet", text);
    gv_content_clear(&c);
    free(data);
    free(text);
}

/* Of the keys and the auction of fuzz_memo.c. */
static void
save_memo(const char *corpus)
{
    static const uint8_t secret[32] = {1};
    static const struct gv_chain_id auction = {{2}};
    static const struct gv_pubkey bidder = {{3}};
    static const struct gv_memo memo = {.amount = 500, .seq = 1};
    uint8_t sealed[GV_MEMO_SIZE];

    if (gv_memo_seal(secret, &auction, &bidder, &memo, sealed) != GV_OK)
        support_die("cannot seal a memo");
    seeds_save(corpus, "memo", "bid", gv_bytes(sealed, sizeof(sealed)));
}

static void
save_work(const char *corpus)
{
    static const struct gv_seal seal = {{2, 0, 0, 0, 1, 2, 3}};
    char data[GV_WORK_DATA_HEX + 1];

    gv_work_data(&seal, data);
    seeds_text(corpus, "work", "seal", data);
}

void
seeds_of_wallet(const char *corpus)
{
    save_words(corpus, "12-words", 16);
    save_words(corpus, "24-words", 32);
    save_wallet(corpus);
    save_memo(corpus);
    save_work(corpus);
}
