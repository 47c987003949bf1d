/*
 * log.h - leveled, structured log lines for people or for programs.
 *
 *   2026-01-02T03:04:05.123Z info  net  peer connected peer=3f.. addr=1.2.3.4
 *   {"time":"2026-01-02T03:04:05.123Z","level":"info","module":"net",
 *    "message":"peer connected","peer":"3f..","addr":"1.2.3.4"}   (one line)
 *
 * The message is a fixed text of the program; everything that varies is a
 * field. Values come from anywhere and are escaped: in human lines a value
 * that is empty or holds spaces, quotes, '=', '\', control bytes or bytes
 * above 126 is quoted, with \" \\ \n \r \t and \xHH inside; in JSON lines
 * bytes that are not valid text become \u00HH. A line is at most 4096 bytes
 * (values are cut first) and is written by one write(2), so lines of several
 * threads never mix. The log is never synced; a failed write is counted and
 * forgotten, since the log must not stop the node.
 *
 *   gv_log_info(log, "net", "peer connected", GV_S("peer", key),
 *               GV_U("height", h));
 *
 * A NULL log discards everything, so tests and tools need none. Secrets are
 * never logged, by discipline of the callers.
 *
 * Thread-safety: every function may be called from any thread, except open
 * and free.
 */
#ifndef GAVEL_BASE_LOG_H
#define GAVEL_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/error.h"

enum gv_log_level { GV_LOG_ERROR = 0, GV_LOG_WARN, GV_LOG_INFO, GV_LOG_DEBUG };

struct gv_log;

struct gv_log_options {
    enum gv_log_level level; /* of modules not named in modules */
    const char *modules;     /* "net=debug,rpc=warn", or NULL; at most 32 */
    const char *file;        /* appended to, made with mode 0600; or NULL */
    /* A second file for the lines of one module at info and above, whatever
     * the levels say; bounded (logfile.h). NULL: none. */
    const char *also_module, *also_file;
    size_t also_bytes;
    bool to_stderr;
    bool json; /* JSON lines in place of human lines */
};

/* One varying value of a line; make it with the macros below. */
struct gv_log_field {
    const char *key; /* [a-z0-9_]+, a literal */
    enum { GV_LOG_NONE, GV_LOG_S, GV_LOG_I, GV_LOG_U, GV_LOG_X } kind;
    const void *p;
    size_t len; /* of p, for GV_LOG_X */
    int64_t i;
    uint64_t u;
};

/* string (NULL prints as empty), signed, unsigned, bytes as hex */
#define GV_S(k, v) ((struct gv_log_field){(k), GV_LOG_S, (v), 0, 0, 0})
#define GV_I(k, v) ((struct gv_log_field){(k), GV_LOG_I, NULL, 0, (v), 0})
#define GV_U(k, v) ((struct gv_log_field){(k), GV_LOG_U, NULL, 0, 0, (v)})
#define GV_X(k, v, n) ((struct gv_log_field){(k), GV_LOG_X, (v), (n), 0, 0})

/* NULL with e set if the file cannot be opened or modules is malformed. */
struct gv_log *gv_log_open(const struct gv_log_options *options,
                           struct gv_error *e);
void gv_log_free(struct gv_log *log);

/* True if a line of this level and module would be written: for guarding
 * expensive field values. */
bool gv_log_enabled(const struct gv_log *log, enum gv_log_level level,
                    const char *module);

/* Write one line; fields of kind GV_LOG_NONE are skipped. Use the macros. */
void gv_log_write(struct gv_log *log, enum gv_log_level level,
                  const char *module, const char *message,
                  const struct gv_log_field *fields, size_t n);

#define GV_LOG_FIELDS(...)                                                     \
    (const struct gv_log_field[])                                              \
    {                                                                          \
        __VA_ARGS__                                                            \
    }
#define GV_LOG_AT(log, level, module, message, ...)                            \
    gv_log_write(                                                              \
        (log), (level), (module), (message), GV_LOG_FIELDS(__VA_ARGS__),       \
        sizeof(GV_LOG_FIELDS(__VA_ARGS__)) / sizeof(struct gv_log_field))

/* Must stop or lost something: a person has to act. */
#define gv_log_error(log, module, ...)                                         \
    GV_LOG_AT(log, GV_LOG_ERROR, module, __VA_ARGS__, {0})
/* Odd, handled, worth knowing. */
#define gv_log_warn(log, module, ...)                                          \
    GV_LOG_AT(log, GV_LOG_WARN, module, __VA_ARGS__, {0})
/* Life of the node. */
#define gv_log_info(log, module, ...)                                          \
    GV_LOG_AT(log, GV_LOG_INFO, module, __VA_ARGS__, {0})
/* For developers; may be many lines a second. */
#define gv_log_debug(log, module, ...)                                         \
    GV_LOG_AT(log, GV_LOG_DEBUG, module, __VA_ARGS__, {0})

#endif
