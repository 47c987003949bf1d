/* profile.h - what a kind of certificate says (docs/spec/ttp.md, T10), for
 * the files of src/pki. The texts are in OpenSSL's notation of extensions;
 * NULL leaves the extension out. */
#ifndef GAVEL_PKI_PROFILE_H
#define GAVEL_PKI_PROFILE_H

#include "src/pki/x509.h"

struct x509_profile {
    const char *name;
    const char *basic, *usage, *extended;
};

extern const struct x509_profile x509_profiles[GV_X509_KINDS];

#endif
