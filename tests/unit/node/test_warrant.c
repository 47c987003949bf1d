/* Who may serve an auction: what a CA and a validator sign, by a registry that
 * the test fills. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chain/state/vec.h"
#include "src/pki/x509.h"
#include "src/ttp/tsa.h"
#include "src/ttp/validator_http.h"
#include "src/warrant.h"
#include "tests/unit/ttp/fixture.h"

#define STAMPERS 3
#define VALIDATORS 4

/* The CA's node, whose own authority is not on the registry, and other nodes
 * that are. */
struct desk {
    struct fixture ca;
    struct fixture stamper[STAMPERS];
    struct gv_rolekeys validator[VALIDATORS];
    struct gv_directory *dir;
    struct gv_tsa *tsa;
    uint8_t point[65];
    struct gv_authority own;
    struct gv_validator own_validator;
    struct gv_warrant w;
    struct gv_warrant_authority room[GV_AUTHORITIES_MAX];
    struct gv_cred seller;
    struct gv_open *open;
};

static void
announce(struct desk *d, const struct gv_rolekeys_role *role, const char *name)
{
    struct gv_dir_service *s;
    size_t len = 0;
    uint8_t *der = gv_x509_der(role->cert, &len);

    assert_true(gv_vec_room(&d->dir->service, d->dir->services,
                            &d->dir->service_cap, sizeof(*s)));
    s = &d->dir->service[d->dir->services++];
    memset(s, 0, sizeof(*s));
    s->cred = role->cred;
    s->der = malloc(len);
    assert_non_null(s->der);
    memcpy(s->der, der, len);
    s->der_len = len;
    snprintf(s->operator_name, sizeof(s->operator_name), "%s", name);
    OPENSSL_free(der);
}

static void
make_validator(struct desk *d, unsigned i)
{
    struct gv_rolekeys_options o = fixture_options(&d->ca);
    struct gv_seckey secret;
    struct gv_error e;
    char dir[PATH_MAX + 32];

    memset(secret.b, 20 + (int)i, 32);
    snprintf(dir, sizeof(dir), "%s/v%u", d->ca.dir.path, i);
    o.dir = dir;
    o.roles = GV_ROLEKEYS_VALIDATOR;
    o.validator = &secret;
    if (gv_rolekeys_open(&o, &d->validator[i], &e) != GV_OK)
        fail_msg("%s", e.text);
    announce(d, &d->validator[i].validator, "Votes");
}

static void
make_own(struct desk *d)
{
    struct gv_tsa_options o = {.key = d->ca.roles.tsa.key,
                               .cert = d->ca.roles.tsa.cert};
    struct gv_error e;

    d->tsa = gv_tsa_new(&o, &e);
    assert_non_null(d->tsa);
    assert_int_equal(
        gv_tsa_authority(d->tsa, GV_TSA_PUBLISHED, "House", d->point, &d->own),
        GV_OK);
    d->own_validator =
        (struct gv_validator){d->ca.params->validator[0], gv_bytes("House", 5)};
    d->w = (struct gv_warrant){.params = d->ca.params,
                               .keys = d->ca.keys,
                               .dir = d->dir,
                               .now_ms = fixture_now(),
                               .ca = &d->ca.roles.ca.cred,
                               .authority_key = &d->ca.roles.tsa.cred.key,
                               .authority = &d->own,
                               .validator = &d->own_validator};
}

static void
make_seller(struct desk *d)
{
    struct gv_seckey secret;
    uint8_t digest[32];

    memset(secret.b, 9, 32);
    d->seller.role = GV_ROLE_USER;
    d->seller.not_after_ms = d->w.now_ms + 1000000;
    memset(d->seller.fingerprint.b, 5, 32);
    assert_int_equal(gv_key_public(d->ca.keys, &secret, &d->seller.key), GV_OK);
    gv_cred_digest(&d->seller, &d->ca.params->registry, digest);
    assert_int_equal(gv_key_sign(d->ca.keys, &d->ca.roles.ca.secret, digest,
                                 NULL, &d->seller.sig),
                     GV_OK);
}

