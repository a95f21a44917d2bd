/*
 * mime: from a message to its text, in one pass (RFC 5322, 2045, 2046, 2047,
 * 2231, 3676).  Octets are cut into lines; these are header fields, the
 * boundaries of a multipart, or the body of a part.  A body that is text
 * goes through a chain: transfer encoding, charset, line ends, then uuencode
 * and format=flowed or HTML; what a person should read is kept.  Pure: no
 * descriptors, no allocation but iconv's, only const tables.  Charsets are
 * charset.c's, HTML is html.c's; signature, blank lines and control
 * characters are text.c's.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "mime.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* How much a text is worth where there is a choice. */
enum mime_rank {
	MIME_RANK_NONE,
	MIME_RANK_FORWARDED,	/* of a message in the message */
	MIME_RANK_ENRICHED,
	MIME_RANK_HTML,
	MIME_RANK_MARKDOWN,
	MIME_RANK_PLAIN
};

enum mime_class { MIME_OTHER, MIME_LEAF, MIME_HTML, MIME_MULTI, MIME_RFC822 };

struct mime_type {
	char name[24];
	enum mime_class class;
	enum mime_rank rank;	/* of text */
	enum mime_kind kind;	/* of a multipart */
};

/* Other multiparts are mime_mixed (RFC 2046, 5.1.3), all else mime_other. */
static const struct mime_type mime_types[] = {
	{"text/plain", MIME_LEAF, MIME_RANK_PLAIN, MIME_MIXED},
	{"text/html", MIME_HTML, MIME_RANK_HTML, MIME_MIXED},
	{"text/markdown", MIME_LEAF, MIME_RANK_MARKDOWN, MIME_MIXED},
	{"text/x-markdown", MIME_LEAF, MIME_RANK_MARKDOWN, MIME_MIXED},
	{"text/enriched", MIME_LEAF, MIME_RANK_ENRICHED, MIME_MIXED},
	{"text/richtext", MIME_LEAF, MIME_RANK_ENRICHED, MIME_MIXED},
	{"multipart/alternative", MIME_MULTI, MIME_RANK_NONE, MIME_ALTERNATIVE},
	{"multipart/related", MIME_MULTI, MIME_RANK_NONE, MIME_RELATED},
	{"multipart/signed", MIME_MULTI, MIME_RANK_NONE, MIME_SIGNED},
	{"multipart/digest", MIME_MULTI, MIME_RANK_NONE, MIME_DIGEST},
	{"message/rfc822", MIME_RFC822, MIME_RANK_NONE, MIME_MESSAGE},
	{"message/global", MIME_RFC822, MIME_RANK_NONE, MIME_MESSAGE},
	{"message/news", MIME_RFC822, MIME_RANK_NONE, MIME_MESSAGE},
};

static const struct mime_type mime_mixed = {"multipart/mixed", MIME_MULTI,
    MIME_RANK_NONE, MIME_MIXED};
static const struct mime_type mime_other = {"other", MIME_OTHER,
    MIME_RANK_NONE, MIME_MIXED};

/* Fields that describe a part come behind those that are kept. */
enum {
	MIME_CONTENT_TYPE = MIME_FIELDS,
	MIME_CONTENT_ENCODING,
	MIME_CONTENT_DISPOSITION,
	MIME_CONTENT_ID,
	MIME_ALL_FIELDS
};

static const char mime_fields[MIME_ALL_FIELDS][26] = {
	[MIME_SUBJECT] = "Subject",
	[MIME_MESSAGE_ID] = "Message-ID",
	[MIME_DATE] = "Date",
	[MIME_IMPORTANCE] = "Importance",
	[MIME_X_PRIORITY] = "X-Priority",
	[MIME_PRIORITY] = "Priority",
	[MIME_SMS_PRIORITY] = "X-SMS-Priority",
	[MIME_SMS_TTL] = "X-SMS-TTL",
	[MIME_SMS_SCHEDULE] = "X-SMS-Schedule",
	[MIME_SMS_REPORT] = "X-SMS-Delivery-Report",
	[MIME_SMS_DEVICE] = "X-SMS-Device",
	[MIME_SMS_SIM] = "X-SMS-SIM",
	[MIME_SMS_FROM] = "X-SMS-From",
	[MIME_SMS_PORT] = "X-SMS-Port",
	[MIME_CONTENT_TYPE] = "Content-Type",
	[MIME_CONTENT_ENCODING] = "Content-Transfer-Encoding",
	[MIME_CONTENT_DISPOSITION] = "Content-Disposition",
	[MIME_CONTENT_ID] = "Content-ID",
};

static int
mime_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The octets of s up to one of stop, or its end. */
static size_t
mime_until(const char *s, const char *stop)
{
	size_t n = 0;

	while (s[n] != '\0' && strchr(stop, s[n]) == NULL)
		n++;
	return n;
}

static const char *
mime_skip_blanks(const char *s)
{
	while (mime_is_blank(*s))
		s++;
	return s;
}

static int
mime_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static const struct mime_type *
mime_type_find(const char *name)
{
	size_t i;

	for (i = 0; i < LENGTH(mime_types); i++)
		if (strcasecmp(name, mime_types[i].name) == 0)
			return &mime_types[i];
	return strncasecmp(name, "multipart/", 10) == 0 ? &mime_mixed :
							  &mime_other;
}

/* ---- what is kept ---- */

/* Append text; what is over MIME_TEXT_MAX is cut between characters. */
static void
mime_append(struct mime *m, const char *p, size_t n)
{
	size_t room = MIME_TEXT_MAX - m->ntext;

	if (m->overflow)
		return;
	if (n <= room) {
		memcpy(m->text + m->ntext, p, n);
		m->ntext += n;
		return;
	}
	memcpy(m->text + m->ntext, p, room);
	m->ntext += room;
	m->overflow = 1;
	if ((p[room] & 0xc0) != 0x80)
		return;
	while (m->ntext > 0 && (m->text[--m->ntext] & 0xc0) == 0x80)
		continue;
}

enum mime_verdict { MIME_DROP, MIME_ADD, MIME_REPLACE };

/*
 * What becomes of a text of that rank in a level: it is dropped, or added to
 * what the level has, or takes its place.  *score is what it counts there.
 * This is asked part by part, as they come: where a later alternative is
 * itself several texts, those of them that are no better than what there is
 * are dropped before a better one is seen.
 */
