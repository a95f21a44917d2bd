/* options: what one side writes the other reads, within its bounds. */
#include "common/options.h"
#include "tap.h"

static char storage[4096];
static struct buf b;

static void
begin(void)
{
	buf_init(&b, storage, sizeof(storage));
	ipc_begin(&b, REQ_SEND);
}

/* Read the frame; 0 if it is sound. */
static int
read_options(struct options *o)
{
	struct ipc_frame f;

	ipc_end(&b);
	ipc_open(&f, b.p, b.len);
	options_get(&f, o);
	return ipc_close(&f);
}

static int
pass(const struct options *o, struct options *got)
{
	begin();
	options_put(&b, o);
	return read_options(got);
}

static void
test_options(void)
{
	struct options o = {
		.priority_kind = OPTIONS_PRIORITY_LEVEL, .priority = -9,
		.ttl = 4000000000U, .schedule = 4102444800U,
		.report = OPTIONS_REPORT_NO, .sim = OPTIONS_SIM_MAX,
		.device = "a phone", .from = "\xc3\x84larm",
		.schedule_said = 60,
	}, got, none = {0};

	tap_ok(pass(&o, &got) == 0, "a frame with all of them");
	tap_ok(memcmp(&o, &got, sizeof(o)) == 0, "each as it was");
	tap_ok(pass(&none, &got) == 0 && memcmp(&none, &got, sizeof(none)) == 0,
	    "none");
	o.priority_kind = OPTIONS_PRIORITY_RAW;
	o.priority = OPTIONS_RAW_MIN;
	tap_ok(pass(&o, &got) == 0 && got.priority == OPTIONS_RAW_MIN,
	    "the least of a gateway's own scale");
	o.ndata = OPTIONS_DATA_MAX;
	memset(o.data, 0xff, sizeof(o.data));
	o.port = OPTIONS_PORT_MAX;
	tap_ok(pass(&o, &got) == 0 && got.ndata == OPTIONS_DATA_MAX &&
	    memcmp(o.data, got.data, o.ndata) == 0, "data of the largest size");
}

/* What a sound session would never write. */
static void
test_bounds(void)
{
	static const struct {
		struct options o;
		const char *name;
	} bad[] = {
		{{.priority_kind = OPTIONS_PRIORITY_LEVEL, .priority = 10},
		    "a level of 10"},
		{{.priority_kind = OPTIONS_PRIORITY_LEVEL, .priority = -10},
		    "a level of -10"},
		{{.priority_kind = OPTIONS_PRIORITY_RAW, .priority = 128},
		    "a priority of 128"},
		{{.priority_kind = OPTIONS_PRIORITY_NONE, .priority = 1},
		    "a priority of no kind"},
		{{.priority_kind = (enum options_priority)3},
		    "a kind that there is not"},
		{{.report = (enum options_report)3}, "a report, too"},
		{{.sim = OPTIONS_SIM_MAX + 1}, "a SIM"},
		{{.port = 1}, "a port without data"},
		{{.ndata = 1}, "data without a port"},
		{{.port = OPTIONS_PORT_MAX + 1, .ndata = 1}, "a port of 65536"},
		{{.device = "a\nb"}, "a line end in a device"},
		{{.from = "a\x7f"}, "a control character in a sender"},
	};
	struct options got;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		tap_ok(pass(&bad[i].o, &got) == -1, "%s", bad[i].name);
}

/* A frame that ends too early is bad wherever it ends. */
static void
test_cut(void)
{
	struct options o = {.device = "d", .from = "f"}, got;
	size_t n, whole;
	int bad = 0;

	begin();
	options_put(&b, &o);
	whole = b.len;
	for (n = IPC_HEAD + 1; n < whole; n++) {
		begin();
		options_put(&b, &o);
		buf_cut(&b, n);
		bad += read_options(&got) == -1;
	}
	tap_ok(bad == (int)(whole - IPC_HEAD - 1), "%d cuts, all noticed", bad);
}

static void
test_abilities(void)
{
	struct abilities a = {OPTIONS_CAN_TTL | OPTIONS_CAN_DATA, 1, 2, 3, 4,
	    OPTIONS_RAW_MIN, OPTIONS_RAW_MAX}, got;
	struct ipc_frame f;

	begin();
	abilities_put(&b, &a);
	ipc_end(&b);
	ipc_open(&f, b.p, b.len);
	abilities_get(&f, &got);
	tap_ok(ipc_close(&f) == 0 && memcmp(&a, &got, sizeof(a)) == 0,
	    "a gateway's abilities");
	a.priority_max = OPTIONS_RAW_MAX + 1;
	begin();
	abilities_put(&b, &a);
	ipc_end(&b);
	ipc_open(&f, b.p, b.len);
	abilities_get(&f, &got);
	tap_ok(ipc_close(&f) == -1, "a scale that is too large");
}

static int
pass_rights(const struct rights *r, struct rights *got)
{
	struct ipc_frame f;

	begin();
	rights_put(&b, r);
	ipc_end(&b);
	ipc_open(&f, b.p, b.len);
	rights_get(&f, got);
	return ipc_close(&f);
}

static void
test_rights(void)
{
	static struct rights r, got;
	size_t i;

	r.subject = -1;
	r.max_parts = -1;
	tap_ok(pass_rights(&r, &got) == 0 && got.subject == -1 &&
	    got.max_parts == -1 && got.nallow == 0, "as configured");
	r.subject = OPTIONS_SUBJECT_LAST;
	r.max_parts = 255;
	r.nallow = OPTIONS_ALLOW_MAX;
	for (i = 0; i < r.nallow; i++)
		strcpy(r.allow[i], "+491234567890123");
	tap_ok(pass_rights(&r, &got) == 0 && memcmp(&r, &got, sizeof(r)) == 0,
	    "as much as there can be");
	r.subject++;
	tap_ok(pass_rights(&r, &got) == -1, "a subject that there is not");
	r.subject = 0;
	r.max_parts = 256;
	tap_ok(pass_rights(&r, &got) == -1, "256 parts");
}

int
main(void)
{
	test_options();
	test_bounds();
	test_cut();
	test_abilities();
	test_rights();
	return tap_done();
}
