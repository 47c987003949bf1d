/* verdict.c - see verdict.h. */
#include "wallet/verdict.h"

#include <stdlib.h>

#include "src/client/word.h"
#include "wallet/service.h"

static bool
is_for_good(unsigned code)
{
    switch (code) {
    case GV_BAD_ENCODING:
    case GV_BAD_SIGNATURE:
    case GV_BAD_CREDENTIAL:
    case GV_WRONG_CHAIN:
    case GV_WRONG_NETWORK:
    case GV_SET_FIXED:
        return true;
    default:
        return false;
    }
}

/* The place in OPEN of whose service signed it; -1: nobody's. */
static int
place_of(const struct gv_refusal *r, struct gv_bytes sig, struct gv_cli *cli,
         const struct gv_open *open)
{
    struct gv_service *list = calloc(GV_SERVICES_MAX, sizeof(*list));
    int place = -1;
    size_t n = 0;

    if (list == NULL ||
        gv_services_find(cli, GV_ROLE_TSA, list, &n) != GV_EXIT_OK)
        n = 0;
    for (size_t i = 0; i < n && place < 0; i++)
        for (unsigned k = 0; k < open->authority_count; k++)
            if (GV_ID_EQ(&open->authority[k].cert, &list[i].cred.fingerprint) &&
                gv_refusal_is_by(r, sig, cli->keys, &list[i].cred.key))
                place = (int)k;
    free(list);
    return place;
}

void
gv_verdict_add(struct gv_verdict *v, struct gv_cli *cli,
               const struct gv_auction *a, const struct gv_msg *submit,
               const struct gv_msg *reject)
{
    struct gv_refusal r = {.raw = submit->u.submit.raw,
                           .nonce = submit->u.submit.nonce,
                           .why = {.code = reject->u.reject.code,
                                   .index = reject->u.reject.index,
                                   .have = reject->u.reject.have,
                                   .want = reject->u.reject.want},
                           .field = reject->u.reject.field};
    int place;

    if (!is_for_good(reject->u.reject.code) || reject->u.reject.sig.len == 0)
        return;
    place = place_of(&r, reject->u.reject.sig, cli, &a->open);
    if (place >= 0)
        v->refused |= UINT32_C(1) << place;
}

bool
gv_verdict_is_final(const struct gv_verdict *v, const struct gv_open *open)
{
    return open->authority_count - (unsigned)__builtin_popcount(v->refused) <
           gv_open_f(open) + 1;
}
