/* ledger_later.c - a ledger that its askers know before it is there
 * (src/ttp/ledger.h). */
#include <time.h>

#include "src/ttp/ledger.h"

static enum gv_rc
auction(void *ctx, const struct gv_chain_id *id, struct gv_ttp_auction *out)
{
    const struct gv_ttp_ledger *l = ctx;

    return l->auction(l->ctx, id, out);
}

static enum gv_rc
enrol(void *ctx, const struct gv_chain_id *id, const struct gv_pubkey *key,
      uint8_t **raw, size_t *len)
{
    const struct gv_ttp_ledger *l = ctx;

    return l->enrol(l->ctx, id, key, raw, len);
}

static enum gv_rc
cert(void *ctx, const struct gv_hash *fingerprint, struct gv_ttp_cert *out)
{
    const struct gv_ttp_ledger *l = ctx;

    return l->cert(l->ctx, fingerprint, out);
}

static enum gv_rc
desk(void *ctx, const struct gv_pubkey *issuer, uint64_t time_ms,
     struct gv_ttp_desk *out)
{
    const struct gv_ttp_ledger *l = ctx;

    return l->desk(l->ctx, issuer, time_ms, out);
}

static void
publish(void *ctx, uint8_t *raw, size_t len)
{
    const struct gv_ttp_ledger *l = ctx;

    l->publish(l->ctx, raw, len);
}

/* The system's clock, which is there from the beginning. */
static uint64_t
now_ms(void *ctx)
{
    struct timespec t;

    (void)ctx;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool
current(void *ctx)
{
    const struct gv_ttp_ledger *l = ctx;

    return l->current(l->ctx);
}

static enum gv_rc
warrant(void *ctx, const struct gv_open *open, struct gv_reject *why)
{
    const struct gv_ttp_ledger *l = ctx;

    return l->warrant(l->ctx, open, why);
}

struct gv_ttp_ledger
gv_ttp_ledger_later(struct gv_ttp_ledger *later)
{
    return (struct gv_ttp_ledger){.ctx = later,
                                  .auction = auction,
                                  .enrol = enrol,
                                  .cert = cert,
                                  .desk = desk,
                                  .publish = publish,
                                  .now_ms = now_ms,
                                  .current = current,
                                  .warrant = warrant};
}
