/*
 * unit_mime: mime.c, shape by shape, limit by limit.  Each message is fed
 * with LF and with CRLF, whole and in pieces of several sizes.
 */
#include <stdlib.h>
#include <string.h>

#include "mail/mime.h"
#include "mail/mime_mailbox.h"
#include "tap.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define ROOM	  (16 * 1024 * 1024)
#define TYPE(t)	  "Content-Type: " t "\n"
#define ENCODED(e) "Content-Transfer-Encoding: " e "\n"
#define PLAIN	  TYPE("text/plain; charset=utf-8")

static struct mime mime;
static char message[ROOM];
static size_t nmessage;

/* ---- a message put together piece by piece ---- */

static void
put(const char *s, size_t n)
{
	if (n > ROOM - nmessage)
		abort();
	memcpy(message + nmessage, s, n);
	nmessage += n;
}

static void
add(const char *s)
{
	put(s, strlen(s));
}

static void
repeat(const char *s, size_t times)
{
	while (times-- > 0)
		add(s);
}

static void
number(const char *before, unsigned n, const char *after)
{
	char s[16];

	add(before);
	snprintf(s, sizeof(s), "%u", n);
	add(s);
	add(after);
}

#define MIXED TYPE("multipart/mixed; boundary=b") "\n"

/* ---- what mime.c makes of it ---- */

static void
feed(const char *p, size_t n, size_t size)
{
	char *copy;
	size_t k;

	mime_init(&mime, 0);
	for (; n > 0; p += k, n -= k) {
		k = n < size ? n : size;
		/* so that ASan and valgrind see what is read beyond it */
		if ((copy = malloc(k)) == NULL)
			abort();
		memcpy(copy, p, k);
		mime_feed(&mime, copy, k);
		free(copy);
	}
	mime_end(&mime);
}

/* The text of the message that was put together, which is then forgotten. */
static const char *
made(void)
{
	feed(message, nmessage, 64 * 1024);
	nmessage = 0;
	return mime_text(&mime);
}

/* Copy with CRLF for LF. */
static size_t
crlf(char *out, const char *p, size_t n)
{
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		if (p[i] == '\n')
			out[k++] = '\r';
		out[k++] = p[i];
	}
	return k;
}

/* The text of n octets, in whatever way they come; NULL if that differs. */
static const char *
text(const char *p, size_t n)
{
	static const size_t sizes[] = {1, 2, 3, 7, 61, 4096};
	static char copy[64 * 1024], first[MIME_TEXT_MAX + 1];
	size_t i, k;

	if (2 * n > sizeof(copy))
		abort();
	k = crlf(copy, p, n);
	feed(p, n, n + 1);
	strcpy(first, mime_text(&mime));
	for (i = 0; i < LENGTH(sizes); i++) {
		feed(copy, k, sizes[i]);
		if (strcmp(mime_text(&mime), first) != 0)
			return NULL;
		feed(p, n, sizes[i]);
		if (strcmp(mime_text(&mime), first) != 0)
			return NULL;
	}
	return first;
}

#define IS(octets, want, title) \
	tap_is(text((octets), sizeof(octets) - 1), (want), (title))

static const char *
field(const char *header, enum mime_field f)
{
	static char s[64 * 1024];

	snprintf(s, sizeof(s), "%s\nbody\n", header);
	if (text(s, strlen(s)) == NULL || strcmp(mime_text(&mime), "body\n"))
		return "THE BODY IS WRONG";
	return mime_field(&mime, f);
}

#define SUBJECT(s, want, title) \
	tap_is(field("Subject: " s "\n", MIME_SUBJECT), (want), (title))

/* ---- header ---- */

static void
fields(void)
{
	static const struct {
		const char *name;
		enum mime_field field;
	} all[] = {{"Subject", MIME_SUBJECT}, {"From", MIME_FROM},
	    {"auto-submitted", MIME_AUTO_SUBMITTED},
	    {"Message-ID", MIME_MESSAGE_ID},
	    {"date", MIME_DATE}, {"IMPORTANCE", MIME_IMPORTANCE},
	    {"X-Priority", MIME_X_PRIORITY}, {"Priority", MIME_PRIORITY},
	    {"X-SMS-Priority", MIME_SMS_PRIORITY}, {"x-sms-ttl", MIME_SMS_TTL},
	    {"X-SMS-Schedule", MIME_SMS_SCHEDULE},
	    {"X-SMS-Delivery-Report", MIME_SMS_REPORT},
	    {"X-SMS-Device", MIME_SMS_DEVICE}, {"X-SMS-SIM", MIME_SMS_SIM},
	    {"X-SMS-From", MIME_SMS_FROM}, {"X-SMS-Port", MIME_SMS_PORT}};
	char header[128];
	size_t i;

	tap_ok(LENGTH(all) == MIME_FIELDS, "all fields are tried");
	for (i = 0; i < LENGTH(all); i++) {
		snprintf(header, sizeof(header), "X: y\n%s: <v> 1\nZ: z\n",
		    all[i].name);
		tap_is(field(header, all[i].field), "<v> 1", all[i].name);
	}
	tap_is(field("X: y\n", MIME_SUBJECT), NULL, "no such field");
	tap_is(field("Subject:\n", MIME_SUBJECT), "", "an empty field");
	tap_is(field("Date: 1\nDate: 2\n", MIME_DATE), "1", "the first counts");
	tap_is(field("Date:\nDate: 2\n", MIME_DATE), "", "even if empty");
	tap_is(field("Subjects: x\nSubjec: y\n", MIME_SUBJECT), NULL,
	    "names that are nearly the same");
	tap_is(field("Subject \t: x\n", MIME_SUBJECT), "x",
	    "blanks before the colon, RFC 5322, 4.5");
	tap_is(field("Subject:x\n", MIME_SUBJECT), "x", "none behind it");
	tap_is(field("Subject: \t x \t \n", MIME_SUBJECT), "x",
	    "blanks around the body go");
	tap_is(field("Date: a\n b\n\tc\n", MIME_DATE), "a b c", "unfolded");
	tap_is(field("Date:\n a\n", MIME_DATE), "a", "nothing but folded");
	tap_is(field("Date: a\n \n b\n", MIME_DATE), "a  b",
	    "a blank line inside, RFC 5322, 4.2");
	tap_is(field("Date: a\001b\177\n", MIME_DATE), "a b",
	    "control characters are blanks");
	tap_is(field("From root Mon Jan  1 00:00:00 2024\nDate: x\n",
		   MIME_DATE), "x", "an envelope line in front");
	tap_is(field("\357\273\277Date: x\n", MIME_DATE), "x",
	    "a byte order mark in front");
	tap_is(field("Date: =?utf-8?Q?x?=\n", MIME_DATE), "=?utf-8?Q?x?=",
	    "no words are decoded where none can be");
	tap_is(field("X-SMS-From: Z\303\274rich \374\n", MIME_SMS_FROM),
	    "Zürich ü", "octets that are not ASCII");
}

static void
bodies(void)
{
	IS("", "", "nothing at all");
	IS("\n", "", "an empty line");
	IS("Subject: x\n", "", "a header alone");
	IS("Subject: x", "", "a header alone, without its line end");
	tap_is(mime_field(&mime, MIME_SUBJECT), "x", "the field is there");
	IS("\nhello", "hello", "no header");
	IS("hello there\nyou: too\n", "hello there\nyou: too\n",
	    "what is no field begins the body");
	IS("X-A: y\n:z\nb\n", ":z\nb\n", "a colon alone is no field");
	IS("X-A: y\nn\303\244me: x\n", "näme: x\n",
	    "nor is a name with umlaut");
	IS("X: y\n\n\n \n  hello\n\n\n", "  hello\n\n\n",
	    "blank lines in front go, those behind stay");
	IS("X: y\n\na\r\r\nb\rc\n", "a\nb\nc\n", "odd line ends");
	IS("X: y\n\na\0b\0\0\nc\n", "ab\nc\n", "NUL goes");
	IS("X: y\n\n\357\273\277hi\n", "hi\n", "a byte order mark goes");
	IS("X: y\n\n--a\n--\n--a--\n", "--a\n--\n--a--\n",
	    "delimiters of nothing");
	IS(PLAIN "\n\302\205\302\240\302\255\315\217 \341\232\200"
	    "\341\240\216 \342\200\200\342\200\217 \342\200\250\342\200\257"
	    " \342\201\237\342\201\257\343\200\200\357\273\277\001\177\n", "",
	    "blanks of Unicode");
	tap_is(mime_source(&mime), "none", "have no source");
	IS(PLAIN "\n\342\200\220", "\342\200\220", "the signs beside them");
	IS(PLAIN "\n\342\200\247", "\342\200\247", "the signs beside them");
	IS(PLAIN "\n\342\200\260", "\342\200\260", "the signs beside them");
	IS(PLAIN "\n\342\201\236", "\342\201\236", "the signs beside them");
	IS(PLAIN "\n\342\201\260", "\342\201\260", "the signs beside them");
}

