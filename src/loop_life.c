/* loop_life.c - the chain thread begins and ends; news of the state. */
#include <stdio.h>
#include <stdlib.h>

#include "chain/state/seats.h"
#include "src/base/files.h"
#include "src/base/secret.h"
#include "src/loop_impl.h"
#include "src/rate.h"

#define MAIL_MAX 65536
#define MAIL_BYTES (256u << 20)

/* --- events of the state --- */

static void
broadcast(struct gv_loop *l, const char *event, const struct gv_chain *c)
{
    struct gv_out *o = gv_out_new(l, GV_OUT_EVENT);
    char chain[65], sealed[65], data[256];

    gv_hex(c->id.b, 32, chain);
    gv_hex(c->sum.tip.b, 32, sealed);
    snprintf(data, sizeof(data),
             "{\"chain\":\"%s\",\"height\":%u,\"sealed\":\"%s\","
             "\"final_height\":%u}",
             chain, c->sum.height, sealed, c->sum.final_height);
    if (!o)
        return;
    o->status = event;
    o->raw = (uint8_t *)strdup(data);
}

static void
on_tip(void *arg, const struct gv_chain *c)
{
    struct gv_loop *l = arg;

    gv_log_debug(l->opt.log, "chain", "tip", GV_X("chain", c->id.b, 4),
                 GV_U("height", c->sum.height), GV_U("bids", c->sum.bids));
    broadcast(l, "tip", c);
    if (l->sync)
        gv_sync_tip(l->sync, c);
}

static void
on_final(void *arg, const struct gv_chain *c)
{
    struct gv_loop *l = arg;
    /* While the state is being opened there is none to ask. */
    struct gv_chain *own = l->state ? gv_state_chain(l->state, &c->id) : NULL;

    broadcast(l, "final", c);
    if (!own || own->outcome_told || !c->sum.outcome_height ||
        c->sum.final_height < c->sum.outcome_height)
        return;
    own->outcome_told = true;
    gv_log_info(l->opt.log, "chain", "outcome final",
                GV_X("auction", c->id.b, 8),
                GV_U("status", c->sum.outcome.status),
                GV_U("price", c->sum.outcome.price));
}

static void
on_tx(void *arg, const struct gv_chain *c, struct gv_bytes raw)
{
    struct gv_loop *l = arg;

    if (l->sync)
        gv_sync_tx(l->sync, c, raw);
}

static void
on_again(void *arg, const struct gv_chain *c, struct gv_bytes raw)
{
    struct gv_loop *l = arg;

    if (l->sync)
        gv_sync_tx_again(l->sync, c, raw);
}

static void
on_token(void *arg, const struct gv_chain *c, const struct gv_tx *tx,
         const struct gv_tx_facts *facts)
{
    struct gv_loop *l = arg;

    gv_witness_tx(l->witness, c->book->open, tx, facts);
}

static void
publish_copy(struct gv_loop *l, struct gv_bytes raw)
{
    uint8_t *copy = malloc(raw.len);

    if (!copy)
        return;
    memcpy(copy, raw.p, raw.len);
    gv_loop_publish(l, copy, raw.len);
}

static void
on_upgrade(void *arg, uint64_t blocks, bool done)
{
    struct gv_loop *l = arg;

    gv_log_info(l->opt.log, "chain",
                done ? "the data directory has the newest layout now"
                     : "giving the data directory the newest layout",
                GV_U("blocks", blocks));
}

/* A node that keeps no files may still publish. */
static void
on_evidence(void *arg, const struct gv_chain *c, const struct gv_accusation *a)
{
    struct gv_loop *l = arg;

    gv_log_error(l->opt.log, "chain", "a validator contradicts itself",
                 GV_X("chain", c->id.b, 8), GV_U("validator", a->validator),
                 GV_S("keys", a->two_keys ? "two" : "one"));
    if (l->witness)
        gv_witness_votes(l->witness, c->registry ? NULL : &c->id, a->validator,
                         a->handovers, a->evidence);
    if (l->opt.publish_evidence && !a->two_keys)
        publish_copy(l, a->evidence);
}

static const struct gv_open *
open_of(void *arg, const struct gv_chain_id *auction)
{
    struct gv_loop *l = arg;
    struct gv_chain *c = gv_state_chain(l->state, auction);

    if (!c || c->registry)
        return NULL;
    if (gv_chain_load(l->state, c, l->now_ms) == GV_OK)
        return c->book->open;
    gv_loop_fail(l, gv_state_error(l->state));
    return NULL;
}

void
gv_loop_write_evidence(struct gv_loop *l)
{
    if (l->witness && gv_witness_has_notes(l->witness))
        gv_witness_write(l->witness, open_of, l);
}

