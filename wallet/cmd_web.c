/* cmd_web.c - gavel web: the wallet as a page in a browser on this machine. */
#include <signal.h>
#include <unistd.h>

#include "wallet/commands.h"
#include "wallet/web.h"

static const struct gv_config_option options[] = {
    {.name = "bind",
     .fallback = "127.0.0.1:0",
     .help = "Where to serve the page: a loopback address of this machine, and "
             "a port (0: any free).",
     .argument = "ADDRESS:PORT"},
};

/* Links open the page once. The first is the result; the others are for a
 * person who looks at the terminal. */
struct links {
    bool json, first;
};

static void
tell_link(void *arg, const char *link)
{
    struct links *l = arg;

    if (!l->first) {
        fprintf(stderr,
                "gavel: the link was used; for another tab or browser:\n%s\n",
                link);
        return;
    }
    l->first = false;
    if (l->json)
        printf("{\"link\": \"%s\"}\n", link);
    else
        printf("%s\n", link);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "gavel: open this link in a browser on this machine; "
                        "it works once. Ctrl-C ends.\n");
    fflush(stdout);
}

/* The wallet open, or a passphrase for the one that the page makes. */
static int
take_wallet(struct gv_cli *cli, struct gv_passphrase *pass, bool *fresh)
{
    int code = GV_EXIT_OK;

    *fresh = !gv_wallet_exists(cli->wallet_dir);
    if (!*fresh)
        return gv_cli_wallet(cli);
    if (gv_cli_params(cli, &code) == NULL)
        return code;
    fprintf(stderr,
            "gavel: there is no wallet in %s yet; the page will make one, "
            "encrypted with this passphrase\n",
            cli->wallet_dir);
    return gv_cli_passphrase(cli, true, pass);
}

static int
serve(struct gv_cli *cli, const struct gv_passphrase *pass,
      const sigset_t *ending)
{
    struct links links = {.json = cli->json, .first = true};
    const struct gv_web_options o = {.cli = cli,
                                     .pass = pass,
                                     .address =
                                         gv_config_string(cli->config, "bind"),
                                     .tell_link = tell_link,
                                     .arg = &links};
    struct gv_error e;
    struct gv_web *web = gv_web_open(&o, &e);
    int signal, code = GV_EXIT_OK;

    if (web == NULL)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
    if (gv_web_start(web, &e) == GV_OK)
        sigwait(ending, &signal);
    else
        code = GV_EXIT_FAILED;
    gv_web_close(web);
    return code == GV_EXIT_OK ? code : gv_cli_fail(cli, code, "%s", e.text);
}

static int
run(struct gv_cli *cli)
{
    const char *address = gv_config_string(cli->config, "bind");
    struct gv_passphrase pass = {.len = 0};
    sigset_t ending;
    bool fresh;
    int code;

    if (!gv_web_is_loopback(address))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--bind: '%.60s': expected a loopback address of "
                           "this machine and a port, as 127.0.0.1:8480: the "
                           "page acts with the wallet",
                           address);
    code = take_wallet(cli, &pass, &fresh);
    if (code == GV_EXIT_OK) {
        /* From here on every thread leaves these to sigwait. */
        sigemptyset(&ending);
        sigaddset(&ending, SIGINT);
        sigaddset(&ending, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &ending, NULL);
        code = serve(cli, fresh ? &pass : NULL, &ending);
    }
    gv_wipe(&pass, sizeof(pass));
    return code;
}

const struct gv_command gv_cmd_web = {
    .config = {.name = "web",
               .help = "Serve the wallet as a page for a browser on this "
                       "machine, until ended by Ctrl-C or SIGTERM. Other "
                       "commands of the same wallet wait as long.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
