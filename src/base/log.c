/*
 * log.c - see log.h. A line is composed in a buffer on the stack and leaves
 * by one write to each sink; nothing after open is mutable but a counter.
 */
#include "src/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "src/base/logfile.h"

#define LINE_MAX_BYTES 4096
#define MODULES_MAX 32
#define MODULE_NAME_MAX 15

struct module_level {
    char name[MODULE_NAME_MAX + 1];
    enum gv_log_level level;
};

struct gv_log {
    enum gv_log_level level;
    struct module_level modules[MODULES_MAX];
    size_t n_modules;
    bool json, to_stderr;
    int fd; /* -1: no file */
    char also_module[MODULE_NAME_MAX + 1];
    struct gv_logfile *also; /* or NULL */
};

/* A line under construction. */
struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
};

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static bool
level_parse(const char *name, enum gv_log_level *out)
{
    for (int i = 0; i <= GV_LOG_DEBUG; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *out = (enum gv_log_level)i;
            return true;
        }
    }
    return false;
}

/* One "net=debug" of len characters. */
static bool
add_module(struct gv_log *log, const char *item, size_t len)
{
    const char *equals = memchr(item, '=', len);
    struct module_level *module = &log->modules[log->n_modules];
    char level[8] = "";
    size_t name_len, level_len;

    if (equals == NULL || log->n_modules == MODULES_MAX)
        return false;
    name_len = (size_t)(equals - item);
    level_len = len - name_len - 1;
    if (name_len == 0 || name_len > MODULE_NAME_MAX ||
        level_len >= sizeof(level))
        return false;
    memcpy(module->name, item, name_len);
    memcpy(level, equals + 1, level_len);
    log->n_modules++;
    return level_parse(level, &module->level);
}

static bool
parse_modules(struct gv_log *log, const char *text, struct gv_error *e)
{
    while (text != NULL && *text != '\0') {
        size_t len = strcspn(text, ",");

        if (!add_module(log, text, len)) {
            gv_error_set(e,
                         "log modules \"%s\": expected at most %d of "
                         "MODULE=error|warn|info|debug with commas between",
                         text, MODULES_MAX);
            return false;
        }
        text += len + (text[len] == ',');
    }
    return true;
}

struct gv_log *
gv_log_open(const struct gv_log_options *options, struct gv_error *e)
{
    struct gv_log *log = calloc(1, sizeof(*log));

    if (log == NULL) {
        gv_error_set(e, "log: out of memory");
        return NULL;
    }
    log->level = options->level;
    log->json = options->json;
    log->to_stderr = options->to_stderr;
    log->fd = -1;
    if (!parse_modules(log, options->modules, e)) {
        free(log);
        return NULL;
    }
    if (options->file != NULL) {
        log->fd = open(options->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
                       0600);
        if (log->fd < 0) {
            gv_error_set(e, "log file %s: %s", options->file, strerror(errno));
            free(log);
            return NULL;
        }
    }
    if (options->also_file != NULL) {
        snprintf(log->also_module, sizeof(log->also_module), "%s",
                 options->also_module);
        log->also = gv_logfile_open(options->also_file, options->also_bytes, e);
        if (log->also == NULL) {
            gv_log_free(log);
            return NULL;
        }
    }
    return log;
}

void
gv_log_free(struct gv_log *log)
{
    if (log == NULL)
        return;
    if (log->fd >= 0)
        close(log->fd);
    gv_logfile_close(log->also);
    free(log);
}

bool
gv_log_enabled(const struct gv_log *log, enum gv_log_level level,
               const char *module)
{
    if (log == NULL)
        return false;
    for (size_t i = 0; i < log->n_modules; i++) {
        if (strcmp(log->modules[i].name, module) == 0)
            return level <= log->modules[i].level;
    }
    return level <= log->level;
}

/* Values end here, so that there is always room to close quotes, braces and
 * the line; fields begin only well before it, so that a number always fits. */
#define VALUES_END (LINE_MAX_BYTES - 16)
#define FIELDS_END (VALUES_END - 32)

static void
put(struct line *line, const char *text, size_t len)
{
    if (line->len + len <= VALUES_END) {
        memcpy(line->text + line->len, text, len);
        line->len += len;
    }
}

static void
put_quote(struct line *line)
{
    line->text[line->len++] = '"';
}

static void
put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* The length of the valid UTF-8 sequence at p that JSON may carry as it is,
 * or 0. Only the lead byte and continuation form are judged. */
static size_t
utf8_len(const unsigned char *p)
{
    size_t n = p[0] < 0x80                      ? 1
               : (p[0] >= 0xC2 && p[0] <= 0xDF) ? 2
               : (p[0] >= 0xE1 && p[0] <= 0xEC) ? 3
                                                : 0;

    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    }
    return n;
}

