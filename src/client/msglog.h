/*
 * msglog.h - records of the message log: what nodes said to each other, sealed
 * to its owner and chained by hashes (docs/spec/network.md, N28).
 *
 * A file is the 8 bytes GV_MSGLOG_MAGIC and records:
 *
 *     len u32       bytes after this field
 *     prev 32       SHA256 of the record before, with its len; of the first
 *                   record ever 32 zero bytes
 *     number u64    from 0, one more than that of the record before
 *     enc 32        HPKE encapsulation (RFC 9180, base mode)
 *     sealed        the entries, with GV_HPKE_TAG; aad: prev | number
 *
 * and the entries in a record are:
 *
 *     time u64 us since 1970 | session u64 | way u8 | frame b32
 *
 * Thread-safety: values and pure functions.
 */
#ifndef GAVEL_CLIENT_MSGLOG_H
#define GAVEL_CLIENT_MSGLOG_H

#include <gavel/hpke.h>
#include <gavel/wire.h>

#define GV_MSGLOG_MAGIC "GVMSGL1\n"
#define GV_MSGLOG_HEAD (4 + 32 + 8 + 32)
#define GV_MSGLOG_RECORD_MAX (16u << 20)

enum gv_msglog_way {
    GV_MSGLOG_IN = 0, /* requests and replies: kind, number, body */
    GV_MSGLOG_OUT = 1,
    GV_MSGLOG_GOSSIP_IN = 2, /* topic, kind, body */
    GV_MSGLOG_GOSSIP_OUT = 3,
    GV_MSGLOG_SUBMIT_IN = 4, /* the submit socket */
    GV_MSGLOG_SUBMIT_OUT = 5,
    GV_MSGLOG_LOST = 6 /* frame: u64, so many messages were not kept */
};
#define GV_MSGLOG_WAYS 7

struct gv_msglog_entry {
    uint64_t time_us;
    uint64_t session; /* 0: before there is one, or none */
    uint8_t way;
    struct gv_bytes frame;
};

void gv_msglog_put(struct gv_sink *s, const struct gv_msglog_entry *e);
/* The next entry of an opened record. False: its end, or r->failed. */
bool gv_msglog_next(struct gv_reader *r, struct gv_msglog_entry *out);

/* Where the chain stands: of the next record. */
struct gv_msglog_chain {
    uint8_t prev[32];
    uint64_t number;
};

/* Seal entries into a record of GV_MSGLOG_HEAD + entries.len + GV_HPKE_TAG
 * bytes at out, and move the chain on. seed: random, used once. GV_OK, or
 * GV_REJECT when owner is no key. */
enum gv_rc gv_msglog_seal(struct gv_msglog_chain *chain,
                          const uint8_t owner[GV_HPKE_KEY],
                          const uint8_t seed32[32], struct gv_bytes entries,
                          uint8_t *out) GV_MUST_CHECK;

struct gv_msglog_record {
    uint8_t prev[32];
    uint64_t number;
    uint8_t enc[GV_HPKE_KEY];
    struct gv_bytes raw, sealed;
};
/* The next record at r. False: the end, or r->failed: it is cut off or no
 * record. */
bool gv_msglog_read(struct gv_reader *r, struct gv_msglog_record *out);
/* Does it continue the chain? Moves it on if so. *any: take this record's own
 * place as the beginning (of the oldest file that is left), and clear it. */
bool gv_msglog_follows(struct gv_msglog_chain *chain,
                       const struct gv_msglog_record *record, bool *any);
/* The entries, heap memory of *len bytes; NULL: not sealed to this key, or
 * changed. */
uint8_t *gv_msglog_open(const struct gv_msglog_record *record,
                        const uint8_t secret[GV_HPKE_KEY], size_t *len);

#endif
