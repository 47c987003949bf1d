/* clock.c - see clock.h. */
#include "src/ttp/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/timex.h>

bool
gv_clock_synced(void *ctx, struct gv_error *e)
{
    struct timex t = {.modes = 0};
    int state = adjtimex(&t);

    (void)ctx;
    if (state < 0) {
        gv_error_set(e, "whether the clock is synchronised cannot be told: %s",
                     strerror(errno));
        return false;
    }
    if (state == TIME_ERROR || (t.status & STA_UNSYNC) != 0) {
        gv_error_set(e, "the clock is not synchronised, the system says; no "
                        "stamps until it is");
        return false;
    }
    return true;
}
