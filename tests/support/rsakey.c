/* rsakey.c - RSA-3072 keys for tests (tests/support/rsakey.h). */
#include "tests/support/rsakey.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "src/ttp/blindsign.h"
#include "tests/support/support.h"

/* p and q of each. */
static const char *const primes[SUPPORT_RSA_KEYS][2] = {
    {"f02b22a2d6f58cc69b5798b2ff6dc26c91507f0cbd4f3ee29c69c1d09ff06211"
     "9064caa73372e1ef441cbb903de6bc9b0269eceb33ba5d9b9ced1fde448cab9c"
     "cdccd7cd2dc24065f39a87b9bf38cfa8695f1a6232a2f60c1c3e6a79a414c792"
     "9c65a08f62c7308f50ec40c10368a145943919c64a4323a6696eae5c79fb32ed"
     "055c143fc635b56fdb7c033ee15b7579f32a9a8c8a0e3d7c9c7fba9ca07eea60"
     "7d112a075b324ca5423a08ee2f0e9ae5a9a287bf29087ee6221440470120ec9d",
     "e0aa06d5a6a7ae9d14cb4e6faa3bbf3979b2d9beb2d897743c1d6c9b39dd1859"
     "2f7cf71c7b491d4616d4ec482a44d290532d489fb9c13d2b88d1f88690922fb6"
     "cdff7806620b03455d554ab1376725e1bf17311b23c9ca6852aa029ec2f42f93"
     "fb5356382f3310f76a087938dc1d323a7ede23c15c1462d33717cdee2da19092"
     "d2fefbca399dcaf1d19b54a89446962fd801620b0a8f379fb19070f050cebeb8"
     "9ab5f2b496d550ce6d4cd7532202249d1af7148853eda216e164430e3963c557"},
    {"da36817bae3980b0643a96c7e6eb0f0ceaf0fb4aa4206623706c5ac0b0e9a1c3"
     "dcfa59bd3c53621ea5b81aab212975d40b35a0ee4de8068a2c6c20ebbc4a5655"
     "5da94e4b67c49c0532cb4ebf8c72921c2c948d0b4a4415d794d75abb6047cb7f"
     "3b1605d002dc20c2057ad48682073b87dc0491ff4e606537f6421677c6732fd9"
     "1ed2043b03179cc47218e77a1ccf9672997dd795beff51e7e784bf61b8691587"
     "0c65c246d78ac58b46f8362778d9274fbf996342e35a4eb06e104fa074e34a7d",
     "bd6acedb8308b5669a06ef768b2547c13047e67a81824a659be3a6fb8eb1f107"
     "c39cb8e4f5c0b9192cb0bbf5131b82b9619a620999f64211c4447fb78cdaa0c8"
     "ed480b726c79217aa94cbf3dae3374acbe7101a45166533bd684eb30458ec8d0"
     "22338ae17e0e6132db6223f384aab6af65464bdab296708906ee6a9c45c3263b"
     "463817915e66a499cb1be9ca0447c44692979a1360e9db964561f9d24dc63de3"
     "1eea4ef56cfe9b49e50e4c141105d2c07b5a70edae48f6b893647b13a7984c7d"},
    {"e7936ae22ca20b33722b90dcc1e60aca35c1b35b3285f27265cb9c459c161cd2"
     "0c1729bbf2680fca33bdd5fb4882ee05b50271e8c5cddadaee6d74696b41154b"
     "87d7c17b3937633bc42b3f1606181a387385ba77859e9880501b8c9ed18148c4"
     "6e6d5424c37eeffe7cfea4e524be03b39e8804ab111547d21a64ed33c7970169"
     "6ce66a17ce85deee29d3c4f3c4d0e58bca877db77493f2b8e9c5ce5abeb8052e"
     "1491b27eaa3ee4c166d2de1f484d0b9f8ff34487beda875b31ca1901365bacdb",
     "b90b02b2449eba02efe5816f2d972fa332b8f905e037da4a925692092c981dd2"
     "d18a1a765e2d4ce180d1fb270d00ad154287f2d0fea014b183ed7b33bde37528"
     "1a59b7312c6fb4580fe5273646bfb1f711b090ee20284323cbaa93937d3833c1"
     "f369012dded0ad13c3975c865529a4e41c4492e5ee7021d96f2073a0bb9e12fb"
     "4da03ee2a8176aa71ee07f908373f22cf345e2919b78e7ae2146b03d01582c8a"
     "2d70802db412fef69ac9aa892038e8c48bd4dd956d5cd20ffbadd5e7505219ed"},
    {"d3282f4bbdeb4850eb2534de025cf05d9df1302465d113d71ef06d592d8be0b0"
     "32678f34a589b87a8df4a17c92ca578c766daa77f301c83e66e8d3d12d071eb7"
     "4874253621e19705479d8193a508ea368f29d43ccc11766a97bb20ee0e22558f"
     "2ca17c3d553558fc797d79d7362e5063e04a87975287522b791d39b2122d99bb"
     "734887b2beae4c2ed43a61025eafa3cdf7f63c9c9a2d6bc44ef7eb9bd406dfba"
     "4937a9ab632f5b120489d15c18795dc002d869c430c68bbf622ae84cc42d0b3f",
     "c07299e59687447ceb300df959c73e61392e3b2a7004a1649584d8b8055e5969"
     "a8f1ead62dc8b14fb4c665a4e7bcf5948892e3d9840c09f989c318cfebb29398"
     "698e4ffe32c78443632a9fef8d163ad3ecc4921080bd280a14168cbf323926ed"
     "73c5cc7e491a97e322cdc67787afde736cde98058a16ee1c68f87a153196a336"
     "779e7c56b9d6c58480d927986fddd3670243ffcb2c6f98f3105fc8cab6a4866d"
     "77ad2211ade7c261d4a0589edf8d27d89eed39fddecff607efedd98c243ad76d"},
    {"d9f19054396f07a05883a0c7fb8a2069974859d5685ed23394f1b1bce0e7c2e0"
     "b363939f5f796ab875195d123fbbb3608ab981e3023f53d656f03f38862eaa5a"
     "1a8701fe0b18932fe915c57774b955532abb4a557cae250bc2e4cdfbb62a9f20"
     "d5a3f6ab0b68a69142093ac6ee090d5c41f9a1300bf88e53bd4004d40234e37b"
     "bca8910c1b58bc1819c1280cd200137580847f576f31a001f77705531411373c"
     "115ebcaa06412f226de28eaf0572c4c017098000fc24c4b74a4b971212d0f66f",
     "c536e53189e386a8801bdfa6568cffc20e2c97791e3b935c85c2e106f29b5fce"
     "4ff4ce0cf430b32de5e871c56e4c5e5385f9d30140cc80b1a4f224c055e7c560"
     "7aae4c1c959fb8c553b452821d9893af855c4a0568d93835e6d5d9258219b97a"
     "56cbdde875da22fcb68c2fbadec427abfcb8a533786f48667a5a5be2aaff33d3"
     "4f8ed0f18dc2636f8d4e0524956c97afc36cb1fe85020c4232a81cda7deb29d4"
     "2f3286b995a8bafaf97d701791de272e6cd05f25a8d54401c2d72d412af445cd"},
    {"e80e2852121afecc34234fa9ea71ae6d2d7ffda456db35dd315b7d65a9d08e0f"
     "a3f5b755b7219a669a48ce98c983a6c54ababefebba53b92b93c7a4f8bf024d3"
     "628f0aba8dd4daa0f4803b0ac1efbc6fee6a21b60072a8066a11c7681fb4db94"
     "4ecb8fb9cfa19460aa378727bba1e3bca711090b4f49edc65a22d1452e5fbec0"
     "583e7bcef0d0e5603a93c491fcb72e0d89e3fce6ff72051f07b678bc6ed96752"
     "c6140e312de47e699eb23fdf57e9cfca2482106942463c8e21ab949feefaf353",
     "c2963d0ac0fece3e9941cd7e779aff527d25b673667e4de58e0f129bda262777"
     "9acb0b8de0de89b92f950d1fa19b5cd29bd48c999d7643f577d001ef83feacd9"
     "795258897472c4b632c836922acc1ffb567e9994a06fe9104ce1368f170d3b4a"
     "92c03f3de7d189b45dd2f5d07a4e806a1c314c7f6baf0bb0b668d3968e597f3f"
     "7512f9973b647d52ff2c158d9420a9ea13c1720070e6ced175ef1e5b09f6ee2e"
     "1bea0eb1c06effd0f8f63eca17d7ae6ccdf1d10257dc540da4f6faf2db221103"},
};

