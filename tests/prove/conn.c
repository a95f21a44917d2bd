/*
 * conn.c: where a message ends, against RFC 5321, sections 2.3.8, 4.1.1.4
 * and 4.5.2, written down once more below as an automaton of one octet.
 *
 * Proved by induction over one call: conn_data(), in any state and on any
 * octets that are there (up to 8; long: 16), hands on exactly the octets that
 * the automaton hands on, ends the message exactly where it does, comes to
 * the same state, and has noted a bare CR, a bare LF or a NUL if it has.  So
 * all calls together do, for messages of any length, however they are cut.
 * conn_chunk() takes exactly the octets that were announced, whatever they are
 * and however they are cut.  Neither steps out of its buffer.
 * Where a line is repaired or LF equals CRLF (bare-lf) the automaton knows,
 * too; with bare-lf no and yes nothing but CRLF.CRLF ends a message.
 * Bound: octets per call.  Not said: that fill() reads what the client wrote.
 *
 * prove data_is_rfc5321 --unwind 12 -DOCTETS=6
 * prove-long data_is_rfc5321_long --unwind 20 -DOCTETS=16
 * prove chunk_is_counted --unwind 12 -DOCTETS=6
 * prove nothing_else_ends_it --unwind 12 -DOCTETS=6
 * mutant data_is_rfc5321 session/conn.c: \
 *     state == AT_LINE ? BEHIND_DOT : INSIDE -> BEHIND_DOT
 * mutant data_is_rfc5321 session/conn.c: \
 *     if (c->data_state == BEHIND_CR && *s != '\n') -> \
 *     if (c->data_state == BEHIND_CR && *s == 'x')
 * mutant nothing_else_ends_it session/conn.c: \
 *     (c->data_state == BEHIND_DOT && c->lf == CONN_LF_EQUAL) -> \
 *     (c->data_state == BEHIND_DOT)
 * mutant chunk_is_counted session/conn.c: have < *left ? have : *left -> have
 */
#include "tests/prove/libc.h"

#include <sys/types.h>
#include <poll.h>
#include <unistd.h>

#ifndef OCTETS
#define OCTETS 6	/* in the buffer */
#endif

/* No client: what is there is all there is. */
#define poll(p, n, ms) 1
#define read(fd, p, n) 0
#define write(fd, p, n) ((ssize_t)(n))
#define clock_ms() 0LL
#define clock_left(deadline) 1
#define CLOCK_H
#define CONN_IN_MAX (OCTETS + 2)
#include "session/conn.c"

size_t nondet_size(void);
int nondet_int(void);
char nondet_char(void);

/* What the automaton hands on, and what it has seen. */
struct seen {
	int state, bare, ended;
	size_t used, n;
	char out[OCTETS];
};

/* The state behind an octet of text that is no dot of framing. */
static int
behind(int state, char ch, enum conn_lf lf, int *bare)
{
	if (ch == '\0')
		*bare = 1;
	if (state == BEHIND_CR && ch != '\n')
		*bare = 1;
	if (ch == '\r')
		return BEHIND_CR;
	if (ch != '\n')
		return INSIDE;
	if (state == BEHIND_CR)
		return AT_LINE;
	if (lf == CONN_LF_REFUSE)
		*bare = 1;
	return lf == CONN_LF_EQUAL ? AT_LINE :
	    lf == CONN_LF_REPAIR   ? AT_LINE_LF :
				     INSIDE;
}

static void
step(struct seen *s, char ch, enum conn_lf lf)
{
	s->used++;
	if (s->state == AT_LINE && ch == '.') {
		s->state = BEHIND_DOT;
	} else if (s->state == AT_LINE_LF && ch == '.') {
		s->state = INSIDE;	/* only stuffing */
	} else if (s->state == BEHIND_DOT && ch == '\r') {
		s->state = BEHIND_DOT_CR;
	} else if (ch == '\n' && (s->state == BEHIND_DOT_CR ||
	    (s->state == BEHIND_DOT && lf == CONN_LF_EQUAL))) {
		s->ended = 1;
	} else {
		if (s->state == BEHIND_DOT_CR)
			s->bare = 1;	/* CRLF "." CR and no LF */
		s->state = behind(s->state, ch, lf, &s->bare);
		s->out[s->n++] = ch;
	}
}

static struct conn c;

