/* notaries.c - asking the notaries of an auction (wallet/notaries.h). */
#include "wallet/notaries.h"

#include <gavel/notary.h>
#include <stdlib.h>

#include "wallet/columns.h"
#include "wallet/service.h"

#define FINAL_WAIT_MS 60000
#define BEHIND_WAIT_MS 5000 /* once enough others gave what was asked for */
#define FINAL_POLL_MS 500

struct asking {
    struct gv_cli *cli;
    const struct gv_auction *a;
    const struct gv_notary_request *request;
    struct gv_service *services;
    size_t count;
    uint64_t until_ms; /* when nobody is waited for any more */
    bool hurries;
};

static bool
too_early(struct gv_bytes body)
{
    struct gv_refusal r;

    return gv_refusal_decode(body, &r, NULL) == GV_OK &&
           r.code == GV_REFUSAL_NOT_FINAL;
}

static enum gv_rc
post(const struct asking *x, unsigned i, struct gv_https *https, uint8_t **out,
     size_t *len, struct gv_error *e)
{
    const struct gv_notary_request *request = x->request;
    struct gv_bytes body = request->body_of != NULL
                               ? request->body_of(request->arg, i)
                               : request->body;

    *out = NULL;
    if (body.len == 0) {
        gv_error_set(e, "the request cannot be made");
        return GV_FAULT;
    }
    return gv_service_post(https, request->path, body, out, len, e);
}

/* A refusal in words; only what the notary signed is its word. */
static void
explain(const struct asking *x, unsigned i, struct gv_bytes body,
        const struct gv_error *e, struct gv_notary_answer *to)
{
    const struct gv_pubkey *key = &x->a->open.notary[i].cred.key;
    struct gv_refusal r;
    uint8_t digest[32];

    to->refused = true;
    if (body.p == NULL || gv_refusal_decode(body, &r, NULL) != GV_OK) {
        gv_error_set(&to->said, "%s", e->text);
        return;
    }
    gv_refusal_digest(&r, digest);
    gv_error_set(&to->said, "a notary refused: %s%s", gv_refusal_text(r.code),
                 gv_key_verify(x->cli->keys, key, digest, &r.sig)
                     ? " (signed)"
                     : " (not signed by it)");
}

static const struct gv_service *
service_of(const struct asking *x, unsigned i)
{
    for (size_t k = 0; k < x->count; k++)
        if (GV_ID_EQ(&x->services[k].cred.key, &x->a->open.notary[i].cred.key))
            return &x->services[k];
    return NULL;
}

/* True: it says that the outcome is not final yet. */
static bool
ask_one(const struct asking *x, unsigned i, struct gv_notary_answer *to)
{
    const struct gv_service *service = service_of(x, i);
    struct gv_error e = {""};
    struct gv_https *https;
    enum gv_rc rc = GV_FAULT;
    uint8_t *out = NULL;
    size_t len = 0;
    bool early = false;

    *to = (struct gv_notary_answer){.good = false};
    if (service == NULL) {
        gv_error_set(&to->said, "the registry does not say where it is");
        return false;
    }
    https = gv_service_connect(service, x->cli->params, &e);
    if (https != NULL)
        rc = post(x, i, https, &out, &len, &e);
    gv_https_free(https);
    if (rc == GV_OK) {
        to->good = x->request->take(x->request->arg, i, gv_bytes(out, len));
        to->refused = !to->good;
        gv_error_set(&to->said, "%s",
                     to->good ? x->request->good : x->request->bad);
    } else if (rc == GV_REJECT) {
        explain(x, i, gv_bytes(out, len), &e, to);
        early = out != NULL && too_early(gv_bytes(out, len));
    } else {
        gv_error_set(&to->said, "%s", e.text);
    }
    free(out);
    return early;
}

