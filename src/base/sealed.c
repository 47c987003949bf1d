/* sealed.c - see sealed.h. */
#include "src/base/sealed.h"

#include <gavel/gcm.h>
#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/files.h"

#define VERSION 1
#define AAD_MAX 256
/* What a file may ask of this machine: N = 2^20, r = 8 is 1 GB. */
#define N_MAX (UINT32_C(1) << 20)
#define MEMORY_MAX (UINT64_C(1100) << 20)

const struct gv_sealed_kind gv_sealed_wallet = {"gavel-wallet", "wallet",
                                                64u << 20};
const struct gv_sealed_kind gv_sealed_backup = {"gavel-backup", "backup",
                                                512u << 20};

static enum gv_rc
derive(struct gv_sealed *k, const struct gv_passphrase *pass,
       struct gv_error *e)
{
    if (EVP_PBE_scrypt(pass->text, pass->len, k->salt, sizeof(k->salt), k->n,
                       k->r, k->p, MEMORY_MAX, k->key, sizeof(k->key)) == 1)
        return GV_OK;
    gv_error_set(e, "scrypt failed: out of memory?");
    return GV_FAULT;
}

enum gv_rc
gv_sealed_new(const struct gv_sealed_kind *kind, const char *network,
              unsigned log_n, const struct gv_passphrase *pass,
              struct gv_sealed *out, struct gv_error *e)
{
    *out = (struct gv_sealed){
        .kind = kind, .n = UINT32_C(1) << log_n, .r = 8, .p = 1};
    snprintf(out->network, sizeof(out->network), "%s", network);
    if (gv_random(out->salt, sizeof(out->salt)) != GV_OK) {
        gv_error_set(e, "no random numbers from the system");
        return GV_FAULT;
    }
    return derive(out, pass, e);
}

/* What stands in clear is sealed along: nobody changes it unnoticed. */
static struct gv_bytes
aad_of(const struct gv_sealed *k, char out[AAD_MAX])
{
    char salt[2 * sizeof(k->salt) + 1];
    int n = snprintf(out, AAD_MAX,
                     "%s|%d|%s|scrypt|%" PRIu32 "|%" PRIu32 "|%" PRIu32 "|%s",
                     k->kind->format, VERSION, k->network, k->n, k->r, k->p,
                     gv_hex(k->salt, sizeof(k->salt), salt));

    return gv_bytes(out, (size_t)n);
}

/* The text as JSON. GV_OK with *json a new reference. */
static enum gv_rc
parse(const struct gv_sealed_file *file, json_t **json, struct gv_error *e)
{
    json_error_t error;

    *json = json_loadb((const char *)file->text.p, file->text.len,
                       JSON_REJECT_DUPLICATES, &error);
    if (*json != NULL)
        return GV_OK;
    gv_error_set(e, "%s:%d: %s", file->name, error.line, error.text);
    return GV_REJECT;
}

static bool
read_u32(const json_t *v, uint32_t max, uint32_t *out)
{
    if (!json_is_integer(v) || json_integer_value(v) < 1 ||
        json_integer_value(v) > max)
        return false;
    *out = (uint32_t)json_integer_value(v);
    return true;
}

static bool
read_hex(const json_t *v, void *out, size_t len)
{
    return json_is_string(v) &&
           gv_unhex(json_string_value(v), out, len) == GV_OK;
}

/* N is a power of 2 above 1 and below 2^(16 r) (RFC 7914, 6), or the library
 * refuses it. */
static bool
n_ok(const struct gv_sealed *k)
{
    bool power = k->n > 1 && (k->n & (k->n - 1)) == 0;

    return power && (k->r > 1 || k->n < UINT32_C(1) << 16);
}

/* The members in clear; the name of the bad one, or NULL. */
static const char *
read_head(const json_t *file, const struct gv_sealed_kind *kind,
          struct gv_sealed *out)
{
    const char *format = json_string_value(json_object_get(file, "format"));
    const char *network = json_string_value(json_object_get(file, "network"));
    const char *cipher = json_string_value(json_object_get(file, "cipher"));
    const json_t *kdf = json_object_get(file, "kdf");
    const char *name = json_string_value(json_object_get(kdf, "name"));

