/*
 * open_impl.h - what the two files of OPEN share: open.c (the whole and its
 * signatures) and warrant.c (the last part of the preimage, from the CA to
 * the validators).
 */
#ifndef GAVEL_RULES_OPEN_IMPL_H
#define GAVEL_RULES_OPEN_IMPL_H

#include "gavel/open.h"

/* Reads the warrant; o->terms is read already, because what must be there
 * depends on the terms. */
void open_get_warrant(struct gv_reader *r, struct gv_open *o);

#endif
