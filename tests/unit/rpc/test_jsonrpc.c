/* JSON-RPC over real sockets: shapes of 1.0 and 2.0, errors, parameters,
 * batches, late answers, logins and roles, and the client. */
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "src/base/files.h"
#include "src/client/https.h"
#include "src/client/rpcclient.h"
#include "src/rpc/jsonrpc.h"

struct fixture {
    char dir[64], cookie[96], url[64];
    struct gv_http *http;
    struct gv_rpc *rpc;
    struct gv_auth *auth;
    struct gv_https *https;
    struct gv_http_route route;
    pthread_t thread;
    struct gv_error e;
};

static struct gv_rpc_answer *
add(void *ctx, struct gv_rpc_call *call)
{
    uint64_t a = 0, b = 10;
    bool negate = false;

    (void)ctx;
    if (!gv_rpc_u64(call, "a", 0, 1000, &a) ||
        !gv_rpc_u64(call, "b", 1, 1000, &b) ||
        !gv_rpc_bool(call, "negate", &negate))
        return gv_rpc_invalid(call);
    return gv_rpc_ok(call,
                     json_integer((json_int_t)(a + b) * (negate ? -1 : 1)));
}

static struct gv_rpc_answer *
number(void *ctx, struct gv_rpc_call *call)
{
    uint64_t n = 0;
    char text[24];

    (void)ctx;
    if (!gv_rpc_u64(call, "n", 1, UINT64_MAX, &n))
        return gv_rpc_invalid(call);
    snprintf(text, sizeof(text), "%" PRIu64, n);
    return gv_rpc_ok(call, json_string(text));
}

static struct gv_rpc_answer *
bytes(void *ctx, struct gv_rpc_call *call)
{
    uint8_t id[4] = {0};
    uint8_t *blob = NULL;
    size_t len = 0;
    const char *text = "";

    (void)ctx;
    if (!gv_rpc_hex(call, "id", id, sizeof(id)) ||
        !gv_rpc_string(call, "text", 5, &text) ||
        !gv_rpc_blob(call, "blob", 8, &blob, &len))
        return gv_rpc_invalid(call);
    free(blob);
    return gv_rpc_ok(call, json_pack("[i,s,i]", id[3], text, (int)len));
}

static void *
answer(void *call)
{
    gv_rpc_set_header(call, "X-Late", "yes");
    (void)gv_rpc_ok(call, json_string("late"));
    return NULL;
}

static struct gv_rpc_answer *
late(void *ctx, struct gv_rpc_call *call)
{
    struct fixture *f = ctx;

    if (pthread_create(&f->thread, NULL, answer, call) != 0)
        return gv_rpc_error(call, GV_RPC_INTERNAL, "no thread");
    pthread_join(f->thread, NULL);
    return gv_rpc_pending(call);
}

static struct gv_rpc_answer *
refuse(void *ctx, struct gv_rpc_call *call)
{
    (void)ctx;
    return gv_rpc_error_data(call, GV_RPC_REJECTED, "not so",
                             json_pack("{s:s}", "reason", "bid-late"));
}

