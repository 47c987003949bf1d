/* seeds_records.c - seeds of the records of issuer and notary: those of an
 * award, with its requests as tests make them; and of backups. */
#include <stdio.h>

#include "src/ttp/image.h"
#include "tests/fuzz/seeds.h"
#include "tests/support/ttp_memory.h"
#include "tests/unit/ttp/scene.h"
#include "tests/unit/ttp/session.h"

struct saving {
    const char *corpus;
    unsigned n;
};

static enum gv_rc
save(void *arg, struct gv_bytes key, struct gv_bytes value)
{
    struct saving *s = arg;
    uint8_t row[16384];
    char name[32];

    if (key.len + value.len > sizeof(row))
        support_die("a record is too long");
    memcpy(row, key.p, key.len);
    if (key.p[0] == 'n' && key.len == 34)
        row[0] = 'l'; /* a lot's, see fuzz_ttprecord.c */
    memcpy(row + key.len, value.p, value.len);
    (void)snprintf(name, sizeof(name), "%s-%u",
                   key.p[0] == 'i' ? "issuer" : "notary", ++s->n);
    seeds_save(s->corpus, "ttprecord", name,
               gv_bytes(row, key.len + value.len));
    return GV_OK;
}

static void
save_all(struct saving *to, struct award_house *h, uint8_t owner)
{
    struct gv_ttp_store store = ttp_memory_store(h->memory);

    if (store.each(store.ctx, owner, save, to) != GV_OK)
        support_die("a record cannot be written");
}

static void
save_issuer(struct saving *to)
{
    struct award w;
    struct gv_token token;
    struct session s;

    award_make(&w, NULL);
    session_make(&s, &w, 2);
    session_whole(&s, &token);
    session_free(&s);
    gv_issuer_close(w.issuer, &w.open.id);
    save_all(to, &w.house[0], 'i');
    award_free(&w);
}

static void
save_notary(struct saving *to)
{
    struct scene *s;
    void *state;

    (void)setup(&state);
    s = state;
    drop_reply(ask_for(s, 0, &s->winner.key));
    save_all(to, &s->w.house[1], 'n');
    (void)teardown(&state);
}

static void
save_lots(struct saving *to)
{
    uint8_t list[256];
    struct gv_terms t = award_lots(2, list);
    struct scene s = {.award = 2, .xk = {9}};
    struct gv_escrow_leaf leaf;

    award_make(&s.w, &t);
    award_enrol(&s.w, 1, 5, &leaf);
    award_sold_lots(&s.w, (const struct gv_pubkey *const[]){NULL, &leaf.key});
    drop_reply(ask_for(&s, 0, &leaf.key));
    save_all(to, &s.w.house[1], 'n');
    award_free(&s.w);
}

static void
save_image(const char *corpus)
{
    static const struct gv_chain_id registry = {{7}};
    struct gv_image m = {0};

    gv_image_begin(&m, &registry, 77);
    gv_image_add(&m, GV_IMAGE_FILE, gv_bytes("ca-cert.pem", 11),
                 gv_bytes("certificate", 11));
    gv_image_add(&m, GV_IMAGE_FILE, gv_bytes("keys/0a.key", 11),
                 gv_bytes("key", 3));
    gv_image_add(&m, GV_IMAGE_ROW, gv_bytes("c\0name", 6),
                 gv_bytes("value", 5));
    if (gv_image_end(&m) != GV_OK)
        support_die("no image");
    seeds_save(corpus, "image", "three", gv_bytes(m.p, m.len));
    gv_image_clear(&m);
}

void
seeds_of_records(const char *corpus)
{
    struct saving saving = {.corpus = corpus};

    save_image(corpus);
    save_issuer(&saving);
    save_notary(&saving);
    save_lots(&saving);
}
