/*
 * fuzz.h - what fuzz targets share.
 *
 * A target is one LLVMFuzzerTestOneInput. It stops the program (fuzz_must) at
 * an input whose answer breaks what the decoder's header promises; crashing is
 * only one way of breaking it.
 */
#ifndef GAVEL_TESTS_FUZZ_H
#define GAVEL_TESTS_FUZZ_H

#include <stdlib.h>

#include "chain/core/text.h"
#include "src/base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void
fuzz_must(bool holds)
{
    if (!holds)
        abort();
}

/* The error of a refusal: one line, not empty. */
static inline void
fuzz_must_say(const struct gv_error *e)
{
    fuzz_must(e->text[0] != '\0');
    fuzz_must(text_is_line(gv_bytes(e->text, strlen(e->text))));
}

/* The input as a string of its exact size on the heap, up to its first zero
 * byte. */
static inline char *
fuzz_string(const uint8_t *data, size_t size)
{
    char *text = strndup(size > 0 ? (const char *)data : "", size);

    if (text == NULL)
        exit(1);
    return text;
}

#endif
