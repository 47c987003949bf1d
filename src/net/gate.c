/* gate.c - the allow list and the ZAP handler. */
#include "src/net/gate.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <zmq.h>

#include "src/net/bucket.h"
#include "src/net/limiter.h"
#include "src/net/origin.h"

#define ENDPOINT "inproc://zeromq.zap.01"
#define FRAMES 7 /* version, id, domain, address, identity, mechanism, key */
#define FRAME_MAX 256

struct entry {
    struct gv_net_key key;
    bool fixed, listed; /* by the operator, by the registry */
    uint64_t guest_until_ms;
    struct gv_origin from; /* of a guest */
    uint64_t banned_until_ms;
    struct gv_bucket handshakes;
};

struct gv_gate {
    pthread_mutex_t lock;
    struct entry *entry;
    size_t count, cap;
    bool welcome;
    struct gv_limiter *visits; /* handshakes of strangers, by address */
    unsigned visitors;

    struct gv_log *log;
    struct gv_net_key stranger;  /* of the self-test: refused in silence */
    struct gv_bucket complaints; /* log lines about strangers */
    void *socket;
    pthread_t thread;
    bool running;
};

uint64_t
gv_net_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct gv_gate *
gv_gate_new(struct gv_log *log, const struct gv_net_key *stranger)
{
    struct gv_gate *gate = calloc(1, sizeof(*gate));

    if (gate == NULL)
        return NULL;
    pthread_mutex_init(&gate->lock, NULL);
    gate->visits = gv_limiter_new(GV_GATE_VISITS_RATE, GV_GATE_VISITS_BURST);
    if (gate->visits == NULL) {
        free(gate);
        return NULL;
    }
    gate->log = log;
    gate->stranger = *stranger;
    gate->complaints = gv_bucket(1, 10, gv_net_clock());
    return gate;
}

/* --- the list --- */

static int
by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    return GV_ID_CMP(&x->key, &y->key);
}

/* Among the first n, which are in order. */
static struct entry *
find_in(struct gv_gate *gate, const struct gv_net_key *key, size_t n)
{
    struct entry want = {.key = *key};

    if (n == 0)
        return NULL;
    return bsearch(&want, gate->entry, n, sizeof(want), by_key);
}

static struct entry *
find(struct gv_gate *gate, const struct gv_net_key *key)
{
    return find_in(gate, key, gate->count);
}

/* At the end, out of order. NULL: no room. */
static struct entry *
append(struct gv_gate *gate, const struct gv_net_key *key)
{
    size_t want = gate->cap ? gate->cap * 2 : 16;
    struct entry *grown;

    if (gate->count == GV_GATE_KEYS_MAX)
        return NULL;
    if (gate->count == gate->cap) {
        grown = realloc(gate->entry, want * sizeof(*grown));
        if (grown == NULL)
            return NULL;
        gate->entry = grown;
        gate->cap = want;
    }
    gate->entry[gate->count] = (struct entry){
        .key = *key,
        .handshakes = gv_bucket(GV_GATE_RATE, GV_GATE_BURST, gv_net_clock())};
    return &gate->entry[gate->count++];
}

static void
put_in_order(struct gv_gate *gate)
{
    if (gate->count > 1)
        qsort(gate->entry, gate->count, sizeof(*gate->entry), by_key);
}

bool
gv_gate_allow(struct gv_gate *gate, const struct gv_net_key *key)
{
    struct entry *entry;
    bool done;

    pthread_mutex_lock(&gate->lock);
    entry = find(gate, key);
    if (entry == NULL)
        entry = append(gate, key);
    done = entry != NULL;
    if (done)
        entry->fixed = true;
    put_in_order(gate);
    pthread_mutex_unlock(&gate->lock);
    return done;
}

/* Keys that nobody allows are forgotten, unless they are banned: they would
 * come back without the ban. */
static void
forget(struct gv_gate *gate)
{
    uint64_t now_ms = gv_net_clock();
    size_t kept = 0;

    for (size_t i = 0; i < gate->count; i++) {
        const struct entry *e = &gate->entry[i];
        bool again = kept > 0 && GV_ID_EQ(&e->key, &gate->entry[kept - 1].key);

        if (!again && (e->fixed || e->listed || now_ms < e->guest_until_ms ||
                       now_ms < e->banned_until_ms))
            gate->entry[kept++] = *e;
    }
    gate->count = kept;
}

void
gv_gate_list(struct gv_gate *gate, const struct gv_net_key *keys, size_t n)
{
    struct entry *entry;
    size_t known;

    pthread_mutex_lock(&gate->lock);
    for (size_t i = 0; i < gate->count; i++)
        gate->entry[i].listed = false;
    forget(gate); /* makes room */
    known = gate->count;
    for (size_t i = 0; i < n; i++) {
        entry = find_in(gate, &keys[i], known);
        if (entry == NULL)
            entry = append(gate, &keys[i]);
        if (entry != NULL)
            entry->listed = true;
    }
    put_in_order(gate);
    forget(gate); /* what was named twice */
    pthread_mutex_unlock(&gate->lock);
}

