/*
 * unit_charset: charset.c.  What mails call their charsets, UTF-8 to the
 * letter of RFC 3629, what is guessed, and characters cut anywhere.
 */
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "mail/charset.h"
#include "tap.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define ROOM	  (64 * 1024)
#define BAD	  "\357\277\275" /* U+FFFD */

static char got[ROOM];
static size_t ngot;
static int cut; /* a piece did not end with a character */

static void
collect(void *arg, const char *p, size_t n)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t i = n;

	if (arg != got || n == 0 || n >= ROOM - ngot)
		abort();
	while (i > 0 && s[i - 1] >= 0x80 && s[i - 1] <= 0xbf)
		i--;
	if (i < n && (i == 0 || n - i + 1 != (s[i - 1] >= 0xf0 ? 4u :
						 s[i - 1] >= 0xe0 ? 3u : 2u)))
		cut++;
	else if (i == n && s[n - 1] >= 0xc0)
		cut++;
	memcpy(got + ngot, p, n);
	ngot += n;
	got[ngot] = '\0';
}

/* Decode n octets, size of them at a time. */
static const char *
decode(const char *name, const char *p, size_t n, size_t size)
{
	struct charset c;
	char *copy;
	size_t k;

	ngot = 0;
	got[0] = '\0';
	charset_open(&c, name, collect, got);
	for (; n > 0; p += k, n -= k) {
		k = n < size ? n : size;
		/* so that valgrind and ASan see what is read beyond it */
		copy = malloc(k);
		if (copy == NULL)
			abort();
		memcpy(copy, p, k);
		charset_feed(&c, copy, k);
		free(copy);
	}
	charset_close(&c);
	return got;
}

/* The same in pieces of every size. */
static void
is(const char *name, const char *octets, size_t n, const char *want,
    const char *title)
{
	size_t size;
	char what[128];

	for (size = 1; size < n; size++)
		if (strcmp(decode(name, octets, n, size), want) != 0)
			break;
	snprintf(what, sizeof(what), "%s%s%s", name == NULL ? "" : name,
	    name == NULL ? "" : ": ", title);
	tap_is(decode(name, octets, n, size), want, what);
}

#define IS(name, octets, want, title) \
	is((name), (octets), sizeof(octets) - 1, (want), (title))

