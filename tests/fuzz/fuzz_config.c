/* fuzz_config.c - options of a program. The first byte says from where: 'f'
 * the text of a file, 'a' arguments, one a line, 'e' variables, one a line.
 * What a file gives is printed as a file that gives the same; what is refused
 * has a reason. */
#include <stdio.h>

#include "src/base/config.h"
#include "tests/fuzz/fuzz.h"

#define WORDS_MAX 64

#define NAMED(option_name, option_type)                                        \
    .name = option_name, .type = option_type, .help = "Help."

static const struct gv_config_option options[] = {
    {NAMED("text", GV_CONFIG_STRING), .fallback = "t"},
    {NAMED("port", GV_CONFIG_INT), .min = 1, .max = 65535},
    {NAMED("any", GV_CONFIG_INT)},
    {NAMED("json", GV_CONFIG_BOOL)},
    {NAMED("peer", GV_CONFIG_LIST)},
    {NAMED("network", GV_CONFIG_ENUM), .choices = "main|test|regtest"},
    {NAMED("cache", GV_CONFIG_SIZE), .min = 1 << 20, .max = INT64_MAX},
    {NAMED("room", GV_CONFIG_SIZE)},
    {NAMED("wait", GV_CONFIG_DURATION)},
};
static const struct gv_config_option bid_options[] = {
    {NAMED("price", GV_CONFIG_INT), .max = 1000},
};
static const struct gv_config_command commands[] = {
    {.name = "status", .help = "Help."},
    {.name = "bid", .help = "Help."},
    {.name = "bid place",
     .help = "Help.",
     .arguments = "A [B]",
     .min_arguments = 1,
     .max_arguments = 2,
     .options = bid_options,
     .n_options = 1},
};
static const struct gv_config_program program = {
    .name = "target",
    .version = "1",
    .help = "Help.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .commands = commands,
    .n_commands = sizeof(commands) / sizeof(commands[0])};

static struct gv_config *
new_config(void)
{
    struct gv_config *c = gv_config_new(&program);

    if (c == NULL)
        exit(1);
    return c;
}

static void
same_text(const char *a, const char *b)
{
    fuzz_must((a == NULL) == (b == NULL));
    fuzz_must(a == NULL || strcmp(a, b) == 0);
}

static void
same_lists(const struct gv_config *a, const struct gv_config *b)
{
    size_t n, m;
    const char *const *x = gv_config_list(a, "peer", &n);
    const char *const *y = gv_config_list(b, "peer", &m);

    fuzz_must(n == m);
    for (size_t i = 0; i < n; i++)
        same_text(x[i], y[i]);
}

static void
same(const struct gv_config *a, const struct gv_config *b)
{
    same_text(gv_config_string(a, "text"), gv_config_string(b, "text"));
    same_lists(a, b);
    fuzz_must(gv_config_int(a, "port") == gv_config_int(b, "port"));
    fuzz_must(gv_config_int(a, "any") == gv_config_int(b, "any"));
    fuzz_must(gv_config_bool(a, "json") == gv_config_bool(b, "json"));
    fuzz_must(gv_config_enum(a, "network") == gv_config_enum(b, "network"));
    fuzz_must(gv_config_size(a, "cache") == gv_config_size(b, "cache"));
    fuzz_must(gv_config_size(a, "room") == gv_config_size(b, "room"));
    fuzz_must(gv_config_ms(a, "wait") == gv_config_ms(b, "wait"));
}

static void
within_ranges(const struct gv_config *c)
{
    int64_t port = gv_config_int(c, "port");

    fuzz_must(port <= 65535 && port >= gv_config_is_set(c, "port"));
    fuzz_must(gv_config_enum(c, "network") >= -1 &&
              gv_config_enum(c, "network") <= 2);
    fuzz_must(gv_config_size(c, "cache") >= 1 << 20 ||
              !gv_config_is_set(c, "cache"));
    fuzz_must(gv_config_ms(c, "wait") >= 0);
}

static enum gv_rc
read_file(struct gv_config *c, struct gv_bytes text, struct gv_error *e)
{
    struct gv_config *again;
    char *printed;
    size_t len;
    FILE *out;
    enum gv_rc rc = gv_config_text(c, "file", text, e);

    if (rc != GV_OK)
        return rc;
    again = new_config();
    out = open_memstream(&printed, &len);
    gv_config_print(c, out);
    fclose(out);
    fuzz_must(gv_config_text(again, "again", gv_bytes(printed, len), e) ==
              GV_OK);
    same(c, again);
    gv_config_free(again);
    free(printed);
    return rc;
}

/* Lines as a list of words that NULL ends; returns how many. */
static int
split(char *text, char *words[WORDS_MAX + 1])
{
    int n = 0;
    char *word;

    while (n < WORDS_MAX && (word = strsep(&text, "\n")) != NULL)
        words[n++] = word;
    words[n] = NULL;
    return n;
}

static enum gv_rc
read_words(struct gv_config *c, bool flags, char *text, struct gv_error *e)
{
    char *words[WORDS_MAX + 1];
    int n = split(text, words);
    enum gv_rc rc = flags ? gv_config_flags(c, n, words, e)
                          : gv_config_environment(c, words, e);

    if (rc == GV_OK && flags && gv_config_wish(c) == GV_CONFIG_RUN &&
        gv_config_command(c) != NULL) {
        fuzz_must(gv_config_arguments(c) >=
                  (size_t)gv_config_command(c)->min_arguments);
        fuzz_must(gv_config_arguments(c) <=
                  (size_t)gv_config_command(c)->max_arguments);
    }
    return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_error e = {""};
    struct gv_config *c;
    char *text;
    enum gv_rc rc;

    if (size < 1 || strchr("fae", data[0]) == NULL)
        return 0;
    c = new_config();
    text = fuzz_string(data + 1, size - 1);
    rc = data[0] == 'f' ? read_file(c, gv_bytes(data + 1, size - 1), &e)
                        : read_words(c, data[0] == 'a', text, &e);
    if (rc == GV_OK)
        within_ranges(c);
    else
        fuzz_must_say(&e);
    gv_config_free(c); /* arguments are borrowed from text */
    free(text);
    return 0;
}
