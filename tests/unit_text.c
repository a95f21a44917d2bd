/*
 * unit_text: text.c and gsm.c, rule by rule, limit by limit.
 */
#include <stdlib.h>
#include <string.h>

#include "sms/gsm.h"
#include "sms/said.h"
#include "sms/text.h"
#include "tap.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define ROOM	  (1024 * 1024)

static char storage[TEXT_ROOM(ROOM)];
static struct buf out;
static struct text_info info;

/* What text_make makes of it; "EMPTY", "TOO LONG". */
static const char *
make(const char *subject, const char *body, int more,
    const struct text_rules *rules)
{
	size_t n = strlen(body) + (subject != NULL ? strlen(subject) : 0) +
	    (rules->template != NULL ? WORDING_MAX : 0);
	struct text_info again;

	buf_init(&out, storage, TEXT_ROOM(n));
	switch (text_make(&out, subject, body, more, rules, &info)) {
	case TEXT_OK:
		break;
	case TEXT_EMPTY:
		return out.len == 0 ? "EMPTY" : "EMPTY, but for the text";
	case TEXT_TOO_LONG:
		return out.len == 0 ? "TOO LONG" : "TOO LONG, but for the text";
	}
	if (out.overflow)
		return "OVERFLOW";
	text_count(out.p, &again);
	if (again.alphabet != info.alphabet || again.parts != info.parts)
		return "INFO IS WRONG";
	return out.p;
}

static const char *
body(const char *s)
{
	static const struct text_rules rules = {.alphabet = TEXT_AUTO};

	return make(NULL, s, 0, &rules);
}

static const char *
keep(const char *s)
{
	static const struct text_rules rules = {.alphabet = TEXT_KEEP};

	return make(NULL, s, 0, &rules);
}

static const char *
gsm(const char *s)
{
	static const struct text_rules rules = {.alphabet = TEXT_GSM};

	return make(NULL, s, 0, &rules);
}

static const char *
ascii(const char *s)
{
	static const struct text_rules rules = {.alphabet = TEXT_ASCII};

	return make(NULL, s, 0, &rules);
}

static const char *
cut(const char *s, unsigned parts)
{
	struct text_rules rules = {.max_parts = parts};

	return make(NULL, s, 0, &rules);
}

/* The string n times, and then the tail; good for one more call. */
static const char *
times(const char *s, size_t n, const char *tail)
{
	static char texts[2][ROOM];
	static int turn;
	struct buf b;
	size_t i;

	buf_init(&b, texts[turn ^= 1], ROOM);
	for (i = 0; i < n; i++)
		buf_puts(&b, s);
	buf_puts(&b, tail);
	return b.overflow ? "test text too long" : b.p;
}

static void
test_clean(void)
{
	tap_is(body("\xef\xbb\xbfhello"), "hello", "a byte order mark goes");
	tap_is(body("a\xef\xbb\xbf"
		    "b"),
	    "ab", "a byte order mark goes inside too");
	tap_is(body("a\x01\x02\x7f"
		    "b\x08"),
	    "ab", "C0 controls go");
	tap_is(body("a\xc2\x80\xc2\x9f"
		    "b"),
	    "ab", "C1 controls go");
	tap_is(body("a\tb"), "a b", "a tab becomes a space");
	tap_is(body("a\xc2\xa0"
		    "b\xe2\x80\xaf"
		    "c\xe2\x80\x89"
		    "d"),
	    "a b c d", "no-break, narrow and thin spaces are spaces");
	tap_is(keep("a\xc2\xa0"
		    "b"),
	    "a b", "also where the alphabet is kept");
	tap_is(body("a\u1680b\u2000c\u200ad\u205fe~"), "a b c d e~",
	    "and all the others");
	tap_is(body("a\vb\fc\xc2\x85"
		    "d\xe2\x80\xa8"
		    "e\xe2\x80\xa9"
		    "f"),
	    "a\nb\nc\nd\ne\nf", "VT, FF, NEL, LS and PS end a line");
	tap_is(body("a\r\nb\rc\nd"), "a\nb\nc\nd", "CRLF and CR are LF");
	tap_is(body("a\r\r\nb"), "a\n\nb", "CR CR LF is two line ends");
	tap_is(body("a\xc2\xad"
		    "b\xe2\x80\x8b"
		    "c\xe2\x81\xa0"
		    "d\xcd\x8f"
		    "e"),
	    "abcde", "soft hyphen, zero-width space, word joiner, CGJ go");
	tap_is(body("pay \xe2\x80\xae"
		    "1234\xe2\x80\xac \xe2\x81\xa6x\xe2\x81\xa9"),
	    "pay 1234 x", "overrides, embeddings and isolates go");
	tap_is(keep("a\xef\xbf\xbc\xef\xbf\xbe\xf0\x9f\xbf\xbe\xef\xb7\x90"
		    "b"),
	    "ab", "object placeholders and noncharacters go");
	tap_is(body("a\xe2\x80\x8e"
		    "b\xe2\x80\x8f"
		    "c\xd8\x9c"),
	    "abc", "directional marks go from a text in one direction");
	tap_is(body("\xd7\x90\xe2\x80\x8e(C)"), "\xd7\x90\xe2\x80\x8e(C)",
	    "and stay in one with both");
	tap_is(cut(times("\xe2\x80\x8e"
			 "a",
		       200, "\xd7\x90"),
		   1),
	    times("a", 157, "..."), "nor do they keep what is cut from GSM-7");
	tap_is(cut(times("a", 150, "bcdefg \xe2\x80\x8fhijk \xd7\x90"), 1),
	    times("a", 150, "bcdefg..."), "nor does one hide a blank");
	tap_is(body("\xd8\x9c"), "EMPTY", "a mark alone is nothing");
	tap_is(body("\033[1;31mFAIL\033[0m \033(B\033[mok"), "FAIL ok",
	    "terminal colours go as a whole");
	tap_is(body("a\033[1;3\xc3\xa9 \033x \033"), "a[1;3\xc3\xa9 x",
	    "an escape that begins no sequence goes alone");
	tap_is(body("a\033[?25l\033[ ~\033( @b\033[\x1f"), "ab[",
	    "parameters, intermediates and finals to the last");
	tap_is(body("a\033(\x1f\033#\x7f"), "a(#", "no final, no sequence");
	tap_is(body("\033[12"), "[12", "nor does a sequence without an end");
}

