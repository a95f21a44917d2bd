/*
 * mime_header: cuts a header into fields, unfolds those of interest, and
 * keeps them or hands them to mime_part.c.  Encoded words are mime_word.c's;
 * where a header begins is mime.c's.
 */
#include <string.h>
#include <strings.h>

#include "mail/mime_header.h"
#include "mail/mime_word.h"

/* Fields that describe a part come behind those that are kept. */
enum {
	MIME_CONTENT_TYPE = MIME_FIELDS + MIME_PART_CONTENT_TYPE,
	MIME_CONTENT_ENCODING = MIME_FIELDS + MIME_PART_CONTENT_ENCODING,
	MIME_CONTENT_DISPOSITION = MIME_FIELDS + MIME_PART_CONTENT_DISPOSITION,
	MIME_CONTENT_ID = MIME_FIELDS + MIME_PART_CONTENT_ID,
	MIME_ALL_FIELDS = MIME_FIELDS + MIME_PART_FIELDS
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

void
mime_header_init(struct mime_header *h)
{
	h->field = -1;
	h->seen = 0;
	h->nraw = h->nkept = 0;
}

/* ---- fields that are kept ---- */

/* Append to the field that is kept: one line, cut between characters. */
static void
mime_header_keep(void *arg, const char *p, size_t n)
{
	struct mime_header *h = arg;
	char *out = h->kept[h->field], c;

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

/* 1 if the field is text that people write (RFC 2047, 5). */
static int
mime_header_is_text(int field)
{
	return field == MIME_SUBJECT || field == MIME_SMS_DEVICE ||
	    field == MIME_SMS_FROM;
}

/* A field of the message itself. */
static void
mime_header_kept(struct mime_header *h)
{
	size_t n = h->nraw;

	h->nkept = 0;
	h->kept_full = 0;
	if (mime_header_is_text(h->field))
		mime_word_text(h->raw, n, mime_header_keep, h);
	else
		mime_word_literal(h->raw, n, mime_header_keep, h);
	/* what would be left of an option that is cut is another option */
	if ((h->kept_full || n == sizeof(h->raw) - 1) &&
	    h->field >= MIME_SMS_PRIORITY)
		h->nkept = 0;
	while (h->nkept > 0 && h->kept[h->field][h->nkept - 1] == ' ')
		h->nkept--;
	h->kept[h->field][h->nkept] = '\0';
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
	/* blanks at its end are not of it; if it was cut, who knows */
	while (h->nraw > 0 && h->nraw < sizeof(h->raw) - 1 &&
	    mime_decode_is_blank(h->raw[h->nraw - 1]))
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
	mime_part_set(part, (enum mime_part_field)(h->field - MIME_FIELDS), s);
	h->field = -1;
}

/* Collect a field's body; blanks at its start are not of it. */
void
mime_header_more(struct mime_header *h, const char *p, size_t n)
{
	size_t room = sizeof(h->raw) - 1 - h->nraw;

	if (h->field == -1)
		return;
	while (h->nraw == 0 && n > 0 && mime_decode_is_blank(*p)) {
		p++;
		n--;
	}
	n = n < room ? n : room;
	memcpy(h->raw + h->nraw, p, n);
	h->nraw += n;
}

/* Which field has this name; -1 if it is none, or not the first. */
static int
mime_header_number(const struct mime_header *h, const struct mime_part *part,
    int message, const char *name, size_t n)
{
	int i;

	for (i = 0; i < MIME_ALL_FIELDS && n < sizeof(mime_header_names[0]);
	    i++) {
		if (mime_header_names[i][n] != '\0' ||
		    strncasecmp(mime_header_names[i], name, n) != 0)
			continue;
		if (i >= MIME_FIELDS)
			return part->seen & 1U << (i - MIME_FIELDS) ? -1 : i;
		return !message || h->seen & 1U << i ? -1 : i;
	}
	return -1;
}

/*
 * A line that may begin a field: 1 if it does.  Blanks before the colon are
 * obsolete, but there (RFC 5322, 4.5).
 */
static int
mime_header_begin(struct mime_header *h, const struct mime_part *part,
    int message, const char *p, size_t n)
{
	size_t name = 0, colon;

	while (name < n && name <= MIME_NAME_MAX && p[name] > ' ' &&
	    p[name] < 0x7f && p[name] != ':')
		name++;
	for (colon = name; colon < n && mime_decode_is_blank(p[colon]); colon++)
		continue;
	if (name == 0 || name > MIME_NAME_MAX || colon == n || p[colon] != ':')
		return 0;
	h->field = mime_header_number(h, part, message, p, name);
	h->nraw = 0;
	mime_header_more(h, p + colon + 1, n - colon - 1);
	return 1;
}

/*
 * Anything but a field and what goes on with it is the end of the header, and
 * all but an empty line belongs to the body already.  What goes on with
 * nothing is dropped.
 */
int
mime_header_line(struct mime_header *h, struct mime_part *part, int message,
    const char *p, size_t n)
{
	if (n > 0 && mime_decode_is_blank(*p)) {
		mime_header_more(h, p, n);
		return 1;
	}
	mime_header_end(h, part);
	return n > 0 && mime_header_begin(h, part, message, p, n);
}

const char *
mime_header_field(const struct mime_header *h, enum mime_field field)
{
	return h->seen & 1U << field ? h->kept[field] : NULL;
}
