/* ca_rpc.c - approve, deny, invite, revoke. */
#include "src/ca_rpc.h"

#include <stdlib.h>

#include "src/rpc/ledger.h"
#include "src/rpc/render.h"

static struct gv_rpc_answer *
capending(void *ctx, struct gv_rpc_call *call)
{
    const struct gv_services *s = ctx;
    struct gv_ca_pending *list;
    json_t *all;
    size_t n;

    if (!s->ca)
        return gv_ledger_no_role(call, "ca");
    list = calloc(GV_CA_PENDING_MAX, sizeof(*list));
    if (!list)
        return gv_rpc_error(call, GV_RPC_INTERNAL, "out of memory");
    n = gv_ca_pending(s->ca, list, GV_CA_PENDING_MAX);
    all = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(
            all, json_pack("{so ss ss sI}", "id", gv_render_hex(list[i].id, 32),
                           "subject", list[i].subject, "role",
                           gv_role_name(list[i].role), "since_ms",
                           (json_int_t)list[i].since_ms));
    free(list);
    return gv_rpc_ok(call, all);
}

static struct gv_rpc_answer *
cadecide(void *ctx, struct gv_rpc_call *call)
{
    const struct gv_services *s = ctx;
    uint8_t id[32];
    bool approve = false;

    if (!gv_rpc_hex(call, "id", id, sizeof(id)) ||
        !gv_rpc_bool(call, "approve", &approve))
        return gv_rpc_invalid(call);
    if (!s->ca)
        return gv_ledger_no_role(call, "ca");
    if (gv_ca_decide(s->ca, id, approve) != GV_OK)
        return gv_rpc_error(call, GV_RPC_NOT_FOUND,
                            "id: no such request waits");
    return gv_rpc_ok(call, json_boolean(approve));
}

static struct gv_rpc_answer *
casecret(void *ctx, struct gv_rpc_call *call)
{
    const struct gv_services *s = ctx;
    struct gv_rpc_answer *answer;
    char secret[33];

    if (!s->ca)
        return gv_ledger_no_role(call, "ca");
    if (gv_ca_secret_new(s->ca, secret) != GV_OK)
        return gv_rpc_error(call, GV_RPC_INTERNAL,
                            "the CA cannot keep another secret");
    answer = gv_rpc_ok(call, json_string(secret));
    gv_wipe(secret, sizeof(secret));
    return answer;
}

static struct gv_rpc_answer *
carevoke(void *ctx, struct gv_rpc_call *call)
{
    struct gv_services *s = ctx;
    struct gv_hash fingerprint;
    struct gv_error e = {""};
    uint64_t reason = 0;
    enum gv_rc rc;

    if (!gv_rpc_hex(call, "fingerprint", fingerprint.b, 32) ||
        !gv_rpc_u64(call, "reason", 0, 10, &reason))
        return gv_rpc_invalid(call);
    if (!s->ca)
        return gv_ledger_no_role(call, "ca");
    rc = gv_ca_revoke(s->ca, &fingerprint, (int)reason, &e);
    if (rc == GV_ABSENT)
        return gv_rpc_error(call, GV_RPC_NOT_FOUND,
                            "fingerprint: not issued by this CA");
    if (rc != GV_OK)
        return gv_rpc_error(call,
                            rc == GV_REJECT ? GV_RPC_REJECTED : GV_RPC_INTERNAL,
                            "%s", e.text);
    gv_services_publish_revoke(s, &fingerprint, (uint8_t)reason);
    return gv_rpc_ok(call, gv_render_hex(fingerprint.b, 32));
}

static const struct gv_rpc_method methods[] = {
    {"capending", "", "Enrolment requests that wait for approval.", capending,
     GV_AUTH_ADMIN},
    {"cadecide", "id approve", "Approve or deny a waiting request.", cadecide,
     GV_AUTH_ADMIN},
    {"casecret", "", "Make a one-time secret that admits one enrolment.",
     casecret, GV_AUTH_ADMIN},
    {"carevoke", "fingerprint reason?",
     "Revoke a certificate of this CA, on its list and on the registry.",
     carevoke, GV_AUTH_ADMIN},
};

enum gv_rc
gv_ca_rpc_add(struct gv_rpc *rpc, struct gv_services *services)
{
    return gv_rpc_add(rpc, methods, sizeof(methods) / sizeof(methods[0]),
                      services);
}
