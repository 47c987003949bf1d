/*
 * bip39.h - recovery words (BIP39, English list) and the seed made of them.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_WALLET_BIP39_H
#define GAVEL_WALLET_BIP39_H

#include <gavel/types.h>

#include "src/base/error.h"

#define GV_BIP39_ENTROPY_MAX 32 /* bytes: 24 words */
#define GV_BIP39_TEXT_MAX 216   /* 24 words of 8 letters, blanks, NUL */
#define GV_BIP39_SEED_SIZE 64

/* 16, 20, 24, 28 or 32 bytes of entropy -> 12 to 24 words with their
 * checksum, lower case, one blank between. GV_REJECT for another length. out
 * is as secret as the entropy. */
enum gv_rc gv_bip39_words(struct gv_bytes entropy,
                          char out[GV_BIP39_TEXT_MAX]) GV_MUST_CHECK;

/* Words (either case, any white space around and between) -> entropy of *len
 * bytes. GV_REJECT with e naming the word by its position, the count, or the
 * checksum; the words themselves are not repeated in e. */
enum gv_rc gv_bip39_entropy(const char *words,
                            uint8_t out[GV_BIP39_ENTROPY_MAX], size_t *len,
                            struct gv_error *e) GV_MUST_CHECK;

/* PBKDF2-HMAC-SHA512, 2048 rounds, salt "mnemonic" | passphrase. words as
 * gv_bip39_words writes them; passphrase is ASCII, "" for none. GV_FAULT if
 * the library fails. */
enum gv_rc gv_bip39_seed(const char *words, const char *passphrase,
                         uint8_t out[GV_BIP39_SEED_SIZE]) GV_MUST_CHECK;

#endif
