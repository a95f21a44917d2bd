/*
 * options: what a message may ask for besides its text (RFC 6710, 2852, 4865,
 * 3461 and the X-SMS-... fields), which of that the gateway supports, and what
 * a login may do; and how these go over the link.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "common/number.h"
#include "common/ipc.h"

#define OPTIONS_DEVICE_MAX 64	/* octets of a device's name */
#define OPTIONS_FROM_MAX   32	/* octets of a sender */
#define OPTIONS_DATA_MAX   133	/* octets of a data SMS: 140 less 7 for
				   its ports (3GPP TS 23.040, 9.2.3.24.4) */
#define OPTIONS_LEVEL_MAX  9	/* of MT-PRIORITY: -9 to 9 (RFC 6710) */
#define OPTIONS_RAW_MIN	   (-128) /* priority on a gateway's own scale */
#define OPTIONS_RAW_MAX	   127
#define OPTIONS_SIM_MAX	   3
#define OPTIONS_PORT_MAX   65535
#define OPTIONS_SUBJECT_LAST 4	/* of enum text_subject (sms/text.h) */
#define OPTIONS_ALLOW_MAX  64	/* prefixes of one login */

enum options_priority {
	OPTIONS_PRIORITY_NONE,
	OPTIONS_PRIORITY_LEVEL,		/* -9..9; the descriptor maps it */
	OPTIONS_PRIORITY_RAW		/* on the gateway's own scale */
};

enum options_report {
	OPTIONS_REPORT_NONE,
	OPTIONS_REPORT_YES,
	OPTIONS_REPORT_NO
};

/* All zero: nothing is asked for. */
struct options {
	enum options_priority priority_kind;
	int priority;
	uint32_t ttl;			/* seconds */
	uint32_t schedule;		/* seconds since 1970, UTC */
	enum options_report report;
	unsigned sim;			/* 1.. */
	char device[OPTIONS_DEVICE_MAX + 1];
	char from[OPTIONS_FROM_MAX + 1];
	unsigned port;			/* of a data SMS; its text is empty */
	size_t ndata;
	unsigned char data[OPTIONS_DATA_MAX];
	uint32_t schedule_said;		/* the schedule as the client said it,
					   as a time or as seconds from now: a
					   retry says the same */
};

/* The options that the gateway supports, as its descriptor says. */
enum {
	OPTIONS_CAN_PRIORITY = 1,
	OPTIONS_CAN_TTL = 2,
	OPTIONS_CAN_SCHEDULE = 4,
	OPTIONS_CAN_REPORT = 8,
	OPTIONS_CAN_SIM = 16,
	OPTIONS_CAN_DEVICE = 32,
	OPTIONS_CAN_FROM = 64,
	OPTIONS_CAN_DATA = 128
};

struct abilities {
	uint32_t can;
	uint32_t ttl_min, ttl_max;		/* seconds */
	uint32_t schedule_min, schedule_max;	/* seconds from now */
	int priority_min, priority_max;		/* of its own scale */
};

/* The part of a login's profile that the session needs. */
struct rights {
	int subject;		/* enum text_subject; -1: as configured */
	long max_parts;		/* -1: as configured */
	size_t nallow;		/* 0: as configured */
	char allow[OPTIONS_ALLOW_MAX][NUMBER_SIZE];
};

void options_put(struct buf *, const struct options *);
void abilities_put(struct buf *, const struct abilities *);
void rights_put(struct buf *, const struct rights *);

/*
 * Read them from a frame.  A value that this program would never have written
 * makes the frame bad.
 */
void options_get(struct ipc_frame *, struct options *);
void abilities_get(struct ipc_frame *, struct abilities *);
void rights_get(struct ipc_frame *, struct rights *);

/*
 * 1 if the name of a device or a sender may go to a gateway: printable
 * UTF-8 without control characters.  "" is one.
 */
int options_is_name(const char *);

#endif
