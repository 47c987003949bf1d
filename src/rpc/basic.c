/* basic.c - see basic.h. */
#include "src/rpc/basic.h"

#include <openssl/evp.h>
#include <strings.h>

#define SCHEME "Basic "
#define BASE64_MAX (GV_BASIC_MAX / 3 * 4)

/* The library forgives what stands behind the text, counts padding as zero
 * bytes and takes spare bits: only what it would write itself is taken. */
static bool
is_canonical(const char *text, const char *data, size_t len)
{
    char again[BASE64_MAX + 1];
    bool same;

    EVP_EncodeBlock((unsigned char *)again, (const unsigned char *)data,
                    (int)len);
    same = strcmp(again, text) == 0;
    gv_wipe(again, sizeof(again));
    return same;
}

static bool
decode(const char *text, struct gv_basic *out)
{
    size_t len = strlen(text), padding = 0;
    int n;

    if (len == 0 || len % 4 != 0 || len > BASE64_MAX)
        return false;
    while (padding < 2 && text[len - 1 - padding] == '=')
        padding++;
    n = EVP_DecodeBlock((unsigned char *)out->text, (const unsigned char *)text,
                        (int)len);
    if (n <= (int)padding)
        return false;
    out->len = (size_t)n - padding;
    out->text[out->len] = '\0';
    return is_canonical(text, out->text, out->len);
}

bool
gv_basic_read(const char *header, struct gv_basic *out)
{
    size_t prefix = strlen(SCHEME);
    const char *colon = NULL;

    memset(out, 0, sizeof(*out));
    if (header != NULL && strncasecmp(header, SCHEME, prefix) == 0 &&
        decode(header + prefix + strspn(header + prefix, " "), out) &&
        strlen(out->text) == out->len)
        colon = strchr(out->text, ':');
    if (colon == NULL) {
        gv_wipe(out, sizeof(*out));
        return false;
    }
    out->user_len = (size_t)(colon - out->text);
    return true;
}

const char *
gv_basic_password(const struct gv_basic *login)
{
    return login->text + login->user_len + 1;
}
