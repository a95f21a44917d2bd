/*
 * mime: from a message to its text, in one pass (RFC 5322, 2046).  This file
 * cuts octets into lines and finds the headers, the delimiters of multiparts
 * and the bodies of parts.  It is pure: no descriptors, no allocation but
 * iconv's, only const tables.  mime_header.c and mime_part.c read a header,
 * mime_body.c reads a body, mime_choice.c decides which texts are kept, and
 * text.c removes signature, blank lines and control characters.
 */
#include <string.h>
#include <strings.h>

#include "mail/mime.h"
#include "mail/mime_char.h"
#include "mail/mime_mailbox.h"

/* Keep text of the part that is being read. */
static void
mime_put_text(void *arg, const char *p, size_t n)
{
	struct mime *m = arg;

	if (!m->chosen) {
		m->chosen = 1;
		if (m->part.charset[0] == '\0')
			strcpy(m->part.charset, m->body.named);
		mime_choice_begin(&m->choice, &m->part, m->rank,
		    m->body.lines > 0);
	}
	mime_choice_add(&m->choice, p, n);
}

/* Keep octets of the data part. */
static void
mime_put_data(void *arg, const char *p, size_t n)
{
	struct mime *m = arg;
	size_t room = sizeof(m->data) - m->ndata;

	n = n < room ? n : room;
	memcpy(m->data + m->ndata, p, n);
	m->ndata += n;
}

/* ---- parts and levels ---- */

static void
mime_begin_header(struct mime *m)
{
	enum mime_part_kind kind = mime_choice_inner(&m->choice)->kind;

	mime_part_init(&m->part, kind == MIME_PART_DIGEST);
	m->state = MIME_HEAD;
	mime_header_begin(&m->header);
}

/* Begin a level: a message, or a multipart with its boundary. */
static void
mime_open(struct mime *m, enum mime_part_kind kind, const char *boundary)
{
	struct mime_level *l = &m->level[m->choice.depth];

	mime_choice_open(&m->choice, kind);
	l->parted = kind != MIME_PART_MESSAGE;
	l->nboundary = strlen(boundary);
	memcpy(l->boundary, boundary, l->nboundary + 1);
	memcpy(l->start, m->part.start, sizeof(l->start));
	m->bounds += (size_t)l->parted;
}

static void
mime_close(struct mime *m)
{
	m->bounds -= (size_t)m->level[--m->choice.depth].parted;
}

/*
 * How much a text is worth where it stands; NONE: it is an attachment.  A part
 * with a name may be a file, so it is read only if there is no other text.
 */
static enum mime_part_rank
mime_rank(struct mime *m)
{
	const struct mime_part *part = &m->part;
	int named = 0;

	switch (mime_choice_inner(&m->choice)->kind) {
	case MIME_PART_MESSAGE:
		/* this part is the whole message: no attachment */
		return part->type->rank;
	case MIME_PART_ALTERNATIVE:
	case MIME_PART_RELATED: /* the name is only for links (cid:) */
		break;
	case MIME_PART_MIXED:
	case MIME_PART_DIGEST:
	case MIME_PART_SIGNED:
		named = part->named;
		break;
	}
	if (part->attachment)
		return MIME_PART_RANK_NONE;
	return named ? MIME_PART_RANK_NAMED : part->type->rank;
}

static void
mime_begin_text(struct mime *m)
{
	const struct mime_part *part = &m->part;
	struct mime_body_form form = {
		.kind = part->type->class == MIME_PART_HTML ? MIME_BODY_HTML :
							      MIME_BODY_PLAIN,
		.encoding = part->encoding,
		.charset = part->charset,
		.links = m->links,
		.flowed = part->flowed,
		.delsp = part->delsp,
	};

	m->rank = mime_rank(m);
	if (m->rank == MIME_PART_RANK_NONE ||
	    !mime_choice_wants(&m->choice, m->rank))
		return;
	m->state = MIME_BODY;
	m->is_data = m->chosen = 0;
	mime_body_init(&m->body, &form, mime_put_text, m);
}

/* Read a part that is not text: the first one, if X-SMS-Port wants it. */
static void
mime_begin_data(struct mime *m)
{
	struct mime_body_form form = {
		.kind = MIME_BODY_DATA,
		.encoding = m->part.encoding,
	};

	if (m->has_data || mime_field(m, MIME_SMS_PORT) == NULL)
		return;
	m->state = MIME_BODY;
	m->is_data = m->has_data = 1;
	mime_body_init(&m->body, &form, mime_put_data, m);
}

/* End the part that is being read. */
static void
mime_leave(struct mime *m)
{
	if (m->state == MIME_BODY) {
		mime_body_end(&m->body);
		if (!m->is_data && m->chosen)
			mime_choice_finish(&m->choice);
	}
	m->state = MIME_SKIP;
}

/* Note whether this part of a multipart/related is its root (RFC 2387). */
static void
mime_find_root(struct mime *m)
{
	struct mime_choice_level *l = mime_choice_inner(&m->choice);
	const char *start = m->level[m->choice.depth - 1].start;

	if (l->kind == MIME_PART_RELATED)
		l->root = start[0] == '\0' ? l->child == 1 :
					     strcmp(start, m->part.id) == 0;
}

