/*
 * fuzz_parameter: whatever a client or a sender writes, a value is refused
 * or is within its bounds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/path.h"
#include "session/parameter.h"

#define HOLDS(what) do { if (!(what)) abort(); } while (0)

/* A date that was put is the date that is read. */
static void
check_date(long long when)
{
	char s[PARAMETER_DATE_MAX];
	long long again;

	if (when < 0 || when >= 253402300800LL)
		return;
	parameter_put_date(when, s);
	HOLDS(strlen(s) == PARAMETER_DATE_MAX - 1);
	HOLDS(parameter_date(s, &again) == 0 && again == when);
}

static void
check(const char *s)
{
	struct path path;
	const char *end;
	long long when;
	unsigned bits;
	long n;
	int i;

	if (parameter_size(s, &n) == 0)
		HOLDS(n >= 0);
	if (parameter_level(s, &i) == 0)
		HOLDS(i >= -PARAMETER_LEVEL_MAX && i <= PARAMETER_LEVEL_MAX);
	if (parameter_by(s, &n, &i) == 0)
		HOLDS(n < 1000000000 && n > -1000000000 && (!i || n > 0));
	if (parameter_hold(s, &n) == 0)
		HOLDS(n >= 0 && n < 1000000000);
	if (parameter_date(s, &when) == 0)
		check_date(when);
	if (parameter_schedule(s, 1795319100, &when) == 0)
		check_date(when);
	if (parameter_envid(s) == 0)
		HOLDS(strlen(s) <= PARAMETER_ENVID_MAX && *s != '\0');
	if (parameter_notify(s, &bits) == 0)
		HOLDS(bits == PARAMETER_NEVER ||
		    (bits != 0 && !(bits & PARAMETER_NEVER)));
	if (parameter_orcpt(s) == 0)
		HOLDS(strlen(s) <= PARAMETER_ORCPT_MAX && strchr(s, ';'));
	if (parameter_number(s, -128, 127, &n) == 0)
		HOLDS(n >= -128 && n <= 127);
	if (parameter_yes(s, &i) == 0)
		HOLDS(i == 0 || i == 1);
	i = parameter_hint(s);
	HOLDS(i == 0 || i == PARAMETER_HINT || i == -PARAMETER_HINT);
	if (path_parse(s, &end, &path) == 0)
		HOLDS(end > s && end <= s + strlen(s) &&
		    (*s != '<' || end[-1] == '>'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *s;

	if ((s = malloc(n + 1)) == NULL)
		abort();
	memcpy(s, data, n);
	s[n] = '\0';
	check(s);
	free(s);
	return 0;
}
