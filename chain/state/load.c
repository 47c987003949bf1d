/* load.c - a chain's blocks from the store into memory. */
#include <stdio.h>
#include <stdlib.h>

#include "chain/state/impl.h"

void
gv_chain_unload(struct gv_chain *c)
{
    gv_tree_free(&c->tree);
    gv_book_free(c->book);
    gv_directory_free(c->dir);
    if (c->ballot) {
        gv_ballot_free(c->ballot);
        free(c->ballot);
    }
    gv_watch_free(&c->watch);
    gv_roster_free(&c->roster);
    c->book = NULL;
    c->dir = NULL;
    c->ballot = NULL;
    c->spine = NULL;
    c->pins = NULL;
    c->loaded = false;
}

static void
summarise_marks(struct gv_chain *c)
{
    struct gv_chain_summary *m = &c->sum;
    const struct gv_node *n = &c->tree.node[c->tree.justified];

    m->justified_height = n->height;
    m->justified = n->sealed;
    n = &c->tree.node[c->tree.final];
    m->final_height = n->height;
    m->final = n->sealed;
}

bool
gv_chain_wants_children(const struct gv_chain *c)
{
    const struct gv_book *b = c->book;

    return gv_book_wants_children(b) &&
           c->sum.final_height < b->award[b->awards - 1].height;
}

static bool
rests(const struct gv_chain *c)
{
    return gv_book_ended(c->book) && !gv_chain_wants_children(c);
}

/* What look-ups need without the blocks. */
void
gv_chain_summarise(struct gv_chain *c)
{
    const struct gv_vertebra *tip = gv_spine_tip(c->spine);
    struct gv_chain_summary *m = &c->sum;
    uint64_t round_end_us;

    /* The mempool's bids may stand in the fold for somebody's look-up; to
     * take them out needs no memory. */
    if (!c->registry && gv_book_shade(c->book, NULL, 0) != GV_OK)
        return;
    m->height = (uint32_t)c->spine->count - 1;
    m->tip = tip->sealed;
    m->tip_time_ms = tip->time_ms;
    summarise_marks(c);
    if (c->registry)
        return;
    m->close_us = gv_book_effective_close(c->book);
    m->final_round =
        gv_fold_final_round(c->book->fold, &m->round_us, &round_end_us);
    m->bids = (uint32_t)c->book->bids;
    m->accepted = (uint32_t)gv_fold_accepted(c->book->fold);
    m->cutoff_height = c->book->cutoff_height;
    m->outcome_height = c->book->outcome_height;
    m->outcome = c->book->outcome;
    m->stalled = gv_book_stalled(c->book);
    m->cutoff_time_ms =
        m->cutoff_height ? c->spine->at[m->cutoff_height].time_ms : 0;
    m->cutoff_after_us = gv_book_cutoff_after(c->book);
    m->sealed = gv_book_seals(c->book);
    m->settled_height = c->book->settled_height;
    m->opened_height = c->book->opened_height;
    m->opened_time_ms =
        m->opened_height ? c->spine->at[m->opened_height].time_ms : 0;
    m->rests = rests(c);
    m->first_keys = c->roster.count == 0;
}

/* Is this the key under which the block is looked for? */
static bool
named(struct gv_bytes key, const struct gv_sealed_header *h)
{
    uint32_t number, height;

    return gv_key_take_u32(&key, &number) && gv_key_take_u32(&key, &height) &&
           height == h->header.height && key.len == sizeof(h->sealed_id.b) &&
           memcmp(key.p, h->sealed_id.b, key.len) == 0;
}

/* Block 0 first and alone, every other one a step above its parent: whoever
 * walks down the tree counts on it. */
static bool
fits(const struct gv_chain *c, const struct gv_sealed_header *h,
     uint32_t parent)
{
    if (!GV_ID_EQ(&h->header.chain, &c->id))
        return false;
    if (c->tree.count == 0)
        return h->header.height == 0;
    return parent != GV_NOWHERE &&
           h->header.height == c->tree.node[parent].height + 1;
}

/* Every stored header of the chain becomes a node; keys ascend by height, so
 * parents come first. */
