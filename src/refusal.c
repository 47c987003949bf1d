/* refusal.c - whose word a signed refusal is. */
#include "src/refusal.h"

/* The place in OPEN of the authority whose service this is; -1: none. */
static int
place_of(const struct gv_open *open, const struct gv_directory *d,
         const struct gv_dir_service *s, uint64_t now_ms)
{
    if (s->cred.role != GV_ROLE_TSA || !gv_cred_valid_at(&s->cred, now_ms) ||
        gv_directory_revoked(d, &s->cred.fingerprint) ||
        gv_directory_service(d, &s->cred.key) != s)
        return -1;
    for (unsigned i = 0; i < open->authority_count; i++)
        if (GV_ID_EQ(&open->authority[i].cert, &s->cred.fingerprint))
            return (int)i;
    return -1;
}

int
gv_refusal_of(const struct gv_refusal *r, struct gv_bytes sig,
              const struct gv_open *open, const struct gv_directory *d,
              const struct gv_keys *keys, uint64_t now_ms)
{
    for (size_t i = 0; i < d->services; i++) {
        int place = place_of(open, d, &d->service[i], now_ms);

        if (place >= 0 &&
            gv_refusal_is_by(r, sig, keys, &d->service[i].cred.key))
            return place;
    }
    return -1;
}
