/*
 * cmd_fire_drill.c - gavel fire-drill: would the words alone bring everything
 * back? The wallet is restored in a scratch directory from words that are typed
 * or read, as after a loss, and compared with the one that is here, which stays
 * as it is (docs/spec/wallet.md, W32).
 */
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/files.h"
#include "wallet/bip39.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/recover.h"

static const struct gv_config_option options[] = {
    {.name = "words-file",
     .help = "Read the words from this file, - for stdin (default: ask).",
     .argument = "FILE"},
    {.name = "ca",
     .help = "The CA's EST service (default: what the node's status names).",
     .argument = "URL"},
};

/* One kind of thing. */
struct count {
    size_t here, back;
};

struct drill {
    struct gv_wallet *here, *back;
    struct count identities, certificates, enrolments, pseudonyms, bids;
    size_t receipts, unsent, seats;
    size_t watched, limits, agents; /* what the owner has set here */
    json_t *missing;                /* lines for people */
};

/* --- the scratch wallet --- */

static void
remove_scratch(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *entry;

    while (d != NULL && (entry = readdir(d)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(d), entry->d_name, 0);
    if (d != NULL)
        closedir(d);
    rmdir(dir);
}

/* A wallet of these words under a passphrase that nobody knows. */
static int
make_scratch(struct gv_cli *cli, const char *dir, struct gv_bytes entropy,
             struct gv_wallet **out)
{
    struct gv_passphrase pass = {.len = 64};
    struct gv_error e = {"no random bytes"};
    uint8_t random[32];
    enum gv_rc rc = gv_random(random, sizeof(random));

    gv_hex(random, sizeof(random), pass.text);
    if (rc == GV_OK)
        rc = gv_wallet_create(dir, cli->params, entropy, &pass, out, &e);
    gv_wipe(&pass, sizeof(pass));
    gv_wipe(random, sizeof(random));
    return rc == GV_OK
               ? GV_EXIT_OK
               : gv_cli_fail(cli, GV_EXIT_FAILED, "%s: %s", dir, e.text);
}

/* Names are of this wallet alone; --as means them in the copy, too. */
static enum gv_rc
copy_names(const struct drill *d)
{
    struct gv_persona id;
    enum gv_rc rc = GV_OK;

    for (size_t i = 0; i < gv_wallet_identities(d->back) && rc == GV_OK &&
                       i < gv_wallet_identities(d->here);
         i++) {
        rc = gv_wallet_identity(d->here, i, &id);
        if (rc == GV_OK)
            rc = gv_wallet_rename(d->back, (uint32_t)i, id.name);
    }
    return rc;
}

/* Of a bidder's pseudonym, not a seller's seat (W14), which is looked for when
 * the seller needs it. */
static bool
is_bidders(const json_t *token)
{
    return json_object_get(token, "enrol") != NULL;
}

/* What gavel restore does, and for each pseudonym that never bid what it does
 * with --auction. */
static int
restore(struct gv_cli *cli, struct drill *d)
{
    struct gv_recovered got = {0};
    const char *key;
    json_t *token;
    int code = gv_recover(cli, &got);

    if (code == GV_EXIT_OK && copy_names(d) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    if (code == GV_EXIT_OK)
        code = gv_recover_pseudonyms(cli, &got);
    json_object_foreach(gv_wallet_tokens(d->here), key, token)
    {
        const char *auction = strchr(key, ':');

        if (code == GV_EXIT_OK && auction != NULL && is_bidders(token) &&
            json_object_get(gv_wallet_tokens(d->back), key) == NULL)
            code = gv_recover_auction(cli, auction + 1, &got);
    }
    return code;
}

/* --- comparing --- */

static void
miss(struct drill *d, const char *what, const char *which)
{
    json_array_append_new(d->missing, json_sprintf("%s %s", what, which));
}

static void
compare_identities(struct drill *d)
{
    struct gv_persona a, b;

    for (size_t i = 0; i < gv_wallet_identities(d->here); i++) {
        size_t len;
        uint8_t *der;

        if (gv_wallet_identity(d->here, i, &a) != GV_OK || !a.certified)
            continue;
        d->identities.here++;
        if (i < gv_wallet_identities(d->back) &&
            gv_wallet_identity(d->back, i, &b) == GV_OK && b.certified &&
            GV_ID_EQ(&a.key, &b.key))
            d->identities.back++;
        else
            miss(d, "identity", a.name);
        der = gv_wallet_der(d->here, (uint32_t)i, &len);
        if (der != NULL) {
            d->certificates.here++;
            free(der);
            der = gv_wallet_der(d->back, (uint32_t)i, &len);
            d->certificates.back += der != NULL;
            if (der == NULL)
                miss(d, "certificate of", a.name);
            free(der);
        }
    }
}

static void
compare_keys(struct drill *d, json_t *here, json_t *back, struct count *n,
             const char *what)
{
    const char *key;
    json_t *value;

    json_object_foreach(here, key, value)
    {
        if (n == &d->pseudonyms && !is_bidders(value)) {
            d->seats++;
            continue;
        }
        n->here++;
        if (json_object_get(back, key) != NULL)
            n->back++;
        else
            miss(d, what, key);
    }
}

/* One that was never answered may not be on the ledger. A receipt is with its
 * bidder alone. */
static void
compare_bids(struct drill *d)
{
    json_t *back = gv_wallet_bids(d->back), *bid;
    const char *id;

    json_object_foreach(gv_wallet_bids(d->here), id, bid)
    {
        const json_t *other = json_object_get(back, id);
        bool same = other != NULL;

        for (size_t i = 0; same && i < 4; i++) {
            static const char *const part[] = {"auction", "amount", "seq",
                                               "tx"};

            same = json_equal(json_object_get(bid, part[i]),
                              json_object_get(other, part[i]));
        }
        d->receipts += json_is_string(json_object_get(bid, "receipt"));
        if (!same && strcmp(gv_json_text(bid, "state"), "sent") != 0) {
            d->unsent++;
            continue;
        }
        d->bids.here++;
        d->bids.back += same;
        if (!same)
            miss(d, "bid", id);
    }
}

static void
compare(struct drill *d)
{
    d->watched = json_object_size(gv_wallet_watched(d->here));
    d->limits = json_object_size(gv_wallet_limits(d->here));
    d->agents = json_object_size(gv_wallet_agents(d->here));
    compare_identities(d);
    compare_keys(d, gv_wallet_enrolments(d->here),
                 gv_wallet_enrolments(d->back), &d->enrolments, "enrolment");
    compare_keys(d, gv_wallet_tokens(d->here), gv_wallet_tokens(d->back),
                 &d->pseudonyms, "pseudonym");
    compare_bids(d);
}

/* --- what came of it --- */

static void
print_count(const char *name, const struct count *n)
{
    gv_columns_line(stdout, name, "%zu of %zu", n->back, n->here);
}

/* What no words bring back. */
static void
print_only_here(const struct drill *d)
{
    if (d->receipts > 0)
        gv_columns_line(stdout, "only here",
                        "%zu receipts: to keep them, copy the wallet's "
                        "directory",
                        d->receipts);
    if (d->limits > 0)
        gv_columns_line(stdout, "only here",
                        "limits for %zu currencies: a restored wallet has "
                        "none (gavel limit set)",
                        d->limits);
    if (d->agents > 0)
        gv_columns_line(stdout, "only here",
                        "%zu orders to the agent: it bids no more after a "
                        "restore (gavel agent set)",
                        d->agents);
    if (d->watched > 0)
        gv_columns_line(stdout, "only here",
                        "%zu auctions that you watch (gavel agenda add)",
                        d->watched);
}

static void
print_text(const struct drill *d)
{
    const json_t *line;
    size_t i;

    print_count("identities", &d->identities);
    print_count("certificates", &d->certificates);
    print_count("enrolments", &d->enrolments);
    print_count("pseudonyms", &d->pseudonyms);
    print_count("bids", &d->bids);
    if (d->unsent > 0)
        gv_columns_line(stdout, "not sent",
                        "%zu bids that no node has answered", d->unsent);
    print_only_here(d);
    if (d->seats > 0)
        gv_columns_line(stdout, "seats",
                        "%zu of a seller's pseudonyms: looked for when they "
                        "are needed, at the token issuer",
                        d->seats);
    json_array_foreach(d->missing, i, line)
        gv_columns_line(stdout, "missing", "%s", json_string_value(line));
}

static json_t *
json_count(const struct count *n)
{
    return json_pack("{sI sI}", "here", (json_int_t)n->here, "back",
                     (json_int_t)n->back);
}

static json_t *
as_json(const struct drill *d)
{
    return json_pack(
        "{so so so so so sI sI sI sI sI sI sO}", "identities",
        json_count(&d->identities), "certificates",
        json_count(&d->certificates), "enrolments", json_count(&d->enrolments),
        "pseudonyms", json_count(&d->pseudonyms), "bids", json_count(&d->bids),
        "receipts", (json_int_t)d->receipts, "watched", (json_int_t)d->watched,
        "limits", (json_int_t)d->limits, "agents", (json_int_t)d->agents,
        "unsent", (json_int_t)d->unsent, "seats", (json_int_t)d->seats,
        "missing", d->missing);
}

static int
report(struct gv_cli *cli, const struct drill *d)
{
    size_t missing = json_array_size(d->missing);

    if (cli->json)
        gv_cli_print(cli, as_json(d));
    else
        print_text(d);
    if (missing > 0)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the words do not bring everything back: %zu "
                           "missing",
                           missing);
    if (!cli->json)
        puts(d->receipts + d->limits + d->agents + d->watched == 0
                 ? "the words bring everything back"
                 : "the words bring everything back but what is only here");
    return GV_EXIT_OK;
}

/* --- the drill --- */

static int
hold(struct gv_cli *cli, struct gv_bytes entropy)
{
    const char *tmp = getenv("TMPDIR");
    struct drill d = {.here = cli->wallet, .missing = json_array()};
    char dir[4096];
    int code;

    snprintf(dir, sizeof(dir), "%s/gavel-drill-XXXXXX",
             tmp != NULL && *tmp != '\0' ? tmp : "/tmp");
    if (mkdtemp(dir) == NULL)
        code = gv_cli_fail(cli, GV_EXIT_FAILED,
                           "%s: cannot make a scratch directory", dir);
    else
        code = make_scratch(cli, dir, entropy, &d.back);
    if (code == GV_EXIT_OK) {
        cli->wallet = d.back;
        code = restore(cli, &d);
        cli->wallet = d.here;
    }
    if (code == GV_EXIT_OK) {
        compare(&d);
        code = report(cli, &d);
    }
    gv_wallet_free(d.back);
    remove_scratch(dir);
    json_decref(d.missing);
    return code;
}

static int
run(struct gv_cli *cli)
{
    uint8_t entropy[GV_BIP39_ENTROPY_MAX];
    struct gv_error e;
    char *words;
    size_t len;
    int code;

    if (gv_cli_params(cli, &code) == NULL)
        return code;
    code = gv_cli_wallet(cli);
    if (code != GV_EXIT_OK)
        return code;
    words = gv_cli_read_words(cli);
    if (words == NULL)
        return GV_EXIT_USAGE;
    if (gv_bip39_entropy(words, entropy, &len, &e) != GV_OK)
        code = gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
    else if (!gv_wallet_is_of(cli->wallet, gv_bytes(entropy, len)))
        code = gv_cli_fail(cli, GV_EXIT_FAILED,
                           "these are words of another wallet than the one in "
                           "%s: they would not bring it back",
                           cli->wallet_dir);
    else
        code = hold(cli, gv_bytes(entropy, len));
    gv_wipe(words, strlen(words));
    free(words);
    gv_wipe(entropy, sizeof(entropy));
    return code;
}

const struct gv_command gv_cmd_fire_drill = {
    .config = {.name = "fire-drill",
               .help = "Restore the wallet from its words in a scratch "
                       "directory, and say whether everything came back. The "
                       "wallet stays as it is.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
