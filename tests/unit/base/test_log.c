/* Log lines: shape, escaping, levels; and files and secrets. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "src/base/files.h"
#include "src/base/log.h"
#include "src/base/secret.h"

struct fixture {
    char dir[64], path[96];
    struct gv_error e;
};

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    snprintf(f->dir, sizeof(f->dir), "%s", "/tmp/gavel-log-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/file", f->dir);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    unlink(f->path);
    assert_int_equal(rmdir(f->dir), 0);
    free(f);
    return 0;
}

static char *
content(struct fixture *f)
{
    uint8_t *text;
    size_t len;

    assert_int_equal(gv_file_read(f->path, 1 << 20, &text, &len, &f->e), GV_OK);
    return (char *)text;
}

static struct gv_log *
open_log(struct fixture *f, bool json)
{
    struct gv_log_options options = {.level = GV_LOG_INFO,
                                     .modules = "net=debug,rpc=error",
                                     .file = f->path,
                                     .json = json};
    struct gv_log *log = gv_log_open(&options, &f->e);

    assert_non_null(log);
    return log;
}

static void
human_lines_have_the_documented_shape(void **state)
{
    struct fixture *f = *state;
    struct gv_log *log = open_log(f, false);
    char *text;

    gv_log_info(log, "net", "peer connected", GV_S("peer", "3f"), GV_U("n", 7),
                GV_I("delta", -7), GV_X("id", "\x01\xff", 2));
    gv_log_free(log);
    text = content(f);
    assert_int_equal(strspn(text, "0123456789-T:.Z"), 24);
    assert_string_equal(text + 24, " info  net   peer connected peer=3f n=7 "
                                   "delta=-7 id=01ff\n");
    free(text);
}

static void
values_are_escaped(void **state)
{
    struct fixture *f = *state;
    struct gv_log *log = open_log(f, false);
    char *text;

    gv_log_info(log, "net", "m", GV_S("a", "x y\n\"\\=\x01\xc3"), GV_S("b", ""),
                GV_S("c", NULL));
    gv_log_free(log);
    text = content(f);
    assert_non_null(strstr(text, " m a=\"x y\\n\\\"\\\\=\\x01\\xc3\" b=\"\" "
                                 "c=\"\"\n"));
    free(text);
}

static void
json_lines_are_json(void **state)
{
    struct fixture *f = *state;
    struct gv_log *log = open_log(f, true);
    char *text, *big = malloc(9000);
    json_t *json;

    memset(big, 'z', 8999);
    big[8999] = '\0';
    gv_log_info(log, "net", "m", GV_S("a", "\xff\xc3\xa4\"\t\x7f"),
                GV_X("id", "\x02", 1), GV_S("big", big), GV_U("n", 3));
    gv_log_free(log);
    text = content(f);
    json = json_loads(text, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "a")),
                        "\xc3\xbf\xc3\xa4\"\t\x7f");
    assert_string_equal(json_string_value(json_object_get(json, "level")),
                        "info");
    assert_string_equal(json_string_value(json_object_get(json, "id")), "02");
    assert_true(strlen(text) <= 4096);
    json_decref(json);
    free(text);
    free(big);
}

static void
levels_hold_for_each_module(void **state)
{
    struct gv_log_options bad = {.modules = "net=loud"};
    struct fixture *f = *state;
    struct gv_log *log = open_log(f, false);
    char *text;

    gv_log_debug(log, "net", "one");
    gv_log_debug(log, "chain", "two");
    gv_log_warn(log, "rpc", "three");
    gv_log_error(log, "rpc", "four");
    gv_log_error(NULL, "rpc", "five");
    assert_false(gv_log_enabled(log, GV_LOG_INFO, "rpc"));
    gv_log_free(log);
    text = content(f);
    assert_non_null(strstr(text, "one"));
    assert_null(strstr(text, "two"));
    assert_null(strstr(text, "three"));
    assert_non_null(strstr(text, "error rpc   four"));
    free(text);
    assert_null(gv_log_open(&bad, &f->e));
    assert_non_null(strstr(f->e.text, "net=loud"));
}

static void
files_are_replaced_whole(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    uint8_t *bytes;
    size_t len;
    char missing[128], deep[128], middle[128];

    assert_int_equal(gv_file_write(f->path, gv_bytes("one", 3), 0644, &f->e),
                     GV_OK);
    assert_int_equal(gv_file_write(f->path, gv_bytes("three", 5), 0600, &f->e),
                     GV_OK);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(gv_file_read(f->path, 5, &bytes, &len, &f->e), GV_OK);
    assert_int_equal(len, 5);
    assert_string_equal((char *)bytes, "three");
    free(bytes);
    assert_int_equal(gv_file_read(f->path, 4, &bytes, &len, &f->e), GV_FAULT);
    assert_non_null(strstr(f->e.text, "at most 4"));
    snprintf(missing, sizeof(missing), "%s/none/x", f->dir);
    assert_int_equal(gv_file_read(missing, 4, &bytes, &len, &f->e), GV_ABSENT);
    assert_int_equal(gv_file_write(missing, gv_bytes("x", 1), 0600, &f->e),
                     GV_FAULT);
    assert_non_null(strstr(f->e.text, "No such file"));
    snprintf(middle, sizeof(middle), "%s/a", f->dir);
    snprintf(deep, sizeof(deep), "%s/a/b/", f->dir);
    assert_int_equal(gv_file_mkdirs(deep, &f->e), GV_OK);
    assert_int_equal(gv_file_mkdirs(deep, &f->e), GV_OK);
    assert_int_equal(stat(middle, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(rmdir(deep), 0);
    assert_int_equal(rmdir(middle), 0);
    assert_int_equal(gv_file_mkdirs(f->path, &f->e), GV_FAULT);
}

static void
passphrases_come_from_files(void **state)
{
    struct fixture *f = *state;
    struct gv_passphrase_source source = {f->path, NULL, false};
    struct gv_passphrase phrase;
    char *long_text = calloc(1, GV_PASSPHRASE_MAX + 3);

    assert_int_equal(
        gv_file_write(f->path, gv_bytes("open sesame\r\nx", 14), 0600, &f->e),
        GV_OK);
    assert_int_equal(gv_passphrase_read(&source, &phrase, &f->e), GV_OK);
    assert_string_equal(phrase.text, "open sesame");
    assert_int_equal(phrase.len, 11);
    memset(long_text, 'p', GV_PASSPHRASE_MAX + 1);
    assert_int_equal(gv_file_write(f->path,
                                   gv_bytes(long_text, GV_PASSPHRASE_MAX + 1),
                                   0600, &f->e),
                     GV_OK);
    assert_int_equal(gv_passphrase_read(&source, &phrase, &f->e), GV_REJECT);
    assert_int_equal(phrase.text[0], '\0');
    assert_int_equal(gv_file_write(f->path, gv_bytes("", 0), 0600, &f->e),
                     GV_OK);
    assert_int_equal(gv_passphrase_read(&source, &phrase, &f->e), GV_REJECT);
    free(long_text);
}

/* The network's lines go to a file of their own as well, whatever the levels
 * say, and that file and the one before it stay small. */
