/*
 * mime_sniff: judges the first octets of a body, or one of its lines.  It
 * keeps no state; mime_body.c and mime_decode.c act on its verdicts.
 */
#include <string.h>
#include <strings.h>

#include "common/base64.h"
#include "common/utf8.h"
#include "mail/mime_char.h"
#include "mail/mime_sniff.h"

#define SNIFF_PIECE 192	/* octets of base64 that are decoded in one go */
#define SNIFF_LONG  40	/* octets; a shorter line proves no encoder */
#define SNIFF_RUN   64	/* escaped octets in a row that are looked at */

static int
mime_sniff_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int
mime_sniff_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int
mime_sniff_is_control(char c)
{
	return ((unsigned char)c < ' ' && c != 0x1b &&
		   !mime_sniff_is_space(c)) || c == 0x7f;
}

/* Count octets that no text has: controls, and those that are not UTF-8. */
static size_t
mime_sniff_garbage(const char *p, size_t n)
{
	const char *end = p + n;
	size_t bad = 0;
	int len;

	while (p < end) {
		len = utf8_length(p, (size_t)(end - p), NULL);
		if (len == 0)	/* a character that is cut */
			break;
		bad += len < 0 || mime_sniff_is_control(*p);
		p += len > 0 ? len : 1;
	}
	return bad;
}

/* ---- text labelled base64 that was never encoded ---- */

/* 1 if the octets decode to garbage: an eighth of it is in no text. */
static int
mime_sniff_decodes_badly(const char *p, size_t n)
{
	const char *end = p + n;
	struct base64 b = {0, 0, 0};
	char out[SNIFF_PIECE];
	size_t decoded = 0, bad = 0, k;

	while (p < end) {
		k = (size_t)(end - p) < sizeof(out) ? (size_t)(end - p) :
						      sizeof(out);
		k = base64_feed(&b, &p, k, out);
		decoded += k;
		bad += mime_sniff_garbage(out, k);
	}
	return decoded == 0 || bad * 8 >= decoded;
}

int
mime_sniff_is_clear_line(const char *p, size_t n)
{
	size_t foreign = 0, i;

	for (i = 0; i < n; i++)
		if (p[i] == '=')
			foreign += i + 1 < n && base64_digit(p[i + 1]) != -1;
		else
			foreign += base64_digit(p[i]) == -1 && p[i] != '\r' &&
			    p[i] != '\n';
	return foreign * 16 >= n && mime_sniff_decodes_badly(p, n);
}

/* 1 if the line is a word in usual letter case: "Alarm", "FIRE", "motion". */
static int
mime_sniff_is_word(const char *p, size_t n)
{
	size_t i, capitals = 0;

	for (i = 0; i < n; i++) {
		if (!mime_sniff_is_letter(p[i]))
			return 0;
		capitals += p[i] < 'a';
	}
	return capitals == 0 || capitals == n ||
	    (capitals == 1 && p[0] < 'a');
}

/* 1 if the line is base64 digits followed by the padding that they need. */
static int
mime_sniff_is_padded(const char *p, size_t n)
{
	size_t i = 0, pad;

	while (i < n && base64_digit(p[i]) != -1)
		i++;
	for (pad = i; pad < n && p[pad] == '='; pad++)
		continue;
	return i > 0 && pad == n && n - i <= 2 && n % 4 == 0 && n > i;
}

/* 1 if the header says that the text is UTF-8, or says nothing. */
static int
mime_sniff_may_be_utf8(const char *charset)
{
	return *charset == '\0' || strcasecmp(charset, "utf-8") == 0 ||
	    strcasecmp(charset, "us-ascii") == 0;
}

/* 1 if the line is base64 and hardly anything else. */
static int
mime_sniff_is_base64_line(const char *p, size_t n)
{
	size_t i;

	if (mime_sniff_is_padded(p, n))
		return 1;
	for (i = 0; i < n; i++)
		if (base64_digit(p[i]) == -1)
			return 0;
	if (n >= SNIFF_LONG)
		return 1;
	return n > 0 && n % 4 == 0 && !mime_sniff_is_word(p, n) &&
	    !mime_sniff_decodes_badly(p, n);
}

/*
 * A line of base64 is long, or it is the last one, which often has padding.
 * The body was never encoded if it has no such line, no line that decodes to
 * text, and nothing but words, which decode to garbage.
 */
