/* tree.c - all branches of a chain; fork choice (V2, V3). */
#include "chain/state/tree.h"

#include "chain/state/vec.h"

static const uint8_t *
key_of(const void *arg, uint32_t i)
{
    return ((const struct gv_tree *)arg)->node[i].sealed.b;
}

void
gv_tree_init(struct gv_tree *t, uint64_t seed)
{
    memset(t, 0, sizeof(*t));
    gv_table_init(&t->by_id, seed, key_of, t);
}

void
gv_tree_free(struct gv_tree *t)
{
    gv_table_free(&t->by_id);
    free(t->node);
    memset(t, 0, sizeof(*t));
}

uint32_t
gv_tree_find(const struct gv_tree *t, const struct gv_sealed_id *id)
{
    return gv_table_find(&t->by_id, id->b);
}

/* Is node a a better tip than b? First seen wins a tie (V3). */
static bool
better(const struct gv_node *a, const struct gv_node *b)
{
    if (a->branch_justified != b->branch_justified)
        return a->branch_justified > b->branch_justified;
    return gv_u256_cmp(&a->work, &b->work) > 0;
}

static bool
eligible(const struct gv_node *n)
{
    return !n->invalid && !n->dead && !n->shunned;
}

enum gv_rc
gv_tree_add(struct gv_tree *t, const struct gv_sealed_header *h,
            uint32_t parent, uint32_t *node)
{
    struct gv_u256 target, own = {{0, 0, 0, 0}};
    struct gv_node *n;

    if (!gv_vec_room(&t->node, t->count, &t->cap, sizeof(*t->node)))
        return GV_FAULT;
    n = &t->node[t->count];
    memset(n, 0, sizeof(*n));
    n->sealed = h->sealed_id;
    n->time_ms = h->header.time_ms;
    n->height = h->header.height;
    n->target = h->header.target;
    n->parent = parent;
    n->handover = GV_NOWHERE;
    if (parent == GV_NOWHERE) {
        n->justified = true;
    } else {
        if (gv_target_from_compact(n->target, &target) == GV_OK)
            own = gv_work_of(&target);
        n->work = gv_u256_add(&t->node[parent].work, &own);
        n->branch_justified = t->node[parent].branch_justified;
        n->invalid = t->node[parent].invalid;
        n->dead = t->node[parent].dead;
        n->shunned = t->node[parent].shunned;
        n->handover = t->node[parent].handover;
    }
    *node = (uint32_t)t->count++;
    if (*node > 0 && eligible(n) && better(n, &t->node[t->best]))
        t->best = *node;
    return gv_table_add(&t->by_id, *node);
}

/* Choose anew; what was chosen before wins a tie. */
static void
choose(struct gv_tree *t)
{
    if (!eligible(&t->node[t->best]))
        t->best = t->final;
    while (t->node[t->best].invalid && t->node[t->best].parent != GV_NOWHERE)
        t->best = t->node[t->best].parent;
    for (size_t i = (size_t)t->final + 1; i < t->count; i++)
        if (eligible(&t->node[i]) && better(&t->node[i], &t->node[t->best]))
            t->best = (uint32_t)i;
}

uint32_t
gv_tree_best(const struct gv_tree *t)
{
    return t->best;
}

void
gv_tree_prefer(struct gv_tree *t, uint32_t node)
{
    t->best = node;
    choose(t);
}

void
gv_tree_invalidate(struct gv_tree *t, uint32_t node)
{
    t->node[node].invalid = true;
    for (size_t i = (size_t)node + 1; i < t->count; i++)
        if (t->node[t->node[i].parent].invalid)
            t->node[i].invalid = true;
    choose(t);
}

bool
gv_tree_is_ancestor(const struct gv_tree *t, uint32_t a, uint32_t b)
{
    while (t->node[b].height > t->node[a].height)
        b = t->node[b].parent;
    return a == b;
}

uint32_t
gv_tree_fork(const struct gv_tree *t, uint32_t a, uint32_t b)
{
    while (a != b) {
        if (t->node[a].height >= t->node[b].height)
            a = t->node[a].parent;
        else
            b = t->node[b].parent;
    }
    return a;
}

/* --- refusals (V4) --- */

/* What stands on a refused node is shunned with it. Nothing up to the final
 * block is. */
