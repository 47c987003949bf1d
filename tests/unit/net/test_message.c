/* The messages between nodes: one encoding each, everything else refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/net/netkey.h"
#include "tests/unit/net/messages.h"

/* A copy of its exact size, so that a sanitizer sees a read past its end. */
static enum gv_rc
decode(unsigned kind, const uint8_t *p, size_t len, struct gv_msg *out,
       const char **field)
{
    uint8_t *copy = malloc(len ? len : 1);
    enum gv_rc rc;

    memcpy(copy, p, len);
    rc = gv_msg_decode(kind, gv_bytes(copy, len), out, field);
    if (rc != GV_OK)
        assert_non_null(*field);
    free(copy);
    return rc;
}

static void
every_kind_has_one_encoding(void **state)
{
    struct gv_msg m, back;
    unsigned kinds = 0;

    (void)state;
    for (unsigned kind = 0; kind < MESSAGE_KINDS + 8; kind++) {
        const char *field = NULL;
        uint8_t *raw, *again;
        size_t len, len2;

        if (!message_make(kind, &m))
            continue;
        kinds++;
        raw = gv_msg_encode(&m, &len);
        assert_non_null(raw);
        if (gv_msg_decode(kind, gv_bytes(raw, len), &back, &field) != GV_OK)
            fail_msg("%s: %s", gv_msg_name(kind), field);
        again = gv_msg_encode(&back, &len2);
        assert_int_equal(len, len2);
        assert_memory_equal(raw, again, len);
        free(raw);
        free(again);
    }
    assert_int_equal(kinds, 25);
}

static void
cut_or_longer_bodies_are_refused(void **state)
{
    struct gv_msg m, back;

    (void)state;
    for (unsigned kind = 0; kind < MESSAGE_KINDS; kind++) {
        const char *field;
        uint8_t *raw, *more;
        size_t len;

        /* A block is as long as it is: its own decoder judges that. */
        if (kind == GV_MSG_BLOCK || !message_make(kind, &m))
            continue;
        raw = gv_msg_encode(&m, &len);
        for (size_t cut = 0; cut < len; cut++)
            assert_int_equal(decode(kind, raw, cut, &back, &field), GV_REJECT);
        more = calloc(1, len + 1);
        memcpy(more, raw, len);
        assert_int_equal(decode(kind, more, len + 1, &back, &field), GV_REJECT);
        free(more);
        free(raw);
    }
}

/* A message with one thing spoilt; the field that is named. */
static const char *
refusal(const struct gv_msg *m)
{
    const char *field = NULL;
    struct gv_msg back;
    size_t len;
    uint8_t *raw = gv_msg_encode(m, &len);

    assert_non_null(raw);
    if (gv_msg_decode(m->kind, gv_bytes(raw, len), &back, &field) == GV_OK)
        field = "accepted";
    free(raw);
    return field;
}

static void
limits_hold_and_are_named(void **state)
{
    static uint8_t ids[32 * 1001];
    const struct gv_bytes twice[2] = {gv_bytes(ids, 3), gv_bytes(ids, 3)};
    struct gv_msg m;

    (void)state;
    message_make(GV_MSG_GETBLOCKS, &m);
    m.u.getblocks.ids = (struct gv_msg_ids){ids, 17};
    assert_string_equal(refusal(&m), "blocks");
    m.u.getblocks.ids.count = 16;
    assert_string_equal(refusal(&m), "accepted");
    m.u.getblocks.ids.count = 0;
    assert_string_equal(refusal(&m), "blocks");
    message_make(GV_MSG_GETHEADERS, &m);
    m.u.getheaders.locator = (struct gv_msg_ids){ids, 65};
    assert_string_equal(refusal(&m), "locator");
    message_make(GV_MSG_GETTIPS, &m);
    m.u.gettips.chains = (struct gv_msg_ids){ids, 1001};
    assert_string_equal(refusal(&m), "chains");
    message_make(GV_MSG_ANN, &m);
    m.u.ann.tip.justified = 8;
    assert_string_equal(refusal(&m), "justified");
    message_make(GV_MSG_TIPS, &m);
    m.u.tips.head = 3;
    assert_string_equal(refusal(&m), "seq");
    message_make(GV_MSG_VOTE, &m);
    m.u.vote.validator = GV_VALIDATORS_MAX;
    assert_string_equal(refusal(&m), "validator");
    m.u.vote.vote.target_height = 4;
    assert_string_equal(refusal(&m), "target height");
    message_make(GV_MSG_HEADERS, &m);
    m.u.headers.more = 2;
    assert_string_equal(refusal(&m), "more");
    message_make(GV_MSG_GETBLOCKTXS, &m);
    m.u.getblocktxs.places = (struct gv_msg_ids){ids, 2}; /* 0 twice */
    assert_string_equal(refusal(&m), "places");
    m.u.getblocktxs.places.count = 1;
    assert_string_equal(refusal(&m), "accepted");
    m.u.getblocktxs.places.count = 0;
    assert_string_equal(refusal(&m), "places");
    message_make(GV_MSG_COMPACT, &m);
    m.u.compact.shorts.count = 2; /* place 4 of 4 */
    assert_string_equal(refusal(&m), "transactions");
    message_make(GV_MSG_COMPACT, &m);
    m.u.compact.whole.item = twice;
    assert_string_equal(refusal(&m), "transactions");
    message_make(GV_MSG_ERROR, &m);
    m.u.error.text = gv_bytes("a\nb", 3);
    assert_string_equal(refusal(&m), "text");
    assert_int_equal(gv_msg_decode(99, gv_bytes("", 0), &m, NULL), GV_REJECT);
}

