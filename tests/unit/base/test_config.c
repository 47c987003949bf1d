/* Options: precedence, types and ranges, clear errors, commands, texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/config.h"
#include "src/base/files.h"

static const struct gv_config_option globals[] = {
    {"network", GV_CONFIG_ENUM, "main", "Which network.", NULL,
     "main|test|regtest", 0, 0, 0},
    {"rpc-port", GV_CONFIG_INT, "8000", "Port.", NULL, NULL, 1, 65535, 0},
    {"cache", GV_CONFIG_SIZE, "32M", "Cache.", NULL, NULL, 1 << 20,
     (int64_t)1 << 40, 0},
    {"timeout", GV_CONFIG_DURATION, "5s", "Patience.", NULL, NULL, 0, 60000, 0},
    {"json", GV_CONFIG_BOOL, NULL, "For programs.", NULL, NULL, 0, 0, 0},
    {"connect", GV_CONFIG_LIST, NULL, "Peers.", "HOST:PORT", NULL, 0, 0, 0},
    {"datadir", GV_CONFIG_STRING, NULL, "Where.", "DIR", NULL, 0, 0,
     GV_CONFIG_NO_FILE},
    {"login", GV_CONFIG_STRING, NULL, "Secret.", NULL, NULL, 0, 0,
     GV_CONFIG_NO_FLAG | GV_CONFIG_SECRET},
    {"pin", GV_CONFIG_INT, NULL, "Secret number.", NULL, NULL, 0, 9999,
     GV_CONFIG_NO_FLAG | GV_CONFIG_SECRET},
};
static const struct gv_config_option bid_options[] = {
    {"price", GV_CONFIG_INT, NULL, "Minor units.", NULL, NULL, 0, 1000000, 0},
};
static const struct gv_config_option more_options[] = {
    {"note", GV_CONFIG_STRING, NULL, "Text.", NULL, NULL, 0, 0, 0},
};
static const struct gv_config_command commands[] = {
    {"status", "Tell how it is.", NULL, 0, 0, NULL, 0, NULL, 0},
    {"bid", "Bids.", NULL, 0, 0, NULL, 0, NULL, 0},
    {"bid place", "Place a bid.", "AUCTION [NOTE]", 1, 2, bid_options, 1,
     more_options, 1},
    {"key make", "Make a key.", NULL, 0, 0, NULL, 0, NULL, 0},
    {"key list", "List keys.", NULL, 0, 0, NULL, 0, NULL, 0},
};
static const struct gv_config_program program = {"tester",
                                                 "1.2.3",
                                                 "Tests options.",
                                                 globals,
                                                 sizeof(globals) /
                                                     sizeof(globals[0]),
                                                 commands,
                                                 5};

struct fixture {
    char dir[64], path[96];
    struct gv_config *c;
    struct gv_error e;
};

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    snprintf(f->dir, sizeof(f->dir), "%s", "/tmp/gavel-config-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/gavel.conf", f->dir);
    f->c = gv_config_new(&program);
    assert_non_null(f->c);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    gv_config_free(f->c);
    unlink(f->path);
    rmdir(f->dir);
    free(f);
    return 0;
}

static enum gv_rc
flags(struct fixture *f, const char *line)
{
    static char text[512];
    static char *argv[32];
    int argc = 1;
    char *rest = text;

    snprintf(text, sizeof(text), "%s", line);
    argv[0] = (char *)"tester";
    while (rest != NULL && *rest != '\0')
        argv[argc++] = strsep(&rest, " ");
    argv[argc] = NULL;
    return gv_config_flags(f->c, argc, argv, &f->e);
}

static enum gv_rc
file(struct fixture *f, const char *text)
{
    assert_int_equal(
        gv_file_write(f->path, gv_bytes(text, strlen(text)), 0600, &f->e),
        GV_OK);
    return gv_config_file(f->c, f->path, &f->e);
}

static void
defaults_hold(void **state)
{
    struct fixture *f = *state;
    size_t n = 9;

    assert_int_equal(gv_config_enum(f->c, "network"), 0);
    assert_int_equal(gv_config_int(f->c, "rpc-port"), 8000);
    assert_int_equal(gv_config_size(f->c, "cache"), 32 << 20);
    assert_int_equal(gv_config_ms(f->c, "timeout"), 5000);
    assert_false(gv_config_bool(f->c, "json"));
    assert_null(gv_config_list(f->c, "connect", &n));
    assert_int_equal(n, 0);
    assert_null(gv_config_string(f->c, "datadir"));
    assert_false(gv_config_is_set(f->c, "rpc-port"));
    assert_string_equal(gv_config_source(f->c, "rpc-port"), "default");
}

static void
a_later_default_fills_only_a_gap(void **state)
{
    struct fixture *f = *state;
    const char *const *list;
    size_t n;

    assert_int_equal(flags(f, "--timeout 3s"), GV_OK);
    assert_int_equal(gv_config_default(f->c, "timeout", "9s", &f->e), GV_OK);
    assert_int_equal(gv_config_ms(f->c, "timeout"), 3000);
    assert_int_equal(gv_config_default(f->c, "connect", "a,b", &f->e), GV_OK);
    list = gv_config_list(f->c, "connect", &n);
    assert_int_equal(n, 2);
    assert_string_equal(list[1], "b");
    assert_false(gv_config_is_set(f->c, "connect"));
    assert_string_equal(gv_config_source(f->c, "connect"), "default");
    assert_int_equal(file(f, "connect = c\n"), GV_OK);
    list = gv_config_list(f->c, "connect", &n);
    assert_int_equal(n, 1);
    assert_string_equal(list[0], "c");
}

static void
flag_beats_environment_beats_file(void **state)
{
    struct fixture *f = *state;
    char *environment[] = {(char *)"GAVEL_RPC_PORT=2",
                           (char *)"GAVEL_TIMEOUT=2s",
                           (char *)"GAVEL_UNRELATED=x", NULL};

    assert_int_equal(flags(f, "--rpc-port=1 --json"), GV_OK);
    assert_int_equal(gv_config_environment(f->c, environment, &f->e), GV_OK);
    assert_int_equal(file(f, "# a comment\n\nrpc-port = 3 # three\n"
                             "timeout=3s\r\ncache = 4M\n"),
                     GV_OK);
    assert_int_equal(gv_config_int(f->c, "rpc-port"), 1);
    assert_int_equal(gv_config_ms(f->c, "timeout"), 2000);
    assert_int_equal(gv_config_size(f->c, "cache"), 4 << 20);
    assert_true(gv_config_bool(f->c, "json"));
    assert_string_equal(gv_config_source(f->c, "rpc-port"), "--rpc-port");
    assert_string_equal(gv_config_source(f->c, "timeout"), "GAVEL_TIMEOUT");
    assert_non_null(strstr(gv_config_source(f->c, "cache"), "gavel.conf:5"));
}

static void
lists_append_within_a_source(void **state)
{
    struct fixture *f = *state;
    char *environment[] = {(char *)"GAVEL_CONNECT=c,d,e", NULL};
    const char *const *list;
    size_t n;

    assert_int_equal(file(f, "connect = a\nconnect = b\n"), GV_OK);
    list = gv_config_list(f->c, "connect", &n);
    assert_int_equal(n, 2);
    assert_string_equal(list[1], "b");
    assert_int_equal(gv_config_environment(f->c, environment, &f->e), GV_OK);
    list = gv_config_list(f->c, "connect", &n);
    assert_int_equal(n, 3);
    assert_string_equal(list[0], "c");
    assert_int_equal(flags(f, "--connect x --connect=y"), GV_OK);
    list = gv_config_list(f->c, "connect", &n);
    assert_int_equal(n, 2);
    assert_string_equal(list[1], "y");
}

static void
bad_flags_are_named(void **state)
{
    static const struct {
        const char *line, *error;
    } rows[] = {
        {"--rpc-port 70000",
         "--rpc-port 70000: expected a number from 1 to 65535"},
        {"--rpc-port=12x", "--rpc-port 12x: expected a number from 1"},
        {"--rpc-port=99999999999999999999", "expected a number from 1"},
        {"--rpc-port", "--rpc-port: its value is missing: expected a number"},
        {"--network moon", "--network moon: expected one of main|test|"},
        {"--network mai", "--network mai: expected one of"},
        {"--cache 1k", "expected a size (bytes, or with k M G) from 1M to"},
        {"--timeout 5", "expected a duration (with ms s m h d) from 0"},
        {"--timeout 2m", "from 0ms to 1m"},
        {"--json=maybe", "--json maybe: expected yes or no"},
        {"--nonsense", "--nonsense: no such option; see tester --help"},
        {"--login=a:b", "--login: no such option"},
        {"-x", "-x: no such option"},
        {"--price 5 bid place", "--price: no such option"},
        {"--netwrok main", "(is it --network?); see tester --help"},
        {"--rcp-prot 1", "(is it --rpc-port?)"},
        {"dance", "dance: no such command; see tester --help"},
        {"statsu", "statsu: no such command (is it status?); see tester"},
        {"bit place", "bit: no such command (is it bid?); see tester --help"},
        {"key maek", "key maek: no such command (is it key make?); see tester "
                     "key --help"},
        {"key dance", "key dance: no such command; see tester key --help"},
        {"key", "key: say which: make, list; see tester key --help"},
        {"bid place x y --prise 1", "(is it --price?); see tester bid place"},
        {"bid place", "bid place: missing arguments: expected AUCTION"},
        {"bid place a b c", "c: one argument too many"},
        {"status now", "now: one argument too many"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        gv_config_free(f->c);
        f->c = gv_config_new(&program);
        assert_int_equal(flags(f, rows[i].line), GV_REJECT);
        if (strstr(f->e.text, rows[i].error) == NULL)
            fail_msg("%s gave: %s", rows[i].line, f->e.text);
    }
}

/* Help of a group lists its commands, and those may stand behind an option. */
static void
groups_have_help_and_take_options(void **state)
{
    struct fixture *f = *state;
    char *text = NULL;
    size_t len = 0;
    FILE *out;

    assert_int_equal(flags(f, "help key"), GV_OK);
    assert_int_equal(gv_config_wish(f->c), GV_CONFIG_HELP);
    out = open_memstream(&text, &len);
    assert_non_null(out);
    gv_config_print_help(f->c, out);
    fclose(out);
    assert_non_null(strstr(text, "Usage: tester key COMMAND"));
    assert_non_null(strstr(text, "  key make"));
    assert_null(strstr(text, "  status"));
    free(text);
    gv_config_free(f->c);
    f->c = gv_config_new(&program);
    assert_int_equal(flags(f, "key --json list"), GV_OK);
    assert_string_equal(gv_config_command(f->c)->name, "key list");
    assert_true(gv_config_bool(f->c, "json"));
}

