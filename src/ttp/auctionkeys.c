/* auctionkeys.c - keys of single auctions, in memory and as files
 * (docs/spec/ttp.md, T23). */
#include "src/ttp/auctionkeys.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/files.h"
#include "src/ttp/auctionkeys_file.h"

enum key_state { KEY_SPARE, KEY_OFFERED, KEY_BOUND };

struct auction_key {
    struct auctionkeys_row row;
    enum key_state state;
    uint64_t offered_ms;
};

struct gv_auctionkeys {
    pthread_mutex_t lock;
    struct auctionkeys_dir dir;
    struct auction_key *at;
    size_t count, cap;
    uint64_t (*now_ms)(void *ctx);
    void *clock_ctx;
};

static uint64_t
now_ms(const struct gv_auctionkeys *k)
{
    struct timespec t;

    if (k->now_ms != NULL)
        return k->now_ms(k->clock_ctx);
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Takes the row's key. */
static enum gv_rc
enter(struct gv_auctionkeys *k, const struct auctionkeys_row *row)
{
    if (k->count == k->cap) {
        size_t cap = k->cap * 2 + 8;
        void *p = realloc(k->at, cap * sizeof(*k->at));

        if (p == NULL)
            return GV_FAULT;
        k->at = p;
        k->cap = cap;
    }
    k->at[k->count++] = (struct auction_key){
        .row = *row, .state = row->bound ? KEY_BOUND : KEY_SPARE};
    return GV_OK;
}

static enum gv_rc
enter_file(void *arg, const struct auctionkeys_row *row)
{
    return enter(arg, row);
}

struct gv_auctionkeys *
gv_auctionkeys_open(const struct gv_auctionkeys_options *o, struct gv_error *e)
{
    struct gv_auctionkeys *k = calloc(1, sizeof(*k));

    if (k == NULL) {
        gv_error_set(e, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&k->lock, NULL);
    k->now_ms = o->now_ms;
    k->clock_ctx = o->clock_ctx;
    if (auctionkeys_dir_open(&k->dir, o->kind, o->dir, o->secret, e) != GV_OK ||
        auctionkeys_dir_each(&k->dir, enter_file, k, e) != GV_OK) {
        gv_auctionkeys_free(k);
        return NULL;
    }
    return k;
}

void
gv_auctionkeys_free(struct gv_auctionkeys *k)
{
    if (k == NULL)
        return;
    for (size_t i = 0; i < k->count; i++)
        EVP_PKEY_free(k->at[i].row.key);
    auctionkeys_dir_close(&k->dir);
    pthread_mutex_destroy(&k->lock);
    free(k->at);
    free(k);
}

enum gv_rc
gv_auctionkeys_make(struct gv_auctionkeys *k, struct gv_error *e)
{
    struct auctionkeys_row row;
    enum gv_rc rc = GV_FAULT;

    if (auctionkeys_row_new(k->dir.kind, &row, e) != GV_OK)
        return GV_FAULT;
    pthread_mutex_lock(&k->lock);
    if (k->count >= GV_AUCTIONKEYS_MAX) {
        gv_error_set(e, "%d auction keys are kept already", GV_AUCTIONKEYS_MAX);
        rc = GV_REJECT;
    } else if (auctionkeys_dir_put(&k->dir, &row, e) == GV_OK) {
        rc = enter(k, &row);
    }
    pthread_mutex_unlock(&k->lock);
    if (rc != GV_OK)
        EVP_PKEY_free(row.key);
    return rc;
}

/* Spare, or offered to somebody who made no OPEN of it. */
static bool
can_offer(const struct auction_key *key, uint64_t now)
{
    return key->state == KEY_SPARE ||
           (key->state == KEY_OFFERED && now > key->offered_ms + GV_OFFER_MS);
}

size_t
gv_auctionkeys_spares(struct gv_auctionkeys *k)
{
    uint64_t now = now_ms(k);
    size_t n = 0;

    pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < k->count; i++)
        n += can_offer(&k->at[i], now);
    pthread_mutex_unlock(&k->lock);
    return n;
}

enum gv_rc
gv_auctionkeys_offer(struct gv_auctionkeys *k, uint8_t *pub)
{
    uint64_t now = now_ms(k);
    struct auction_key *found = NULL;
    size_t offered = 0;

    pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < k->count; i++) {
        if (!can_offer(&k->at[i], now))
            offered += k->at[i].state == KEY_OFFERED;
        else if (found == NULL)
            found = &k->at[i];
    }
    if (found != NULL && offered < GV_OFFERS_MAX) {
        found->state = KEY_OFFERED;
        found->offered_ms = now;
        memcpy(pub, found->row.pub, auctionkeys_pub_size(k->dir.kind));
    }
    pthread_mutex_unlock(&k->lock);
    if (offered >= GV_OFFERS_MAX)
        return GV_REJECT;
    return found != NULL ? GV_OK : GV_ABSENT;
}

