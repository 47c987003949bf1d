/* auctionkeys_file.c - seal, read and destroy the file of one key
 * (docs/spec/ttp.md, T23). */
#include "src/ttp/auctionkeys_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gavel/gcm.h>
#include <gavel/hpke.h>
#include <gavel/prf.h>
#include <gavel/wire.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/files.h"
#include "src/base/secret.h"
#include "src/ttp/blindsign.h"

#define MAGIC_MAX 21
#define FILE_MAX 8192
#define NAME_MAX_LEN 24

static struct gv_bytes
magic_of(enum gv_auctionkeys_kind kind)
{
    static const char *const text[] = {
        [GV_AUCTIONKEYS_RSA] = "gavel-auction-key 1\n",
        [GV_AUCTIONKEYS_X25519] = "gavel-sealing-key 1\n"};

    return gv_bytes(text[kind], strlen(text[kind]));
}

size_t
auctionkeys_pub_size(enum gv_auctionkeys_kind kind)
{
    return kind == GV_AUCTIONKEYS_RSA ? GV_RSA_SIZE : GV_HPKE_KEY;
}

/* The public part; GV_REJECT: a key of another kind. */
static enum gv_rc
pub_of(enum gv_auctionkeys_kind kind, const EVP_PKEY *key,
       uint8_t out[GV_RSA_SIZE])
{
    size_t len = GV_HPKE_KEY;

    if (kind == GV_AUCTIONKEYS_RSA)
        return gv_rsakey_modulus(key, out);
    memset(out, 0, GV_RSA_SIZE);
    return EVP_PKEY_is_a(key, "X25519") == 1 &&
                   EVP_PKEY_get_raw_public_key(key, out, &len) == 1 &&
                   len == GV_HPKE_KEY
               ? GV_OK
               : GV_REJECT;
}

enum gv_rc
auctionkeys_row_new(enum gv_auctionkeys_kind kind, struct auctionkeys_row *out,
                    struct gv_error *e)
{
    *out = (struct auctionkeys_row){.bound = false};
    gv_error_set(e, "the library makes no key");
    out->key = kind == GV_AUCTIONKEYS_RSA
                   ? gv_rsakey_new(e)
                   : EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    if (out->key != NULL && pub_of(kind, out->key, out->pub) == GV_OK)
        return GV_OK;
    EVP_PKEY_free(out->key);
    out->key = NULL;
    return GV_FAULT;
}

static void
name_of(const struct auctionkeys_dir *d, const uint8_t *pub,
        char out[NAME_MAX_LEN])
{
    char hex[65];
    uint8_t digest[32];

    gv_sha256_of(pub, auctionkeys_pub_size(d->kind), digest);
    gv_hex(digest, 32, hex);
    (void)snprintf(out, NAME_MAX_LEN, "%.16s.key", hex);
}

enum gv_rc
auctionkeys_dir_open(struct auctionkeys_dir *d, enum gv_auctionkeys_kind kind,
                     const char *path, const struct gv_seckey *secret,
                     struct gv_error *e)
{
    static const char label[] = "auction keys";

    d->kind = kind;
    d->path = strdup(path);
    if (d->path == NULL) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    gv_prf(secret->b, gv_bytes(label, sizeof(label) - 1), d->key);
    return gv_file_mkdirs(path, e);
}

void
auctionkeys_dir_close(struct auctionkeys_dir *d)
{
    gv_wipe(d->key, sizeof(d->key));
    free(d->path);
    d->path = NULL;
}