static enum mime_verdict
mime_weigh(const struct mime_level *l, int rank, int *score)
{
	*score = 1;
	switch (l->kind) {
	case MIME_MESSAGE:
		return MIME_ADD;
	case MIME_SIGNED:
		return l->child == 1 ? MIME_ADD : MIME_DROP;
	case MIME_ALTERNATIVE:
		*score = rank;
		if (l->score == 0 || l->kept != l->child)
			return rank > l->score ? MIME_REPLACE : MIME_DROP;
		if (rank < l->score)
			*score = l->score;
		return MIME_ADD;
	case MIME_RELATED: /* RFC 2387; an MMS has its text beside the root */
		*score = l->root ? 2 : 1;
		break;
	case MIME_MIXED:
	case MIME_DIGEST:
		*score = rank == MIME_RANK_FORWARDED ? 1 : 2;
		break;
	}
	if (*score == l->score)
		return MIME_ADD;
	return *score > l->score ? MIME_REPLACE : MIME_DROP;
}

/* The rank that a text of that rank in level i has in the level around. */
static int
mime_outward(const struct mime *m, size_t i, int rank)
{
	if (m->level[i].kind == MIME_MESSAGE)
		return MIME_RANK_FORWARDED;
	return rank;
}

/* 1 if a text of that rank would be kept if it came now. */
static int
mime_wanted(const struct mime *m, int rank)
{
	size_t i = m->depth;
	int score, room = !m->overflow;

	while (i-- > 0) {
		switch (mime_weigh(&m->level[i], rank, &score)) {
		case MIME_DROP:
			return 0;
		case MIME_ADD:
			break;
		case MIME_REPLACE:
			room = 1;
			break;
		}
		rank = mime_outward(m, i, rank);
	}
	return room;
}

/* Forget the text that a level has, and its source. */
static void
mime_forget(struct mime *m, size_t i)
{
	const struct mime_level *l = &m->level[i];
	size_t j;

	if (l->text < m->ntext)
		m->overflow = 0;
	m->ntext = l->text;
	m->nsource = l->source;
	for (j = i + 1; j < m->depth; j++) {
		m->level[j].text = m->ntext;
		m->level[j].source = m->nsource;
	}
}

/* Note where the text comes from, as IMAP numbers parts (RFC 3501, 6.4.5). */
static void
mime_add_source(struct mime *m)
{
	static const char more[] = ", ...";
	char s[MIME_SOURCE_MAX + 1];
	size_t n = 0, i, room = sizeof(m->source) - m->nsource;

	for (i = 0; i < m->depth && n < sizeof(s) / 2; i++)
		if (m->level[i].nboundary > 0)
			n += (size_t)snprintf(s + n, sizeof(s) - n, "%s%u",
			    n > 0 ? "." : "", m->level[i].child);
	if (m->level[m->depth - 1].kind == MIME_MESSAGE)
		n += (size_t)snprintf(s + n, sizeof(s) - n, "%s1",
		    n > 0 ? "." : "");
	n += (size_t)snprintf(s + n, sizeof(s) - n, " %s%s%s",
	    m->part.type->name, m->part.charset[0] != '\0' ? " charset=" : "",
	    m->part.charset);
	if (n < sizeof(s) && n + 2 * sizeof(more) < room) {
		m->nsource += (size_t)snprintf(m->source + m->nsource, room,
		    "%s%s", m->nsource > 0 ? ", " : "", s);
	} else if (room > sizeof(more)) {
		memcpy(m->source + m->nsource, more, sizeof(more));
		m->nsource = sizeof(m->source) - 1;
	}
}

/*
 * The part has its first character that is not blank: choose it, and begin
 * it on a line of its own.
 */
static void
mime_choose(struct mime *m)
{
	size_t i = m->depth, forget = m->depth;
	int score, rank = m->rank;

	while (i-- > 0) {
		struct mime_level *l = &m->level[i];

		if (mime_weigh(l, rank, &score) == MIME_REPLACE)
			forget = i;
		l->score = score;
		l->kept = l->child;
		rank = mime_outward(m, i, rank);
	}
	if (forget < m->depth)
		mime_forget(m, forget);
	mime_add_source(m);
	if (m->ntext > 0 && m->text[m->ntext - 1] != '\n')
		mime_append(m, "\n", 1);
	if (m->ntext > 0 && m->lines > 0)
		mime_append(m, "\n", 1);
	mime_append(m, m->indent, m->nindent);
}

/* Octets of the character at p that shows nothing; 0 if it shows something. */
static size_t
mime_invisible(const char *p, size_t n)
{
	/* NEL, NBSP, soft hyphen, grapheme joiner, ogham, Mongolian and
	 * ideographic spaces, byte order mark */
	static const char list[][4] = {"\xc2\x85", "\xc2\xa0", "\xc2\xad",
	    "\xcd\x8f", "\xe1\x9a\x80", "\xe1\xa0\x8e", "\xe3\x80\x80",
	    "\xef\xbb\xbf"};
	const unsigned char *u = (const unsigned char *)p;
	size_t i, k;

	if (u[0] <= ' ' || u[0] == 0x7f)
		return 1;
	if (u[0] < 0xc2)
		return 0;
	/* U+2000 to 200f, 2028 to 202f, 205f to 206f: spaces, joiners, marks
	 * of direction, line and paragraph separators */
	if (n >= 3 && u[0] == 0xe2 && u[1] == 0x80 &&
	    (u[2] <= 0x8f || u[2] >= 0xa8) && u[2] <= 0xaf)
		return 3;
	if (n >= 3 && u[0] == 0xe2 && u[1] == 0x81 && u[2] >= 0x9f &&
	    u[2] <= 0xaf)
		return 3;
	for (i = 0; i < LENGTH(list); i++) {
		k = strlen(list[i]);
		if (n >= k && memcmp(p, list[i], k) == 0)
			return k;
	}
	return 0;
}

/* Text of the part as it shall be read; whole characters. */
static void
mime_put(void *arg, const char *p, size_t n)
{
	struct mime *m = arg;
	size_t k;

	while (m->blank && n > 0) {
		if ((k = mime_invisible(p, n)) == 0) {
			m->blank = 0;
			mime_choose(m);
			break;
		}
		if (*p == '\n') {
			m->lines = 1;
			m->nindent = 0;
		} else if (mime_is_blank(*p) && m->nindent < MIME_INDENT_MAX)
			m->indent[m->nindent++] = *p;
		p += k;
		n -= k;
	}
	if (n > 0)
		mime_append(m, p, n);
}

/* ---- format=flowed (RFC 3676) ---- */

/* A line of text begins: does it go on with the one before? */
static void
mime_flow_begin(struct mime *m, int join)
{
	struct mime_flow *f = &m->flow;
	size_t i;

	f->phase = MIME_FLOW_TEXT;
	if (join && f->open && f->depth == f->before)
		return;
	if (f->started)
		mime_put(m, "\n", 1);
	for (i = 0; i < f->depth; i++)
		mime_put(m, ">", 1);
	if (f->depth > 0)
		mime_put(m, " ", 1);
}

