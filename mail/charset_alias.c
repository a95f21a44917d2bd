/*
 * charset_alias: one table of names, and the form in which they are compared.
 * Pure.
 */
#include <stdlib.h>
#include <string.h>

#include "mail/charset_alias.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define OWN(key, how)	      {key, {"", "", how}}
#define ICONV(key, name)      {key, {name, "", CHARSET_ICONV}}
#define ICONV2(key, name, or) {key, {name, or, CHARSET_ICONV}}

/*
 * The names that mails use, sorted, in the form that charset_alias_squeeze()
 * gives them: lower case, no punctuation, no year, no "x-", and "cp" for
 * "windows", "ibm" and the like.  iconv(3) is asked for no other name, since
 * its rarer converters have a history of security bugs.  Where senders use
 * characters beyond the charset that they name, its superset stands first, as
 * in browsers.
 */
static const struct alias {
	char key[21];
	struct charset_alias alias;
} charset_alias_table[] = {
	OWN("88591", CHARSET_LATIN),
	ICONV("armscii8", "ARMSCII-8"),
	ICONV("big5", "BIG5"),
	ICONV("big5eten", "BIG5"),
	ICONV2("big5hkscs", "BIG5-HKSCS", "BIG5"),
	ICONV("chinese", "GB18030"),
	ICONV("cnbig5", "BIG5"),
	ICONV("cngb", "GB18030"),
	ICONV("cp10000", "MACINTOSH"),
	OWN("cp1200", CHARSET_UTF16),
	ICONV("cp1201", "UTF-16BE"),
	ICONV("cp1250", "CP1250"),
	ICONV("cp1251", "CP1251"),
	OWN("cp1252", CHARSET_LATIN),
	ICONV("cp1253", "CP1253"),
	ICONV("cp1254", "CP1254"),
	ICONV("cp1255", "CP1255"),
	ICONV("cp1256", "CP1256"),
	ICONV("cp1257", "CP1257"),
	ICONV("cp1258", "CP1258"),
	ICONV("cp1361", "JOHAB"),
	ICONV2("cp154", "PT154", "PTCP154"),
	ICONV("cp20866", "KOI8-R"),
	ICONV("cp20932", "EUC-JP"),
	ICONV("cp21866", "KOI8-U"),
	OWN("cp28591", CHARSET_LATIN),
	ICONV("cp28592", "ISO-8859-2"),
	ICONV("cp28605", "ISO-8859-15"),
	ICONV("cp437", "CP437"),
	ICONV("cp50220", "ISO-2022-JP"),
	ICONV("cp50221", "ISO-2022-JP"),
	ICONV("cp51932", "EUC-JP"),
	ICONV2("cp51949", "CP949", "EUC-KR"),
	ICONV("cp54936", "GB18030"),
	OWN("cp65001", CHARSET_UTF8),
	OWN("cp720", CHARSET_720),
	ICONV("cp737", "CP737"),
	ICONV("cp775", "CP775"),
	OWN("cp819", CHARSET_LATIN),
	ICONV("cp850", "CP850"),
	ICONV("cp852", "CP852"),
	ICONV("cp855", "CP855"),
	ICONV("cp857", "CP857"),
	ICONV2("cp858", "CP858", "CP850"),
	ICONV("cp860", "CP860"),
	ICONV("cp861", "CP861"),
	ICONV("cp862", "CP862"),
	ICONV("cp863", "CP863"),
	ICONV("cp864", "CP864"),
	ICONV("cp865", "CP865"),
	ICONV("cp866", "CP866"),
	ICONV("cp869", "CP869"),
	ICONV2("cp874", "CP874", "TIS-620"),
	ICONV2("cp932", "CP932", "SHIFT_JIS"),
	ICONV("cp936", "GB18030"),
	ICONV2("cp949", "CP949", "EUC-KR"),
	ICONV("cp950", "BIG5"),
	ICONV("csbig5", "BIG5"),
	ICONV("cseucjpkdfmtjapanese", "EUC-JP"),
	ICONV2("cseuckr", "CP949", "EUC-KR"),
	ICONV("cseucpkdfmtjapanese", "EUC-JP"),
	ICONV("csgb18030", "GB18030"),
	ICONV("csgb2312", "GB18030"),
	ICONV("csgbk", "GB18030"),
	ICONV("csibm866", "CP866"),
	ICONV("csiso2022jp", "ISO-2022-JP"),
	ICONV("csiso2022kr", "ISO-2022-KR"),
	ICONV("csiso58gb231280", "GB18030"),
	ICONV("csiso88596e", "ISO-8859-6"),
	ICONV("csiso88596i", "ISO-8859-6"),
	ICONV("csiso88598e", "ISO-8859-8"),
	ICONV("csiso88598i", "ISO-8859-8"),
	OWN("csisolatin1", CHARSET_LATIN),
	ICONV("csisolatin2", "ISO-8859-2"),
	ICONV("csisolatin3", "ISO-8859-3"),
	ICONV("csisolatin4", "ISO-8859-4"),
	ICONV2("csisolatin5", "CP1254", "ISO-8859-9"),
	ICONV("csisolatin6", "ISO-8859-10"),
	ICONV("csisolatin9", "ISO-8859-15"),
	ICONV("csisolatinarabic", "ISO-8859-6"),
	ICONV("csisolatincyrillic", "ISO-8859-5"),
	ICONV("csisolatingreek", "ISO-8859-7"),
	ICONV("csisolatinhebrew", "ISO-8859-8"),
	ICONV("cskoi8r", "KOI8-R"),
	ICONV2("csksc56011987", "CP949", "EUC-KR"),
	ICONV("csmacintosh", "MACINTOSH"),
	ICONV2("csshiftjis", "CP932", "SHIFT_JIS"),
	OWN("csunicode", CHARSET_UTF16),
	OWN("csunicode11utf7", CHARSET_UTF7),
	OWN("csutf8", CHARSET_UTF8),
	ICONV("csviscii", "VISCII"),
	ICONV2("cswindows31j", "CP932", "SHIFT_JIS"),
	ICONV("cyrillic", "ISO-8859-5"),
	ICONV("euccn", "GB18030"),
	ICONV("eucjp", "EUC-JP"),
	ICONV2("euckr", "CP949", "EUC-KR"),
	ICONV("euctw", "EUC-TW"),
	ICONV("gb18030", "GB18030"),
	ICONV("gb2312", "GB18030"),
	ICONV("gb231280", "GB18030"),
	ICONV("gbk", "GB18030"),
	ICONV("georgianps", "GEORGIAN-PS"),
	ICONV("greek", "ISO-8859-7"),
	ICONV("hebrew", "ISO-8859-8"),
	OWN("hz", CHARSET_HZ),
	OWN("hzgb2312", CHARSET_HZ),
	ICONV("iso10", "ISO-8859-10"),
	OWN("iso10646ucs2", CHARSET_UTF16),
	ICONV("iso2022cn", "ISO-2022-CN"),
	ICONV("iso2022jp", "ISO-2022-JP"),
	ICONV2("iso2022jp1", "ISO-2022-JP-1", "ISO-2022-JP"),
	ICONV2("iso2022jp2", "ISO-2022-JP-2", "ISO-2022-JP"),
	ICONV("iso2022jpms", "ISO-2022-JP"),
	ICONV("iso2022kr", "ISO-2022-KR"),
	OWN("iso88591", CHARSET_LATIN),
	ICONV("iso885910", "ISO-8859-10"),
	ICONV2("iso885911", "CP874", "ISO-8859-11"),
	ICONV("iso885913", "ISO-8859-13"),
	ICONV("iso885914", "ISO-8859-14"),
	ICONV("iso885915", "ISO-8859-15"),
	ICONV("iso885916", "ISO-8859-16"),
	ICONV("iso88592", "ISO-8859-2"),
	ICONV("iso88593", "ISO-8859-3"),
	ICONV("iso88594", "ISO-8859-4"),
	ICONV("iso88595", "ISO-8859-5"),
	ICONV("iso88596", "ISO-8859-6"),
	ICONV("iso88596e", "ISO-8859-6"),
	ICONV("iso88596i", "ISO-8859-6"),
	ICONV("iso88597", "ISO-8859-7"),
	ICONV("iso88598", "ISO-8859-8"),
	ICONV("iso88598e", "ISO-8859-8"),
	ICONV("iso88598i", "ISO-8859-8"),
	ICONV2("iso88599", "CP1254", "ISO-8859-9"),
	OWN("isoir100", CHARSET_LATIN),
	ICONV("isoir101", "ISO-8859-2"),
	ICONV("isoir126", "ISO-8859-7"),
	ICONV("isoir127", "ISO-8859-6"),
	ICONV("isoir138", "ISO-8859-8"),
	ICONV("isoir144", "ISO-8859-5"),
	ICONV2("isoir148", "CP1254", "ISO-8859-9"),
	ICONV2("isoir149", "CP949", "EUC-KR"),
	ICONV("isoir58", "GB18030"),
	ICONV("johab", "JOHAB"),
	ICONV("koi8", "KOI8-R"),
	ICONV("koi8r", "KOI8-R"),
	ICONV("koi8ru", "KOI8-U"),
	ICONV("koi8t", "KOI8-T"),
	ICONV("koi8u", "KOI8-U"),
	ICONV2("korean", "CP949", "EUC-KR"),
	ICONV2("ksc5601", "CP949", "EUC-KR"),
	ICONV2("ksc56011987", "CP949", "EUC-KR"),
	ICONV2("ksc56011989", "CP949", "EUC-KR"),
	ICONV2("kz1048", "RK1048", "KZ-1048"),
	OWN("l1", CHARSET_LATIN),
	ICONV("l2", "ISO-8859-2"),
	OWN("latin1", CHARSET_LATIN),
	ICONV("latin10", "ISO-8859-16"),
	ICONV("latin2", "ISO-8859-2"),
	ICONV("latin3", "ISO-8859-3"),
	ICONV("latin4", "ISO-8859-4"),
	ICONV2("latin5", "CP1254", "ISO-8859-9"),
	ICONV("latin6", "ISO-8859-10"),
	ICONV("latin7", "ISO-8859-13"),
	ICONV("latin8", "ISO-8859-14"),
	ICONV("latin9", "ISO-8859-15"),
	ICONV("mac", "MACINTOSH"),
	ICONV2("macce", "MACCENTRALEUROPE", "MAC-CENTRALEUROPE"),
	ICONV2("maccyrillic", "MAC-CYRILLIC", "MACCYRILLIC"),
	ICONV("macintosh", "MACINTOSH"),
	ICONV("macroman", "MACINTOSH"),
	ICONV2("mskanji", "CP932", "SHIFT_JIS"),
	ICONV2("ptcp154", "PT154", "PTCP154"),
	ICONV2("rk1048", "RK1048", "KZ-1048"),
	ICONV2("shiftjis", "CP932", "SHIFT_JIS"),
	ICONV2("sjis", "CP932", "SHIFT_JIS"),
	ICONV2("tcvn", "TCVN", "TCVN5712-1"),
	ICONV2("tis620", "CP874", "TIS-620"),
	OWN("ucs2", CHARSET_UTF16),
	ICONV2("uhc", "CP949", "EUC-KR"),
	OWN("unicode", CHARSET_UTF16),
	OWN("unicode11utf7", CHARSET_UTF7),
	OWN("unicode11utf8", CHARSET_UTF8),
	OWN("unicode20utf8", CHARSET_UTF8),
	OWN("utf16", CHARSET_UTF16),
	ICONV("utf16be", "UTF-16BE"),
	ICONV("utf16le", "UTF-16LE"),
	ICONV("utf32", "UTF-32"),
	ICONV("utf32be", "UTF-32BE"),
	ICONV("utf32le", "UTF-32LE"),
	OWN("utf7", CHARSET_UTF7),
	OWN("utf8", CHARSET_UTF8),
	ICONV("viscii", "VISCII"),
	ICONV2("windows31j", "CP932", "SHIFT_JIS"),
};

