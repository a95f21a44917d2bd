/*
 * mime: from a message to its text, in one pass (RFC 5322, 2046).  Octets
 * are cut into lines; these are header fields, the boundaries of a
 * multipart, or the body of a part; what a person should read is kept.
 * Pure: no descriptors, no allocation but iconv's, only const tables.  What
 * the fields of a part say is mime_part.c's, encoded words are mime_word.c's
 * and the body of a part is mime_leaf.c's; signature, blank lines and
 * control characters are text.c's.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "mail/mime.h"
#include "mail/mime_mailbox.h"
#include "mail/mime_word.h"

/* Fields that describe a part come behind those that are kept. */
enum {
	MIME_CONTENT_TYPE = MIME_FIELDS + MIME_PART_CONTENT_TYPE,
	MIME_CONTENT_ENCODING = MIME_FIELDS + MIME_PART_CONTENT_ENCODING,
	MIME_CONTENT_DISPOSITION = MIME_FIELDS + MIME_PART_CONTENT_DISPOSITION,
	MIME_CONTENT_ID = MIME_FIELDS + MIME_PART_CONTENT_ID,
	MIME_ALL_FIELDS = MIME_FIELDS + MIME_PART_FIELDS
};

static const char mime_fields[MIME_ALL_FIELDS][26] = {
	[MIME_SUBJECT] = "Subject",
	[MIME_FROM] = "From",
	[MIME_AUTO_SUBMITTED] = "Auto-Submitted",
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
	case MIME_PART_MESSAGE:
		return MIME_ADD;
	case MIME_PART_SIGNED:
		return l->child == 1 ? MIME_ADD : MIME_DROP;
	case MIME_PART_ALTERNATIVE:
		*score = rank;
		if (l->score == 0 || l->kept != l->child)
			return rank > l->score ? MIME_REPLACE : MIME_DROP;
		if (rank < l->score)
			*score = l->score;
		return MIME_ADD;
	case MIME_PART_RELATED:
		/* RFC 2387; an MMS has its text beside the root */
		*score = l->root ? 2 : 1;
		break;
	case MIME_PART_MIXED:
	case MIME_PART_DIGEST:
		*score = rank == MIME_PART_RANK_FORWARDED ? 1 : 2;
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
	if (m->level[i].kind == MIME_PART_MESSAGE)
		return MIME_PART_RANK_FORWARDED;
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
	if (m->level[m->depth - 1].kind == MIME_PART_MESSAGE)
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
	int score, rank = (int)m->part.type->rank;

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
	if (m->ntext > 0 && m->leaf.lines > 0)
		mime_append(m, "\n", 1);
}

