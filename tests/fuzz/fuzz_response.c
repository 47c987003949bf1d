/* fuzz_response.c - one HTTP response as a client reads it: the first byte
 * says how many bytes come at a time, and 128 on top that the request was
 * HEAD. The answer is the same whether bytes come so or all at once. */
#include "src/client/response.h"
#include "tests/fuzz/fuzz.h"

#define BODY_MAX 4096

struct stream {
    struct gv_bytes left;
    size_t step;
};

static enum gv_rc
next(void *ctx, void *out, size_t room, size_t *n, struct gv_error *e)
{
    struct stream *s = ctx;
    size_t len = s->step < room ? s->step : room;

    (void)e;
    *n = len < s->left.len ? len : s->left.len;
    if (*n == 0)
        return GV_ABSENT;
    memcpy(out, s->left.p, *n);
    s->left = gv_bytes(s->left.p + *n, s->left.len - *n);
    return GV_OK;
}

struct outcome {
    enum gv_rc rc;
    struct gv_https_reply reply;
    struct gv_error e;
    bool any;
};

static void
read_by(struct gv_bytes text, size_t step, bool head, struct outcome *out)
{
    struct stream stream = {text, step};
    struct response_source source = {next, &stream, head, BODY_MAX};
    bool reusable;

    *out = (struct outcome){.any = false};
    out->rc =
        response_read(&source, &out->reply, &out->any, &reusable, &out->e);
    fuzz_must(out->any == (text.len > 0));
    if (out->rc != GV_OK) {
        fuzz_must_say(&out->e);
        fuzz_must(!reusable && out->reply.body == NULL);
        return;
    }
    fuzz_must(out->reply.status >= 200 && out->reply.status <= 999);
    fuzz_must(out->reply.len <= BODY_MAX);
    fuzz_must(out->reply.body[out->reply.len] == '\0');
    fuzz_must(!head || out->reply.len == 0);
}

static void
same(const struct outcome *x, const struct outcome *y)
{
    fuzz_must(x->rc == y->rc);
    fuzz_must(strcmp(x->e.text, y->e.text) == 0);
    if (x->rc != GV_OK)
        return;
    fuzz_must(x->reply.status == y->reply.status);
    fuzz_must(strcmp(x->reply.type, y->reply.type) == 0);
    fuzz_must(strcmp(x->reply.headers, y->reply.headers) == 0);
    fuzz_must(gv_bytes_eq(gv_bytes(x->reply.body, x->reply.len),
                          gv_bytes(y->reply.body, y->reply.len)));
}

/* Content-Type is the first header of that name. */
static void
check_header(const struct gv_https_reply *reply)
{
    char *type = gv_https_header(reply, "content-TYPE");

    fuzz_must(strcmp(type != NULL ? type : "", reply->type) == 0);
    free(type);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole, parts;
    struct gv_bytes text;
    bool head;

    if (size < 1)
        return 0;
    text = gv_bytes(data + 1, size - 1);
    head = data[0] >= 128;
    read_by(text, SIZE_MAX, head, &whole);
    read_by(text, data[0] % 128 + 1, head, &parts);
    same(&whole, &parts);
    if (whole.rc == GV_OK)
        check_header(&whole.reply);
    gv_https_reply_clear(&whole.reply);
    gv_https_reply_clear(&parts.reply);
    return 0;
}