static const struct row {
	const char *name, *octets;
	size_t n;
	const char *want;
} rows[] = {
	{"iso-8859-2", "\256lu\273ou\350k\375", 9, "Žluťoučký"},
	{"latin2", "\256lu\273ou\350k\375", 9, "Žluťoučký"},
	{"l2", "\256lu\273ou\350k\375", 9, "Žluťoučký"},
	{"ISO_8859-2:1987", "\256lu\273ou\350k\375", 9, "Žluťoučký"},
	{"csISOLatin2", "\256lu\273ou\350k\375", 9, "Žluťoučký"},
	{"iso8859-2", "\256lu\273ou\350k\375", 9, "Žluťoučký"},
	{"iso-ir-101", "\256lu\273ou\350k\375", 9, "Žluťoučký"},
	{"cp28592", "\256lu\273ou\350k\375", 9, "Žluťoučký"},
	{"iso-8859-3", "\241a\277", 3, "Ħaż"},
	{"latin3", "\241a\277", 3, "Ħaż"},
	{"csisolatin3", "\241a\277", 3, "Ħaż"},
	{"iso-8859-4", "\317\271", 2, "Īš"},
	{"latin4", "\317\271", 2, "Īš"},
	{"csisolatin4", "\317\271", 2, "Īš"},
	{"iso-8859-5", "\277\340\330\322\325\342", 6, "Привет"},
	{"cyrillic", "\277\340\330\322\325\342", 6, "Привет"},
	{"iso-ir-144", "\277\340\330\322\325\342", 6, "Привет"},
	{"csisolatincyrillic", "\277\340\330\322\325\342", 6, "Привет"},
	{"iso-8859-6", "\323\344\307\345", 4, "سلام"},
	{"iso-8859-6-i", "\323\344\307\345", 4, "سلام"},
	{"iso-8859-6-e", "\323\344\307\345", 4, "سلام"},
	{"csISO88596I", "\323\344\307\345", 4, "سلام"},
	{"csISO88596E", "\323\344\307\345", 4, "سلام"},
	{"iso-ir-127", "\323\344\307\345", 4, "سلام"},
	{"csISOLatinArabic", "\323\344\307\345", 4, "سلام"},
	{"iso-8859-7", "\303\345\351\334", 4, "Γειά"},
	{"greek", "\303\345\351\334", 4, "Γειά"},
	{"iso-ir-126", "\303\345\351\334", 4, "Γειά"},
	{"csISOLatinGreek", "\303\345\351\334", 4, "Γειά"},
	{"iso-8859-8", "\371\354\345\355", 4, "שלום"},
	{"iso-8859-8-i", "\371\354\345\355", 4, "שלום"},
	{"iso-8859-8-e", "\371\354\345\355", 4, "שלום"},
	{"hebrew", "\371\354\345\355", 4, "שלום"},
	{"iso-ir-138", "\371\354\345\355", 4, "שלום"},
	{"csISO88598I", "\371\354\345\355", 4, "שלום"},
	{"csISO88598E", "\371\354\345\355", 4, "שלום"},
	{"csISOLatinHebrew", "\371\354\345\355", 4, "שלום"},
	{"iso-8859-9", "\375\360\376", 3, "ığş"},
	{"latin5", "\375\360\376", 3, "ığş"},
	{"iso-ir-148", "\375\360\376", 3, "ığş"},
	{"csISOLatin5", "\375\360\376", 3, "ığş"},
	{"windows-1254", "\375\360\376", 3, "ığş"},
	{"iso-8859-10", "\241\271", 2, "Ąđ"},
	{"latin6", "\241\271", 2, "Ąđ"},
	{"csISOLatin6", "\241\271", 2, "Ąđ"},
	{"iso-10", "\241\271", 2, "Ąđ"},
	{"iso-8859-11", "\312\307\321\312\264\325", 6, "สวัสดี"},
	{"tis-620", "\312\307\321\312\264\325", 6, "สวัสดี"},
	{"windows-874", "\312\307\321\312\264\325", 6, "สวัสดี"},
	{"cp874", "\312\307\321\312\264\325", 6, "สวัสดี"},
	{"dos-874", "\312\307\321\312\264\325", 6, "สวัสดี"},
	{"iso-8859-13", "\320\342", 2, "Šā"},
	{"latin7", "\320\342", 2, "Šā"},
	{"iso-8859-14", "\320\376", 2, "Ŵŷ"},
	{"latin8", "\320\376", 2, "Ŵŷ"},
	{"iso-8859-15", "\244 \246", 3, "€ Š"},
	{"latin9", "\244 \246", 3, "€ Š"},
	{"latin-9", "\244 \246", 3, "€ Š"},
	{"csISOLatin9", "\244 \246", 3, "€ Š"},
	{"cp28605", "\244 \246", 3, "€ Š"},
	{"iso-8859-16", "\336\376", 2, "Țț"},
	{"latin10", "\336\376", 2, "Țț"},
	{"windows-1250", "\216lu\235", 4, "Žluť"},
	{"cp1250", "\216lu\235", 4, "Žluť"},
	{"x-cp1250", "\216lu\235", 4, "Žluť"},
	{"win-1250", "\216lu\235", 4, "Žluť"},
	{"windows-1251", "\317\360\350\342\345\362", 6, "Привет"},
	{"cp1251", "\317\360\350\342\345\362", 6, "Привет"},
	{"win1251", "\317\360\350\342\345\362", 6, "Привет"},
	{"x-cp1251", "\317\360\350\342\345\362", 6, "Привет"},
	{"CP-1251", "\317\360\350\342\345\362", 6, "Привет"},
	{"ms-1251", "\317\360\350\342\345\362", 6, "Привет"},
	{"windows-1253", "\303\345\351\334", 4, "Γειά"},
	{"cp1253", "\303\345\351\334", 4, "Γειά"},
	{"windows-1255", "\371\354\345\355", 4, "שלום"},
	{"cp1255", "\371\354\345\355", 4, "שלום"},
	{"windows-1256", "\323\341\307\343", 4, "سلام"},
	{"cp1256", "\323\341\307\343", 4, "سلام"},
	{"windows-1257", "\320\342", 2, "Šā"},
	{"cp1257", "\320\342", 2, "Šā"},
	{"windows-1258", "\365\375", 2, "ơư"},
	{"cp1258", "\365\375", 2, "ơư"},
	{"koi8-r", "\360\322\311\327\305\324", 6, "Привет"},
	{"koi8", "\360\322\311\327\305\324", 6, "Привет"},
	{"cskoi8r", "\360\322\311\327\305\324", 6, "Привет"},
	{"KOI8_R", "\360\322\311\327\305\324", 6, "Привет"},
	{"cp20866", "\360\322\311\327\305\324", 6, "Привет"},
	{"koi8-u", "\360\322\311\327\246\324", 6, "Привіт"},
	{"koi8-ru", "\360\322\311\327\246\324", 6, "Привіт"},
	{"cp21866", "\360\322\311\327\246\324", 6, "Привіт"},
	{"koi8-t", "\214\317", 2, "Ҳо"},
	{"kz-1048", "\215\340\347", 3, "Қаз"},
	{"rk1048", "\215\340\347", 3, "Қаз"},
	{"ptcp154", "\201", 1, "Ғ"},
	{"cp154", "\201", 1, "Ғ"},
	{"gb2312", "\304\343\272\303", 4, "你好"},
	{"gbk", "\304\343\272\303", 4, "你好"},
	{"gb18030", "\304\343\272\303", 4, "你好"},
	{"x-gbk", "\304\343\272\303", 4, "你好"},
	{"euc-cn", "\304\343\272\303", 4, "你好"},
	{"cp936", "\304\343\272\303", 4, "你好"},
	{"ms936", "\304\343\272\303", 4, "你好"},
	{"gb_2312-80", "\304\343\272\303", 4, "你好"},
	{"csGB2312", "\304\343\272\303", 4, "你好"},
	{"csGBK", "\304\343\272\303", 4, "你好"},
	{"csGB18030", "\304\343\272\303", 4, "你好"},
	{"csISO58GB231280", "\304\343\272\303", 4, "你好"},
	{"chinese", "\304\343\272\303", 4, "你好"},
	{"iso-ir-58", "\304\343\272\303", 4, "你好"},
	{"cn-gb", "\304\343\272\303", 4, "你好"},
	{"cp54936", "\304\343\272\303", 4, "你好"},
	{"gb18030", "\2252\2026\250\246", 6, "𠀀é"},
	{"gb2312", "\2252\2026\250\246", 6, "𠀀é"},
	{"big5", "\247A\246n", 4, "你好"},
	{"cn-big5", "\247A\246n", 4, "你好"},
	{"x-x-big5", "\247A\246n", 4, "你好"},
	{"big5-eten", "\247A\246n", 4, "你好"},
	{"cp950", "\247A\246n", 4, "你好"},
	{"csbig5", "\247A\246n", 4, "你好"},
	{"big5-hkscs", "\235\356", 2, "㗎"},
	{"shift_jis", "\223\372\226{\207@", 6, "日本①"},
	{"shift-jis", "\223\372\226{\207@", 6, "日本①"},
	{"sjis", "\223\372\226{\207@", 6, "日本①"},
	{"x-sjis", "\223\372\226{\207@", 6, "日本①"},
	{"ms_kanji", "\223\372\226{\207@", 6, "日本①"},
	{"csShiftJIS", "\223\372\226{\207@", 6, "日本①"},
	{"windows-31j", "\223\372\226{\207@", 6, "日本①"},
	{"csWindows31J", "\223\372\226{\207@", 6, "日本①"},
	{"cp932", "\223\372\226{\207@", 6, "日本①"},
	{"ms932", "\223\372\226{\207@", 6, "日本①"},
	{"euc-jp", "\306\374\313\334", 4, "日本"},
	{"x-euc-jp", "\306\374\313\334", 4, "日本"},
	{"eucJP", "\306\374\313\334", 4, "日本"},
	{"csEUCPkdFmtJapanese", "\306\374\313\334", 4, "日本"},
	{"csEUCJPkdFmtJapanese", "\306\374\313\334", 4, "日本"},
	{"cp51932", "\306\374\313\334", 4, "日本"},
	{"cp20932", "\306\374\313\334", 4, "日本"},
	{"iso-2022-jp", "\033$BF|K\134\033(B x", 12, "日本 x"},
	{"csISO2022JP", "\033$BF|K\134\033(B x", 12, "日本 x"},
	{"iso-2022-jp-ms", "\033$BF|K\134\033(B x", 12, "日本 x"},
	{"cp50220", "\033$BF|K\134\033(B x", 12, "日本 x"},
	{"cp50221", "\033$BF|K\134\033(B x", 12, "日本 x"},
	{"iso-2022-jp-1", "\033$BF|K\134\033(B x", 12, "日本 x"},
	{"iso-2022-jp-2", "\033$BF|K\134\033(B x", 12, "日本 x"},
	{"iso-2022-kr", "\033$)C\016GQ1[\017", 10, "한글"},
	{"csISO2022KR", "\033$)C\016GQ1[\017", 10, "한글"},
	{"euc-kr", "\307\321\261\333\214c", 6, "한글똠"},
	{"ks_c_5601-1987", "\307\321\261\333\214c", 6, "한글똠"},
	{"ks_c_5601-1989", "\307\321\261\333\214c", 6, "한글똠"},
	{"ksc5601", "\307\321\261\333\214c", 6, "한글똠"},
	{"ksc_5601", "\307\321\261\333\214c", 6, "한글똠"},
	{"korean", "\307\321\261\333\214c", 6, "한글똠"},
	{"iso-ir-149", "\307\321\261\333\214c", 6, "한글똠"},
	{"csEUCKR", "\307\321\261\333\214c", 6, "한글똠"},
	{"csKSC56011987", "\307\321\261\333\214c", 6, "한글똠"},
	{"cp949", "\307\321\261\333\214c", 6, "한글똠"},
	{"uhc", "\307\321\261\333\214c", 6, "한글똠"},
	{"x-windows-949", "\307\321\261\333\214c", 6, "한글똠"},
	{"cp51949", "\307\321\261\333\214c", 6, "한글똠"},
	{"johab", "\320e\213i", 4, "한글"},
	{"cp1361", "\320e\213i", 4, "한글"},
	{"utf-7", "+AXsA8wFC-w +- +APw-", 20, "Żółw + ü"},
	{"unicode-1-1-utf-7", "+AXsA8wFC-w +- +APw-", 20, "Żółw + ü"},
	{"csUnicode11UTF7", "+AXsA8wFC-w +- +APw-", 20, "Żółw + ü"},
	{"utf-16be", "\000a\004\037\004@\3304\335\036", 10, "aПр𝄞"},
	{"cp1201", "\000a\004\037\004@\3304\335\036", 10, "aПр𝄞"},
	{"utf-16le", "a\000\037\004@\0044\330\036\335", 10, "aПр𝄞"},
	{"utf-16", "\377\376a\000\037\004@\004", 8, "aПр"},
	{"unicode", "\377\376a\000\037\004@\004", 8, "aПр"},
	{"csUnicode", "\377\376a\000\037\004@\004", 8, "aПр"},
	{"ucs-2", "\377\376a\000\037\004@\004", 8, "aПр"},
	{"iso-10646-ucs-2", "\377\376a\000\037\004@\004", 8, "aПр"},
	{"cp1200", "\377\376a\000\037\004@\004", 8, "aПр"},
	{"utf-32be", "\000\000\000a\000\000\004\037", 8, "aП"},
	{"utf-32le", "a\000\000\000\037\004\000\000", 8, "aП"},
	{"utf-32", "\377\376\000\000a\000\000\000\037\004\000\000", 12, "aП"},
	{"macintosh", "\216\267", 2, "é∑"},
	{"x-mac-roman", "\216\267", 2, "é∑"},
	{"mac", "\216\267", 2, "é∑"},
	{"macroman", "\216\267", 2, "é∑"},
	{"csMacintosh", "\216\267", 2, "é∑"},
	{"cp10000", "\216\267", 2, "é∑"},
	{"x-mac-cyrillic", "\217\360\350\342\345\362", 6, "Привет"},
	{"x-mac-ce", "\353lu", 3, "Žlu"},
	{"cp437", "\202\261", 2, "é▒"},
	{"ibm437", "\202\261", 2, "é▒"},
	{"cp737", "\202", 1, "Γ"},
	{"cp775", "\276", 1, "Š"},
	{"cp850", "\202\253", 2, "é½"},
	{"ibm850", "\202\253", 2, "é½"},
	{"IBM-850", "\202\253", 2, "é½"},
	{"cp852", "\246", 1, "Ž"},
	{"cp855", "\335", 1, "П"},
	{"cp857", "\247", 1, "ğ"},
	{"cp858", "\325", 1, "€"},
	{"cp860", "\204", 1, "ã"},
	{"cp861", "\225", 1, "þ"},
	{"cp862", "\231", 1, "ש"},
	{"cp863", "\222", 1, "Ê"},
	{"cp865", "\233", 1, "ø"},
	{"cp866", "\217\340\250\242\245\342", 6, "Привет"},
	{"ibm866", "\217\340\250\242\245\342", 6, "Привет"},
	{"csIBM866", "\217\340\250\242\245\342", 6, "Привет"},
	{"dos-866", "\217\340\250\242\245\342", 6, "Привет"},
	{"cp869", "\246", 1, "Γ"},
	{"viscii", "\252", 1, "ế"},
	{"csviscii", "\252", 1, "ế"},
	{"armscii-8", "\262", 1, "Ա"},
	{"georgian-ps", "\300", 1, "ა"},
	{"tcvn", "\312", 1, "ấ"},
	{"euc-tw", "\304\343", 2, "中"},
	{"iso-2022-cn", "\033$)A\016VP\017", 8, "中"},
};