static enum gv_rc
overwrite(int fd, off_t size)
{
    static const uint8_t zeros[512];

    for (off_t at = 0; at < size;) {
        size_t want = size - at > (off_t)sizeof(zeros) ? sizeof(zeros)
                                                       : (size_t)(size - at);
        ssize_t n = pwrite(fd, zeros, want, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return GV_FAULT;
        at += n;
    }
    return fsync(fd) == 0 ? GV_OK : GV_FAULT;
}

/* Zeros over the file that is open, if there is one, durably. */
static enum gv_rc
overwrite_file(int fd)
{
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 ? overwrite(fd, st.st_size)
                                          : GV_FAULT;
}

static int
open_to_destroy(const char *path)
{
    return open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
}

static enum gv_rc
destroy_file(const char *path, struct gv_error *e)
{
    int fd = open_to_destroy(path);
    enum gv_rc rc = GV_OK;

    if (overwrite_file(fd) != GV_OK || unlink(path) != 0) {
        gv_error_set(e, "%s: %s", path, strerror(errno));
        rc = GV_FAULT;
    }
    if (fd >= 0)
        close(fd);
    return rc;
}

/* What stands before the sealed key, and is authenticated with it. */
static void
put_head(struct gv_sink *s, enum gv_auctionkeys_kind kind,
         const struct auctionkeys_row *row)
{
    struct gv_bytes magic = magic_of(kind);

    gv_put(s, magic.p, magic.len);
    gv_put_u8(s, row->bound);
    gv_put(s, row->auction.b, 32);
    gv_put(s, row->pub, auctionkeys_pub_size(kind));
}

static struct gv_gcm
gcm_of(const struct auctionkeys_dir *d, const uint8_t nonce[GV_GCM_NONCE],
       struct gv_bytes aad)
{
    struct gv_gcm g = {.aad = aad};

    memcpy(g.key, d->key, 32);
    memcpy(g.nonce, nonce, GV_GCM_NONCE);
    return g;
}

static enum gv_rc
write_row(const struct auctionkeys_dir *d, const struct auctionkeys_row *row,
          struct gv_bytes pkcs8, const char *path, struct gv_error *e)
{
    uint8_t buf[FILE_MAX], nonce[GV_GCM_NONCE];
    struct gv_sink s = gv_sink_buffer(buf, sizeof(buf));
    struct gv_gcm gcm;
    enum gv_rc rc;

    put_head(&s, d->kind, row);
    if (gv_random(nonce, sizeof(nonce)) != GV_OK ||
        s.len + GV_GCM_NONCE + pkcs8.len + GV_GCM_TAG > sizeof(buf)) {
        gv_error_set(e, "%s: cannot seal the key", path);
        return GV_FAULT;
    }
    gcm = gcm_of(d, nonce, gv_bytes(buf, s.len));
    gv_put(&s, nonce, sizeof(nonce));
    rc = gv_gcm_seal(&gcm, pkcs8, buf + s.len);
    gv_wipe(&gcm, sizeof(gcm));
    if (rc != GV_OK) {
        gv_error_set(e, "%s: cannot seal the key", path);
        return GV_FAULT;
    }
    return gv_file_write(path, gv_bytes(buf, s.len + pkcs8.len + GV_GCM_TAG),
                         0600, e);
}

/* The file that is replaced holds the same key: no copy of it stays on the
 * disk. Not being able to is no reason to refuse, for the new one stands. */
static enum gv_rc
replace_row(const struct auctionkeys_dir *d, const struct auctionkeys_row *row,
            struct gv_bytes pkcs8, const char *path, struct gv_error *e)
{
    int old = open_to_destroy(path);
    enum gv_rc rc = write_row(d, row, pkcs8, path, e);

    if (old < 0)
        return rc;
    if (rc == GV_OK)
        (void)overwrite_file(old);
    close(old);
    return rc;
}

enum gv_rc
auctionkeys_dir_put(const struct auctionkeys_dir *d,
                    const struct auctionkeys_row *row, struct gv_error *e)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(row->key);
    unsigned char *der = NULL;
    int len = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
    char name[NAME_MAX_LEN];
    char *path;
    enum gv_rc rc = GV_FAULT;

    name_of(d, row->pub, name);
    path = gv_file_join(d->path, name);
    if (len > 0 && path != NULL)
        rc = replace_row(d, row, gv_bytes(der, (size_t)len), path, e);
    else
        gv_error_set(e, "out of memory");
    if (len > 0)
        OPENSSL_clear_free(der, (size_t)len);
    PKCS8_PRIV_KEY_INFO_free(info);
    free(path);
    return rc;
}

/* The sealed part, opened and decoded. */
static EVP_PKEY *
open_key(const struct auctionkeys_dir *d, struct gv_bytes head,
         const uint8_t nonce[GV_GCM_NONCE], struct gv_bytes sealed)
{
    struct gv_gcm gcm = gcm_of(d, nonce, head);
    uint8_t der[FILE_MAX];
    const unsigned char *p = der;
    PKCS8_PRIV_KEY_INFO *info = NULL;
    EVP_PKEY *key = NULL;

    if (sealed.len > GV_GCM_TAG && gv_gcm_open(&gcm, sealed, der) == GV_OK)
        info =
            d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)(sealed.len - GV_GCM_TAG));
    if (info != NULL)
        key = EVP_PKCS82PKEY(info);
    PKCS8_PRIV_KEY_INFO_free(info);
    gv_wipe(&gcm, sizeof(gcm));
    gv_wipe(der, sizeof(der));
    return key;
}

static enum gv_rc
read_row(const struct auctionkeys_dir *d, struct gv_bytes raw,
         struct auctionkeys_row *row)
{
    struct gv_reader r = gv_reader(raw);
    struct gv_bytes magic = magic_of(d->kind);
    uint8_t got[MAGIC_MAX], nonce[GV_GCM_NONCE], pub[GV_RSA_SIZE];
    size_t head, size = auctionkeys_pub_size(d->kind);

