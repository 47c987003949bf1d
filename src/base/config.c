/* config.c - settings and their values; see config.h and config_impl.h. */
#include "src/base/config.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/config_impl.h"

static void
clear_strings(struct config_setting *setting)
{
    for (size_t i = 0; i < setting->n; i++)
        free(setting->strings[i]);
    free(setting->strings);
    setting->strings = NULL;
    setting->n = 0;
}

static bool
append_string(struct config_setting *setting, const char *text)
{
    char *copy = strdup(text);
    char **grown = realloc(setting->strings, (setting->n + 1) * sizeof(*grown));

    if (grown != NULL)
        setting->strings = grown;
    if (copy == NULL || grown == NULL) {
        free(copy);
        return false;
    }
    grown[setting->n++] = copy;
    return true;
}

static enum gv_rc
refuse(const struct gv_config_option *option,
       const struct config_origin *origin, const char *text,
       const char *expected, struct gv_error *e)
{
    bool secret = (option->bits & GV_CONFIG_SECRET) != 0;

    gv_error_set(e, "%s%s%.100s: expected %s", origin->label,
                 secret                      ? ""
                 : origin->rank == RANK_FILE ? " = "
                 : origin->rank == RANK_FLAG ? " "
                                             : "=",
                 secret ? "" : text, expected);
    return GV_REJECT;
}

enum gv_rc
config_set(struct config_setting *setting, const struct config_origin *origin,
           const char *text, struct gv_error *e)
{
    const struct gv_config_option *option = setting->option;
    char expected[CONFIG_EXPECTED_MAX], *source;
    int64_t number = 0;

    if (!config_parse_value(option, text, &number, expected))
        return refuse(option, origin, text, expected, e);
    if (origin->rank < setting->rank)
        return GV_OK;
    if (option->type != GV_CONFIG_LIST || origin->rank > setting->rank)
        clear_strings(setting);
    source = strdup(origin->source);
    if (source == NULL || !append_string(setting, text)) {
        free(source);
        gv_error_set(e, "%s: out of memory", origin->label);
        return GV_FAULT;
    }
    free(setting->source);
    setting->source = source;
    setting->rank = origin->rank;
    setting->number = number;
    return GV_OK;
}

enum gv_rc
config_set_split(struct config_setting *setting,
                 const struct config_origin *origin, const char *text,
                 struct gv_error *e)
{
    char *copy, *rest, *item;
    enum gv_rc rc = GV_OK;

    if (setting->option->type != GV_CONFIG_LIST)
        return config_set(setting, origin, text, e);
    copy = rest = strdup(text);
    if (copy == NULL) {
        gv_error_set(e, "%s: out of memory", origin->label);
        return GV_FAULT;
    }
    while (rc == GV_OK && (item = strsep(&rest, ",")) != NULL) {
        if (*item != '\0')
            rc = config_set(setting, origin, item, e);
    }
    free(copy);
    return rc;
}

/* A default must parse. */
static enum gv_rc
set_default(struct config_setting *setting, const char *text,
            struct gv_error *e)
{
    static const struct config_origin from_default = {RANK_DEFAULT, "default",
                                                      "default"};
    enum gv_rc rc = config_set_split(setting, &from_default, text, e);

    assert(rc != GV_REJECT);
    return rc;
}

static bool
add_setting(struct gv_config *c, const struct gv_config_option *option,
            const struct gv_config_command *command)
{
    struct config_setting *setting = &c->settings[c->n_settings++];
    struct gv_error e;

    setting->option = option;
    setting->command = command;
    return option->fallback == NULL ||
           set_default(setting, option->fallback, &e) == GV_OK;
}

static bool
add_all(struct gv_config *c)
{
    const struct gv_config_program *program = c->program;
    bool done = true;

    for (size_t i = 0; i < program->n_options; i++)
        done = add_setting(c, &program->options[i], NULL) && done;
    for (size_t i = 0; i < program->n_commands; i++) {
        const struct gv_config_command *command = &program->commands[i];

        for (size_t j = 0; j < command->n_options; j++)
            done = add_setting(c, &command->options[j], command) && done;
        for (size_t j = 0; j < command->n_more; j++)
            done = add_setting(c, &command->more_options[j], command) && done;
    }
    return done;
}

struct gv_config *
gv_config_new(const struct gv_config_program *program)
{
    struct gv_config *c = calloc(1, sizeof(*c));
    size_t n = program->n_options;

    if (c == NULL)
        return NULL;
    for (size_t i = 0; i < program->n_commands; i++)
        n += program->commands[i].n_options + program->commands[i].n_more;
    c->program = program;
    c->settings = calloc(n > 0 ? n : 1, sizeof(*c->settings));
    if (c->settings == NULL || !add_all(c)) {
        gv_config_free(c);
        return NULL;
    }
    return c;
}

