/* list.c - what the list commands share (wallet/list.h). */
#include "wallet/list.h"

#include "wallet/json.h"

json_t *
gv_list_params(const struct gv_cli *cli)
{
    const char *after = gv_config_string(cli->config, "after");
    bool open = gv_config_bool(cli->config, "open");
    bool closed = gv_config_bool(cli->config, "closed");

    if (open && closed) {
        gv_cli_fail(cli, GV_EXIT_USAGE,
                    "--open and --closed exclude each "
                    "other; without both, all are listed");
        return NULL;
    }
    return json_pack("{ss sI ss* sb}", "status",
                     open     ? "open"
                     : closed ? "closed"
                              : "all",
                     "limit", (json_int_t)gv_config_int(cli->config, "limit"),
                     "after", after, "reverse",
                     gv_config_bool(cli->config, "reverse"));
}

/* A list of what is mine has what one key did. To ask for a pseudonym's would
 * tell the node whose it is (W20). */
static void
warn_of_pseudonyms(const struct gv_cli *cli)
{
    if (json_object_size(gv_wallet_tokens(cli->wallet)) > 0)
        gv_cli_warn(cli,
                    "warning: what this wallet does under pseudonyms is not in "
                    "this list, or the node would learn whose they are: gavel "
                    "agenda and gavel watch tell of it");
}

int
gv_list_id(struct gv_cli *cli, json_t *params, const char *option,
           const char *param, bool me)
{
    const char *text = gv_config_string(cli->config, option);
    struct gv_persona id;
    char hex[65];
    int code;

    if (text == NULL)
        return GV_EXIT_OK;
    if (me && strcmp(text, "me") == 0) {
        code = gv_cli_identity(cli, false, &id);
        if (code == GV_EXIT_OK) {
            gv_hex(id.key.b, 32, hex);
            warn_of_pseudonyms(cli);
        }
    } else {
        code = gv_cli_id(cli, text, option, hex);
    }
    if (code == GV_EXIT_OK)
        json_object_set_new(params, param, json_string(hex));
    return code;
}

int
gv_list_range(struct gv_cli *cli, json_t *params, const char *from,
              const char *to, uint64_t per_ms)
{
    uint64_t from_ms = 0, to_ms = UINT64_MAX / per_ms;
    int code = gv_cli_read_time(cli, "from", &from_ms);

    if (code == GV_EXIT_OK)
        code = gv_cli_read_time(cli, "to", &to_ms);
    if (code != GV_EXIT_OK)
        return code;
    if (from_ms >= to_ms)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--from must be before --to");
    if (gv_config_is_set(cli->config, "from"))
        json_object_set_new(params, from, gv_json_from_u64(from_ms * per_ms));
    if (gv_config_is_set(cli->config, "to"))
        json_object_set_new(params, to, gv_json_from_u64(to_ms * per_ms));
    return GV_EXIT_OK;
}

int
gv_list_print(struct gv_cli *cli, json_t *params,
              const struct gv_list_view *view)
{
    json_t *answer, *row;
    struct gv_columns *t;
    const char *next;
    size_t i;
    int code = gv_cli_call(cli, view->method, params, &answer);

    if (code != GV_EXIT_OK)
        return code;
    json_array_foreach(json_object_get(answer, view->member), i, row)
    {
        if (view->add != NULL)
            view->add(cli, row);
    }
    if (cli->json) {
        gv_cli_print(cli, answer);
        return GV_EXIT_OK;
    }
    t = gv_columns_new(view->heads);
    json_array_foreach(json_object_get(answer, view->member), i, row)
        view->row(t, row);
    if (gv_config_bool(cli->config, "csv"))
        gv_columns_csv(t, stdout);
    else
        gv_columns_print(t, stdout, view->nothing);
    gv_columns_free(t);
    next = gv_json_text(answer, "next");
    if (*next != '\0')
        fprintf(stderr, "more: --after %s\n", next);
    json_decref(answer);
    return GV_EXIT_OK;
}
