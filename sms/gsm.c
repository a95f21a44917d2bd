/*
 * gsm: the tables that text.c needs: the GSM 7 bit default alphabet (3GPP TS
 * 23.038, formerly GSM 03.38), replacements for signs and letters that it
 * lacks, and which code points combine (Unicode 14, UnicodeData.txt).  Pure: no
 * descriptors, no allocation, only const tables.  This file handles single code
 * points; text.c handles whole texts.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/utf8.h"
#include "sms/gsm.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* Every code point in from is written as to. */
struct gsm_group {
	const char *to;
	const uint_least32_t *from;
};

/* The code points from first on are written as the characters of to. */
struct gsm_row {
	uint32_t first;
	size_t n;
	const uint_least16_t *to;
};

#define ROW(first, to) {first, LENGTH(to) - 1, to}

/* Pairs of letters: the first with this mark is the same as the second. */
struct gsm_mark {
	uint32_t mark;
	const uint_least16_t *pairs;
};

/* clang-format off */

/* Septets of U+0000 to U+00FF: ` is not in the alphabet, ^ needs an escape. */
static const char gsm_latin[257] = "00000000001021000000000000000000"
				   "11111111111111111111111111111111"
				   "11111111111111111111111111122221"
				   "01111111111111111111111111122220"
				   "00000000000000000000000000000000"
				   "01011101000000000000000000000001"
				   "00001111010000000100001010001001"
				   "10001110110010000110001011001000";

/*
 * Typographic signs that software puts in place of a typewriter's, and that can
 * be changed back without loss.  Letters, mathematics and units are not among
 * them.
 */
static const struct gsm_group gsm_signs[] = {
	{"'",
	    U"`\u00b4\u2018\u2019\u201a\u201b\u2032\u2035\u2039\u203a\u02b9"
	    U"\u02bb\u02bc\u02bd\u02c8\u02ca\u02cb\u275b\u275c\uff07"},
	{"\"",
	    U"\u00ab\u00bb\u201c\u201d\u201e\u201f\u2033\u2036\u02ba\u02ee"
	    U"\u275d\u275e\u301d\u301e\u301f\uff02"},
	{"'''", U"\u2034\u2037"},
	{"-",
	    U"\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63"
	    U"\uff0d"},
	{"--", U"\u2e3a"},
	{"...", U"\u2026\u22ef"},
	{"..", U"\u2025"},
	{".", U"\u00b7\u2024\u2027\uff0e"},
	{"*", U"•‣◦▪▫●○■□\u2219\u2217⁎＊"},
	{"!!", U"‼"},
	{"??", U"⁇"},
	{"?!", U"⁈"},
	{"!?", U"⁉"},
	{"/", U"\u2044\u2215／"},
	{"~", U"\u02dc\u223c\u2053\u301c～"},
	{"^", U"\u02c6"},
	{",", U"\u00b8，"},
	{":", U"\u2236："},
	{";", U"\u037e；"},
	{"|", U"｜"},
	{"!", U"！"},
	{"#", U"＃"},
	{"%", U"％"},
	{"&", U"＆"},
	{"(", U"（"},
	{")", U"）"},
	{"+", U"＋"},
	{"<", U"＜"},
	{"=", U"＝"},
	{">", U"＞"},
	{"?", U"？\ufffd"},
	{"@", U"＠"},
	{"[", U"［"},
	{"]", U"］"},
	{"_", U"＿"},
	{" ", U"\u3000"},
	{"ff", U"ﬀ"},
	{"fi", U"ﬁ"},
	{"fl", U"ﬂ"},
	{"ffi", U"ﬃ"},
	{"ffl", U"ﬄ"},
	{"st", U"ﬅﬆ"},
	{"(c)", U"©"},
	{"(r)", U"®"},
	{"(p)", U"℗"},
	{"(tm)", U"™"},
	{"(sm)", U"℠"},
	{"No", U"№"},
	{"K", U"\u212a"},
	{"Å", U"\u212b"},
	{"Ω", U"\u2126"},
	{"Δ", U"∆"},
	{"Π", U"∏"},
	{"Σ", U"∑"},
	{"->", U"→⟶➔➙➜➞➡"},
	{"<-", U"←⟵⬅"},
	{"<->", U"↔⟷"},
	{"=>", U"⇒⟹"},
	{"<==", U"⇐⟸"},
	{"<=>", U"⇔⟺"},
	{"", U"\u061c\u200e\u200f\ufe0e\ufe0f"},
};

