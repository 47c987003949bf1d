/* command_verify.c - gavel-explorer verify. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gavel/amount.h"
#include "src/explorer/audit.h"
#include "src/explorer/commands.h"
#include "src/explorer/proof.h"
#include "src/explorer/receipt.h"

static const char *
status_text(uint8_t status)
{
    static const char *const names[] = {"sold", "no bid", "reserve not met",
                                        "cancelled", "void"};

    return status < 5 ? names[status] : "unknown";
}

/* A line for each lot. */
static void
print_lots(FILE *out, const struct gv_audit_outcome *o)
{
    struct gv_result r;
    char hex[65], text[40];

    for (unsigned i = 0; i < o->book->open->terms.lots; i++) {
        gv_book_result(o->book, i, &r);
        fprintf(out, "  lot %u  %s", i + 1,
                r.status == GV_SOLD && !o->final ? "leading"
                                                 : status_text(r.status));
        if (r.status == GV_SOLD)
            fprintf(
                out, "  %s  %s %s",
                gv_amount_text((struct gv_amount){r.price}, o->currency, text),
                o->final ? "to" : "by", gv_hex(r.winner.b, 32, hex));
        fprintf(out, "\n");
    }
}

/* Nothing is called sold before it is final. */
static void
print_outcome(void *arg, const struct gv_audit_outcome *o)
{
    bool sold = o->outcome && o->outcome->status == GV_SOLD;
    FILE *out = arg;
    char hex[65], text[40];

    if (!o->outcome) {
        fprintf(out, "%s  stalled: too many of its authorities are revoked\n",
                gv_hex(o->auction->b, 32, hex));
        return;
    }
    fprintf(out, "%s  %s", gv_hex(o->auction->b, 32, hex),
            sold && !o->final ? "leading" : status_text(o->outcome->status));
    if (sold && o->book->open->terms.lots == 0)
        fprintf(out, "  %s  %s %s",
                gv_amount_text((struct gv_amount){o->outcome->price},
                               o->currency, text),
                o->final ? "to" : "by", gv_hex(o->outcome->winner.b, 32, hex));
    if (o->anchored_us)
        fprintf(out, "  anchored %" PRIu64 ".%06u", o->anchored_us / 1000000,
                (unsigned)(o->anchored_us % 1000000));
    fprintf(out, "  %s\n", o->final ? "final" : "not shown to be final");
    print_lots(out, o);
}

/* Of the transaction that a proof is of. */
static void
print_proof_lots(const struct gv_proof_report *r)
{
    char hex[65], text[40];

    if (r->lot > 0)
        printf("for lot %u%s%s\n", r->lot,
               *r->lot_title ? ", " : ", which there is not", r->lot_title);
    for (unsigned i = 0; i < r->results; i++) {
        const struct gv_result *of = &r->result[i];

        printf("lot %u  %s", i + 1,
               of->status == GV_SOLD && !r->final ? "leading"
                                                  : status_text(of->status));
        if (of->status == GV_SOLD)
            printf("  %s  %s %s",
                   gv_amount_text((struct gv_amount){of->price}, &r->currency,
                                  text),
                   r->final ? "to" : "by", gv_hex(of->winner.b, 32, hex));
        printf("\n");
    }
}

static void
print_progress(void *arg, const struct gv_audit_report *r)
{
    (void)arg;
    fprintf(stderr,
            "\r%" PRIu64 " chains, %" PRIu64 " blocks, %" PRIu64 " MB\r",
            r->chains, r->blocks, r->bytes / 1000000);
}

static void
print_report(const struct gv_audit_report *r)
{
    if (r->csv) {
        printf("the file is whole: %" PRIu64 " bids in %" PRIu64
               " auctions, in order, as its last line commits to\n"
               "a CSV dump holds no signatures: verify the jsonl dump for "
               "proof\n",
               r->bids, r->chains);
        return;
    }
    printf("verified from the genesis of %s: %" PRIu64 " chains, %" PRIu64
           " blocks, %" PRIu64 " transactions, %" PRIu64 " bids\n",
           r->params->name, r->chains, r->blocks, r->txs, r->bids);
    printf("outcomes that are what their bids give: %" PRIu64
           "; final by the votes in the dump: %" PRIu64 " of them, %" PRIu64
           " blocks\n",
           r->outcomes, r->outcomes_final, r->final_blocks);
    if (r->stalled > 0)
        printf("auctions that can have no outcome, because too many of their "
               "authorities are revoked: %" PRIu64 "\n",
               r->stalled);
    if (r->final)
        printf("the dump says that it is cut at final blocks; the votes for "
               "the last ones lie beyond the cut\n");
}

