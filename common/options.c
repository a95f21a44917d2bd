/*
 * options: a message's options, a gateway's abilities and a login's rights
 * on the link.  Pure.  parameter.c reads them from SMTP and header fields,
 * template.c writes them into a gateway's request.
 */
#include <string.h>

#include "common/options.h"

/* Integers go over the link as unsigned ones, in two's complement. */
static int
get_int(struct ipc_frame *f, int least, int most)
{
	int n = (int)(int32_t)ipc_get_u32(f);

	if (n < least || n > most)
		f->bad = 1;
	return f->bad ? 0 : n;
}

int
options_is_name(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return 0;
	return 1;
}

void
options_put(struct buf *b, const struct options *o)
{
	ipc_put_u8(b, o->priority_kind);
	ipc_put_u32(b, (uint32_t)o->priority);
	ipc_put_u32(b, o->ttl);
	ipc_put_u32(b, o->schedule);
	ipc_put_u32(b, o->schedule_said);
	ipc_put_u8(b, o->report);
	ipc_put_u32(b, o->sim);
	ipc_put_str(b, o->device, strlen(o->device));
	ipc_put_str(b, o->from, strlen(o->from));
	ipc_put_u32(b, o->port);
	ipc_put_u32(b, (uint32_t)o->ndata);
	buf_put(b, o->data, o->ndata);
}

static void
get_priority(struct ipc_frame *f, struct options *o)
{
	unsigned kind = ipc_get_u8(f);

	switch (kind) {
	case OPTIONS_PRIORITY_NONE:
		o->priority = get_int(f, 0, 0);
		break;
	case OPTIONS_PRIORITY_LEVEL:
		o->priority = get_int(f, -OPTIONS_LEVEL_MAX,
		    OPTIONS_LEVEL_MAX);
		break;
	case OPTIONS_PRIORITY_RAW:
		o->priority = get_int(f, OPTIONS_RAW_MIN, OPTIONS_RAW_MAX);
		break;
	default:
		f->bad = 1;
		return;
	}
	o->priority_kind = (enum options_priority)kind;
}

void
options_get(struct ipc_frame *f, struct options *o)
{
	size_t i;
	int report;

	memset(o, 0, sizeof(*o));
	get_priority(f, o);
	o->ttl = ipc_get_u32(f);
	o->schedule = ipc_get_u32(f);
	o->schedule_said = ipc_get_u32(f);
	report = (int)ipc_get_u8(f);
	if (report > OPTIONS_REPORT_NO)
		f->bad = 1;
	else
		o->report = (enum options_report)report;
	o->sim = (unsigned)get_int(f, 0, OPTIONS_SIM_MAX);
	ipc_get_str(f, o->device, OPTIONS_DEVICE_MAX);
	ipc_get_str(f, o->from, OPTIONS_FROM_MAX);
	o->port = (unsigned)get_int(f, 0, OPTIONS_PORT_MAX);
	o->ndata = (size_t)get_int(f, 0, OPTIONS_DATA_MAX);
	for (i = 0; i < o->ndata; i++)
		o->data[i] = (unsigned char)ipc_get_u8(f);
	if (!options_is_name(o->device) || !options_is_name(o->from) ||
	    (o->port == 0) != (o->ndata == 0))
		f->bad = 1;
}

void
abilities_put(struct buf *b, const struct abilities *a)
{
	ipc_put_u32(b, a->can);
	ipc_put_u32(b, a->ttl_min);
	ipc_put_u32(b, a->ttl_max);
	ipc_put_u32(b, a->schedule_min);
	ipc_put_u32(b, a->schedule_max);
	ipc_put_u32(b, (uint32_t)a->priority_min);
	ipc_put_u32(b, (uint32_t)a->priority_max);
}

void
abilities_get(struct ipc_frame *f, struct abilities *a)
{
	memset(a, 0, sizeof(*a));
	a->can = ipc_get_u32(f);
	a->ttl_min = ipc_get_u32(f);
	a->ttl_max = ipc_get_u32(f);
	a->schedule_min = ipc_get_u32(f);
	a->schedule_max = ipc_get_u32(f);
	a->priority_min = get_int(f, OPTIONS_RAW_MIN, OPTIONS_RAW_MAX);
	a->priority_max = get_int(f, OPTIONS_RAW_MIN, OPTIONS_RAW_MAX);
}

void
rights_put(struct buf *b, const struct rights *r)
{
	size_t i;

	ipc_put_u32(b, (uint32_t)r->subject);
	ipc_put_u32(b, (uint32_t)r->max_parts);
	ipc_put_u32(b, (uint32_t)r->nallow);
	for (i = 0; i < r->nallow; i++)
		ipc_put_str(b, r->allow[i], strlen(r->allow[i]));
}

void
rights_get(struct ipc_frame *f, struct rights *r)
{
	size_t i;

	memset(r, 0, sizeof(*r));
	r->subject = get_int(f, -1, OPTIONS_SUBJECT_LAST);
	r->max_parts = get_int(f, -1, 255);
	r->nallow = (size_t)get_int(f, 0, OPTIONS_ALLOW_MAX);
	for (i = 0; i < r->nallow; i++)
		ipc_get_str(f, r->allow[i], NUMBER_SIZE - 1);
}