static void
bad_files_are_named_by_line(void **state)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"\nrpc-port = 0\n",
         "gavel.conf:2: rpc-port = 0: expected a number from 1 to 65535"},
        {"rpc-port\n", "gavel.conf:1: rpc-port: expected NAME = VALUE"},
        {"color = red\n", "gavel.conf:1: color: no such option"},
        {"cache = 2M\n\ncache = 3M\n", "gavel.conf:3: cache: already given"},
        {"datadir = /x\n", "gavel.conf:1: datadir: no such option"},
        {"price = -1\n", "gavel.conf:1: price = -1: expected a number from 0"},
        {"pin = 123456\n", "gavel.conf:1: pin: expected a number"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        gv_config_free(f->c);
        f->c = gv_config_new(&program);
        assert_int_equal(file(f, rows[i].text), GV_REJECT);
        if (strstr(f->e.text, rows[i].error) == NULL)
            fail_msg("%s gave: %s", rows[i].text, f->e.text);
        assert_null(strstr(f->e.text, "123456"));
    }
    unlink(f->path);
    assert_int_equal(gv_config_file(f->c, f->path, &f->e), GV_ABSENT);
    assert_int_equal(gv_config_file(f->c, f->dir, &f->e), GV_FAULT);
}

static void
a_bad_variable_is_named(void **state)
{
    char *environment[] = {(char *)"GAVEL_RPC_PORT=zero", NULL};
    struct fixture *f = *state;

    assert_int_equal(gv_config_environment(f->c, environment, &f->e),
                     GV_REJECT);
    assert_string_equal(
        f->e.text, "GAVEL_RPC_PORT=zero: expected a number from 1 to 65535");
}

