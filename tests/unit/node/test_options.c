/* gaveld's options: sources, what follows from them, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/options.h"
#include "src/pki/rolekeys.h"
#include "tests/support/support.h"

#define WORDS 12

struct trial {
    struct support_dir dir;
    char file[PATH_MAX + 32], flag[PATH_MAX + 32];
    struct gv_options o;
    struct gv_error e;
};

static void
begin(struct trial *t)
{
    memset(t, 0, sizeof(*t));
    support_dir_make(&t->dir);
    snprintf(t->file, sizeof(t->file), "%s/gavel.conf", t->dir.path);
    snprintf(t->flag, sizeof(t->flag), "--datadir=%s", t->dir.path);
}

static void
end(struct trial *t)
{
    gv_options_clear(&t->o);
    support_dir_remove(&t->dir);
}

static void
write_to(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* Flags and variables are lists that end with NULL; the datadir's flag is
 * added when `own` is set. */
static enum gv_rc
read_them(struct trial *t, bool own, const char *const *flags,
          const char *const *variables)
{
    char *argv[WORDS] = {(char *)"gaveld"}, *env[WORDS] = {NULL};
    int argc = 1;

    for (; flags && *flags; flags++)
        argv[argc++] = (char *)*flags;
    if (own)
        argv[argc++] = t->flag;
    for (int i = 0; variables && variables[i]; i++)
        env[i] = (char *)variables[i];
    gv_options_clear(&t->o);
    return gv_options_read(argc, argv, env, &t->o, &t->e);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
flag_beats_environment_beats_file(void **state)
{
    struct trial t;

    (void)state;
    begin(&t);
    write_to(t.file, "stamp-burst = 1\nstamp-refill = 2\noperator = File\n");
    assert_int_equal(
        read_them(&t, true, LIST("--stamp-burst", "7"),
                  LIST("GAVEL_STAMP_BURST=5", "GAVEL_STAMP_REFILL=6")),
        GV_OK);
    assert_int_equal(gv_config_int(t.o.config, "stamp-burst"), 7);
    assert_int_equal(gv_config_int(t.o.config, "stamp-refill"), 6);
    assert_string_equal(gv_config_string(t.o.config, "operator"), "File");
    assert_string_equal(gv_config_source(t.o.config, "stamp-refill"),
                        "GAVEL_STAMP_REFILL");
    end(&t);
}

static void
the_file_may_name_the_network(void **state)
{
    struct trial t;

    (void)state;
    begin(&t);
    assert_int_equal(read_them(&t, true, NULL, NULL), GV_OK);
    assert_string_equal(t.o.params->name, "main");
    write_to(t.file, "network = regtest\n");
    assert_int_equal(read_them(&t, true, NULL, NULL), GV_OK);
    assert_string_equal(t.o.params->name, "regtest");
    assert_int_equal(read_them(&t, true, LIST("--network", "test"), NULL),
                     GV_OK);
    assert_string_equal(t.o.params->name, "test");
    end(&t);
}

static void
the_datadir_may_come_from_everywhere(void **state)
{
    char text[PATH_MAX + 64], other[PATH_MAX + 16];
    struct trial t;

    (void)state;
    begin(&t);
    snprintf(other, sizeof(other), "%s/other", t.dir.path);
    snprintf(text, sizeof(text), "datadir = %s\n", other);
    write_to(t.file, text);
    assert_int_equal(read_them(&t, false, LIST("--config", t.file), NULL),
                     GV_OK);
    assert_string_equal(t.o.datadir, other);
    assert_int_equal(read_them(&t, true, LIST("--config", t.file), NULL),
                     GV_OK);
    assert_string_equal(t.o.datadir, t.dir.path);
    snprintf(text, sizeof(text), "GAVEL_DATADIR=%s", t.dir.path);
    assert_int_equal(read_them(&t, false, NULL, LIST(text)), GV_OK);
    assert_string_equal(t.o.datadir, t.dir.path);
    end(&t);
}

static void
roles_and_auctions_are_read(void **state)
{
    static const char id[] =
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    static const struct {
        const char *text;
        unsigned roles;
    } rows[] = {{"ca", GV_ROLEKEYS_CA},
                {"tsa", GV_ROLEKEYS_TSA},
                {"ca,tsa", GV_ROLEKEYS_CA | GV_ROLEKEYS_TSA},
                {"notary", GV_ROLEKEYS_NOTARY},
                {"issuer,tsa", GV_ROLEKEYS_ISSUER | GV_ROLEKEYS_TSA},
                {"all", GV_ROLEKEYS_CA | GV_ROLEKEYS_TSA | GV_ROLEKEYS_ISSUER |
                            GV_ROLEKEYS_NOTARY | GV_ROLEKEYS_VALIDATOR},
                {"tsa,validator", GV_ROLEKEYS_TSA | GV_ROLEKEYS_VALIDATOR}};
    struct trial t;

    (void)state;
    begin(&t);
    assert_int_equal(read_them(&t, true, NULL, NULL), GV_OK);
    assert_int_equal(t.o.roles, 0);
    assert_true(t.o.follow_all);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(read_them(&t, true, LIST("--ttp", rows[i].text), NULL),
                         GV_OK);
        assert_int_equal(t.o.roles, rows[i].roles);
    }
    assert_int_equal(read_them(&t, true, LIST("--follow", id), NULL), GV_OK);
    assert_false(t.o.follow_all);
    assert_int_equal(t.o.follow_count, 1);
    assert_true(support_hex_is(t.o.follow[0].b, 32, id));
    end(&t);
}