/*
 * Begin a multipart.  Skip it if it is attached, nested deeper than
 * MIME_DEPTH_MAX, or has a boundary longer than MIME_BOUNDARY_MAX.
 */
static void
mime_begin_multipart(struct mime *m)
{
	const struct mime_part *part = &m->part;
	size_t n = strlen(part->boundary);

	if (n > MIME_BOUNDARY_MAX || m->choice.depth == MIME_DEPTH_MAX ||
	    (part->attachment &&
		mime_choice_inner(&m->choice)->kind != MIME_PART_MESSAGE))
		return;
	mime_open(m, part->type->kind, part->boundary);
}

/* Begin a message in the message; skip one that is encoded (illegal). */
static void
mime_begin_message(struct mime *m)
{
	/* RFC 2046, 5.2.1 */
	if (m->part.encoding != MIME_DECODE_IDENTITY ||
	    m->choice.depth == MIME_DEPTH_MAX)
		return;
	mime_open(m, MIME_PART_MESSAGE, "");
	mime_begin_header(m);
}

/* Read the fields at the header's end that turned out to be text. */
static void
mime_put_loose(struct mime *m)
{
	const char *p;
	size_t n = mime_header_loose(&m->header, &p);

	if (n == 0 || m->state != MIME_BODY || m->is_data)
		return;
	mime_body_feed(&m->body, p, n);
	m->eol = MIME_EOL_CRLF;
	if (n < MIME_RAW_MAX)
		return;
	/* there may have been more */
	mime_leave(m);
	m->choice.overflow = 1;
}

static void
mime_begin_body(struct mime *m)
{
	switch (m->part.type->class) {
	case MIME_PART_OTHER:
		mime_begin_data(m);
		return;
	case MIME_PART_OTHER_TEXT:
		return;
	case MIME_PART_TEXT:
	case MIME_PART_HTML:
		mime_begin_text(m);
		return;
	case MIME_PART_MULTI:
		mime_begin_multipart(m);
		return;
	case MIME_PART_RFC822:
		mime_begin_message(m);
		return;
	}
}

/* The header is complete. */
static void
mime_end_header(struct mime *m)
{
	mime_header_end(&m->header, &m->part);
	if (m->choice.depth == 1)
		m->report = mime_part_is_report(&m->part);
	mime_find_root(m);
	m->state = MIME_SKIP;
	mime_begin_body(m);
	mime_put_loose(m);
}

/* Handle a delimiter of level i: end all levels that are open inside it. */
static void
mime_cross(struct mime *m, size_t i, int close)
{
	const char *p;

	/* no empty line ended the part's header: its end may be text */
	if (m->state == MIME_HEAD && mime_header_loose(&m->header, &p) > 0)
		mime_end_header(m);
	mime_leave(m);
	m->eol = MIME_EOL_NONE;
	while (m->choice.depth > i + 1)
		mime_close(m);
	if (close) {
		mime_close(m);
		return;
	}
	mime_choice_inner(&m->choice)->child++;
	mime_begin_header(m);
}

/*
 * Where the header of a multipart names no boundary, take it from the first
 * line that looks like a delimiter.  1 if this is that line.
 */
static int
mime_adopt(struct mime *m, const char *p, size_t n)
{
	size_t i = m->choice.depth - 1;
	struct mime_level *l = &m->level[i];

	if (!l->parted || l->nboundary > 0 || n == 0 ||
	    n > MIME_BOUNDARY_MAX || mime_char_is_blank(*p))
		return 0;
	l->nboundary = n;
	memcpy(l->boundary, p, n);
	mime_cross(m, i, 0);
	return 1;
}

/*
 * 1 if the line is a delimiter of an open multipart.  Only blanks may follow
 * it, since one boundary may be the start of another (RFC 2046, 5.1.1).
 */
static int
mime_delimiter(struct mime *m, const char *p, size_t n)
{
	size_t i = m->choice.depth, k;

	while (n > 2 && mime_char_is_blank(p[n - 1]))
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
	return mime_adopt(m, p + 2, n - 2);
}

/* ---- lines ---- */

/* Feed octets of the body, if somebody reads it. */
static void
mime_put_body(struct mime *m, const char *p, size_t n)
{
	if (m->state != MIME_BODY || n == 0)
		return;
	mime_body_feed(&m->body, p, n);
	/* the text is full */
	if (m->choice.overflow && !m->is_data && m->chosen)
		mime_leave(m);
}

/* The line end before a delimiter belongs to it (RFC 2046, 5.1.1). */
static void
mime_put_body_eol(struct mime *m)
{
	enum mime_end_of_line eol = m->eol;

	m->eol = MIME_EOL_NONE;
	if (eol == MIME_EOL_LF)
		mime_put_body(m, "\n", 1);
	else if (eol == MIME_EOL_CRLF)
		mime_put_body(m, "\r\n", 2);
}

