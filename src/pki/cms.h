/*
 * cms.h - files for the holder of a certificate: CMS AuthEnvelopedData with
 * AES-256-GCM (RFC 5083, RFC 5084), to a P-256 key by ECDH with SHA-256 and
 * AES-256 key wrap (RFC 5753), to an RSA key by OAEP with SHA-256.
 *
 * Only this form is opened: plain EnvelopedData has no tag, and a short tag can
 * be guessed, so who accepts these accepts a changed file. What a file holds is
 * whole and as it was sealed; who sealed it, it does not say.
 *
 *     openssl cms -decrypt -inform DER -in FILE -recip CERT -inkey KEY
 *
 * Thread-safety: pure functions, which leave the thread's queue of library
 * errors empty.
 */
#ifndef GAVEL_PKI_CMS_H
#define GAVEL_PKI_CMS_H

#include <gavel/types.h>
#include <openssl/types.h>

#include "src/base/error.h"

/* DER as heap memory of *len bytes; NULL with e set. */
uint8_t *gv_cms_seal(X509 *recipient, struct gv_bytes content, size_t *len,
                     struct gv_error *e);

/* The content as heap memory of *len bytes and a NUL (wipe it), nothing unless
 * all of it is as it was sealed; NULL with e set. */
uint8_t *gv_cms_open(struct gv_bytes der, X509 *recipient, EVP_PKEY *key,
                     size_t *len, struct gv_error *e);

#endif
