/* secret.c - see secret.h. */
#include "src/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

enum gv_rc
gv_random(void *out, size_t len)
{
    uint8_t *p = out;
    size_t done = 0;

    while (done < len) {
        ssize_t n = getrandom(p + done, len - done, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            memset(out, 0, len);
            return GV_FAULT;
        }
        done += (size_t)n;
    }
    return GV_OK;
}

enum gv_rc
gv_no_core_dumps(void)
{
    struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_CORE, &none) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return GV_FAULT;
    return GV_OK;
}

/* One line, byte by byte: what follows it on stdin stays for others. */
static enum gv_rc
read_line(int fd, const char *what, struct gv_passphrase *out,
          struct gv_error *e)
{
    size_t len = 0;
    bool any = false;
    ssize_t n;
    char c;

    for (;;) {
        n = read(fd, &c, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            gv_error_set(e, "cannot read the passphrase from %s: %s", what,
                         strerror(errno));
            return GV_FAULT;
        }
        any = any || n == 1;
        if (n == 0 || c == '\n')
            break;
        if (len == GV_PASSPHRASE_MAX || c == '\0') {
            gv_error_set(e, "the passphrase from %s %s", what,
                         c == '\0' ? "holds a zero byte" : "is too long");
            return GV_REJECT;
        }
        out->text[len++] = c;
    }
    if (!any) {
        gv_error_set(e, "there is no passphrase in %s%s", what,
                     fd == STDIN_FILENO ? ", and no terminal to ask on" : "");
        return GV_REJECT;
    }
    if (len > 0 && out->text[len - 1] == '\r')
        len--;
    out->text[len] = '\0';
    out->len = len;
    return GV_OK;
}

/* Ask once with echo off; the terminal is restored whatever happens. */
static enum gv_rc
ask(int tty, const char *prompt, const char *again, struct gv_passphrase *out,
    struct gv_error *e)
{
    struct termios before, silent;
    enum gv_rc rc;

    if (tcgetattr(tty, &before) != 0) {
        gv_error_set(e, "cannot ask for the passphrase: %s", strerror(errno));
        return GV_FAULT;
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    silent.c_lflag |= ICANON | ECHONL;
    (void)tcsetattr(tty, TCSAFLUSH, &silent);
    dprintf(tty, "%s%s: ", prompt != NULL ? prompt : "Passphrase", again);
    rc = read_line(tty, "the terminal", out, e);
    (void)tcsetattr(tty, TCSAFLUSH, &before);
    return rc;
}

static enum gv_rc
ask_and_confirm(int tty, const struct gv_passphrase_source *source,
                struct gv_passphrase *out, struct gv_error *e)
{
    struct gv_passphrase twin = {0};
    enum gv_rc rc = ask(tty, source->prompt, "", out, e);

    if (rc == GV_OK && source->confirm) {
        rc = ask(tty, source->prompt, " (again)", &twin, e);
        if (rc == GV_OK && CRYPTO_memcmp(out, &twin, sizeof(twin)) != 0) {
            gv_error_set(e, "the two passphrases differ");
            rc = GV_REJECT;
        }
        gv_wipe(&twin, sizeof(twin));
    }
    return rc;
}

static enum gv_rc
read_from_file(const char *path, struct gv_passphrase *out, struct gv_error *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum gv_rc rc;

    if (fd < 0) {
        gv_error_set(e, "cannot open passphrase file %s: %s", path,
                     strerror(errno));
        return GV_FAULT;
    }
    rc = read_line(fd, path, out, e);
    close(fd);
    return rc;
}

enum gv_rc
gv_passphrase_read(const struct gv_passphrase_source *source,
                   struct gv_passphrase *out, struct gv_error *e)
{
    bool from_stdin = source->file != NULL && strcmp(source->file, "-") == 0;
    enum gv_rc rc;
    int tty = -1;

    memset(out, 0, sizeof(*out));
    if (source->file != NULL && !from_stdin) {
        rc = read_from_file(source->file, out, e);
    } else {
        if (!from_stdin)
            tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
        rc = tty >= 0 ? ask_and_confirm(tty, source, out, e)
                      : read_line(STDIN_FILENO, "standard input", out, e);
        if (tty >= 0)
            close(tty);
    }
    if (rc != GV_OK)
        gv_wipe(out, sizeof(*out));
    return rc;
}