/* Letters that become several, and symbols that have a meaning. */
static const struct gsm_group gsm_symbols[] = {
	{"Th", U"Þ"},
	{"th", U"þ"},
	{"OE", U"Œ"},
	{"oe", U"œ"},
	{"IJ", U"Ĳ"},
	{"ij", U"ĳ"},
	{"'n", U"ŉ"},
	{"NG", U"Ŋ"},
	{"ng", U"ŋ"},
	{"DZ", U"ǄǱ"},
	{"Dz", U"ǅǲ"},
	{"dz", U"ǆǳ"},
	{"LJ", U"Ǉ"},
	{"Lj", U"ǈ"},
	{"lj", U"ǉ"},
	{"NJ", U"Ǌ"},
	{"Nj", U"ǋ"},
	{"nj", U"ǌ"},
	{"HV", U"Ƕ"},
	{"hv", U"ƕ"},
	{"SS", U"ẞ"},
	{"e", U"ə℮"},
	{"u", U"µ"},
	{"a", U"ª"},
	{"o", U"º°"},
	{"oC", U"℃"},
	{"oF", U"℉"},
	{"c", U"¢"},
	{"l", U"ℓ"},
	{"i", U"ℹ"},
	{"|", U"¦"},
	{"-", U"¯¬‾"},
	{"\"", U"¨《》「」『』"},
	{"'", U"〈〉"},
	{"[", U"【〔"},
	{"]", U"】〕"},
	{",", U"、،"},
	{".", U"。"},
	{";", U"؛"},
	{"?", U"؟"},
	{"x", U"✕⨯"},
	{"+/-", U"±"},
	{"<=", U"≤⩽≦"},
	{">=", U"≥⩾≧"},
	{"!=", U"≠"},
	{"==", U"≡"},
	{"~", U"≈≅"},
	{"inf", U"∞"},
	{"sqrt", U"√"},
	{"o/oo", U"‰"},
	{"1/2", U"½"},
	{"1/3", U"⅓"},
	{"2/3", U"⅔"},
	{"1/4", U"¼"},
	{"3/4", U"¾"},
	{"1/5", U"⅕"},
	{"1/6", U"⅙"},
	{"1/8", U"⅛"},
	{"3/8", U"⅜"},
	{"5/8", U"⅝"},
	{"7/8", U"⅞"},
	{"£", U"₤"},
	{"BTC", U"₿"},
	{"CRC", U"₡"},
	{"GEL", U"₾"},
	{"GHS", U"₵"},
	{"ILS", U"₪"},
	{"INR", U"₹"},
	{"KRW", U"₩"},
	{"KZT", U"₸"},
	{"NGN", U"₦"},
	{"PHP", U"₱"},
	{"PYG", U"₲"},
	{"Rs", U"₨"},
	{"RUB", U"₽"},
	{"THB", U"฿"},
	{"TRY", U"₺"},
	{"UAH", U"₴"},
	{"VND", U"₫"},
	{"I", U"Ⅰⅰ"},
	{"II", U"Ⅱⅱ"},
	{"III", U"Ⅲⅲ"},
	{"IV", U"Ⅳⅳ"},
	{"V", U"Ⅴⅴ"},
	{"VI", U"Ⅵⅵ"},
	{"VII", U"Ⅶⅶ"},
	{"VIII", U"Ⅷⅷ"},
	{"IX", U"Ⅸⅸ"},
	{"X", U"Ⅹⅹ"},
	{"^", U"↑⇑▲△⬆🔺"},
	{"v", U"↓⇓▼▽⬇🔻"},
	{">", U"▶►▸"},
	{"<", U"◀◄◂"},
	{"*", U"★☆⭐◆◇✱"},
	{"#", U"█▇▆▅▄▓"},
	{":", U"▒"},
	{".", U"░"},
	{"OK", U"✓✔✅☑🆗"},
	{"X", U"✖✗✘❌❎☒"},
	{"[ ]", U"☐"},
	{"!", U"❗❕"},
	{"?", U"❓❔"},
	{"(!)", U"⚠"},
	{"(stop)", U"⛔🛑"},
	{"(red)", U"🔴🟥"},
	{"(orange)", U"🟠🟧"},
	{"(yellow)", U"🟡🟨"},
	{"(green)", U"🟢🟩"},
	{"(blue)", U"🔵🟦"},
	{"(black)", U"⚫"},
	{"(white)", U"⚪"},
	{"SOS", U"🆘"},
	{"NEW", U"🆕"},
	{"Tel", U"☎📞"},
	{"+1", U"👍"},
	{"-1", U"👎"},
	{"<3", U"♥❤"},
	{":)", U"☺😀😃😄😊🙂"},
	{":D", U"😁😂😆"},
	{";)", U"😉"},
	{":(", U"☹😞😟😢🙁"},
};

/*
 * The alphabet's characters beyond ASCII, by Latin-ASCII of CLDR (Unicode's
 * common locale data): a letter loses its accent.  Greek by ELOT 743.
 */
static const struct gsm_group gsm_asciis[] = {
	{"A", U"ÄÅ"},
	{"a", U"äåà"},
	{"AE", U"Æ"},
	{"ae", U"æ"},
	{"C", U"Ç"},
	{"E", U"É"},
	{"e", U"èé"},
	{"i", U"ì"},
	{"N", U"Ñ"},
	{"n", U"ñ"},
	{"O", U"ÖØ"},
	{"o", U"öøò"},
	{"ss", U"ß"},
	{"U", U"Ü"},
	{"u", U"üù"},
	{"!", U"¡"},
	{"?", U"¿"},
	{"$", U"¤"},
	{"S.", U"§"},
	{"GBP", U"£"},
	{"JPY", U"¥"},
	{"EUR", U"€"},
	{"D", U"Δ"},
	{"F", U"Φ"},
	{"G", U"Γ"},
	{"L", U"Λ"},
	{"Ohm", U"Ω"},
	{"P", U"Π"},
	{"Ps", U"Ψ"},
	{"S", U"Σ"},
	{"Th", U"Θ"},
	{"X", U"Ξ"},
};

