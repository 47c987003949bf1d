/*
 * compile.c - turn the networks of genesis/ into C.
 *
 * usage: compile FILE.json... >genesis.c
 *        compile --names FILE.json... >networks.h
 *
 * Prints the functions of gavel/params.h over one const struct per network;
 * with --names the networks' names as the choices of an option (GV_NETWORKS),
 * in the order of gv_params_all.
 * Every key must be there once, with the right type, and no other key may;
 * anything else ends with `FILE: KEY: what is wrong` and status 1. The id of
 * the registry is computed here (docs/spec/format.md, "Genesis"); a unit test
 * compares it with what the library computes.
 */
#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALIDATORS_MAX 16 /* GV_GENESIS_VALIDATORS_MAX */
#define PEM_MAX 4096
#define SEEDS_MAX 32 /* GV_GENESIS_SEEDS_MAX */
#define SEED_MAX 320
#define NETWORKS_MAX 16

struct network {
    char name[17];
    uint32_t magic;
    uint64_t genesis_time_ms;
    uint8_t registry[32], root[32];
    uint8_t validators;
    uint8_t validator[VALIDATORS_MAX][32];
    uint32_t min_d_ms, min_t_ms, default_d_ms, registry_t_ms;
    bool allow_fixed;
    uint32_t registry_target, easiest_target;
    uint8_t registry_fixed;
    uint16_t p2p_port, rpc_port, tls_port;
    unsigned seeds;
    char seed[SEEDS_MAX][SEED_MAX];
    bool has_secrets;
    uint8_t root_secret[32];
    uint8_t validator_secret[VALIDATORS_MAX][32];
    char root_key[PEM_MAX], root_cert[PEM_MAX];
};

static const char *const keys[] = {
    "name",
    "magic",
    "genesis_time_ms",
    "root",
    "validators",
    "min_d_ms",
    "min_t_ms",
    "default_d_ms",
    "registry_t_ms",
    "allow_fixed",
    "registry_target",
    "registry_fixed",
    "easiest_target",
    "p2p_port",
    "rpc_port",
    "tls_port",
    "seeds",
    "root_certificate",
    /* all of these or none */
    "root_secret",
    "validator_secrets",
    "root_private_key",
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))
#define KEYS_SECRET 3

/* --- reading --- */

struct source {
    const char *file;
    json_t *json;
};

static void die(const struct source *s, const char *key, const char *format,
                ...) __attribute__((format(printf, 3, 4), noreturn));

static void
die(const struct source *s, const char *key, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s: %s: ", s->file, key);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    exit(1);
}

static uint64_t
get_number(const struct source *s, const char *key, uint64_t least,
           uint64_t most)
{
    const json_t *v = json_object_get(s->json, key);

    if (!json_is_integer(v) || json_integer_value(v) < 0 ||
        (uint64_t)json_integer_value(v) < least ||
        (uint64_t)json_integer_value(v) > most)
        die(s, key, "not a whole number from %" PRIu64 " to %" PRIu64, least,
            most);
    return (uint64_t)json_integer_value(v);
}

/* "0x1d100000": 32 bits, for what people read in hex. */
static uint32_t
get_hex32(const struct source *s, const char *key)
{
    const char *text = json_string_value(json_object_get(s->json, key));

    if (!text || strncmp(text, "0x", 2) != 0 || strlen(text) != 10 ||
        strspn(text + 2, "0123456789abcdef") != 8)
        die(s, key, "not \"0x\" and eight lower-case hex digits");
    return (uint32_t)strtoul(text, NULL, 16);
}

static void
read_bytes32(const struct source *s, const char *key, const json_t *v,
             uint8_t out32[32])
{
    static const char digits[] = "0123456789abcdef";
    const char *text = json_string_value(v);

    if (!text || strlen(text) != 64 || strspn(text, digits) != 64)
        die(s, key, "not 64 lower-case hex digits");
    for (size_t i = 0; i < 32; i++)
        out32[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 |
                             (strchr(digits, text[2 * i + 1]) - digits));
}

static uint8_t
get_list32(const struct source *s, const char *key, uint8_t (*out)[32])
{
    const json_t *list = json_object_get(s->json, key);
    size_t n = json_array_size(list);

    if (n < 1 || n > VALIDATORS_MAX)
        die(s, key, "not a list of 1 to %d keys", VALIDATORS_MAX);
    for (size_t i = 0; i < n; i++) {
        read_bytes32(s, key, json_array_get(list, i), out[i]);
        for (size_t j = 0; j < i; j++)
            if (memcmp(out[i], out[j], 32) == 0)
                die(s, key, "the same key twice");
    }
    return (uint8_t)n;
}

