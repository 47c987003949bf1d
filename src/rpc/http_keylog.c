/* http_keylog.c - see http_tls.h. */
#include "src/rpc/http_keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

struct gv_http_keylog {
    int fd;
};

struct gv_http_keylog *
gv_http_keylog_open(const char *path, struct gv_error *e)
{
    struct gv_http_keylog *keylog = malloc(sizeof(*keylog));

    if (keylog == NULL) {
        gv_error_set(e, "tls keylog %s: out of memory", path);
        return NULL;
    }
    keylog->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (keylog->fd < 0) {
        gv_error_set(e, "tls keylog %s: %s", path, strerror(errno));
        free(keylog);
        return NULL;
    }
    return keylog;
}

void
gv_http_keylog_close(struct gv_http_keylog *keylog)
{
    if (keylog == NULL)
        return;
    close(keylog->fd);
    free(keylog);
}

/* A line in one write, so that lines stay whole. A full disk costs the audit a
 * line, and no client its connection. */
static void
write_line(const SSL *ssl, const char *line)
{
    const struct gv_http_keylog *keylog =
        SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct iovec parts[2] = {{(void *)(uintptr_t)line, strlen(line)},
                             {(void *)(uintptr_t) "\n", 1}};
    ssize_t done = writev(keylog->fd, parts, 2);

    (void)done;
}

void
http_keylog_use(SSL_CTX *ctx, struct gv_http_keylog *keylog)
{
    if (keylog == NULL)
        return;
    SSL_CTX_set_app_data(ctx, keylog);
    SSL_CTX_set_keylog_callback(ctx, write_line);
}
