/* bidseal.c - seal a bid, and open it (gavel/bidseal.h; docs/spec/sealed.md,
 * Q1 to Q6). */
#include "gavel/bidseal.h"

#include "gavel/gcm.h"
#include "gavel/hash.h"
#include "gavel/prf.h"
#include "gavel/wire.h"

#define NAMES (32 + 32) /* auction | bidder */
#define PLAIN (8 + 32)  /* amount | salt */

/* Where the parts of a sealed part begin. */
#define COMMITMENT 1
#define SHARES (1 + 32)

static struct gv_bytes
text(const char *s)
{
    return gv_bytes(s, strlen(s));
}

/* Whose bid it is, bound to everything that is sealed: auction | bidder, and
 * behind them the number of a notary, counted from 1 (Q3). */
static void
put_names(const struct gv_bidseal_pins *pins, const struct gv_pubkey *bidder,
          uint8_t out[NAMES + 1])
{
    memcpy(out, pins->auction.b, 32);
    memcpy(out + 32, bidder->b, 32);
    out[NAMES] = 0;
}

/* The n shares of es (Q2). */
static void
make_shares(const struct gv_bidseal_pins *pins, const uint8_t es32[32],
            struct gv_share shares[GV_BIDSEAL_MAX])
{
    uint8_t c[GV_BIDSEAL_MAX][32];

    gv_prf_stream(es32, "shamir", c[0], (size_t)(pins->t - 1) * 32);
    gv_shamir_split(es32, (const uint8_t(*)[32])c, pins->t, pins->n, shares);
    gv_wipe(c, sizeof(c));
}

/* One notary's share, sealed by a key that follows from es (Q3). */
static enum gv_rc
seal_share(const struct gv_bidseal_pins *pins, const uint8_t es32[32],
           uint8_t names[NAMES + 1], const struct gv_share *share,
           uint8_t out[GV_BIDSEAL_SHARE])
{
    uint8_t label[5] = "hpke", seed[32];
    struct gv_hpke h;
    enum gv_rc rc;

    label[4] = names[NAMES] = share->x;
    gv_prf(es32, gv_bytes(label, sizeof(label)), seed);
    rc = gv_hpke_send(pins->key[share->x - 1], gv_bytes(seed, sizeof(seed)),
                      gv_bytes(names, NAMES + 1), out, &h);
    if (rc == GV_OK)
        rc = gv_hpke_seal(&h, gv_bytes(names, NAMES), gv_bytes(share->y, 32),
                          out + GV_HPKE_KEY);
    gv_wipe(seed, sizeof(seed));
    gv_wipe(&h, sizeof(h));
    return rc;
}

static enum gv_rc
open_share(const struct gv_bidseal_key *key, uint8_t names[NAMES + 1],
           const uint8_t *sealed, struct gv_share *out)
{
    struct gv_hpke h;
    enum gv_rc rc;

    out->x = names[NAMES] = (uint8_t)(key->notary + 1);
    rc = gv_hpke_receive(key->secret, sealed, gv_bytes(names, NAMES + 1), &h);
    if (rc == GV_OK)
        rc = gv_hpke_open(
            &h, gv_bytes(names, NAMES),
            gv_bytes(sealed + GV_HPKE_KEY, GV_BIDSEAL_SHARE - GV_HPKE_KEY),
            out->y);
    gv_wipe(&h, sizeof(h));
    return rc;
}

/* Under one es one opening is sealed, so the nonce may be zero (Q4). */
static void
opening_cipher(const uint8_t es32[32], const uint8_t names[NAMES + 1],
               struct gv_gcm *out)
{
    *out = (struct gv_gcm){.aad = gv_bytes(names, NAMES)};
    gv_prf(es32, text("opening"), out->key);
}

/* H_tag("gavel/seal", auction | bidder | amount | salt) (Q4). */
static void
commit(const uint8_t names[NAMES + 1], const uint8_t plain[PLAIN],
       uint8_t out32[32])
{
    struct gv_sha256 h;

    gv_sha256_tag(&h, GV_TAG_SEAL);
    gv_sha256_add(&h, names, NAMES);
    gv_sha256_add(&h, plain, PLAIN);
    gv_sha256_end(&h, out32);
    gv_wipe(&h, sizeof(h));
}

static enum gv_rc
seal_opening(const uint8_t es32[32], const uint8_t names[NAMES + 1],
             uint64_t amount, uint8_t *out, size_t at)
{
    uint8_t plain[PLAIN];
    struct gv_gcm gcm;
    enum gv_rc rc;

    gv_le64_put(plain, amount);
    gv_prf(es32, text("salt"), plain + 8);
    commit(names, plain, out + COMMITMENT);
    opening_cipher(es32, names, &gcm);
    rc = gv_gcm_seal(&gcm, gv_bytes(plain, PLAIN), out + at);
    gv_wipe(&gcm, sizeof(gcm));
    gv_wipe(plain, sizeof(plain));
    return rc;
}

