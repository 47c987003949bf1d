/* diary.c - see diary.h. */
#include "src/net/diary.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "src/base/files.h"
#include "src/base/mailbox.h"
#include "src/base/secret.h"

#define FILE_BYTES (64u << 20)
#define READ_MAX (1u << 30)
#define ROOM_MESSAGES 65536
#define ROOM_BYTES (64u << 20)
#define GATHER 256 /* entries in a record */
#define GATHER_BYTES (1u << 20)
#define GATHER_MS 250

struct gv_diary {
    struct gv_diary_options opt;
    char *path;
    struct gv_mailbox *box;
    atomic_uint_fast64_t lost;
    pthread_t thread;
    bool started;

    struct gv_msglog_chain chain;
    int fd;      /* -1: the next file has not begun */
    size_t size; /* of what is whole in it; 0: not even the magic */
    bool torn;   /* more than that may stand in it */
    bool broken; /* it was said that writing fails */
};

struct note {
    struct gv_msglog_entry e;
    uint8_t frame[];
};

/* --- files --- */

static void
complain(struct gv_diary *d)
{
    if (!d->broken)
        gv_log_error(d->opt.log, "net", "the message log is not written",
                     GV_S("why", strerror(errno)));
    d->broken = true;
}

/* Follow the records of a file. *whole: bytes up to the last that is. */
static enum gv_rc
follow(struct gv_diary *d, struct gv_bytes all, size_t *whole,
       struct gv_error *e)
{
    struct gv_msglog_record record;
    struct gv_reader r;
    bool any = true;

    *whole = 0;
    if (all.len < 8 && memcmp(all.p, GV_MSGLOG_MAGIC, all.len) == 0)
        return GV_OK; /* it had only begun */
    if (all.len < 8 || memcmp(all.p, GV_MSGLOG_MAGIC, 8) != 0) {
        gv_error_set(e, "%s: no message log", d->path);
        return GV_FAULT;
    }
    r = gv_reader(gv_bytes(all.p + 8, all.len - 8));
    *whole = 8;
    while (gv_msglog_read(&r, &record)) {
        if (!gv_msglog_follows(&d->chain, &record, &any)) {
            gv_error_set(e, "%s: record %llu does not follow the one before",
                         d->path, (unsigned long long)record.number);
            return GV_FAULT;
        }
        *whole += record.raw.len;
    }
    return GV_OK;
}