static void
words(void)
{
	SUBJECT("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße", "Q");
	SUBJECT("=?UTF-8?q?a_b=20c?=", "a b c", "blanks in Q");
	SUBJECT("=?utf-8?B?R3LDvMOfZQ==?=", "Grüße", "B");
	SUBJECT("=?utf-8?b?R3LDvMOfZQ?=", "Grüße", "B without padding");
	SUBJECT("=?iso-8859-1?Q?caf=E9?= x", "café x", "another charset");
	SUBJECT("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本", "with escapes");
	SUBJECT("=?utf-8*de?Q?=C3=BC?=", "ü", "a language, RFC 2231, 5");
	SUBJECT("=?x-none?Q?=FC_=C3=BC?=", "ü Ã¼", "an unknown charset");
	SUBJECT("=?us-ascii?Q?=C3=BC?=", "ü", "a wrong charset");
	SUBJECT("a =?utf-8?Q?b?= c", "a b c", "blanks beside text stay");
	SUBJECT("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab", "those between words go");
	SUBJECT("=?utf-8?Q?a?=\n \t =?utf-8?Q?b?=", "ab", "folded too");
	SUBJECT("=?utf-8?Q?a?= =?iso-8859-1?Q?=E9?=", "aé", "two charsets");
	SUBJECT("=?utf-8?Q?a?==?utf-8?Q?b?=", "ab", "no blank between");
	SUBJECT("(=?utf-8?Q?a?=)", "(a)", "beside other signs");
	SUBJECT("=?utf-8?Q?=C3?= =?UTF-8?Q?=BC?=", "ü",
	    "a character cut in two");
	SUBJECT("=?utf-8?B?4oI=?= =?utf-8?B?rA==?=", "€", "cut, in B");
	SUBJECT("=?utf-8?Q?=E2=82?= =?utf-8?B?rA==?=", "€", "cut, Q and B");
	SUBJECT("=?gb2312?B?xOM=?= =?gb2312?B?usM=?=", "你好",
	    "two of a kind");
	SUBJECT("=?utf-8?Q?a?=  x  =?utf-8?Q?b?=", "a  x  b", "text between");
	SUBJECT("=?utf-8?Q?a b?=", "a b", "blanks in a word");
	SUBJECT("=?utf-8?Q?Really?" "?=", "Really?", "? in a word");
	SUBJECT("=?utf-8?Q?" "?=", "", "an empty word");
	SUBJECT("=?utf-8?Q?=41?=", "A", "= after the ?");
	SUBJECT("=?utf-8?Q?=4?=", "=4", "half an octet");
	SUBJECT("=?utf-8?Q?=0A=00x=09?=", "x", "control characters inside");
	SUBJECT("=?utf-8?B?!!!?=", "=?utf-8?B?!!!?=", "broken: no base64");
	SUBJECT("=?utf-8?X?a?=", "=?utf-8?X?a?=", "broken: encoding");
	SUBJECT("=?utf-8?Q?a", "=?utf-8?Q?a", "broken: no end");
	SUBJECT("=?utf-8?Q?a?", "=?utf-8?Q?a?", "broken: half an end");
	SUBJECT("=?utf-8?", "=?utf-8?", "broken: cut early");
	SUBJECT("=?", "=?", "broken: the start alone");
	SUBJECT("=?u/8?Q?a?=", "=?u/8?Q?a?=", "broken: charset");
	SUBJECT("=??Q?a?=", "=??Q?a?=", "broken: no charset");
	SUBJECT("=?utf-8?Q?a =?utf-8?Q?b?= c", "a =?utf-8?Q?b c",
	    "a start inside a word");
	SUBJECT("Gr\303\274\303\237e", "Grüße", "raw UTF-8");
	SUBJECT("Gr\374\337e", "Grüße", "raw windows-1252");
	SUBJECT("\303\274 =?utf-8?Q?=C3=BC?= \303\274", "ü ü ü", "both");
	SUBJECT("=?utf-8?Q?=FF?= x", "ÿ x", "wrong charset in a word");
}

/* ---- parameters, encodings ---- */

/* A part in KOI8-R by a field as it may be written. */
static void
parameter(const char *type, const char *want, const char *title)
{
	char s[4096];

	snprintf(s, sizeof(s), "Content-Type: %s\n\n\301\n", type);
	tap_is(text(s, strlen(s)), want, title);
}

static void
parameters(void)
{
	static const char *const koi8[] = {
		"text/plain; charset=koi8-r",
		"text/plain;charset=koi8-r",
		"TEXT/Plain; CHARSET=KOI8-R",
		"text/plain; charset=\"koi8-r\"",
		"text/plain; charset=\"koi8\\-r\"",
		"text/plain; charset='koi8-r'",
		"text/plain; charset = koi8-r",
		"text/plain; charset=koi8-r (Russian)",
		"text/plain (not (really) \\) html); charset=koi8-r",
		"(a comment) text/plain; charset=koi8-r",
		"text/plain;\n charset=koi8-r",
		"text/plain;\n\tcharset=\n koi8-r",
		"text/plain; format=fixed; charset=koi8-r; x=y",
		"text/plain;; ; charset=koi8-r;",
		"text/plain; x; charset=koi8-r",
		"text/plain; x=\"; charset=utf-8\"; charset=koi8-r",
		"text/plain; x=\"\\\"; charset=utf-8\"; charset=koi8-r",
		"text/plain; xcharset=utf-8; charset=koi8-r",
		"text/plain; charset=koi8-r; charset=utf-8",
		"text/plain; charset*=us-ascii'en'koi8%2Dr",
		"text/plain; charset*=''koi8-r",
		"text/plain; charset*0=koi; charset*1=8-r",
		"text/plain; charset*1=8-r; charset*0=\"koi\"",
		"text/plain; charset*0*=us-ascii'en'koi%38; charset*1*=%2dr",
		"text/plain; charset*0*=''koi8; charset*1=\"-r\"",
		"text/plain charset=koi8-r",
		"text/plain (x) charset=koi8-r",
	};
	size_t i;

	for (i = 0; i < LENGTH(koi8); i++)
		parameter(koi8[i], "а\n", strpbrk(koi8[i], "\n#") == NULL ?
			koi8[i] :
			"folded");
	parameter("text/plain; charset*1=koi8-r", "Á\n",
	    "a section without the first");
	parameter("text/plain; charset*0=utf; charset*2=-8", "Á\n",
	    "sections end at a gap");
	parameter("text/plain; charset=koi8-r\"; x=\"", "Á\n",
	    "a charset with a quote");
	parameter("text/plain; charset=\"koi8-r", "а\n", "an open quote");
	parameter("text/plain; charset=", "Á\n", "no value");
	parameter("text/plain; charset=\"\"", "Á\n", "an empty value");
	parameter("text/plain; charset", "Á\n", "no equals sign");
	parameter("text", "Á\n", "a type without a subtype is plain");
	parameter("", "Á\n", "an empty type is plain");
	parameter("text /plain; charset=koi8-r", "а\n", "blanks in a type");
	parameter("text/ \tplain charset=koi8-r", "а\n",
	    "and no semicolon after it");
	parameter("te xt/html; charset=koi8-r", "а", "blanks anywhere");
	parameter("image/png; charset=koi8-r", "", "not text");
	parameter("text/calendar; charset=koi8-r", "", "text of a program");
	parameter("text/x-vcard", "", "text of a program");
	parameter("text/plain2", "", "nearly plain");
	parameter("text/enriched; charset=koi8-r", "а\n", "enriched");
	parameter("text/markdown; charset=koi8-r", "а\n", "markdown");
	parameter("multipart/mixed", "", "a multipart without a boundary");
	parameter("multi(part/mixed; charset=koi8-r", "", "nothing known");
}

/* A boundary in so many sections of one octet each. */
static const char *
sectioned(unsigned n)
{
	unsigned i;

	add("Content-Type: multipart/mixed");
	for (i = 0; i < n; i++)
		number(";\n boundary*", i, "=b");
	add("\n\n--");
	repeat("b", MIME_SECTIONS_MAX);
	add("\n\nx");
	return made();
}

static void
sections(void)
{
	tap_is(sectioned(MIME_SECTIONS_MAX - 1), "", "a section is missing");
	tap_is(sectioned(MIME_SECTIONS_MAX), "x", "as many as there may be");
	tap_is(sectioned(MIME_SECTIONS_MAX + 1), "x", "and one too many");
}

/* A line of base64 is looked at up to MIME_BASE64_MAX octets. */
static void
base64_lines(void)
{
	size_t n;

	for (n = MIME_BASE64_MAX - 4; n <= MIME_BASE64_MAX + 4; n += 4) {
		add(ENCODED("base64") "\naGk=\n");
		repeat("eHh4", n / 4);
		add("\n");
		tap_ok(strlen(made()) == 2 + n / 4 * 3,
		    "a piece with a line of %zu octets", n);
	}
}

static void
encodings(void)
{
	IS(ENCODED("7bit") "\na=20b\n", "a=20b\n", "7bit");
	IS(ENCODED("8bit") "\n\303\251\n", "é\n", "8bit");
	IS(ENCODED("x-unknown") "\nabc\n", "abc\n", "unknown: as it is");
	IS(ENCODED("Quoted-Printable") "\n=C3=A9\n", "é\n", "QP");
	IS(ENCODED(" \"quoted-printable\" ") "\n=e9\n", "é\n", "QP, quoted");
	IS(ENCODED("quoted-printable (x)") "\na=\nb\n", "ab\n", "soft break");
	IS(ENCODED("quoted-printable;") "\na= \t\nb\n", "ab\n",
	    "blanks after the = of a soft break");
	IS(ENCODED("quoted-printable") "\na \t \nb =\nc  ", "a\nb c",
	    "blanks at a line's end go, RFC 2045, 6.7");
	IS(ENCODED("quoted-printable") "\na=20\nb\n", "a \nb\n",
	    "encoded blanks stay");
	IS(ENCODED("quoted-printable") "\n1+1=3D2, =zz =4 =\t= ==41=\n",
	    "1+1=2, =zz =4 =\t= =41", "broken QP stays as it is");
	IS(ENCODED("quoted-printable") "\na=", "a", "= at the end");
	IS(ENCODED("quoted-printable") "\na=4", "a=4", "half at the end");
	IS(ENCODED("quoted-printable") "\na=\r\rb=\rc", "a\nbc",
	    "a bare CR after =");
	IS(ENCODED("base64") "\naGVs\nbG8gdGhl cmU=\n", "hello there",
	    "base64");
	IS(ENCODED("base64") "\naGVsbG8gd29ybGQ", "hello world",
	    "without padding");
	IS(ENCODED("BASE64") "\naGVsbG8\n", "hello", "cut");
	IS(ENCODED("base64") "\naGVsbG8g*d29\344ybG!Q=", "hello world",
	    "octets that are no digits");
	IS(ENCODED("base64") "\naGk=\n-- \nThis list\n", "hi",
	    "what comes after the padding");
	IS(ENCODED("base64") "\n=aGk=\n", "hi", "padding in front");
	IS(ENCODED("base64") "\naGk=\neW91\nYWxs\n", "hiyouall",
	    "in padded pieces, each on its line");
	IS(ENCODED("base64") "\naA==aQ==\n \neW8=dQ==", "hiyou",
	    "in padded pieces, on one line");
	IS(ENCODED("base64") "\naGk=\nThis list\n", "hi",
	    "words behind the padding are no piece");
	IS(ENCODED("base64") "\naGk=\nFooter\n", "hi",
	    "nor is one word that makes no groups");
	IS(ENCODED("base64") "\naGkg\nYm9i\n____\nTo leave this list: "
	    "http://list.test/\n", "hi bob", "a footer without padding");
	IS(ENCODED("base64") "\naGkg\nYm9i\nTo leave this list: "
	    "http://list.test/\n", "hi bob", "... that begins with a word");
	IS(ENCODED("base64") "\naGVs\nbG8*gdGhlcm\344U=", "hello there",
	    "a line that is not clean is no footer");
	SUBJECT("=?utf-8?B?aGk=eW91?=", "hiyou", "pieces in an encoded word");
	base64_lines();
	IS(ENCODED("base64") "\naGkNCnlvdQ0K\n", "hi\nyou\n", "CRLF inside");
	IS(ENCODED("base64") "\naGkABHlvdQ==\n", "hi\004you", "NUL inside");
	IS(ENCODED("base64") "\n77u/aGk=\n", "hi", "a byte order mark inside");
	IS(TYPE("text/plain; charset=utf-16") ENCODED("base64")
	    "\n//5oAGkACgAfBA==\n", "hi\nП", "UTF-16");
	add(TYPE("text/plain; charset=utf-16le") "\n");
	put("h\0i\0\n\0\037\004", 8);
	tap_is(made(), "hi\nП", "UTF-16 as it is");
}

