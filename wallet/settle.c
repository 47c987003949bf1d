/* settle.c - what became of a sale (wallet/settle.h). */
#include "wallet/settle.h"

#include <gavel/verify.h>
#include <inttypes.h>
#include <stdlib.h>

#include "wallet/columns.h"
#include "wallet/json.h"
#include "wallet/publish.h"
#include "wallet/seller.h"
#include "wallet/service.h"
#include "wallet/tsa.h"

/* --- what the node lists --- */

static const json_t *
row_of(const struct gv_auction *a, size_t i)
{
    return json_array_get(json_object_get(a->info, "awards"), i);
}

bool
gv_sale_read(const struct gv_auction *a, size_t i, struct gv_sale *out)
{
    const json_t *row = row_of(a, i);

    *out = (struct gv_sale){.award = 0};
    if (row == NULL || gv_json_u64(row, "award") >= GV_AWARD_NUMBERS)
        return false;
    out->award = (uint8_t)gv_json_u64(row, "award");
    out->price = gv_json_u64(row, "price");
    out->pay_by_us = gv_json_u64(row, "pay_by_us");
    out->final = gv_json_bool(row, "final");
    return gv_json_hex(row, "winner", out->winner.b, 32) &&
           gv_json_hex(row, "made", out->made.b, 32);
}

static void
print_says(FILE *out, const char *who, const json_t *words)
{
    const json_t *one;
    size_t i;

    json_array_foreach(words, i, one)
    {
        gv_columns_line(out, who, "says %s", json_string_value(one));
    }
}

static void
print_sale(const struct gv_auction *a, const json_t *row, FILE *out)
{
    char amount[40], time[40];
    uint64_t pay_by = gv_json_u64(row, "pay_by_us");

    gv_columns_line(
        out, "award", "%" PRIu64 " to %s for %s: %s", gv_json_u64(row, "award"),
        gv_json_text(row, "winner"),
        gv_auction_amount(row, "price", &a->open.terms.currency, amount),
        gv_json_text(row, "standing"));
    if (pay_by != 0)
        gv_columns_line(out, "pay by", "%s", gv_cli_time(pay_by, time));
    print_says(out, "seller", json_object_get(row, "seller_says"));
    print_says(out, "winner", json_object_get(row, "winner_says"));
}

/* Than the outcome does: it is to be paid by a time, or somebody has said
 * something of it. */
static bool
says_more(const json_t *row)
{
    return gv_json_u64(row, "award") > 0 || gv_json_u64(row, "pay_by_us") > 0 ||
           json_array_size(json_object_get(row, "seller_says")) > 0 ||
           json_array_size(json_object_get(row, "winner_says")) > 0;
}

void
gv_sales_print(const struct gv_auction *a, FILE *out)
{
    const json_t *chance = json_object_get(a->info, "second_chance");
    const json_t *row;
    char amount[40];

    for (size_t i = 0; (row = row_of(a, i)) != NULL; i++)
        if (says_more(row))
            print_sale(a, row, out);
    if (json_is_object(chance))
        gv_columns_line(out, "second chance", "open to %s for %s",
                        gv_json_text(chance, "bidder"),
                        gv_auction_amount(chance, "price",
                                          &a->open.terms.currency, amount));
}

/* --- who speaks --- */

int
gv_speaker_find(struct gv_cli *cli, const struct gv_auction *a,
                const struct gv_signer *who, struct gv_speaker *out)
{
    struct gv_trace trace;
    enum gv_rc rc;
    int code;

    memset(out, 0, sizeof(*out));
    out->signer = who;
    out->seller = GV_ID_EQ(&a->open.seller.key, &who->key);
    if (out->seller || a->open.terms.identity != GV_ANONYMOUS)
        return GV_EXIT_OK;
    code = gv_anonymous_seek(cli, a, who, &trace);
    if (code != GV_EXIT_OK)
        return code;
    gv_trace_clear(&trace);
    rc = gv_anonymous_find(cli, a, who, &out->me);
    if (rc == GV_ABSENT) {
        rc = gv_seller_find(cli, a, who, true, &out->me);
        out->seller = rc == GV_OK;
    }
    out->signer = &out->me.signer;
    if (rc == GV_ABSENT)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "this identity neither sells nor bids here");
    return rc == GV_OK ? GV_EXIT_OK : GV_EXIT_WALLET;
}

