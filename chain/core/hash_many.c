/* hash_many.c - tagged hashes of many short messages, several at once. */
#include "gavel/hash.h"
#include "gavel/sha256xn.h"

#define GROUP 32 /* a multiple of every width */

/* One group: each message behind the tag's first block, so that the plain
 * many-message hash serves. */
static void
hash_group(const uint8_t prefix64[64], const uint8_t *const msgs[],
           const size_t lens[], size_t n, uint8_t (*out)[32])
{
    uint8_t room[GROUP][64 + GV_TAGGED_MANY];
    const uint8_t *whole[GROUP];
    size_t whole_len[GROUP];

    for (size_t i = 0; i < n; i++) {
        memcpy(room[i], prefix64, 64);
        memcpy(room[i] + 64, msgs[i], lens[i]);
        whole[i] = room[i];
        whole_len[i] = 64 + lens[i];
    }
    gv_sha256_many(whole, whole_len, n, GV_SHA256_NO_PREFIX, out);
}

static bool
are_short(const size_t lens[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lens[i] > GV_TAGGED_MANY)
            return false;
    return true;
}

void
gv_tagged_many(enum gv_tag tag, const uint8_t *const msgs[],
               const size_t lens[], size_t n, uint8_t (*out)[32])
{
    const char *text = gv_tag_text(tag);
    uint8_t prefix64[64];

    gv_sha256_of(text, strlen(text), prefix64);
    memcpy(prefix64 + 32, prefix64, 32);
    for (size_t i = 0; i < n; i += GROUP) {
        size_t now = n - i < GROUP ? n - i : GROUP;

        if (are_short(lens + i, now))
            hash_group(prefix64, msgs + i, lens + i, now, out + i);
        else
            for (size_t j = i; j < i + now; j++)
                gv_tagged(tag, msgs[j], lens[j], out[j]);
    }
}
