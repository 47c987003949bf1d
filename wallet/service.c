/* service.c - services and their calls (wallet/service.h). */
#include "wallet/service.h"

#include <stdlib.h>

#include "wallet/json.h"

#define BINARY "application/octet-stream"
#define AWAIT_MS 60000
#define POLL_MS 250
#define ANSWER_MAX ((size_t)1 << 20) /* the longest have certificates */

/* A row of listservices, if it is what it says. */
static bool
read_service(struct gv_cli *cli, const json_t *row, uint8_t role,
             struct gv_service *out)
{
    uint8_t raw[GV_CRED_SIZE], digest[32];
    struct gv_reader r = gv_reader(gv_bytes(raw, sizeof(raw)));
    const char *endpoint = gv_json_text(row, "endpoint");
    const char *name = gv_json_text(row, "operator");

    if (!gv_json_hex(row, "cred", raw, sizeof(raw)) ||
        strlen(endpoint) >= sizeof(out->endpoint) ||
        strlen(name) >= sizeof(out->operator_name))
        return false;
    gv_cred_get(&r, &out->cred);
    memcpy(out->endpoint, endpoint, strlen(endpoint) + 1);
    memcpy(out->operator_name, name, strlen(name) + 1);
    gv_cred_digest(&out->cred, &cli->params->registry, digest);
    return gv_reader_done(&r) && out->cred.role == role &&
           gv_cred_valid_at(&out->cred, gv_cli_now_ms()) &&
           gv_key_verify(cli->keys, &cli->params->root, digest, &out->cred.sig);
}

static bool
is_known(const struct gv_service *list, size_t n, const struct gv_pubkey *key)
{
    for (size_t i = 0; i < n; i++)
        if (GV_ID_EQ(&list[i].cred.key, key))
            return true;
    return false;
}

int
gv_services_find(struct gv_cli *cli, uint8_t role, struct gv_service *out,
                 size_t *count)
{
    struct gv_service one;
    json_t *list;
    int code;

    *count = 0;
    if (gv_cli_keys(cli) == NULL)
        return GV_EXIT_FAILED;
    code = gv_cli_call(cli, "listservices", NULL, &list);
    if (code != GV_EXIT_OK)
        return code;
    for (size_t i = json_array_size(list); i-- > 0;)
        if (*count < GV_SERVICES_MAX &&
            read_service(cli, json_array_get(list, i), role, &one) &&
            !is_known(out, *count, &one.cred.key))
            out[(*count)++] = one;
    json_decref(list);
    return GV_EXIT_OK;
}

int
gv_service_of(struct gv_cli *cli, uint8_t role, const struct gv_pubkey *key,
              const char *what, struct gv_service *out)
{
    struct gv_service *list = calloc(GV_SERVICES_MAX, sizeof(*list));
    size_t n = 0;
    int code = list != NULL ? gv_services_find(cli, role, list, &n)
                            : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");

    if (code == GV_EXIT_OK) {
        code = GV_EXIT_FAILED;
        for (size_t i = 0; i < n; i++)
            if (GV_ID_EQ(&list[i].cred.key, key)) {
                *out = list[i];
                code = GV_EXIT_OK;
            }
        if (code != GV_EXIT_OK)
            code = gv_cli_fail(cli, GV_EXIT_FAILED,
                               "the registry does not say where %s of this "
                               "auction is",
                               what);
    }
    free(list);
    return code;
}

int
gv_service_await(struct gv_cli *cli, const struct gv_hash *fingerprint)
{
    uint64_t until = gv_cli_now_ms() + AWAIT_MS;
    struct gv_rpcclient_error error = {0};
    char hex[65];

    gv_hex(fingerprint->b, 32, hex);
    for (;;) {
        json_t *answer = NULL;
        enum gv_rc rc =
            gv_cli_try(cli, "getcert", json_pack("{ss}", "fingerprint", hex),
                       &answer, &error);
        bool mined =
            rc == GV_OK && json_is_integer(json_object_get(answer, "height"));

        json_decref(answer);
        gv_rpcclient_error_clear(&error);
        if (rc == GV_FAULT)
            return GV_EXIT_NODE;
        if (mined)
            return GV_EXIT_OK;
        if (gv_cli_now_ms() >= until)
            return gv_cli_fail(cli, GV_EXIT_FAILED,
                               "the registry has no block with this "
                               "identity's certificate yet: try again later");
        gv_cli_sleep_ms(POLL_MS);
    }
}

struct gv_https *
gv_service_connect(const struct gv_service *service,
                   const struct gv_params *params, struct gv_error *e)
{
    struct gv_https_options options = {
        .url = service->endpoint,
        .max_response_bytes = ANSWER_MAX,
        .roots =
            gv_bytes(params->root_cert_pem, strlen(params->root_cert_pem))};

    if (strncmp(service->endpoint, "https://", 8) != 0) {
        gv_error_set(e, "%.200s: a service is asked over https:// only",
                     service->endpoint);
        return NULL;
    }
    return gv_https_new(&options, e);
}

enum gv_rc
gv_service_post(struct gv_https *https, const char *path, struct gv_bytes body,
                uint8_t **out, size_t *len, struct gv_error *e)
{
    struct gv_https_request request = {
        .method = "POST", .path = path, .type = BINARY, .body = body};
    struct gv_https_reply reply;
    bool binary;
    enum gv_rc rc = gv_https_request(https, &request, &reply, e);

    *out = NULL;
    if (rc != GV_OK)
        return rc;
    binary = strncmp(reply.type, BINARY, sizeof(BINARY) - 1) == 0;
    if (reply.status != 200) {
        rc = reply.status >= 500 ? GV_FAULT : GV_REJECT;
        if (binary)
            gv_error_set(e, "the service refused");
        else
            gv_error_set(e, "the service answered %d: %.*s", reply.status,
                         (int)strcspn((const char *)reply.body, "\r\n"),
                         (const char *)reply.body);
    }
    if (binary) {
        *out = reply.body;
        *len = reply.len;
        reply.body = NULL;
    } else if (rc == GV_OK) {
        gv_error_set(e, "the service's answer is no message");
        rc = GV_FAULT;
    }
    gv_https_reply_clear(&reply);
    return rc;
}