static void
desk_make(struct desk *d)
{
    memset(d, 0, sizeof(*d));
    fixture_make(&d->ca);
    d->dir = gv_directory_new(d->ca.params, 1);
    d->open = calloc(1, sizeof(*d->open));
    assert_non_null(d->dir);
    assert_non_null(d->open);
    for (unsigned i = 0; i < STAMPERS; i++) {
        fixture_make(&d->stamper[i]);
        announce(d, &d->stamper[i].roles.tsa, "Clock");
    }
    for (unsigned i = 0; i < VALIDATORS; i++)
        make_validator(d, i);
    make_own(d);
    make_seller(d);
}

static void
desk_free(struct desk *d)
{
    free(d->open);
    gv_tsa_free(d->tsa);
    for (unsigned i = 0; i < VALIDATORS; i++)
        gv_rolekeys_clear(&d->validator[i]);
    for (unsigned i = 0; i < STAMPERS; i++)
        fixture_free(&d->stamper[i]);
    gv_directory_free(d->dir);
    fixture_free(&d->ca);
}

static struct gv_dir_service *
service_of(struct desk *d, const struct gv_rolekeys_role *role)
{
    for (size_t i = 0; i < d->dir->services; i++)
        if (GV_ID_EQ(&d->dir->service[i].cred.key, &role->cred.key))
            return &d->dir->service[i];
    fail_msg("no such service");
    return NULL;
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

/* An OPEN for n stamping services and m validators of the registry; 0: this
 * node's own. */
static void
fill(struct desk *d, unsigned n, unsigned m)
{
    uint8_t stampers[STAMPERS * 32], validators[VALIDATORS * 32];
    struct gv_warrant_wish wish = {
        .authorities = gv_bytes(stampers, 32 * (size_t)n),
        .validators = gv_bytes(validators, 32 * (size_t)m)};
    struct gv_reject why;

    for (unsigned i = 0; i < STAMPERS; i++)
        memcpy(stampers + 32 * i, d->stamper[i].roles.tsa.cred.key.b, 32);
    for (unsigned i = 0; i < VALIDATORS; i++)
        memcpy(validators + 32 * i, d->validator[i].validator.cred.key.b, 32);
    memset(d->open, 0, sizeof(*d->open));
    d->open->registry = d->ca.params->registry;
    d->open->opening_ms = d->w.now_ms;
    d->open->seller = d->seller;
    d->open->title = gv_bytes("A chair", 7);
    gv_terms_default(d->ca.params, &d->open->terms);
    assert_int_equal(gv_warrant_fill(&d->w, &wish, d->room, d->open, &why),
                     GV_OK);
}

static enum gv_code
judge(struct desk *d)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc = gv_warrant_check(&d->w, d->open, &why);

    assert_int_not_equal(rc, GV_FAULT);
    return rc == GV_OK ? GV_ACCEPTED : why.code;
}

static void
what_a_node_offers_by_itself_is_signed(void **state)
{
    struct desk d;

    (void)state;
    desk_make(&d);
    fill(&d, 0, 0);
    assert_int_equal(d.open->authority_count, 1);
    assert_int_equal(d.open->validator_count, 1);
    assert_int_equal(judge(&d), GV_ACCEPTED);
    d.open->ca = d.ca.roles.tsa.cred;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    fill(&d, 0, 0);
    d.open->ca.not_after_ms++;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    fill(&d, 0, 0);
    d.open->ca_der = gv_bytes("x", 1);
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    fill(&d, 0, 0);
    d.open->seller.sig.b[3] ^= 1;
    assert_int_equal(judge(&d), GV_BAD_CREDENTIAL);
    fill(&d, 0, 0);
    d.open->opening_ms = d.w.now_ms - GV_WARRANT_PAST_MS - 1;
    assert_int_equal(judge(&d), GV_BAD_TERMS);
    desk_free(&d);
}