/* A PEM file as a list of its lines. label: "CERTIFICATE". */
static void
get_pem(const struct source *s, const char *key, const char *label, char *out)
{
    const json_t *list = json_object_get(s->json, key);
    char first[64];
    size_t at = 0;

    snprintf(first, sizeof(first), "-----BEGIN %s-----", label);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *line = json_string_value(json_array_get(list, i));
        size_t left = PEM_MAX - at;
        int n;

        if (!line || strlen(line) > 64 || strpbrk(line, "\"\\\n"))
            die(s, key, "line %zu is not a line of PEM", i + 1);
        if (i == 0 && strcmp(line, first) != 0)
            die(s, key, "does not begin with %s", first);
        n = snprintf(out + at, left, "%s\n", line);
        if (n < 0 || (size_t)n >= left)
            die(s, key, "more than %d bytes", PEM_MAX - 1);
        at += (size_t)n;
    }
    if (at == 0)
        die(s, key, "not a list of the lines of a PEM file");
}

static void
check_keys(const struct source *s)
{
    bool secret = json_object_get(s->json, keys[KEYS - 1]) != NULL;
    const char *key;
    json_t *value;

    for (size_t i = 0; i < KEYS - (secret ? 0 : KEYS_SECRET); i++)
        if (!json_object_get(s->json, keys[i]))
            die(s, keys[i], "missing");
    json_object_foreach(s->json, key, value)
    {
        size_t i = 0;

        while (i < KEYS - (secret ? 0 : KEYS_SECRET) &&
               strcmp(keys[i], key) != 0)
            i++;
        if (i == KEYS - (secret ? 0 : KEYS_SECRET))
            die(s, key, "no such key here");
    }
}

/* Their keys are read where they are used: this needs no ZeroMQ. */
static void
read_seeds(const struct source *s, struct network *n)
{
    const json_t *list = json_object_get(s->json, "seeds");

    if (!json_is_array(list) || json_array_size(list) > SEEDS_MAX)
        die(s, "seeds", "not a list of up to %d nodes", SEEDS_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (!text || strlen(text) >= SEED_MAX ||
            strncmp(text, "tcp://", 6) != 0 || !strchr(text, '#') ||
            strpbrk(text, "\"\\ \n"))
            die(s, "seeds", "number %zu is not tcp://HOST:PORT#KEY", i + 1);
        memcpy(n->seed[n->seeds++], text, strlen(text) + 1);
    }
}

