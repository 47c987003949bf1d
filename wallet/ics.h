/*
 * ics.h - appointments as an iCalendar file (RFC 5545), which calendars import.
 *
 * Times are in UTC, which every calendar shows in its own zone. Lines are
 * folded at 75 bytes, never within a UTF-8 sequence, and end in CR LF.
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_WALLET_ICS_H
#define GAVEL_WALLET_ICS_H

#include <stdint.h>
#include <stdio.h>

struct gv_appointment {
    const char *uid;     /* the same at every export, so that it is updated */
    const char *summary; /* one line */
    const char *text;    /* may have newlines */
    uint64_t at_ms;
    uint64_t alarm_s; /* so long before; 0: none */
};

/* Everything around the appointments. now_ms: when the file is made. */
void gv_ics_begin(FILE *out);
void gv_ics_put(FILE *out, const struct gv_appointment *a, uint64_t now_ms);
void gv_ics_end(FILE *out);

#endif