static bool
is_allowed(const struct entry *entry, uint64_t now_ms)
{
    return entry != NULL &&
           (entry->fixed || entry->listed || now_ms < entry->guest_until_ms);
}

void
gv_gate_ban(struct gv_gate *gate, const struct gv_net_key *key,
            uint64_t until_ms)
{
    struct entry *entry;

    pthread_mutex_lock(&gate->lock);
    entry = find(gate, key);
    if (entry != NULL)
        entry->banned_until_ms = until_ms;
    pthread_mutex_unlock(&gate->lock);
}

bool
gv_gate_is_open(struct gv_gate *gate, const struct gv_net_key *key,
                uint64_t now_ms)
{
    struct entry *entry;
    bool open;

    pthread_mutex_lock(&gate->lock);
    entry = find(gate, key);
    open = is_allowed(entry, now_ms) && now_ms >= entry->banned_until_ms;
    pthread_mutex_unlock(&gate->lock);
    return open;
}

bool
gv_gate_is_fixed(struct gv_gate *gate, const struct gv_net_key *key)
{
    struct entry *entry;
    bool fixed;

    pthread_mutex_lock(&gate->lock);
    entry = find(gate, key);
    fixed = entry != NULL && entry->fixed;
    pthread_mutex_unlock(&gate->lock);
    return fixed;
}

void
gv_gate_welcome(struct gv_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->welcome = true;
    pthread_mutex_unlock(&gate->lock);
}

/* A guest holds its place until its time is over, also when it left or was
 * banned: so fresh keys gain nobody more places. */
static bool
has_place(const struct gv_gate *gate, const struct gv_origin *from,
          uint64_t now_ms)
{
    size_t all = 0, here = 0;

    for (size_t i = 0; i < gate->count; i++) {
        const struct entry *e = &gate->entry[i];

        if (e->fixed || e->listed || now_ms >= e->guest_until_ms)
            continue;
        all++;
        here += gv_origin_same(&e->from, from);
    }
    return all < GV_GATE_GUESTS && here < GV_GATE_GUESTS_OF_ORIGIN;
}

/* The entry of a key that nobody names, as a guest, or NULL. */
static struct entry *
receive_guest(struct gv_gate *gate, const struct gv_net_key *key,
              struct gv_bytes addr, uint64_t now_ms)
{
    struct gv_origin from = gv_origin(addr);
    struct entry *entry = find(gate, key);

    if (!gate->welcome || GV_ID_EQ(key, &gate->stranger) ||
        (entry != NULL && now_ms < entry->banned_until_ms) ||
        !has_place(gate, &from, now_ms))
        return entry;
    if (entry == NULL) {
        forget(gate);
        if (append(gate, key) == NULL)
            return NULL;
        put_in_order(gate);
        entry = find(gate, key);
    }
    entry->from = from;
    entry->guest_until_ms = now_ms + GV_GATE_GUEST_MS;
    return entry;
}

/* NULL: let it in; else why not. */
static const char *
judge(struct gv_gate *gate, const struct gv_net_key *key, struct gv_bytes addr)
{
    uint64_t now_ms = gv_net_clock();
    const char *why = NULL;
    struct entry *entry;

    pthread_mutex_lock(&gate->lock);
    entry = find(gate, key);
    if (!is_allowed(entry, now_ms))
        entry = receive_guest(gate, key, addr, now_ms);
    if (!is_allowed(entry, now_ms))
        why = "key is not allowed";
    else if (now_ms < entry->banned_until_ms)
        why = "key is banned";
    else if (!gv_bucket_take(&entry->handshakes, 1, now_ms))
        why = "key connects too often";
    pthread_mutex_unlock(&gate->lock);
    return why;
}

void
gv_gate_visitors(struct gv_gate *gate, unsigned n)
{
    pthread_mutex_lock(&gate->lock);
    gate->visitors = n;
    pthread_mutex_unlock(&gate->lock);
}

/* The same of a stranger at the submit socket. */
static const char *
judge_visitor(struct gv_gate *gate, struct gv_bytes address)
{
    const char *why = NULL;

    pthread_mutex_lock(&gate->lock);
    if (gate->visitors >= GV_GATE_VISITORS)
        why = "too many strangers";
    else if (!gv_limiter_take_from(gate->visits, address, 1, gv_net_clock()))
        why = "address connects too often";
    pthread_mutex_unlock(&gate->lock);
    return why;
}

/* --- the handler --- */

struct request {
    struct {
        uint8_t b[FRAME_MAX];
        size_t len;
    } frame[FRAMES];
    int count;
};

