/* config_near.c - what somebody may have meant who misspelt an option or a
 * command. */
#include <string.h>

#include "src/base/config_impl.h"

#define LONGEST 63 /* of what is compared */

struct text {
    const char *p;
    size_t n;
};

static size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters were left out, added, changed, or swapped with the next. */
static size_t
distance(struct text a, struct text b)
{
    size_t row[3][LONGEST + 1];

    for (size_t j = 0; j <= b.n; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *now = row[i % 3], *before = row[(i + 2) % 3];

        now[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            now[j] = smaller(before[j - 1] + (a.p[i - 1] != b.p[j - 1]),
                             smaller(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
                a.p[i - 2] == b.p[j - 1])
                now[j] = smaller(now[j], row[(i + 1) % 3][j - 2] + 1);
        }
    }
    return row[a.n % 3][b.n];
}

/* Is b nearer than *best was? The longer, the more slips. */
static bool
is_nearer(struct text a, struct text b, size_t *best)
{
    size_t d;

    if (a.n > LONGEST || b.n > LONGEST)
        return false;
    d = distance(a, b);
    if (d >= *best || d > 1 + a.n / 4)
        return false;
    *best = d;
    return true;
}

static struct text
whole(const char *p)
{
    return (struct text){p, strlen(p)};
}

const char *
config_near_option(const struct gv_config *c, const char *name)
{
    const char *found = NULL;
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < c->n_settings; i++) {
        const struct config_setting *s = &c->settings[i];

        if ((s->command == NULL || s->command == c->command) &&
            (s->option->bits & GV_CONFIG_NO_FLAG) == 0 &&
            is_nearer(whole(name), whole(s->option->name), &best))
            found = s->option->name;
    }
    return found;
}

/* --- commands --- */

const char *
config_in_group(const struct gv_config_command *command, const char *group)
{
    size_t n = strlen(group);

    return strncmp(command->name, group, n) == 0 && command->name[n] == ' '
               ? command->name + n + 1
               : NULL;
}

bool
config_is_group(const struct gv_config_program *program, const char *word)
{
    for (size_t i = 0; i < program->n_commands; i++)
        if (config_in_group(&program->commands[i], word) != NULL)
            return true;
    return false;
}

/* The word of a command that comes next: behind the group, or the first. */
static struct text
word_of(const struct gv_config_command *command, const char *group)
{
    const char *p =
        group != NULL ? config_in_group(command, group) : command->name;

    return p != NULL ? (struct text){p, strcspn(p, " ")}
                     : (struct text){NULL, LONGEST + 1};
}

void
config_no_command(const struct gv_config *c, const char *word,
                  struct gv_error *e)
{
    const struct gv_config_program *program = c->program;
    const char *group = c->group != NULL ? c->group : "";
    const char *gap = c->group != NULL ? " " : "";
    struct text found = {NULL, 0};
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < program->n_commands; i++) {
        struct text at = word_of(&program->commands[i], c->group);

        if (is_nearer(whole(word), at, &best))
            found = at;
    }
    if (found.p != NULL)
        gv_error_set(e,
                     "%s%s%.60s: no such command (is it %s%s%.*s?); see %s "
                     "%s%s--help",
                     group, gap, word, group, gap, (int)found.n, found.p,
                     program->name, group, gap);
    else
        gv_error_set(e, "%s%s%.60s: no such command; see %s %s%s--help", group,
                     gap, word, program->name, group, gap);
}

void
config_which_command(const struct gv_config *c, struct gv_error *e)
{
    char list[300] = "";
    size_t n = 0;

    for (size_t i = 0; i < c->program->n_commands; i++) {
        const char *word = config_in_group(&c->program->commands[i], c->group);

        if (word != NULL && n < sizeof(list))
            n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s",
                                  n > 0 ? ", " : "", word);
    }
    gv_error_set(e, "%s: say which: %s; see %s %s --help", c->group, list,
                 c->program->name, c->group);
}
