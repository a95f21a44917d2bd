/*
 * mime_header: cuts a header into fields, unfolds those that smtp2sms uses, and
 * keeps them or hands them to mime_part.c.  mime_word.c decodes encoded words;
 * mime.c knows where a header begins.
 */
#include <string.h>
#include <strings.h>

#include "mail/mime_char.h"
#include "mail/mime_header.h"
#include "mail/mime_word.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* Fields that describe a part are numbered after those that are kept. */
#define BEHIND_KEPT(field) ((int)MIME_FIELDS + (int)(field))

enum {
	MIME_CONTENT_TYPE = BEHIND_KEPT(MIME_PART_CONTENT_TYPE),
	MIME_CONTENT_ENCODING = BEHIND_KEPT(MIME_PART_CONTENT_ENCODING),
	MIME_CONTENT_DISPOSITION = BEHIND_KEPT(MIME_PART_CONTENT_DISPOSITION),
	MIME_CONTENT_ID = BEHIND_KEPT(MIME_PART_CONTENT_ID),
	MIME_ALL_FIELDS = BEHIND_KEPT(MIME_PART_FIELDS)
};

static const char mime_header_names[MIME_ALL_FIELDS][26] = {
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

/*
 * Other fields of mail headers: whole names, and the starts of names.  Where no
 * empty line ends the header, a field that is not listed counts as text.
 * Common words (Status, Location) are left out: devices begin texts with them.
 */
static const char mime_header_others[][20] = {"To", "Cc", "Bcc", "Sender",
    "References", "Comments", "Keywords", "Received", "Precedence",
    "Sensitivity", "Organization", "Organisation", "User-Agent", "Autocrypt",
    "Newsgroups", "Supersedes", "Expires", "Xref", "Mailer", "VBR-Info",
    "TLS-Required", "Jabber-ID"};
static const char mime_header_starts[][20] = {"X-", "Content-", "MIME-",
    "Resent-", "Reply-", "In-Reply-", "Return-", "List-", "Received-", "ARC-",
    "DKIM-", "DomainKey-", "Authentication-", "Auto-", "Delivered-",
    "Delivery-", "Envelope-", "Errors-", "Apparently-", "Disposition-",
    "Thread-", "Message-", "Mailing-List", "Mail-", "Original-", "Accept-",
    "Archived-", "Expiry-", "Feedback-", "Require-", "Bounces-", "MMHS-",
    "Old-"};

void
mime_header_init(struct mime_header *h)
{
	h->seen = h->differs = 0;
	h->nkept = 0;
	mime_header_begin(h);
}

void
mime_header_begin(struct mime_header *h)
{
	h->begun = 0;
	h->field = -1;
	h->loose = 0;
	h->nraw = 0;
}

/* ---- fields that are kept ---- */

/* Append to the kept field: make it one line, cut between characters. */
static void
mime_header_keep(void *arg, const char *p, size_t n)
{
	struct mime_header *h = arg;
	char *out = h->kept[h->slot], c;

	for (; n > 0 && !h->kept_full; p++, n--) {
		c = *p;
		if (c == '\0')
			continue;
		if ((unsigned char)c < ' ' || c == 0x7f)
			c = ' ';
		if (c == ' ' && h->nkept == 0)
			continue;
		if (h->nkept < MIME_FIELD_MAX) {
			out[h->nkept++] = c;
			continue;
		}
		h->kept_full = 1;
		while (h->nkept > 0 && (c & 0xc0) == 0x80 &&
		    (out[--h->nkept] & 0xc0) == 0x80)
			continue;
	}
}

/* 1 if encoded words are allowed in the field (RFC 2047, 5). */
static int
mime_header_is_text(int field)
{
	return field == MIME_SUBJECT || field == MIME_SMS_DEVICE ||
	    field == MIME_SMS_FROM;
}

static int
mime_header_has(const struct mime_header *h, int field)
{
	return (h->seen & 1U << field) != 0;
}

/* Keep a field of the message itself, or compare it with the one kept. */
static void
mime_header_kept(struct mime_header *h)
{
	size_t n = h->nraw;

	h->slot = mime_header_has(h, h->field) ? MIME_FIELDS : h->field;
	h->nkept = 0;
	h->kept_full = 0;
	if (mime_header_is_text(h->field))
		mime_word_text(h->raw, n, mime_header_keep, h);
	else
		mime_word_literal(h->raw, n, mime_header_keep, h);
	/* never obey an option that was cut: it would mean something else */
	if ((h->kept_full || n == sizeof(h->raw) - 1) &&
	    h->field >= MIME_SMS_PRIORITY)
		h->nkept = 0;
	while (h->nkept > 0 && h->kept[h->slot][h->nkept - 1] == ' ')
		h->nkept--;
	h->kept[h->slot][h->nkept] = '\0';
	if (h->slot != h->field &&
	    strcmp(h->kept[h->slot], h->kept[h->field]) != 0)
		h->differs |= 1U << h->field;
	h->seen |= 1U << h->field;
}

/* ---- lines ---- */

void
mime_header_end(struct mime_header *h, struct mime_part *part)
{
	char *s = h->raw;
	size_t i;

	if (h->field == -1)
		return;
	/* drop blanks at its end, unless the end was cut off */
	while (h->nraw > 0 && h->nraw < sizeof(h->raw) - 1 &&
	    mime_char_is_blank(h->raw[h->nraw - 1]))
		h->nraw--;
	h->raw[h->nraw] = '\0';
	if (h->field < MIME_FIELDS) {
		mime_header_kept(h);
		h->field = -1;
		return;
	}
	for (i = 0; i < h->nraw; i++)
		if (s[i] == '\0' || s[i] == '\r')
			s[i] = ' ';
	/* ignore an empty field, so that another of its name counts */
	if (h->nraw > 0)
		mime_part_set(part,
		    (enum mime_part_field)(h->field - MIME_FIELDS), s);
	h->field = -1;
}

/* Append to raw as much as there is room for. */
static void
mime_header_add(struct mime_header *h, const char *p, size_t n)
{
	size_t room = sizeof(h->raw) - 1 - h->nraw;

	n = n < room ? n : room;
	memcpy(h->raw + h->nraw, p, n);
	h->nraw += n;
}

void
mime_header_more(struct mime_header *h, const char *p, size_t n)
{
	if (h->field == -1 && !h->loose)
		return;
	/* skip the blanks before a field's body */
	while (!h->loose && h->nraw == 0 && n > 0 &&
	    mime_char_is_blank(*p)) {
		p++;
		n--;
	}
	mime_header_add(h, p, n);
}

/* The field that has this name; -1 if smtp2sms does not use it. */
static int
mime_header_number(const char *name, size_t n)
{
	int i;

	for (i = 0; i < MIME_ALL_FIELDS && n < sizeof(mime_header_names[0]);
	    i++)
		if (mime_header_names[i][n] == '\0' &&
		    strncasecmp(mime_header_names[i], name, n) == 0)
			return i;
	return -1;
}

/*
 * 1 if the field is read: it is in the right header, and the first of its name.
 * Further options of a name are read to find out whether they differ.
 */
static int
mime_header_wants(const struct mime_header *h, const struct mime_part *part,
    int message, int field)
{
	if (field >= MIME_FIELDS)
		return (part->seen & 1U << (field - MIME_FIELDS)) == 0;
	return message && (!mime_header_has(h, field) ||
	    field >= MIME_SMS_PRIORITY);
}

/* 1 if mails have such a field, although smtp2sms does not use it. */
static int
mime_header_is_known(const char *name, size_t n)
{
	const char *s;
	size_t i;

	for (i = 0; i < LENGTH(mime_header_starts); i++) {
		s = mime_header_starts[i];
		if ((*s ^ *name) % 32 == 0 && strlen(s) <= n &&
		    strncasecmp(s, name, strlen(s)) == 0)
			return 1;
	}
	for (i = 0; i < LENGTH(mime_header_others); i++) {
		s = mime_header_others[i];
		if ((*s ^ *name) % 32 == 0 && strlen(s) == n &&
		    strncasecmp(s, name, n) == 0)
			return 1;
	}
	return 0;
}

/* Keep a line that may be text. */
static void
mime_header_add_loose(struct mime_header *h, const char *p, size_t n)
{
	if (!h->loose)
		h->nraw = 0;
	else
		mime_header_add(h, "\r\n", 2);
	h->loose = 1;
	mime_header_add(h, p, n);
}

/*
 * 1 if the line is an option without its colon, "X-SMS-TTL 60".  It was not
 * meant as text; it counts as an option, which may then be refused.
 */
static int
mime_header_is_option(const char *p, size_t n)
{
	return n >= 6 && strncasecmp(p, "X-SMS-", 6) == 0;
}

/*
 * The length of the field name at p, and where the field's body begins; 0 if
 * this is no field.  Blanks before the colon are obsolete syntax that programs
 * still write (RFC 5322, 4.5).
 */
static size_t
mime_header_name(const char *p, size_t n, size_t *body)
{
	size_t name = 0;

	while (name < n && name <= MIME_NAME_MAX && p[name] > ' ' &&
	    p[name] < 0x7f && p[name] != ':')
		name++;
	for (*body = name; *body < n && mime_char_is_blank(p[*body]); ++*body)
		continue;
	if (name > MIME_NAME_MAX)
		return 0;
	if (*body < n && p[*body] == ':') {
		++*body;
		return name;
	}
	*body = n;
	return mime_header_is_option(p, n) ? name : 0;
}

/* Take a line that begins a field.  Returns 0 if it does not. */
static int
mime_header_field_line(struct mime_header *h, struct mime_part *part,
    int message, const char *p, size_t n)
{
	size_t body, name = mime_header_name(p, n, &body);
	int field;

	if (name == 0)
		return 0;
	field = mime_header_number(p, name);
	if (field == -1 && !mime_header_is_known(p, name)) {
		mime_header_add_loose(h, p, n);
		return 1;
	}
	h->loose = 0;
	if (field == -1 || !mime_header_wants(h, part, message, field))
		return 1;
	h->field = field;
	h->nraw = 0;
	mime_header_more(h, p + body, n - body);
	return 1;
}

/* 1 if a known field stands at p, behind blanks. */
static int
mime_header_is_indented(const char *p, size_t n)
{
	size_t name, body;

	while (n > 0 && mime_char_is_blank(*p)) {
		p++;
		n--;
	}
	name = mime_header_name(p, n, &body);
	return name > 0 && (mime_header_number(p, name) != -1 ||
	    mime_header_is_known(p, name));
}

/* 1 if the line has nothing but blanks. */
static int
mime_header_is_blank(const char *p, size_t n)
{
	while (n > 0 && mime_char_is_blank(*p)) {
		p++;
		n--;
	}
	return n == 0;
}

/*
 * Take a line that begins with a blank: it continues the line before.  The
 * first line has none before it, so there it may be text.
 */
static void
mime_header_folded_line(struct mime_header *h, const char *p, size_t n)
{
	if (h->loose || (!h->begun && !mime_header_is_blank(p, n) &&
			    !mime_header_is_indented(p, n)))
		mime_header_add_loose(h, p, n);
	else
		mime_header_more(h, p, n);
}

/*
 * Any line that is neither a field nor the continuation of one ends the header;
 * unless it is empty, it belongs to the body already.
 */
int
mime_header_line(struct mime_header *h, struct mime_part *part, int message,
    const char *p, size_t n)
{
	if (n > 0 && mime_char_is_blank(*p)) {
		mime_header_folded_line(h, p, n);
		return 1;
	}
	mime_header_end(h, part);
	if (n == 0) {
		h->loose &= !h->begun;
		return 0;
	}
	if (!mime_header_field_line(h, part, message, p, n))
		return 0;
	h->begun = 1;
	return 1;
}

size_t
mime_header_loose(const struct mime_header *h, const char **p)
{
	*p = h->raw;
	return h->loose ? h->nraw : 0;
}

const char *
mime_header_field(const struct mime_header *h, enum mime_field field)
{
	return mime_header_has(h, (int)field) ? h->kept[field] : NULL;
}

int
mime_header_differs(const struct mime_header *h, enum mime_field field)
{
	return (h->differs & 1U << field) != 0;
}
