/*
 * p12file.h - what the keystore commands share: the keystore's file, its
 * passwords, exit codes (docs/spec/keystore.md).
 *
 * A command that changes a keystore holds a lock (flock) on the directory of
 * the file from before it reads to after it has written, so that no change is
 * lost to another command; commands that only read take none, since a file is
 * replaced whole.
 *
 * Functions return exit codes after printing.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_WALLET_P12FILE_H
#define GAVEL_WALLET_P12FILE_H

#include "src/base/secret.h"
#include "src/pki/items.h"
#include "src/pki/p12.h"
#include "wallet/cli.h"

/* Beyond those of wallet/cli.h; in the order of enum gv_pki_why. */
enum gv_keystore_exit {
    GV_EXIT_PASSWORD = 10,
    GV_EXIT_DAMAGED = 11,
    GV_EXIT_UNKNOWN_ALIAS = 12,
    GV_EXIT_DUPLICATE = 13,
    GV_EXIT_NOT_CA = 14,
    GV_EXIT_EXPIRED = 15,
    GV_EXIT_UNTRUSTED = 16,
    GV_EXIT_REVOKED = 17,
    GV_EXIT_NO_CRL = 18
};

/* Options of several commands. */
#define GV_OPTION_KEYSTORE                                                     \
    {                                                                          \
        .name = "keystore", .help = "The keystore, a PKCS#12 file.",           \
        .argument = "FILE"                                                     \
    }
#define GV_OPTION_ALIAS(what)                                                  \
    {                                                                          \
        .name = "alias", .help = what, .argument = "NAME"                      \
    }
#define GV_OPTIONS_ENTRY                                                       \
    {.name = "entry-passphrase-file",                                          \
     .help = "The entry's own password is the first line of this file, - for " \
             "stdin (default: the keystore's).",                               \
     .argument = "FILE"},                                                      \
    {                                                                          \
        .name = "ask-entry-passphrase", .type = GV_CONFIG_BOOL,                \
        .help = "Ask for a password of the entry's own."                       \
    }

struct gv_p12file {
    const char *path; /* of --keystore, borrowed */
    struct gv_p12 *p12;
    struct gv_passphrase password;
    int lock; /* -1: none */
};

enum gv_p12file_use {
    GV_P12FILE_READ,
    GV_P12FILE_CHANGE, /* must be there */
    GV_P12FILE_MAKE    /* a new one if there is none */
};

/* Print the error and give the exit code that belongs to it. */
int gv_cli_fail_pki(const struct gv_cli *cli, const struct gv_pki_error *x);

/* Open the file of --keystore with the password of --passphrase-file. Close
 * *f in every case. */
int gv_p12file_open(struct gv_cli *cli, enum gv_p12file_use use,
                    struct gv_p12file *f) GV_MUST_CHECK;

/* Open another keystore for reading: its password is the first line of the
 * file that `option` names, or is asked for. */
int gv_p12file_open_other(struct gv_cli *cli, const char *path,
                          const char *option,
                          struct gv_p12file *f) GV_MUST_CHECK;

/* Replace the file. */
int gv_p12file_save(struct gv_cli *cli, struct gv_p12file *f) GV_MUST_CHECK;
void gv_p12file_close(struct gv_p12file *f);

/* The entry that the option names. */
int gv_p12file_find(struct gv_cli *cli, const struct gv_p12file *f,
                    const char *option, size_t *i) GV_MUST_CHECK;

/* Read a password from the file that an option names, or ask. fresh: it is a
 * new one, of GV_P12_PASSWORD_MIN bytes or more, asked for twice. */
int gv_p12file_password(struct gv_cli *cli, const char *option,
                        const char *prompt, bool fresh,
                        struct gv_passphrase *out) GV_MUST_CHECK;

/* The password of an entry: of the options GV_OPTIONS_ENTRY, else the
 * keystore's. */
int gv_p12file_entry_password(struct gv_cli *cli, const struct gv_p12file *f,
                              bool fresh,
                              struct gv_passphrase *out) GV_MUST_CHECK;

/* The key of entry i. */
int gv_p12file_key(struct gv_cli *cli, const struct gv_p12file *f, size_t i,
                   EVP_PKEY **out) GV_MUST_CHECK;

/* Print entry i, as a command does that has changed it. */
void gv_p12file_print_entry(const struct gv_cli *cli,
                            const struct gv_p12file *f, size_t i);

/* A mandatory string option; NULL after printing. */
const char *gv_p12file_need(const struct gv_cli *cli, const char *option);

/* Take a file of certificates, keys and so on apart, adding to *items (clear
 * them in every case). A key that is encrypted is opened with the password of
 * `option` (NULL: there should be none). */
int gv_p12file_items(struct gv_cli *cli, const char *path, const char *option,
                     struct gv_items *items) GV_MUST_CHECK;

/* Does the file begin as PKCS#12 does? False also if it cannot be read. */
bool gv_p12file_is_keystore(const char *path);

/* A whole file; the caller frees. */
int gv_p12file_bytes(const struct gv_cli *cli, const char *path, uint8_t **out,
                     size_t *len) GV_MUST_CHECK;

static inline struct gv_bytes
gv_passphrase_bytes(const struct gv_passphrase *p)
{
    return gv_bytes(p->text, p->len);
}

#endif