static void
push(OSSL_PARAM_BLD *build, const char *name, BIGNUM *value)
{
    if (value == NULL || OSSL_PARAM_BLD_push_BN(build, name, value) != 1)
        support_die("RSA key: %s", name);
}

/* d = e^-1 mod (p - 1)(q - 1), and what the Chinese remainder theorem needs,
 * so that signing costs what it costs in earnest. */
EVP_PKEY *
support_rsa_key(unsigned i)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *p = NULL, *q = NULL, *n = BN_new(), *e = BN_new(), *d = BN_new();
    BIGNUM *p1, *q1, *dp = BN_new(), *dq = BN_new(), *qi = BN_new();
    OSSL_PARAM *params;
    EVP_PKEY *key = NULL;

    if (BN_hex2bn(&p, primes[i][0]) == 0 || BN_hex2bn(&q, primes[i][1]) == 0)
        support_die("RSA key: primes");
    p1 = BN_dup(p);
    q1 = BN_dup(q);
    if (!BN_sub_word(p1, 1) || !BN_sub_word(q1, 1) || !BN_mul(n, p1, q1, ctx) ||
        !BN_set_word(e, 65537) || !BN_mod_inverse(d, e, n, ctx) ||
        !BN_mod(dp, d, p1, ctx) || !BN_mod(dq, d, q1, ctx) ||
        !BN_mod_inverse(qi, q, p, ctx) || !BN_mul(n, p, q, ctx))
        support_die("RSA key: arithmetic");
    push(build, OSSL_PKEY_PARAM_RSA_N, n);
    push(build, OSSL_PKEY_PARAM_RSA_E, e);
    push(build, OSSL_PKEY_PARAM_RSA_D, d);
    push(build, OSSL_PKEY_PARAM_RSA_FACTOR1, p);
    push(build, OSSL_PKEY_PARAM_RSA_FACTOR2, q);
    push(build, OSSL_PKEY_PARAM_RSA_EXPONENT1, dp);
    push(build, OSSL_PKEY_PARAM_RSA_EXPONENT2, dq);
    push(build, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, qi);
    params = OSSL_PARAM_BLD_to_param(build);
    if (EVP_PKEY_fromdata_init(make) != 1 ||
        EVP_PKEY_fromdata(make, &key, EVP_PKEY_KEYPAIR, params) != 1)
        support_die("RSA key: the library refuses it");
    OSSL_PARAM_free(params);
    BN_free(p);
    BN_free(q);
    BN_free(n);
    BN_free(e);
    BN_free(d);
    BN_free(p1);
    BN_free(q1);
    BN_free(dp);
    BN_free(dq);
    BN_free(qi);
    BN_CTX_free(ctx);
    EVP_PKEY_CTX_free(make);
    OSSL_PARAM_BLD_free(build);
    return key;
}

struct gv_rsa_pub *
support_rsa_pub(unsigned i, uint8_t modulus[GV_RSA_SIZE])
{
    EVP_PKEY *key = support_rsa_key(i);
    struct gv_rsa_pub *pub = NULL;

    if (gv_rsakey_modulus(key, modulus) == GV_OK)
        pub = gv_rsa_pub_new(modulus);
    if (pub == NULL)
        support_die("RSA key %u: no public key", i);
    EVP_PKEY_free(key);
    return pub;
}