static void
authorities_are_those_of_the_registry(void **state)
{
    struct desk d;
    struct gv_authority *a;

    (void)state;
    desk_make(&d);
    fill(&d, 3, 0);
    assert_int_equal(d.open->authority_count, 3);
    assert_int_equal(judge(&d), GV_ACCEPTED);
    a = &d.open->authority[1];
    a->accuracy_ms++;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    fill(&d, 3, 0);
    a->ordering = 0;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    fill(&d, 3, 0);
    a->policy = gv_bytes("\x2a\x03", 2);
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    fill(&d, 3, 0);
    a->operator_name = gv_bytes("Somebody", 8);
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    fill(&d, 3, 0);
    a->cert.b[0] ^= 1;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    fill(&d, 3, 0);
    a->key = d.open->authority[0].key; /* another's, under this name */
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    fill(&d, 3, 0);
    *a = d.open->authority[0]; /* one voice, counted twice */
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    fill(&d, 3, 0);
    *a = d.own; /* this node's own, before it stands there */
    assert_int_equal(judge(&d), GV_ACCEPTED);
    d.open->authority_count = 2;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    d.open->authority_count = 0;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    desk_free(&d);
}

/* An authority outside of the network, as a file describes it. */
static void
make_other(struct gv_tsafile *out, uint8_t mark)
{
    memset(out, 0, sizeof(*out));
    memset(out->key, mark | 1, 256);
    out->a = (struct gv_authority){.alg = GV_TSA_RSA_PKCS1_SHA256,
                                   .key = gv_bytes(out->key, 256),
                                   .accuracy_ms = 1000,
                                   .ordering = 1,
                                   .policy = gv_bytes("\x2a\x03", 2),
                                   .operator_name = gv_bytes("Chronos", 7),
                                   .url = gv_bytes("http://a/b", 10)};
    memset(out->a.cert.b, mark, 32);
}

static size_t
put_other(const struct gv_tsafile *f, uint8_t *out, size_t cap)
{
    struct gv_sink s = gv_sink_buffer(out, cap);

    gv_authority_put(&s, &f->a);
    assert_false(s.failed);
    return s.len;
}

/* R5: the network's own make tokens over hashes as well. */
static void
services_of_the_network_may_be_blind(void **state)
{
    struct desk d;
    uint8_t keys[STAMPERS * 32];
    struct gv_warrant_wish wish = {.blind = true};
    struct gv_reject why;

    (void)state;
    desk_make(&d);
    fill(&d, 0, 0);
    for (unsigned n = 0; n <= 3; n += 3) {
        for (unsigned i = 0; i < n; i++)
            memcpy(keys + 32 * i, d.stamper[i].roles.tsa.cred.key.b, 32);
        wish.authorities = gv_bytes(keys, 32 * (size_t)n);
        assert_int_equal(gv_warrant_fill(&d.w, &wish, d.room, d.open, &why),
                         GV_OK);
        assert_int_equal(d.open->authority_count, n == 0 ? 1 : n);
        assert_true(gv_open_is_blind(d.open));
        assert_int_equal(judge(&d), GV_ACCEPTED);
    }
    d.open->authority[2].accuracy_ms++;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    desk_free(&d);
}

/* T33: others date bids only where the CA was told of them, value by value. */
static void
other_authorities_are_those_that_the_ca_accepts(void **state)
{
    struct desk d;
    struct gv_tsafile known, stranger;
    uint8_t raw[2048];
    struct gv_warrant_wish wish = {.others = gv_bytes(raw, 0)};
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_authority *a;

    (void)state;
    desk_make(&d);
    make_other(&known, 3);
    make_other(&stranger, 5);
    d.w.other = &known;
    d.w.others = 1;
    fill(&d, 0, 0);
    wish.others.len = put_other(&known, raw, sizeof(raw));
    assert_int_equal(gv_warrant_fill(&d.w, &wish, d.room, d.open, &why), GV_OK);
    assert_int_equal(d.open->authority_count, 1);
    assert_int_equal(judge(&d), GV_ACCEPTED);
    a = &d.open->authority[0];
    a->accuracy_ms++;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    *a = known.a;
    a->url = gv_bytes("http://a/c", 10);
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    *a = known.a;
    a->ordering = 0;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    *a = known.a;
    a->cert.b[9] ^= 1;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    wish.others.len += put_other(&stranger, raw + wish.others.len, 1024);
    assert_int_equal(gv_warrant_fill(&d.w, &wish, d.room, d.open, &why),
                     GV_REJECT);
    assert_string_equal(why.field, "time_authorities");
    assert_int_equal(why.index, 1);
    wish.others.len--;
    assert_int_equal(gv_warrant_fill(&d.w, &wish, d.room, d.open, &why),
                     GV_REJECT);
    desk_free(&d);
}

