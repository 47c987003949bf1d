/*
 * foreign_store.h - a RocksDB store as another version of Gavel left it.
 */
#ifndef GAVEL_TESTS_FOREIGN_STORE_H
#define GAVEL_TESTS_FOREIGN_STORE_H

/* Add a column family of this name to the closed store in dir, which must
 * have the columns of this version and no other. */
void foreign_store_add_column(const char *dir, const char *name);

#endif
