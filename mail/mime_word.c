/*
 * mime_word: finds encoded words and decodes them, with base64.c and charset.c.
 * mime_header.c knows which fields may have them.
 */
#include <string.h>
#include <strings.h>

#include "mail/charset.h"
#include "mail/mime_char.h"
#include "mail/mime_decode.h"
#include "mail/mime_word.h"

struct mime_word {
	char charset[CHARSET_NAME_MAX + 1];
	enum mime_decode_encoding encoding;
	const char *text;	/* the encoded text */
	const char *end;	/* where the whole word ends */
	size_t ntext;
};

/* The "?=" that ends the encoded text; NULL if there is none. */
static const char *
mime_word_end(const char *p, const char *end)
{
	for (; end - p >= 2; p++)
		if (p[0] == '?' && p[1] == '=')
			return p;
	return NULL;
}

static int
mime_word_is_base64(const char *p, size_t n)
{
	for (; n > 0; p++, n--)
		if (base64_digit(*p) == -1 && *p != '=' &&
		    !mime_char_is_blank(*p))
			return 0;
	return 1;
}

/*
 * Parse the encoded word that begins with the "=?" at p.  More is accepted than
 * RFC 2047 allows: blanks and "?" in the text, words of any length, words with
 * no blank around them.  Returns 0, or -1 if it is no encoded word.
 */
static int
mime_word_parse(struct mime_word *w, const char *p, const char *end)
{
	const char *q;
	size_t n;

	p += 2;
	for (q = p; q < end && *q != '?' && *q != '*'; q++)
		continue;
	n = (size_t)(q - p);
	if (!charset_is_name(p, n))
		return -1;
	memcpy(w->charset, p, n);
	w->charset[n] = '\0';
	/* skip a language: RFC 2231, 5 */
	while (q < end && *q != '?')
		q++;
	if (end - q < 3 || q[2] != '?' || strchr("BbQq", q[1]) == NULL)
		return -1;
	w->encoding = q[1] == 'b' || q[1] == 'B' ? MIME_DECODE_BASE64 :
						MIME_DECODE_QP;
	w->text = q + 3;
	if ((q = mime_word_end(w->text, end)) == NULL)
		return -1;
	w->ntext = (size_t)(q - w->text);
	w->end = q + 2;
	if (w->encoding == MIME_DECODE_BASE64 &&
	    !mime_word_is_base64(w->text, w->ntext))
		return -1;
	return 0;
}

/* Find the next word; returns its start, or NULL if there is none. */
static const char *
mime_word_find(struct mime_word *w, const char *p, const char *end)
{
	for (; end - p >= 2; p++)
		if (p[0] == '=' && p[1] == '?' &&
		    mime_word_parse(w, p, end) == 0)
			return p;
	return NULL;
}

static void
mime_word_q(struct charset *c, const char *p, size_t n)
{
	char octet;

	for (; n > 0; p++, n--) {
		octet = *p == '_' ? ' ' : *p;
		if (*p == '=' && n > 2 && mime_char_hex(p[1]) != -1 &&
		    mime_char_hex(p[2]) != -1) {
			octet = (char)(mime_char_hex(p[1]) << 4 |
			    mime_char_hex(p[2]));
			p += 2;
			n -= 2;
		}
		charset_feed(c, &octet, 1);
	}
}

static void
mime_word_decode(struct charset *c, const struct mime_word *w)
{
	const char *p = w->text, *end = p + w->ntext;
	struct base64 base64 = {0, 0, 0};
	char buf[MIME_OUT_MAX];
	size_t k;

	if (w->encoding == MIME_DECODE_QP) {
		mime_word_q(c, p, w->ntext);
		return;
	}
	/* some senders join several encoded texts, each with its padding */
	while (p < end) {
		k = (size_t)(end - p);
		k = base64_feed(&base64, &p, k < sizeof(buf) ? k : sizeof(buf),
		    buf);
		charset_feed(c, buf, k);
	}
}

static int
mime_word_all_blank(const char *p, const char *end)
{
	while (p < end && mime_char_is_blank(*p))
		p++;
	return p == end;
}

void
mime_word_literal(const char *p, size_t n,
    void (*put)(void *, const char *, size_t), void *arg)
{
	struct charset c;

	if (n == 0)
		return;
	charset_open(&c, NULL, put, arg);
	charset_feed(&c, p, n);
	charset_close(&c);
}

/*
 * Blanks between two encoded words are dropped (RFC 2047, 6.2).  Adjacent words
 * in the same charset are decoded as one text, since senders cut characters in
 * two between words.
 */
void
mime_word_text(const char *p, size_t n,
    void (*put)(void *, const char *, size_t), void *arg)
{
	const char *end = p + n, *at;
	struct mime_word w;
	struct charset c;
	char open[CHARSET_NAME_MAX + 1] = "";

	while ((at = mime_word_find(&w, p, end)) != NULL) {
		int adjacent = open[0] != '\0' && mime_word_all_blank(p, at);

		if (open[0] != '\0' &&
		    (!adjacent || strcasecmp(open, w.charset) != 0)) {
			charset_close(&c);
			open[0] = '\0';
		}
		if (!adjacent)
			mime_word_literal(p, (size_t)(at - p), put, arg);
		if (open[0] == '\0') {
			charset_open(&c, w.charset, put, arg);
			memcpy(open, w.charset, sizeof(open));
		}
		mime_word_decode(&c, &w);
		p = w.end;
	}
	if (open[0] != '\0')
		charset_close(&c);
	mime_word_literal(p, (size_t)(end - p), put, arg);
}