/* Labels over what was never encoded. */
static void
clear_base64(void)
{
#define BASE64_UTF8 PLAIN ENCODED("base64") "\n"
	IS(BASE64_UTF8 "Disk full on db1\n", "Disk full on db1\n",
	    "clear text that should be base64");
	IS(BASE64_UTF8 "Alarm\nDisk full on db1: 95 %\n",
	    "Alarm\nDisk full on db1: 95 %\n", "its first line is a word");
	IS(BASE64_UTF8 "K\303\274che brennt\n", "Küche brennt\n",
	    "clear text that is not ASCII");
	IS(BASE64_UTF8 "load=95\n", "load=95\n", "what is no padding");
	IS(BASE64_UTF8 "Alarm\n", "Alarm\n", "a word");
	IS(BASE64_UTF8 "Test\n", "Test\n", "a word of a whole group");
	IS(BASE64_UTF8 "FIRE\nALARM", "FIRE\nALARM", "two words");
	IS(BASE64_UTF8 "QWxhcm0\n", "Alarm", "no padding is no word");
	IS(BASE64_UTF8 "YWxs\n", "all", "a word that decodes to one");
	IS(TYPE("text/plain; charset=koi8-r") ENCODED("base64") "\ndGVz\n",
	    "tes", "text in another charset");
	IS(BASE64_UTF8 "SGk=\nnot base64 at all\n", "Hi",
	    "a first line that is base64 decides");
	IS(BASE64_UTF8 "aGVs#bG8g!dGhl?cmU=\n", "hello there",
	    "base64 with much else between is still decoded");
	IS(TYPE("text/html; charset=utf-8") ENCODED("base64")
	    "\n<p>Disk &amp; CPU</p>", "Disk & CPU", "HTML in clear");
}

static void
clear_qp(void)
{
#define QP(charset) TYPE("text/plain; charset=" charset) \
	ENCODED("quoted-printable") "\n"
	IS(QP("utf-8") "load=95 temp=40C", "load=95 temp=40C",
	    "clear text that should be quoted-printable");
	IS(QP("utf-8") "a = b, c == d", "a = b, c == d", "an equals sign");
	IS(QP("us-ascii") "key=12 other=0a", "key=12 other=0a",
	    "what would be a control character");
	IS(QP("utf-8") "x=30", "x=30", "what no encoder escapes");
	IS(QP("utf-8") "Gr=C3=B6=C3=9Fe a=b", "Größe a=b",
	    "escapes beside an equals sign");
	IS(QP("iso-8859-1") "Gr=F6=DFe a=b", "Größe a=b",
	    "in another charset");
	IS(QP("utf-8") "a=3Db", "a=b", "an equals sign that is escaped");
	IS(QP("utf-8") "=46rom x, c=d", "From x, c=d", "RFC 2049, 3");
	IS(QP("utf-8") "=54=65=73=74 a=b", "Test a=b", "all is escaped");
	IS(QP("utf-8") "one line that is long enough to be broken in the "
	    "middle =\nof it, a=b", "one line that is long enough to be broken "
	    "in the middle of it, a=b", "a soft line break");
	IS(QP("utf-8") "short=\nline", "shortline", "a short one");
	IS(QP("utf-8") "x=C3 y", "x=C3 y", "half a character");
	IS(QP("utf-8") "x=C3=\n=B6 a=b", "xö a=b",
	    "a character with a line break inside");
}

/* How much of the start of a body is looked at. */
static void
held_limits(void)
{
	size_t n, k;
	int clear;

	for (k = MIME_HELD_MAX - 8; k <= MIME_HELD_MAX + 8; k++) {
		add(QP("utf-8"));
		repeat("x", k - 6);
		add("a=b c=3Dd");
		n = strlen(made());
		/* the first "=" is seen, and the escape is not */
		clear = k - 2 <= MIME_HELD_MAX && k + 2 > MIME_HELD_MAX;
		tap_ok(n == k + (clear ? 3 : 1), "an escape behind octet %zu",
		    k);
	}
}

/* ---- HTML that no header announces, or whose charset it does not ---- */

static void
html_unannounced(void)
{
	IS("Subject: x\n\n<html><body><b>PROBLEM</b>: down</body></html>",
	    "PROBLEM: down", "HTML without a type");
	IS(PLAIN "\n<!DOCTYPE html>\n<p>a<p>b", "a\nb", "called plain");
	IS(PLAIN "\n\357\273\277 \n<!doctype  HTML PUBLIC \"x\"><p>a", "a",
	    "behind a byte order mark and blanks");
	IS(PLAIN "\n<?xml version='1.0'?>\n<!-- x -->\n<HTML lang=en>a", "a",
	    "behind an XML declaration and a comment");
	IS(PLAIN ENCODED("base64") "\nPGh0bWw+PGI+eDwvYj48L2h0bWw+\n", "x",
	    "in base64");
	IS(TYPE("text/plain; charset=utf-16le") ENCODED("base64")
	    "\nPABoAHQAbQBsAD4AeAA8AGIAPgB5AA==\n", "xy", "in UTF-16");
	IS(TYPE("text/plain; format=flowed") "\n<html>a \nb", "a b",
	    "that is flowed");
	IS(PLAIN "\n<b>x</b>", "<b>x</b>", "tags alone are text");
	IS(PLAIN "\n<htmlx>y", "<htmlx>y", "another element");
	IS(PLAIN "\n<html", "<html", "half a tag");
	IS(PLAIN "\n<!doctype svg><p>x", "<!doctype svg><p>x",
	    "another document");
	IS(PLAIN "\nsee <html>", "see <html>", "text in front");
	IS(PLAIN "\n<!-- a comment that does not end", "<!-- a comment that "
	    "does not end", "a comment that does not end");
	IS(PLAIN "\n  <", "  <", "a bracket");
}

static void
html_charsets(void)
{
#define HTML TYPE("text/html") "\n"
	IS(HTML "<meta charset=koi8-r>\360\322\311", "При", "meta charset");
	IS(HTML "<META http-equiv='Content-Type' content='text/html; "
	    "charset=koi8-r'><p>\360\322\311", "При", "http-equiv");
	tap_is(mime_source(&mime), "1 text/html charset=koi8-r",
	    "the source says it");
	IS(HTML "<meta content=\"text/html;charset = 'koi8-r' \" "
	    "HTTP-EQUIV=content-type />\360", "П", "in another order");
	IS(HTML "<?xml version=\"1.0\" encoding=\"koi8-r\"?><p>\360", "П",
	    "an XML declaration");
	IS(HTML "<meta name=x content=y><meta charset=koi8-r>\360", "П",
	    "the first that names one");
	IS(HTML "<!-- <meta charset=koi8-r> --><meta charset=iso-8859-5>\277",
	    "П", "not in a comment");
	IS(HTML "<meta name=x content='charset=koi8-r'>\374", "ü",
	    "not without http-equiv");
	IS(HTML "<meta charset=\"utf-16\">\303\274", "ü",
	    "what can be read is not UTF-16");
	IS(HTML "\377\376<\0p\0>\0x\0", "x", "a byte order mark");
	IS(HTML "<meta charset=>\303\274<meta", "ü", "none, after all");
	IS(TYPE("text/html; charset=utf-8") "\n<meta charset=koi8-r>\303\274",
	    "ü", "the header's goes first");
	IS("\n<html><meta charset=koi8-r>\360", "П", "without a type");
	IS("\n<meta charset=koi8-r>\374", "<meta charset=koi8-r>ü",
	    "text is not asked");
	IS("\n\376\377\0x\0y", "xy", "UTF-16 without a header");
	IS("\n\376", "þ", "half of its mark");
}

/* ---- text/plain ---- */

#define FLOWED(body) TYPE("text/plain; format=flowed") "\n" body
#define DELSP(body)  TYPE("text/plain; format=Flowed; delsp=YES") "\n" body