static void
commands_are_matched_by_their_longest_name(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(flags(f, "--json bid place --price 5 auc -- --note"),
                     GV_OK);
    assert_string_equal(gv_config_command(f->c)->name, "bid place");
    assert_int_equal(gv_config_int(f->c, "price"), 5);
    assert_int_equal(gv_config_arguments(f->c), 2);
    assert_string_equal(gv_config_argument(f->c, 0), "auc");
    assert_string_equal(gv_config_argument(f->c, 1), "--note");
    assert_true(gv_config_bool(f->c, "json"));
}

static char *
printed(struct fixture *f, void (*print)(const struct gv_config *c, FILE *out))
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    print(f->c, out);
    fclose(out);
    return text;
}

static void
texts_come_from_the_table(void **state)
{
    struct fixture *f = *state;
    char *text;

    assert_int_equal(flags(f, "bid place --help"), GV_OK);
    assert_int_equal(gv_config_wish(f->c), GV_CONFIG_HELP);
    text = printed(f, gv_config_print_help);
    assert_non_null(strstr(text, "Usage: tester bid place [OPTIONS] AUCTION"));
    assert_non_null(strstr(text, "--price N"));
    assert_non_null(strstr(text, "--network main|test|regtest"));
    assert_non_null(strstr(text, "(default 8000)"));
    free(text);
    text = printed(f, gv_config_print_version);
    assert_string_equal(text, "tester 1.2.3\n");
    free(text);
}