static const struct gv_rpc_method methods[] = {
    {"add", "a b? negate?", "Add two numbers.\nThat is all.", add,
     GV_AUTH_ADMIN},
    {"number", "n", "A number.", number, GV_AUTH_ADMIN},
    {"bytes", "id text? blob?", "Bytes.", bytes, GV_AUTH_ADMIN},
    {"late", "", "Answers from a thread.", late, GV_AUTH_ADMIN},
    {"refuse", "", "Refuses.", refuse, GV_AUTH_ADMIN},
    {"getwork", "data?", "Work.", late, GV_AUTH_MINER},
};

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct gv_rpc_options options = {.max_batch = 3};
    struct gv_http_options http_options = {0};
    struct gv_http_listen listen = {"127.0.0.1:0", NULL, &f->route, 1};
    struct gv_https_options https = {.url = f->url};
    int port;

    snprintf(f->dir, sizeof(f->dir), "%s", "/tmp/gavel-rpc-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->cookie, sizeof(f->cookie), "%s/.cookie", f->dir);
    f->auth = gv_auth_new(f->cookie, "miner:password1", &f->e);
    assert_non_null(f->auth);
    options.auth = f->auth;
    f->rpc = gv_rpc_new(&options);
    assert_int_equal(
        gv_rpc_add(f->rpc, methods, sizeof(methods) / sizeof(methods[0]), f),
        GV_OK);
    f->route = (struct gv_http_route){"*", "/", gv_rpc_http, f->rpc};
    f->http = gv_http_new(&http_options, &f->e);
    assert_int_equal(gv_http_listen(f->http, &listen, &port, &f->e), GV_OK);
    assert_int_equal(gv_http_start(f->http, &f->e), GV_OK);
    snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%d", port);
    f->https = gv_https_new(&https, &f->e);
    assert_non_null(f->https);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    gv_https_free(f->https);
    gv_http_free(f->http);
    gv_rpc_free(f->rpc);
    gv_auth_free(f->auth);
    assert_int_equal(rmdir(f->dir), 0); /* so the cookie is gone */
    free(f);
    return 0;
}

/* "Basic ..." of the cookie or of the miner. */
static const char *
login(struct fixture *f, bool miner)
{
    static char header[256];
    uint8_t *text;
    size_t len;

    if (miner)
        return "Basic bWluZXI6cGFzc3dvcmQx";
    assert_int_equal(gv_file_read(f->cookie, 256, &text, &len, &f->e), GV_OK);
    memcpy(header, "Basic ", 6);
    EVP_EncodeBlock((unsigned char *)header + 6, text, (int)len);
    free(text);
    return header;
}

static int
post(struct fixture *f, const char *authorization, const char *body,
     struct gv_https_reply *reply)
{
    struct gv_https_request request = {.method = "POST",
                                       .path = "/",
                                       .authorization = authorization,
                                       .body = gv_bytes(body, strlen(body))};

    if (gv_https_request(f->https, &request, reply, &f->e) != GV_OK)
        fail_msg("%s", f->e.text);
    return reply->status;
}

/* P3: what is above 2^63 - 1 is a string of digits, and nothing else is. */
static void
great_numbers_are_strings(void **state)
{
    static const struct {
        const char *n, *read; /* NULL: refused */
    } rows[] = {
        {"1", "1"},
        {"9223372036854775807", "9223372036854775807"},
        {"\"9223372036854775808\"", "9223372036854775808"},
        {"\"18446744073709551615\"", "18446744073709551615"},
        {"\"18446744073709551616\"", NULL},
        {"\"9223372036854775807\"", NULL},
        {"\"09223372036854775808\"", NULL},
        {"\"+9223372036854775808\"", NULL},
        {"\" 9223372036854775808\"", NULL},
        {"\"9223372036854775808 \"", NULL},
        {"\"0x8000000000000000\"", NULL},
        {"\"\"", NULL},
        {"0", NULL},
        {"-1", NULL},
        {"1e3", NULL},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gv_https_reply reply;
        char body[128], want[64];

        snprintf(body, sizeof(body),
                 "{\"id\":1,\"method\":\"number\",\"params\":[%s]}", rows[i].n);
        (void)post(f, login(f, false), body, &reply);
        snprintf(want, sizeof(want), "\"result\":\"%s\"",
                 rows[i].read != NULL ? rows[i].read : "");
        assert_int_equal(strstr((const char *)reply.body, want) != NULL,
                         rows[i].read != NULL);
        assert_int_equal(strstr((const char *)reply.body, "-32602") != NULL,
                         rows[i].read == NULL);
        gv_https_reply_clear(&reply);
    }
}