/* The exit code says whether the promise was kept. */
static int
tell_receipt(const struct gv_receipt *r)
{
    enum gv_receipt_verdict v = gv_receipt_verdict(r);

    gv_receipt_print(r, stdout);
    return v == GV_RECEIPT_KEPT ? GV_EXPLORER_OK : GV_EXPLORER_REFUSED;
}

/* The outcomes are told only when all of the dump is true. */
static int
verify_dump(const struct gv_config *c, FILE *in, struct gv_receipt *receipt)
{
    char *outcomes = NULL;
    size_t len = 0;
    FILE *told = open_memstream(&outcomes, &len);
    struct gv_audit_options o = {
        .in = in,
        .single = gv_config_bool(c, "single"),
        .outcome = print_outcome,
        .progress = isatty(STDERR_FILENO) ? print_progress : NULL,
        .arg = told,
        .block = receipt ? gv_receipt_block : NULL,
        .block_arg = receipt};
    struct gv_audit_report report;
    struct gv_error e = {"out of memory"};
    enum gv_rc rc = told ? gv_audit(&o, &report, &e) : GV_FAULT;

    if (told && fclose(told) != 0)
        rc = GV_FAULT;
    if (rc == GV_OK) {
        fwrite(outcomes, 1, len, stdout);
        print_report(&report);
    }
    free(outcomes);
    if (rc == GV_OK)
        return receipt ? tell_receipt(receipt) : GV_EXPLORER_OK;
    return gv_command_fail(
        rc == GV_FAULT ? GV_EXPLORER_FAILED : GV_EXPLORER_REFUSED, e.text);
}

static int
verify_receipt(const struct gv_config *c, FILE *in, const char *path)
{
    struct gv_receipt r = {0};
    struct gv_error e;
    enum gv_rc rc = gv_receipt_read(&r, path, &e);
    int code = rc == GV_OK
                   ? verify_dump(c, in, &r)
                   : gv_command_fail(rc == GV_FAULT ? GV_EXPLORER_FAILED
                                                    : GV_EXPLORER_REFUSED,
                                     e.text);

    gv_receipt_clear(&r);
    return code;
}

static int
verify_proof(FILE *in)
{
    struct gv_proof_report r;
    struct gv_error e = {""};
    json_error_t where;
    json_t *json = json_loadf(in, JSON_REJECT_DUPLICATES, &where);
    char hex[65];
    enum gv_rc rc;

    if (!json) {
        gv_error_set(&e, "line %d: not JSON: %s", where.line, where.text);
        return gv_command_fail(GV_EXPLORER_REFUSED, e.text);
    }
    rc = gv_proof_verify(json, &r, &e);
    json_decref(json);
    if (rc != GV_OK)
        return gv_command_fail(
            rc == GV_FAULT ? GV_EXPLORER_FAILED : GV_EXPLORER_REFUSED, e.text);
    printf("verified: %s %s\n", gv_tx_name(r.kind), gv_hex(r.tx.b, 32, hex));
    printf("stands in block %" PRIu32 " of auction %s on %s\n", r.height,
           gv_hex(r.auction.b, 32, hex), r.params->name);
    print_proof_lots(&r);
    printf("%s\n", r.final ? "final: a quorum of its validators signed"
                           : "not final yet");
    if (r.final && r.handovers > 0)
        printf("with their keys after %zu of the %zu handovers in the proof\n",
               r.final_after, r.handovers);
    return GV_EXPLORER_OK;
}

int
gv_command_verify(const struct gv_config *c)
{
    const char *path = gv_config_argument(c, 0);
    const char *receipt = gv_config_string(c, "receipt");
    bool standard = strcmp(path, "-") == 0;
    FILE *in = standard ? stdin : fopen(path, "r");
    struct gv_error e;
    int code;

    if (!in) {
        gv_error_set(&e, "cannot read %s: %s", path, strerror(errno));
        return gv_command_fail(GV_EXPLORER_FAILED, e.text);
    }
    if (gv_config_bool(c, "proof"))
        code = verify_proof(in);
    else if (receipt)
        code = verify_receipt(c, in, receipt);
    else
        code = verify_dump(c, in, NULL);
    if (!standard)
        fclose(in);
    return code;
}