/* Text of the part that is being read. */
static void
mime_put(void *arg, const char *p, size_t n)
{
	struct mime *m = arg;

	if (!m->chosen) {
		m->chosen = 1;
		mime_choose(m);
	}
	mime_append(m, p, n);
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

/* 1 if the field of the message is text that people write (RFC 2047, 5). */
static int
mime_field_is_text(int field)
{
	return field == MIME_SUBJECT || field == MIME_SMS_DEVICE ||
	    field == MIME_SMS_FROM;
}

/* A field of the message itself. */
static void
mime_field_keep(struct mime *m)
{
	size_t n = m->nraw;
	const char *p = m->raw;

	m->nkept = 0;
	m->kept_full = 0;
	if (mime_field_is_text(m->field))
		mime_word_text(p, n, mime_keep, m);
	else
		mime_word_literal(p, n, mime_keep, m);
	/* what would be left of an option that is cut is another option */
	if ((m->kept_full || n == sizeof(m->raw) - 1) &&
	    m->field >= MIME_SMS_PRIORITY)
		m->nkept = 0;
	while (m->nkept > 0 && m->kept[m->field][m->nkept - 1] == ' ')
		m->nkept--;
	m->kept[m->field][m->nkept] = '\0';
	m->seen |= 1U << m->field;
}

/* A field is complete. */
static void
mime_field_end(struct mime *m)
{
	char *s = m->raw;
	size_t i;

	if (m->field == -1)
		return;
	/* blanks at its end are not of it; if it was cut, who knows */
	while (m->nraw > 0 && m->nraw < sizeof(m->raw) - 1 &&
	    mime_decode_is_blank(m->raw[m->nraw - 1]))
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
	mime_part_set(&m->part,
	    (enum mime_part_field)(m->field - MIME_FIELDS), s);
	m->field = -1;
}

/* Collect a field's body; blanks at its start are not of it. */
static void
mime_field_add(struct mime *m, const char *p, size_t n)
{
	size_t room = sizeof(m->raw) - 1 - m->nraw;

	if (m->field == -1)
		return;
	while (m->nraw == 0 && n > 0 && mime_decode_is_blank(*p)) {
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
	for (colon = name; colon < n && mime_decode_is_blank(p[colon]); colon++)
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

	mime_part_init(&m->part, l->kind == MIME_PART_DIGEST);
	m->state = MIME_HEAD;
	m->field = -1;
}

static struct mime_level *
mime_push(struct mime *m, enum mime_part_kind kind)
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

	if (part->type->class != MIME_PART_TEXT &&
	    part->type->class != MIME_PART_HTML)
		return 0;
	switch (m->level[m->depth - 1].kind) {
	case MIME_PART_MESSAGE:
		/* there is nothing that it could be attached to */
		return 1;
	case MIME_PART_ALTERNATIVE:
	case MIME_PART_RELATED: /* a name is only what links point to */
		return !part->attachment;
	case MIME_PART_MIXED:
	case MIME_PART_DIGEST:
	case MIME_PART_SIGNED:
		break;
	}
	return !part->attachment && !part->named;
}

static void
mime_text_begin(struct mime *m)
{
	const struct mime_part *part = &m->part;
	struct mime_leaf_form form = {part->encoding, part->charset,
	    part->type->class == MIME_PART_HTML, m->links, part->flowed,
	    part->delsp};

	if (!mime_is_text(m) || !mime_wanted(m, (int)part->type->rank)) {
		m->state = MIME_SKIP;
		return;
	}
	m->state = MIME_BODY;
	m->reading = 1;
	m->chosen = 0;
	mime_leaf_init(&m->leaf, &form, mime_put, m);
}

/* Octets of the data. */
static void
mime_data_put(void *arg, const char *p, size_t n)
{
	struct mime *m = arg;
	size_t room = sizeof(m->data) - m->ndata;

	n = n < room ? n : room;
	memcpy(m->data + m->ndata, p, n);
	m->ndata += n;
}

/* A part that is no text: only where X-SMS-Port asks for the first. */
static void
mime_data_begin(struct mime *m)
{
	if (m->has_data || !(m->seen & 1U << MIME_SMS_PORT))
		return;
	m->has_data = 1;
	m->state = MIME_DATA;
	mime_decode_init(&m->decode, m->part.encoding, mime_data_put, m);
}

/* The part that is being read ends. */
static void
mime_leave(struct mime *m)
{
	if (m->state == MIME_DATA) {
		mime_decode_end(&m->decode);
		m->state = MIME_SKIP;
	}
	if (!m->reading)
		return;
	m->reading = 0;
	mime_leaf_end(&m->leaf);
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
	if (m->depth == 1)
		m->report = mime_part_is_report(part);
	if (l->kind == MIME_PART_RELATED)
		l->root = l->start[0] == '\0' ? l->child == 1 :
						strcmp(l->start, part->id) == 0;
	m->state = MIME_SKIP;
	switch (part->type->class) {
	case MIME_PART_OTHER:
		mime_data_begin(m);
		return;
	case MIME_PART_OTHER_TEXT:
		return;
	case MIME_PART_TEXT:
	case MIME_PART_HTML:
		mime_text_begin(m);
		return;
	case MIME_PART_MULTI:
		if (n == 0 || n > MIME_BOUNDARY_MAX ||
		    m->depth == MIME_DEPTH_MAX ||
		    (part->attachment && l->kind != MIME_PART_MESSAGE))
			return;
		l = mime_push(m, part->type->kind);
		l->nboundary = n;
		memcpy(l->boundary, part->boundary, n);
		memcpy(l->start, part->start, sizeof(l->start));
		m->bounds++;
		return;
	case MIME_PART_RFC822:
		if (part->encoding != MIME_DECODE_IDENTITY ||
		    m->depth == MIME_DEPTH_MAX)
			return;
		mime_push(m, MIME_PART_MESSAGE);
		mime_head(m);
		return;
	}
}

/* A delimiter of level i: all that is open inside it ends. */
static void
mime_cross(struct mime *m, size_t i, int close)
{
	mime_field_end(m);
	mime_leave(m);
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

	while (n > 2 && mime_decode_is_blank(p[n - 1]))
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
	if (m->state == MIME_DATA && n > 0)
		mime_decode_feed(&m->decode, p, n);
	if (m->state != MIME_BODY || n == 0)
		return;
	mime_leaf_feed(&m->leaf, p, n);
	/* nothing more can come of it */
	if (m->overflow && m->chosen) {
		mime_leave(m);
		m->state = MIME_SKIP;
	}
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
	if (n > 0 && mime_decode_is_blank(*p)) {
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
	if (m->state != MIME_BODY && m->state != MIME_DATA)
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
	if ((m->state == MIME_BODY || m->state == MIME_DATA) &&
	    m->bounds == 0 && !m->middle) {
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
	m->reading = m->has_data = 0;
	m->report = 0;
	m->overflow = 0;
	m->ntext = m->nsource = m->ndata = 0;
	mime_push(m, MIME_PART_MESSAGE);
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
	mime_leave(m);
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
	return m->overflow;
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
	return m->source;
}