static void
mime_flow_end(struct mime *m)
{
	static const char mark[] = "-- ";
	struct mime_flow *f = &m->flow;
	int signature = 0;

	if (f->phase != MIME_FLOW_TEXT) {
		signature = f->nmark == MIME_MARK_MAX;
		mime_flow_begin(m, f->nmark > 0 && !signature);
		mime_put(m, mark, f->nmark);
	}
	if (f->space && !m->part.delsp)
		mime_put(m, " ", 1);
	f->open = f->space && !signature;
	f->before = f->depth;
	f->started = 1;
	f->phase = MIME_FLOW_QUOTE;
	f->depth = f->nmark = 0;
	f->space = 0;
}

/* Text inside a line: a space that may be its last is held back. */
static void
mime_flow_text(struct mime *m, const char *p, size_t n)
{
	struct mime_flow *f = &m->flow;

	if (f->space)
		mime_put(m, " ", 1);
	f->space = p[n - 1] == ' ';
	mime_put(m, p, n - (size_t)f->space);
}

static void
mime_flow_octet(struct mime *m, char c)
{
	static const char mark[] = "-- ";
	struct mime_flow *f = &m->flow;

	if (f->phase == MIME_FLOW_QUOTE) {
		if (c == '>') {
			f->depth++;
			return;
		}
		f->phase = MIME_FLOW_STUFF;
	}
	if (f->phase == MIME_FLOW_STUFF) {
		f->phase = MIME_FLOW_MARK;
		if (c == ' ')
			return;
	}
	if (f->nmark < MIME_MARK_MAX && c == mark[f->nmark]) {
		f->nmark++;
		return;
	}
	mime_flow_begin(m, 1);
	if (f->nmark > 0)
		mime_flow_text(m, mark, f->nmark);
	mime_flow_text(m, &c, 1);
}

static void
mime_flow(struct mime *m, const char *p, size_t n)
{
	const char *lf;
	size_t k;

	if (!m->part.flowed) {
		mime_put(m, p, n);
		return;
	}
	while (n > 0) {
		k = 1;
		if (*p == '\n')
			mime_flow_end(m);
		else if (m->flow.phase != MIME_FLOW_TEXT)
			mime_flow_octet(m, *p);
		else {
			lf = memchr(p, '\n', n);
			k = lf == NULL ? n : (size_t)(lf - p);
			mime_flow_text(m, p, k);
		}
		p += k;
		n -= k;
	}
}

/* ---- uuencoded blocks (POSIX, uuencode) are attachments ---- */

/* "begin 644 name" */
static int
mime_uu_is_begin(const char *s, size_t n)
{
	size_t i = 6;

	while (i < n && s[i] >= '0' && s[i] <= '7')
		i++;
	return (i == 9 || i == 10) && i + 1 < n && s[i] == ' ';
}

/*
 * A line of data: its first octet tells its length.  Some encoders add a
 * check digit; strict: no other has fewer octets than it should.
 */
static int
mime_uu_is_data(const char *s, size_t n, int strict)
{
	size_t octets, want, i;

	if (n == 0)
		return !strict;
	for (i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '`')
			return 0;
	octets = (size_t)(s[0] - ' ') & 63;
	want = 1 + (octets + 2) / 3 * 4;
	if (n > want + 1)
		return 0;
	return !strict || (octets > 0 && n >= 1 + (octets * 4 + 2) / 3);
}

/* What was held is text after all. */
static void
mime_uu_flush(struct mime *m)
{
	struct mime_uu *u = &m->uu;
	size_t n = u->n;

	u->state = MIME_UU_NONE;
	u->n = u->line = 0;
	if (n > 0)
		mime_flow(m, u->hold, n);
}

/* 1 if the line that is held may still matter. */
static int
mime_uu_may_be(const struct mime_uu *u)
{
	size_t n = u->n - u->line;

	if (u->state != MIME_UU_NONE)
		return n <= MIME_UU_MAX;
	if (n > MIME_BEGIN_MAX)
		return 0;
	return memcmp(u->hold, "begin ", n < 6 ? n : 6) == 0;
}

/* A line that is held, whose end has come (and was not held). */
static void
mime_uu_line(struct mime *m, int ended)
{
	struct mime_uu *u = &m->uu;
	const char *s = u->hold + u->line;
	size_t n = u->n - u->line;

	switch (u->state) {
	case MIME_UU_NONE:
		if (!ended || !mime_uu_is_begin(s, n))
			break;
		u->state = MIME_UU_BEGUN;
		u->hold[u->n++] = '\n';
		u->line = u->n;
		return;
	case MIME_UU_BEGUN:
		if (!mime_uu_is_data(s, n, 1))
			break;
		u->state = MIME_UU_BLOCK;
		u->n = u->line = 0;
		return;
	case MIME_UU_BLOCK:
		if (n == 3 && memcmp(s, "end", 3) == 0)
			u->state = MIME_UU_NONE;
		else if (!mime_uu_is_data(s, n, 0))
			break;
		u->n = 0;
		return;
	}
	mime_uu_flush(m);
	if (ended)
		mime_flow(m, "\n", 1);
}

static void
mime_uu(struct mime *m, const char *p, size_t n)
{
	struct mime_uu *u = &m->uu;
	const char *lf;
	size_t k;

	while (n > 0) {
		k = 1;
		if (u->middle || (u->state == MIME_UU_NONE && u->n == 0 &&
				     *p != 'b')) {
			lf = memchr(p, '\n', n);
			k = lf == NULL ? n : (size_t)(lf - p) + 1;
			u->middle = lf == NULL;
			mime_flow(m, p, k);
		} else if (*p == '\n') {
			mime_uu_line(m, 1);
		} else {
			u->hold[u->n++] = *p;
			u->middle = !mime_uu_may_be(u);
			if (u->middle)
				mime_uu_flush(m);
		}
		p += k;
		n -= k;
	}
}

/* ---- decoded text: byte order mark, NUL, line ends ---- */

static void
mime_text_run(struct mime *m, const char *p, size_t n)
{
	if (n == 0)
		return;
	if (m->part.type->class == MIME_HTML)
		html_feed(&m->html, p, n);
	else
		mime_uu(m, p, n);
}

