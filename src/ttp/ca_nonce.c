/* ca_nonce.c - the CA's nonces, and what is said about bad ones. */
#include "src/ttp/ca_impl.h"

enum gv_rc
gv_ca_nonce(struct gv_ca *ca, uint8_t out32[32])
{
    return gv_nonces_make(&ca->nonces, ca_now(ca), out32);
}

enum gv_rc
ca_nonce_check(struct gv_ca *ca, const uint8_t nonce32[32], uint64_t now_ms,
               struct gv_error *e)
{
    enum gv_rc rc = gv_nonces_check(&ca->nonces, nonce32, now_ms);

    if (rc == GV_ABSENT)
        gv_error_set(e, "certificate request: the nonce is unknown or older "
                        "than 10 minutes; fetch csrattrs again");
    if (rc == GV_REJECT)
        gv_error_set(e, "certificate request: the nonce has been used; fetch "
                        "csrattrs again");
    return rc == GV_ABSENT ? GV_REJECT : rc;
}

enum gv_rc
ca_nonce_use(struct gv_ca *ca, const uint8_t nonce32[32], uint64_t now_ms,
             struct gv_error *e)
{
    if (gv_nonces_use(&ca->nonces, nonce32, now_ms) == GV_OK)
        return GV_OK;
    gv_error_set(e, "too many enrolments at once; try again in 10 minutes");
    return GV_FAULT;
}
