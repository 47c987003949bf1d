/* What a CA and a validator sign for a pseudonymous seller (T28). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chain/state/directory_impl.h"
#include "chain/state/vec.h"
#include "src/warrant.h"
#include "tests/support/seller.h"

struct desk {
    struct sample s;
    struct gv_epoch *epoch;
    struct gv_open *open; /* sold by a pseudonym of epoch */
    struct gv_directory *dir;
    struct gv_warrant w; /* of the node with the sample's own services */
};

static void
desk_make(struct desk *d)
{
    memset(d, 0, sizeof(*d));
    sample_make(&d->s, NULL);
    d->epoch = calloc(1, sizeof(*d->epoch));
    d->open = calloc(1, sizeof(*d->open));
    d->dir = gv_directory_new(d->s.params, 1);
    assert_non_null(d->epoch);
    assert_non_null(d->open);
    assert_non_null(d->dir);
    sample_escrow(&d->s, 3, &d->s.open);
    d->s.open.terms.identity = GV_ANONYMOUS;
    d->s.open.ca_der = gv_bytes(NULL, 0);
    *d->open = d->s.open;
    seller_epoch(&d->s, d->epoch);
    seller_open(&d->s, d->epoch, d->open);
    d->w = (struct gv_warrant){.params = d->s.params,
                               .keys = d->s.keys,
                               .dir = d->dir,
                               .now_ms = d->open->opening_ms,
                               .ca = &d->s.open.ca,
                               .authority_key = &d->s.tsa.cred.key,
                               .authority = &d->s.open.authority[0],
                               .validator = &d->s.open.validator[0]};
}

static void
desk_free(struct desk *d)
{
    gv_directory_free(d->dir);
    free(d->open);
    free(d->epoch);
    sample_free(&d->s);
}

static void
publish(struct desk *d, struct gv_bytes epoch)
{
    struct gv_tx tx = {.kind = GV_TX_EPOCH};
    struct gv_reject why;

    assert_int_equal(gv_tx_decode(epoch, &tx, &why), GV_OK);
    assert_int_equal(gv_directory_add_epoch(d->dir, &tx, 1), GV_OK);
}

static void
revoke(struct desk *d, const struct gv_hash *fingerprint)
{
    struct gv_directory *r = d->dir;

    assert_true(gv_vec_room(&r->revoke, r->revoked, &r->revoke_cap,
                            sizeof(*r->revoke)));
    r->revoke[r->revoked] = (struct gv_dir_revoked){*fingerprint, 1, 0};
    assert_int_equal(gv_table_add(&r->revoked_by_fp, (uint32_t)r->revoked++),
                     GV_OK);
}

static void
judge(struct desk *d, const char *field)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc = gv_warrant_check(&d->w, d->open, &why);

    assert_int_equal(rc, field ? GV_REJECT : GV_OK);
    if (field)
        assert_string_equal(why.field, field);
}

static void
S0_05_a_pseudonym_sells_in_an_epoch_of_the_registry(void **state)
{
    struct desk d;
    uint8_t *token;

    (void)state;
    desk_make(&d);
    judge(&d, "open.epoch");
    publish(&d, d.open->epoch);
    judge(&d, NULL);
    token = (uint8_t *)sample_copy(&d.s, d.open->seller_token).p;
    token[100] ^= 1;
    d.open->seller_token.p = token;
    judge(&d, "open.seller_token");
    token[100] ^= 1;
    judge(&d, NULL);
    revoke(&d, &d.epoch->desk.issuer.cred.fingerprint);
    judge(&d, "open.epoch");
    desk_free(&d);
}

/* Signed by the same issuer and notaries, and nobody else has seen it. */
static void
S0_05_an_epoch_for_one_seller_is_refused(void **state)
{
    struct desk d;

    (void)state;
    desk_make(&d);
    publish(&d, d.open->epoch);
    d.epoch->seats++;
    seller_open(&d.s, d.epoch, d.open);
    judge(&d, "open.epoch");
    desk_free(&d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S0_05_a_pseudonym_sells_in_an_epoch_of_the_registry),
        cmocka_unit_test(S0_05_an_epoch_for_one_seller_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