static void
flowed(void)
{
	IS(FLOWED("a \nb \nc\nd\n"), "a b c\nd", "lines are joined");
	IS(FLOWED("a\n b\n  c\n"), "a\nb\n c", "stuffing goes");
	IS(FLOWED(" > a\n From b\n"), "> a\nFrom b", "stuffed signs");
	IS(FLOWED("a\n\nb \n\nc\n"), "a\n\nb \n\nc", "an empty line ends it");
	IS(FLOWED("a \n \nb\n"), "a \n\nb", "so does one with a space");
	IS(FLOWED("a  \n b\n"), "a  b", "two spaces");
	IS(FLOWED("> a \n> b\n> c\n"), "> a b\n> c", "a quotation");
	IS(FLOWED("> a \n>> b \nc\n"), "> a \n>> b \nc", "of other depth");
	IS(FLOWED(">> a \n>>b\n"), ">> a b", "with and without a space");
	IS(FLOWED("> \n>\n> a\n"), "> \n> \n> a", "empty lines in it");
	IS(FLOWED("a \n-- \nb \nc\n"), "a \n-- \nb c", "a signature");
	IS(FLOWED("-- \nx\n"), "-- \nx", "a signature alone");
	IS(FLOWED("a \n--\nb\n-\n-- x\n"), "a --\nb\n-\n-- x", "nearly one");
	IS(FLOWED("a \n-- "), "a \n-- ", "one at the end");
	IS(FLOWED("> -- \n> x\n"), "> -- \n> x", "a quoted one");
	IS(FLOWED("a \nb "), "a b ", "a space at the end");
	IS(FLOWED("a \n-"), "a -", "cut inside a mark");
	IS(FLOWED("a \n>"), "a \n> ", "cut inside a quotation");
	IS(FLOWED("\n \n \n"), "", "blank lines");
	IS(DELSP("a \nb \nc\n"), "abc", "delsp");
	IS(DELSP("\346\227\245 \n\346\234\254\n"), "日本", "delsp, Japanese");
	IS(DELSP("a  \nb\n-- \nc\n"), "a b\n-- \nc", "delsp, two spaces");
	IS(TYPE("text/plain; format=fixed") "\na \nb\n", "a \nb\n", "fixed");
	IS(TYPE("text/plain; format=flowed") ENCODED("quoted-printable")
	    "\na=20\n b=20\nc d=\n e\n", "a b c d e", "quoted-printable");
	IS(TYPE("text/html; format=flowed") "\n<p>a \n&gt; b</p>\n", "a > b",
	    "HTML does not flow");
}

#define UU_HI "$:&D*>0``\n" /* "hi\ny" */

static void
uuencode(void)
{
	IS(PLAIN "\na\nbegin 644 x.bin\n" UU_HI "`\nend\nb\n", "a\nb\n",
	    "a block goes");
	IS(PLAIN "\nbegin 0644 x y.bin\n" UU_HI " \nend\nb\n", "b\n",
	    "four digits, a space for a grave");
	IS(PLAIN "\nbegin 644 x\n" UU_HI UU_HI "\nend\nb\n", "b\n",
	    "an empty last line");
	IS(PLAIN "\nbegin 644 x\n" UU_HI, "", "no end");
	IS(PLAIN "\nbegin 644 x\n" UU_HI "#:&D", "", "cut inside a line");
	IS(PLAIN "\nbegin 644 x\n" UU_HI "hello there!\nb\n",
	    "hello there!\nb\n", "no end, but text");
	IS(PLAIN "\nbegin 644 x\n" UU_HI "end\nb\nbegin 644 y\n" UU_HI "end\n",
	    "b\n", "two blocks");
	IS(PLAIN "\nbegin 644 x\nhello there!\n",
	    "begin 644 x\nhello there!\n", "no data after it");
	IS(PLAIN "\nbegin 644 x\n\nend\n", "begin 644 x\n\nend\n",
	    "an empty line after it");
	IS(PLAIN "\nbegin 644 x", "begin 644 x", "nothing after it");
	IS(PLAIN "\nbegin 644 x\n", "begin 644 x\n", "nothing after it");
	IS(PLAIN "\nbegin 64 x\n" UU_HI, "begin 64 x\n" UU_HI, "two digits");
	IS(PLAIN "\nbegin 689 x\n" UU_HI, "begin 689 x\n" UU_HI, "no octal");
	IS(PLAIN "\nbegin 64400 x\n" UU_HI, "begin 64400 x\n" UU_HI,
	    "five digits");
	IS(PLAIN "\nbegin 644\n" UU_HI, "begin 644\n" UU_HI, "no name");
	IS(PLAIN "\nbegin 644 \n" UU_HI, "begin 644 \n" UU_HI, "no name");
	IS(PLAIN "\nbegin the day\nbe\nb", "begin the day\nbe\nb", "words");
	IS(TYPE("text/plain; format=flowed") "\nbegin 644 x\n" UU_HI "`\nend\n"
	    "b \nc\n", "b c", "in a text that flows");

	add(PLAIN "\nbegin 644 ");
	repeat("n", MIME_BEGIN_MAX - 10);
	add("\n" UU_HI "end\nb\n");
	tap_is(made(), "b\n", "the longest first line");
	add(PLAIN "\nbegin 644 ");
	repeat("n", MIME_BEGIN_MAX - 9);
	add("\n" UU_HI "end\nb\n");
	tap_ok(strncmp(made(), "begin 644 n", 11) == 0, "one that is longer");
	add(PLAIN "\nbegin 644 x\n_");
	repeat("A", 84);
	add("\nend\nb\n");
	tap_is(made(), "b\n", "the longest line of data");
	add(PLAIN "\nbegin 644 x\n_");
	repeat("A", MIME_UU_MAX);
	add("\nend\nb\n");
	tap_ok(strncmp(made(), "begin 644 x\n_A", 14) == 0,
	    "one that is longer");
}

/* ---- structure ---- */


static void
boundaries(void)
{
	IS(MIXED "--b\n\nx\n--b--\n", "x", "one part");
	IS(MIXED "pre\n\n--b\n\nx\n--b--\nepi\n--b\n\nno\n", "x",
	    "preamble and epilogue");
	IS(MIXED "--b\n\nx\n\n--b--\n", "x\n", "the last line end is not text");
	IS(MIXED "--b\n\nx\n--b", "x", "no end but a delimiter");
	IS(MIXED "--b\n\nx\n", "x", "no end");
	IS(MIXED "--b\n\nx", "x", "no end, no line end");
	IS(MIXED "--b \t \n\nx\n--b-- \t\nno\n", "x", "blanks behind");
	IS(MIXED "--bb\n\nx\n--b-\n--b--x\n--b -- \n-- b\n -b\n--\n", "",
	    "not quite the boundary");
	IS(MIXED "--b\n\n--bb\n--b-\n---b\n--\n-\n --b\n--b--\n",
	    "--bb\n--b-\n---b\n--\n-\n --b", "nor inside a part");
	IS(MIXED "--b\nX-Y: z\nContent-Type: text/plain\n--b\n\nx\n--b--\n",
	    "x", "a part that ends in its header");
	IS(MIXED "--b\n--b\n--b\n\nx\n--b--\n", "x", "empty parts");
	IS(TYPE("mutlipart/mixed; boundary=b") "\n--b\n\nx\n--b--\n", "x",
	    "a wrong type, but a boundary");
	IS(TYPE("text/plain; boundary=b") "\n--b\n\nx\n",
	    "--b\n\nx\n", "text, whatever boundary");
	IS(MIXED "--b\nhello there\n--b--\n", "hello there",
	    "a part without header and empty line");
	IS(TYPE("multipart/mixed; boundary=b") "--b\n\nx\n--b--\n", "x",
	    "no empty line before the first delimiter");
	IS(MIXED "--b\n" TYPE("multipart/mixed; boundary=c") "--c\n\nx\n--c--\n"
	    "--b\n\ny\n--b--\n", "x\ny", "nor before an inner one");
	IS(TYPE("multipart/mixed; boundary=\"b c\"") "\n--b c\n\nx\n--b c--\n",
	    "x", "a blank inside");
	IS(TYPE("multipart/mixed; boundary=\"b \"") "\n--b\n\nx\n--b--\n", "x",
	    "a blank at its end is none, RFC 2046, 5.1.1");
	IS(TYPE("multipart/mixed; boundary=a=b:?/c") "\n--a=b:?/c\n\nx\n", "x",
	    "odd signs without quotes");
	IS(MIXED "--b\n" TYPE("multipart/mixed; boundary=bb") "\n--bb\n\n1\n"
	    "--bb--\n--b\n\n2\n--b--\n", "1\n2", "b and bb");
	IS(TYPE("multipart/mixed; boundary=bb") "\n--bb\n"
	    TYPE("multipart/mixed; boundary=b") "\n--b\n\n1\n--b--\n--bb\n\n2\n"
	    "--bb--\n", "1\n2", "bb and b");
	IS(MIXED "--b\n" TYPE("multipart/mixed; boundary=\"b--\"")
	    "\n--b--\n\n1\n--b----\n--b\n\n2\n--b--\n", "1\n2", "b and b--");
	IS(MIXED "--b\n" TYPE("multipart/mixed; boundary=c")
	    "\n--c\n\n1\n--b\n\n2\n--c\n\n3\n--b--\n", "1\n2\n--c\n\n3",
	    "an inner end is missing");
	IS(MIXED "--b\n" TYPE("multipart/mixed; boundary=b")
	    "\n--b\n\n1\n--b--\n--b\n\n2\n--b--\n", "1\n2",
	    "the same boundary twice");
	add(MIXED "--b\r\n\r\nx\ny\r\n--b\n\r\nz\r\n--b--\n");
	tap_is(made(), "x\ny\nz", "LF and CRLF mixed");
	IS(MIXED "--b\n\nx\n--b\n\ny\r\n\n--b--\n", "x\ny\n", "and inside");
}

#define ALT   TYPE("multipart/alternative; boundary=b") "\n"
#define P(t)  "--b\nContent-Type: text/plain\n\n" t
#define H(t)  "--b\nContent-Type: text/html\n\n" t

