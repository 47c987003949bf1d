/* store.c - an opened wallet (wallet/store.h). */
#include "wallet/store.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "src/base/files.h"
#include "wallet/content.h"
#include "wallet/json.h"

#define FILE_NAME "wallet.json"
#define LOCK_NAME "lock"

struct gv_wallet {
    char *path; /* of the sealed file */
    int lock;
    const struct gv_params *params;
    struct gv_sealed store;
    struct gv_content content;
    struct gv_derive derive;
    struct gv_keys *keys;
};

void
gv_wallet_free(struct gv_wallet *w)
{
    if (w == NULL)
        return;
    gv_content_clear(&w->content);
    gv_keys_free(w->keys);
    free(w->path);
    if (w->lock >= 0)
        close(w->lock);
    gv_wipe(w, sizeof(*w));
    free(w);
}

bool
gv_wallet_busy(const char *dir)
{
    char *path = gv_file_join(dir, LOCK_NAME);
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    bool busy =
        fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;

    if (fd >= 0)
        close(fd);
    free(path);
    return busy;
}

/* Take the lock of the directory, waiting for another command to end. */
static int
take_lock(const char *dir, struct gv_error *e)
{
    char *path = gv_file_join(dir, LOCK_NAME);
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        close(fd);
        fd = -1;
    }
    if (fd < 0)
        gv_error_set(e, "cannot lock %s: %s", dir, strerror(errno));
    free(path);
    return fd;
}

static struct gv_wallet *
wallet_new(const char *dir, struct gv_error *e)
{
    struct gv_wallet *w = calloc(1, sizeof(*w));
    uint8_t seed[32];

    if (w == NULL)
        return NULL;
    w->lock = take_lock(dir, e);
    w->path = gv_file_join(dir, FILE_NAME);
    if (gv_random(seed, sizeof(seed)) == GV_OK)
        w->keys = gv_keys_new(seed);
    if (w->lock >= 0 && w->path != NULL && w->keys != NULL)
        return w;
    gv_wallet_free(w);
    return NULL;
}

/* What follows from entropy and network. */
static enum gv_rc
unfold(struct gv_wallet *w, struct gv_error *e)
{
    const struct gv_content *c = &w->content;

    if (gv_derive_init(gv_bytes(c->entropy, c->entropy_len), w->params,
                       &w->derive) == GV_OK)
        return GV_OK;
    gv_error_set(e, "%s: cannot derive the wallet's keys", w->path);
    return GV_FAULT;
}

bool
gv_wallet_exists(const char *dir)
{
    char *path = gv_file_join(dir, FILE_NAME);
    bool found = path != NULL && access(path, F_OK) == 0;

    free(path);
    return found;
}

enum gv_rc
gv_wallet_create(const char *dir, const struct gv_params *params,
                 struct gv_bytes entropy, const struct gv_passphrase *pass,
                 struct gv_wallet **out, struct gv_error *e)
{
    unsigned log_n =
        params->has_secrets ? GV_SEALED_LOG_N_TEST : GV_SEALED_LOG_N;
    struct gv_wallet *w;
    enum gv_rc rc;

    if (gv_file_mkdirs(dir, e) != GV_OK || (w = wallet_new(dir, e)) == NULL)
        return GV_FAULT;
    if (gv_wallet_exists(dir)) {
        gv_error_set(e, "there is a wallet in %s already", dir);
        gv_wallet_free(w);
        return GV_REJECT;
    }
    w->params = params;
    rc = gv_content_new(entropy, &w->content);
    if (rc != GV_OK)
        gv_error_set(e, "%s: no entropy for words, or no memory", w->path);
    if (rc == GV_OK)
        rc = gv_sealed_new(&gv_sealed_wallet, params->name, log_n, pass,
                           &w->store, e);
    if (rc == GV_OK)
        rc = unfold(w, e);
    if (rc == GV_OK)
        rc = gv_wallet_save(w, e);
    if (rc != GV_OK) {
        gv_wallet_free(w);
        return rc;
    }
    *out = w;
    return GV_OK;
}

/* The sealed bytes into w. */
static enum gv_rc
take_data(struct gv_wallet *w, const uint8_t *data, size_t len,
          struct gv_error *e)
{
    const char *what;

