/* unseal.c - publishing an OPENING (wallet/unseal.h). */
#include "wallet/unseal.h"

#include <gavel/bidseal.h>

#include "src/base/secret.h"
#include "wallet/courier.h"
#include "wallet/publish.h"
#include "wallet/seller.h"

int
gv_unseal_publish(struct gv_cli *cli, const struct gv_auction *a,
                  const struct gv_tx_opening *opening)
{
    struct gv_tx tx = {.kind = GV_TX_OPENING, .chain = a->open.id};
    struct gv_sink size = gv_sink_count(), sink;
    struct gv_rpcclient_error error = {0};
    uint8_t raw[128];
    enum gv_rc rc;
    int code;

    tx.u.opening = *opening;
    gv_tx_put(&size, &tx);
    sink = gv_sink_buffer(raw, sizeof(raw));
    gv_tx_put(&sink, &tx);
    if (sink.failed || size.len != sink.len)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "cannot encode the OPENING");
    if (a->open.terms.identity == GV_ANONYMOUS)
        return gv_courier_opening(cli, a, gv_bytes(raw, sink.len));
    rc = gv_publish_tx(cli->rpc, gv_bytes(raw, sink.len), &error);
    code = rc == GV_OK ? GV_EXIT_OK : gv_cli_fail_rpc(cli, rc, &error);
    gv_rpcclient_error_clear(&error);
    return code;
}

/* The secret of the reserve, which must open it. */
static int
find_secret(struct gv_cli *cli, const struct gv_auction *a,
            const struct gv_signer *s, uint8_t es32[32], uint64_t *amount)
{
    struct gv_bidseal_pins pins;

    if (!gv_terms_hides_reserve(&a->open.terms))
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "this auction has no hidden reserve");
    if (!GV_ID_EQ(&a->open.seller.key, &s->key))
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "only its seller may open the reserve, and this "
                           "identity is not the seller");
    gv_open_bidseal(&a->open, &pins);
    pins.auction = a->open.reserve_id;
    gv_make_reserve_secret(s, &a->open.reserve_id, es32);
    if (gv_bidseal_open(&pins, &s->key, a->open.sealed_reserve, es32, amount) !=
        GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the wallet's secret does not open this reserve");
    return GV_EXIT_OK;
}

/* As the certified identity, or as its pseudonym if that one sells. */
int
gv_unseal_reserve(struct gv_cli *cli, const struct gv_auction *a,
                  const struct gv_signer *s, uint8_t es32[32], uint64_t *amount)
{
    struct gv_pseudonym p;
    enum gv_rc rc = gv_seller_find(cli, a, s, true, &p);
    int code = rc == GV_FAULT ? GV_EXIT_WALLET
                              : find_secret(cli, a, rc == GV_OK ? &p.signer : s,
                                            es32, amount);

    if (rc == GV_OK)
        gv_wipe(&p, sizeof(p));
    return code;
}
