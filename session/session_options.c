/*
 * session_options: a message's options, from the parameters of its envelope and
 * the fields of its header, and which of them the gateway supports.  The
 * session asks for the gateway's abilities once, when the first option needs
 * them.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "mail/mime.h"
#include "session/ask.h"
#include "session/parameter.h"
#include "session/session_private.h"

_Static_assert(MIME_DATA_MAX == OPTIONS_DATA_MAX, "mime.h has another limit");

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* The gateway's abilities; NULL if the link is broken. */
static const struct abilities *
ask_abilities(struct session *s)
{
	if (!s->has_abilities && ask_can(&s->abilities) == 0)
		s->has_abilities = 1;
	return s->has_abilities ? &s->abilities : NULL;
}

/* 1 if n is within the gateway's limits; most 0: no upper limit. */
static int
within(long long n, uint32_t least, uint32_t most)
{
	return n >= (long long)least && (most == 0 || n <= (long long)most);
}

/* Level 0 needs no ability: it only overrides a default. */
static int
wants_priority(const struct options *o)
{
	return o->priority_kind == OPTIONS_PRIORITY_RAW ||
	    (o->priority_kind == OPTIONS_PRIORITY_LEVEL && o->priority != 0);
}

/* ---- parameters of MAIL ---- */

/* Check the parameters against the gateway's abilities and limits. */
static enum reply
check_parameters(const struct session *s, const struct abilities *a)
{
	const struct options *o = &s->message.options;

	if (wants_priority(o) && !(a->can & OPTIONS_CAN_PRIORITY))
		return REPLY_CANNOT_PRIORITY;
	if (o->ttl != 0 && !(a->can & OPTIONS_CAN_TTL))
		return REPLY_CANNOT_BY;
	if (o->schedule != 0 && !(a->can & OPTIONS_CAN_SCHEDULE))
		return REPLY_CANNOT_HOLD;
	if (o->ttl != 0 && !within(o->ttl, a->ttl_min, a->ttl_max))
		return REPLY_BY_LIMIT;
	if (o->schedule != 0 && !within(o->schedule - session_now(),
	    a->schedule_min, a->schedule_max))
		return REPLY_HOLD_LIMIT;
	return REPLY_GO;
}

/*
 * BY;N asks for a notice of delay, not for a deadline (RFC 2852, 3): drop the
 * TTL if the gateway, or the schedule, cannot keep it.
 */
static void
drop_ttl(struct options *o, const struct abilities *a)
{
	if (!(a->can & OPTIONS_CAN_TTL) ||
	    !within(o->ttl, a->ttl_min, a->ttl_max) ||
	    o->schedule > session_now() + o->ttl)
		o->ttl = 0;
}

enum reply
session_options_mail(struct session *s)
{
	struct options *o = &s->message.options;
	const struct abilities *a;

	if (o->ttl != 0 && !s->message.notice &&
	    o->schedule > session_now() + o->ttl)
		return REPLY_HOLD_PAST_BY;
	if (!wants_priority(o) && o->ttl == 0 && o->schedule == 0)
		return REPLY_GO;
	if ((a = ask_abilities(s)) == NULL)
		return REPLY_421_DELIVERY;
	if (s->message.notice)
		drop_ttl(o, a);
	return check_parameters(s, a);
}

/* ---- fields of the header; a parameter overrides them ---- */

static enum reply
read_priority(struct session *s, const char *value)
{
	struct options *o = &s->message.options;
	long n;

	if (parameter_number(value, OPTIONS_RAW_MIN, OPTIONS_RAW_MAX, &n) == -1)
		return REPLY_FIELD_PRIORITY;
	if (s->message.prioritised)
		return REPLY_GO;
	o->priority_kind = OPTIONS_PRIORITY_RAW;
	o->priority = (int)n;
	return REPLY_GO;
}

