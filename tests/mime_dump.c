/*
 * mime_dump: what mime.c makes of the message on standard input, for tests
 * in other languages and for people.
 *
 * usage: mime_dump [-lt] [octets]
 *
 * The fields that the message has, its source, whether the text was cut, an
 * empty line, then the text as it is.  -l prints the targets of links, -t
 * nothing but the text.  With a number the message is fed in pieces of that
 * many octets.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mail/mime.h"

#define PIECE_MAX (64 * 1024)

static const char *const names[MIME_FIELDS] = {
	[MIME_SUBJECT] = "subject",
	[MIME_FROM] = "from",
	[MIME_AUTO_SUBMITTED] = "auto-submitted",
	[MIME_MESSAGE_ID] = "message-id",
	[MIME_DATE] = "date",
	[MIME_IMPORTANCE] = "importance",
	[MIME_X_PRIORITY] = "x-priority",
	[MIME_PRIORITY] = "priority",
	[MIME_SMS_PRIORITY] = "sms-priority",
	[MIME_SMS_TTL] = "sms-ttl",
	[MIME_SMS_SCHEDULE] = "sms-schedule",
	[MIME_SMS_REPORT] = "sms-report",
	[MIME_SMS_DEVICE] = "sms-device",
	[MIME_SMS_SIM] = "sms-sim",
	[MIME_SMS_FROM] = "sms-from",
	[MIME_SMS_PORT] = "sms-port",
};

static void
dump(const struct mime *m)
{
	enum mime_field i;

	for (i = 0; i < MIME_FIELDS; i++)
		if (mime_field(m, i) != NULL)
			printf("%s: %s\n", names[i], mime_field(m, i));
	printf("source: %s\n", mime_source(m));
	printf("overflow: %s\n\n", mime_overflow(m) ? "yes" : "no");
}

int
main(int argc, char **argv)
{
	static struct mime m;
	static char piece[PIECE_MAX];
	int c, links = 0, text_only = 0;
	size_t n, size = PIECE_MAX;

	while ((c = getopt(argc, argv, "lt")) != -1) {
		if (c == 'l')
			links = 1;
		else if (c == 't')
			text_only = 1;
		else
			return 64;
	}
	if (optind < argc)
		size = strtoul(argv[optind], NULL, 10);
	if (size == 0 || size > sizeof(piece))
		errx(64, "pieces have 1 to %d octets", PIECE_MAX);
	mime_init(&m, links);
	while ((n = fread(piece, 1, size, stdin)) > 0)
		mime_feed(&m, piece, n);
	if (ferror(stdin))
		err(66, "standard input");
	mime_end(&m);
	if (!text_only)
		dump(&m);
	fputs(mime_text(&m), stdout);
	return fflush(stdout) == 0 ? 0 : 74;
}