static void
spread_refusals(struct gv_tree *t)
{
    t->refusals = 0;
    for (size_t i = (size_t)t->final + 1; i < t->count; i++) {
        struct gv_node *n = &t->node[i];

        n->shunned = n->refused_ms != 0 || t->node[n->parent].shunned;
        t->refusals += n->refused_ms != 0;
    }
}

void
gv_tree_refuse(struct gv_tree *t, uint32_t node, uint64_t until_ms)
{
    t->node[node].refused_ms = until_ms;
    spread_refusals(t);
    choose(t);
}

bool
gv_tree_forgive(struct gv_tree *t, uint64_t now_ms)
{
    bool any = false;

    for (size_t i = (size_t)t->final + 1; i < t->count && t->refusals > 0; i++)
        if (t->node[i].refused_ms && now_ms > t->node[i].refused_ms) {
            t->node[i].refused_ms = 0;
            any = true;
        }
    if (any) {
        spread_refusals(t);
        choose(t);
    }
    return any;
}

/* Others have justified it: what it holds is refused no more. */
static void
absolve(struct gv_tree *t, uint32_t node)
{
    if (t->refusals == 0)
        return;
    for (; node != GV_NOWHERE; node = t->node[node].parent)
        t->node[node].refused_ms = 0;
    spread_refusals(t);
}

/* --- justified and final (V2, V3) --- */

/* Highest justified height that counts, from a node upward. */
static void
spread_justified(struct gv_tree *t, uint32_t node)
{
    for (size_t i = node; i < t->count; i++) {
        struct gv_node *n = &t->node[i];

        if (n->justified && !n->late)
            n->branch_justified = n->height;
        else if (n->parent != GV_NOWHERE)
            n->branch_justified = t->node[n->parent].branch_justified;
    }
}

/* A justified block has its say from now on. */
static void
count_in(struct gv_tree *t, uint32_t node)
{
    t->node[node].late = false;
    spread_justified(t, node);
    if (t->node[node].height > t->node[t->leader].height)
        t->leader = node;
}

static void
justify(struct gv_tree *t, uint32_t target)
{
    t->node[target].justified = true;
    t->node[target].late = true;
    absolve(t, target);
    if (t->node[target].height > t->node[t->justified].height)
        t->justified = target;
}

/* The highest block, on the leader or anywhere, that late votes justified and
 * that is higher than the leader. */
static uint32_t
late_above_leader(const struct gv_tree *t, bool anywhere)
{
    uint32_t found = GV_NOWHERE, height = t->node[t->leader].height;

    for (size_t i = (size_t)t->final + 1; i < t->count; i++) {
        const struct gv_node *n = &t->node[i];

        if (!n->justified || !n->late || n->dead || n->invalid ||
            n->height <= height ||
            (!anywhere && !gv_tree_is_ancestor(t, t->leader, (uint32_t)i)))
            continue;
        found = (uint32_t)i;
        height = n->height;
    }
    return found;
}

/* The highest that came late has its say. */
static bool
count_late(struct gv_tree *t, bool anywhere)
{
    uint32_t node;

    if (t->node[t->justified].height <= t->node[t->leader].height)
        return false;
    node = late_above_leader(t, anywhere);
    if (node == GV_NOWHERE)
        return false;
    count_in(t, node);
    return true;
}

/* Everything that is not above the final block is of no use from now on. */
static void
finalise(struct gv_tree *t, uint32_t node)
{
    for (uint32_t i = t->final < node ? t->final : 0; i < node; i++)
        t->node[i].dead = true;
    t->node[node].dead = false;
    t->node[node].shunned = false;
    for (size_t i = (size_t)node + 1; i < t->count; i++)
        t->node[i].dead = t->node[t->node[i].parent].dead;
    t->final = node;
    if (t->node[t->leader].dead)
        t->leader = node;
    count_in(t, node);
}

void
gv_tree_set_justified(struct gv_tree *t, uint32_t target)
{
    justify(t, target);
    count_in(t, target);
    choose(t);
}

void
gv_tree_set_final(struct gv_tree *t, uint32_t node)
{
    t->node[node].justified = true;
    finalise(t, node);
    choose(t);
}

