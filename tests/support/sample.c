/* sample.c - the parties of the small world and their OPEN. */
#include "tests/support/sample.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "tests/support/support.h"

#define YEAR_MS (UINT64_C(365) * 24 * 3600 * 1000)

struct sample_memory {
    struct sample_memory *next;
    max_align_t bytes[];
};

void *
sample_alloc(struct sample *s, size_t size)
{
    struct sample_memory *m = calloc(1, sizeof(*m) + size);

    if (m == NULL)
        support_die("no memory");
    m->next = s->memory;
    s->memory = m;
    return m->bytes;
}

struct gv_bytes
sample_copy(struct sample *s, struct gv_bytes bytes)
{
    uint8_t *p = sample_alloc(s, bytes.len);

    if (bytes.len > 0)
        memcpy(p, bytes.p, bytes.len);
    return gv_bytes(p, bytes.len);
}

/* A secret that is the same in every run. */
static void
make_secret(const char *name, unsigned i, struct gv_seckey *out)
{
    struct gv_sha256 h;
    uint8_t n = (uint8_t)i;

    gv_sha256_init(&h);
    gv_sha256_add(&h, name, strlen(name));
    gv_sha256_add(&h, &n, 1);
    gv_sha256_end(&h, out->b);
}

static struct gv_pubkey
public_of(const struct sample *s, const struct gv_seckey *secret)
{
    struct gv_pubkey pk;

    if (gv_key_public(s->keys, secret, &pk) != GV_OK)
        support_die("not a secret key");
    return pk;
}

void
sample_cred(struct sample *s, struct sample_party *party, uint8_t role,
            const struct gv_seckey *issuer)
{
    struct gv_cred *c = &party->cred;
    uint8_t digest[32];

    c->key = public_of(s, &party->secret);
    /* The key's own bytes serve as the certificate. */
    gv_sha256_of(c->key.b, 32, c->fingerprint.b);
    c->role = role;
    c->not_before_ms = SAMPLE_OPENING_MS - YEAR_MS;
    c->not_after_ms = SAMPLE_OPENING_MS + YEAR_MS;
    gv_cred_digest(c, &s->params->registry, digest);
    if (gv_key_sign(s->keys, issuer, digest, NULL, &c->sig) != GV_OK)
        support_die("cannot sign a credential");
}

static void
make_parties(struct sample *s)
{
    make_secret("ca", 0, &s->ca.secret);
    sample_cred(s, &s->ca, GV_ROLE_CA, &s->params->root_secret);
    make_secret("tsa", 0, &s->tsa.secret);
    sample_cred(s, &s->tsa, GV_ROLE_TSA, &s->params->root_secret);
    make_secret("issuer", 0, &s->issuer.secret);
    sample_cred(s, &s->issuer, GV_ROLE_ISSUER, &s->params->root_secret);
    for (unsigned i = 0; i < GV_NOTARIES_MAX; i++) {
        make_secret("notary", i, &s->notary[i].secret);
        sample_cred(s, &s->notary[i], GV_ROLE_NOTARY, &s->params->root_secret);
    }
    make_secret("seller", 0, &s->seller.secret);
    sample_cred(s, &s->seller, GV_ROLE_USER, &s->ca.secret);
    for (unsigned i = 0; i < SAMPLE_BIDDERS; i++) {
        make_secret("bidder", i, &s->bidder[i].secret);
        sample_cred(s, &s->bidder[i], GV_ROLE_USER, &s->ca.secret);
    }
}

/* What OPEN pins about a new P-256 key. */
static void
make_authority(struct sample *s, unsigned i, struct gv_authority *out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    uint8_t *point = sample_alloc(s, 65);
    size_t len = 0;

    if (key == NULL ||
        EVP_PKEY_get_octet_string_param(key, "pub", point, 65, &len) != 1)
        support_die("cannot make a P-256 key");
    s->authority[i] = key;
    *out = (struct gv_authority){.alg = GV_TSA_ECDSA_P256_SHA256,
                                 .key = gv_bytes(point, len),
                                 .accuracy_ms = 1000,
                                 .ordering = 1,
                                 .policy = gv_policy_published(),
                                 .operator_name = gv_bytes("Time", 4)};
    gv_sha256_of(point, len, out->cert.b);
}

static void
make_blind(struct gv_authority *a, bool other)
{
    a->policy = other ? gv_bytes("\x2a\x03\x04", 3) : gv_policy_blind();
    if (other)
        a->url = gv_bytes("http://tsa.example/tsr", 22);
}