    if (gv_content_read(gv_bytes(data, len), &w->content, &what) != GV_OK) {
        gv_error_set(e, "%s: its content is not a wallet's: %s", w->path, what);
        return GV_REJECT;
    }
    w->params = gv_params_find(w->store.network);
    if (w->params == NULL) {
        gv_error_set(e, "%s: unknown network %s", w->path, w->store.network);
        return GV_REJECT;
    }
    return unfold(w, e);
}

enum gv_rc
gv_wallet_open(const char *dir, const struct gv_passphrase *pass,
               struct gv_wallet **out, struct gv_error *e)
{
    struct gv_wallet *w;
    uint8_t *data;
    size_t len;
    enum gv_rc rc;

    if (!gv_wallet_exists(dir)) {
        gv_error_set(e, "no wallet in %s: make one with gavel init", dir);
        return GV_ABSENT;
    }
    w = wallet_new(dir, e);
    if (w == NULL)
        return GV_FAULT;
    rc = gv_sealed_open(
        &(struct gv_sealed_file){.kind = &gv_sealed_wallet, .name = w->path},
        pass, &w->store, &data, &len, e);
    if (rc == GV_OK) {
        rc = take_data(w, data, len, e);
        gv_wipe(data, len);
        free(data);
    }
    if (rc != GV_OK) {
        gv_wallet_free(w);
        return rc;
    }
    *out = w;
    return GV_OK;
}

enum gv_rc
gv_wallet_network(const char *dir, char out[GV_SEALED_NETWORK_MAX + 1],
                  struct gv_error *e)
{
    char *path = gv_file_join(dir, FILE_NAME);
    enum gv_rc rc = path == NULL
                        ? GV_FAULT
                        : gv_sealed_network(&gv_sealed_wallet, path, out, e);

    free(path);
    return rc;
}

enum gv_rc
gv_wallet_save(struct gv_wallet *w, struct gv_error *e)
{
    size_t len;
    uint8_t *data = gv_content_write(&w->content, &len);
    enum gv_rc rc;

    if (data == NULL) {
        gv_error_set(e, "%s: out of memory", w->path);
        return GV_FAULT;
    }
    rc = gv_sealed_write(&w->store, w->path, gv_bytes(data, len), e);
    gv_wipe(data, len);
    free(data);
    return rc;
}

bool
gv_wallet_is_of(const struct gv_wallet *w, struct gv_bytes entropy)
{
    return entropy.len == w->content.entropy_len &&
           CRYPTO_memcmp(entropy.p, w->content.entropy, entropy.len) == 0;
}

const struct gv_params *
gv_wallet_params(const struct gv_wallet *w)
{
    return w->params;
}

const struct gv_derive *
gv_wallet_derive(const struct gv_wallet *w)
{
    return &w->derive;
}

static json_t *
identities(const struct gv_wallet *w)
{
    return json_object_get(w->content.json, "identities");
}

size_t
gv_wallet_identities(const struct gv_wallet *w)
{
    return json_array_size(identities(w));
}

/* The credential of an identity's JSON, if it has one. */
static void
read_cred(const json_t *item, struct gv_persona *out)
{
    const char *cred = json_string_value(json_object_get(item, "cred"));
    const char *issuer = json_string_value(json_object_get(item, "issuer"));
    uint8_t raw[GV_CRED_SIZE];
    struct gv_reader r;

    if (cred == NULL || issuer == NULL ||
        gv_unhex(cred, raw, sizeof(raw)) != GV_OK ||
        gv_unhex(issuer, out->issuer.b, 32) != GV_OK)
        return;
    r = gv_reader(gv_bytes(raw, sizeof(raw)));
    gv_cred_get(&r, &out->cred);
    out->certified = gv_reader_done(&r);
}

enum gv_rc
gv_wallet_identity(const struct gv_wallet *w, size_t i, struct gv_persona *out)
{
    const json_t *item = json_array_get(identities(w), i);
    const char *name = json_string_value(json_object_get(item, "name"));
    struct gv_seckey secret;
    enum gv_rc rc;

    if (name == NULL)
        return GV_ABSENT;
    *out = (struct gv_persona){.index = (uint32_t)i};
    snprintf(out->name, sizeof(out->name), "%s", name);
    rc = gv_derive_ledger(&w->derive, out->index, &secret);
    if (rc == GV_OK && gv_key_public(w->keys, &secret, &out->key) != GV_OK)
        rc = GV_FAULT;
    gv_wipe(&secret, sizeof(secret));
    read_cred(item, out);
    return rc;
}

