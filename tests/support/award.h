/*
 * award.h - an anonymous auction whose issuer and three notaries really serve
 * it, for tests: their keys of the auction on disk, their records in memory,
 * certified users, and a ledger that says what the test wants.
 *
 * The world begins when the OPEN stands on the ledger. A helper that cannot do
 * its work ends the program (support_die).
 *
 * Thread-safety: one thread; the services may be asked from several, while the
 * ledger stays as it is.
 */
#ifndef GAVEL_TESTS_AWARD_H
#define GAVEL_TESTS_AWARD_H

#include <gavel/epoch.h>
#include <gavel/open_escrow.h>
#include <gavel/serve.h>
#include <openssl/types.h>
#include <pthread.h>

#include "src/ttp/issuer.h"
#include "src/ttp/notary.h"
#include "tests/support/sample.h"
#include "tests/support/support.h"
#include "tests/support/ttp_memory.h"

#define AWARD_NOTARIES 3
#define AWARD_T 2
#define AWARD_DEPTH 3
#define AWARD_USERS 5 /* 0 sells, the others bid */
#define AWARD_SENT 32
#define AWARD_CLOSE_MS (SAMPLE_OPENING_MS + 3600000)

/* Somebody with a certificate. */
struct award_user {
    EVP_PKEY *edge; /* of the certificate, P-256 */
    uint8_t *der;
    size_t len;
    struct gv_seckey secret; /* on the ledger */
    struct gv_hash subject;
    struct gv_ttp_cert cert; /* what the registry says; change it */
    bool unknown;            /* to the registry */
};

/* One service's durable side. */
struct award_house {
    struct gv_rolekeys_role role;
    char dir[PATH_MAX + 16];
    struct gv_auctionkeys *keys;
    struct gv_auctionkeys *seals; /* of a notary, for sealed bids */
    struct ttp_memory *memory;
};

struct award {
    struct support_dir dir;
    struct sample s; /* keys, parties, params */
    struct award_user user[AWARD_USERS];
    struct award_house house[1 + AWARD_NOTARIES]; /* the issuer's is first */
    struct gv_issuer *issuer;
    struct gv_notary *notary[AWARD_NOTARIES];
    struct gv_hash server_cert;
    struct gv_log *log; /* of the notaries; NULL unless the test sets it */
    unsigned award_days;

    /* the ledger */
    uint64_t now;
    struct gv_open open;         /* as s.open */
    struct gv_ttp_auction facts; /* open, raw and lots are not used */
    bool hidden;                 /* the auction is not known */
    bool stale;                  /* the ledger is not up to date */
    enum gv_rc answer;           /* GV_FAULT: the ledger cannot be asked */
    bool certs_away;             /* nor the registry for certificates */
    struct gv_ttp_lot lot[4];    /* with lots, for facts.lots */
    struct gv_pubkey enrolled;
    struct gv_bytes enrol;   /* of `enrolled` */
    struct gv_pubkey before; /* who was that before */
    struct gv_bytes enrol_before;
    struct gv_epoch *epoch;  /* heap; NULL until award_epoch */
    bool epoch_waits;        /* it is not in a final block */
    uint64_t epoch_end_ms;   /* of the issuer's last one, as the ledger says */
    pthread_mutex_t sending; /* services may publish from several threads */
    struct gv_bytes sent[AWARD_SENT];
    size_t count;

    /* whom the issuer had convicted */
    unsigned convicted;
    struct gv_hash convict;
    char why[16];
};

/* terms NULL: default ones, anonymous. */
void award_make(struct award *w, const struct gv_terms *terms);
void award_free(struct award *w);
struct gv_terms award_terms(void);

/* End all services and start them again from what is durable. */
void award_restart(struct award *w);
/* Open and close one service. */
void award_open_notary(struct award *w, unsigned i);
void award_close_notary(struct award *w, unsigned i);

/* Another auction, served by all, in the place of the present one, of which the
 * services keep their records. salt tells them apart. keep: the present one's
 * keys stay and others are made (five, half a second each); else the present
 * one's are lost and serve again, after a restart. */
void award_next(struct award *w, uint8_t salt, bool keep);

/* An auction with sealed bids of which all notaries are holders (award_seal.c),
 * in the place of the present one; not signed as served yet. Certified, or
 * anonymous with keys of the issuer and the notaries besides (five, half a
 * second each). */
void award_offer_sealed(struct award *w, uint8_t salt, bool anonymous);

/* An ENROL of the leaf j of user u's session: the bidder's secrets are in
 * *leaf. Stands on the ledger from now on. */
void award_enrol(struct award *w, unsigned u, uint32_t j,
                 struct gv_escrow_leaf *leaf);
/* An EPOCH of the services, on the registry, beginning now (award_seller.c;
 * five keys are made, half a second each). */
void award_epoch(struct award *w);
/* An auction that a pseudonym of user u sells, in the place of the present one
 * (five more keys); its secrets are in *leaf. */
void award_pseudonym(struct award *w, unsigned u, struct gv_escrow_leaf *leaf);

/* The outcome is final, and `winner` bought it. */
void award_sold(struct award *w, const struct gv_pubkey *winner);

/* Terms of award_terms with so many lots, up to 4. list: their bytes. */
struct gv_terms award_lots(unsigned lots, uint8_t list[256]);
/* The outcome is final; winner[i] bought lot i + 1, NULL: nobody did. */
void award_sold_lots(struct award *w, const struct gv_pubkey *const winner[]);

/* For cmocka: *state is an award made without options. */
int award_setup(void **state);
int award_teardown(void **state);

/* What was published last, decoded. */
struct gv_tx award_sent(const struct award *w, size_t i);
void award_forget(struct award *w);

/* Give user u a new certificate, for the name of user `as`. */
void award_rename(struct award *w, unsigned u, unsigned as);

/* The user's certificate signs, ECDSA over SHA-256 of the digest. */
struct gv_bytes award_sign(const struct award_user *u, const uint8_t digest[32],
                           uint8_t out[GV_ISS_SIG_MAX]);

#endif
