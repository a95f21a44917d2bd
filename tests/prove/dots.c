/*
 * dots.c: where a message ends, against RFC 5321, sections 2.3.8, 4.1.1.4
 * and 4.5.2, written down once more below as an automaton of one octet.
 *
 * Proved by induction over one call: dots_take(), in any state and on any
 * octets (up to 6; long: 16), takes at least one of them, hands on exactly the
 * octets that the automaton hands on, ends the message exactly where it does,
 * comes to the same state, and notes a bare CR, a bare LF or a NUL if there
 * is one.  So all calls together do, for messages of any length, however
 * they are cut.  dots_take_chunk() takes octets, one at least, whatever they
 * are.  Neither reads beyond what it is given.  Unless LF equals CRLF,
 * nothing but CRLF.CRLF ends a message.
 * Bound: octets of a call; no function knows a size of its own.
 *
 * prove take_is_rfc5321 --unwind 8 -DOCTETS=6
 * prove-long take_is_rfc5321_long --unwind 18 -DOCTETS=16
 * prove chunk_has_no_dots --unwind 8 -DOCTETS=6
 * prove nothing_else_ends_it --unwind 8 -DOCTETS=6
 * mutant take_is_rfc5321 session/dots.c: \
 *     state == AT_LINE ? BEHIND_DOT : INSIDE -> BEHIND_DOT
 * mutant take_is_rfc5321 session/dots.c: \
 *     if (d->state == BEHIND_CR && *s != '\n') -> \
 *     if (d->state == BEHIND_CR && *s == 'x')
 * mutant nothing_else_ends_it session/dots.c: \
 *     (state == BEHIND_DOT && d->lf == DOTS_LF_EQUAL) -> \
 *     (state == BEHIND_DOT)
 * mutant chunk_has_no_dots session/dots.c: return text + 1 -> return text + 2
 */
#include "tests/prove/libc.h"

#include "session/dots.c"

#ifndef OCTETS
#define OCTETS 6
#endif

size_t nondet_size(void);
int nondet_int(void);
char nondet_char(void);

/* What the automaton hands on, and what it has seen. */
struct seen {
	int state, bare, ended;
	size_t framing, n;
	char out[OCTETS];
};

/* The state behind an octet of text. */
static int
behind(int state, char ch, enum dots_lf lf, int *bare)
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
	if (lf == DOTS_LF_REFUSE)
		*bare = 1;
	return lf == DOTS_LF_EQUAL ? AT_LINE :
	    lf == DOTS_LF_REPAIR   ? AT_LINE_LF :
				     INSIDE;
}

static void
step(struct seen *s, char ch, enum dots_lf lf)
{
	if (s->state == AT_LINE && ch == '.') {
		s->state = BEHIND_DOT;
	} else if (s->state == AT_LINE_LF && ch == '.') {
		s->state = INSIDE;	/* only stuffing */
	} else if (s->state == BEHIND_DOT && ch == '\r') {
		s->state = BEHIND_DOT_CR;
	} else if (ch == '\n' && (s->state == BEHIND_DOT_CR ||
	    (s->state == BEHIND_DOT && lf == DOTS_LF_EQUAL))) {
		s->ended = 1;
	} else {
		if (s->state == BEHIND_DOT_CR)
			s->bare = 1;	/* CRLF "." CR and no LF */
		s->state = behind(s->state, ch, lf, &s->bare);
		s->out[s->n++] = ch;
		return;
	}
	__CPROVER_assert(s->n == 0, "framing stands before text");
	s->framing++;
}

static struct dots
any_dots(void)
{
	struct dots d = {0};

	d.lf = (enum dots_lf)nondet_int();
	__CPROVER_assume(d.lf == DOTS_LF_REFUSE || d.lf == DOTS_LF_REPAIR ||
	    d.lf == DOTS_LF_EQUAL);
	d.state = nondet_int();
	__CPROVER_assume(d.state >= AT_LINE && d.state <= BEHIND_DOT_CR);
	d.bare = nondet_int() != 0;
	return d;
}

/* Exactly n octets, so that one beyond them is found. */
static char *
any_octets(size_t n)
{
	char *s;
	size_t i;

	__CPROVER_assume(n >= 1 && n <= OCTETS);
	s = __CPROVER_allocate(n, 0);
	for (i = 0; i < n; i++)
		s[i] = nondet_char();
	return s;
}

/* One call, and the automaton over the octets that it took. */
static void
one_call(void)
{
	struct dots d = any_dots();
	struct seen seen = {.state = d.state, .bare = d.bare};
	size_t n = nondet_size(), framing = 0, taken, i;
	char *s = any_octets(n);

	taken = dots_take(&d, s, n, &framing);
	__CPROVER_assert(taken >= 1 && taken <= n, "some, and no more");
	for (i = 0; i < OCTETS; i++)
		if (i < taken) {
			__CPROVER_assert(!seen.ended, "the end is the end");
			step(&seen, s[i], d.lf);
		}
	__CPROVER_assert(seen.ended == d.ended, "where it ends");
	__CPROVER_assert(framing == seen.framing, "the framing");
	__CPROVER_assert(taken - framing == seen.n, "as much text");
	for (i = 0; i < OCTETS; i++)
		if (i < seen.n)
			__CPROVER_assert(s[framing + i] == seen.out[i],
			    "the same text");
	__CPROVER_assert(seen.ended || d.state == seen.state, "the state");
	__CPROVER_assert(d.bare == seen.bare, "a bare CR, LF, or a NUL");
}

void
take_is_rfc5321(void)
{
	one_call();
}

void
take_is_rfc5321_long(void)
{
	one_call();
}

/*
 * Unless LF equals CRLF: five octets from inside the text, one call each, end
 * the message if they are CRLF.CRLF, and no others do, nor fewer.
 */
void
nothing_else_ends_it(void)
{
	struct dots d = any_dots();
	char last[5];
	size_t framing;
	int i;

	__CPROVER_assume(d.lf != DOTS_LF_EQUAL);
	d.state = INSIDE;
	for (i = 0; i < 5 && !d.ended; i++) {
		last[i] = nondet_char();
		dots_take(&d, last + i, 1, &framing);
	}
	if (d.ended)
		__CPROVER_assert(i == 5 && last[0] == '\r' && last[1] == '\n' &&
		    last[2] == '.' && last[3] == '\r' && last[4] == '\n',
		    "CRLF.CRLF");
	else
		__CPROVER_assert(!(last[0] == '\r' && last[1] == '\n' &&
		    last[2] == '.' && last[3] == '\r' && last[4] == '\n'),
		    "CRLF.CRLF ends it");
}

/* A chunk: all is text, and the end of a line is where it stops. */
void
chunk_has_no_dots(void)
{
	struct dots d = any_dots();
	size_t n = nondet_size(), taken, i = nondet_size();
	char *s = any_octets(n);

	__CPROVER_assume(d.state <= BEHIND_CR);
	taken = dots_take_chunk(&d, s, n);
	__CPROVER_assert(taken >= 1 && taken <= n, "some, and no more");
	__CPROVER_assert(taken == n || s[taken - 1] == '\n', "to a line's end");
	__CPROVER_assert(!d.ended && d.state <= BEHIND_CR, "no framing");
	if (i < taken - 1)
		__CPROVER_assert(s[i] != '\n', "one line");
}
