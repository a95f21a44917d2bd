/*
 * mime_part: the types of parts, and the parsers of Content-Type,
 * Content-Transfer-Encoding, Content-Disposition and Content-ID, with the
 * errors that senders make.  mime_header.c finds the fields; mime.c acts on
 * them.
 */
#include <string.h>
#include <strings.h>

#include "mail/mime_char.h"
#include "mail/mime_part.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define MIME_REPORT "multipart/report"

/* An unknown multipart is mixed (RFC 2046, 5.1.3). */
static const struct mime_part_type mime_part_types[] = {
	{"text/plain", MIME_PART_TEXT, MIME_PART_RANK_PLAIN, MIME_PART_MIXED},
	{"text/html", MIME_PART_HTML, MIME_PART_RANK_HTML, MIME_PART_MIXED},
	{"text/markdown", MIME_PART_TEXT, MIME_PART_RANK_MARKDOWN,
	    MIME_PART_MIXED},
	{"text/x-markdown", MIME_PART_TEXT, MIME_PART_RANK_MARKDOWN,
	    MIME_PART_MIXED},
	{"text/enriched", MIME_PART_TEXT, MIME_PART_RANK_ENRICHED,
	    MIME_PART_MIXED},
	{"text/richtext", MIME_PART_TEXT, MIME_PART_RANK_ENRICHED,
	    MIME_PART_MIXED},
	{"multipart/alternative", MIME_PART_MULTI, MIME_PART_RANK_NONE,
	    MIME_PART_ALTERNATIVE},
	{"multipart/related", MIME_PART_MULTI, MIME_PART_RANK_NONE,
	    MIME_PART_RELATED},
	{"multipart/signed", MIME_PART_MULTI, MIME_PART_RANK_NONE,
	    MIME_PART_SIGNED},
	{"multipart/digest", MIME_PART_MULTI, MIME_PART_RANK_NONE,
	    MIME_PART_DIGEST},
	{MIME_REPORT, MIME_PART_MULTI, MIME_PART_RANK_NONE, MIME_PART_MIXED},
	{"message/rfc822", MIME_PART_RFC822, MIME_PART_RANK_NONE,
	    MIME_PART_MESSAGE},
	{"message/global", MIME_PART_RFC822, MIME_PART_RANK_NONE,
	    MIME_PART_MESSAGE},
	{"message/news", MIME_PART_RFC822, MIME_PART_RANK_NONE,
	    MIME_PART_MESSAGE},
};

static const struct mime_part_type mime_part_mixed = {"multipart/mixed",
    MIME_PART_MULTI, MIME_PART_RANK_NONE, MIME_PART_MIXED};
static const struct mime_part_type mime_part_other = {"other",
    MIME_PART_OTHER, MIME_PART_RANK_NONE, MIME_PART_MIXED};
static const struct mime_part_type mime_part_other_text = {"other",
    MIME_PART_OTHER_TEXT, MIME_PART_RANK_NONE, MIME_PART_MIXED};

/* The number of octets of s before one of stop, or its end. */
static size_t
mime_part_until(const char *s, const char *stop)
{
	size_t n = 0;

	while (s[n] != '\0' && strchr(stop, s[n]) == NULL)
		n++;
	return n;
}

static const char *
mime_part_skip_blanks(const char *s)
{
	while (mime_char_is_blank(*s))
		s++;
	return s;
}

/* ---- parameters of a field (RFC 2045, 5.1; RFC 2231) ---- */

struct mime_part_param {
	const char *name, *value;
	size_t nname, nvalue;
	int quoted;
	int extended;		/* RFC 2231: percent-encoded */
	int first, more;	/* RFC 2231: the first section; sections */
};

/* Skip blanks, semicolons and comments, which may nest. */
static const char *
mime_part_gap(const char *p)
{
	unsigned depth = 0;

	for (; *p != '\0'; p++) {
		if (*p == '\\' && depth > 0 && p[1] != '\0')
			p++;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && depth > 0)
			depth--;
		else if (depth == 0 && *p != ';' && !mime_char_is_blank(*p))
			break;
	}
	return p;
}

/* Read the next parameter; returns its end, or NULL if there is none. */
static const char *
mime_part_param_next(const char *p, struct mime_part_param *out)
{
	p = mime_part_gap(p);
	if (*p == '\0')
		return NULL;
	memset(out, 0, sizeof(*out));
	out->name = p;
	out->nname = mime_part_until(p, "=; \t(");
	p = mime_part_skip_blanks(p + out->nname);
	out->value = p;
	if (*p != '=')
		return p;
	p = mime_part_skip_blanks(p + 1);
	out->quoted = *p == '"';
	out->value = p += out->quoted;
	if (!out->quoted) {
		out->nvalue = mime_part_until(p, "; \t");
		return p + out->nvalue;
	}
	for (; *p != '\0' && *p != '"'; p++)
		if (*p == '\\' && p[1] != '\0')
			p++;
	out->nvalue = (size_t)(p - out->value);
	return *p == '"' ? p + 1 : p;
}