static void
on_vote(void *arg, const struct gv_chain *c, const struct gv_vote *vote,
        uint8_t validator, const struct gv_sig *sig)
{
    struct gv_loop *l = arg;
    struct gv_signed_vote v = {c->id, *vote, validator, *sig};

    if (l->sync)
        gv_sync_vote(l->sync, &v);
}

/* Once for a run: where one such vote comes, more will. */
static void
on_shared(void *arg, const struct gv_chain *c, const struct gv_vote *vote)
{
    struct gv_loop *l = arg;

    if (l->key_shared)
        return;
    l->key_shared = true;
    gv_log_error(l->opt.log, "votes",
                 "another node votes with this validator's key, or this data "
                 "directory is an old copy: stop one of them, or give it a "
                 "--validator-key of its own",
                 GV_X("chain", c->id.b, 32),
                 GV_U("height", vote->target_height));
}

static bool
on_missed(void *arg, const struct gv_chain *c, struct gv_bytes raw,
          unsigned tries)
{
    return gv_loop_missed(arg, c, raw, tries);
}

/* --- life --- */

static enum gv_rc
open_state(struct gv_loop *l, struct gv_error *e)
{
    struct gv_state_options o = {0};
    char text[512] = "";

    o.params = l->opt.params;
    o.keys = l->opt.keys;
    o.kv = l->opt.kv;
    if (gv_random(&o.seed, sizeof(o.seed)) != GV_OK) {
        gv_error_set(e, "no random bytes");
        return GV_FAULT;
    }
    o.events.arg = l;
    o.events.tip = on_tip;
    o.events.tx = on_tx;
    o.events.again = on_again;
    o.events.token = l->witness ? on_token : NULL;
    o.events.final = on_final;
    o.events.vote = on_vote;
    o.events.shared = on_shared;
    o.events.missed = on_missed;
    o.events.evidence = on_evidence;
    o.events.upgrade = on_upgrade;
    o.follow_all = l->opt.follow_all;
    o.follow = l->opt.follow;
    o.follow_count = l->opt.follow_count;
    o.mine_bids = l->opt.mine_bids;
    o.validator = l->opt.validator;
    o.validator_count = l->opt.validator_count;
    if (gv_state_open(&o, gv_loop_now_ms(), &l->state, text, sizeof(text)) ==
        GV_OK)
        return GV_OK;
    gv_error_set(e, "%s", text);
    return GV_FAULT;
}

/* A loop without a data directory, as tests have it, keeps no evidence. */
static enum gv_rc
open_witness(struct gv_loop *l, struct gv_error *e)
{
    struct gv_witness_options o = {.params = l->opt.params, .log = l->opt.log};
    char *dir;

    if (!l->opt.datadir)
        return GV_OK;
    dir = gv_file_join(l->opt.datadir, "evidence");
    o.dir = dir;
    l->witness = dir ? gv_witness_new(&o) : NULL;
    free(dir);
    if (l->witness)
        return GV_OK;
    gv_error_set(e, "out of memory");
    return GV_FAULT;
}

static enum gv_rc
open_parts(struct gv_loop *l, struct gv_error *e)
{
    struct gv_mailbox_limits limits = {MAIL_MAX, MAIL_BYTES};
    struct gv_mailbox_limits none = {0, 0};
    struct gv_work_options work = {l, gv_loop_seal};

    l->box = gv_mailbox_new(limits, gv_loop_destroy_mail);
    l->done = gv_mailbox_new(none, gv_loop_destroy_mail);
    l->rate =
        gv_rate_new(l->opt.stamp_burst, l->opt.stamp_refill, gv_loop_now_ms());
    l->work = gv_work_new(&work);
    if (!l->box || !l->done || !l->rate || !l->work) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    if (l->opt.validator_count > 0 &&
        gv_key_public(l->opt.keys, &l->opt.validator[0], &l->validator.key) !=
            GV_OK) {
        gv_error_set(e, "the validator key is no key");
        return GV_FAULT;
    }
    if (l->opt.operator_name)
        l->validator.operator_name =
            gv_bytes(l->opt.operator_name, strlen(l->opt.operator_name));
    if (open_witness(l, e) != GV_OK)
        return GV_FAULT;
    return open_state(l, e);
}

struct gv_loop *
gv_loop_new(const struct gv_loop_options *o, struct gv_error *e)
{
    struct gv_loop *l = calloc(1, sizeof(*l));

    if (!l) {
        gv_error_set(e, "out of memory");
        return NULL;
    }
    l->opt = *o;
    l->started_ms = l->now_ms = gv_loop_now_ms();
    if (open_parts(l, e) != GV_OK) {
        gv_loop_free(l);
        return NULL;
    }
    gv_loop_init_rpc(l);
    return l;
}

void
gv_loop_set_net(struct gv_loop *l, struct gv_net *net)
{
    l->net = net;
}

/* A REVOKE is refused while its CERT is not on the registry yet (G4), and may
 * be lost with the process: what the CA has revoked and the registry has not
 * is said again. */
