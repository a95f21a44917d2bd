/*
 * html_style: the few CSS properties that hide text or keep its white space.
 * Style sheets are not read.  html.c acts on the result.
 */
#include <stddef.h>
#include <string.h>

#include "mail/html_style.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* The tests of a value. */
enum html_style_test {
	HTML_STYLE_IS,		/* it is this word */
	HTML_STYLE_ZERO,
	HTML_STYLE_MORE,	/* more than 0 */
	HTML_STYLE_TINY,	/* letters of that size are unreadable */
	HTML_STYLE_FONT,	/* the same for the size in font: */
	HTML_STYLE_GLASS	/* a transparent color */
};

static const struct {
	char property[17];
	enum html_style_test test;
	char value[13];
	unsigned look;
} html_styles[] = {
	{"display:", HTML_STYLE_IS, "none", HTML_LOOK_NONE},
	{"visibility:", HTML_STYLE_IS, "hidden", HTML_LOOK_INVISIBLE},
	{"visibility:", HTML_STYLE_IS, "collapse", HTML_LOOK_INVISIBLE},
	{"opacity:", HTML_STYLE_ZERO, "", HTML_LOOK_CLEAR},
	{"white-space:", HTML_STYLE_IS, "pre", HTML_LOOK_PRE},
	{"white-space:", HTML_STYLE_IS, "pre-wrap", HTML_LOOK_PRE},
	{"white-space:", HTML_STYLE_IS, "pre-line", HTML_LOOK_PRE},
	{"white-space:", HTML_STYLE_IS, "break-spaces", HTML_LOOK_PRE},
	{"list-style:", HTML_STYLE_IS, "none", HTML_LOOK_PLAIN},
	{"list-style-type:", HTML_STYLE_IS, "none", HTML_LOOK_PLAIN},
	{"font-size:", HTML_STYLE_TINY, "", HTML_LOOK_TINY},
	{"font:", HTML_STYLE_FONT, "", HTML_LOOK_TINY},
	{"line-height:", HTML_STYLE_ZERO, "", HTML_LOOK_FLAT},
	{"color:", HTML_STYLE_GLASS, "", HTML_LOOK_GLASS},
	{"max-height:", HTML_STYLE_ZERO, "", HTML_LOOK_MAX_0},
	{"max-width:", HTML_STYLE_ZERO, "", HTML_LOOK_MAX_0},
	{"overflow:", HTML_STYLE_IS, "hidden", HTML_LOOK_CUT},
	{"overflow:", HTML_STYLE_IS, "clip", HTML_LOOK_CUT},
	{"height:", HTML_STYLE_ZERO, "", HTML_LOOK_HEIGHT_0},
	{"width:", HTML_STYLE_ZERO, "", HTML_LOOK_WIDTH_0},
	{"min-height:", HTML_STYLE_MORE, "", HTML_LOOK_HIGH},
	{"min-width:", HTML_STYLE_MORE, "", HTML_LOOK_WIDE},
	{"mso-hide:", HTML_STYLE_IS, "all", HTML_LOOK_OUTLOOK},
};

static int
html_style_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Parse a number.  Returns its value in thousandths, capped; -1 if it is no
 * number.  *unit is set to what follows it.
 */
static long
html_style_number(const char *s, const char **unit)
{
	long n = 0, part = 1000;
	int digits = 0;

	for (; html_style_is_digit(*s); s++, digits = 1)
		if (n < 1000 * 1000)
			n = n * 10 + 1000 * (*s - '0');
	if (*s == '.')
		for (s++; html_style_is_digit(*s); s++, digits = 1) {
			part /= 10;
			n += part * (*s - '0');
		}
	*unit = s;
	return digits ? n : -1;
}

static int
html_style_is_word(const char *s, const char *word)
{
	size_t n = strlen(word);

	return strncmp(s, word, n) == 0 && (s[n] == '\0' || s[n] == '!');
}

/* 1 if a size is 0, or at most one pixel or point. */
static int
html_style_is_tiny(const char *s)
{
	const char *unit;
	long n = html_style_number(s, &unit);

	return n == 0 || (n > 0 && n <= 1000 &&
	    (html_style_is_word(unit, "px") || html_style_is_word(unit, "pt")));
}

/* 1 if a color is transparent, or its fourth value is 0: rgba(0,0,0,0). */
static int
html_style_is_glass(const char *s)
{
	const char *last = strrchr(s, ','), *unit;

	if (html_style_is_word(s, "transparent"))
		return 1;
	return last != NULL && (strncmp(s, "rgba(", 5) == 0 ||
	    strncmp(s, "hsla(", 5) == 0) &&
	    html_style_number(last + 1, &unit) == 0 && *unit == ')';
}

static int
html_style_holds(enum html_style_test test, const char *s, const char *value)
{
	const char *unit;

	switch (test) {
	case HTML_STYLE_IS:
		return html_style_is_word(s, value);
	case HTML_STYLE_ZERO:
		return html_style_number(s, &unit) == 0;
	case HTML_STYLE_MORE:
		return html_style_number(s, &unit) > 0;
	case HTML_STYLE_TINY:
		return html_style_is_tiny(s);
	case HTML_STYLE_FONT:
		/* the first number is the size, or a weight: never tiny */
		while (*s != '\0' && !html_style_is_digit(*s))
			s++;
		return html_style_is_tiny(s);
	case HTML_STYLE_GLASS:
		return html_style_is_glass(s);
	}
	return 0;
}

/* 1 if the value depends on that of the element around. */
static int
html_style_is_relative(const char *s)
{
	const char *unit;

	if (html_style_number(s, &unit) != -1)
		return *unit == '%' || strncmp(unit, "em", 2) == 0;
	return html_style_is_word(s, "inherit") ||
	    html_style_is_word(s, "unset") || html_style_is_word(s, "larger") ||
	    html_style_is_word(s, "smaller");
}

void
html_style_declare(const char *rule, unsigned *looks, unsigned *declared)
{
	const char *value = NULL;
	unsigned set = 0, unset = 0;
	size_t i, n;

	for (i = 0; i < LENGTH(html_styles); i++) {
		if (rule[0] != html_styles[i].property[0])
			continue;
		n = strlen(html_styles[i].property);
		if (strncmp(rule, html_styles[i].property, n) != 0)
			continue;
		value = rule + n;
		unset |= html_styles[i].look;
		if (html_style_holds(html_styles[i].test, value,
			html_styles[i].value))
			set |= html_styles[i].look;
	}
	if (value == NULL)
		return;
	*looks = (*looks & ~unset) | set;
	if (!html_style_is_relative(value))
		*declared |= unset & HTML_LOOK_SOFT;
}

unsigned
html_style_class(const char *name)
{
	static const char names[][16] = {"preheader", "preheader-text",
	    "preheadertext", "previewtext", "preview-text", "mcnpreviewtext"};
	size_t i;

	for (i = 0; i < LENGTH(names); i++)
		if (strcmp(name, names[i]) == 0)
			return HTML_LOOK_PREVIEW;
	return 0;
}
