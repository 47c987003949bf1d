/*
 * phase.c - the phase of an auction (gavel/phase.h; rule A14).
 */
#include "gavel/phase.h"

/* Before the set is fixed only trusted time decides; t <= close counts
 * (rule A4), so the instant of the close itself is still open. */
static enum gv_phase
phase_by_time(const struct gv_phase_input *in)
{
    if (in->now_us < in->opening_us)
        return GV_PHASE_SCHEDULED;
    if (in->now_us > in->effective_close_us)
        return GV_PHASE_CLOSING;
    if (in->final_round && in->now_us > in->round_us)
        return GV_PHASE_FINAL_ROUND;
    return GV_PHASE_OPEN;
}

static enum gv_stall
stall_of(const struct gv_phase_input *in)
{
    if (in->outcome && in->outcome_final)
        return GV_STALL_NONE;
    if (!in->set_fixed && !in->outcome)
        return in->never_fixed ? GV_STALL_AUTHORITIES : GV_STALL_NONE;
    if (in->opening && in->settled)
        return GV_STALL_NONE;
    if (in->stall_after_us != 0 && in->now_us > in->fixed_at_us &&
        in->now_us - in->fixed_at_us > in->stall_after_us)
        return GV_STALL_VALIDATORS;
    return GV_STALL_NONE;
}

static enum gv_phase
phase_of(const struct gv_phase_input *in)
{
    if (stall_of(in) != GV_STALL_NONE)
        return GV_PHASE_STALLED;
    if (in->outcome && in->outcome_final)
        return in->outcome_void ? GV_PHASE_VOID : GV_PHASE_FINAL;
    if (!in->set_fixed && !in->outcome)
        return phase_by_time(in);
    if (in->opening)
        return GV_PHASE_OPENING;
    return GV_PHASE_AWAITING_FINAL;
}

struct gv_phase_answer
gv_phase_of(const struct gv_phase_input *in)
{
    return (struct gv_phase_answer){phase_of(in), stall_of(in), in->now_us};
}

const char *
gv_stall_name(enum gv_stall s)
{
    switch (s) {
    case GV_STALL_NONE:
        break;
    case GV_STALL_VALIDATORS:
        return "validators";
    case GV_STALL_AUTHORITIES:
        return "authorities";
    }
    return NULL;
}

const char *
gv_phase_name(enum gv_phase p)
{
    switch (p) {
    case GV_PHASE_SCHEDULED:
        return "scheduled";
    case GV_PHASE_OPEN:
        return "open";
    case GV_PHASE_CLOSING:
        return "closing";
    case GV_PHASE_AWAITING_FINAL:
        return "awaiting-final";
    case GV_PHASE_FINAL:
        return "final";
    case GV_PHASE_STALLED:
        return "stalled";
    case GV_PHASE_VOID:
        return "void";
    case GV_PHASE_OPENING:
        return "opening";
    case GV_PHASE_FINAL_ROUND:
        return "final-round";
    }
    return "unknown-phase";
}

bool
gv_phase_is_open(enum gv_phase p)
{
    return p == GV_PHASE_SCHEDULED || p == GV_PHASE_OPEN ||
           p == GV_PHASE_CLOSING || p == GV_PHASE_FINAL_ROUND;
}
