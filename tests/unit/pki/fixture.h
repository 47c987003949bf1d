/*
 * fixture.h - a small tree of certificates for the tests of src/pki: a root,
 * a CA below it, a server below the root, a user below the CA.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_TESTS_UNIT_PKI_FIXTURE_H
#define GAVEL_TESTS_UNIT_PKI_FIXTURE_H

#include <stdlib.h>

#include "src/pki/chain.h"
#include "tests/support/support.h"

#define FIXTURE_NOW 1800000000000ull /* 2027 */
#define FIXTURE_DAY 86400000ull

struct fixture_id {
    EVP_PKEY *key;
    X509 *cert;
};

struct fixture {
    struct fixture_id root, ca, server, user;
    struct gv_pki_error x;
};

/* Valid from a day before FIXTURE_NOW to `days` after it. issuer NULL:
 * self-signed. */
static inline struct fixture_id
fixture_issue(enum gv_x509_kind kind, const char *name,
              const struct fixture_id *issuer, int days)
{
    static const char *const names[] = {"localhost", "127.0.0.1"};
    struct fixture_id id = {.key = gv_x509_key_new_for(kind)};
    struct gv_x509_issue issue = {
        .kind = kind,
        .subject_key = id.key,
        .common_name = name,
        .issuer = issuer != NULL ? issuer->cert : NULL,
        .issuer_key = issuer != NULL ? issuer->key : id.key,
        .not_before_ms = FIXTURE_NOW - FIXTURE_DAY,
        .not_after_ms = FIXTURE_NOW + (uint64_t)days * FIXTURE_DAY,
        .names = names,
        .n_names = kind == GV_X509_TLS_SERVER ? 2 : 0};
    struct gv_error e;

    id.cert = gv_x509_issue(&issue, &e);
    if (id.key == NULL || id.cert == NULL)
        support_die("cannot issue %s", name);
    return id;
}

static inline void
fixture_id_free(struct fixture_id *id)
{
    EVP_PKEY_free(id->key);
    X509_free(id->cert);
}

static inline void
fixture_make(struct fixture *f)
{
    f->root = fixture_issue(GV_X509_ROOT, "root", NULL, 1000);
    f->ca = fixture_issue(GV_X509_CA, "ca", &f->root, 500);
    f->server = fixture_issue(GV_X509_TLS_SERVER, "server", &f->root, 100);
    f->user = fixture_issue(GV_X509_USER, "user", &f->ca, 100);
}

static inline void
fixture_free(struct fixture *f)
{
    fixture_id_free(&f->root);
    fixture_id_free(&f->ca);
    fixture_id_free(&f->server);
    fixture_id_free(&f->user);
}

/* A stack of references to up to four certificates; NULLs are left out. */
static inline STACK_OF(X509) * fixture_stack(X509 *a, X509 *b, X509 *c, X509 *d)
{
    X509 *all[] = {a, b, c, d};
    STACK_OF(X509) *out = sk_X509_new_null();

    for (size_t i = 0; i < 4; i++)
        if (all[i] != NULL && gv_chain_add(out, all[i]) != GV_OK)
            support_die("out of memory");
    return out;
}

static inline struct gv_bytes
fixture_text(const char *text)
{
    return gv_bytes(text, strlen(text));
}

#endif