/* One line that names what and where. */
static void
bad_values_are_refused(void **state)
{
    static const struct {
        const char *line, *text;
    } rows[] = {
        {"network = moon", "network = moon"},
        {"ttp = ca,king", "ttp = king"},
        {"follow = abc", "follow = abc"},
        {"verify-threads = 257", "verify-threads = 257"},
        {"stamp-burst = -1", "stamp-burst = -1"},
        {"tls-auth = maybe", "tls-auth = maybe"},
        {"tls-min = 1.1", "tls-min = 1.1"},
        {"tls-max = 1.4", "tls-max = 1.4"},
        {"tls-host = two words", "tls-host = two words"},
        {"tls-host = [::1]", "without brackets"},
        {"tls-name = a.example\ntls-name = b/c", "tls-name = b/c"},
        {"tls-keylog = keys", "tls-keylog: session secrets are not written"},
        {"mine = perhaps", "mine = perhaps"},
        {"mine-bids = 4097", "mine-bids = 4097"},
        {"log-level = loud", "log-level = loud"},
        {"no-such-thing = 1", "no-such-thing"},
        {"config = /elsewhere", "config"},
        {"operator = a\noperator = b", "gavel.conf:2"},
        {"just words", "gavel.conf:1"},
    };
    struct trial t;

    (void)state;
    begin(&t);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        write_to(t.file, rows[i].line);
        assert_int_equal(read_them(&t, true, NULL, NULL), GV_REJECT);
        if (!strstr(t.e.text, rows[i].text))
            fail_msg("%s: %s", rows[i].line, t.e.text);
        assert_null(strchr(t.e.text, '\n'));
    }
    write_to(t.file, "");
    assert_int_equal(read_them(&t, true, LIST("--no-such-thing"), NULL),
                     GV_REJECT);
    /* A secret never stands in argv. */
    assert_int_equal(
        read_them(&t, true, LIST("--rpc-miner-user", "a:secret"), NULL),
        GV_REJECT);
    assert_null(strstr(t.e.text, "secret"));
    assert_int_equal(
        read_them(&t, true, LIST("--config", "/nowhere/gavel.conf"), NULL),
        GV_FAULT);
    assert_non_null(strstr(t.e.text, "/nowhere/gavel.conf"));
    end(&t);
}

/* A value of the option's type that is not its default. */
static const char *
value_of(const struct gv_config_option *o)
{
    if (o->choices) /* the last choice is none of the defaults */
        return strrchr(o->choices, '|') + 1;
    if (strcmp(o->name, "ttp") == 0)
        return "tsa";
    switch (o->type) {
    case GV_CONFIG_INT:
        return "17";
    case GV_CONFIG_BOOL:
        return "true";
    default:
        return strcmp(o->name, "follow") == 0
                   ? "00112233445566778899aabbccddeeff"
                     "00112233445566778899aabbccddeeff"
                   : "some-text";
    }
}

