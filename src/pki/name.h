/*
 * name.h - what X.509 names are compared by (docs/spec/ttp.md, T16).
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_PKI_NAME_H
#define GAVEL_PKI_NAME_H

#include <gavel/types.h>
#include <openssl/types.h>

/* SHA256 over the name's entries in order, each: length of the type's OID u32,
 * length of the text u32, OID content, text as UTF-8 with ASCII letters
 * lower-cased; the same for all string types and cases. GV_OK or GV_FAULT. */
enum gv_rc gv_x509_name_hash(const X509_NAME *name,
                             uint8_t out32[32]) GV_MUST_CHECK;

#endif
