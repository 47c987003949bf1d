/* work.c - getwork, getworktemplate, submitwork; see work.h. */
#include "src/rpc/work.h"

#include <stdlib.h>

#include "src/rpc/render.h"

#define RECENT 16   /* templates whose seals are still taken */
#define MEMORIES 64 /* connections whose last work is remembered */
#define WAITING_MAX 1024

enum work_form { FORM_GETWORK, FORM_TEMPLATE };

struct work_waiter {
    struct gv_rpc_call *call;
    enum work_form form;
    bool has_known;
    struct gv_hash known;
    uint64_t until_ms;
};

struct work_memory {
    uint64_t used; /* 0: free; greater is newer */
    uint64_t connection;
    char user[GV_AUTH_USER_MAX + 1];
    char peer[48];
    struct gv_hash id;
};

struct gv_work {
    struct gv_work_options opt;
    bool has;
    struct gv_work_unit recent[RECENT]; /* at newest, and older ones */
    size_t newest, count;
    uint32_t extra; /* version of the next seal given out */
    uint64_t asked_ms, clock;
    struct work_waiter *waiter;
    size_t waiters, waiter_cap;
    struct work_memory memory[MEMORIES];
};

struct gv_work *
gv_work_new(const struct gv_work_options *options)
{
    struct gv_work *w = calloc(1, sizeof(*w));

    if (w)
        w->opt = *options;
    return w;
}

/* --- the layout of getwork --- */

static void
reverse_words(uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i += 4) {
        uint8_t a = p[i], b = p[i + 1];

        p[i] = p[i + 3];
        p[i + 1] = p[i + 2];
        p[i + 2] = b;
        p[i + 3] = a;
    }
}

static void
pad(const struct gv_seal *seal, uint8_t out128[128])
{
    memset(out128, 0, 128);
    memcpy(out128, seal->b, 80);
    out128[80] = 0x80;
    out128[126] = 640 >> 8;
    out128[127] = 640 & 0xff;
}

void
gv_work_data(const struct gv_seal *seal, char out[GV_WORK_DATA_HEX + 1])
{
    uint8_t raw[128];

    pad(seal, raw);
    reverse_words(raw, sizeof(raw));
    gv_hex(raw, sizeof(raw), out);
}

bool
gv_work_parse(const char *hex, struct gv_seal *out)
{
    uint8_t raw[128], want[128];

    if (gv_unhex(hex, raw, sizeof(raw)) != GV_OK)
        return false;
    reverse_words(raw, sizeof(raw));
    memcpy(out->b, raw, 80);
    pad(out, want);
    return memcmp(raw, want, sizeof(raw)) == 0;
}

/* --- what was served to whom --- */

static const char *
peer_of(const struct gv_rpc_call *call)
{
    const struct gv_http_request *r = gv_rpc_http_request(call);

    return r ? gv_http_peer(r) : "";
}

static uint64_t
connection_of(const struct gv_rpc_call *call)
{
    const struct gv_http_request *r = gv_rpc_http_request(call);

    return r ? gv_http_connection(r) : 0;
}

static bool
same_caller(const struct work_memory *m, const struct gv_rpc_call *call)
{
    return strcmp(m->user, gv_rpc_user(call)) == 0 &&
           strncmp(m->peer, peer_of(call), sizeof(m->peer) - 1) == 0;
}

static struct work_memory *
memory_of(struct gv_work *w, uint64_t connection)
{
    for (size_t i = 0; i < MEMORIES; i++)
        if (w->memory[i].used && w->memory[i].connection == connection)
            return &w->memory[i];
    return NULL;
}

/* What this miner had last: by its connection, else by login and address. */
static const struct work_memory *
recall(struct gv_work *w, const struct gv_rpc_call *call)
{
    const struct work_memory *best = memory_of(w, connection_of(call));

    if (best)
        return best;
    for (size_t i = 0; i < MEMORIES; i++)
        if (w->memory[i].used && same_caller(&w->memory[i], call) &&
            (!best || w->memory[i].used > best->used))
            best = &w->memory[i];
    return best;
}

static void
remember(struct gv_work *w, const struct gv_rpc_call *call)
{
    struct work_memory *m = memory_of(w, connection_of(call));

    for (size_t i = 0; !m && i < MEMORIES; i++)
        if (w->memory[i].used == 0)
            m = &w->memory[i];
    if (!m) {
        m = &w->memory[0];
        for (size_t i = 1; i < MEMORIES; i++)
            if (w->memory[i].used < m->used)
                m = &w->memory[i];
    }
    memset(m, 0, sizeof(*m));
    m->used = ++w->clock;
    m->connection = connection_of(call);
    strncpy(m->user, gv_rpc_user(call), sizeof(m->user) - 1);
    strncpy(m->peer, peer_of(call), sizeof(m->peer) - 1);
    m->id = w->recent[w->newest].id;
}

