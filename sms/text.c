/*
 * text: from a subject and a body to the text of the SMS.  Four passes over one
 * buffer: clean (code points), tidy (lines), transliterate (alphabet), fit
 * (parts, cut).  Pure: no descriptors, no allocation, no globals; time is
 * linear.  gsm.c has the tables of code points; mail/ has undone MIME, charsets
 * and HTML before this starts.
 */
#include <limits.h>
#include <string.h>

#include "sms/gsm.h"
#include "sms/said.h"
#include "sms/text.h"

/*
 * A part has 140 octets (3GPP TS 23.040, section 9.2.3.24), of which the
 * header of a concatenated message takes 6 (section 9.2.3.24.1).
 */
#define GSM_SINGLE	160	/* septets of a text that is one part */
#define GSM_PART	153	/* septets of each of several parts */
#define UCS2_SINGLE	70	/* UTF-16 units, likewise */
#define UCS2_PART	67

/*
 * Code points that stay together.  A longer cluster of marks may be cut (as in
 * stream-safe text, UAX #15), so that a cut always leaves something.
 */
#define CLUSTER_MAX	32

#define DOTS		"..."

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

#define BLANK_WIDE	0x3000	/* ideographic space */
#define ZWNJ		0x200c
#define ZWJ		0x200d

/*
 * Code points that are always left out: control characters other than line
 * ends, soft hyphen, zero-width spaces and invisible operators, embeddings,
 * overrides and isolates (with these a text looks different from what it says),
 * byte order marks, interlinear annotation, placeholders of objects,
 * noncharacters (text_plain removes those at the end of each plane).
 */
static const struct gsm_range text_dropped[] = {
	{0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x034f, 0x034f},
	{0x200b, 0x200b}, {0x202a, 0x202e}, {0x2060, 0x206f}, {0xfdd0, 0xfdef},
	{0xfeff, 0xfeff}, {0xfff9, 0xfffc}, {0x1bca0, 0x1bca3},
	{0x1d173, 0x1d17a}, {0xe0000, 0xe001f},
};

/* Scripts that are written from right to left. */
static const struct gsm_range text_leftward[] = {
	{0x0590, 0x061b}, {0x061d, 0x08ff}, {0xfb1d, 0xfdcf}, {0xfdf0, 0xfdff},
	{0xfe70, 0xfefc}, {0x10800, 0x10fff}, {0x1e800, 0x1efff},
};

/* Scripts in which a joiner changes the letter before it. */
static const struct gsm_range text_joining[] = {
	{0x0600, 0x109f}, {0x1780, 0x18af}, {0x1900, 0x1cff}, {0xa800, 0xabff},
	{0xfb50, 0xfdcf}, {0xfdf0, 0xfdff}, {0xfe70, 0xfefc},
	{0x10a00, 0x11fff}, {0x1e900, 0x1e95f},
};

/* The state of text_clean. */
struct clean {
	const char *p, *end;
	struct buf *out;
	int compose;	/* join a letter and its mark */
	int leftward;	/* some of it is written from right to left */
	uint32_t prev;	/* the last code point that was kept, first '\n' */
	size_t at;	/* where in out that begins */
};

/* Parts so far, the last of which has used units. */
struct count {
	size_t units;
	unsigned parts, used;
};

/* The size of a text in GSM-7, while that is possible, and in UCS-2. */
struct scales {
	int signs;	/* count the replacements of typographic signs */
	int gsm;	/* all of it is GSM-7 so far */
	struct count septets, words;
};

static int
text_within(const char *p, const char *end, const struct gsm_range *r, size_t n)
{
	while (p < end)
		if (gsm_within(gsm_next(&p, end), r, n))
			return 1;
	return 0;
}

/*
 * What becomes of a code point, whatever stands beside it; 0 drops it.  Every
 * line end becomes LF; every space but the ideographic one becomes a space.
 */