/* Read one request whole. False: the context is ending. */
static bool
receive(struct gv_gate *gate, struct request *request)
{
    uint8_t spare[FRAME_MAX];
    size_t size = sizeof(int);
    int more = 1, n;

    for (request->count = 0; more; request->count++) {
        bool fits = request->count < FRAMES;
        uint8_t *to = fits ? request->frame[request->count].b : spare;

        do {
            n = zmq_recv(gate->socket, to, FRAME_MAX, 0);
        } while (n < 0 && zmq_errno() == EINTR);
        if (n < 0)
            return false;
        if (fits)
            request->frame[request->count].len =
                n < FRAME_MAX ? (size_t)n : FRAME_MAX;
        if (zmq_getsockopt(gate->socket, ZMQ_RCVMORE, &more, &size) != 0)
            return false;
    }
    return true;
}

static bool
frame_is(const struct request *request, int i, const char *text)
{
    return request->frame[i].len == strlen(text) &&
           memcmp(request->frame[i].b, text, strlen(text)) == 0;
}

static void
reply(struct gv_gate *gate, const struct request *request, const char *why,
      const struct gv_net_key *key)
{
    char user[GV_NET_KEY_TEXT] = "";
    const char *status = why == NULL ? "200" : "400";
    const char *text = why == NULL ? "OK" : why;
    void *s = gate->socket;

    if (why == NULL)
        gv_net_key_text(key, user);
    zmq_send(s, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(s, request->frame[1].b, request->frame[1].len, ZMQ_SNDMORE);
    zmq_send(s, status, 3, ZMQ_SNDMORE);
    zmq_send(s, text, strlen(text), ZMQ_SNDMORE);
    zmq_send(s, user, strlen(user), ZMQ_SNDMORE);
    zmq_send(s, "", 0, 0);
}

static void
complain(struct gv_gate *gate, const struct request *request, const char *why,
         const struct gv_net_key *key)
{
    char address[FRAME_MAX + 1] = "", text[GV_NET_KEY_TEXT] = "";

    if ((key != NULL && GV_ID_EQ(key, &gate->stranger)) ||
        !gv_bucket_take(&gate->complaints, 1, gv_net_clock()))
        return;
    if (request->count > 3) {
        memcpy(address, request->frame[3].b, request->frame[3].len);
        address[request->frame[3].len] = '\0';
    }
    if (key != NULL)
        gv_net_key_text(key, text);
    gv_log_warn(gate->log, "net", "connection refused", GV_S("why", why),
                GV_S("addr", address), GV_S("key", text));
}

static void
answer(struct gv_gate *gate, const struct request *request)
{
    struct gv_net_key key;
    const char *why = "not a CURVE request of this node";
    struct gv_bytes addr = gv_bytes(NULL, 0);
    bool whole = request->count == FRAMES && frame_is(request, 0, "1.0") &&
                 frame_is(request, 5, "CURVE") && request->frame[6].len == 32;

    if (whole) {
        memcpy(key.b, request->frame[6].b, 32);
        addr = gv_bytes(request->frame[3].b, request->frame[3].len);
    }
    if (whole && frame_is(request, 2, GV_ZAP_DOMAIN))
        why = judge(gate, &key, addr);
    else if (whole && frame_is(request, 2, GV_ZAP_SUBMIT))
        why = judge_visitor(gate, addr);
    if (why != NULL)
        complain(gate, request, why, whole ? &key : NULL);
    reply(gate, request, why, &key);
}

static void *
serve(void *arg)
{
    struct gv_gate *gate = arg;
    struct request *request = calloc(1, sizeof(*request));

    /* Without memory nobody gets in: the sockets require an answer. */
    while (request != NULL && receive(gate, request))
        if (request->count >= 2)
            answer(gate, request);
        else
            break;
    free(request);
    zmq_close(gate->socket);
    return NULL;
}

enum gv_rc
gv_gate_start(struct gv_gate *gate, void *context)
{
    int linger = 0;

    gate->socket = zmq_socket(context, ZMQ_REP);
    if (gate->socket == NULL)
        return GV_FAULT;
    if (zmq_setsockopt(gate->socket, ZMQ_LINGER, &linger, sizeof(linger)) !=
            0 ||
        zmq_bind(gate->socket, ENDPOINT) != 0 ||
        pthread_create(&gate->thread, NULL, serve, gate) != 0) {
        zmq_close(gate->socket);
        return GV_FAULT;
    }
    gate->running = true;
    return GV_OK;
}

void
gv_gate_free(struct gv_gate *gate)
{
    if (gate == NULL)
        return;
    if (gate->running)
        pthread_join(gate->thread, NULL);
    pthread_mutex_destroy(&gate->lock);
    gv_limiter_free(gate->visits);
    free(gate->entry);
    free(gate);
}
