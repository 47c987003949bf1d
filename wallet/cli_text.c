/* cli_text.c - talking to people, for the commands (wallet/cli.h). */
#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "src/base/files.h"
#include "wallet/cli.h"

#define TEXT_MAX (64u << 10)

void
gv_cli_print(const struct gv_cli *cli, json_t *v)
{
    if (cli->front != NULL) {
        json_decref(cli->front->result);
        cli->front->result = v;
        return;
    }
    json_dumpf(v, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
    json_decref(v);
}

bool
gv_cli_can_confirm(const struct gv_cli *cli)
{
    return gv_config_bool(cli->config, "yes") ||
           (cli->front == NULL && isatty(STDIN_FILENO));
}

bool
gv_cli_confirm(const struct gv_cli *cli, const char *question)
{
    char line[16];

    if (gv_config_bool(cli->config, "yes"))
        return true;
    if (cli->front != NULL) {
        gv_cli_fail(cli, GV_EXIT_USAGE, "not confirmed");
        return false;
    }
    if (!isatty(STDIN_FILENO)) {
        gv_cli_fail(cli, GV_EXIT_USAGE,
                    "there is no terminal to ask for confirmation: add --yes");
        return false;
    }
    fprintf(stderr, "%s [y/N] ", question);
    if (fgets(line, sizeof(line), stdin) == NULL ||
        (line[0] != 'y' && line[0] != 'Y')) {
        gv_cli_fail(cli, GV_EXIT_FAILED, "not confirmed, nothing was done");
        return false;
    }
    return true;
}

char *
gv_cli_time(uint64_t us, char out[40])
{
    time_t s = (time_t)(us / 1000000);
    unsigned ms = (unsigned)(us / 1000 % 1000);
    struct tm tm;
    size_t n;

    if (gmtime_r(&s, &tm) == NULL) {
        snprintf(out, 40, "-");
        return out;
    }
    n = strftime(out, 40, "%Y-%m-%d %H:%M:%S", &tm);
    if (ms != 0)
        n += (size_t)snprintf(out + n, 40 - n, ".%03u", ms);
    snprintf(out + n, 40 - n, " UTC");
    return out;
}

int
gv_cli_read_time(const struct gv_cli *cli, const char *option, uint64_t *ms)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"};
    const char *text = gv_config_string(cli->config, option);

    if (text == NULL)
        return GV_EXIT_OK;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct tm tm = {0}, back;
        const char *end = strptime(text, forms[i], &tm);
        time_t s;

        if (end == NULL || *end != '\0' || tm.tm_year < 70)
            continue;
        /* timegm makes March 2nd of February 30th. */
        back = tm;
        s = timegm(&back);
        if (s < 0 || back.tm_mday != tm.tm_mday || back.tm_sec != tm.tm_sec)
            continue;
        *ms = (uint64_t)s * 1000;
        return GV_EXIT_OK;
    }
    return gv_cli_fail(cli, GV_EXIT_USAGE,
                       "--%s %.40s: expected a time as 2027-01-31T12:00:00Z, "
                       "or a day as 2027-01-31, in UTC",
                       option, text);
}

uint64_t
gv_cli_now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void
gv_cli_sleep_ms(unsigned ms)
{
    struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000};

    nanosleep(&ts, NULL);
}

int
gv_cli_id(const struct gv_cli *cli, const char *text, const char *what,
          char out[65])
{
    uint8_t raw[32];

    if (gv_unhex(text, raw, sizeof(raw)) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "%s: '%.80s': expected 64 hex digits", what, text);
    gv_hex(raw, sizeof(raw), out);
    return GV_EXIT_OK;
}

/* GV_OK, or GV_FAULT with e set. */
static enum gv_rc
read_stdin(uint8_t **out, size_t *len, struct gv_error *e)
{
    uint8_t *text = calloc(1, TEXT_MAX + 2);
    size_t n;

    *len = 0;
    if (text == NULL) {
        gv_error_set(e, "stdin: out of memory");
        return GV_FAULT;
    }
    while ((n = fread(text + *len, 1, TEXT_MAX + 1 - *len, stdin)) > 0)
        *len += n;
    if (*len > TEXT_MAX || ferror(stdin)) {
        free(text);
        gv_error_set(e, "stdin: cannot be read, or is longer than %u bytes",
                     TEXT_MAX);
        return GV_FAULT;
    }
    *out = text;
    return GV_OK;
}

/* The text that came with the call. */
static char *
read_front(const struct gv_cli *cli, const char *name)
{
    const char *text =
        json_string_value(json_object_get(cli->front->texts, name));
    char *copy = text != NULL && strlen(text) <= TEXT_MAX ? strdup(text) : NULL;

    if (copy == NULL)
        gv_cli_fail(cli, GV_EXIT_USAGE, "%.40s: missing or too long", name);
    return copy;
}

