/* loop_cutoffs.c - CUTOFFs of auctions past E + D (rule R6), and of those whose
 * sealed bids were opened for long enough (R7): tokens of f + 1 authorities
 * over the tip, collected from all of them. */
#include <stdio.h>
#include <stdlib.h>

#include "src/loop_impl.h"

#define RETRY_MS 2000
#define LATER_MS 2000 /* after the authorities' own nodes, who ask first */
#define WARN_MS 10000 /* between two lines about one auction */
#define LOST_MS 15000
#define DUE_MAX 256      /* auctions at once */
#define AT_ONCE 16       /* questions to one service, and */
#define PAUSE_MS 2000    /* how long one that failed is left alone */
#define SERVICES_MAX 128 /* remembered */

/* A CUTOFF in the making. */
struct gv_cutting {
    struct gv_cutting *next;
    struct gv_chain_id auction;
    struct gv_sealed_id tip;
    uint64_t warned_ms;
    struct {
        uint8_t *token; /* NULL: none yet */
        size_t len;
        uint64_t asked_ms; /* 0: not, or it has answered */
    } by[GV_AUTHORITIES_MAX];
};

/* How a service elsewhere has answered lately. */
struct asked_service {
    struct gv_hash cert;
    unsigned pending;
    uint64_t failed_ms;
};

struct gv_cuttings {
    struct gv_cutting *first;
    struct asked_service service[SERVICES_MAX];
    size_t services;
};

static void
forget_tokens(struct gv_cutting *k)
{
    for (unsigned i = 0; i < GV_AUTHORITIES_MAX; i++) {
        free(k->by[i].token);
        k->by[i].token = NULL;
        k->by[i].asked_ms = 0;
    }
}

static void
drop(struct gv_loop *l, struct gv_cutting *k)
{
    struct gv_cutting **at = &l->cuttings->first;

    while (*at != k)
        at = &(*at)->next;
    *at = k->next;
    forget_tokens(k);
    free(k);
}

void
gv_cuttings_free(struct gv_loop *l)
{
    while (l->cuttings && l->cuttings->first)
        drop(l, l->cuttings->first);
    free(l->cuttings);
    l->cuttings = NULL;
}

static struct gv_cutting *
find(struct gv_loop *l, const struct gv_chain_id *auction)
{
    struct gv_cutting *k = l->cuttings->first;

    while (k && !GV_ID_EQ(&k->auction, auction))
        k = k->next;
    return k;
}

/* For the tip that the chain has now. */
static struct gv_cutting *
cutting_of(struct gv_loop *l, const struct gv_chain *c)
{
    struct gv_cutting *k = find(l, &c->id);

    if (!k) {
        k = calloc(1, sizeof(*k));
        if (!k) {
            gv_loop_fail(l, "out of memory");
            return NULL;
        }
        k->auction = c->id;
        k->warned_ms = l->now_ms;
        k->next = l->cuttings->first;
        l->cuttings->first = k;
    } else if (!GV_ID_EQ(&k->tip, &c->sum.tip)) {
        forget_tokens(k);
    }
    k->tip = c->sum.tip;
    return k;
}

static unsigned
tokens(const struct gv_cutting *k)
{
    unsigned n = 0;

    for (unsigned i = 0; i < GV_AUTHORITIES_MAX; i++)
        n += k->by[i].token != NULL;
    return n;
}

/* --- asking -------------------------------------------------------------- */

/* The oldest makes room when there are too many; its count is lost, which only
 * lets more questions pass. */
static struct asked_service *
service_of(struct gv_loop *l, const struct gv_hash *cert)
{
    struct gv_cuttings *all = l->cuttings;
    size_t at = 0;

    while (at < all->services && !GV_ID_EQ(&all->service[at].cert, cert))
        at++;
    if (at == all->services) {
        at = at < SERVICES_MAX ? all->services++ : (size_t)cert->b[0] / 2;
        all->service[at] = (struct asked_service){.cert = *cert};
    }
    return &all->service[at];
}

static bool
may_ask(const struct gv_loop *l, const struct asked_service *s)
{
    if (s->failed_ms && l->now_ms < s->failed_ms + PAUSE_MS)
        return false;
    return s->pending < (s->failed_ms ? 1 : AT_ONCE);
}

/* Where an authority is asked, and for what. */
struct way {
    char url[GV_TSACLIENT_URL_MAX];
    struct gv_bytes policy;
};

