/* loop_warrant.c - getwarrant and signwarrant: the trusted party's part of an
 * OPEN (docs/spec/ttp.md, T28). */
#include <stdio.h>
#include <stdlib.h>

#include "src/loop_impl.h"
#include "src/rpc/render.h"

#define OTHERS_MAX ((size_t)GV_AUTHORITIES_MAX * 1024)

void
gv_loop_warrant(struct gv_loop *l, struct gv_warrant *out)
{
    memset(out, 0, sizeof(*out));
    out->params = l->opt.params;
    out->keys = l->opt.keys;
    out->dir = gv_state_registry(l->state)->dir;
    out->now_ms = l->now_ms;
    gv_services_warrant(l->opt.services, out);
    if (l->opt.validator_count > 0)
        out->validator = &l->validator;
    out->other = l->opt.time_authority;
    out->others = l->opt.time_authorities;
}

/* --- getwarrant --- */

/* 32-byte keys in one string of hex; missing: none. */
static bool
take_keys(struct gv_rpc_call *call, const char *name, size_t most, uint8_t **p,
          struct gv_bytes *out)
{
    size_t len = 0;

    if (!gv_rpc_blob(call, name, most * 32, p, &len))
        return false;
    *out = gv_bytes(*p, len);
    return true;
}

static struct gv_rpc_answer *
refuse_key(struct gv_rpc_call *call, const struct gv_warrant_wish *wish,
           const struct gv_reject *why)
{
    bool stamps = strcmp(why->field, "open.authorities") == 0;
    bool foreign = strcmp(why->field, "time_authorities") == 0;
    struct gv_bytes list = stamps ? wish->authorities : wish->validators;
    char hex[65];

    if (foreign)
        return gv_rpc_error(call, GV_RPC_NOT_FOUND,
                            "time_authorities: number %u is none that this CA "
                            "accepts (its option time-authority), with just "
                            "these values",
                            (unsigned)why->index + 1);
    return gv_rpc_error(
        call, GV_RPC_NOT_FOUND,
        "%s: %s is no service of role %s that the registry names, valid and "
        "not revoked",
        stamps ? "authorities" : "validators",
        gv_hex(list.p + 32 * (size_t)why->index, 32, hex),
        stamps ? "tsa" : "validator");
}

static struct gv_rpc_answer *
answer_warrant(const struct gv_loop *l, struct gv_rpc_call *call,
               const struct gv_open *open)
{
    struct gv_sink out = gv_sink_count();
    struct gv_rpc_answer *answer;
    uint8_t *buf;

    gv_open_put_warrant(&out, open);
    buf = malloc(out.len);
    if (!buf)
        return gv_rpc_error(call, GV_RPC_INTERNAL, "out of memory");
    out = gv_sink_buffer(buf, out.len);
    gv_open_put_warrant(&out, open);
    answer =
        gv_rpc_ok(call, json_pack("{so so so}", "warrant",
                                  gv_render_hex(buf, out.len), "registry",
                                  gv_render_hex(l->opt.params->registry.b, 32),
                                  "ca", gv_render_hex(open->ca.key.b, 32)));
    free(buf);
    return answer;
}

/* What is left to this node's own services needs them. */
static const char *
lacks_role(const struct gv_warrant *w, const struct gv_warrant_wish *wish)
{
    if (!w->ca)
        return "ca";
    if (wish->authorities.len == 0 && wish->others.len == 0 && !w->authority)
        return "tsa";
    return wish->validators.len == 0 && !w->validator ? "validator" : NULL;
}

static struct gv_rpc_answer *
offer(struct gv_loop *l, struct gv_rpc_call *call,
      const struct gv_warrant_wish *wish)
{
    struct gv_warrant_authority *room = NULL;
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_rpc_answer *answer;
    struct gv_warrant w;
    struct gv_open *open;
    const char *lacks;

    gv_loop_warrant(l, &w);
    lacks = lacks_role(&w, wish);
    if (lacks)
        return gv_ledger_no_role(call, lacks);
    open = calloc(1, sizeof(*open));
    room = calloc(GV_AUTHORITIES_MAX, sizeof(*room));
    if (!open || !room)
        answer = gv_rpc_error(call, GV_RPC_INTERNAL, "out of memory");
    else if (gv_warrant_fill(&w, wish, room, open, &why) != GV_OK)
        answer = refuse_key(call, wish, &why);
    else if (open->authority_count % 2 == 0)
        answer = gv_rpc_bad_param(call, "authorities",
                                  "an odd number of them in all");
    else
        answer = answer_warrant(l, call, open);
    free(room);
    free(open);
    return answer;
}