/* 1 if the parameter is name or its section n: name*, name*0, name*0*. */
static int
mime_part_param_is(struct mime_part_param *param, const char *name, unsigned n)
{
	size_t len = strlen(name), rest, i;
	const char *s = param->name + len;
	unsigned section = 0;

	if (param->nname < len || strncasecmp(param->name, name, len) != 0)
		return 0;
	rest = param->nname - len;
	param->extended = rest > 0 && s[rest - 1] == '*';
	rest -= (size_t)param->extended;
	param->first = n == 0;
	param->more = rest > 0;
	if (rest == 0)
		return n == 0;
	if (s[0] != '*' || rest < 2 || rest > 4)
		return 0;
	for (i = 1; i < rest; i++) {
		if (s[i] < '0' || s[i] > '9')
			return 0;
		section = section * 10 + (unsigned)(s[i] - '0');
	}
	return section == n;
}

/* Append the value to the n octets in out, as far as there is room. */
static size_t
mime_part_param_copy(const struct mime_part_param *param, char *out, size_t n,
    size_t room)
{
	const char *p = param->value, *end = p + param->nvalue, *q;
	int i;

	/* skip charset'language': all values used here are ASCII */
	for (i = 0; i < 2 && param->extended && param->first; i++)
		if ((q = memchr(p, '\'', (size_t)(end - p))) != NULL)
			p = q + 1;
	for (; p < end; p++) {
		char c = *p;

		if (param->quoted && c == '\\' && p + 1 < end)
			c = *++p;
		else if (param->extended && c == '%' && end - p > 2 &&
		    mime_char_hex(p[1]) != -1 &&
		    mime_char_hex(p[2]) != -1) {
			c = (char)(mime_char_hex(p[1]) << 4 |
			    mime_char_hex(p[2]));
			p += 2;
		}
		if (c != '\0' && n + 1 < room)
			out[n++] = c;
	}
	return n;
}

/*
 * Find a parameter in a field's body and copy its value, cut to the room there
 * is.  A blank separates parameters like a semicolon.  Returns 0, or -1 if
 * there is no such parameter.
 */
static int
mime_part_param(const char *body, const char *name, char *out, size_t room)
{
	struct mime_part_param param;
	const char *p;
	unsigned section;
	size_t n = 0;

	for (section = 0; section < MIME_SECTIONS_MAX; section++) {
		p = mime_part_gap(body);
		p += mime_part_until(p, "; \t(");
		while ((p = mime_part_param_next(p, &param)) != NULL)
			if (mime_part_param_is(&param, name, section))
				break;
		if (p == NULL)
			break;
		n = mime_part_param_copy(&param, out, n, room);
		if (!param.more) {
			section++;
			break;
		}
	}
	while (n > 0 && mime_char_is_blank(out[n - 1]))
		n--;
	out[n] = '\0';
	return section > 0 ? 0 : -1;
}

/* 1 if there is such a parameter with a value. */
static int
mime_part_param_set(const char *body, const char *name)
{
	char value[2];

	return mime_part_param(body, name, value, sizeof(value)) == 0 &&
	    value[0] != '\0';
}

static int
mime_part_param_equals(const char *body, const char *name, const char *want)
{
	char value[16];

	return mime_part_param(body, name, value, sizeof(value)) == 0 &&
	    strcasecmp(value, want) == 0;
}

/* ---- the fields ---- */

static const struct mime_part_type *
mime_part_find_type(const char *name)
{
	size_t i;

	for (i = 0; i < LENGTH(mime_part_types); i++)
		if (strcasecmp(name, mime_part_types[i].name) == 0)
			return &mime_part_types[i];
	if (strncasecmp(name, "multipart/", 10) == 0)
		return &mime_part_mixed;
	return strncasecmp(name, "text/", 5) == 0 ? &mime_part_other_text :
						    &mime_part_other;
}

static void
mime_part_charset(struct mime_part *part, const char *body)
{
	char s[CHARSET_NAME_MAX + 4], *p = s;
	size_t n;

	if (mime_part_param(body, "charset", s, sizeof(s)) == -1)
		return;
	p += strspn(p, "' ");
	n = mime_part_until(p, "' ");
	if (!charset_is_name(p, n))
		return;
	memcpy(part->charset, p, n);
	part->charset[n] = '\0';
}

