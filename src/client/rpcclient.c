/* rpcclient.c - see rpcclient.h. */
#include "src/client/rpcclient.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/files.h"
#include "src/client/https.h"
#include "src/client/rpcreply.h"

#define LOGIN_MAX 512
#define BASIC "Basic "

struct gv_rpcclient {
    struct gv_https *https;
    char *node, *cookie;
    char *authorization; /* "Basic ...", NULL: not read yet */
    uint64_t last_id;
};

void
gv_rpcclient_error_clear(struct gv_rpcclient_error *error)
{
    json_decref(error->data);
    memset(error, 0, sizeof(*error));
}

static void
forget_login(struct gv_rpcclient *client)
{
    if (client->authorization != NULL)
        gv_wipe(client->authorization, strlen(client->authorization));
    free(client->authorization);
    client->authorization = NULL;
}

static bool
set_login(struct gv_rpcclient *client, const char *login, size_t len,
          struct gv_error *e)
{
    size_t prefix = sizeof(BASIC) - 1;

    forget_login(client);
    if (len == 0 || len > LOGIN_MAX || memchr(login, ':', len) == NULL) {
        gv_error_set(e, "login: expected USER:PASSWORD");
        return false;
    }
    client->authorization = calloc(1, prefix + (len + 2) / 3 * 4 + 1);
    if (client->authorization == NULL) {
        gv_error_set(e, "login: out of memory");
        return false;
    }
    memcpy(client->authorization, BASIC, prefix);
    EVP_EncodeBlock((unsigned char *)client->authorization + prefix,
                    (const unsigned char *)login, (int)len);
    return true;
}

static bool
read_cookie(struct gv_rpcclient *client, struct gv_error *e)
{
    struct gv_error why;
    uint8_t *text;
    size_t len;
    enum gv_rc rc = gv_file_read(client->cookie, LOGIN_MAX, &text, &len, &why);
    bool good;

    if (rc != GV_OK) {
        gv_error_set(e, "no login for the node: %s%s", why.text,
                     rc == GV_ABSENT ? "; is gaveld running, and is this its "
                                       "--cookie?"
                                     : "");
        return false;
    }
    good = set_login(client, (char *)text, strcspn((char *)text, "\r\n"), &why);
    if (!good)
        gv_error_set(e, "cookie file %s: %s", client->cookie, why.text);
    gv_wipe(text, len);
    free(text);
    return good;
}

struct gv_rpcclient *
gv_rpcclient_new(const struct gv_rpcclient_options *options, struct gv_error *e)
{
    struct gv_https_options https = {.url = options->node,
                                     .roots = options->roots,
                                     .chain_file = options->cert_file,
                                     .key_file = options->key_file,
                                     .timeout_ms = options->timeout_ms,
                                     .max_response_bytes = (size_t)64 << 20};
    struct gv_rpcclient *client = calloc(1, sizeof(*client));
    bool good = client != NULL;

    if (good) {
        client->node = strdup(options->node);
        client->cookie = options->login == NULL && options->cookie != NULL
                             ? strdup(options->cookie)
                             : NULL;
        good = client->node != NULL &&
               (client->cookie != NULL || options->login != NULL ||
                options->cookie == NULL);
    }
    if (!good) {
        gv_error_set(e, "rpc client: out of memory");
        gv_rpcclient_free(client);
        return NULL;
    }
    client->https = gv_https_new(&https, e);
    if (client->https == NULL ||
        (options->login != NULL &&
         !set_login(client, options->login, strlen(options->login), e))) {
        gv_rpcclient_free(client);
        return NULL;
    }
    return client;
}

void
gv_rpcclient_free(struct gv_rpcclient *client)
{
    if (client == NULL)
        return;
    forget_login(client);
    gv_https_free(client->https);
    free(client->node);
    free(client->cookie);
    free(client);
}

void
gv_rpcclient_interrupt(struct gv_rpcclient *client)
{
    gv_https_interrupt(client->https);
}