static void
test_joiners(void)
{
	static const char family[] =
	    "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7";
	static const char persian[] =
	    "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae\xd9\x88";
	static const char half[] = "\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d";
	static const char england[] = "\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0"
				      "\x81\xa2\xf3\xa0\x81\xbf";

	tap_is(body(family), family, "a joiner between pictures stays");
	tap_is(body("\xf0\x9f\x91\xa9\xe2\x80\x8d!"), "\xf0\x9f\x91\xa9!",
	    "a joiner after a picture goes if none follows");
	tap_is(body("❤\ufe0f\u200d🔥 🏻\u200d👧 🏿\u200d👧 x\u200d👧"),
	    "❤\ufe0f\u200d🔥 🏻\u200d👧 🏿\u200d👧 x👧",
	    "also after a selector or a skin tone");
	tap_is(body("👩\u200d"), "👩", "but not at the end");
	tap_is(body(persian), persian, "a non-joiner stays in Persian");
	tap_is(body(half), half, "a joiner stays in Devanagari");
	tap_is(body("a\xe2\x80\x8c"
		    "b\xe2\x80\x8d"
		    "c"),
	    "abc", "joiners go from Latin");
	tap_is(body(times("\xcd\x8f\xe2\x80\x8c\xc2\xa0", 50, "x")),
	    times(" ", 50, "x"), "the padding of a newsletter is blank");
	tap_is(keep("\xe2\x9a\xa0\xef\xb8\x8f"), "\xe2\x9a\xa0\xef\xb8\x8f",
	    "a variation selector stays after its sign");
	tap_is(keep("\xef\xb8\x8f"
		    "a \xef\xb8\x8f\n\xef\xb8\x8f"),
	    "a", "and goes where there is none");
	tap_is(keep("a\ufe00 b\U000e0100 c\U000e01ef"),
	    "a\ufe00 b\U000e0100 c\U000e01ef", "all selectors do");
	tap_is(keep("\ufe00\U000e0100\U000e01efa"), "a", "both ways");
	tap_is(keep("🏴\U000e0020\U000e007f\U000e0020"),
	    "🏴\U000e0020\U000e007f", "nothing follows the last tag");
	tap_is(keep("\U000e0020\U000e007fa"), "a", "no tags without a flag");
	tap_is(keep(england), england, "tags stay after a flag");
	tap_is(keep("a\xf3\xa0\x81\xa7\xf3\xa0\x81\xa2"), "a",
	    "and go elsewhere");
}

static void
test_invalid(void)
{
	tap_is(body("a\xff"
		    "b\xc3"),
	    "a?b?", "octets that are not UTF-8 become ?");
	tap_is(body("\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf"), "?????????",
	    "overlong forms are not UTF-8");
	tap_is(body("\xed\xa0\x80"), "???", "nor are surrogates");
	tap_is(body("\xf4\x90\x80\x80\xf5\x80\x80\x80"), "????????",
	    "nor is what is beyond U+10FFFF");
	tap_is(body("\xe2\x82"), "??", "a sequence cut off by the end");
	tap_is(body("\xe2\x82\n-- \nx"), "??", "a sequence cut off by a line");
	tap_is(keep("\xf4\x8f\xbf\xbd\xee\x80\x80"),
	    "\xf4\x8f\xbf\xbd\xee\x80\x80", "the last of private use passes");
}

static void
test_lines(void)
{
	tap_is(body("a  \nb \t\n c"), "a\nb\n c",
	    "trailing blanks go, leading ones stay");
	tap_is(body("a\xe3\x80\x80\n\xe3\x80\x80\nb"), "a\n\nb",
	    "an ideographic space is a blank");
	tap_is(body("\n \n\na\n\n"), "a", "outer blank lines go");
	tap_is(body("\n\n  a"), "  a", "the first line keeps its indent");
	tap_is(body("a\n\n \n\n\nb\n\nc\nd"), "a\n\nb\n\nc\nd",
	    "several blank lines are one");
	tap_is(body(""), "EMPTY", "nothing is empty");
	tap_is(body(" \n\t\r\n\xc2\xa0\xe3\x80\x80\xe2\x80\x8b"), "EMPTY",
	    "blanks are empty");
	tap_ok(info.parts == 0 && !info.truncated, "and no part");
}

static void
test_signature(void)
{
	struct text_rules rules = {.keep_signature = 1};

	tap_is(body("a\n-- \nsig"), "a", "the signature goes");
	tap_is(body("a\r\n-- \r\nsig"), "a", "after CRLF");
	tap_is(body("a\n-- "), "a", "at the end");
	tap_is(body("a\n-- \nb\n-- \nc"), "a", "from the first line on");
	tap_is(body("-- \nsig"), "EMPTY", "nothing but a signature");
	tap_is(body("a\n--\nb"), "a\n--\nb", "-- without the blank is none");
	tap_is(body("a\n--  \nb"), "a\n--\nb", "nor with two");
	tap_is(body("a\n > -- \nb"), "a\n > --\nb", "nor quoted");
	tap_is(body("a -- \nb\n---- \nc"), "a --\nb\n----\nc",
	    "nor at a line's end");
	tap_is(body("a\n-- b"), "a\n-- b", "nor with text");
	tap_is(make(NULL, "a\n-- \nsig", 0, &rules), "a\n--\nsig",
	    "signature keep");
	rules.keep_signature = 0;
	tap_is(make(NULL, "a\n-- \nsig", 1, &rules), "a",
	    "what went on after the signature is not missed");
	tap_ok(!info.truncated, "so it is not truncated");
}

