/* cmd_auction_create.c - gavel auction create: OPEN and its listing. */
#include <stdlib.h>

#include "wallet/commands.h"
#include "wallet/opening.h"
#include "wallet/preset.h"
#include "wallet/terms.h"

static int
create(struct gv_cli *cli, const char *text)
{
    struct gv_make_open what = {.text = gv_bytes(text, strlen(text))};
    struct gv_terms_lists lists = {.allowed = NULL};
    int code = gv_opening_title(cli, &what);

    if (code == GV_EXIT_OK)
        code = gv_terms_from_options(cli, &what.terms, &lists);
    what.hidden_reserve = lists.hidden_reserve;
    if (code == GV_EXIT_OK)
        code = gv_opening_run(cli, &what);
    gv_terms_lists_clear(&lists);
    return code;
}

static int
run(struct gv_cli *cli)
{
    const char *path = gv_config_string(cli->config, "text");
    struct gv_persona id;
    char *text = NULL;
    int code;

    if (gv_preset_is_help(cli)) {
        gv_preset_print(cli);
        return GV_EXIT_OK;
    }
    code = gv_cli_identity(cli, true, &id);
    if (code != GV_EXIT_OK)
        return code;
    if (path != NULL) {
        text = gv_cli_read_text(cli, path);
        if (text == NULL)
            return GV_EXIT_USAGE;
    }
    code = create(cli, text == NULL ? "" : text);
    free(text);
    return code;
}

const struct gv_command gv_cmd_auction_create = {
    .config = {.name = "auction create",
               .help = "Open an auction and list it in the directory.",
               .options = gv_terms_options,
               .n_options = GV_TERMS_OPTIONS,
               .more_options = gv_opening_options,
               .n_more = GV_OPENING_OPTIONS},
    .run = run};
