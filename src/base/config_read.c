/* config_read.c - flags, environment and file; see config.h. */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

#include "src/base/config_impl.h"
#include "src/base/files.h"

#define NAME_MAX_LEN 63
#define FILE_MAX_BYTES (1 << 20)

/* --- flags --- */

struct flag_reader {
    struct gv_config *c;
    int argc, i; /* i: the argument being read */
    char *const *argv;
    struct gv_error *e;
};

static enum gv_rc
set_flag(struct flag_reader *r, struct config_setting *setting,
         const char *value)
{
    char label[NAME_MAX_LEN + 3];
    struct config_origin origin = {RANK_FLAG, label, label};

    snprintf(label, sizeof(label), "--%s", setting->option->name);
    return config_set(setting, &origin, value, r->e);
}

static enum gv_rc
unknown_flag(struct flag_reader *r, const char *name)
{
    const struct gv_config *c = r->c;
    const char *near = config_near_option(c, name);

    gv_error_set(r->e, "--%.60s: no such option%s%s%s; see %s %s%s--help", name,
                 near ? " (is it --" : "", near ? near : "", near ? "?)" : "",
                 c->program->name, c->command ? c->command->name : "",
                 c->command ? " " : "");
    return GV_REJECT;
}

static struct config_setting *
find_flag(const struct gv_config *c, const char *name)
{
    struct config_setting *setting = config_find(c, name);

    if (setting != NULL && (setting->option->bits & GV_CONFIG_NO_FLAG) != 0)
        return NULL;
    return setting;
}

/* --name=value, --name value, --name and --no-name of a bool. */
static enum gv_rc
read_flag(struct flag_reader *r, const char *text)
{
    size_t len = strcspn(text, "=");
    const char *value = text[len] == '=' ? text + len + 1 : NULL;
    struct config_setting *setting;
    char name[NAME_MAX_LEN + 1];

    if (len == 0 || len > NAME_MAX_LEN)
        return unknown_flag(r, text);
    memcpy(name, text, len);
    name[len] = '\0';
    setting = find_flag(r->c, name);
    if (setting == NULL && value == NULL && strncmp(name, "no-", 3) == 0) {
        setting = find_flag(r->c, name + 3);
        if (setting != NULL && setting->option->type == GV_CONFIG_BOOL)
            return set_flag(r, setting, "no");
        setting = NULL;
    }
    if (setting == NULL)
        return unknown_flag(r, name);
    if (value == NULL && setting->option->type == GV_CONFIG_BOOL)
        value = "yes";
    if (value == NULL && r->i + 1 < r->argc)
        value = r->argv[++r->i];
    if (value == NULL) {
        char expected[CONFIG_EXPECTED_MAX];

        config_describe(setting->option, expected);
        gv_error_set(r->e, "--%s: its value is missing: expected %s", name,
                     expected);
        return GV_REJECT;
    }
    return set_flag(r, setting, value);
}

/* The command whose words begin at the current argument; *words is how many
 * arguments it took. */
static const struct gv_config_command *
match_command(const struct flag_reader *r, int *words)
{
    const struct gv_config_program *program = r->c->program;
    const struct gv_config_command *best = NULL;
    char two[2 * NAME_MAX_LEN + 2];

    snprintf(two, sizeof(two), "%s %s", r->argv[r->i],
             r->i + 1 < r->argc ? r->argv[r->i + 1] : "");
    for (size_t i = 0; i < program->n_commands; i++) {
        const struct gv_config_command *command = &program->commands[i];

        if (strcmp(command->name, two) == 0) {
            *words = 2;
            return command;
        }
        if (strcmp(command->name, r->argv[r->i]) == 0) {
            *words = 1;
            best = command;
        }
    }
    return best;
}

/* The word behind the first of a command, where options stand between them. */
static enum gv_rc
read_second_word(struct flag_reader *r)
{
    struct gv_config *c = r->c;
    const struct gv_config_program *program = c->program;

    for (size_t i = 0; i < program->n_commands; i++) {
        const char *word = config_in_group(&program->commands[i], c->group);

        if (word != NULL && strcmp(word, r->argv[r->i]) == 0) {
            c->command = &program->commands[i];
            return GV_OK;
        }
    }
    config_no_command(c, r->argv[r->i], r->e);
    return GV_REJECT;
}