static void
test_subject(void)
{
	struct text_rules rules = {.subject = TEXT_SUBJECT_IGNORE};

	tap_is(make("S", "B", 0, &rules), "B", "ignore: the body");
	tap_is(make("S", "-- \nx", 0, &rules), "EMPTY", "ignore: no body");
	rules.subject = TEXT_SUBJECT_PREFIX;
	tap_is(make("S", "\n B", 0, &rules), "S\n B", "prefix: both");
	tap_is(make("S", " \n-- \nx", 0, &rules), "S", "prefix: no body");
	tap_is(make(" \t", "B", 0, &rules), "B", "prefix: no subject");
	tap_is(make(NULL, "B", 0, &rules), "B", "prefix: NULL subject");
	tap_is(make(NULL, "", 0, &rules), "EMPTY", "prefix: neither");
	rules.subject = TEXT_SUBJECT_FALLBACK;
	tap_is(make("S", "B", 0, &rules), "B", "fallback: the body");
	tap_is(make("S", "-- \nsig", 0, &rules), "S", "fallback: no body");
	tap_is(make("S", "\xe2\x80\x8b\n", 0, &rules), "S",
	    "fallback: an invisible body");
	tap_is(make(NULL, "\n", 0, &rules), "EMPTY", "fallback: neither");
	rules.subject = TEXT_SUBJECT_ONLY;
	tap_is(make("S", "B", 0, &rules), "S", "only: the subject");
	tap_is(make("S", "B", 1, &rules), "S", "only: the rest is not missed");
	tap_ok(!info.truncated, "so it is not truncated");
	tap_is(make("", "B", 0, &rules), "EMPTY", "only: no subject");
	tap_is(make(" \xe3\x80\x80 a\r\n\tb\nc \n", "B", 0, &rules), "a  b c",
	    "a subject is one line without blanks around it");
	tap_is(make("-- ", "B", 0, &rules), "--", "and no signature");
}

/* The table of 3GPP TS 23.038, section 6.2.1, and its extension. */
static void
test_alphabet(void)
{
	static const char basic[] =
	    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<"
	    "=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzä"
	    "öñüà";
	static const char extension[] = "\f^{}\\[~]|€";
	const char *p, *end;
	uint32_t c;
	unsigned n = 0, two = 0;
	int right = 1;

	for (p = basic, end = p + strlen(p); p < end; n++)
		right &= gsm_septets(gsm_next(&p, end)) == 1;
	tap_ok(right && n == 127, "the default alphabet: a septet each");
	for (p = extension, end = p + strlen(p); p < end; two++)
		right &= gsm_septets(gsm_next(&p, end)) == 2;
	tap_ok(right && two == 10, "the extension table: two septets each");
	for (c = 0; c <= 0x10ffff; c++)
		if (gsm_septets(c) > 0)
			n--;
	tap_ok(n + two == 0, "and nothing else");
	tap_ok(gsm_septets(GSM_BAD) == 0, "an octet that is not UTF-8 neither");
	tap_is(text_alphabet_name(TEXT_GSM7), "GSM-7", "its name");
	tap_is(text_alphabet_name(TEXT_UCS2), "UCS-2", "the other's name");
}

static void
counts(const char *s, enum text_alphabet alphabet, unsigned parts,
    const char *name)
{
	struct text_info i = {.truncated = 1};

	text_count(s, &i);
	tap_ok(i.alphabet == alphabet && i.parts == parts && !i.truncated,
	    "%s: %u parts of %s", name, parts, text_alphabet_name(alphabet));
	if (i.parts != parts)
		printf("# got %u\n", i.parts);
}

static void
test_count(void)
{
	unsigned n;

	counts("", TEXT_GSM7, 0, "nothing");
	counts("a", TEXT_GSM7, 1, "a letter");
	counts(times("a", 160, ""), TEXT_GSM7, 1, "160 septets");
	counts(times("a", 161, ""), TEXT_GSM7, 2, "161 septets");
	for (n = 2; n < 20; n++) {
		counts(times("a", 153 * n, ""), TEXT_GSM7, n, "153 n septets");
		counts(times("a", 153 * n + 1, ""), TEXT_GSM7, n + 1,
		    "153 n + 1 septets");
	}
	counts(times("a", 158, "€"), TEXT_GSM7, 1, "an escape at the border");
	counts(times("a", 159, "€"), TEXT_GSM7, 2, "an escape over the border");
	counts(times("€", 80, ""), TEXT_GSM7, 1, "80 escape pairs");
	counts(times("€", 81, ""), TEXT_GSM7, 2, "81 escape pairs");
	counts(times("€", 152, ""), TEXT_GSM7, 2, "76 pairs fill a part");
	counts(times("€", 153, ""), TEXT_GSM7, 3, "for none is split");
	counts(times("€", 152, "a"), TEXT_GSM7, 2, "a septet fits after them");
	counts(times("ж", 70, ""), TEXT_UCS2, 1, "70 units");
	counts(times("ж", 71, ""), TEXT_UCS2, 2, "71 units");
	for (n = 2; n < 20; n++) {
		counts(times("ж", 67 * n, ""), TEXT_UCS2, n, "67 n units");
		counts(times("ж", 67 * n + 1, ""), TEXT_UCS2, n + 1,
		    "67 n + 1 units");
	}
	counts(times("ж", 68, "😀"), TEXT_UCS2, 1, "a surrogate at the border");
	counts(times("ж", 69, "😀"), TEXT_UCS2, 2, "and over it");
	counts(times("ж", 68, "\U00010000"), TEXT_UCS2, 1, "U+10000 is two");
	counts(times("ж", 69, "\U00010000"), TEXT_UCS2, 2, "units");
	counts(times("ж", 69, "\ufffd"), TEXT_UCS2, 1, "U+FFFD is one");
	counts(times("😀", 35, ""), TEXT_UCS2, 1, "35 surrogate pairs");
	counts(times("😀", 36, ""), TEXT_UCS2, 2, "36 surrogate pairs");
	counts(times("😀", 66, ""), TEXT_UCS2, 2, "33 pairs fill a part");
	counts(times("😀", 67, ""), TEXT_UCS2, 3, "for none is split");
	counts(times("a", 70, "`"), TEXT_UCS2, 2, "one sign makes it UCS-2");
}