char *
gv_cli_read_text(const struct gv_cli *cli, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    uint8_t *text = NULL;
    struct gv_error e;
    size_t len;
    enum gv_rc rc;

    if (cli->front != NULL)
        return read_front(cli, path);
    rc = is_stdin ? read_stdin(&text, &len, &e)
                  : gv_file_read(path, TEXT_MAX, &text, &len, &e);
    if (rc == GV_OK && strlen((char *)text) == len)
        return (char *)text;
    if (rc == GV_OK)
        gv_cli_fail(cli, GV_EXIT_USAGE, "%s: holds a zero byte", path);
    else if (rc == GV_ABSENT)
        gv_cli_fail(cli, GV_EXIT_USAGE, "%s: no such file", path);
    else
        gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
    free(text);
    return NULL;
}

/* Kept for the front, as base64. */
static enum gv_rc
write_front(struct gv_cli_front *front, const char *path,
            struct gv_bytes content)
{
    size_t cap = (content.len + 2) / 3 * 4 + 1;
    unsigned char *text = malloc(cap);
    enum gv_rc rc = GV_FAULT;

    if (front->files == NULL)
        front->files = json_object();
    if (text != NULL && content.len <= INT_MAX / 2) {
        EVP_EncodeBlock(text, content.p, (int)content.len);
        rc = json_object_set_new(front->files, path,
                                 json_string((char *)text)) == 0
                 ? GV_OK
                 : GV_FAULT;
        gv_wipe(text, cap);
    }
    free(text);
    return rc;
}

/* Of the form of an amount of c: then it is zero, or beyond what 64 bits hold.
 */
static bool
has_amount_form(const char *text, const struct gv_currency *c)
{
    size_t whole = strspn(text, "0123456789");
    const char *end = text + whole;
    size_t decimals = 0;

    if (*end == '.') {
        decimals = strspn(end + 1, "0123456789");
        end += 1 + decimals;
        if (decimals == 0)
            return false;
    }
    return whole > 0 && *end == '\0' && decimals <= c->exponent;
}

int
gv_cli_bad_amount(const struct gv_cli *cli, const char *option,
                  const char *text, const struct gv_currency *c)
{
    struct gv_amount fits;
    char most[40];

    if (has_amount_form(text, c) && gv_amount_parse(text, c, &fits) != GV_OK)
        return gv_cli_fail(
            cli, GV_EXIT_USAGE, "%s%s%s'%.40s%s' is more than the most, %s",
            option ? "--" : "", option ? option : "", option ? ": " : "", text,
            strlen(text) > 40 ? "..." : "",
            gv_amount_text((struct gv_amount){UINT64_MAX}, c, most));
    return gv_cli_fail(cli, GV_EXIT_USAGE,
                       "%s%s%s'%.40s' is no amount of %.4s: expected digits, "
                       "above zero, with at most %u decimals behind a point",
                       option ? "--" : "", option ? option : "",
                       option ? ": " : "", text, c->tag, c->exponent);
}

bool
gv_cli_is_stdout(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

static enum gv_rc
write_stdout(struct gv_bytes content, struct gv_error *e)
{
    if (fwrite(content.p, 1, content.len, stdout) == content.len &&
        fflush(stdout) == 0)
        return GV_OK;
    gv_error_set(e, "standard output: %s", strerror(errno));
    return GV_FAULT;
}

int
gv_cli_write(const struct gv_cli *cli, const char *path,
             struct gv_bytes content, unsigned mode)
{
    struct gv_error e = {"out of memory"};
    enum gv_rc rc = GV_FAULT;

    if (cli->front != NULL)
        rc = write_front(cli->front, path, content);
    else if (gv_cli_is_stdout(path))
        rc = write_stdout(content, &e);
    else
        rc = gv_file_write(path, content, mode, &e);
    return rc == GV_OK ? GV_EXIT_OK
                       : gv_cli_fail(cli, GV_EXIT_FAILED, "%s", e.text);
}

char *
gv_cli_read_words(const struct gv_cli *cli)
{
    const char *path = gv_config_string(cli->config, "words-file");
    struct gv_passphrase_source source = {.prompt = "The words, on one line"};
    struct gv_passphrase line;
    struct gv_error e;
    char *words = NULL;

    if (path != NULL)
        return gv_cli_read_text(cli, path);
    if (gv_passphrase_read(&source, &line, &e) != GV_OK)
        gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
    else
        words = strdup(line.text);
    gv_wipe(&line, sizeof(line));
    return words;
}
