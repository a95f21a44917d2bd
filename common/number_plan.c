/*
 * number_plan: tables of the national numbering plans, as far as they decide
 * what can be a number, and look-ups.  Pure.
 *
 * Country codes: ITU-T E.164, 6.2, and the ITU's list of assigned country
 * codes.  Lengths of national (significant) numbers, trunk prefixes (dialled
 * before a number inside its country) and international prefixes: the ITU's
 * "Dialling procedures (international prefix, national (trunk) prefix and
 * national (significant) number)", Annex to Operational Bulletin 994, and
 * what administrations have announced since then, as libphonenumber 9.0.43
 * has collected it; the lengths were taken from there.  tests/numbers.txt
 * was made with that library, and lists where we differ from it and why.
 *
 * Lengths that would leave E.164 or NUMBER_E164_MIN are not in the table.
 * Nor are those of local numbers and services in North America, Russia,
 * Belarus, Brazil and Colombia, which cannot be reached from abroad.
 */
#include <string.h>

#include "common/number_plan.h"

enum trunk {
	NONE,		/* there is no trunk prefix, no number begins with 0 */
	KEEP,		/* none, and a 0 at the start is part of the number */
	ZERO,		/* 0 */
	OTHER		/* trunks[] has it */
};

struct number_plan {
	unsigned short code;		/* country code */
	unsigned short lengths;		/* bit n: numbers have n digits */
	unsigned short mobile;		/* the same for mobile numbers */
	char first[11];			/* the digits those begin with */
	unsigned char trunk;		/* enum trunk */
};

#define CODE_MAX 3			/* digits; ITU-T E.164, 6.2.1 */

/* Sets of lengths: n digits; a to b digits. */
#define N(n)	(1 << (n))
#define R(a, b) ((1 << ((b) + 1)) - (1 << (a)))