/* The Greek alphabet from alpha on (ELOT 743); capitals become capitals. */
static const char *const gsm_greek[] = {
	"a", "v", "g", "d", "e", "z", "i", "th", "i", "k", "l", "m",
	"n", "x", "o", "p", "r", "s", "s", "t", "y", "f", "ch", "ps", "o",
};

/* Greek letters with accents, and each without its accent. */
static const struct gsm_row gsm_accented[] = {
	ROW(0x0386, u"Α?ΕΗΙ?Ο?ΥΩι"),
	ROW(0x03aa, u"ΙΥαεηιυ"),
	ROW(0x03ca, u"ιυουω"),
};

/* One letter for one letter.  Greek becomes capitals, as phones do it. */
static const struct gsm_row gsm_rows[] = {
	ROW(0x00c0,
	    u"AAAAÄÅÆÇEÉEEIIIIDÑOOOOÖxØUUUÜY?ßàaaaäåæcèéeeìiiidñòoooö/øùuuüy?y"
	    u"AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi??JjKkkLlLlLlL"
	    u"lLlNnNnNn???OoOoOo??RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs"
	    u"bBBbBbOCcDDDddEEEFfGGhIIKkllWNnOOoOoPpRSsSstTtTUuUVYyZzZZzz255?w"
	    u"!!!!?????????AaIiOoUuÜüÜüÜüÜüeÄäAaÆæGgGgKkOoOoZzj???GgHWNnÅåÆæØø"
	    u"AaAaEeEeIiIiOoOoRrRrUuUuSsTtYyHhNdUuZzAaEeÖöOoOoOoYylntjbqACcLTs"
	    u"z??BUVEeJjqqRrYy"),
	ROW(0x1e00,
	    u"AaBbBbBbÇcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMm"
	    u"MmMmNnNnNnNnOoOoOoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVv"
	    u"WwWwWwWwWwXxXxYyZzZzZzhtwyaS????AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEe"
	    u"EeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUuUuYyYyYyYy"),
	ROW(0x0386,
	    u"A?EHI?O?YΩIABΓΔEZHΘIKΛMNΞOΠP?ΣTYΦXΨΩIYAEHIYABΓΔEZHΘIKΛMNΞOΠPΣΣTY"
	    u"ΦXΨΩIYOYΩ?BΘ???ΦΠ"),
	ROW(0x1f00,
	    u"AAAAAAAAAAAAAAAAEEEEEE??EEEEEE??HHHHHHHHHHHHHHHHIIIIIIIIIIIIIIII"
	    u"OOOOOO??OOOOOO??YYYYYYYY?Y?Y?Y?YΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩAAEEHHIIOOYYΩΩ??"
	    u"AAAAAAAAAAAAAAAAHHHHHHHHHHHHHHHHΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩAAAAA?AAAAAAA?I?"
	    u"??HHH?HHEEHHH???IIII??IIIIII????YYYYPPYYYYYYP?????ΩΩΩ?ΩΩOOΩΩΩ"),
	ROW(0x0490,
	    u"GgGgGgJjZzKkKkKkKkNnNnPpOoSsTtÜüUuHhCcJjCcHhCcCcIZzKkLlNnNnCcMmi"
	    u"AaÄäÆæEeÄäÄäZzZzZzIiIiÖöÖöÖöEeUuÜüUuCcGgYy"),
	ROW(0x0660, u"0123456789"),
	ROW(0x06f0, u"0123456789"),
	ROW(0x0966, u"0123456789"),
	ROW(0x00b2, u"23"),
	ROW(0x00b9, u"1"),
	ROW(0x2070, u"0i??456789+-=()n0123456789+-=()"),
	ROW(0x2460, u"123456789"),
	ROW(0x24b6, u"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
	ROW(0x2500,
	    u"--||--||--||++++++++++++++++++++++++++++++++++++++++++++++++++++"
	    u"++++++++++++--||=|+++++++++++++++++++++++++++++++/\\X-|-|"
	    u"-|-|-|-|"),
	ROW(0xff01,
	    u"!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_"
	    u"'abcdefghijklmnopqrstuvwxyz{|}~"),
};

/* Russian transliterated into English, from U+0430 and from U+0450 on. */
static const char *const gsm_russian[] = {
	"a", "b", "v", "g", "d", "e", "zh", "z",
	"i", "y", "k", "l", "m", "n", "o", "p",
	"r", "s", "t", "u", "f", "kh", "ts", "ch",
	"sh", "shch", "", "y", "", "e", "yu", "ya",
	"e", "yo", "dj", "gj", "ye", "dz", "i", "yi",
	"j", "lj", "nj", "c", "kj", "i", "u", "dz",
};

/* Where other languages transliterate differently. */
static const struct gsm_accent {
	enum gsm_cyrillic who;
	uint32_t c;
	const char *to;
} gsm_accents[] = {
	{GSM_UKRAINIAN, U'г', "h"},
	{GSM_UKRAINIAN, U'и', "y"},
	{GSM_UKRAINIAN, U'й', "i"},
	{GSM_BULGARIAN, U'х', "h"},
	{GSM_BULGARIAN, U'щ', "sht"},
	{GSM_BULGARIAN, U'ъ', "a"},
	{GSM_SERBIAN, U'ж', "z"},
	{GSM_SERBIAN, U'х', "h"},
	{GSM_SERBIAN, U'ц', "c"},
	{GSM_SERBIAN, U'ч', "c"},
	{GSM_SERBIAN, U'ш', "s"},
};

/*
 * Canonical compositions of Latin, Greek and Cyrillic letters.  Those with the
 * dot below are there in both orders, as Vietnamese keyboards make them.
 */
static const struct gsm_mark gsm_marks[] = {
	{0x0300,
	    u"AÀEÈIÌOÒUÙaàeèiìoòuùÜǛüǜNǸnǹЕЀИЍеѐиѝĒḔēḕŌṐōṑWẀwẁÂẦâầĂẰăằ"
	    u"ÊỀêềÔỒôồƠỜơờƯỪưừYỲyỳ"},
	{0x0301,
	    u"AÁEÉIÍOÓUÚYÝaáeéiíoóuúyýCĆcćLĹlĺNŃnńRŔrŕSŚsśZŹzźÜǗüǘGǴgǵ"
	    u"ÅǺåǻÆǼæǽØǾøǿ¨΅ΑΆΕΈΗΉΙΊΟΌΥΎΩΏϊΐαάεέηήιίϋΰοόυύωώϒϓГЃКЌгѓкќ"
	    u"ÇḈçḉĒḖēḗÏḮïḯKḰkḱMḾmḿÕṌõṍŌṒōṓPṔpṕŨṸũṹWẂwẃÂẤâấĂẮăắÊẾêếÔỐôố"
	    u"ƠỚơớƯỨưứ"},
	{0x0302,
	    u"AÂEÊIÎOÔUÛaâeêiîoôuûCĈcĉGĜgĝHĤhĥJĴjĵSŜsŝWŴwŵYŶyŷZẐzẑẠẬạậ"
	    u"ẸỆẹệỌỘọộ"},
	{0x0303, u"AÃNÑOÕaãnñoõIĨiĩUŨuũVṼvṽÂẪâẫĂẴăẵEẼeẽÊỄêễÔỖôỗƠỠơỡƯỮưữYỸyỹ"},
	{0x0304,
	    u"AĀaāEĒeēIĪiīOŌoōUŪuūÜǕüǖÄǞäǟȦǠȧǡÆǢæǣǪǬǫǭÖȪöȫÕȬõȭȮȰȯȱYȲyȳ"
	    u"ИӢиӣУӮуӯGḠgḡḶḸḷḹṚṜṛṝ"},
	{0x0306, u"AĂaăEĔeĕGĞgğIĬiĭOŎoŏUŬuŭУЎИЙийуўЖӁжӂАӐаӑЕӖеӗȨḜȩḝẠẶạặ"},
	{0x0307,
	    u"CĊcċEĖeėGĠgġIİZŻzżAȦaȧOȮoȯBḂbḃDḊdḋFḞfḟHḢhḣMṀmṁNṄnṅPṖpṗRṘ"
	    u"rṙSṠsṡŚṤśṥŠṦšṧṢṨṣṩTṪtṫWẆwẇXẊxẋYẎyẏſẛ"},
	{0x0308,
	    u"AÄEËIÏOÖUÜaäeëiïoöuüyÿYŸΙΪΥΫιϊυϋϒϔЕЁІЇеёіїАӒаӓӘӚәӛЖӜжӝЗӞ"
	    u"зӟИӤиӥОӦоӧӨӪөӫЭӬэӭУӰуӱЧӴчӵЫӸыӹHḦhḧÕṎõṏŪṺūṻWẄwẅXẌxẍtẗ"},
	{0x0309, u"AẢaảÂẨâẩĂẲăẳEẺeẻÊỂêểIỈiỉOỎoỏÔỔôổƠỞơởUỦuủƯỬưửYỶyỷ"},
	{0x030a, u"AÅaåUŮuůwẘyẙ"},
	{0x030b, u"OŐoőUŰuűУӲуӳ"},
	{0x030c,
	    u"CČcčDĎdďEĚeěLĽlľNŇnňRŘrřSŠsšTŤtťZŽzžAǍaǎIǏiǐOǑoǒUǓuǔÜǙüǚ"
	    u"GǦgǧKǨkǩƷǮʒǯjǰHȞhȟ"},
	{0x030f, u"AȀaȁEȄeȅIȈiȉOȌoȍRȐrȑUȔuȕѴѶѵѷ"},
	{0x0311, u"AȂaȃEȆeȇIȊiȋOȎoȏRȒrȓUȖuȗ"},
	{0x031b, u"OƠoơUƯuư"},
	{0x0323,
	    u"BḄbḅDḌdḍHḤhḥKḲkḳLḶlḷMṂmṃNṆnṇRṚrṛSṢsṣTṬtṭVṾvṿWẈwẉZẒzẓAẠaạ"
	    u"EẸeẹIỊiịOỌoọƠỢơợUỤuụƯỰưựYỴyỵÂẬâậÊỆêệÔỘôộĂẶăặ"},
	{0x0324, u"UṲuṳ"},
	{0x0325, u"AḀaḁ"},
	{0x0326, u"SȘsșTȚtț"},
	{0x0327, u"CÇcçGĢgģKĶkķLĻlļNŅnņRŖrŗSŞsşTŢtţEȨeȩDḐdḑHḨhḩ"},
	{0x0328, u"AĄaąEĘeęIĮiįUŲuųOǪoǫ"},
	{0x032d, u"DḒdḓEḘeḙLḼlḽNṊnṋTṰtṱUṶuṷ"},
	{0x032e, u"HḪhḫ"},
	{0x0330, u"EḚeḛIḬiḭUṴuṵ"},
	{0x0331, u"BḆbḇDḎdḏKḴkḵLḺlḻNṈnṉRṞrṟTṮtṯZẔzẕhẖ"},
};

/*
 * Combining marks (Mn, Mc, Me), joiners, conjoining Hangul vowels and
 * finals, halfwidth sound marks, skin tones, tags.  A range includes unassigned
 * code points between two of them.
 */
static const struct gsm_range gsm_combining[] = {
	{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},
	{0x05bf, 0x05bf}, {0x05c1, 0x05c2}, {0x05c4, 0x05c5},
	{0x05c7, 0x05c7}, {0x0610, 0x061a}, {0x064b, 0x065f},
	{0x0670, 0x0670}, {0x06d6, 0x06dc}, {0x06df, 0x06e4},
	{0x06e7, 0x06e8}, {0x06ea, 0x06ed}, {0x0711, 0x0711},
	{0x0730, 0x074a}, {0x07a6, 0x07b0}, {0x07eb, 0x07f3},
	{0x07fd, 0x07fd}, {0x0816, 0x0819}, {0x081b, 0x0823},
	{0x0825, 0x0827}, {0x0829, 0x082d}, {0x0859, 0x085b},
	{0x0898, 0x089f}, {0x08ca, 0x08e1}, {0x08e3, 0x0903},
	{0x093a, 0x093c}, {0x093e, 0x094f}, {0x0951, 0x0957},
	{0x0962, 0x0963}, {0x0981, 0x0983}, {0x09bc, 0x09bc},
	{0x09be, 0x09cd}, {0x09d7, 0x09d7}, {0x09e2, 0x09e3},
	{0x09fe, 0x0a03}, {0x0a3c, 0x0a51}, {0x0a70, 0x0a71},
	{0x0a75, 0x0a75}, {0x0a81, 0x0a83}, {0x0abc, 0x0abc},
	{0x0abe, 0x0acd}, {0x0ae2, 0x0ae3}, {0x0afa, 0x0b03},
	{0x0b3c, 0x0b3c}, {0x0b3e, 0x0b57}, {0x0b62, 0x0b63},
	{0x0b82, 0x0b82}, {0x0bbe, 0x0bcd}, {0x0bd7, 0x0bd7},
	{0x0c00, 0x0c04}, {0x0c3c, 0x0c3c}, {0x0c3e, 0x0c56},
	{0x0c62, 0x0c63}, {0x0c81, 0x0c83}, {0x0cbc, 0x0cbc},
	{0x0cbe, 0x0cd6}, {0x0ce2, 0x0ce3}, {0x0d00, 0x0d03},
	{0x0d3b, 0x0d3c}, {0x0d3e, 0x0d4d}, {0x0d57, 0x0d57},
	{0x0d62, 0x0d63}, {0x0d81, 0x0d83}, {0x0dca, 0x0ddf},
	{0x0df2, 0x0df3}, {0x0e31, 0x0e31}, {0x0e33, 0x0e3a},
	{0x0e47, 0x0e4e}, {0x0eb1, 0x0eb1}, {0x0eb3, 0x0ebc},
	{0x0ec8, 0x0ecd}, {0x0f18, 0x0f19}, {0x0f35, 0x0f35},
	{0x0f37, 0x0f37}, {0x0f39, 0x0f39}, {0x0f3e, 0x0f3f},
	{0x0f71, 0x0f84}, {0x0f86, 0x0f87}, {0x0f8d, 0x0fbc},
	{0x0fc6, 0x0fc6}, {0x102b, 0x103e}, {0x1056, 0x1059},
	{0x105e, 0x1060}, {0x1062, 0x1064}, {0x1067, 0x106d},
	{0x1071, 0x1074}, {0x1082, 0x108d}, {0x108f, 0x108f},
	{0x109a, 0x109d}, {0x1160, 0x11ff}, {0x135d, 0x135f},
	{0x1712, 0x1715}, {0x1732, 0x1734}, {0x1752, 0x1753},
	{0x1772, 0x1773}, {0x17b4, 0x17d3}, {0x17dd, 0x17dd},
	{0x180b, 0x180d}, {0x180f, 0x180f}, {0x1885, 0x1886},
	{0x18a9, 0x18a9}, {0x1920, 0x193b}, {0x1a17, 0x1a1b},
	{0x1a55, 0x1a7f}, {0x1ab0, 0x1ace}, {0x1b00, 0x1b04},
	{0x1b34, 0x1b44}, {0x1b6b, 0x1b73}, {0x1b80, 0x1b82},
	{0x1ba1, 0x1bad}, {0x1be6, 0x1bf3}, {0x1c24, 0x1c37},
	{0x1cd0, 0x1cd2}, {0x1cd4, 0x1ce8}, {0x1ced, 0x1ced},
	{0x1cf4, 0x1cf4}, {0x1cf7, 0x1cf9}, {0x1dc0, 0x1dff},
	{0x200c, 0x200d}, {0x20d0, 0x20f0}, {0x2cef, 0x2cf1},
	{0x2d7f, 0x2d7f}, {0x2de0, 0x2dff}, {0x302a, 0x302f},
	{0x3099, 0x309a}, {0xa66f, 0xa672}, {0xa674, 0xa67d},
	{0xa69e, 0xa69f}, {0xa6f0, 0xa6f1}, {0xa802, 0xa802},
	{0xa806, 0xa806}, {0xa80b, 0xa80b}, {0xa823, 0xa827},
	{0xa82c, 0xa82c}, {0xa880, 0xa881}, {0xa8b4, 0xa8c5},
	{0xa8e0, 0xa8f1}, {0xa8ff, 0xa8ff}, {0xa926, 0xa92d},
	{0xa947, 0xa953}, {0xa980, 0xa983}, {0xa9b3, 0xa9c0},
	{0xa9e5, 0xa9e5}, {0xaa29, 0xaa36}, {0xaa43, 0xaa43},
	{0xaa4c, 0xaa4d}, {0xaa7b, 0xaa7d}, {0xaab0, 0xaab0},
	{0xaab2, 0xaab4}, {0xaab7, 0xaab8}, {0xaabe, 0xaabf},
	{0xaac1, 0xaac1}, {0xaaeb, 0xaaef}, {0xaaf5, 0xaaf6},
	{0xabe3, 0xabea}, {0xabec, 0xabed}, {0xfb1e, 0xfb1e},
	{0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xff9e, 0xff9f},
	{0x101fd, 0x101fd}, {0x102e0, 0x102e0}, {0x10376, 0x1037a},
	{0x10a01, 0x10a0f}, {0x10a38, 0x10a3f}, {0x10ae5, 0x10ae6},
	{0x10d24, 0x10d27}, {0x10eab, 0x10eac}, {0x10f46, 0x10f50},
	{0x10f82, 0x10f85}, {0x11000, 0x11002}, {0x11038, 0x11046},
	{0x11070, 0x11070}, {0x11073, 0x11074}, {0x1107f, 0x11082},
	{0x110b0, 0x110ba}, {0x110c2, 0x110c2}, {0x11100, 0x11102},
	{0x11127, 0x11134}, {0x11145, 0x11146}, {0x11173, 0x11173},
	{0x11180, 0x11182}, {0x111b3, 0x111c0}, {0x111c9, 0x111cc},
	{0x111ce, 0x111cf}, {0x1122c, 0x11237}, {0x1123e, 0x1123e},
	{0x112df, 0x112ea}, {0x11300, 0x11303}, {0x1133b, 0x1133c},
	{0x1133e, 0x1134d}, {0x11357, 0x11357}, {0x11362, 0x11374},
	{0x11435, 0x11446}, {0x1145e, 0x1145e}, {0x114b0, 0x114c3},
	{0x115af, 0x115c0}, {0x115dc, 0x115dd}, {0x11630, 0x11640},
	{0x116ab, 0x116b7}, {0x1171d, 0x1172b}, {0x1182c, 0x1183a},
	{0x11930, 0x1193e}, {0x11940, 0x11940}, {0x11942, 0x11943},
	{0x119d1, 0x119e0}, {0x119e4, 0x119e4}, {0x11a01, 0x11a0a},
	{0x11a33, 0x11a39}, {0x11a3b, 0x11a3e}, {0x11a47, 0x11a47},
	{0x11a51, 0x11a5b}, {0x11a8a, 0x11a99}, {0x11c2f, 0x11c3f},
	{0x11c92, 0x11cb6}, {0x11d31, 0x11d45}, {0x11d47, 0x11d47},
	{0x11d8a, 0x11d97}, {0x11ef3, 0x11ef6}, {0x16af0, 0x16af4},
	{0x16b30, 0x16b36}, {0x16f4f, 0x16f4f}, {0x16f51, 0x16f92},
	{0x16fe4, 0x16ff1}, {0x1bc9d, 0x1bc9e}, {0x1cf00, 0x1cf46},
	{0x1d165, 0x1d169}, {0x1d16d, 0x1d172}, {0x1d17b, 0x1d182},
	{0x1d185, 0x1d18b}, {0x1d1aa, 0x1d1ad}, {0x1d242, 0x1d244},
	{0x1da00, 0x1da36}, {0x1da3b, 0x1da6c}, {0x1da75, 0x1da75},
	{0x1da84, 0x1da84}, {0x1da9b, 0x1daaf}, {0x1e000, 0x1e02a},
	{0x1e130, 0x1e136}, {0x1e2ae, 0x1e2ae}, {0x1e2ec, 0x1e2ef},
	{0x1e8d0, 0x1e8d6}, {0x1e944, 0x1e94a}, {0x1f3fb, 0x1f3ff},
	{0xe0020, 0xe007f}, {0xe0100, 0xe01ef},
};

/* Emoji, also those that need U+FE0F; not the regional indicators. */
static const struct gsm_range gsm_pictures[] = {
	{0x00a9, 0x00a9}, {0x00ae, 0x00ae}, {0x203c, 0x203c}, {0x2049, 0x2049},
	{0x2122, 0x2122}, {0x2139, 0x2139}, {0x2190, 0x21ff}, {0x2300, 0x23ff},
	{0x25a0, 0x27bf}, {0x2900, 0x297f}, {0x2b00, 0x2bff}, {0x3030, 0x3030},
	{0x303d, 0x303d}, {0x3297, 0x3297}, {0x3299, 0x3299},
	{0x1f000, 0x1f1e5}, {0x1f200, 0x1faff},
};

/* clang-format on */

uint32_t
gsm_next(const char **pp, const char *end)
{
	const char *p = *pp;
	int i, n = utf8_length(p, (size_t)(end - p), NULL);
	uint32_t c = (unsigned char)*p;

	*pp += n > 0 ? n : 1;
	if (n <= 0)
		return GSM_BAD;
	if (n > 1)
		c &= 0x7fU >> n;
	for (i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

void
gsm_char(struct buf *out, uint32_t c)
{
	char s[UTF8_MAX];

	buf_put(out, s, utf8_write(s, c));
}

int
gsm_within(uint32_t c, const struct gsm_range *r, size_t n)
{
	size_t low = 0, mid;

	while (low < n) {
		mid = low + (n - low) / 2;
		if (c < r[mid].first)
			n = mid;
		else if (c > r[mid].last)
			low = mid + 1;
		else
			return 1;
	}
	return 0;
}

int
gsm_is_mark(uint32_t c)
{
	return c >= gsm_combining[0].first &&
	    gsm_within(c, gsm_combining, LENGTH(gsm_combining));
}

int
gsm_is_picture(uint32_t c)
{
	return gsm_within(c, gsm_pictures, LENGTH(gsm_pictures));
}

int
gsm_septets(uint32_t c)
{
	if (c < 0x100)
		return gsm_latin[c] - '0';
	switch (c) {
	case 0x0393: /* Greek: Gamma, Delta, Theta, Lambda, Xi */
	case 0x0394:
	case 0x0398:
	case 0x039b:
	case 0x039e:
	case 0x03a0: /* Pi, Sigma, Phi, Psi, Omega */
	case 0x03a3:
	case 0x03a6:
	case 0x03a8:
	case 0x03a9:
		return 1;
	case 0x20ac: /* euro sign, an escape */
		return 2;
	}
	return 0;
}

static const char *
gsm_find(uint32_t c, const struct gsm_group *g, size_t n)
{
	const uint_least32_t *s;
	size_t i;

	for (i = 0; i < n; i++)
		for (s = g[i].from; *s != 0; s++)
			if (*s == c)
				return g[i].to;
	return NULL;
}

const char *
gsm_sign(uint32_t c)
{
	return gsm_find(c, gsm_signs, LENGTH(gsm_signs));
}

/* The letter that gsm_rows has for the code point; '?' if it has none. */
static uint32_t
gsm_row(uint32_t c)
{
	const struct gsm_row *row = gsm_rows;
	size_t i;

	for (i = 0; i < LENGTH(gsm_rows); i++, row++)
		if (c >= row->first && c - row->first < row->n)
			return row->to[c - row->first];
	return '?';
}

uint32_t
gsm_compose(uint32_t base, uint32_t mark)
{
	const uint_least16_t *s;
	size_t i;

	for (i = 0; i < LENGTH(gsm_marks); i++) {
		if (gsm_marks[i].mark != mark)
			continue;
		for (s = gsm_marks[i].pairs; *s != 0; s += 2)
			if (*s == base)
				return s[1];
	}
	return 0;
}

static uint32_t
gsm_lower(uint32_t c)
{
	if (c >= 0x0400 && c <= 0x040f)
		return c + 0x50;
	if (c >= 0x0410 && c <= 0x042f)
		return c + 0x20;
	return c >= 'A' && c <= 'Z' ? c + 0x20 : c;
}

static int
gsm_is_upper(uint32_t c)
{
	return gsm_lower(c) != c;
}

static int
gsm_is_lower(uint32_t c)
{
	return (c >= 0x0430 && c <= 0x045f) || (c >= 'a' && c <= 'z');
}

static int
gsm_is_greek(uint32_t c)
{
	return (c >= 0x0386 && c <= 0x03ff) || (c >= 0x1f00 && c <= 0x1fff);
}

/*
 * A hard sign means Bulgarian, unless one of the vowels follows that follow it
 * in Russian.
 */
enum gsm_cyrillic
gsm_guess(const char *s)
{
	const char *end = s + strlen(s);
	enum gsm_cyrillic who = GSM_RUSSIAN;
	uint32_t c, prev = 0;

	while (s < end) {
		c = gsm_lower(gsm_next(&s, end));
		if (prev == U'ъ' && gsm_is_lower(c) && who == GSM_RUSSIAN &&
		    c != U'е' && c != U'ё' && c != U'ю' && c != U'я')
			who = GSM_BULGARIAN;
		if (c == U'ы' || c == U'э' || c == U'ё')
			return GSM_RUSSIAN;
		if (c == U'і' || c == U'ї' || c == U'є' || c == U'ґ')
			who = GSM_UKRAINIAN;
		if (c == U'ј' || c == U'љ' || c == U'њ' || c == U'ђ' ||
		    c == U'ћ' || c == U'џ')
			who = GSM_SERBIAN;
		prev = c;
	}
	return who;
}

/*
 * Append a Cyrillic letter.  For a capital, the first Latin letter becomes a
 * capital; all of them do if its neighbours are capitals.
 */
static void
gsm_cyrillic(struct buf *out, uint32_t c, const struct gsm_near *near)
{
	uint32_t low = gsm_lower(c);
	int upper = low != c, all;
	const char *s = gsm_russian[low - 0x0430];
	size_t i;

	for (i = 0; i < LENGTH(gsm_accents); i++)
		if (gsm_accents[i].c == low &&
		    gsm_accents[i].who == near->cyrillic)
			s = gsm_accents[i].to;
	all = upper &&
	    (gsm_is_upper(near->next) ||
		(!gsm_is_lower(near->next) && gsm_is_upper(near->prev)));
	for (; *s != '\0'; s++, upper = all)
		buf_putc(out, (char)(upper ? *s - 0x20 : *s));
}

/* Letters that a formula can find: mathematical letters, flags. */
static uint32_t
gsm_styled(uint32_t c)
{
	if (c >= 0x1d400 && c <= 0x1d6a3) {
		c = (c - 0x1d400) % 52;
		return c < 26 ? 'A' + c : 'a' + c - 26;
	}
	if (c >= 0x1d7ce && c <= 0x1d7ff)
		return '0' + (c - 0x1d7ce) % 10;
	if (c >= 0x1f1e6 && c <= 0x1f1ff)
		return 'A' + c - 0x1f1e6;
	return 0;
}

/* Write "10^2" for ten squared, not "102"; "1 1/2", not "11/2". */
static void
gsm_apart(struct buf *out, uint32_t c, uint32_t prev)
{
	int digit = prev >= '0' && prev <= '9';

	if (c == 0xb2 || c == 0xb3 || c == 0xb9 ||
	    (c >= 0x2070 && c <= 0x207f)) {
		if (digit || prev == ')')
			buf_putc(out, '^');
	} else if (digit &&
	    ((c >= 0xbc && c <= 0xbe) || (c >= 0x2150 && c <= 0x215e)))
		buf_putc(out, ' ');
}

/* Append a string of characters of the alphabet. */
static void
gsm_put(struct buf *out, const char *s, const struct gsm_near *near)
{
	const char *end = s + strlen(s), *ascii;
	uint32_t c;

	while (s < end) {
		c = gsm_next(&s, end);
		ascii = near->ascii && c >= 0x80 ?
		    gsm_find(c, gsm_asciis, LENGTH(gsm_asciis)) :
		    NULL;
		if (ascii != NULL)
			buf_puts(out, ascii);
		else
			gsm_char(out, c);
	}
}

static void
gsm_put_letter(struct buf *out, uint32_t c, const struct gsm_near *near)
{
	char s[UTF8_MAX + 1];

	s[utf8_write(s, c)] = '\0';
	gsm_put(out, s, near);
}

/* 1 for ohm or the prefix mu: the letter has no Greek letter beside it. */
static int
gsm_is_unit(uint32_t c, const struct gsm_near *near)
{
	return (c == 0x03bc || c == 0x03a9) && !gsm_is_greek(near->prev) &&
	    !gsm_is_greek(near->next);
}

/* Append a Greek letter in Latin letters; 0 if it is none. */
static int
gsm_put_greek(struct buf *out, uint32_t c)
{
	const char *s;
	size_t i;

	for (i = 0; i < LENGTH(gsm_accented); i++)
		if (c >= gsm_accented[i].first &&
		    c - gsm_accented[i].first < gsm_accented[i].n)
			c = gsm_accented[i].to[c - gsm_accented[i].first];
	if (c >= 0x03b1 && c <= 0x03c9)
		s = gsm_greek[c - 0x03b1];
	else if (c >= 0x0391 && c <= 0x03a9 && c != 0x03a2)
		s = gsm_greek[c - 0x0391];
	else
		return 0;
	buf_putc(out, c < 0x03b1 ? (char)(*s - 0x20) : *s);
	buf_puts(out, s + 1);
	return 1;
}

void
gsm_transliterate(struct buf *out, uint32_t c, const struct gsm_near *near)
{
	const char *s;
	uint32_t letter;

	if (near->ascii && !gsm_is_unit(c, near) && gsm_put_greek(out, c))
		return;
	if (gsm_septets(c) > 0) {
		gsm_put_letter(out, c, near);
		return;
	}
	if (c >= 0x0400 && c <= 0x045f) {
		gsm_cyrillic(out, c, near);
		return;
	}
	gsm_apart(out, c, near->prev);
	if ((s = gsm_sign(c)) != NULL ||
	    (s = gsm_find(c, gsm_symbols, LENGTH(gsm_symbols))) != NULL) {
		gsm_put(out, s, near);
		return;
	}
	letter = gsm_styled(c);
	if (letter == 0)
		letter = gsm_row(c);
	if (c == 0x03bc && gsm_is_unit(c, near))
		letter = 'u';
	if (letter == '?' && (gsm_is_mark(c) || gsm_is_picture(c)))
		return;
	gsm_put_letter(out, letter, near);
}
