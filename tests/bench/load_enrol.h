/*
 * load_enrol.h - certified bidders of an anonymous auction on a real node, each
 * with a session at the token issuer that is played up to its REVEAL, so that
 * a benchmark can send all of them at once without paying for the client's
 * half of the work.
 *
 * What cannot be done ends the program. A client belongs to one thread.
 */
#ifndef GAVEL_TESTS_BENCH_LOAD_ENROL_H
#define GAVEL_TESTS_BENCH_LOAD_ENROL_H

#include <gavel/open.h>
#include <openssl/types.h>

#include "src/client/https.h"
#include "tests/bench/load_node.h"

struct load_client {
    struct gv_https *https; /* to the services */
    EVP_PKEY *edge;         /* of the certificate */
    uint8_t *der;
    size_t der_len;
    uint8_t reveal[2048]; /* ISS_REVEAL */
    size_t reveal_len;
};

/* Get certificates for n clients and wait until the registry has them. url: of
 * the services ("https://..."). */
void load_clients_certify(struct load_node *node, const char *url,
                          const struct gv_keys *keys, struct load_client *c,
                          size_t n);
/* Play the session up to ISS_REVEAL: derives all leaves. */
void load_client_prepare(struct load_client *c, const struct gv_open *open,
                         const struct gv_keys *keys);
/* Send it; false: the issuer did not sign. */
bool load_client_reveal(struct load_client *c);
void load_client_clear(struct load_client *c);

#endif
