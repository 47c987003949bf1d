/*
 * world.h - a CA over a regtest node's role keys, with a clock that tests set,
 * and people who enrol.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_TESTS_UNIT_TTP_WORLD_H
#define GAVEL_TESTS_UNIT_TTP_WORLD_H

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <semaphore.h>

#include "src/client/csr.h"
#include "src/ttp/ca.h"
#include "tests/support/ttp_memory.h"
#include "tests/unit/ttp/fixture.h"

struct world {
    struct fixture f;
    struct ttp_memory *memory;
    struct gv_ca *ca;
    uint64_t now;
    unsigned issued;
    bool full;     /* the disk: nothing more can be written */
    unsigned room; /* else so many more writes fit; 0: any number */
    /* A disk that stands still: a write posts `writing` and waits for `go`. */
    bool still;
    sem_t writing, go;
    bool gave_up; /* nobody posted it */
};

static inline uint64_t
world_now(void *ctx)
{
    return *(uint64_t *)ctx;
}

static inline void
on_issued(void *ctx, const struct gv_cred *cred)
{
    assert_int_equal(cred->role, GV_ROLE_USER);
    ++*(unsigned *)ctx;
}

static inline void
world_stand_still(struct world *w)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    sem_post(&w->writing);
    w->gave_up = sem_timedwait(&w->go, &until) != 0;
}

static inline enum gv_rc
world_put(void *ctx, struct gv_bytes key, struct gv_bytes value)
{
    struct world *w = ctx;
    struct gv_ttp_store store = ttp_memory_store(w->memory);

    if (w->still)
        world_stand_still(w);
    if (w->full)
        return GV_FAULT;
    w->full = w->room == 1;
    w->room -= w->room > 0;
    return store.put(store.ctx, key, value);
}

static inline enum gv_rc
world_get(void *ctx, struct gv_bytes key, uint8_t **value, size_t *len)
{
    struct world *w = ctx;
    struct gv_ttp_store store = ttp_memory_store(w->memory);

    return store.get(store.ctx, key, value, len);
}

static inline enum gv_rc
world_each(void *ctx, uint8_t owner,
           enum gv_rc (*visit)(void *arg, struct gv_bytes key,
                               struct gv_bytes value),
           void *arg)
{
    struct world *w = ctx;
    struct gv_ttp_store store = ttp_memory_store(w->memory);

    return store.each(store.ctx, owner, visit, arg);
}

static inline void
world_open(struct world *w, enum gv_ca_approval approval)
{
    struct gv_error e;
    struct gv_ca_options o = {
        .role = &w->f.roles.ca,
        .keys = w->f.keys,
        .registry = w->f.params->registry,
        .store = {w, world_put, world_get, world_each},
        .approval = approval,
        .now_ms = world_now,
        .clock_ctx = &w->now,
        .issued = on_issued,
        .issued_ctx = &w->issued,
    };

    w->ca = gv_ca_new(&o, &e);
    if (w->ca == NULL)
        support_die("%s", e.text);
}

static inline void
world_make(struct world *w, enum gv_ca_approval approval)
{
    memset(w, 0, sizeof(*w));
    fixture_make(&w->f);
    w->memory = ttp_memory_new();
    w->now = fixture_now();
    world_open(w, approval);
}

static inline void
world_free(struct world *w)
{
    gv_ca_free(w->ca);
    ttp_memory_free(w->memory);
    fixture_free(&w->f);
}

struct person {
    const char *name;
    EVP_PKEY *key;
    struct gv_seckey ledger;
    uint8_t *csr;
    size_t len;
};

static inline struct person
person(const char *name, uint8_t number)
{
    struct person p = {.name = name, .key = gv_csr_key_new()};

    assert_non_null(p.key);
    memset(p.ledger.b, number, 32);
    return p;
}

static inline void
person_free(struct person *p)
{
    EVP_PKEY_free(p->key);
    free(p->csr);
}

static inline void
ask(struct world *w, struct person *p)
{
    uint8_t nonce[32];
    struct gv_error e;

    free(p->csr);
    assert_int_equal(gv_ca_nonce(w->ca, nonce), GV_OK);
    p->csr = gv_csr_make(&(struct gv_csr_make){.key = p->key,
                                               .common_name = p->name,
                                               .nonce32 = nonce,
                                               .keys = w->f.keys,
                                               .ledger = &p->ledger},
                         &p->len, &e);
    assert_non_null(p->csr);
}

static inline enum gv_rc
send(struct world *w, const struct person *p, struct gv_ca_reply *reply,
     struct gv_error *e)
{
    return gv_ca_enrol(w->ca,
                       &(struct gv_ca_request){.csr = gv_bytes(p->csr, p->len),
                                               .role = GV_ROLE_USER},
                       reply, e);
}

static inline void
refused(struct world *w, const struct person *p, const char *text)
{
    struct gv_ca_reply reply;
    struct gv_error e;

    assert_int_equal(send(w, p, &reply, &e), GV_REJECT);
    if (strstr(e.text, text) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", text, e.text);
}

static inline void
enrolled(struct world *w, struct person *p, struct gv_ca_reply *reply)
{
    struct gv_error e;

    ask(w, p);
    if (send(w, p, reply, &e) != GV_OK)
        fail_msg("%s", e.text);
}

#endif
