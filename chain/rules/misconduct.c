/* misconduct.c - see misconduct.h. */
#include "gavel/misconduct.h"

void
gv_serial_expand(struct gv_bytes serial, uint8_t out[GV_SERIAL_SIZE])
{
    size_t n = serial.len < GV_SERIAL_SIZE ? serial.len : GV_SERIAL_SIZE;

    memset(out, 0, GV_SERIAL_SIZE);
    memcpy(out + GV_SERIAL_SIZE - n, serial.p + (serial.len - n), n);
}

enum gv_misconduct
gv_misconduct_of(const struct gv_tst *a, const struct gv_tst *b)
{
    uint8_t x[GV_SERIAL_SIZE], y[GV_SERIAL_SIZE];
    int order;

    if (!GV_ID_EQ(&a->cert, &b->cert) ||
        memcmp(a->info_hash, b->info_hash, 32) == 0)
        return GV_MISCONDUCT_NONE;
    if (a->time_us == b->time_us && a->ordering && b->ordering &&
        memcmp(a->imprint, b->imprint, 32) != 0)
        return GV_MISCONDUCT_SAME_TIME;
    gv_serial_expand(a->serial, x);
    gv_serial_expand(b->serial, y);
    order = memcmp(x, y, GV_SERIAL_SIZE);
    if (order == 0)
        return GV_MISCONDUCT_SAME_SERIAL;
    if (gv_policy_is_own(a->policy) && gv_policy_is_own(b->policy) &&
        (a->time_us == b->time_us || (order < 0) != (a->time_us < b->time_us)))
        return GV_MISCONDUCT_SERIAL_ORDER;
    return GV_MISCONDUCT_NONE;
}

const char *
gv_misconduct_name(enum gv_misconduct what)
{
    static const char *const names[] = {"none", "same-time", "same-serial",
                                        "serial-order"};

    return names[what];
}