/* A '#' of its own begins a comment, within a word it is text. */
static void
comments_and_values_are_told_apart(void **state)
{
    struct fixture *f = *state;
    const char *const *list;
    size_t n;

    assert_int_equal(file(f, "connect = a#b # c\nconnect = #d\nconnect =# e\n"
                             "connect =\t#\nconnect = a=# f\n"
                             "rpc-port = 5 #\r\n"),
                     GV_OK);
    assert_int_equal(gv_config_int(f->c, "rpc-port"), 5);
    list = gv_config_list(f->c, "connect", &n);
    assert_int_equal(n, 5);
    assert_string_equal(list[0], "a#b");
    assert_string_equal(list[1], "#d");
    assert_string_equal(list[2], "");
    assert_string_equal(list[3], "");
    assert_string_equal(list[4], "a=# f");
}

static void
a_check_prints_a_file_that_can_be_read_again(void **state)
{
    struct fixture *f = *state;
    char *text, *again;

    assert_int_equal(file(f, "login = me:verysecret\nconnect = a\n"
                             "connect = b\ntimeout = 3s\n"),
                     GV_OK);
    text = printed(f, gv_config_print);
    assert_non_null(strstr(text, "timeout = 3s  # "));
    assert_non_null(strstr(text, "# login = ***"));
    assert_null(strstr(text, "verysecret"));
    gv_config_free(f->c);
    f->c = gv_config_new(&program);
    assert_int_equal(file(f, text), GV_OK);
    assert_int_equal(gv_config_ms(f->c, "timeout"), 3000);
    again = printed(f, gv_config_print);
    assert_non_null(strstr(again, "connect = b"));
    free(again);
    free(text);
}

/* Stronger than a default, weaker than everything that a person said. */
static void
a_preset_fills_what_nobody_set(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(flags(f, "bid place x --price 7"), GV_OK);
    assert_int_equal(gv_config_preset(f->c, "price", "9", "--kind a", &f->e),
                     GV_OK);
    assert_int_equal(gv_config_int(f->c, "price"), 7);
    assert_false(gv_config_is_set(f->c, "timeout"));
    assert_int_equal(gv_config_preset(f->c, "timeout", "9s", "--kind a", &f->e),
                     GV_OK);
    assert_int_equal(gv_config_ms(f->c, "timeout"), 9000);
    assert_true(gv_config_is_set(f->c, "timeout"));
    assert_string_equal(gv_config_source(f->c, "timeout"), "--kind a");
    assert_int_equal(gv_config_preset(f->c, "note", "hello", "--kind a", &f->e),
                     GV_OK);
    assert_string_equal(gv_config_string(f->c, "note"), "hello");
    assert_int_equal(gv_config_preset(f->c, "timeout", "1d", "--kind a", &f->e),
                     GV_REJECT);
    assert_non_null(strstr(f->e.text, "--kind a"));
    assert_int_equal(
        gv_config_text(f->c, "file", gv_bytes("timeout = 3s\n", 13), &f->e),
        GV_OK);
    assert_int_equal(gv_config_ms(f->c, "timeout"), 3000);
}

static void
a_config_inherits_what_was_said(void **state)
{
    struct fixture *f = *state, heir = *f;
    size_t n;

    assert_int_equal(flags(f, "--cache 64M --connect a --connect b "
                              "--rpc-port 9000 bid place X"),
                     GV_OK);
    assert_int_equal(file(f, "price = 7\ntimeout = 3s\n"), GV_OK);
    heir.c = gv_config_new(&program);
    assert_non_null(heir.c);
    assert_int_equal(flags(&heir, "--rpc-port 9001 bid place Y"), GV_OK);
    assert_int_equal(gv_config_inherit(heir.c, f->c, &heir.e), GV_OK);
    assert_int_equal(gv_config_size(heir.c, "cache"), 64 << 20);
    assert_int_equal(gv_config_ms(heir.c, "timeout"), 3000);
    assert_int_equal(gv_config_int(heir.c, "price"), 7);
    assert_int_equal(gv_config_int(heir.c, "rpc-port"), 9001);
    assert_string_equal(gv_config_list(heir.c, "connect", &n)[1], "b");
    assert_int_equal(n, 2);
    assert_string_equal(gv_config_source(heir.c, "cache"), "--cache");
    assert_false(gv_config_is_set(heir.c, "network"));
    gv_config_free(heir.c);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(defaults_hold),
        TEST(a_later_default_fills_only_a_gap),
        TEST(flag_beats_environment_beats_file),
        TEST(lists_append_within_a_source),
        TEST(bad_flags_are_named),
        TEST(groups_have_help_and_take_options),
        TEST(bad_files_are_named_by_line),
        TEST(a_bad_variable_is_named),
        TEST(commands_are_matched_by_their_longest_name),
        TEST(a_preset_fills_what_nobody_set),
        TEST(a_config_inherits_what_was_said),
        TEST(texts_come_from_the_table),
        TEST(comments_and_values_are_told_apart),
        TEST(a_check_prints_a_file_that_can_be_read_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