    *out = (struct gv_sealed){.kind = kind};
    if (format == NULL || strcmp(format, kind->format) != 0)
        return "format";
    if (json_integer_value(json_object_get(file, "version")) != VERSION)
        return "version";
    if (network == NULL || strlen(network) > GV_SEALED_NETWORK_MAX)
        return "network";
    if (cipher == NULL || strcmp(cipher, "aes-256-gcm") != 0)
        return "cipher";
    if (name == NULL || strcmp(name, "scrypt") != 0)
        return "kdf.name";
    if (!read_u32(json_object_get(kdf, "r"), 8, &out->r))
        return "kdf.r";
    if (!read_u32(json_object_get(kdf, "n"), N_MAX, &out->n) || !n_ok(out))
        return "kdf.n";
    if (!read_u32(json_object_get(kdf, "p"), 16, &out->p))
        return "kdf.p";
    if (!read_hex(json_object_get(kdf, "salt"), out->salt, sizeof(out->salt)))
        return "kdf.salt";
    memcpy(out->network, network, strlen(network));
    return NULL;
}

static enum gv_rc
parse_head(const struct gv_sealed_file *file, json_t **json,
           struct gv_sealed *out, struct gv_error *e)
{
    const char *bad;
    enum gv_rc rc = parse(file, json, e);

    if (rc != GV_OK)
        return rc;
    bad = read_head(*json, file->kind, out);
    if (bad == NULL)
        return GV_OK;
    gv_error_set(e, "%s: not a %s this program can read: %s", file->name,
                 file->kind->noun, bad);
    json_decref(*json);
    return GV_REJECT;
}

enum gv_rc
gv_sealed_head(const struct gv_sealed_file *file, struct gv_sealed *out,
               struct gv_error *e)
{
    json_t *json;
    enum gv_rc rc = parse_head(file, &json, out, e);

    if (rc == GV_OK)
        json_decref(json);
    return rc;
}

enum gv_rc
gv_sealed_network(const struct gv_sealed_kind *kind, const char *path,
                  char out[GV_SEALED_NETWORK_MAX + 1], struct gv_error *e)
{
    struct gv_sealed k;
    uint8_t *text;
    size_t len;
    enum gv_rc rc = gv_file_read(path, kind->max, &text, &len, e);

    if (rc != GV_OK)
        return rc;
    rc = gv_sealed_head(
        &(struct gv_sealed_file){kind, path, gv_bytes(text, len)}, &k, e);
    free(text);
    if (rc == GV_OK)
        memcpy(out, k.network, sizeof(k.network));
    return rc;
}

/* Unseal the hex of `data` into *out. */
static enum gv_rc
unseal(const struct gv_sealed *k, const json_t *file, uint8_t **out,
       size_t *len)
{
    const char *hex = json_string_value(json_object_get(file, "data"));
    size_t size = hex == NULL ? 0 : strlen(hex) / 2;
    struct gv_gcm gcm = {{0}, {0}, {NULL, 0}};
    char aad[AAD_MAX];
    uint8_t *sealed, *plain;
    enum gv_rc rc = GV_FAULT;

    if (size < GV_GCM_TAG ||
        !read_hex(json_object_get(file, "nonce"), gcm.nonce, sizeof(gcm.nonce)))
        return GV_REJECT;
    sealed = malloc(size);
    plain = malloc(size);
    if (sealed != NULL && plain != NULL) {
        memcpy(gcm.key, k->key, sizeof(gcm.key));
        gcm.aad = aad_of(k, aad);
        rc = gv_unhex(hex, sealed, size);
        if (rc == GV_OK)
            rc = gv_gcm_open(&gcm, gv_bytes(sealed, size), plain);
    }
    gv_wipe(&gcm, sizeof(gcm));
    free(sealed);
    if (rc != GV_OK) {
        free(plain);
        return rc;
    }
    *len = size - GV_GCM_TAG;
    plain[*len] = '\0';
    *out = plain;
    return GV_OK;
}