enum gv_rc
gv_wallet_find(const struct gv_wallet *w, const char *name,
               struct gv_persona *out)
{
    for (size_t i = 0; i < gv_wallet_identities(w); i++) {
        enum gv_rc rc = gv_wallet_identity(w, i, out);

        if (rc != GV_OK)
            return rc;
        if (name == NULL || strcmp(name, out->name) == 0)
            return GV_OK;
    }
    return GV_ABSENT;
}

enum gv_rc
gv_wallet_add(struct gv_wallet *w, const char *name, struct gv_persona *out)
{
    size_t i = gv_wallet_identities(w);

    if (json_array_append_new(identities(w), json_pack("{ss}", "name", name)))
        return GV_FAULT;
    return gv_wallet_identity(w, i, out);
}

enum gv_rc
gv_wallet_rename(struct gv_wallet *w, uint32_t index, const char *name)
{
    return json_object_set_new(json_array_get(identities(w), index), "name",
                               json_string(name)) == 0
               ? GV_OK
               : GV_FAULT;
}

enum gv_rc
gv_wallet_certify(struct gv_wallet *w, const struct gv_persona *id,
                  struct gv_bytes der)
{
    json_t *item = json_array_get(identities(w), id->index);
    char hex[2 * GV_CRED_SIZE + 1], issuer[65];
    uint8_t raw[GV_CRED_SIZE];
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));

    gv_cred_put(&s, &id->cred);
    if (json_object_set_new(item, "cred",
                            json_string(gv_hex(raw, sizeof(raw), hex))) ||
        json_object_set_new(item, "issuer",
                            json_string(gv_hex(id->issuer.b, 32, issuer))) ||
        (der.len > 0 && json_object_set_new(item, "certificate",
                                            gv_json_from_hex(der.p, der.len))))
        return GV_FAULT;
    return GV_OK;
}

uint8_t *
gv_wallet_der(const struct gv_wallet *w, uint32_t index, size_t *len)
{
    return gv_json_blob(json_array_get(identities(w), index), "certificate",
                        len);
}

uint8_t *
gv_wallet_request(const struct gv_wallet *w, uint32_t index, size_t *len)
{
    return gv_json_blob(json_array_get(identities(w), index), "request", len);
}

enum gv_rc
gv_wallet_set_request(struct gv_wallet *w, uint32_t index, struct gv_bytes csr)
{
    json_t *item = json_array_get(identities(w), index);

    if (csr.len == 0) {
        json_object_del(item, "request");
        return GV_OK;
    }
    return json_object_set_new(item, "request",
                               gv_json_from_hex(csr.p, csr.len)) == 0
               ? GV_OK
               : GV_FAULT;
}

static const char *
enrol_key(uint32_t index, const char *auction_hex, char out[96])
{
    snprintf(out, 96, "%u:%s", index, auction_hex);
    return out;
}

bool
gv_wallet_enrolled(const struct gv_wallet *w, uint32_t index,
                   const char *auction_hex)
{
    char key[96];

    return json_object_get(json_object_get(w->content.json, "enrolled"),
                           enrol_key(index, auction_hex, key)) != NULL;
}

enum gv_rc
gv_wallet_set_enrolled(struct gv_wallet *w, uint32_t index,
                       const char *auction_hex)
{
    char key[96];

    return json_object_set_new(json_object_get(w->content.json, "enrolled"),
                               enrol_key(index, auction_hex, key), json_true())
               ? GV_FAULT
               : GV_OK;
}

json_t *
gv_wallet_enrolments(struct gv_wallet *w)
{
    return json_object_get(w->content.json, "enrolled");
}

json_t *
gv_wallet_bids(struct gv_wallet *w)
{
    return json_object_get(w->content.json, "bids");
}

json_t *
gv_wallet_tokens(struct gv_wallet *w)
{
    return json_object_get(w->content.json, "tokens");
}

json_t *
gv_wallet_watched(struct gv_wallet *w)
{
    return json_object_get(w->content.json, "watched");
}

json_t *
gv_wallet_limits(struct gv_wallet *w)
{
    return json_object_get(w->content.json, "limits");
}

json_t *
gv_wallet_agents(struct gv_wallet *w)
{
    return json_object_get(w->content.json, "agents");
}
