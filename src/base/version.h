/*
 * version.h - the version of all programs of this tree.
 */
#ifndef GAVEL_BASE_VERSION_H
#define GAVEL_BASE_VERSION_H

#define GV_VERSION "0.1.0"

#endif