void
gv_config_free(struct gv_config *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->n_settings; i++) {
        clear_strings(&c->settings[i]);
        free(c->settings[i].source);
    }
    free(c->settings);
    free(c->arguments);
    free(c);
}

struct config_setting *
config_find(const struct gv_config *c, const char *name)
{
    struct config_setting *global = NULL;

    for (size_t i = 0; i < c->n_settings; i++) {
        struct config_setting *setting = &c->settings[i];

        if (strcmp(setting->option->name, name) != 0)
            continue;
        if (setting->command == NULL)
            global = setting;
        else if (setting->command == c->command)
            return setting;
    }
    return global;
}

enum gv_rc
gv_config_inherit(struct gv_config *c, const struct gv_config *from,
                  struct gv_error *e)
{
    enum gv_rc rc = GV_OK;

    assert(c->program == from->program);
    for (size_t i = 0; i < c->n_settings && rc == GV_OK; i++) {
        const struct config_setting *s = &from->settings[i];
        struct config_origin origin = {s->rank, s->source, s->source};

        if (s->rank == RANK_DEFAULT || c->settings[i].rank > s->rank ||
            (c->settings[i].rank == RANK_FLAG && s->rank == RANK_FLAG))
            continue;
        clear_strings(&c->settings[i]);
        for (size_t j = 0; j < s->n && rc == GV_OK; j++)
            rc = config_set(&c->settings[i], &origin, s->strings[j], e);
    }
    return rc;
}

enum gv_rc
gv_config_default(struct gv_config *c, const char *name, const char *text,
                  struct gv_error *e)
{
    struct config_setting *setting = config_find(c, name);

    assert(setting != NULL);
    return setting->n > 0 ? GV_OK : set_default(setting, text, e);
}

enum gv_rc
gv_config_preset(struct gv_config *c, const char *name, const char *text,
                 const char *source, struct gv_error *e)
{
    const struct config_origin origin = {RANK_PRESET, source, source};
    struct config_setting *setting = config_find(c, name);

    assert(setting != NULL && setting->option->type != GV_CONFIG_LIST);
    return config_set(setting, &origin, text, e);
}

enum gv_config_wish
gv_config_wish(const struct gv_config *c)
{
    return c->wish;
}

const struct gv_config_command *
gv_config_command(const struct gv_config *c)
{
    return c->command;
}

size_t
gv_config_arguments(const struct gv_config *c)
{
    return c->n_arguments;
}

const char *
gv_config_argument(const struct gv_config *c, size_t i)
{
    assert(i < c->n_arguments);
    return c->arguments[i];
}

static const struct config_setting *
get(const struct gv_config *c, const char *name, enum gv_config_type type)
{
    const struct config_setting *setting = config_find(c, name);

    assert(setting != NULL && setting->option->type == type);
    return setting;
}

const char *
gv_config_string(const struct gv_config *c, const char *name)
{
    const struct config_setting *setting = get(c, name, GV_CONFIG_STRING);

    return setting->n > 0 ? setting->strings[0] : NULL;
}

int64_t
gv_config_int(const struct gv_config *c, const char *name)
{
    return get(c, name, GV_CONFIG_INT)->number;
}

bool
gv_config_bool(const struct gv_config *c, const char *name)
{
    return get(c, name, GV_CONFIG_BOOL)->number != 0;
}

uint64_t
gv_config_size(const struct gv_config *c, const char *name)
{
    return (uint64_t)get(c, name, GV_CONFIG_SIZE)->number;
}

int64_t
gv_config_ms(const struct gv_config *c, const char *name)
{
    return get(c, name, GV_CONFIG_DURATION)->number;
}

int
gv_config_enum(const struct gv_config *c, const char *name)
{
    const struct config_setting *setting = get(c, name, GV_CONFIG_ENUM);

    return setting->n > 0 ? (int)setting->number : -1;
}

const char *const *
gv_config_list(const struct gv_config *c, const char *name, size_t *n)
{
    const struct config_setting *setting = get(c, name, GV_CONFIG_LIST);

    *n = setting->n;
    return (const char *const *)setting->strings;
}

bool
gv_config_is_set(const struct gv_config *c, const char *name)
{
    const struct config_setting *setting = config_find(c, name);

    assert(setting != NULL);
    return setting->rank > RANK_DEFAULT;
}

const char *
gv_config_source(const struct gv_config *c, const char *name)
{
    const struct config_setting *setting = config_find(c, name);

    assert(setting != NULL);
    return setting->source != NULL ? setting->source : "default";
}