    *row = (struct auctionkeys_row){0};
    gv_get(&r, got, magic.len, "magic");
    row->bound = gv_get_u8(&r, "bound") == 1;
    gv_get(&r, row->auction.b, 32, "auction");
    gv_get(&r, row->pub, size, "public key");
    head = raw.len - r.left;
    gv_get(&r, nonce, sizeof(nonce), "nonce");
    if (r.failed || memcmp(got, magic.p, magic.len) != 0)
        return GV_REJECT;
    row->key = open_key(d, gv_bytes(raw.p, head), nonce, gv_bytes(r.p, r.left));
    if (row->key != NULL && pub_of(d->kind, row->key, pub) == GV_OK &&
        memcmp(pub, row->pub, size) == 0)
        return GV_OK;
    EVP_PKEY_free(row->key);
    return GV_REJECT;
}

/* Destruction begins with zeros over the magic; a crash or a loss of power can
 * come before the file is gone. */
static bool
is_half_destroyed(const struct auctionkeys_dir *d, struct gv_bytes raw)
{
    static const uint8_t zeros[MAGIC_MAX];
    size_t len = magic_of(d->kind).len;

    return raw.len >= len && memcmp(raw.p, zeros, len) == 0;
}

static enum gv_rc
visit_file(const struct auctionkeys_dir *d, const char *name,
           enum gv_rc (*visit)(void *, const struct auctionkeys_row *),
           void *arg, struct gv_error *e)
{
    char *path = gv_file_join(d->path, name);
    struct auctionkeys_row row;
    uint8_t *raw = NULL;
    size_t len = 0;
    enum gv_rc rc = GV_FAULT;

    if (path == NULL)
        gv_error_set(e, "out of memory");
    else if (gv_file_read(path, FILE_MAX, &raw, &len, e) == GV_OK) {
        if (is_half_destroyed(d, gv_bytes(raw, len))) {
            rc = destroy_file(path, e);
        } else if (read_row(d, gv_bytes(raw, len), &row) != GV_OK) {
            gv_error_set(e,
                         "%s: not a key sealed by this role's ledger key, or "
                         "damaged",
                         path);
        } else {
            rc = visit(arg, &row);
            if (rc != GV_OK) {
                EVP_PKEY_free(row.key);
                gv_error_set(e, "out of memory");
            }
        }
    }
    free(raw);
    free(path);
    return rc;
}

/* What a write that was interrupted leaves (gv_file_write): six characters
 * behind the name. It may hold a copy of a key that is to be destroyed. */
static bool
is_leftover(const char *name, size_t len)
{
    return len == 27 && memcmp(name + 16, ".key.", 5) == 0;
}

static enum gv_rc
drop_leftover(const struct auctionkeys_dir *d, const char *name,
              struct gv_error *e)
{
    char *path = gv_file_join(d->path, name);
    enum gv_rc rc = GV_FAULT;

    if (path != NULL)
        rc = destroy_file(path, e);
    else
        gv_error_set(e, "out of memory");
    free(path);
    return rc;
}

enum gv_rc
auctionkeys_dir_each(const struct auctionkeys_dir *d,
                     enum gv_rc (*visit)(void *arg,
                                         const struct auctionkeys_row *row),
                     void *arg, struct gv_error *e)
{
    DIR *dir = opendir(d->path);
    const struct dirent *entry;
    enum gv_rc rc = GV_OK;

    if (dir == NULL) {
        gv_error_set(e, "%s: %s", d->path, strerror(errno));
        return GV_FAULT;
    }
    while (rc == GV_OK && (entry = readdir(dir)) != NULL) {
        size_t n = strlen(entry->d_name);

        if (n == 20 && strcmp(entry->d_name + 16, ".key") == 0)
            rc = visit_file(d, entry->d_name, visit, arg, e);
        else if (is_leftover(entry->d_name, n))
            rc = drop_leftover(d, entry->d_name, e);
    }
    closedir(dir);
    return rc;
}

enum gv_rc
auctionkeys_dir_destroy(const struct auctionkeys_dir *d, const uint8_t *pub,
                        struct gv_error *e)
{
    char name[NAME_MAX_LEN];
    char *path;
    enum gv_rc rc = GV_FAULT;

    name_of(d, pub, name);
    path = gv_file_join(d->path, name);
    if (path != NULL)
        rc = destroy_file(path, e);
    else
        gv_error_set(e, "out of memory");
    free(path);
    return rc;
}