static const struct number_plan plans[] = {
	{1, N(10), N(10), "23456789", OTHER},	/* North America */
	{7, N(10), N(10), "79", OTHER},	/* Russia, Kazakhstan */
	{20, R(8, 10), N(10), "1", ZERO},	/* Egypt */
	{27, R(5, 10), R(5, 9), "12345678", ZERO},	/* South Africa */
	{30, R(10, 12), N(10), "69", NONE},	/* Greece */
	{31, R(5, 11), N(9) | N(11), "69", ZERO},	/* Netherlands */
	{32, R(8, 9), N(9), "4", ZERO},	/* Belgium */
	{33, N(9), N(9), "67", ZERO},	/* France */
	{34, N(9), N(9), "679", NONE},	/* Spain */
	{36, R(8, 9), N(9), "2357", OTHER},	/* Hungary */
	{39, R(6, 12), R(9, 10), "34", KEEP},	/* Italy, Vatican */
	{40, N(6) | N(9), N(9), "7", ZERO},	/* Romania */
	{41, N(9) | N(12), N(9), "67", ZERO},	/* Switzerland */
	{43, R(5, 13), R(7, 13), "6", ZERO},	/* Austria */
	{44, N(7) | R(9, 10), N(10), "7", ZERO},	/* Great Britain */
	{45, N(8), N(8), "23456789", NONE},	/* Denmark */
	{46, R(6, 10) | N(12), N(9), "7", ZERO},	/* Sweden */
	{47, N(5) | N(8), N(8), "49", NONE},	/* Norway */
	{48, R(6, 10), N(9), "245678", NONE},	/* Poland */
	{49, R(5, 13), R(10, 11), "1", ZERO},	/* Germany */
	{51, R(8, 9), N(9), "9", ZERO},	/* Peru */
	{52, N(10), N(10), "23456789", OTHER},	/* Mexico */
	{53, R(6, 8) | N(10), N(8), "56", ZERO},	/* Cuba */
	{54, R(10, 11), R(10, 11), "69", ZERO},	/* Argentina */
	{55, R(10, 11), R(10, 11), "123456789", OTHER},	/* Brazil */
	{56, R(9, 11), N(9), "23456789", NONE},	/* Chile */
	{57, N(10), N(10), "39", OTHER},	/* Colombia */
	{58, N(10), N(10), "4", ZERO},	/* Venezuela */
	{60, R(8, 10), R(9, 10), "1", ZERO},	/* Malaysia */
	{61, R(5, 10) | N(12), N(9), "4", ZERO},	/* Australia */
	{62, R(7, 13), R(9, 12), "8", ZERO},	/* Indonesia */
	{63, N(6) | R(8, 13), N(10), "89", ZERO},	/* Philippines */
	{64, R(5, 10), R(8, 10), "2", ZERO},	/* New Zealand */
	{65, N(8) | R(10, 11), N(8), "89", NONE},	/* Singapore */
	{66, R(8, 10) | N(13), N(9), "1689", ZERO},	/* Thailand */
	{81, R(8, 13), N(10), "6789", ZERO},	/* Japan */
	{82, R(5, 6) | R(8, 13), R(9, 10), "1", ZERO},	/* South Korea */
	{84, R(7, 10), N(9), "135789", ZERO},	/* Vietnam */
	{86, R(7, 12), N(11), "1", ZERO},	/* China */
	{90, N(7) | N(10) | R(12, 13), N(10), "5", ZERO},	/* Turkey */
	{91, R(8, 13), N(10), "16789", ZERO},	/* India */
	{92, R(8, 12), N(10), "3", ZERO},	/* Pakistan */
	{93, N(9), N(9), "7", ZERO},	/* Afghanistan */
	{94, N(9), N(9), "7", ZERO},	/* Sri Lanka */
	{95, R(6, 10), R(7, 10), "19", ZERO},	/* Myanmar */
	{98, R(5, 7) | N(10), N(10), "9", ZERO},	/* Iran */
	{211, N(9), N(9), "19", ZERO},	/* South Sudan */
	{212, N(9), N(9), "67", ZERO},	/* Morocco */
	{213, R(8, 9), N(9), "567", ZERO},	/* Algeria */
	{216, N(8), N(8), "23459", NONE},	/* Tunisia */
	{218, N(9), N(9), "9", ZERO},	/* Libya */
	{220, N(7) | N(9), N(7) | N(9), "23456789", NONE},	/* Gambia */
	{221, N(9), N(9), "7", NONE},	/* Senegal */
	{222, N(8), N(8), "234", NONE},	/* Mauritania */
	{223, N(8), N(8), "256789", NONE},	/* Mali */
	{224, R(8, 9), N(9), "6", NONE},	/* Guinea */
	{225, N(10), N(10), "0", KEEP},	/* Ivory Coast */
	{226, N(8), N(8), "04567", KEEP},	/* Burkina Faso */
	{227, N(8), N(8), "2789", NONE},	/* Niger */
	{228, N(8), N(8), "79", NONE},	/* Togo */
	{229, N(10), N(10), "0", KEEP},	/* Benin */
	{230, R(7, 8) | N(10), N(8), "57", NONE},	/* Mauritius */
	{231, R(7, 9), N(7) | N(9), "2345678", ZERO},	/* Liberia */
	{232, N(8), N(8), "236789", ZERO},	/* Sierra Leone */
	{233, R(8, 9), N(9), "25", ZERO},	/* Ghana */
	{234, R(10, 12), N(10), "789", ZERO},	/* Nigeria */
	{235, N(8), N(8), "36789", NONE},	/* Chad */
	{236, N(8), N(8), "7", NONE},	/* Central African Republic */
	{237, R(8, 9), N(9), "26", NONE},	/* Cameroon */
	{238, N(7), N(7), "359", NONE},	/* Cape Verde */
	{239, N(7), N(7), "9", NONE},	/* Sao Tome And Principe */
	{240, N(9), N(9), "25", NONE},	/* Equatorial Guinea */
	{241, R(7, 8), R(7, 8), "0234567", KEEP},	/* Gabon */
	{242, N(9), N(9), "0", KEEP},	/* Congo */
	{243, R(7, 10), N(7) | N(9), "89", ZERO},	/* DR Congo */
	{244, N(9), N(9), "9", NONE},	/* Angola */
	{245, N(7) | N(9), N(9), "9", NONE},	/* Guinea-Bissau */
	{246, N(7), N(7), "3", NONE},	/* Diego Garcia */
	{247, R(5, 6), N(5), "2347", NONE},	/* Ascension */
	{248, N(7), N(7), "2", NONE},	/* Seychelles */
	{249, N(9), N(9), "19", ZERO},	/* Sudan */
	{250, R(8, 9), N(9), "7", ZERO},	/* Rwanda */
	{251, N(9), N(9), "789", ZERO},	/* Ethiopia */
	{252, R(6, 9), R(7, 9), "12346789", ZERO},	/* Somalia */
	{253, N(8), N(8), "7", NONE},	/* Djibouti */
	{254, R(7, 10), N(9), "17", ZERO},	/* Kenya */
	{255, N(9), N(9), "67", ZERO},	/* Tanzania */
	{256, N(9), N(9), "7", ZERO},	/* Uganda */
	{257, N(8), N(8), "267", NONE},	/* Burundi */
	{258, R(8, 9), N(9), "8", NONE},	/* Mozambique */
	{260, N(9), N(9), "579", ZERO},	/* Zambia */
	{261, N(9), N(9), "3", ZERO},	/* Madagascar */
	{262, N(9), N(9), "67", ZERO},	/* Reunion, Mayotte */
	{263, N(7) | R(9, 10), N(9), "7", ZERO},	/* Zimbabwe */
	{264, R(8, 9), N(9), "68", ZERO},	/* Namibia */
	{265, N(7) | N(9), N(9), "123789", ZERO},	/* Malawi */
	{266, N(8), N(8), "56", NONE},	/* Lesotho */
	{267, R(7, 8) | N(10), N(8), "7", NONE},	/* Botswana */
	{268, R(8, 9), N(8), "7", NONE},	/* Swaziland */
	{269, N(7), N(7), "34", NONE},	/* Comoros */
	{290, R(4, 5), N(5), "569", NONE},	/* Saint Helena */
	{291, N(7), N(7), "17", ZERO},	/* Eritrea */
	{297, N(7), N(7), "25679", NONE},	/* Aruba */
	{298, N(6), N(6), "2579", NONE},	/* Faroe Islands */
	{299, N(6), N(6), "245", NONE},	/* Greenland */
	{350, N(8), N(8), "56", NONE},	/* Gibraltar */
	{351, N(9), N(9), "169", NONE},	/* Portugal */
	{352, R(4, 11), N(9), "6", NONE},	/* Luxembourg */
	{353, R(7, 10), N(9), "8", ZERO},	/* Ireland */
	{354, N(7) | N(9), N(7) | N(9), "3678", NONE},	/* Iceland */
	{355, R(6, 9), N(9), "6", ZERO},	/* Albania */
	{356, N(8), N(8), "79", NONE},	/* Malta */
	{357, N(8), N(8), "9", NONE},	/* Cyprus */
	{358, R(5, 12), R(6, 10), "45", ZERO},	/* Finland */
	{359, R(6, 9) | N(12), R(8, 9), "489", ZERO},	/* Bulgaria */
	{370, N(8), N(8), "6", OTHER},	/* Lithuania */
	{371, N(8), N(8), "2", NONE},	/* Latvia */
	{372, R(7, 8) | N(10), R(7, 8), "58", NONE},	/* Estonia */
	{373, N(8), N(8), "567", ZERO},	/* Moldova */
	{374, N(8), N(8), "345789", ZERO},	/* Armenia */
	{375, N(9), N(9), "234", OTHER},	/* Belarus */
	{376, N(6) | R(8, 9), N(6), "356", NONE},	/* Andorra */
	{377, R(8, 9), R(8, 9), "3467", ZERO},	/* Monaco */
	{378, N(8) | N(10), N(8), "6", KEEP},	/* San Marino */
	{380, R(9, 10), N(9), "35679", ZERO},	/* Ukraine */
	{381, R(6, 12), R(8, 10), "6", ZERO},	/* Serbia */
	{382, R(8, 9), N(8), "6", ZERO},	/* Montenegro */
	{383, R(8, 12), N(8), "4", ZERO},	/*  */
	{385, R(7, 9), R(8, 9), "9", ZERO},	/* Croatia */
	{386, R(5, 8), N(8), "34567", ZERO},	/* Slovenia */
	{387, R(8, 9), R(8, 9), "6", ZERO},	/* Bosnia and Herzegovina */
	{389, N(8), N(8), "7", ZERO},	/* Macedonia */
	{420, R(9, 12), N(9), "67", NONE},	/* Czech Republic */
	{421, R(6, 7) | N(9), N(9), "9", ZERO},	/* Slovakia */
	{423, N(7) | N(9), N(7) | N(9), "67", ZERO},	/* Liechtenstein */
	{500, N(5), N(5), "56", NONE},	/* Falkland Islands */
	{501, N(7) | N(11), N(7), "6", NONE},	/* Belize */
	{502, N(8) | N(11), N(8), "3458", NONE},	/* Guatemala */
	{503, R(7, 8) | N(11), N(8), "567", NONE},	/* El Salvador */
	{504, N(8) | N(11), N(8), "3789", NONE},	/* Honduras */
	{505, N(8), N(8), "5678", NONE},	/* Nicaragua */
	{506, N(8) | N(10), N(8), "35678", NONE},	/* Costa Rica */
	{507, R(7, 8) | R(10, 11), R(7, 8), "1268", NONE},	/* Panama */
	{508, N(6) | N(9), N(6), "45", ZERO}, /* Saint Pierre */
	{509, N(8), N(8), "345", NONE},	/* Haiti */
	{590, N(9), N(9), "67", ZERO},	/* Guadeloupe */
	{591, R(8, 9), N(8), "567", OTHER},	/* Bolivia */
	{592, N(7), N(7), "567", NONE},	/* Guyana */
	{593, R(8, 11), N(9), "9", ZERO},	/* Ecuador */
	{594, N(9), N(9), "67", ZERO},	/* French Guiana */
	{595, R(6, 11), N(9), "9", ZERO},	/* Paraguay */
	{596, N(9), N(9), "67", ZERO},	/* Martinique */
	{597, R(6, 7), N(7), "678", NONE},	/* Suriname */
	{598, R(4, 12), N(8), "9", ZERO},	/* Uruguay */
	{599, R(7, 8), R(7, 8), "3479", NONE},	/* Curacao, Bonaire */
	{670, R(7, 8), N(8), "7", NONE},	/* Timor-Leste */
	{672, N(6), N(6), "13", NONE},	/* Norfolk Island */
	{673, N(7), N(7), "278", NONE},	/* Brunei */
	{674, N(7), N(7), "256789", NONE},	/* Nauru */
	{675, R(7, 8), N(8), "78", NONE},	/* Papua New Guinea */
	{676, N(5) | N(7), N(7), "56789", NONE},	/* Tonga */
	{677, N(5) | N(7), N(5) | N(7), "46789", NONE},	/* Solomon Islands */
	{678, N(5) | N(7), N(7), "578", NONE},	/* Vanuatu */
	{679, N(7) | N(11), N(7), "245789", NONE},	/* Fiji */
	{680, N(7), N(7), "4678", NONE},	/* Palau */
	{681, N(6) | N(9), N(6), "78", NONE},	/* Wallis And Futuna */
	{682, N(5), N(5), "578", NONE},	/* Cook Islands */
	{683, N(4) | N(7), N(4), "56", NONE},	/* Niue */
	{685, R(5, 7) | N(10), N(7) | N(10), "78", NONE},	/* Samoa */
	{686, N(5) | N(8), N(8), "67", ZERO},	/* Kiribati */
	{687, N(6), N(6), "5789", NONE},	/* New Caledonia */
	{688, R(5, 7), R(6, 7), "79", NONE},	/* Tuvalu */
	{689, N(6) | R(8, 9), N(8), "8", NONE},	/* French Polynesia */
	{690, R(4, 7), R(4, 7), "7", NONE},	/* Tokelau */
	{691, N(7), N(7), "389", NONE},	/* Micronesia */
	{692, N(7), N(7), "2345", OTHER},	/* Marshall Islands */
	{800, N(8), 0, "", NONE},	/* freephone */
	{808, N(8), 0, "", NONE},	/* shared cost */
	{850, N(8) | N(10), N(10), "1", ZERO},	/* North Korea */
	{852, R(5, 9) | N(11), N(8), "456789", NONE},	/* Hong Kong */
	{853, R(7, 8), N(8), "6", NONE},	/* Macao */
	{855, R(8, 10), R(8, 9), "123456789", ZERO},	/* Cambodia */
	{856, R(8, 10), R(9, 10), "23", ZERO},	/* Laos */
	{870, N(9) | N(12), N(9) | N(12), "3567", NONE},	/* Inmarsat */
	{878, N(12), 0, "", NONE},	/* universal personal */
	{880, R(6, 10), N(10), "1346", ZERO},	/* Bangladesh */
	{881, R(9, 10), R(9, 10), "1236789", NONE},	/* satellite phones */
	{882, R(7, 12), R(7, 10) | N(12), "345", NONE},	/* networks */
	{883, R(8, 12), 0, "", NONE},	/* networks */
	{886, R(7, 11), N(9), "49", ZERO},	/* Taiwan */
	{888, N(11), 0, "", NONE},	/* disaster relief */
	{960, N(7) | N(10), N(7), "479", NONE},	/* Maldives */
	{961, R(7, 8), R(7, 8), "378", ZERO},	/* Lebanon */
	{962, R(8, 9), N(9), "47", ZERO},	/* Jordan */
	{963, R(8, 9), N(9), "59", ZERO},	/* Syria */
	{964, R(8, 10), N(10), "7", ZERO},	/* Iraq */
	{965, R(7, 8), N(8), "4569", NONE},	/* Kuwait */
	{966, R(9, 10), N(9), "5", ZERO},	/* Saudi Arabia */
	{967, R(7, 9), N(9), "7", ZERO},	/* Yemen */
	{968, R(7, 9), N(8), "179", NONE},	/* Oman */
	{970, R(8, 10), N(9), "5", ZERO},	/* Palestine */
	{971, R(5, 12), N(9), "5", ZERO},	/* United Arab Emirates */
	{972, R(7, 12), N(9), "5", ZERO},	/* Israel */
	{973, N(8), N(8), "36", NONE},	/* Bahrain */
	{974, R(7, 9) | N(11), N(8), "3567", NONE},	/* Qatar */
	{975, R(7, 8), N(8), "178", NONE},	/* Bhutan */
	{976, R(8, 10), N(8), "56789", ZERO},	/* Mongolia */
	{977, N(8) | R(10, 11), N(10), "9", ZERO},	/* Nepal */
	{979, N(9), 0, "", NONE},	/* premium */
	{992, N(9), N(9), "0123456789", KEEP},	/* Tajikistan */
	{993, N(8), N(8), "67", OTHER},	/* Turkmenistan */
	{994, N(9), N(9), "1345679", ZERO},	/* Azerbaijan */
	{995, N(9), N(9), "57", ZERO},	/* Georgia */
	{996, R(9, 10), N(9), "2356789", ZERO},	/* Kyrgyzstan */
	{998, N(9), N(9), "2356789", NONE},	/* Uzbekistan */
};