int
mime_sniff_is_clear_base64(const char *p, size_t n, const char *charset,
    int whole)
{
	const char *line = p, *end = p + n, *lf;
	size_t i, len;
	int words = 1;

	for (; line < end; line = lf + 1) {
		lf = memchr(line, '\n', (size_t)(end - line));
		if (lf == NULL)
			lf = end;
		len = (size_t)(lf - line);
		while (len > 0 && mime_sniff_is_space(line[len - 1]))
			len--;
		if (mime_sniff_is_base64_line(line, len))
			return 0;
		for (i = 0; i < len && base64_digit(line[i]) != -1; i++)
			continue;
		if (i < len)
			return mime_sniff_is_clear_line(p, n);
		words &= mime_sniff_is_word(line, len);
	}
	return whole && words && mime_sniff_may_be_utf8(charset) &&
	    mime_sniff_decodes_badly(p, n);
}

/* ---- text labelled quoted-printable that was never encoded ---- */

/* Evidence for one or the other. */
struct mime_sniff_evidence {
	unsigned encoded, clear;
};

/* 1 if the "=" at p is a soft line break (RFC 2045, 6.7). */
static int
mime_sniff_is_soft(const char *p, const char *end)
{
	for (p++; p < end && mime_char_is_blank(*p); p++)
		continue;
	return p < end && (*p == '\r' || *p == '\n');
}

/*
 * Decode consecutive escapes from p on into out, skipping soft line breaks
 * between them; *n is how many.  Returns where they end.
 */
static const char *
mime_sniff_escapes(const char *p, const char *end, char out[SNIFF_RUN],
    size_t *n)
{
	*n = 0;
	while (end - p >= 3 && *p == '=' && *n < SNIFF_RUN) {
		if (mime_char_hex(p[1]) != -1 && mime_char_hex(p[2]) != -1) {
			out[(*n)++] = (char)(mime_char_hex(p[1]) << 4 |
			    mime_char_hex(p[2]));
			p += 3;
		} else if (*n > 0 && mime_sniff_is_soft(p, end))
			for (p++; p < end && mime_sniff_is_space(*p); p++)
				continue;
		else
			break;
	}
	return p;
}

/* Weigh a lone escape of an ASCII character. */
static void
mime_sniff_weigh_ascii(struct mime_sniff_evidence *e, char c, const char *next,
    const char *end)
{
	if (c == '=')
		e->encoded++;
	else if (c == 'F' && end - next >= 4 && memcmp(next, "rom ", 4) == 0)
		e->encoded++;	/* RFC 2049, 3 */
	else if (mime_sniff_is_control(c) || mime_sniff_is_letter(c) ||
	    (c >= '0' && c <= '9'))
		e->clear++;	/* no encoder escapes these */
}

/* Weigh several escapes in a row, or one of an octet beyond ASCII. */
static void
mime_sniff_weigh_run(struct mime_sniff_evidence *e, char out[SNIFF_RUN + 1],
    size_t n, const char *charset)
{
	out[n] = '.';	/* so that a character cut at the end is garbage */
	if (n >= 3 || mime_sniff_garbage(out, n + 1) == 0)
		e->encoded++;
	else if (strcasecmp(charset, "utf-8") == 0)
		e->clear++;
	else if (!mime_sniff_may_be_utf8(charset))
		e->encoded++;
}

/*
 * An "=" in quoted-printable begins an escape or a soft line break (RFC 2045,
 * 6.7).  The body was never encoded if some "=" do neither, or escape what
 * needs no escape or is no text, and none looks like an encoder's: "load=95".
 */
int
mime_sniff_is_clear_qp(const char *p, size_t n, const char *charset)
{
	struct mime_sniff_evidence e = {0, 0};
	const char *start = p, *end = p + n, *next;
	char out[SNIFF_RUN + 1];
	size_t k;

	for (; (p = memchr(p, '=', (size_t)(end - p))) != NULL; p = next) {
		if (end - p < 3)
			break;
		next = mime_sniff_escapes(p, end, out, &k);
		if (k == 0) {
			next = p + 1;
			if (!mime_sniff_is_soft(p, end))
				e.clear++;
			else if (p - start >= SNIFF_LONG && memchr(p -
			    SNIFF_LONG, '\n', SNIFF_LONG) == NULL)
				e.encoded++;
		} else if (k == 1 && (unsigned char)out[0] < 0x80)
			mime_sniff_weigh_ascii(&e, out[0], next, end);
		else
			mime_sniff_weigh_run(&e, out, k, charset);
	}
	return e.clear > 0 && e.encoded == 0;
}