/* Any number of CR and an LF after them are one line end. */
static void
mime_clean(void *arg, const char *p, size_t n)
{
	struct mime *m = arg;
	const char *end = p + n, *q;

	if (m->start && n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	m->start = 0;
	while (p < end) {
		if (m->after_cr && (*p == '\r' || *p == '\n')) {
			m->after_cr = *p == '\r';
			p++;
			continue;
		}
		for (q = p; q < end && *q != '\r' && *q != '\0'; q++)
			continue;
		if (q > p)
			m->after_cr = 0;
		mime_text_run(m, p, (size_t)(q - p));
		if (q < end && *q == '\r') {
			m->after_cr = 1;
			mime_text_run(m, "\n", 1);
		}
		p = q + 1;
	}
}

/* ---- transfer encodings (RFC 2045, 6) ---- */

static void
mime_flush(struct mime *m)
{
	charset_feed(&m->charset, m->out, m->nout);
	m->nout = 0;
}

static void
mime_emit(struct mime *m, const char *p, size_t n)
{
	if (n > sizeof(m->out) - m->nout)
		mime_flush(m);
	if (n > sizeof(m->out)) {
		charset_feed(&m->charset, p, n);
		return;
	}
	memcpy(m->out + m->nout, p, n);
	m->nout += n;
}

static int
mime_base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/*
 * Decode base64 to out, which has room for n octets; returns their number.
 * Octets that are not digits are skipped (RFC 2045, 6.8); after padding
 * that makes sense comes no more.
 */
static size_t
mime_base64(struct mime_base64 *b, const char *p, size_t n, char *out)
{
	const char *end = p + n;
	size_t k = 0;
	int digit;

	for (; p < end && !b->done; p++) {
		if (*p == '=' && b->digits >= 2)
			b->done = 1;
		if ((digit = mime_base64_digit(*p)) == -1)
			continue;
		b->acc = (b->acc << 6 | (unsigned)digit) & 0xffffff;
		b->digits = (b->digits + 1) % 4;
		if (b->digits == 2)
			out[k++] = (char)(b->acc >> 4 & 0xff);
		else if (b->digits == 3)
			out[k++] = (char)(b->acc >> 2 & 0xff);
		else if (b->digits == 0)
			out[k++] = (char)(b->acc & 0xff);
	}
	return k;
}

static void
mime_base64_body(struct mime *m, const char *p, size_t n)
{
	char buf[MIME_OUT_MAX];
	size_t k;

	for (; n > 0 && !m->base64.done; p += k, n -= k) {
		k = n < sizeof(buf) ? n : sizeof(buf);
		mime_emit(m, buf, mime_base64(&m->base64, p, k, buf));
	}
}

/* Blanks at the end of a line are not of the text (RFC 2045, 6.7, 3). */
static void
mime_qp_hold(struct mime *m, char c)
{
	struct mime_qp *q = &m->qp;

	if (q->nblanks == sizeof(q->blanks)) {
		mime_emit(m, q->blanks, q->nblanks);
		q->nblanks = 0;
	}
	q->blanks[q->nblanks++] = c;
}

static void
mime_qp_release(struct mime *m)
{
	mime_emit(m, m->qp.blanks, m->qp.nblanks);
	m->qp.nblanks = 0;
}

/*
 * An octet after "=".  Returns 1 if it is done with, 0 if it is text.  An
 * "=" that does not belong there stays as it is (RFC 2045, 6.7), but "==" is
 * one, as it was meant by the encoders that write it.
 */
static int
mime_qp_escape(struct mime *m, char c)
{
	struct mime_qp *q = &m->qp;
	enum mime_qp_state state = q->state;
	char octet;

	if (state != MIME_QP_DIGIT && c == '\n') {
		q->state = MIME_QP_TEXT;
		q->nblanks = 0;
		return 1;
	}
	if (state != MIME_QP_DIGIT && state != MIME_QP_CR && c == '\r') {
		q->state = MIME_QP_CR;
		return 1;
	}
	if ((state == MIME_QP_ESCAPE || state == MIME_QP_BLANK) &&
	    mime_is_blank(c)) {
		q->state = MIME_QP_BLANK;
		if (q->nblanks < sizeof(q->blanks))
			q->blanks[q->nblanks++] = c;
		return 1;
	}
	if (state == MIME_QP_ESCAPE && mime_hex(c) != -1) {
		q->state = MIME_QP_DIGIT;
		q->digit = c;
		return 1;
	}
	q->state = MIME_QP_TEXT;
	if (state == MIME_QP_ESCAPE && c == '=') {
		mime_emit(m, "=", 1);
		return 1;
	}
	if (state == MIME_QP_DIGIT && mime_hex(c) != -1) {
		octet = (char)(mime_hex(q->digit) << 4 | mime_hex(c));
		mime_emit(m, &octet, 1);
		return 1;
	}
	if (state != MIME_QP_CR)
		mime_emit(m, "=", 1);
	if (state == MIME_QP_DIGIT)
		mime_emit(m, &q->digit, 1);
	if (state == MIME_QP_BLANK)
		mime_qp_release(m);
	return 0;
}

/* Text up to the next "=" or line end; returns the octets that are done. */
static size_t
mime_qp_text(struct mime *m, const char *p, size_t n)
{
	size_t k = 0, text, i;

	while (k < n && p[k] != '=' && p[k] != '\r' && p[k] != '\n')
		k++;
	text = k;
	if (k == n || p[k] != '=')
		while (text > 0 && mime_is_blank(p[text - 1]))
			text--;
	if (text > 0 || (k < n && p[k] == '=')) {
		mime_qp_release(m);
		mime_emit(m, p, text);
	}
	for (i = text; i < k; i++)
		mime_qp_hold(m, p[i]);
	if (k == n)
		return k;
	if (p[k] == '=')
		m->qp.state = MIME_QP_ESCAPE;
	else {
		m->qp.nblanks = 0;
		mime_emit(m, p + k, 1);
	}
	return k + 1;
}

static void
mime_qp_body(struct mime *m, const char *p, size_t n)
{
	size_t k;

	for (; n > 0; p += k, n -= k)
		if (m->qp.state == MIME_QP_TEXT)
			k = mime_qp_text(m, p, n);
		else
			k = (size_t)mime_qp_escape(m, *p);
}

static void
mime_qp_end(struct mime *m)
{
	if (m->qp.state == MIME_QP_DIGIT) {
		mime_emit(m, "=", 1);
		mime_emit(m, &m->qp.digit, 1);
	}
}

/* ---- parameters of a field (RFC 2045, 5.1; RFC 2231) ---- */

struct mime_param {
	const char *name, *value;
	size_t nname, nvalue;
	int quoted;
	int extended;		/* RFC 2231: percent signs */
	int first, more;	/* RFC 2231: of a value in sections */
};

/* Skip blanks, semicolons and comments, which may nest. */
static const char *
mime_param_gap(const char *p)
{
	unsigned depth = 0;

	for (; *p != '\0'; p++) {
		if (*p == '\\' && depth > 0 && p[1] != '\0')
			p++;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && depth > 0)
			depth--;
		else if (depth == 0 && *p != ';' && !mime_is_blank(*p))
			break;
	}
	return p;
}

