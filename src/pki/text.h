/*
 * text.h - certificates in words.
 *
 * Names and extensions hold what somebody else wrote: control bytes come out
 * escaped or as '?', so that no terminal is steered by them.
 *
 * Strings are heap memory of OpenSSL (free with OPENSSL_free); NULL if memory
 * is out.
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_PKI_TEXT_H
#define GAVEL_PKI_TEXT_H

#include <gavel/types.h>
#include <openssl/x509.h>

/* "CN=Ann,O=..." in UTF-8, as RFC 2253 has it. */
char *gv_text_name(const X509_NAME *name);

/* "EC P-256, 256 bits", "RSA, 3072 bits", "RSA-PSS, 3072 bits". */
char *gv_text_key(const EVP_PKEY *key);

/* The name of an algorithm or extension: OpenSSL's long name, or dotted. */
char *gv_text_object(const ASN1_OBJECT *object);

/* The value of an extension on one line, parts divided by ", ". Gavel's
 * extended key usages are named besides their numbers. */
char *gv_text_extension(X509_EXTENSION *extension);

#endif