static void
a_service_that_is_not_good_is_no_authority(void **state)
{
    struct desk d;
    struct gv_dir_service *s, was;

    (void)state;
    desk_make(&d);
    fill(&d, 3, 0);
    s = service_of(&d, &d.stamper[2].roles.tsa);
    was = *s;
    s->cred.not_after_ms = d.w.now_ms - 1;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    *s = was;
    s->cred.role = GV_ROLE_NOTARY;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    *s = was;
    s->der_len--;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    *s = was;
    assert_int_equal(judge(&d), GV_ACCEPTED);
    revoke(&d, &s->cred.fingerprint);
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    desk_free(&d);
}

static void
validators_are_those_of_the_registry(void **state)
{
    struct desk d;
    struct gv_dir_service *s;

    (void)state;
    desk_make(&d);
    fill(&d, 1, 4);
    assert_int_equal(d.open->validator_count, 4);
    assert_int_equal(judge(&d), GV_ACCEPTED);
    d.open->validator[3].operator_name = gv_bytes("Somebody", 8);
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    fill(&d, 1, 4);
    d.open->validator[3].key = d.stamper[0].roles.tsa.cred.key;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    fill(&d, 1, 4);
    d.open->validator[3] = d.open->validator[0];
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    fill(&d, 1, 4);
    d.open->validator[3] = d.own_validator;
    assert_int_equal(judge(&d), GV_ACCEPTED);
    d.open->validator_count = 0;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    fill(&d, 1, 4);
    s = service_of(&d, &d.validator[0].validator);
    s->cred.not_before_ms = d.w.now_ms + 1;
    assert_int_equal(judge(&d), GV_NOT_SIGNER);
    desk_free(&d);
}

/* Which key of a wish is no such service. */
static void
a_wish_names_what_is_not_there(void **state)
{
    struct desk d;
    uint8_t keys[3 * 32];
    struct gv_warrant_wish wish = {.authorities = gv_bytes(keys, 96)};
    struct gv_reject why = {.index = GV_NO_INDEX};

    (void)state;
    desk_make(&d);
    memcpy(keys, d.ca.roles.tsa.cred.key.b, 32);
    memcpy(keys + 32, d.stamper[1].roles.tsa.cred.key.b, 32);
    memcpy(keys + 64, d.validator[0].validator.cred.key.b, 32);
    assert_int_equal(gv_warrant_fill(&d.w, &wish, d.room, d.open, &why),
                     GV_REJECT);
    assert_string_equal(why.field, "open.authorities");
    assert_int_equal(why.index, 2);
    wish.validators = wish.authorities;
    wish.authorities = gv_bytes(keys, 64);
    assert_int_equal(gv_warrant_fill(&d.w, &wish, d.room, d.open, &why),
                     GV_REJECT);
    assert_string_equal(why.field, "open.validators");
    assert_int_equal(why.index, 0);
    desk_free(&d);
}

/* --- a validator ---------------------------------------------------------- */

static enum gv_rc
by_registry(void *ctx, const struct gv_open *open, struct gv_reject *why)
{
    struct desk *d = ctx;
    struct gv_warrant w = d->w;

    w.ca = NULL;
    w.authority = NULL;
    w.validator = NULL;
    return gv_warrant_check(&w, open, why);
}

