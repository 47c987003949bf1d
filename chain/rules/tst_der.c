/* tst_der.c - a strict DER cursor for the token walker. */
#include "chain/rules/tst_der.h"

static void
fail(struct tst_der *d, const char *field)
{
    if (*d->bad == NULL)
        *d->bad = field;
    d->left = 0;
}

struct tst_der
tst_der_open(struct gv_bytes in, const char **bad)
{
    return (struct tst_der){in.p, in.len, bad};
}

uint8_t
tst_der_peek(const struct tst_der *d)
{
    return *d->bad == NULL && d->left > 0 ? d->p[0] : 0;
}

/* Length of the element at p and of its head; false unless the length has the
 * shortest form and fits in left. */
static bool
measure(const uint8_t *p, size_t left, size_t *head, size_t *len)
{
    if (left < 2)
        return false;
    if (p[1] < 0x80) {
        *head = 2;
        *len = p[1];
    } else if (p[1] == 0x81 && left >= 3 && p[2] >= 0x80) {
        *head = 3;
        *len = p[2];
    } else if (p[1] == 0x82 && left >= 4 && p[2] != 0) {
        *head = 4;
        *len = (size_t)p[2] << 8 | p[3];
    } else {
        return false;
    }
    return *len <= left - *head;
}

struct gv_bytes
tst_der_get(struct tst_der *d, uint8_t tag, const char *field)
{
    size_t head, len;
    struct gv_bytes out;

    if (tst_der_peek(d) != tag || !measure(d->p, d->left, &head, &len)) {
        fail(d, field);
        return gv_bytes(NULL, 0);
    }
    out = gv_bytes(d->p + head, len);
    d->p += head + len;
    d->left -= head + len;
    return out;
}

struct tst_der
tst_der_enter(struct tst_der *d, uint8_t tag, const char *field)
{
    return tst_der_open(tst_der_get(d, tag, field), d->bad);
}

void
tst_der_exact(struct tst_der *d, const void *want, size_t len,
              const char *field)
{
    if (*d->bad != NULL || d->left < len || memcmp(d->p, want, len) != 0) {
        fail(d, field);
        return;
    }
    d->p += len;
    d->left -= len;
}

struct gv_bytes
tst_der_natural(struct tst_der *d, uint8_t tag, size_t max, const char *field)
{
    struct gv_bytes v = tst_der_get(d, tag, field);
    bool ok = v.len > 0 && v.len <= max && v.p[0] < 0x80 &&
              !(v.len > 1 && v.p[0] == 0 && v.p[1] < 0x80);

    tst_der_require(d, ok, field);
    return ok ? v : gv_bytes(NULL, 0);
}

struct gv_bytes
tst_der_oid(struct tst_der *d, const char *field)
{
    struct gv_bytes v = tst_der_get(d, TST_DER_OID, field);
    bool ok = v.len > 0 && v.len <= 32 && v.p[v.len - 1] < 0x80;

    /* A number inside must not start with a zero digit. */
    for (size_t i = 0; ok && i < v.len; i++)
        if (v.p[i] == 0x80 && (i == 0 || v.p[i - 1] < 0x80))
            ok = false;
    tst_der_require(d, ok, field);
    return ok ? v : gv_bytes(NULL, 0);
}

static bool
is_string(uint8_t tag)
{
    return tag == 0x0c || tag == 0x13 || tag == 0x14 || tag == 0x16 ||
           tag == 0x1c || tag == 0x1e;
}

void
tst_der_name(struct tst_der *d, const char *field)
{
    struct tst_der name = tst_der_enter(d, TST_DER_SEQUENCE, field);

    while (tst_der_peek(&name) != 0) {
        struct tst_der rdn = tst_der_enter(&name, TST_DER_SET, field);
        struct tst_der pair = tst_der_enter(&rdn, TST_DER_SEQUENCE, field);
        uint8_t tag;

        tst_der_end(&rdn, field);
        (void)tst_der_oid(&pair, field);
        tag = tst_der_peek(&pair);
        tst_der_require(&pair, is_string(tag), field);
        (void)tst_der_get(&pair, tag, field);
        tst_der_end(&pair, field);
    }
    tst_der_end(&name, field);
}

void
tst_der_end(struct tst_der *d, const char *field)
{
    tst_der_require(d, d->left == 0, field);
}

void
tst_der_require(struct tst_der *d, bool ok, const char *field)
{
    if (!ok)
        fail(d, field);
}

uint64_t
tst_der_value(struct gv_bytes content)
{
    uint64_t v = 0;

    for (size_t i = 0; i < content.len; i++)
        v = v << 8 | content.p[i];
    return v;
}
