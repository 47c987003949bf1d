/* command_log.c - gavel-explorer log key, verify and show (N28). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/files.h"
#include "src/base/secret.h"
#include "src/client/msglog.h"
#include "src/explorer/commands.h"

#define FILE_MAX (1u << 30)

/* --- log key --- */

/* Into a new file: nothing is written over. */
static enum gv_rc
save_secret(const char *path, const uint8_t secret[32], struct gv_error *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    char hex[66];
    bool ok;

    if (fd < 0) {
        gv_error_set(e, "%s: %s", path, strerror(errno));
        return GV_FAULT;
    }
    gv_hex(secret, 32, hex);
    hex[64] = '\n';
    ok = write(fd, hex, 65) == 65;
    ok = fsync(fd) == 0 && ok;
    ok = close(fd) == 0 && ok;
    gv_wipe(hex, sizeof(hex));
    if (!ok)
        gv_error_set(e, "%s: cannot be written", path);
    return ok ? GV_OK : GV_FAULT;
}

static int
make_key(const struct gv_config *c)
{
    const char *out = gv_config_string(c, "out");
    struct gv_error e = {"no random bytes"};
    uint8_t secret[32], pub[32];
    char hex[65];
    enum gv_rc rc;

    if (out == NULL || strcmp(out, "-") == 0)
        return gv_command_fail(GV_EXPLORER_FAILED,
                               "--out FILE: say where; a secret key is not "
                               "printed");
    rc = gv_random(secret, sizeof(secret));
    if (rc == GV_OK)
        rc = gv_x25519_public(secret, pub);
    if (rc == GV_OK)
        rc = save_secret(out, secret, &e);
    gv_wipe(secret, sizeof(secret));
    if (rc != GV_OK)
        return gv_command_fail(GV_EXPLORER_FAILED, e.text);
    printf("%s\n", gv_hex(pub, 32, hex));
    return GV_EXPLORER_OK;
}

/* --- log verify, log show --- */

struct job {
    struct gv_msglog_chain chain;
    bool any; /* the first record may have any place */
    bool show;
    uint8_t secret[32];
    uint64_t records, entries;
    char text[300];
};

/* What a frame is, as far as its bytes say it: kind and number of a request,
 * or topic and kind of gossip. */
static void
print_entry(const struct gv_msglog_entry *e)
{
    static const char *const ways[] = {"in",         "out",       "gossip-in",
                                       "gossip-out", "submit-in", "submit-out",
                                       "lost"};
    bool gossip =
        e->way == GV_MSGLOG_GOSSIP_IN || e->way == GV_MSGLOG_GOSSIP_OUT;

    printf("%" PRIu64 ".%06u session %" PRIu64 " %s", e->time_us / 1000000,
           (unsigned)(e->time_us % 1000000), e->session, ways[e->way]);
    if (e->way == GV_MSGLOG_LOST && e->frame.len == 8)
        printf(" %" PRIu64 " messages", gv_le64(e->frame.p));
    else if (gossip && e->frame.len > 8)
        printf(" kind %u", e->frame.p[8]);
    else if (!gossip && e->frame.len >= 5)
        printf(" kind %u number %" PRIu32, e->frame.p[0],
               gv_le32(e->frame.p + 1));
    printf(" ");
    for (size_t i = 0; i < e->frame.len; i++)
        printf("%02x", e->frame.p[i]);
    printf("\n");
}

static enum gv_rc
show_record(struct job *j, const struct gv_msglog_record *record)
{
    struct gv_msglog_entry e;
    struct gv_reader r;
    size_t len = 0;
    uint8_t *plain = gv_msglog_open(record, j->secret, &len);

    if (plain == NULL) {
        snprintf(j->text, sizeof(j->text),
                 "record %" PRIu64 " is not sealed to this key",
                 record->number);
        return GV_REJECT;
    }
    r = gv_reader(gv_bytes(plain, len));
    while (gv_msglog_next(&r, &e)) {
        print_entry(&e);
        j->entries++;
    }
    if (r.failed)
        snprintf(j->text, sizeof(j->text),
                 "record %" PRIu64 " holds no entries", record->number);
    gv_wipe(plain, len);
    free(plain);
    return r.failed ? GV_REJECT : GV_OK;
}