/*
 * Trunk prefixes other than a single 0; the first one that leaves a possible
 * number counts.  '?' is a digit of a carrier.  In countries whose numbers can
 * begin with the trunk prefix, such as Russia, all numbers have one length, so
 * none can be read in two ways.  Mexico dropped its prefixes in 2019 and
 * Lithuania its 8 in 2023, but people still write them.
 */
static const struct {
	unsigned short code;
	char prefixes[16];
} trunks[] = {
	{1, "1"},
	{7, "8"},
	{36, "06"},
	{52, "1|01|044|045"},
	{55, "0|0??"},
	{57, "0|0?|0???"},
	{370, "0|8"},
	{375, "80|8|0"},
	{591, "0|0??"},
	{692, "1"},
	{993, "8"},
};

/*
 * International prefixes besides 00, which is always accepted.  Of a country
 * with many carriers, only those of the large ones.
 */
static const struct {
	unsigned short code;
	char prefixes[68];
} abroad[] = {
	{1, "011"},
	{7, "810"},
	{52, "09"},
	{53, "119"},
	{55, "0012|0014|0015|0021|0022|0023|0025|0031|0041|0043|0055|0065|"
	     "0099"},
	{57, "005|007|009|00414|00444|00456"},
	{61, "0011"},
	{62, "001|007|008|009"},
	{65, "001|002|008|012|013|018|019"},
	{66, "001|004|005|006|007|008|009"},
	{81, "010"},
	{82, "001|002|005|006|008|009|00700|00727|00755"},
	{230, "020|030"},
	{234, "009"},
	{235, "16"},
	{238, "0"},
	{248, "010|01|02"},
	{254, "000"},
	{255, "000|005|006"},
	{256, "000|005|007"},
	{358, "990|994|996|999"},
	{375, "810"},
	{592, "001"},
	{677, "01"},
	{679, "052"},
	{680, "011|012"},
	{685, "0"},
	{692, "011"},
	{852, "001|0030|0050|0059|002|006|007|008|009"},
	{855, "001|004|005|006|007|008|009"},
	{886, "002|005|006|007|009|019"},
	{960, "019"},
	{972, "012|013|014|015|016|017|018|019"},
	{976, "001"},
	{992, "810"},
	{993, "810"},
};

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