/* glibc's iconv(3) knows them all; that of others may not. */
#ifdef __GLIBC__
#define MAY_LACK 0
#else
#define MAY_LACK 1
#endif

static void
names(void)
{
	const struct row *r;

	for (r = rows; r < rows + LENGTH(rows); r++)
		if (MAY_LACK && strcmp(decode(r->name, r->octets, r->n, r->n),
				    r->want) != 0)
			tap_ok(1, "%s # SKIP not in this iconv(3)", r->name);
		else
			is(r->name, r->octets, r->n, r->want, "is known");
	IS("KoI8-R", "\301", "а", "any letter case");
	IS("x-sjis-unheard-of", "\351", "é", "unknown, windows-1252");
	IS("x-unheard-of", "\303\251", "é", "unknown, UTF-8");
	IS("", "\303\251", "é", "an empty name");
	IS("x-", "\303\251", "é", "nothing behind x-");
	IS("koi8-r//TRANSLIT", "\303\251", "é", "not passed to iconv");
	IS("INTERNAL", "\303\251 z", "é z", "not passed to iconv");
	IS("IBM1390", "\303\251 z", "é z", "not passed to iconv");
}

static void
forms(void)
{
	static const char forty[] = "abcdefghijklmnopqrstuvwxyz0123456789._:+-";

	tap_ok(charset_is_name("ISO_8859-1:1987", 15), "a name");
	tap_ok(charset_is_name(forty, CHARSET_NAME_MAX), "40 octets");
	tap_ok(!charset_is_name(forty, CHARSET_NAME_MAX + 1), "41 octets");
	tap_ok(!charset_is_name("", 0), "no octet");
	tap_ok(!charset_is_name("utf-8//IGNORE", 13), "a slash");
	tap_ok(!charset_is_name("utf 8", 5), "a space");
	tap_ok(!charset_is_name("utf\0008", 5), "a NUL");
	tap_ok(!charset_is_name("utf\3408", 5), "an octet that is not ASCII");
	is(forty, "\303\251", 2, "é", "too long is unknown");
}