/* Ask those whose bit is set; whose bits remain said that it is too early. */
static uint64_t
ask_each(const struct asking *x, uint64_t whom, struct gv_notary_answers *out)
{
    for (unsigned i = 0; i < out->count; i++)
        if ((whom >> i & 1) && !ask_one(x, i, &out->of[i]))
            whom &= ~(UINT64_C(1) << i);
    return whom;
}

/* Others' answers show that the outcome is final: then who says that it is not
 * may be a little behind, or lie. */
static void
hurry(struct asking *x, const struct gv_notary_answers *out)
{
    uint64_t soon_ms = gv_cli_now_ms() + BEHIND_WAIT_MS;

    if (!x->hurries && gv_notaries_good(out) >= x->request->enough) {
        x->hurries = true;
        if (soon_ms < x->until_ms)
            x->until_ms = soon_ms;
    }
}

static void
ask_all(struct asking *x, struct gv_notary_answers *out)
{
    uint64_t early = (UINT64_C(1) << out->count) - 1;

    for (;;) {
        early = ask_each(x, early, out);
        hurry(x, out);
        if (!early || gv_cli_now_ms() >= x->until_ms)
            return;
        gv_cli_sleep_ms(FINAL_POLL_MS);
    }
}

int
gv_notaries_ask(struct gv_cli *cli, const struct gv_auction *a,
                const struct gv_notary_request *request,
                struct gv_notary_answers *out)
{
    struct asking x = {.cli = cli,
                       .a = a,
                       .request = request,
                       .services = calloc(GV_SERVICES_MAX, sizeof(*x.services)),
                       .until_ms = gv_cli_now_ms() + FINAL_WAIT_MS};
    int code = x.services != NULL
                   ? gv_services_find(cli, GV_ROLE_NOTARY, x.services, &x.count)
                   : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");

    *out = (struct gv_notary_answers){.count = a->open.notary_count};
    if (code == GV_EXIT_OK)
        ask_all(&x, out);
    free(x.services);
    return code;
}

unsigned
gv_notaries_good(const struct gv_notary_answers *answers)
{
    unsigned n = 0;

    for (unsigned i = 0; i < answers->count; i++)
        n += answers->of[i].good;
    return n;
}

int
gv_notaries_fail(const struct gv_cli *cli,
                 const struct gv_notary_answers *answers, const char *what)
{
    char why[512] = "";
    int code = GV_EXIT_NODE;
    unsigned bad = answers->count - gv_notaries_good(answers);
    /* Whatever one says, all are named. */
    int room = (int)(sizeof(why) - 120) / (int)(bad ? bad : 1) - 14;
    size_t at = 0;

    for (unsigned i = 0; i < answers->count; i++) {
        if (answers->of[i].good)
            continue;
        if (answers->of[i].refused)
            code = GV_EXIT_FAILED;
        at += (size_t)snprintf(
            why + at, sizeof(why) - at, "%snotary %u: %.*s", at > 0 ? "; " : "",
            i + 1, room < 150 ? room : 150, answers->of[i].said.text);
        if (at >= sizeof(why))
            at = sizeof(why) - 1;
    }
    return gv_cli_fail(cli, code, "%s: %s", what, why);
}

void
gv_notaries_print(const struct gv_auction *a,
                  const struct gv_notary_answers *answers)
{
    for (unsigned i = 0; i < answers->count; i++) {
        struct gv_bytes name = a->open.notary[i].operator_name;
        char key[24];

        snprintf(key, sizeof(key), "notary %u", i + 1);
        gv_columns_line(stdout, key, "%.*s: %s", (int)name.len,
                        (const char *)name.p, answers->of[i].said.text);
    }
}

json_t *
gv_notaries_json(const struct gv_auction *a,
                 const struct gv_notary_answers *answers)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < answers->count; i++) {
        struct gv_bytes name = a->open.notary[i].operator_name;

        json_array_append_new(
            list, json_pack("{si ss% sb ss}", "m", (int)i + 1, "operator",
                            (const char *)name.p, name.len, "good",
                            (int)answers->of[i].good, "answer",
                            answers->of[i].said.text));
    }
    return list;
}