const struct number_plan *
number_plan_find(const char *digits, size_t *n)
{
	unsigned code = 0;
	size_t i, len;

	if (*digits == '0')
		return NULL;
	for (len = 1; len <= CODE_MAX && digits[len - 1] != '\0'; len++) {
		code = code * 10 + (unsigned)(digits[len - 1] - '0');
		for (i = 0; i < LENGTH(plans); i++)
			if (plans[i].code == code) {
				*n = len;
				return &plans[i];
			}
	}
	return NULL;
}

int
number_plan_begins_code(const char *digits)
{
	unsigned code, want = 0;
	size_t i;

	for (i = 0; digits[i] != '\0'; i++) {
		if (i == CODE_MAX || *digits == '0')
			return 0;
		want = want * 10 + (unsigned)(digits[i] - '0');
	}
	for (i = 0; i < LENGTH(plans); i++)
		for (code = plans[i].code; code > 0; code /= 10)
			if (code == want)
				return 1;
	return 0;
}

const char *
number_plan_trunk(const struct number_plan *p)
{
	size_t i;

	for (i = 0; p->trunk == OTHER && i < LENGTH(trunks); i++)
		if (trunks[i].code == p->code)
			return trunks[i].prefixes;
	return p->trunk == ZERO ? "0" : "";
}

