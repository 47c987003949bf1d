/* relist.c - "Relisted from auction ID" (wallet/relist.h). */
#include "wallet/relist.h"

#include <stdio.h>
#include <stdlib.h>

#define MARK "Relisted from auction "
#define LINE_LEN (sizeof(MARK) - 1 + 64)

bool
gv_relist_from(struct gv_bytes text, struct gv_chain_id *out)
{
    char hex[65] = "";
    const uint8_t *line;

    if (text.len < LINE_LEN)
        return false;
    line = text.p + text.len - LINE_LEN;
    if (memcmp(line, MARK, sizeof(MARK) - 1) != 0 ||
        (text.len > LINE_LEN && line[-1] != '\n'))
        return false;
    memcpy(hex, line + sizeof(MARK) - 1, 64);
    return gv_unhex(hex, out->b, 32) == GV_OK;
}

char *
gv_relist_text(struct gv_bytes text, const struct gv_chain_id *from,
               size_t *len)
{
    struct gv_chain_id older;
    char hex[65], *out;

    if (gv_relist_from(text, &older))
        text.len -= LINE_LEN;
    while (text.len > 0 && text.p[text.len - 1] == '\n')
        text.len--;
    *len = text.len + (text.len > 0 ? 2 : 0) + LINE_LEN;
    if (*len > GV_TEXT_MAX)
        return NULL;
    out = malloc(*len + 1);
    if (out == NULL) {
        *len = 0;
        return NULL;
    }
    if (text.len > 0)
        memcpy(out, text.p, text.len);
    snprintf(out + text.len, *len + 1 - text.len, "%s%s%s",
             text.len > 0 ? "\n\n" : "", MARK, gv_hex(from->b, 32, hex));
    return out;
}