static void
exact_replies(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *reply;
    } rows[] = {
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"add\",\"params\":[1]}",
         200, "{\"jsonrpc\":\"2.0\",\"result\":11,\"id\":1}\n"},
        {"{\"id\":\"x\",\"method\":\"add\",\"params\":[1,2,true]}", 200,
         "{\"result\":-3,\"error\":null,\"id\":\"x\"}\n"},
        {"{\"method\":\"add\",\"params\":{\"b\":5,\"a\":6,\"negate\":null}}",
         200, "{\"result\":11,\"error\":null,\"id\":null}\n"},
        {"{\"id\":0,\"method\":\"getblocktemplate\",\"params\":[]}", 404,
         "{\"result\":null,\"error\":{\"code\":-32601,\"message\":"
         "\"getblocktemplate: no such method; help lists them\"},\"id\":0}\n"},
        {"{\"id\":1,\"method\":\"late\"}", 200,
         "{\"result\":\"late\",\"error\":null,\"id\":1}\n"},
        {"{\"id\":1,\"method\":\"refuse\"}", 200,
         "{\"result\":null,\"error\":{\"code\":-26,\"message\":\"not so\","
         "\"data\":{\"reason\":\"bid-late\"}},\"id\":1}\n"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"add\",\"params\":[1]}", 204, ""},
        {"[{\"id\":1,\"method\":\"late\"},{\"id\":2,\"method\":\"none\"},5]",
         200,
         "[{\"result\":\"late\",\"error\":null,\"id\":1},{\"result\":null,"
         "\"error\":{\"code\":-32601,\"message\":\"none: no such method; help "
         "lists them\"},\"id\":2},{\"result\":null,\"error\":{\"code\":-32600,"
         "\"message\":\"a call must be an object\"},\"id\":null}]\n"},
        {"{\"id\":1,\"method\":\"bytes\",\"params\":[\"010203ff\",\"hi\","
         "\"aabb\"]}",
         200, "{\"result\":[255,\"hi\",2],\"error\":null,\"id\":1}\n"},
    };
    struct fixture *f = *state;
    struct gv_https_reply reply;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(post(f, login(f, false), rows[i].body, &reply),
                         rows[i].status);
        assert_string_equal((char *)reply.body, rows[i].reply);
        gv_https_reply_clear(&reply);
    }
}

static void
bad_calls_name_what_is_wrong(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *part;
    } rows[] = {
        {"{\"method\":", 400,
         "\"code\":-32700,\"message\":\"the body is not JSON: line 1"},
        {"{\"a\":1,\"a\":2}", 400, "duplicate"},
        {"[]", 400, "-32600"},
        {"[1,2,3,4]", 400, "too many calls"},
        {"3", 400, "-32600"},
        {"{\"id\":{},\"method\":\"add\"}", 400, "id: expected"},
        {"{\"id\":1,\"method\":5}", 400, "method: expected a string"},
        {"{\"method\":\"add\"}", 200, "-32602,\"message\":\"a: missing"},
        {"{\"method\":\"add\",\"params\":[null]}", 200, "a: missing"},
        {"{\"method\":\"add\",\"params\":[1,2,true,4]}", 200,
         "4 parameters given: expected a b? negate?"},
        {"{\"method\":\"late\",\"params\":[1]}", 200, "expected none"},
        {"{\"method\":\"add\",\"params\":{\"a\":1,\"c\":1}}", 200,
         "c: no such parameter"},
        {"{\"method\":\"add\",\"params\":7}", 200, "params: expected an array"},
        {"{\"method\":\"add\",\"params\":[\"1\"]}", 200,
         "a: \\\"1\\\": expected a whole number from 0 to 1000"},
        {"{\"method\":\"add\",\"params\":[1001]}", 200,
         "a: 1001: expected a whole"},
        {"{\"method\":\"add\",\"params\":[-1]}", 200,
         "a: -1: expected a whole"},
        {"{\"method\":\"add\",\"params\":[1.5]}", 200,
         "a: 1.5: expected a whole"},
        {"{\"method\":\"add\",\"params\":[1,2,1]}", 200,
         "negate: 1: expected true or false"},
        {"{\"method\":\"bytes\",\"params\":[\"01\"]}", 200,
         "expected 8 hex digits"},
        {"{\"method\":\"bytes\",\"params\":[\"0102030g\"]}", 200,
         "expected 8 hex digits"},
        {"{\"method\":\"bytes\",\"params\":[\"01020304\",\"toolong\"]}", 200,
         "text: "},
        {"{\"method\":\"bytes\",\"params\":[\"01020304\",\"\",\"abc\"]}", 200,
         "blob: "},
        {"{\"method\":\"bytes\",\"params\":[\"01020304\",\"\",\"zz\"]}", 200,
         "hex of 1 to 8 bytes"},
        {"{\"method\":\"help\",\"params\":[\"nope\"]}", 200,
         "method: expected"},
    };
    struct fixture *f = *state;
    struct gv_https_reply reply;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int status = post(f, login(f, false), rows[i].body, &reply);

        if (status != rows[i].status ||
            strstr((char *)reply.body, rows[i].part) == NULL)
            fail_msg("%s gave %d %s", rows[i].body, status, reply.body);
        gv_https_reply_clear(&reply);
    }
}

