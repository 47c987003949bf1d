/*
 * tsafile.h - a file that describes a time-stamping authority outside of the
 * network: any RFC 3161 server whose tokens have the form that counts
 * (docs/spec/ttp.md, T1 to T7 and T33). Who opens an auction reads it, and the
 * CA that is to agree.
 *
 * JSON, an object with these members and no others:
 *   operator     a line of up to 64 bytes, for people
 *   url          "http://HOST[:PORT]/PATH", where it answers; 8 to 200 bytes
 *   certificate  the name of a PEM file with its certificate, beside this one
 *                if it is no absolute path; P-256, or RSA of 2048 to 4096 bits
 *                with e = 65537; for time stamps, and valid now
 *   policy       "1.2.3", the OID under which it makes tokens; none of Gavel's
 *   accuracy_ms  1 to 3600000: a token's accuracy may not exceed it
 *   ordering     true: a token must say that its times are in order
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_CLIENT_TSAFILE_H
#define GAVEL_CLIENT_TSAFILE_H

#include <gavel/tst.h>

#include "src/base/error.h"

struct gv_tsafile {
    struct gv_authority a; /* points into this struct, which must not move */
    uint8_t key[512], policy[32];
    char operator_name[65], url[201];
};

/* GV_OK, or GV_REJECT with e set: it cannot be read, or is none. */
enum gv_rc gv_tsafile_read(const char *path, struct gv_tsafile *out,
                           struct gv_error *e) GV_MUST_CHECK;

#endif
