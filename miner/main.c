/*
 * main.c - gavel-miner: options, signals, exit codes.
 *
 * SIGINT and SIGTERM are blocked in every thread and read here from a
 * descriptor, so that no code runs inside a signal handler.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "miner/bench.h"
#include "miner/miner.h"
#include "miner/report.h"
#include "miner/settings.h"
#include "src/base/secret.h"

#define TICK_MS 1000

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NODE = 3 };

struct program {
    struct gv_settings settings;
    struct gv_report *report;
    int signal_fd, end_fd; /* readable: stop; the miner has ended */
    _Atomic int code;      /* why it has ended */
};

static int
fail(int code, const char *text)
{
    fprintf(stderr, "gavel-miner: %s\n", text);
    return code;
}

static void
on_event(void *ctx, const struct gv_miner_event *event)
{
    struct program *p = ctx;
    const uint64_t one = 1;

    gv_report_event(p->report, event);
    if (event->kind != GV_MINER_DONE && event->kind != GV_MINER_REFUSED)
        return;
    if (event->kind == GV_MINER_REFUSED)
        p->code = EXIT_NODE;
    if (write(p->end_fd, &one, sizeof(one)) != sizeof(one))
        p->code = EXIT_FAILED;
}

/* Until a signal, or until the miner has ended. */
static int
watch(struct program *p, struct gv_miner *miner)
{
    struct pollfd fds[] = {{.fd = p->signal_fd, .events = POLLIN},
                           {.fd = p->end_fd, .events = POLLIN}};

    for (;;) {
        const int n = poll(fds, 2, TICK_MS);
        struct gv_miner_stats stats;

        if (n > 0)
            return p->code;
        if (n < 0 && errno != EINTR)
            return fail(EXIT_FAILED, "poll fails");
        stats = gv_miner_stats(miner);
        if (stats.broken)
            return fail(EXIT_FAILED, "the kernel computes wrongly on this "
                                     "CPU; choose another with --kernel");
        gv_report_status(p->report, &stats);
    }
}

static int
mine(struct program *p)
{
    const struct gv_settings *s = &p->settings;
    struct gv_miner_options options = {.node = s->node.node,
                                       .cookie = s->node.cookie,
                                       .roots = s->node.roots,
                                       .cert_file = s->node.cert_file,
                                       .key_file = s->node.key_file,
                                       .kernel = s->kernel,
                                       .threads = s->threads,
                                       .strategy = s->strategy,
                                       .blocks = s->blocks,
                                       .event = on_event,
                                       .ctx = p};
    struct gv_miner_stats stats;
    struct gv_miner *miner;
    struct gv_error e;
    enum gv_rc rc;
    int code;

    if (gv_random(&options.seed, sizeof(options.seed)) != GV_OK)
        return fail(EXIT_FAILED, "the system gives no random numbers");
    rc = gv_miner_new(&options, &miner, &e);
    if (rc != GV_OK)
        return fail(rc == GV_REJECT ? EXIT_USAGE : EXIT_FAILED, e.text);
    code = watch(p, miner);
    stats = gv_miner_stats(miner);
    gv_miner_free(miner);
    gv_report_end(p->report, &stats);
    return code;
}

static void
on_row(void *ctx, const struct gv_bench_row *row)
{
    const struct program *p = ctx;

    gv_report_bench(p->report, row);
}

static int
benchmark(struct program *p)
{
    const struct gv_settings *s = &p->settings;
    const struct gv_bench_options options = {.kernel = s->kernel,
                                             .strategy = s->strategy,
                                             .threads = s->threads,
                                             .ms = s->benchmark * 1000,
                                             .stop_fd = p->signal_fd,
                                             .row = on_row,
                                             .ctx = p};

    if (gv_bench_run(&options) == GV_FAULT)
        return fail(EXIT_FAILED, "cannot start threads, or a kernel computes "
                                 "wrongly on this CPU");
    return EXIT_OK;
}

static bool
open_program(struct program *p)
{
    sigset_t stops;

    sigemptyset(&stops);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    if (pthread_sigmask(SIG_BLOCK, &stops, NULL) != 0)
        return false;
    p->signal_fd = signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
    p->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    p->report = gv_report_new(p->settings.json);
    return p->signal_fd >= 0 && p->end_fd >= 0 && p->report != NULL;
}

static int
run(struct program *p)
{
    if (!open_program(p))
        return fail(EXIT_FAILED, "out of memory or descriptors");
    return p->settings.benchmark > 0 ? benchmark(p) : mine(p);
}

static void
close_program(struct program *p)
{
    gv_report_free(p->report);
    if (p->signal_fd >= 0)
        close(p->signal_fd);
    if (p->end_fd >= 0)
        close(p->end_fd);
    gv_settings_clear(&p->settings);
}

int
main(int argc, char **argv)
{
    struct program p = {.signal_fd = -1, .end_fd = -1};
    struct gv_error e = {""};
    int code = EXIT_OK;

    if (gv_settings_read(argc, argv, environ, &p.settings, &e) != GV_OK) {
        code = fail(EXIT_USAGE, e.text);
    } else {
        switch (gv_config_wish(p.settings.config)) {
        case GV_CONFIG_HELP:
            gv_config_print_help(p.settings.config, stdout);
            break;
        case GV_CONFIG_VERSION:
            gv_config_print_version(p.settings.config, stdout);
            break;
        case GV_CONFIG_RUN:
            code = run(&p);
            break;
        }
    }
    close_program(&p);
    if (fflush(stdout) != 0 && code == EXIT_OK)
        return EXIT_FAILED;
    return code;
}