struct gv_rpc_answer *
gv_loop_getwarrant(void *loop, struct gv_rpc_call *call)
{
    struct gv_warrant_wish wish = {.blind = false};
    uint8_t *authorities = NULL, *validators = NULL, *others = NULL;
    struct gv_rpc_answer *answer;
    size_t len = 0;

    if (!take_keys(call, "authorities", GV_AUTHORITIES_MAX, &authorities,
                   &wish.authorities) ||
        !take_keys(call, "validators", GV_VALIDATORS_MAX, &validators,
                   &wish.validators) ||
        !gv_rpc_bool(call, "blind", &wish.blind) ||
        !gv_rpc_blob(call, "time_authorities", OTHERS_MAX, &others, &len))
        answer = gv_rpc_invalid(call);
    else if (wish.authorities.len % 32 != 0)
        answer = gv_rpc_bad_param(call, "authorities", "keys of 64 hex digits");
    else if (wish.validators.len % 32 != 0)
        answer = gv_rpc_bad_param(call, "validators", "keys of 64 hex digits");
    else {
        wish.others = gv_bytes(others, len);
        answer = offer(loop, call, &wish);
    }
    free(others);
    free(authorities);
    free(validators);
    return answer;
}

/* --- signwarrant --- */

/* A signature for this node's own validator; the others sign for themselves
 * (T29). */
static json_t *
possession(const struct gv_loop *l, const struct gv_open *open,
           const struct gv_validator *own)
{
    struct gv_sig pop;
    uint8_t digest[32];
    json_t *all = json_array();

    gv_tagged(GV_TAG_POP, open->id.b, 32, digest);
    for (unsigned i = 0; i < open->validator_count; i++) {
        bool mine = own && GV_ID_EQ(&own->key, &open->validator[i].key);

        if (mine && gv_key_sign(l->opt.keys, &l->opt.validator[0], digest, NULL,
                                &pop) != GV_OK) {
            json_decref(all);
            return NULL;
        }
        json_array_append_new(all,
                              mine ? gv_render_hex(pop.b, 64) : json_null());
    }
    return all;
}

static struct gv_rpc_answer *
sign_open(struct gv_loop *l, struct gv_rpc_call *call,
          const struct gv_open *open, const struct gv_validator *own)
{
    struct gv_sig warrant;
    json_t *pops = possession(l, open, own);

    if (!pops || gv_key_sign(l->opt.keys, &l->opt.services->keys.ca.secret,
                             open->id.b, NULL, &warrant) != GV_OK) {
        json_decref(pops);
        return gv_rpc_error(call, GV_RPC_INTERNAL, "a key cannot sign");
    }
    return gv_rpc_ok(call,
                     json_pack("{so so so}", "auction",
                               gv_render_hex(open->id.b, 32), "warrant_sig",
                               gv_render_hex(warrant.b, 64), "pop", pops));
}

struct gv_rpc_answer *
gv_loop_signwarrant(void *loop, struct gv_rpc_call *call,
                    struct gv_bytes preimage)
{
    struct gv_loop *l = loop;
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_rpc_answer *answer;
    struct gv_warrant w;
    struct gv_open *open;
    enum gv_rc rc;

    gv_loop_warrant(l, &w);
    if (!w.ca)
        return gv_ledger_no_role(call, "ca");
    open = malloc(sizeof(*open));
    if (!open)
        return gv_rpc_error(call, GV_RPC_INTERNAL, "out of memory");
    rc = gv_open_decode_preimage(preimage, l->opt.params, open, &why);
    if (rc == GV_OK)
        rc = gv_warrant_check(&w, open, &why);
    answer = rc == GV_OK      ? sign_open(l, call, open, w.validator)
             : rc == GV_FAULT ? gv_ledger_fault(&l->rpc, call)
                              : gv_ledger_reject(call, &why);
    free(open);
    return answer;
}