static void
test_auto(void)
{
	tap_is(body("“a” ‘b’ – — … • ″"), "\"a\" 'b' - - ... * \"",
	    "typographic signs are replaced");
	tap_ok(info.alphabet == TEXT_GSM7, "so it is GSM-7");
	tap_is(body("“a” ж …"), "“a” ж …",
	    "but not where the text is UCS-2 all the same");
	tap_ok(info.alphabet == TEXT_UCS2, "for a letter");
	tap_is(body("`ls` ´ « » ‹ ›"), "'ls' ' \" \" ' '",
	    "accents, guillemets");
	tap_is(body("ﬁ ﬂ ﬃ ﬄ ﬀ"), "fi fl ffi ffl ff", "ligatures");
	tap_is(body("© ® ™ № 5 ™️"), "(c) (r) (tm) No 5 (tm)",
	    "letterlike signs");
	tap_is(body("a → b ⇒ c ↔ d − e"), "a -> b => c <-> d - e", "arrows");
	tap_is(body("a：b，c！（d）　e"), "a:b,c!(d) e", "fullwidth punctuation");
	tap_is(body("5 € àèéùìòÇØøÅåÆæßÉÄÖÑÜ§äöñüà¿¡£$¥ΔΩ"),
	    "5 € àèéùìòÇØøÅåÆæßÉÄÖÑÜ§äöñüà¿¡£$¥ΔΩ", "GSM's own stay");
	tap_is(body("\xe2\x84\xab\xe2\x84\xa6\xe2\x84\xaa"), "ÅΩK",
	    "Angstrom, Ohm, Kelvin are letters");
	tap_is(body("á"), "á", "a letter is not a sign");
	tap_is(body("45 °C"), "45 °C", "nor is a unit");
	tap_is(body("a\xef\xbf\xbd"), "a?", "a lost character is a ?");
	tap_is(keep("“a”"), "“a”", "keep: as it is");
	tap_ok(info.alphabet == TEXT_UCS2, "even if that makes it UCS-2");
	tap_is(keep("e\xcc\x81"), "e\xcc\x81", "keep: nothing is composed");
	tap_is(body("e\xcc\x81 u\xcc\x88 A\xcc\x8a"), "é ü Å",
	    "a letter and its mark become one letter");
	tap_ok(info.alphabet == TEXT_GSM7, "so it is GSM-7");
	tap_is(body("e\xcc\x82\xcc\x81 e\xcc\xa3\xcc\x82 ê\xcc\xa3"), "ế ệ ệ",
	    "two marks, in both orders");
	tap_is(body("и\xcc\x86 е\xcc\x88"), "й ё", "Cyrillic composes");
	tap_is(body("x\xcc\x81"), "x\xcc\x81", "what has no letter stays");
	tap_is(body("\xcc\x81"
		    "a\n\xcc\x81"),
	    "\xcc\x81"
	    "a\n\xcc\x81",
	    "a mark without a letter stays");
}

static void
test_latin(void)
{
	tap_is(gsm("àèéùìòÇØøÅåÆæßÉÄÖÑÜ§äöñü¿¡£$¥¤@_^{}\\[~]|€"),
	    "àèéùìòÇØøÅåÆæßÉÄÖÑÜ§äöñü¿¡£$¥¤@_^{}\\[~]|€", "GSM's own stay");
	tap_is(gsm("ÀÁÂÃÈÊËÌÍÎÏÐÒÓÔÕÙÚÛÝáâãçêëíîïðóôõúûýÿ"),
	    "AAAAEEEIIIIDOOOOUUUYaaaceeiiidooouuyy", "Latin-1");
	tap_is(gsm("Þórr þing œuvre Œ"), "Thorr thing oeuvre OE", "digraphs");
	tap_is(gsm("Łódź, Škoda, žluťoučký kůň, őű"),
	    "Lodz, Skoda, zlutoucky kun, ou", "Latin Extended-A");
	tap_is(gsm("İstanbul ığ şŞ țșȚȘ"), "Istanbul ig sS tsTS",
	    "Turkish, Romanian");
	tap_is(gsm("ǅ Ǉ ǌ ĳ ŋ ẞ ǽ ǿ ǖ Ə"), "Dz LJ nj ij ng SS æ ø ü E",
	    "Latin Extended-B");
	tap_is(gsm("Tiếng Việt: Đường ướt, ỹ"), "Tieng Viet: Duong uot, y",
	    "Vietnamese");
	tap_is(gsm("Ti\xc3\xaa\xcc\x81ng Vi\xc3\xaa\xcc\xa3t x\xcc\x81"),
	    "Tieng Viet x", "marks that are left go");
}

static void
test_greek(void)
{
	tap_is(gsm("Καλημέρα κόσμε, ΐ ς"), "KAΛHMEPA KOΣME, I Σ",
	    "Greek becomes capitals");
	tap_is(gsm("αβγδεζηθικλμνξοπρστυφχψω"), "ABΓΔEZHΘIKΛMNΞOΠPΣTYΦXΨΩ",
	    "all of it");
	tap_is(gsm("ἄνθρωπος ᾧ"), "ANΘPΩΠOΣ Ω", "polytonic too");
	tap_is(gsm("5 μs, 5 µm, μία"), "5 us, 5 um, MIA",
	    "a mu alone is a prefix");
}