static void
alternative(void)
{
	IS(ALT P("p\n") H("<p>h</p>\n") "--b--\n", "p", "plain and HTML");
	tap_is(mime_source(&mime), "1 text/plain", "its source");
	IS(ALT H("<p>h</p>\n") P("p\n") "--b--\n", "p", "HTML and plain");
	tap_is(mime_source(&mime), "2 text/plain", "its source");
	IS(ALT P("") H("<p>h</p>\n") "--b--\n", "h", "plain is empty");
	IS(ALT P(" \n\t\n\302\240\n") H("<p>h</p>\n") "--b--\n", "h",
	    "plain is blank");
	tap_is(mime_source(&mime), "2 text/html", "its source");
	IS(ALT H("<p>h</p>\n") P(" \n") "--b--\n", "h", "blank comes last");
	IS(ALT H("<p>h</p>\n") "--b--\n", "h", "HTML alone");
	IS(ALT P("p\n") P("q\n") "--b--\n", "p", "two plain ones");
	IS(ALT P(" \n") H("<br>\n") "--b--\n", "", "both are blank");
	IS(ALT "--b\n" TYPE("text/enriched") "\ne\n" H("h\n") "--b--\n", "h",
	    "HTML is better than enriched");
	IS(ALT H("h\n") "--b\n" TYPE("text/markdown") "\nm\n--b--\n", "m",
	    "markdown is better than HTML");
	IS(ALT P("p\n") "--b\n" TYPE("text/calendar") "\nc\n--b--\n", "p",
	    "a calendar");
	IS(ALT "--b\n" TYPE("text/plain; name=x") "\np\n" H("h\n"), "p",
	    "a name does not make an attachment here");
	IS(ALT "--b\nContent-Disposition: attachment\n\np\n" H("h\n"), "h",
	    "the disposition does");
	IS("\n" ALT P("p\n"), "Content-Type: multipart/alternative; "
	    "boundary=b\n\n--b\nContent-Type: text/plain\n\np\n",
	    "no header, and all is text");
}

#define INNER(type, parts) "--b\n" TYPE("multipart/" type "; boundary=c") \
	"\n" parts "--c--\n"
#define IP(t) "--c\nContent-Type: text/plain\n\n" t
#define IH(t) "--c\nContent-Type: text/html\n\n" t
#define IMAGE "--c\n" TYPE("image/png") ENCODED("base64") "\naGVsbG8=\n"
#define ATTACHED "--b\n" TYPE("application/pdf") "\nno\n"

static void
nested(void)
{
	IS(ALT P("p\n") INNER("related", IH("h\n") IMAGE) "--b--\n", "p",
	    "plain, and HTML with images");
	IS(ALT P(" \n") INNER("related", IH("h\n") IMAGE) "--b--\n", "h",
	    "the HTML with images");
	IS(ALT INNER("mixed", IP("1\n") IMAGE IP("2\n")) H("h\n"), "1\n2",
	    "a mixed one is chosen as a whole");
	IS(ALT INNER("mixed", IP("1\n") IMAGE IH("2\n")) H("h\n"), "1\n2",
	    "with the HTML in it");
	IS(ALT INNER("mixed", IH("1\n") IMAGE IP("2\n")) P("p\n"), "1\n2",
	    "and is plain if one of it is");
	IS(ALT H("h\n") INNER("mixed", IH("1\n") IP("2\n")), "2",
	    "all but the HTML, which is no better than what there was");
	tap_is(mime_source(&mime), "2.2 text/plain", "its source");
	IS(MIXED INNER("alternative", IP("p\n") IH("h\n")) ATTACHED
	    P("foot\n") "--b--\n", "p\nfoot", "alternative in mixed");
	IS(MIXED P("head\n") INNER("alternative", IH("h\n") IP("p\n"))
	    P("foot\n") "--b--\n", "head\np\nfoot",
	    "what is before the choice stays");
	tap_is(mime_source(&mime), "1 text/plain, 2.2 text/plain, "
	    "3 text/plain", "its sources");
	IS(MIXED P("x\n") INNER("signed", IP("s\n") "--c\n"
	    TYPE("application/pgp-signature") "\nno\n") "--b--\n", "x\ns",
	    "signed in mixed");
	IS(ALT "--b\n" TYPE("multipart/related; boundary=c; start=\"<r>\"")
	    "\n" IH("1\n") "--c\nContent-ID: <r>\n" TYPE("text/html") "\n2\n"
	    "--c--\n" P(" \n") "--b--\n", "2", "a choice in a choice");
}

static void
mixed(void)
{
	IS(MIXED P("1\n") P("2\n") H("<p>3\n") P("4\n"), "1\n2\n3\n4",
	    "text parts in order");
	IS(MIXED P("1\n\n") P("\n2\n"), "1\n\n2",
	    "a blank line between them");
	IS(MIXED P("1") "\n" P("  2\n"), "1\n  2", "an indented one");
	IS(MIXED P(" \n") P("2\n"), "2", "a blank one");
	IS(MIXED P("x\n") "--b\n" TYPE("text/plain")
	    "Content-Disposition: attachment\n\nno\n", "x", "attachment");
	IS(MIXED P("x\n") "--b\nContent-Disposition: ATTACHMENT; "
	    "filename=a.txt\n\nno\n", "x", "attachment, no type");
	IS(MIXED P("x\n") "--b\nContent-Disposition: inline; "
	    "filename=a.txt\n\nno\n", "x", "inline with a file name");
	IS(MIXED P("x\n") "--b\nContent-Disposition: inline;\n "
	    "filename*=utf-8''a.txt\n\nno\n", "x", "its name as in RFC 2231");
	IS(MIXED P("x\n") "--b\n" TYPE("text/plain; name=\"a.txt\"") "\nno\n",
	    "x", "a name");
	IS(MIXED P("x\n") "--b\n" TYPE("text/plain; name*0=a; name*1=b")
	    "\nno\n", "x", "a name in sections");
	IS(MIXED P("x\n") "--b\n" TYPE("text/plain; name=\"\"") "\ny\n",
	    "x\ny", "an empty name");
	IS(MIXED P("x\n") "--b\nContent-Disposition: inline\n\ny\n", "x\ny",
	    "inline");
	IS(MIXED P("x\n") "--b\nContent-Disposition: attachment\n"
	    TYPE("multipart/mixed; boundary=c") "\n--c\n\nno\n--c--\n"
	    P("y\n"), "x\ny", "a multipart that is attached");
	IS("Content-Disposition: attachment; filename=a.txt\n"
	    TYPE("text/plain; name=a.txt") "\nx\n", "x\n",
	    "a message has nothing to be attached to");
	IS(MIXED ATTACHED ATTACHED, "", "attachments alone");
	tap_is(mime_source(&mime), "none", "have no source");
	IS(TYPE("multipart/x-whatever; boundary=b") "\n" P("1\n") P("2\n"),
	    "1\n2", "an unknown multipart");
	IS(TYPE("multipart/report; boundary=b") "\n" P("failed\n") "--b\n"
	    TYPE("message/delivery-status") "\nAction: failed\n--b\n"
	    TYPE("text/rfc822-headers") "\nSubject: x\n--b--\n", "failed",
	    "a report");
}

#define RELATED(start) TYPE("multipart/related; boundary=b" start) "\n"
#define ID(id, type) "--b\nContent-ID: " id "\n" TYPE(type) "\n"

static void
related(void)
{
	IS(RELATED("") H("1\n") H("2\n"), "1", "the first is the root");
	IS(RELATED("; start=r") ID("<q>", "text/html") "1\n"
	    ID("<r>", "text/html") "2\n" ID("<s>", "text/html") "3\n", "2",
	    "start says which");
	tap_is(mime_source(&mime), "2 text/html", "its source");
	IS(RELATED("; start=\"<r>\"") ID("r", "text/html") "1\n"
	    ID("<s>", "text/html") "2\n", "1", "with and without brackets");
	IS(RELATED("; start=\"<none>\"") ID("<r>", "text/plain") "1\n"
	    ID("<s>", "text/plain") "2\n", "1\n2", "a root that is not there");
	IS(RELATED("; start=\"<r>\"") ID("<r>", "text/html") " \n"
	    ID("<s>", "text/html") "2\n", "2", "a root that is empty");
	IS(RELATED("; start=\"<smil>\"") ID("<smil>", "application/smil")
	    "<smil/>\n" "--b\n" TYPE("text/plain; name=t.txt") "\nMMS\n",
	    "MMS", "an MMS: the text beside its SMIL");
	IS(RELATED("") INNER("alternative", IP("p\n") IH("h\n")) H("x\n"),
	    "p", "alternative as the root");
}

static void
others(void)
{
	static const char inner[] = "--b\n" TYPE("message/rfc822")
	    "\nSubject: i\n\ninner\n";

	IS(TYPE("multipart/signed; boundary=b") "\n" P("s\n") P("no\n"), "s",
	    "signed: the first part alone");
	IS(TYPE("multipart/encrypted; boundary=b") "\n--b\n"
	    TYPE("application/pgp-encrypted") "\nVersion: 1\n--b\n"
	    TYPE("application/octet-stream") "\nno\n", "", "encrypted");
	IS(TYPE("multipart/digest; boundary=b") "\n--b\n\nSubject: x\n\n1\n"
	    "--b\n\nSubject: y\n\n2\n--b\n" TYPE("text/plain") "\nNext:\n",
	    "Next:", "a digest with a text of its own");
	IS(TYPE("multipart/digest; boundary=b") "\n--b\n\nSubject: x\n\n1\n"
	    "--b\n\nSubject: y\n\n2\n--b--\n", "1\n2", "a digest");
	tap_is(mime_source(&mime), "1.1 text/plain, 2.1 text/plain",
	    "its sources");
	IS(TYPE("message/rfc822") "Subject: o\n\nSubject: i\n\ninner\n",
	    "inner\n", "a message that is a message");
	tap_is(mime_field(&mime, MIME_SUBJECT), "o", "its own subject");

	nmessage = 0;
	add(MIXED);
	add(inner);
	add(P("outer\n"));
	tap_is(made(), "outer", "text comes before that of a message inside");
	add(MIXED P("outer\n"));
	add(inner);
	tap_is(made(), "outer", "in any order");
	add(MIXED P(" \n"));
	add(inner);
	add(inner);
	tap_is(made(), "inner\ninner", "messages where there is nothing else");
	IS(MIXED "--b\n" TYPE("message/rfc822")
	    "Content-Disposition: attachment\n\n" ALT P("p\n") H("h\n")
	    "--b--\n", "p", "one that is attached, with the same boundary");
	IS(MIXED "--b\n" TYPE("message/rfc822") ENCODED("base64")
	    "\nU3ViamVjdDogeAoKeAo=\n--b--\n", "",
	    "one that is encoded, against RFC 2046, 5.2.1");
	IS(MIXED "--b\n" TYPE("message/rfc822") "\n", "", "an empty one");
	IS(MIXED "--b\n" TYPE("message/rfc822") "\n--b\n\nx\n", "x",
	    "an empty one and text");
	IS(MIXED "--b\n" TYPE("message/partial; id=1") "\nno\n", "",
	    "a part of a message");
}

