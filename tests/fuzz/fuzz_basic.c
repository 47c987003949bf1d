/* fuzz_basic.c - logins in Authorization headers: what is accepted is the one
 * base64 of what was read. */
#include <openssl/evp.h>

#include "src/rpc/basic.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct gv_basic none;
    char *header = fuzz_string(data, size);
    unsigned char again[GV_BASIC_MAX / 3 * 4 + 4];
    struct gv_basic login;

    if (gv_basic_read(header, &login)) {
        fuzz_must(login.len <= GV_BASIC_MAX);
        fuzz_must(strlen(login.text) == login.len);
        fuzz_must(login.text[login.user_len] == ':');
        fuzz_must(gv_basic_password(&login) == strchr(login.text, ':') + 1);
        EVP_EncodeBlock(again, (unsigned char *)login.text, (int)login.len);
        fuzz_must(strcmp(strrchr(header, ' ') + 1, (char *)again) == 0);
    } else {
        fuzz_must(memcmp(&login, &none, sizeof(none)) == 0);
    }
    free(header);
    return 0;
}
