/* word.c - see word.h. */
#include "src/client/word.h"

#include "gavel/hash.h"
#include "gavel/tx.h"
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

bool
gv_refusal_is_by(const struct gv_refusal *r, struct gv_bytes sig,
                 const struct gv_keys *keys, const struct gv_pubkey *service)
{
    struct gv_sig s;
    uint8_t msg[32];

    if (sig.len != sizeof(s.b))
        return false;
    memcpy(s.b, sig.p, sizeof(s.b));
    digest(r, msg);
    return gv_key_verify(keys, service, msg, &s);
}
