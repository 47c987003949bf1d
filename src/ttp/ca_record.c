/* ca_record.c - the CA's durable records and the index over them.
 *
 * Keys: 'c' | fingerprint 32 and 's' | SHA256(secret) 32. Values: a version
 * byte, then the record and the certificate's DER, or one byte 1 (good) or 0
 * (used), behind which is the hash of the public key it was used for; rows of
 * earlier programs end with the 0.
 */
#include <stdlib.h>

#include "gavel/wire.h"
#include "src/pki/x509.h"
#include "src/ttp/ca_impl.h"

#define VERSION 1
#define DER_MAX 8192
#define VALUE_MAX (DER_MAX + 512)
#define USED_SIZE 33 /* of a used secret's value */

static void
make_key(char kind, const uint8_t name32[32], uint8_t out33[33])
{
    out33[0] = (uint8_t)kind;
    memcpy(out33 + 1, name32, 32);
}

static void
record_put(struct gv_sink *s, const struct ca_record *r, struct gv_bytes der)
{
    gv_put_u8(s, VERSION);
    gv_put(s, r->serial, sizeof(r->serial));
    gv_cred_put(s, &r->cred);
    gv_put(s, r->subject, 32);
    gv_put(s, r->spki, 32);
    gv_put(s, r->request, 32);
    gv_put_u64(s, r->revoked_ms);
    gv_put_u8(s, r->reason);
    gv_put_b16(s, der);
}

static bool
record_get(struct gv_bytes value, struct ca_record *r, struct gv_bytes *der)
{
    struct gv_reader in = gv_reader(value);

    gv_get_require(&in, gv_get_u8(&in, "version") == VERSION, "version");
    gv_get(&in, r->serial, sizeof(r->serial), "serial");
    gv_cred_get(&in, &r->cred);
    gv_get(&in, r->subject, 32, "subject");
    gv_get(&in, r->spki, 32, "spki");
    gv_get(&in, r->request, 32, "request");
    r->revoked_ms = gv_get_u64(&in, "revoked");
    r->reason = gv_get_u8(&in, "reason");
    *der = gv_get_b16(&in, DER_MAX, "certificate");
    gv_get_require(&in, der->len > 0, "certificate");
    return gv_reader_done(&in);
}

/* Of two records with one name the index shows the one that ends later, so
 * that the order of loading does not matter. */
static enum gv_rc
point(struct gv_ca *ca, enum ca_kind kind, const uint8_t key32[32], uint32_t at)
{
    const struct ca_record *old = ca_record_find(ca, kind, key32);

    if (old != NULL && old->revoked_ms == 0 &&
        old->cred.not_after_ms > ca->records[at].cred.not_after_ms)
        return GV_OK;
    return ca_index_put(&ca->index, (uint8_t)kind, key32, at);
}

/* Whoever shows or names the certificate with its other signature means this
 * record, too. */
static enum gv_rc
point_twin(struct gv_ca *ca, struct gv_bytes der, uint32_t at)
{
    X509 *cert = gv_x509_from_der(der);
    struct gv_hash twin;
    enum gv_rc rc =
        cert != NULL ? gv_x509_twin_fingerprint(cert, &twin) : GV_REJECT;

    X509_free(cert);
    return rc == GV_OK ? point(ca, CA_PRINT, twin.b, at) : rc;
}

static enum gv_rc
insert(struct gv_ca *ca, const struct ca_record *r, struct gv_bytes der)
{
    uint32_t at = (uint32_t)ca->n_records;

    if (ca->n_records == ca->cap_records) {
        size_t cap = ca->cap_records == 0 ? 64 : ca->cap_records * 2;
        void *p = realloc(ca->records, cap * sizeof(*ca->records));

        if (p == NULL)
            return GV_FAULT;
        ca->records = p;
        ca->cap_records = cap;
    }
    ca->records[ca->n_records++] = *r;
    if (point(ca, CA_SUBJECT, r->subject, at) != GV_OK ||
        point(ca, CA_LEDGER, r->cred.key.b, at) != GV_OK ||
        point(ca, CA_SPKI, r->spki, at) != GV_OK ||
        point(ca, CA_PRINT, r->cred.fingerprint.b, at) != GV_OK ||
        point(ca, CA_REQUEST, r->request, at) != GV_OK)
        return GV_FAULT;
    return point_twin(ca, der, at);
}

static enum gv_rc
remember(struct gv_ca *ca, const struct ca_record *r, struct gv_bytes der)
{
    enum gv_rc rc;

    (void)pthread_mutex_lock(&ca->view);
    rc = insert(ca, r, der);
    (void)pthread_mutex_unlock(&ca->view);
    return rc;
}

static enum gv_rc
know_secret(struct gv_ca *ca, const uint8_t hash32[32], uint8_t good)
{
    enum gv_rc rc;

    (void)pthread_mutex_lock(&ca->view);
    rc = ca_index_put(&ca->index, CA_SECRET, hash32, good);
    (void)pthread_mutex_unlock(&ca->view);
    return rc;
}

static enum gv_rc
load_one(void *arg, struct gv_bytes key, struct gv_bytes value)
{
    struct gv_ca *ca = arg;
    struct ca_record r;
    struct gv_bytes der;

    if (key.len != 33)
        return GV_REJECT;
    if (key.p[0] == 's' &&
        (value.len == 1 || (value.len == USED_SIZE && value.p[0] == 0)))
        return know_secret(ca, key.p + 1, value.p[0]);
    if (key.p[0] != 'c' || !record_get(value, &r, &der))
        return GV_REJECT;
    return remember(ca, &r, der);
}

