/* fuzz_sealed.c - the sealed file of a wallet, under the passphrase "fuzz":
 * refused, or what it holds can be sealed and unsealed again. A derivation
 * that the head allows but that costs much is left out. */
#include "src/base/sealed.h"
#include "tests/fuzz/fuzz.h"

#define COST_MAX 4096

static void
check_again(const struct gv_sealed *k, const struct gv_passphrase *pass,
            struct gv_bytes data)
{
    char *text = gv_sealed_seal(k, data);
    struct gv_sealed_file file = {&gv_sealed_wallet, "again", {NULL, 0}};
    struct gv_sealed again;
    uint8_t *plain;
    size_t len;

    fuzz_must(text != NULL);
    file.text = gv_bytes(text, strlen(text));
    fuzz_must(gv_sealed_unseal(&file, pass, &again, &plain, &len, NULL) ==
              GV_OK);
    fuzz_must(gv_bytes_eq(gv_bytes(plain, len), data));
    fuzz_must(memcmp(again.key, k->key, sizeof(k->key)) == 0);
    free(plain);
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct gv_passphrase pass = {4, "fuzz"};
    struct gv_sealed_file file = {&gv_sealed_wallet, "file",
                                  gv_bytes(data, size)};
    struct gv_error e = {""};
    struct gv_sealed k;
    uint8_t *plain;
    size_t len;

    if (gv_sealed_head(&file, &k, &e) != GV_OK) {
        fuzz_must_say(&e);
        return 0;
    }
    fuzz_must(strlen(k.network) <= GV_SEALED_NETWORK_MAX);
    if ((uint64_t)k.n * k.r * k.p > COST_MAX)
        return 0;
    switch (gv_sealed_unseal(&file, &pass, &k, &plain, &len, &e)) {
    case GV_OK:
        check_again(&k, &pass, gv_bytes(plain, len));
        free(plain);
        break;
    case GV_REJECT:
        fuzz_must_say(&e);
        break;
    default: /* the text is not to blame for a fault */
        abort();
    }
    return 0;
}
