/*
 * unit_reply: every row of the table of replies, as RFC 5321 (4.2), RFC 2034
 * and RFC 3463 want it.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "session/reply.h"
#include "tap.h"

#define LINE_MAX_SMTP 512	/* octets with CRLF; RFC 5321, 4.5.3.1.5 */

/*
 * RFC 5321 (4.2.3), 4954 (4.7.x, 235, 334, 454, 530, 534, 535, 538), 3207
 * (220, 454, 530), and 353 of draft-hall-prdr.
 */
static const int codes[] = {211, 214, 220, 221, 235, 250, 251, 252, 334, 353,
    354, 421, 450, 451, 452, 454, 455, 500, 501, 502, 503, 504, 530, 534, 535,
    538, 550, 551, 552, 553, 554, 555};

static int
is_code(int code)
{
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i] == code)
			return 1;
	return 0;
}

/* Digits without a leading 0, at most this number. */
static const char *
skip_number(const char *s, long most)
{
	char *end;
	long n;

	if (!isdigit((unsigned char)*s) ||
	    (*s == '0' && isdigit((unsigned char)s[1])))
		return NULL;
	n = strtol(s, &end, 10);
	return n <= most ? end : NULL;
}

/* class "." subject "." detail (RFC 3463, 2), of the reply's own class. */
static int
is_enhanced(const char *s, int code)
{
	if (s[0] != '0' + code / 100 || s[1] != '.')
		return 0;
	if ((s = skip_number(s + 2, 7)) == NULL || *s != '.')
		return 0;
	return (s = skip_number(s + 1, 999)) != NULL && *s == '\0';
}

/* Printable US-ASCII that neither begins nor ends with a space (4.2). */
static int
is_text(const char *s)
{
	size_t i, n = strlen(s);

	for (i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~')
			return 0;
	return n > 0 && s[0] != ' ' && s[n - 1] != ' ';
}

/* RFC 2034, 3: 2xx, 4xx and 5xx, but not the greeting and EHLO's reply. */
static int
needs_enhanced(enum reply r, int code)
{
	return code / 100 != 3 && r != REPLY_GREETING && r != REPLY_NOTE;
}

static void
test_row(enum reply r)
{
	const struct reply_text *t = reply_of(r);
	const char *text = t->text != NULL ? t->text : "";
	const char *enhanced = t->enhanced != NULL ? t->enhanced : "";

	tap_ok(is_code(t->code), "reply %d: %d is a code of SMTP", r, t->code);
	if (needs_enhanced(r, t->code))
		tap_ok(is_enhanced(enhanced, t->code),
		    "reply %d: %d and '%s' are of one class", r, t->code,
		    enhanced);
	else
		tap_ok(t->enhanced == NULL, "reply %d: %d has no enhanced code",
		    r, t->code);
	tap_ok(t->text == NULL || is_text(text), "reply %d: '%s' can be a text",
	    r, text);
	/* "250 2.0.0 text\r\n" */
	tap_ok(3 + 1 + strlen(enhanced) + 1 + strlen(text) + 2 <= LINE_MAX_SMTP,
	    "reply %d: a line of at most 512 octets", r);
	tap_ok((t->code != 421 && t->code != 221) ||
	    t->effect == REPLY_EFFECT_CLOSE, "reply %d: %d closes", r, t->code);
	tap_ok(t->effect == REPLY_EFFECT_KEEP || t->code >= 400 ||
	    t->code == 221, "reply %d: %d is no error and goes on", r, t->code);
}

int
main(void)
{
	int r;

	for (r = REPLY_NONE + 1; r <= REPLY_LAST; r++)
		test_row((enum reply)r);
	return tap_done();
}
