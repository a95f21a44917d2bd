/*
 * mime_sniff: what the octets of a body say against its header, or where that
 * says nothing: an encoding that was never applied, HTML that is called plain
 * text, the charset that HTML names itself.
 */
#ifndef MIME_SNIFF_H
#define MIME_SNIFF_H

#include <stddef.h>

#include "mail/charset.h"

/*
 * 1 if a line that should be base64 is clear text: there is much in it that
 * is no base64, and what it decodes to is nobody's text.
 */
int mime_sniff_is_clear_line(const char *, size_t n);

/*
 * The first n octets of a body that should be base64 or quoted-printable: 1
 * if they are clear text.  charset is the header's, or empty; whole says that
 * these are all octets.
 */
int mime_sniff_is_clear_base64(const char *, size_t n, const char *charset,
    int whole);
int mime_sniff_is_clear_qp(const char *, size_t n, const char *charset);

/*
 * 1 if a text that begins with these octets is HTML: behind a byte order mark,
 * blanks, comments and an XML declaration it has <!doctype html> or <html>.
 * 0 if it is not; -1 if more of it has to be seen.  More octets never change
 * a 0 or a 1.
 */
int mime_sniff_html(const char *, size_t n);

/*
 * 1 if more of a text that begins with these octets has to be seen before
 * mime_sniff_charset can tell whether it names its charset; n is at least 1,
 * html says that the header calls it HTML.
 */
int mime_sniff_may_name(const char *, size_t n, int html);

/*
 * The charset that the text names itself: by a byte order mark or, in HTML,
 * an XML declaration or a <meta> (HTML standard, 13.2.3.2).  Returns 1, or 0
 * if it names none.
 */
int mime_sniff_charset(const char *, size_t n, int html,
    char name[CHARSET_NAME_MAX + 1]);

#endif