static void
html(void)
{
	mime_init(&mime, 1);
	add(TYPE("text/html") "\n<a href=\"http://x.example/\">x</a>\n");
	mime_feed(&mime, message, nmessage);
	nmessage = 0;
	mime_end(&mime);
	tap_ok(strstr(mime_text(&mime), "http://x.example/") != NULL,
	    "links are printed");
	IS(TYPE("text/html") "\n<a href=\"http://x.example/\">x</a>\n", "x",
	    "or not");
	IS(TYPE("text/html; charset=iso-8859-1") ENCODED("quoted-printable")
	    "\n<p>caf=E9 &eac=\nute; <=\nb>b</=\nb></p>\n", "café é b",
	    "tags and entities with soft breaks inside");
	IS(TYPE("text/html") ENCODED("base64") "\nPHA+YTxicj5iPC9wPg==\n",
	    "a\nb", "base64");
	IS(TYPE("text/html") "\n<style>p{}</style><br> &nbsp;", "",
	    "nothing to be read");
	IS(TYPE("text/html") "\nbegin 644 x\n" UU_HI, "begin 644 x $:&D*>0``",
	    "no uuencode in HTML");
}

/* ---- limits: each is met, and one more ---- */

static void
long_lines(void)
{
	size_t n, same = 0;

	/* a CR at the very end of what is looked at, a field that goes on */
	for (n = MIME_LINE_MAX - 3; n <= MIME_LINE_MAX + 3; n++) {
		nmessage = 0;
		add("Date: ");
		repeat("d", n - 6);
		add("\r\n\r\nx");
		feed(message, nmessage, 5);
		same += strcmp(mime_text(&mime), "x") == 0 &&
		    strlen(mime_field(&mime, MIME_DATE)) == MIME_FIELD_MAX;
		nmessage = 0;
		add(MIXED "--b\n\n");
		repeat("a", n);
		add("\r\nb\r\n--b--\r\n");
		feed(message, nmessage, 5);
		same += strlen(mime_text(&mime)) == n + 2 &&
		    strcmp(mime_text(&mime) + n, "\nb") == 0;
		nmessage = 0;
		add(MIXED "--b\n\nx\n--b--");
		repeat(" ", n - 5);
		add("\r\nb\r\n");
		feed(message, nmessage, 5);
		same += (strchr(mime_text(&mime), 'b') == NULL) ==
		    (n + 1 < MIME_LINE_MAX);
	}
	nmessage = 0;
	tap_ok(same == 21, "lines about MIME_LINE_MAX long: %zu of 21", same);

	add("X: y\n");
	repeat("n", MIME_NAME_MAX);
	add(": z\n\nx");
	tap_is(made(), "x", "the longest name of a field");
	add("X-A: y\n");
	repeat("n", MIME_NAME_MAX + 1);
	add(": z\n\nx");
	tap_ok(strncmp(made(), "nnn", 3) == 0, "one that is longer is none");
}

static void
long_fields(void)
{
	add("Subject: ");
	repeat("s", MIME_FIELD_MAX);
	add("\n\n");
	made();
	tap_ok(strlen(mime_field(&mime, MIME_SUBJECT)) == MIME_FIELD_MAX,
	    "the longest field");
	add("Subject: ");
	repeat("s", MIME_FIELD_MAX - 1);
	add("é\n\n");
	made();
	tap_ok(strlen(mime_field(&mime, MIME_SUBJECT)) == MIME_FIELD_MAX - 1,
	    "no character is cut");
	add("Subject:");
	repeat(" =?utf-8?Q?aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?=\n", 10000);
	add("\nx");
	tap_is(made(), "x", "a field over MIME_RAW_MAX");
	tap_ok(strlen(mime_field(&mime, MIME_SUBJECT)) == MIME_FIELD_MAX,
	    "is cut");
	add("Content-Type: text/plain; x=");
	repeat("x", MIME_RAW_MAX - 30);
	add("; charset=koi8-r\n\n\301");
	tap_is(made(), "а", "a parameter that ends at MIME_RAW_MAX");
	add("Content-Type: text/plain; x=");
	repeat("x", MIME_RAW_MAX - 16);
	add("; charset=koi8-r\n\n\301");
	tap_is(made(), "Á", "one that begins there");
	add("X: ");
	repeat("0123456789 abcdef\n ", 600000);
	add("y\n\nx");
	tap_is(made(), "x", "a field of 10 MB");
	repeat("X-SMS-TTL: 5\n", 800000);
	add("\nx");
	tap_is(made(), "x", "a header of 10 MB");
	tap_is(mime_field(&mime, MIME_SMS_TTL), "5", "its first field");
	add("\n");
	repeat("0123456789", 1000000);
	tap_ok(strlen(made()) == MIME_TEXT_MAX, "a line of 10 MB");
}

/* A multipart by a boundary of n octets with x in it. */
static const char *
bounded(size_t n)
{
	add("Content-Type: multipart/mixed; boundary=");
	repeat("b", n);
	add("\n\n--");
	repeat("b", n);
	add("\n\nx\n--");
	repeat("b", n);
	add("--\n");
	return made();
}

/* A text so many multiparts deep, another one behind them all. */
static const char *
deep(unsigned n)
{
	unsigned i;

	add(TYPE("multipart/mixed; boundary=b") "\n--b\n");
	for (i = 1; i < n; i++) {
		number("Content-Type: multipart/mixed; boundary=b", i, "\n\n");
		number("--b", i, "\n");
	}
	add("\nx\n");
	for (i = n - 1; i > 0; i--)
		number("--b", i, "--\n");
	add("--b\n\ny\n--b--\n");
	return made();
}

static void
structure_limits(void)
{
	unsigned i;

	tap_is(bounded(MIME_BOUNDARY_MAX), "x", "the longest boundary");
	tap_is(bounded(MIME_BOUNDARY_MAX + 1), "", "one that is longer");
	/* the message itself is a level */
	tap_is(deep(MIME_DEPTH_MAX - 1), "x\ny", "the deepest nesting");
	tap_is(deep(MIME_DEPTH_MAX), "y", "what is deeper is skipped");
	tap_is(deep(10000), "y", "even if much deeper");
	for (i = 0; i < 10000; i++)
		add(TYPE("message/rfc822") "\n");
	tap_is(made(), "", "10,000 messages in each other");

	add(MIXED);
	for (i = 0; i < 100000; i++)
		number("--b\n\npart ", i, "\n");
	add("--b--\n");
	made();
	tap_ok(mime_overflow(&mime) &&
	    strncmp(mime_text(&mime), "part 0\npart 1\npart 2\n", 21) == 0,
	    "100,000 parts");
	add(MIXED);
	repeat("--b\n" TYPE("text/html; charset=koi8-r") "\n \n", 100000);
	add("--b\n\nx\n--b--\n");
	tap_is(made(), "x", "100,000 empty parts");
	tap_is(mime_source(&mime), "100001 text/plain", "its source");

	add("Content-Type: multipart/related; boundary=b; start=\"<");
	repeat("i", MIME_ID_MAX);
	add("1>\"\n\n--b\n\nx\n--b\nContent-ID: <");
	repeat("i", MIME_ID_MAX);
	add("2>\n\ny\n--b--\n");
	tap_is(made(), "y", "ids that begin alike for MIME_ID_MAX octets");
}

static void
text_limits(void)
{
	add("\n");
	repeat("a", MIME_TEXT_MAX);
	made();
	tap_ok(strlen(mime_text(&mime)) == MIME_TEXT_MAX &&
	    !mime_overflow(&mime), "the longest text");
	add("\n");
	repeat("a", MIME_TEXT_MAX - 1);
	add("éa");
	made();
	tap_ok(strlen(mime_text(&mime)) == MIME_TEXT_MAX - 1 &&
	    mime_overflow(&mime), "no character is cut");
	add(ALT "--b\n" TYPE("text/html") "\n");
	repeat("a", 2 * MIME_TEXT_MAX);
	add("\n" P("short\n") "--b--\n");
	tap_is(made(), "short", "what was too long gives way");
	tap_ok(!mime_overflow(&mime), "and is forgotten");
	add(MIXED P("short\n") "--b\n" TYPE("text/html") "\n");
	repeat("a", 2 * MIME_TEXT_MAX);
	add("\n" P("lost\n"));
	made();
	tap_ok(mime_overflow(&mime) &&
	    strstr(mime_text(&mime), "lost") == NULL, "what is behind it");
	add("\n");
	repeat(" ", 2 * MIME_INDENT_MAX);
	add("x");
	tap_ok(strlen(made()) == MIME_INDENT_MAX + 1, "the deepest indent");
	add(ENCODED("quoted-printable") "\na");
	repeat(" ", MIME_BLANKS_MAX);
	add("\nb");
	tap_is(made(), "a\nb", "the most blanks before a line's end");
	add(ENCODED("quoted-printable") "\na");
	repeat(" ", MIME_BLANKS_MAX + 1);
	add("\nb");
	tap_ok(strlen(made()) == MIME_BLANKS_MAX + 3, "one more stays");
	add(ENCODED("quoted-printable") "\na=");
	repeat(" ", 3 * MIME_BLANKS_MAX);
	add("\nb");
	tap_is(made(), "ab", "any number after =");
	tap_ok(sizeof(struct mime) < 256 * 1024, "struct mime: %zu octets",
	    sizeof(struct mime));
}