/* One that is no service of the network answers where OPEN says. */
static bool
find_way(struct gv_loop *l, const struct gv_authority *a, struct way *out)
{
    const struct gv_directory *d = gv_state_registry(l->state)->dir;
    const struct gv_dir_service *s;

    out->policy = gv_policy_blind();
    if (a->url.len > 0) {
        out->policy = a->policy;
        snprintf(out->url, sizeof(out->url), "%.*s", (int)a->url.len,
                 (const char *)a->url.p);
        return true;
    }
    s = gv_warrant_stamper(d, &a->cert, l->now_ms);
    if (s)
        snprintf(out->url, sizeof(out->url), "%s" GV_TSACLIENT_PATH,
                 s->endpoint);
    return s != NULL;
}

/* Ask authority i, unless there is no way to it now. False: later. */
static bool
ask(struct gv_loop *l, struct gv_cutting *k, struct gv_chain *c, unsigned i)
{
    const struct gv_open *open = c->book->open;
    const struct gv_hash *cert = &open->authority[i].cert;
    struct way way = {"", gv_policy_blind()};
    struct asked_service *elsewhere = NULL;
    uint8_t own;
    struct gv_cut *cut;

    if (!gv_loop_is_pinned(l, &c->id, &own) || own != i) {
        if (!find_way(l, &open->authority[i], &way))
            return true; /* nobody knows where it is */
        elsewhere = service_of(l, cert);
        if (!may_ask(l, elsewhere))
            return false;
    }
    cut = calloc(1, sizeof(*cut));
    if (!cut)
        return false;
    cut->auction = c->id;
    cut->tip = k->tip;
    cut->authority = (uint8_t)i;
    cut->cert = *cert;
    cut->after_us = c->sum.cutoff_after_us;
    cut->pins = gv_pins_share(c->pins);
    memcpy(cut->url, way.url, sizeof(cut->url));
    memcpy(cut->policy, way.policy.p, way.policy.len);
    cut->policy_len = way.policy.len;
    if (!gv_cutter_ask(l->cutter, cut)) {
        gv_cut_free(cut);
        return false;
    }
    k->by[i].asked_ms = l->now_ms;
    if (elsewhere)
        elsewhere->pending++;
    return true;
}

/* An answer that got lost is waited for no longer than this. */
static bool
is_asked(const struct gv_loop *l, const struct gv_cutting *k, unsigned i)
{
    return k->by[i].asked_ms && l->now_ms < k->by[i].asked_ms + LOST_MS;
}

static void
warn_few(struct gv_loop *l, struct gv_cutting *k, unsigned need)
{
    if (l->now_ms < k->warned_ms + WARN_MS)
        return;
    k->warned_ms = l->now_ms;
    gv_log_warn(l->opt.log, "cutoff",
                "too few time-stamping authorities answer",
                GV_X("auction", k->auction.b, 8), GV_U("have", tokens(k)),
                GV_U("need", need));
}

static void
ask_all(struct gv_loop *l, struct gv_chain *c)
{
    const struct gv_open *open = c->book->open;
    struct gv_cutting *k = cutting_of(l, c);
    bool all = true;

    for (unsigned i = 0; k && i < open->authority_count; i++)
        if (!k->by[i].token && !is_asked(l, k, i))
            all = ask(l, k, c, i) && all;
    if (!k)
        return;
    warn_few(l, k, gv_open_f(open) + 1);
    if (all)
        c->cutoff_asked_ms = l->now_ms;
}

/* Whoever mines wants it, and an authority's node makes it for others. */
static bool
is_ours(struct gv_loop *l, const struct gv_chain *c)
{
    uint8_t authority;

    if (gv_loop_is_pinned(l, &c->id, &authority))
        return true;
    return l->opt.mine && l->now_ms > c->sum.cutoff_after_us / 1000 + LATER_MS;
}

/* One that is not needed any more, here or by the chain. */
static void
sweep(struct gv_loop *l)
{
    struct gv_cutting *next;

    for (struct gv_cutting *k = l->cuttings->first; k; k = next) {
        const struct gv_chain *c = gv_state_chain(l->state, &k->auction);

        next = k->next;
        if (!c || c->sum.cutoff_after_us == UINT64_MAX)
            drop(l, k);
    }
}

static bool
cutoff_waits(const struct gv_chain *c)
{
    const struct gv_pool_tx *e = c->pool.of[GV_POOL_NOTICES].first;

    while (e && e->tx.kind != GV_TX_CUTOFF)
        e = e->next;
    return e != NULL; /* it names the tip: others die with each block */
}

