/* hpke.c - RFC 9180, base mode (gavel/hpke.h). Labels and the numbers of
 * sections are the RFC's. */
#include "gavel/hpke.h"

#include "chain/core/hkdf.h"
#include "gavel/gcm.h"

/* "KEM" | kem_id, and "HPKE" | kem_id | kdf_id | aead_id: DHKEM(X25519,
 * HKDF-SHA256) is 0x0020, HKDF-SHA256 0x0001, AES-256-GCM 0x0002. */
static const uint8_t kem_suite[] = {'K', 'E', 'M', 0x00, 0x20};
static const uint8_t hpke_suite[] = {'H',  'P',  'K',  'E',  0x00,
                                     0x20, 0x00, 0x01, 0x00, 0x02};

static const struct gv_bytes none;

/* What is derived, and by which of the two layers. */
struct label {
    struct gv_bytes suite;
    const char *name;
};

static struct label
kem(const char *name)
{
    return (struct label){gv_bytes(kem_suite, sizeof(kem_suite)), name};
}

static struct label
hpke(const char *name)
{
    return (struct label){gv_bytes(hpke_suite, sizeof(hpke_suite)), name};
}

/* LabeledExtract and LabeledExpand (4). */
static void
extract(struct gv_bytes salt, struct label label, struct gv_bytes ikm,
        uint8_t out32[32])
{
    const struct gv_bytes parts[] = {gv_bytes("HPKE-v1", 7), label.suite,
                                     gv_bytes(label.name, strlen(label.name)),
                                     ikm};

    hkdf_extract(salt, parts, 4, out32);
}

static void
expand(const uint8_t prk32[32], struct label label, struct gv_bytes info,
       uint8_t *out, uint8_t len)
{
    const uint8_t length[2] = {0, len};
    const struct gv_bytes parts[] = {
        gv_bytes(length, 2), gv_bytes("HPKE-v1", 7), label.suite,
        gv_bytes(label.name, strlen(label.name)), info};

    hkdf_expand(prk32, parts, 5, out, len);
}

/* DeriveKeyPair (7.1.3). */
enum gv_rc
gv_hpke_derive(struct gv_bytes seed, uint8_t secret[GV_HPKE_KEY],
               uint8_t pub[GV_HPKE_KEY])
{
    uint8_t prk[32];

    extract(none, kem("dkp_prk"), seed, prk);
    expand(prk, kem("sk"), none, secret, GV_HPKE_KEY);
    gv_wipe(prk, sizeof(prk));
    return gv_x25519_public(secret, pub);
}

/* ExtractAndExpand (4.1): the shared secret of the KEM. */
static void
shared_secret(const uint8_t dh[32], const uint8_t enc[GV_HPKE_KEY],
              const uint8_t peer[GV_HPKE_KEY], uint8_t out32[32])
{
    uint8_t prk[32], context[2 * GV_HPKE_KEY];

    memcpy(context, enc, GV_HPKE_KEY);
    memcpy(context + GV_HPKE_KEY, peer, GV_HPKE_KEY);
    extract(none, kem("eae_prk"), gv_bytes(dh, 32), prk);
    expand(prk, kem("shared_secret"), gv_bytes(context, sizeof(context)), out32,
           32);
    gv_wipe(prk, sizeof(prk));
}

/* KeySchedule (5.1), mode 0: no pre-shared key. */
static void
schedule(const uint8_t shared32[32], struct gv_bytes info, struct gv_hpke *out)
{
    uint8_t context[1 + 32 + 32] = {0}, secret[32];
    struct gv_bytes c = gv_bytes(context, sizeof(context));

    extract(none, hpke("psk_id_hash"), none, context + 1);
    extract(none, hpke("info_hash"), info, context + 33);
    extract(gv_bytes(shared32, 32), hpke("secret"), none, secret);
    expand(secret, hpke("key"), c, out->key, sizeof(out->key));
    expand(secret, hpke("base_nonce"), c, out->nonce, sizeof(out->nonce));
    out->seq = 0;
    gv_wipe(secret, sizeof(secret));
}

enum gv_rc
gv_hpke_send(const uint8_t peer[GV_HPKE_KEY], struct gv_bytes seed,
             struct gv_bytes info, uint8_t enc[GV_HPKE_KEY],
             struct gv_hpke *out)
{
    uint8_t secret[GV_HPKE_KEY], dh[32], shared[32];
    enum gv_rc rc = gv_hpke_derive(seed, secret, enc);

    if (rc == GV_OK)
        rc = gv_x25519(secret, peer, dh);
    if (rc == GV_OK) {
        shared_secret(dh, enc, peer, shared);
        schedule(shared, info, out);
    }
    gv_wipe(secret, sizeof(secret));
    gv_wipe(dh, sizeof(dh));
    gv_wipe(shared, sizeof(shared));
    return rc;
}

enum gv_rc
gv_hpke_receive(const uint8_t secret[GV_HPKE_KEY],
                const uint8_t enc[GV_HPKE_KEY], struct gv_bytes info,
                struct gv_hpke *out)
{
    uint8_t mine[GV_HPKE_KEY], dh[32], shared[32];
    enum gv_rc rc = gv_x25519_public(secret, mine);

    if (rc == GV_OK)
        rc = gv_x25519(secret, enc, dh);
    if (rc == GV_OK) {
        shared_secret(dh, enc, mine, shared);
        schedule(shared, info, out);
    }
    gv_wipe(dh, sizeof(dh));
    gv_wipe(shared, sizeof(shared));
    return rc;
}

/* ComputeNonce (5.2): the base nonce and the big-endian number of the
 * message. */
static void
next(const struct gv_hpke *h, struct gv_bytes aad, struct gv_gcm *out)
{
    memcpy(out->key, h->key, sizeof(out->key));
    memcpy(out->nonce, h->nonce, sizeof(out->nonce));
    for (unsigned i = 0; i < 8; i++)
        out->nonce[GV_GCM_NONCE - 1 - i] ^= (uint8_t)(h->seq >> (8 * i));
    out->aad = aad;
}

enum gv_rc
gv_hpke_seal(struct gv_hpke *h, struct gv_bytes aad, struct gv_bytes plain,
             uint8_t *out)
{
    struct gv_gcm gcm;
    enum gv_rc rc;

    next(h, aad, &gcm);
    rc = gv_gcm_seal(&gcm, plain, out);
    h->seq++; /* whatever came of it: a nonce is never used again */
    gv_wipe(&gcm, sizeof(gcm));
    return rc;
}

enum gv_rc
gv_hpke_open(struct gv_hpke *h, struct gv_bytes aad, struct gv_bytes sealed,
             uint8_t *out)
{
    struct gv_gcm gcm;
    enum gv_rc rc;

    next(h, aad, &gcm);
    rc = gv_gcm_open(&gcm, sealed, out);
    if (rc == GV_OK)
        h->seq++;
    gv_wipe(&gcm, sizeof(gcm));
    return rc;
}
