/* backup.c - see backup.h. */
#include "src/backup.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "chain/store/key.h"
#include "chain/store/kv_rocksdb.h"
#include "src/base/files.h"
#include "src/base/sealed.h"
#include "src/ttp/image.h"
#include "src/ttp/tsa.h"

#define LEASE "tsa.lease"
#define BATCH_MAX (4u << 20) /* bytes of rows written at once */

static enum gv_rc
no_memory(struct gv_error *e)
{
    gv_error_set(e, "out of memory");
    return GV_FAULT;
}

static bool
exists(const char *dir, const char *name)
{
    char *path = gv_file_join(dir, name);
    struct stat st;
    bool there = path != NULL && lstat(path, &st) == 0;

    free(path);
    return there;
}

static enum gv_rc
open_store(const char *datadir, struct gv_kv *kv, struct gv_error *e)
{
    char *dir = gv_file_join(datadir, "chain");
    struct gv_kv_rocksdb_options o = {.dir = dir};
    char text[GV_KV_ERROR_MAX];
    enum gv_rc rc;

    if (dir == NULL)
        return no_memory(e);
    rc = gv_kv_rocksdb_open(&o, kv, text);
    if (rc != GV_OK)
        gv_error_set(e, "%s", text);
    free(dir);
    return rc;
}

/* --- making --- */

struct making {
    struct gv_image image;
    struct gv_backup_tally *tally;
    struct gv_error *e;
};

static enum gv_rc
add_file(struct making *m, const char *path, const char *name)
{
    uint8_t *content;
    size_t len;
    enum gv_rc rc = gv_file_read(path, GV_IMAGE_MAX, &content, &len, m->e);

    if (rc != GV_OK)
        return GV_FAULT;
    gv_image_add(&m->image, GV_IMAGE_FILE, gv_bytes(name, strlen(name)),
                 gv_bytes(content, len));
    gv_wipe(content, len);
    free(content);
    m->tally->files++;
    return GV_OK;
}

static enum gv_rc add_dir(struct making *m, const char *path,
                          const char *prefix);

static enum gv_rc
add_entry(struct making *m, const char *dir, const char *prefix,
          const char *entry)
{
    char name[600];
    char *path = gv_file_join(dir, entry);
    struct stat st;
    enum gv_rc rc = GV_FAULT;

    (void)snprintf(name, sizeof(name), "%s%s%s", prefix,
                   *prefix != '\0' ? "/" : "", entry);
    if (path == NULL)
        return no_memory(m->e);
    if (lstat(path, &st) != 0)
        gv_error_set(m->e, "%s: %s", path, strerror(errno));
    else if (S_ISDIR(st.st_mode) && *prefix == '\0')
        rc = add_dir(m, path, entry);
    else if (S_ISREG(st.st_mode) &&
             gv_image_name_ok(gv_bytes(name, strlen(name))))
        rc = add_file(m, path, name);
    else
        gv_error_set(m->e, "%s: no file of a service; move it away", path);
    free(path);
    return rc;
}