bool
gv_tree_link(struct gv_tree *t, const struct gv_vote *link, uint64_t now_ms,
             uint64_t patience_ms)
{
    uint32_t source = gv_tree_find(t, &link->source);
    uint32_t target = gv_tree_find(t, &link->target);
    bool news = false;

    if (source == GV_NOWHERE || target == GV_NOWHERE ||
        !t->node[source].justified || t->node[target].dead ||
        t->node[source].height != link->source_height ||
        t->node[target].height != link->target_height ||
        !gv_tree_is_ancestor(t, source, target))
        return false;
    if (!t->node[target].justified) {
        justify(t, target);
        if (now_ms <= t->node[target].time_ms + patience_ms)
            count_in(t, target);
        news = true;
    }
    if (t->node[target].parent == source && source != t->final &&
        !t->node[source].dead) {
        finalise(t, source);
        news = true;
    }
    if (news) {
        count_late(t, false);
        choose(t);
    }
    return news;
}

bool
gv_tree_hear_late(struct gv_tree *t)
{
    if (!count_late(t, true))
        return false;
    choose(t);
    return true;
}

/* --- side blocks (L2) --- */

#define SIDE_BLOCKS 64

enum { ON_BRANCH = 1, HAS_CHILD = 2 };

/* Flags of the nodes from the final one on. */
static uint8_t *
flags_of(const struct gv_tree *t, uint32_t tip)
{
    size_t n = t->count - t->final;
    uint8_t *flag = calloc(n, 1);

    if (!flag)
        return NULL;
    for (size_t i = t->count - 1; i > t->final; i--)
        if (!t->node[i].gone && !t->node[i].dead)
            flag[t->node[i].parent - t->final] |= HAS_CHILD;
    while (tip > t->final && !t->node[tip].dead) {
        flag[tip - t->final] |= ON_BRANCH;
        tip = t->node[tip].parent;
    }
    return flag;
}

/* Walk the side blocks: how many, which is the heaviest, and which could go
 * for a child of `parent`: the least without a child that no votes justify. */
static size_t
side_blocks(const struct gv_tree *t, const uint8_t *flag, uint32_t parent,
            uint32_t *heavy, uint32_t *light)
{
    size_t count = 0;

    *heavy = *light = GV_NOWHERE;
    for (size_t i = (size_t)t->final + 1; i < t->count; i++) {
        const struct gv_node *n = &t->node[i];

        if (n->gone || n->dead || flag[i - t->final] & ON_BRANCH)
            continue;
        count++;
        if (!n->invalid && (*heavy == GV_NOWHERE ||
                            gv_u256_cmp(&n->work, &t->node[*heavy].work) > 0))
            *heavy = (uint32_t)i;
    }
    for (size_t i = (size_t)t->final + 1; i < t->count; i++) {
        const struct gv_node *n = &t->node[i];

        if (n->gone || n->dead || n->justified || flag[i - t->final] ||
            i == *heavy || i == parent)
            continue;
        if (*light == GV_NOWHERE ||
            gv_u256_cmp(&n->work, &t->node[*light].work) <= 0)
            *light = (uint32_t)i;
    }
    return count;
}

enum gv_rc
gv_tree_room(const struct gv_tree *t, uint32_t tip, uint32_t parent,
             uint32_t *victim)
{
    uint8_t *flag = flags_of(t, tip);
    uint32_t heavy, light;
    size_t count;

    *victim = GV_NOWHERE;
    if (!flag)
        return GV_FAULT;
    count = side_blocks(t, flag, parent, &heavy, &light);
    for (uint32_t n = heavy;
         n != GV_NOWHERE && n > t->final && !(flag[n - t->final] & ON_BRANCH);
         n = t->node[n].parent)
        count--;
    free(flag);
    if (parent == heavy || count < SIDE_BLOCKS)
        return GV_OK;
    /* Also for one that is lighter than all: a branch that the validators are
     * on begins with little work, and must not be shut out by heavier ones. */
    if (light == GV_NOWHERE)
        return GV_REJECT;
    *victim = light;
    return GV_OK;
}

void
gv_tree_evict(struct gv_tree *t, uint32_t node)
{
    gv_table_remove(&t->by_id, node);
    t->node[node].gone = t->node[node].invalid = true;
    choose(t);
}
