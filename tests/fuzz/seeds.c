/* seeds.c - write the first inputs of the fuzz targets, with the real
 * encoders. Keys and nonces are fresh, so each run writes other bytes.
 *
 * usage: seeds tests/fuzz/corpus
 */
#include "tests/fuzz/seeds.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "tests/support/support.h"

void
seeds_save(const char *corpus, const char *target, const char *name,
           struct gv_bytes bytes)
{
    char path[4096];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", corpus, target);
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        support_die("cannot make %s", path);
    snprintf(path, sizeof(path), "%s/%s/%s", corpus, target, name);
    f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes.p, 1, bytes.len, f) != bytes.len ||
        fclose(f) != 0)
        support_die("cannot write %s", path);
}

void
seeds_text(const char *corpus, const char *target, const char *name,
           const char *text)
{
    seeds_save(corpus, target, name, gv_bytes(text, strlen(text)));
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: seeds tests/fuzz/corpus\n");
        return 2;
    }
    seeds_of_ledger(argv[1]);
    seeds_of_identity(argv[1]);
    seeds_of_explorer(argv[1]);
    seeds_of_store(argv[1]);
    seeds_of_ttp(argv[1]);
    seeds_of_wallet(argv[1]);
    seeds_of_texts(argv[1]);
    seeds_of_records(argv[1]);
    return 0;
}