/* ---- byte order marks ---- */

struct mime_sniff_mark {
	char octets[4];
	const char *charset;
};

static const struct mime_sniff_mark marks[] = {
	{"\xff\xfe", "utf-16"},
	{"\xfe\xff", "utf-16"},
	{"\xef\xbb\xbf", "utf-8"},
};

/*
 * The byte order mark that a text begins with, or NULL.  *more is set to 1 if
 * the octets end inside something that may be one.
 */
static const struct mime_sniff_mark *
mime_sniff_mark(const char *p, size_t n, int *more)
{
	size_t i, len;

	*more = 0;
	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		len = strlen(marks[i].octets);
		if (memcmp(p, marks[i].octets, n < len ? n : len) != 0)
			continue;
		*more = n < len;
		return n < len ? NULL : &marks[i];
	}
	return NULL;
}

/* ---- HTML ---- */

/* Find a string, in any letter case; NULL if it is not there. */
static const char *
mime_sniff_find(const char *p, const char *end, const char *what)
{
	size_t n = strlen(what);

	for (; (size_t)(end - p) >= n; p++)
		if (strncasecmp(p, what, n) == 0)
			return p;
	return NULL;
}

/*
 * 1 if the octets at p begin with this, in any letter case; 0 if not; -1 if
 * they end before that is certain.
 */
static int
mime_sniff_starts(const char *p, const char *end, const char *what)
{
	size_t n = strlen(what), left = (size_t)(end - p);

	if (strncasecmp(p, what, left < n ? left : n) != 0)
		return 0;
	return left < n ? -1 : 1;
}

static const char *
mime_sniff_skip_space(const char *p, const char *end)
{
	while (p < end && mime_sniff_is_space(*p))
		p++;
	return p;
}

/* The same verdict for "<!doctype html" or "<html" at p. */
static int
mime_sniff_html_start(const char *p, const char *end)
{
	int type = mime_sniff_starts(p, end, "<!doctype");
	int root = mime_sniff_starts(p, end, "<html");

	if (root == 1) {
		if (p + 5 == end)
			return -1;
		return p[5] == '>' || p[5] == '/' || mime_sniff_is_space(p[5]);
	}
	if (type != 1)
		return type == -1 || root == -1 ? -1 : 0;
	p = mime_sniff_skip_space(p + 9, end);
	return mime_sniff_starts(p, end, "html");
}

int
mime_sniff_html(const char *p, size_t n)
{
	const char *end = p + n, *close;
	const struct mime_sniff_mark *mark;
	int comment, xml, more;

	mark = mime_sniff_mark(p, n, &more);
	if (more)
		return -1;
	if (mark != NULL)
		p += strlen(mark->octets);
	for (;;) {
		p = mime_sniff_skip_space(p, end);
		if (p == end)
			return -1;
		if (*p != '<')
			return 0;
		comment = mime_sniff_starts(p, end, "<!--");
		xml = mime_sniff_starts(p, end, "<?xml");
		if (comment != 1 && xml != 1) {
			if (comment == -1 || xml == -1)
				return -1;
			return mime_sniff_html_start(p, end);
		}
		close = comment == 1 ? "-->" : "?>";
		p = mime_sniff_find(p, end, close);
		if (p == NULL)
			return -1;
		p += strlen(close);
	}
}

/* ---- the charset that a text names itself ---- */

/* An attribute of a tag. */
struct mime_sniff_attribute {
	const char *name, *value;
	size_t nname, nvalue;
};

/* Read the next attribute of a tag; NULL if there is none. */
static const char *
mime_sniff_attribute(const char *p, const char *end,
    struct mime_sniff_attribute *a)
{
	char quote;

	while (p < end && (mime_sniff_is_space(*p) || *p == '/'))
		p++;
	if (p == end || *p == '>')
		return NULL;
	memset(a, 0, sizeof(*a));
	a->name = p;
	do
		p++;
	while (p < end && strchr("=/> \t\n\f\r", *p) == NULL);
	a->nname = (size_t)(p - a->name);
	a->value = p;
	p = mime_sniff_skip_space(p, end);
	if (p == end || *p != '=')
		return p;
	p = mime_sniff_skip_space(p + 1, end);
	quote = p < end && (*p == '"' || *p == '\'') ? *p++ : '\0';
	a->value = p;
	while (p < end && (quote != '\0' ? *p != quote :
	    *p != '>' && !mime_sniff_is_space(*p)))
		p++;
	a->nvalue = (size_t)(p - a->value);
	return p + (p < end && quote != '\0');
}

