/*
 * stage.h - two bidders' evidence packs and the checks on them, for the tests
 * of gavel/identity.h.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_TESTS_UNIT_TTP_STAGE_H
#define GAVEL_TESTS_UNIT_TTP_STAGE_H

#include "tests/unit/ttp/pack.h"
#include "tests/unit/ttp/scene.h"

#define ALICE 1
#define BOB 2

/* An auction of two bidders, of whom Alice has won. */
struct stage {
    struct scene scene;
    struct packed alice, bob;
    struct gv_bytes raw; /* Alice's pack */
};

/* terms NULL: those of award_make. */
static inline struct stage *
stage_of(const struct gv_terms *terms)
{
    struct stage *t = calloc(1, sizeof(*t));
    struct award *w;
    struct gv_bytes issued;

    assert_non_null(t);
    w = &t->scene.w;
    award_make(w, terms);
    memset(t->scene.xk, 9, 32);
    pack_play(&t->bob, w, BOB, 600);
    pack_play(&t->alice, w, ALICE, 700);
    issued = pack_close(w);
    pack_finish(&t->alice, issued);
    pack_finish(&t->bob, issued);
    award_sold(w, &t->alice.enrol.u.enrol.key);
    t->raw = pack_bytes(w, &t->alice.pack);
    return t;
}

static inline struct stage *
stage_new(void)
{
    return stage_of(NULL);
}

static inline void
stage_free(struct stage *t)
{
    session_free(&t->alice.session);
    session_free(&t->bob.session);
    award_free(&t->scene.w);
    free(t);
}

static inline int
stage_setup(void **state)
{
    *state = stage_new();
    return 0;
}

static inline int
stage_teardown(void **state)
{
    stage_free(*state);
    return 0;
}

static inline enum gv_rc
verify(const struct stage *t, const struct gv_identity_pack *p,
       struct gv_identity_proof *out, struct gv_reject *why)
{
    *why = (struct gv_reject){.field = NULL};
    return gv_identity_verify(p, t->scene.w.s.params, t->scene.w.s.keys,
                              &pack_reader, out, why);
}

static inline void
expect_holds(const struct stage *t, const struct gv_identity_pack *p)
{
    struct gv_identity_proof proof;
    struct gv_reject why;

    if (verify(t, p, &proof, &why) != GV_OK)
        fail_msg("refused: %s", why.field);
}

static inline void
expect_refused(const struct stage *t, const struct gv_identity_pack *p,
               const char *link)
{
    struct gv_identity_proof proof;
    struct gv_reject why;

    assert_int_equal(verify(t, p, &proof, &why), GV_REJECT);
    assert_int_equal(why.code, GV_BAD_CREDENTIAL);
    assert_string_equal(why.field, link);
}

static inline struct gv_evidence
evidence_of(const struct packed *of)
{
    struct gv_evidence e;

    assert_int_equal(gv_evidence_decode(of->pack.evidence, &e, NULL), GV_OK);
    return e;
}

static inline struct gv_identity_pack
with_evidence(struct stage *t, const struct gv_evidence *e)
{
    struct gv_identity_pack p = t->alice.pack;
    struct gv_sink s = gv_sink_count();
    uint8_t *raw;

    gv_evidence_put(&s, e);
    raw = sample_alloc(&t->scene.w.s, s.len);
    s = gv_sink_buffer(raw, s.len);
    gv_evidence_put(&s, e);
    p.evidence = gv_bytes(raw, s.len);
    return p;
}

#endif
