/* logfile.c - see logfile.h. */
#include "src/base/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct gv_logfile {
    pthread_mutex_t lock;
    char *path, *old;
    size_t size, max;
    int fd; /* -1: it could not be opened again */
};

static int
append_to(const char *path, size_t *size)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    struct stat st;

    *size = fd >= 0 && fstat(fd, &st) == 0 ? (size_t)st.st_size : 0;
    return fd;
}

struct gv_logfile *
gv_logfile_open(const char *path, size_t max_bytes, struct gv_error *e)
{
    struct gv_logfile *f = calloc(1, sizeof(*f));

    if (f == NULL) {
        gv_error_set(e, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&f->lock, NULL);
    f->max = max_bytes;
    f->fd = -1;
    f->path = strdup(path);
    if (f->path == NULL || asprintf(&f->old, "%s.1", path) < 0) {
        f->old = NULL;
        gv_error_set(e, "out of memory");
        gv_logfile_close(f);
        return NULL;
    }
    f->fd = append_to(path, &f->size);
    if (f->fd >= 0)
        return f;
    gv_error_set(e, "%s: %s", path, strerror(errno));
    gv_logfile_close(f);
    return NULL;
}

void
gv_logfile_close(struct gv_logfile *f)
{
    if (f == NULL)
        return;
    if (f->fd >= 0)
        close(f->fd);
    pthread_mutex_destroy(&f->lock);
    free(f->path);
    free(f->old);
    free(f);
}

/* Without the old one's place the file grows on, for the next try. */
static void
turn_over(struct gv_logfile *f)
{
    if (rename(f->path, f->old) != 0)
        return;
    close(f->fd);
    f->fd = append_to(f->path, &f->size);
}

void
gv_logfile_write(struct gv_logfile *f, const char *text, size_t len)
{
    ssize_t n;

    pthread_mutex_lock(&f->lock);
    if (f->fd < 0)
        f->fd = append_to(f->path, &f->size);
    if (f->fd >= 0 && f->size > 0 && f->size + len > f->max)
        turn_over(f);
    do
        n = f->fd < 0 ? 0 : write(f->fd, text, len);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        f->size += (size_t)n;
    pthread_mutex_unlock(&f->lock);
}
