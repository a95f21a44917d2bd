/*
 * unit_cuts: what mime.c makes of a mail is a function of its octets, and
 * never of how they are cut into pieces.  Each mail of tests/mail, and
 * variants of it that make mime_sniff.c decide, is fed whole, octet by octet
 * and in pieces of random sizes.
 *
 * usage: unit_cuts [folder of mails]...
 */
#include <glob.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mail/mime.h"
#include "tap.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define MAIL_MAX  (1024 * 1024)	/* octets of a mail */
#define RANDOM	  6		/* times that a mail is cut at random */

struct mail {
	size_t n;
	char s[MAIL_MAX];
};

static struct mime whole, pieces;
static struct mail original, variant;
static uint32_t seed = 1;

/* A number below limit; the same ones at each run. */
static size_t
below(size_t limit)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % limit;
}

/* ---- two ways to feed a mail ---- */

static void
feed(struct mime *m, const char *p, size_t n, size_t longest)
{
	size_t k;
	char *copy;

	mime_init(m, 0);
	for (; n > 0; p += k, n -= k) {
		k = 1 + below(longest);
		k = k < n ? k : n;
		/* so that ASan and valgrind see what is read beyond it */
		if ((copy = malloc(k)) == NULL)
			abort();
		memcpy(copy, p, k);
		mime_feed(m, copy, k);
		free(copy);
	}
	mime_end(m);
}

