/* fuzz_node.c - what wallet and explorer make of a node's answers. The first
 * line says what is asked: "d" a dump, "a ID" an auction, "c KEY" a
 * credential, "p" publishing an auction, "b" sending a bid. Each further line
 * is the reply to one call; when they are used up the node is away. */
#include <stdio.h>
#include <strings.h>

#include "src/client/rpcreply.h"
#include "src/explorer/source.h"
#include "tests/fuzz/fuzz.h"
#include "wallet/auction.h"
#include "wallet/est.h"
#include "wallet/publish.h"

/* --- the client of the node, in place of rpcclient.c --- */

struct gv_rpcclient {
    char *left; /* of the script */
};

void
gv_rpcclient_error_clear(struct gv_rpcclient_error *error)
{
    json_decref(error->data);
    memset(error, 0, sizeof(*error));
}

struct gv_rpcclient *
gv_rpcclient_new(const struct gv_rpcclient_options *options, struct gv_error *e)
{
    (void)options;
    gv_error_set(e, "no second client");
    return NULL;
}

void
gv_rpcclient_free(struct gv_rpcclient *client)
{
    (void)client;
}

void
gv_rpcclient_interrupt(struct gv_rpcclient *client)
{
    (void)client;
}

enum gv_rc
gv_rpcclient_call(struct gv_rpcclient *client, const char *method,
                  json_t *params, json_t **result,
                  struct gv_rpcclient_error *error)
{
    char *line = strsep(&client->left, "\n");
    enum gv_rc rc = GV_ABSENT;

    *result = NULL;
    json_decref(params);
    gv_rpcclient_error_clear(error);
    if (line != NULL)
        rc = gv_rpcreply_read(gv_bytes(line, strlen(line)), result, error);
    if (rc != GV_ABSENT)
        return rc;
    gv_error_set(&error->e, "%s: the node is away", method);
    return GV_FAULT;
}

/* --- what is asked of it --- */

/* A dump that is written is one that can be read. */
static void
dump(struct gv_rpcclient *rpc)
{
    struct gv_dump_options options = {.final = false};
    const struct gv_params *params;
    struct gv_file_source *again;
    struct gv_node_source source;
    struct gv_error e = {""};
    char *text;
    size_t len;

    if (gv_node_source_begin(&source, rpc, &options.params, &e) != GV_OK) {
        fuzz_must_say(&e);
        return;
    }
    options.source = &source.source;
    options.out = open_memstream(&text, &len);
    if (gv_dump_jsonl(&options, &e) == GV_OK) {
        FILE *in = fmemopen(text, len, "r");

        again = gv_file_source_new(in, &params, &e);
        fuzz_must(again != NULL && params == options.params);
        gv_file_source_free(again);
        fclose(in);
    } else {
        fuzz_must_say(&e);
    }
    fclose(options.out);
    free(text);
}

static void
auction(struct gv_rpcclient *rpc, const char *id)
{
    struct gv_cli cli = {.params = gv_params_find("regtest"),
                         .keys = gv_keys_new(NULL),
                         .rpc = rpc,
                         .status = json_object()};
    struct gv_pubkey key = {{1}};
    struct gv_auction a;
    struct gv_fold_row row;
    char hex[65];

    if (gv_auction_fetch(&cli, id, &a) == GV_EXIT_OK) {
        const struct gv_offer offer = {1000, a.open.terms.lots};

        fuzz_must(strcasecmp(gv_hex(a.open.id.b, 32, hex), id) == 0);
        if (gv_auction_try(&cli, &a, &key, &offer, &row) == GV_EXIT_OK)
            fuzz_must(row.bid.amount == 1000);
        gv_auction_clear(&a);
    }
    json_decref(cli.status);
    gv_keys_free(cli.keys);
}

static void
credential(struct gv_rpcclient *rpc, const char *key)
{
    struct gv_est_expect expect = {.params = gv_params_find("regtest"),
                                   .keys = gv_keys_new(NULL)};
    struct gv_pubkey issuer;
    struct gv_error e = {""};
    struct gv_cred cred;

    if (gv_unhex(key, expect.ledger.b, 32) == GV_OK) {
        if (gv_est_credential(rpc, &expect, &cred, &issuer, &e) == GV_OK) {
            fuzz_must(GV_ID_EQ(&cred.key, &expect.ledger));
            fuzz_must(cred.role == GV_ROLE_USER);
        } else {
            fuzz_must_say(&e);
        }
    }
    gv_keys_free((struct gv_keys *)(uintptr_t)expect.keys);
}

/* The signer has no credential, so no OPEN of its turns out well. */
static void
publish(struct gv_rpcclient *rpc)
{
    static const uint8_t seed[32] = {7};
    const struct gv_params *params = gv_params_find("regtest");
    struct gv_make_open what = {.title = gv_bytes("a", 1)};
    struct gv_rpcclient_error error = {0};
    struct gv_keys *keys = gv_keys_new(seed);
    struct gv_signer signer = {.keys = keys, .ledger = {{[31] = 1}}};
    struct gv_chain_id id;

    gv_terms_default(params, &what.terms);
    fuzz_must(gv_publish_auction(rpc, &signer, params, &what, &id, &error) !=
              GV_OK);
    fuzz_must_say(&error.e);
    gv_rpcclient_error_clear(&error);
    gv_keys_free(keys);
}

static void
send_bid(struct gv_rpcclient *rpc)
{
    struct gv_rpcclient_error error = {0};
    json_t *result = NULL;

    if (gv_publish_stamped(rpc, gv_bytes("bid", 3), gv_bytes(NULL, 0), false,
                           &result, &error) == GV_OK)
        fuzz_must(result != NULL);
    else
        fuzz_must(gv_publish_retry_ms(&error) <= 60000);
    json_decref(result);
    gv_rpcclient_error_clear(&error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    struct gv_rpcclient rpc = {.left = text};
    const char *ask = strsep(&rpc.left, "\n");
    const char *name = ask[0] != '\0' && ask[1] == ' ' ? ask + 2 : "";

    switch (ask[0]) {
    case 'd':
        dump(&rpc);
        break;
    case 'a':
        auction(&rpc, name);
        break;
    case 'c':
        credential(&rpc, name);
        break;
    case 'p':
        publish(&rpc);
        break;
    case 'b':
        send_bid(&rpc);
        break;
    }
    free(text);
    return 0;
}