/* The next parameter; the end of it is returned, NULL if there is none. */
static const char *
mime_param_next(const char *p, struct mime_param *out)
{
	p = mime_param_gap(p);
	if (*p == '\0')
		return NULL;
	memset(out, 0, sizeof(*out));
	out->name = p;
	out->nname = mime_until(p, "=; \t(");
	p = mime_skip_blanks(p + out->nname);
	out->value = p;
	if (*p != '=')
		return p;
	p = mime_skip_blanks(p + 1);
	out->quoted = *p == '"';
	out->value = p += out->quoted;
	if (!out->quoted) {
		out->nvalue = mime_until(p, "; \t");
		return p + out->nvalue;
	}
	for (; *p != '\0' && *p != '"'; p++)
		if (*p == '\\' && p[1] != '\0')
			p++;
	out->nvalue = (size_t)(p - out->value);
	return *p == '"' ? p + 1 : p;
}

/* 1 if this is name, or section n of it: name, name*, name*0, name*0*. */
static int
mime_param_is(struct mime_param *param, const char *name, unsigned n)
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

/* Append the value to the n octets in out; what has no room is left out. */
static size_t
mime_param_copy(const struct mime_param *param, char *out, size_t n,
    size_t room)
{
	const char *p = param->value, *end = p + param->nvalue, *q;
	int i;

	/* charset'language'text: only names that are ASCII are looked at */
	for (i = 0; i < 2 && param->extended && param->first; i++)
		if ((q = memchr(p, '\'', (size_t)(end - p))) != NULL)
			p = q + 1;
	for (; p < end; p++) {
		char c = *p;

		if (param->quoted && c == '\\' && p + 1 < end)
			c = *++p;
		else if (param->extended && c == '%' && end - p > 2 &&
		    mime_hex(p[1]) != -1 && mime_hex(p[2]) != -1) {
			c = (char)(mime_hex(p[1]) << 4 | mime_hex(p[2]));
			p += 2;
		}
		if (c != '\0' && n + 1 < room)
			out[n++] = c;
	}
	return n;
}

/*
 * The value of a parameter in a field's body, NUL-terminated, cut to the
 * room there is.  A blank separates as a semicolon does.  Returns 0, or -1
 * if there is no such parameter.
 */
static int
mime_param(const char *body, const char *name, char *out, size_t room)
{
	struct mime_param param;
	const char *p;
	unsigned section;
	size_t n = 0;

	for (section = 0; section < MIME_SECTIONS_MAX; section++) {
		p = mime_param_gap(body);
		p += mime_until(p, "; \t(");
		while ((p = mime_param_next(p, &param)) != NULL)
			if (mime_param_is(&param, name, section))
				break;
		if (p == NULL)
			break;
		n = mime_param_copy(&param, out, n, room);
		if (!param.more) {
			section++;
			break;
		}
	}
	while (n > 0 && mime_is_blank(out[n - 1]))
		n--;
	out[n] = '\0';
	return section > 0 ? 0 : -1;
}

/* 1 if there is such a parameter, and it is not empty. */
static int
mime_param_set(const char *body, const char *name)
{
	char value[2];

	return mime_param(body, name, value, sizeof(value)) == 0 &&
	    value[0] != '\0';
}

static int
mime_param_equals(const char *body, const char *name, const char *want)
{
	char value[16];

	return mime_param(body, name, value, sizeof(value)) == 0 &&
	    strcasecmp(value, want) == 0;
}

static void
mime_get_charset(struct mime_part *part, const char *body)
{
	char s[CHARSET_NAME_MAX + 4], *p = s;
	size_t n;

	if (mime_param(body, "charset", s, sizeof(s)) == -1)
		return;
	p += strspn(p, "' ");
	n = mime_until(p, "' ");
	if (!charset_is_name(p, n))
		return;
	memcpy(part->charset, p, n);
	part->charset[n] = '\0';
}

/* The octets of a Content-ID or a start parameter between the brackets. */
static void
mime_get_id(char out[MIME_ID_MAX + 1], const char *s)
{
	size_t n;

	s += strspn(s, "< \t");
	n = mime_until(s, "> \t");
	if (n > MIME_ID_MAX)
		n = MIME_ID_MAX;
	memcpy(out, s, n);
	out[n] = '\0';
}

/*
 * Copy a type to out, cut to the room there is: blanks around its parts are
 * not of it.  Returns 0, or -1 if it has no slash.
 */
static int
mime_type_name(const char *body, char *out, size_t room)
{
	size_t n = 0;
	int slash = 0, ready = 0;

	for (; *body != '\0' && *body != ';'; body++) {
		if (ready && (mime_is_blank(*body) || *body == '('))
			break;
		if (mime_is_blank(*body))
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
mime_get_type(struct mime_part *part, const char *body)
{
	char value[MIME_ID_MAX + 3];

	/* else it stays text/plain: RFC 2045, 5.2 */
	if (mime_type_name(mime_param_gap(body), value, sizeof(value)) == 0)
		part->type = mime_type_find(value);
	mime_param(body, "boundary", part->boundary, sizeof(part->boundary));
	/* "multi-part/mixed", "mutlipart/mixed" */
	if (part->type == &mime_other && part->boundary[0] != '\0')
		part->type = &mime_mixed;
	if (mime_param(body, "start", value, sizeof(value)) == 0)
		mime_get_id(part->start, value);
	mime_get_charset(part, body);
	part->flowed = mime_param_equals(body, "format", "flowed");
	part->delsp = mime_param_equals(body, "delsp", "yes");
	part->named |= mime_param_set(body, "name");
}

static void
mime_get_encoding(struct mime_part *part, const char *body)
{
	size_t n;

	body = mime_param_gap(body);
	body += *body == '"';
	n = mime_until(body, "; \t(\"");
	if (n == 6 && strncasecmp(body, "base64", n) == 0)
		part->encoding = MIME_BASE64;
	else if (n == 16 && strncasecmp(body, "quoted-printable", n) == 0)
		part->encoding = MIME_QP;
}

static void
mime_get_disposition(struct mime_part *part, const char *body)
{
	size_t n;

	body = mime_param_gap(body);
	n = mime_until(body, "; \t(");
	part->attachment = n == 10 && strncasecmp(body, "attachment", n) == 0;
	part->named |= mime_param_set(body, "filename");
}

/* ---- encoded words (RFC 2047) ---- */

struct mime_word {
	char charset[CHARSET_NAME_MAX + 1];
	enum mime_encoding encoding;
	const char *text, *end;	/* of the encoded text; of the whole word */
	size_t ntext;
};

/* Where the encoded text ends, which holds no "?=". */
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
		if (mime_base64_digit(*p) == -1 && *p != '=' &&
		    !mime_is_blank(*p))
			return 0;
	return 1;
}

/*
 * Parse the word that begins with the "=?" at p.  More is taken than the
 * RFC has: blanks and "?" in the text, words of any length, words beside
 * other text.  Returns 0, or -1 if it is none.
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
	/* a language: RFC 2231, 5 */
	while (q < end && *q != '?')
		q++;
	if (end - q < 3 || q[2] != '?' || strchr("BbQq", q[1]) == NULL)
		return -1;
	w->encoding = q[1] == 'b' || q[1] == 'B' ? MIME_BASE64 : MIME_QP;
	w->text = q + 3;
	if ((q = mime_word_end(w->text, end)) == NULL)
		return -1;
	w->ntext = (size_t)(q - w->text);
	w->end = q + 2;
	if (w->encoding == MIME_BASE64 &&
	    !mime_word_is_base64(w->text, w->ntext))
		return -1;
	return 0;
}