const char *
number_plan_abroad(const struct number_plan *p)
{
	size_t i;

	for (i = 0; i < LENGTH(abroad); i++)
		if (abroad[i].code == p->code)
			return abroad[i].prefixes;
	return "";
}

int
number_plan_begins(const struct number_plan *p, char digit)
{
	if (digit == '0')
		return p->trunk == KEEP;
	return digit != '1' || *number_plan_trunk(p) != '1';
}

size_t
number_plan_longest(const struct number_plan *p)
{
	size_t n = 0;

	while (p->lengths >> (n + 1) != 0)
		n++;
	return n;
}

size_t
number_plan_shortest(const struct number_plan *p)
{
	size_t n = 0;

	while ((p->lengths >> n & 1) == 0)
		n++;
	return n;
}

static int
in(unsigned lengths, const char *nsn)
{
	size_t n = strlen(nsn);

	return n < 16 && (lengths >> n & 1) != 0;
}

int
number_plan_has(const struct number_plan *p, const char *nsn)
{
	return in(p->lengths, nsn) && number_plan_begins(p, *nsn);
}

/*
 * Argentina's mobile numbers are area, 15, rest at home, and 9, area, rest
 * from abroad.  Areas are 11, or 3 or 4 digits that begin with 2 or 3; area
 * and rest have 10 digits together.
 */
int
number_plan_respell(const struct number_plan *p, const char *dialled,
    char *nsn)
{
	size_t area;

	if (p->code != 54)
		return -1;
	dialled += *dialled == '0';
	if (strlen(dialled) != 12)
		return -1;
	for (area = *dialled == '1' ? 2 : 3; area <= 4; area++)
		if (strncmp(dialled + area, "15", 2) == 0)
			break;
	if (area > 4 || strchr("123", *dialled) == NULL)
		return -1;
	*nsn = '9';
	memcpy(nsn + 1, dialled, area);
	strcpy(nsn + 1 + area, dialled + area + 2);
	return 0;
}

int
number_plan_is_mobile(const struct number_plan *p, const char *nsn)
{
	return in(p->mobile, nsn) && strchr(p->first, *nsn) != NULL;
}