/* --- tokens of a default --- */

/* As the CUTOFF that carries it alone would be, over this imprint and past the
 * time to pay. */
static bool
is_good(struct gv_cli *cli, const struct gv_auction *a,
        const struct gv_pins *pins, const struct gv_tx_token *token,
        const uint8_t imprint[32], uint64_t past_us)
{
    struct gv_tx tx = {.kind = GV_TX_CUTOFF, .chain = a->open.id};
    struct gv_tx_facts facts;

    tx.u.cutoff.count = 1;
    tx.u.cutoff.token[0] = *token;
    return gv_tx_verify(&tx, pins, cli->keys, &facts, NULL) == GV_OK &&
           memcmp(facts.tst[0].imprint, imprint, 32) == 0 &&
           facts.tst[0].time_us > past_us;
}

/* Of all authorities in OPEN, until f + 1 tokens are there. */
static void
collect(struct gv_cli *cli, const struct gv_auction *a,
        const struct gv_sale *sale, const struct gv_service *list, size_t n,
        struct gv_tx_settle *t, uint8_t *room)
{
    struct gv_pins *pins = gv_pins_auction(&a->open, NULL);
    unsigned least = gv_open_f(&a->open) + 1;
    uint8_t imprint[32];

    gv_settle_imprint(&a->open.id, &sale->made, sale->award, imprint);
    for (unsigned i = 0;
         pins != NULL && i < a->open.authority_count && t->count < least; i++) {
        struct gv_tsa_way way;
        struct gv_error e = {"the registry does not say where it is"};
        struct gv_tx_token *to = &t->token[t->count];
        uint8_t *bytes = room + (size_t)t->count * GV_TOKEN_MAX;
        size_t len = 0;

        bool found =
            gv_tsa_way_of(cli->params, &a->open.authority[i], list, n, &way);

        way.proxy = gv_config_string(cli->config, "proxy");
        if (!found || gv_tsa_ask(&way, imprint, bytes, &len, &e) != GV_OK) {
            gv_cli_warn(cli, "%s: %s", way.name, e.text);
            continue;
        }
        *to = (struct gv_tx_token){(uint8_t)i, gv_bytes(bytes, len)};
        if (is_good(cli, a, pins, to, imprint, sale->pay_by_us))
            t->count++;
        else
            gv_cli_warn(cli, "%s: its token is not good", way.name);
    }
    gv_pins_free(pins);
}

int
gv_sale_tokens(struct gv_cli *cli, const struct gv_auction *a,
               const struct gv_sale *sale, struct gv_tx_settle *t,
               uint8_t **tokens)
{
    struct gv_service *list = calloc(GV_SERVICES_MAX, sizeof(*list));
    size_t n = 0;
    int code;

    *tokens = malloc((size_t)GV_AUTHORITIES_MAX * GV_TOKEN_MAX);
    code = list != NULL && *tokens != NULL
               ? gv_services_find(cli, GV_ROLE_TSA, list, &n)
               : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    if (code == GV_EXIT_OK)
        collect(cli, a, sale, list, n, t, *tokens);
    free(list);
    if (code == GV_EXIT_OK && t->count < gv_open_f(&a->open) + 1)
        code = gv_cli_fail(cli, GV_EXIT_FAILED,
                           "%u of %u time-stamping authorities say that the "
                           "time to pay is over",
                           t->count, gv_open_f(&a->open) + 1);
    return code;
}

/* --- sending --- */

int
gv_sale_send(struct gv_cli *cli, const struct gv_signer *s, struct gv_tx *tx)
{
    struct gv_rpcclient_error error = {0};
    size_t len = 0;
    uint8_t *raw = gv_make_signed(s, tx, &len);
    enum gv_rc rc;
    int code = GV_EXIT_OK;

    if (raw == NULL)
        return gv_cli_fail(cli, GV_EXIT_WALLET, "cannot sign");
    rc = gv_publish_tx(cli->rpc, gv_bytes(raw, len), &error);
    if (rc != GV_OK)
        code = gv_cli_fail_rpc(cli, rc, &error);
    gv_rpcclient_error_clear(&error);
    free(raw);
    return code;
}
