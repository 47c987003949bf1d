/* duty.c - which methods the two halves of a node answer. */
#include "src/duty.h"

#include <string.h>

static const struct {
    const char *method;
    enum gv_duty needed;
} rows[] = {
    {"handover", GV_DUTY_SERVER},
    {"getwarrant", GV_DUTY_SERVER},
    {"signwarrant", GV_DUTY_SERVER},
    {"submitopen", GV_DUTY_SERVER},
    {"sendrawtransaction", GV_DUTY_SERVER},
    {"testtransaction", GV_DUTY_SERVER},
    {"submitbid", GV_DUTY_SERVER},
    {"submitblock", GV_DUTY_SERVER},
    {"getworktemplate", GV_DUTY_SERVER},
    {"submitwork", GV_DUTY_SERVER},
    {"getwork", GV_DUTY_SERVER},
    {"listauctions", GV_DUTY_REPOSITORY},
    {"listoutcomes", GV_DUTY_REPOSITORY},
    {"getblock", GV_DUTY_REPOSITORY},
    {"getblocks", GV_DUTY_REPOSITORY},
};

enum gv_duty
gv_duty_needed(const char *method)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].method, method) == 0)
            return rows[i].needed;
    return GV_DUTY_BOTH;
}

const char *
gv_duty_name(enum gv_duty duty)
{
    static const char *const names[] = {"both", "server", "repository"};

    return names[duty];
}

bool
gv_duty_does(enum gv_duty node, enum gv_duty needed)
{
    return node == GV_DUTY_BOTH || needed == GV_DUTY_BOTH || node == needed;
}
