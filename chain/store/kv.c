/*
 * kv.c - the calls of kv.h that are the same for every store.
 */
#include "chain/store/kv.h"
#include "chain/store/kv_impl.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

enum gv_rc
gv_kv_get(const struct gv_kv *kv, enum gv_cf cf, struct gv_bytes key,
          struct gv_kv_value *out)
{
    assert(cf < GV_CF_COUNT);
    *out = (struct gv_kv_value){0};
    return kv->ops->get(kv->self, cf, key, out);
}

void
gv_kv_value_free(struct gv_kv_value *v)
{
    if (v == NULL)
        return;
    if (v->drop != NULL)
        v->drop(v->own);
    *v = (struct gv_kv_value){0};
}

enum gv_rc
gv_kv_commit(const struct gv_kv *kv, const struct gv_kv_batch *b, bool sync)
{
    return kv->ops->commit(kv->self, b, sync);
}

/* Reduce a range of kv.h. */
static void
span_init(const struct gv_kv_range *range, struct gv_kv_span *span)
{
    struct gv_key bound;

    assert(range->cf < GV_CF_COUNT);
    *span = (struct gv_kv_span){.cf = range->cf, .reverse = range->reverse};
    if (range->prefix.len > GV_KEY_MAX)
        return; /* no key is that long: lo = hi = nothing */
    gv_key_from(range->prefix, &span->lo);
    gv_key_prefix_end(range->prefix, &span->hi);
    if (range->from.len == 0)
        return;
    if (range->after != range->reverse)
        gv_key_after(range->from, &bound);
    else
        gv_key_from(range->from, &bound);
    if (range->reverse) {
        if (gv_key_cmp(gv_key_view(&bound), gv_key_view(&span->hi)) < 0)
            span->hi = bound;
    } else {
        if (gv_key_cmp(gv_key_view(&bound), gv_key_view(&span->lo)) > 0)
            span->lo = bound;
    }
}

enum gv_rc
gv_kv_iter_open(const struct gv_kv *kv, const struct gv_kv_range *range,
                struct gv_kv_iter **out)
{
    struct gv_kv_span span;

    *out = NULL;
    span_init(range, &span);
    return kv->ops->iter_open(kv->self, &span, out);
}

enum gv_rc
gv_kv_iter_next(struct gv_kv_iter *it, struct gv_kv_row *row)
{
    *row = (struct gv_kv_row){0};
    return it->ops->next(it, row);
}

void
gv_kv_iter_seek(struct gv_kv_iter *it, struct gv_bytes key)
{
    it->ops->seek(it, key);
}

void
gv_kv_iter_free(struct gv_kv_iter *it)
{
    if (it != NULL)
        it->ops->free(it);
}

enum gv_rc
gv_kv_flush(const struct gv_kv *kv)
{
    return kv->ops->flush(kv->self);
}

enum gv_rc
gv_kv_stat(const struct gv_kv *kv, struct gv_kv_stat *out)
{
    *out = (struct gv_kv_stat){0};
    return kv->ops->stat(kv->self, out);
}

char *
gv_kv_error(const struct gv_kv *kv, char *out, size_t cap)
{
    kv->ops->error(kv->self, out, cap);
    return out;
}

void
gv_kv_close(struct gv_kv *kv)
{
    if (kv == NULL || kv->ops == NULL)
        return;
    kv->ops->close(kv->self);
    *kv = (struct gv_kv){0};
}

void
gv_kv_errors_init(struct gv_kv_errors *e)
{
    pthread_mutex_init(&e->lock, NULL);
    e->text[0] = '\0';
}

void
gv_kv_errors_free(struct gv_kv_errors *e)
{
    pthread_mutex_destroy(&e->lock);
}

void
gv_kv_errors_get(struct gv_kv_errors *e, char *out, size_t cap)
{
    pthread_mutex_lock(&e->lock);
    snprintf(out, cap, "%s", e->text);
    pthread_mutex_unlock(&e->lock);
}

enum gv_rc
gv_kv_errors_set(struct gv_kv_errors *e, const char *fmt, ...)
{
    va_list ap;

    pthread_mutex_lock(&e->lock);
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof(e->text), fmt, ap);
    va_end(ap);
    pthread_mutex_unlock(&e->lock);
    return GV_FAULT;
}