static enum gv_rc
read_log(struct job *j, const char *path, struct gv_bytes all)
{
    struct gv_msglog_record record;
    struct gv_reader r;
    enum gv_rc rc = GV_OK;

    snprintf(j->text, sizeof(j->text), "%.200s: no message log", path);
    if (all.len < 8 || memcmp(all.p, GV_MSGLOG_MAGIC, 8) != 0)
        return GV_REJECT;
    r = gv_reader(gv_bytes(all.p + 8, all.len - 8));
    while (rc == GV_OK && gv_msglog_read(&r, &record)) {
        if (!gv_msglog_follows(&j->chain, &record, &j->any)) {
            snprintf(j->text, sizeof(j->text),
                     "%.200s: record %" PRIu64
                     " does not follow record %" PRIu64 ": the log was changed",
                     path, record.number, j->chain.number - 1);
            return GV_REJECT;
        }
        j->records++;
        if (j->show)
            rc = show_record(j, &record);
    }
    if (rc == GV_OK && r.failed) {
        snprintf(j->text, sizeof(j->text),
                 "%.200s: what follows record %" PRIu64 " is no record", path,
                 j->chain.number - 1);
        rc = GV_REJECT;
    }
    return rc;
}

static enum gv_rc
read_secret(const struct gv_config *c, struct job *j, struct gv_error *e)
{
    struct gv_passphrase_source source = {.file = gv_config_string(c, "key")};
    struct gv_passphrase line;
    enum gv_rc rc;

    gv_error_set(e, "--key: say which file holds the secret key");
    if (source.file == NULL)
        return GV_FAULT;
    rc = gv_passphrase_read(&source, &line, e);
    if (rc == GV_OK && gv_unhex(line.text, j->secret, 32) != GV_OK) {
        gv_error_set(e, "%s: expected 64 hex digits", source.file);
        rc = GV_FAULT;
    }
    gv_wipe(&line, sizeof(line));
    return rc == GV_OK ? GV_OK : GV_FAULT;
}

static enum gv_rc
read_files(const struct gv_config *c, struct job *j, struct gv_error *e)
{
    enum gv_rc rc = GV_OK;

    for (size_t i = 0; rc == GV_OK && i < gv_config_arguments(c); i++) {
        const char *path = gv_config_argument(c, i);
        uint8_t *all;
        size_t len;

        rc = gv_file_read(path, FILE_MAX, &all, &len, e);
        if (rc == GV_ABSENT) {
            gv_error_set(e, "%s: no such file", path);
            return GV_FAULT;
        }
        if (rc != GV_OK)
            return rc;
        rc = read_log(j, path, gv_bytes(all, len));
        free(all);
        if (rc == GV_REJECT)
            gv_error_set(e, "%s", j->text);
    }
    return rc;
}

int
gv_command_log(const struct gv_config *c)
{
    const char *name = gv_config_command(c)->name;
    struct job j = {.any = true, .show = strcmp(name, "log show") == 0};
    struct gv_error e = {""};
    enum gv_rc rc = GV_OK;
    char hex[65];

    if (strcmp(name, "log key") == 0)
        return make_key(c);
    if (j.show)
        rc = read_secret(c, &j, &e);
    if (rc == GV_OK)
        rc = read_files(c, &j, &e);
    gv_wipe(j.secret, sizeof(j.secret));
    if (rc != GV_OK)
        return gv_command_fail(
            rc == GV_REJECT ? GV_EXPLORER_REFUSED : GV_EXPLORER_FAILED, e.text);
    fprintf(j.show ? stderr : stdout,
            "good: %" PRIu64 " records up to number %" PRIu64 ", last %s\n",
            j.records, j.chain.number - (j.records > 0),
            gv_hex(j.chain.prev, 32, hex));
    return GV_EXPLORER_OK;
}
