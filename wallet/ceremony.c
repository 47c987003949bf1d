/* ceremony.c - see ceremony.h. */
#include "wallet/ceremony.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "src/base/files.h"
#include "src/base/secret.h"

static const struct {
    const char *name;
    unsigned bits;
} words[] = {
    {"ca", GV_ROLEKEYS_CA},         {"tsa", GV_ROLEKEYS_TSA},
    {"issuer", GV_ROLEKEYS_ISSUER}, {"notary", GV_ROLEKEYS_NOTARY},
    {"tls", GV_ROLEKEYS_TLS},       {"validator", GV_ROLEKEYS_VALIDATOR},
};
#define WORDS (sizeof(words) / sizeof(words[0]))

/* --- --node --- */

static unsigned
role_bits(const char *word, size_t len)
{
    for (size_t i = 0; i < WORDS; i++)
        if (strlen(words[i].name) == len &&
            memcmp(words[i].name, word, len) == 0)
            return words[i].bits;
    return 0;
}

static enum gv_rc
parse_roles(const char *p, size_t len, struct gv_ceremony_node *out,
            struct gv_error *e)
{
    const char *end = p + len;

    while (p <= end) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        size_t n = (size_t)((comma != NULL ? comma : end) - p);
        unsigned bits = role_bits(p, n);

        if (bits == 0) {
            gv_error_set(e,
                         "role '%.*s': expected ca, tsa, issuer, notary, tls "
                         "or validator",
                         (int)(n > 32 ? 32 : n), p);
            return GV_REJECT;
        }
        out->roles |= bits;
        p += n + 1;
    }
    out->validator = (out->roles & GV_ROLEKEYS_VALIDATOR) != 0;
    out->roles &= ~(unsigned)GV_ROLEKEYS_TLS;
    return GV_OK;
}

static enum gv_rc
parse_hosts(const char *text, struct gv_ceremony_node *out, struct gv_error *e)
{
    char *p = out->hosts;

    if (strlen(text) >= sizeof(out->hosts)) {
        gv_error_set(e, "node %s: host names too long", out->name);
        return GV_REJECT;
    }
    memcpy(out->hosts, text, strlen(text) + 1);
    for (;;) {
        size_t n = strcspn(p, ",");
        bool last = p[n] == '\0';

        if (n == 0 || out->n_names == GV_CEREMONY_NAMES_MAX) {
            gv_error_set(e, "node %s: expected 1 to %d host names", out->name,
                         GV_CEREMONY_NAMES_MAX);
            return GV_REJECT;
        }
        out->names[out->n_names++] = p;
        p[n] = '\0';
        if (last)
            return GV_OK;
        p += n + 1;
    }
}

enum gv_rc
gv_ceremony_parse(const char *text, struct gv_ceremony_node *out,
                  struct gv_error *e)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    const char *at = strchr(text, '@'), *roles = text + n + 1;
    enum gv_rc rc;

    memset(out, 0, sizeof(*out));
    if (n == 0 || n > GV_ROLEKEYS_LABEL_MAX || text[n] != '=') {
        gv_error_set(e,
                     "'%s': expected NAME=ROLE,...[@HOST,...], with a name of "
                     "1 to %d of a-z, 0-9 and -",
                     text, GV_ROLEKEYS_LABEL_MAX);
        return GV_REJECT;
    }
    memcpy(out->name, text, n);
    rc = parse_roles(roles, at != NULL ? (size_t)(at - roles) : strlen(roles),
                     out, e);
    return rc == GV_OK && at != NULL ? parse_hosts(at + 1, out, e) : rc;
}

int
gv_ceremony_nodes(struct gv_cli *cli, struct gv_ceremony_node **nodes,
                  size_t *count)
{
    size_t n;
    const char *const *list = gv_config_list(cli->config, "node", &n);
    struct gv_error e;

    *count = 0;
    *nodes = calloc(GV_CEREMONY_NODES_MAX, sizeof(**nodes));
    if (*nodes == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    if (n < 1 || n > GV_CEREMONY_NODES_MAX)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--node: give 1 to %d nodes",
                           GV_CEREMONY_NODES_MAX);
    for (size_t i = 0; i < n; i++) {
        if (gv_ceremony_parse(list[i], *nodes + i, &e) != GV_OK)
            return gv_cli_fail(cli, GV_EXIT_USAGE, "--node: %s", e.text);
        *count = i + 1;
        for (size_t j = 0; j < i; j++)
            if (strcmp((*nodes)[j].name, (*nodes)[i].name) == 0)
                return gv_cli_fail(cli, GV_EXIT_USAGE,
                                   "--node: two are called %s",
                                   (*nodes)[i].name);
    }
    return GV_EXIT_OK;
}

void
gv_ceremony_free(struct gv_ceremony_node *nodes, size_t count)
{
    if (nodes != NULL)
        gv_wipe(nodes, count * sizeof(*nodes));
    free(nodes);
}

