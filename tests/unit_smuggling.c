/*
 * smuggling: what ends a message and what does not, for every string of a few
 * octets over the alphabet that matters, whole and in pieces.  conn.c reads
 * from memory; what must come out is computed here, by other means.
 *
 * SMUGGLING_OCTETS is the length of the longest strings: 8, which takes some
 * seconds, or 6 for a first look.
 */
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static ssize_t memory_read(void *, size_t);

/* nothing is ever waited for */
#define read(fd, p, n)	((void)(fd), memory_read(p, n))
#define write(fd, p, n) ((void)(fd), (void)(p), (ssize_t)(n))
#define poll(p, n, ms)	((void)(p), (void)(ms), (int)(n))
#define shutdown(fd, how) ((void)(fd), 0)
#define close(fd)	((void)(fd))
#include "session/stop.c"
#include "session/conn.c"

#include "tap.h"

#define LONGEST 8
#define INPUT	(LONGEST + 16)
static const char alphabet[] = {'\r', '\n', '.', 'a', '\0'};
#define LETTERS sizeof(alphabet)

static struct {
	char input[INPUT];
	size_t n, at, piece;	/* piece: octets of one read(2) */
} memory;

static ssize_t
memory_read(void *p, size_t n)
{
	if (n > memory.n - memory.at)
		n = memory.n - memory.at;
	if (n > memory.piece)
		n = memory.piece;
	memcpy(p, memory.input + memory.at, n);
	memory.at += n;
	return (ssize_t)n;
}

/*
 * Where the first CRLF.CRLF of the message ends, whose first line is behind
 * the CRLF of DATA; 0: nowhere.
 */
static size_t
find_end(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i + 3 <= n; i++)
		if (memcmp(s + i, ".\r\n", 3) == 0 &&
		    (i == 0 || (i >= 2 && memcmp(s + i - 2, "\r\n", 2) == 0)))
			return i + 3;
	return 0;
}

/* 1 if among them is a NUL, or a CR or an LF without the other. */
static int
is_bare(const char *s, size_t n, int lf)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i] == '\0' ||
		    (s[i] == '\r' && (i + 1 == n || s[i + 1] != '\n')) ||
		    (lf && s[i] == '\n' && (i == 0 || s[i - 1] != '\r')))
			return 1;
	return 0;
}

/* Lines without the dot that was stuffed. */
static size_t
unstuff(const char *s, size_t n, int lf, char *out)
{
	size_t i, len = 0;
	int first = 1;

	for (i = 0; i < n; i++) {
		if (!first || s[i] != '.')
			out[len++] = s[i];
		first = s[i] == '\n' && (lf || (i > 0 && s[i - 1] == '\r'));
	}
	return len;
}

static struct conn conn;

/* 1 if the message in memory is read as it must be. */
static int
is_right(enum dots_lf mode)
{
	size_t end = find_end(memory.input, memory.n), n, len = 0, want;
	char got[INPUT], text[INPUT];
	enum conn_status st;
	const char *p;

	memory.at = 0;
	conn_init(&conn, 0, 1, mode);
	conn.until = clock_ms() + 1000000;
	conn.wait = 1000;
	conn_data_begin(&conn);
	while ((st = conn_data(&conn, &p, &n)) == CONN_OK) {
		if (n == 0 || len + n > sizeof(got))
			return 0;
		memcpy(got + len, p, n);
		len += n;
	}
	if (end == 0)
		return st == CONN_EOF;
	if (st != CONN_END ||
	    memory.at - (conn.end - conn.start) != end)
		return 0;
	if (conn_bare(&conn) !=
	    is_bare(memory.input, end, mode == DOTS_LF_REFUSE))
		return 0;
	want = unstuff(memory.input, end - 3, mode != DOTS_LF_REFUSE, text);
	/* of what is refused nobody sees the text */
	return conn_bare(&conn) ||
	    (len == want && memcmp(got, text, len) == 0);
}

/* Every string of n octets, with a real end behind it. */
static void
try_all(size_t n, size_t piece, enum dots_lf mode)
{
	size_t i, total = 1, k, v, bad = 0;

	for (k = 0; k < n; k++)
		total *= LETTERS;
	for (i = 0; i < total; i++) {
		for (k = 0, v = i; k < n; k++, v /= LETTERS)
			memory.input[k] = alphabet[v % LETTERS];
		memcpy(memory.input + n, "\r\n.\r\n", 5);
		memory.n = n + 5;
		memory.piece = piece;
		if (!is_right(mode) && bad++ == 0)
			for (k = 0; k < n; k++)
				printf("# octet %zu: %d\n", k,
				    memory.input[k]);
		/* and without it */
		memory.n = n;
		if (!is_right(mode))
			bad++;
	}
	tap_ok(bad == 0, "%zu octets, read by %zu, %s: %zu strings", n, piece,
	    mode == DOTS_LF_REFUSE ? "bare-lf no" : "bare-lf yes", total);
}

/* The end of the last chunk of BDAT is not the end of a line. */
static void
try_chunks(void)
{
	struct dots d;

	dots_begin(&d, DOTS_LF_REFUSE);
	dots_take_chunk(&d, "a\r", 2);
	tap_ok(!d.bare, "a CR at the end of a chunk may have its LF yet");
	dots_take_chunk(&d, "\nb\r", 1);
	dots_end_chunks(&d);
	tap_ok(!d.bare, "it had");
	dots_take_chunk(&d, "b\r", 2);
	dots_end_chunks(&d);
	tap_ok(d.bare, "a CR at the end of the last one is bare");
}

int
main(void)
{
	const char *most = getenv("SMUGGLING_OCTETS");
	size_t n, longest = most != NULL ? (size_t)atol(most) : 8;

	if (longest > LONGEST)
		longest = LONGEST;
	for (n = 0; n <= longest; n++) {
		try_all(n, INPUT, DOTS_LF_REFUSE);
		try_all(n, 1, DOTS_LF_REFUSE);
		try_all(n, 2, DOTS_LF_REFUSE);
		try_all(n, INPUT, DOTS_LF_REPAIR);
		try_all(n, 1, DOTS_LF_REPAIR);
	}
	try_chunks();
	return tap_done();
}
