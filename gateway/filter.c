/*
 * filter: the table of filters, and what each makes of a value.  The
 * variables that are times are known by their names: ttl and schedule.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/filter.h"
#include "gateway/message.h"
#include "gateway/variable.h"
#include "gateway/wipe.h"
#include "sms/gsm.h"

#define TIME_MAX 128	/* octets of a formatted time */

/* What a filter can follow. */
enum domain { OF_TIME, OF_TEXT, OF_OCTETS, OF_ANY };

static const struct {
	const char *name;
	enum domain of;
	int arg;
} filters[] = {
	[FILTER_SECONDS] = {"seconds", OF_TIME, 0},
	[FILTER_MS] = {"ms", OF_TIME, 0},
	[FILTER_MINUTES] = {"minutes", OF_TIME, 0},
	[FILTER_UNIX] = {"unix", OF_TIME, 0},
	[FILTER_RFC3339] = {"rfc3339", OF_TIME, 0},
	[FILTER_TIME] = {"time", OF_TIME, 1},
	[FILTER_IF_ASCII] = {"if-ascii", OF_TEXT, 0},
	[FILTER_IF_GSM7] = {"if-gsm7", OF_TEXT, 0},
	[FILTER_IF_UCS2] = {"if-ucs2", OF_TEXT, 0},
	[FILTER_IF_NOT_ASCII] = {"if-not-ascii", OF_TEXT, 0},
	[FILTER_UTF16BE_HEX] = {"utf16be-hex", OF_TEXT, 0},
	[FILTER_RAW] = {"raw", OF_OCTETS, 0},
	[FILTER_HEX] = {"hex", OF_ANY, 0},
	[FILTER_BASE64] = {"base64", OF_ANY, 0},
	[FILTER_STRING] = {"string", OF_ANY, 0},
	[FILTER_NUMBER] = {"number", OF_ANY, 0},
	[FILTER_BOOLEAN] = {"boolean", OF_ANY, 0},
	[FILTER_DIGITS] = {"digits", OF_ANY, 0},
	[FILTER_ALNUM] = {"alnum", OF_ANY, 0},
	[FILTER_IF_NUMBER] = {"if-number", OF_ANY, 0},
	[FILTER_IF_NAME] = {"if-name", OF_ANY, 0},
};

size_t
filter_parse(const char *s, struct filter *f)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-"), i, arg;

	for (i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		if (strlen(filters[i].name) == n &&
		    strncmp(filters[i].name, s, n) == 0)
			break;
	if (i == sizeof(filters) / sizeof(filters[0]))
		return 0;
	f->kind = (enum filter_kind)i;
	f->arg[0] = '\0';
	if (!filters[i].arg)
		return n;
	if (s[n] != '(')
		return 0;
	arg = strcspn(s + n + 1, ")}");
	if (arg == 0 || arg > FILTER_ARG_MAX || s[n + 1 + arg] != ')')
		return 0;
	snprintf(f->arg, sizeof(f->arg), "%.*s", (int)arg, s + n + 1);
	return n + arg + 2;
}

static int
is_time(const char *name)
{
	return strcmp(name, "ttl") == 0 || strcmp(name, "schedule") == 0;
}

/* data is octets: it can only be sent in one of these forms. */
static int
encodes_octets(enum filter_kind kind)
{
	return kind == FILTER_BASE64 || kind == FILTER_HEX ||
	    kind == FILTER_RAW;
}

const char *
filter_wrong(const char *name, const struct filter *f, size_t n)
{
	size_t i;

	if (strcmp(name, "data") == 0 && (n == 0 ||
	    !encodes_octets(f[0].kind)))
		return "data requires base64, hex or raw";
	for (i = 0; i < n; i++)
		switch (filters[f[i].kind].of) {
		case OF_TIME:
			if (!is_time(name) || i > 0)
				return "a filter of times must follow ttl or "
				    "schedule, as the first";
			break;
		case OF_TEXT:
			if (strcmp(name, "text") != 0)
				return "a filter of texts must follow text";
			break;
		case OF_OCTETS:
			if ((strcmp(name, "data") != 0 &&
			    strcmp(name, "port") != 0) || n > 1)
				return "raw must follow data or port, as the "
				    "only filter";
			break;
		case OF_ANY:
			break;
		}
	return NULL;
}

/* ---- times ---- */

static json_int_t
minutes(json_int_t seconds)
{
	return (seconds + 59) / 60;
}

static json_t *
format_time(json_int_t at, const char *format)
{
	char out[TIME_MAX];
	time_t t = (time_t)at;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, sizeof(out), format, &tm) == 0)
		return NULL;
	return json_string(out);
}

/*
 * n: for a ttl how many seconds the message is valid, for a schedule its
 * time.  The ttl counts from now, or from the schedule if it would be over
 * by then.
 */
static json_t *
apply_time(const struct values *v, const char *name, const struct filter *f,
    json_int_t n)
{
	json_int_t now = v->message != NULL ? (json_int_t)v->message->now : 0;
	json_int_t from = (json_int_t)variable_schedule(v), at = n, left = n;

	if (strcmp(name, "ttl") == 0)
		at = (from >= now + n ? from : now) + n;
	else
		left = n > now ? n - now : 0;
	switch (f->kind) {
	case FILTER_SECONDS:
		return json_integer(left);
	case FILTER_MS:
		return json_integer(left * 1000);
	case FILTER_MINUTES:
		return json_integer(minutes(left));
	case FILTER_UNIX:
		return json_integer(at);
	case FILTER_RFC3339:
		return format_time(at, "%Y-%m-%dT%H:%M:%SZ");
	default:
		return format_time(at, f->arg);
	}
}

