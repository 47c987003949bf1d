/* test_auctionkeys.c - the life of a key that serves one auction: on disk,
 * offered, bound, destroyed. */
#include <dirent.h>
#include <fcntl.h>
#include <gavel/hash.h>
#include <gavel/hpke.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/ttp/auctionkeys.h"
#include "src/ttp/auctionkeys_file.h"
#include "src/ttp/blindsign.h"
#include "tests/support/rsakey.h"
#include "tests/support/support.h"

struct shelf {
    struct support_dir dir;
    char keys[PATH_MAX + 8];
    struct gv_seckey secret;
    uint64_t now;
    struct gv_auctionkeys *k;
    uint8_t modulus[3][GV_RSA_SIZE];
};

static const struct gv_chain_id one = {{1}}, two = {{2}};

static uint64_t
clock_ms(void *ctx)
{
    return *(uint64_t *)ctx;
}

static struct gv_auctionkeys *
try_open(struct shelf *s, struct gv_error *e)
{
    struct gv_auctionkeys_options o = {.dir = s->keys,
                                       .secret = &s->secret,
                                       .now_ms = clock_ms,
                                       .clock_ctx = &s->now};

    return gv_auctionkeys_open(&o, e);
}

static void
reopen(struct shelf *s)
{
    struct gv_error e = {""};

    gv_auctionkeys_free(s->k);
    s->k = try_open(s, &e);
    if (s->k == NULL)
        fail_msg("%s", e.text);
}

static void
put(struct shelf *s, unsigned i)
{
    struct auctionkeys_row row = {.key = support_rsa_key(i)};
    struct auctionkeys_dir dir;
    struct gv_error e;

    assert_int_equal(gv_rsakey_modulus(row.key, row.pub), GV_OK);
    memcpy(s->modulus[i], row.pub, GV_RSA_SIZE);
    assert_int_equal(
        auctionkeys_dir_open(&dir, GV_AUCTIONKEYS_RSA, s->keys, &s->secret, &e),
        GV_OK);
    assert_int_equal(auctionkeys_dir_put(&dir, &row, &e), GV_OK);
    auctionkeys_dir_close(&dir);
    EVP_PKEY_free(row.key);
}

/* A directory with `spares` keys. */
static void
shelf_make(struct shelf *s, unsigned spares)
{
    memset(s, 0, sizeof(*s));
    support_dir_make(&s->dir);
    (void)snprintf(s->keys, sizeof(s->keys), "%s/keys", s->dir.path);
    memset(s->secret.b, 0x77, 32);
    s->now = UINT64_C(1767225600000);
    for (unsigned i = 0; i < spares; i++)
        put(s, i);
    reopen(s);
}

static void
shelf_free(struct shelf *s)
{
    gv_auctionkeys_free(s->k);
    support_dir_remove(&s->dir);
}

/* The only file, whole. */
static uint8_t *
file_of(const struct shelf *s, char path[PATH_MAX + 300], size_t *len)
{
    DIR *d = opendir(s->keys);
    const struct dirent *e;

    assert_non_null(d);
    while ((e = readdir(d)) != NULL)
        if (e->d_name[0] != '.')
            break;
    assert_non_null(e);
    (void)snprintf(path, PATH_MAX + 300, "%s/%s", s->keys, e->d_name);
    closedir(d);
    return support_file(path, len);
}

static void
write_file(const char *path, const uint8_t *p, size_t len)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static void
a_made_key_is_spare_and_works(void **state)
{
    struct shelf s;
    struct gv_error e;
    uint8_t modulus[GV_RSA_SIZE], z[GV_RSA_SIZE] = {0}, sig[GV_RSA_SIZE];
    EVP_PKEY *key;

    (void)state;
    shelf_make(&s, 0);
    assert_int_equal(gv_auctionkeys_offer(s.k, modulus), GV_ABSENT);
    assert_int_equal(gv_auctionkeys_make(s.k, &e), GV_OK);
    assert_int_equal(gv_auctionkeys_spares(s.k), 1);
    reopen(&s);
    assert_int_equal(gv_auctionkeys_offer(s.k, modulus), GV_OK);
    assert_true(gv_rsa_modulus_ok(modulus));
    assert_int_equal(gv_auctionkeys_bind(s.k, modulus, &one, &e), GV_OK);
    key = gv_auctionkeys_get(s.k, modulus, &one);
    assert_non_null(key);
    z[383] = 2;
    assert_int_equal(gv_blindsign(key, z, sig), GV_OK);
    EVP_PKEY_free(key);
    shelf_free(&s);
}