/* --- giving out --- */

static struct gv_seal
next_seal(struct gv_work *w)
{
    struct gv_seal seal = w->recent[w->newest].seal;

    gv_le32_put(seal.b, w->extra++);
    return seal;
}

static struct gv_rpc_answer *
give_getwork(struct gv_work *w, struct gv_rpc_call *call)
{
    const struct gv_work_unit *u = &w->recent[w->newest];
    struct gv_seal seal = next_seal(w);
    char data[GV_WORK_DATA_HEX + 1];
    uint8_t target[32];

    remember(w, call);
    gv_work_data(&seal, data);
    gv_u256_to_le(&u->target, target);
    gv_rpc_set_header(call, "X-Long-Polling", GV_WORK_LONGPOLL_PATH);
    return gv_rpc_ok(call, json_pack("{ss so}", "data", data, "target",
                                     gv_render_hex(target, 32)));
}

static struct gv_rpc_answer *
give_template(struct gv_work *w, struct gv_rpc_call *call)
{
    const struct gv_work_unit *u = &w->recent[w->newest];
    struct gv_seal seal = next_seal(w);
    struct gv_seal_fields f;

    gv_seal_read(&seal, &f);
    return gv_rpc_ok(call, json_pack("{so so so so so}", "template",
                                     gv_render_hex(u->id.b, 32), "seal",
                                     gv_render_hex(seal.b, 80), "target",
                                     gv_render_u256(&u->target), "chains",
                                     gv_render_u64(u->chains), "time_ms",
                                     gv_render_u64((uint64_t)f.time_s * 1000)));
}

static struct gv_rpc_answer *
give(struct gv_work *w, struct gv_rpc_call *call, enum work_form form)
{
    if (!w->has)
        return gv_rpc_error(call, GV_RPC_BUSY, "there is no work at present");
    return form == FORM_GETWORK ? give_getwork(w, call)
                                : give_template(w, call);
}

/* --- waiting --- */

static bool
is_ready(const struct gv_work *w, const struct work_waiter *x)
{
    return w->has &&
           (!x->has_known || !GV_ID_EQ(&x->known, &w->recent[w->newest].id));
}

static struct gv_rpc_answer *
give_or_wait(struct gv_work *w, const struct work_waiter *x, uint64_t now_ms)
{
    struct work_waiter *grown;

    if (is_ready(w, x) || x->until_ms <= now_ms)
        return give(w, x->call, x->form);
    if (w->waiters == WAITING_MAX)
        return gv_rpc_error(x->call, GV_RPC_BUSY, "too many calls wait");
    if (w->waiters == w->waiter_cap) {
        size_t cap = w->waiter_cap ? 2 * w->waiter_cap : 16;

        grown = realloc(w->waiter, cap * sizeof(*grown));
        if (!grown)
            return gv_rpc_error(x->call, GV_RPC_INTERNAL, "out of memory");
        w->waiter = grown;
        w->waiter_cap = cap;
    }
    w->waiter[w->waiters++] = *x;
    return gv_rpc_pending(x->call);
}

/* Answer every waiter that is ready, or whose time is over. Answering calls
 * nobody back, so the list does not change underneath. */
static void
settle(struct gv_work *w, uint64_t now_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->waiters; i++) {
        const struct work_waiter x = w->waiter[i];

        if (is_ready(w, &x) || x.until_ms <= now_ms)
            (void)give(w, x.call, x.form);
        else
            w->waiter[kept++] = x;
    }
    w->waiters = kept;
}

void
gv_work_set(struct gv_work *w, const struct gv_work_unit *unit)
{
    w->has = unit != NULL;
    if (!unit)
        return;
    if (w->count == 0 || !GV_ID_EQ(&unit->id, &w->recent[w->newest].id)) {
        w->newest = w->count == 0 ? 0 : (w->newest + 1) % RECENT;
        w->recent[w->newest] = *unit;
        w->count += w->count < RECENT;
    }
    settle(w, 0);
}

void
gv_work_tick(struct gv_work *w, uint64_t now_ms)
{
    settle(w, now_ms);
}

size_t
gv_work_waiting(const struct gv_work *w)
{
    return w->waiters;
}

uint64_t
gv_work_asked_ms(const struct gv_work *w)
{
    return w->asked_ms;
}

void
gv_work_free(struct gv_work *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->waiters; i++)
        (void)gv_rpc_error(w->waiter[i].call, GV_RPC_STOPPING,
                           "the node is stopping");
    free(w->waiter);
    free(w);
}

/* --- taking in --- */

/* The unit that a seal was made of: all but version, time, bits and nonce are
 * the node's. */
static const struct gv_work_unit *
unit_of(const struct gv_work *w, const struct gv_seal *seal)
{
    for (size_t i = 0; i < w->count; i++)
        if (memcmp(w->recent[i].seal.b + 4, seal->b + 4, 64) == 0)
            return &w->recent[i];
    return NULL;
}

