/* enrol.c - see enrol.h. */
#include "src/enrol.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/files.h"
#include "src/base/secret.h"
#include "src/client/est.h"
#include "src/keyfile.h"
#include "src/pki/x509.h"

#define URL_MAX 512
#define APPROVAL_S 10 /* between two questions whether it is approved */
#define PAUSE_MIN_S 5
#define PAUSE_MAX_S 600

struct gv_enroller {
    struct gv_enroller_options opt;
    char name[65];
    struct gv_seckey secret;
    struct gv_pubkey key;
    EVP_PKEY *edge; /* of the certificate */

    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool started, stop;
    char url[URL_MAX];            /* "": nothing to do */
    struct gv_est_client *client; /* what free interrupts */
    unsigned pause_s;
    struct timespec not_before; /* monotonic */
};

/* --- keys --- */

static enum gv_rc
read_edge(struct gv_enroller *n, const char *path, struct gv_error *e)
{
    uint8_t *pem;
    size_t len;
    enum gv_rc rc = gv_file_read(path, 8192, &pem, &len, e);

    if (rc != GV_OK)
        return rc;
    n->edge = gv_x509_key_from_pem(gv_bytes(pem, len), NULL);
    gv_wipe(pem, len);
    free(pem);
    if (n->edge == NULL)
        gv_error_set(e, "%s: no private key", path);
    return n->edge != NULL ? GV_OK : GV_FAULT;
}

static enum gv_rc
make_edge(struct gv_enroller *n, const char *path, struct gv_error *e)
{
    size_t len = 0;
    char *pem = NULL;
    enum gv_rc rc = GV_FAULT;

    n->edge = gv_x509_key_new();
    if (n->edge != NULL)
        pem = gv_x509_key_pem(n->edge, NULL, &len);
    if (pem != NULL) {
        rc = gv_file_write(path, gv_bytes(pem, len), 0600, e);
        gv_wipe(pem, len);
    } else {
        gv_error_set(e, "libcrypto cannot make a key");
    }
    free(pem);
    return rc;
}

static enum gv_rc
open_keys(struct gv_enroller *n, struct gv_error *e)
{
    char *ledger = gv_file_join(n->opt.datadir, "node-ledger.key");
    char *edge = gv_file_join(n->opt.datadir, "node-key.pem");
    enum gv_rc rc = GV_FAULT;

    if (ledger == NULL || edge == NULL)
        gv_error_set(e, "out of memory");
    else
        rc = gv_keyfile(ledger, true, n->secret.b, e);
    if (rc == GV_OK &&
        gv_key_public(n->opt.keys, &n->secret, &n->key) != GV_OK) {
        gv_error_set(e, "%s: no ledger key", ledger);
        rc = GV_FAULT;
    }
    if (rc == GV_OK)
        rc = read_edge(n, edge, e);
    if (rc == GV_ABSENT)
        rc = make_edge(n, edge, e);
    free(ledger);
    free(edge);
    return rc;
}

/* --- the thread --- */

static struct timespec
later(unsigned seconds)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)seconds;
    return t;
}

/* Inside the lock. False: the end. */
static bool
sleep_until(struct gv_enroller *n, struct timespec t)
{
    while (!n->stop && pthread_cond_timedwait(&n->wake, &n->lock, &t) == 0)
        ;
    return !n->stop;
}

static void
save(struct gv_enroller *n, struct gv_bytes der)
{
    char *path = gv_file_join(n->opt.datadir, "node-cert.pem");
    X509 *cert = gv_x509_from_der(der);
    char *pem = cert != NULL ? gv_x509_pem(cert) : NULL;
    struct gv_error e = {"out of memory"};

    if (path == NULL || pem == NULL ||
        gv_file_write(path, gv_bytes(pem, strlen(pem)), 0600, &e) != GV_OK)
        gv_log_warn(n->opt.log, "net", "this node's certificate is not saved",
                    GV_S("why", e.text));
    else
        gv_log_info(n->opt.log, "net", "this node is certified",
                    GV_S("name", n->name));
    X509_free(cert);
    free(pem);
    free(path);
}

/* Send the request until it is approved, refused, or time to stop. */
static enum gv_rc
insist(struct gv_enroller *n, const struct gv_est_send *send,
       struct gv_error *e)
{
    uint8_t *der = NULL;
    size_t len = 0;
    enum gv_rc rc;
    bool on = true;

    while ((rc = gv_est_enrol(n->client, send, &der, &len, e)) == GV_ABSENT &&
           on) {
        pthread_mutex_lock(&n->lock);
        on = sleep_until(n, later(APPROVAL_S));
        pthread_mutex_unlock(&n->lock);
    }
    if (rc == GV_OK)
        save(n, gv_bytes(der, len));
    free(der);
    return rc;
}