/* The next word from p on; its start is returned, NULL if there is none. */
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
		if (*p == '=' && n > 2 && mime_hex(p[1]) != -1 &&
		    mime_hex(p[2]) != -1) {
			octet = (char)(mime_hex(p[1]) << 4 | mime_hex(p[2]));
			p += 2;
			n -= 2;
		}
		charset_feed(c, &octet, 1);
	}
}

static void
mime_word_decode(struct charset *c, const struct mime_word *w)
{
	struct mime_base64 base64 = {0, 0, 0};
	char buf[MIME_OUT_MAX];
	size_t k, n = w->ntext;
	const char *p = w->text;

	if (w->encoding == MIME_QP) {
		mime_word_q(c, p, n);
		return;
	}
	for (; n > 0; p += k, n -= k) {
		k = n < sizeof(buf) ? n : sizeof(buf);
		charset_feed(c, buf, mime_base64(&base64, p, k, buf));
	}
}

static int
mime_all_blank(const char *p, const char *end)
{
	while (p < end && mime_is_blank(*p))
		p++;
	return p == end;
}

static void
mime_literal(const char *p, const char *end,
    void (*put)(void *, const char *, size_t), void *arg)
{
	struct charset c;

	if (p == end)
		return;
	charset_open(&c, NULL, put, arg);
	charset_feed(&c, p, (size_t)(end - p));
	charset_close(&c);
}

/*
 * Decode a text with encoded words.  Blanks between two words go; words in
 * the same charset are one text, since senders cut characters in two.
 */
static void
mime_words(const char *p, size_t n, void (*put)(void *, const char *, size_t),
    void *arg)
{
	const char *end = p + n, *at;
	struct mime_word w;
	struct charset c;
	char open[CHARSET_NAME_MAX + 1] = "";

	while ((at = mime_word_find(&w, p, end)) != NULL) {
		int adjacent = open[0] != '\0' && mime_all_blank(p, at);

		if (open[0] != '\0' &&
		    (!adjacent || strcasecmp(open, w.charset) != 0)) {
			charset_close(&c);
			open[0] = '\0';
		}
		if (!adjacent)
			mime_literal(p, at, put, arg);
		if (open[0] == '\0') {
			charset_open(&c, w.charset, put, arg);
			memcpy(open, w.charset, sizeof(open));
		}
		mime_word_decode(&c, &w);
		p = w.end;
	}
	if (open[0] != '\0')
		charset_close(&c);
	mime_literal(p, end, put, arg);
}

/* ---- header fields (RFC 5322, 2.2) ---- */

/* Append to the field that is kept: one line, cut between characters. */
static void
mime_keep(void *arg, const char *p, size_t n)
{
	struct mime *m = arg;
	char *out = m->kept[m->field], c;

	for (; n > 0 && !m->kept_full; p++, n--) {
		c = *p;
		if (c == '\0')
			continue;
		if ((unsigned char)c < ' ' || c == 0x7f)
			c = ' ';
		if (c == ' ' && m->nkept == 0)
			continue;
		if (m->nkept < MIME_FIELD_MAX) {
			out[m->nkept++] = c;
			continue;
		}
		m->kept_full = 1;
		while (m->nkept > 0 && (c & 0xc0) == 0x80 &&
		    (out[--m->nkept] & 0xc0) == 0x80)
			continue;
	}
}

/* A field of the message itself. */
static void
mime_field_keep(struct mime *m)
{
	size_t n = m->nraw;
	const char *p = m->raw;

	m->nkept = 0;
	m->kept_full = 0;
	if (m->field == MIME_SUBJECT)
		mime_words(p, n, mime_keep, m);
	else
		mime_literal(p, p + n, mime_keep, m);
	while (m->nkept > 0 && m->kept[m->field][m->nkept - 1] == ' ')
		m->nkept--;
	m->kept[m->field][m->nkept] = '\0';
	m->seen |= 1U << m->field;
}

/* A field is complete. */
static void
mime_field_end(struct mime *m)
{
	struct mime_part *part = &m->part;
	char *s = m->raw;
	size_t i;

	if (m->field == -1)
		return;
	while (m->nraw > 0 && mime_is_blank(m->raw[m->nraw - 1]))
		m->nraw--;
	m->raw[m->nraw] = '\0';
	if (m->field < MIME_FIELDS) {
		mime_field_keep(m);
		m->field = -1;
		return;
	}
	for (i = 0; i < m->nraw; i++)
		if (s[i] == '\0' || s[i] == '\r')
			s[i] = ' ';
	part->seen |= 1U << (m->field - MIME_FIELDS);
	if (m->field == MIME_CONTENT_TYPE)
		mime_get_type(part, s);
	else if (m->field == MIME_CONTENT_ENCODING)
		mime_get_encoding(part, s);
	else if (m->field == MIME_CONTENT_DISPOSITION)
		mime_get_disposition(part, s);
	else
		mime_get_id(part->id, s);
	m->field = -1;
}

/* Collect a field's body; blanks at its start are not of it. */
static void
mime_field_add(struct mime *m, const char *p, size_t n)
{
	size_t room = sizeof(m->raw) - 1 - m->nraw;

	if (m->field == -1)
		return;
	while (m->nraw == 0 && n > 0 && mime_is_blank(*p)) {
		p++;
		n--;
	}
	n = n < room ? n : room;
	memcpy(m->raw + m->nraw, p, n);
	m->nraw += n;
}

/* The first field of its name counts. */
static int
mime_field_number(const struct mime *m, const char *name, size_t n)
{
	int i;

	for (i = 0; i < MIME_ALL_FIELDS && n < sizeof(mime_fields[0]); i++) {
		if (mime_fields[i][n] != '\0' ||
		    strncasecmp(mime_fields[i], name, n) != 0)
			continue;
		if (i >= MIME_FIELDS)
			return m->part.seen & 1U << (i - MIME_FIELDS) ? -1 : i;
		return m->depth > 1 || m->seen & 1U << i ? -1 : i;
	}
	return -1;
}

/*
 * A line that may begin a field: 1 if it does.  Blanks before the colon are
 * obsolete, but there (RFC 5322, 4.5).
 */
