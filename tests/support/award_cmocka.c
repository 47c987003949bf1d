/* award_cmocka.c - an award as the state of a test (award.h). */
#include "tests/support/award.h"

#include <stdlib.h>

int
award_setup(void **state)
{
    struct award *w = calloc(1, sizeof(*w));

    if (!w)
        support_die("out of memory");
    award_make(w, NULL);
    *state = w;
    return 0;
}

int
award_teardown(void **state)
{
    award_free(*state);
    free(*state);
    return 0;
}