static bool
write_all(int fd, const void *p, size_t len)
{
    const uint8_t *at = p;

    while (len > 0) {
        ssize_t n = write(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static bool
append(struct gv_diary *d, const void *p, size_t len)
{
    d->torn = !write_all(d->fd, p, len);
    if (!d->torn)
        d->size += len;
    return !d->torn;
}

/* A file to append to: begun if there is none, and without what a failure left
 * behind. Half a record would hide all that follow. */
static bool
is_ready(struct gv_diary *d)
{
    if (d->fd < 0) {
        d->fd = open(d->path,
                     O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
        d->size = 0;
        d->torn = false;
    }
    if (d->fd < 0 || (d->torn && ftruncate(d->fd, (off_t)d->size) != 0))
        return false;
    d->torn = false;
    return d->size > 0 || append(d, GV_MSGLOG_MAGIC, 8);
}

/* A file that has only begun: the chain comes from the one before it. What is
 * wrong with that one is found by whoever verifies it. */
static void
resume_old(struct gv_diary *d)
{
    struct gv_error e;
    uint8_t *all;
    size_t len, whole;
    char *old;

    if (d->chain.number != 0 || asprintf(&old, "%s.1", d->path) < 0)
        return;
    if (gv_file_read(old, READ_MAX, &all, &len, &e) == GV_OK) {
        (void)follow(d, gv_bytes(all, len), &whole, &e);
        free(all);
    }
    free(old);
}

static enum gv_rc
resume(struct gv_diary *d, struct gv_error *e)
{
    size_t len, whole = 0;
    uint8_t *all;
    enum gv_rc rc = gv_file_read(d->path, READ_MAX, &all, &len, e);
    bool ok = true;

    if (rc == GV_OK) {
        rc = follow(d, gv_bytes(all, len), &whole, e);
        free(all);
        if (rc != GV_OK)
            return rc;
        d->fd = open(d->path, O_WRONLY | O_APPEND | O_CLOEXEC);
        d->size = whole;
        d->torn = whole < len;
        ok = d->fd >= 0;
    } else if (rc != GV_ABSENT) {
        return rc;
    }
    if (d->torn)
        gv_log_warn(d->opt.log, "net",
                    "a record cut off is taken from the message log",
                    GV_U("bytes", len - whole));
    if (!ok || !is_ready(d)) {
        gv_error_set(e, "%s: %s", d->path, strerror(errno));
        return GV_FAULT;
    }
    resume_old(d);
    return GV_OK;
}

/* FILE to FILE.1, FILE.1 to FILE.2, ... up to the first number that is free: a
 * turn that failed half way goes on and loses nothing. */
static bool
turn_over(struct gv_diary *d)
{
    char from[4096], to[4096];
    int i = 1;

    for (; i < GV_DIARY_OLD; i++) {
        snprintf(to, sizeof(to), "%s.%d", d->path, i);
        if (access(to, F_OK) != 0)
            break;
    }
    for (; i > 0; i--) {
        snprintf(to, sizeof(to), "%s.%d", d->path, i);
        snprintf(from, sizeof(from), i > 1 ? "%s.%d" : "%s", d->path, i - 1);
        if (rename(from, to) != 0 && errno != ENOENT)
            return false;
    }
    close(d->fd);
    d->fd = -1;
    return true;
}

/* --- records --- */

/* A record with these entries. False: it is not in the log, which is as it was
 * and is tried again with the next one. */
static bool
write_record(struct gv_diary *d, struct gv_bytes entries)
{
    size_t len = GV_MSGLOG_HEAD + entries.len + GV_HPKE_TAG;
    struct gv_msglog_chain before = d->chain;
    uint8_t *out = malloc(len), seed[32];
    size_t max = d->opt.max_bytes ? d->opt.max_bytes : FILE_BYTES;
    bool ok = out != NULL;

    if (ok && d->fd >= 0 && d->size > 8 && d->size + len > max)
        ok = turn_over(d);
    ok = ok && is_ready(d) && gv_random(seed, sizeof(seed)) == GV_OK &&
         gv_msglog_seal(&d->chain, d->opt.owner, seed, entries, out) == GV_OK &&
         append(d, out, len);
    if (!ok) {
        complain(d);
        d->chain = before;
    }
    gv_wipe(seed, sizeof(seed));
    free(out);
    return ok;
}

static void
put_lost(struct gv_sink *s, uint64_t n)
{
    uint8_t count[8];
    struct gv_msglog_entry e = {.way = GV_MSGLOG_LOST,
                                .frame = gv_bytes(count, 8)};

    gv_le64_put(count, n);
    if (n > 0)
        gv_msglog_put(s, &e);
}

/* The notes, and how many were lost before; what cannot be written is lost as
 * well. */
static void
seal_notes(struct gv_diary *d, void *const notes[], size_t n)
{
    uint64_t lost = atomic_exchange(&d->lost, 0);
    size_t room = 64;
    struct gv_sink s;
    uint8_t *plain;
    bool ok = false;

    for (size_t i = 0; i < n; i++)
        room += 21 + ((struct note *)notes[i])->e.frame.len;
    plain = malloc(room);
    if (plain != NULL) {
        s = gv_sink_buffer(plain, room);
        for (size_t i = 0; i < n; i++)
            gv_msglog_put(&s, &((struct note *)notes[i])->e);
        put_lost(&s, lost);
        ok = write_record(d, gv_bytes(plain, s.len));
        gv_wipe(plain, room);
        free(plain);
    }
    if (!ok)
        atomic_fetch_add(&d->lost, lost + n);
    else if (d->broken)
        gv_log_info(d->opt.log, "net", "the message log is written again",
                    GV_U("lost", lost));
    d->broken = d->broken && !ok;
}

/* Up to a megabyte of what waits. */
static size_t
gather(struct gv_diary *d, void *notes[GATHER])
{
    size_t n = 0, bytes = 0;

    while (n < GATHER && bytes < GATHER_BYTES &&
           (notes[n] = gv_mailbox_take(d->box)) != NULL)
        bytes += ((struct note *)notes[n++])->e.frame.len;
    return n;
}

static void *
serve(void *arg)
{
    static const struct timespec pause = {0, GATHER_MS * 1000000L};
    struct gv_diary *d = arg;
    void *notes[GATHER];
    size_t n;

    while (!gv_mailbox_done(d->box)) {
        (void)gv_mailbox_wait(d->box, -1);
        n = gather(d, notes);
        if (n > 0)
            seal_notes(d, notes, n);
        for (size_t i = 0; i < n; i++)
            free(notes[i]);
        /* A record costs two multiplications: let some messages gather. */
        if (n < GATHER / 4 && gv_mailbox_count(d->box) == 0)
            nanosleep(&pause, NULL);
    }
    if (atomic_load(&d->lost) > 0)
        seal_notes(d, NULL, 0);
    return NULL;
}

/* --- outside --- */

/* Keys of small order are refused by every encryption: better now. */
static bool
is_key(const uint8_t owner[GV_HPKE_KEY])
{
    static const uint8_t any[32] = {1};
    uint8_t shared[32];

    return gv_x25519(any, owner, shared) == GV_OK;
}

struct gv_diary *
gv_diary_open(const struct gv_diary_options *o, struct gv_error *e)
{
    struct gv_mailbox_limits limits = {ROOM_MESSAGES, ROOM_BYTES};
    struct gv_diary *d = calloc(1, sizeof(*d));

    if (d == NULL) {
        gv_error_set(e, "out of memory");
        return NULL;
    }
    d->opt = *o;
    d->fd = -1;
    d->path = strdup(o->path);
    d->box = gv_mailbox_new(limits, free);
    if (d->path == NULL || d->box == NULL)
        gv_error_set(e, "out of memory");
    else if (!is_key(o->owner))
        gv_error_set(e, "message-log: no public key of X25519");
    else if (resume(d, e) == GV_OK) {
        d->started = pthread_create(&d->thread, NULL, serve, d) == 0;
        if (!d->started)
            gv_error_set(e, "a thread cannot start");
    }
    if (d->started)
        return d;
    gv_diary_free(d);
    return NULL;
}

void
gv_diary_free(struct gv_diary *d)
{
    char hex[65];

    if (d == NULL)
        return;
    if (d->started) {
        gv_mailbox_close(d->box);
        pthread_join(d->thread, NULL);
        gv_log_info(d->opt.log, "net", "message log closed",
                    GV_U("records", d->chain.number),
                    GV_S("last", gv_hex(d->chain.prev, 32, hex)),
                    GV_U("lost", atomic_load(&d->lost)));
    }
    gv_mailbox_free(d->box);
    if (d->fd >= 0)
        close(d->fd);
    free(d->path);
    free(d);
}

static uint64_t
utc_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void
gv_diary_note(struct gv_diary *d, uint64_t session, unsigned way,
              struct gv_bytes frame)
{
    struct note *note;

    if (d == NULL)
        return;
    note = malloc(sizeof(*note) + frame.len);
    if (note == NULL) {
        atomic_fetch_add(&d->lost, 1);
        return;
    }
    if (frame.len > 0)
        memcpy(note->frame, frame.p, frame.len);
    note->e =
        (struct gv_msglog_entry){.time_us = utc_us(),
                                 .session = session,
                                 .way = (uint8_t)way,
                                 .frame = gv_bytes(note->frame, frame.len)};
    if (gv_mailbox_post(d->box, note, sizeof(*note) + frame.len) != GV_MAIL_OK)
        atomic_fetch_add(&d->lost, 1);
}
