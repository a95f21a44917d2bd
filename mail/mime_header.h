/*
 * mime_header: the header of a message, or of a part of it (RFC 5322, 2.2):
 * its lines come in, the fields that somebody wants come out.  Those that
 * describe a part go to mime_part.c.
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
	int begun;		/* it has had a field */
	int field;		/* being read; -1: none, or of no interest */
	unsigned seen;		/* 1 << each field that is kept */
	int loose;		/* raw has lines at its end that may be text */
	size_t nraw, nkept;
	int kept_full;
	char raw[MIME_RAW_MAX + 1];
	char kept[MIME_FIELDS][MIME_FIELD_MAX + 1];
};

/* No field of the message has been seen. */
void mime_header_init(struct mime_header *);

/* A header begins: that of the message, or of one of its parts. */
void mime_header_begin(struct mime_header *);

/*
 * Take a line without its end: 1 if it is one of the header, 0 if the header
 * has ended before it.  message: it is the message's own header, whose
 * fields are kept; else it is a part's.
 */
int mime_header_line(struct mime_header *, struct mime_part *, int message,
    const char *, size_t n);

/* Take more of a line that is longer than what mime_header_line was given. */
void mime_header_more(struct mime_header *, const char *, size_t n);

/* The header has ended, if it was not mime_header_line that said so. */
void mime_header_end(struct mime_header *, struct mime_part *);

/*
 * Where no empty line has ended the header, the fields at its end whose names
 * are nobody's are the start of a text that has no header: "Temp: 45 C".  So
 * are lines that begin with a blank, if no field came before them.  Returns how
 * many octets *p has of them, without the last line end; 0: none.
 * MIME_RAW_MAX octets may not be all.  They stay until the next header.
 */
size_t mime_header_loose(const struct mime_header *, const char **p);

/* A field that was kept; NULL if there was none.  The first of its name. */
const char *mime_header_field(const struct mime_header *, enum mime_field);

#endif
