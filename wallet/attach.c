/* attach.c - files by their hash (wallet/attach.h). */
#include "wallet/attach.h"

#include <errno.h>
#include <gavel/hash.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "wallet/columns.h"

#define PIECE 65536

static bool
is_regular(FILE *in)
{
    struct stat s;

    return fstat(fileno(in), &s) == 0 && S_ISREG(s.st_mode);
}

static bool
hash_all(FILE *in, struct gv_hash *out)
{
    struct gv_sha256 h;
    uint8_t *piece = malloc(PIECE);
    size_t n;
    bool ok;

    if (piece == NULL)
        return false;
    gv_sha256_init(&h);
    while ((n = fread(piece, 1, PIECE, in)) > 0)
        gv_sha256_add(&h, piece, n);
    ok = ferror(in) == 0;
    gv_sha256_end(&h, out->b);
    free(piece);
    return ok;
}

/* "sha256:HEX": of a file that its owner has hashed elsewhere. */
static bool
is_hash(const char *text, struct gv_hash *out)
{
    size_t mark = strlen(GV_ATTACH_MARK);

    return strncmp(text, GV_ATTACH_MARK, mark) == 0 &&
           strlen(text + mark) == 64 &&
           gv_unhex(text + mark, out->b, 32) == GV_OK;
}

int
gv_attach_hash(const struct gv_cli *cli, const char *path, struct gv_hash *out)
{
    FILE *in;
    bool ok;

    if (cli->front != NULL)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "files are read by the command line alone");
    in = fopen(path, "rb");
    if (in == NULL)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "%s: %s", path, strerror(errno));
    if (!is_regular(in)) {
        fclose(in);
        return gv_cli_fail(cli, GV_EXIT_USAGE, "%s: no regular file", path);
    }
    ok = hash_all(in, out);
    fclose(in);
    return ok ? GV_EXIT_OK
              : gv_cli_fail(cli, GV_EXIT_FAILED, "%s: cannot be read", path);
}

int
gv_attach_read(struct gv_cli *cli, struct gv_make_open *what)
{
    size_t n;
    const char *const *path = gv_config_list(cli->config, "attach", &n);
    int code = GV_EXIT_OK;

    if (n == 0)
        return GV_EXIT_OK;
    if (n > GV_ATTACHMENTS_MAX)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--attach: at most %d files",
                           GV_ATTACHMENTS_MAX);
    what->attachments = 0;
    for (size_t i = 0; i < n && code == GV_EXIT_OK; i++) {
        if (!is_hash(path[i], &what->attachment[i]))
            code = gv_attach_hash(cli, path[i], &what->attachment[i]);
        for (size_t j = 0; j < i && code == GV_EXIT_OK; j++)
            if (GV_ID_EQ(&what->attachment[i], &what->attachment[j]))
                code = gv_cli_fail(cli, GV_EXIT_USAGE,
                                   "--attach: %s is the same as %s", path[i],
                                   path[j]);
        what->attachments++;
    }
    return code;
}

unsigned
gv_attach_place(const struct gv_open *o, const struct gv_hash *hash)
{
    for (unsigned i = 0; i < o->attachment_count; i++)
        if (GV_ID_EQ(&o->attachment[i], hash))
            return i + 1;
    return 0;
}

void
gv_attach_print(const struct gv_hash *list, unsigned n, FILE *out)
{
    char hex[65];

    for (unsigned i = 0; i < n; i++)
        gv_columns_line(out, "attachment", "%s", gv_hex(list[i].b, 32, hex));
}