static void
test_cyrillic(void)
{
	tap_is(gsm("Съешь ещё этих мягких французских булок, объём"),
	    "Sesh eshchyo etikh myagkikh frantsuzskikh bulok, obyom",
	    "Russian");
	tap_is(gsm("Щука ЩУКА ЩЩ Ж. ЖЖ Я"), "Shchuka SHCHUKA SHCHSHCH Zh. ZHZH "
					   "Ya",
	    "capitals");
	tap_is(gsm("Привіт, їжак; Гоголь, є ґанок"),
	    "Pryvit, yizhak; Hohol, ye ganok", "Ukrainian");
	tap_is(gsm("Съединение ще бъде хубаво"), "Saedinenie shte bade hubavo",
	    "Bulgarian");
	tap_is(gsm("Љубав и џеп, ноћ шта ђак жут чаша ја"),
	    "Ljubav i dzep, noc sta djak zut casa ja", "Serbian");
	tap_is(gsm("и\xcc\x86"), "y", "a letter and its mark");
	tap_is(gsm("Ақтөбе Ғ ү ә"), "Aktöbe G ü ä", "Kazakh");
}

static void
test_symbols(void)
{
	tap_is(gsm("10² 10⁻³ m² x₂ (a)³"), "10^2 10^-3 m2 x2 (a)^3",
	    "superscripts after digits");
	tap_is(gsm("1½ ¾"), "1 1/2 3/4", "fractions after digits");
	tap_is(gsm("45°C 45℃ ±5 ≤ ≥ ≠ ≈ × ÷ ‰"),
	    "45oC 45oC +/-5 <= >= != ~ x / o/oo", "units and mathematics");
	tap_is(gsm("₽5 ₹5 ₺5 ¢"), "RUB5 INR5 TRY5 c", "currencies");
	tap_is(gsm("│─┌█░╬═╳"), "|-+#.+=X", "boxes and bars");
	tap_is(gsm("٣ ۵ Ａ１～ ① Ⓐ 𝐀𝒛𝟘𝟿 Ⅷ"), "3 5 A1~ 1 A Az09 VIII",
	    "digits and letters in costume");
	tap_is(gsm("日本 שלום ก"), "?? ???? ?", "what has no spelling is ?");
	tap_is(gsm("कि क्षा"), "? ?", "one for letters that are one");
}

static void
test_emoji(void)
{
	tap_is(gsm("🚨 Disk full 🚨"), "Disk full", "ornaments go");
	tap_is(gsm("a 🔥 b"), "a b", "with a blank beside them");
	tap_is(gsm("a🔥🔥b"), "a b", "but keep words apart");
	tap_is(gsm("a🔥. x🔥0🔥9🔥a🔥z🔥A🔥Z🔥é🔥"), "a. x 0 9 a z A Z é",
	    "words only");
	tap_is(gsm("a🔥/a🔥:a🔥`a🔥{a🔥@a🔥[a"), "a/a:a'a{a@a[a", "not signs");
	tap_is(gsm("a\n🔥🔥\n\nb\n🔥"), "a\n\nb", "with their line");
	tap_is(gsm("✅ up, ❌ down, 🔴 ⚠️ ❗"), "OK up, X down, (red) (!) !",
	    "signs with a meaning have words");
	tap_is(gsm("👨‍👩‍👧 ok 👍🏽 1️⃣ 🇩🇪🇫🇷"), "ok +1 1 DEFR",
	    "families, skin tones, keycaps, flags");
	tap_is(gsm("🏴󠁧󠁢󠁥󠁮󠁧󠁿 x"), "x", "a flag with tags");
	tap_is(gsm("🔥\n🔥"), "?", "nothing but ornaments is a ?");
}

static void
test_ascii(void)
{
	tap_is(ascii("Größe: 5 €, £3, ¥7, déjà vu, Ångström, Æsir, Ñandú"),
	    "Grosse: 5 EUR, GBP3, JPY7, deja vu, Angstrom, AEsir, Nandu",
	    "Latin letters and money");
	tap_is(ascii("¡Hola! ¿Qué?"), "!Hola! ?Que?", "signs");
	tap_is(ascii("“x” – 1…"), "\"x\" - 1...", "typographic signs");
	tap_is(ascii("ΝΕΡΟ Φωτιά ψυχή Ώρα"), "NERO Fotia psychi Ora", "Greek");
	tap_is(ascii("5 μm, 10 kΩ, 3 Ω, 7 µs"), "5 um, 10 kOhm, 3 Ohm, 7 us",
	    "units");
	tap_is(ascii("Привет"), "Privet", "Cyrillic");
	tap_is(ascii("日本"), "??", "what cannot be written");
	tap_is(ascii("[a]{b}^~|\\"), "[a]{b}^~|\\", "all of ASCII stays");
	tap_is(ascii("🔥 fire"), "fire", "pictures go");
	tap_ok(info.alphabet == TEXT_GSM7, "it is GSM-7");
}

static const char *
subject_auto(const char *subject, const char *body)
{
	static const struct text_rules rules = {.subject = TEXT_SUBJECT_AUTO};

	return make(subject, body, 0, &rules);
}

static void
test_subject_auto(void)
{
	tap_is(subject_auto("Cron <root@db1> backup", "disk full"),
	    "Cron <root@db1> backup\ndisk full", "auto: in front");
	tap_is(subject_auto("Disk full", "Disk full on db1"),
	    "Disk full on db1", "auto: the text begins with it");
	tap_is(subject_auto("PROBLEM: db1 is down", "Host:\n** problem - "
	    "DB1 is down! **"), "Host:\n** problem - DB1 is down! **",
	    "auto: the text says it, in its own way");
	tap_is(subject_auto("test", "latest news"), "test\nlatest news",
	    "auto: a part of a word is no word");
	tap_is(subject_auto("test", "tests"), "test\ntests", "auto: nor here");
	tap_is(subject_auto("test", "atest test"), "atest test",
	    "auto: but the next one is");
	tap_is(subject_auto("a b a b c", "a b a b a b c"), "a b a b a b c",
	    "auto: it may begin inside a false start");
	tap_is(subject_auto("disk full", "disk is full"),
	    "disk full\ndisk is full", "auto: something between");
	tap_is(subject_auto("Küche brennt", "küche brennt"),
	    "küche brennt", "auto: letters that are not ASCII");
	tap_is(subject_auto("***", "fire"), "fire", "auto: no words");
	tap_is(subject_auto("fire", " \n"), "fire", "auto: no text");
	tap_is(subject_auto(NULL, "fire"), "fire", "auto: no subject");
	tap_is(subject_auto("", ""), "EMPTY", "auto: neither");
}

