/*
 * mime_sniff: what the octets of a body say against its header, or where that
 * says nothing: a transfer encoding that was never applied, HTML that is
 * called plain text, the charset that HTML names itself.
 */
#ifndef MIME_SNIFF_H
#define MIME_SNIFF_H

#include <stddef.h>

#include "mail/charset.h"

/*
 * 1 if the n octets are clear text, although they should be base64: there is
 * much in them that is no base64, and what they decode to is nobody's text.
 */
int mime_sniff_is_clear_base64(const char *, size_t n);

#endif