/* RFC 3629, section 4: each bound of its table from both sides. */
static void
utf8(void)
{
	static const char valid[] =
	    "\001\177 \302\200 \337\277 \340\240\200 \355\237\277 "
	    "\356\200\200 \357\277\277 \360\220\200\200 \364\217\277\277";
	static const struct {
		const char *octets;
		const char *title;
		const char *want;
	} broken[] = {
		{"\300\200", "overlong NUL", BAD BAD},
		{"\301\277", "overlong, two octets", BAD BAD},
		{"\340\237\277", "overlong, three octets", BAD BAD BAD},
		{"\360\217\277\277", "overlong, four octets", BAD BAD BAD BAD},
		{"\355\240\200", "a surrogate", BAD BAD BAD},
		{"\364\220\200\200", "over U+10FFFF", BAD BAD BAD BAD},
		{"\365\200\200\200", "over U+10FFFF", BAD BAD BAD BAD},
		{"\370\210\200\200\200", "five octets", BAD BAD BAD BAD BAD},
		{"\377\376", "no octets of UTF-8", BAD BAD},
		{"\200", "a continuation alone", BAD},
		{"\342\202", "two of three", BAD},
		{"\342\202x", "two of three and a letter", BAD "x"},
		{"\360\237\230", "three of four", BAD},
		{"\360\237\230\342\202\254", "three of four and a sign",
		    BAD "€"},
		{"\302\302\251", "a start twice", BAD "©"},
	};
	char octets[64], want[64];
	size_t i;

	IS("utf-8", valid, valid, "all that is valid passes");
	for (i = 0; i < LENGTH(broken); i++) {
		snprintf(octets, sizeof(octets), "é%s!", broken[i].octets);
		snprintf(want, sizeof(want), "é%s!", broken[i].want);
		is("utf-8", octets, strlen(octets), want, broken[i].title);
	}
	IS("utf-8", "é\342\202", "é" BAD, "cut at the end");
	IS("utf-8", "a\0b", "a", "NUL passes");
	tap_ok(ngot == 3, "NUL passes, and what is behind it");
	IS("utf-8", "caf\351", "café", "it is windows-1252 in truth");
	IS("utf-8", "caf\351 \303\251", "café Ã©", "decided by the first");
	IS("utf8", "ü", "ü", "an alias");
	IS("UNICODE-1-1-UTF-8", "é" "\351", "é" BAD, "an alias");
	IS("x-unicode-2-0-utf-8", "é" "\351", "é" BAD, "an alias");
	IS("cp65001", "é" "\351", "é" BAD, "an alias");
	IS("csUTF8", "é" "\351", "é" BAD, "an alias");
}