static const char *
filled(const char *template, const char *subject, const char *body)
{
	struct text_rules rules = {.template = template};

	rules.values[WORDING_FROM] = "a@b";
	rules.values[WORDING_NAME] = "Disk";
	rules.values[WORDING_HOST] = "";
	return make(subject, body, 0, &rules);
}

static void
test_template(void)
{
	tap_is(filled("${from}: ${subject} ${text}", "S", "t\nu"),
	    "a@b: S t\nu", "template: three values");
	tap_is(filled("${text}", "S", " \n\n t \n\n\n u\n-- \nsig"),
	    " t\n\n u", "template: the rules of a text hold");
	tap_is(filled("${host}: ${text}", NULL, "t"), "t",
	    "template: a missing value goes with what parts it");
	tap_is(filled("${subject} - ${text}", NULL, "t"), "t",
	    "template: a missing subject");
	tap_is(filled("${name}: ${subject} ${text}", "S", " "), "Disk: S",
	    "template: a missing text");
	tap_is(filled("${text} (${host}) ${name}", "S", "t"), "t Disk",
	    "template: nothing stays in brackets");
	tap_is(filled("${text} (${host})", "S", "t"), "t",
	    "template: nor at the end");
	tap_is(filled("Alarm of ${host}: ${text}", "S", "t"), "Alarm of t",
	    "template: words stay");
	tap_is(filled("${name}: ${text}", "S", ""), "EMPTY",
	    "template: no text is no text");
	tap_is(filled("${name} has written", "S", ""), "Disk has written",
	    "template: unless nobody asked for it");
	tap_is(filled("$ {x} ${text}}", "S", "t"), "$ {x} t}",
	    "template: other signs");
}

static void
test_wording(void)
{
	static const char *const bad[] = {"${", "a ${x} b", "${text} ${text}",
	    "${Text}", "${text ", "${}"};
	struct wording_piece w[WORDING_PIECES];
	const char *at;
	size_t i;

	for (i = 0; i < LENGTH(bad); i++)
		tap_ok(wording_parse(bad[i], w, &at) == -1 &&
		    strncmp(at, "${", 2) == 0, "no template: %s", bad[i]);
	tap_ok(wording_parse("a${from}b${name}c${subject}d${text}e${host}f"
	    "${time}g", w, &at) == WORDING_PIECES, "the most pieces");
	tap_ok(wording_parse("", w, &at) == 0, "none");
}

/* A subject is looked for up to SAID_MAX letters. */
static void
test_said_limit(void)
{
	const char *said = times("x", SAID_MAX, "");
	char *copy = strdup(said);

	tap_ok(said_in(said, said + SAID_MAX, copy, copy + SAID_MAX),
	    "the longest subject that is looked for");
	free(copy);
	said = times("x", SAID_MAX + 1, "");
	tap_ok(!said_in(said, said + SAID_MAX + 1, said, said + SAID_MAX + 1),
	    "one letter more");
}

/* Every code point: in the alphabet, and no longer than TEXT_ROOM thinks. */
static void
test_transliterate_all(void)
{
	static const uint32_t beside[] = {0, '1', 'A', 'a', 0x041f, ')'};
	char from[8], to[64];
	struct gsm_near near = {.cyrillic = GSM_RUSSIAN};
	struct buf f, t;
	const char *p, *sign;
	uint32_t c, got;
	unsigned wrong = 0, many = 0;
	size_t i;

	buf_init(&f, from, sizeof(from));
	buf_init(&t, to, sizeof(to));
	for (c = 1; c <= 0x10ffff; c++) {
		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		buf_reset(&f);
		gsm_char(&f, c);
		p = f.p;
		wrong += gsm_next(&p, f.p + f.len) != c || p != f.p + f.len;
		for (i = 0; i < (c < 0x2200 ? 2 * LENGTH(beside) : 2); i++) {
			near.prev = near.next = beside[i / 2];
			near.ascii = i % 2;
			buf_reset(&t);
			gsm_transliterate(&t, c, &near);
			many += t.len > 3 * f.len;
			for (p = t.p; p < t.p + t.len;) {
				got = gsm_next(&p, t.p + t.len);
				wrong += gsm_septets(got) == 0 ||
				    (near.ascii && got > 0x7e);
			}
		}
		if ((sign = gsm_sign(c)) == NULL)
			continue;
		many += strlen(sign) > 3 * f.len;
		for (p = sign; *p != '\0';)
			wrong += gsm_septets(gsm_next(&p,
				     sign + strlen(sign))) == 0;
	}
	tap_ok(wrong == 0, "every spelling is in the alphabet");
	tap_ok(many == 0, "no spelling is more than three times as long");
}

