/* auctionkeys_file.c - seal, read and destroy the file of one key
 * (docs/spec/ttp.md, T23). */
#include "src/ttp/auctionkeys_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gavel/gcm.h>
#include <gavel/prf.h>
#include <gavel/wire.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/files.h"
#include "src/base/secret.h"
#include "src/ttp/blindsign.h"

#define MAGIC "gavel-auction-key 1\n"
#define MAGIC_LEN (sizeof(MAGIC) - 1)
#define FILE_MAX 8192
#define NAME_MAX_LEN 24

static void
name_of(const uint8_t modulus[GV_RSA_SIZE], char out[NAME_MAX_LEN])
{
    char hex[65];
    uint8_t digest[32];

    gv_sha256_of(modulus, GV_RSA_SIZE, digest);
    gv_hex(digest, 32, hex);
    (void)snprintf(out, NAME_MAX_LEN, "%.16s.key", hex);
}

enum gv_rc
auctionkeys_dir_open(struct auctionkeys_dir *d, const char *path,
                     const struct gv_seckey *secret, struct gv_error *e)
{
    static const char label[] = "auction keys";

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

/* What stands before the sealed key, and is authenticated with it. */
static void
put_head(struct gv_sink *s, const struct auctionkeys_row *row)
{
    gv_put(s, MAGIC, MAGIC_LEN);
    gv_put_u8(s, row->bound);
    gv_put(s, row->auction.b, 32);
    gv_put(s, row->modulus, GV_RSA_SIZE);
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

    put_head(&s, row);
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

    name_of(row->modulus, name);
    path = gv_file_join(d->path, name);
    if (len > 0 && path != NULL)
        rc = write_row(d, row, gv_bytes(der, (size_t)len), path, e);
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
    uint8_t magic[MAGIC_LEN], nonce[GV_GCM_NONCE], modulus[GV_RSA_SIZE];
    size_t head;

    *row = (struct auctionkeys_row){0};
    gv_get(&r, magic, MAGIC_LEN, "magic");
    row->bound = gv_get_u8(&r, "bound") == 1;
    gv_get(&r, row->auction.b, 32, "auction");
    gv_get(&r, row->modulus, GV_RSA_SIZE, "modulus");
    head = raw.len - r.left;
    gv_get(&r, nonce, sizeof(nonce), "nonce");
    if (r.failed || memcmp(magic, MAGIC, MAGIC_LEN) != 0)
        return GV_REJECT;
    row->key = open_key(d, gv_bytes(raw.p, head), nonce, gv_bytes(r.p, r.left));
    if (row->key != NULL && gv_rsakey_modulus(row->key, modulus) == GV_OK &&
        memcmp(modulus, row->modulus, GV_RSA_SIZE) == 0)
        return GV_OK;
    EVP_PKEY_free(row->key);
    return GV_REJECT;
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
        if (read_row(d, gv_bytes(raw, len), &row) != GV_OK) {
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

        /* Leftovers of an interrupted write have another ending. */
        if (n == 20 && strcmp(entry->d_name + 16, ".key") == 0)
            rc = visit_file(d, entry->d_name, visit, arg, e);
    }
    closedir(dir);
    return rc;
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

enum gv_rc
auctionkeys_dir_destroy(const struct auctionkeys_dir *d,
                        const uint8_t modulus[GV_RSA_SIZE], struct gv_error *e)
{
    char name[NAME_MAX_LEN];
    struct stat st;
    char *path;
    int fd;
    enum gv_rc rc = GV_FAULT;

    name_of(modulus, name);
    path = gv_file_join(d->path, name);
    fd = path != NULL ? open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd >= 0 && fstat(fd, &st) == 0 && overwrite(fd, st.st_size) == GV_OK &&
        unlink(path) == 0)
        rc = GV_OK;
    else
        gv_error_set(e, "%s: %s", path != NULL ? path : name, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(path);
    return rc;
}
