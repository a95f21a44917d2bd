/*
 * phone_dump: draw an SMS; on what is no terminal, in ASCII.
 *
 * usage: phone_dump NUMBER TEXT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/terminal.h"
#include "sms/phone.h"

int
main(int argc, char **argv)
{
	int look = terminal_look();
	size_t room;
	struct buf b;

	if (argc != 3) {
		fprintf(stderr, "usage: phone_dump NUMBER TEXT\n");
		return 64;
	}
	room = PHONE_ROOM(strlen(argv[1]) + strlen(argv[2]));
	buf_init(&b, calloc(1, room), room);
	phone_draw(&b, argv[1], argv[2], look == -1 ? 0 : (unsigned)look);
	fputs(b.p, stdout);
	return 0;
}
