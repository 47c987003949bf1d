/*
 * attach.h - pictures and documents of an auction: OPEN has their SHA-256 in
 * the order of --attach, the files are handed out by their seller
 * (docs/spec/wallet.md, W46).
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_ATTACH_H
#define GAVEL_WALLET_ATTACH_H

#include <gavel/open.h>
#include <stdio.h>

#include "wallet/cli.h"
#include "wallet/make.h"

/* SHA-256 of a regular file of any size. An exit code. */
int gv_attach_hash(const struct gv_cli *cli, const char *path,
                   struct gv_hash *out) GV_MUST_CHECK;

/* If --attach is given: its files, or the hashes that it gives as
 * GV_ATTACH_MARK and 64 hex digits, in place of those of *what. An exit code.
 */
#define GV_ATTACH_MARK "sha256:"
int gv_attach_read(struct gv_cli *cli, struct gv_make_open *what) GV_MUST_CHECK;

/* The place of a file's hash among those of OPEN, from 1; 0: it is none. */
unsigned gv_attach_place(const struct gv_open *o, const struct gv_hash *hash);

/* Lines for people. */
void gv_attach_print(const struct gv_hash *list, unsigned n, FILE *out);

#endif
