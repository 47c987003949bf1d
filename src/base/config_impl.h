/*
 * config_impl.h - what the parts of config share: settings (an option with
 * its effective value) and the one way to give a setting a value.
 *
 * A program's settings are those of its global options followed by those of
 * every command, since a file may speak of commands that are not chosen now.
 */
#ifndef GAVEL_BASE_CONFIG_IMPL_H
#define GAVEL_BASE_CONFIG_IMPL_H

#include "src/base/config.h"

enum config_rank {
    RANK_DEFAULT = 0,
    RANK_PRESET,
    RANK_FILE,
    RANK_ENVIRONMENT,
    RANK_FLAG
};

struct config_setting {
    const struct gv_config_option *option;
    const struct gv_config_command *command; /* NULL: global */
    enum config_rank rank;
    char *source;   /* "default", "--name", "GAVEL_NAME", "path:line" */
    char **strings; /* list: all; else one, the value as written */
    size_t n;       /* 0: unset */
    int64_t number; /* int, bool, enum place, size, duration */
};

struct gv_config {
    const struct gv_config_program *program;
    const struct gv_config_command *command;
    const char
        *group; /* a first word of commands, borrowed from argv, or NULL */
    struct config_setting *settings;
    size_t n_settings;
    const char **arguments; /* borrowed from argv */
    size_t n_arguments;
    enum gv_config_wish wish;
};

/* Where a value was found. label is how an error begins: "--name",
 * "GAVEL_NAME", "file:7: name". */
struct config_origin {
    enum config_rank rank;
    const char *source;
    const char *label;
};

/* Room for the description of what a type accepts. */
#define CONFIG_EXPECTED_MAX 160

/* Parse text as the option's type; *number is untouched for string and list.
 * On false expected says what would be right. */
bool config_parse_value(const struct gv_config_option *option, const char *text,
                        int64_t *number, char expected[CONFIG_EXPECTED_MAX]);

/* What the option accepts, as "a number from 1 to 65535". */
void config_describe(const struct gv_config_option *option,
                     char out[CONFIG_EXPECTED_MAX]);

/* Give a setting a value if its rank allows; a list gets one more string.
 * GV_OK, GV_REJECT (bad value), GV_FAULT (memory). */
enum gv_rc config_set(struct config_setting *setting,
                      const struct config_origin *origin, const char *text,
                      struct gv_error *e) GV_MUST_CHECK;

/* As config_set, but a list's text is split at commas. */
enum gv_rc config_set_split(struct config_setting *setting,
                            const struct config_origin *origin,
                            const char *text, struct gv_error *e) GV_MUST_CHECK;

/* The setting of that name which a flag means now: of the chosen command, or
 * global; NULL if there is none. */
struct config_setting *config_find(const struct gv_config *c, const char *name);

/* --- what was misspelt (config_near.c) --- */

/* The option that a flag may mean now whose name is nearest; NULL: none is
 * near. */
const char *config_near_option(const struct gv_config *c, const char *name);

/* What follows the group in a command's name, or NULL: it is not of this
 * group. */
const char *config_in_group(const struct gv_config_command *command,
                            const char *group);
bool config_is_group(const struct gv_config_program *program, const char *word);

/* Set e: there is no such command (in c->group, if that is set). */
void config_no_command(const struct gv_config *c, const char *word,
                       struct gv_error *e);
/* Set e: c->group alone is no command. */
void config_which_command(const struct gv_config *c, struct gv_error *e);

#endif
