/*
 * ca_impl.h - the inside of the CA, shared by ca*.c only.
 *
 * Thread-safety: everything is used inside ca->lock, which a decision holds
 * while it writes to the disk. Who only looks things up must not wait for that,
 * because it may be the thread that answers everybody: records and index are
 * changed inside ca->lock and ca->view, and read inside either; the list of the
 * revoked is used inside ca->list. Order: lock, list, view.
 */
#ifndef GAVEL_TTP_CA_IMPL_H
#define GAVEL_TTP_CA_IMPL_H

#include <pthread.h>

#include "src/ttp/ca.h"
#include "src/ttp/ca_csr.h"
#include "src/ttp/ca_index.h"
#include "src/ttp/nonce.h"

#define CA_SERIAL_SIZE 16

enum ca_kind { /* of names in the index */
               CA_SUBJECT = 1,
               CA_LEDGER,
               CA_SPKI,
               CA_PRINT,
               CA_REQUEST,
               CA_SECRET /* value 1: good, 0: used */
};

struct ca_record {
    uint8_t serial[CA_SERIAL_SIZE];
    struct gv_cred cred;
    uint8_t subject[32], spki[32], request[32];
    uint64_t revoked_ms; /* 0: not revoked */
    uint8_t reason;
};

enum ca_decision { CA_WAITS, CA_APPROVED, CA_DENIED };

struct ca_waiting {
    struct gv_ca_pending about;
    uint64_t asked_ms; /* when the client last sent it */
    enum ca_decision decision;
};

struct gv_ca {
    pthread_mutex_t lock, view, list;
    struct gv_ca_options o;
    struct ca_record *records;
    size_t n_records, cap_records;
    struct ca_index index;
    struct gv_nonces nonces;
    struct ca_waiting *waiting; /* by arrival */
    size_t n_waiting;
    uint8_t *crl; /* the list as it stands; NULL: to be made */
    size_t crl_len;
    uint64_t crl_ms; /* when it was made */
    uint64_t crl_number;
};

/* ca_record.c */
enum gv_rc ca_record_load(struct gv_ca *ca, struct gv_error *e);
/* Make a record durable together with its certificate, then known. */
enum gv_rc ca_record_add(struct gv_ca *ca, const struct ca_record *r,
                         struct gv_bytes der, struct gv_error *e);
/* Write a known record again after a change. */
enum gv_rc ca_record_update(struct gv_ca *ca, const struct ca_record *r,
                            struct gv_error *e);
/* The certificate of a record, heap memory. */
enum gv_rc ca_record_der(struct gv_ca *ca, const struct ca_record *r,
                         uint8_t **der, size_t *len, struct gv_error *e);
enum gv_rc ca_record_secret_new(struct gv_ca *ca, const uint8_t hash32[32]);
/* Use a secret up for this public key, durably; for the same key again while it
 * has no certificate. GV_OK, GV_REJECT (unknown, or used) or GV_FAULT. */
enum gv_rc ca_record_secret_use(struct gv_ca *ca, const uint8_t hash32[32],
                                const uint8_t spki32[32]);
/* NULL if there is none. The newest if there are several. */
struct ca_record *ca_record_find(struct gv_ca *ca, enum ca_kind kind,
                                 const uint8_t key32[32]);
bool ca_record_valid(const struct ca_record *r, uint64_t now_ms);

/* ca_nonce.c: GV_OK, GV_REJECT or GV_FAULT */
enum gv_rc ca_nonce_check(struct gv_ca *ca, const uint8_t nonce32[32],
                          uint64_t now_ms, struct gv_error *e);
enum gv_rc ca_nonce_use(struct gv_ca *ca, const uint8_t nonce32[32],
                        uint64_t now_ms, struct gv_error *e);

/* ca_queue.c: requests that wait for approval by hand */
struct ca_waiting *ca_queue_find(struct gv_ca *ca, const uint8_t id32[32]);
void ca_queue_forget(struct gv_ca *ca, const uint8_t id32[32]);
/* Forget whom nobody has asked about for GV_CA_WAIT_MS. */
void ca_queue_expire(struct gv_ca *ca, uint64_t now_ms);
/* Queue a request, or see what was decided about it: GV_OK approved, GV_ABSENT
 * waits, GV_REJECT denied, GV_FAULT no room. */
enum gv_rc ca_queue_ask(struct gv_ca *ca, uint8_t role,
                        const struct gv_ca_csr *csr, struct gv_error *e);

/* ca_crl.c: the next one who asks for the list gets a new one. */
void ca_crl_forget(struct gv_ca *ca);

uint64_t ca_now(const struct gv_ca *ca);

#endif