static void
sources(void)
{
	unsigned i;

	IS(TYPE("Text/HTML; charset=\"UTF-8\"") "\nx", "x", "HTML");
	tap_is(mime_source(&mime), "1 text/html charset=UTF-8", "its source");
	IS("\nx", "x", "no header");
	tap_is(mime_source(&mime), "1 text/plain", "its source");
	IS(MIXED "--b\n" TYPE("message/rfc822") "\n"
	    TYPE("multipart/alternative; boundary=c") "\n" IP(" \n") IH("h\n")
	    "--c--\n--b--\n", "h", "HTML in a message");
	tap_is(mime_source(&mime), "1.2 text/html", "its source");
	add(MIXED);
	for (i = 0; i < 1000; i++)
		add(P("x\n"));
	made();
	tap_ok(strlen(mime_source(&mime)) <= MIME_SOURCE_MAX &&
	    strncmp(mime_source(&mime), "1 text/plain, 2 text", 20) == 0 &&
	    strcmp(mime_source(&mime) + strlen(mime_source(&mime)) - 5,
		", ...") == 0, "more than can be named");
	deep(MIME_DEPTH_MAX - 1);
	tap_ok(strlen(mime_source(&mime)) <= MIME_SOURCE_MAX &&
	    strncmp(mime_source(&mime), "1.1.1.1.", 8) == 0, "a deep one");
}

/* ---- data ---- */

#define PORT	 "X-SMS-Port: 7\n"
#define BINARY	 TYPE("application/octet-stream")
#define BASE64	 ENCODED("base64")

/* The data are these, in whatever way the message comes. */
static void
data(const char *octets, const char *want, size_t n, const char *title)
{
	const char *got = NULL;
	size_t size, k = 0, len = strlen(octets);
	int good = 1;

	for (size = 1; size <= len + 1 && good; size = 2 * size + 1) {
		feed(octets, len, size);
		got = mime_data(&mime, &k);
		good = want == NULL ? got == NULL :
		    got != NULL && k == n && memcmp(got, want, n) == 0;
	}
	tap_ok(good, "data: %s (%zu octets)", title, k);
}

#define DATA(octets, want, title) \
	data((octets), (want), sizeof(want) - 1, (title))

static void
data_limits(void)
{
	size_t n;

	for (n = MIME_DATA_MAX - 1; n <= MIME_DATA_MAX + 3; n++) {
		add(PORT BINARY "\n");
		repeat("x", n);
		made();
		mime_data(&mime, &nmessage);
		tap_ok(nmessage == (n > MIME_DATA_MAX ? MIME_DATA_MAX + 1 : n),
		    "data of %zu octets", n);
		nmessage = 0;
	}
	add(PORT BINARY BASE64 "\n");
	repeat("AAAA", 1024 * 1024);
	made();
	mime_data(&mime, &n);
	tap_ok(n == MIME_DATA_MAX + 1, "data of three megabytes");
}

static void
datas(void)
{
	DATA(PORT BINARY BASE64 "\nAP8K\n", "\0\xff\n", "base64");
	DATA(PORT BINARY ENCODED("quoted-printable") "\n=00=FFx=\n", "\0\xffx",
	    "quoted-printable");
	DATA(PORT BINARY "\na\n\nb", "a\n\nb", "no encoding");
	DATA(PORT MIXED "--b\n\ntext\n--b\n" BINARY "\none\n--b\n" BINARY
	    "\ntwo\n--b--\n", "one", "the first part");
	DATA(PORT MIXED "--b\n" MIXED "--b\n" BINARY BASE64 "\neA==\n--b--",
	    "x", "a boundary twice");
	DATA(PORT MIXED "--b\n" TYPE("text/calendar") "\nx\n--b\n"
	    TYPE("image/png; name=x") "\ny\n--b--\n", "y",
	    "not a calendar, but a picture");
	DATA(PORT TYPE("message/rfc822") "\n" BINARY "\ninside", "inside",
	    "in a message");
	DATA(PORT MIXED "--b\n" BINARY "\n\n--b--\n", "", "an empty part");
	DATA(PORT BINARY, "", "no body");
	data(PORT "\ntext", NULL, 0, "none in a text");
	data(PORT TYPE("text/html") "\n<p>x", NULL, 0, "none in HTML");
	data(PORT TYPE("text/x-unknown") "\nx", NULL, 0, "none in text/*");
	data(BINARY BASE64 "\nAP8K\n", NULL, 0, "none without X-SMS-Port");
	data(MIXED "--b\n" PORT BINARY "\nx\n--b--\n", NULL, 0,
	    "X-SMS-Port of a part");
	IS(PORT MIXED "--b\n\nread\n--b\n" BINARY "\nx\n--b\n\n this\n--b--\n",
	    "read\n this", "the text is what it is without data");
	data_limits();
}

#define NAMED TYPE("text/plain; name=a.txt")
#define INLINE TYPE("text/plain") \
	"Content-Disposition: inline; filename=a.txt\n"

static void
uuencoded(void)
{
#define UU(name) ENCODED(name) "\n"
	IS(UU("x-uuencode") "begin 644 t.txt\n%:&5L;&\\\n`\nend\n", "hello",
	    "uuencode as an encoding");
	IS(UU("UUENCODE") "begin 644 x\n#:&D*\n \nend\n", "hi\n",
	    "by another name, with a blank for nothing");
	IS(UU("x-uue") "begin 644\n%:&5L;&\\\n", "hello", "without an end");
	IS(UU("uue") "in clear\n", "in clear\n", "a label over clear text");
	IS(UU("x-uuencode") "a\nbegin 644 x\n#:&D*\n`\nend\nb\n", "a\nhi\nb\n",
	    "text around it");
	IS(UU("x-uuencode") "begin 644 x\n%:&5L\n`\nend\n", "hel",
	    "a line that is cut");
	DATA(PORT BINARY UU("x-uuencode") "begin 644 x\n#__\\`\n`\nend\n",
	    "\xff\xff\x00", "uuencode");
}

/* A line of uuencode is no longer than MIME_DECODE_UU_MAX. */
static void
uuencoded_limits(void)
{
	size_t n;

	for (n = MIME_DECODE_UU_MAX - 2; n <= MIME_DECODE_UU_MAX + 2; n++) {
		add(UU("uuencode"));
		repeat("x", n);
		add("\ny");
		tap_ok(strlen(made()) == n + 2, "a clear line of %zu octets", n);
	}
}

/* A multipart whose header has no boundary. */
static void
no_boundary(void)
{
	IS(TYPE("multipart/mixed") "\nThis is MIME.\n--b\n\none\n--b\n"
	    TYPE("text/html") "\n<p>two\n--b--\nepilogue", "one\ntwo",
	    "the first delimiter line shows it");
	IS(TYPE("multipart/alternative; boundary=\"\"") "\n-- \n--\n--x y\n\n"
	    "one\n--x y--\n", "one", "an empty one, and what is no delimiter");
	IS(MIXED "--b\n" TYPE("multipart/mixed") "\n--c\n\none\n--c--\n--b\n\n"
	    "two\n--b--\n", "one\ntwo", "in another multipart");
	IS(MIXED "--b\n" TYPE("multipart/mixed") "\nx\n--b\n\ntwo\n--b--\n",
	    "two", "another's delimiter is not taken");
	IS(TYPE("multipart/mixed") "\nno line begins with dashes\n", "",
	    "no delimiter at all");
}

/* A text that may be a file is read if there is no other. */
static void
named(void)
{
	IS(MIXED "--b\n" NAMED "\nx\n--b--\n", "x", "a text with a name");
	IS(MIXED "--b\n" INLINE "\nx\n--b--\n", "x", "a text inline");
	IS(MIXED "--b\n" NAMED "\nx\n--b\n" INLINE "\ny\n--b--\n", "x\ny",
	    "two of them");
	IS(MIXED "--b\n" NAMED "\nx\n--b\n\ny\n--b--\n", "y",
	    "not if there is another");
	IS(MIXED "--b\n\ny\n--b\n" NAMED "\nx\n--b--\n", "y",
	    "in the other order");
	IS(MIXED "--b\n\n \n--b\n" NAMED "\nx\n--b--\n", "x",
	    "but one that is blank is none");
	IS(MIXED "--b\n" TYPE("message/rfc822") "\n\ny\n--b\n" NAMED
	    "\nx\n--b--\n", "x", "it goes before a message");
	IS(MIXED "--b\n" TYPE("text/plain; name=a")
	    "Content-Disposition: attachment\n\nx\n--b--\n", "",
	    "an attachment is never read");
	IS(MIXED "--b\n" TYPE("multipart/mixed; boundary=c") "\n--c\n" NAMED
	    "\nx\n--c--\n--b\n\ny\n--b--\n", "y", "in another multipart");
}

#define TWINS(one, two) MIXED "--b\n" TYPE("text/plain") "\n" one \
	"\n--b\n" TYPE("text/html") "\n" two "\n--b--\n"

/* The same text as plain and as HTML, in a multipart/mixed. */
static void
twins(void)
{
	IS(TWINS("Disk full on db1", "<p>Disk full<br>on <b>db1"),
	    "Disk full on db1", "the same text twice");
	tap_is(mime_source(&mime), "1 text/plain", "the source is the first");
	IS(TWINS("* one\n* two\n_three_\n-----", "<ul><li>one<li>two</ul>"
	    "<i>three</i><hr>"), "* one\n* two\n_three_\n-----",
	    "but for how plain text draws");
	IS(TWINS("-5 C", "5 C"), "-5 C\n5 C", "a sign counts");
	IS(TWINS("one", "one two"), "one\none two", "more in the second");
	IS(TWINS("one two", "one"), "one two\none", "less in the second");
	IS(MIXED "--b\n\nx\n--b\n\nx\n--b--\n", "x\nx",
	    "twice in plain is twice");
	IS(MIXED "--b\n" TYPE("text/html") "\n<p>x\n--b\n\nx\n--b\n\ny\n"
	    "--b--\n", "x\ny", "HTML first, and another text");
	IS(MIXED "--b\n\nx\n--b\n" TYPE("multipart/related; boundary=c")
	    "\n--c\n" TYPE("text/html") "\n<p>x<img src=cid:y>\n--c--\n--b\n"
	    "\ny\n--b--\n", "x\ny", "with its pictures");
}