enum gv_rc
gv_sealed_unseal(const struct gv_sealed_file *file,
                 const struct gv_passphrase *pass, struct gv_sealed *out,
                 uint8_t **data, size_t *len, struct gv_error *e)
{
    json_t *json;
    enum gv_rc rc = parse_head(file, &json, out, e);

    if (rc != GV_OK)
        return rc;
    rc = derive(out, pass, e);
    if (rc == GV_OK) {
        rc = unseal(out, json, data, len);
        if (rc == GV_REJECT)
            gv_error_set(e, "%s: wrong passphrase, or the file was changed",
                         file->name);
        else if (rc == GV_FAULT)
            gv_error_set(e, "%s: out of memory", file->name);
    }
    if (rc != GV_OK)
        gv_wipe(out, sizeof(*out));
    json_decref(json);
    return rc;
}

enum gv_rc
gv_sealed_open(const struct gv_sealed_file *at,
               const struct gv_passphrase *pass, struct gv_sealed *out,
               uint8_t **data, size_t *len, struct gv_error *e)
{
    struct gv_sealed_file file = *at;
    uint8_t *text;
    size_t n;
    enum gv_rc rc = gv_file_read(at->name, at->kind->max, &text, &n, e);

    if (rc != GV_OK)
        return rc;
    file.text = gv_bytes(text, n);
    rc = gv_sealed_unseal(&file, pass, out, data, len, e);
    free(text);
    return rc;
}

static char *
render(const struct gv_sealed *k, const uint8_t *nonce, const uint8_t *sealed,
       size_t len)
{
    char salt[2 * sizeof(k->salt) + 1], nonce_hex[2 * GV_GCM_NONCE + 1];
    char *hex = malloc(2 * len + 1);
    json_t *file = NULL;
    char *text;

    if (hex != NULL)
        file = json_pack(
            "{ss si ss s{ss sI sI sI ss} ss ss ss}", "format", k->kind->format,
            "version", VERSION, "network", k->network, "kdf", "name", "scrypt",
            "n", (json_int_t)k->n, "r", (json_int_t)k->r, "p", (json_int_t)k->p,
            "salt", gv_hex(k->salt, sizeof(k->salt), salt), "cipher",
            "aes-256-gcm", "nonce", gv_hex(nonce, GV_GCM_NONCE, nonce_hex),
            "data", gv_hex(sealed, len, hex));
    text = json_dumps(file, JSON_INDENT(1));
    json_decref(file);
    free(hex);
    return text;
}

char *
gv_sealed_seal(const struct gv_sealed *k, struct gv_bytes data)
{
    uint8_t *sealed = malloc(data.len + GV_GCM_TAG);
    struct gv_gcm gcm = {{0}, {0}, {NULL, 0}};
    char aad[AAD_MAX];
    char *text = NULL;

    memcpy(gcm.key, k->key, sizeof(gcm.key));
    gcm.aad = aad_of(k, aad);
    if (sealed != NULL && gv_random(gcm.nonce, sizeof(gcm.nonce)) == GV_OK &&
        gv_gcm_seal(&gcm, data, sealed) == GV_OK)
        text = render(k, gcm.nonce, sealed, data.len + GV_GCM_TAG);
    gv_wipe(gcm.key, sizeof(gcm.key));
    free(sealed);
    return text;
}

enum gv_rc
gv_sealed_write(const struct gv_sealed *k, const char *path,
                struct gv_bytes data, struct gv_error *e)
{
    char *text = gv_sealed_seal(k, data);
    enum gv_rc rc = GV_FAULT;

    if (text == NULL)
        gv_error_set(e, "%s: cannot seal the %s: out of memory?", path,
                     k->kind->noun);
    else
        rc = gv_file_write(path, gv_bytes(text, strlen(text)), 0600, e);
    free(text);
    return rc;
}
