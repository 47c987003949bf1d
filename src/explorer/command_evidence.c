/* command_evidence.c - gavel-explorer evidence. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/files.h"
#include "src/client/evidence.h"
#include "src/explorer/commands.h"

static const char *
meaning(enum gv_misconduct what)
{
    static const char *const texts[] = {
        "nothing",
        "two tokens with ordering have the same time and different imprints",
        "two tokens have the same serial number",
        "the serial numbers of two tokens are not in the order of their times"};

    return texts[what];
}

static void
print_votes(const struct gv_evidence_report *r)
{
    char hex[65];

    printf("true: %s\n", r->votes == GV_VOTES_SAME_TARGET
                             ? "two votes have one target height"
                             : "one vote surrounds another");
    printf("network %s, validator's key %s\n", r->params->name,
           gv_hex(r->key.b, 32, hex));
    if (r->two_keys)
        printf("one vote is by its key before a handover, which somebody else "
               "may have had: %s\n",
               gv_hex(r->old_key.b, 32, hex));
    printf("chain %s\n", gv_hex(r->auction[0].b, 32, hex));
    for (int i = 0; i < 2; i++) {
        printf("vote %d: %" PRIu32 " to %" PRIu32 "\n", i + 1,
               r->link[i].source_height, r->link[i].target_height);
        printf("    source  %s\n", gv_hex(r->link[i].source.b, 32, hex));
        printf("    target  %s\n", gv_hex(r->link[i].target.b, 32, hex));
    }
}

static void
print_report(const struct gv_evidence_report *r)
{
    char hex[65];

    printf("true: %s\n", meaning(r->what));
    printf("network %s, authority of %s, certificate %s\n", r->params->name,
           r->operator_name, gv_hex(r->cert.b, 32, hex));
    for (int i = 0; i < 2; i++) {
        printf("token %d: genTime %" PRIu64 ".%06u s\n", i + 1,
               r->time_us[i] / 1000000, (unsigned)(r->time_us[i] % 1000000));
        printf("    serial  %s\n", gv_hex(r->serial[i], GV_SERIAL_SIZE, hex));
        printf("    imprint %s\n", gv_hex(r->imprint[i], 32, hex));
        printf("    auction %s\n", gv_hex(r->auction[i].b, 32, hex));
    }
}

int
gv_command_evidence(const struct gv_config *c)
{
    const char *path = gv_config_argument(c, 0);
    struct gv_keys *keys = gv_keys_new(NULL);
    struct gv_evidence_report report;
    struct gv_error e = {"out of memory"};
    uint8_t *text = NULL;
    size_t len;
    enum gv_rc rc = GV_FAULT;

    if (keys)
        rc = gv_file_read(path, GV_EVIDENCE_MAX, &text, &len, &e);
    if (rc == GV_ABSENT) {
        gv_error_set(&e, "%s: no such file", path);
        rc = GV_FAULT;
    } else if (rc == GV_OK) {
        rc = gv_evidence_check(gv_bytes(text, len), keys, &report, &e);
    }
    free(text);
    gv_keys_free(keys);
    if (rc == GV_OK) {
        if (report.votes != GV_VOTES_FINE)
            print_votes(&report);
        else
            print_report(&report);
        return GV_EXPLORER_OK;
    }
    return gv_command_fail(
        rc == GV_REJECT ? GV_EXPLORER_REFUSED : GV_EXPLORER_FAILED, e.text);
}
