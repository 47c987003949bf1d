/* p12file.c - the keystore's file for the commands (wallet/p12file.h). */
#include "wallet/p12file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "src/base/files.h"
#include "wallet/certshow.h"

int
gv_cli_fail_pki(const struct gv_cli *cli, const struct gv_pki_error *x)
{
    static const int codes[] = {[GV_PKI_FAULT] = GV_EXIT_FAILED,
                                [GV_PKI_REFUSED] = GV_EXIT_FAILED,
                                [GV_PKI_PASSWORD] = GV_EXIT_PASSWORD,
                                [GV_PKI_DAMAGED] = GV_EXIT_DAMAGED,
                                [GV_PKI_UNKNOWN] = GV_EXIT_UNKNOWN_ALIAS,
                                [GV_PKI_DUPLICATE] = GV_EXIT_DUPLICATE,
                                [GV_PKI_NOT_CA] = GV_EXIT_NOT_CA,
                                [GV_PKI_EXPIRED] = GV_EXIT_EXPIRED,
                                [GV_PKI_UNTRUSTED] = GV_EXIT_UNTRUSTED,
                                [GV_PKI_REVOKED] = GV_EXIT_REVOKED,
                                [GV_PKI_NO_CRL] = GV_EXIT_NO_CRL};

    return gv_cli_fail(cli, codes[x->why], "%s", x->e.text);
}

const char *
gv_p12file_need(const struct gv_cli *cli, const char *option)
{
    const char *value = gv_config_string(cli->config, option);

    if (value == NULL || *value == '\0') {
        gv_cli_fail(cli, GV_EXIT_USAGE, "say --%s", option);
        return NULL;
    }
    return value;
}

int
gv_p12file_bytes(const struct gv_cli *cli, const char *path, uint8_t **out,
                 size_t *len)
{
    struct gv_error e;
    enum gv_rc rc = gv_file_read(path, GV_P12_FILE_MAX, out, len, &e);

    return rc == GV_OK ? GV_EXIT_OK
                       : gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
}

int
gv_p12file_items(struct gv_cli *cli, const char *path, const char *option,
                 struct gv_items *items)
{
    struct gv_passphrase password;
    struct gv_pki_error x;
    uint8_t *bytes;
    size_t len;
    enum gv_rc rc;
    int code = gv_p12file_bytes(cli, path, &bytes, &len);

    if (code != GV_EXIT_OK)
        return code;
    rc = gv_items_read(gv_bytes(bytes, len), items, &x);
    gv_wipe(bytes, len);
    free(bytes);
    if (rc == GV_OK && items->sealed != NULL && option != NULL) {
        code = gv_p12file_password(cli, option, "Password of the key", false,
                                   &password);
        if (code != GV_EXIT_OK)
            return code;
        rc = gv_items_open(items, gv_passphrase_bytes(&password), &x);
        gv_wipe(&password, sizeof(password));
    }
    return rc == GV_OK ? GV_EXIT_OK : gv_cli_fail_pki(cli, &x);
}

/* --- passwords --- */

static int
read_password(struct gv_cli *cli, const struct gv_passphrase_source *source,
              struct gv_passphrase *out)
{
    struct gv_error e;

    if (gv_passphrase_read(source, out, &e) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_PASSWORD, "%s", e.text);
    if (source->confirm && out->len < GV_P12_PASSWORD_MIN) {
        gv_wipe(out, sizeof(*out));
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "%s: at least %d characters, please", source->prompt,
                           GV_P12_PASSWORD_MIN);
    }
    return GV_EXIT_OK;
}

int
gv_p12file_password(struct gv_cli *cli, const char *option, const char *prompt,
                    bool fresh, struct gv_passphrase *out)
{
    struct gv_passphrase_source source = {
        .file = gv_config_string(cli->config, option),
        .prompt = prompt,
        .confirm = fresh};

    return read_password(cli, &source, out);
}

int
gv_p12file_entry_password(struct gv_cli *cli, const struct gv_p12file *f,
                          bool fresh, struct gv_passphrase *out)
{
    if (gv_config_string(cli->config, "entry-passphrase-file") != NULL ||
        gv_config_bool(cli->config, "ask-entry-passphrase"))
        return gv_p12file_password(cli, "entry-passphrase-file",
                                   fresh ? "New password of the entry"
                                         : "Password of the entry",
                                   fresh, out);
    *out = f->password;
    return GV_EXIT_OK;
}

/* --- the file --- */

static int
lock_directory(const struct gv_cli *cli, struct gv_p12file *f)
{
    const char *slash = strrchr(f->path, '/');
    char *dir = slash == NULL ? strdup(".")
                              : strndup(f->path, (size_t)(slash - f->path) + 1);
    int code = GV_EXIT_OK;

    if (dir != NULL)
        f->lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->lock < 0)
        code = gv_cli_fail(cli, GV_EXIT_USAGE, "%s: no such directory",
                           dir != NULL ? dir : "");
    while (code == GV_EXIT_OK && flock(f->lock, LOCK_EX) != 0)
        if (errno != EINTR)
            code = gv_cli_fail(cli, GV_EXIT_FAILED, "cannot lock %s: %s", dir,
                               strerror(errno));
    free(dir);
    return code;
}

