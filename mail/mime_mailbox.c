/*
 * mime_mailbox: reads "Disk watch <disk@db1.test>, ..." as people and
 * programs write it, not only as RFC 5322, 3.4 allows it.  mime_word.c decodes
 * the encoded words of a name.
 */
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "mail/mime_mailbox.h"
#include "mail/mime_word.h"

/* The mailbox that is being read. */
struct mime_mailbox_parser {
	struct buf words;	/* outside brackets and comments */
	struct buf angle;	/* between "<" and ">" */
	struct buf comment;
	int has_angle;
};

/* Append the text of a quoted string; returns what follows it. */
static const char *
mime_mailbox_read_quoted(const char *p, struct buf *out)
{
	for (; *p != '\0' && *p != '"'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		buf_putc(out, *p);
	}
	return *p == '"' ? p + 1 : p;
}

/* Append the text of a comment, which may nest; returns what follows it. */
static const char *
mime_mailbox_read_comment(const char *p, struct buf *out)
{
	unsigned depth = 1;

	for (; *p != '\0'; p++) {
		if (*p == ')' && --depth == 0)
			return p + 1;
		if (*p == '(')
			depth++;
		else if (*p == '\\' && p[1] != '\0')
			p++;
		buf_putc(out, *p);
	}
	return p;
}

/* Append what stands between angle brackets; returns what follows them. */
static const char *
mime_mailbox_read_angle(const char *p, struct buf *out)
{
	for (; *p != '\0' && *p != '>'; p++)
		if (*p != ' ')
			buf_putc(out, *p);
	return *p == '>' ? p + 1 : p;
}

/* 1 if a ":" here ends the name of a group (RFC 5322, 3.4). */
static int
mime_mailbox_ends_group(const struct mime_mailbox_parser *r)
{
	return !r->has_angle && strchr(r->words.p, '@') == NULL;
}

static int
mime_mailbox_is_blank(const struct buf *b)
{
	return strspn(b->p, " ") == b->len;
}

/* Read up to the comma that ends the first mailbox. */
static void
mime_mailbox_read(struct mime_mailbox_parser *r, const char *p)
{
	while (*p != '\0') {
		if (*p == '"')
			p = mime_mailbox_read_quoted(p + 1, &r->words);
		else if (*p == '(')
			p = mime_mailbox_read_comment(p + 1, &r->comment);
		else if (*p == '<' && !r->has_angle) {
			r->has_angle = 1;
			p = mime_mailbox_read_angle(p + 1, &r->angle);
		} else if (*p == ':' && mime_mailbox_ends_group(r)) {
			buf_reset(&r->words);
			p++;
		} else if (*p != ',' && *p != ';')
			buf_putc(&r->words, *p++);
		else if (r->has_angle || !mime_mailbox_is_blank(&r->words))
			return;
		else
			p++;
	}
}

/* Remove the blanks at both ends. */
static const char *
mime_mailbox_trim(struct buf *b)
{
	size_t n = b->len;

	while (n > 0 && b->p[n - 1] == ' ')
		n--;
	buf_cut(b, n);
	return b->p + strspn(b->p, " ");
}

/* Append whole characters of the name, as far as there is room. */
static void
mime_mailbox_put_name(void *arg, const char *p, size_t n)
{
	struct buf *out = arg;

	for (; n > 0; p++, n--)
		buf_putc(out, (unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p);
}

/* Remove a character that is incomplete for lack of room. */
static void
mime_mailbox_cut_partial(struct buf *out)
{
	size_t n = out->len;

	if (!out->overflow)
		return;
	while (n > 0 && (out->p[n - 1] & 0xc0) == 0x80)
		n--;
	if (n > 0 && (out->p[n - 1] & 0x80) != 0)
		buf_cut(out, n - 1);
}

static void
mime_mailbox_set_name(struct mime_mailbox *m, const char *s)
{
	struct buf out;
	const char *name;

	buf_init(&out, m->name, sizeof(m->name));
	mime_word_text(s, strlen(s), mime_mailbox_put_name, &out);
	mime_mailbox_cut_partial(&out);
	name = mime_mailbox_trim(&out);
	memmove(m->name, name, strlen(name) + 1);
}

void
mime_mailbox_parse(struct mime_mailbox *m, const char *field)
{
	char words[MIME_DISPLAY_MAX + 1], comment[MIME_DISPLAY_MAX + 1];
	struct mime_mailbox_parser r = {.has_angle = 0};
	const char *name, *address;

	buf_init(&r.words, words, sizeof(words));
	buf_init(&r.comment, comment, sizeof(comment));
	buf_init(&r.angle, m->address, sizeof(m->address));
	mime_mailbox_read(&r, field);
	name = mime_mailbox_trim(&r.words);
	if (!r.has_angle) {
		address = name;
		name = "";
		if (strlen(address) <= MIME_MAILBOX_MAX)
			strcpy(m->address, address);
	} else if (r.angle.overflow)
		m->address[0] = '\0';
	if (*name == '\0')
		name = mime_mailbox_trim(&r.comment);
	mime_mailbox_set_name(m, name);
}

int
mime_mailbox_is_local(const struct mime_mailbox *m, const char *local)
{
	size_t n = strcspn(m->address, "@");

	return n == strlen(local) && strncasecmp(m->address, local, n) == 0;
}
