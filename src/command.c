/* command.c - see command.h. */
#include "src/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "src/backup.h"

static uint64_t
now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int
fail(int status, const char *text)
{
    fprintf(stderr, "gaveld: %s\n", text);
    return status;
}

/* After this no token can be dated ahead of the clock by what restoring put
 * between the old ones and the new. */
static void
wait_for_lease(void)
{
    const struct timespec t = {1, 200000000};

    (void)nanosleep(&t, NULL);
}

static int
run_backup(const struct gv_options *options, bool restore)
{
    const char *option = restore ? "in" : "out";
    struct gv_passphrase pass;
    struct gv_passphrase_source source = {
        .file = gv_config_string(options->config, "passphrase-file"),
        .prompt = restore ? "Passphrase of the backup"
                          : "New passphrase of the backup",
        .confirm = !restore};
    struct gv_backup_options o = {.datadir = options->datadir,
                                  .params = options->params,
                                  .file =
                                      gv_config_string(options->config, option),
                                  .passphrase = &pass,
                                  .now_ms = now_ms()};
    struct gv_backup_tally tally;
    struct gv_error e = {""};
    enum gv_rc rc;

    if (o.file == NULL || strcmp(o.file, "-") == 0)
        return fail(2, restore ? "--in FILE: say which file"
                               : "--out FILE: say which file");
    if (gv_passphrase_read(&source, &pass, &e) != GV_OK)
        return fail(1, e.text);
    if (pass.len == 0)
        return fail(2, "an empty passphrase protects nothing");
    rc = restore ? gv_backup_restore(&o, &tally, &e)
                 : gv_backup_make(&o, &tally, &e);
    gv_wipe(&pass, sizeof(pass));
    if (rc != GV_OK)
        return fail(1, e.text);
    printf("%s: %" PRIu64 " files, %" PRIu64 " records\n", o.file, tally.files,
           tally.rows);
    if (restore)
        wait_for_lease();
    return 0;
}

int
gv_command_run(const struct gv_options *options)
{
    const char *name = gv_config_command(options->config)->name;

    if (strcmp(name, "backup") == 0)
        return run_backup(options, false);
    if (strcmp(name, "restore") == 0)
        return run_backup(options, true);
    gv_config_print(options->config, stdout);
    return 0;
}
