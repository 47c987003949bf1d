/* report.c - see report.h. */
#include "miner/report.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define TICKS 10 /* the speed is that of the last so many */

struct figure {
    uint64_t ms, hashes;
};

struct gv_report {
    pthread_mutex_t lock;
    bool json, terminal;
    bool line; /* the status line stands on the terminal */
    uint64_t start_ms;
    struct figure past[TICKS];
    unsigned tick; /* where in past the oldest is */
};

static const char *const names[] = {
    [GV_MINER_ONLINE] = "online",     [GV_MINER_OFFLINE] = "offline",
    [GV_MINER_WORK] = "work",         [GV_MINER_NO_WORK] = "no-work",
    [GV_MINER_ACCEPTED] = "accepted", [GV_MINER_STALE] = "stale",
    [GV_MINER_REJECTED] = "rejected", [GV_MINER_DONE] = "done",
    [GV_MINER_REFUSED] = "refused"};

static uint64_t
clock_ms(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

struct gv_report *
gv_report_new(bool json)
{
    struct gv_report *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    pthread_mutex_init(&r->lock, NULL);
    r->json = json;
    r->terminal = !json && isatty(STDERR_FILENO) == 1;
    r->start_ms = clock_ms(CLOCK_MONOTONIC);
    for (unsigned i = 0; i < TICKS; i++)
        r->past[i].ms = r->start_ms;
    return r;
}

void
gv_report_free(struct gv_report *r)
{
    if (r == NULL)
        return;
    pthread_mutex_destroy(&r->lock);
    free(r);
}

/* --- lines; with the lock held --- */

static void
print_json(json_t *line)
{
    json_dumpf(line, stdout, 0);
    fputc('\n', stdout);
    fflush(stdout);
    json_decref(line);
}

static json_t *
json_line(const char *event)
{
    return json_pack("{s:s, s:I}", "event", event, "time_ms",
                     (json_int_t)clock_ms(CLOCK_REALTIME));
}

static void
event_json(const struct gv_miner_event *event)
{
    json_t *line = json_line(names[event->kind]);

    if (event->template[0] != '\0')
        json_object_set_new(line, "template", json_string(event->template));
    if (event->kind == GV_MINER_WORK || event->kind == GV_MINER_ACCEPTED)
        json_object_set_new(line, "chains",
                            json_integer((json_int_t)event->chains));
    if (event->text[0] != '\0')
        json_object_set_new(line, "text", json_string(event->text));
    print_json(line);
}

static void
clear_line(struct gv_report *r)
{
    if (r->line)
        fputs("\r\033[K", stderr);
    r->line = false;
}

static void
event_text(struct gv_report *r, const struct gv_miner_event *event)
{
    const time_t now = time(NULL);
    struct tm utc;
    char at[32];

    if (event->kind == GV_MINER_WORK)
        return;
    strftime(at, sizeof(at), "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&now, &utc));
    clear_line(r);
    fprintf(stderr, "%s %s", at, names[event->kind]);
    if (event->template[0] != '\0')
        fprintf(stderr, " %.8s", event->template);
    if (event->kind == GV_MINER_ACCEPTED)
        fprintf(stderr, " (%" PRIu64 " chain%s)", event->chains,
                event->chains == 1 ? "" : "s");
    if (event->text[0] != '\0')
        fprintf(stderr, ": %s", event->text);
    fputc('\n', stderr);
}

static uint64_t
per_second(uint64_t hashes, uint64_t ms)
{
    return ms == 0 ? 0 : (uint64_t)((double)hashes * 1000 / (double)ms);
}

static void
figures_json(const char *event, const struct gv_miner_stats *s, uint64_t rate)
{
    json_t *line = json_line(event);
    json_t *figures = json_pack(
        "{s:I, s:I, s:I, s:I, s:I}", "hashes_per_s", (json_int_t)rate, "hashes",
        (json_int_t)s->hashes, "accepted", (json_int_t)s->accepted, "stale",
        (json_int_t)s->stale, "rejected", (json_int_t)s->rejected);

    json_object_update(line, figures);
    json_decref(figures);
    print_json(line);
}

static void
figures_text(const struct gv_miner_stats *s, uint64_t rate)
{
    fprintf(stderr,
            "%.2f MH/s, accepted %" PRIu64 ", stale %" PRIu64
            ", rejected %" PRIu64,
            (double)rate / 1e6, s->accepted, s->stale, s->rejected);
}

/* --- what others call --- */

void
gv_report_event(struct gv_report *r, const struct gv_miner_event *event)
{
    pthread_mutex_lock(&r->lock);
    if (r->json)
        event_json(event);
    else
        event_text(r, event);
    pthread_mutex_unlock(&r->lock);
}

void
gv_report_status(struct gv_report *r, const struct gv_miner_stats *stats)
{
    const struct figure now = {clock_ms(CLOCK_MONOTONIC), stats->hashes};
    struct figure old;
    uint64_t rate;

    pthread_mutex_lock(&r->lock);
    old = r->past[r->tick];
    r->past[r->tick] = now;
    r->tick = (r->tick + 1) % TICKS;
    rate = per_second(now.hashes - old.hashes, now.ms - old.ms);
    if (r->terminal) {
        clear_line(r);
        figures_text(stats, rate);
        fflush(stderr);
        r->line = true;
    } else if (r->json && r->tick == 0) {
        figures_json("status", stats, rate);
    }
    pthread_mutex_unlock(&r->lock);
}

void
gv_report_end(struct gv_report *r, const struct gv_miner_stats *stats)
{
    const uint64_t ms = clock_ms(CLOCK_MONOTONIC) - r->start_ms;
    const uint64_t rate = per_second(stats->hashes, ms);

    pthread_mutex_lock(&r->lock);
    if (r->json) {
        figures_json("end", stats, rate);
    } else {
        clear_line(r);
        fputs("in all: ", stderr);
        figures_text(stats, rate);
        fputc('\n', stderr);
    }
    pthread_mutex_unlock(&r->lock);
}

void
gv_report_bench(struct gv_report *r, const struct gv_bench_row *row)
{
    const double rate = (double)row->hashes * 1e9 / (double)row->ns;

    pthread_mutex_lock(&r->lock);
    if (r->json) {
        print_json(json_pack("{s:s, s:s, s:I, s:I}", "event", "benchmark",
                             "kernel", row->kernel, "threads",
                             (json_int_t)row->threads, "hashes_per_s",
                             (json_int_t)rate));
    } else {
        printf("%-8s %4u thread%s %9.2f MH/s\n", row->kernel, row->threads,
               row->threads == 1 ? " " : "s", rate / 1e6);
        fflush(stdout);
    }
    pthread_mutex_unlock(&r->lock);
}