static enum reply
read_ttl(struct session *s, const char *value)
{
	struct options *o = &s->message.options;
	long n;

	if (parameter_number(value, 1, INT32_MAX, &n) == -1)
		return REPLY_FIELD_TTL;
	if (o->ttl == 0 && !s->message.notice)
		o->ttl = (uint32_t)n;
	return REPLY_GO;
}

static enum reply
read_schedule(struct session *s, const char *value)
{
	struct options *o = &s->message.options;
	long long when, now = session_now();

	/* a time just past is due now: a queue may have retried until then */
	if (parameter_schedule(value, now, &when) == -1 ||
	    when < now - s->config->max_hold ||
	    when - now > s->config->max_hold)
		return REPLY_FIELD_SCHEDULE;
	if (s->message.held)
		return REPLY_GO;
	o->schedule_said = (uint32_t)(*value == '+' ? when - now : when);
	if (when > now)
		o->schedule = (uint32_t)when;
	return REPLY_GO;
}

static enum reply
read_report(struct session *s, const char *value)
{
	struct options *o = &s->message.options;
	int yes = 1;

	s->message.mailed = strcasecmp(value, "mail") == 0;
	if (!s->message.mailed && parameter_yes(value, &yes) == -1)
		return REPLY_FIELD_REPORT;
	if (o->report == OPTIONS_REPORT_NONE)
		o->report = yes ? OPTIONS_REPORT_YES : OPTIONS_REPORT_NO;
	return REPLY_GO;
}

static int
is_name(const char *value, size_t most)
{
	return *value != '\0' && strlen(value) <= most &&
	    options_is_name(value);
}

static enum reply
read_device(struct session *s, const char *value)
{
	if (!is_name(value, OPTIONS_DEVICE_MAX))
		return REPLY_FIELD_DEVICE;
	strcpy(s->message.options.device, value);
	return REPLY_GO;
}

static enum reply
read_sim(struct session *s, const char *value)
{
	long n;

	if (parameter_number(value, 1, OPTIONS_SIM_MAX, &n) == -1)
		return REPLY_FIELD_SIM;
	s->message.options.sim = (unsigned)n;
	return REPLY_GO;
}

/* X-SMS-From names the sender; a number in it gets the usual form. */
static enum reply
read_from(struct session *s, const char *value)
{
	char number[NUMBER_SIZE];

	if (s->config->sender == CONFIG_SENDER_FIXED)
		return REPLY_SENDER_DENIED;
	if (!is_name(value, OPTIONS_FROM_MAX))
		return REPLY_FIELD_FROM;
	if (number_read(value, &s->config->number, number) == NUMBER_OK)
		value = number;
	strcpy(s->message.options.from, value);
	s->message.from_header = 1;
	return REPLY_GO;
}

static enum reply
read_port(struct session *s, const char *value)
{
	struct options *o = &s->message.options;
	const char *data;
	long n;

	if (parameter_number(value, 1, OPTIONS_PORT_MAX, &n) == -1)
		return REPLY_FIELD_PORT;
	data = mime_data(s->mime, &o->ndata);
	if (data == NULL || o->ndata == 0)
		return REPLY_NO_DATA;
	if (o->ndata > OPTIONS_DATA_MAX)
		return REPLY_DATA_TOO_BIG;
	o->port = (unsigned)n;
	memcpy(o->data, data, o->ndata);
	return REPLY_GO;
}

static const struct {
	enum mime_field field;
	const char *name;
	enum reply (*parse)(struct session *, const char *value);
} fields[] = {
	{MIME_SMS_PRIORITY, "X-SMS-Priority", read_priority},
	{MIME_SMS_TTL, "X-SMS-TTL", read_ttl},
	{MIME_SMS_SCHEDULE, "X-SMS-Schedule", read_schedule},
	{MIME_SMS_REPORT, "X-SMS-Delivery-Report", read_report},
	{MIME_SMS_DEVICE, "X-SMS-Device", read_device},
	{MIME_SMS_SIM, "X-SMS-SIM", read_sim},
	{MIME_SMS_FROM, "X-SMS-From", read_from},
	{MIME_SMS_PORT, "X-SMS-Port", read_port},
};