static int
ask(struct desk *d, const struct gv_validator_http *v, struct gv_sig *sig)
{
    struct gv_sink s = gv_sink_count();
    struct gv_error e;
    uint8_t *raw;
    int status;

    gv_open_put_preimage(&s, d->open);
    raw = malloc(s.len);
    assert_non_null(raw);
    s = gv_sink_buffer(raw, s.len);
    gv_open_put_preimage(&s, d->open);
    status = gv_validator_serve(v, gv_bytes(raw, s.len), sig, &e);
    free(raw);
    return status;
}

static void
a_validator_signs_what_names_it_and_is_by_the_registry(void **state)
{
    struct desk d;
    struct gv_validator_http v = {.operator_name = "Votes"};
    struct gv_sig sig;
    struct gv_error e;
    uint8_t digest[32];

    (void)state;
    desk_make(&d);
    announce(&d, &d.ca.roles.ca, "House");
    v.secret = &d.validator[2].validator.secret;
    v.key = d.validator[2].validator.cred.key;
    v.keys = d.ca.keys;
    v.params = d.ca.params;
    v.ledger.ctx = &d;
    v.ledger.warrant = by_registry;
    fill(&d, 3, 4);
    assert_int_equal(ask(&d, &v, &sig), 200);
    gv_open_id(d.open);
    gv_tagged(GV_TAG_POP, d.open->id.b, 32, digest);
    assert_true(gv_key_verify(d.ca.keys, &v.key, digest, &sig));
    assert_int_equal(gv_validator_serve(&v, gv_bytes("x", 1), &sig, &e), 400);
    d.open->validator_count = 2; /* it is the third */
    assert_int_equal(ask(&d, &v, &sig), 403);
    fill(&d, 3, 4);
    v.operator_name = "Others";
    assert_int_equal(ask(&d, &v, &sig), 403);
    v.operator_name = "Votes";
    d.open->authority[0] = d.own; /* which nobody else knows */
    assert_int_equal(ask(&d, &v, &sig), 403);
    fill(&d, 3, 4);
    service_of(&d, &d.ca.roles.ca)->cred.not_after_ms = 1;
    assert_int_equal(ask(&d, &v, &sig), 403);
    desk_free(&d);
}

/* A certificate is for the key it votes with; with another it is made anew
 * where that can be done. */
static void
a_validators_certificate_follows_its_key(void **state)
{
    struct fixture f;
    struct gv_rolekeys_options o;
    struct gv_rolekeys a, b, c;
    struct gv_seckey first, second;
    struct gv_error e;

    (void)state;
    fixture_make(&f);
    memset(first.b, 1, 32);
    memset(second.b, 2, 32);
    o = fixture_options(&f);
    o.roles = GV_ROLEKEYS_VALIDATOR;
    o.validator = &first;
    assert_int_equal(gv_rolekeys_open(&o, &a, &e), GV_OK);
    assert_int_equal(a.validator.cred.role, GV_ROLE_VALIDATOR);
    assert_int_equal(gv_x509_kind_of(a.validator.cert), GV_X509_VALIDATOR);
    assert_int_equal(gv_rolekeys_open(&o, &b, &e), GV_OK);
    assert_memory_equal(&a.validator.cred, &b.validator.cred,
                        sizeof(a.validator.cred));
    o.validator = &second;
    assert_int_equal(gv_rolekeys_open(&o, &c, &e), GV_OK);
    assert_memory_not_equal(a.validator.cred.key.b, c.validator.cred.key.b, 32);
    gv_rolekeys_clear(&a);
    gv_rolekeys_clear(&b);
    gv_rolekeys_clear(&c);
    fixture_free(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_node_offers_by_itself_is_signed),
        cmocka_unit_test(authorities_are_those_of_the_registry),
        cmocka_unit_test(services_of_the_network_may_be_blind),
        cmocka_unit_test(other_authorities_are_those_that_the_ca_accepts),
        cmocka_unit_test(a_service_that_is_not_good_is_no_authority),
        cmocka_unit_test(validators_are_those_of_the_registry),
        cmocka_unit_test(a_wish_names_what_is_not_there),
        cmocka_unit_test(
            a_validator_signs_what_names_it_and_is_by_the_registry),
        cmocka_unit_test(a_validators_certificate_follows_its_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
