/*
 * mime_sniff: looks at the octets of a body where its header is wrong or says
 * nothing: an encoding that was never applied, HTML that is labelled plain
 * text, the charset that HTML names itself.  Each verdict is a function of the
 * octets alone.
 */
#ifndef MIME_SNIFF_H
#define MIME_SNIFF_H

#include <stddef.h>

#include "mail/charset.h"

/*
 * 1 if a line that should be base64 is clear text: many of its characters are
 * not in base64's alphabet, and it decodes to octets that are no text.
 */
int mime_sniff_is_clear_line(const char *, size_t n);

/*
 * 1 if the first n octets of a body that should be base64 or quoted-printable
 * are clear text.  charset is the header's, or ""; whole says that the body has
 * no more octets.
 */
int mime_sniff_is_clear_base64(const char *, size_t n, const char *charset,
    int whole);
int mime_sniff_is_clear_qp(const char *, size_t n, const char *charset);

/*
 * 1 if a text that begins with these octets is HTML: <!doctype html> or <html>
 * comes first, after a byte order mark, blanks, comments and an XML
 * declaration.  0 if it is not HTML; -1 if more octets are needed.  Once it is
 * 0 or 1, more octets do not change it.
 */
int mime_sniff_html(const char *, size_t n);

/*
 * 1 if mime_sniff_charset needs more octets of a text that begins with these
 * n, at least 1.  html: the header says that it is HTML.
 */
int mime_sniff_may_name(const char *, size_t n, int html);

/*
 * Find the charset that the text names itself, by a byte order mark or, in
 * HTML, an XML declaration or a <meta> (HTML standard, 13.2.3.2).  Returns 1,
 * or 0 if it names none.
 */
int mime_sniff_charset(const char *, size_t n, int html,
    char name[CHARSET_NAME_MAX + 1]);

#endif