static void
an_offer_that_nobody_takes_is_made_again(void **state)
{
    struct shelf s;
    uint8_t a[GV_RSA_SIZE], b[GV_RSA_SIZE];

    (void)state;
    shelf_make(&s, 2);
    assert_int_equal(gv_auctionkeys_offer(s.k, a), GV_OK);
    assert_int_equal(gv_auctionkeys_offer(s.k, b), GV_OK);
    assert_memory_not_equal(a, b, GV_RSA_SIZE);
    assert_int_equal(gv_auctionkeys_offer(s.k, b), GV_ABSENT);
    assert_int_equal(gv_auctionkeys_spares(s.k), 0);
    s.now += GV_OFFER_MS;
    assert_int_equal(gv_auctionkeys_offer(s.k, b), GV_ABSENT);
    s.now += 1;
    assert_int_equal(gv_auctionkeys_spares(s.k), 2);
    assert_int_equal(gv_auctionkeys_offer(s.k, b), GV_OK);
    shelf_free(&s);
}

/* One OPEN at most is ever served with a key. */
static void
a_key_is_bound_once_and_for_ever(void **state)
{
    struct shelf s;
    struct gv_error e;
    uint8_t m[GV_RSA_SIZE];
    struct gv_chain_id ids[2];

    (void)state;
    shelf_make(&s, 2);
    assert_int_equal(gv_auctionkeys_offer(s.k, m), GV_OK);
    assert_null(gv_auctionkeys_get(s.k, m, &one)); /* not bound yet */
    assert_int_equal(gv_auctionkeys_bind(s.k, m, &one, &e), GV_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(gv_auctionkeys_bind(s.k, m, &one, &e), GV_OK);
        assert_int_equal(gv_auctionkeys_bind(s.k, m, &two, &e), GV_REJECT);
        assert_null(gv_auctionkeys_get(s.k, m, &two));
        s.now += 2 * GV_OFFER_MS; /* it is not offered again */
        assert_int_equal(gv_auctionkeys_spares(s.k), 1);
        reopen(&s);
    }
    assert_int_equal(gv_auctionkeys_auctions(s.k, ids, 2), 1);
    assert_true(GV_ID_EQ(&ids[0], &one));
    m[200] ^= 1;
    assert_int_equal(gv_auctionkeys_bind(s.k, m, &one, &e), GV_ABSENT);
    shelf_free(&s);
}

static void
auctions_are_listed_once_and_in_order(void **state)
{
    struct shelf s;
    struct gv_error e;
    struct gv_chain_id ids[2] = {{{9}}, {{9}}};

    (void)state;
    shelf_make(&s, 3);
    assert_int_equal(gv_auctionkeys_auctions(s.k, NULL, 0), 0);
    assert_int_equal(gv_auctionkeys_bind(s.k, s.modulus[0], &two, &e), GV_OK);
    assert_int_equal(gv_auctionkeys_bind(s.k, s.modulus[1], &one, &e), GV_OK);
    assert_int_equal(gv_auctionkeys_bind(s.k, s.modulus[2], &two, &e), GV_OK);
    assert_int_equal(gv_auctionkeys_auctions(s.k, ids, 1), 2);
    assert_true(GV_ID_EQ(&ids[0], &one));
    assert_int_equal(ids[1].b[0], 9);
    assert_int_equal(gv_auctionkeys_auctions(s.k, ids, 2), 2);
    assert_true(GV_ID_EQ(&ids[1], &two));
    shelf_free(&s);
}