static struct gv_rpc_answer *
reject_getwork(struct gv_rpc_call *call, const char *reason)
{
    gv_rpc_set_header(call, "X-Reject-Reason", reason);
    return gv_rpc_ok(call, json_false());
}

static struct gv_rpc_answer *
take_getwork(struct gv_work *w, struct gv_rpc_call *call, const char *data)
{
    const struct gv_work_unit *u;
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_hash id;
    struct gv_seal seal;
    json_t *accepted;
    size_t sealed;
    enum gv_rc rc;

    if (!gv_work_parse(data, &seal))
        return gv_rpc_bad_param(call, "data", "the 256 hex digits of getwork");
    u = unit_of(w, &seal);
    if (!u)
        return reject_getwork(call, "stale");
    if (!gv_seal_meets(&seal, &u->target))
        return reject_getwork(call, "high-hash");
    id = u->id; /* submitting may replace the units */
    accepted = json_array();
    rc = w->opt.submit(w->opt.arg, &id, &seal, accepted, &why);
    sealed = json_array_size(accepted);
    json_decref(accepted);
    if (rc == GV_FAULT)
        return gv_rpc_error(call, GV_RPC_INTERNAL, "the node failed");
    if (rc != GV_OK)
        return reject_getwork(call, gv_code_name(why.code));
    return sealed > 0 ? gv_rpc_ok(call, json_true())
                      : reject_getwork(call, "stale");
}

struct gv_rpc_answer *
gv_work_getwork(struct gv_work *w, struct gv_rpc_call *call, uint64_t now_ms)
{
    const struct gv_http_request *request = gv_rpc_http_request(call);
    struct work_waiter x = {.call = call, .form = FORM_GETWORK};
    const struct work_memory *m;
    const char *data = NULL;

    if (!gv_rpc_string(call, "data", GV_WORK_DATA_HEX, &data))
        return gv_rpc_invalid(call);
    if (data)
        return take_getwork(w, call, data);
    w->asked_ms = now_ms;
    x.until_ms = now_ms + GV_WORK_WAIT_MAX_MS;
    if (request && strcmp(gv_http_path(request), GV_WORK_LONGPOLL_PATH) == 0) {
        m = recall(w, call);
        x.has_known = m != NULL;
        if (m)
            x.known = m->id;
    }
    return give_or_wait(w, &x, now_ms);
}

struct gv_rpc_answer *
gv_work_gettemplate(struct gv_work *w, struct gv_rpc_call *call,
                    uint64_t now_ms)
{
    struct work_waiter x = {.call = call, .form = FORM_TEMPLATE};
    uint64_t wait_ms = GV_WORK_WAIT_MS;

    x.has_known = gv_rpc_has(call, "longpoll");
    if (!gv_rpc_hex(call, "longpoll", x.known.b, 32) ||
        !gv_rpc_u64(call, "timeout_ms", 0, GV_WORK_WAIT_MAX_MS, &wait_ms))
        return gv_rpc_invalid(call);
    w->asked_ms = now_ms;
    x.until_ms = now_ms + wait_ms;
    return give_or_wait(w, &x, now_ms);
}

static struct gv_rpc_answer *
answer_submit(struct gv_rpc_call *call, json_t *accepted, bool stale)
{
    return gv_rpc_ok(
        call, json_pack("{so sb}", "accepted", accepted, "stale", (int)stale));
}

struct gv_rpc_answer *
gv_work_submit(struct gv_work *w, struct gv_rpc_call *call)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    const struct gv_work_unit *u;
    struct gv_hash id;
    struct gv_seal seal;
    char text[160];
    json_t *accepted;
    enum gv_rc rc;
    bool stale;

    if (!gv_rpc_hex(call, "template", id.b, 32) ||
        !gv_rpc_hex(call, "seal", seal.b, 80))
        return gv_rpc_invalid(call);
    u = unit_of(w, &seal);
    if (!u || !GV_ID_EQ(&u->id, &id))
        return answer_submit(call, json_array(), true);
    stale = !w->has || u != &w->recent[w->newest];
    if (!gv_seal_meets(&seal, &u->target))
        rc = gv_refuse(&why, GV_BAD_WORK, "seal", 0, 0);
    else
        rc = GV_OK;
    accepted = json_array();
    if (rc == GV_OK)
        rc = w->opt.submit(w->opt.arg, &id, &seal, accepted, &why);
    if (rc == GV_OK)
        return answer_submit(call, accepted, stale);
    json_decref(accepted);
    if (rc == GV_FAULT)
        return gv_rpc_error(call, GV_RPC_INTERNAL, "the node failed");
    return gv_rpc_error_data(call, GV_RPC_REJECTED,
                             gv_reject_text(&why, text, sizeof(text)),
                             gv_render_reject(&why));
}
