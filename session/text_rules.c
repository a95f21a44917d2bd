/*
 * text_rules: from the configuration to the rules of sms/text.h.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/options.h"
#include "session/text_rules.h"

_Static_assert((int)OPTIONS_SUBJECT_LAST == (int)TEXT_SUBJECT_AUTO,
    "common/options.h knows the last member of enum text_subject");

struct text_rules
text_rules_of(const struct config *c)
{
	return (struct text_rules){
		.template = c->template,
		.subject = (enum text_subject)c->subject,
		.keep_signature = c->keep_signature,
		.alphabet = (enum text_alphabet_rule)c->alphabet,
		.max_parts = (unsigned)c->max_parts,
		.overlong = (enum text_overlong)c->overlong,
	};
}

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* 1 if exactly n digits stand at p. */
static int
digits(const char *p, size_t n)
{
	size_t i = 0;

	while (is_digit(p[i]))
		i++;
	return i == n;
}

/*
 * Find the time of day in a Date (RFC 5322, 3.3), in the sender's time zone: so
 * a retry has the same text, and thus the same id.  NULL if there is none, or
 * if the year is wrong, as from a device without a clock.
 */
static const char *
time_of_day(const char *date, int year)
{
	const char *p;
	int n = 0, found = 0;

	for (p = date; p != NULL && *p != '\0'; p++) {
		if (!found && (p == date || !is_digit(p[-1])) && digits(p, 4)) {
			sscanf(p, "%4d", &n);
			found = 1;
		}
		if (found && digits(p, 2) && p[2] == ':' && digits(p + 3, 2))
			return n >= year - 1 && n <= year + 1 ? p : NULL;
	}
	return NULL;
}

static void
set_time(char out[8], const char *date)
{
	time_t now = time(NULL);
	struct tm tm;
	const char *p;

	localtime_r(&now, &tm);
	if ((p = time_of_day(date, tm.tm_year + 1900)) != NULL)
		snprintf(out, 8, "%.5s", p);
	else
		strftime(out, 8, "%H:%M", &tm);
}

void
text_rules_fill(struct text_rules *rules, struct text_rules_values *v,
    const struct mime *m, const char *sender, const char *host)
{
	const char *from = mime_field(m, MIME_FROM);

	if (rules->template == NULL)
		return;
	mime_mailbox_parse(&v->from, from != NULL ? from : "");
	set_time(v->time, mime_field(m, MIME_DATE));
	rules->values[WORDING_FROM] = v->from.address[0] != '\0' ?
	    v->from.address : sender;
	rules->values[WORDING_NAME] = v->from.name[0] != '\0' ? v->from.name :
	    rules->values[WORDING_FROM];
	rules->values[WORDING_HOST] = host;
	rules->values[WORDING_TIME] = v->time;
}