static enum gv_rc
add_dir(struct making *m, const char *path, const char *prefix)
{
    DIR *d = opendir(path);
    const struct dirent *entry;
    enum gv_rc rc = GV_OK;

    if (d == NULL) {
        gv_error_set(m->e, "%s: %s", path, strerror(errno));
        return GV_FAULT;
    }
    while (rc == GV_OK && (entry = readdir(d)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = add_entry(m, path, prefix, entry->d_name);
    closedir(d);
    return rc;
}

static enum gv_rc
add_rows(struct making *m, const struct gv_kv *kv)
{
    struct gv_kv_range all = {.cf = GV_CF_TTP};
    struct gv_kv_iter *it;
    struct gv_kv_row row;
    enum gv_rc rc = gv_kv_iter_open(kv, &all, &it);

    while (rc == GV_OK && (rc = gv_kv_iter_next(it, &row)) == GV_OK) {
        gv_image_add(&m->image, GV_IMAGE_ROW, row.key, row.value);
        m->tally->rows++;
    }
    gv_kv_iter_free(it);
    if (rc != GV_FAULT)
        return GV_OK;
    gv_error_set(m->e, "the store cannot be read");
    return GV_FAULT;
}

static enum gv_rc
collect(struct making *m, const struct gv_backup_options *o)
{
    struct gv_kv kv = {NULL, NULL};
    char *dir = gv_file_join(o->datadir, "ttp");
    enum gv_rc rc =
        dir == NULL ? no_memory(m->e) : open_store(o->datadir, &kv, m->e);

    gv_image_begin(&m->image, &o->params->registry, o->now_ms);
    if (rc == GV_OK)
        rc = add_dir(m, dir, "");
    if (rc == GV_OK)
        rc = add_rows(m, &kv);
    gv_kv_close(&kv);
    free(dir);
    if (rc == GV_OK && gv_image_end(&m->image) != GV_OK) {
        gv_error_set(m->e, "out of memory, or more than %u MiB",
                     GV_IMAGE_MAX >> 20);
        rc = GV_FAULT;
    }
    return rc;
}

enum gv_rc
gv_backup_make(const struct gv_backup_options *o, struct gv_backup_tally *tally,
               struct gv_error *e)
{
    struct making m = {.tally = tally, .e = e};
    struct gv_sealed sealed;
    struct stat st;
    enum gv_rc rc;

    *tally = (struct gv_backup_tally){.time_ms = o->now_ms};
    if (!exists(o->datadir, "ttp")) {
        gv_error_set(e, "%s/ttp: not there: this node has no services",
                     o->datadir);
        return GV_REJECT;
    }
    if (lstat(o->file, &st) == 0) {
        gv_error_set(e, "%s is there already", o->file);
        return GV_REJECT;
    }
    rc = collect(&m, o);
    if (rc == GV_OK)
        rc = gv_sealed_new(&gv_sealed_backup, o->params->name,
                           o->params->has_secrets ? GV_SEALED_LOG_N_TEST
                                                  : GV_SEALED_LOG_N,
                           o->passphrase, &sealed, e);
    if (rc == GV_OK)
        rc = gv_sealed_write(&sealed, o->file, gv_bytes(m.image.p, m.image.len),
                             e);
    gv_wipe(&sealed, sizeof(sealed));
    gv_image_clear(&m.image);
    return rc;
}

/* --- restoring --- */

struct restoring {
    const struct gv_backup_options *o;
    const char *dir; /* DATADIR/ttp.part */
    struct gv_kv kv;
    struct gv_kv_batch batch;
    struct gv_backup_tally *tally;
    struct gv_error *e;
};

static enum gv_rc
commit(struct restoring *r)
{
    enum gv_rc rc = gv_kv_commit(&r->kv, &r->batch, true);
    char text[GV_KV_ERROR_MAX];

    gv_kv_batch_clear(&r->batch);
    if (rc != GV_OK)
        gv_error_set(r->e, "%s", gv_kv_error(&r->kv, text, sizeof(text)));
    return rc;
}

static enum gv_rc
put_file(struct restoring *r, struct gv_bytes name, struct gv_bytes content)
{
    char text[256];
    char *path, *slash;
    enum gv_rc rc;

    memcpy(text, name.p, name.len); /* at most 255 bytes */
    text[name.len] = '\0';
    path = gv_file_join(r->dir, text);
    if (path == NULL)
        return no_memory(r->e);
    slash = strrchr(path, '/');
    *slash = '\0';
    rc = gv_file_mkdirs(path, r->e);
    *slash = '/';
    if (rc == GV_OK)
        rc = gv_file_write(path, content, 0600, r->e);
    free(path);
    r->tally->files++;
    return rc;
}

static enum gv_rc
put_record(void *arg, enum gv_image_kind kind, struct gv_bytes name,
           struct gv_bytes content)
{
    struct restoring *r = arg;

    if (kind == GV_IMAGE_FILE)
        return put_file(r, name, content);
    gv_kv_batch_put(&r->batch, GV_CF_TTP, name, content);
    r->tally->rows++;
    return r->batch.len > BATCH_MAX ? commit(r) : GV_OK;
}

/* What was dated between the backup and now must not be dated again. */
static enum gv_rc
raise_lease(const struct restoring *r)
{
    char *path = gv_file_join(r->dir, LEASE);
    enum gv_rc rc = GV_FAULT;

    if (path == NULL)
        return no_memory(r->e);
    rc = exists(r->dir, "tsa-cert.pem")
             ? gv_tsa_lease_raise(path, r->o->now_ms * 1000 + GV_TSA_RESTORE_US,
                                  r->e)
             : GV_OK;
    free(path);
    return rc;
}

/* The directory gets its name last: with it everything is there. */
static enum gv_rc
name_dir(const struct restoring *r)
{
    char *to = gv_file_join(r->o->datadir, "ttp");
    enum gv_rc rc = GV_OK;

    if (to == NULL)
        return no_memory(r->e);
    if (rename(r->dir, to) != 0) {
        gv_error_set(r->e, "%s: cannot be named %s: %s", r->dir, to,
                     strerror(errno));
        rc = GV_FAULT;
    }
    free(to);
    return rc;
}

static enum gv_rc
check_network(const struct gv_backup_options *o,
              const struct gv_chain_id *registry, struct gv_error *e)
{
    if (GV_ID_EQ(registry, &o->params->registry))
        return GV_OK;
    gv_error_set(e, "%s: of another network called %s", o->file,
                 o->params->name);
    return GV_REJECT;
}

/* A validator that comes back does not know what it voted for (V5). */
static void
note_restored(struct restoring *r)
{
    struct gv_key key, value;

    gv_key_init(&key);
    gv_key_text(&key, GV_META_RESTORED);
    gv_key_init(&value);
    gv_key_u64(&value, r->o->now_ms);
    gv_kv_batch_put(&r->batch, GV_CF_META, gv_key_view(&key),
                    gv_key_view(&value));
}

static enum gv_rc
unpack(struct restoring *r, struct gv_bytes image)
{
    struct gv_chain_id registry;
    enum gv_rc rc = GV_FAULT;

    if (image.len < 41)
        memset(&registry, 0, sizeof(registry));
    else
        memcpy(registry.b, image.p + 1, 32);
    rc = check_network(r->o, &registry, r->e);
    if (rc == GV_OK)
        rc = gv_file_mkdirs(r->dir, r->e);
    if (rc == GV_OK)
        rc = open_store(r->o->datadir, &r->kv, r->e);
    if (rc != GV_OK)
        return rc;
    gv_kv_batch_init(&r->batch);
    rc = gv_image_read(image, &registry, &r->tally->time_ms, put_record, r);
    if (rc == GV_REJECT)
        gv_error_set(r->e, "%s: damaged", r->o->file);
    if (rc == GV_OK) {
        note_restored(r);
        rc = commit(r);
    }
    if (rc == GV_OK)
        rc = raise_lease(r);
    if (rc == GV_OK)
        rc = name_dir(r);
    gv_kv_batch_free(&r->batch);
    gv_kv_close(&r->kv);
    return rc;
}

static enum gv_rc
unseal(const struct gv_backup_options *o, uint8_t **image, size_t *len,
       struct gv_error *e)
{
    char network[GV_SEALED_NETWORK_MAX + 1];
    struct gv_sealed sealed;
    enum gv_rc rc = gv_sealed_network(&gv_sealed_backup, o->file, network, e);

    if (rc == GV_ABSENT)
        gv_error_set(e, "%s: no such file", o->file);
    if (rc == GV_OK && strcmp(network, o->params->name) != 0) {
        gv_error_set(e, "%s: of network %s, not %s", o->file, network,
                     o->params->name);
        rc = GV_REJECT;
    }
    if (rc == GV_OK)
        rc = gv_sealed_open(&(struct gv_sealed_file){.kind = &gv_sealed_backup,
                                                     .name = o->file},
                            o->passphrase, &sealed, image, len, e);
    gv_wipe(&sealed, sizeof(sealed));
    return rc == GV_ABSENT ? GV_REJECT : rc;
}

enum gv_rc
gv_backup_restore(const struct gv_backup_options *o,
                  struct gv_backup_tally *tally, struct gv_error *e)
{
    static const char *const taken[] = {"ttp", "chain", "ttp.part"};
    struct restoring r = {.o = o, .tally = tally, .e = e};
    char *part = gv_file_join(o->datadir, "ttp.part");
    uint8_t *image = NULL;
    size_t len = 0;
    enum gv_rc rc = GV_OK;

    memset(tally, 0, sizeof(*tally));
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        if (exists(o->datadir, taken[i])) {
            gv_error_set(e,
                         "%s/%s is there already: restore into an empty data "
                         "directory",
                         o->datadir, taken[i]);
            rc = GV_REJECT;
        }
    if (rc == GV_OK)
        rc = unseal(o, &image, &len, e);
    r.dir = part;
    if (rc == GV_OK)
        rc = part == NULL ? no_memory(e) : unpack(&r, gv_bytes(image, len));
    if (image != NULL)
        gv_wipe(image, len);
    free(image);
    free(part);
    return rc;
}
