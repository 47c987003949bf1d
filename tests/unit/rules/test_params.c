/* The networks: what genesis/compile made of genesis/NAME.json agrees with
 * the library, and its values are those of the specification. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gavel/block.h"
#include "tests/support/support.h"

static const struct gv_params *
need(const char *name)
{
    const struct gv_params *p = gv_params_find(name);

    assert_non_null(p);
    return p;
}

static void
test_find(void **state)
{
    size_t count;
    const struct gv_params *const *all = gv_params_all(&count);

    (void)state;
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++)
        assert_ptr_equal(need(all[i]->name), all[i]);
    assert_null(gv_params_find("mainnet"));
    assert_null(gv_params_find(""));
}

/* The generator and the library compute the id apart from each other. */
static void
test_registry_id_F15(void **state)
{
    size_t count;
    const struct gv_params *const *all = gv_params_all(&count);
    struct gv_chain_id id;

    (void)state;
    for (size_t i = 0; i < count; i++) {
        gv_registry_id(all[i], &id);
        assert_memory_equal(id.b, all[i]->registry.b, 32);
        for (size_t j = 0; j < i; j++) {
            assert_false(GV_ID_EQ(&all[i]->registry, &all[j]->registry));
            assert_int_not_equal(all[i]->magic, all[j]->magic);
            assert_int_not_equal(all[i]->rpc_port, all[j]->rpc_port);
        }
    }
}

/* Every field that consensus reads moves the id. */
static void
test_registry_id_binds_F15(void **state)
{
    struct gv_params p[13];
    struct gv_chain_id id;

    (void)state;
    for (size_t i = 0; i < 13; i++)
        p[i] = *need("regtest");
    p[0].name = "regtesu";
    p[1].magic ^= 1;
    p[2].genesis_time_ms ^= 1;
    p[3].root.b[0] ^= 1;
    p[4].validator_count = 2;
    p[5].validator[0].b[31] ^= 1;
    p[6].min_d_ms ^= 1;
    p[7].min_t_ms ^= 1;
    p[8].registry_t_ms ^= 1;
    p[9].allow_fixed = false;
    p[10].registry_target ^= 1;
    p[11].registry_fixed ^= 1;
    p[12].easiest_target ^= 1;
    for (size_t i = 0; i < 13; i++) {
        gv_registry_id(&p[i], &id);
        assert_memory_not_equal(id.b, p[i].registry.b, 32);
    }
}

static void
test_targets_R11(void **state)
{
    size_t count;
    const struct gv_params *const *all = gv_params_all(&count);
    struct gv_u256 target, easiest, work;

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(
            gv_target_from_compact(all[i]->registry_target, &target), GV_OK);
        assert_int_equal(
            gv_target_from_compact(all[i]->easiest_target, &easiest), GV_OK);
        assert_true(gv_u256_cmp(&target, &easiest) <= 0);
        assert_true(all[i]->allow_fixed || all[i]->registry_fixed == 0);
        if (all[i]->registry_fixed > 0)
            assert_int_equal(all[i]->registry_target,
                             gv_target_fixed(all[i]->registry_fixed));
    }
    assert_int_equal(
        gv_target_from_compact(need("main")->registry_target, &target), GV_OK);
    work = gv_work_of(&target);
    assert_int_equal(work.v[0], (1u << 28) - 1);
    assert_int_equal(
        gv_target_from_compact(need("test")->registry_target, &target), GV_OK);
    work = gv_work_of(&target);
    assert_int_equal(work.v[0], (1u << 22) - 1);
}

static void
test_deadlines(void **state)
{
    (void)state;
    assert_int_equal(need("main")->min_d_ms, 300000);
    assert_int_equal(need("main")->min_t_ms, 15000);
    assert_int_equal(need("main")->registry_t_ms, 60000);
    assert_false(need("main")->allow_fixed);
    assert_int_equal(need("test")->min_d_ms, 30000);
    assert_int_equal(need("test")->min_t_ms, 5000);
    assert_int_equal(need("test")->registry_t_ms, 5000);
    assert_int_equal(need("regtest")->min_d_ms, 1000);
    assert_int_equal(need("regtest")->min_t_ms, 1000);
    assert_int_equal(need("regtest")->registry_t_ms, 1000);
    assert_int_equal(need("regtest")->default_d_ms, 5000);
}

static void
test_keys(void **state)
{
    size_t count;
    const struct gv_params *const *all = gv_params_all(&count);
    struct gv_keys *keys = gv_keys_new(NULL);
    struct gv_pubkey pk;

    (void)state;
    assert_non_null(keys);
    for (size_t i = 0; i < count; i++) {
        const struct gv_params *p = all[i];

        assert_true(gv_key_valid(keys, &p->root));
        assert_true(p->validator_count >= 1);
        for (unsigned v = 0; v < p->validator_count; v++)
            assert_true(gv_key_valid(keys, &p->validator[v]));
        assert_int_equal(p->has_secrets, strcmp(p->name, "regtest") == 0);
        if (!p->has_secrets) {
            assert_null(p->root_key_pem);
            continue;
        }
        assert_int_equal(gv_key_public(keys, &p->root_secret, &pk), GV_OK);
        assert_true(GV_ID_EQ(&pk, &p->root));
        for (unsigned v = 0; v < p->validator_count; v++) {
            assert_int_equal(gv_key_public(keys, &p->validator_secret[v], &pk),
                             GV_OK);
            assert_true(GV_ID_EQ(&pk, &p->validator[v]));
        }
    }
    gv_keys_free(keys);
}

