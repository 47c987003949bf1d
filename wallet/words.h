/*
 * words.h - amounts in English words, so that a slip of a digit is seen
 * before a bid is signed.
 */
#ifndef GAVEL_WALLET_WORDS_H
#define GAVEL_WALLET_WORDS_H

#include <gavel/amount.h>

#define GV_WORDS_MAX 400

/* 123450, EUR with 2 decimals -> "one thousand two hundred thirty-four and
 * 50/100 EUR". Returns out. */
char *gv_words(struct gv_amount a, const struct gv_currency *c,
               char out[GV_WORDS_MAX]);

#endif
