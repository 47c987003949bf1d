/* refusal.c - the signed refusal of a bid. */
#include "src/refusal.h"

#include "gavel/hash.h"
#include "src/net/message.h"

static void
digest(const struct gv_refusal *r, uint8_t out32[32])
{
    uint8_t buf[1 + 32 + 8 + 2 + 65 + 4 + 16];
    struct gv_sink s = gv_sink_buffer(buf, sizeof(buf));
    struct gv_tx_id id;

    gv_tx_id_of(r->raw, &id);
    gv_put_u8(&s, GV_MSG_REJECT);
    gv_put(&s, id.b, 32);
    gv_put_u64(&s, r->nonce);
    gv_put_u16(&s, (uint16_t)r->why.code);
    gv_put_b8(&s, r->field);
    gv_put_u32(&s, r->why.index);
    gv_put_u64(&s, r->why.have);
    gv_put_u64(&s, r->why.want);
    gv_tagged(GV_TAG_PEER, buf, s.len, out32);
}

enum gv_rc
gv_refusal_sign(const struct gv_refusal *r, const struct gv_keys *keys,
                const struct gv_seckey *secret, struct gv_sig *out)
{
    uint8_t msg[32];

    digest(r, msg);
    return gv_key_sign(keys, secret, msg, NULL, out);
}

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
    struct gv_sig s;
    uint8_t msg[32];

    if (sig.len != sizeof(s.b))
        return -1;
    memcpy(s.b, sig.p, sizeof(s.b));
    digest(r, msg);
    for (size_t i = 0; i < d->services; i++) {
        int place = place_of(open, d, &d->service[i], now_ms);

        if (place >= 0 && gv_key_verify(keys, &d->service[i].cred.key, msg, &s))
            return place;
    }
    return -1;
}
