/* tally.c - first and last lines of dumps (tally.h). */
#include "src/explorer/tally.h"

void
gv_tally_begin(struct gv_tally *t)
{
    *t = (struct gv_tally){0};
    gv_sha256_tag(&t->hash, GV_TAG_DUMP);
}

void
gv_tally_free(struct gv_tally *t)
{
    gv_show_free(&t->tips);
}

void
gv_tally_line(struct gv_tally *t, const void *line, size_t len)
{
    gv_sha256_add(&t->hash, line, len);
    t->lines++;
    t->bytes += len;
}

void
gv_tally_tip(struct gv_tally *t, const struct gv_sealed_header *tip)
{
    gv_show_str(&t->tips, t->tips.len > 0 ? ",{\"chain\":\"" : "{\"chain\":\"");
    gv_show_hex(&t->tips, tip->header.chain.b, 32);
    gv_show_str(&t->tips, "\"");
    gv_show_member_u64(&t->tips, "height", tip->header.height);
    gv_show_member_id(&t->tips, "sealed", tip->sealed_id.b);
    gv_show_str(&t->tips, "}");
}

void
gv_tally_first(const struct gv_params *params, bool final,
               struct gv_show_text *out)
{
    gv_show_str(out, "{\"dump\":\"gavel\",\"version\":1");
    gv_show_member_text(out, "network",
                        gv_bytes(params->name, strlen(params->name)));
    gv_show_member_id(out, "registry", params->registry.b);
    gv_show_str(out, final ? ",\"final\":true}\n" : ",\"final\":false}\n");
}

void
gv_tally_last(struct gv_tally *t, struct gv_show_text *out)
{
    uint8_t commit[32];

    gv_sha256_end(&t->hash, commit);
    gv_show_str(out, "{\"end\":true");
    gv_show_member_u64(out, "lines", t->lines);
    gv_show_member_u64(out, "bytes", t->bytes);
    gv_show_str(out, ",\"tips\":[");
    gv_show_bytes(out, t->tips.p, t->tips.len);
    gv_show_str(out, "]");
    gv_show_member_id(out, "commit", commit);
    gv_show_str(out, "}\n");
    out->failed |= t->tips.failed;
}

void
gv_tally_last_csv(struct gv_tally *t, uint64_t bids, struct gv_show_text *out)
{
    uint8_t commit[32];

    gv_sha256_end(&t->hash, commit);
    gv_show_str(out, "commit,");
    gv_show_u64(out, bids);
    gv_show_str(out, ",");
    gv_show_hex(out, commit, 32);
    gv_show_str(out, ",,,,,,,\n");
}
