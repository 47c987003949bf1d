/* bip39.c - recovery words (wallet/bip39.h). */
#include "wallet/bip39.h"

#include <ctype.h>
#include <gavel/hash.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "wallet/bip39_english.h"

#define WORDS (sizeof(english) / sizeof(english[0]))
#define WORD_BITS 11
#define WORDS_MAX 24
#define WORD_MAX 8
#define ROUNDS 2048

static bool
entropy_len_ok(size_t len)
{
    return len >= 16 && len <= GV_BIP39_ENTROPY_MAX && len % 4 == 0;
}

static unsigned
get_bit(const uint8_t *p, size_t i)
{
    return p[i / 8] >> (7 - i % 8) & 1u;
}

enum gv_rc
gv_bip39_words(struct gv_bytes entropy, char out[GV_BIP39_TEXT_MAX])
{
    uint8_t bits[GV_BIP39_ENTROPY_MAX + 32];
    size_t count = entropy.len * 8 * 33 / 32 / WORD_BITS;
    size_t at = 0;

    if (!entropy_len_ok(entropy.len))
        return GV_REJECT;
    memcpy(bits, entropy.p, entropy.len);
    gv_sha256_of(entropy.p, entropy.len, bits + entropy.len);
    for (size_t i = 0; i < count; i++) {
        unsigned word = 0;
        size_t len;

        for (size_t b = 0; b < WORD_BITS; b++)
            word = word << 1 | get_bit(bits, i * WORD_BITS + b);
        if (i > 0)
            out[at++] = ' ';
        len = strlen(english[word]);
        memcpy(out + at, english[word], len);
        at += len;
    }
    out[at] = '\0';
    gv_wipe(bits, sizeof(bits));
    return GV_OK;
}

static int
by_word(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The next word of *text as its number; -1: no such word; -2: the end. */
static int
next_word(const char **text)
{
    char word[WORD_MAX + 1] = {0};
    const char(*found)[9];
    size_t len = 0;

    while (isspace((unsigned char)**text))
        ++*text;
    if (**text == '\0')
        return -2;
    for (; **text != '\0' && !isspace((unsigned char)**text); ++*text)
        if (len <= WORD_MAX) {
            if (len < WORD_MAX)
                word[len] = (char)tolower((unsigned char)**text);
            len++;
        }
    found = len > WORD_MAX
                ? NULL
                : bsearch(word, english, WORDS, sizeof(english[0]), by_word);
    gv_wipe(word, sizeof(word));
    return found == NULL ? -1 : (int)(found - english);
}

/* The words as bits; returns how many words, or 0 with e set. */
static size_t
read_words(const char *words, uint8_t bits[WORDS_MAX * WORD_BITS / 8 + 1],
           struct gv_error *e)
{
    size_t count = 0;
    int word;

    memset(bits, 0, WORDS_MAX * WORD_BITS / 8 + 1);
    while ((word = next_word(&words)) != -2) {
        if (word == -1) {
            gv_error_set(e, "word %zu is not in the English list of BIP39",
                         count + 1);
            return 0;
        }
        if (count == WORDS_MAX) {
            gv_error_set(e, "more than %d words", WORDS_MAX);
            return 0;
        }
        for (size_t b = 0; b < WORD_BITS; b++) {
            size_t i = count * WORD_BITS + b;
            unsigned bit = (unsigned)word >> (WORD_BITS - 1 - b) & 1u;

            bits[i / 8] |= (uint8_t)(bit << (7 - i % 8));
        }
        count++;
    }
    if (count < 12 || count % 3 != 0) {
        gv_error_set(e, "%zu words: expected 24 (or 12, 15, 18, 21)", count);
        return 0;
    }
    return count;
}

enum gv_rc
gv_bip39_entropy(const char *words, uint8_t out[GV_BIP39_ENTROPY_MAX],
                 size_t *len, struct gv_error *e)
{
    uint8_t bits[WORDS_MAX * WORD_BITS / 8 + 1], hash[32];
    size_t count = read_words(words, bits, e);
    size_t size = count / 3 * 4;
    enum gv_rc rc = GV_REJECT;

    if (count > 0) {
        unsigned bad = 0;

        gv_sha256_of(bits, size, hash);
        for (size_t i = 0; i < count / 3; i++)
            bad |= get_bit(bits, size * 8 + i) ^ get_bit(hash, i);
        if (bad == 0) {
            memcpy(out, bits, size);
            *len = size;
            rc = GV_OK;
        } else {
            gv_error_set(e, "the checksum of the words is wrong: a word is "
                            "mistaken, or two are swapped");
        }
        gv_wipe(hash, sizeof(hash));
    }
    gv_wipe(bits, sizeof(bits));
    return rc;
}

enum gv_rc
gv_bip39_seed(const char *words, const char *passphrase,
              uint8_t out[GV_BIP39_SEED_SIZE])
{
    char salt[256];
    int n = snprintf(salt, sizeof(salt), "mnemonic%s", passphrase);
    int ok;

    if (n < 0 || (size_t)n >= sizeof(salt))
        return GV_FAULT;
    ok = PKCS5_PBKDF2_HMAC(words, (int)strlen(words), (const uint8_t *)salt, n,
                           ROUNDS, EVP_sha512(), GV_BIP39_SEED_SIZE, out);
    gv_wipe(salt, sizeof(salt));
    return ok == 1 ? GV_OK : GV_FAULT;
}