static void
test_root_certificates(void **state)
{
    size_t count;
    const struct gv_params *const *all = gv_params_all(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        BIO *bio = BIO_new_mem_buf(all[i]->root_cert_pem, -1);
        X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        EVP_PKEY *key;

        assert_non_null(cert);
        assert_int_equal(X509_verify(cert, X509_get0_pubkey(cert)), 1);
        assert_int_not_equal(X509_check_ca(cert), 0);
        assert_int_equal(X509_get_pathlen(cert), 1);
        assert_int_equal(X509_get_key_usage(cert),
                         KU_KEY_CERT_SIGN | KU_CRL_SIGN);
        BIO_free(bio);
        if (all[i]->root_key_pem) {
            bio = BIO_new_mem_buf(all[i]->root_key_pem, -1);
            key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
            assert_int_equal(X509_check_private_key(cert, key), 1);
            EVP_PKEY_free(key);
            BIO_free(bio);
        }
        X509_free(cert);
    }
}

static void
test_block0_registry_R12(void **state)
{
    size_t count, len;
    const struct gv_params *const *all = gv_params_all(&count);
    struct gv_reject why;
    struct gv_block b;

    (void)state;
    for (size_t i = 0; i < count; i++) {
        uint8_t *raw = gv_block0_registry(all[i], &len);
        static const struct {
            size_t at;
            const char *field;
        } spoilt[] = {{38, "header.prev"},
                      {106, "header.time"},
                      {114, "header.target"},
                      {118, "seal"}};

        assert_non_null(raw);
        assert_int_equal(gv_block_decode(gv_bytes(raw, len), all[i], &b, NULL),
                         GV_OK);
        assert_int_equal(b.h.header.time_ms, all[i]->genesis_time_ms);
        assert_int_equal(b.h.header.tx_count, 0);
        gv_block_clear(&b);
        for (size_t k = 0; k < sizeof(spoilt) / sizeof(spoilt[0]); k++) {
            raw[spoilt[k].at] ^= 1;
            assert_int_equal(
                gv_block_decode(gv_bytes(raw, len), all[i], &b, &why),
                GV_REJECT);
            assert_int_equal(why.code, GV_BAD_GENESIS);
            assert_string_equal(why.field, spoilt[k].field);
            raw[spoilt[k].at] ^= 1;
        }
        free(raw);
    }
}

/* --- the generator refuses what is not a network --- */

/* Run genesis/compile, which lies beside the tests of this build, over one
 * file; returns its first line on standard error. */
static void
compile(const char *json, char *line, size_t cap)
{
    char exe[PATH_MAX], command[2 * PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    char *cut;
    FILE *f;

    assert_true(n > 0);
    exe[n] = '\0';
    cut = strstr(exe, "/tests/unit/");
    assert_non_null(cut);
    *cut = '\0';
    snprintf(command, sizeof(command), "'%s/genesis/compile' '%s' 2>&1 >%s",
             exe, json, "/dev/null");
    f = popen(command, "r");
    assert_non_null(f);
    if (fgets(line, (int)cap, f) == NULL)
        line[0] = '\0';
    assert_int_equal(pclose(f) != 0, line[0] != '\0');
}

static void
test_generator_names_the_key(void **state)
{
    static const struct {
        const char *key, *value; /* NULL: remove the key */
        const char *names;
    } bad[] = {
        {"name", NULL, "name"},
        {"name", "\"Main Net\"", "name"},
        {"magic", "12", "magic"},
        {"magic", "\"0x12\"", "magic"},
        {"genesis_time_ms", "-1", "genesis_time_ms"},
        {"genesis_time_ms", "1.5", "genesis_time_ms"},
        {"root", "\"00\"", "root"},
        {"validators", "[]", "validators"},
        {"validators", "[\"zz\"]", "validators"},
        {"min_d_ms", "0", "min_d_ms"},
        {"min_t_ms", "249", "min_t_ms"},
        {"registry_t_ms", "999", "registry_t_ms"},
        {"default_d_ms", "999", "default_d_ms"},
        {"allow_fixed", "1", "allow_fixed"},
        {"allow_fixed", "false", "registry_fixed"},
        {"registry_fixed", "5", "registry_fixed"},
        {"rpc_port", "65536", "rpc_port"},
        {"root_certificate", "\"x\"", "root_certificate"},
        {"root_certificate", "[\"x\"]", "root_certificate"},
        {"root_secret", NULL, "root_secret"},
        {"validator_secrets", "[]", "validator_secrets"},
        {"colour", "\"red\"", "colour"},
    };
    struct support_dir dir;
    char path[PATH_MAX + 32], line[512], names[64];
    json_error_t error;

    (void)state;
    support_dir_make(&dir);
    snprintf(path, sizeof(path), "%s/bad.json", dir.path);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        json_t *json = json_load_file("genesis/regtest.json", 0, &error);

        assert_non_null(json);
        if (bad[i].value == NULL)
            json_object_del(json, bad[i].key);
        else
            json_object_set_new(
                json, bad[i].key,
                json_loads(bad[i].value, JSON_DECODE_ANY, &error));
        assert_int_equal(json_dump_file(json, path, 0), 0);
        json_decref(json);
        compile(path, line, sizeof(line));
        snprintf(names, sizeof(names), "bad.json: %s: ", bad[i].names);
        if (strstr(line, names) == NULL)
            fail_msg("%s, not %s", line, names);
    }
    compile("genesis/main.json", line, sizeof(line));
    assert_string_equal(line, "");
    support_dir_remove(&dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_registry_id_F15),
        cmocka_unit_test(test_registry_id_binds_F15),
        cmocka_unit_test(test_targets_R11),
        cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_root_certificates),
        cmocka_unit_test(test_block0_registry_R12),
        cmocka_unit_test(test_generator_names_the_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
