/*
 * secret.h - random bytes, passphrases, and keeping them out of core dumps.
 *
 * Thread-safety: no shared state; reading a passphrase from the terminal is
 * for one thread of a program.
 */
#ifndef GAVEL_BASE_SECRET_H
#define GAVEL_BASE_SECRET_H

#include <gavel/types.h>

#include "src/base/error.h"

/* A passphrase is at most this long, without its newline. */
#define GV_PASSPHRASE_MAX 1024

/* NUL-terminated; wipe with gv_wipe(p, sizeof(*p)) when done. */
struct gv_passphrase {
    size_t len;
    char text[GV_PASSPHRASE_MAX + 1];
};

struct gv_passphrase_source {
    const char *file;   /* read the first line of this file; "-" is stdin;
                         * NULL: ask on the terminal */
    const char *prompt; /* shown on the terminal, as "Wallet passphrase" */
    bool confirm;       /* ask twice on the terminal, both must agree */
};

/* len bytes from getrandom(2). GV_OK or GV_FAULT (then out is zeroed). */
enum gv_rc gv_random(void *out, size_t len) GV_MUST_CHECK;

/* Forbid core dumps and ptrace by others of the same user for this process;
 * call first in main of every program that touches keys. GV_OK or GV_FAULT. */
enum gv_rc gv_no_core_dumps(void) GV_MUST_CHECK;

/* Read a passphrase with terminal echo off, or from a file or stdin. The
 * first line counts, without "\n" or "\r\n"; it may be empty. With neither
 * file nor terminal, stdin is read. GV_OK; GV_REJECT if too long, holding a
 * NUL, missing, or not confirmed; GV_FAULT if it cannot be read. */
enum gv_rc gv_passphrase_read(const struct gv_passphrase_source *source,
                              struct gv_passphrase *out,
                              struct gv_error *e) GV_MUST_CHECK;

#endif
