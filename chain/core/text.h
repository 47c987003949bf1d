/* text.h - what may stand in a text field: well-formed UTF-8 (RFC 3629)
 * without control characters, so that every program can show it and every
 * JSON library can carry it. */
#ifndef CHAIN_CORE_TEXT_H
#define CHAIN_CORE_TEXT_H

#include "gavel/types.h"

/* One line: no U+0000 to U+001F, no U+007F to U+009F. Empty is a line. */
bool text_is_line(struct gv_bytes text);
/* As a line, but line feed and tab may stand in it. */
bool text_is_page(struct gv_bytes text);

/* Make it a line: every byte that belongs to no such character becomes '?'. */
void text_tame(char *text);

#endif
