/* error.c - see error.h. */
#include "src/base/error.h"

#include <stdarg.h>
#include <stdio.h>

void
gv_error_set(struct gv_error *e, const char *format, ...)
{
    va_list ap;

    if (e == NULL)
        return;
    va_start(ap, format);
    (void)vsnprintf(e->text, sizeof(e->text), format, ap);
    va_end(ap);
}
