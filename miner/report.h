/*
 * report.h - what gavel-miner tells: events and figures, as lines for people
 * on stderr or as lines of JSON on stdout.
 *
 *   2026-01-02 03:04:05 UTC accepted 1f2e3d4c (2 chains)
 *   {"event": "accepted", "time_ms": 1767323045000, "template": "1f2e...",
 *    "chains": 2}                                             (one line)
 *
 * For people, new templates are not listed, and a terminal has a last line
 * that is rewritten with the speed and the counts. In JSON there are the
 * events online, offline, work, no-work, accepted, stale, rejected, done,
 * refused, status (every 10th) and end; text, template and chains are there
 * where they apply.
 *
 * Thread-safety: every function but new and free may be called from any
 * thread.
 */
#ifndef MINER_REPORT_H
#define MINER_REPORT_H

#include "miner/bench.h"
#include "miner/miner.h"

struct gv_report;

/* NULL: no memory. */
struct gv_report *gv_report_new(bool json);
void gv_report_free(struct gv_report *report);

void gv_report_event(struct gv_report *report,
                     const struct gv_miner_event *event);

/* About once a second: figures so far. */
void gv_report_status(struct gv_report *report,
                      const struct gv_miner_stats *stats);
/* Once, last: figures in all. */
void gv_report_end(struct gv_report *report,
                   const struct gv_miner_stats *stats);

/* One line on stdout. */
void gv_report_bench(struct gv_report *report, const struct gv_bench_row *row);

#endif
