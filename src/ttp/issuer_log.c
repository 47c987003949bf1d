/* issuer_log.c - the issuer's records and logs.
 *
 * Rows: 'i' | 's' | session 32 holds a record, 'i' | 'c' | auction 32 the
 * time (u64, ms) at which the auction's log was closed, 'i' | 'e' | auction 32
 * why its keys are to be destroyed (u8, enum issuer_end). */
#include <stdlib.h>

#include "src/ttp/issuer_impl.h"

#define VERSION 1
#define VALUE_MAX 8192

/* --- encoding --- */

static void
record_put(struct gv_sink *s, const struct issuer_record *r)
{
    gv_put_u8(s, VERSION);
    gv_put_u8(s, (uint8_t)r->state);
    gv_put(s, r->session.b, 32);
    gv_put(s, r->auction.b, 32);
    gv_put(s, r->subject.b, 32);
    gv_put(s, r->cert_fp.b, 32);
    gv_put(s, r->ledger.b, 32);
    gv_put_u64(s, r->opened_ms);
    gv_put_u64(s, r->committed_ms);
    gv_put_u32(s, r->index);
    gv_put_b16(s, gv_bytes(r->cert, r->cert_len));
    gv_put_b16(s, gv_bytes(r->commit, r->commit_len));
    gv_put_b16(s, gv_bytes(r->challenge, r->challenge_len));
    gv_put_b16(s, gv_bytes(r->reveal, r->reveal_len));
    gv_put(s, r->sign, GV_RSA_SIZE);
}

static void
get_part(struct gv_reader *in, uint8_t *out, size_t cap, size_t *len)
{
    struct gv_bytes part = gv_get_b16(in, cap, "message");

    if (!in->failed && part.len > 0)
        memcpy(out, part.p, part.len);
    *len = part.len;
}

static bool
get_heap(struct gv_reader *in, size_t max, uint8_t **out, size_t *len)
{
    struct gv_bytes part = gv_get_b16(in, max, "message");

    *len = part.len;
    *out = NULL;
    if (part.len == 0)
        return true;
    *out = malloc(part.len);
    if (*out != NULL)
        memcpy(*out, part.p, part.len);
    return *out != NULL;
}

static bool
record_get(struct gv_bytes value, struct issuer_record *r)
{
    struct gv_reader in = gv_reader(value);
    bool memory;

    *r = (struct issuer_record){0};
    gv_get_require(&in, gv_get_u8(&in, "version") == VERSION, "version");
    r->state = (enum issuer_state)gv_get_u8(&in, "state");
    gv_get_require(&in, r->state >= ISSUER_OPENED && r->state <= ISSUER_LATE,
                   "state");
    gv_get(&in, r->session.b, 32, "session");
    gv_get(&in, r->auction.b, 32, "auction");
    gv_get(&in, r->subject.b, 32, "subject");
    gv_get(&in, r->cert_fp.b, 32, "certificate");
    gv_get(&in, r->ledger.b, 32, "key");
    r->opened_ms = gv_get_u64(&in, "opened");
    r->committed_ms = gv_get_u64(&in, "committed");
    r->index = gv_get_u32(&in, "index");
    memory = get_heap(&in, GV_ISS_CERT_MAX, &r->cert, &r->cert_len);
    get_part(&in, r->commit, sizeof(r->commit), &r->commit_len);
    get_part(&in, r->challenge, sizeof(r->challenge), &r->challenge_len);
    memory =
        get_heap(&in, ISSUER_REVEAL_MAX, &r->reveal, &r->reveal_len) && memory;
    gv_get(&in, r->sign, GV_RSA_SIZE, "signature");
    if (memory && gv_reader_done(&in))
        return true;
    free(r->cert);
    free(r->reveal);
    return false;
}

/* --- names --- */

/* Subjects and ledger keys are unique in one auction. */
static void
name_in(const struct gv_chain_id *auction, const uint8_t name32[32],
        uint8_t out32[32])
{
    struct gv_sha256 h;

    gv_sha256_init(&h);
    gv_sha256_add(&h, auction->b, 32);
    gv_sha256_add(&h, name32, 32);
    gv_sha256_end(&h, out32);
}

struct issuer_record *
issuer_find(struct gv_issuer *iss, enum issuer_name kind,
            const struct gv_chain_id *auction, const uint8_t name32[32])
{
    uint8_t name[32];
    uint32_t at;

    if (kind == ISSUER_SESSION)
        memcpy(name, name32, 32);
    else
        name_in(auction, name32, name);
    if (ca_index_get(&iss->index, (uint8_t)kind, name, &at) != GV_OK)
        return NULL;
    return &iss->at[at];
}