/* A second text that is cut is the same as far as it goes. */
static void
twin_limits(void)
{
	add(MIXED "--b\n\n");
	repeat("x ", MIME_TEXT_MAX / 4 + 100);
	add("\n--b\n" TYPE("text/html") "\n");
	repeat("x ", MIME_TEXT_MAX / 4 + 100);
	add("\n--b--\n");
	tap_ok(strlen(made()) < MIME_TEXT_MAX * 3 / 4 &&
	    !mime_overflow(&mime), "two texts that are too long together");
}

/* What stands where the header should be, and is none. */
static void
text_as_header(void)
{
	IS("Temp: 45 C in rack 3\n", "Temp: 45 C in rack 3",
	    "a word and a colon, and no empty line");
	IS("Temp: 45 C\nall else is well\n", "Temp: 45 C\nall else is well\n",
	    "the first line of a text");
	IS("Temp: 45 C\n  rack: 3\nHum: 80 %\n",
	    "Temp: 45 C\n  rack: 3\nHum: 80 %", "lines that look like fields");
	IS("Subject: x\nTo: y\nTemp: 45 C\n", "Temp: 45 C",
	    "behind a header that no empty line ends");
	tap_is(mime_field(&mime, MIME_SUBJECT), "x", "the header is one");
	IS("Temp: 45 C\nSubject: x\nHum: 3\n", "Hum: 3",
	    "only the fields at the end are text");
	IS("Temp: 45 C\n\nHum: 3\n", "Hum: 3\n",
	    "an empty line: all before it is header");
	IS("Temp: 45 C\nX-Mailer: x\nReceived: y\n", "",
	    "fields that are known are no text");
	IS("X-SMS-Foo: x\nx-sms-ttl: 5\n", "", "nor are options");
	IS("Received\t: y\nresent-FROM: z\n", "", "in any letter case");
	IS("12:30 Pump: off\n", "12:30 Pump: off", "the time of day");
	IS("K\303\274che: 3\n", "Küche: 3\n", "what no field's name has");
	IS("Temp: \374 45\n", "Temp: ü 45", "any charset");
	IS("  fire\nzone 3\n", "  fire\nzone 3\n", "a blank in front");
	IS("  fire\n\nzone 3\n", "  fire\n\nzone 3\n",
	    "... and an empty line behind it");
	IS("\tx\nSubject: y\n\nz\n", "z\n", "a header whose start is lost");
	IS(MIXED "--b\n\tname=x\nContent-Type: text/plain\n\ny\n", "y",
	    "or that of a part");
	IS(" Subject: x\n\nfire", "fire", "a field with a blank in front");
	IS("  \nSubject: x\n\nfire", "fire", "a line of blanks in front");
	IS(MIXED "--b\nTemp: 45 C\n--b\n" TYPE("text/plain")
	    "Hum: 3\n--b\n\tx\n--b--\n", "Temp: 45 C\nHum: 3\n\tx",
	    "parts without an empty line");
	IS(MIXED "--b\n" TYPE("image/png") "Temp: 45 C\n--b--\n", "",
	    "but not of a picture");
	IS(TYPE("text/html") "Temp: <b>45</b>\n", "Temp: 45", "HTML");
	IS("Content-Transfer-Encoding: base64\nVGVtcDogNDU=\n", "Temp: 45",
	    "base64 right behind the header");
}

/* As much of a header that may be text as there is room for. */
static void
text_as_header_limits(void)
{
	size_t n;

	for (n = MIME_RAW_MAX - 1; n <= MIME_RAW_MAX + 1; n++) {
		add("T: ");
		repeat("x", n - 3);
		tap_ok(strlen(made()) == (n < MIME_RAW_MAX ? n : MIME_RAW_MAX),
		    "%zu octets of text as a header", n);
		tap_ok(mime_overflow(&mime) == (n >= MIME_RAW_MAX),
		    "what was cut is said");
	}
}

static void
bad_options(void)
{
	tap_is(field("X-SMS-TTL 60\n", MIME_SMS_TTL), "",
	    "an option without a colon is a bad one");
	tap_is(field("x-sms-ttl\n", MIME_SMS_TTL), "", "or without a value");
	tap_is(field("X-SMS-TTL: 5\nX-SMS-TTL 60\n", MIME_SMS_TTL), "5",
	    "the first counts");
	tap_is(field("X-SMS-TTL 60\nDate: x\n", MIME_DATE), "x",
	    "it does not end the header");
	tap_is(field("X-SMS-Foo 60\nDate: x\n", MIME_DATE), "x",
	    "nor does one that is unknown");
}

static void
empty_fields(void)
{
	IS("Content-Type:\n" TYPE("text/html") "\n<b>x", "x",
	    "a second Content-Type after an empty one");
	IS("Content-Type: \n\t\n" TYPE("text/html") "\n<b>x", "x",
	    "... that is folded");
	IS("Content-Transfer-Encoding:\n" ENCODED("base64") "\neA==", "x",
	    "a second encoding after an empty one");
	IS(TYPE("text/plain") TYPE("text/html") "\n<b>x", "<b>x",
	    "the first that says something counts");
}

/* ---- who wrote it ---- */

static void
mailbox(const char *from, const char *name, const char *address,
    const char *title)
{
	struct mime_mailbox m;

	mime_mailbox_parse(&m, from);
	tap_ok(strcmp(m.name, name) == 0 && strcmp(m.address, address) == 0,
	    "%s: \"%s\" <%s>", title, m.name, m.address);
}

/* A name and an address, as long as can be, and one octet longer. */
static void
mailbox_limits(void)
{
	static char s[4 * MIME_DISPLAY_MAX];
	struct mime_mailbox m;

	memset(s, 'x', MIME_MAILBOX_MAX + 1);
	mime_mailbox_parse(&m, s);
	tap_is(m.address, "", "an address that is too long is left out");
	mime_mailbox_parse(&m, s + 1);
	tap_ok(strlen(m.address) == MIME_MAILBOX_MAX, "the longest is not");
	memset(s, 'x', sizeof(s));
	memcpy(s + MIME_DISPLAY_MAX - 1, "\303\274 <a@b>", 9);
	mime_mailbox_parse(&m, s);
	tap_ok(strlen(m.name) == MIME_DISPLAY_MAX - 1 &&
	    m.name[MIME_DISPLAY_MAX - 2] == 'x',
	    "a name is cut between characters");
	tap_is(m.address, "a@b", "its address is there");
}

static void
mailboxes(void)
{
	mailbox("a@b.test", "", "a@b.test", "an address");
	mailbox("<a@b.test>", "", "a@b.test", "in brackets");
	mailbox("Disk Watch <a@b>", "Disk Watch", "a@b", "a name");
	mailbox("\"Watch, \\\"Disk\\\"\" <a@b>", "Watch, \"Disk\"", "a@b",
	    "in quotes");
	mailbox("=?utf-8?Q?K=C3=BCche=2C_1?= <a@b>, c@d", "Küche, 1", "a@b",
	    "an encoded word");
	mailbox("\"=?utf-8?Q?K=C3=BCche?=\" <a@b>", "Küche", "a@b",
	    "an encoded word in quotes, where none is allowed");
	mailbox("a@b (Cron (root) Daemon)", "Cron (root) Daemon", "a@b",
	    "a comment");
	mailbox("x (y) <a@b>", "x", "a@b", "a name and a comment");
	mailbox("a@b, c@d", "", "a@b", "the first of two");
	mailbox(" , c@d", "", "c@d", "nothing in front");
	mailbox("staff: a@b, c@d;", "", "a@b", "a group");
	mailbox("nobody:;", "", "", "an empty group");
	mailbox("a@[IPv6:2001:db8::1]", "", "a@[IPv6:2001:db8::1]",
	    "a literal with colons");
	mailbox("MAILER-DAEMON", "", "MAILER-DAEMON", "no domain");
	mailbox("x < a @ b >", "x", "a@b", "blanks in the address");
	mailbox("x <a@b", "x", "a@b", "a bracket that stays open");
	mailbox("\"x <a@b>", "", "x <a@b>", "a quote that stays open");
	mailbox("", "", "", "nothing");
	mailbox("<>", "", "", "an empty address");
	mailbox_limits();
}

static int
bounce(const char *octets, int null_sender)
{
	feed(octets, strlen(octets), 1);
	return mime_is_bounce(&mime, null_sender);
}

static void
bounces(void)
{
	tap_ok(bounce(TYPE("multipart/report; boundary=b") "\n", 0),
	    "a report is a bounce");
	tap_ok(bounce(TYPE("Multipart/Report") "\n", 0), "in any letter case");
	tap_ok(!bounce(MIXED "--b\n" TYPE("multipart/report; boundary=c")
	    "\n--c\n\nx\n", 1), "not if a part is one");
	tap_ok(bounce("Auto-Submitted: Auto-Replied; x=y\n\nx", 0),
	    "so is an automatic reply");
	tap_ok(!bounce("Auto-Submitted: auto-replied-not\n\nx", 0),
	    "another word is none");
	tap_ok(!bounce("Auto-Submitted: auto-notified\n\nx", 1),
	    "nor is a notice");
	tap_ok(bounce("From: Mailer-Daemon@x.test (Mail)\n\nx", 1),
	    "MAILER-DAEMON and no sender");
	tap_ok(bounce("From: <postmaster>\n\nx", 1), "postmaster");
	tap_ok(!bounce("From: postmaster@x.test\n\nx", 0), "with a sender");
	tap_ok(!bounce("From: postmaster2@x.test\n\nx", 1), "another name");
	tap_ok(!bounce("\nx", 1), "no sender alone is no bounce");
}

int
main(void)
{
	fields();
	text_as_header();
	text_as_header_limits();
	bad_options();
	empty_fields();
	mailboxes();
	bounces();
	bodies();
	words();
	parameters();
	sections();
	encodings();
	flowed();
	uuencode();
	boundaries();
	alternative();
	nested();
	mixed();
	related();
	others();
	html();
	clear_base64();
	clear_qp();
	held_limits();
	html_unannounced();
	html_charsets();
	named();
	uuencoded();
	uuencoded_limits();
	no_boundary();
	twins();
	twin_limits();
	long_lines();
	long_fields();
	structure_limits();
	text_limits();
	sources();
	datas();
	return tap_done();
}
