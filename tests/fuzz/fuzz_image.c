/* fuzz_image.c - what a backup of a node's services holds, as bytes: refused,
 * or the one encoding of what was read; and no file of it lies outside of the
 * services' directory. */
#include "src/ttp/image.h"
#include "tests/fuzz/fuzz.h"

struct copy {
    struct gv_image image;
    unsigned n;
};

static enum gv_rc
add(void *arg, enum gv_image_kind kind, struct gv_bytes name,
    struct gv_bytes content)
{
    struct copy *c = arg;

    fuzz_must(name.len > 0);
    if (kind == GV_IMAGE_FILE)
        fuzz_must(name.p[0] != '/' && name.p[0] != '.' &&
                  memmem(name.p, name.len, "/.", 2) == NULL &&
                  memchr(name.p, 0, name.len) == NULL);
    gv_image_add(&c->image, kind, name, content);
    c->n++;
    return GV_OK;
}

static enum gv_rc
never(void *arg, enum gv_image_kind kind, struct gv_bytes name,
      struct gv_bytes content)
{
    (void)kind;
    (void)name;
    (void)content;
    *(bool *)arg = true;
    return GV_REJECT;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_bytes all = gv_bytes(data, size);
    struct gv_chain_id registry;
    struct copy c = {.n = 0};
    uint64_t time_ms;
    bool visited = false;

    if (gv_image_read(all, &registry, &time_ms, never, &visited) == GV_REJECT &&
        !visited)
        return 0;
    gv_image_begin(&c.image, &registry, time_ms);
    fuzz_must(gv_image_read(all, &registry, &time_ms, add, &c) == GV_OK);
    fuzz_must(visited == (c.n > 0));
    fuzz_must(gv_image_end(&c.image) == GV_OK);
    fuzz_must(gv_bytes_eq(gv_bytes(c.image.p, c.image.len), all));
    gv_image_clear(&c.image);
    return 0;
}
