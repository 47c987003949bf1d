/* msglog.c - see msglog.h. */
#include "src/client/msglog.h"

#include <stdlib.h>

#include "gavel/hash.h"

#define LEAST (32 + 8 + 32 + GV_HPKE_TAG)
#define INFO "gavel message log"

void
gv_msglog_put(struct gv_sink *s, const struct gv_msglog_entry *e)
{
    gv_put_u64(s, e->time_us);
    gv_put_u64(s, e->session);
    gv_put_u8(s, e->way);
    gv_put_b32(s, e->frame);
}

bool
gv_msglog_next(struct gv_reader *r, struct gv_msglog_entry *out)
{
    if (r->left == 0)
        return false;
    out->time_us = gv_get_u64(r, "time");
    out->session = gv_get_u64(r, "session");
    out->way = gv_get_u8(r, "way");
    gv_get_require(r, out->way < GV_MSGLOG_WAYS, "way");
    out->frame = gv_get_b32(r, GV_MSGLOG_RECORD_MAX, "frame");
    return !r->failed;
}

/* prev | number, which the seal covers. */
static struct gv_bytes
aad_of(const uint8_t prev[32], uint64_t number, uint8_t out[40])
{
    memcpy(out, prev, 32);
    gv_le64_put(out + 32, number);
    return gv_bytes(out, 40);
}

static void
move_on(struct gv_msglog_chain *chain, struct gv_bytes record)
{
    gv_sha256_of(record.p, record.len, chain->prev);
    chain->number++;
}

enum gv_rc
gv_msglog_seal(struct gv_msglog_chain *chain, const uint8_t owner[GV_HPKE_KEY],
               const uint8_t seed32[32], struct gv_bytes entries, uint8_t *out)
{
    size_t len = GV_MSGLOG_HEAD + entries.len + GV_HPKE_TAG;
    struct gv_hpke h;
    uint8_t aad[40];
    enum gv_rc rc;

    gv_le32_put(out, (uint32_t)(len - 4));
    memcpy(out + 4, chain->prev, 32);
    gv_le64_put(out + 36, chain->number);
    rc = gv_hpke_send(owner, gv_bytes(seed32, 32), gv_bytes(INFO, strlen(INFO)),
                      out + 44, &h);
    if (rc == GV_OK)
        rc = gv_hpke_seal(&h, aad_of(chain->prev, chain->number, aad), entries,
                          out + GV_MSGLOG_HEAD);
    gv_wipe(&h, sizeof(h));
    if (rc == GV_OK)
        move_on(chain, gv_bytes(out, len));
    return rc;
}

bool
gv_msglog_read(struct gv_reader *r, struct gv_msglog_record *out)
{
    const uint8_t *start = r->p;
    uint32_t len;

    if (r->left == 0)
        return false;
    len = gv_get_u32(r, "length");
    gv_get_require(r, len >= LEAST && len <= GV_MSGLOG_RECORD_MAX + LEAST,
                   "length");
    gv_get(r, out->prev, 32, "previous");
    out->number = gv_get_u64(r, "number");
    gv_get(r, out->enc, sizeof(out->enc), "encapsulation");
    if (r->failed)
        return false;
    out->sealed = gv_get_view(r, len - (32 + 8 + 32), "sealed");
    out->raw = gv_bytes(start, 4 + (size_t)len);
    return !r->failed;
}

bool
gv_msglog_follows(struct gv_msglog_chain *chain,
                  const struct gv_msglog_record *record, bool *any)
{
    if (!*any && (record->number != chain->number ||
                  memcmp(record->prev, chain->prev, 32) != 0))
        return false;
    *any = false;
    chain->number = record->number;
    move_on(chain, record->raw);
    return true;
}

uint8_t *
gv_msglog_open(const struct gv_msglog_record *record,
               const uint8_t secret[GV_HPKE_KEY], size_t *len)
{
    uint8_t *plain = malloc(record->sealed.len);
    struct gv_hpke h;
    uint8_t aad[40];
    bool ok;

    if (plain == NULL)
        return NULL;
    *len = record->sealed.len - GV_HPKE_TAG;
    ok = gv_hpke_receive(secret, record->enc, gv_bytes(INFO, strlen(INFO)),
                         &h) == GV_OK &&
         gv_hpke_open(&h, aad_of(record->prev, record->number, aad),
                      record->sealed, plain) == GV_OK;
    gv_wipe(&h, sizeof(h));
    if (ok)
        return plain;
    free(plain);
    return NULL;
}
