/* cmd_epoch_create.c - gavel epoch create: have issuer and notaries offer
 * pseudonyms to sellers (docs/spec/identity.md, I43). */
#include <stdlib.h>

#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/publish.h"
#include "wallet/seats.h"
#include "wallet/seller.h"

/* What the services agree to, and nothing else (I43). */
#define EPOCH_MS (UINT64_C(30) * 86400000)
#define EPOCH_SEATS 16
#define EPOCH_CUT 10

/* The latest end among the epochs of this issuer, or now. */
static int
find_start(struct gv_cli *cli, const struct gv_pubkey *issuer, uint64_t *out)
{
    json_t *list, *row;
    char hex[65];
    size_t i;
    int code = gv_cli_call(cli, "listepochs", NULL, &list);

    if (code != GV_EXIT_OK)
        return code;
    *out = gv_cli_now_ms();
    gv_hex(issuer->b, 32, hex);
    json_array_foreach(list, i, row)
    {
        uint64_t end = gv_json_u64(row, "end_ms");

        if (strcmp(gv_json_text(row, "issuer"), hex) == 0 && end > *out)
            *out = end;
    }
    json_decref(list);
    return GV_EXIT_OK;
}

static uint8_t *
encode(const struct gv_epoch *e, bool whole, size_t *len)
{
    struct gv_sink count = gv_sink_count(), s;
    void (*put)(struct gv_sink *, const struct gv_epoch *) =
        whole ? gv_epoch_put : gv_epoch_put_preimage;
    uint8_t *out;

    put(&count, e);
    out = count.failed ? NULL : malloc(count.len);
    if (out == NULL)
        return NULL;
    s = gv_sink_buffer(out, count.len);
    put(&s, e);
    *len = count.len;
    return out;
}

/* Have it signed, put together and sent. */
static int
serve(struct gv_cli *cli, struct gv_seats *seats, struct gv_epoch *e)
{
    struct gv_rpcclient_error error = {0};
    struct gv_error why = {""};
    size_t len = 0;
    uint8_t *raw = encode(e, false, &len);
    enum gv_rc rc;

    if (raw == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "cannot encode the EPOCH");
    rc = gv_seats_serve(seats, gv_bytes(raw, len), cli->keys, &why);
    free(raw);
    if (rc != GV_OK)
        return gv_cli_fail(cli, rc == GV_REJECT ? GV_EXIT_FAILED : GV_EXIT_NODE,
                           "%s", why.text);
    e->desk.issuer_pop = seats->issuer.pop;
    for (unsigned i = 0; i < seats->notaries; i++)
        e->desk.notary_pop[i] = seats->notary[i].pop;
    raw = encode(e, true, &len);
    if (raw == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "cannot encode the EPOCH");
    rc = gv_publish_tx(cli->rpc, gv_bytes(raw, len), &error);
    free(raw);
    if (rc != GV_OK) {
        int code = gv_cli_fail_rpc(cli, rc, &error);

        gv_rpcclient_error_clear(&error);
        return code;
    }
    gv_rpcclient_error_clear(&error);
    return GV_EXIT_OK;
}

static int
create(struct gv_cli *cli, const struct gv_signer *who, struct gv_epoch *e)
{
    const struct gv_seats_wish wish = {
        .anonymous = true, .all = true, .cut_log2 = EPOCH_CUT};
    struct gv_seats seats;
    int code = gv_seats_open(cli, &wish, who, &seats);

    if (code != GV_EXIT_OK)
        return code;
    gv_seats_fill(&seats, &e->desk);
    e->desk.registry = cli->params->registry;
    e->seats = EPOCH_SEATS;
    code = find_start(cli, &e->desk.issuer.cred.key, &e->start_ms);
    e->end_ms = e->start_ms + EPOCH_MS;
    if (code == GV_EXIT_OK)
        code = serve(cli, &seats, e);
    gv_epoch_id(e);
    gv_seats_clear(&seats);
    return code;
}

static int
run(struct gv_cli *cli)
{
    struct gv_epoch *e = calloc(1, sizeof(*e));
    struct gv_signer who;
    char hex[65], time[40];
    int code = e != NULL ? gv_signer_open(cli, &who)
                         : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");

    if (code == GV_EXIT_OK) {
        if (gv_cli_status(cli, &code) != NULL)
            code = create(cli, &who, e);
        gv_signer_clear(&who);
    }
    if (code == GV_EXIT_OK) {
        gv_hex(e->desk.id.b, 32, hex);
        if (cli->json)
            gv_cli_print(cli, json_pack("{ss so so}", "epoch", hex, "start_ms",
                                        gv_json_from_u64(e->start_ms), "end_ms",
                                        gv_json_from_u64(e->end_ms)));
        else
            printf("%s until %s\n", hex, gv_cli_time(e->end_ms * 1000, time));
    }
    free(e);
    return code;
}

const struct gv_command gv_cmd_epoch_create = {
    .config = {.name = "epoch create",
               .help = "Have the token issuer and all notaries offer "
                       "pseudonyms to sellers for 30 days. It says nothing "
                       "about who sells."},
    .run = run};