/* The bytes are zero before the name is gone, for who still holds the file. */
static void
a_destroyed_key_is_gone_from_memory_and_disk(void **state)
{
    struct shelf s;
    struct gv_error e;
    char path[PATH_MAX + 300];
    uint8_t *raw, after[8192];
    size_t len;
    int fd;

    (void)state;
    shelf_make(&s, 1);
    assert_int_equal(gv_auctionkeys_bind(s.k, s.modulus[0], &one, &e), GV_OK);
    raw = file_of(&s, path, &len);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && len < sizeof(after));
    assert_int_equal(gv_auctionkeys_destroy(s.k, &one, &e), GV_OK);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(pread(fd, after, sizeof(after), 0), (ssize_t)len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(after[i], 0);
    close(fd);
    free(raw);
    assert_null(gv_auctionkeys_get(s.k, s.modulus[0], &one));
    assert_int_equal(gv_auctionkeys_destroy(s.k, &one, &e), GV_ABSENT);
    reopen(&s);
    assert_null(gv_auctionkeys_get(s.k, s.modulus[0], &one));
    shelf_free(&s);
}

/* All of its auction, and no other. */
static void
keys_of_one_auction_go_together(void **state)
{
    struct shelf s;
    struct gv_error e;
    EVP_PKEY *key;

    (void)state;
    shelf_make(&s, 3);
    assert_int_equal(gv_auctionkeys_bind(s.k, s.modulus[0], &one, &e), GV_OK);
    assert_int_equal(gv_auctionkeys_bind(s.k, s.modulus[1], &two, &e), GV_OK);
    assert_int_equal(gv_auctionkeys_bind(s.k, s.modulus[2], &one, &e), GV_OK);
    assert_int_equal(gv_auctionkeys_destroy(s.k, &one, &e), GV_OK);
    reopen(&s);
    assert_int_equal(gv_auctionkeys_auctions(s.k, NULL, 0), 1);
    key = gv_auctionkeys_get(s.k, s.modulus[1], &two);
    assert_non_null(key);
    EVP_PKEY_free(key);
    assert_int_equal(gv_auctionkeys_bind(s.k, s.modulus[2], &one, &e),
                     GV_ABSENT);
    shelf_free(&s);
}

/* A key that somebody is using goes when he is done. */
static void
a_key_in_use_survives_its_destruction(void **state)
{
    struct shelf s;
    struct gv_error e;
    uint8_t modulus[GV_RSA_SIZE];
    EVP_PKEY *key;

    (void)state;
    shelf_make(&s, 1);
    assert_int_equal(gv_auctionkeys_bind(s.k, s.modulus[0], &one, &e), GV_OK);
    key = gv_auctionkeys_get(s.k, s.modulus[0], &one);
    assert_int_equal(gv_auctionkeys_destroy(s.k, &one, &e), GV_OK);
    assert_int_equal(gv_rsakey_modulus(key, modulus), GV_OK);
    assert_memory_equal(modulus, s.modulus[0], GV_RSA_SIZE);
    EVP_PKEY_free(key);
    shelf_free(&s);
}

/* docs/spec/ttp.md T23: what the file is, and that it shows no secret. */
static void
a_file_is_sealed_and_named_by_its_modulus(void **state)
{
    struct shelf s;
    char path[PATH_MAX + 300], hex[65];
    uint8_t digest[32], *raw;
    unsigned char *der = NULL;
    struct stat st;
    EVP_PKEY *key = support_rsa_key(0);
    size_t len;
    int n = i2d_PrivateKey(key, &der);

    (void)state;
    shelf_make(&s, 1);
    raw = file_of(&s, path, &len);
    gv_sha256_of(s.modulus[0], GV_RSA_SIZE, digest);
    gv_hex(digest, 32, hex);
    memcpy(hex + 16, ".key", 5);
    assert_string_equal(strrchr(path, '/') + 1, hex);
    assert_memory_equal(raw, "gavel-auction-key 1\n", 20);
    assert_int_equal(raw[20], 0);
    assert_memory_equal(raw + 20 + 1 + 32, s.modulus[0], GV_RSA_SIZE);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    /* Past the modulus comes the private exponent. */
    assert_true(n > 900);
    assert_null(memmem(raw, len, der + n - 300, 32));
    assert_null(memmem(raw, len, der + 450, 32));
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    free(raw);
    shelf_free(&s);
}

