/*
 * tst_der.h - a strict DER cursor for the token walker.
 *
 * Only what a token needs: one-byte tags, definite lengths in their shortest
 * form, up to 65,535 bytes. A cursor over the inside of an element shares its
 * parent's failure slot, so a walk reads as a straight line and is judged
 * once at its end: after the first failure every read yields empty bytes and
 * *bad names the part that failed.
 *
 * Thread-safety: a cursor belongs to one thread.
 */
#ifndef GAVEL_CHAIN_RULES_TST_DER_H
#define GAVEL_CHAIN_RULES_TST_DER_H

#include "gavel/types.h"

enum tst_der_tag {
    TST_DER_BOOLEAN = 0x01,
    TST_DER_INTEGER = 0x02,
    TST_DER_OCTETS = 0x04,
    TST_DER_OID = 0x06,
    TST_DER_UTC_TIME = 0x17,
    TST_DER_TIME = 0x18,
    TST_DER_SEQUENCE = 0x30,
    TST_DER_SET = 0x31,
    TST_DER_CONTEXT_0 = 0xa0,  /* constructed [0]; [n] is + n */
    TST_DER_PRIMITIVE_0 = 0x80 /* primitive [0]; [n] is + n */
};

struct tst_der {
    const uint8_t *p;
    size_t left;
    const char **bad; /* shared by a walk; *bad is NULL while all is well */
};

/* A cursor over in; bad must point to a NULL slot that outlives the walk. */
struct tst_der tst_der_open(struct gv_bytes in, const char **bad);

/* Tag of the next element, 0 at the end or after a failure. */
uint8_t tst_der_peek(const struct tst_der *d);

/* Content of the next element, which must have this tag. field: a string
 * constant naming it. */
struct gv_bytes tst_der_get(struct tst_der *d, uint8_t tag, const char *field);
/* A cursor over that content. */
struct tst_der tst_der_enter(struct tst_der *d, uint8_t tag, const char *field);
/* The next bytes must be exactly these. */
void tst_der_exact(struct tst_der *d, const void *want, size_t len,
                   const char *field);
/* A non-negative INTEGER in its shortest form, of at most max content bytes;
 * the content, with the leading zero byte DER may need. */
struct gv_bytes tst_der_natural(struct tst_der *d, uint8_t tag, size_t max,
                                const char *field);
/* An OBJECT IDENTIFIER of 1 to 32 content bytes. */
struct gv_bytes tst_der_oid(struct tst_der *d, const char *field);
/* A Name whose RDNs hold one string attribute each. */
void tst_der_name(struct tst_der *d, const char *field);
/* Nothing may be left. */
void tst_der_end(struct tst_der *d, const char *field);
/* Fail the walk when ok is false. */
void tst_der_require(struct tst_der *d, bool ok, const char *field);

/* Big-endian value of at most 8 bytes. */
uint64_t tst_der_value(struct gv_bytes content);

#endif