static char *
config_check(struct trial *t)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    gv_config_print(t->o.config, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* Each option of the table, set in a file, is what `config check` prints, with
 * the line it came from; only secrets are not shown. */
static void
config_check_shows_every_option(void **state)
{
    const struct gv_config_program *p = gv_options_program();
    char line[PATH_MAX + 128], path[PATH_MAX + 64];
    struct trial t;

    (void)state;
    begin(&t);
    snprintf(path, sizeof(path), "%s/one.conf", t.dir.path);
    for (size_t i = 0; i < p->n_options; i++) {
        const struct gv_config_option *o = &p->options[i];
        char *text;

        if (o->bits & GV_CONFIG_NO_FILE)
            continue;
        snprintf(line, sizeof(line), "%s = %s\n", o->name, value_of(o));
        write_to(path, line);
        /* Not every option is for main. */
        if (read_them(&t, false,
                      strcmp(o->name, "tls-keylog") == 0
                          ? LIST("config", "check", "--config", path,
                                 "--network", "test")
                          : LIST("config", "check", "--config", path),
                      NULL) != GV_OK)
            fail_msg("%s: %s", o->name, t.e.text);
        assert_non_null(gv_config_command(t.o.config));
        assert_true(gv_config_is_set(t.o.config, o->name));
        text = config_check(&t);
        line[strlen(line) - 1] = 0;
        if (o->bits & GV_CONFIG_SECRET)
            assert_null(strstr(text, value_of(o)));
        else if (!strstr(text, line))
            fail_msg("%s is missing in: %s", line, text);
        assert_non_null(strstr(text, "one.conf:1"));
        free(text);
    }
    end(&t);
}

/* `config check` shows what the node goes by, also where nobody said it. */
static void
defaults_that_follow_from_others_are_resolved(void **state)
{
    static const char *const main_has[] = {
        "p2p-bind = 127.0.0.1:16330  # default\n",
        "rpc-bind = 127.0.0.1:16332  # default\n",
        "tls-bind = 127.0.0.1:16335  # default\n",
        "ttp-approval = hand  # default\n",
        "stamp-burst = 32  # default\n",
        "mine = no  # default\n",
    };
    static const char *const regtest_has[] = {
        "rpc-bind = 127.0.0.1:18332  # default\n",
        "tls-bind = 127.0.0.1:5  # --tls-bind\n",
        "ttp-approval = auto  # default\n",
        "stamp-burst = 0  # --stamp-burst\n",
    };
    struct trial t;
    char *text;

    (void)state;
    begin(&t);
    assert_int_equal(read_them(&t, true, LIST("config", "check"), NULL), GV_OK);
    assert_false(gv_config_is_set(t.o.config, "rpc-bind"));
    text = config_check(&t);
    for (size_t i = 0; i < sizeof(main_has) / sizeof(main_has[0]); i++)
        assert_non_null(strstr(text, main_has[i]));
    free(text);
    assert_int_equal(
        read_them(&t, true,
                  LIST("config", "check", "--network", "regtest", "--tls-bind",
                       "127.0.0.1:5", "--stamp-burst", "0"),
                  NULL),
        GV_OK);
    text = config_check(&t);
    for (size_t i = 0; i < sizeof(regtest_has) / sizeof(regtest_has[0]); i++)
        assert_non_null(strstr(text, regtest_has[i]));
    free(text);
    end(&t);
}

/* It takes nothing by which it would sign, mine or leave an auction out. */
static void
S4_50_a_repository_only_keeps(void **state)
{
    static const char *const more[][2] = {
        {"--ttp", "tsa"},
        {"--validator-key", "f"},
        {"--mine", NULL},
        {"--follow",
         "0000000000000000000000000000000000000000000000000000000000000001"},
    };
    struct trial t;

    (void)state;
    begin(&t);
    assert_int_equal(read_them(&t, true, LIST("--role", "repository"), NULL),
                     GV_OK);
    assert_int_equal(t.o.duty, GV_DUTY_REPOSITORY);
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        assert_int_equal(
            read_them(&t, true,
                      LIST("--role", "repository", more[i][0], more[i][1]),
                      NULL),
            GV_REJECT);
        assert_non_null(strstr(t.e.text, "--role repository: it "));
        assert_int_equal(
            read_them(&t, true,
                      LIST("--role", "server", more[i][0], more[i][1]), NULL),
            GV_OK);
    }
    end(&t);
}

static void
help_and_version_need_nothing_else(void **state)
{
    struct trial t;

    (void)state;
    begin(&t);
    write_to(t.file, "network = moon\n");
    assert_int_equal(read_them(&t, true, LIST("--help"), NULL), GV_OK);
    assert_int_equal(gv_config_wish(t.o.config), GV_CONFIG_HELP);
    assert_int_equal(read_them(&t, true, LIST("--version"), NULL), GV_OK);
    assert_int_equal(gv_config_wish(t.o.config), GV_CONFIG_VERSION);
    end(&t);
}

static void
a_kept_clock_is_asked_for_where_it_matters(void **state)
{
    static const struct {
        const char *network, *wish;
        bool required;
    } rows[] = {
        {"main", NULL, true},  {"test", NULL, false},  {"regtest", NULL, false},
        {"main", "no", false}, {"main", "auto", true}, {"regtest", "yes", true},
    };
    struct trial t;

    (void)state;
    begin(&t);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *const with[] = {"--network", rows[i].network,
                                    "--tsa-require-sync", rows[i].wish, NULL},
                          *const without[] = {"--network", rows[i].network,
                                              NULL};

        assert_int_equal(
            read_them(&t, true, rows[i].wish != NULL ? with : without, NULL),
            GV_OK);
        assert_string_equal(t.o.params->name, rows[i].network);
        assert_int_equal(gv_options_require_sync(&t.o), rows[i].required);
    }
    end(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flag_beats_environment_beats_file),
        cmocka_unit_test(the_file_may_name_the_network),
        cmocka_unit_test(the_datadir_may_come_from_everywhere),
        cmocka_unit_test(roles_and_auctions_are_read),
        cmocka_unit_test(bad_values_are_refused),
        cmocka_unit_test(config_check_shows_every_option),
        cmocka_unit_test(defaults_that_follow_from_others_are_resolved),
        cmocka_unit_test(S4_50_a_repository_only_keeps),
        cmocka_unit_test(help_and_version_need_nothing_else),
        cmocka_unit_test(a_kept_clock_is_asked_for_where_it_matters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
