/* files.c - see files.h. */
#include "src/base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

char *
gv_file_join(const char *dir, const char *name)
{
    size_t len = strlen(dir);
    char *path;

    while (len > 1 && dir[len - 1] == '/')
        len--;
    if (asprintf(&path, "%.*s%s%s", (int)len, dir,
                 len == 1 && dir[0] == '/' ? "" : "/", name) < 0)
        return NULL;
    return path;
}

static enum gv_rc
fault(struct gv_error *e, const char *doing, const char *path)
{
    gv_error_set(e, "cannot %s %s: %s", doing, path, strerror(errno));
    return GV_FAULT;
}

static bool
write_all(int fd, struct gv_bytes content)
{
    size_t done = 0;

    while (done < content.len) {
        ssize_t n = write(fd, content.p + done, content.len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

/* A rename is durable once its directory is. */
static bool
sync_directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    char *dir = len > 0 ? strndup(path, len) : strdup(slash ? "/" : ".");
    int fd = dir != NULL ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool done = fd >= 0 && fsync(fd) == 0;

    free(dir);
    if (fd >= 0)
        close(fd);
    return done;
}

static bool
write_temporary(int fd, struct gv_bytes content, unsigned mode)
{
    return fchmod(fd, (mode_t)mode) == 0 && write_all(fd, content) &&
           fsync(fd) == 0;
}

enum gv_rc
gv_file_write(const char *path, struct gv_bytes content, unsigned mode,
              struct gv_error *e)
{
    char *temporary = NULL;
    bool written;
    int fd;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        errno = ENOMEM;
        return fault(e, "write", path);
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        fault(e, "write", path);
        free(temporary);
        return GV_FAULT;
    }
    written = write_temporary(fd, content, mode);
    written = close(fd) == 0 && written;
    if (!written || rename(temporary, path) != 0) {
        fault(e, "write", path);
        unlink(temporary);
        free(temporary);
        return GV_FAULT;
    }
    free(temporary);
    if (!sync_directory_of(path))
        return fault(e, "sync the directory of", path);
    return GV_OK;
}

/* Read up to room bytes; -1 with errno set on failure. */
static ssize_t
read_upto(int fd, uint8_t *out, size_t room)
{
    size_t done = 0;

    while (done < room) {
        ssize_t n = read(fd, out + done, room - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

static enum gv_rc
read_open_file(int fd, const char *path, size_t max, uint8_t **out, size_t *len,
               struct gv_error *e)
{
    struct stat st;
    uint8_t *bytes;
    ssize_t n;

    if (fstat(fd, &st) != 0)
        return fault(e, "read", path);
    if (!S_ISREG(st.st_mode)) {
        gv_error_set(e, "cannot read %s: not a regular file", path);
        return GV_FAULT;
    }
    if ((uint64_t)st.st_size > max) {
        gv_error_set(e, "cannot read %s: %lld bytes, at most %zu are allowed",
                     path, (long long)st.st_size, max);
        return GV_FAULT;
    }
    bytes = malloc((size_t)st.st_size + 1);
    n = bytes != NULL ? read_upto(fd, bytes, (size_t)st.st_size) : -1;
    if (n < 0) {
        fault(e, "read", path);
        free(bytes);
        return GV_FAULT;
    }
    bytes[n] = '\0';
    *out = bytes;
    *len = (size_t)n;
    return GV_OK;
}

enum gv_rc
gv_file_read(const char *path, size_t max, uint8_t **out, size_t *len,
             struct gv_error *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    enum gv_rc rc;

    *out = NULL;
    *len = 0;
    if (fd < 0 && errno == ENOENT) {
        fault(e, "read", path);
        return GV_ABSENT;
    }
    if (fd < 0)
        return fault(e, "read", path);
    rc = read_open_file(fd, path, max, out, len, e);
    close(fd);
    return rc;
}

static bool
make_directory(const char *path)
{
    struct stat st;

    if (mkdir(path, 0700) == 0)
        return true;
    if (errno != EEXIST || stat(path, &st) != 0)
        return false;
    errno = ENOTDIR;
    return S_ISDIR(st.st_mode);
}

enum gv_rc
gv_file_mkdirs(const char *path, struct gv_error *e)
{
    char *copy = strdup(path);
    enum gv_rc rc = GV_OK;

    if (copy == NULL)
        return fault(e, "make directory", path);
    for (char *p = copy + 1; copy[0] != '\0' && *p != '\0' && rc == GV_OK;
         p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (!make_directory(copy))
            rc = fault(e, "make directory", copy);
        *p = '/';
    }
    if (rc == GV_OK && !make_directory(copy))
        rc = fault(e, "make directory", path);
    free(copy);
    return rc;
}