static void
guess(void)
{
	static const char *const ascii[] = {NULL, "us-ascii", "ascii",
	    "ANSI_X3.4-1968", "646", "unknown-8bit", "x-user-defined"};
	size_t i;

	for (i = 0; i < LENGTH(ascii); i++) {
		IS(ascii[i], "plain", "plain", "ASCII");
		IS(ascii[i], "\302\260C, \342\202\254", "°C, €", "UTF-8");
		IS(ascii[i], "20 \260C, \200", "20 °C, €", "windows-1252");
	}
	IS(NULL, "\303\251 \351 \303\251", "é é é",
	    "UTF-8, and an octet of something else");
	IS(NULL, "\351 \303\251", "é Ã©", "windows-1252 from the first on");
	IS(NULL, "\342\202 x", "â‚ x", "cut, before anything else");
	IS(NULL, "\342\202", "â‚", "cut at the end");
	IS(NULL, "x\303", "xÃ", "cut at the end");
	IS(NULL, "é\303", "é" BAD, "cut at the end, and UTF-8 before");
	IS(NULL, "", "", "nothing");
}

/* RFC 2152. */
static void
utf7(void)
{
	IS("utf-7", "Hi Mom -+Jjo--!", "Hi Mom -☺-!", "its own example");
	IS("utf-7", "+ZeVnLIqe-", "日本語", "another");
	IS("utf-7", "A+ImIDkQ.", "A≢Α.", "no minus at the end");
	IS("utf-7", "1 +- 1", "1 + 1", "a plus");
	IS("utf-7", "+AOk-+AOk", "éé", "no end of the shift");
	IS("utf-7", "+2DzYPQ-", BAD BAD, "two halves of a kind");
	IS("utf-7", "+2D3eAA-", "😀", "a surrogate pair");
	IS("utf-7", "+2D0-x", BAD "x", "half a pair");
	IS("utf-7", "+2D0A6Q-", BAD "é", "half a pair and a letter");
	IS("utf-7", "+3gA-", BAD, "the second half alone");
	IS("utf-7", "+2D0", BAD, "cut");
	IS("utf-7", "1 + 1 +", "1 + 1 +", "pluses that mean themselves");
	IS("utf-7", "+AO\351x", BAD "x", "an octet that is not ASCII");
	IS("utf-7", "+AOkx", "é", "bits that are left over");
}

