/* dump.c - chains from a source to lines (dump.h). */
#include "src/explorer/dump.h"

#include <errno.h>
#include <stdlib.h>

#include "chain/state/vec.h"
#include "src/explorer/csv.h"
#include "src/explorer/tally.h"
#include "src/explorer/track.h"

#define TRIES 5 /* to read a chain that reorganises meanwhile */

struct dump {
    const struct gv_dump_options *o;
    struct gv_tally tally;
    struct gv_show_text text;
    struct gv_dump_chain chain;
    size_t extent; /* blocks of the chain that belong to the dump */
    uint64_t blocks, bids;
    struct gv_error *e;
};

enum gv_rc
gv_dump_chain_add(struct gv_dump_chain *c, struct gv_bytes block)
{
    uint8_t *copy = malloc(block.len ? block.len : 1);

    if (!copy ||
        !gv_vec_room(&c->block, c->count, &c->cap, sizeof(*c->block))) {
        free(copy);
        return GV_FAULT;
    }
    memcpy(copy, block.p, block.len);
    c->block[c->count++] = gv_bytes(copy, block.len);
    return GV_OK;
}

void
gv_dump_chain_clear(struct gv_dump_chain *c)
{
    for (size_t i = 0; i < c->count; i++)
        free((void *)c->block[i].p);
    c->count = 0;
}

void
gv_dump_chain_free(struct gv_dump_chain *c)
{
    gv_dump_chain_clear(c);
    free(c->block);
    *c = (struct gv_dump_chain){0};
}

static enum gv_rc
no_memory(struct dump *d)
{
    gv_error_set(d->e, "out of memory");
    return GV_FAULT;
}

/* The node's block of this chain and height is not one. */
static enum gv_rc
bad_block(struct dump *d, enum gv_rc rc, const struct gv_chain_id *id,
          size_t height, const struct gv_reject *why)
{
    char hex[65], text[160];

    if (rc == GV_FAULT)
        return no_memory(d);
    gv_error_set(d->e, "the node's block %zu of chain %s is bad: %s", height,
                 gv_hex(id->b, 32, hex),
                 gv_reject_text(why, text, sizeof(text)));
    return GV_FAULT;
}

/* --- reading a chain --- */

/* Do the blocks from the first new one on follow on those before? */
static bool
follows(const struct dump *d, const struct gv_chain_id *id, size_t from)
{
    struct gv_sealed_header h, before;

    for (size_t i = from; i < d->chain.count; i++) {
        struct gv_reader r = gv_reader(d->chain.block[i]);

        gv_sealed_header_get(&r, &h);
        if (r.failed || !GV_ID_EQ(&h.header.chain, id) || h.header.height != i)
            return false;
        if (i == 0)
            continue;
        r = gv_reader(d->chain.block[i - 1]);
        gv_sealed_header_get(&r, &before);
        if (r.failed || !GV_ID_EQ(&h.header.prev, &before.sealed_id))
            return false;
    }
    return true;
}

/* GV_ABSENT: it changed meanwhile, or is not a chain. */
static enum gv_rc
read_once(struct dump *d, const struct gv_chain_id *id)
{
    const struct gv_dump_source *s = d->o->source;
    enum gv_rc rc;

    gv_dump_chain_clear(&d->chain);
    for (;;) {
        size_t before = d->chain.count;

        rc = s->blocks(s->arg, id, &d->chain, d->e);
        if (rc == GV_ABSENT)
            break;
        if (rc != GV_OK)
            return GV_FAULT;
        if (d->chain.count == before || !follows(d, id, before))
            return GV_ABSENT;
    }
    return d->chain.count > 0 ? GV_OK : GV_ABSENT;
}

