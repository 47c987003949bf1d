/*
 * disk.h - what the store asks the file system before it lets RocksDB near
 * it: is the directory there, may it be written, is there room.
 *
 * Debian builds RocksDB with its assertions on, and a disk that is all but
 * full ends the process in one of them without a message. So room is looked
 * at before opening and before every write.
 *
 * Private to chain/store. Thread-safe.
 */
#ifndef GAVEL_STORE_DISK_H
#define GAVEL_STORE_DISK_H

#include "chain/store/kv_impl.h"

/* Make dir (mode 0700; its parent must exist) unless it is there, and see
 * that it is a directory on a writable file system. GV_OK, or GV_FAULT with a
 * text in errors. */
enum gv_rc gv_disk_prepare(const char *dir,
                           struct gv_kv_errors *errors) GV_MUST_CHECK;

/* GV_OK when at least need bytes are free to an ordinary user at dir. */
enum gv_rc gv_disk_room(const char *dir, uint64_t need,
                        struct gv_kv_errors *errors) GV_MUST_CHECK;

/* Is there a RocksDB store in dir? GV_OK or GV_ABSENT; GV_FAULT also when its
 * entry file is gone but its data is there, over which RocksDB would make an
 * empty store. */
enum gv_rc gv_disk_find_store(const char *dir,
                              struct gv_kv_errors *errors) GV_MUST_CHECK;

/* Bytes free at dir, and bytes of the files in dir itself. */
enum gv_rc gv_disk_measure(const char *dir, uint64_t *free_bytes,
                           uint64_t *used_bytes,
                           struct gv_kv_errors *errors) GV_MUST_CHECK;

#endif
