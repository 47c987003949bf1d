/* hash.c - SHA-256 and BIP340 tagged hashes on OpenSSL's block function. */

/* The low-level calls are deprecated in OpenSSL 3, yet SHA256() and
 * EVP_sha256() fetch the algorithm on each call: 0.26 us and a lock that
 * lets two threads gain only a fifth. These need no heap and no lock. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "gavel/hash.h"

#include <openssl/sha.h>

#include "gavel/sha256xn.h"

_Static_assert(sizeof(struct gv_sha256) >= sizeof(SHA256_CTX),
               "struct gv_sha256 is too small for SHA256_CTX");
_Static_assert(_Alignof(struct gv_sha256) >= _Alignof(SHA256_CTX),
               "struct gv_sha256 is not aligned for SHA256_CTX");

/* The state of SHA-256 after the one block SHA256(text) | SHA256(text): it
 * saves two of the three blocks that most tagged hashes would cost. The unit
 * test computes every row again from its text. */
static const struct tag {
    const char *text;
    uint32_t midstate[8];
} tags[GV_TAG_COUNT] = {
    [GV_TAG_BLOCK] = {"gavel/block",
                      {0xcc8695fe, 0xd6ac6c53, 0x6d423915, 0x19ba79f9,
                       0x49951162, 0x376dac96, 0x901be8fc, 0x8623d410}},
    [GV_TAG_SEALED] = {"gavel/sealed",
                       {0xab287d4a, 0x0ae94362, 0x59191d4f, 0x81f470f1,
                        0x7b24a1db, 0x622909e3, 0x5dd05850, 0xbd4a3636}},
    [GV_TAG_REGISTRY] = {"gavel/registry",
                         {0xcf072361, 0xef4ddf0e, 0xb4a81004, 0xf9e672db,
                          0x21bf46b2, 0xc6e22a00, 0x8af752e6, 0x4470c83a}},
    [GV_TAG_AUCTION] = {"gavel/auction",
                        {0x4c5c58d0, 0x55d3d59a, 0xf46c6f3e, 0x21a85c98,
                         0xb5be140d, 0x944f00c4, 0xbf788250, 0x6d3d44a9}},
    [GV_TAG_CERT] = {"gavel/cert",
                     {0xe0c9ad39, 0xb8702bb5, 0x86a88bf9, 0x511ed9d2,
                      0x9fe1b626, 0x9bfc5879, 0x332e9008, 0x94f4aef0}},
    [GV_TAG_TX] = {"gavel/tx",
                   {0x9b6f9fe8, 0x5a3368d0, 0x5718de58, 0x819639ad, 0xaaf6e59d,
                    0x95b579bd, 0xf6b08a85, 0xc0b0063d}},
    [GV_TAG_BID] = {"gavel/bid",
                    {0x276a5a4f, 0x54ca1ad9, 0x9d206b5b, 0xe292dd67, 0x2ceab919,
                     0x7022367b, 0xb102d329, 0xab65564a}},
    [GV_TAG_CLOSE] = {"gavel/close",
                      {0x0fcb69a3, 0x1167fcd6, 0xcaa960af, 0x8ed3add0,
                       0x32be7c15, 0xf2be918b, 0x3a77c868, 0x3cd0d175}},
    [GV_TAG_VOTE] = {"gavel/vote",
                     {0xd1a004be, 0xaad344ac, 0x56983341, 0x8cf2e044,
                      0x2e67242d, 0xda9b76cc, 0x9ade872c, 0x24a4db89}},
    [GV_TAG_TIE] = {"gavel/tie",
                    {0x2834dfce, 0x00616bb7, 0x9e0b9a38, 0x4f156b8d, 0xe043eee1,
                     0x59fa22a6, 0xa135e0cb, 0x7427f99e}},
    [GV_TAG_FOLD] = {"gavel/fold",
                     {0x226be4eb, 0x59a17df9, 0x370d42c7, 0x76153031,
                      0xddc3868d, 0xacb27b5e, 0xead764d4, 0x11fe1199}},
    [GV_TAG_CUTOFF] = {"gavel/cutoff",
                       {0x66228221, 0xb659d7d8, 0x22db1a05, 0xe25050af,
                        0x07cb4056, 0x4d5c27e7, 0xac7c565b, 0x1db4fcc1}},
    [GV_TAG_ANCHOR] = {"gavel/anchor",
                       {0x5353a62d, 0x323c0cdc, 0x36f5dac5, 0xdbce873f,
                        0x7dfb780f, 0xc9024e9e, 0xa33e7b0e, 0xabb13645}},
    [GV_TAG_ENROL] = {"gavel/enrol",
                      {0xf971c998, 0xec3484ea, 0x8ec2fcbf, 0x532fbcce,
                       0xe655d3a1, 0xe07dbbc2, 0xb2d5906e, 0x8d5093b9}},
    [GV_TAG_RECEIPT] = {"gavel/receipt",
                        {0x90cae7ef, 0x1ca4c189, 0x76c297a8, 0x7acd9ea5,
                         0x4e52f9aa, 0x11c5df65, 0x44b64332, 0xc30b4f2a}},
    [GV_TAG_POP] = {"gavel/pop",
                    {0x2d7b651b, 0x34bf5c7a, 0xf4801053, 0xefa71cc4, 0xcbb6c5eb,
                     0x05420f54, 0xc0782333, 0x0beb5ed4}},
    [GV_TAG_PRF] = {"gavel/prf",
                    {0xfa144e04, 0xe5f1f8d1, 0x4036648c, 0xa26df2ae, 0x58edd724,
                     0xb0bb20e9, 0x4b929a17, 0x651dd4df}},
    [GV_TAG_DUMP] = {"gavel/dump",
                     {0x231ea082, 0x9f78b4a1, 0x79a12c59, 0xdf0801bf,
                      0x5c6929dd, 0xdd2bb2e9, 0x6a4342fe, 0x174819b4}},
    [GV_TAG_PEER] = {"gavel/peer",
                     {0xee4763c4, 0x5ca26668, 0xe96775d1, 0x7f93d7e1,
                      0xa9d561ff, 0xb6823477, 0xf46fc135, 0x9c009523}},
    [GV_TAG_TOKEN] = {"gavel/token/1",
                      {0x70eff042, 0x347610ea, 0x23582d75, 0xb66028f6,
                       0x57fcba17, 0x9e9da9e5, 0xa55ac098, 0xcb70ae93}},
    [GV_TAG_GGM] = {"gavel/ggm",
                    {0x9b3df2c3, 0xd4dd82f3, 0x4b27a1f4, 0x9ccbff2c, 0x4eef3a93,
                     0xd58ddb7e, 0x1e7ebe34, 0x14bda869}},
    [GV_TAG_LEAF] = {"gavel/leaf",
                     {0x5069f936, 0xf6b9921b, 0xf3b774d3, 0x5f4f9662,
                      0xf4aa2d3e, 0xe705ed4d, 0xc22f76ec, 0xf488e946}},
    [GV_TAG_AUTH] = {"gavel/auth",
                     {0x1783c9b4, 0x74dc4bae, 0xd601dbb2, 0x367d35d2,
                      0x5bdbcb49, 0xe29672b5, 0xf96e2aaf, 0x2eef15f1}},
    [GV_TAG_COMMIT] = {"gavel/commit",
                       {0x999a5372, 0x98e1deb2, 0xfa6a9689, 0xc6e1d66e,
                        0x10fe5436, 0x74fb0c64, 0xb21069fe, 0x2b670190}},
    [GV_TAG_CHALLENGE] = {"gavel/challenge",
                          {0x275e9d98, 0xc2c92183, 0x71b77d49, 0xdd9e27e1,
                           0xc0545976, 0xc5d3caa9, 0xcf8499a6, 0x00a027b8}},
    [GV_TAG_REVEAL] = {"gavel/reveal",
                       {0x6edbd3dc, 0xacc2b418, 0x918d6132, 0xcb264c75,
                        0x9aadf0d8, 0xcbecf0db, 0xd5162638, 0x7e9916c9}},
    [GV_TAG_NOTARY] = {"gavel/notary",
                       {0xfc9e17b1, 0x6417e678, 0x140d0ecf, 0xc49bf3e5,
                        0xa5a2b5bb, 0x09a02890, 0x71f2fa89, 0x3cd7c704}},
    [GV_TAG_ENV] = {"gavel/env",
                    {0x843d66c7, 0x79159594, 0x1a48f2c3, 0x834589c6, 0x1fe4a3cb,
                     0x0b8eebcf, 0x0a1d2f1e, 0x21a36092}},
    [GV_TAG_EPOCH] = {"gavel/epoch",
                      {0x7e5d6238, 0x77337b7b, 0x89fb9b6d, 0x7d7ef71c,
                       0x60fea9f6, 0x4b05e007, 0x63aebcce, 0x67a9aa1f}},
    [GV_TAG_SEAT] = {"gavel/seat",
                     {0x13da43ca, 0xc1813535, 0x03fc41cc, 0x4f69b105,
                      0xb4ba21a0, 0x6fae3d34, 0x2a508b88, 0x0c33cac8}},
    [GV_TAG_SEAL] = {"gavel/seal",
                     {0xaad58131, 0x7b148b0f, 0x867f235f, 0xe0595186,
                      0xb6103cbc, 0x61956dce, 0x615ce289, 0xcf7bfedc}},
    [GV_TAG_SET] = {"gavel/set",
                    {0xbf855007, 0x998fddc0, 0x0e6897e1, 0xfa5e43e4, 0x10b15bb8,
                     0xadb7d7d7, 0x9183acca, 0xe9cd06e7}},
    [GV_TAG_RESERVE] = {"gavel/reserve",
                        {0x67f54268, 0x9ca05cb2, 0x539f13de, 0xb0d7b900,
                         0x66b40e38, 0x543c0d15, 0x6d7dea8e, 0xd016c163}},
    [GV_TAG_SETTLE] = {"gavel/settle",
                       {0x4f7109c6, 0x62fe7fd4, 0xb2aa5256, 0xaa33fdbe,
                        0x033f03da, 0xda33b7bd, 0x868f6f39, 0x27607f65}},
};