/* Each octet against iconv's own windows-1252. */
static void
latin(void)
{
	static const char *const names_1252[] = {"windows-1252", "cp1252",
	    "iso-8859-1", "ISO_8859-1:1987", "latin1", "l1", "8859-1",
	    "iso8859-1", "csISOLatin1", "iso-ir-100", "cp819", "ibm819",
	    "x-ansi-1252", "cp28591"};
	char octet, want[8], *in, *out;
	size_t i, left, room, same = 0;
	iconv_t cd = iconv_open("UTF-8", "CP1252");

	for (i = 0; i < 256; i++) {
		octet = (char)i;
		in = &octet;
		left = 1;
		out = want;
		room = sizeof(want);
		decode("windows-1252", &octet, 1, 1);
		if (iconv(cd, &in, &left, &out, &room) == (size_t)-1) {
			iconv(cd, NULL, NULL, NULL, NULL);
			same += ngot == 2 && got[0] == '\302' &&
			    got[1] == octet;
			continue;
		}
		same += ngot == sizeof(want) - room &&
		    memcmp(got, want, ngot) == 0;
	}
	iconv_close(cd);
	tap_ok(same == 256, "windows-1252, octet by octet: %zu of 256", same);
	for (i = 0; i < LENGTH(names_1252); i++)
		IS(names_1252[i], "\223caf\351\224 \200",
		    "\342\200\234café\342\200\235 €", "windows-1252");
}

