/*
 * text.c: counting the parts of a text (3GPP TS 23.040, 9.2.3.24.1).
 *
 * Proved, for any text of up to 6 characters of one or two units (septets;
 * UTF-16 units) and parts of 2 to 5 units: text_add() counts as few parts as
 * there can be if no character is split over two and their order stays, and
 * all units; there are as many parts as some such way has.
 * Bound: characters and the size of a part.  text_add() looks at one
 * character and the part that is being filled, whatever their sizes.
 *
 * prove parts_are_as_few_as_can_be --unwind 8
 * mutant parts_are_as_few_as_can_be sms/text.c: n->used + units > room -> \
 *     n->used + units >= room
 * mutant parts_are_as_few_as_can_be sms/text.c: n->used = 0; -> n->used = 1;
 */
#include "tests/prove/libc.h"

#include "sms/text.c"

#define CHARACTERS 6

unsigned nondet_unsigned(void);

void
parts_are_as_few_as_can_be(void)
{
	struct count n = {0};
	unsigned room = nondet_unsigned(), units[CHARACTERS], of, sum = 0;
	unsigned part = 0, filled = 0, i, next, before;

	of = nondet_unsigned();
	__CPROVER_assume(room >= 2 && room <= 5 && of <= CHARACTERS);
	for (i = 0; i < of; i++) {
		units[i] = nondet_unsigned();
		__CPROVER_assume(units[i] == 1 || units[i] == 2);
		sum += units[i];
		before = n.parts;
		text_add(&n, units[i], room);
		/* a way: the same part, or the next one */
		__CPROVER_assert(n.parts - before <= 1 && n.used <= room &&
		    n.used >= units[i], "a way that fits");
	}
	__CPROVER_assert(n.units == sum, "all units");
	/* any other way: each character in the part before it or a later one */
	for (i = 0; i < of; i++) {
		next = nondet_unsigned();
		__CPROVER_assume(next >= 1 && next >= part &&
		    next <= CHARACTERS);
		filled = next == part ? filled + units[i] : units[i];
		__CPROVER_assume(filled <= room);
		part = next;
	}
	__CPROVER_assert(n.parts <= part, "none has fewer");
}