static void
test_cut(void)
{
	struct text_rules rules = {.max_parts = 1, .alphabet = TEXT_KEEP};

	tap_is(cut(times("a", 160, ""), 1), times("a", 160, ""), "it fits");
	tap_ok(!info.truncated && info.parts == 1, "whole, 1 part");
	tap_is(cut(times("a", 161, ""), 1), times("a", 157, "..."),
	    "or is cut");
	tap_ok(info.truncated && info.parts == 1, "truncated, 1 part");
	tap_is(cut(times("a", 306, ""), 2), times("a", 306, ""), "two fit");
	tap_is(cut(times("a", 307, ""), 2), times("a", 303, "..."), "or a cut");
	tap_is(cut(times("ж", 70, ""), 1), times("ж", 70, ""), "UCS-2 fits");
	tap_is(cut(times("ж", 71, ""), 1), times("ж", 67, "..."), "and is cut");
	tap_is(cut(times("ж", 135, ""), 2), times("ж", 131, "..."), "in two");
	tap_is(cut(times("a", 100000, ""), 255),
	    times("a", 153 * 255 - 3, "..."), "255 parts");
	tap_is(cut(times("a", 100000, ""), 0), times("a", 100000, ""),
	    "0 is no limit");
	tap_is(cut(times("€", 81, ""), 1), times("€", 78, "..."),
	    "no escape pair is broken");
	tap_is(cut(times("a", 156, "€aaa"), 1), times("a", 156, "..."),
	    "nor does half of one fit");
	tap_is(cut(times("😀", 36, ""), 1), times("😀", 33, "..."),
	    "no surrogate pair is broken");
	tap_is(cut(times("a", 150, "\n  bcdefghijk"), 1),
	    times("a", 150, "\n  bcde..."), "blanks inside stay");
	tap_is(cut(times("a", 154, "\n  bcdefghijk"), 1),
	    times("a", 154, "..."), "blanks before the dots go");
	tap_is(cut(times("\xe3\x80\x80", 52, "a ж bcdefghijklmnopq"), 1),
	    times("\xe3\x80\x80", 52, "a ж bcdefghijkl..."),
	    "ideographic blanks count as they are");
	tap_is(cut(times("a", 200, "ж"), 1), times("a", 157, "..."),
	    "what is left decides the alphabet");
	tap_ok(info.alphabet == TEXT_GSM7, "GSM-7");
	tap_is(cut(times("“a”", 60, "ж"), 1), times("\"a\"", 52, "\"..."),
	    "and its signs are replaced");
	rules.alphabet = TEXT_KEEP;
	tap_is(make(NULL, times("“a”", 60, "ж"), 0, &rules),
	    times("“a”", 22, "“..."), "unless they are to be kept");
	tap_is(cut(times("a", 66, "ж and so on"), 1), times("a", 66, "ж..."),
	    "the letter that makes it UCS-2 is the last that fits");
	tap_is(cut(times("a", 67, "ж and so on"), 1), times("a", 67, "..."),
	    "and here it does not");
	rules.alphabet = TEXT_GSM;
	tap_is(make(NULL, times("щ", 50, ""), 0, &rules),
	    times("shch", 39, "s..."), "a transliteration is cut as text");
}

static void
test_clusters(void)
{
	tap_is(cut(times("ж", 66, "x\xcc\xb1\xcc\x81yyy"), 1),
	    times("ж", 66, "..."), "a base keeps its marks");
	tap_is(cut(times("ж", 65, "\xe2\x9a\xa0\xef\xb8\x8fyyyyy"), 1),
	    times("ж", 65, "\xe2\x9a\xa0\xef\xb8\x8f..."),
	    "a sign with its selector fits");
	tap_is(cut(times("ж", 66, "\xe2\x9a\xa0\xef\xb8\x8fyyyy"), 1),
	    times("ж", 66, "..."), "or not");
	tap_is(cut(times("ж", 63, "👩‍👧yyyyy"), 1), times("ж", 63, "..."),
	    "a joined picture is one");
	tap_is(cut(times("ж", 62, "👩‍👧yyyyy"), 1), times("ж", 62, "👩‍👧..."),
	    "and fits as one");
	tap_is(cut(times("ж", 64, "?\ufe0f\u200d👧yyyy"), 1),
	    times("ж", 64, "..."), "whatever it is joined to");
	tap_is(cut(times("ж", 64, "👍🏽yyyyy"), 1), times("ж", 64, "..."),
	    "a skin tone stays with its hand");
	tap_is(cut(times("ж", 64, "🇩🇪yyyyy"), 1), times("ж", 64, "..."),
	    "a flag is two letters");
	tap_is(cut(times("🇦🇿", 17, ""), 1), times("🇦🇿", 17, ""),
	    "seventeen flags fit");
	tap_is(cut(times("🇦🇿", 18, ""), 1), times("🇦🇿", 16, "..."),
	    "eighteen do not");
	tap_is(cut(times("ж", 65, "🇿yyyyyy"), 1), times("ж", 65, "🇿..."),
	    "half a flag is a letter");
	tap_is(cut(times("🇩🇪", 20, ""), 1), times("🇩🇪", 16, "..."),
	    "flags are counted in pairs");
	tap_is(cut(times("ж", 65, "1️⃣yyyyy"), 1), times("ж", 65, "..."),
	    "a keycap is one");
	tap_is(cut(times("ж", 60, "🏴󠁧󠁢󠁥󠁮󠁧󠁿yyyyy"), 1), times("ж", 60, "..."),
	    "a flag with tags is one");
	tap_is(cut(times("ж", 66, "\xe0\xb8\x81\xe0\xb8\xb3yyyy"), 1),
	    times("ж", 66, "..."), "a Thai vowel stays with its consonant");
	tap_is(cut(times("ж", 65, "क्षyyyyy"), 1), times("ж", 65, "..."),
	    "a conjunct is one");
	tap_is(cut(times("ж", 65, "ह्हyyyyy"), 1), times("ж", 65, "..."),
	    "of the first and the last letter");
	tap_is(cut(times("ж", 65, "ഹ്കyyyyy"), 1), times("ж", 65, "..."),
	    "in Malayalam as in Devanagari");
	tap_is(cut(times("ж", 65, "ட்டyyyyy"), 1), times("ж", 65, "ட்..."),
	    "but not in Tamil");
	tap_is(cut(times("ж", 65, "क्ॐyyyyy"), 1), times("ж", 65, "क्..."),
	    "nor with a letter that is no consonant");
	tap_is(cut(times("ж", 65, "क्কyyyyy"), 1), times("ж", 65, "क्..."),
	    "nor across scripts");
	tap_is(cut(times("ж", 65, "क्yyyyy"), 1), times("ж", 65, "क्..."),
	    "a virama ties no Latin letter");
	tap_is(cut(times("ж", 66, "\xe1\x84\x92\xe1\x85\xa1yyyy"), 1),
	    times("ж", 66, "..."), "Hangul stays a syllable");
	tap_is(cut(times("x\xcc\xb1", 40, ""), 1),
	    times("x\xcc\xb1", 33, "..."), "marks count");
	tap_ok(strlen(cut(times("\xcc\xb1", 500, ""), 1)) > 3,
	    "a heap of marks is cut, not left out");
	tap_is(out.p, times("\xcc\xb1", 64, "..."), "at twice the limit of 32");
	tap_is(cut(times("🏴‍", 100, ""), 1), times("🏴‍", 16, "..."),
	    "a chain of joiners likewise, at the limit");
}