static enum gv_rc
point(struct gv_issuer *iss, const struct issuer_record *r, uint32_t at)
{
    uint8_t name[32];

    if (ca_index_put(&iss->index, ISSUER_SESSION, r->session.b, at) != GV_OK)
        return GV_FAULT;
    name_in(&r->auction, r->subject.b, name);
    if (ca_index_put(&iss->index, ISSUER_SUBJECT, name, at) != GV_OK)
        return GV_FAULT;
    name_in(&r->auction, r->ledger.b, name);
    return ca_index_put(&iss->index, ISSUER_LEDGER, name, at);
}

struct issuer_log *
issuer_log_find(struct gv_issuer *iss, const struct gv_chain_id *auction)
{
    for (size_t i = 0; i < iss->logs; i++)
        if (GV_ID_EQ(&iss->log[i].auction, auction))
            return &iss->log[i];
    return NULL;
}

struct issuer_log *
issuer_log_of(struct gv_issuer *iss, const struct gv_chain_id *auction)
{
    struct issuer_log *log = issuer_log_find(iss, auction);

    if (log != NULL)
        return log;
    if (iss->logs == iss->log_cap) {
        size_t cap = iss->log_cap * 2 + 8;
        void *p = realloc(iss->log, cap * sizeof(*iss->log));

        if (p == NULL)
            return NULL;
        iss->log = p;
        iss->log_cap = cap;
    }
    iss->log[iss->logs] = (struct issuer_log){.auction = *auction};
    return &iss->log[iss->logs++];
}

static enum gv_rc
remember(struct gv_issuer *iss, const struct issuer_record *r)
{
    struct issuer_log *log = issuer_log_of(iss, &r->auction);

    if (log == NULL)
        return GV_FAULT;
    if (r->commit_len > 0 && r->index >= log->count)
        log->count = r->index + 1;
    log->found += r->commit_len > 0;
    if (iss->count == iss->cap) {
        size_t cap = iss->cap * 2 + 64;
        void *p = realloc(iss->at, cap * sizeof(*iss->at));

        if (p == NULL)
            return GV_FAULT;
        iss->at = p;
        iss->cap = cap;
    }
    if (point(iss, r, (uint32_t)iss->count) != GV_OK)
        return GV_FAULT;
    iss->at[iss->count++] = *r;
    return GV_OK;
}

/* --- durable rows --- */

static enum gv_rc
write_row(struct gv_issuer *iss, char kind, const uint8_t name32[32],
          struct gv_bytes value)
{
    uint8_t key[34] = {'i', (uint8_t)kind};

    memcpy(key + 2, name32, 32);
    return iss->o.store.put(iss->o.store.ctx, gv_bytes(key, sizeof(key)),
                            value);
}

static enum gv_rc
write_record(struct gv_issuer *iss, const struct issuer_record *r)
{
    uint8_t value[VALUE_MAX];
    struct gv_sink s = gv_sink_buffer(value, sizeof(value));

    record_put(&s, r);
    return s.failed ? GV_FAULT
                    : write_row(iss, 's', r->session.b, gv_bytes(value, s.len));
}

static enum gv_rc
load_row(void *arg, struct gv_bytes key, struct gv_bytes value)
{
    struct gv_issuer *iss = arg;
    struct issuer_record r;
    struct gv_chain_id auction;
    struct issuer_log *log;

    if (key.len != 34)
        return GV_REJECT;
    if ((key.p[1] == 'c' && value.len == 8) ||
        (key.p[1] == 'e' && value.len == 1 && value.p[0] <= ISSUER_STALLED)) {
        memcpy(auction.b, key.p + 2, 32);
        log = issuer_log_of(iss, &auction);
        if (log == NULL)
            return GV_FAULT;
        if (key.p[1] == 'c')
            log->closed_ms = gv_le64(value.p);
        else
            log->end = (enum issuer_end)value.p[0];
        return GV_OK;
    }
    if (key.p[1] != 's' || !record_get(value, &r))
        return GV_REJECT;
    if (memcmp(r.session.b, key.p + 2, 32) == 0)
        return remember(iss, &r);
    free(r.cert);
    free(r.reveal);
    return GV_REJECT;
}

/* COMMITs are numbered without gaps (I27): a log that lacks one, or has two of
 * one number, would be published as another than was promised. */