static enum gv_rc
load_nodes(struct gv_state *s, struct gv_chain *c)
{
    struct gv_kv_range range = {.cf = GV_CF_HEADER};
    struct gv_sealed_header *h = malloc(sizeof(*h));
    struct gv_key prefix;
    struct gv_kv_iter *it;
    struct gv_kv_row row;
    enum gv_rc rc;

    gv_key_init(&prefix);
    gv_key_u32(&prefix, c->number);
    range.prefix = gv_key_view(&prefix);
    if (!h || gv_kv_iter_open(&s->opt.kv, &range, &it) != GV_OK) {
        free(h);
        return gv_state_fail(s, NULL);
    }
    while ((rc = gv_kv_iter_next(it, &row)) == GV_OK) {
        struct gv_reader r = gv_reader(row.value);
        uint32_t parent, node;

        gv_sealed_header_get(&r, h);
        parent = gv_tree_find(&c->tree, &h->header.prev);
        if (!gv_reader_done(&r) || !named(row.key, h) || !fits(c, h, parent)) {
            rc = gv_state_fail(s, "a stored header is damaged");
            break;
        }
        if (gv_tree_add(&c->tree, h, parent, &node) != GV_OK) {
            rc = gv_state_fail(s, "out of memory");
            break;
        }
    }
    gv_kv_iter_free(it);
    free(h);
    if (rc == GV_FAULT && !s->error[0])
        return gv_state_fail(s, NULL);
    return rc == GV_ABSENT ? GV_OK : rc;
}

/* What block 0 of an auction holds is needed; the registry's needs only to be
 * there, for those who ask for it. */
static enum gv_rc
read_block0(struct gv_state *s, struct gv_chain *c)
{
    const struct gv_sealed_id *id = &c->tree.node[0].sealed;
    struct gv_kv_value v;
    struct gv_block b;
    struct gv_reject why;
    enum gv_rc rc = gv_record_get_block(s, c, 0, id, &v);

    if (rc != GV_OK)
        return rc == GV_ABSENT ? gv_state_fail(s, "a block 0 is missing") : rc;
    rc = gv_record_decode_block(s, id, &v, &b, &why);
    if (rc == GV_OK) {
        if (!c->registry)
            rc = gv_book_new(b.tx[0].raw, s->opt.params, s->opt.seed, &c->book,
                             &why);
        gv_block_clear(&b);
    }
    gv_kv_value_free(&v);
    return rc == GV_OK ? GV_OK : gv_state_fail(s, "a block 0 is damaged");
}

static enum gv_rc
make_ledger(struct gv_state *s, struct gv_chain *c)
{
    enum gv_rc rc = read_block0(s, c);

    if (rc != GV_OK)
        return rc;
    if (c->registry) {
        c->dir = gv_directory_new(s->opt.params, s->opt.seed);
        if (!c->dir)
            return gv_state_fail(s, "out of memory");
        c->spine = &c->dir->spine;
        c->pins = c->dir->pins;
        return GV_OK;
    }
    c->spine = &c->book->spine;
    c->pins = c->book->pins;
    return GV_OK;
}

/* Connect one stored block. Its signatures were verified when it came. */
static enum gv_rc
replay_block(struct gv_state *s, struct gv_chain *c, uint32_t node)
{
    const struct gv_node *n = &c->tree.node[node];
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_facts_list facts;
    struct gv_kv_value v;
    struct gv_block b;
    char text[200];
    enum gv_rc rc = gv_record_get_block(s, c, n->height, &n->sealed, &v);

    if (rc != GV_OK)
        return rc == GV_ABSENT ? gv_state_fail(s, "a block is missing") : rc;
    rc = gv_record_decode_block(s, &n->sealed, &v, &b, &why);
    if (rc == GV_OK) {
        rc = gv_facts_of_block(&b, &facts, &why);
        if (rc == GV_OK)
            rc = gv_chain_apply(c, &b, gv_facts_view(&facts), &why);
        if (rc == GV_OK)
            rc = gv_seats_note(c, node, &b);
        if (rc == GV_OK)
            gv_chain_learn(c, &b, 0);
        gv_facts_clear(&facts);
        gv_block_clear(&b);
    }
    gv_kv_value_free(&v);
    if (rc == GV_OK)
        return GV_OK;
    snprintf(s->error, sizeof(s->error),
             "a stored block at height %u does not connect: %s", n->height,
             gv_reject_text(&why, text, sizeof(text)));
    return GV_FAULT;
}

/* What the sealed bids of a block say, or the reserve at 0, if the opening has
 * ended. lacks: there it is not in the store. */
static enum gv_rc
read_opened(struct gv_state *s, struct gv_chain *c, uint32_t height,
            bool *lacks)
{
    enum gv_rc rc;

    if (c->registry || c->sum.opened_height == 0)
        return GV_OK;
    rc = gv_opened_get(s, c, height);
    *lacks = *lacks || rc == GV_ABSENT;
    return rc == GV_ABSENT ? GV_OK : rc;
}

static enum gv_rc
replay_next(struct gv_state *s, struct gv_chain *c, uint32_t node, bool *lacks)
{
    enum gv_rc rc;

    gv_seats_inherit(c, node);
    rc = replay_block(s, c, node);
    return rc == GV_OK ? read_opened(s, c, c->tree.node[node].height, lacks)
                       : rc;
}

