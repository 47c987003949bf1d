/*
 * types.h - the words every part of Gavel shares: results, byte views, and
 * the 32-byte names.
 *
 * Each kind of name is a struct of its own, so that a block id passed where a
 * transaction id is meant does not compile. All of them are plain bytes in
 * the order they are hashed and printed; none is an integer.
 *
 * Result law. A function that can fail returns enum gv_rc:
 *   GV_OK      done, or FOUND for a look-up;
 *   GV_ABSENT  the look-up worked and there is no such thing;
 *   GV_REJECT  a verdict about data somebody sent; struct gv_reject says why;
 *   GV_FAULT   the environment failed (disk, memory, library). A fault is
 *              never a verdict: nobody's data is judged by it.
 *
 * Thread-safety: everything here is immutable data.
 */
#ifndef GAVEL_TYPES_H
#define GAVEL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum gv_rc { GV_OK = 0, GV_ABSENT = 1, GV_REJECT = 2, GV_FAULT = -1 };

#define GV_MUST_CHECK __attribute__((warn_unused_result))

/* A borrowed view of bytes; the owner must outlive it. p may be NULL only if
 * len is 0. */
struct gv_bytes {
    const uint8_t *p;
    size_t len;
};

static inline struct gv_bytes
gv_bytes(const void *p, size_t len)
{
    return (struct gv_bytes){p, len};
}

static inline bool
gv_bytes_eq(struct gv_bytes a, struct gv_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

struct gv_hash { /* any SHA-256 value that has no name of its own */
    uint8_t b[32];
};
struct gv_chain_id { /* the registry's or an auction's id (R12) */
    uint8_t b[32];
};
struct gv_block_id { /* H_tag("gavel/block", header): leaf of the work tree */
    uint8_t b[32];
};
struct gv_sealed_id { /* H_tag("gavel/sealed", block_id | seal): prev, votes */
    uint8_t b[32];
};
struct gv_tx_id { /* SHA256(0x00 | whole encoding): leaf of tx_root */
    uint8_t b[32];
};
struct gv_bid_id { /* H_tag("gavel/bid", core) */
    uint8_t b[32];
};
struct gv_pubkey { /* BIP340 x-only public key */
    uint8_t b[32];
};
struct gv_seckey { /* BIP340 secret key; wipe with gv_wipe */
    uint8_t b[32];
};
struct gv_sig { /* BIP340 signature */
    uint8_t b[64];
};
struct gv_seal { /* Bitcoin-format header (R10) */
    uint8_t b[80];
};

/* True when two names of one type are equal; x and y are pointers to the same
 * struct type, checked by the compiler. Not constant time: names are public. */
#define GV_ID_EQ(x, y)                                                         \
    (sizeof(char[1 - 2 * !__builtin_types_compatible_p(                        \
                             __typeof__(*(x)), __typeof__(*(y)))]) != 0 &&     \
     memcmp((x)->b, (y)->b, sizeof((x)->b)) == 0)

/* Bytewise order of two names of one type: <0, 0, >0. */
#define GV_ID_CMP(x, y) memcmp((x)->b, (y)->b, sizeof((x)->b))

/* Overwrite a secret so that the compiler cannot leave it out. */
void gv_wipe(void *p, size_t len);

/* Lower-case hex. out must hold 2 * len + 1 characters. Returns out. */
char *gv_hex(const void *in, size_t len, char *out);

/* Parse exactly 2 * len hex digits (either case) into out, then the end of
 * the string. GV_OK or GV_REJECT. */
enum gv_rc gv_unhex(const char *hex, void *out, size_t len) GV_MUST_CHECK;

#endif
