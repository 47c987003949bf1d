/*
 * bench_ttp.c - does a crowd at the token issuer and the time-stamping
 * authority delay JSON-RPC? A real gaveld with every role, on two cores with
 * everything else here, and CLIENTS clients over HTTPS, each with a connection
 * of its own.
 *
 * In each of ROUNDS rounds getauction is asked one call after another, first
 * in quiet; then while all clients send RFC 3161 queries, each as soon as it
 * has its token; then the same while some of them also send an enrolment's
 * REVEAL (k = 1024) all at once, until the last has its signature. The clients
 * stand for other machines, so their threads have a lower priority than the
 * node.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/bench/load.h"
#include "tests/bench/load_enrol.h"
#include "tests/bench/measure.h"

#define CLIENTS 100
#define ROUNDS 9
#define SLICE_S 1.0
#define PAUSE_US 2000
#define CALLS_MAX 100000
#define NICE 10
#define REVEAL_S 60

enum phase { QUIET, QUERIES, REVEALS, END };

struct bench {
    struct support_dir dir;
    char datadir[PATH_MAX + 16], log[PATH_MAX + 16], out[PATH_MAX + 16];
    char url[160], auction[65];
    struct load_node node;
    struct gv_keys *keys;
    uint8_t *raw_open;
    struct gv_open open;
    struct load_client client[CLIENTS];
    size_t clients, rounds;
    /* the clients' threads */
    pthread_mutex_t lock;
    pthread_cond_t moved;
    enum phase phase;
    size_t round;
    atomic_size_t queries, revealed, next, failed;
    double ms[CALLS_MAX];
};

struct figures {
    double quiet[ROUNDS], queries[ROUNDS], reveals[ROUNDS];
    double query_delay[ROUNDS], reveal_delay[ROUNDS];
    double rate[ROUNDS], rate_among[ROUNDS], enrol_rate[ROUNDS];
};

/* Where the services are, from the address of one of them. */
static void
read_url(struct bench *b)
{
    json_t *status;
    const char *url;

    if (!load_call(b->node.rpc, "status", NULL, &status))
        support_die("no status");
    url = support_json_text(
        json_object_get(json_object_get(status, "ttp"), "tsa"), "url");
    snprintf(b->url, sizeof(b->url), "%.*s", (int)(strrchr(url, '/') - url),
             url);
    json_decref(status);
}

/* --- the auction --- */

static void
wallet(struct bench *b, const char *const *words)
{
    char gavel[PATH_MAX], url[64], cookie[PATH_MAX + 32], dir[PATH_MAX + 32],
        pass[PATH_MAX + 32];
    const char *argv[32] = {gavel,  "--node",    url,       "--cookie",
                            cookie, "--network", "regtest", "--wallet",
                            dir,    "--yes",     "--json",  "--passphrase-file",
                            pass};
    size_t n = 13;
    FILE *f;

    load_program("gavel", gavel);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", b->node.port);
    snprintf(cookie, sizeof(cookie), "%s/.cookie", b->datadir);
    snprintf(dir, sizeof(dir), "%s/wallet", b->dir.path);
    snprintf(pass, sizeof(pass), "%s/pass", b->dir.path);
    f = fopen(pass, "w");
    if (f == NULL || fputs("correct horse\n", f) < 0 || fclose(f) != 0)
        support_die("cannot write %s", pass);
    (void)chmod(pass, 0600);
    (void)mkdir(dir, 0700);
    unlink(b->out);
    while (*words != NULL)
        argv[n++] = *words++;
    load_run(argv, b->out);
}

/* The JSON behind the warnings, if there are any. */
static json_t *
read_answer(const char *path)
{
    FILE *f = fopen(path, "r");
    json_t *v = NULL;
    int c = 0;

    while (f != NULL && c != EOF && c != '{')
        c = fgetc(f);
    if (f != NULL && ungetc(c, f) != EOF)
        v = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL);
    if (f != NULL)
        fclose(f);
    return v;
}

static void
create_auction(struct bench *b)
{
    char words[PATH_MAX + 32];
    const char *const init[] = {"init", "--words-file", words, NULL};
    const char *const enrol[] = {"enrol", "--name", "Seller", NULL};
    const char *const create[] = {"auction",    "create",       "--title",
                                  "A chair",    "--difficulty", "1",
                                  "--identity", "anonymous",    NULL};
    json_t *made;

    snprintf(words, sizeof(words), "%s/words", b->dir.path);
    wallet(b, init);
    wallet(b, enrol);
    wallet(b, create);
    made = read_answer(b->out);
    if (made == NULL || json_object_get(made, "auction") == NULL)
        support_die("no auction; see %s", b->out);
    snprintf(b->auction, sizeof(b->auction), "%s",
             support_json_text(made, "auction"));
    json_decref(made);
}

