/*
 * rate_value: see rate_value.h.
 */
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"
#include "delivery/rate_value.h"

/* A copy of the next line, without its end; NULL: there is none. */
static const char *
next_line(const char **text, char line[RATE_LINE_MAX])
{
	size_t n = strcspn(*text, "\n");

	if ((*text)[n] != '\n')
		return NULL;
	snprintf(line, RATE_LINE_MAX, "%.*s", (int)n, *text);
	*text += n + 1;
	return line;
}

static int
is_count(long n)
{
	return n >= 0 && n <= RATE_COUNT_MAX;
}

/* ---- counters: a line for each window, PERIOD START COUNT ---- */

void
rate_counter_read(struct rate_counter *c, const char *text)
{
	char line[RATE_LINE_MAX];
	struct rate_window w;

	c->n = 0;
	while (c->n < CONFIG_RATES_EACH && next_line(&text, line) != NULL)
		if (sscanf(line, "%ld %lld %ld", &w.period, &w.start,
		    &w.count) == 3 && is_count(w.count))
			c->v[c->n++] = w;
}

void
rate_counter_write(const struct rate_counter *c, struct buf *b)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		buf_fmt(b, "%ld %lld %ld\n", c->v[i].period, c->v[i].start,
		    c->v[i].count);
}

/* The window of a rule that is open now, or a new one. */
static struct rate_window
window_of(const struct rate_counter *c, const struct config_rate *rule,
    long long now)
{
	const struct rate_window *w = c->v;
	struct rate_window new = {rule->seconds, now, 0};

	for (; w < c->v + c->n; w++)
		if (w->period == rule->seconds && w->start <= now &&
		    w->start + w->period > now)
			return *w;
	return new;
}

long
rate_counter_take(struct rate_counter *c, const struct config_rate *rules,
    size_t nrules, long want, int force, long long now, long long *until)
{
	struct rate_counter new = {.n = 0};
	struct rate_window *w;
	long granted = want, left;

	*until = 0;
	for (; new.n < nrules && new.n < CONFIG_RATES_EACH; new.n++) {
		w = &new.v[new.n];
		*w = window_of(c, &rules[new.n], now);
		left = rules[new.n].n - w->count;
		if (left < want && w->start + w->period > *until)
			*until = w->start + w->period;
		if (left < granted && !force)
			granted = left < 0 ? 0 : left;
	}
	for (w = new.v; w < new.v + new.n; w++)
		w->count += w->count < RATE_COUNT_MAX - granted ? granted : 0;
	*c = new;
	return granted;
}

void
rate_counter_give(struct rate_counter *c, long n, long long taken)
{
	struct rate_window *w;

	for (w = c->v; w < c->v + c->n; w++)
		if (w->start <= taken)
			w->count -= n < w->count ? n : w->count;
}

/*
 * ---- what was held back ----
 * n NUMBER, then for each pile a line (p N DUE, or t N DUE BY WAS) and behind it
 * its senders: f N NAME.  Behind BY is when it was due as a pile (WAS), which
 * may be missing.
 */

static int
read_pile(struct rate_held *h, const char *line, struct rate_pile **at)
{
	struct rate_pile p = {.n = 0};

	if (sscanf(line + 1, "%ld %lld %36s %lld", &p.n, &p.due, h->by,
	    &h->was) < 2 || !is_count(p.n))
		return -1;
	*at = line[0] == 'p' ? &h->pile : &h->told;
	**at = p;
	return 0;
}

static int
read_sender(const char *line, struct rate_pile *p)
{
	int at = 0;
	long n;

	if (p == NULL || p->nfrom == RATE_FROM_MAX ||
	    sscanf(line + 1, "%ld %n", &n, &at) != 1 || at == 0 ||
	    !is_count(n) || strlen(line + 1 + at) > RATE_NAME_MAX)
		return -1;
	p->from[p->nfrom].n = n;
	strcpy(p->from[p->nfrom++].name, line + 1 + at);
	return 0;
}

static int
read_line(struct rate_held *h, const char *line, struct rate_pile **at)
{
	switch (line[0]) {
	case 'n':
		return sscanf(line + 1, "%16s", h->number) == 1 ? 0 : -1;
	case 'p':
	case 't':
		return read_pile(h, line, at);
	case 'f':
		return read_sender(line, *at);
	default:
		return -1;
	}
}