static void
replies_know_their_requests(void **state)
{
    (void)state;
    assert_true(gv_msg_answers(GV_MSG_TIPS, GV_MSG_GETTIPS));
    assert_false(gv_msg_answers(GV_MSG_TIPS, GV_MSG_GETBLOCKS));
    assert_true(gv_msg_answers(GV_MSG_REJECT, GV_MSG_SUBMIT));
    assert_true(gv_msg_answers(GV_MSG_ERROR, GV_MSG_GETPOOL));
    assert_false(gv_msg_answers(GV_MSG_GETPOOL, GV_MSG_GETPOOL));
    assert_false(gv_msg_answers(200, 0));
    assert_true(gv_msg_is_gossip(GV_MSG_BLOCK));
    assert_false(gv_msg_is_gossip(GV_MSG_HELLO));
    assert_null(gv_msg_chain(GV_MSG_BLOCK, gv_bytes(message_bytes(), 33)));
    assert_ptr_equal(gv_msg_chain(GV_MSG_BLOCK, gv_bytes(message_bytes(), 34)),
                     message_bytes() + 2);
    assert_ptr_equal(
        gv_msg_chain(GV_MSG_COMPACT, gv_bytes(message_bytes(), 34)),
        message_bytes() + 2);
    assert_true(gv_msg_answers(GV_MSG_BLOCKTXS, GV_MSG_GETBLOCKTXS));
}

static void
places_and_keys_are_parsed_whole(void **state)
{
    static const char *const bad[] = {"",
                                      "tcp://",
                                      "127.0.0.1:1#",
                                      "tcp://127.0.0.1#",
                                      "tcp://h:70000#",
                                      "tcp://h:#",
                                      "tcp://:1#",
                                      "tcp://h:1x#",
                                      "tcp://a:b:1#",
                                      "tcp://h/:1#",
                                      "tcp://h:0#",
                                      "ipc://h:1#"};
    char text[GV_NET_KEY_TEXT], place[400];
    struct gv_net_place p;
    struct gv_net_keys keys;
    struct gv_net_key key;
    struct gv_error e;

    (void)state;
    assert_int_equal(gv_net_keygen(&keys), GV_OK);
    assert_int_equal(gv_net_key_derive(keys.secret32, &key), GV_OK);
    assert_memory_equal(key.b, keys.own.b, 32);
    gv_net_key_text(&keys.own, text);
    snprintf(place, sizeof(place), "tcp://[::1]:19#%s", text);
    assert_int_equal(gv_net_place_parse(place, &p, &e), GV_OK);
    assert_string_equal(p.addr.host, "::1");
    assert_int_equal(p.addr.port, 19);
    assert_memory_equal(p.key.b, keys.own.b, 32);
    assert_string_equal(gv_net_addr_text(&p.addr, place, sizeof(place)),
                        "tcp://[::1]:19");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(place, sizeof(place), "%s%s", bad[i], text);
        if (gv_net_place_parse(place, &p, &e) == GV_OK)
            fail_msg("accepted: %s", place);
        assert_true(strlen(e.text) > 0);
    }
    text[5] = '~'; /* not in Z85 */
    assert_int_equal(gv_net_key_parse(text, &key), GV_REJECT);
    text[5] = '\0';
    assert_int_equal(gv_net_key_parse(text, &key), GV_REJECT);
}

/* N29: STAMPs up to the end of a SUBMIT, none, or up to 15. */
static void
stamps_end_a_submission(void **state)
{
    uint8_t body[8 + 4 + 3 + 16 * 5] = {0};
    size_t head = 8 + 4 + 3;
    struct gv_msg m;

    (void)state;
    body[8] = 3;
    for (size_t i = 0; i < 16; i++) {
        body[head + 5 * i] = 1;
        assert_int_equal(gv_msg_decode(GV_MSG_SUBMIT,
                                       gv_bytes(body, head + 5 * i), &m, NULL),
                         GV_OK);
        assert_int_equal(m.u.submit.raw.len, 3);
        assert_int_equal(m.u.submit.stamps.len, 5 * i);
        for (size_t cut = 1; cut < 5; cut++)
            assert_int_equal(gv_msg_decode(GV_MSG_SUBMIT,
                                           gv_bytes(body, head + 5 * i + cut),
                                           &m, NULL),
                             GV_REJECT);
    }
    assert_int_equal(
        gv_msg_decode(GV_MSG_SUBMIT, gv_bytes(body, sizeof(body)), &m, NULL),
        GV_REJECT);
    body[head] = 0; /* an empty one */
    assert_int_equal(
        gv_msg_decode(GV_MSG_SUBMIT, gv_bytes(body, head + 4), &m, NULL),
        GV_REJECT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_one_encoding),
        cmocka_unit_test(cut_or_longer_bodies_are_refused),
        cmocka_unit_test(limits_hold_and_are_named),
        cmocka_unit_test(replies_know_their_requests),
        cmocka_unit_test(places_and_keys_are_parsed_whole),
        cmocka_unit_test(stamps_end_a_submission),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