static void
test_S1_11_one_module_has_a_bounded_file(void **state)
{
    struct fixture *f = *state;
    struct gv_log_options options = {.level = GV_LOG_ERROR,
                                     .also_module = "net",
                                     .also_file = f->path,
                                     .also_bytes = 1000};
    struct gv_log *log = gv_log_open(&options, &f->e);
    char old[112], *text;
    struct stat st;

    assert_non_null(log);
    gv_log_error(log, "chain", "not here");
    gv_log_debug(log, "net", "nor this");
    gv_log_info(log, "net", "peer connected", GV_S("why", "a reason"));
    text = content(f);
    assert_non_null(strstr(text, "peer connected why=\"a reason\"\n"));
    assert_null(strstr(text, "not here"));
    assert_null(strstr(text, "nor this"));
    free(text);
    for (unsigned i = 0; i < 200; i++)
        gv_log_warn(log, "net", "again", GV_U("i", i));
    gv_log_free(log);
    snprintf(old, sizeof(old), "%s.1", f->path);
    text = content(f);
    assert_non_null(strstr(text, "again i=199\n"));
    free(text);
    assert_int_equal(stat(f->path, &st), 0);
    assert_in_range(st.st_size, 1, 1000);
    assert_int_equal(stat(old, &st), 0);
    assert_in_range(st.st_size, 1, 1000);
    unlink(old);
}

static void
random_bytes_differ(void **state)
{
    uint8_t a[32], b[32];

    (void)state;
    assert_int_equal(gv_random(a, sizeof(a)), GV_OK);
    assert_int_equal(gv_random(b, sizeof(b)), GV_OK);
    assert_memory_not_equal(a, b, sizeof(a));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(human_lines_have_the_documented_shape),
        TEST(values_are_escaped),
        TEST(json_lines_are_json),
        TEST(levels_hold_for_each_module),
        TEST(files_are_replaced_whole),
        TEST(passphrases_come_from_files),
        TEST(test_S1_11_one_module_has_a_bounded_file),
        TEST(random_bytes_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
