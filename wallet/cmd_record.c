/* cmd_record.c - gavel record: what became of a key's sales. */
#include <inttypes.h>

#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/json.h"

#define PAGES 10000 /* of a node that never ends */

static const char *const counts[] = {"sold",      "open",      "paid",
                                     "delivered", "defaulted", "disputed"};
#define COUNTS (sizeof(counts) / sizeof(counts[0]))

/* The ledger key of a fingerprint's certificate, by the registry. */
static int
key_of_fingerprint(struct gv_cli *cli, char hex[65])
{
    struct gv_pubkey key;
    json_t *cert;
    struct gv_rpcclient_error error = {0};
    enum gv_rc rc = gv_cli_try(
        cli, "getcert", json_pack("{ss}", "fingerprint", hex), &cert, &error);

    gv_rpcclient_error_clear(&error);
    if (rc == GV_FAULT)
        return GV_EXIT_NODE;
    if (rc == GV_OK) {
        if (gv_json_hex(cert, "key", key.b, 32))
            gv_hex(key.b, 32, hex);
        json_decref(cert);
    }
    return GV_EXIT_OK;
}

static int
read_key(struct gv_cli *cli, char hex[65])
{
    const char *text = gv_config_argument(cli->config, 0);
    struct gv_persona me;
    int code;

    if (strcmp(text, "me") == 0) {
        code = gv_cli_identity(cli, false, &me);
        if (code == GV_EXIT_OK)
            gv_hex(me.key.b, 32, hex);
        return code;
    }
    code = gv_cli_id(cli, text, "key", hex);
    return code == GV_EXIT_OK ? key_of_fingerprint(cli, hex) : code;
}

/* All pages, added up. */
static int
add_up(struct gv_cli *cli, const char *key, bool seller, json_t *sum)
{
    json_t *after = json_null();
    int code = GV_EXIT_OK;

    for (unsigned page = 0; page < PAGES; page++) {
        json_t *params = json_pack("{ss sb}", "key", key, "seller", seller);
        const json_t *record;
        json_t *answer;

        if (json_is_string(after))
            json_object_set(params, "after", after);
        json_decref(after);
        after = json_null();
        code = gv_cli_call(cli, "getrecord", params, &answer);
        if (code != GV_EXIT_OK)
            break;
        record = json_object_get(answer, "record");
        for (size_t i = 0; i < COUNTS; i++)
            json_object_set_new(
                sum, counts[i],
                json_integer((json_int_t)(gv_json_u64(sum, counts[i]) +
                                          gv_json_u64(record, counts[i]))));
        json_decref(after);
        after = json_incref(json_object_get(answer, "next"));
        json_decref(answer);
        if (!json_is_string(after))
            break;
    }
    json_decref(after);
    return code;
}

static void
print_side(const char *side, const json_t *sum)
{
    char text[200];
    size_t n = 0;

    for (size_t i = 0; i < COUNTS; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%" PRIu64 " %s",
                              i > 0 ? ", " : "", gv_json_u64(sum, counts[i]),
                              counts[i]);
    gv_columns_line(stdout, side, "%s", text);
}

static int
run(struct gv_cli *cli)
{
    json_t *seller = json_object(), *winner = json_object();
    char key[65];
    int code = read_key(cli, key);

    if (code == GV_EXIT_OK)
        code = add_up(cli, key, true, seller);
    if (code == GV_EXIT_OK)
        code = add_up(cli, key, false, winner);
    if (code == GV_EXIT_OK && cli->json) {
        gv_cli_print(cli, json_pack("{ss sO sO}", "key", key, "as_seller",
                                    seller, "as_winner", winner));
    } else if (code == GV_EXIT_OK) {
        gv_columns_line(stdout, "key", "%s", key);
        print_side("as seller", seller);
        print_side("as winner", winner);
    }
    json_decref(seller);
    json_decref(winner);
    return code;
}

const struct gv_command gv_cmd_record = {
    .config = {.name = "record",
               .help = "What became of the sales of a ledger key, by the words "
                       "of both sides in auctions with a final outcome.",
               .arguments = "KEY|FINGERPRINT|me",
               .min_arguments = 1,
               .max_arguments = 1},
    .run = run};