void
gv_loop_cutoffs(struct gv_loop *l)
{
    struct gv_chain *due[DUE_MAX];
    size_t n;

    if (!l->cutter)
        return;
    sweep(l);
    n = gv_state_cutoffs_due(l->state, l->now_ms, RETRY_MS, due, DUE_MAX);
    for (size_t i = 0; i < n && !l->failed; i++)
        if (is_ours(l, due[i]) && !cutoff_waits(due[i]))
            ask_all(l, due[i]);
}

/* --- answers ------------------------------------------------------------- */

/* The CUTOFF of the tokens there are, if they are enough. */
static void
enter(struct gv_loop *l, struct gv_cutting *k, unsigned need)
{
    struct gv_tx tx = {.kind = GV_TX_CUTOFF, .chain = k->auction};
    struct gv_sink s = gv_sink_count();
    struct gv_reject why;
    uint8_t *raw;

    for (unsigned i = 0; i < GV_AUTHORITIES_MAX && tx.u.cutoff.count < need;
         i++) {
        if (!k->by[i].token)
            continue;
        tx.u.cutoff.token[tx.u.cutoff.count].authority = (uint8_t)i;
        tx.u.cutoff.token[tx.u.cutoff.count++].token =
            gv_bytes(k->by[i].token, k->by[i].len);
    }
    if (tx.u.cutoff.count < need)
        return;
    gv_tx_put(&s, &tx);
    raw = malloc(s.len);
    if (!raw) {
        gv_loop_fail(l, "out of memory");
        return;
    }
    s = gv_sink_buffer(raw, s.len);
    gv_tx_put(&s, &tx);
    /* Refused without harm when the tip has moved meanwhile. */
    if (gv_state_add_tx(l->state, gv_bytes(raw, s.len), l->now_ms, &why) ==
        GV_FAULT)
        gv_loop_fail(l, gv_state_error(l->state));
    free(raw);
    drop(l, k);
}

static void
note_service(struct gv_loop *l, const struct gv_cut *cut)
{
    struct asked_service *s = service_of(l, &cut->cert);

    if (s->pending > 0)
        s->pending--;
    s->failed_ms = cut->len > 0 ? 0 : l->now_ms;
}

void
gv_loop_cut(struct gv_loop *l, struct gv_cut *cut)
{
    struct gv_cutting *k = find(l, &cut->auction);
    struct gv_chain *c = gv_state_chain(l->state, &cut->auction);
    unsigned i = cut->authority;

    if (*cut->url)
        note_service(l, cut);
    if (cut->len == 0)
        gv_log_info(l->opt.log, "cutoff", "no token",
                    GV_X("auction", cut->auction.b, 8), GV_U("authority", i),
                    GV_S("at", cut->url), GV_S("why", cut->error));
    if (!k || !c || !GV_ID_EQ(&k->tip, &cut->tip))
        return;
    k->by[i].asked_ms = 0;
    if (cut->len == 0 || k->by[i].token)
        return;
    k->by[i].token = malloc(cut->len);
    if (!k->by[i].token) {
        gv_loop_fail(l, "out of memory");
        return;
    }
    memcpy(k->by[i].token, cut->token, cut->len);
    k->by[i].len = cut->len;
    if (c->loaded)
        enter(l, k, gv_open_f(c->book->open) + 1);
}

/* --- life ---------------------------------------------------------------- */

static void
deliver(void *arg, struct gv_cut *cut)
{
    struct gv_loop *l = arg;
    struct gv_mail *m = calloc(1, sizeof(*m));

    if (!m) {
        gv_cut_free(cut); /* it is asked again */
        return;
    }
    m->kind = GV_MAIL_CUT;
    m->u.cut = cut;
    gv_mailbox_post(l->done, m, sizeof(*m));
}

enum gv_rc
gv_loop_make_cutter(struct gv_loop *l)
{
    struct gv_cutter_options o = {.params = l->opt.params,
                                  .keys = l->opt.keys,
                                  .tsa = l->opt.services->tsa,
                                  .now_ms = gv_loop_now_ms,
                                  .deliver = deliver,
                                  .arg = l};

    if (!l->opt.mine && !l->stamper)
        return GV_OK;
    l->cuttings = calloc(1, sizeof(*l->cuttings));
    l->cutter = l->cuttings ? gv_cutter_new(&o) : NULL;
    return l->cutter ? GV_OK : GV_FAULT;
}