static void
test_more(void)
{
	struct text_rules rules = {.max_parts = 1};

	tap_is(make(NULL, "abc \n", 1, &rules), "abc...",
	    "more: it ends in ...");
	tap_ok(info.truncated && info.parts == 1, "and is truncated");
	tap_is(make(NULL, times("a", 157, ""), 1, &rules),
	    times("a", 157, "..."), "the dots fit");
	tap_is(make(NULL, times("a", 158, ""), 1, &rules),
	    times("a", 157, "..."), "or it is cut");
	tap_is(make(NULL, "“ж”", 1, &rules), "“ж”...", "in UCS-2");
	tap_is(make(NULL, "“a”", 1, &rules), "\"a\"...", "in GSM-7");
	tap_is(make(NULL, " \n", 1, &rules), "EMPTY",
	    "more of nothing is nothing");
	rules.max_parts = 0;
	tap_is(make(NULL, "abc", 1, &rules), "abc...", "more without a limit");
	rules.overlong = TEXT_REJECT;
	tap_is(make(NULL, "abc", 1, &rules), "TOO LONG", "more is rejected");
	tap_is(make(NULL, "abc", 0, &rules), "abc", "the whole is not");
	rules.max_parts = 2;
	tap_is(make(NULL, times("a", 306, ""), 0, &rules), times("a", 306, ""),
	    "reject: two parts are two parts");
	tap_is(make(NULL, times("a", 307, ""), 0, &rules), "TOO LONG",
	    "reject: three are too many");
	tap_ok(info.parts == 3 && info.alphabet == TEXT_GSM7 && !info.truncated,
	    "and it says how many there are");
	tap_is(make(NULL, times("ж", 135, ""), 0, &rules), "TOO LONG",
	    "in UCS-2 too");
	tap_ok(info.parts == 3 && info.alphabet == TEXT_UCS2, "likewise");
	tap_is(make(NULL, "", 1, &rules), "EMPTY",
	    "reject: nothing is nothing");
}

/* Storage: what swells most fits; less than TEXT_ROOM is seen. */
static void
test_room(void)
{
	struct text_rules rules = {
	    .alphabet = TEXT_GSM, .subject = TEXT_SUBJECT_PREFIX};

	tap_is(make("…", times("\xc5\x89", 20000, ""), 1, &rules) + 4,
	    times("'n", 20000, "..."), "two octets become two");
	tap_is(make(NULL, times("ĳ½", 1000, ""), 0, &rules),
	    times("ij1/2", 1000, ""), "two become three");
	tap_is(make(NULL, times("‰", 20000, ""), 1, &rules),
	    times("o/oo", 20000, "..."), "three become four");
	tap_is(make(NULL, times("Щ", 20000, ""), 1, &rules),
	    times("SHCH", 20000, "..."), "two become four");
	tap_is(make(NULL, times("🟠", 20000, ""), 1, &rules),
	    times("(orange)", 20000, "..."), "four become eight");
	buf_init(&out, storage, TEXT_ROOM(3));
	buf_puts(&out, "what was there");
	out.overflow = 1;
	tap_ok(text_make(&out, NULL, "abc", 0, &rules, &info) == TEXT_OK,
	    "storage of TEXT_ROOM is enough");
	tap_is(out.p, "abc", "and is emptied first");
	tap_ok(!out.overflow, "and its overflow forgotten");
	buf_init(&out, storage, TEXT_ROOM(3) - 1);
	tap_ok(text_make(&out, NULL, "abc", 0, &rules, &info) == TEXT_TOO_LONG,
	    "storage below TEXT_ROOM is refused");
	tap_ok(out.overflow && out.len == 0, "and remembered");
}

/* Time is linear: the worst of each pass, at a size that would show. */
static void
test_linear(void)
{
	static const char *const worst[] = {"\033[", "\n", " ", "\xe3\x80\x80 ",
	    "\xcc\x81", "\xf0\x9f\x87\xa9", "\xe2\x80\x8d", "-- x\n", "\xff",
	    "日", "\xf0\x9f\x8f\xb4\xe2\x80\x8d", "ъ", "\xef\xb8\x8f"};
	struct text_rules rules = {.max_parts = 10};
	size_t i;
	int right = 1;

	for (i = 0; i < LENGTH(worst) * 3; i++) {
		rules.alphabet = (enum text_alphabet_rule)(i % 3);
		right &= strcmp(make(NULL, times(worst[i / 3], 120000, "x"), 0,
				    &rules),
			     "INFO IS WRONG") != 0;
		right &= info.parts <= 10;
	}
	tap_ok(right, "hostile texts of 120000 characters come out right");
}

int
main(void)
{
	test_clean();
	test_joiners();
	test_invalid();
	test_lines();
	test_signature();
	test_subject();
	test_subject_auto();
	test_said_limit();
	test_template();
	test_wording();
	test_ascii();
	test_alphabet();
	test_count();
	test_auto();
	test_latin();
	test_greek();
	test_cyrillic();
	test_symbols();
	test_emoji();
	test_transliterate_all();
	test_cut();
	test_clusters();
	test_more();
	test_room();
	test_linear();
	return tap_done();
}