/* Every byte is authenticated, and an error names the file: an auction may
 * depend on it. */
static void
damage_is_found_and_named(void **state)
{
    struct shelf s;
    char path[PATH_MAX + 300];
    struct gv_error e;
    uint8_t *raw;
    size_t len;

    (void)state;
    shelf_make(&s, 1);
    raw = file_of(&s, path, &len);
    for (size_t i = 0; i < len; i += i < 450 ? 7 : 97) {
        raw[i] ^= 1;
        write_file(path, raw, len);
        e.text[0] = '\0';
        assert_null(try_open(&s, &e));
        assert_non_null(strstr(e.text, path));
        raw[i] ^= 1;
    }
    write_file(path, raw, len - 1);
    assert_null(try_open(&s, &e));
    write_file(path, raw, 20);
    assert_null(try_open(&s, &e));
    write_file(path, raw, len);
    reopen(&s);
    free(raw);
    shelf_free(&s);
}

static void
another_roles_secret_does_not_open_it(void **state)
{
    struct shelf s;
    struct gv_error e;

    (void)state;
    shelf_make(&s, 1);
    s.secret.b[0] ^= 1;
    assert_null(try_open(&s, &e));
    assert_non_null(strstr(e.text, "not a key sealed by this role"));
    s.secret.b[0] ^= 1;
    shelf_free(&s);
}

static void
other_files_are_left_alone(void **state)
{
    struct shelf s;
    char path[PATH_MAX + 300];

    (void)state;
    shelf_make(&s, 1);
    (void)snprintf(path, sizeof(path), "%s/0123456789abcdef.key.tmp", s.keys);
    write_file(path, (const uint8_t *)"half", 4);
    reopen(&s);
    assert_int_equal(gv_auctionkeys_spares(s.k), 1);
    assert_int_equal(access(path, F_OK), 0);
    shelf_free(&s);
}

/* What the disk may hold when the power goes while a key is destroyed: zeros,
 * or zeros in front of what was not overwritten yet. The node starts, and the
 * rest goes. */
static void
a_destruction_that_was_cut_short_is_ended(void **state)
{
    static const size_t zeros[] = {20, 512, SIZE_MAX};
    struct shelf s;
    char path[PATH_MAX + 300];
    uint8_t *raw;
    size_t len;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        shelf_make(&s, 1);
        raw = file_of(&s, path, &len);
        memset(raw, 0, zeros[i] < len ? zeros[i] : len);
        write_file(path, raw, len);
        reopen(&s);
        assert_int_equal(gv_auctionkeys_spares(s.k), 0);
        assert_int_equal(access(path, F_OK), -1);
        free(raw);
        shelf_free(&s);
    }
}

/* What an interrupted write leaves holds the key, too. */
static void
leftovers_of_a_write_are_destroyed(void **state)
{
    struct shelf s;
    char path[PATH_MAX + 300], left[PATH_MAX + 310];
    uint8_t *raw, gone[512];
    size_t len;
    FILE *f;

    (void)state;
    shelf_make(&s, 1);
    raw = file_of(&s, path, &len);
    (void)snprintf(left, sizeof(left), "%s.aZ09bY", path);
    write_file(left, raw, len);
    f = fopen(left, "rb");
    assert_non_null(f);
    reopen(&s);
    assert_int_equal(gv_auctionkeys_spares(s.k), 1);
    assert_int_equal(access(left, F_OK), -1);
    assert_int_equal(fread(gone, 1, sizeof(gone), f), sizeof(gone));
    assert_true(gone[0] == 0 && memcmp(gone, gone + 1, 511) == 0);
    (void)fclose(f);
    free(raw);
    shelf_free(&s);
}

