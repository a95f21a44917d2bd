/*
 * extract: feeds a mail to mime.c and text.c, without SMTP and without a
 * gateway.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "mail/mime.h"
#include "session/extract.h"
#include "session/text_rules.h"
#include "sms/phone.h"
#include "sms/text.h"

#define PIECE_MAX 16384 /* octets read at once */
#define HEAD_MAX  1024	/* octets of the lines before the text */
#define DRAWN_MAX 4096	/* octets of a text that is drawn as on a phone */

static struct {
	struct mime mime;
	char piece[PIECE_MAX];
	char text[TEXT_ROOM(MIME_TEXT_MAX + MIME_FIELD_MAX + TEXT_RULES_ROOM)];
	char drawn[PHONE_ROOM(DRAWN_MAX)];
} self;

static int
write_all(const char *p, size_t n)
{
	ssize_t w;

	for (; n > 0; p += w, n -= (size_t)w)
		while ((w = write(STDOUT_FILENO, p, n)) == -1)
			if (errno != EINTR)
				return -1;
	return 0;
}

static int
feed(void)
{
	ssize_t n;

	while ((n = read(STDIN_FILENO, self.piece, PIECE_MAX)) != 0) {
		if (n > 0)
			mime_feed(&self.mime, self.piece, (size_t)n);
		else if (errno != EINTR)
			return -1;
	}
	mime_end(&self.mime);
	return 0;
}

static const char *
result_name(enum text_result r)
{
	switch (r) {
	case TEXT_OK:
		return "accepted";
	case TEXT_EMPTY:
		return "refused: the message has no text";
	case TEXT_TOO_LONG:
		return "refused: the text has too many parts";
	}
	return "";
}

/* Write the text, as it is or drawn for a terminal. */
static int
show(struct buf *text, int look)
{
	struct buf b;

	if (look == -1 || text->len == 0 || text->len > DRAWN_MAX) {
		buf_putc(text, '\n');
		return write_all(text->p, text->len);
	}
	buf_init(&b, self.drawn, sizeof(self.drawn));
	phone_draw(&b, "SMS", text->p, (unsigned)look);
	return write_all(b.p, b.len);
}

int
extract_run(const struct config *c, int look)
{
	struct text_rules rules = text_rules_of(c);
	char head[HEAD_MAX];
	struct text_rules_values values;
	struct text_info info;
	enum text_result r;
	struct buf b, out;
	const char *result;
	int bounce;

	mime_init(&self.mime, c->links);
	if (feed() == -1)
		return -1;
	text_rules_fill(&rules, &values, &self.mime, "", "");
	buf_init(&out, self.text, sizeof(self.text));
	/* there is no envelope: assume the null sender */
	bounce = !c->accept_bounces && mime_is_bounce(&self.mime, 1);
	r = text_make(&out, mime_field(&self.mime, MIME_SUBJECT),
	    mime_text(&self.mime), mime_overflow(&self.mime), &rules, &info);
	result = bounce ? "refused: a bounce or an automatic reply" :
			  result_name(r);
	buf_init(&b, head, sizeof(head));
	buf_fmt(&b, "result: %s\nsource: %s\nalphabet: %s\nparts: %u\n"
	    "truncated: %s\n\n", result, mime_source(&self.mime),
	    text_alphabet_name(info.alphabet), info.parts,
	    info.truncated ? "yes" : "no");
	if (write_all(b.p, b.len) == -1 || show(&out, look) == -1)
		return -1;
	return bounce || r != TEXT_OK;
}
