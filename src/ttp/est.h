/*
 * est.h - enrolment over secure transport (RFC 7030) in front of a CA.
 *
 *     GET  /.well-known/est/cacerts          root and CA, certs-only PKCS#7
 *     GET  /.well-known/est/csrattrs         with a nonce (challengePassword)
 *     POST /.well-known/est/simpleenroll     PKCS#10 -> certificate, or 202
 *     POST /.well-known/est/simplereenroll   with a TLS client certificate
 *     POST /.well-known/est/certificate      PKCS#10 -> the certificate that
 *                                            its keys have, again, or 404
 *     POST /.well-known/est/node/simpleenroll, .../simplereenroll
 *                                            the same for node certificates
 *
 * Bodies are base64 as RFC 7030 has it. Errors are one line of text.
 *
 * Thread-safety: the handlers may run at once.
 */
#ifndef GAVEL_TTP_EST_H
#define GAVEL_TTP_EST_H

#include "src/rpc/http.h"
#include "src/ttp/ca.h"
#include "src/ttp/clientcert.h"
#include "src/ttp/est_pool.h"

#define GV_EST_ROUTES 7
#define GV_EST_CERTIFICATE "/.well-known/est/certificate"
#define GV_EST_RETRY_S 10 /* Retry-After of a request that waits */

struct gv_est;

struct gv_est_options {
    struct gv_ca *ca; /* outlives the EST object */
    const X509 *root;
    const struct gv_clientcert
        *judge; /* judges who renews; outlives the EST object */
    struct gv_est_pool pool;
};

/* NULL if memory is out. */
struct gv_est *gv_est_new(const struct gv_est_options *options);
/* After the HTTP server and the pool have stopped. */
void gv_est_free(struct gv_est *est);

/* Fill the routes for a TLS listener; est is their ctx. */
void gv_est_routes(struct gv_est *est, struct gv_http_route out[GV_EST_ROUTES]);

#endif