/* Copy what a Content-ID or a start parameter has between its brackets. */
static void
mime_part_id(char out[MIME_ID_MAX + 1], const char *s)
{
	size_t n;

	s += strspn(s, "< \t");
	n = mime_part_until(s, "> \t");
	if (n > MIME_ID_MAX)
		n = MIME_ID_MAX;
	memcpy(out, s, n);
	out[n] = '\0';
}

/*
 * Copy a type without the blanks around its parts, cut to the room there is.
 * Returns 0, or -1 if it has no slash.
 */
static int
mime_part_type_name(const char *body, char *out, size_t room)
{
	size_t n = 0;
	int slash = 0, ready = 0;

	for (; *body != '\0' && *body != ';'; body++) {
		if (ready && (mime_char_is_blank(*body) || *body == '('))
			break;
		if (mime_char_is_blank(*body))
			continue;
		ready = slash;
		slash |= *body == '/';
		if (n + 1 < room)
			out[n++] = *body;
	}
	out[n] = '\0';
	return slash ? 0 : -1;
}

static void
mime_part_type(struct mime_part *part, const char *body)
{
	char value[MIME_ID_MAX + 3];

	/* a bad type leaves it text/plain: RFC 2045, 5.2 */
	if (mime_part_type_name(mime_part_gap(body), value, sizeof(value)) == 0)
		part->type = mime_part_find_type(value);
	mime_part_param(body, "boundary", part->boundary,
	    sizeof(part->boundary));
	/* misspelled: "multi-part/mixed", "mutlipart/mixed" */
	if ((part->type == &mime_part_other ||
		part->type == &mime_part_other_text) &&
	    part->boundary[0] != '\0')
		part->type = &mime_part_mixed;
	if (mime_part_param(body, "start", value, sizeof(value)) == 0)
		mime_part_id(part->start, value);
	mime_part_charset(part, body);
	part->flowed = mime_part_param_equals(body, "format", "flowed");
	part->delsp = mime_part_param_equals(body, "delsp", "yes");
	part->named |= mime_part_param_set(body, "name");
}

/* Any other name means that nothing is encoded. */
static const struct {
	char name[17];
	enum mime_decode_encoding encoding;
} mime_part_encodings[] = {
	{"base64", MIME_DECODE_BASE64},
	{"quoted-printable", MIME_DECODE_QP},
	{"uuencode", MIME_DECODE_UU},
	{"x-uuencode", MIME_DECODE_UU},
	{"x-uue", MIME_DECODE_UU},
	{"uue", MIME_DECODE_UU},
	{"x-uu", MIME_DECODE_UU},
};

static void
mime_part_encoding(struct mime_part *part, const char *body)
{
	size_t i, n;

	body = mime_part_gap(body);
	body += *body == '"';
	n = mime_part_until(body, "; \t(\"");
	for (i = 0; i < LENGTH(mime_part_encodings); i++)
		if (strlen(mime_part_encodings[i].name) == n &&
		    strncasecmp(mime_part_encodings[i].name, body, n) == 0)
			part->encoding = mime_part_encodings[i].encoding;
}

static void
mime_part_disposition(struct mime_part *part, const char *body)
{
	size_t n;

	body = mime_part_gap(body);
	n = mime_part_until(body, "; \t(");
	part->attachment = n == 10 && strncasecmp(body, "attachment", n) == 0;
	part->named |= mime_part_param_set(body, "filename");
}

/* ---- the public functions ---- */

void
mime_part_init(struct mime_part *part, int digest)
{
	memset(part, 0, sizeof(*part));
	part->type = mime_part_find_type(
	    digest ? "message/rfc822" : "text/plain");
}

void
mime_part_set(struct mime_part *part, enum mime_part_field field,
    const char *body)
{
	part->seen |= 1U << field;
	switch (field) {
	case MIME_PART_CONTENT_TYPE:
		mime_part_type(part, body);
		break;
	case MIME_PART_CONTENT_ENCODING:
		mime_part_encoding(part, body);
		break;
	case MIME_PART_CONTENT_DISPOSITION:
		mime_part_disposition(part, body);
		break;
	case MIME_PART_CONTENT_ID:
		mime_part_id(part->id, body);
		break;
	case MIME_PART_FIELDS:
		break;
	}
}

int
mime_part_is_report(const struct mime_part *part)
{
	return strcmp(part->type->name, MIME_REPORT) == 0;
}