/* UTF-8 under another label, and what only looks like it. */
static void
mislabelled(void)
{
	static const char *const names[] = {"iso-8859-1", "windows-1252",
	    "iso-8859-15"};
	size_t i;

	for (i = 0; i < LENGTH(names); i++) {
		IS(names[i], "K\303\274che \342\202\254 \360\237\230\200",
		    "Küche € 😀", "UTF-8 of several octets");
		IS(names[i], "\320\224\320\260", "Да", "Cyrillic in UTF-8");
		IS(names[i], "CAF\311\273", "CAFÉ»", "a quotation mark");
		IS(names[i], "\303", "Ã", "half a character is a letter");
		IS(names[i], "a\374", "aü", "at the end");
	}
	IS("latin1", "K\374che \303\274", "Küche Ã¼",
	    "the first sequence decides");
	IS("windows-1252", "\304\224", "Ä”", "a capital and a mark");
	IS("iso-8859-1", "\303\274\374", "üü", "UTF-8, and not UTF-8 later");
	IS("iso-8859-2", "\303\274", "Ăź", "other charsets are believed");
}

static void
hz(void)
{
	IS("hz-gb-2312", "a ~{Dc:C~} b", "a 你好 b", "two signs");
	IS("HZ", "~~ ~\nx~x", "~ x~x", "tildes");
	IS("hz-gb-2312", "~{Dc\n:C", "你\n:C", "a line ends it");
	IS("hz-gb-2312", "~{D\nc", "\357\277\275\nc", "half a sign");
	IS("hz-gb-2312", "~{D", "\357\277\275", "its end is lost");
	IS("hz-gb-2312", "plain", "plain", "ASCII");
	IS("hz-gb-2312", "a~", "a\357\277\275", "a tilde at the end");
	IS("hz-gb-2312", "\374", "ü", "no octet of it");
	IS("dos-720", "\253\351\237\352 x", "سلام x", "Arabic in DOS");
	IS("cp720", "\200", "\302\200", "an octet that is none");
}