/*
 * Take a line without its end; if not whole, its first MIME_LINE_MAX octets.
 * Returns 1 if the line does not belong to a body.
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
		/* an mbox separator that some programs leave in front */
		if (n >= 5 && memcmp(p, "From ", 5) == 0)
			return 1;
	}
	for (;;) {
		if (whole && m->bounds > 0 && n >= 2 && p[0] == '-' &&
		    p[1] == '-' && mime_delimiter(m, p, n))
			return 1;
		if (m->state != MIME_HEAD)
			break;
		if (mime_header_line(&m->header, &m->part,
			m->choice.depth == 1, p, n))
			return 1;
		mime_end_header(m);
		/* the empty line that ends the header is not text */
		if (n == 0 && m->eol == MIME_EOL_NONE)
			return 1;
	}
	mime_put_body_eol(m);
	mime_put_body(m, p, n);
	return 0;
}

static void
mime_line_more(struct mime *m, const char *p, size_t n)
{
	if (m->state == MIME_HEAD)
		mime_header_more(&m->header, p, n);
	else
		mime_put_body(m, p, n);
}

static void
mime_line_end(struct mime *m, int crlf)
{
	if (m->state != MIME_BODY)
		return;
	m->eol = crlf ? MIME_EOL_CRLF : MIME_EOL_LF;
	if (m->bounds == 0)
		mime_put_body_eol(m);
}

/* Take a whole line with n octets before its LF. */
static void
mime_whole_line(struct mime *m, const char *p, size_t n)
{
	int crlf = n > 0 && p[n - 1] == '\r';

	if (!mime_line_begin(m, p, n - (size_t)crlf, 1))
		mime_line_end(m, crlf);
	m->nline = 0;
}

/* Collect a line until it is whole or MIME_LINE_MAX octets long. */
static size_t
mime_feed_start(struct mime *m, const char *p, size_t n)
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

/* Pass on the rest of a long line. */
static size_t
mime_feed_middle(struct mime *m, const char *p, size_t n)
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

/*
 * Skip a line of a part that nobody reads.  Returns 0 if it may be a
 * delimiter.
 */
static size_t
mime_feed_skipped(struct mime *m, const char *p, size_t n)
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

/* Take some octets, at most one line; returns how many. */
static size_t
mime_feed_some(struct mime *m, const char *p, size_t n)
{
	size_t k;

	if (m->state == MIME_SKIP && (k = mime_feed_skipped(m, p, n)) > 0)
		return k;
	/* without a multipart, all the rest is this body */
	if (m->state == MIME_BODY && m->bounds == 0 && !m->middle) {
		mime_put_body(m, p, n);
		return n;
	}
	return m->middle ? mime_feed_middle(m, p, n) :
			   mime_feed_start(m, p, n);
}

/* ---- the public functions ---- */

void
mime_init(struct mime *m, int links)
{
	m->links = links;
	m->first = 1;
	m->middle = m->cr = 0;
	m->eol = MIME_EOL_NONE;
	m->nline = 0;
	mime_header_init(&m->header);
	m->report = 0;
	m->has_data = 0;
	m->ndata = 0;
	m->bounds = 0;
	mime_choice_init(&m->choice);
	m->part.start[0] = '\0';
	mime_open(m, MIME_PART_MESSAGE, "");
	mime_begin_header(m);
}

void
mime_feed(struct mime *m, const void *data, size_t n)
{
	const char *p = data;
	size_t k;

	for (; n > 0; p += k, n -= k)
		k = mime_feed_some(m, p, n);
}

void
mime_end(struct mime *m)
{
	if (m->nline > 0)
		mime_whole_line(m, m->line, m->nline);
	/* a message in the message may consist of a header only, too */
	while (m->state == MIME_HEAD)
		mime_end_header(m);
	mime_leave(m);
	mime_choice_end(&m->choice);
}

const char *
mime_text(const struct mime *m)
{
	return m->choice.text;
}

const char *
mime_field(const struct mime *m, enum mime_field field)
{
	return mime_header_field(&m->header, field);
}

int
mime_differs(const struct mime *m, enum mime_field field)
{
	return mime_header_differs(&m->header, field);
}

int
mime_is_bounce(const struct mime *m, int null_sender)
{
	const char *how = mime_field(m, MIME_AUTO_SUBMITTED);
	const char *from = mime_field(m, MIME_FROM);
	struct mime_mailbox box;

	if (m->report)
		return 1;
	if (how != NULL && strncasecmp(how, "auto-replied", 12) == 0 &&
	    strchr(" \t;(", how[12]) != NULL)
		return 1;
	if (!null_sender || from == NULL)
		return 0;
	mime_mailbox_parse(&box, from);
	return mime_mailbox_is_local(&box, "MAILER-DAEMON") ||
	    mime_mailbox_is_local(&box, "postmaster");
}

int
mime_overflow(const struct mime *m)
{
	return m->choice.overflow;
}

const char *
mime_data(const struct mime *m, size_t *n)
{
	*n = m->ndata;
	return m->has_data ? m->data : NULL;
}

const char *
mime_source(const struct mime *m)
{
	return m->choice.source;
}
