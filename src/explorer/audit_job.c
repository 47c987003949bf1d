/* audit_job.c - the checks of one line that need no other line. */
#include <inttypes.h>
#include <stdlib.h>

#include "src/explorer/audit_impl.h"

/* Buffers are used again unless a large line swelled them. */
#define BUFFER_KEEP (1u << 20)

static void
free_buffers(struct gv_audit_job *job)
{
    gv_line_free(&job->line);
    gv_show_free(&job->shown);
    free(job->raw);
    job->raw = NULL;
    job->raw_cap = 0;
}

void
gv_audit_job_clear(struct gv_audit_job *job)
{
    gv_track_facts_clear(&job->facts);
    gv_block_clear(&job->block);
    if (job->line.cap > BUFFER_KEEP)
        free_buffers(job);
    job->track = NULL;
    job->opens = job->doubted = false;
    job->rc = GV_OK;
}

void
gv_audit_job_free(struct gv_audit_job *job)
{
    gv_audit_job_clear(job);
    free_buffers(job);
}

void
gv_audit_refuse(struct gv_audit_job *job, enum gv_rc rc,
                const struct gv_reject *why)
{
    const struct gv_header *h = &job->block.h.header;
    char chain[17], text[160];

    job->rc = rc;
    if (rc == GV_FAULT) {
        gv_error_set(&job->e,
                     "line %" PRIu64 ": out of memory or the library "
                     "failed",
                     job->number);
        return;
    }
    gv_hex(h->chain.b, 8, chain);
    gv_error_set(&job->e, "line %" PRIu64 ": chain %s.. height %" PRIu32 ": %s",
                 job->number, chain, h->height,
                 gv_reject_text(why, text, sizeof(text)));
}

static void
malformed(struct gv_audit_job *job, const char *what)
{
    job->rc = GV_REJECT;
    gv_error_set(&job->e, "line %" PRIu64 ": %s", job->number, what);
}

/* The digits of "block". What stands around them is compared later. */
static bool
find_block(const struct gv_line *line, const char **hex, size_t *digits)
{
    static const char name[] = ",\"block\":\"";
    size_t window = line->len < 256 ? line->len : 256;
    const char *at = memmem(line->text, window, name, strlen(name)), *end;

    if (!at)
        return false;
    *hex = at + strlen(name);
    end = memchr(*hex, '"', line->len - (size_t)(*hex - line->text));
    if (!end)
        return false;
    *digits = (size_t)(end - *hex);
    return true;
}

/* Lower-case digits only, in their place: a dump is mostly hex. */
static bool
unhex(const char *hex, uint8_t *out, size_t len)
{
    static const uint8_t plus_one[256] = {
        ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
        ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
        ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16};
    bool good = true;

    for (size_t i = 0; i < len; i++) {
        unsigned high = plus_one[(uint8_t)hex[2 * i]];
        unsigned low = plus_one[(uint8_t)hex[2 * i + 1]];

        good &= high != 0 && low != 0;
        out[i] = (uint8_t)((high - 1) << 4 | ((low - 1) & 15));
    }
    return good;
}

/* The block's bytes, in job->raw. */
static enum gv_rc
read_hex(struct gv_audit_job *job, size_t *len)
{
    const char *hex;
    size_t digits;

    if (!gv_line_begins(&job->line, "{\"chain\":\"") ||
        !find_block(&job->line, &hex, &digits)) {
        malformed(job, "is not the line of a block");
        return GV_REJECT;
    }
    *len = digits / 2;
    if (digits % 2 != 0 || *len > GV_BLOCK_MAX) {
        malformed(job, "\"block\" has no possible length");
        return GV_REJECT;
    }
    if (*len > job->raw_cap) {
        free(job->raw);
        job->raw_cap = 0;
        job->raw = malloc(*len);
        if (!job->raw)
            return GV_FAULT;
        job->raw_cap = *len;
    }
    if (!unhex(hex, job->raw, *len)) {
        malformed(job, "\"block\" is not hex");
        return GV_REJECT;
    }
    return GV_OK;
}

void
gv_audit_decode(struct gv_audit_job *job, const struct gv_params *params)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    size_t len = 0;
    enum gv_rc rc = read_hex(job, &len);

    if (rc == GV_REJECT)
        return;
    if (rc == GV_OK)
        rc =
            gv_block_decode(gv_bytes(job->raw, len), params, &job->block, &why);
    job->shown.len = 0;
    if (rc == GV_OK)
        rc = gv_show_block(&job->shown, &job->block, params, &why);
    if (rc != GV_OK)
        gv_audit_refuse(job, rc, &why);
    else if (!gv_line_is(&job->line, job->number,
                         gv_bytes(job->shown.p, job->shown.len), &job->e))
        job->rc = GV_REJECT;
}

static enum gv_rc
verify_txs(struct gv_audit_job *job, const struct gv_keys *keys,
           struct gv_reject *why)
{
    const struct gv_pins *pins = gv_track_pins(job->track);
    enum gv_rc rc = gv_track_facts_make(&job->block, &job->facts);

    for (uint32_t i = 0; rc == GV_OK && i < job->block.h.header.tx_count; i++) {
        rc = gv_tx_verify(&job->block.tx[i], pins, keys,
                          gv_track_facts_room(&job->facts, i), why);
        why->index = i;
        /* Its keys may have changed: gv_audit_seats has the last word. */
        if (rc == GV_REJECT && gv_tx_signed_under(&job->block.tx[i])) {
            job->doubted = true;
            rc = GV_OK;
        }
    }
    return rc;
}

/* The height of an ancestor; GV_NOWHERE. */
static uint32_t
height_of(const struct gv_track *t, const struct gv_sealed_id *id)
{
    return gv_spine_height(t->dir ? &t->dir->spine : &t->book->spine, id);
}

static enum gv_rc
check_signers(const struct gv_track *t, const struct gv_tx *tx,
              const struct gv_keys *keys, struct gv_reject *why)
{
    const struct gv_pins *pins = gv_track_pins(t);
    uint32_t height = height_of(t, gv_tx_signed_under(tx));
    struct gv_pubkey key[GV_VALIDATORS_MAX];

    /* Of a block that is no ancestor, the book says so. */
    for (unsigned i = 0; i < gv_pins_validators(pins); i++)
        key[i] = t->book && height != GV_NOWHERE
                     ? *gv_book_key(t->book, i, height)
                     : *gv_pins_validator(pins, i);
    return gv_tx_verify_with(tx, pins, key, keys, why);
}

enum gv_rc
gv_audit_seats(const struct gv_audit_job *job, const struct gv_keys *keys,
               struct gv_reject *why)
{
    const struct gv_track *t = job->track;

    if (!job->doubted && (!t->book || t->book->handovers == 0))
        return GV_OK;
    for (uint32_t i = 0; i < job->block.h.header.tx_count; i++) {
        const struct gv_tx *tx = &job->block.tx[i];

        if (gv_tx_signed_under(tx) && check_signers(t, tx, keys, why) != GV_OK)
            return gv_refuse_at(why, i, GV_REJECT);
    }
    return GV_OK;
}

void
gv_audit_verify(struct gv_audit_job *job, const struct gv_keys *keys)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    const struct gv_book *book = job->track->book;
    enum gv_rc rc = GV_OK;

    if (job->opens && book)
        rc = gv_open_verify(book->open, job->track->params, keys, &why);
    if (!job->opens)
        rc = gv_header_check_work(&job->block.h, &why);
    if (!job->opens && rc == GV_OK)
        rc = verify_txs(job, keys, &why);
    if (rc != GV_OK)
        gv_audit_refuse(job, rc, &why);
}
