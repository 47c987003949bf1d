/* config_print.c - help, version and `config check`; see config.h. */
#include "src/base/config_impl.h"

#define HELP_COLUMN 30

/* From this column on, which ends a line that is `column` long by now. */
static void
print_wrapped(FILE *out, const char *text, int from, int column)
{
    int width = 79 - from, used = 0;

    for (; column < from; column++)
        fputc(' ', out);
    while (*text != '\0') {
        int word = (int)strcspn(text, " ");

        if (used > 0 && used + 1 + word > width) {
            fprintf(out, "\n%*s", from, "");
            used = 0;
        }
        used += fprintf(out, "%s%.*s", used > 0 ? " " : "", word, text);
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static const char *
placeholder(const struct gv_config_option *option)
{
    static const char *const names[] = {"TEXT", "N",    "",    "TEXT",
                                        "",     "SIZE", "TIME"};

    if (option->argument != NULL)
        return option->argument;
    return option->type == GV_CONFIG_ENUM ? option->choices
                                          : names[option->type];
}

static void
print_option(FILE *out, const struct gv_config_option *option)
{
    bool no_flag = (option->bits & GV_CONFIG_NO_FLAG) != 0;
    const char *argument = placeholder(option);
    char text[512];
    int n;

    n = fprintf(out, "  %s%s%s%s", no_flag ? "" : "--", option->name,
                no_flag ? " = " : (*argument != '\0' ? " " : ""), argument);
    if (n >= HELP_COLUMN) {
        fputc('\n', out);
        n = 0;
    }
    snprintf(text, sizeof(text), "%s%s%s%s%s%s", option->help,
             option->type == GV_CONFIG_LIST ? " May be repeated." : "",
             no_flag ? " Only in the file or the environment." : "",
             option->fallback != NULL ? " (default " : "",
             option->fallback != NULL ? option->fallback : "",
             option->fallback != NULL ? ")" : "");
    print_wrapped(out, text, HELP_COLUMN, n);
}

static void
print_options(FILE *out, const char *title,
              const struct gv_config_option *options, size_t n)
{
    if (n != 0 && title != NULL)
        fprintf(out, "\n%s:\n", title);
    for (size_t i = 0; i < n; i++)
        print_option(out, &options[i]);
}

/* All, or those of a group. */
static void
print_commands(FILE *out, const struct gv_config_program *program,
               const char *group)
{
    if (program->n_commands == 0)
        return;
    fprintf(out, "\nCommands (%s COMMAND --help tells more):\n", program->name);
    for (size_t i = 0; i < program->n_commands; i++) {
        const struct gv_config_command *command = &program->commands[i];

        if (group == NULL || config_in_group(command, group) != NULL)
            print_wrapped(out, command->help, HELP_COLUMN,
                          fprintf(out, "  %s", command->name));
    }
}

void
gv_config_print_help(const struct gv_config *c, FILE *out)
{
    const struct gv_config_program *program = c->program;
    const struct gv_config_command *command = c->command;

    if (command != NULL) {
        fprintf(out, "Usage: %s %s [OPTIONS]%s%s\n", program->name,
                command->name, command->arguments ? " " : "",
                command->arguments ? command->arguments : "");
        print_wrapped(out, command->help, 0, 0);
        print_options(out, "Options", command->options, command->n_options);
        print_options(out, NULL, command->more_options, command->n_more);
    } else if (c->group != NULL) {
        fprintf(out, "Usage: %s %s COMMAND [OPTIONS]\n", program->name,
                c->group);
        print_commands(out, program, c->group);
    } else {
        fprintf(out, "Usage: %s [OPTIONS]%s\n", program->name,
                program->n_commands > 0 ? " [COMMAND ...]" : "");
        print_wrapped(out, program->help, 0, 0);
        print_commands(out, program, NULL);
    }
    print_options(out, "Global options", program->options, program->n_options);
    fprintf(out,
            "\n  --help                      Print this text.\n"
            "  --version                   Print the version.\n\n"
            "Every option can also be given as a variable (GAVEL_NAME) or, "
            "if the program\nreads a file, as a line NAME = VALUE. A flag "
            "wins over a variable, a variable\nover the file.\n");
}

void
gv_config_print_version(const struct gv_config *c, FILE *out)
{
    fprintf(out, "%s %s\n", c->program->name, c->program->version);
}

static void
print_setting(FILE *out, const struct config_setting *setting)
{
    const struct gv_config_option *option = setting->option;
    bool secret = (option->bits & GV_CONFIG_SECRET) != 0;
    bool comment = secret || (option->bits & GV_CONFIG_NO_FILE) != 0;

    if (setting->n == 0 && option->type == GV_CONFIG_BOOL)
        fprintf(out, "%s = no  # default\n", option->name);
    else if (setting->n == 0)
        fprintf(out, "# %s is unset\n", option->name);
    for (size_t i = 0; i < setting->n; i++)
        fprintf(out, "%s%s = %s  # %s\n", comment ? "# " : "", option->name,
                secret ? "***" : setting->strings[i], setting->source);
}

void
gv_config_print(const struct gv_config *c, FILE *out)
{
    for (size_t i = 0; i < c->n_settings; i++) {
        const struct config_setting *setting = &c->settings[i];

        if (setting->command == NULL || setting->command == c->command)
            print_setting(out, setting);
    }
}