static enum gv_rc
enrol(struct gv_enroller *n, struct gv_error *e)
{
    struct gv_passphrase secret = {0};
    struct gv_passphrase_source source = {.file = n->opt.secret_file};
    struct gv_est_ask ask = {.key = n->edge,
                             .name = n->name,
                             .keys = n->opt.keys,
                             .ledger = &n->secret};
    struct gv_est_send send = {.node = true};
    size_t len = 0;
    uint8_t *csr;
    enum gv_rc rc = GV_OK;

    if (source.file != NULL) {
        rc = gv_passphrase_read(&source, &secret, e);
        send.secret = secret.text;
    }
    csr = rc == GV_OK ? gv_est_request(n->client, &ask, &len, &rc, e) : NULL;
    if (csr != NULL) {
        send.csr = gv_bytes(csr, len);
        rc = insist(n, &send, e);
    }
    free(csr);
    gv_wipe(&secret, sizeof(secret));
    return rc;
}

/* One answer of a CA. Outside the lock. */
static void
try_once(struct gv_enroller *n, const char *url)
{
    struct gv_error e = {""};
    struct gv_est_client *client = gv_est_client_new(url, n->opt.params, &e);
    enum gv_rc rc = GV_FAULT;

    pthread_mutex_lock(&n->lock);
    n->client = client;
    if (client != NULL && n->stop)
        gv_est_client_interrupt(client);
    pthread_mutex_unlock(&n->lock);
    if (client != NULL)
        rc = enrol(n, &e);
    pthread_mutex_lock(&n->lock);
    n->client = NULL;
    if (rc != GV_OK && !n->stop)
        gv_log_warn(n->opt.log, "net", "no certificate for this node",
                    GV_S("ca", url), GV_S("why", e.text));
    n->not_before = later(n->pause_s);
    n->pause_s = n->pause_s * 2 < PAUSE_MAX_S ? n->pause_s * 2 : PAUSE_MAX_S;
    pthread_mutex_unlock(&n->lock);
    gv_est_client_free(client);
}

static void *
serve(void *arg)
{
    struct gv_enroller *n = arg;
    char url[URL_MAX];

    pthread_mutex_lock(&n->lock);
    while (!n->stop) {
        if (n->url[0] == '\0') {
            pthread_cond_wait(&n->wake, &n->lock);
            continue;
        }
        snprintf(url, sizeof(url), "%s", n->url);
        pthread_mutex_unlock(&n->lock);
        try_once(n, url);
        pthread_mutex_lock(&n->lock);
        n->url[0] = '\0';
    }
    pthread_mutex_unlock(&n->lock);
    return NULL;
}

/* --- outside --- */

static enum gv_rc
start(struct gv_enroller *n, struct gv_error *e)
{
    pthread_condattr_t attr;

    pthread_mutex_init(&n->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&n->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (open_keys(n, e) != GV_OK)
        return GV_FAULT;
    if (pthread_create(&n->thread, NULL, serve, n) != 0) {
        gv_error_set(e, "a thread cannot start");
        return GV_FAULT;
    }
    n->started = true;
    return GV_OK;
}

struct gv_enroller *
gv_enroller_new(const struct gv_enroller_options *o, struct gv_error *e)
{
    struct gv_enroller *n = calloc(1, sizeof(*n));

    if (n == NULL || strlen(o->name) >= sizeof(n->name) || !*o->name) {
        gv_error_set(e, n == NULL ? "out of memory"
                                  : "node-name: expected 1 to 64 bytes");
        free(n);
        return NULL;
    }
    n->opt = *o;
    n->pause_s = PAUSE_MIN_S;
    memcpy(n->name, o->name, strlen(o->name) + 1);
    if (start(n, e) == GV_OK)
        return n;
    gv_enroller_free(n);
    return NULL;
}

void
gv_enroller_free(struct gv_enroller *n)
{
    if (n == NULL)
        return;
    pthread_mutex_lock(&n->lock);
    n->stop = true;
    if (n->client != NULL)
        gv_est_client_interrupt(n->client);
    pthread_cond_broadcast(&n->wake);
    pthread_mutex_unlock(&n->lock);
    if (n->started)
        pthread_join(n->thread, NULL);
    pthread_cond_destroy(&n->wake);
    pthread_mutex_destroy(&n->lock);
    EVP_PKEY_free(n->edge);
    gv_wipe(n, sizeof(*n));
    free(n);
}

const struct gv_pubkey *
gv_enroller_key(const struct gv_enroller *n)
{
    return &n->key;
}

const struct gv_seckey *
gv_enroller_secret(const struct gv_enroller *n)
{
    return &n->secret;
}

void
gv_enroller_ask(struct gv_enroller *n, const char *url)
{
    struct timespec now = later(0);

    pthread_mutex_lock(&n->lock);
    if (n->url[0] == '\0' && strlen(url) < sizeof(n->url) &&
        (now.tv_sec > n->not_before.tv_sec ||
         (now.tv_sec == n->not_before.tv_sec &&
          now.tv_nsec >= n->not_before.tv_nsec))) {
        memcpy(n->url, url, strlen(url) + 1);
        pthread_cond_signal(&n->wake);
    }
    pthread_mutex_unlock(&n->lock);
}