static uint32_t
text_plain(uint32_t c)
{
	if (c == GSM_BAD)
		return '?';
	if (c >= 0x20 && c <= 0x7e)
		return c;
	/* LF, VT, FF, CR, NEL, LINE and PARAGRAPH SEPARATOR (UAX #14) */
	if ((c >= 0x0a && c <= 0x0d) || c == 0x85 || c == 0x2028 || c == 0x2029)
		return '\n';
	if (c == '\t' || c == 0xa0 || c == 0x1680 ||
	    (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f)
		return ' ';
	if ((c & 0xfffe) == 0xfffe ||
	    gsm_within(c, text_dropped, LENGTH(text_dropped)))
		return 0;
	return c;
}

static int
text_is_blank(uint32_t c)
{
	return c == ' ' || c == '\n' || c == BLANK_WIDE;
}

/* Arabic letter mark, left-to-right mark, right-to-left mark. */
static int
text_is_direction(uint32_t c)
{
	return c == 0x061c || c == 0x200e || c == 0x200f;
}

/*
 * 1 if a code point has an effect where it stands.  Zero-width ones often have
 * none: joiners matter in some scripts and between two pictures, variation
 * selectors after a character, tags after a flag, directional marks in a text
 * that has both directions.
 */
static int
text_stays(const struct clean *k, uint32_t c)
{
	const char *p = k->p;
	uint32_t prev = k->prev;

	if (text_is_direction(c))
		return k->leftward;
	if ((c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0100 && c <= 0xe01ef))
		return !text_is_blank(prev);
	if (c >= 0xe0020 && c <= 0xe007f)
		return prev == 0x1f3f4 || (prev >= 0xe0020 && prev < 0xe007f);
	if (c != ZWJ && c != ZWNJ)
		return 1;
	if (gsm_within(prev, text_joining, LENGTH(text_joining)))
		return 1;
	return c == ZWJ && (gsm_is_picture(prev) || prev == 0xfe0f) &&
	    p < k->end && gsm_is_picture(gsm_next(&p, k->end));
}

static void
text_pass(struct clean *k, uint32_t c)
{
	uint32_t letter = k->compose ? gsm_compose(k->prev, c) : 0;

	if (letter != 0) {
		buf_cut(k->out, k->at);
		c = letter;
	}
	k->prev = c;
	k->at = k->out->len;
	gsm_char(k->out, c);
}

/*
 * The end of an escape sequence (ECMA-35, ECMA-48: colours and the like) whose
 * ESC stands before p; p itself if there is none.
 */
static const char *
text_escape(const char *p, const char *end)
{
	const char *q = p;
	char high = 0x2f;

	if (q < end && *q == '[') {
		high = 0x3f;
		q++;
	}
	while (q < end && *q >= 0x20 && *q <= high)
		q++;
	if (q == p || q == end || *q < 0x30 || *q > 0x7e)
		return p;
	return q + 1;
}

/* Append the string without what a phone cannot, or must not, show. */
static void
text_clean(struct buf *out, const char *p, const char *end, int compose)
{
	struct clean k = {.p = p, .end = end, .out = out, .prev = '\n'};
	uint32_t c;

	k.compose = compose;
	k.leftward = text_within(p, end, text_leftward, LENGTH(text_leftward));
	while (k.p < end) {
		c = gsm_next(&k.p, end);
		if (c == 0x1b)
			k.p = text_escape(k.p, end);
		if (c == '\r' && k.p < end && *k.p == '\n')
			k.p++;
		c = text_plain(c);
		if (c != 0 && text_stays(&k, c))
			text_pass(&k, c);
	}
}

/* The octets of a blank that begins at p or, with back, that ends at p. */
static size_t
text_blank(const char *p, size_t left, int back)
{
	if (left >= 1 && *(back ? p - 1 : p) == ' ')
		return 1;
	if (left >= 3 && memcmp(back ? p - 3 : p, "\xe3\x80\x80", 3) == 0)
		return 3;
	return 0;
}

/*
 * In the text after from: remove trailing blanks and outer blank lines, and
 * make one blank line of several in a row.
 */
static void
text_tidy(struct buf *out, size_t from)
{
	char *start = out->p + from, *to = start, *p = start;
	char *end = out->p + out->len, *next;
	size_t n, k;
	int gap = 0;

	for (; p < end; p = next + 1) {
		next = memchr(p, '\n', (size_t)(end - p));
		if (next == NULL)
			next = end;
		n = (size_t)(next - p);
		while ((k = text_blank(p + n, n, 1)) > 0)
			n -= k;
		if (n == 0) {
			gap = 1;
			continue;
		}
		if (to > start)
			*to++ = '\n';
		if (to > start && gap)
			*to++ = '\n';
		gap = 0;
		memmove(to, p, n);
		to += n;
	}
	buf_cut(out, (size_t)(to - out->p));
}

/* Append the subject as one line without blanks around it. */
static void
text_subject(struct buf *out, const char *s, int compose)
{
	size_t from = out->len, i, n = 0, k;

	text_clean(out, s, s + strlen(s), compose);
	for (i = from; i < out->len; i++)
		if (out->p[i] == '\n')
			out->p[i] = ' ';
	while ((k = text_blank(out->p + from + n, out->len - from - n, 0)) > 0)
		n += k;
	memmove(out->p + from, out->p + from + n, out->len - from - n);
	buf_cut(out, out->len - n);
	text_tidy(out, from);
}

/*
 * Where the signature begins (RFC 3676, 4.3), or the end.  "--" without the
 * blank begins none: grep -A and others separate lines with it.
 */
static const char *
text_signature(const char *p)
{
	for (;;) {
		if (strncmp(p, "-- ", 3) == 0 &&
		    (p[3] == '\0' || p[3] == '\n' || p[3] == '\r'))
			return p;
		p += strcspn(p, "\r\n");
		if (*p == '\0')
			return p;
		p++;
	}
}

/* ---- filling a template ---- */

/* The value of a placeholder. */
struct text_value {
	const char *p, *end;
};

/* 1 if it has no visible character. */
static int
text_is_empty(const char *p, const char *end)
{
	uint32_t c;

	while (p < end) {
		c = text_plain(gsm_next(&p, end));
		if (c != 0 && !text_is_blank(c))
			return 0;
	}
	return 1;
}

/* 1 if a piece has no word: it only separates two values. */
static int
text_is_separator(const struct wording_piece *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if ((unsigned char)w->p[i] >= 0x80 ||
		    (w->p[i] >= '0' && w->p[i] <= '9') ||
		    ((w->p[i] | 0x20) >= 'a' && (w->p[i] | 0x20) <= 'z'))
			return 0;
	return w->value == -1;
}

/* Drop the brackets around a missing value. */
static void
text_drop_brackets(struct wording_piece *before, struct wording_piece *after)
{
	static const char opens[] = "([{<\"'", closes[] = ")]}>\"'";
	const char *bracket;

	if (before->n == 0 || after->n == 0)
		return;
	bracket = strchr(opens, before->p[before->n - 1]);
	if (bracket == NULL || *after->p != closes[bracket - opens])
		return;
	before->n--;
	after->p++;
	after->n--;
}

/*
 * Drop placeholders without a value, each with the separator after it or, if it
 * is the last one, before it.
 */
static void
text_drop_missing(struct wording_piece *w, int n,
    const struct text_value value[WORDING_VALUES])
{
	int i;

	for (i = 0; i < n; i++) {
		if (w[i].value == -1 || !text_is_empty(value[w[i].value].p,
		    value[w[i].value].end))
			continue;
		if (i > 0 && i + 1 < n && w[i - 1].value == -1 &&
		    w[i + 1].value == -1)
			text_drop_brackets(&w[i - 1], &w[i + 1]);
		if (i + 1 < n && text_is_separator(&w[i + 1]))
			w[i + 1].n = 0;
		else if (i > 0 && i + 1 == n && text_is_separator(&w[i - 1]))
			w[i - 1].n = 0;
	}
}

/* Append a value: the text with its lines, any other as one line. */
static void
text_put_value(struct buf *out, int which, const struct text_value *v,
    int compose)
{
	size_t from = out->len;

	if (which != WORDING_TEXT) {
		text_subject(out, v->p, compose);
		return;
	}
	text_clean(out, v->p, v->end, compose);
	text_tidy(out, from);
}

static void
text_fill(struct buf *out, const char *subject, const char *body,
    const char *end, const struct text_rules *rules)
{
	struct wording_piece w[WORDING_PIECES];
	struct text_value value[WORDING_VALUES];
	int compose = rules->alphabet != TEXT_KEEP, asked = 0, found = 0, n, i;
	const char *bad, *s;

	for (i = 0; i < WORDING_VALUES; i++) {
		s = i == WORDING_SUBJECT ? subject :
		    i == WORDING_TEXT	 ? body :
					   rules->values[i];
		s = s != NULL ? s : "";
		value[i].p = s;
		value[i].end = i == WORDING_TEXT ? end : s + strlen(s);
	}
	if ((n = wording_parse(rules->template, w, &bad)) == -1)
		return;
	for (i = 0; i < n; i++) {
		if (w[i].value != WORDING_SUBJECT && w[i].value != WORDING_TEXT)
			continue;
		asked = 1;
		found |= !text_is_empty(value[w[i].value].p,
		    value[w[i].value].end);
	}
	if (asked && !found)
		return;
	text_drop_missing(w, n, value);
	for (i = 0; i < n; i++) {
		if (w[i].value == -1)
			text_clean(out, w[i].p, w[i].p + w[i].n, compose);
		else
			text_put_value(out, w[i].value, &value[w[i].value],
			    compose);
	}
	text_tidy(out, 0);
}

static void
text_join(struct buf *out, const char *subject, const char *body,
    const char *end, const struct text_rules *rules)
{
	int compose = rules->alphabet != TEXT_KEEP;
	size_t from;

	if (rules->template != NULL) {
		text_fill(out, subject, body, end, rules);
		return;
	}
	if (rules->subject == TEXT_SUBJECT_PREFIX ||
	    rules->subject == TEXT_SUBJECT_ONLY ||
	    rules->subject == TEXT_SUBJECT_AUTO)
		text_subject(out, subject, compose);
	if (rules->subject == TEXT_SUBJECT_ONLY)
		return;
	if (out->len > 0)
		buf_putc(out, '\n');
	from = out->len;
	text_clean(out, body, end, compose);
	text_tidy(out, from);
	if (out->len == from && from > 0)
		buf_cut(out, from - 1);
	else if (rules->subject == TEXT_SUBJECT_AUTO && from > 0 &&
	    said_in(out->p + from, out->p + out->len, out->p,
		out->p + from - 1)) {
		memmove(out->p, out->p + from, out->len - from);
		buf_cut(out, out->len - from);
	}
	if (out->len == 0 && rules->subject == TEXT_SUBJECT_FALLBACK)
		text_subject(out, subject, compose);
}

/* 1 for a regional indicator: two of them make a flag. */
static int
text_is_flag(uint32_t c)
{
	return c >= 0x1f1e6 && c <= 0x1f1ff;
}

/*
 * 1 if c belongs to the code point before it (UAX #29, simplified): a mark, a
 * picture after a joiner, or an Indic conjunct: a consonant after the virama of
 * its own script (their blocks have the same layout), but not in Tamil, which
 * shows the virama.
 */
static int
text_is_tied(uint32_t first, uint32_t prev, uint32_t c)
{
	int virama = prev >= 0x0900 && prev <= 0x0d7f &&
	    (prev & 0x7f) == 0x4d && prev != 0x0bcd;
	int consonant = (c & 0x7f) >= 0x15 && (c & 0x7f) <= 0x39;

	if (first == '\n')
		return 0;
	if (prev == ZWJ && gsm_is_picture(c))
		return 1;
	if (virama && consonant && (prev ^ c) < 0x80)
		return 1;
	return gsm_is_mark(c);
}

/* The end of the code points that stay together, from p on. */
static const char *
text_cluster(const char *p, const char *end)
{
	const char *q;
	uint32_t first, prev, c;
	int n;

	first = prev = gsm_next(&p, end);
	for (n = 1; p < end && n < CLUSTER_MAX; n++) {
		q = p;
		c = gsm_next(&q, end);
		if (!text_is_tied(first, prev, c) &&
		    !(n == 1 && text_is_flag(first) && text_is_flag(c)))
			break;
		prev = c;
		p = q;
	}
	return p;
}

/*
 * Move the text to the end of the buffer's storage, so that the caller can read
 * it there while it writes the replacement from the start.  The replacement is
 * at most three times as long; with TEXT_ROOM the two never meet.
 */
static const char *
text_shift(struct buf *out)
{
	size_t n = out->len;
	char *p = out->p + out->cap - n;

	memmove(p, out->p, n);
	buf_cut(out, 0);
	return p;
}

/* Replace the typographic signs of a text that is GSM-7 otherwise. */
static void
text_signs(struct buf *out)
{
	const char *p = text_shift(out), *end = out->p + out->cap, *sign;
	uint32_t c;

	while (p < end) {
		c = gsm_next(&p, end);
		if (gsm_septets(c) == 0 && (sign = gsm_sign(c)) != NULL)
			buf_puts(out, sign);
		else
			gsm_char(out, c);
	}
}

/*
 * A picture was left out before p.  Keep one of the blanks around it; add one
 * if it stood between two words.
 */
static const char *
text_close(struct buf *out, const char *p, const char *end)
{
	const char *q = p;
	uint32_t c;

	if (p == end)
		return p;
	if (out->len == 0 || strchr(" \n", out->p[out->len - 1]) != NULL)
		return *p == ' ' ? p + 1 : p;
	c = gsm_next(&q, end);
	if ((c >= '0' && c <= '9') ||
	    ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	    (c >= 0x80 && !gsm_is_picture(c)))
		buf_putc(out, ' ');
	return p;
}

/*
 * Transliterate the text into GSM-7, or into ASCII.  Pictures without words are
 * ornaments and are left out; a text that has nothing else becomes "?".
 */
static void
text_transliterate(struct buf *out, int ascii)
{
	struct gsm_near near = {.cyrillic = gsm_guess(out->p), .ascii = ascii};
	const char *p = text_shift(out), *end = out->p + out->cap, *next, *q;
	uint32_t c;
	size_t len;

	for (; p < end; p = next) {
		next = q = text_cluster(p, end);
		c = gsm_next(&p, end);
		near.next = q < end ? gsm_next(&q, end) : 0;
		len = out->len;
		gsm_transliterate(out, c, &near);
		if (text_is_flag(c) && p < next)
			gsm_transliterate(out, gsm_next(&p, next), &near);
		if (out->len == len && gsm_is_picture(c))
			next = text_close(out, next, end);
		near.prev = c;
	}
	text_tidy(out, 0);
	if (out->len == 0)
		buf_putc(out, '?');
}

/* Add a character of so many units, which is not split over two parts. */
static void
text_add(struct count *n, unsigned units, unsigned room)
{
	if (n->parts == 0 || n->used + units > room) {
		n->parts++;
		n->used = 0;
	}
	n->used += units;
	n->units += units;
}

static void
text_weigh(struct scales *s, uint32_t c)
{
	const char *sign = NULL, *end;
	int n = gsm_septets(c);

	text_add(&s->words, c > 0xffff ? 2 : 1, UCS2_PART);
	if (!s->gsm)
		return;
	if (n > 0) {
		text_add(&s->septets, (unsigned)n, GSM_PART);
		return;
	}
	if (s->signs)
		sign = gsm_sign(c);
	if (sign == NULL) {
		s->gsm = 0;
		return;
	}
	for (end = sign + strlen(sign); sign < end;)
		text_add(&s->septets,
		    (unsigned)gsm_septets(gsm_next(&sign, end)), GSM_PART);
}

static unsigned
text_parts(const struct scales *s)
{
	const struct count *n = s->gsm ? &s->septets : &s->words;

	if (n->units == 0)
		return 0;
	return n->units <= (s->gsm ? GSM_SINGLE : UCS2_SINGLE) ? 1 : n->parts;
}

/* The parts if the text were cut here. */
static unsigned
text_parts_cut(const struct scales *s)
{
	struct scales t = *s;
	const char *dot;

	for (dot = DOTS; *dot != '\0'; dot++)
		text_weigh(&t, (unsigned char)*dot);
	return text_parts(&t);
}

void
text_count(const char *p, struct text_info *info)
{
	const char *end = p + strlen(p);
	struct scales s = {.gsm = 1};

	while (p < end)
		text_weigh(&s, gsm_next(&p, end));
	info->alphabet = s.gsm ? TEXT_GSM7 : TEXT_UCS2;
	info->parts = text_parts(&s);
	info->truncated = 0;
}

/*
 * Cut a text that is not empty to the parts that are allowed.  Only the rest
 * that is sent decides on the alphabet: if the cut removes all that is not
 * GSM-7, more of the text fits.
 */
static enum text_result
text_fit(struct buf *out, int more, const struct text_rules *rules,
    struct text_info *info)
{
	unsigned limit = rules->max_parts > 0 ? rules->max_parts : UINT_MAX;
	struct scales s = {.signs = rules->alphabet == TEXT_AUTO, .gsm = 1};
	const char *p = out->p, *end = p + out->len, *q;
	size_t cut = 0;
	uint32_t c = 0;
	int gsm = 1, whole;

	while (p < end) {
		for (q = text_cluster(p, end); p < q;)
			text_weigh(&s, c = gsm_next(&p, end));
		if (!text_is_blank(c) && !text_is_direction(c) &&
		    text_parts_cut(&s) <= limit) {
			cut = (size_t)(q - out->p);
			gsm = s.gsm;
		}
	}
	whole = !more && text_parts(&s) <= limit;
	if (!whole && rules->overlong == TEXT_REJECT) {
		info->alphabet = s.gsm ? TEXT_GSM7 : TEXT_UCS2;
		info->parts = text_parts(&s);
		buf_cut(out, 0);
		return TEXT_TOO_LONG;
	}
	if (!whole) {
		buf_cut(out, cut);
		s.gsm = gsm;
	}
	if (s.signs && s.gsm)
		text_signs(out);
	if (!whole)
		buf_puts(out, DOTS);
	text_count(out->p, info);
	info->truncated = !whole;
	return TEXT_OK;
}

/* The octets of the template and of its values. */
static size_t
text_extra(const struct text_rules *rules)
{
	size_t n, i;

	if (rules->template == NULL)
		return 0;
	n = strlen(rules->template);
	for (i = 0; i < WORDING_VALUES; i++)
		if (rules->values[i] != NULL)
			n += strlen(rules->values[i]);
	return n;
}

enum text_result
text_make(struct buf *out, const char *subject, const char *body, int more,
    const struct text_rules *rules, struct text_info *info)
{
	const char *end = body + strlen(body);

	memset(info, 0, sizeof(*info));
	buf_reset(out);
	if (subject == NULL)
		subject = "";
	if (out->cap < TEXT_ROOM(strlen(subject) + (size_t)(end - body) +
		text_extra(rules))) {
		out->overflow = 1;
		return TEXT_TOO_LONG;
	}
	if (!rules->keep_signature) {
		end = text_signature(body);
		if (*end != '\0')
			more = 0; /* only the signature was cut */
	}
	text_join(out, subject, body, end, rules);
	if (out->len == 0)
		return TEXT_EMPTY;
	if (rules->alphabet == TEXT_GSM || rules->alphabet == TEXT_ASCII)
		text_transliterate(out, rules->alphabet == TEXT_ASCII);
	/* the body, which was cut, is not used */
	if (rules->template != NULL ?
	    strstr(rules->template, "${text}") == NULL :
	    rules->subject == TEXT_SUBJECT_ONLY)
		more = 0;
	return text_fit(out, more, rules, info);
}

const char *
text_alphabet_name(enum text_alphabet alphabet)
{
	switch (alphabet) {
	case TEXT_GSM7:
		return "GSM-7";
	case TEXT_UCS2:
		return "UCS-2";
	}
	return "?";
}