static bool
logs_are_whole(const struct gv_issuer *iss)
{
    for (size_t i = 0; i < iss->logs; i++)
        if (iss->log[i].found != iss->log[i].count)
            return false;
    return true;
}

enum gv_rc
issuer_load(struct gv_issuer *iss, struct gv_error *e)
{
    enum gv_rc rc = iss->o.store.each(iss->o.store.ctx, 'i', load_row, iss);

    iss->loaded = iss->count;
    if (rc == GV_OK && !logs_are_whole(iss))
        rc = GV_REJECT;
    if (rc == GV_OK)
        return GV_OK;
    gv_error_set(e, rc == GV_REJECT
                        ? "a record of the token issuer is damaged or missing"
                        : "cannot read the token issuer's records");
    return GV_FAULT;
}

enum gv_rc
issuer_add(struct gv_issuer *iss, struct issuer_record *r)
{
    if (write_record(iss, r) == GV_OK && remember(iss, r) == GV_OK)
        return GV_OK;
    free(r->cert);
    free(r->reveal);
    return GV_FAULT;
}

enum gv_rc
issuer_replace(struct gv_issuer *iss, struct issuer_record *old,
               const struct issuer_record *changed)
{
    struct issuer_log *log = issuer_log_of(iss, &changed->auction);

    if (log == NULL || write_record(iss, changed) != GV_OK) {
        if (changed->reveal != old->reveal)
            free(changed->reveal);
        return GV_FAULT;
    }
    if (changed->commit_len > 0 && changed->index >= log->count)
        log->count = changed->index + 1;
    *old = *changed;
    return GV_OK;
}

/* --- the log --- */

enum gv_rc
issuer_log_close(struct gv_issuer *iss, struct issuer_log *log)
{
    uint64_t now = issuer_now(iss);
    uint8_t value[8];

    if (log->closed_ms != 0)
        return GV_OK;
    gv_le64_put(value, now);
    if (write_row(iss, 'c', log->auction.b, gv_bytes(value, 8)) != GV_OK)
        return GV_FAULT;
    log->closed_ms = now;
    return GV_OK;
}

enum gv_rc
issuer_log_end(struct gv_issuer *iss, struct issuer_log *log,
               enum issuer_end end)
{
    uint8_t value = (uint8_t)end;

    if (write_row(iss, 'e', log->auction.b, gv_bytes(&value, 1)) != GV_OK)
        return GV_FAULT;
    log->end = end;
    return GV_OK;
}

enum gv_rc
issuer_log_leaves(struct gv_issuer *iss, const struct issuer_log *log,
                  struct gv_bytes **out)
{
    *out = calloc(log->count ? log->count : 1, sizeof(**out));
    if (*out == NULL)
        return GV_FAULT;
    for (size_t i = 0; i < iss->count; i++) {
        const struct issuer_record *r = &iss->at[i];

        if (r->commit_len > 0 && r->index < log->count &&
            GV_ID_EQ(&r->auction, &log->auction))
            (*out)[r->index] = gv_bytes(r->commit, r->commit_len);
    }
    return GV_OK;
}

/* --- silence --- */

/* When a REVEAL was due at the latest: after a day, or at the close. */
static uint64_t
due_ms(const struct gv_issuer *iss, const struct issuer_record *r)
{
    uint64_t due = r->committed_ms + GV_ISSUER_REVEAL_MS;

    for (size_t i = 0; i < iss->logs; i++)
        if (GV_ID_EQ(&iss->log[i].auction, &r->auction) &&
            iss->log[i].closed_ms != 0 && iss->log[i].closed_ms < due)
            return iss->log[i].closed_ms;
    return due;
}

unsigned
issuer_silences(const struct gv_issuer *iss, const struct gv_hash *subject,
                uint64_t now_ms, uint64_t *banned_until_ms)
{
    uint64_t newest = 0, before = 0;
    unsigned n = 0;

    *banned_until_ms = 0;
    for (size_t i = 0; i < iss->count; i++) {
        const struct issuer_record *r = &iss->at[i];
        uint64_t due;

        if (r->state != ISSUER_COMMITTED || !GV_ID_EQ(&r->subject, subject))
            continue;
        due = due_ms(iss, r);
        if (now_ms <= due)
            continue;
        n++;
        if (due > newest) {
            before = newest;
            newest = due;
        } else if (due > before) {
            before = due;
        }
    }
    if (n >= 2 && newest - before <= GV_ISSUER_BAN_MS &&
        now_ms < newest + GV_ISSUER_BAN_MS)
        *banned_until_ms = newest + GV_ISSUER_BAN_MS;
    return n;
}