static int
mime_field_begin(struct mime *m, const char *p, size_t n)
{
	size_t name = 0, colon;

	while (name < n && name <= MIME_NAME_MAX && p[name] > ' ' &&
	    p[name] < 0x7f && p[name] != ':')
		name++;
	for (colon = name; colon < n && mime_is_blank(p[colon]); colon++)
		continue;
	if (name == 0 || name > MIME_NAME_MAX || colon == n || p[colon] != ':')
		return 0;
	m->field = mime_field_number(m, p, name);
	m->nraw = 0;
	mime_field_add(m, p + colon + 1, n - colon - 1);
	return 1;
}

/* ---- parts and levels ---- */

static void
mime_head(struct mime *m)
{
	const struct mime_level *l = &m->level[m->depth - 1];

	memset(&m->part, 0, sizeof(m->part));
	/* RFC 2045, 5.2, and RFC 2046, 5.1.5 */
	m->part.type = mime_type_find(
	    l->kind == MIME_DIGEST ? "message/rfc822" : "text/plain");
	m->state = MIME_HEAD;
	m->field = -1;
}

static struct mime_level *
mime_push(struct mime *m, enum mime_kind kind)
{
	struct mime_level *l = &m->level[m->depth++];

	memset(l, 0, sizeof(*l));
	l->kind = kind;
	l->text = m->ntext;
	l->source = m->nsource;
	return l;
}

/* 1 if the part is text to be read, and not something attached. */
static int
mime_is_text(const struct mime *m)
{
	const struct mime_part *part = &m->part;

	if (part->type->class != MIME_LEAF && part->type->class != MIME_HTML)
		return 0;
	switch (m->level[m->depth - 1].kind) {
	case MIME_MESSAGE: /* there is nothing that it could be attached to */
		return 1;
	case MIME_ALTERNATIVE:
	case MIME_RELATED: /* a name is only what links point to */
		return !part->attachment;
	case MIME_MIXED:
	case MIME_DIGEST:
	case MIME_SIGNED:
		break;
	}
	return !part->attachment && !part->named;
}

static void
mime_leaf_begin(struct mime *m)
{
	m->rank = (int)m->part.type->rank;
	if (!mime_is_text(m) || !mime_wanted(m, m->rank)) {
		m->state = MIME_SKIP;
		return;
	}
	m->state = MIME_BODY;
	m->reading = m->blank = m->start = 1;
	m->lines = 0;
	m->after_cr = 0;
	m->nindent = m->nout = 0;
	memset(&m->base64, 0, sizeof(m->base64));
	m->qp.state = MIME_QP_TEXT;
	m->qp.nblanks = 0;
	m->uu.state = MIME_UU_NONE;
	m->uu.middle = 0;
	m->uu.n = m->uu.line = 0;
	memset(&m->flow, 0, sizeof(m->flow));
	charset_open(&m->charset, m->part.charset, mime_clean, m);
	if (m->part.type->class == MIME_HTML)
		html_init(&m->html, m->links, mime_put, m);
}

static void
mime_leaf_end(struct mime *m)
{
	if (!m->reading)
		return;
	m->reading = 0;
	if (m->part.encoding == MIME_QP)
		mime_qp_end(m);
	mime_flush(m);
	charset_close(&m->charset);
	if (m->part.type->class == MIME_HTML) {
		html_end(&m->html);
		return;
	}
	if (m->uu.n > 0)
		mime_uu_line(m, 0);
	if (m->flow.phase != MIME_FLOW_QUOTE || m->flow.depth > 0)
		mime_flow_end(m);
}

static void
mime_leaf(struct mime *m, const char *p, size_t n)
{
	switch (m->part.encoding) {
	case MIME_IDENTITY:
		charset_feed(&m->charset, p, n);
		break;
	case MIME_QP:
		mime_qp_body(m, p, n);
		mime_flush(m);
		break;
	case MIME_BASE64:
		mime_base64_body(m, p, n);
		mime_flush(m);
		break;
	}
	/* nothing more can come of it */
	if (m->overflow && !m->blank) {
		mime_leaf_end(m);
		m->state = MIME_SKIP;
	}
}

/*
 * The header is complete.  What is nested deeper than MIME_DEPTH_MAX or has
 * a boundary over MIME_BOUNDARY_MAX is skipped, as attachments are; so is a
 * message that is encoded, which it may not be (RFC 2046, 5.2.1).
 */
static void
mime_head_end(struct mime *m)
{
	const struct mime_part *part = &m->part;
	struct mime_level *l = &m->level[m->depth - 1];
	size_t n = strlen(part->boundary);

	mime_field_end(m);
	if (l->kind == MIME_RELATED)
		l->root = l->start[0] == '\0' ? l->child == 1 :
						strcmp(l->start, part->id) == 0;
	m->state = MIME_SKIP;
	switch (part->type->class) {
	case MIME_OTHER:
		return;
	case MIME_LEAF:
	case MIME_HTML:
		mime_leaf_begin(m);
		return;
	case MIME_MULTI:
		if (n == 0 || n > MIME_BOUNDARY_MAX ||
		    m->depth == MIME_DEPTH_MAX ||
		    (part->attachment && l->kind != MIME_MESSAGE))
			return;
		l = mime_push(m, part->type->kind);
		l->nboundary = n;
		memcpy(l->boundary, part->boundary, n);
		memcpy(l->start, part->start, sizeof(l->start));
		m->bounds++;
		return;
	case MIME_RFC822:
		if (part->encoding != MIME_IDENTITY ||
		    m->depth == MIME_DEPTH_MAX)
			return;
		mime_push(m, MIME_MESSAGE);
		mime_head(m);
		return;
	}
}

/* A delimiter of level i: all that is open inside it ends. */
static void
mime_cross(struct mime *m, size_t i, int close)
{
	mime_field_end(m);
	mime_leaf_end(m);
	m->eol = MIME_EOL_NONE;
	while (m->depth > i + 1)
		m->bounds -= m->level[--m->depth].nboundary > 0;
	if (close) {
		m->depth--;
		m->bounds--;
		m->state = MIME_SKIP;
		return;
	}
	m->level[i].child++;
	mime_head(m);
}

/*
 * 1 if the line is a delimiter of an open multipart: exactly that, but for
 * blanks behind it, since one boundary may begin another (RFC 2046, 5.1.1).
 */
static int
mime_delimiter(struct mime *m, const char *p, size_t n)
{
	size_t i = m->depth, k;

	while (n > 2 && mime_is_blank(p[n - 1]))
		n--;
	while (i-- > 0) {
		const struct mime_level *l = &m->level[i];

		k = l->nboundary;
		if (k == 0 || n < k + 2 || memcmp(p + 2, l->boundary, k) != 0)
			continue;
		if (n == k + 2 ||
		    (n == k + 4 && memcmp(p + k + 2, "--", 2) == 0)) {
			mime_cross(m, i, n > k + 2);
			return 1;
		}
	}
	return 0;
}

/* ---- lines ---- */

static void
mime_body(struct mime *m, const char *p, size_t n)
{
	if (m->state == MIME_BODY && n > 0)
		mime_leaf(m, p, n);
}