/* V2: the highest block that FINALs on this chain make final. */
static enum gv_rc
find_final(struct dump *d, const struct gv_chain_id *id)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_spine spine;
    enum gv_rc rc = GV_OK;
    size_t i;

    gv_spine_init(&spine, 0);
    for (i = 0; rc == GV_OK && i < d->chain.count; i++) {
        struct gv_block b;

        rc = gv_block_decode(d->chain.block[i], d->o->params, &b, &why);
        if (rc != GV_OK)
            break;
        rc = gv_spine_push(&spine, &b.h, 0);
        for (uint32_t t = 0; rc == GV_OK && t < b.h.header.tx_count; t++)
            if (b.tx[t].kind == GV_TX_FINAL)
                rc = gv_spine_final(&spine, &b.tx[t].u.final.link, &why);
        gv_block_clear(&b);
    }
    d->extent = (size_t)spine.links.final + 1;
    gv_spine_free(&spine);
    return rc == GV_OK ? GV_OK : bad_block(d, rc, id, i ? i - 1 : 0, &why);
}

static enum gv_rc
read_chain(struct dump *d, const struct gv_chain_id *id)
{
    enum gv_rc rc = GV_ABSENT;
    char hex[65];

    for (int i = 0; rc == GV_ABSENT && i < TRIES; i++)
        rc = read_once(d, id);
    if (rc == GV_ABSENT) {
        gv_error_set(d->e,
                     "the node's blocks of chain %s do not follow on "
                     "each other",
                     gv_hex(id->b, 32, hex));
        return GV_FAULT;
    }
    d->extent = d->chain.count;
    return rc == GV_OK && d->o->final ? find_final(d, id) : rc;
}

/* --- writing --- */

/* Write the text as one line (counted: not for the last) and empty it. */
static enum gv_rc
put_text(struct dump *d, bool counted)
{
    if (d->text.failed)
        return no_memory(d);
    if (counted)
        gv_tally_line(&d->tally, d->text.p, d->text.len);
    if (fwrite(d->text.p, 1, d->text.len, d->o->out) != d->text.len) {
        gv_error_set(d->e, "cannot write: %s", strerror(errno));
        return GV_FAULT;
    }
    d->text.len = 0;
    return GV_OK;
}

static enum gv_rc
put_blocks(struct dump *d, const struct gv_chain_id *id)
{
    struct gv_reject why = {.index = GV_NO_INDEX};

    for (size_t i = 0; i < d->extent; i++) {
        struct gv_block b;
        enum gv_rc rc =
            gv_block_decode(d->chain.block[i], d->o->params, &b, &why);

        if (rc != GV_OK)
            return bad_block(d, rc, id, i, &why);
        rc = gv_show_block(&d->text, &b, d->o->params, &why);
        if (rc == GV_OK && i + 1 == d->extent)
            gv_tally_tip(&d->tally, &b.h);
        gv_block_clear(&b);
        if (rc != GV_OK)
            return bad_block(d, rc, id, i, &why);
        if (put_text(d, true) != GV_OK)
            return GV_FAULT;
        d->blocks++;
    }
    return GV_OK;
}

/* What tokens say, without their signatures. */
static enum gv_rc
read_facts(const struct gv_block *b, struct gv_track_facts *facts,
           struct gv_reject *why)
{
    enum gv_rc rc = gv_track_facts_make(b, facts);

    for (uint32_t i = 0; rc == GV_OK && i < b->h.header.tx_count; i++)
        if (facts->at[i])
            rc = gv_tx_facts_of(&b->tx[i], gv_track_facts_room(facts, i), why);
    return rc;
}

/* The next block of the chain enters the track. */
static enum gv_rc
follow_block(struct dump *d, struct gv_track *t, size_t height,
             struct gv_reject *why)
{
    struct gv_track_facts facts = {0};
    struct gv_block b;
    enum gv_rc rc =
        gv_block_decode(d->chain.block[height], d->o->params, &b, why);

    if (rc != GV_OK)
        return rc;
    if (height == 0) {
        rc = gv_track_begin(d->o->params, &b, t, why);
    } else {
        rc = read_facts(&b, &facts, why);
        if (rc == GV_OK)
            rc = gv_track_connect(t, &b, &facts, why);
    }
    gv_track_facts_clear(&facts);
    gv_block_clear(&b);
    return rc;
}

