/* links.c - justified and final along one branch (V1, V2). */
#include "chain/state/links.h"

#include "chain/state/vec.h"

void
gv_links_free(struct gv_links *l)
{
    free(l->mark);
    *l = (struct gv_links){0};
}

bool
gv_links_justified(const struct gv_links *l, uint32_t height)
{
    if (height == 0)
        return true;
    /* Before a mark nothing above its old_top was justified, and links come
     * nearly in order of height: the search ends soon. */
    for (size_t i = l->count; i-- > 0;) {
        if (l->mark[i].justified == height)
            return true;
        if (l->mark[i].old_top < height)
            return false;
    }
    return false;
}

static bool
has_link(const struct gv_links *l, const struct gv_vote *v)
{
    for (size_t i = l->count; i-- > 0;) {
        if (l->mark[i].justified == v->target_height &&
            l->mark[i].source == v->source_height)
            return true;
        if (l->mark[i].old_top < v->target_height)
            return false;
    }
    return false;
}

enum gv_rc
gv_links_check(const struct gv_links *l, const struct gv_vote *v,
               struct gv_reject *why)
{
    if (!gv_links_justified(l, v->source_height))
        return gv_refuse(why, GV_BAD_FINAL, "final.source", v->source_height,
                         l->top);
    if (has_link(l, v))
        return gv_refuse(why, GV_DUPLICATE, "final.link", v->source_height,
                         v->target_height);
    return GV_OK;
}

enum gv_rc
gv_links_add(struct gv_links *l, const struct gv_vote *v)
{
    if (!gv_vec_room(&l->mark, l->count, &l->cap, sizeof(*l->mark)))
        return GV_FAULT;
    l->mark[l->count].source = v->source_height;
    l->mark[l->count].justified = v->target_height;
    l->mark[l->count].old_top = l->top;
    l->mark[l->count].old_final = l->final;
    l->count++;
    if (v->target_height > l->top)
        l->top = v->target_height;
    if (v->target_height == v->source_height + 1 && v->source_height > l->final)
        l->final = v->source_height;
    return GV_OK;
}

void
gv_links_undo(struct gv_links *l, size_t count)
{
    while (l->count > count) {
        l->count--;
        l->top = l->mark[l->count].old_top;
        l->final = l->mark[l->count].old_final;
    }
}
