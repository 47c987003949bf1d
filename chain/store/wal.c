/*
 * wal.c - a look at the write-ahead log; see wal.h.
 *
 * The format (RocksDB's log_format.h): blocks of 32 KiB, each a run of
 *
 *   masked CRC-32C u32 | length u16 | type u8 | payload
 *
 * little-endian, the CRC over type and payload. No record crosses a block; a
 * rest of less than a header is zero. Types: whole, first, middle, last.
 */
#include "chain/store/wal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 32768u
#define HEAD 7u
#define LAST_TYPE 4
#define CRC_MASK 0xa282ead8u

struct wal {
    const uint8_t *p;
    size_t len;
    uint32_t table[256];
};

static void
fill_table(struct wal *w)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;

        for (int k = 0; k < 8; k++)
            c = (c >> 1) ^ ((c & 1) != 0 ? 0x82f63b78u : 0);
        w->table[i] = c;
    }
}

static uint32_t
masked_crc(const struct wal *w, size_t at, size_t len)
{
    uint32_t c = UINT32_MAX;

    for (size_t i = 0; i < len; i++)
        c = w->table[(c ^ w->p[at + i]) & 0xff] ^ (c >> 8);
    c = ~c;
    return ((c >> 15) | (c << 17)) + CRC_MASK;
}

/* Is there a whole record at `at` if its payload has len bytes? */
static bool
whole_with(const struct wal *w, size_t at, size_t len)
{
    const uint8_t *p = w->p + at;
    size_t room = BLOCK - at % BLOCK;

    if (room < HEAD + len || w->len - at < HEAD + len)
        return false;
    if (p[6] == 0 || p[6] > LAST_TYPE)
        return false;
    return masked_crc(w, at + 6, 1 + len) ==
           ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
            (uint32_t)p[3] << 24);
}

static size_t
length_at(const struct wal *w, size_t at)
{
    return (size_t)w->p[at + 4] | (size_t)w->p[at + 5] << 8;
}

static bool
header_fits(const struct wal *w, size_t at)
{
    return w->len - at >= HEAD && BLOCK - at % BLOCK >= HEAD;
}

static bool
whole(const struct wal *w, size_t at)
{
    return header_fits(w, at) && whole_with(w, at, length_at(w, at));
}

/* The first place that holds no whole record, or the end. */
static size_t
first_bad(const struct wal *w)
{
    size_t at = 0;

    while (at < w->len) {
        if (BLOCK - at % BLOCK < HEAD)
            at += BLOCK - at % BLOCK;
        else if (whole(w, at))
            at += HEAD + length_at(w, at);
        else
            break;
    }
    return at < w->len ? at : w->len;
}

/* Could a torn write look like what is at `at`? Not when the record is there
 * under another length, when its type is none that is written, or when a
 * record follows: anywhere in its block, or at the start of a later one. */
static bool
torn(const struct wal *w, size_t at)
{
    size_t end = at - at % BLOCK + BLOCK;

    if (!header_fits(w, at))
        return true;
    if (w->p[at + 6] > LAST_TYPE || whole_with(w, at, w->len - at - HEAD))
        return false;
    for (size_t next = at + 1; next < end && next < w->len; next++)
        if (whole(w, next))
            return false;
    for (size_t next = end; next < w->len; next += BLOCK)
        if (whole(w, next))
            return false;
    return true;
}

size_t
gv_wal_damage(struct gv_bytes log)
{
    struct wal w = {.p = log.p, .len = log.len};
    size_t at;

    fill_table(&w);
    at = first_bad(&w);
    return at == w.len || torn(&w, at) ? GV_WAL_WHOLE : at;
}

static enum gv_rc
check_bytes(struct gv_bytes log, const char *dir, const char *name,
            struct gv_kv_errors *errors)
{
    size_t at = gv_wal_damage(log);

    if (at == GV_WAL_WHOLE)
        return GV_OK;
    return gv_kv_errors_set(
        errors, "datadir %s is damaged: bad record at byte %zu of the log %s",
        dir, at, name);
}

static enum gv_rc
check_file(int dirfd, const char *dir, const char *name,
           struct gv_kv_errors *errors)
{
    enum gv_rc rc = GV_FAULT;
    struct stat st;
    void *map;
    int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT)
        return GV_OK; /* a process that has the store open dropped it */
    if (fd < 0 || fstat(fd, &st) != 0) {
        gv_kv_errors_set(errors, "datadir %s: %s: %s", dir, name,
                         strerror(errno));
    } else if (st.st_size == 0) {
        rc = GV_OK;
    } else {
        map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (map == MAP_FAILED) {
            gv_kv_errors_set(errors, "datadir %s: %s: %s", dir, name,
                             strerror(errno));
        } else {
            rc = check_bytes(gv_bytes(map, (size_t)st.st_size), dir, name,
                             errors);
            munmap(map, (size_t)st.st_size);
        }
    }
    if (fd >= 0)
        close(fd);
    return rc;
}

enum gv_rc
gv_wal_check(const char *dir, struct gv_kv_errors *errors)
{
    struct dirent *entry;
    enum gv_rc rc = GV_OK;
    DIR *d = opendir(dir);

    if (d == NULL)
        return gv_kv_errors_set(errors, "datadir %s: %s", dir, strerror(errno));
    while (rc == GV_OK && (entry = readdir(d)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');

        if (dot != NULL && strcmp(dot, ".log") == 0)
            rc = check_file(dirfd(d), dir, entry->d_name, errors);
    }
    closedir(d);
    return rc;
}
