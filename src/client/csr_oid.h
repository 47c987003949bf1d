/*
 * csr_oid.h - Gavel's private object identifiers, dotted (docs/spec/ttp.md,
 * T0).
 *
 * All lie under 2.25.N with N the integer of a random UUID, so that no
 * registration is needed.
 */
#ifndef GAVEL_CLIENT_CSR_OID_H
#define GAVEL_CLIENT_CSR_OID_H

#define GV_OID_ARC "2.25.204276850882450990483442824798936756082"
#define GV_OID_POLICY_PUBLISHED GV_OID_ARC ".1.1"
#define GV_OID_POLICY_BLIND GV_OID_ARC ".1.2"
#define GV_OID_EKU_USER GV_OID_ARC ".2.1"
#define GV_OID_EKU_NODE GV_OID_ARC ".2.2"
#define GV_OID_EKU_ISSUER GV_OID_ARC ".2.3"
#define GV_OID_EKU_NOTARY GV_OID_ARC ".2.4"
#define GV_OID_EKU_VALIDATOR GV_OID_ARC ".2.5"
/* CSR extension: OCTET STRING of 96 bytes, ledger key 32 | BIP340 signature 64.
 */
#define GV_OID_LEDGER_PROOF GV_OID_ARC ".3.1"

#endif
