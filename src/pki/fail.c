/* fail.c - see fail.h. */
#include "src/pki/fail.h"

#include <stdarg.h>
#include <stdio.h>

enum gv_rc
gv_pki_fail(struct gv_pki_error *x, enum gv_pki_why why, const char *format,
            ...)
{
    va_list args;

    x->why = why;
    va_start(args, format);
    vsnprintf(x->e.text, sizeof(x->e.text), format, args);
    va_end(args);
    return why == GV_PKI_FAULT ? GV_FAULT : GV_REJECT;
}
