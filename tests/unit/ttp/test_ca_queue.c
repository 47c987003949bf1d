/* test_ca_queue.c - what time does to a CA: the queue for approval by hand,
 * the revocation list, renewals. */
#include "src/pki/x509.h"
#include "tests/unit/ttp/world.h"

#include <openssl/x509v3.h>

#define HOUR_MS 3600000ull
#define DAY_MS (24 * HOUR_MS)

static size_t
waiting(struct world *w)
{
    static struct gv_ca_pending list[GV_CA_PENDING_MAX];

    return gv_ca_pending(w->ca, list, GV_CA_PENDING_MAX);
}

static void
waits(struct world *w, const struct person *p)
{
    struct gv_ca_reply reply;
    struct gv_error e;

    if (send(w, p, &reply, &e) != GV_ABSENT)
        fail_msg("%s does not wait: %s", p->name, e.text);
}

static void
S0_01_stale_requests_leave_the_queue(void **state)
{
    struct world w;
    struct person p = person("Alice", 1), q = person("Bob", 2);
    struct gv_ca_pending list[2];
    struct gv_ca_reply reply;
    struct gv_error e;

    (void)state;
    world_make(&w, GV_CA_HAND);
    ask(&w, &p);
    ask(&w, &q);
    waits(&w, &p);
    waits(&w, &q);
    /* Bob keeps asking, Alice does not. */
    w.now += GV_CA_WAIT_MS - 1000;
    waits(&w, &q);
    assert_int_equal(waiting(&w), 2);
    w.now += 2000;
    assert_int_equal(gv_ca_pending(w.ca, list, 2), 1);
    assert_string_equal(list[0].subject, "CN=Bob");
    refused(&w, &p, "fetch csrattrs again");
    /* Approved, and not collected: that ends, too. */
    assert_int_equal(gv_ca_decide(w.ca, list[0].id, true), GV_OK);
    w.now += GV_CA_WAIT_MS + 1;
    assert_int_equal(gv_ca_decide(w.ca, list[0].id, true), GV_ABSENT);
    refused(&w, &q, "fetch csrattrs again");
    /* Both may begin anew; a clock set back makes nobody old. */
    ask(&w, &p);
    waits(&w, &p);
    w.now -= 3 * GV_CA_WAIT_MS;
    assert_int_equal(gv_ca_pending(w.ca, list, 2), 1);
    assert_int_equal(gv_ca_decide(w.ca, list[0].id, true), GV_OK);
    assert_int_equal(send(&w, &p, &reply, &e), GV_OK);
    free(reply.der);
    person_free(&p);
    person_free(&q);
    world_free(&w);
}

/* Filling the queue shuts others out for an hour, not for a week. */
static void
a_full_queue_gives_way_to_who_asks(void **state)
{
    struct world w;
    struct person p = person("Mallory", 1), q = person("Bob", 2);
    struct gv_ca_reply reply;
    struct gv_error e;

    (void)state;
    world_make(&w, GV_CA_HAND);
    for (int i = 0; i < GV_CA_PENDING_MAX; i++) {
        ask(&w, &p);
        waits(&w, &p);
    }
    ask(&w, &q);
    assert_int_equal(send(&w, &q, &reply, &e), GV_FAULT);
    assert_non_null(strstr(e.text, "too many requests wait"));
    w.now += HOUR_MS;
    waits(&w, &p); /* the last one is asked about */
    ask(&w, &q);
    waits(&w, &q);
    waits(&w, &p);
    assert_int_equal(waiting(&w), GV_CA_PENDING_MAX);
    person_free(&p);
    person_free(&q);
    world_free(&w);
}

static void
approved_is_approved_when_the_disk_was_full(void **state)
{
    struct world w;
    struct person p = person("Alice", 1);
    struct gv_ca_pending list[1];
    struct gv_ca_reply reply;
    struct gv_error e;

    (void)state;
    world_make(&w, GV_CA_HAND);
    ask(&w, &p);
    waits(&w, &p);
    assert_int_equal(gv_ca_pending(w.ca, list, 1), 1);
    assert_int_equal(gv_ca_decide(w.ca, list[0].id, true), GV_OK);
    w.full = true;
    assert_int_equal(send(&w, &p, &reply, &e), GV_FAULT);
    assert_int_equal(w.issued, 0);
    w.full = false;
    assert_int_equal(send(&w, &p, &reply, &e), GV_OK);
    assert_int_equal(w.issued, 1);
    free(reply.der);
    person_free(&p);
    world_free(&w);
}

/* --- the list of the revoked --- */

struct list {
    uint8_t *der;
    size_t len;
    uint64_t number;
    int revoked;
};

static struct list
fetch(struct world *w)
{
    struct list l = {0};
    struct gv_error e;
    const unsigned char *p;
    ASN1_INTEGER *number;
    X509_CRL *crl;

    l.der = gv_ca_crl(w->ca, &l.len, &e);
    assert_non_null(l.der);
    p = l.der;
    crl = d2i_X509_CRL(NULL, &p, (long)l.len);
    assert_non_null(crl);
    number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
    assert_int_equal(ASN1_INTEGER_get_uint64(&l.number, number), 1);
    l.revoked = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));
    ASN1_INTEGER_free(number);
    X509_CRL_free(crl);
    return l;
}

static bool
same(const struct list *a, const struct list *b)
{
    return gv_bytes_eq(gv_bytes(a->der, a->len), gv_bytes(b->der, b->len));
}

