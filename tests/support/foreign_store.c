/* foreign_store.c - stores of other versions; see foreign_store.h. */
#include "tests/support/foreign_store.h"

#include <rocksdb/c.h>
#include <stddef.h>

#include "tests/support/support.h"

#define COLUMNS_MAX 16

void
foreign_store_add_column(const char *dir, const char *name)
{
    rocksdb_options_t *o = rocksdb_options_create();
    const rocksdb_options_t *co[COLUMNS_MAX];
    rocksdb_column_family_handle_t *cf[COLUMNS_MAX], *added = NULL;
    rocksdb_t *db = NULL;
    char *e = NULL;
    size_t n;
    char **names = rocksdb_list_column_families(o, dir, &n, &e);

    for (size_t i = 0; i < COLUMNS_MAX; i++)
        co[i] = o;
    if (e == NULL && n <= COLUMNS_MAX)
        db = rocksdb_open_column_families(
            o, dir, (int)n, (const char *const *)names, co, cf, &e);
    if (db != NULL)
        added = rocksdb_create_column_family(db, o, name, &e);
    if (e != NULL || added == NULL)
        support_die("%s: %s", dir, e != NULL ? e : "too many columns");
    rocksdb_column_family_handle_destroy(added);
    for (size_t i = 0; i < n; i++)
        rocksdb_column_family_handle_destroy(cf[i]);
    rocksdb_close(db);
    rocksdb_list_column_families_destroy(names, n);
    rocksdb_options_destroy(o);
}