/* ---- texts and octets ---- */

static int
alphabet_is(const struct values *v, enum filter_kind kind)
{
	unsigned parts;
	const char *a;
	int ascii, ucs2;

	if (v->message == NULL)
		return 0;
	a = variable_alphabet(v->message->text, &parts);
	ascii = strcmp(a, "ascii") == 0;
	ucs2 = strcmp(a, "ucs2") == 0;
	return kind == FILTER_IF_ASCII ? ascii :
	    kind == FILTER_IF_UCS2     ? ucs2 :
	    kind == FILTER_IF_GSM7     ? !ucs2 :
					 !ascii;
}

static void
put_utf16(struct buf *out, const char *s, size_t n)
{
	const char *end = s + n;
	uint32_t c;

	while (s < end) {
		if ((c = gsm_next(&s, end)) == GSM_BAD)
			continue;
		if (c > 0xffff) {
			c -= 0x10000;
			buf_fmt(out, "%04X", 0xd800 + (c >> 10));
			c = 0xdc00 + (c & 0x3ff);
		}
		buf_fmt(out, "%04X", c);
	}
}

static void
put_hex(struct buf *out, const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		buf_fmt(out, "%02X", (unsigned char)s[i]);
}

/* Only the digits; with letters: and the letters. */
static void
put_alnum(struct buf *out, const char *s, size_t n, int letters)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((s[i] >= '0' && s[i] <= '9') || (letters &&
		    ((s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= 'A' && s[i] <= 'Z'))))
			buf_putc(out, s[i]);
}

static json_t *
to_number(const char *s)
{
	char *end;
	long long n;

	n = strtoll(s, &end, 10);
	return *s == '\0' || *end != '\0' || strspn(s, "-0123456789") !=
	    strlen(s) || strlen(s) > 18 ? NULL : json_integer(n);
}

static json_t *
to_boolean(const char *s)
{
	if (strcmp(s, "yes") == 0 || strcmp(s, "true") == 0 ||
	    strcmp(s, "1") == 0)
		return json_true();
	if (strcmp(s, "no") == 0 || strcmp(s, "false") == 0 ||
	    strcmp(s, "0") == 0)
		return json_false();
	return NULL;
}

/* A sender's number, with or without its '+'. */
static int
is_number(const char *s)
{
	s += *s == '+';
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

/* in: the value as text, n octets */
static json_t *
apply_text(const struct filter *f, const char *in, size_t n,
    struct buf *out)
{
	switch (f->kind) {
	case FILTER_NUMBER:
		return to_number(in);
	case FILTER_BOOLEAN:
		return to_boolean(in);
	case FILTER_IF_NUMBER:
	case FILTER_IF_NAME:
		if (is_number(in) != (f->kind == FILTER_IF_NUMBER))
			return NULL;
		buf_put(out, in, n);
		break;
	case FILTER_UTF16BE_HEX:
		put_utf16(out, in, n);
		break;
	case FILTER_HEX:
		put_hex(out, in, n);
		break;
	case FILTER_BASE64:
		buf_base64(out, in, n);
		break;
	case FILTER_DIGITS:
	case FILTER_ALNUM:
		put_alnum(out, in, n, f->kind == FILTER_ALNUM);
		break;
	default:
		buf_put(out, in, n);
		break;
	}
	return out->overflow || out->len == 0 ? NULL :
	    json_stringn_nocheck(out->p, out->len);
}

/* The two octets of a port (3GPP TS 23.040, 9.2.3.24.4). */
static json_t *
port_octets(json_t *port)
{
	json_int_t n = json_integer_value(port);
	char octets[2] = {(char)(n >> 8), (char)n};

	return json_stringn_nocheck(octets, sizeof(octets));
}

static json_t *
apply(struct values *v, const char *name, const struct filter *f, json_t *j)
{
	size_t room = value_room(v);
	struct buf in, out;
	json_t *made = NULL, *octets = NULL;
	char *a, *b;

	if (filters[f->kind].of == OF_TIME)
		return apply_time(v, name, f, json_integer_value(j));
	if (f->kind >= FILTER_IF_ASCII && f->kind <= FILTER_IF_NOT_ASCII)
		return alphabet_is(v, f->kind) ? json_incref(j) : NULL;
	if (strcmp(name, "port") == 0 &&
	    (f->kind == FILTER_HEX || f->kind == FILTER_RAW))
		j = octets = port_octets(j);
	a = wipe_must(malloc(room));
	b = wipe_must(malloc(room));
	if (a != NULL && b != NULL) {
		buf_init(&in, a, room);
		buf_init(&out, b, room);
		value_put(j, &in);
		made = apply_text(f, in.p, in.len, &out);
		if (in.overflow || out.overflow)
			value_too_long(v, name);
		explicit_bzero(a, in.len);
		explicit_bzero(b, out.len);
	}
	json_decref(octets);
	free(a);
	free(b);
	return made;
}

json_t *
filter_apply(struct values *v, const char *name, const struct filter *f,
    size_t n, json_t *value)
{
	json_t *next;
	size_t i;

	for (i = 0; i < n && value != NULL; i++) {
		next = apply(v, name, &f[i], value);
		json_decref(value);
		value = next;
	}
	return value;
}
