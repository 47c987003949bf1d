/* auth.c - see auth.h. */
#include "src/rpc/auth.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/files.h"
#include "src/base/secret.h"
#include "src/rpc/basic.h"

#define COOKIE_USER "__cookie__"
#define COOKIE_RANDOM 32
#define COOKIE_LEN (sizeof(COOKIE_USER) + 2 * COOKIE_RANDOM)
#define PASSWORD_MIN 8

/* Logins are kept and compared as digests, so that lengths do not show. */
struct login {
    bool set;
    uint8_t digest[32];
};

struct gv_auth {
    char *cookie_path;
    char cookie[COOKIE_LEN + 1];
    bool cookie_written;
    struct login admin, miner;
};

static bool
digest(const char *text, size_t len, uint8_t out32[32])
{
    return EVP_Digest(text, len, out32, NULL, EVP_sha256(), NULL) == 1;
}

static bool
set_miner(struct gv_auth *auth, const char *login, struct gv_error *e)
{
    const char *colon = strchr(login, ':');
    size_t user_len = colon != NULL ? (size_t)(colon - login) : 0;

    if (user_len == 0 || user_len > GV_AUTH_USER_MAX ||
        strlen(login) > GV_BASIC_MAX || strlen(colon + 1) < PASSWORD_MIN ||
        strncmp(login, COOKIE_USER ":", sizeof(COOKIE_USER)) == 0) {
        gv_error_set(e,
                     "miner login: expected USER:PASSWORD, a user of 1 to %d "
                     "characters and a password of %d or more",
                     GV_AUTH_USER_MAX, PASSWORD_MIN);
        return false;
    }
    auth->miner.set = digest(login, strlen(login), auth->miner.digest);
    if (!auth->miner.set)
        gv_error_set(e, "miner login: the library failed");
    return auth->miner.set;
}

static bool
make_cookie(struct gv_auth *auth, struct gv_error *e)
{
    uint8_t secret[COOKIE_RANDOM];
    size_t prefix = sizeof(COOKIE_USER); /* with ':' in place of the NUL */

    memcpy(auth->cookie, COOKIE_USER ":", prefix);
    if (gv_random(secret, sizeof(secret)) != GV_OK) {
        gv_error_set(e, "cookie: no random bytes");
        return false;
    }
    gv_hex(secret, sizeof(secret), auth->cookie + prefix);
    gv_wipe(secret, sizeof(secret));
    auth->admin.set = digest(auth->cookie, COOKIE_LEN, auth->admin.digest);
    if (!auth->admin.set) {
        gv_error_set(e, "cookie: the library failed");
        return false;
    }
    auth->cookie_written =
        gv_file_write(auth->cookie_path, gv_bytes(auth->cookie, COOKIE_LEN),
                      0600, e) == GV_OK;
    return auth->cookie_written;
}

struct gv_auth *
gv_auth_new(const char *cookie_path, const char *miner_login,
            struct gv_error *e)
{
    struct gv_auth *auth = calloc(1, sizeof(*auth));

    if (auth != NULL)
        auth->cookie_path = strdup(cookie_path);
    if (auth == NULL || auth->cookie_path == NULL) {
        gv_error_set(e, "cookie %s: out of memory", cookie_path);
        free(auth);
        return NULL;
    }
    if ((miner_login != NULL && !set_miner(auth, miner_login, e)) ||
        !make_cookie(auth, e)) {
        gv_auth_free(auth);
        return NULL;
    }
    return auth;
}

/* Another node may have been started on the same place since. */
static void
remove_cookie(const struct gv_auth *auth)
{
    uint8_t *content;
    size_t len;

    if (gv_file_read(auth->cookie_path, COOKIE_LEN, &content, &len, NULL) !=
        GV_OK)
        return;
    if (len == COOKIE_LEN && CRYPTO_memcmp(content, auth->cookie, len) == 0)
        (void)unlink(auth->cookie_path);
    gv_wipe(content, len);
    free(content);
}

void
gv_auth_free(struct gv_auth *auth)
{
    if (auth == NULL)
        return;
    if (auth->cookie_written)
        remove_cookie(auth);
    free(auth->cookie_path);
    gv_wipe(auth, sizeof(*auth));
    free(auth);
}

static bool
is_login(const struct login *login, const uint8_t digest32[32])
{
    return CRYPTO_memcmp(login->digest, digest32, 32) == 0 && login->set;
}

enum gv_auth_role
gv_auth_check(const struct gv_auth *auth, const char *authorization,
              char user[GV_AUTH_USER_MAX + 1])
{
    enum gv_auth_role role = GV_AUTH_NOBODY;
    struct gv_basic login;
    uint8_t sum[32];

    user[0] = '\0';
    if (!gv_basic_read(authorization, &login))
        return role;
    if (digest(login.text, login.len, sum)) {
        if (is_login(&auth->admin, sum))
            role = GV_AUTH_ADMIN;
        else if (is_login(&auth->miner, sum))
            role = GV_AUTH_MINER;
    }
    if (role != GV_AUTH_NOBODY) {
        memcpy(user, login.text, login.user_len);
        user[login.user_len] = '\0';
    }
    gv_wipe(&login, sizeof(login));
    return role;
}
