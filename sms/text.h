/*
 * text: what the SMS says.  Subject, signature, blank lines, alphabet,
 * parts, cut (GSM 03.38 / 3GPP TS 23.038, concatenation 3GPP TS 23.040).
 */
#ifndef TEXT_H
#define TEXT_H

#include "common/buf.h"
#include "common/wording.h"

enum text_subject {
	TEXT_SUBJECT_IGNORE,
	TEXT_SUBJECT_PREFIX,	/* on a line of its own before the body */
	TEXT_SUBJECT_FALLBACK,	/* only if the body is empty */
	TEXT_SUBJECT_ONLY,
	TEXT_SUBJECT_AUTO	/* as PREFIX, unless the body says it */
};

enum text_alphabet_rule {
	TEXT_AUTO,	/* typographic signs go where that alone makes GSM-7 */
	TEXT_GSM,	/* transliterate all */
	TEXT_ASCII,	/* ... and to nothing beyond ASCII */
	TEXT_KEEP
};

enum text_overlong { TEXT_TRUNCATE, TEXT_REJECT };

struct text_rules {
	/*
	 * In place of subject: a template, and what its placeholders but
	 * ${subject} and ${text} stand for, UTF-8; NULL: nothing.
	 */
	const char *template;
	const char *values[WORDING_VALUES];
	enum text_subject subject;
	int keep_signature;
	enum text_alphabet_rule alphabet;
	unsigned max_parts;	/* 0: no limit */
	enum text_overlong overlong;
};

enum text_alphabet { TEXT_GSM7, TEXT_UCS2 };

struct text_info {
	enum text_alphabet alphabet;
	unsigned parts;		/* SMS parts of what was made */
	int truncated;		/* 1: it ends in "..." in place of the rest */
};

enum text_result {
	TEXT_OK,
	TEXT_EMPTY,	/* nothing to say */
	TEXT_TOO_LONG	/* more than max_parts, and TEXT_REJECT */
};

/*
 * Make the text of the SMS from a subject (NULL: none) and a body, both
 * valid UTF-8; more says that the body went on and was cut by whoever
 * collected it (so the result is truncated).  The result goes to out,
 * which must have at least TEXT_ROOM(n) octets of storage, n being the octets
 * of the subject, the body, the template and the values.  It is UTF-8, its line
 * ends are LF.
 */
enum text_result text_make(struct buf *out, const char *subject,
    const char *body, int more, const struct text_rules *,
    struct text_info *);

/*
 * Count the SMS parts of valid UTF-8 as phones do: GSM-7 160 or 153
 * septets, an escape pair never split over two parts; else UCS-2 70 or 67
 * UTF-16 units, a surrogate pair never split.
 */
void text_count(const char *, struct text_info *);

/* The alphabet's name for people: "GSM-7", "UCS-2". */
const char *text_alphabet_name(enum text_alphabet);

/* Octets that text_make may need for n octets of subject and body. */
#define TEXT_ROOM(n) (3 * (n) + 16)

#endif