static void
S4_61_the_list_is_kept_until_it_changes_or_ages(void **state)
{
    struct world w;
    struct person p[2] = {person("Alice", 1), person("Bob", 2)};
    struct gv_ca_reply reply[2];
    struct gv_error e;
    struct list l[6];

    (void)state;
    world_make(&w, GV_CA_AUTO);
    for (int i = 0; i < 2; i++)
        enrolled(&w, &p[i], &reply[i]);
    l[0] = fetch(&w);
    assert_true(l[0].revoked <= 0);
    w.now += 3 * DAY_MS;
    l[1] = fetch(&w);
    assert_true(same(&l[0], &l[1]));
    /* A revocation shows at once; two within a millisecond differ, too. */
    assert_int_equal(gv_ca_revoke(w.ca, &reply[0].cred.fingerprint, 0, &e),
                     GV_OK);
    l[2] = fetch(&w);
    assert_int_equal(l[2].revoked, 1);
    assert_true(l[2].number > l[1].number);
    assert_int_equal(gv_ca_revoke(w.ca, &reply[1].cred.fingerprint, 0, &e),
                     GV_OK);
    l[3] = fetch(&w);
    assert_int_equal(l[3].revoked, 2);
    assert_true(l[3].number > l[2].number);
    /* Half of its seven days over. */
    w.now += 3 * DAY_MS + 12 * HOUR_MS;
    l[4] = fetch(&w);
    assert_false(same(&l[3], &l[4]));
    assert_int_equal(l[4].revoked, 2);
    assert_true(l[4].number > l[3].number);
    /* A clock set back does not take the number back. */
    w.now -= DAY_MS;
    l[5] = fetch(&w);
    assert_true(l[5].number > l[4].number);
    for (int i = 0; i < 6; i++)
        free(l[i].der);
    for (int i = 0; i < 2; i++) {
        free(reply[i].der);
        person_free(&p[i]);
    }
    world_free(&w);
}

/* --- renewals, each refusal with its own reason --- */

static void
cannot_renew(struct world *w, struct person *p, const X509 *cert,
             const char *text)
{
    struct gv_ca_request rq = {.role = GV_ROLE_USER, .renews = cert};
    struct gv_ca_reply reply;
    struct gv_error e;

    ask(w, p);
    rq.csr = gv_bytes(p->csr, p->len);
    assert_int_equal(gv_ca_enrol(w->ca, &rq, &reply, &e), GV_REJECT);
    if (strstr(e.text, text) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", text, e.text);
}

static void
S4_61_a_certificate_that_cannot_be_renewed_is_told_why(void **state)
{
    struct world w;
    struct person p = person("Alice", 1), q = person("Bob", 2);
    struct gv_ca_reply reply;
    struct gv_error e;
    X509 *cert, *bob;

    (void)state;
    world_make(&w, GV_CA_AUTO);
    enrolled(&w, &q, &reply);
    bob = gv_x509_from_der(gv_bytes(reply.der, reply.len));
    free(reply.der);
    enrolled(&w, &p, &reply);
    cert = gv_x509_from_der(gv_bytes(reply.der, reply.len));
    free(reply.der);
    assert_int_equal(gv_ca_standing(w.ca, &reply.cred.fingerprint),
                     GV_CA_VALID);
    cannot_renew(&w, &p, w.f.roles.tsa.cert, "is not issued here");
    cannot_renew(&w, &p, bob, "must stay the same");
    w.now += 400 * DAY_MS;
    cannot_renew(&w, &p, cert, "has expired");
    assert_int_equal(gv_ca_standing(w.ca, &reply.cred.fingerprint),
                     GV_CA_EXPIRED);
    w.now -= 400 * DAY_MS;
    assert_int_equal(gv_ca_revoke(w.ca, &reply.cred.fingerprint, 1, &e), GV_OK);
    cannot_renew(&w, &p, cert, "is revoked");
    assert_int_equal(gv_ca_standing(w.ca, &reply.cred.fingerprint),
                     GV_CA_REVOKED);
    X509_free(cert);
    X509_free(bob);
    person_free(&p);
    person_free(&q);
    world_free(&w);
}

struct errand {
    struct world *w;
    struct person *p;
};

static void *
enrol_slowly(void *arg)
{
    const struct errand *errand = arg;
    struct gv_ca_reply reply;

    enrolled(errand->w, errand->p, &reply);
    free(reply.der);
    return NULL;
}

/* The thread that answers everybody asks for the list and for standings: it
 * must not wait while somebody else's certificate goes to the disk. */
static void
who_looks_does_not_wait_for_the_disk(void **state)
{
    struct world w;
    struct person p = person("Alice", 1), q = person("Bob", 2);
    struct errand errand = {&w, &q};
    struct gv_ca_reply reply;
    struct list list;
    pthread_t thread;

    (void)state;
    world_make(&w, GV_CA_AUTO);
    assert_int_equal(sem_init(&w.writing, 0, 0), 0);
    assert_int_equal(sem_init(&w.go, 0, 0), 0);
    enrolled(&w, &p, &reply);
    w.still = true;
    assert_int_equal(pthread_create(&thread, NULL, enrol_slowly, &errand), 0);
    assert_int_equal(sem_wait(&w.writing), 0);
    list = fetch(&w);
    assert_int_equal(gv_ca_standing(w.ca, &reply.cred.fingerprint),
                     GV_CA_VALID);
    sem_post(&w.go);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(w.gave_up);
    free(list.der);
    free(reply.der);
    person_free(&p);
    person_free(&q);
    world_free(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S0_01_stale_requests_leave_the_queue),
        cmocka_unit_test(a_full_queue_gives_way_to_who_asks),
        cmocka_unit_test(approved_is_approved_when_the_disk_was_full),
        cmocka_unit_test(who_looks_does_not_wait_for_the_disk),
        cmocka_unit_test(S4_61_the_list_is_kept_until_it_changes_or_ages),
        cmocka_unit_test(
            S4_61_a_certificate_that_cannot_be_renewed_is_told_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