/* --- making --- */

enum gv_rc
gv_ceremony_validator(const struct gv_keys *keys, struct gv_ceremony_node *node,
                      struct gv_error *e)
{
    /* One secret in 2^128 is none; then this fails. */
    if (gv_random(node->secret.b, 32) == GV_OK &&
        gv_key_public(keys, &node->secret, &node->pub) == GV_OK)
        return GV_OK;
    gv_error_set(e, "cannot make the validator key of %s", node->name);
    return GV_FAULT;
}

static enum gv_rc
write_key(const char *home, const char *name, const uint8_t secret32[32],
          struct gv_error *e)
{
    char *path = gv_file_join(home, name);
    char hex[66];
    enum gv_rc rc = GV_FAULT;

    gv_hex(secret32, 32, hex);
    hex[64] = '\n';
    if (path != NULL)
        rc = gv_file_write(path, gv_bytes(hex, 65), 0600, e);
    gv_wipe(hex, sizeof(hex));
    free(path);
    return rc;
}

static enum gv_rc
write_roles(const struct gv_ceremony *c, const char *home,
            const struct gv_ceremony_node *node, struct gv_error *e)
{
    struct gv_rolekeys_signer signer = gv_root_signer(c->root);
    char *dir = gv_file_join(home, "ttp");
    struct gv_rolekeys_options o = {.dir = dir,
                                    .params = c->params,
                                    .keys = c->keys,
                                    .signer = &signer,
                                    .label = node->name,
                                    .roles = node->roles | GV_ROLEKEYS_TLS,
                                    .validator = &node->secret,
                                    .passphrase = c->passphrase,
                                    .tls_names = node->names,
                                    .n_tls_names = node->n_names,
                                    .crl_url = c->crl_url,
                                    .now_ms = c->now_ms};
    struct gv_rolekeys made;
    enum gv_rc rc = dir == NULL ? GV_FAULT : gv_rolekeys_open(&o, &made, e);

    if (rc == GV_OK)
        gv_rolekeys_clear(&made);
    free(dir);
    return rc;
}

enum gv_rc
gv_ceremony_write(const struct gv_ceremony *c, const char *dir,
                  const struct gv_ceremony_node *node, struct gv_error *e)
{
    char *home = gv_file_join(dir, node->name);
    enum gv_rc rc = GV_FAULT;

    gv_error_set(e, "out of memory");
    if (home != NULL && mkdir(home, 0700) != 0)
        gv_error_set(e, "%s: cannot be made: %s", home, strerror(errno));
    else if (home != NULL)
        rc = write_roles(c, home, node, e);
    if (rc == GV_OK && node->validator)
        rc = write_key(home, "validator.key", node->secret.b, e);
    if (rc == GV_OK && node->seed)
        rc = write_key(home, "peer.key", node->peer.secret32, e);
    free(home);
    return rc;
}

json_t *
gv_ceremony_json(const struct gv_ceremony_node *node, const char *dir)
{
    json_t *roles = json_array(), *o;
    char *home = gv_file_join(dir, node->name);
    char hex[65];

    for (size_t i = 0; i < WORDS; i++)
        if ((node->roles & words[i].bits) != 0)
            json_array_append_new(roles, json_string(words[i].name));
    o = json_pack("{ss ss? so}", "name", node->name, "datadir", home, "roles",
                  roles);
    if (node->validator)
        json_object_set_new(o, "validator",
                            json_string(gv_hex(node->pub.b, 32, hex)));
    free(home);
    return o;
}

/* --- the directory --- */

char *
gv_ceremony_begin(struct gv_cli *cli, const char *out)
{
    size_t n = out == NULL ? 0 : strlen(out);
    char *part = malloc(n + sizeof(".part"));
    struct stat st;

    while (n > 1 && out[n - 1] == '/')
        n--;
    if (n == 0 || part == NULL) {
        gv_cli_fail(cli, GV_EXIT_USAGE, "--out: give a directory to make");
        free(part);
        return NULL;
    }
    memcpy(part, out, n);
    part[n] = '\0';
    if (lstat(part, &st) == 0) {
        gv_cli_fail(cli, GV_EXIT_USAGE, "--out: %s is there already", part);
        free(part);
        return NULL;
    }
    memcpy(part + n, ".part", sizeof(".part"));
    if (mkdir(part, 0700) != 0) {
        gv_cli_fail(cli, GV_EXIT_USAGE, "%s: cannot be made: %s%s", part,
                    strerror(errno),
                    errno == EEXIST ? ": an earlier ceremony did not end" : "");
        free(part);
        return NULL;
    }
    return part;
}

int
gv_ceremony_end(struct gv_cli *cli, const char *part, const char *out)
{
    if (rename(part, out) != 0)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "%s: cannot be named %s: %s",
                           part, out, strerror(errno));
    return GV_EXIT_OK;
}
