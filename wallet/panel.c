/* panel.c - authorities and validators for a new auction (wallet/panel.h). */
#include "wallet/panel.h"

#include <gavel/serve.h>
#include <stdlib.h>

#include "wallet/json.h"

#define SERVE_PATH "/validator/serve"

/* One list: its option, its role, how many there may be. */
struct list {
    const char *option, *what, *role_name;
    uint8_t role;
    unsigned max;
    bool odd;
    bool more; /* there are others besides, so none is by default */
    struct gv_service *out;
    unsigned *count;
};

static int
bad(struct gv_cli *cli, const struct list *l, const char *text)
{
    return gv_cli_fail(cli, GV_EXIT_USAGE,
                       "--%s: '%.80s': expected %s number from 1 to %u, or "
                       "keys of 64 hex digits with commas between them",
                       l->option, text, l->odd ? "an odd" : "a", l->max);
}

/* --- by number --- */

static unsigned
times_chosen(const struct list *l, const char *operator_name)
{
    unsigned n = 0;

    for (unsigned i = 0; i < *l->count; i++)
        n += strcmp(l->out[i].operator_name, operator_name) == 0;
    return n;
}

static bool
is_chosen(const struct list *l, const struct gv_pubkey *key)
{
    for (unsigned i = 0; i < *l->count; i++)
        if (GV_ID_EQ(&l->out[i].cred.key, key))
            return true;
    return false;
}

/* Found are the newest first; the oldest of an operator chosen least. */
static void
choose_next(const struct list *l, const struct gv_service *found, size_t n)
{
    const struct gv_service *best = NULL;
    unsigned least = 0;

    for (size_t i = n; i-- > 0;) {
        unsigned times = times_chosen(l, found[i].operator_name);

        if (!is_chosen(l, &found[i].cred.key) && (!best || times < least)) {
            best = &found[i];
            least = times;
        }
    }
    l->out[(*l->count)++] = *best;
}

static int
choose_number(struct gv_cli *cli, const struct list *l,
              const struct gv_service *found, size_t n)
{
    const char *text = gv_config_string(cli->config, l->option);
    char *end;
    unsigned long wish = strtoul(text, &end, 10);

    if (*end != '\0' || *text < '0' || *text > '9' || wish == 0 ||
        wish > l->max || (l->odd && wish % 2 == 0))
        return bad(cli, l, text);
    if (wish == 1 && !l->more)
        return GV_EXIT_OK; /* what the node offers */
    if (wish > n)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "%lu %s are wished and %zu are on the registry",
                           wish, l->what, n);
    while (*l->count < wish)
        choose_next(l, found, n);
    return GV_EXIT_OK;
}

/* --- by keys --- */

static int
take_key(struct gv_cli *cli, const struct list *l,
         const struct gv_service *found, size_t n, const char hex[65])
{
    struct gv_pubkey key;

    if (gv_unhex(hex, key.b, 32) != GV_OK)
        return bad(cli, l, hex);
    if (is_chosen(l, &key))
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--%s: %s stands there twice",
                           l->option, hex);
    if (*l->count == l->max)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--%s: at most %u keys",
                           l->option, l->max);
    for (size_t i = 0; i < n; i++)
        if (GV_ID_EQ(&found[i].cred.key, &key)) {
            l->out[(*l->count)++] = found[i];
            return GV_EXIT_OK;
        }
    return gv_cli_fail(cli, GV_EXIT_FAILED,
                       "--%s: %s is the key of no service of role %s on the "
                       "registry that is certified and valid",
                       l->option, hex, l->role_name);
}

static int
choose_keys(struct gv_cli *cli, const struct list *l,
            const struct gv_service *found, size_t n)
{
    const char *p = gv_config_string(cli->config, l->option);
    int code = GV_EXIT_OK;
    char hex[65];

    while (code == GV_EXIT_OK && *p != '\0') {
        size_t len = strcspn(p, ",");

        if (len != 64)
            return bad(cli, l, p);
        memcpy(hex, p, 64);
        hex[64] = '\0';
        code = take_key(cli, l, found, n, hex);
        p += len + (p[len] == ',');
    }
    if (code == GV_EXIT_OK && l->odd && *l->count % 2 == 0)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--%s: %u keys: expected an odd number of them",
                           l->option, *l->count);
    return code;
}