static void
logins_and_roles(void **state)
{
    static const char getwork[] = "{\"id\":1,\"method\":\"getwork\"}";
    struct fixture *f = *state;
    struct gv_https_reply reply;
    struct stat st;
    char *value;

    assert_int_equal(stat(f->cookie, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(post(f, NULL, getwork, &reply), 401);
    value = gv_https_header(&reply, "WWW-Authenticate");
    assert_string_equal(value, GV_AUTH_CHALLENGE);
    free(value);
    gv_https_reply_clear(&reply);
    assert_int_equal(post(f, "Basic bWluZXI6cGFzc3dvcmQy", getwork, &reply),
                     401);
    gv_https_reply_clear(&reply);
    assert_int_equal(post(f, "Basic !!!!", getwork, &reply), 401);
    gv_https_reply_clear(&reply);
    assert_int_equal(post(f, "Bearer x", getwork, &reply), 401);
    gv_https_reply_clear(&reply);
    assert_int_equal(post(f, login(f, true), getwork, &reply), 200);
    value = gv_https_header(&reply, "X-Late");
    assert_string_equal(value, "yes");
    free(value);
    gv_https_reply_clear(&reply);
    assert_int_equal(post(f, login(f, true),
                          "{\"id\":1,\"method\":\"add\",\"params\":[1]}",
                          &reply),
                     403);
    assert_non_null(strstr((char *)reply.body, "not allowed for this login"));
    gv_https_reply_clear(&reply);
    assert_int_equal(
        post(f, login(f, true), "{\"method\":\"getblocktemplate\"}", &reply),
        404);
    gv_https_reply_clear(&reply);
}

static void
the_client_calls(void **state)
{
    struct fixture *f = *state;
    struct gv_rpcclient_options options = {.node = f->url, .cookie = f->cookie};
    struct gv_rpcclient_error error = {0};
    struct gv_rpcclient *c = gv_rpcclient_new(&options, &f->e);
    json_t *result;

    assert_non_null(c);
    assert_int_equal(
        gv_rpcclient_call(c, "add", json_pack("[i,i]", 2, 3), &result, &error),
        GV_OK);
    assert_int_equal(json_integer_value(result), 5);
    json_decref(result);
    assert_int_equal(gv_rpcclient_call(c, "help", NULL, &result, &error),
                     GV_OK);
    assert_non_null(strstr(json_string_value(result),
                           "add a b? negate?\n    Add two numbers.\n"));
    json_decref(result);
    assert_int_equal(gv_rpcclient_call(c, "refuse", NULL, &result, &error),
                     GV_REJECT);
    assert_int_equal(error.code, GV_RPC_REJECTED);
    assert_string_equal(error.e.text, "not so");
    assert_string_equal(
        json_string_value(json_object_get(error.data, "reason")), "bid-late");
    assert_int_equal(gv_rpcclient_call(c, "nope", NULL, &result, &error),
                     GV_REJECT);
    assert_int_equal(error.code, GV_RPC_METHOD);
    gv_rpcclient_error_clear(&error);
    gv_rpcclient_free(c);
}

/* A node that is restarted makes a new cookie and drops connections. */
static void
the_client_outlives_a_restart(void **state)
{
    struct fixture *f = *state;
    struct gv_http_options http_options = {0};
    struct gv_http_listen listen = {f->url + strlen("http://"), NULL, &f->route,
                                    1};
    struct gv_rpcclient_options options = {.node = f->url, .cookie = f->cookie};
    struct gv_rpcclient_error error = {0};
    struct gv_rpcclient *c = gv_rpcclient_new(&options, &f->e);
    struct gv_rpc_options rpc_options = {0};
    json_t *result;

    assert_int_equal(gv_rpcclient_call(c, "help", NULL, &result, &error),
                     GV_OK);
    json_decref(result);
    gv_http_free(f->http);
    gv_rpc_free(f->rpc);
    gv_auth_free(f->auth);
    assert_int_not_equal(access(f->cookie, F_OK), 0);
    assert_int_equal(gv_rpcclient_call(c, "help", NULL, &result, &error),
                     GV_FAULT);
    assert_non_null(strstr(error.e.text, "cannot reach node at http://127"));
    assert_non_null(
        strstr(error.e.text, "Connection refused; is gaveld running?"));
    f->auth = gv_auth_new(f->cookie, NULL, &f->e);
    rpc_options.auth = f->auth;
    f->rpc = gv_rpc_new(&rpc_options);
    f->route.ctx = f->rpc;
    f->http = gv_http_new(&http_options, &f->e);
    assert_int_equal(gv_http_listen(f->http, &listen, NULL, &f->e), GV_OK);
    assert_int_equal(gv_http_start(f->http, &f->e), GV_OK);
    assert_int_equal(gv_rpcclient_call(c, "help", NULL, &result, &error),
                     GV_OK);
    json_decref(result);
    gv_rpcclient_free(c);
}

static void
the_client_says_what_is_missing(void **state)
{
    struct fixture *f = *state;
    struct gv_rpcclient_options options = {.node = f->url,
                                           .cookie = "/nonexistent/.cookie"};
    struct gv_rpcclient_error error = {0};
    struct gv_rpcclient *c = gv_rpcclient_new(&options, &f->e);
    json_t *result;

    assert_int_equal(gv_rpcclient_call(c, "help", NULL, &result, &error),
                     GV_FAULT);
    assert_non_null(strstr(error.e.text, "/nonexistent/.cookie"));
    gv_rpcclient_free(c);
    options.cookie = NULL;
    options.login = "miner:wrongpass";
    c = gv_rpcclient_new(&options, &f->e);
    assert_int_equal(gv_rpcclient_call(c, "help", NULL, &result, &error),
                     GV_FAULT);
    assert_non_null(strstr(error.e.text, "refuses this login"));
    assert_null(strstr(error.e.text, "wrongpass"));
    gv_rpcclient_interrupt(c);
    assert_int_equal(gv_rpcclient_call(c, "help", NULL, &result, &error),
                     GV_FAULT);
    assert_non_null(strstr(error.e.text, "interrupted"));
    gv_rpcclient_free(c);
    options.node = "ftp://x";
    assert_null(gv_rpcclient_new(&options, &f->e));
    assert_non_null(strstr(f->e.text, "ftp://x"));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(great_numbers_are_strings),
        TEST(exact_replies),
        TEST(bad_calls_name_what_is_wrong),
        TEST(logins_and_roles),
        TEST(the_client_calls),
        TEST(the_client_outlives_a_restart),
        TEST(the_client_says_what_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