static int
mime_sniff_is_name(const struct mime_sniff_attribute *a, const char *name)
{
	return a->nname == strlen(name) &&
	    strncasecmp(a->name, name, a->nname) == 0;
}

/* Copy the name of a charset, if it has the form of one. */
static int
mime_sniff_copy_name(const char *p, size_t n,
    char name[CHARSET_NAME_MAX + 1])
{
	if (!charset_is_name(p, n))
		return 0;
	memcpy(name, p, n);
	name[n] = '\0';
	/* the tag was readable as ASCII, so the text is not UTF-16 */
	if (strncasecmp(name, "utf-16", 6) == 0)
		strcpy(name, "utf-8");
	return 1;
}

/* "text/html; charset=koi8-r" */
static int
mime_sniff_content(const char *p, size_t n, char name[CHARSET_NAME_MAX + 1])
{
	const char *end = p + n;

	while ((p = mime_sniff_find(p, end, "charset")) != NULL) {
		p = mime_sniff_skip_space(p + 7, end);
		if (p == end || *p != '=')
			continue;
		p = mime_sniff_skip_space(p + 1, end);
		if (p < end && (*p == '"' || *p == '\''))
			p++;
		for (n = 0; n < (size_t)(end - p) &&
		    strchr(";\"' \t\r\n", p[n]) == NULL; n++)
			continue;
		return mime_sniff_copy_name(p, n, name);
	}
	return 0;
}

/* Read a <meta>, from behind its name on; *p moves to where it ends. */
static int
mime_sniff_meta(const char **p, const char *end,
    char name[CHARSET_NAME_MAX + 1])
{
	struct mime_sniff_attribute a, content = {NULL, "", 0, 0};
	const char *next;
	int is_type = 0;

	while ((next = mime_sniff_attribute(*p, end, &a)) != NULL) {
		*p = next;
		if (mime_sniff_is_name(&a, "charset"))
			return mime_sniff_copy_name(a.value, a.nvalue, name);
		if (mime_sniff_is_name(&a, "content"))
			content = a;
		if (mime_sniff_is_name(&a, "http-equiv"))
			is_type = a.nvalue == 12 &&
			    strncasecmp(a.value, "content-type", 12) == 0;
	}
	return is_type &&
	    mime_sniff_content(content.value, content.nvalue, name);
}

/* <?xml version="1.0" encoding="koi8-r"?> */
static int
mime_sniff_xml(const char *p, const char *end, char name[CHARSET_NAME_MAX + 1])
{
	struct mime_sniff_attribute a;

	p = mime_sniff_skip_space(p, end);
	if (mime_sniff_starts(p, end, "<?xml") != 1)
		return 0;
	p += 5;
	while ((p = mime_sniff_attribute(p, end, &a)) != NULL && *a.name != '?')
		if (mime_sniff_is_name(&a, "encoding"))
			return mime_sniff_copy_name(a.value, a.nvalue, name);
	return 0;
}

/* Read the first <meta> outside comments that names a charset. */
static int
mime_sniff_metas(const char *p, const char *end,
    char name[CHARSET_NAME_MAX + 1])
{
	while (p < end && (p = memchr(p, '<', (size_t)(end - p))) != NULL) {
		if (mime_sniff_starts(p, end, "<!--") == 1) {
			p = mime_sniff_find(p, end, "-->");
			if (p == NULL)
				return 0;
		} else if (mime_sniff_starts(p, end, "<meta") == 1) {
			p += 5;
			if (mime_sniff_meta(&p, end, name))
				return 1;
			continue;
		}
		p++;
	}
	return 0;
}

int
mime_sniff_may_name(const char *p, size_t n, int html)
{
	/* a <meta> may stand anywhere in what is held of HTML */
	return html || mime_sniff_html(p, n) != 0;
}

int
mime_sniff_charset(const char *p, size_t n, int html,
    char name[CHARSET_NAME_MAX + 1])
{
	const char *end = p + n;
	const struct mime_sniff_mark *mark;
	int more;

	if ((mark = mime_sniff_mark(p, n, &more)) != NULL) {
		strcpy(name, mark->charset);
		return 1;
	}
	return html && (mime_sniff_xml(p, end, name) ||
	    mime_sniff_metas(p, end, name));
}
