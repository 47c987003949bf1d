/*
 * services_tls.h - the TLS side of services.c: the SSL_CTX, the judge for
 * client certificates, the key log. For services.c alone.
 */
#ifndef GAVEL_SERVICES_TLS_H
#define GAVEL_SERVICES_TLS_H

#include "src/services.h"

/* After the keys and the CA are open. GV_OK, or GV_FAULT with e set. */
enum gv_rc gv_services_open_tls(struct gv_services *s,
                                struct gv_error *e) GV_MUST_CHECK;
/* Before the CA goes. */
void gv_services_close_tls(struct gv_services *s);

#endif