/* --- a call --- */

static char *
print_call(struct gv_rpcclient *client, const char *method, json_t *params)
{
    json_t *call = json_pack("{s:s, s:I, s:s}", "jsonrpc", "2.0", "id",
                             (json_int_t)++client->last_id, "method", method);
    char *text;

    if (params != NULL)
        json_object_set(call, "params", params);
    text = json_dumps(call, JSON_COMPACT);
    json_decref(call);
    return text;
}

static enum gv_rc
send_text(struct gv_rpcclient *client, const char *text,
          struct gv_https_reply *reply, struct gv_error *e)
{
    struct gv_https_request request = {.method = "POST",
                                       .path = "/",
                                       .type = "application/json",
                                       .authorization = client->authorization,
                                       .body = gv_bytes(text, strlen(text))};
    struct gv_error why;

    if (gv_https_request(client->https, &request, reply, &why) == GV_OK)
        return GV_OK;
    if (strncmp(why.text, "cannot reach ", 13) == 0)
        gv_error_set(e, "cannot reach node at %s; is gaveld running?",
                     why.text + 13);
    else
        gv_error_set(e, "node at %s", why.text);
    return GV_FAULT;
}

/* With a cookie, a 401 is answered by reading the cookie again, once: the
 * node may have been restarted. */
static enum gv_rc
send_with_login(struct gv_rpcclient *client, const char *text,
                struct gv_https_reply *reply, struct gv_error *e)
{
    bool kept = client->authorization != NULL;
    enum gv_rc rc;

    if (client->cookie != NULL && !kept && !read_cookie(client, e))
        return GV_FAULT;
    rc = send_text(client, text, reply, e);
    if (rc == GV_OK && reply->status == 401 && client->cookie != NULL && kept) {
        gv_https_reply_clear(reply);
        if (!read_cookie(client, e))
            return GV_FAULT;
        rc = send_text(client, text, reply, e);
    }
    if (rc != GV_OK || reply->status != 401)
        return rc;
    forget_login(client);
    if (client->cookie != NULL)
        gv_error_set(e,
                     "node at %s refuses the login in %s; is it the cookie "
                     "of this node?",
                     client->node, client->cookie);
    else
        gv_error_set(e, "node at %s refuses this login", client->node);
    gv_https_reply_clear(reply);
    return GV_FAULT;
}

static enum gv_rc
read_reply(struct gv_rpcclient *client, const struct gv_https_reply *reply,
           json_t **result, struct gv_rpcclient_error *error)
{
    enum gv_rc rc =
        gv_rpcreply_read(gv_bytes(reply->body, reply->len), result, error);

    if (rc != GV_ABSENT)
        return rc;
    if (strncmp(reply->type, "text/plain", 10) == 0)
        /* Not the methods refuse but the door, and it says why. */
        gv_error_set(&error->e, "node at %s answers %d: %.*s", client->node,
                     reply->status,
                     (int)strcspn((const char *)reply->body, "\r\n"),
                     (const char *)reply->body);
    else
        gv_error_set(&error->e,
                     "node at %s: status %d and no JSON-RPC reply; is this "
                     "the RPC port of gaveld?",
                     client->node, reply->status);
    return GV_FAULT;
}

enum gv_rc
gv_rpcclient_call(struct gv_rpcclient *client, const char *method,
                  json_t *params, json_t **result,
                  struct gv_rpcclient_error *error)
{
    struct gv_https_reply reply = {0};
    char *text = print_call(client, method, params);
    enum gv_rc rc = GV_FAULT;

    *result = NULL;
    gv_rpcclient_error_clear(error);
    json_decref(params);
    if (text == NULL)
        gv_error_set(&error->e, "%s: parameters are no JSON, or no memory",
                     method);
    else
        rc = send_with_login(client, text, &reply, &error->e);
    if (rc == GV_OK)
        rc = read_reply(client, &reply, result, error);
    gv_https_reply_clear(&reply);
    free(text);
    return rc;
}