static int
same_string(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

/* What the pieces gave is what the whole gave. */
static int
same(void)
{
	enum mime_field i;
	const char *a, *b;
	size_t k, l;

	a = mime_data(&whole, &k);
	b = mime_data(&pieces, &l);
	if ((a == NULL) != (b == NULL) || k != l ||
	    (a != NULL && memcmp(a, b, k) != 0))
		return 0;
	for (i = 0; i < MIME_FIELDS; i++)
		if (!same_string(mime_field(&whole, i),
			mime_field(&pieces, i)) ||
		    mime_differs(&whole, i) != mime_differs(&pieces, i))
			return 0;
	return strcmp(mime_text(&whole), mime_text(&pieces)) == 0 &&
	    strcmp(mime_source(&whole), mime_source(&pieces)) == 0 &&
	    mime_overflow(&whole) == mime_overflow(&pieces);
}

/* 1 if no cut matters. */
static int
uncut(const struct mail *mail)
{
	static const size_t longest[RANDOM] = {2, 3, 10, 100, 1000, 3000};
	size_t i;

	mime_init(&whole, 0);
	mime_feed(&whole, mail->s, mail->n);
	mime_end(&whole);
	feed(&pieces, mail->s, mail->n, 1);
	for (i = 0; i < RANDOM && same(); i++)
		feed(&pieces, mail->s, mail->n, longest[i]);
	if (same())
		return 1;
	tap_show("whole", mime_text(&whole));
	tap_show("cut", mime_text(&pieces));
	return 0;
}

/* ---- variants of a mail ---- */

static void
append(const char *p, size_t n)
{
	if (n > MAIL_MAX - variant.n)
		n = MAIL_MAX - variant.n;
	memcpy(variant.s + variant.n, p, n);
	variant.n += n;
}

/* Write one string for another, wherever it stands. */
static void
replace(const char *from, const char *to)
{
	size_t i = 0, n = strlen(from);

	variant.n = 0;
	while (i < original.n)
		if (original.n - i >= n &&
		    memcmp(original.s + i, from, n) == 0) {
			append(to, strlen(to));
			i += n;
		} else
			append(original.s + i++, 1);
}

/* Put octets in front of each body: behind each empty line. */
static void
insert(const char *octets, size_t n)
{
	size_t i;

	variant.n = 0;
	for (i = 0; i < original.n; i++) {
		append(original.s + i, 1);
		if (i > 0 && original.s[i] == '\n' && original.s[i - 1] == '\n')
			append(octets, n);
	}
}

static void
change(void)
{
	size_t i, times = 1 + below(8);

	variant.n = original.n;
	memcpy(variant.s, original.s, original.n);
	for (i = 0; i < times; i++)
		variant.s[below(variant.n)] = (char)below(256);
}

/* What makes a decision about the body another, or puts it off. */
static int
labels(void)
{
	static const char *const pairs[][2] = {
		{"\n", "\r\n"},
		{"charset=", "x-charset="},
		{"charset=", "charset=iso-8859-1; x="},
		{"charset=", "charset=iso-8859-15; x="},
		{"charset=", "charset=utf-8; x="},
		{"charset=", "charset=utf-16; x="},
		{"text/plain", "text/html"},
		{"text/html", "text/plain"},
		{"text/plain; charset=", "text/html; x="},
		{"quoted-printable", "base64"},
		{"quoted-printable", "8bit"},
		{"base64", "quoted-printable"},
		{"base64", "x-uuencode"},
		{"8bit", "base64"},
		{"7bit", "base64"},
		{"7bit", "quoted-printable"},
		{"MIME-Version:",
		    "Content-Transfer-Encoding: base64\nX-Version:"},
		{"MIME-Version:",
		    "Content-Transfer-Encoding: quoted-printable\nX-Version:"},
		{"boundary=", "x-boundary="},
	};
	size_t i;

	for (i = 0; i < LENGTH(pairs); i++) {
		replace(pairs[i][0], pairs[i][1]);
		if (!uncut(&variant)) {
			printf("# %s for %s\n", pairs[i][1], pairs[i][0]);
			return 0;
		}
	}
	return 1;
}

#define OCTETS(s) {sizeof(s) - 1, s}

static int
starts(void)
{
	static char blanks[MIME_HELD_MAX - 1];
	static const struct {
		size_t n;
		const char *s;
	} octets[] = {
		OCTETS("\xef\xbb\xbf"), OCTETS("\xff\xfe"), OCTETS("\xfe\xff"),
		OCTETS("\xef\xbb"), OCTETS("\xff"), OCTETS("\xfe"),
		OCTETS("\1"), OCTETS("\0"), OCTETS("\xa0"), OCTETS("<"),
		OCTETS("\xc3\xa9t\xe9 "), OCTETS("\r"), OCTETS("\r\r\n"),
		OCTETS("\xef\xbb\xbf\xef\xbb\xbf"), OCTETS("<!-- x --> "),
		OCTETS("\xef\xbb\xbf<meta charset=gb18030>\xce\xc2"),
		OCTETS("\1<meta charset=gb18030>\xce\xc2"),
		OCTETS("\xef\xbb\xbf <html>"), OCTETS("<?xml encoding=gbk?>"),
		OCTETS("<!doctype html><meta charset=koi8-r>\xc1\xd2"),
		OCTETS("begin 644 x\n#0V%T\n`\nend\n"), OCTETS("=3D"),
		{sizeof(blanks), blanks},
	};
	size_t i;

	memset(blanks, ' ', sizeof(blanks));
	for (i = 0; i < LENGTH(octets); i++) {
		insert(octets[i].s, octets[i].n);
		if (!uncut(&variant)) {
			printf("# start %zu\n", i);
			return 0;
		}
	}
	return 1;
}

static int
changes(void)
{
	int i;

	for (i = 0; i < 20; i++) {
		change();
		if (!uncut(&variant))
			return 0;
	}
	return 1;
}

/* ---- the mails ---- */

static void
check(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		abort();
	original.n = fread(original.s, 1, sizeof(original.s), f);
	fclose(f);
	tap_ok(original.n > 0 && original.n < MAIL_MAX && uncut(&original),
	    "%s", name);
	tap_ok(labels(), "%s, labelled otherwise", name);
	tap_ok(starts(), "%s, with octets in front of each body", name);
	tap_ok(changes(), "%s, with some octets changed", name);
}

static size_t
folder(const char *path)
{
	char pattern[PATH_MAX];
	glob_t found;
	size_t i, n;

	snprintf(pattern, sizeof(pattern), "%s/*.eml", path);
	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	n = found.gl_pathc;
	for (i = 0; i < n; i++)
		check(found.gl_pathv[i]);
	globfree(&found);
	return n;
}

/* An octet that shows nothing stands where the held start is full. */
static void
character_at_the_limit(void)
{
	static const char head[] = "Content-Type: text/plain\n\n";
	static const char *const tails[] = {"\xc2\xa0text", "\xc3\xa9t\xc3\xa9",
	    "\xf0\x9f\x94\xa5 fire", "<html>x", "\xe9t\xe9"};
	size_t i, blanks;
	int ok = 1;

	for (i = 0; i < LENGTH(tails); i++)
		for (blanks = MIME_HELD_MAX - 5; blanks <= MIME_HELD_MAX + 1;
		    blanks++) {
			variant.n = 0;
			append(head, strlen(head));
			memset(variant.s + variant.n, ' ', blanks);
			variant.n += blanks;
			append(tails[i], strlen(tails[i]));
			ok = ok && uncut(&variant);
		}
	tap_ok(ok, "a character across the end of the held start");
}

int
main(int argc, char **argv)
{
	char path[PATH_MAX];
	const char *slash = strrchr(argv[0], '/');
	int i;

	snprintf(path, sizeof(path), "%.*s/../tests/mail",
	    slash == NULL ? 1 : (int)(slash - argv[0]),
	    slash == NULL ? "." : argv[0]);
	if (argc == 1)
		tap_ok(folder(path) > 40, "the mails are there");
	for (i = 1; i < argc; i++)
		tap_ok(folder(argv[i]) > 0, "%s has mails", argv[i]);
	character_at_the_limit();
	return tap_done();
}
