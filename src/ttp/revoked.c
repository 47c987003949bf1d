/* revoked.c - see revoked.h. */
#include "src/ttp/revoked.h"

#include <pthread.h>
#include <stdlib.h>

struct gv_revoked {
    pthread_mutex_t lock;
    struct gv_hash *list; /* sorted */
    size_t n;
};

struct gv_revoked *
gv_revoked_new(void)
{
    struct gv_revoked *r = calloc(1, sizeof(*r));

    if (r != NULL && pthread_mutex_init(&r->lock, NULL) != 0) {
        free(r);
        r = NULL;
    }
    return r;
}

void
gv_revoked_free(struct gv_revoked *r)
{
    if (r == NULL)
        return;
    (void)pthread_mutex_destroy(&r->lock);
    free(r->list);
    free(r);
}

static int
compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct gv_hash));
}

void
gv_revoked_set(struct gv_revoked *r, struct gv_hash *list, size_t n)
{
    struct gv_hash *old;

    if (n > 0)
        qsort(list, n, sizeof(*list), compare);
    (void)pthread_mutex_lock(&r->lock);
    old = r->list;
    r->list = list;
    r->n = n;
    (void)pthread_mutex_unlock(&r->lock);
    free(old);
}

bool
gv_revoked_has(struct gv_revoked *r, const struct gv_hash *fingerprint)
{
    bool found;

    (void)pthread_mutex_lock(&r->lock);
    found = r->n > 0 && bsearch(fingerprint, r->list, r->n, sizeof(*r->list),
                                compare) != NULL;
    (void)pthread_mutex_unlock(&r->lock);
    return found;
}
