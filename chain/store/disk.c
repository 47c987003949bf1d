/*
 * disk.c - questions to the file system; see disk.h.
 */
#include "chain/store/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static enum gv_rc
look(const char *dir, struct statvfs *vfs, struct gv_kv_errors *errors)
{
    if (statvfs(dir, vfs) != 0)
        return gv_kv_errors_set(errors, "datadir %s: %s", dir, strerror(errno));
    return GV_OK;
}

enum gv_rc
gv_disk_prepare(const char *dir, struct gv_kv_errors *errors)
{
    struct statvfs vfs;
    struct stat st;

    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return gv_kv_errors_set(errors, "cannot create datadir %s: %s", dir,
                                strerror(errno));
    if (stat(dir, &st) != 0)
        return gv_kv_errors_set(errors, "datadir %s: %s", dir, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return gv_kv_errors_set(errors, "datadir %s is not a directory", dir);
    if (look(dir, &vfs, errors) != GV_OK)
        return GV_FAULT;
    if ((vfs.f_flag & ST_RDONLY) != 0)
        return gv_kv_errors_set(
            errors, "datadir %s is on a read-only file system", dir);
    return GV_OK;
}

enum gv_rc
gv_disk_room(const char *dir, uint64_t need, struct gv_kv_errors *errors)
{
    struct statvfs vfs;
    uint64_t room;

    if (look(dir, &vfs, errors) != GV_OK)
        return GV_FAULT;
    room = (uint64_t)vfs.f_bavail * vfs.f_frsize;
    if (room < need)
        return gv_kv_errors_set(
            errors, "datadir %s: only %llu MiB free, %llu MiB needed, stopping",
            dir, (unsigned long long)(room >> 20),
            (unsigned long long)((need + (1u << 20) - 1) >> 20));
    return GV_OK;
}

/* A table, a blob file or a log of RocksDB. */
static bool
is_data(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL && strspn(name, "0123456789") == (size_t)(dot - name) &&
           (strcmp(dot, ".sst") == 0 || strcmp(dot, ".blob") == 0 ||
            strcmp(dot, ".log") == 0);
}

enum gv_rc
gv_disk_find_store(const char *dir, struct gv_kv_errors *errors)
{
    bool current = false, data = false;
    struct dirent *entry;
    DIR *d = opendir(dir);

    if (d == NULL)
        return gv_kv_errors_set(errors, "datadir %s: %s", dir, strerror(errno));
    while ((entry = readdir(d)) != NULL) {
        current = current || strcmp(entry->d_name, "CURRENT") == 0;
        data = data || is_data(entry->d_name);
    }
    closedir(d);
    if (data && !current)
        return gv_kv_errors_set(
            errors, "datadir %s is damaged: its file CURRENT is missing", dir);
    return current ? GV_OK : GV_ABSENT;
}

enum gv_rc
gv_disk_measure(const char *dir, uint64_t *free_bytes, uint64_t *used_bytes,
                struct gv_kv_errors *errors)
{
    struct statvfs vfs;
    struct dirent *entry;
    struct stat st;
    DIR *d;

    if (look(dir, &vfs, errors) != GV_OK)
        return GV_FAULT;
    *free_bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize;
    *used_bytes = 0;
    d = opendir(dir);
    if (d == NULL)
        return gv_kv_errors_set(errors, "datadir %s: %s", dir, strerror(errno));
    /* A file that vanishes under the walk is one the store has dropped. */
    while ((entry = readdir(d)) != NULL)
        if (fstatat(dirfd(d), entry->d_name, &st, 0) == 0 &&
            S_ISREG(st.st_mode))
            *used_bytes += (uint64_t)st.st_size;
    closedir(d);
    return GV_OK;
}