enum gv_rc
ca_record_load(struct gv_ca *ca, struct gv_error *e)
{
    enum gv_rc rc = ca->o.store.each(ca->o.store.ctx, 'c', load_one, ca);

    if (rc == GV_OK)
        rc = ca->o.store.each(ca->o.store.ctx, 's', load_one, ca);
    if (rc == GV_OK)
        return GV_OK;
    gv_error_set(e, rc == GV_REJECT ? "a record of the CA is damaged"
                                    : "cannot read the CA's records");
    return GV_FAULT;
}

static enum gv_rc
write_record(struct gv_ca *ca, const struct ca_record *r, struct gv_bytes der,
             struct gv_error *e)
{
    uint8_t key[33], value[VALUE_MAX];
    struct gv_sink s = gv_sink_buffer(value, sizeof(value));

    make_key('c', r->cred.fingerprint.b, key);
    record_put(&s, r, der);
    if (!s.failed && ca->o.store.put(ca->o.store.ctx, gv_bytes(key, 33),
                                     gv_bytes(value, s.len)) == GV_OK)
        return GV_OK;
    gv_error_set(e, "cannot write the CA's record");
    return GV_FAULT;
}

enum gv_rc
ca_record_add(struct gv_ca *ca, const struct ca_record *r, struct gv_bytes der,
              struct gv_error *e)
{
    enum gv_rc rc = write_record(ca, r, der, e);

    if (rc == GV_OK && remember(ca, r, der) != GV_OK) {
        gv_error_set(e, "out of memory");
        rc = GV_FAULT;
    }
    return rc;
}

enum gv_rc
ca_record_der(struct gv_ca *ca, const struct ca_record *r, uint8_t **der,
              size_t *len, struct gv_error *e)
{
    uint8_t key[33], *value = NULL;
    size_t n = 0;
    struct ca_record again;
    struct gv_bytes view;
    enum gv_rc rc;

    make_key('c', r->cred.fingerprint.b, key);
    rc = ca->o.store.get(ca->o.store.ctx, gv_bytes(key, 33), &value, &n);
    if (rc == GV_OK && record_get(gv_bytes(value, n), &again, &view) &&
        (*der = malloc(view.len)) != NULL) {
        memcpy(*der, view.p, view.len);
        *len = view.len;
    } else {
        gv_error_set(e, "cannot read the CA's record");
        rc = GV_FAULT;
    }
    free(value);
    return rc;
}

enum gv_rc
ca_record_update(struct gv_ca *ca, const struct ca_record *r,
                 struct gv_error *e)
{
    uint8_t *der = NULL;
    size_t len = 0;
    enum gv_rc rc = ca_record_der(ca, r, &der, &len, e);

    if (rc == GV_OK)
        rc = write_record(ca, r, gv_bytes(der, len), e);
    free(der);
    return rc;
}

enum gv_rc
ca_record_secret_new(struct gv_ca *ca, const uint8_t hash32[32])
{
    uint8_t key[33], good = 1;

    make_key('s', hash32, key);
    if (ca->o.store.put(ca->o.store.ctx, gv_bytes(key, 33),
                        gv_bytes(&good, 1)) != GV_OK)
        return GV_FAULT;
    return know_secret(ca, hash32, good);
}

/* A disk that was full or a crash came between the secret and the certificate,
 * if the secret was used for this key and nothing was ever issued for it. */
static bool
came_to_nothing(struct gv_ca *ca, const uint8_t key33[33],
                const uint8_t spki32[32])
{
    uint8_t *value = NULL;
    size_t len = 0;
    bool same = ca_record_find(ca, CA_SPKI, spki32) == NULL &&
                ca->o.store.get(ca->o.store.ctx, gv_bytes(key33, 33), &value,
                                &len) == GV_OK &&
                len == USED_SIZE && memcmp(value + 1, spki32, 32) == 0;

    free(value);
    return same;
}

enum gv_rc
ca_record_secret_use(struct gv_ca *ca, const uint8_t hash32[32],
                     const uint8_t spki32[32])
{
    uint8_t key[33], value[USED_SIZE] = {0};
    uint32_t good;

    if (ca_index_get(&ca->index, CA_SECRET, hash32, &good) != GV_OK)
        return GV_REJECT;
    make_key('s', hash32, key);
    if (good != 1)
        return came_to_nothing(ca, key, spki32) ? GV_OK : GV_REJECT;
    memcpy(value + 1, spki32, 32);
    if (ca->o.store.put(ca->o.store.ctx, gv_bytes(key, 33),
                        gv_bytes(value, sizeof(value))) != GV_OK)
        return GV_FAULT;
    return know_secret(ca, hash32, 0);
}

struct ca_record *
ca_record_find(struct gv_ca *ca, enum ca_kind kind, const uint8_t key32[32])
{
    uint32_t at;

    return ca_index_get(&ca->index, (uint8_t)kind, key32, &at) == GV_OK
               ? &ca->records[at]
               : NULL;
}

bool
ca_record_valid(const struct ca_record *r, uint64_t now_ms)
{
    return r->revoked_ms == 0 && r->cred.not_after_ms >= now_ms;
}
