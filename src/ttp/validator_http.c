/* validator_http.c - a validator signs for an OPEN (docs/spec/ttp.md, T29). */
#include "src/ttp/validator_http.h"

#include <stdlib.h>

static bool
is_named(const struct gv_validator_http *v, const struct gv_open *open)
{
    struct gv_bytes name = gv_bytes(v->operator_name, strlen(v->operator_name));

    for (unsigned i = 0; i < open->validator_count; i++)
        if (GV_ID_EQ(&open->validator[i].key, &v->key) &&
            gv_bytes_eq(open->validator[i].operator_name, name))
            return true;
    return false;
}

static int
judge(const struct gv_validator_http *v, const struct gv_open *open,
      struct gv_error *e)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    char text[200];
    enum gv_rc rc;

    if (!is_named(v, open)) {
        gv_error_set(e, "this validator is not named in the OPEN");
        return 403;
    }
    rc = v->ledger.warrant(v->ledger.ctx, open, &why);
    if (rc == GV_OK)
        return 200;
    if (rc == GV_REJECT)
        gv_error_set(e, "%s", gv_reject_text(&why, text, sizeof(text)));
    else
        gv_error_set(e, "the ledger cannot be asked now");
    return rc == GV_REJECT ? 403 : 503;
}

int
gv_validator_serve(const struct gv_validator_http *v, struct gv_bytes preimage,
                   struct gv_sig *out, struct gv_error *e)
{
    struct gv_open *open = malloc(sizeof(*open));
    struct gv_reject why = {.index = GV_NO_INDEX};
    uint8_t digest[32];
    char text[200];
    int status;

    if (open == NULL) {
        gv_error_set(e, "out of memory");
        return 503;
    }
    if (gv_open_decode_preimage(preimage, v->params, open, &why) != GV_OK) {
        gv_error_set(e, "%s", gv_reject_text(&why, text, sizeof(text)));
        free(open);
        return 400;
    }
    status = judge(v, open, e);
    gv_tagged(GV_TAG_POP, open->id.b, 32, digest);
    if (status == 200 &&
        gv_key_sign(v->keys, v->secret, digest, NULL, out) != GV_OK) {
        gv_error_set(e, "the key cannot sign");
        status = 503;
    }
    free(open);
    return status;
}

static void
answer(void *ctx, const char *path, struct gv_bytes request,
       struct gv_service_answer *a)
{
    struct gv_sig sig;

    (void)path; /* there is one */
    a->status = gv_validator_serve(ctx, request, &sig, &a->e);
    if (a->status != 200)
        return;
    a->out = malloc(sizeof(sig.b));
    a->len = sizeof(sig.b);
    if (a->out != NULL) {
        memcpy(a->out, sig.b, sizeof(sig.b));
        return;
    }
    a->status = 503;
    gv_error_set(&a->e, "out of memory");
}

struct gv_http_route
gv_validator_route(struct gv_validator_http *service)
{
    service->http = (struct gv_service_http){service, answer, service->pool};
    return gv_service_route(&service->http, GV_VALIDATOR_PATH);
}