/*
 * Use the priority that mail programs set, where neither a parameter nor
 * X-SMS-Priority is there.  It is never a reason to refuse the message.
 */
static void
read_hints(struct session *s)
{
	static const enum mime_field hints[] = {MIME_IMPORTANCE,
	    MIME_X_PRIORITY, MIME_PRIORITY};
	struct options *o = &s->message.options;
	const char *value;
	size_t i;

	if (s->message.prioritised || o->priority_kind != OPTIONS_PRIORITY_NONE)
		return;
	for (i = 0; i < LENGTH(hints) && o->priority == 0; i++)
		if ((value = mime_field(s->mime, hints[i])) != NULL)
			o->priority = parameter_hint(value);
	if (o->priority == 0)
		return;
	s->message.hinted = 1;
	o->priority_kind = OPTIONS_PRIORITY_LEVEL;
}

static enum reply
read_fields(struct session *s)
{
	const char *value;
	enum reply r;
	size_t i;

	for (i = 0; i < LENGTH(fields); i++) {
		if (mime_differs(s->mime, fields[i].field)) {
			session_note(s, "%s has two values", fields[i].name);
			return REPLY_FIELD_TWICE;
		}
		value = mime_field(s->mime, fields[i].field);
		if (value != NULL && (r = fields[i].parse(s, value)) != REPLY_GO)
			return r;
	}
	read_hints(s);
	return REPLY_GO;
}

/* Make one report option of the recipients' NOTIFY. */
static void
merge_notify(struct session *s)
{
	const struct session_message *m = &s->message;

	if (m->success > 0)
		s->message.options.report = OPTIONS_REPORT_YES;
	else if (m->never > 0 && m->never == s->nrecipients - m->nbad)
		s->message.options.report = OPTIONS_REPORT_NO;
}

/* ---- what the gateway supports ---- */

/*
 * The abilities that the options need, OPTIONS_CAN_....  To send no report
 * needs none; nor does a sender from MAIL FROM, which nobody asked for.
 */
static uint32_t
wanted(const struct session *s)
{
	const struct options *o = &s->message.options;

	return (wants_priority(o) ? OPTIONS_CAN_PRIORITY : 0U) |
	    (o->ttl != 0 ? OPTIONS_CAN_TTL : 0U) |
	    (o->schedule != 0 ? OPTIONS_CAN_SCHEDULE : 0U) |
	    (o->report == OPTIONS_REPORT_YES ? OPTIONS_CAN_REPORT : 0U) |
	    (o->sim != 0 ? OPTIONS_CAN_SIM : 0U) |
	    (o->device[0] != '\0' ? OPTIONS_CAN_DEVICE : 0U) |
	    (s->message.from_header ? OPTIONS_CAN_FROM : 0U) |
	    (o->port != 0 ? OPTIONS_CAN_DATA : 0U);
}

/* Leave out these options; the reply and the log will say so. */
static void
leave_out(struct session *s, uint32_t bits)
{
	struct options *o = &s->message.options;

	if (bits & OPTIONS_CAN_PRIORITY) {
		o->priority_kind = OPTIONS_PRIORITY_NONE;
		o->priority = 0;
	}
	if (bits & OPTIONS_CAN_TTL)
		o->ttl = 0;
	if (bits & OPTIONS_CAN_SCHEDULE)
		o->schedule = 0;
	if (bits & OPTIONS_CAN_REPORT)
		o->report = OPTIONS_REPORT_NONE;
	if (bits & OPTIONS_CAN_SIM)
		o->sim = 0;
	if (bits & OPTIONS_CAN_DEVICE)
		o->device[0] = '\0';
	if (bits & OPTIONS_CAN_FROM)
		o->from[0] = '\0';
	/* ... but not for a hint, which nobody asked for */
	if (s->message.hinted)
		bits &= ~(uint32_t)OPTIONS_CAN_PRIORITY;
	s->message.left_out = bits;
}

