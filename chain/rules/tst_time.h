/*
 * tst_time.h - the two time forms of DER, in their one canonical spelling.
 *
 * Thread-safety: pure.
 */
#ifndef GAVEL_CHAIN_RULES_TST_TIME_H
#define GAVEL_CHAIN_RULES_TST_TIME_H

#include "gavel/types.h"

/* GeneralizedTime "YYYYMMDDhhmmss[.f]Z" to microseconds since 1970: seconds
 * 00 to 59 and mandatory, f of 1 to 6 digits not ending in 0, years 2000 to
 * 2200, a date that exists. */
bool tst_time_general(struct gv_bytes text, uint64_t *us);

/* UTCTime "YYMMDDhhmmssZ", years 2000 to 2049. */
bool tst_time_utc(struct gv_bytes text);

#endif
