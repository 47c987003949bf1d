/* web_call.c - the commands that the page may run (wallet/web_call.h). */
#include "wallet/web_call.h"

#include <stdlib.h>
#include <string.h>

#include "wallet/commands.h"
#include "wallet/courier.h"

#define WORDS_MAX 192 /* 64 lots, 16 attachments, and the rest */

/* --allowed, --text and the like come as texts. What reads other files, or
 * makes and moves keys, is not here. */
static const struct gv_web_call calls[] = {
    {"status", &gv_cmd_status, false, " ", " "},
    {"auction list", &gv_cmd_auction_list, false,
     " open closed limit after reverse owner id ", " "},
    {"auction show", &gv_cmd_auction_show, false, " ", " "},
    {"auction outcome", &gv_cmd_auction_outcome, false,
     " open closed limit after reverse bidder verify explain ", " "},
    {"auction simulate", &gv_cmd_auction_simulate, false, NULL, " allowed "},
    {"bid list", &gv_cmd_bid_list, false,
     " open closed limit after reverse id auction bidder mined ", " "},
    {"bid show", &gv_cmd_bid_show, false, " proof ", " "},
    {"bid why", &gv_cmd_bid_why, false, " ", " "},
    {"record", &gv_cmd_record, false, " ", " "},
    {"auction create", &gv_cmd_auction_create, true, NULL, " text allowed "},
    {"auction close", &gv_cmd_auction_close, true, " cancel ", " "},
    {"auction open", &gv_cmd_auction_open, true, " ", " "},
    {"auction relist", &gv_cmd_auction_relist, true,
     " title open-at authorities validators seller notaries bid-notaries cut "
     "all dry-run ",
     " text "},
    {"auction accept", &gv_cmd_auction_accept, true, " price dry-run ", " "},
    {"settle", &gv_cmd_settle, true, " lot ", " "},
    {"bid place", &gv_cmd_bid_place, true, " force dry-run wait kind lot ",
     " "},
    {"bid open", &gv_cmd_bid_open, true, " ", " "},
    {"enrol", &gv_cmd_enrol, true, " name wait ", " secret-file "},
    {"identity disclose", &gv_cmd_identity_disclose, true, " lot ", " "},
    {"restore", &gv_cmd_restore, true, " offline ", " words-file "},
};

/* A command line, of heap strings. */
struct line {
    char *word[WORDS_MAX];
    int n;
    bool failed;
};

const struct gv_web_call *
gv_web_call_find(const char *name)
{
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        if (strcmp(calls[i].name, name) == 0)
            return &calls[i];
    return NULL;
}

static void __attribute__((format(printf, 2, 3)))
add(struct line *l, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (l->n == WORDS_MAX || vasprintf(&l->word[l->n], format, args) < 0)
        l->failed = true;
    else
        l->n++;
    va_end(args);
}

static void
line_clear(struct line *l)
{
    for (int i = 0; i < l->n; i++)
        free(l->word[i]);
}

static bool
is_among(const char *list, const char *name)
{
    char padded[64];

    snprintf(padded, sizeof(padded), " %s ", name);
    return strlen(name) < 60 && strstr(list, padded) != NULL;
}

/* Options NULL in the table: all that the command has, but for the texts. */
static bool
may_have(const struct gv_web_call *call, const char *name)
{
    const struct gv_config_command *c = &call->command->config;

    if (call->wallet && strcmp(name, "as") == 0)
        return true;
    if (call->options != NULL)
        return is_among(call->options, name);
    for (size_t i = 0; i < c->n_options; i++)
        if (strcmp(c->options[i].name, name) == 0)
            return !is_among(call->texts, name);
    for (size_t i = 0; i < c->n_more; i++)
        if (strcmp(c->more_options[i].name, name) == 0)
            return !is_among(call->texts, name);
    return false;
}

/* One value of an option. */
static int
add_option(const struct gv_cli *cli, const char *name, const json_t *v,
           struct line *l)
{
    if (json_is_string(v))
        add(l, "--%s=%s", name, json_string_value(v));
    else if (json_is_integer(v))
        add(l, "--%s=%" JSON_INTEGER_FORMAT, name, json_integer_value(v));
    else if (json_is_boolean(v))
        add(l, "--%s=%s", name, json_is_true(v) ? "yes" : "no");
    else
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "%.40s: neither text, number nor bool", name);
    return GV_EXIT_OK;
}

