/* support.c - scratch directories, hex and random numbers for tests. */
#include "tests/support/support.h"

#include "gavel/types.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

void
support_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fprintf(stderr, "test support: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    exit(1);
}

/* --- scratch directory --- */

void
support_dir_make(struct support_dir *dir)
{
    const char *base = getenv("TMPDIR");
    int n = snprintf(dir->path, sizeof(dir->path), "%s/gavel-test-XXXXXX",
                     base != NULL && base[0] != '\0' ? base : "/tmp");

    if (n < 0 || (size_t)n >= sizeof(dir->path))
        support_die("TMPDIR is too long");
    if (mkdtemp(dir->path) == NULL)
        support_die("cannot make %s", dir->path);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void
support_dir_remove(struct support_dir *dir)
{
    if (nftw(dir->path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        support_die("cannot remove %s", dir->path);
}

/* --- hex --- */

void
support_unhex(const char *hex, void *out, size_t len)
{
    if (strlen(hex) != 2 * len || gv_unhex(hex, out, len) != GV_OK)
        support_die("not %zu bytes of hex: %s", len, hex);
}

uint8_t *
support_unhex_new(const char *hex, size_t *len)
{
    uint8_t *out = malloc(strlen(hex) / 2 + 1);

    if (out == NULL)
        support_die("no memory");
    *len = strlen(hex) / 2;
    support_unhex(hex, out, *len);
    return out;
}

bool
support_hex_is(const void *p, size_t len, const char *hex)
{
    size_t n;
    uint8_t *want = support_unhex_new(hex, &n);
    bool same = n == len && memcmp(p, want, n) == 0;

    free(want);
    return same;
}

void
support_unbase64(const char *text, void *out, size_t len)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t *p = out;
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;

    for (; *text != '\0' && *text != '='; text++) {
        const char *at = strchr(alphabet, *text);

        if (at == NULL)
            support_die("not base64: %s", text);
        bits = (bits << 6 | (uint32_t)(at - alphabet)) & 0xffffff;
        have += 6;
        if (have < 8)
            continue;
        have -= 8;
        if (n == len)
            support_die("base64 of more than %zu bytes", len);
        p[n++] = (uint8_t)(bits >> have);
    }
    if (n != len)
        support_die("base64 of %zu bytes, not %zu", n, len);
}

/* --- random numbers --- */

struct support_rng
support_rng_new(void)
{
    struct support_rng rng;
    const char *given = getenv("GAVEL_SEED");

    if (given != NULL)
        rng.state = strtoull(given, NULL, 0);
    else if (getrandom(&rng.state, sizeof(rng.state), 0) !=
             (ssize_t)sizeof(rng.state))
        support_die("getrandom failed");
    printf("GAVEL_SEED=0x%016llx\n", (unsigned long long)rng.state);
    return rng;
}

uint64_t
support_rng_u64(struct support_rng *rng)
{
    uint64_t z = rng->state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

uint64_t
support_rng_below(struct support_rng *rng, uint64_t bound)
{
    return support_rng_u64(rng) % bound;
}

void
support_rng_bytes(struct support_rng *rng, void *out, size_t len)
{
    uint8_t *p = out;

    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)(support_rng_u64(rng) >> 56);
}