static enum gv_rc
put_rows(struct dump *d, const struct gv_book *b)
{
    size_t n = gv_fold_count(b->fold);

    for (size_t i = 0; i < n; i++) {
        const struct gv_fold_row *row = gv_fold_row_at(b->fold, i);
        const struct gv_book_bid *bid = &b->bid[row->bid.ref];
        struct gv_csv_row out = {.auction = b->open->id,
                                 .bid = bid->id,
                                 .bidder = b->bidder[bid->bidder].key,
                                 .amount = bid->amount,
                                 .t_us = bid->t_us,
                                 .height = bid->height,
                                 .seq = bid->seq,
                                 .lot = row->bid.lot,
                                 .code = (enum gv_code)row->code};

        memcpy(out.tie, row->bid.tie, 32);
        gv_csv_put(&d->text, &out);
        if (put_text(d, true) != GV_OK)
            return GV_FAULT;
        d->bids++;
    }
    return GV_OK;
}

static enum gv_rc
put_bids(struct dump *d, const struct gv_chain_id *id)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_track track = {0};
    enum gv_rc rc = GV_OK;
    size_t i;

    for (i = 0; rc == GV_OK && i < d->extent; i++)
        rc = follow_block(d, &track, i, &why);
    d->blocks += d->extent;
    if (rc == GV_OK)
        rc = put_rows(d, track.book);
    else
        rc = bad_block(d, rc, id, i - 1, &why);
    gv_track_end(&track);
    return rc;
}

static int
by_id(const void *x, const void *y)
{
    return memcmp(x, y, sizeof(struct gv_chain_id));
}

static enum gv_rc
put_chains(struct dump *d,
           enum gv_rc (*put)(struct dump *, const struct gv_chain_id *),
           bool registry)
{
    const struct gv_dump_source *s = d->o->source;
    struct gv_chain_id *ids = NULL;
    size_t n = 0;
    enum gv_rc rc = s->auctions(s->arg, &ids, &n, d->e);

    if (rc == GV_OK && n > 0)
        qsort(ids, n, sizeof(*ids), by_id);
    if (rc == GV_OK && registry)
        rc = read_chain(d, &d->o->params->registry);
    if (rc == GV_OK && registry)
        rc = put(d, &d->o->params->registry);
    for (size_t i = 0; rc == GV_OK && i < n; i++) {
        if (i > 0 && GV_ID_EQ(&ids[i], &ids[i - 1]))
            continue;
        rc = read_chain(d, &ids[i]);
        if (rc == GV_OK)
            rc = put(d, &ids[i]);
        if (d->o->progress)
            d->o->progress(d->o->arg, i + 1, n, d->blocks);
    }
    free(ids);
    return rc;
}

static enum gv_rc
finish(struct dump *d, enum gv_rc rc)
{
    if (rc == GV_OK)
        rc = put_text(d, false);
    if (rc == GV_OK && fflush(d->o->out) != 0) {
        gv_error_set(d->e, "cannot write: %s", strerror(errno));
        rc = GV_FAULT;
    }
    gv_tally_free(&d->tally);
    gv_show_free(&d->text);
    gv_dump_chain_free(&d->chain);
    return rc;
}

enum gv_rc
gv_dump_jsonl(const struct gv_dump_options *o, struct gv_error *e)
{
    struct dump d = {.o = o, .e = e};
    enum gv_rc rc;

    gv_tally_begin(&d.tally);
    gv_tally_first(o->params, o->final, &d.text);
    rc = put_text(&d, true);
    if (rc == GV_OK)
        rc = put_chains(&d, put_blocks, true);
    if (rc == GV_OK)
        gv_tally_last(&d.tally, &d.text);
    return finish(&d, rc);
}

enum gv_rc
gv_dump_csv(const struct gv_dump_options *o, struct gv_error *e)
{
    struct dump d = {.o = o, .e = e};
    enum gv_rc rc;

    gv_tally_begin(&d.tally);
    gv_show_str(&d.text, GV_CSV_HEAD);
    rc = put_text(&d, true);
    if (rc == GV_OK)
        rc = put_chains(&d, put_bids, false);
    if (rc == GV_OK)
        gv_tally_last_csv(&d.tally, d.bids, &d.text);
    return finish(&d, rc);
}
