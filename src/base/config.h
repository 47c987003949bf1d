/*
 * config.h - options of a program as one table, from which the flags, the
 * environment, the file gavel.conf, --help and `config check` all follow.
 *
 * Sources, strongest first: flag (--name value, --name=value; a bool also
 * plain --name and --no-name), environment (GAVEL_NAME, dashes as
 * underscores; a list is separated by commas), file (name = value lines, '#'
 * starts a comment at the start of a line or between blanks, a repeated key
 * appends to a list and is an error otherwise), default. For a list the
 * strongest source that names it replaces the others whole. A program may give
 * values of its own to options that nobody has set (gv_config_preset); they
 * stand between file and default.
 *
 * The order of the calls is free, since each source knows its rank; flags are
 * read first because they name the file:
 *
 *     struct gv_config *c = gv_config_new(&program);
 *     switch (gv_config_flags(c, argc, argv, &e)) ...
 *     gv_config_environment(c, environ, &e)
 *     gv_config_file(c, path, &e)
 *
 * Values:
 *   string    any text
 *   int       decimal, optional '-'; min <= v <= max
 *   bool      1 0 true false yes no on off
 *   list      strings
 *   enum      one of choices, "a|b|c"
 *   size      decimal with optional k M G (powers of 1024); bytes
 *   duration  decimal with ms s m h d (0 needs none); milliseconds
 * min and max apply to int, size (bytes) and duration (milliseconds); both 0
 * mean 0..INT64_MAX for size and duration, INT64_MIN..INT64_MAX for int.
 *
 * Errors are one line that names the flag, variable or file:line, the bad
 * value, and the accepted range, as
 *     gavel.conf:7: rpc-port = 70000: expected a number from 1 to 65535
 * Values of secret options are not repeated in errors.
 *
 * Subcommands: words before or between options choose the longest matching
 * command ("auction create"); its options add to the global ones and both are
 * accepted after it. Remaining words are arguments. "--" ends the options.
 *
 * Thread-safety: a config may be read from any thread once loaded.
 */
#ifndef GAVEL_BASE_CONFIG_H
#define GAVEL_BASE_CONFIG_H

#include <gavel/types.h>
#include <stdio.h>

#include "src/base/error.h"

enum gv_config_type {
    GV_CONFIG_STRING = 0,
    GV_CONFIG_INT,
    GV_CONFIG_BOOL,
    GV_CONFIG_LIST,
    GV_CONFIG_ENUM,
    GV_CONFIG_SIZE,
    GV_CONFIG_DURATION
};

enum gv_config_flags_bits {
    GV_CONFIG_NO_FLAG = 1, /* secrets: never in argv */
    GV_CONFIG_NO_FILE = 2, /* as --config itself */
    GV_CONFIG_SECRET = 4   /* `config check` shows *** */
};

struct gv_config_option {
    const char *name; /* [a-z0-9-]+, unique in its program and command */
    enum gv_config_type type;
    const char *fallback; /* in the notation of the type; NULL: unset */
    const char *help;     /* one sentence */
    const char *argument; /* placeholder for --help, as "HOST:PORT" or NULL */
    const char *choices;  /* enum: "a|b|c" */
    int64_t min, max;
    unsigned bits; /* GV_CONFIG_NO_FLAG ... */
};

struct gv_config_command {
    const char *name;      /* one or two words: "status", "bid place" */
    const char *help;      /* one sentence */
    const char *arguments; /* "FILE [N]", or NULL if it takes none */
    int min_arguments, max_arguments;
    const struct gv_config_option *options; /* may be NULL */
    size_t n_options;
    /* More of them, where commands share a table; may be NULL. */
    const struct gv_config_option *more_options;
    size_t n_more;
};

struct gv_config_program {
    const char *name;    /* "gaveld" */
    const char *version; /* "1.0.0" */
    const char *help;    /* one or two sentences */
    const struct gv_config_option *options;
    size_t n_options;
    const struct gv_config_command *commands; /* NULL: takes no words */
    size_t n_commands;
};

/* What the flags asked for. */
enum gv_config_wish {
    GV_CONFIG_RUN = 0,
    GV_CONFIG_HELP,   /* --help or the word help: print gv_config_help */
    GV_CONFIG_VERSION /* --version: print gv_config_version */
};

struct gv_config;

/* The program's table must outlive the config and be well-formed (asserted:
 * names, types, fallbacks parse). NULL only if memory is out. */