/* Replace "windows1252", "win1252" and the like with "cp1252". */
static void
charset_alias_code_page(char *key)
{
	static const char prefixes[][8] = {"windows", "win", "ibm", "dos",
	    "ms", "cp"};
	size_t i, n;

	for (i = 0; i < LENGTH(prefixes); i++) {
		n = strlen(prefixes[i]);
		if (strncmp(key, prefixes[i], n) != 0 || key[n] == '\0' ||
		    key[n + strspn(key + n, "0123456789")] != '\0')
			continue;
		memmove(key + 2, key + n, strlen(key + n) + 1);
		memcpy(key, "cp", 2);
		return;
	}
}

/* Write the name in the form that the table has. */
static void
charset_alias_squeeze(char key[CHARSET_NAME_MAX + 2], const char *name)
{
	size_t n = 0;

	while ((name[0] == 'x' || name[0] == 'X') && name[1] == '-')
		name += 2;
	for (; *name != '\0' && *name != ':'; name++)
		if (*name >= 'A' && *name <= 'Z')
			key[n++] = (char)(*name + 'a' - 'A');
		else if ((*name >= 'a' && *name <= 'z') ||
		    (*name >= '0' && *name <= '9'))
			key[n++] = *name;
	key[n] = '\0';
	charset_alias_code_page(key);
}

static int
charset_alias_compare(const void *key, const void *alias)
{
	return strcmp(key, ((const struct alias *)alias)->key);
}

const struct charset_alias *
charset_alias_find(const char *name)
{
	char key[CHARSET_NAME_MAX + 2];
	const struct alias *a;

	charset_alias_squeeze(key, name);
	a = bsearch(key, charset_alias_table, LENGTH(charset_alias_table),
	    sizeof(charset_alias_table[0]), charset_alias_compare);
	return a != NULL ? &a->alias : NULL;
}