static int
choose(struct gv_cli *cli, const struct list *l)
{
    const char *text = gv_config_string(cli->config, l->option);
    struct gv_service *found;
    size_t n = 0;
    int code;

    if (text == NULL)
        return GV_EXIT_OK;
    found = calloc(GV_SERVICES_MAX, sizeof(*found));
    if (found == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    code = gv_services_find(cli, l->role, found, &n);
    if (code == GV_EXIT_OK)
        code = strlen(text) < 64 ? choose_number(cli, l, found, n)
                                 : choose_keys(cli, l, found, n);
    free(found);
    return code;
}

/* --- authorities outside of the network --- */

static int
read_others(struct gv_cli *cli, struct gv_panel *out)
{
    size_t n;
    const char *const *path = gv_config_list(cli->config, "time-authority", &n);
    struct gv_error e = {""};

    if (n > 0 && cli->front != NULL)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "files are read by the command line alone");
    if (n > GV_AUTHORITIES_MAX)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--time-authority: at most %d of them",
                           GV_AUTHORITIES_MAX);
    for (size_t i = 0; i < n; i++) {
        if (gv_tsafile_read(path[i], &out->other[i], &e) != GV_OK)
            return gv_cli_fail(cli, GV_EXIT_USAGE, "--time-authority: %s",
                               e.text);
        out->others++;
    }
    return GV_EXIT_OK;
}

/* Those of the network and others together. */
static int
check_blind(struct gv_cli *cli, struct gv_panel *out)
{
    unsigned all = out->authorities + out->others;

    out->blind = gv_config_bool(cli->config, "blind") || out->others > 0;
    if (all == 0)
        return GV_EXIT_OK; /* the node's own */
    if (all % 2 == 0 || all > GV_AUTHORITIES_MAX)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "%u time-stamping authorities in all: expected an "
                           "odd number up to %d",
                           all, GV_AUTHORITIES_MAX);
    return GV_EXIT_OK;
}

int
gv_panel_choose(struct gv_cli *cli, struct gv_panel *out)
{
    struct list authorities = {.option = "authorities",
                               .what = "time-stamping authorities",
                               .role_name = "tsa",
                               .role = GV_ROLE_TSA,
                               .max = GV_AUTHORITIES_MAX,
                               .out = out->authority,
                               .count = &out->authorities};
    const struct list validators = {.option = "validators",
                                    .what = "validators",
                                    .role_name = "validator",
                                    .role = GV_ROLE_VALIDATOR,
                                    .max = GV_VALIDATORS_MAX,
                                    .out = out->validator,
                                    .count = &out->validators};
    int code;

    memset(out, 0, sizeof(*out));
    out->chosen = gv_config_string(cli->config, "validators") != NULL;
    code = read_others(cli, out);
    authorities.more = out->others > 0;
    authorities.odd = !authorities.more;
    if (code == GV_EXIT_OK)
        code = choose(cli, &authorities);
    if (code == GV_EXIT_OK)
        code = check_blind(cli, out);
    return code == GV_EXIT_OK ? choose(cli, &validators) : code;
}

/* --- warnings --- */

static void
take_names(const struct gv_service *list, unsigned n, struct gv_lint_list *out)
{
    for (out->n = 0; out->n < n; out->n++)
        out->name[out->n] = gv_bytes(list[out->n].operator_name,
                                     strlen(list[out->n].operator_name));
}

size_t
gv_panel_warn(const struct gv_panel *p, const struct gv_params *params,
              char out[GV_LINT_MAX][200])
{
    bool demo = params->has_secrets;
    struct gv_lint l = {.few_authorities = !demo,
                        .few_validators = !demo || p->chosen};

    take_names(p->authority, p->authorities, &l.authorities);
    for (unsigned i = 0; i < p->others; i++)
        l.authorities.name[l.authorities.n++] = p->other[i].a.operator_name;
    take_names(p->validator, p->validators, &l.validators);
    return gv_lint_trust(&l, out);
}

/* --- the calls --- */

static json_t *
keys_hex(const struct gv_service *list, unsigned n)
{
    uint8_t all[GV_VALIDATORS_MAX * 32];

    for (unsigned i = 0; i < n; i++)
        memcpy(all + (size_t)32 * i, list[i].cred.key.b, 32);
    return gv_json_from_hex(all, (size_t)32 * n);
}

