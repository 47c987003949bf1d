/* web_setup.c - a new wallet from the page (wallet/web_setup.h). */
#include "wallet/web_setup.h"

#include <openssl/crypto.h>
#include <string.h>

#include "wallet/json.h"
#include "wallet/web_call.h"

#define WORDS 24

bool
gv_web_setup_has(const char *call)
{
    return strcmp(call, "words") == 0 || strcmp(call, "confirm") == 0;
}

/* Rising places, drawn evenly: the k-th of those left, again and again. */
static enum gv_rc
draw_places(unsigned out[GV_WEB_ASKED])
{
    uint32_t random[GV_WEB_ASKED];
    bool taken[WORDS] = {false};
    size_t n = 0;

    if (gv_random(random, sizeof(random)) != GV_OK)
        return GV_FAULT;
    for (unsigned i = 0; i < GV_WEB_ASKED; i++) {
        unsigned k = random[i] % (WORDS - i), at = 0;

        while (taken[at] || k > 0) {
            if (!taken[at])
                k--;
            at++;
        }
        taken[at] = true;
    }
    for (unsigned at = 0; at < WORDS; at++)
        if (taken[at])
            out[n++] = at + 1;
    return GV_OK;
}

static int
show_words(struct gv_web_setup *s, struct gv_cli *cli)
{
    uint8_t entropy[32];
    json_t *ask = json_array();
    int code = GV_EXIT_OK;

    if (gv_random(entropy, sizeof(entropy)) != GV_OK ||
        gv_bip39_words(gv_bytes(entropy, sizeof(entropy)), s->words) != GV_OK ||
        draw_places(s->ask) != GV_OK) {
        gv_wipe(s, sizeof(*s));
        code = gv_cli_fail(cli, GV_EXIT_FAILED, "no random numbers");
    }
    gv_wipe(entropy, sizeof(entropy));
    for (size_t i = 0; i < GV_WEB_ASKED; i++)
        json_array_append_new(ask, json_integer(s->ask[i]));
    if (code == GV_EXIT_OK)
        gv_cli_print(cli, json_pack("{ss sO}", "words", s->words, "ask", ask));
    json_decref(ask);
    return code;
}

/* Are these the asked words? */
static bool
is_typed(const struct gv_web_setup *s, const char *typed)
{
    char expected[GV_BIP39_TEXT_MAX] = "";
    const char *word = s->words;
    size_t len = 0, n;
    bool same;

    for (unsigned at = 1, i = 0; *word != '\0' && i < GV_WEB_ASKED; at++) {
        n = strcspn(word, " ");
        if (at == s->ask[i]) {
            memcpy(expected + len, word, n);
            len += n;
            if (++i < GV_WEB_ASKED)
                expected[len++] = ' ';
        }
        word += n + strspn(word + n, " ");
    }
    same = strlen(typed) == len && CRYPTO_memcmp(typed, expected, len) == 0;
    gv_wipe(expected, sizeof(expected));
    return same;
}

static int
make_wallet(struct gv_web_setup *s, struct gv_cli *cli, const json_t *request)
{
    const json_t *texts = json_object_get(request, "texts");
    json_t *restore;
    int code;

    if (*s->words == '\0')
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "no words were shown: begin again");
    if (!is_typed(s, gv_json_text(texts, "typed")))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "these are not the words that were asked for");
    restore = json_pack("{s{sb} s{ss}}", "options", "offline", 1, "texts",
                        "words-file", s->words);
    code = gv_web_call_run(cli, gv_web_call_find("restore"), restore);
    json_decref(restore);
    if (code == GV_EXIT_OK)
        gv_wipe(s, sizeof(*s));
    return code;
}

int
gv_web_setup_run(struct gv_web_setup *setup, struct gv_cli *cli,
                 const json_t *request)
{
    if (cli->wallet != NULL || gv_wallet_exists(cli->wallet_dir))
        return gv_cli_fail(cli, GV_EXIT_WALLET,
                           "there is a wallet in %s already", cli->wallet_dir);
    if (strcmp(gv_json_text(request, "call"), "words") == 0)
        return show_words(setup, cli);
    return make_wallet(setup, cli, request);
}