static void
read_name(const struct source *s, struct network *n)
{
    const char *name = json_string_value(json_object_get(s->json, "name"));

    if (!name || !*name || strlen(name) >= sizeof(n->name) ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") != strlen(name))
        die(s, "name", "not 1 to %zu of a-z and 0-9", sizeof(n->name) - 1);
    memcpy(n->name, name, strlen(name) + 1);
}

static void
read_consensus(const struct source *s, struct network *n)
{
    n->magic = get_hex32(s, "magic");
    /* 2000 to 2200, as for the tokens of time-stamping authorities. */
    n->genesis_time_ms =
        get_number(s, "genesis_time_ms", 946684800000, 7258118400000);
    read_bytes32(s, "root", json_object_get(s->json, "root"), n->root);
    n->validators = get_list32(s, "validators", n->validator);
    n->min_d_ms = (uint32_t)get_number(s, "min_d_ms", 1000, UINT32_MAX);
    n->min_t_ms = (uint32_t)get_number(s, "min_t_ms", 250, UINT32_MAX);
    n->registry_t_ms =
        (uint32_t)get_number(s, "registry_t_ms", n->min_t_ms, UINT32_MAX);
    n->allow_fixed = json_is_true(json_object_get(s->json, "allow_fixed"));
    if (!json_is_boolean(json_object_get(s->json, "allow_fixed")))
        die(s, "allow_fixed", "not true or false");
    n->registry_target = get_hex32(s, "registry_target");
    n->registry_fixed = (uint8_t)get_number(s, "registry_fixed", 0, 4);
    if (n->registry_fixed > 0 && !n->allow_fixed)
        die(s, "registry_fixed", "this network does not allow it");
    n->easiest_target = get_hex32(s, "easiest_target");
}

static void
read_secrets(const struct source *s, struct network *n)
{
    n->has_secrets = json_object_get(s->json, "root_secret") != NULL;
    if (!n->has_secrets)
        return;
    read_bytes32(s, "root_secret", json_object_get(s->json, "root_secret"),
                 n->root_secret);
    if (get_list32(s, "validator_secrets", n->validator_secret) !=
        n->validators)
        die(s, "validator_secrets", "not as many as validators");
    get_pem(s, "root_private_key", "PRIVATE KEY", n->root_key);
}

/* --- the id of the registry --- */

struct hasher {
    EVP_MD_CTX *ctx;
    bool ok;
};

static void
add(struct hasher *h, const void *p, size_t len)
{
    h->ok = h->ok && EVP_DigestUpdate(h->ctx, p, len) == 1;
}

/* The lowest `size` bytes of v, little-endian. */
static void
add_number(struct hasher *h, uint64_t v, size_t size)
{
    uint8_t b[8];

    for (size_t i = 0; i < size; i++)
        b[i] = (uint8_t)(v >> (8 * i));
    add(h, b, size);
}

static bool
registry_id(struct network *n)
{
    static const char tag[] = "gavel/registry";
    struct hasher h = {EVP_MD_CTX_new(), true};
    uint8_t tag_hash[32];

    h.ok = h.ok && h.ctx &&
           EVP_Digest(tag, strlen(tag), tag_hash, NULL, EVP_sha256(), NULL) &&
           EVP_DigestInit_ex(h.ctx, EVP_sha256(), NULL) == 1;
    add(&h, tag_hash, 32);
    add(&h, tag_hash, 32);
    add_number(&h, strlen(n->name), 1);
    add(&h, n->name, strlen(n->name));
    add_number(&h, n->magic, 4);
    add_number(&h, n->genesis_time_ms, 8);
    add(&h, n->root, 32);
    add_number(&h, n->validators, 1);
    add(&h, n->validator, (size_t)n->validators * 32);
    add_number(&h, n->min_d_ms, 4);
    add_number(&h, n->min_t_ms, 4);
    add_number(&h, n->registry_t_ms, 4);
    add_number(&h, n->allow_fixed, 1);
    add_number(&h, n->registry_target, 4);
    add_number(&h, n->registry_fixed, 1);
    add_number(&h, n->easiest_target, 4);
    h.ok = h.ok && EVP_DigestFinal_ex(h.ctx, n->registry, NULL) == 1;
    EVP_MD_CTX_free(h.ctx);
    return h.ok;
}

static void
read_network(const char *file, struct network *n)
{
    struct source s = {file, NULL};
    json_error_t error;

    s.json = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
    if (!s.json)
        die(&s, "JSON", "line %d: %s", error.line, error.text);
    if (!json_is_object(s.json))
        die(&s, "JSON", "not an object");
    check_keys(&s);
    read_name(&s, n);
    read_consensus(&s, n);
    n->default_d_ms =
        (uint32_t)get_number(&s, "default_d_ms", n->min_d_ms, UINT32_MAX);
    n->p2p_port = (uint16_t)get_number(&s, "p2p_port", 1, UINT16_MAX);
    n->rpc_port = (uint16_t)get_number(&s, "rpc_port", 1, UINT16_MAX);
    n->tls_port = (uint16_t)get_number(&s, "tls_port", 1, UINT16_MAX);
    if (n->rpc_port == n->p2p_port + 1 || n->tls_port == n->p2p_port + 1)
        die(&s, "p2p_port", "the port above it is taken by gossip");
    if (n->tls_port == UINT16_MAX || n->p2p_port == n->tls_port + 1 ||
        n->rpc_port == n->tls_port + 1)
        die(&s, "tls_port", "the port above it is taken by submissions");
    read_seeds(&s, n);
    get_pem(&s, "root_certificate", "CERTIFICATE", n->root_cert);
    read_secrets(&s, n);
    if (!registry_id(n))
        die(&s, "JSON", "libcrypto cannot compute SHA-256");
    json_decref(s.json);
}

/* --- writing --- */

static void
print_bytes(const uint8_t *p)
{
    printf("{{");
    for (size_t i = 0; i < 32; i++)
        printf("%s0x%02x", i == 0 ? "" : ", ", p[i]);
    printf("}}");
}

static void
print_bytes_field(const char *field, const uint8_t *p)
{
    printf("    .%s = ", field);
    print_bytes(p);
    printf(",\n");
}

static void
print_list(const char *field, uint8_t (*list)[32], size_t n)
{
    printf("    .%s = {\n", field);
    for (size_t i = 0; i < n; i++) {
        printf("        ");
        print_bytes(list[i]);
        printf(",\n");
    }
    printf("    },\n");
}

static void
print_pem(const char *field, const char *pem)
{
    printf("    .%s =\n", field);
    while (*pem) {
        size_t n = strcspn(pem, "\n");

        printf("        \"%.*s\\n\"%s\n", (int)n, pem, pem[n + 1] ? "" : ",");
        pem += n + 1;
    }
}

/* "?" is escaped, since two of them may begin a trigraph. */
static void
print_seeds(const struct network *n)
{
    printf("    .seed_count = %u,\n    .seed = {", n->seeds);
    for (unsigned i = 0; i < n->seeds; i++) {
        printf("\"");
        for (const char *p = n->seed[i]; *p; p++)
            printf(*p == '?' ? "\\%c" : "%c", *p);
        printf("\", ");
    }
    printf("%s},\n", n->seeds == 0 ? "NULL" : "");
}

static void
print_network(struct network *n)
{
    printf("static const struct gv_params net_%s = {\n", n->name);
    printf("    .name = \"%s\",\n", n->name);
    printf("    .magic = 0x%08" PRIx32 ",\n", n->magic);
    print_bytes_field("registry", n->registry);
    printf("    .genesis_time_ms = %" PRIu64 ",\n", n->genesis_time_ms);
    print_bytes_field("root", n->root);
    printf("    .validator_count = %d,\n", n->validators);
    print_list("validator", n->validator, n->validators);
    printf("    .min_d_ms = %" PRIu32 ",\n", n->min_d_ms);
    printf("    .min_t_ms = %" PRIu32 ",\n", n->min_t_ms);
    printf("    .default_d_ms = %" PRIu32 ",\n", n->default_d_ms);
    printf("    .registry_t_ms = %" PRIu32 ",\n", n->registry_t_ms);
    printf("    .allow_fixed = %s,\n", n->allow_fixed ? "true" : "false");
    printf("    .registry_target = 0x%08" PRIx32 ",\n", n->registry_target);
    printf("    .registry_fixed = %d,\n", n->registry_fixed);
    printf("    .easiest_target = 0x%08" PRIx32 ",\n", n->easiest_target);
    printf("    .rpc_port = %d,\n", n->rpc_port);
    printf("    .p2p_port = %d,\n", n->p2p_port);
    printf("    .tls_port = %d,\n", n->tls_port);
    print_seeds(n);
    print_pem("root_cert_pem", n->root_cert);
    if (n->has_secrets) {
        printf("    .has_secrets = true,\n");
        print_bytes_field("root_secret", n->root_secret);
        print_list("validator_secret", n->validator_secret, n->validators);
        print_pem("root_key_pem", n->root_key);
    }
    printf("};\n\n");
}

static void
print_functions(const struct network *list, size_t count)
{
    printf("static const struct gv_params *const all[] = {\n");
    for (size_t i = 0; i < count; i++)
        printf("    &net_%s,\n", list[i].name);
    printf("};\n\n"
           "const struct gv_params *const *\n"
           "gv_params_all(size_t *count)\n"
           "{\n"
           "    *count = sizeof(all) / sizeof(all[0]);\n"
           "    return all;\n"
           "}\n\n"
           "const struct gv_params *\n"
           "gv_params_find(const char *name)\n"
           "{\n"
           "    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)\n"
           "        if (strcmp(all[i]->name, name) == 0)\n"
           "            return all[i];\n"
           "    return NULL;\n"
           "}\n");
}

static void
print_names(const struct network *list, size_t count)
{
    printf("/* Made by genesis/compile from genesis/NAME.json. */\n"
           "#define GV_NETWORKS \"");
    for (size_t i = 0; i < count; i++)
        printf("%s%s", i > 0 ? "|" : "", list[i].name);
    printf("\"\n");
}

static void
print_all(struct network *list, size_t count)
{
    printf("/* Made by genesis/compile from genesis/NAME.json. */\n"
           "#include \"gavel/params.h\"\n\n");
    for (size_t i = 0; i < count; i++)
        print_network(&list[i]);
    print_functions(list, count);
}

int
main(int argc, char **argv)
{
    struct network *list = calloc(NETWORKS_MAX, sizeof(*list));
    bool names = argc > 1 && strcmp(argv[1], "--names") == 0;
    char **files = argv + 1 + names;
    size_t count = (size_t)(argc - 1 - names);
    bool ok;

    if (!list || argc < 2 + names || count > NETWORKS_MAX) {
        fprintf(stderr, "usage: compile [--names] FILE.json... (1 to %d)\n",
                NETWORKS_MAX);
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        struct source s = {files[i], NULL};

        read_network(files[i], &list[i]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(list[i].name, list[j].name) == 0)
                die(&s, "name", "two networks are called %s", list[i].name);
    }
    if (names)
        print_names(list, count);
    else
        print_all(list, count);
    free(list);
    ok = fflush(stdout) == 0 && !ferror(stdout);
    return ok ? 0 : 1;
}