/* As OPEN has them, one after the other. */
static json_t *
others_hex(const struct gv_panel *p)
{
    uint8_t all[GV_AUTHORITIES_MAX * 1024];
    struct gv_sink s = gv_sink_buffer(all, sizeof(all));

    for (unsigned i = 0; i < p->others; i++)
        gv_authority_put(&s, &p->other[i].a);
    return gv_json_from_hex(all, s.len);
}

json_t *
gv_panel_wish(const struct gv_panel *p)
{
    json_t *params = json_object();

    if (p->authorities > 0)
        json_object_set_new(params, "authorities",
                            keys_hex(p->authority, p->authorities));
    if (p->blind)
        json_object_set_new(params, "blind", json_true());
    if (p->others > 0)
        json_object_set_new(params, "time_authorities", others_hex(p));
    if (p->validators > 0)
        json_object_set_new(params, "validators",
                            keys_hex(p->validator, p->validators));
    return params;
}

struct serving {
    const struct gv_params *params;
    const struct gv_keys *keys;
    struct gv_bytes preimage;
    uint8_t digest[32];
};

static enum gv_rc
serve_one(const struct serving *s, const struct gv_service *service,
          struct gv_sig *out, struct gv_error *e)
{
    struct gv_https *https = gv_service_connect(service, s->params, e);
    struct gv_error why = {""};
    uint8_t *sig = NULL;
    size_t len = 0;
    enum gv_rc rc = GV_FAULT;

    if (https == NULL)
        return GV_FAULT;
    rc = gv_service_post(https, SERVE_PATH, s->preimage, &sig, &len, &why);
    gv_https_free(https);
    if (rc == GV_OK && len == 64)
        memcpy(out->b, sig, 64);
    if (rc == GV_OK && (len != 64 || !gv_key_verify(s->keys, &service->cred.key,
                                                    s->digest, out))) {
        gv_error_set(&why, "not its signature of this auction");
        rc = GV_FAULT;
    }
    if (rc != GV_OK)
        gv_error_set(e, "validator %.64s at %.100s: %.300s",
                     service->operator_name, service->endpoint, why.text);
    free(sig);
    return rc;
}

static const struct gv_service *
validator_of(const struct gv_panel *p, const struct gv_pubkey *key)
{
    for (unsigned i = 0; i < p->validators; i++)
        if (GV_ID_EQ(&p->validator[i].cred.key, key))
            return &p->validator[i];
    return NULL;
}

static enum gv_rc
serve_all(const struct gv_panel *p, const struct serving *s,
          const struct gv_open *open, struct gv_make_warrant *w,
          struct gv_error *e)
{
    enum gv_rc rc = GV_OK;

    if (w->pops != open->validator_count) {
        gv_error_set(e, "the node signed for other validators than it named");
        return GV_FAULT;
    }
    for (unsigned i = 0; i < w->pops && rc == GV_OK; i++) {
        const struct gv_service *service =
            validator_of(p, &open->validator[i].key);

        if (!(w->missing >> i & 1))
            continue;
        if (service != NULL) {
            rc = serve_one(s, service, &w->pop[i], e);
        } else {
            gv_error_set(e, "the node names a validator that was not chosen");
            rc = GV_FAULT;
        }
    }
    if (rc == GV_OK)
        w->missing = 0;
    return rc;
}

enum gv_rc
gv_panel_serve(const struct gv_panel *p, struct gv_bytes preimage,
               const struct gv_params *params, struct gv_make_warrant *w,
               const struct gv_keys *keys, struct gv_error *e)
{
    struct serving s = {.params = params, .keys = keys, .preimage = preimage};
    struct gv_open *open = malloc(sizeof(*open));
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc = GV_FAULT;
    char text[200];

    gv_error_set(e, "out of memory");
    if (open != NULL) {
        rc = gv_open_decode_preimage(preimage, params, open, &why);
        if (rc != GV_OK)
            gv_error_set(e, "the OPEN is not valid: %s",
                         gv_reject_text(&why, text, sizeof(text)));
    }
    if (rc == GV_OK) {
        gv_open_pop_digest(&open->id, s.digest);
        rc = serve_all(p, &s, open, w, e);
    }
    free(open);
    return rc;
}
