/* receipt.c - a RECEIPT beside the blocks of a verified dump. */
#include "src/explorer/receipt.h"

#include <inttypes.h>
#include <stdlib.h>

#include "src/base/files.h"

#define FILE_MAX 4096

enum gv_rc
gv_receipt_read(struct gv_receipt *r, const char *path, struct gv_error *e)
{
    struct gv_reject why;
    uint8_t raw[256], *text = NULL;
    size_t len = 0;
    enum gv_rc rc;

    r->keys = gv_keys_new(NULL);
    gv_error_set(e, "out of memory");
    rc = r->keys ? gv_file_read(path, FILE_MAX, &text, &len, e) : GV_FAULT;
    if (rc == GV_ABSENT)
        gv_error_set(e, "%s: no such file", path);
    if (rc != GV_OK)
        return GV_FAULT;
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        text[--len] = 0;
    if (len % 2 != 0 || len / 2 > sizeof(raw) ||
        gv_unhex((const char *)text, raw, len / 2) != GV_OK ||
        gv_tx_decode(gv_bytes(raw, len / 2), &r->tx, &why) != GV_OK ||
        r->tx.kind != GV_TX_RECEIPT) {
        gv_error_set(e, "%s: expected the hex of one RECEIPT", path);
        rc = GV_REJECT;
    }
    free(text);
    return rc;
}

void
gv_receipt_clear(struct gv_receipt *r)
{
    gv_keys_free(r->keys);
    r->keys = NULL;
}

/* The service's certificate, by the registry, which comes first in a dump. */
static void
read_registry(struct gv_receipt *r, const struct gv_block *block)
{
    for (uint32_t i = 0; i < block->h.header.tx_count; i++) {
        const struct gv_tx *tx = &block->tx[i];
        const struct gv_cred *cred = &tx->u.service.cred;

        if (tx->kind != GV_TX_SERVICE || cred->role != GV_ROLE_TSA ||
            !GV_ID_EQ(&cred->key, &r->tx.u.receipt.service))
            continue;
        r->cert = cred->fingerprint;
        r->has_cert = true;
    }
}

/* Is the service that of an authority in OPEN, and is its signature good? */
static bool
is_pinned(const struct gv_receipt *r, const struct gv_track *track)
{
    const struct gv_open *open = track->book->open;
    struct gv_reject why;
    bool found = false;

    for (unsigned i = 0; r->has_cert && i < open->authority_count; i++)
        found = found || GV_ID_EQ(&open->authority[i].cert, &r->cert);
    return found && gv_tx_verify(&r->tx, gv_track_pins(track), r->keys, NULL,
                                 &why) == GV_OK;
}

void
gv_receipt_block(void *arg, const struct gv_track *track,
                 const struct gv_block *block)
{
    struct gv_receipt *r = arg;
    const struct gv_header *h = &block->h.header;
    uint64_t time_us = h->time_ms * 1000;

    if (track->dir) {
        read_registry(r, block);
        return;
    }
    if (!GV_ID_EQ(&track->id, &r->tx.chain))
        return;
    if (!r->begun)
        r->pinned = is_pinned(r, track);
    r->begun = true;
    r->final_height = gv_track_final(track);
    for (uint32_t i = 0; i < h->tx_count && !r->found; i++) {
        r->found = block->tx[i].kind == GV_TX_BID &&
                   GV_ID_EQ(&block->tx[i].u.bid.id, &r->tx.u.receipt.bid);
        r->height = h->height;
        r->found_us = time_us;
    }
    if (!r->passed && time_us > r->tx.u.receipt.deadline_us) {
        r->passed = true;
        r->passed_height = h->height;
    }
}

enum gv_receipt_verdict
gv_receipt_verdict(const struct gv_receipt *r)
{
    if (!r->begun)
        return GV_RECEIPT_UNKNOWN;
    if (!r->pinned)
        return GV_RECEIPT_FOREIGN;
    if (r->found && r->found_us <= r->tx.u.receipt.deadline_us)
        return GV_RECEIPT_KEPT;
    return r->passed && r->final_height >= r->passed_height ? GV_RECEIPT_BROKEN
                                                            : GV_RECEIPT_OPEN;
}

void
gv_receipt_print(const struct gv_receipt *r, FILE *out)
{
    static const char *const words[] = {
        "kept: the bid is in a block by then",
        "broken: a final block is later, and the bid is in none by then",
        "not decided: no final block of this dump is later",
        "unknown: the auction is not in this dump",
        "worth nothing: no time-stamping service of the auction signed it",
    };
    const struct gv_tx_receipt *t = &r->tx.u.receipt;
    char hex[65];

    fprintf(out, "receipt for bid %s, in a block by %" PRIu64 ".%06u s\n",
            gv_hex(t->bid.b, 32, hex), t->deadline_us / 1000000,
            (unsigned)(t->deadline_us % 1000000));
    fprintf(out, "%s\n", words[gv_receipt_verdict(r)]);
    if (r->found)
        fprintf(out,
                "the bid stands in block %" PRIu32 ", made at %" PRIu64
                ".%03u s\n",
                r->height, r->found_us / 1000000,
                (unsigned)(r->found_us / 1000 % 1000));
}