int
rate_held_read(struct rate_held *h, const char *text)
{
	struct rate_pile *at = NULL;
	char line[RATE_LINE_MAX];

	_Static_assert(NUMBER_SIZE >= 17, "the width above");
	memset(h, 0, sizeof(*h));
	while (next_line(&text, line) != NULL)
		if (read_line(h, line, &at) == -1) {
			memset(h, 0, sizeof(*h));
			return -1;
		}
	return 0;
}

static void
write_senders(const struct rate_pile *p, struct buf *b)
{
	size_t i;

	for (i = 0; i < p->nfrom; i++)
		buf_fmt(b, "f %ld %s\n", p->from[i].n, p->from[i].name);
}

void
rate_held_write(const struct rate_held *h, struct buf *b)
{
	buf_fmt(b, "n %s\n", h->number);
	if (h->pile.n > 0) {
		buf_fmt(b, "p %ld %lld\n", h->pile.n, h->pile.due);
		write_senders(&h->pile, b);
	}
	if (h->told.n > 0) {
		buf_fmt(b, "t %ld %lld %s %lld\n", h->told.n, h->told.due,
		    h->by, h->was);
		write_senders(&h->told, b);
	}
}

/* At most RATE_NAME_MAX octets of it, whole characters, of one line. */
static void
copy_name(char out[RATE_NAME_MAX + 1], const char *name)
{
	size_t at = 0;
	int n;

	for (; *name != '\0'; name += n) {
		n = utf8_length(name, UTF8_MAX, NULL);
		if (n <= 0)
			break;
		if (at + (size_t)n > RATE_NAME_MAX)
			break;
		if (n == 1 && ((unsigned char)*name < ' ' || *name == 0x7f))
			continue;
		memcpy(out + at, name, (size_t)n);
		at += (size_t)n;
	}
	out[at] = '\0';
}

static void
add_sender(struct rate_pile *p, const char *name, long n)
{
	size_t i;

	for (i = 0; i < p->nfrom; i++)
		if (strcmp(p->from[i].name, name) == 0)
			break;
	if (i == RATE_FROM_MAX || name[0] == '\0')
		return;
	if (i == p->nfrom) {
		p->from[p->nfrom].n = 0;
		strcpy(p->from[p->nfrom++].name, name);
	}
	p->from[i].n += n;
}

void
rate_held_add(struct rate_held *h, const char *from, long long until)
{
	struct rate_pile *p = &h->pile;
	char name[RATE_NAME_MAX + 1];

	if (p->n == 0)
		memset(p, 0, sizeof(*p));
	if (p->n < RATE_COUNT_MAX)
		p->n++;
	if (until > p->due)
		p->due = until;
	copy_name(name, from);
	add_sender(p, name, 1);
}

void
rate_held_tell(struct rate_held *h, const char *by, long long due)
{
	h->told = h->pile;
	h->was = h->pile.due;
	h->told.due = due;
	snprintf(h->by, sizeof(h->by), "%s", by);
	memset(&h->pile, 0, sizeof(h->pile));
}

void
rate_held_untell(struct rate_held *h)
{
	struct rate_pile *p = &h->pile, *t = &h->told;
	size_t i;

	if (p->n == 0) {
		*p = *t;
		if (h->was != 0)
			p->due = h->was;
	} else {
		p->n += t->n;
		for (i = 0; i < t->nfrom; i++)
			add_sender(p, t->from[i].name, t->from[i].n);
	}
	memset(t, 0, sizeof(*t));
	h->by[0] = '\0';
	h->was = 0;
}

void
rate_held_text(const struct rate_held *h, char out[RATE_TEXT_MAX])
{
	const struct rate_pile *p = &h->told;
	long rest = p->n;
	struct buf b;
	size_t i;

	buf_init(&b, out, RATE_TEXT_MAX);
	buf_fmt(&b, "%ld message%s held back", p->n, p->n == 1 ? "" : "s");
	for (i = 0; i < p->nfrom; i++) {
		buf_fmt(&b, "%s%s (%ld)", i == 0 ? ": " : ", ",
		    p->from[i].name, p->from[i].n);
		rest -= p->from[i].n;
	}
	if (rest > 0 && p->nfrom > 0)
		buf_fmt(&b, ", others (%ld)", rest);
}

void
rate_held_end_stale(struct rate_held *h, int on_unknown, long long now)
{
	if (h->told.n == 0 || h->told.due > now ||
	    strncmp(h->by, RATE_BY_DIGEST, strlen(RATE_BY_DIGEST)) == 0)
		return;
	if (on_unknown == CONFIG_UNKNOWN_DROP)
		memset(&h->told, 0, sizeof(h->told));
	else
		rate_held_untell(h);
}