static SHA256_CTX *
inner(struct gv_sha256 *c)
{
    return (SHA256_CTX *)(void *)c->opaque;
}

const char *
gv_tag_text(enum gv_tag tag)
{
    return tags[tag].text;
}

void
gv_sha256_init(struct gv_sha256 *c)
{
    SHA256_Init(inner(c));
}

void
gv_sha256_tag(struct gv_sha256 *c, enum gv_tag tag)
{
    SHA256_CTX *ctx = inner(c);

    SHA256_Init(ctx);
    memcpy(ctx->h, tags[tag].midstate, sizeof(tags[tag].midstate));
    ctx->Nl = 512; /* bits hashed so far: one block */
}

void
gv_sha256_add(struct gv_sha256 *c, const void *p, size_t len)
{
    SHA256_Update(inner(c), p, len);
}

void
gv_sha256_end(struct gv_sha256 *c, uint8_t out32[32])
{
    SHA256_Final(out32, inner(c));
}

void
gv_sha256_of(const void *p, size_t len, uint8_t out32[32])
{
    struct gv_sha256 c;

    gv_sha256_init(&c);
    gv_sha256_add(&c, p, len);
    gv_sha256_end(&c, out32);
}

void
gv_sha256d_of(const void *p, size_t len, uint8_t out32[32])
{
    uint8_t once[32];

    gv_sha256_of(p, len, once);
    gv_sha256_of(once, sizeof(once), out32);
}

void
gv_tagged(enum gv_tag tag, const void *p, size_t len, uint8_t out32[32])
{
    struct gv_sha256 c;

    gv_sha256_tag(&c, tag);
    gv_sha256_add(&c, p, len);
    gv_sha256_end(&c, out32);
}

void
gv_tagged_many(enum gv_tag tag, const uint8_t *const msgs[],
               const size_t lens[], size_t n, uint8_t (*out)[32])
{
    gv_sha256_many_after(tags[tag].midstate, 64, msgs, lens, n, out);
}