static void
put_quoted(struct line *line, const char *text, bool json)
{
    static const char *const short_forms[] = {['"'] = "\\\"",
                                              ['\\'] = "\\\\",
                                              ['\n'] = "\\n",
                                              ['\r'] = "\\r",
                                              ['\t'] = "\\t"};
    const unsigned char *p = (const unsigned char *)text;

    put_quote(line);
    while (*p != '\0') {
        size_t n = json ? utf8_len(p) : (*p < 0x7F);
        char hex[8];

        if (*p < sizeof(short_forms) / sizeof(short_forms[0]) &&
            short_forms[*p] != NULL) {
            put_text(line, short_forms[*p]);
            n = 1;
        } else if (*p < 0x20 || *p == 0x7F || n == 0) {
            snprintf(hex, sizeof(hex), json ? "\\u%04x" : "\\x%02x", *p);
            put_text(line, hex);
            n = 1;
        } else {
            put(line, (const char *)p, n);
        }
        p += n;
    }
    put_quote(line);
}

static bool
is_plain(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p <= ' ' || *p >= 0x7F || strchr("\"=\\", *p) != NULL)
            return false;
    }
    return *text != '\0';
}

static void
put_string(struct line *line, const char *text, bool json)
{
    if (!json && is_plain(text))
        put_text(line, text);
    else
        put_quoted(line, text, json);
}

static void
put_hex(struct line *line, const uint8_t *p, size_t n)
{
    char digits[3];

    for (size_t i = 0; i < n; i++) {
        snprintf(digits, sizeof(digits), "%02x", p[i]);
        put(line, digits, 2);
    }
}

static void
put_value(struct line *line, const struct gv_log_field *field, bool json)
{
    char number[24];

    switch (field->kind) {
    case GV_LOG_NONE:
        break;
    case GV_LOG_S:
        put_string(line, field->p != NULL ? field->p : "", json);
        break;
    case GV_LOG_I:
        snprintf(number, sizeof(number), "%lld", (long long)field->i);
        put_text(line, number);
        break;
    case GV_LOG_U:
        snprintf(number, sizeof(number), "%llu", (unsigned long long)field->u);
        put_text(line, number);
        break;
    case GV_LOG_X:
        if (json)
            put_quote(line);
        put_hex(line, field->p, field->len);
        if (json)
            put_quote(line);
        break;
    }
}

/* Fields for which there is no room are left out. */
static void
put_field(struct line *line, const struct gv_log_field *field, bool json)
{
    if (line->len + strlen(field->key) + 4 > FIELDS_END)
        return;
    put_text(line, json ? ",\"" : " ");
    put_text(line, field->key);
    put_text(line, json ? "\":" : "=");
    put_value(line, field, json);
}

static void
put_time(struct line *line)
{
    struct timespec now;
    struct tm tm;
    char text[64];
    size_t n;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + n, sizeof(text) - n, ".%03dZ",
             (int)(now.tv_nsec / 1000000));
    put_text(line, text);
}

static void
put_head(struct line *line, const struct gv_log *log, const char *level,
         const char *module, const char *message)
{
    char head[48];

    if (log->json)
        put_text(line, "{\"time\":\"");
    put_time(line);
    if (log->json) {
        snprintf(head, sizeof(head), "\",\"level\":\"%s\",\"module\":", level);
        put_text(line, head);
        put_string(line, module, true);
        put_text(line, ",\"message\":");
        put_string(line, message, true);
        return;
    }
    snprintf(head, sizeof(head), " %-5s %-5s ", level, module);
    put_text(line, head);
    put_text(line, message);
}

static void
emit(int fd, const struct line *line)
{
    ssize_t n;

    do
        n = write(fd, line->text, line->len);
    while (n < 0 && errno == EINTR);
}

void
gv_log_write(struct gv_log *log, enum gv_log_level level, const char *module,
             const char *message, const struct gv_log_field *fields, size_t n)
{
    bool wanted = gv_log_enabled(log, level, module);
    bool also = log != NULL && log->also != NULL && level <= GV_LOG_INFO &&
                strcmp(module, log->also_module) == 0;
    struct line line;

    if (!wanted && !also)
        return;
    line.len = 0;
    put_head(&line, log, level_names[level], module, message);
    for (size_t i = 0; i < n; i++) {
        if (fields[i].kind != GV_LOG_NONE)
            put_field(&line, &fields[i], log->json);
    }
    if (log->json)
        line.text[line.len++] = '}';
    line.text[line.len++] = '\n';
    if (also)
        gv_logfile_write(log->also, line.text, line.len);
    if (wanted && log->to_stderr)
        emit(STDERR_FILENO, &line);
    if (wanted && log->fd >= 0)
        emit(log->fd, &line);
}
