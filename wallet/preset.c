/* preset.c - common kinds of auctions (wallet/preset.h). */
#include "wallet/preset.h"

#include "wallet/columns.h"

#define VALUES_MAX 8

struct value {
    const char *option, *text;
};

/* Amounts are whole units, which every currency has. */
struct preset {
    const char *name, *help;
    const char *needs; /* an option that only the seller can fill, or NULL */
    struct value value[VALUES_MAX];
};

static const struct preset presets[] = {
    {"english",
     "open bids, each one at least 1 more than the highest; a day",
     NULL,
     {{"min-first", "1"}, {"min-step", "1"}, {"limit", "1d"}}},
    {"timed-softclose",
     "as english, nobody closes it early, and it stays open five minutes after "
     "each bid, an hour more at most",
     NULL,
     {{"min-first", "1"},
      {"min-step", "1"},
      {"limit", "1d"},
      {"soft-close", "5m"},
      {"soft-cap", "1h"},
      {"close", "never"}}},
    {"proxy",
     "each bids how far he would go; the highest pays one increment more than "
     "the next; a day",
     NULL,
     {{"pricing", "second"}, {"min-first", "1"}, {"limit", "1d"}}},
    {"vickrey",
     "one bid each, seen by all; the highest pays what the next one bid; a "
     "day, "
     "nobody closes it early",
     NULL,
     {{"pricing", "vickrey"},
      {"min-first", "1"},
      {"per-bidder", "1"},
      {"limit", "1d"},
      {"close", "never"}}},
    {"first-price",
     "one bid each, seen by all; the highest pays what he bid; a day, nobody "
     "closes it early",
     NULL,
     {{"min-first", "1"},
      {"per-bidder", "1"},
      {"limit", "1d"},
      {"close", "never"}}},
    {"sealed",
     "one bid each, sealed until the close, when notaries open all; the "
     "highest "
     "pays what the next one bid; a day, nobody closes it early",
     NULL,
     {{"sealed", "yes"},
      {"pricing", "vickrey"},
      {"min-first", "1"},
      {"per-bidder", "1"},
      {"limit", "1d"},
      {"close", "never"}}},
    {"tender",
     "you buy: one bid each, or one for each --lot, sealed until the close, "
     "when notaries open all; the lowest wins and is paid what it asks, at "
     "most "
     "--min-first; a day, nobody closes it early",
     "min-first",
     {{"sealed", "yes"},
      {"direction", "reverse"},
      {"per-bidder", "1"},
      {"limit", "1d"},
      {"close", "never"}}},
    {"reverse",
     "you buy: the lowest bid wins, each one at least 1 lower, from "
     "--min-first "
     "down; a day",
     "min-first",
     {{"direction", "reverse"}, {"min-step", "1"}, {"limit", "1d"}}},
    {"dutch",
     "a clock falls by 1 a minute from --start down to 1; the first bid wins, "
     "at the price that it shows",
     "start",
     {{"direction", "dutch"}, {"floor", "1"}, {"drop", "1"}, {"every", "1m"}}},
    {"buy-now",
     "as english, but a first bid of --buy-now ends it at once at that price",
     "buy-now",
     {{"min-first", "1"}, {"min-step", "1"}, {"limit", "1d"}}},
};
#define PRESETS (sizeof(presets) / sizeof(presets[0]))

bool
gv_preset_is_help(const struct gv_cli *cli)
{
    const char *name = gv_config_string(cli->config, "preset");

    return name != NULL && strcmp(name, "help") == 0;
}

void
gv_preset_print(const struct gv_cli *cli)
{
    json_t *list = json_array();

    for (size_t i = 0; i < PRESETS; i++) {
        const struct preset *p = &presets[i];
        json_t *options = json_object();

        if (!cli->json)
            gv_columns_line(stdout, p->name, "%s", p->help);
        for (size_t j = 0; j < VALUES_MAX && p->value[j].option; j++)
            json_object_set_new(options, p->value[j].option,
                                json_string(p->value[j].text));
        json_array_append_new(list, json_pack("{ss ss ss? so}", "preset",
                                              p->name, "help", p->help, "needs",
                                              p->needs, "options", options));
    }
    if (cli->json)
        gv_cli_print(cli, list);
    else
        json_decref(list);
}

static const struct preset *
find(const char *name)
{
    for (size_t i = 0; i < PRESETS; i++)
        if (strcmp(presets[i].name, name) == 0)
            return &presets[i];
    return NULL;
}

int
gv_preset_apply(struct gv_cli *cli)
{
    const char *name = gv_config_string(cli->config, "preset");
    const struct preset *p = name != NULL ? find(name) : NULL;
    struct gv_error e;
    enum gv_rc rc = GV_OK;

    if (name == NULL)
        return GV_EXIT_OK;
    if (p == NULL)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--preset: '%.40s' is none of them; --preset help "
                           "lists them",
                           name);
    if (p->needs != NULL && !gv_config_is_set(cli->config, p->needs))
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--preset %s: it needs --%s",
                           p->name, p->needs);
    for (size_t i = 0; i < VALUES_MAX && p->value[i].option && rc == GV_OK; i++)
        rc = gv_config_preset(cli->config, p->value[i].option, p->value[i].text,
                              "--preset", &e);
    return rc == GV_OK ? GV_EXIT_OK
                       : gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
}
