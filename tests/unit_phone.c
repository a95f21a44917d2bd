/*
 * Drawings of an SMS: every line is equally wide, nothing of the text is lost,
 * and nothing in it reaches the terminal but characters.
 */
#include <string.h>

#include "common/terminal.h"
#include "sms/phone.h"
#include "tap.h"

static char store[PHONE_ROOM(4096)];
static struct buf b;

static const char *
draw(const char *to, const char *text, unsigned flags)
{
	buf_init(&b, store, sizeof(store));
	phone_draw(&b, to, text, flags);
	return b.p;
}

/* Every line ends in the frame at the same cell; only for ASCII. */
static int
is_box(const char *s)
{
	const char *end;

	for (; *s != '\0'; s = end + 1) {
		end = strchr(s, '\n');
		if (end == NULL || end - s != PHONE_WIDTH + 6 ||
		    strchr("|+", end[-1]) == NULL)
			return 0;
	}
	return 1;
}

static void
pictures(void)
{
	tap_is(draw("+4915112345678", "disk full on db1", 0),
	    "  +------------------------------------+\n"
	    "  | +4915112345678                     |\n"
	    "  +------------------------------------+\n"
	    "  |                                    |\n"
	    "  | disk full on db1                   |\n"
	    "  |                                    |\n"
	    "  +------------------------------------+\n"
	    "  | 1 part, GSM-7                      |\n"
	    "  +------------------------------------+\n", "in ASCII");
	tap_ok(strstr(draw("x", "\u00e4", TERMINAL_UTF8),
	    "  \u2502 \u00e4                                  \u2502\n") != NULL,
	    "in UTF-8 a character is a cell");
	tap_ok(strstr(draw("x", "\u65e5\u672c", 0), "| \u65e5\u672c"
	    "                               |\n") != NULL,
	    "those of East Asia are two");
	tap_ok(strstr(draw("x", "e\u0301", 0), "| e\u0301"
	    "                                  |\n") != NULL,
	    "a mark that combines is none");
	tap_ok(strstr(b.p, "1 part, UCS-2") != NULL, "the alphabet is named");
	tap_ok(strstr(draw("x", "a", TERMINAL_COLOR), "\033[36m") != NULL,
	    "in colour, if wanted");
	tap_ok(strchr(draw("x", "a", TERMINAL_UTF8), '\033') == NULL,
	    "and only then");
}

static void
wrapping(void)
{
	char text[4097], word[PHONE_WIDTH + 2];
	size_t i;

	tap_ok(is_box(draw("x", "one two three four five six seven eight nine",
	    0)) && strstr(b.p, "seven \n") == NULL &&
	    strstr(b.p, "| eight nine") != NULL, "lines end between words");
	memset(word, 'w', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	tap_ok(is_box(draw("x", word, 0)) && strstr(b.p, "| w  ") != NULL,
	    "a word of PHONE_WIDTH + 1 is broken");
	word[PHONE_WIDTH] = '\0';
	tap_ok(is_box(draw("x", word, 0)) && strstr(b.p, "| w  ") == NULL,
	    "one of PHONE_WIDTH is not");
	tap_ok(is_box(draw("x", "one\n\ntwo", 0)), "lines of its own");
	tap_ok(is_box(draw("x", "", 0)), "no text at all");
	tap_ok(is_box(draw("x", "a\tb\033[2Jc\rd\177", 0)) &&
	    strchr(b.p, '\033') == NULL, "no control character gets through");
	for (i = 0; i < sizeof(text) - 1; i++)
		text[i] = '\n';
	text[i] = '\0';
	draw("x", text, TERMINAL_UTF8 | TERMINAL_COLOR);
	tap_ok(!b.overflow, "PHONE_ROOM is enough for empty lines");
	for (i = 0; i + 4 < sizeof(text); i += 4)
		memcpy(text + i, "\U0001f44d", 4);
	text[i] = '\0';
	draw("x", text, TERMINAL_UTF8 | TERMINAL_COLOR);
	tap_ok(!b.overflow && strstr(b.p, "UCS-2") != NULL,
	    "and for emoji");
}

int
main(void)
{
	pictures();
	wrapping();
	return tap_done();
}