/* HANDOVERs of a block beside the path, whose parent comes first. */
static enum gv_rc
read_side(struct gv_state *s, struct gv_chain *c, uint32_t node)
{
    const struct gv_node *n = &c->tree.node[node];
    struct gv_kv_value v;
    enum gv_rc rc;

    gv_seats_inherit(c, node);
    if (c->registry)
        return GV_OK;
    rc = gv_record_get_block(s, c, n->height, &n->sealed, &v);
    if (rc != GV_OK)
        return rc == GV_ABSENT ? gv_state_fail(s, "a block is missing") : rc;
    rc = gv_seats_read(c, node, gv_bytes(v.p, v.len));
    gv_kv_value_free(&v);
    return rc == GV_OK ? GV_OK : gv_state_fail(s, "out of memory");
}

static enum gv_rc
connect_path(struct gv_state *s, struct gv_chain *c, uint32_t tip)
{
    uint32_t height = c->tree.node[tip].height;
    uint32_t final = gv_chain_settled(c, tip);
    uint32_t *path = malloc(((size_t)height + 1) * sizeof(*path));
    bool lacks = false;
    enum gv_rc rc;

    if (!path)
        return gv_state_fail(s, "out of memory");
    rc = read_opened(s, c, 0, &lacks);
    for (uint32_t n = tip, h = height; h > 0; h--, n = c->tree.node[n].parent)
        path[h] = n;
    for (uint32_t h = 1; h <= height && rc == GV_OK; h++) {
        rc = replay_next(s, c, path[h], &lacks);
        if (rc == GV_OK && c->registry)
            rc = gv_directory_settle(c->dir, h < final ? h : final);
    }
    if (rc == GV_OK && lacks && c->book->opened_height != 0)
        gv_opened_put(s, c);
    for (uint32_t i = 1; i < c->tree.count && rc == GV_OK; i++)
        if (c->tree.node[i].height > height ||
            path[c->tree.node[i].height] != i)
            rc = read_side(s, c, i);
    free(path);
    return rc;
}

/* Finality known before the last stop: the summary names the blocks. A block
 * that was evicted is not there any more; then less is known than before. */
static void
restore_marks(struct gv_chain *c)
{
    uint32_t justified = gv_tree_find(&c->tree, &c->sum.justified);
    uint32_t final = gv_tree_find(&c->tree, &c->sum.final);

    if (justified != GV_NOWHERE)
        gv_tree_set_justified(&c->tree, justified);
    if (final != GV_NOWHERE) {
        gv_tree_set_justified(&c->tree, final); /* as every final block is */
        gv_tree_set_final(&c->tree, final);
    }
    summarise_marks(c);
}

enum gv_rc
gv_chain_load(struct gv_state *s, struct gv_chain *c, uint64_t now_ms)
{
    enum gv_rc rc;

    if (now_ms > c->used_ms)
        c->used_ms = now_ms;
    if (c->loaded)
        return GV_OK;
    if (gv_chain_wake(s, c) != GV_OK)
        return GV_FAULT;
    gv_tree_init(&c->tree, s->opt.seed);
    c->ballot = calloc(1, sizeof(*c->ballot));
    rc = c->ballot ? load_nodes(s, c) : gv_state_fail(s, "out of memory");
    if (rc == GV_OK && c->tree.count == 0)
        rc = gv_state_fail(s, "a chain has no block 0 in the datadir");
    if (rc == GV_OK)
        rc = make_ledger(s, c);
    if (rc == GV_OK) {
        restore_marks(c);
        c->tip = gv_tree_find(&c->tree, &c->sum.tip);
        if (c->tip == GV_NOWHERE)
            rc = gv_state_fail(s, "a chain's tip is not in the datadir");
        else if (c->tree.node[c->tip].height != c->sum.height)
            rc = gv_state_fail(s, "a chain's record in the datadir is damaged");
        else
            rc = connect_path(s, c, c->tip);
    }
    if (rc != GV_OK) {
        gv_chain_unload(c);
        return GV_FAULT;
    }
    gv_seats_know_own(s, c);
    c->loaded = true;
    gv_tree_prefer(&c->tree, c->tip);
    if (!c->registry && (c->sum.rests != rests(c) ||
                         c->sum.first_keys != (c->roster.count == 0))) {
        c->sum.rests = rests(c);
        c->sum.first_keys = c->roster.count == 0;
        gv_record_put_chain(s, c);
    }
    /* Power may have gone between a block and standing on it. */
    return gv_chain_follow_best(s, c, NULL, now_ms);
}
