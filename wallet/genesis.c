/* genesis.c - see genesis.h. */
#include "wallet/genesis.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

enum gv_rc
gv_genesis_name(const char *name, struct gv_error *e)
{
    size_t n = strlen(name);

    if (n < 1 || n > 16 ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") != n) {
        gv_error_set(e, "'%s': expected 1 to 16 of a-z and 0-9", name);
        return GV_REJECT;
    }
    if (gv_params_find(name) != NULL) {
        gv_error_set(e, "'%s': this program has a network of that name", name);
        return GV_REJECT;
    }
    return GV_OK;
}

static json_t *
hex32(uint32_t v)
{
    char text[11];

    (void)snprintf(text, sizeof(text), "0x%08" PRIx32, v);
    return json_string(text);
}

static json_t *
hex_of(const uint8_t *p)
{
    char text[65];

    return json_string(gv_hex(p, 32, text));
}

static json_t *
lines_of(const char *pem)
{
    json_t *list = json_array();

    while (*pem != '\0') {
        size_t n = strcspn(pem, "\n");

        json_array_append_new(list, json_stringn(pem, n));
        pem += n + (pem[n] == '\n');
    }
    return list;
}

static json_t *
number(uint64_t v)
{
    return json_integer((json_int_t)v);
}

char *
gv_genesis_text(const struct gv_params *p)
{
    json_t *o = json_object(), *validators = json_array();
    json_t *seeds = json_array();
    char *text;

    for (unsigned i = 0; i < p->validator_count; i++)
        json_array_append_new(validators, hex_of(p->validator[i].b));
    for (unsigned i = 0; i < p->seed_count; i++)
        json_array_append_new(seeds, json_string(p->seed[i]));
    json_object_set_new(o, "name", json_string(p->name));
    json_object_set_new(o, "magic", hex32(p->magic));
    json_object_set_new(o, "genesis_time_ms", number(p->genesis_time_ms));
    json_object_set_new(o, "root", hex_of(p->root.b));
    json_object_set_new(o, "validators", validators);
    json_object_set_new(o, "min_d_ms", number(p->min_d_ms));
    json_object_set_new(o, "min_t_ms", number(p->min_t_ms));
    json_object_set_new(o, "default_d_ms", number(p->default_d_ms));
    json_object_set_new(o, "registry_t_ms", number(p->registry_t_ms));
    json_object_set_new(o, "allow_fixed", json_boolean(p->allow_fixed));
    json_object_set_new(o, "registry_target", hex32(p->registry_target));
    json_object_set_new(o, "registry_fixed", number(p->registry_fixed));
    json_object_set_new(o, "easiest_target", hex32(p->easiest_target));
    json_object_set_new(o, "p2p_port", number(p->p2p_port));
    json_object_set_new(o, "rpc_port", number(p->rpc_port));
    json_object_set_new(o, "tls_port", number(p->tls_port));
    json_object_set_new(o, "seeds", seeds);
    json_object_set_new(o, "root_certificate", lines_of(p->root_cert_pem));
    text = json_dumps(o, JSON_INDENT(4));
    json_decref(o);
    return text;
}