static struct auction_key *
find(struct gv_auctionkeys *k, const uint8_t *pub)
{
    size_t size = auctionkeys_pub_size(k->dir.kind);

    for (size_t i = 0; i < k->count; i++)
        if (memcmp(k->at[i].row.pub, pub, size) == 0)
            return &k->at[i];
    return NULL;
}

static enum gv_rc
bind_key(struct gv_auctionkeys *k, struct auction_key *key,
         const struct gv_chain_id *auction, struct gv_error *e)
{
    struct auctionkeys_row row;

    if (key == NULL) {
        gv_error_set(e, "this service has no such key");
        return GV_ABSENT;
    }
    if (key->state == KEY_BOUND) {
        if (GV_ID_EQ(&key->row.auction, auction))
            return GV_OK;
        gv_error_set(e, "the key serves another auction");
        return GV_REJECT;
    }
    row = key->row;
    row.bound = true;
    row.auction = *auction;
    if (auctionkeys_dir_put(&k->dir, &row, e) != GV_OK)
        return GV_FAULT;
    key->row = row;
    key->state = KEY_BOUND;
    return GV_OK;
}

enum gv_rc
gv_auctionkeys_bind(struct gv_auctionkeys *k, const uint8_t *pub,
                    const struct gv_chain_id *auction, struct gv_error *e)
{
    enum gv_rc rc;

    pthread_mutex_lock(&k->lock);
    rc = bind_key(k, find(k, pub), auction, e);
    pthread_mutex_unlock(&k->lock);
    return rc;
}

EVP_PKEY *
gv_auctionkeys_get(struct gv_auctionkeys *k, const uint8_t *pub,
                   const struct gv_chain_id *auction)
{
    const struct auction_key *key;
    EVP_PKEY *out = NULL;

    pthread_mutex_lock(&k->lock);
    key = find(k, pub);
    if (key != NULL && key->state == KEY_BOUND &&
        GV_ID_EQ(&key->row.auction, auction) &&
        EVP_PKEY_up_ref(key->row.key) == 1)
        out = key->row.key;
    pthread_mutex_unlock(&k->lock);
    return out;
}

enum gv_rc
gv_auctionkeys_destroy(struct gv_auctionkeys *k,
                       const struct gv_chain_id *auction, struct gv_error *e)
{
    enum gv_rc rc = GV_ABSENT;

    pthread_mutex_lock(&k->lock);
    for (size_t i = k->count; rc != GV_FAULT && i-- > 0;) {
        struct auction_key *key = &k->at[i];

        if (key->state != KEY_BOUND || !GV_ID_EQ(&key->row.auction, auction))
            continue;
        rc = auctionkeys_dir_destroy(&k->dir, key->row.pub, e);
        if (rc != GV_OK)
            continue;
        EVP_PKEY_free(key->row.key);
        *key = k->at[--k->count];
    }
    pthread_mutex_unlock(&k->lock);
    return rc;
}

static int
by_id(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct gv_chain_id));
}

size_t
gv_auctionkeys_auctions(struct gv_auctionkeys *k, struct gv_chain_id *out,
                        size_t cap)
{
    struct gv_chain_id *all;
    size_t n = 0, unique = 0;

    pthread_mutex_lock(&k->lock);
    all = calloc(k->count ? k->count : 1, sizeof(*all));
    for (size_t i = 0; all != NULL && i < k->count; i++)
        if (k->at[i].state == KEY_BOUND)
            all[n++] = k->at[i].row.auction;
    pthread_mutex_unlock(&k->lock);
    if (all != NULL)
        qsort(all, n, sizeof(*all), by_id);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && GV_ID_EQ(&all[i], &all[i - 1]))
            continue;
        if (unique < cap)
            out[unique] = all[i];
        unique++;
    }
    free(all);
    return unique;
}