static enum gv_rc
read_word(struct flag_reader *r)
{
    struct gv_config *c = r->c;
    const char *word = r->argv[r->i];
    int words = 0;

    if (c->command != NULL || c->program->commands == NULL) {
        c->arguments[c->n_arguments++] = word;
        return GV_OK;
    }
    if (c->group != NULL)
        return read_second_word(r);
    c->command = match_command(r, &words);
    if (c->command != NULL) {
        r->i += words - 1;
        return GV_OK;
    }
    if (strcmp(word, "help") == 0) {
        c->wish = GV_CONFIG_HELP;
        return GV_OK;
    }
    if (config_is_group(c->program, word)) {
        c->group = word;
        return GV_OK;
    }
    config_no_command(c, word, r->e);
    return GV_REJECT;
}

static enum gv_rc
check_arguments(const struct gv_config *c, struct gv_error *e)
{
    const struct gv_config_command *command = c->command;
    size_t min = command != NULL ? (size_t)command->min_arguments : 0;
    size_t max = command != NULL ? (size_t)command->max_arguments : 0;

    if (c->n_arguments > max) {
        gv_error_set(e, "%.60s: one argument too many; see %s %s%s--help",
                     c->arguments[max], c->program->name,
                     command ? command->name : "", command ? " " : "");
        return GV_REJECT;
    }
    if (c->n_arguments < min) {
        gv_error_set(e, "%s: missing arguments: expected %s; see %s %s --help",
                     command->name, command->arguments, c->program->name,
                     command->name);
        return GV_REJECT;
    }
    if (c->group != NULL && command == NULL) {
        config_which_command(c, e);
        return GV_REJECT;
    }
    return GV_OK;
}

/* One argument; *ended is set by "--". */
static enum gv_rc
read_argument(struct flag_reader *r, bool *ended)
{
    const char *text = r->argv[r->i];

    if (*ended || text[0] != '-' || text[1] == '\0')
        return read_word(r);
    if (strcmp(text, "--") == 0) {
        *ended = true;
        return GV_OK;
    }
    if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0) {
        r->c->wish = GV_CONFIG_HELP;
        return GV_OK;
    }
    if (strcmp(text, "--version") == 0) {
        r->c->wish = GV_CONFIG_VERSION;
        return GV_OK;
    }
    if (text[1] != '-') {
        gv_error_set(r->e, "%.60s: no such option; see %s --help", text,
                     r->c->program->name);
        return GV_REJECT;
    }
    return read_flag(r, text + 2);
}

enum gv_rc
gv_config_flags(struct gv_config *c, int argc, char *const *argv,
                struct gv_error *e)
{
    struct flag_reader r = {c, argc, 1, argv, e};
    bool ended = false;
    enum gv_rc rc = GV_OK;

    assert(c->arguments == NULL);
    c->arguments = calloc((size_t)argc + 1, sizeof(*c->arguments));
    if (c->arguments == NULL) {
        gv_error_set(e, "flags: out of memory");
        return GV_FAULT;
    }
    for (; r.i < argc && rc == GV_OK; r.i++)
        rc = read_argument(&r, &ended);
    if (c->wish != GV_CONFIG_RUN)
        return GV_OK;
    return rc == GV_OK ? check_arguments(c, e) : rc;
}

/* --- environment --- */

/* "GAVEL_RPC_BIND" for "rpc-bind". */
static void
variable_name(const char *option, char out[NAME_MAX_LEN + 8])
{
    size_t n = (size_t)snprintf(out, NAME_MAX_LEN + 8, "GAVEL_%s", option);

    for (size_t i = 6; i < n; i++)
        out[i] = out[i] == '-' ? '_' : (char)toupper((unsigned char)out[i]);
}

static const char *
find_variable(char *const *environment, const char *name)
{
    size_t len = strlen(name);

    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
            return *environment + len + 1;
    }
    return NULL;
}

enum gv_rc
gv_config_environment(struct gv_config *c, char *const *environment,
                      struct gv_error *e)
{
    enum gv_rc rc = GV_OK;

    for (size_t i = 0; i < c->n_settings && rc == GV_OK; i++) {
        char name[NAME_MAX_LEN + 8];
        struct config_origin origin = {RANK_ENVIRONMENT, name, name};
        const char *value;

        variable_name(c->settings[i].option->name, name);
        value = find_variable(environment, name);
        if (value != NULL)
            rc = config_set_split(&c->settings[i], &origin, value, e);
    }
    return rc;
}

