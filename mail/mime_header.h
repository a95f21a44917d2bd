/*
 * mime_header: the header of a message or of a part (RFC 5322, 2.2).  Its lines
 * come in; the fields that smtp2sms uses are kept, and those that describe a
 * part go to mime_part.c.
 */
#ifndef MIME_HEADER_H
#define MIME_HEADER_H

#include <stddef.h>

#include "common/ipc.h"
#include "mail/mime_part.h"

#define MIME_FIELD_MAX	IPC_FIELD_MAX	/* octets of UTF-8 */
#define MIME_RAW_MAX	8192	/* octets of a header field's body */
#define MIME_NAME_MAX	255	/* octets of a field's name */

/*
 * The fields of a message that are kept, unfolded; in SUBJECT, SMS_DEVICE and
 * SMS_FROM encoded words are decoded (RFC 2047).
 */
enum mime_field {
	MIME_SUBJECT,
	MIME_FROM,		/* mime_mailbox.h reads it */
	MIME_AUTO_SUBMITTED,	/* RFC 3834, 5 */
	MIME_MESSAGE_ID,
	MIME_DATE,
	MIME_IMPORTANCE,	/* RFC 2156 */
	MIME_X_PRIORITY,
	MIME_PRIORITY,		/* RFC 2156 */
	MIME_SMS_PRIORITY,	/* X-SMS-Priority, and so on */
	MIME_SMS_TTL,
	MIME_SMS_SCHEDULE,
	MIME_SMS_REPORT,	/* X-SMS-Delivery-Report */
	MIME_SMS_DEVICE,
	MIME_SMS_SIM,
	MIME_SMS_FROM,
	MIME_SMS_PORT,
	MIME_FIELDS
};

struct mime_header {
	int begun;		/* there was a field */
	int field;		/* being read; -1: none, or one nobody uses */
	unsigned seen;		/* 1 << each field that is kept */
	unsigned differs;	/* 1 << each option with two values */
	int loose;		/* raw holds lines that may be text */
	size_t nraw, nkept;
	int slot;		/* where in kept the field goes */
	int kept_full;
	char raw[MIME_RAW_MAX + 1];
	char kept[MIME_FIELDS + 1][MIME_FIELD_MAX + 1]; /* last: a second one */
};

/* Start a message: no field has been seen. */
void mime_header_init(struct mime_header *);

/* Begin the header of the message, or of one of its parts. */
void mime_header_begin(struct mime_header *);

/*
 * Take a line without its end.  Returns 1 if it belongs to the header, 0 if the
 * header ended before it.  message: this is the message's own header, whose
 * fields are kept; else it is a part's.
 */
int mime_header_line(struct mime_header *, struct mime_part *, int message,
    const char *, size_t n);

/* Take more octets of a line whose start mime_header_line was given. */
void mime_header_more(struct mime_header *, const char *, size_t n);

/* End the header where mime_header_line has not returned 0. */
void mime_header_end(struct mime_header *, struct mime_part *);

/*
 * Where no empty line ended the header, its last fields may be the start of a
 * text without a header, if no known field has their names: "Temp: 45 C".  The
 * same goes for lines that begin with a blank before the first field.  Returns
 * how many octets *p has of them, without the last line end; 0: none.  If it
 * returns MIME_RAW_MAX, some may be missing.  They stay until the next header.
 */
size_t mime_header_loose(const struct mime_header *, const char **p);

/* The first field of this name; NULL if there was none. */
const char *mime_header_field(const struct mime_header *, enum mime_field);

/* 1 if an X-SMS-... field is there several times, with different values. */
int mime_header_differs(const struct mime_header *, enum mime_field);

#endif
