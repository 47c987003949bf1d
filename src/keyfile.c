/* keyfile.c - see keyfile.h. */
#include "src/keyfile.h"

#include <stdlib.h>

#include "src/base/files.h"
#include "src/base/secret.h"

enum gv_rc
gv_keyfile(const char *path, bool make, uint8_t out32[32], struct gv_error *e)
{
    char hex[66];
    uint8_t *text;
    size_t len;
    enum gv_rc rc = gv_file_read(path, 256, &text, &len, e);

    if (rc == GV_OK) {
        while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
            text[--len] = 0;
        rc = gv_unhex((const char *)text, out32, 32);
        gv_wipe(text, len);
        free(text);
        if (rc != GV_OK)
            gv_error_set(e, "%s: expected 64 hex digits", path);
        return rc == GV_OK ? GV_OK : GV_FAULT;
    }
    if (rc != GV_ABSENT || !make)
        return rc;
    if (gv_random(out32, 32) != GV_OK) {
        gv_error_set(e, "no random bytes");
        return GV_FAULT;
    }
    gv_hex(out32, 32, hex);
    hex[64] = '\n';
    rc = gv_file_write(path, gv_bytes(hex, 65), 0600, e);
    gv_wipe(hex, sizeof(hex));
    return rc;
}