struct gv_config *gv_config_new(const struct gv_config_program *program);
void gv_config_free(struct gv_config *c);

/* Read argv (argv[0] is skipped). GV_OK or GV_REJECT with e set. After --help
 * or --version the rest is not judged; see gv_config_wish. */
enum gv_rc gv_config_flags(struct gv_config *c, int argc, char *const *argv,
                           struct gv_error *e) GV_MUST_CHECK;

/* Read "GAVEL_NAME=value" strings up to NULL. Variables that name no option
 * are ignored (other programs have theirs). GV_OK or GV_REJECT. */
enum gv_rc gv_config_environment(struct gv_config *c, char *const *environment,
                                 struct gv_error *e) GV_MUST_CHECK;

/* Read the text of a file; name is how errors and sources call it. GV_OK,
 * GV_REJECT, or GV_FAULT if memory is out. */
enum gv_rc gv_config_text(struct gv_config *c, const char *name,
                          struct gv_bytes text,
                          struct gv_error *e) GV_MUST_CHECK;

/* Read a file of at most 1 MB. Unknown keys are errors. GV_OK; GV_ABSENT if
 * there is none; GV_REJECT; GV_FAULT if it cannot be read. */
enum gv_rc gv_config_file(struct gv_config *c, const char *path,
                          struct gv_error *e) GV_MUST_CHECK;

/* Give an option its default where that follows from other options, in the
 * notation of its type (asserted to parse). An option that has a value keeps
 * it. GV_OK, or GV_FAULT (memory). */
enum gv_rc gv_config_default(struct gv_config *c, const char *name,
                             const char *text,
                             struct gv_error *e) GV_MUST_CHECK;

/* Give an option that no source but its default gave a value, in the notation
 * of its type, on behalf of source ("--preset english"), whose string is
 * copied: from then on it is set, weaker than by any other source. A list is
 * not for this. GV_OK, GV_REJECT with e set (no such value), or GV_FAULT
 * (memory). */
enum gv_rc gv_config_preset(struct gv_config *c, const char *name,
                            const char *text, const char *source,
                            struct gv_error *e) GV_MUST_CHECK;

/* Give every option of c, a config of the same program, the value that it has
 * in from, with its rank and source: what was said to a program holds for the
 * command that it runs. What stronger sources said to c stays. GV_OK, or
 * GV_FAULT (memory). */
enum gv_rc gv_config_inherit(struct gv_config *c, const struct gv_config *from,
                             struct gv_error *e) GV_MUST_CHECK;

enum gv_config_wish gv_config_wish(const struct gv_config *c);

/* The chosen command, or NULL. */
const struct gv_config_command *gv_config_command(const struct gv_config *c);

/* Arguments left over for the command; i < gv_config_arguments(c). */
size_t gv_config_arguments(const struct gv_config *c);
const char *gv_config_argument(const struct gv_config *c, size_t i);

/* Effective values. The name must be in the program's table or in that of the
 * chosen command, with this type (asserted). Strings are borrowed until
 * gv_config_free; NULL if unset and without default. An unset int, size or
 * duration without default is 0, an unset bool false. */
const char *gv_config_string(const struct gv_config *c, const char *name);
int64_t gv_config_int(const struct gv_config *c, const char *name);
bool gv_config_bool(const struct gv_config *c, const char *name);
uint64_t gv_config_size(const struct gv_config *c, const char *name);
int64_t gv_config_ms(const struct gv_config *c, const char *name);
/* The place of the value in choices, from 0; -1 if unset. */
int gv_config_enum(const struct gv_config *c, const char *name);
/* *n strings; NULL if *n is 0. A default of a list is comma-separated. */
const char *const *gv_config_list(const struct gv_config *c, const char *name,
                                  size_t *n);

/* True if any source but the default gave it. */
bool gv_config_is_set(const struct gv_config *c, const char *name);

/* Where the effective value comes from: "default", "--name", "GAVEL_NAME",
 * "path:line". Borrowed. */
const char *gv_config_source(const struct gv_config *c, const char *name);

/* Text for --help (of the chosen command if there is one), --version and
 * `config check` (name = value lines with their source as comments; the
 * output is again a valid gavel.conf, but for unset and secret options, which
 * are comments). */
void gv_config_print_help(const struct gv_config *c, FILE *out);
void gv_config_print_version(const struct gv_config *c, FILE *out);
void gv_config_print(const struct gv_config *c, FILE *out);

#endif
