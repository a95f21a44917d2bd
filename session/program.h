/*
 * program: the command line and the configuration, for all that starts a
 * session.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "common/config.h"

/* Exit statuses, as the manual documents them (sysexits.h). */
enum program_exit {
	PROGRAM_OK = 0,
	PROGRAM_USAGE = 64,
	PROGRAM_NO_TEXT = 65,	/* -x alone */
	PROGRAM_TEMPORARY = 75,
	PROGRAM_CONFIG = 78
};

struct program {
	struct config config;
	char *file;		/* -f */
	char *overrides[CONFIG_OVERRIDES_MAX];	/* -o */
	size_t noverrides;
	int dry;		/* -n */
	int verbose;		/* -v */
	int lmtp;		/* -L: LMTP in place of SMTP */
	int at_once;		/* -s: TLS from the first octet */
	char **argv;		/* the command line, with the program's name */
};

#endif
