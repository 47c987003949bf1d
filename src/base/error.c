/* error.c - see error.h. */
#include "src/base/error.h"

#include <stdio.h>

#include "chain/core/text.h"

void
gv_error_setv(struct gv_error *e, const char *format, va_list args)
{
    if (e == NULL)
        return;
    (void)vsnprintf(e->text, sizeof(e->text), format, args);
    text_tame(e->text);
}

void
gv_error_set(struct gv_error *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    gv_error_setv(e, format, args);
    va_end(args);
}
