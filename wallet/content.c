/* content.c - what a wallet holds, as bytes (wallet/content.h). */
#include "wallet/content.h"

#include <stdlib.h>

#define HEAD (1 + GV_BIP39_ENTROPY_MAX)

static bool
entropy_ok(struct gv_bytes entropy)
{
    char words[GV_BIP39_TEXT_MAX];
    bool ok = gv_bip39_words(entropy, words) == GV_OK;

    gv_wipe(words, sizeof(words));
    return ok;
}

enum gv_rc
gv_content_new(struct gv_bytes entropy, struct gv_content *out)
{
    *out = (struct gv_content){.entropy_len = entropy.len};
    if (!entropy_ok(entropy))
        return GV_REJECT;
    memcpy(out->entropy, entropy.p, entropy.len);
    out->json =
        json_pack("{s[] s{} s{} s{} s{} s{} s{}}", "identities", "enrolled",
                  "bids", "tokens", "watched", "limits", "agents");
    if (out->json != NULL)
        return GV_OK;
    gv_content_clear(out);
    return GV_FAULT;
}

static bool
identities_ok(const json_t *list)
{
    const json_t *item;
    size_t i;

    if (!json_is_array(list))
        return false;
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(json_object_get(item, "name")))
            return false;
    }
    return true;
}

static bool
rows_ok(json_t *rows)
{
    const char *id;
    json_t *row;

    if (!json_is_object(rows))
        return false;
    json_object_foreach(rows, id, row)
    {
        if (!json_is_object(row))
            return false;
    }
    return true;
}

/* A part that older wallets do not have: rows, or none. */
static bool
later_part_ok(json_t *json, const char *name)
{
    if (json_object_get(json, name) == NULL &&
        json_object_set_new(json, name, json_object()) != 0)
        return false;
    return rows_ok(json_object_get(json, name));
}

/* The bad part, or NULL. */
static const char *
read_parts(struct gv_bytes data, struct gv_content *out)
{
    static const char *const later[] = {"tokens", "watched", "limits",
                                        "agents"};
    static const uint8_t zero[GV_BIP39_ENTROPY_MAX];
    json_error_t error;

    if (data.len < HEAD)
        return "length";
    out->entropy_len = data.p[0];
    memcpy(out->entropy, data.p + 1, sizeof(out->entropy));
    if (!entropy_ok(gv_bytes(out->entropy, out->entropy_len)) ||
        memcmp(out->entropy + out->entropy_len, zero,
               sizeof(zero) - out->entropy_len) != 0)
        return "entropy";
    out->json = json_loadb((const char *)data.p + HEAD, data.len - HEAD,
                           JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(out->json))
        return "JSON";
    if (!identities_ok(json_object_get(out->json, "identities")))
        return "identities";
    if (!json_is_object(json_object_get(out->json, "enrolled")))
        return "enrolled";
    if (!rows_ok(json_object_get(out->json, "bids")))
        return "bids";
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
        if (!later_part_ok(out->json, later[i]))
            return later[i];
    return NULL;
}

enum gv_rc
gv_content_read(struct gv_bytes data, struct gv_content *out, const char **what)
{
    *out = (struct gv_content){.json = NULL};
    *what = read_parts(data, out);
    if (*what == NULL)
        return GV_OK;
    gv_content_clear(out);
    return GV_REJECT;
}

uint8_t *
gv_content_write(const struct gv_content *c, size_t *len)
{
    char *text = json_dumps(c->json, JSON_COMPACT);
    size_t text_len = text == NULL ? 0 : strlen(text);
    uint8_t *data = text == NULL ? NULL : calloc(1, HEAD + text_len);

    if (data != NULL) {
        *len = HEAD + text_len;
        data[0] = (uint8_t)c->entropy_len;
        memcpy(data + 1, c->entropy, c->entropy_len);
        memcpy(data + HEAD, text, text_len);
    }
    free(text);
    return data;
}

void
gv_content_clear(struct gv_content *c)
{
    json_decref(c->json);
    gv_wipe(c, sizeof(*c));
}