static int
add_options(const struct gv_cli *cli, const struct gv_web_call *call,
            const json_t *options, struct line *l)
{
    int code = GV_EXIT_OK;
    const char *name;
    json_t *v, *one;
    size_t i;

    json_object_foreach((json_t *)options, name, v)
    {
        if (!may_have(call, name))
            return gv_cli_fail(cli, GV_EXIT_USAGE, "%.40s: no such option",
                               name);
        /* What may be given several times comes as an array. */
        if (!json_is_array(v))
            code = add_option(cli, name, v, l);
        json_array_foreach(v, i, one)
        {
            if (code == GV_EXIT_OK)
                code = add_option(cli, name, one, l);
        }
        if (code != GV_EXIT_OK)
            return code;
    }
    return GV_EXIT_OK;
}

static int
add_texts(const struct gv_cli *cli, const struct gv_web_call *call,
          const json_t *texts, struct line *l)
{
    const char *name;
    json_t *v;

    json_object_foreach((json_t *)texts, name, v)
    {
        if (!is_among(call->texts, name) || !json_is_string(v))
            return gv_cli_fail(cli, GV_EXIT_USAGE, "%.40s: no such text", name);
        add(l, "--%s=%s", name, name);
    }
    return GV_EXIT_OK;
}

static int
add_arguments(const struct gv_cli *cli, const json_t *arguments, struct line *l)
{
    const json_t *v;
    size_t i;

    add(l, "--");
    json_array_foreach(arguments, i, v)
    {
        if (!json_is_string(v))
            return gv_cli_fail(cli, GV_EXIT_USAGE, "an argument is no string");
        add(l, "%s", json_string_value(v));
    }
    return GV_EXIT_OK;
}

static int
make_line(const struct gv_cli *cli, const struct gv_web_call *call,
          const json_t *request, struct line *l)
{
    const char *blank = strchr(call->name, ' ');
    int code;

    add(l, "gavel");
    add(l, "%.*s", (int)strcspn(call->name, " "), call->name);
    if (blank != NULL)
        add(l, "%s", blank + 1);
    add(l, "--yes");
    code = add_options(cli, call, json_object_get(request, "options"), l);
    if (code == GV_EXIT_OK)
        code = add_texts(cli, call, json_object_get(request, "texts"), l);
    if (code == GV_EXIT_OK)
        code = add_arguments(cli, json_object_get(request, "arguments"), l);
    if (code == GV_EXIT_OK && l->failed)
        code = gv_cli_fail(cli, GV_EXIT_USAGE, "too many words, or no memory");
    return code;
}

int
gv_web_call_run(struct gv_cli *cli, const struct gv_web_call *call,
                const json_t *request)
{
    struct gv_config *whole = cli->config;
    struct gv_config *c = gv_config_new(cli->program);
    struct gv_error e = {"out of memory"};
    struct line l = {.n = 0};
    int code = make_line(cli, call, request, &l);

    if (code == GV_EXIT_OK &&
        (c == NULL || gv_config_flags(c, l.n, l.word, &e) != GV_OK ||
         gv_config_inherit(c, whole, &e) != GV_OK))
        code = gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
    if (code == GV_EXIT_OK) {
        cli->config = c;
        cli->front->texts = json_object_get(request, "texts");
        code = call->command->run(cli);
        gv_courier_free(cli->courier); /* the next call looks anew */
        cli->courier = NULL;
        cli->front->texts = NULL;
        cli->config = whole;
    }
    gv_config_free(c);
    line_clear(&l);
    return code;
}

json_t *
gv_web_call_answer(struct gv_cli_front *front, json_t *warnings)
{
    json_t *answer =
        json_pack("{so? so? so? so}", "result",
                  front->error == NULL ? json_incref(front->result) : NULL,
                  "error", json_incref(front->error), "files",
                  json_incref(front->files), "warnings", warnings);

    json_decref(front->result);
    json_decref(front->error);
    json_decref(front->files);
    front->result = front->error = front->files = NULL;
    return answer;
}