static void
sign(struct sample *s, const struct gv_seckey *secret, const uint8_t msg32[32],
     struct gv_sig *out)
{
    if (gv_key_sign(s->keys, secret, msg32, NULL, out) != GV_OK)
        support_die("cannot sign OPEN");
}

struct gv_bytes
sample_open(struct sample *s, struct gv_open *o)
{
    struct gv_sink sink;
    uint8_t pop[32];
    uint8_t *raw;

    gv_open_id(o);
    gv_tagged(GV_TAG_POP, o->id.b, 32, pop);
    sign(s, &s->seller.secret, o->id.b, &o->seller_sig);
    sign(s, &s->ca.secret, o->id.b, &o->warrant_sig);
    for (unsigned i = 0; i < o->validator_count; i++)
        sign(s, &s->validator[i], pop, &o->pop[i]);
    sign(s, &s->issuer.secret, pop, &o->issuer_pop);
    for (unsigned i = 0; i < o->notary_count; i++)
        sign(s, &s->notary[i].secret, pop, &o->notary_pop[i]);
    for (unsigned i = 0; i < o->bid_escrow_count; i++)
        sign(s, &s->notary[i].secret, pop, &o->bid_escrow_pop[i]);
    sink = gv_sink_count();
    gv_open_put(&sink, o);
    raw = sample_alloc(s, sink.len);
    sink = gv_sink_buffer(raw, sink.len);
    gv_open_put(&sink, o);
    return gv_bytes(raw, sink.len);
}

static void
make_open(struct sample *s, const struct sample_options *options)
{
    static const char title[] = "A chair";
    struct gv_open o = {.registry = s->params->registry,
                        .opening_ms = options->opening_ms != 0
                                          ? options->opening_ms
                                          : SAMPLE_OPENING_MS,
                        .seller = s->seller.cred,
                        .title = gv_bytes(title, strlen(title)),
                        .ca = s->ca.cred};
    struct gv_reject why;
    char text[160];

    memset(o.salt, 0x5a, sizeof(o.salt));
    if (options->terms != NULL)
        o.terms = *options->terms;
    else
        gv_terms_default(s->params, &o.terms);
    if (o.terms.identity == GV_ANONYMOUS)
        sample_escrow(s, options->notaries, &o);
    if (gv_terms_holders(&o.terms))
        sample_sealers(s, options->sealers, &o);
    o.authority_count =
        (uint8_t)(options->authorities != 0 ? options->authorities : 1);
    for (unsigned i = 0; i < o.authority_count; i++)
        make_authority(s, i, &o.authority[i]);
    for (unsigned i = 0; options->blind && i < o.authority_count; i++)
        make_blind(&o.authority[i], i % 2 == 1);
    o.validator_count =
        (uint8_t)(options->validators != 0 ? options->validators : 1);
    for (unsigned i = 0; i < o.validator_count; i++) {
        make_secret("validator", i, &s->validator[i]);
        o.validator[i].key = public_of(s, &s->validator[i]);
        o.validator[i].operator_name = gv_bytes("TTP", 3);
    }
    if (gv_terms_hides_reserve(&o.terms))
        sample_reserve(s, options->reserve, &o);
    if (gv_open_decode(sample_open(s, &o), s->params, &s->open, &why) != GV_OK)
        support_die("OPEN: %s", gv_reject_text(&why, text, sizeof(text)));
}

void
sample_make(struct sample *s, const struct sample_options *options)
{
    static const struct sample_options none;

    memset(s, 0, sizeof(*s));
    s->params = gv_params_find("regtest");
    s->keys = gv_keys_new(NULL);
    if (s->params == NULL || s->keys == NULL)
        support_die("no regtest network, or no memory");
    make_parties(s);
    make_open(s, options != NULL ? options : &none);
    s->pins = gv_pins_auction(&s->open, NULL);
    s->registry_pins = gv_pins_registry(s->params);
    if (s->pins == NULL || s->registry_pins == NULL)
        support_die("cannot pin the keys of OPEN");
}

void
sample_free(struct sample *s)
{
    gv_pins_free(s->pins);
    gv_pins_free(s->registry_pins);
    for (unsigned i = 0; i < GV_AUTHORITIES_MAX; i++)
        EVP_PKEY_free(s->authority[i]);
    EVP_PKEY_free(s->token_key);
    gv_keys_free(s->keys);
    while (s->memory != NULL) {
        struct sample_memory *next = s->memory->next;

        free(s->memory);
        s->memory = next;
    }
}