/* --- file --- */

/* Cut blanks at both ends, in place. */
static char *
trim(char *text)
{
    size_t len;

    text += strspn(text, " \t\r");
    len = strlen(text);
    while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL)
        len--;
    text[len] = '\0';
    return text;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\0';
}

/* A '#' with text right behind it may be a value: keys of peers begin so. One
 * right behind the first '=' begins a comment as if a blank stood between. */
static void
cut_comment(char *line)
{
    const char *equals = strchr(line, '=');

    if (line[0] == '#')
        line[0] = '\0';
    for (char *p = line; *p != '\0'; p++) {
        if (*p == '#' && (is_blank(p[-1]) || p - 1 == equals) &&
            is_blank(p[1])) {
            *p = '\0';
            return;
        }
    }
}

/* Every setting of that name gets the value: a command's option may share
 * its name with another command's. */
static enum gv_rc
set_from_file(struct gv_config *c, const char *place, const char *name,
              const char *value, struct gv_error *e)
{
    char label[256];
    struct config_origin origin = {RANK_FILE, place, label};
    enum gv_rc rc = GV_OK;
    bool known = false;

    snprintf(label, sizeof(label), "%s: %s", place, name);
    for (size_t i = 0; i < c->n_settings && rc == GV_OK; i++) {
        struct config_setting *setting = &c->settings[i];

        if (strcmp(setting->option->name, name) != 0 ||
            (setting->option->bits & GV_CONFIG_NO_FILE) != 0)
            continue;
        known = true;
        if (setting->rank == RANK_FILE &&
            setting->option->type != GV_CONFIG_LIST) {
            gv_error_set(e, "%s: already given at %s", label, setting->source);
            return GV_REJECT;
        }
        rc = config_set(setting, &origin, value, e);
    }
    if (known)
        return rc;
    gv_error_set(e, "%s: no such option; see %s --help", label,
                 c->program->name);
    return GV_REJECT;
}

static enum gv_rc
read_line(struct gv_config *c, const char *place, char *line,
          struct gv_error *e)
{
    char *equals, *name;

    cut_comment(line);
    line = trim(line);
    if (*line == '\0')
        return GV_OK;
    equals = strchr(line, '=');
    if (equals == NULL) {
        gv_error_set(e, "%s: %.60s: expected NAME = VALUE", place, line);
        return GV_REJECT;
    }
    *equals = '\0';
    name = trim(line);
    if (strlen(name) > NAME_MAX_LEN)
        name[NAME_MAX_LEN] = '\0';
    return set_from_file(c, place, name, trim(equals + 1), e);
}

/* Line by line, in place. */
static enum gv_rc
read_lines(struct gv_config *c, const char *name, char *text,
           struct gv_error *e)
{
    enum gv_rc rc = GV_OK;
    char place[160];
    char *line;

    for (int number = 1; rc == GV_OK && (line = strsep(&text, "\n")) != NULL;
         number++) {
        snprintf(place, sizeof(place), "%.140s:%d", name, number);
        rc = read_line(c, place, line, e);
    }
    return rc;
}

enum gv_rc
gv_config_text(struct gv_config *c, const char *name, struct gv_bytes text,
               struct gv_error *e)
{
    enum gv_rc rc;
    char *copy;

    if (text.len > 0 && memchr(text.p, '\0', text.len) != NULL) {
        gv_error_set(e, "%s: holds a zero byte: expected a text file", name);
        return GV_REJECT;
    }
    copy = strndup(text.len > 0 ? (const char *)text.p : "", text.len);
    if (copy == NULL) {
        gv_error_set(e, "%s: out of memory", name);
        return GV_FAULT;
    }
    rc = read_lines(c, name, copy, e);
    gv_wipe(copy, text.len);
    free(copy);
    return rc;
}

enum gv_rc
gv_config_file(struct gv_config *c, const char *path, struct gv_error *e)
{
    uint8_t *bytes;
    size_t len;
    enum gv_rc rc = gv_file_read(path, FILE_MAX_BYTES, &bytes, &len, e);

    if (rc != GV_OK)
        return rc;
    rc = gv_config_text(c, path, gv_bytes(bytes, len), e);
    gv_wipe(bytes, len);
    free(bytes);
    return rc;
}