/* The line end before a delimiter belongs to it (RFC 2046, 5.1.1). */
static void
mime_body_eol(struct mime *m)
{
	enum mime_end_of_line eol = m->eol;

	m->eol = MIME_EOL_NONE;
	if (eol == MIME_EOL_LF)
		mime_body(m, "\n", 1);
	else if (eol == MIME_EOL_CRLF)
		mime_body(m, "\r\n", 2);
}

/*
 * A line of the header: 1 if it was one.  Anything but a field and what goes
 * on with it is the end of the header, and all but an empty line belongs to
 * the body already.  What goes on with nothing is dropped.
 */
static int
mime_head_line(struct mime *m, const char *p, size_t n)
{
	if (n > 0 && mime_is_blank(*p)) {
		mime_field_add(m, p, n);
		return 1;
	}
	mime_field_end(m);
	return n > 0 && mime_field_begin(m, p, n);
}

/*
 * A line without its end, or if not whole, its first MIME_LINE_MAX octets.
 * Returns 1 if it does not belong to the body.
 */
static int
mime_line_begin(struct mime *m, const char *p, size_t n, int whole)
{
	if (m->first) {
		m->first = 0;
		if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
			p += 3;
			n -= 3;
		}
		/* the envelope that some programs leave in front */
		if (n >= 5 && memcmp(p, "From ", 5) == 0)
			return 1;
	}
	for (;;) {
		if (whole && m->bounds > 0 && n >= 2 && p[0] == '-' &&
		    p[1] == '-' && mime_delimiter(m, p, n))
			return 1;
		if (m->state != MIME_HEAD)
			break;
		if (mime_head_line(m, p, n))
			return 1;
		mime_head_end(m);
		if (n == 0)
			return 1;
	}
	mime_body_eol(m);
	mime_body(m, p, n);
	return 0;
}

static void
mime_line_more(struct mime *m, const char *p, size_t n)
{
	if (m->state == MIME_HEAD)
		mime_field_add(m, p, n);
	else
		mime_body(m, p, n);
}

static void
mime_line_end(struct mime *m, int crlf)
{
	if (m->state != MIME_BODY)
		return;
	m->eol = crlf ? MIME_EOL_CRLF : MIME_EOL_LF;
	if (m->bounds == 0)
		mime_body_eol(m);
}

/* A whole line with n octets in front of its LF. */
static void
mime_whole_line(struct mime *m, const char *p, size_t n)
{
	int crlf = n > 0 && p[n - 1] == '\r';

	if (!mime_line_begin(m, p, n - (size_t)crlf, 1))
		mime_line_end(m, crlf);
	m->nline = 0;
}

/* The start of a line: it is held until it is whole or MIME_LINE_MAX long. */
static size_t
mime_take_start(struct mime *m, const char *p, size_t n)
{
	size_t room = MIME_LINE_MAX - m->nline, k;
	const char *lf = memchr(p, '\n', n < room ? n : room);

	k = lf != NULL ? (size_t)(lf - p) : n < room ? n : room;
	if (lf != NULL && m->nline == 0) {
		mime_whole_line(m, p, k);
		return k + 1;
	}
	memcpy(m->line + m->nline, p, k);
	m->nline += k;
	if (lf != NULL) {
		mime_whole_line(m, m->line, m->nline);
		return k + 1;
	}
	if (m->nline == MIME_LINE_MAX) {
		m->cr = m->line[MIME_LINE_MAX - 1] == '\r';
		m->nline = 0;
		m->middle = 1;
		mime_line_begin(m, m->line,
		    MIME_LINE_MAX - (size_t)m->cr, 0);
	}
	return k;
}

/* The rest of a long line. */
static size_t
mime_take_middle(struct mime *m, const char *p, size_t n)
{
	const char *lf = memchr(p, '\n', n);
	size_t k = lf == NULL ? n : (size_t)(lf - p), text;

	if (m->cr && k > 0)
		mime_line_more(m, "\r", 1);
	if (k > 0)
		m->cr = p[k - 1] == '\r';
	text = k - (size_t)(k > 0 && m->cr);
	if (text > 0)
		mime_line_more(m, p, text);
	if (lf == NULL)
		return k;
	mime_line_end(m, m->cr);
	m->middle = m->cr = 0;
	return k + 1;
}

/* A line of what is skipped, if it is clear that it is no delimiter. */
static size_t
mime_take_skipped(struct mime *m, const char *p, size_t n)
{
	const char *lf;

	if (m->bounds == 0)
		return n;
	if (m->middle || m->nline > 0 ||
	    (p[0] == '-' && (n == 1 || p[1] == '-')))
		return 0;
	lf = memchr(p, '\n', n);
	m->middle = lf == NULL;
	return lf == NULL ? n : (size_t)(lf - p) + 1;
}

static size_t
mime_take(struct mime *m, const char *p, size_t n)
{
	size_t k;

	if (m->state == MIME_SKIP && (k = mime_take_skipped(m, p, n)) > 0)
		return k;
	/* nothing can come but the rest of this body */
	if (m->state == MIME_BODY && m->bounds == 0 && !m->middle) {
		mime_body(m, p, n);
		return n;
	}
	return m->middle ? mime_take_middle(m, p, n) :
			   mime_take_start(m, p, n);
}

/* ---- what others call ---- */

void
mime_init(struct mime *m, int links)
{
	m->links = links;
	m->first = 1;
	m->middle = m->cr = 0;
	m->eol = MIME_EOL_NONE;
	m->nline = 0;
	m->seen = 0;
	m->nraw = m->nkept = 0;
	m->depth = m->bounds = 0;
	m->reading = 0;
	m->overflow = 0;
	m->ntext = m->nsource = 0;
	mime_push(m, MIME_MESSAGE);
	mime_head(m);
}

void
mime_feed(struct mime *m, const void *data, size_t n)
{
	const char *p = data;
	size_t k;

	for (; n > 0; p += k, n -= k)
		k = mime_take(m, p, n);
}

void
mime_end(struct mime *m)
{
	if (m->nline > 0)
		mime_whole_line(m, m->line, m->nline);
	/* a message in the message may have no header either */
	while (m->state == MIME_HEAD)
		mime_head_end(m);
	mime_leaf_end(m);
	if (m->nsource == 0)
		m->nsource = (size_t)snprintf(m->source, sizeof(m->source),
		    "none");
	m->text[m->ntext] = '\0';
	m->source[m->nsource] = '\0';
}

const char *
mime_text(const struct mime *m)
{
	return m->text;
}

const char *
mime_field(const struct mime *m, enum mime_field field)
{
	return m->seen & 1U << field ? m->kept[field] : NULL;
}

int
mime_overflow(const struct mime *m)
{
	return m->overflow;
}

const char *
mime_source(const struct mime *m)
{
	return m->source;
}
