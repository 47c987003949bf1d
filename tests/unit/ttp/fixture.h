/*
 * fixture.h - a regtest node's role keys in a scratch directory, for tests.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_TESTS_UNIT_TTP_FIXTURE_H
#define GAVEL_TESTS_UNIT_TTP_FIXTURE_H

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "gavel/params.h"
#include "src/pki/rolekeys.h"
#include "tests/support/support.h"

struct fixture {
    struct support_dir dir;
    char ttp[PATH_MAX + 8];
    struct gv_keys *keys;
    const struct gv_params *params;
    struct gv_rolekeys roles;
};

static inline uint64_t
fixture_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000;
}

static inline struct gv_rolekeys_options
fixture_options(const struct fixture *f)
{
    return (struct gv_rolekeys_options){
        .dir = f->ttp,
        .datadir = f->dir.path,
        .params = f->params,
        .keys = f->keys,
        .roles = GV_ROLEKEYS_CA | GV_ROLEKEYS_TSA | GV_ROLEKEYS_TLS,
        .crl_url = "http://127.0.0.1/crl/root.crl",
        .now_ms = fixture_now()};
}

static inline void
fixture_make(struct fixture *f)
{
    static const uint8_t seed[32] = {7};
    struct gv_rolekeys_options o;
    struct gv_error e;

    support_dir_make(&f->dir);
    (void)snprintf(f->ttp, sizeof(f->ttp), "%s/ttp", f->dir.path);
    f->keys = gv_keys_new(seed);
    f->params = gv_params_find("regtest");
    if (f->keys == NULL || f->params == NULL)
        support_die("no keys or no regtest");
    o = fixture_options(f);
    if (gv_rolekeys_open(&o, &f->roles, &e) != GV_OK)
        support_die("%s", e.text);
}

static inline void
fixture_free(struct fixture *f)
{
    gv_rolekeys_clear(&f->roles);
    gv_keys_free(f->keys);
    support_dir_remove(&f->dir);
}

/* The certificate whose DER is the whole input. */
static inline X509 *
fixture_cert(struct gv_bytes der)
{
    const unsigned char *p = der.p;
    X509 *cert = d2i_X509(NULL, &p, (long)der.len);

    if (cert == NULL || p != der.p + der.len)
        support_die("no certificate of %zu bytes", der.len);
    return cert;
}

/* Write bytes to a file of the scratch directory. */
static inline void
fixture_write(const struct fixture *f, const char *name, const void *p,
              size_t len)
{
    char path[PATH_MAX + 64];
    FILE *out;

    (void)snprintf(path, sizeof(path), "%s/%s", f->dir.path, name);
    out = fopen(path, "wb");
    if (out == NULL || fwrite(p, 1, len, out) != len || fclose(out) != 0)
        support_die("cannot write %s", path);
}

/* Run a shell command in the scratch directory; its exit status. */
static inline int
fixture_shell(const struct fixture *f, const char *command)
{
    char line[PATH_MAX + 2048];

    (void)snprintf(line, sizeof(line), "cd '%s' && { %s ; } >log 2>&1",
                   f->dir.path, command);
    return system(line);
}

#endif