static void
read_open(struct bench *b)
{
    struct gv_reject why;
    json_t *info;
    size_t len;

    if (!load_call(b->node.rpc, "getauction",
                   json_pack("{ss sb}", "auction", b->auction, "verbose", 1),
                   &info))
        support_die("no getauction");
    b->raw_open = support_unhex_new(support_json_text(info, "open"), &len);
    json_decref(info);
    if (gv_open_decode(gv_bytes(b->raw_open, len), gv_params_find("regtest"),
                       &b->open, &why) != GV_OK)
        support_die("no OPEN");
}

/* --- the clients --- */

static bool
query(struct load_client *c)
{
    /* TimeStampReq { 1, { sha256, 32 zero bytes } } */
    static const uint8_t der[56] = {
        0x30, 0x36, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
        0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
    struct gv_https_request request = {.method = "POST",
                                       .path = "/tsa",
                                       .type = "application/timestamp-query",
                                       .body = gv_bytes(der, sizeof(der))};
    struct gv_https_reply reply;
    struct gv_error e;
    bool ok;

    if (gv_https_request(c->https, &request, &reply, &e) != GV_OK)
        return false;
    /* PKIStatus granted, and behind it a token. */
    ok = reply.status == 200 && reply.len > 200 &&
         memmem(reply.body, 12, "\x30\x03\x02\x01\x00", 5) != NULL;
    gv_https_reply_clear(&reply);
    return ok;
}

/* The clients whose turn it is to enrol in a round. */
static bool
enrols(const struct bench *b, size_t client, size_t round)
{
    return client * b->rounds / b->clients == round;
}

static size_t
enrolments(const struct bench *b, size_t round)
{
    size_t n = 0;

    for (size_t i = 0; i < b->clients; i++)
        n += enrols(b, i, round);
    return n;
}

static enum phase
next_phase(struct bench *b, size_t *round)
{
    enum phase phase;

    pthread_mutex_lock(&b->lock);
    while (b->phase == QUIET)
        pthread_cond_wait(&b->moved, &b->lock);
    phase = b->phase;
    *round = b->round;
    pthread_mutex_unlock(&b->lock);
    return phase;
}

static void
set_phase(struct bench *b, enum phase phase, size_t round)
{
    pthread_mutex_lock(&b->lock);
    b->phase = phase;
    b->round = round;
    pthread_cond_broadcast(&b->moved);
    pthread_mutex_unlock(&b->lock);
}

static void *
client_thread(void *arg)
{
    struct bench *b = arg;
    size_t i = atomic_fetch_add(&b->next, 1), round;
    struct load_client *c = &b->client[i];
    bool revealed = false;
    enum phase phase;

    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
    while ((phase = next_phase(b, &round)) != END) {
        if (phase == REVEALS && !revealed && enrols(b, i, round)) {
            revealed = true;
            atomic_fetch_add(load_client_reveal(c) ? &b->revealed : &b->failed,
                             1);
        } else {
            atomic_fetch_add(query(c) ? &b->queries : &b->failed, 1);
        }
    }
    return NULL;
}

static void *
prepare_thread(void *arg)
{
    struct bench *b = arg;
    size_t i;

    while ((i = atomic_fetch_add(&b->next, 1)) < b->clients)
        load_client_prepare(&b->client[i], &b->open, b->keys);
    return NULL;
}

static void
run_threads(struct bench *b, pthread_t *thread, size_t n, void *(*run)(void *))
{
    atomic_store(&b->next, 0);
    for (size_t i = 0; i < n; i++)
        if (pthread_create(&thread[i], NULL, run, b) != 0)
            support_die("no thread");
}

static void
join(pthread_t *thread, size_t n)
{
    for (size_t i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
}

/* --- calls --- */

/* The 99th of a hundred answer times, in milliseconds, of calls during at
 * least SLICE_S and until `wanted` enrolments are through. */
static double
call_slice(struct bench *b, size_t wanted)
{
    double start = measure_now();
    size_t n = 0;

    while (measure_now() < start + SLICE_S ||
           atomic_load(&b->revealed) < wanted) {
        double asked = measure_now();
        json_t *info;

        if (!load_call(b->node.rpc, "getauction",
                       json_pack("{ss}", "auction", b->auction), &info))
            support_die("no getauction");
        json_decref(info);
        if (n < CALLS_MAX)
            b->ms[n++] = (measure_now() - asked) * 1e3;
        if (atomic_load(&b->failed) > 0)
            support_die("a service refused a client");
        if (measure_now() > start + REVEAL_S)
            support_die("the issuer did not sign in %d s", REVEAL_S);
        usleep(PAUSE_US);
    }
    qsort(b->ms, n, sizeof(*b->ms), measure_compare);
    return b->ms[n * 99 / 100];
}

/* A slice of a phase; *rate: tokens a second. */
static double
crowd_slice(struct bench *b, enum phase phase, size_t r, double *rate)
{
    size_t before = atomic_load(&b->queries);
    double start = measure_now(), p99;

    set_phase(b, phase, r);
    p99 = call_slice(b, phase == REVEALS ? enrolments(b, r) : 0);
    *rate =
        (double)(atomic_load(&b->queries) - before) / (measure_now() - start);
    return p99;
}

static void
bench_round(struct bench *b, struct figures *f, size_t r)
{
    double start;

    atomic_store(&b->revealed, 0);
    f->quiet[r] = call_slice(b, 0);
    f->queries[r] = crowd_slice(b, QUERIES, r, &f->rate[r]);
    start = measure_now();
    f->reveals[r] = crowd_slice(b, REVEALS, r, &f->rate_among[r]);
    f->enrol_rate[r] = (double)enrolments(b, r) / (measure_now() - start);
    set_phase(b, QUIET, r);
    usleep(200000); /* what is under way ends */
    f->query_delay[r] = f->queries[r] - f->quiet[r];
    f->reveal_delay[r] = f->reveals[r] - f->quiet[r];
}

static void
bench_open(struct bench *b)
{
    static const uint8_t seed[32] = {5};
    pthread_t thread[LOAD_CORES];

    support_dir_make(&b->dir);
    snprintf(b->datadir, sizeof(b->datadir), "%s/node", b->dir.path);
    snprintf(b->log, sizeof(b->log), "%s/log", b->dir.path);
    snprintf(b->out, sizeof(b->out), "%s/out", b->dir.path);
    b->node = (struct load_node){
        .datadir = b->datadir, .log = b->log, .options = {"--ttp", "all"}};
    b->keys = gv_keys_new(seed);
    if (b->keys == NULL)
        support_die("no keys");
    load_node_start(&b->node);
    read_url(b);
    create_auction(b);
    read_open(b);
    load_clients_certify(&b->node, b->url, b->keys, b->client, b->clients);
    run_threads(b, thread, LOAD_CORES, prepare_thread);
    join(thread, LOAD_CORES);
}

static void
bench_close(struct bench *b)
{
    load_node_stop(&b->node);
    for (size_t i = 0; i < b->clients; i++)
        load_client_clear(&b->client[i]);
    gv_keys_free(b->keys);
    free(b->raw_open);
    support_dir_remove(&b->dir);
}

/* A difference may be nothing, of which a spread is no share. */
static void
print_delay(const char *name, double *v, size_t n)
{
    qsort(v, n, sizeof(*v), measure_compare);
    printf("%s %.3g ms\n", name, v[n / 2]);
    printf("%s_least %.3g ms\n", name, v[0]);
    printf("%s_most %.3g ms\n", name, v[n - 1]);
}

static void
print_figures(struct bench *b, struct figures *f)
{
    size_t n = b->rounds;

    printf("ttp_clients %zu\n", b->clients);
    print_delay("rpc_delay_by_queries_p99", f->query_delay, n);
    print_delay("rpc_delay_by_enrolments_p99", f->reveal_delay, n);
    measure_print("rpc_quiet_p99", f->quiet, n, "ms");
    measure_print("rpc_among_queries_p99", f->queries, n, "ms");
    measure_print("rpc_among_enrolments_p99", f->reveals, n, "ms");
    measure_print("blind_https", f->rate, n, "/s");
    measure_print("blind_https_among_enrolments", f->rate_among, n, "/s");
    measure_print("enrol_https", f->enrol_rate, n, "/s");
}

int
main(void)
{
    struct bench *b = calloc(1, sizeof(*b));
    bool smoke = getenv("GAVEL_BENCH_SMOKE") != NULL;
    pthread_t thread[CLIENTS];
    struct figures f;

    if (b == NULL)
        return 1;
    b->clients = smoke ? CLIENTS / 5 : CLIENTS;
    b->rounds = smoke ? 3 : ROUNDS;
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->moved, NULL);
    load_two_cores();
    bench_open(b);
    run_threads(b, thread, b->clients, client_thread);
    for (size_t r = 0; r < b->rounds; r++)
        bench_round(b, &f, r);
    set_phase(b, END, 0);
    join(thread, b->clients);
    print_figures(b, &f);
    bench_close(b);
    free(b);
    return 0;
}
