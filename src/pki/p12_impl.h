/* p12_impl.h - the inside of a keystore, for src/pki/p12*.c. */
#ifndef GAVEL_PKI_P12_IMPL_H
#define GAVEL_PKI_P12_IMPL_H

#include <openssl/pkcs12.h>

#include "src/pki/p12.h"

struct p12_entry {
    char *alias;
    enum gv_p12_kind kind;
    X509 *cert;
    X509_SIG *sealed; /* of a key entry */
};

struct gv_p12 {
    struct p12_entry *entries;
    size_t n;
    STACK_OF(X509) * others; /* certificates of no entry: chains, mostly */
    unsigned rounds;
};

/* The same alias? */
bool p12_same(const char *a, const char *b);

/* Append an entry and take what it holds, also when it fails (why DUPLICATE,
 * or GV_FAULT). */
enum gv_rc p12_append(struct gv_p12 *p12, struct p12_entry entry,
                      struct gv_pki_error *x) GV_MUST_CHECK;

/* --- reading --- */

#define P12_BAGS_MAX (4 * GV_P12_ENTRIES_MAX)

/* One bag as it was found; what it holds moves into an entry. */
struct p12_bag {
    char *alias; /* of malloc, or NULL */
    const ASN1_OCTET_STRING *id;
    PKCS12_SAFEBAG *from; /* owns id */
    X509 *cert;
    X509_SIG *sealed;
    bool trusted;
};

struct p12_reading {
    const PKCS12 *file;
    struct gv_bytes password;
    struct gv_pki_error *x;
    ASN1_OBJECT *trusted; /* Java's attribute */
    uint64_t rounds;      /* of key derivation, so far */
    struct p12_bag bags[P12_BAGS_MAX];
    size_t n;
    struct gv_p12 *out;
};

/* "the keystore WHY" with why DAMAGED; "out of memory". */
enum gv_rc p12_damaged(const struct p12_reading *r, const char *why);
enum gv_rc p12_no_memory(const struct p12_reading *r);

/* The bags become the entries of r->out. */
enum gv_rc p12_make_entries(struct p12_reading *r) GV_MUST_CHECK;

#endif
