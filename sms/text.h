/*
 * text: makes the text of the SMS: subject, signature, blank lines, alphabet,
 * parts, cut (GSM 03.38 / 3GPP TS 23.038; concatenation: 3GPP TS 23.040).
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
	TEXT_AUTO,	/* replace typographic signs if that makes it GSM-7 */
	TEXT_GSM,	/* transliterate all into GSM-7 */
	TEXT_ASCII,	/* ... into ASCII */
	TEXT_KEEP
};

enum text_overlong { TEXT_TRUNCATE, TEXT_REJECT };

struct text_rules {
	/*
	 * A template, used in place of subject, and the values of its
	 * placeholders other than ${subject} and ${text}, UTF-8; NULL: none.
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
	unsigned parts;		/* SMS parts of the result */
	int truncated;		/* 1: it was cut, and ends in "..." */
};

enum text_result {
	TEXT_OK,
	TEXT_EMPTY,	/* the text is empty */
	TEXT_TOO_LONG	/* more than max_parts, and TEXT_REJECT */
};

/*
 * Make the text of the SMS from a subject (NULL: none) and a body, both valid
 * UTF-8.  more says that the caller cut the body, so that the result counts as
 * truncated.  The result goes to out, which must have at least TEXT_ROOM(n)
 * octets of storage for n octets of subject, body, template and values.  It is
 * UTF-8 with LF as line end.
 */
enum text_result text_make(struct buf *out, const char *subject,
    const char *body, int more, const struct text_rules *,
    struct text_info *);

/*
 * Count the SMS parts of valid UTF-8 as phones do: in GSM-7, 160 septets or 153
 * in each of several parts; else, in UCS-2, 70 or 67 UTF-16 units.  An escape
 * pair and a surrogate pair are never split over two parts.
 */
void text_count(const char *, struct text_info *);

/* The alphabet's name for people: "GSM-7", "UCS-2". */
const char *text_alphabet_name(enum text_alphabet);

/* Octets of storage that text_make may need. */
#define TEXT_ROOM(n) (3 * (n) + 16)

#endif