static void
broken(void)
{
	IS("big5", "\247A\377\246n", "你" BAD "好", "an octet that is none");
	IS("big5", "\247A\246", "你" BAD, "cut");
	IS("shift_jis", "\223\372\375\226{", "日" BAD "本", "an octet");
	IS("iso-2022-jp", "\033$BF|", "日", "no way back to ASCII");
	IS("iso-2022-jp", "\033$BF", BAD, "cut");
	IS("utf-16le", "a\0\0\330b\0", "a" BAD "b", "half a surrogate pair");
	IS("utf-16le", "a\0\0\330", "a" BAD, "half a surrogate pair");
	IS("utf-16le", "a\0b", "a" BAD, "half a unit");
	IS("utf-16", "", "", "nothing");
	IS("utf-16", "a", BAD, "half a unit alone");
	IS("utf-16", "\377\376a\0", "a", "mark, little end first");
	IS("utf-16", "\376\377\0a", "a", "mark, big end first");
	IS("utf-16", "a\0b\0", "ab", "no mark, little end first");
	IS("utf-16", "\0a\0b", "ab", "no mark, big end first");
	IS("utf-16", "\004\037\0!", "П!", "no mark, RFC 2781, 4.3");
	IS("cp1258", "xa", "xa", "held back by iconv until the end");
}

/* A long text in pieces whose ends fall on each octet. */
static void
pieces(void)
{
	static char octets[16384], want[16384];
	static const char *const charsets[] = {"utf-8", "gb18030", "euc-kr",
	    "iso-2022-jp", "utf-16", "utf-7"};
	static const char word[] = "日本語 text ";
	char *in, *out;
	size_t i, left, room, n, size, same;
	iconv_t cd;

	for (i = 0; i < 300; i++)
		memcpy(want + i * (sizeof(word) - 1), word, sizeof(word));
	for (i = 0; i < LENGTH(charsets); i++) {
		cd = iconv_open(charsets[i], "UTF-8");
		if (cd == (iconv_t)-1) {
			/* that of musl decodes more than it encodes */
			tap_ok(MAY_LACK, "%s in pieces # SKIP no encoder",
			    charsets[i]);
			continue;
		}
		in = want;
		left = strlen(want);
		out = octets;
		room = sizeof(octets);
		iconv(cd, &in, &left, &out, &room);
		iconv(cd, NULL, NULL, &out, &room);
		iconv_close(cd);
		n = sizeof(octets) - room;
		same = 0;
		for (size = 1; size < 100; size++)
			same += strcmp(decode(charsets[i], octets, n, size),
				    want) == 0;
		tap_ok(left == 0 && same == 99, "%s in pieces", charsets[i]);
	}
}

int
main(void)
{
	names();
	forms();
	utf8();
	guess();
	utf7();
	latin();
	mislabelled();
	hz();
	broken();
	pieces();
	tap_ok(cut == 0, "each piece holds whole characters");
	return tap_done();
}
