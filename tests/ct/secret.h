/*
 * secret.h - marks for valgrind: what may not decide a branch or an address.
 *
 * Under memcheck, "undefined" bytes are tracked through copies and arithmetic,
 * and a jump or an index that depends on one is reported. Marking secrets
 * undefined makes of that a check that code runs in constant time (the method
 * is Adam Langley's). What a library or the outside world gets is declared
 * public first: only our own code is checked.
 */
#ifndef GAVEL_TESTS_CT_SECRET_H
#define GAVEL_TESTS_CT_SECRET_H

#include <valgrind/memcheck.h>

static inline void
secret(void *p, size_t len)
{
    (void)VALGRIND_MAKE_MEM_UNDEFINED(p, len);
}

static inline void
declassify(void *p, size_t len)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(p, len);
}

#endif