/* Check the fields against the gateway's limits; parameters were checked. */
static enum reply
check_fields(const struct session *s, const struct abilities *a)
{
	const struct options *o = &s->message.options;
	long long now = session_now();

	if (o->priority_kind == OPTIONS_PRIORITY_RAW &&
	    (a->priority_min != 0 || a->priority_max != 0) &&
	    (o->priority < a->priority_min || o->priority > a->priority_max))
		return REPLY_FIELD_PRIORITY;
	if (o->ttl != 0 && !within(o->ttl, a->ttl_min, a->ttl_max))
		return REPLY_FIELD_TTL;
	if (o->schedule == 0 || s->message.held)
		return o->ttl != 0 && o->schedule > now + o->ttl ?
		    REPLY_FIELD_TTL : REPLY_GO;
	if (!within(o->schedule - now, a->schedule_min, a->schedule_max) ||
	    (o->ttl != 0 && o->schedule > now + o->ttl))
		return REPLY_FIELD_SCHEDULE;
	return REPLY_GO;
}

enum reply
session_options_message(struct session *s)
{
	const struct abilities *a;
	enum reply r;
	uint32_t bits;

	merge_notify(s);
	if (s->config->options && (r = read_fields(s)) != REPLY_GO)
		return r;
	/* it has passed while the mail came: a gateway would refuse it */
	if (s->message.held &&
	    s->message.options.schedule <= (uint32_t)session_now())
		s->message.options.schedule = 0;
	if ((bits = wanted(s)) == 0)
		return REPLY_GO;
	if ((a = ask_abilities(s)) == NULL)
		return REPLY_NO_DELIVERY;
	bits &= ~a->can;
	if (bits & OPTIONS_CAN_DATA)
		return REPLY_CANNOT_DATA;
	leave_out(s, bits);
	if (s->message.notice && s->message.options.ttl != 0)
		drop_ttl(&s->message.options, a);
	return check_fields(s, a);
}

/* ---- for people ---- */

static const struct {
	uint32_t bit;
	const char *name;
} names[] = {
	{OPTIONS_CAN_PRIORITY, "priority"},
	{OPTIONS_CAN_TTL, "TTL"},
	{OPTIONS_CAN_SCHEDULE, "schedule"},
	{OPTIONS_CAN_REPORT, "delivery report"},
	{OPTIONS_CAN_SIM, "SIM"},
	{OPTIONS_CAN_DEVICE, "device"},
	{OPTIONS_CAN_FROM, "sender"},
};

void
session_options_missing(const struct session *s, const char *before,
    struct buf *b)
{
	size_t i;

	for (i = 0; i < LENGTH(names); i++)
		if (s->message.left_out & names[i].bit)
			buf_fmt(b, "%s%s", before, names[i].name);
	if (s->message.notice)
		buf_fmt(b, "%snotice of delay", before);
}

void
session_options_show(const struct session *s, struct buf *b)
{
	const struct options *o = &s->message.options;
	char date[PARAMETER_DATE_MAX];

	if (o->priority_kind != OPTIONS_PRIORITY_NONE)
		buf_fmt(b, " %s=%d", o->priority_kind == OPTIONS_PRIORITY_RAW ?
		    "priority" : "level", o->priority);
	if (o->ttl != 0)
		buf_fmt(b, " ttl=%lu", (unsigned long)o->ttl);
	if (o->schedule != 0) {
		parameter_put_date(o->schedule, date);
		buf_fmt(b, " schedule=%s", date);
	}
	if (o->report != OPTIONS_REPORT_NONE)
		buf_fmt(b, " report=%s",
		    o->report == OPTIONS_REPORT_YES ? "yes" : "no");
	if (o->sim != 0)
		buf_fmt(b, " sim=%u", o->sim);
	if (o->device[0] != '\0')
		buf_fmt(b, " device=%s", o->device);
	if (o->from[0] != '\0')
		buf_fmt(b, " from=%s", LOG_MASKED(o->from));
	if (o->port != 0)
		buf_fmt(b, " port=%u data=%zu", o->port, o->ndata);
}