static void
any_conn(size_t n)
{
	size_t i;

	__CPROVER_assume(n <= OCTETS);
	c.lf = (enum conn_lf)nondet_int();
	__CPROVER_assume(c.lf == CONN_LF_REFUSE || c.lf == CONN_LF_REPAIR ||
	    c.lf == CONN_LF_EQUAL);
	c.data_state = nondet_int();
	__CPROVER_assume(c.data_state >= AT_LINE &&
	    c.data_state <= BEHIND_DOT_CR);
	c.bare = nondet_int() != 0;
	c.start = nondet_size();
	__CPROVER_assume(c.start <= 1);
	c.end = c.start + n;
	for (i = 0; i < n; i++)
		c.inbuf[c.start + i] = nondet_char();
}

/* One call, and the automaton over the octets that it took. */
static void
one_call(void)
{
	struct seen s = {0};
	size_t n = nondet_size(), i, from, got = 0, used;
	const char *p = NULL;
	char taken[OCTETS];
	enum conn_status st;

	any_conn(n);
	__CPROVER_assume(n >= 1);
	s.state = c.data_state;
	s.bare = c.bare;
	from = c.start;
	for (i = 0; i < OCTETS; i++)
		taken[i] = i < n ? c.inbuf[from + i] : 0;
	st = conn_data(&c, &p, &got);
	used = st == CONN_EOF ? n : c.start - from;
	__CPROVER_assert(used <= n, "no more than is there");
	for (i = 0; i < OCTETS; i++)
		if (i < used) {
			__CPROVER_assert(!s.ended, "the end is the end");
			step(&s, taken[i], c.lf);
		}
	__CPROVER_assert(s.ended == (st == CONN_END), "where it ends");
	__CPROVER_assert((st == CONN_OK) == (s.n > 0), "there is some");
	__CPROVER_assert(st != CONN_EOF || s.n == 0, "only framing");
	if (st == CONN_OK) {
		__CPROVER_assert(got == s.n, "as many");
		for (i = 0; i < OCTETS; i++)
			if (i < got)
				__CPROVER_assert(p[i] == s.out[i], "the same");
	}
	__CPROVER_assert(s.ended || c.data_state == s.state, "the state");
	__CPROVER_assert(c.bare == s.bare, "a bare CR, LF, or a NUL");
}

void
data_is_rfc5321(void)
{
	one_call();
}

void
data_is_rfc5321_long(void)
{
	one_call();
}

/*
 * Unless LF equals CRLF: a message ends behind LF, which stands behind CR,
 * which stands behind a dot at the beginning of a line, and that line began
 * behind CRLF, whatever came before.
 */
void
nothing_else_ends_it(void)
{
	int state = nondet_int(), i;
	char last[5];

	__CPROVER_assume(state >= AT_LINE && state <= BEHIND_DOT_CR);
	c.lf = (enum conn_lf)nondet_int();
	__CPROVER_assume(c.lf == CONN_LF_REFUSE || c.lf == CONN_LF_REPAIR);
	/* five octets from inside the text, one call each */
	c.data_state = INSIDE;
	for (i = 0; i < 5; i++) {
		const char *p;
		enum conn_status st;
		size_t got;

		c.start = 0;
		c.end = 1;
		c.inbuf[0] = last[i] = nondet_char();
		st = conn_data(&c, &p, &got);
		if (st == CONN_END)
			break;
	}
	if (i < 5)
		__CPROVER_assert(i == 4 && last[0] == '\r' && last[1] == '\n' &&
		    last[2] == '.' && last[3] == '\r' && last[4] == '\n',
		    "CRLF.CRLF");
	else
		__CPROVER_assert(!(last[0] == '\r' && last[1] == '\n' &&
		    last[2] == '.' && last[3] == '\r' && last[4] == '\n'),
		    "CRLF.CRLF ends it");
}

void
chunk_is_counted(void)
{
	size_t n = nondet_size(), left = nondet_size(), was, got = 0, from;
	const char *p = NULL;
	enum conn_status st;

	any_conn(n);
	__CPROVER_assume(c.data_state == AT_LINE || c.data_state == INSIDE ||
	    c.data_state == BEHIND_CR || c.data_state == AT_LINE_LF);
	__CPROVER_assume(n >= 1 && left <= 2 * OCTETS);
	was = left;
	from = c.start;
	st = conn_chunk(&c, &left, &p, &got);
	if (was == 0) {
		__CPROVER_assert(st == CONN_END && c.start == from, "none");
		return;
	}
	__CPROVER_assert(st == CONN_OK && got >= 1, "some");
	__CPROVER_assert(left == was - got && got <= was, "announced");
	__CPROVER_assert(got <= n && c.start == from + got, "and there");
	__CPROVER_assert(p == c.inbuf + from, "as they are");
}