enum gv_rc
gv_bidseal_make(const struct gv_bidseal_pins *pins,
                const struct gv_pubkey *bidder, const uint8_t es32[32],
                uint64_t amount, uint8_t *out)
{
    struct gv_share shares[GV_BIDSEAL_MAX];
    uint8_t names[NAMES + 1];
    size_t at = SHARES;
    enum gv_rc rc = amount > 0 ? GV_OK : GV_REJECT;

    put_names(pins, bidder, names);
    make_shares(pins, es32, shares);
    out[0] = pins->n;
    for (unsigned m = 0; rc == GV_OK && m < pins->n; m++) {
        rc = seal_share(pins, es32, names, &shares[m], out + at);
        at += GV_BIDSEAL_SHARE;
    }
    if (rc == GV_OK)
        rc = seal_opening(es32, names, amount, out, at);
    gv_wipe(shares, sizeof(shares));
    return rc;
}

/* What the opening says, if es opens it and it is what was committed to. */
static enum gv_rc
read_opening(const uint8_t es32[32], const uint8_t names[NAMES + 1],
             struct gv_bytes sealed, uint64_t *amount)
{
    uint8_t plain[PLAIN], digest[32];
    struct gv_gcm gcm;
    enum gv_rc rc;

    opening_cipher(es32, names, &gcm);
    rc = gv_gcm_open(&gcm,
                     gv_bytes(sealed.p + sealed.len - GV_BIDSEAL_OPENING,
                              GV_BIDSEAL_OPENING),
                     plain);
    if (rc == GV_OK) {
        commit(names, plain, digest);
        *amount = gv_le64(plain);
        if (*amount == 0 || memcmp(digest, sealed.p + COMMITMENT, 32) != 0)
            rc = GV_REJECT;
    }
    gv_wipe(&gcm, sizeof(gcm));
    gv_wipe(plain, sizeof(plain));
    return rc;
}

/* Are the sealed shares those of es, every one of them (Q5)? */
static enum gv_rc
compare_shares(const struct gv_bidseal_pins *pins, const uint8_t es32[32],
               uint8_t names[NAMES + 1], const uint8_t *sealed)
{
    struct gv_share shares[GV_BIDSEAL_MAX];
    uint8_t again[GV_BIDSEAL_SHARE];
    enum gv_rc rc = GV_OK;

    make_shares(pins, es32, shares);
    for (unsigned m = 0; rc == GV_OK && m < pins->n; m++) {
        rc = seal_share(pins, es32, names, &shares[m], again);
        if (rc == GV_OK && memcmp(again, sealed, sizeof(again)) != 0)
            rc = GV_REJECT;
        sealed += GV_BIDSEAL_SHARE;
    }
    gv_wipe(shares, sizeof(shares));
    return rc;
}

static bool
fits(const struct gv_bidseal_pins *pins, struct gv_bytes sealed)
{
    return sealed.len == gv_bidseal_size(pins->n) && sealed.p[0] == pins->n;
}

enum gv_rc
gv_bidseal_open(const struct gv_bidseal_pins *pins,
                const struct gv_pubkey *bidder, struct gv_bytes sealed,
                const uint8_t es32[32], uint64_t *amount)
{
    uint8_t names[NAMES + 1];
    enum gv_rc rc;

    *amount = 0;
    if (!fits(pins, sealed))
        return GV_REJECT;
    put_names(pins, bidder, names);
    rc = read_opening(es32, names, sealed, amount);
    if (rc == GV_OK)
        rc = compare_shares(pins, es32, names, sealed.p + SHARES);
    if (rc != GV_OK)
        *amount = 0;
    return rc;
}

enum gv_rc
gv_bidseal_recover(const struct gv_bidseal_pins *pins,
                   const struct gv_pubkey *bidder, struct gv_bytes sealed,
                   const struct gv_bidseal_key *keys, uint8_t es32[32],
                   uint64_t *amount)
{
    struct gv_share shares[GV_BIDSEAL_MAX];
    uint8_t names[NAMES + 1];
    enum gv_rc rc = fits(pins, sealed) ? GV_OK : GV_REJECT;

    *amount = 0;
    put_names(pins, bidder, names);
    for (unsigned i = 0; rc == GV_OK && i < pins->t; i++)
        rc = keys[i].notary < pins->n
                 ? open_share(&keys[i], names,
                              sealed.p + SHARES +
                                  (size_t)keys[i].notary * GV_BIDSEAL_SHARE,
                              &shares[i])
                 : GV_REJECT;
    if (rc == GV_OK)
        rc = gv_shamir_combine(shares, pins->t, es32);
    if (rc == GV_OK)
        rc = gv_bidseal_open(pins, bidder, sealed, es32, amount);
    if (rc != GV_OK)
        gv_wipe(es32, 32);
    gv_wipe(shares, sizeof(shares));
    return rc;
}

bool
gv_bidseal_clamped(const uint8_t secret[GV_HPKE_KEY])
{
    return (secret[0] & 7) == 0 && secret[31] >> 6 == 1;
}

void
gv_bidseal_clamp(uint8_t secret[GV_HPKE_KEY])
{
    secret[0] &= 0xf8;
    secret[31] = (uint8_t)((secret[31] & 0x7f) | 0x40);
}
