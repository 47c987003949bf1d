/* ca_crl.c - the list of the revoked, made once and kept. */
#include <stdlib.h>

#include "src/pki/x509.h"
#include "src/ttp/ca_impl.h"

#define DAY_MS 86400000ull
#define LIFE_MS (7 * DAY_MS)

static void
forget(struct gv_ca *ca)
{
    free(ca->crl);
    ca->crl = NULL;
}

void
ca_crl_forget(struct gv_ca *ca)
{
    (void)pthread_mutex_lock(&ca->list);
    forget(ca);
    (void)pthread_mutex_unlock(&ca->list);
}

/* Who is revoked, as of one moment. */
struct revoked {
    struct gv_x509_revoked *row;
    uint8_t (*serial)[CA_SERIAL_SIZE];
    size_t n;
};

static void
revoked_clear(struct revoked *all)
{
    free(all->row);
    free(all->serial);
}

/* A copy: while the list is made, others may be certified. */
static bool
copy_revoked(struct gv_ca *ca, struct revoked *all)
{
    (void)pthread_mutex_lock(&ca->view);
    *all = (struct revoked){calloc(ca->n_records + 1, sizeof(*all->row)),
                            calloc(ca->n_records + 1, sizeof(*all->serial)), 0};
    for (size_t i = 0; all->row && all->serial && i < ca->n_records; i++) {
        const struct ca_record *r = &ca->records[i];
        size_t n = all->n;

        if (r->revoked_ms == 0)
            continue;
        memcpy(all->serial[n], r->serial, CA_SERIAL_SIZE);
        all->row[n] = (struct gv_x509_revoked){all->serial[n], CA_SERIAL_SIZE,
                                               r->revoked_ms, r->reason};
        all->n++;
    }
    (void)pthread_mutex_unlock(&ca->view);
    return all->row && all->serial;
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
    struct revoked all;

    forget(ca);
    /* Two lists of one millisecond have two numbers. */
    crl.number = now_ms > ca->crl_number ? now_ms : ca->crl_number + 1;
    if (copy_revoked(ca, &all)) {
        crl.list = all.row;
        crl.n = all.n;
        ca->crl = gv_x509_crl_make(&crl, &ca->crl_len, e);
    } else {
        gv_error_set(e, "out of memory");
    }
    if (ca->crl != NULL) {
        ca->crl_ms = now_ms;
        ca->crl_number = crl.number;
    }
    revoked_clear(&all);
}

uint8_t *
gv_ca_crl(struct gv_ca *ca, size_t *len, struct gv_error *e)
{
    uint64_t now = ca_now(ca);
    uint8_t *out = NULL;

    (void)pthread_mutex_lock(&ca->list);
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
    (void)pthread_mutex_unlock(&ca->list);
    return out;
}