/* Binding a key writes its file anew; the spare one is overwritten. */
static void
a_bound_key_leaves_no_spare_copy(void **state)
{
    struct shelf s;
    char path[PATH_MAX + 300];
    uint8_t *raw, modulus[GV_RSA_SIZE], gone[512];
    struct gv_error e;
    size_t len;
    FILE *f;

    (void)state;
    shelf_make(&s, 1);
    raw = file_of(&s, path, &len);
    f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(gv_auctionkeys_offer(s.k, modulus), GV_OK);
    assert_int_equal(gv_auctionkeys_bind(s.k, modulus, &one, &e), GV_OK);
    assert_int_equal(fread(gone, 1, sizeof(gone), f), sizeof(gone));
    assert_true(gone[0] == 0 && memcmp(gone, gone + 1, 511) == 0);
    (void)fclose(f);
    reopen(&s);
    assert_int_equal(gv_auctionkeys_auctions(s.k, NULL, 0), 1);
    free(raw);
    shelf_free(&s);
}

/* A set of the other kind: the same life, in a directory of its own. */
static void
a_key_for_sealed_bids_lives_the_same_life(void **state)
{
    struct shelf s;
    struct gv_auctionkeys_options o;
    struct gv_auctionkeys *k;
    struct gv_error e = {""};
    uint8_t pub[32], got[32], secret[32];
    size_t len = sizeof(secret);
    char path[PATH_MAX + 300];
    uint8_t *raw;
    EVP_PKEY *key;

    (void)state;
    shelf_make(&s, 0);
    o = (struct gv_auctionkeys_options){.kind = GV_AUCTIONKEYS_X25519,
                                        .dir = s.keys,
                                        .secret = &s.secret,
                                        .now_ms = clock_ms,
                                        .clock_ctx = &s.now};
    k = gv_auctionkeys_open(&o, &e);
    assert_non_null(k);
    assert_int_equal(gv_auctionkeys_make(k, &e), GV_OK);
    assert_int_equal(gv_auctionkeys_offer(k, pub), GV_OK);
    assert_int_equal(gv_auctionkeys_bind(k, pub, &one, &e), GV_OK);
    assert_int_equal(gv_auctionkeys_bind(k, pub, &two, &e), GV_REJECT);
    gv_auctionkeys_free(k);
    k = gv_auctionkeys_open(&o, &e);
    assert_non_null(k);
    key = gv_auctionkeys_get(k, pub, &one);
    assert_non_null(key);
    assert_int_equal(EVP_PKEY_get_raw_private_key(key, secret, &len), 1);
    assert_int_equal(gv_x25519_public(secret, got), GV_OK);
    assert_memory_equal(got, pub, 32);
    EVP_PKEY_free(key);
    raw = file_of(&s, path, &len);
    assert_memory_equal(raw, "gavel-sealing-key 1\n", 20);
    assert_memory_equal(raw + 20 + 1 + 32, pub, 32);
    assert_null(memmem(raw, len, secret, 32));
    free(raw);
    /* Neither kind takes the other's file for its own. */
    assert_null(try_open(&s, &e));
    assert_non_null(strstr(e.text, path));
    assert_int_equal(gv_auctionkeys_destroy(k, &one, &e), GV_OK);
    assert_int_equal(access(path, F_OK), -1);
    gv_auctionkeys_free(k);
    shelf_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_made_key_is_spare_and_works),
        cmocka_unit_test(an_offer_that_nobody_takes_is_made_again),
        cmocka_unit_test(a_key_is_bound_once_and_for_ever),
        cmocka_unit_test(auctions_are_listed_once_and_in_order),
        cmocka_unit_test(a_destroyed_key_is_gone_from_memory_and_disk),
        cmocka_unit_test(keys_of_one_auction_go_together),
        cmocka_unit_test(a_key_in_use_survives_its_destruction),
        cmocka_unit_test(a_file_is_sealed_and_named_by_its_modulus),
        cmocka_unit_test(damage_is_found_and_named),
        cmocka_unit_test(another_roles_secret_does_not_open_it),
        cmocka_unit_test(other_files_are_left_alone),
        cmocka_unit_test(a_destruction_that_was_cut_short_is_ended),
        cmocka_unit_test(leftovers_of_a_write_are_destroyed),
        cmocka_unit_test(a_bound_key_leaves_no_spare_copy),
        cmocka_unit_test(a_key_for_sealed_bids_lives_the_same_life),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
