/* ca_crl.c - the list of the revoked, made once and kept. */
#include <stdlib.h>

#include "src/pki/x509.h"
#include "src/ttp/ca_impl.h"

#define DAY_MS 86400000ull
#define LIFE_MS (7 * DAY_MS)

void
ca_crl_forget(struct gv_ca *ca)
{
    free(ca->crl);
    ca->crl = NULL;
}

/* Whoever fetches the list may rely on it for half its life. A clock set back
 * must not leave a list of the future standing. */
static bool
is_fresh(const struct gv_ca *ca, uint64_t now_ms)
{
    return ca->crl != NULL && now_ms >= ca->crl_ms &&
           now_ms - ca->crl_ms < LIFE_MS / 2;
}

static void
make(struct gv_ca *ca, uint64_t now_ms, struct gv_error *e)
{
    struct gv_x509_crl crl = {.issuer = ca->o.role->cert,
                              .issuer_key = ca->o.role->key,
                              .now_ms = now_ms,
                              .next_ms = now_ms + LIFE_MS};
    struct gv_x509_revoked *list = calloc(ca->n_records + 1, sizeof(*list));

    ca_crl_forget(ca);
    /* Two lists of one millisecond have two numbers. */
    crl.number = now_ms > ca->crl_number ? now_ms : ca->crl_number + 1;
    for (size_t i = 0; list != NULL && i < ca->n_records; i++) {
        const struct ca_record *r = &ca->records[i];

        if (r->revoked_ms != 0)
            list[crl.n++] = (struct gv_x509_revoked){
                r->serial, sizeof(r->serial), r->revoked_ms, r->reason};
    }
    crl.list = list;
    if (list == NULL)
        gv_error_set(e, "out of memory");
    else
        ca->crl = gv_x509_crl_make(&crl, &ca->crl_len, e);
    if (ca->crl != NULL) {
        ca->crl_ms = now_ms;
        ca->crl_number = crl.number;
    }
    free(list);
}

uint8_t *
gv_ca_crl(struct gv_ca *ca, size_t *len, struct gv_error *e)
{
    uint64_t now = ca_now(ca);
    uint8_t *out = NULL;

    (void)pthread_mutex_lock(&ca->lock);
    if (!is_fresh(ca, now))
        make(ca, now, e);
    if (ca->crl != NULL) {
        out = malloc(ca->crl_len);
        *len = ca->crl_len;
        if (out != NULL)
            memcpy(out, ca->crl, ca->crl_len);
        else
            gv_error_set(e, "out of memory");
    }
    (void)pthread_mutex_unlock(&ca->lock);
    return out;
}