static void
revoke_again(void *arg, const struct gv_cred *cred, const uint8_t *reason)
{
    struct gv_loop *l = arg;
    const struct gv_directory *d = gv_state_registry(l->state)->dir;

    if (reason && gv_directory_cert(d, &cred->fingerprint) &&
        !gv_directory_revoked(d, &cred->fingerprint))
        gv_services_publish_revoke(l->opt.services, &cred->fingerprint,
                                   *reason);
}

/* The services judge client certificates by it. */
void
gv_loop_tell_revoked(struct gv_loop *l)
{
    const struct gv_chain *registry = gv_state_registry(l->state);
    const struct gv_directory *d = registry->dir;
    struct gv_hash *list;

    if (GV_ID_EQ(&l->told, &registry->sum.tip))
        return;
    list = malloc((d->revoked + 1) * sizeof(*list));
    if (!list) {
        gv_loop_fail(l, "out of memory");
        return;
    }
    for (size_t i = 0; i < d->revoked; i++)
        list[i] = d->revoke[i].fingerprint;
    gv_services_revoked(l->opt.services, list, d->revoked);
    l->told = registry->sum.tip;
    if (l->opt.services->ca)
        gv_ca_each(l->opt.services->ca, revoke_again, l);
}

static enum gv_rc
start_threads(struct gv_loop *l)
{
    struct gv_stamper_options o = {0};

    l->verifier = gv_verifier_new(l->opt.keys, l->opt.verify_threads,
                                  gv_loop_deliver_task, l);
    if (!l->verifier)
        return GV_FAULT;
    if (l->opt.services->tsa) {
        o.tsa = l->opt.services->tsa;
        o.keys = l->opt.keys;
        o.secret = l->opt.services->keys.tsa.secret;
        o.key = l->opt.services->keys.tsa.cred.key;
        o.deliver = gv_loop_deliver_stamped;
        o.arg = l;
        l->stamper = gv_stamper_new(&o);
        gv_wipe(&o, sizeof(o));
        if (!l->stamper)
            return GV_FAULT;
    }
    if (gv_loop_make_sync(l) != GV_OK || gv_loop_make_cutter(l) != GV_OK)
        return GV_FAULT;
    gv_loop_tell_revoked(l); /* before anybody can ask */
    if (pthread_create(&l->thread, NULL, gv_loop_run, l) != 0)
        return GV_FAULT;
    l->started = true;
    return GV_OK;
}

enum gv_rc
gv_loop_start(struct gv_loop *l, struct gv_error *e)
{
    if (start_threads(l) == GV_OK)
        return GV_OK;
    gv_error_set(e, "the chain thread cannot start");
    return GV_FAULT;
}

static void
drop_tickets(struct gv_ticket **list)
{
    while (*list) {
        struct gv_ticket *t = *list;

        *list = t->next;
        if (t->call)
            gv_rpc_error(t->call, GV_RPC_STOPPING, "the node is stopping");
        gv_ticket_free(t);
    }
}

static void
drop_mail(struct gv_mailbox *box)
{
    void *m;

    if (!box)
        return;
    gv_mailbox_close(box);
    while ((m = gv_mailbox_take(box)))
        gv_loop_destroy_mail(m);
}

/* Everything still under way is answered: calls that wait, tasks being
 * verified, bids being stamped here or elsewhere. */
void
gv_loop_stop(struct gv_loop *l)
{
    if (!l)
        return;
    if (l->started) {
        gv_mailbox_close(l->box);
        pthread_join(l->thread, NULL);
        l->started = false;
    }
    gv_stamper_free(l->stamper);
    l->stamper = NULL;
    gv_cutter_free(l->cutter);
    l->cutter = NULL;
    gv_verifier_free(l->verifier, gv_loop_drop_task, l);
    l->verifier = NULL;
    gv_sync_free(l->sync);
    l->sync = NULL;
    gv_work_free(l->work);
    l->work = NULL;
    gv_out_drop(l);
    while (l->call_count > 0)
        gv_loop_destroy_mail(l->calls[--l->call_count]);
    drop_mail(l->box);
    drop_mail(l->done); /* stamps too, whose tickets may be away */
    drop_tickets(&l->away);
    gv_cuttings_free(l);
    if (l->state && !l->failed &&
        gv_state_commit(l->state, true, NULL) != GV_OK)
        gv_loop_fail(l, gv_state_error(l->state));
}

void
gv_loop_free(struct gv_loop *l)
{
    if (!l)
        return;
    gv_loop_stop(l);
    gv_loop_free_templates(l);
    gv_mailbox_free(l->box);
    gv_mailbox_free(l->done);
    gv_state_close(l->state);
    gv_witness_free(l->witness);
    gv_rate_free(l->rate);
    free(l->out);
    free(l->calls);
    free(l->methods);
    free(l->shims);
    free(l);
}
