/* outcome.c - the result of a lot, and of several (gavel/outcome.h). */
#include "gavel/outcome.h"

void
gv_result_put(const struct gv_result *r, uint8_t out[GV_RESULT_SIZE])
{
    out[0] = r->status;
    memcpy(out + 1, r->winner.b, 32);
    gv_le64_put(out + 33, r->price);
}

void
gv_result_get(const uint8_t in[GV_RESULT_SIZE], struct gv_result *out)
{
    out->status = in[0];
    memcpy(out->winner.b, in + 1, 32);
    out->price = gv_le64(in + 33);
}

unsigned
gv_status_rank(uint8_t status)
{
    static const uint8_t rank[] = {[GV_SOLD] = 0,
                                   [GV_RESERVE_NOT_MET] = 1,
                                   [GV_NO_BID] = 2,
                                   [GV_CANCELLED] = 3,
                                   [GV_VOID] = 4};

    return rank[status];
}
