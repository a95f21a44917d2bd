/*
 * placeholder: parsing placeholders.  template.c fills them in.
 */
#include <string.h>

#include "gateway/placeholder.h"

const char *
placeholder_parse(const char *s, struct placeholder *p)
{
	size_t n = strspn(s + 2, "abcdefghijklmnopqrstuvwxyz0123456789_-"), f;

	memset(p, 0, sizeof(*p));
	if (n == 0 || n > DESCRIPTOR_NAME_MAX)
		return "the name must be 1 to 32 of a-z, 0-9, - and _";
	memcpy(p->name, s + 2, n);
	n += 2;
	if (s[n] == '!') {
		p->required = 1;
		n++;
	}
	while (s[n] == '|') {
		if (p->nfilter == PLACEHOLDER_FILTERS_MAX)
			return "more than 4 filters";
		f = filter_parse(s + n + 1, &p->filter[p->nfilter++]);
		if (f == 0)
			return "no such filter";
		n += 1 + f;
	}
	if (s[n] == '!' && p->nfilter > 0 && !p->required) {
		p->required = 1;
		n++;
	}
	p->len = n + 1;
	if (s[n] != '}')
		return "no closing brace";
	return filter_wrong(p->name, p->filter, p->nfilter);
}

int
placeholder_is(const char *s, struct placeholder *p)
{
	return strncmp(s, "${", 2) == 0 && placeholder_parse(s, p) == NULL &&
	    s[p->len] == '\0';
}
