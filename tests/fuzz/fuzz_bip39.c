/* fuzz_bip39.c - recovery words: what is accepted is, but for blanks and the
 * size of letters, the one text of its entropy. */
#include <ctype.h>

#include "tests/fuzz/fuzz.h"
#include "wallet/bip39.h"

/* Lower case, one blank between words. */
static void
normalise(char *text)
{
    char *to = text;

    for (const char *in = text; *in != '\0'; in++) {
        if (!isspace((unsigned char)*in))
            *to++ = (char)tolower((unsigned char)*in);
        else if (to > text && to[-1] != ' ')
            *to++ = ' ';
    }
    while (to > text && to[-1] == ' ')
        to--;
    *to = '\0';
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size), words[GV_BIP39_TEXT_MAX];
    uint8_t entropy[GV_BIP39_ENTROPY_MAX];
    struct gv_error e = {""};
    size_t len;

    if (gv_bip39_entropy(text, entropy, &len, &e) == GV_OK) {
        fuzz_must(gv_bip39_words(gv_bytes(entropy, len), words) == GV_OK);
        normalise(text);
        fuzz_must(strcmp(text, words) == 0);
    } else {
        fuzz_must_say(&e);
    }
    free(text);
    return 0;
}
