/*
 * reject.c - names and sentences of the verdicts (gavel/reject.h).
 */
#include "gavel/reject.h"

#include "chain/core/decimal.h"

struct code_words {
    enum gv_code code;
    const char *name, *text;
};

static const struct code_words codes[] = {
    {GV_ACCEPTED, "accepted", "accepted"},
    {GV_BAD_ENCODING, "bad-encoding", "the bytes are not a valid encoding"},
    {GV_UNKNOWN_AUCTION, "unknown-auction", "there is no such auction"},
    {GV_BAD_SIGNATURE, "bad-signature", "the signature does not verify"},
    {GV_BAD_CREDENTIAL, "bad-credential",
     "the credential is missing, not valid or not of this role"},
    {GV_BAD_STAMP, "bad-stamp", "the time stamp is not acceptable"},
    {GV_WRONG_PHASE, "wrong-phase",
     "the bid was made before the opening or after the close"},
    {GV_TIME_LIMIT, "time-limit", "the bid was made after the time limit"},
    {GV_NOT_ALLOWED, "not-allowed", "the bidder is not in the allowed set"},
    {GV_BIDDER_CAP, "bidder-cap",
     "the bidder has no accepted bid left to make"},
    {GV_TOTAL_CAP, "total-cap", "the auction has all the bids it takes"},
    {GV_BELOW_FIRST, "below-first",
     "the amount does not reach what the first bid must"},
    {GV_BELOW_STEP, "below-step",
     "the amount is not the minimum step beyond the reference bid"},
    {GV_ABOVE_STEP, "above-step",
     "the amount is more than the maximum step beyond the reference bid"},
    {GV_NOT_OPENED, "not-opened", "nobody has opened the sealed bid"},
    {GV_BAD_SEAL, "bad-seal", "what is sealed does not open as it must"},
    {GV_BELOW_CLOCK, "below-clock",
     "the amount is below the price that the clock showed"},
    {GV_BELOW_FLOOR, "below-floor",
     "the amount does not better the best open bid"},
    {GV_NO_LOT, "no-lot", "the auction has no lot of this number"},
    {GV_DUPLICATE, "duplicate", "this is already known"},
    {GV_BAD_TERMS, "bad-terms",
     "the terms contradict themselves or the network"},
    {GV_WRONG_CHAIN, "wrong-chain", "this does not belong to this chain"},
    {GV_WRONG_NETWORK, "wrong-network", "this was made for another network"},
    {GV_TOO_MANY_BIDS, "too-many-bids",
     "the bidder has as many bids on the chain as one may have"},
    {GV_DEADLINE, "deadline", "this was included after its deadline"},
    {GV_MISSING_PARENT, "missing-parent",
     "a transaction that this one needs is not on the chain"},
    {GV_BAD_FINAL, "bad-final", "the votes do not make this block final"},
    {GV_BAD_OUTCOME, "bad-outcome",
     "the outcome is not the one that the bids give"},
    {GV_BAD_CUTOFF, "bad-cutoff", "the cutoff is missing or not acceptable"},
    {GV_SET_FIXED, "set-fixed", "the set of bids is already fixed"},
    {GV_NOT_SIGNER, "not-signer", "this key may not sign this"},
    {GV_POOL_FULL, "pool-full", "this node's memory pool is full"},
    {GV_BAD_SETFIXED, "bad-setfixed",
     "this is not the set of bids that was fixed"},
    {GV_BAD_HEADER, "bad-header", "the block header is not acceptable"},
    {GV_BAD_TX_ROOT, "bad-tx-root",
     "the header does not commit to the transactions"},
    {GV_BAD_TIME, "bad-time", "the time of the block is not acceptable"},
    {GV_BAD_TARGET, "bad-target", "the target is not the one required"},
    {GV_BAD_WORK, "bad-work", "the seal is not enough work"},
    {GV_BAD_BRANCH, "bad-branch",
     "the branch does not lead from the block to the seal"},
    {GV_EMPTY_BLOCK, "empty-block", "a block may not be empty here"},
    {GV_NO_CUTOFF, "no-cutoff", "the block needs a cutoff and has none"},
    {GV_NO_OUTCOME, "no-outcome", "the block needs an outcome and has none"},
    {GV_CHAIN_ENDED, "chain-ended", "nothing may follow on this chain"},
    {GV_ORPHAN, "orphan", "the parent block is unknown"},
    {GV_FORK_TOO_OLD, "fork-too-old",
     "the block leaves the chain below the last justified block"},
    {GV_BAD_GENESIS, "bad-genesis", "block 0 is not the one that OPEN gives"},
    {GV_NO_SETFIXED, "no-setfixed",
     "the block needs the set of bids and has none"},
};

static const struct code_words *
words_of(enum gv_code code)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].code == code)
            return &codes[i];
    return NULL;
}

enum gv_rc
gv_refuse(struct gv_reject *why, enum gv_code code, const char *field,
          uint64_t have, uint64_t want)
{
    if (why != NULL)
        *why = (struct gv_reject){.code = code,
                                  .field = field,
                                  .index = GV_NO_INDEX,
                                  .have = have,
                                  .want = want};
    return GV_REJECT;
}

enum gv_rc
gv_refuse_at(struct gv_reject *why, uint32_t index, enum gv_rc rc)
{
    if (why != NULL && rc == GV_REJECT)
        why->index = index;
    return rc;
}

const char *
gv_code_name(enum gv_code code)
{
    const struct code_words *w = words_of(code);

    return w == NULL ? "unknown-code" : w->name;
}

const char *
gv_code_text(enum gv_code code)
{
    const struct code_words *w = words_of(code);

    return w == NULL ? "refused for a reason this program does not know"
                     : w->text;
}

struct text {
    char *p;
    size_t left; /* room, the end of the string included */
};

static void
text_add(struct text *t, const char *s)
{
    for (; *s != '\0' && t->left > 1; s++, t->left--)
        *t->p++ = *s;
    if (t->left > 0)
        *t->p = '\0';
}

static void
text_add_number(struct text *t, const char *label, uint64_t v)
{
    char digits[DECIMAL_MAX];

    decimal_put(v, 1, digits);
    text_add(t, label);
    text_add(t, digits);
}

char *
gv_reject_text(const struct gv_reject *why, char *out, size_t cap)
{
    struct text t = {out, cap};
    const char *open = " (";

    text_add(&t, gv_code_name(why->code));
    text_add(&t, ": ");
    text_add(&t, gv_code_text(why->code));
    if (why->field != NULL) {
        text_add(&t, open);
        text_add(&t, "field ");
        text_add(&t, why->field);
        open = ", ";
    }
    if (why->have != 0 || why->want != 0) {
        text_add(&t, open);
        text_add_number(&t, "have ", why->have);
        text_add_number(&t, ", want ", why->want);
        open = ", ";
    }
    if (why->index != GV_NO_INDEX) {
        text_add(&t, open);
        text_add_number(&t, "at index ", why->index);
        open = ", ";
    }
    if (open[0] == ',')
        text_add(&t, ")");
    return out;
}
