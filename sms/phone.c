/*
 * phone: breaks a text into lines and draws a frame around them.
 */
#include <string.h>

#include "common/terminal.h"
#include "common/utf8.h"
#include "sms/phone.h"
#include "sms/text.h"

#define PAD 1	/* blanks between the frame and the text, on each side */

enum edge { TOP, MIDDLE, BOTTOM };

static const struct {
	const char *left, *right, *across, *down;
} lines[2][3] = {
	{
	    {"+", "+", "-", "|"},
	    {"+", "+", "-", "|"},
	    {"+", "+", "-", "|"},
	},
	{
	    {"\u256d", "\u256e", "\u2500", "\u2502"},
	    {"\u251c", "\u2524", "\u2500", "\u2502"},
	    {"\u2570", "\u256f", "\u2500", "\u2502"},
	},
};

static void
phone_style(struct buf *b, unsigned flags, const char *code)
{
	if (flags & TERMINAL_COLOR)
		buf_fmt(b, "\033[%sm", code);
}

static void
phone_edge(struct buf *b, enum edge e, unsigned flags)
{
	int utf8 = (flags & TERMINAL_UTF8) != 0;
	int i;

	phone_style(b, flags, "36");
	buf_fmt(b, "  %s", lines[utf8][e].left);
	for (i = 0; i < PHONE_WIDTH + 2 * PAD; i++)
		buf_puts(b, lines[utf8][e].across);
	buf_puts(b, lines[utf8][e].right);
	phone_style(b, flags, "0");
	buf_putc(b, '\n');
}

/*
 * The cells that a character takes on a terminal, roughly (Unicode, UAX #11):
 * none for combining marks, two for East Asian characters and emoji.
 */
static unsigned
phone_cells(const char *p, int n)
{
	uint32_t c = (unsigned char)*p;
	int i;

	if (n > 1)
		c &= 0x7fU >> n;
	for (i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)p[i] & 0x3f);
	if ((c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200f) ||
	    (c >= 0xfe00 && c <= 0xfe0f))
		return 0;
	if ((c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
	    (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
	    (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff01 && c <= 0xff60) ||
	    (c >= 0x1f300 && c <= 0x1faff) || c >= 0x20000)
		return 2;
	return 1;
}

/*
 * The octets of text that fit on a line, up to the blank or the LF that ends
 * it.  *width is how many cells they take, *next where the next line begins.
 */
static size_t
phone_fit(const char *text, unsigned *width, const char **next)
{
	size_t i = 0, blank = 0;
	unsigned w = 0, before = 0, more;
	int n;

	for (; text[i] != '\0' && text[i] != '\n'; i += (size_t)n) {
		n = utf8_length(text + i, UTF8_MAX, NULL);
		if (n < 1)
			n = 1;
		more = phone_cells(text + i, n);
		if (w + more > PHONE_WIDTH)
			break;
		if (text[i] == ' ') {
			blank = i;
			before = w;
		}
		w += more;
	}
	if (text[i] != '\0' && text[i] != '\n' && text[i] != ' ' &&
	    blank > 0) {
		i = blank;
		w = before;
	}
	*width = w;
	*next = text + i + (text[i] == '\n' || text[i] == ' ');
	return i;
}

/* Draw a line of the box; control characters become blanks. */
static void
phone_line(struct buf *b, const char *s, size_t n, unsigned width,
    unsigned flags, const char *look)
{
	const char *down = lines[(flags & TERMINAL_UTF8) != 0][TOP].down;
	size_t i;

	phone_style(b, flags, "36");
	buf_fmt(b, "  %s", down);
	phone_style(b, flags, "0");
	phone_style(b, flags, look);
	buf_putc(b, ' ');
	for (i = 0; i < n; i++)
		buf_putc(b, (unsigned char)s[i] < ' ' || s[i] == 0x7f ? ' ' :
		    s[i]);
	for (; width < PHONE_WIDTH; width++)
		buf_putc(b, ' ');
	buf_putc(b, ' ');
	phone_style(b, flags, "0");
	phone_style(b, flags, "36");
	buf_puts(b, down);
	phone_style(b, flags, "0");
	buf_putc(b, '\n');
}

static void
phone_paragraph(struct buf *b, const char *text, unsigned flags,
    const char *look)
{
	const char *next;
	unsigned width;
	size_t n;

	do {
		n = phone_fit(text, &width, &next);
		phone_line(b, text, n, width, flags, look);
		text = next;
	} while (*text != '\0');
}

void
phone_draw(struct buf *b, const char *to, const char *text, unsigned flags)
{
	char store[64];
	struct text_info info;
	struct buf note;

	text_count(text, &info);
	buf_init(&note, store, sizeof(store));
	buf_fmt(&note, "%u part%s, %s", info.parts,
	    info.parts == 1 ? "" : "s", text_alphabet_name(info.alphabet));
	phone_edge(b, TOP, flags);
	phone_paragraph(b, to, flags, "1;36");
	phone_edge(b, MIDDLE, flags);
	phone_line(b, "", 0, 0, flags, "0");
	phone_paragraph(b, text, flags, "1");
	phone_line(b, "", 0, 0, flags, "0");
	phone_edge(b, MIDDLE, flags);
	phone_paragraph(b, note.p, flags, "2");
	phone_edge(b, BOTTOM, flags);
}
