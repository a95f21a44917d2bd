/*
 * policy: what a session may ask for.  Pure but for the clock.
 */
#include <string.h>
#include <time.h>

#include "common/number.h"
#include "common/utf8.h"
#include "delivery/policy.h"
#include "sms/text.h"

/* 1 if the configuration, or else the login, lets this number be sent to. */
static int
may_send_to(const struct config *c, const struct rights *r,
    const char *number)
{
	char *own[OPTIONS_ALLOW_MAX];
	size_t n;

	for (n = 0; n < r->nallow; n++)
		own[n] = (char *)(size_t)r->allow[n];
	return number_is_valid(number, c->number.allow_short) &&
	    number_allowed(number, n > 0 ? own : c->allow.v,
		n > 0 ? n : c->allow.n, c->deny.v, c->deny.n);
}

/* Numbers that may be sent to, each of them once. */
static int
are_numbers_right(const struct config *c, const struct rights *r,
    const struct job *j)
{
	size_t i, n;

	for (i = 0; i < j->nto; i++) {
		if (!may_send_to(c, r, j->number[i]))
			return 0;
		for (n = 0; n < i; n++)
			if (strcmp(j->number[n], j->number[i]) == 0)
				return 0;
	}
	return 1;
}

static int
is_utf8(const char *s)
{
	int n;

	for (; *s != '\0'; s += n)
		if ((n = utf8_length(s, UTF8_MAX, NULL)) <= 0)
			return 0;
	return 1;
}

/* Text of as many parts as may be; or data, and no text. */
static int
is_text_right(const struct config *c, const struct rights *r,
    const struct job *j)
{
	long max = r->max_parts != -1 ? r->max_parts : c->max_parts;
	struct text_info info;

	if (!is_utf8(j->text) ||
	    (j->text[0] == '\0') != (j->options.port != 0))
		return 0;
	text_count(j->text, &info);
	return max == 0 || info.parts <= (unsigned long)max;
}

/*
 * Under `options no` no field of the header counts; the parameters of MAIL
 * and RCPT do.  The sender may be a number that MAIL has named.
 */
static int
are_options_right(const struct config *c, const struct options *o)
{
	if (c->sender == CONFIG_SENDER_FIXED && o->from[0] != '\0')
		return 0;
	if (o->schedule != 0 && (long long)o->schedule >
	    (long long)time(NULL) + c->max_hold + POLICY_SLACK)
		return 0;
	return c->options || (o->device[0] == '\0' && o->sim == 0 &&
	    o->port == 0 && o->priority_kind != OPTIONS_PRIORITY_RAW &&
	    (o->from[0] == '\0' ||
	    number_is_valid(o->from, c->number.allow_short)));
}

const char *
policy_fault(const struct config *c, const struct rights *r,
    const struct job *j)
{
	if (!are_numbers_right(c, r, j))
		return "a recipient that may not be";
	if (!is_text_right(c, r, j))
		return "a text that may not be";
	if (!are_options_right(c, &j->options))
		return "an option that may not be";
	return NULL;
}
