/* alert.c - what has happened to an auction (wallet/alert.h). */
#include "wallet/alert.h"

#include "wallet/auction.h"
#include "wallet/json.h"

const char *
gv_alert_name(enum gv_alert a)
{
    static const char *const name[GV_ALERTS] = {
        "opened",  "leading",  "outbid",      "lower",  "new-leader",
        "closing", "extended", "final-round", "closed", "opening",
        "stalled", "won",      "lost",        "sold",   "not-sold"};

    return name[a];
}

static bool
is_phase(const json_t *auction, const char *phase)
{
    return strcmp(gv_json_text(auction, "phase"), phase) == 0;
}

static bool
is_key(const json_t *object, const char *member, const struct gv_concern *c)
{
    struct gv_pubkey key;

    if (!gv_json_hex(object, member, key.b, sizeof(key.b)))
        return false;
    for (size_t i = 0; i < c->bidders; i++)
        if (GV_ID_EQ(&key, &c->bidder[i].key))
            return true;
    return false;
}

bool
gv_alert_is_general(enum gv_alert a)
{
    return a == GV_ALERT_OPENED || a == GV_ALERT_FINAL_ROUND ||
           a == GV_ALERT_CLOSED || a == GV_ALERT_OPENING ||
           a == GV_ALERT_STALLED;
}

unsigned
gv_look_lots(const json_t *auction)
{
    size_t n = json_array_size(json_object_get(auction, "lots"));

    return n > GV_LOTS_MAX ? GV_LOTS_MAX : (unsigned)n;
}

void
gv_look_read(const json_t *auction, unsigned place, const struct gv_concern *c,
             struct gv_look *out)
{
    const json_t *lot = json_array_get(json_object_get(auction, "lots"), place);
    const json_t *leader = gv_auction_leader(auction, place);
    const json_t *outcome = json_object_get(auction, "outcome");

    *out = (struct gv_look){
        .known = true,
        .open = is_phase(auction, "open") || is_phase(auction, "closing") ||
                is_phase(auction, "final-round"),
        .final_round = is_phase(auction, "final-round"),
        .final = is_phase(auction, "final") || is_phase(auction, "void"),
        .opening = is_phase(auction, "opening"),
        .stalled = is_phase(auction, "stalled"),
        .clock = gv_json_u64(auction, "clock_price"),
        .close_us =
            gv_json_u64(lot != NULL ? lot : auction, "effective_close_us")};
    if (json_is_object(outcome) && lot != NULL)
        outcome = lot;
    out->ended = !out->open && !is_phase(auction, "scheduled");
    if (json_is_object(outcome)) {
        out->sold = strcmp(gv_json_text(outcome, "status"), "sold") == 0;
        out->has_leader = out->sold;
        out->mine = out->sold && is_key(outcome, "winner", c);
        out->amount = gv_json_u64(outcome, "price");
    } else if (leader != NULL) {
        out->has_leader = true;
        out->mine = is_key(leader, "bidder", c);
        out->amount = gv_json_u64(leader, "amount");
    }
}

/* While it is open, or when it is not but its outcome is not known. */
static size_t
lead(const struct gv_look *before, const struct gv_look *now, unsigned roles,
     enum gv_alert *out)
{
    bool bids = (roles & GV_CONCERN_BIDS) != 0;

    if (!now->has_leader || now->final)
        return 0;
    if (bids && now->mine) {
        *out = GV_ALERT_LEADING;
        return !before->mine;
    }
    if (bids) {
        *out = GV_ALERT_OUTBID;
        return before->mine || !before->known;
    }
    *out = GV_ALERT_NEW_LEADER;
    return !before->has_leader || before->amount != now->amount;
}

static enum gv_alert
ending(const struct gv_look *now, unsigned roles)
{
    if ((roles & GV_CONCERN_BIDS) != 0)
        return now->mine ? GV_ALERT_WON : GV_ALERT_LOST;
    return now->sold ? GV_ALERT_SOLD : GV_ALERT_NOT_SOLD;
}

/* Is the end near now, and was it not at the look before? */
static bool
closing(const struct gv_look *before, const struct gv_look *now,
        uint64_t last_us, uint64_t now_us, uint64_t before_us)
{
    bool near = now->close_us != 0 && now_us + before_us >= now->close_us;
    bool was = before->known && before->open && before->close_us != 0 &&
               last_us + before_us >= before->close_us;

    return now->open && near && !was;
}

size_t
gv_alerts(const struct gv_look *before, const struct gv_look *now,
          unsigned roles, uint64_t last_us, uint64_t now_us, uint64_t before_us,
          enum gv_alert out[GV_ALERTS])
{
    size_t n = 0;

    if (now->open && before->known && !before->open)
        out[n++] = GV_ALERT_OPENED;
    n += lead(before, now, roles, out + n);
    if (now->open && now->clock != 0 && now->clock < before->clock)
        out[n++] = GV_ALERT_LOWER;
    if (now->open && before->close_us != 0 && now->close_us > before->close_us)
        out[n++] = GV_ALERT_EXTENDED;
    if (now->final_round && !before->final_round)
        out[n++] = GV_ALERT_FINAL_ROUND;
    if (closing(before, now, last_us, now_us, before_us))
        out[n++] = GV_ALERT_CLOSING;
    if (now->ended && !now->final && !before->ended)
        out[n++] = GV_ALERT_CLOSED;
    if (now->opening && !before->opening)
        out[n++] = GV_ALERT_OPENING;
    if (now->stalled && !before->stalled)
        out[n++] = GV_ALERT_STALLED;
    if (now->final && !before->final)
        out[n++] = ending(now, roles);
    return n;
}