static int
read_file(const struct gv_cli *cli, struct gv_p12file *f)
{
    struct gv_pki_error x;
    uint8_t *bytes;
    size_t len;
    enum gv_rc rc;
    int code = gv_p12file_bytes(cli, f->path, &bytes, &len);

    if (code != GV_EXIT_OK)
        return code;
    rc = gv_p12_read(gv_bytes(bytes, len), gv_passphrase_bytes(&f->password),
                     &f->p12, &x);
    free(bytes);
    return rc == GV_OK ? GV_EXIT_OK : gv_cli_fail_pki(cli, &x);
}

int
gv_p12file_open(struct gv_cli *cli, enum gv_p12file_use use,
                struct gv_p12file *f)
{
    bool there;
    int code;

    memset(f, 0, sizeof(*f));
    f->lock = -1;
    f->path = gv_p12file_need(cli, "keystore");
    if (f->path == NULL)
        return GV_EXIT_USAGE;
    if (use != GV_P12FILE_READ) {
        code = lock_directory(cli, f);
        if (code != GV_EXIT_OK)
            return code;
    }
    there = access(f->path, F_OK) == 0;
    if (!there && use != GV_P12FILE_MAKE)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "%s: no such keystore", f->path);
    code = gv_p12file_password(cli, "passphrase-file",
                               there ? "Password of the keystore"
                                     : "New password of the keystore",
                               !there, &f->password);
    if (code != GV_EXIT_OK || there)
        return code != GV_EXIT_OK ? code : read_file(cli, f);
    f->p12 = gv_p12_new();
    return f->p12 != NULL ? GV_EXIT_OK
                          : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
}

int
gv_p12file_open_other(struct gv_cli *cli, const char *path, const char *option,
                      struct gv_p12file *f)
{
    char prompt[300];
    int code;

    memset(f, 0, sizeof(*f));
    f->lock = -1;
    f->path = path;
    snprintf(prompt, sizeof(prompt), "Password of %.200s", path);
    code = gv_p12file_password(cli, option, prompt, false, &f->password);
    return code != GV_EXIT_OK ? code : read_file(cli, f);
}

int
gv_p12file_save(struct gv_cli *cli, struct gv_p12file *f)
{
    struct gv_pki_error x;
    size_t len;
    uint8_t *bytes =
        gv_p12_write(f->p12, gv_passphrase_bytes(&f->password), &len, &x);
    enum gv_rc rc;

    if (bytes == NULL)
        return gv_cli_fail_pki(cli, &x);
    rc = gv_file_write(f->path, gv_bytes(bytes, len), 0600, &x.e);
    free(bytes);
    return rc == GV_OK ? GV_EXIT_OK
                       : gv_cli_fail(cli, GV_EXIT_FAILED, "%s", x.e.text);
}

void
gv_p12file_close(struct gv_p12file *f)
{
    gv_p12_free(f->p12);
    gv_wipe(&f->password, sizeof(f->password));
    if (f->lock >= 0)
        close(f->lock);
    f->p12 = NULL;
    f->lock = -1;
}

bool
gv_p12file_is_keystore(const char *path)
{
    struct gv_error e;
    uint8_t *bytes;
    size_t len;
    bool is = false;

    if (gv_file_read(path, GV_P12_FILE_MAX, &bytes, &len, &e) == GV_OK)
        is = gv_p12_is(gv_bytes(bytes, len));
    free(bytes);
    return is;
}

/* --- entries --- */

int
gv_p12file_find(struct gv_cli *cli, const struct gv_p12file *f,
                const char *option, size_t *i)
{
    const char *alias = gv_p12file_need(cli, option);
    struct gv_pki_error x;

    if (alias == NULL)
        return GV_EXIT_USAGE;
    return gv_p12_find(f->p12, alias, i, &x) == GV_OK
               ? GV_EXIT_OK
               : gv_cli_fail_pki(cli, &x);
}

int
gv_p12file_key(struct gv_cli *cli, const struct gv_p12file *f, size_t i,
               EVP_PKEY **out)
{
    struct gv_passphrase password;
    struct gv_pki_error x;
    enum gv_rc rc;
    int code = gv_p12file_entry_password(cli, f, false, &password);

    if (code != GV_EXIT_OK)
        return code;
    rc = gv_p12_key(f->p12, i, gv_passphrase_bytes(&password), out, &x);
    gv_wipe(&password, sizeof(password));
    return rc == GV_OK ? GV_EXIT_OK : gv_cli_fail_pki(cli, &x);
}

void
gv_p12file_print_entry(const struct gv_cli *cli, const struct gv_p12file *f,
                       size_t i)
{
    json_t *entry = gv_certshow_entry_json(f->p12, i);

    if (cli->json) {
        gv_cli_print(cli, entry);
        return;
    }
    gv_certshow_entry_print(stdout, entry);
    json_decref(entry);
}
