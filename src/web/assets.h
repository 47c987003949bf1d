/*
 * assets.h - the files of the web pages, which lie beside this header and are
 * embedded into the programs at build (src/web/embed).
 *
 * index.html, its styles and scripts are the page of `gavel web`; node.html is
 * what a node shows at its RPC address, and shares style.css.
 *
 * Thread-safety: constants.
 */
#ifndef GAVEL_WEB_ASSETS_H
#define GAVEL_WEB_ASSETS_H

#include <stddef.h>

struct gv_web_asset {
    const char *path; /* "/style.css" */
    const char *type; /* "text/css; charset=utf-8" */
    const unsigned char *bytes;
    size_t len;
};

/* Ended by one whose path is NULL. */
extern const struct gv_web_asset gv_web_assets[];

/* What a page of these files may do: load them, and call its own server. */
#define GV_WEB_POLICY                                                          \
    "default-src 'none'; script-src 'self'; style-src 'self'; "                \
    "img-src 'self'; connect-src 'self'; base-uri 'none'; "                    \
    "form-action 'none'; frame-ancestors 'none'"

#endif
