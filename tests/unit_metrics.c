/* metrics and tally: processes that count at once and are killed, and limits. */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/metrics.h"
#include "tap.h"

#define PROCESSES 8
#define EACH	  20000

static char folder[] = "/tmp/smtp2sms-unit-metrics-XXXXXX", path[64];

/* What the file says, which lives until the next call. */
static const char *
written(void)
{
	static char text[256 * 1024];
	FILE *f;
	size_t n;

	metrics_end();
	if ((f = fopen(path, "r")) == NULL)
		return "";
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	return text;
}

static int
has(const char *line)
{
	return strstr(written(), line) != NULL;
}

static void
test_off(void)
{
	int ms = 5;

	metrics_add(METRICS_HELD_BACK, NULL, NULL, 1);
	metrics_seconds("x", 1);
	metrics_sessions(1);
	metrics_turn(&ms);
	metrics_end();
	tap_ok(!metrics_are_on() && ms == 5, "without a file nothing happens");
}

static void
count(void)
{
	char code[8];
	int i;

	if (metrics_open(path) == -1)
		_exit(1);
	for (i = 0; i < EACH; i++) {
		snprintf(code, sizeof(code), "%d", 200 + i % 50);
		metrics_add(METRICS_REPLIES, code, NULL, 1);
		metrics_add(METRICS_HELD_BACK, NULL, NULL, 1);
		if (i % 4096 == 0)
			metrics_end();
	}
	_exit(0);
}

static void
test_processes(void)
{
	int i, status, bad = 0;
	char want[64];

	for (i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			count();
	while (wait(&status) != -1)
		bad |= status;
	tap_ok(!bad, "%d processes count at once", PROCESSES);
	metrics_open(path);
	metrics_add(METRICS_HELD_BACK, NULL, NULL, 0);
	snprintf(want, sizeof(want), "\nsmtp2sms_held_back_total %d\n",
	    PROCESSES * EACH);
	tap_ok(has(want), "none of it is lost");
	snprintf(want, sizeof(want), "{code=\"217\"} %d\n",
	    PROCESSES * EACH / 50);
	tap_ok(has(want), "nor of a series that all began at once");
}

static void
test_killed(void)
{
	int ready[2], status;
	char c;
	pid_t pid;

	if (pipe(ready) == -1 || (pid = fork()) == -1)
		exit(1);
	if (pid == 0) {
		metrics_open(path);
		metrics_sessions(7);
		metrics_add(METRICS_RECEIPTS, "delivered", NULL, 3);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	if (read(ready[0], &c, 1) != 1)
		exit(1);
	metrics_add(METRICS_HELD_BACK, NULL, NULL, 0);
	tap_ok(has("\nsmtp2sms_sessions 7\n"), "another's open sessions");
	metrics_sessions(2);
	tap_ok(has("\nsmtp2sms_sessions 9\n"), "and ours");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	metrics_sessions(2);
	tap_ok(has("\nsmtp2sms_sessions 2\n"), "it is killed: none is its");
	tap_ok(has("{state=\"delivered\"} 3\n"), "what it counted stays");
}

static void
test_histogram(void)
{
	metrics_gateway("g");
	tap_ok(has("smtp2sms_gateway_seconds_count{gateway=\"g\"} 0\n") &&
	    has("_parts_total{gateway=\"g\",outcome=\"accepted\"} 0\n"),
	    "a gateway is there before it is asked");
	metrics_seconds("g", 50);
	metrics_seconds("g", 51);
	metrics_seconds("g", 30001);
	tap_ok(has("{gateway=\"g\",le=\"0.05\"} 1\n"), "at a bound");
	tap_ok(has("{gateway=\"g\",le=\"0.1\"} 2\n"), "over it");
	tap_ok(has("{gateway=\"g\",le=\"30\"} 2\n"), "the last but one");
	tap_ok(has("{gateway=\"g\",le=\"+Inf\"} 3\n"), "over all");
	tap_ok(has("_sum{gateway=\"g\"} 30.102\n"), "the sum");
}

static void
test_labels(void)
{
	char name[METRICS_LABEL + 8];

	metrics_add(METRICS_CLAIMS, "a\"b\\c\nd\xc3", NULL, 1);
	tap_ok(has("{result=\"a_b_c_d_\"} 1\n"), "octets that need an escape");
	memset(name, 'n', sizeof(name));
	name[METRICS_LABEL - 1] = '\0';
	metrics_add(METRICS_CLAIMS, name, NULL, 1);
	tap_ok(strstr(written(), name) != NULL, "METRICS_LABEL - 1 octets");
	name[METRICS_LABEL - 1] = 'n';
	name[METRICS_LABEL] = '\0';
	metrics_add(METRICS_CLAIMS, name, NULL, 1);
	name[METRICS_LABEL - 1] = '\0';
	tap_ok(strstr(strstr(written(), name), "\"} 2\n") != NULL,
	    "one more is cut");
}

static void
test_full(void)
{
	char name[16];
	int i;

	for (i = 0; i < METRICS_SERIES; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		metrics_add(METRICS_RECEIPTS, name, NULL, 1);
	}
	tap_ok(!has("\"s1023\""), "METRICS_SERIES is met");
	metrics_add(METRICS_HELD_BACK, NULL, NULL, 1);
	tap_ok(has("smtp2sms_held_back_total 160001\n"),
	    "what is there goes on");
}

static void
test_tally(void)
{
	struct tally t = {.alone = 1, .auth = {1, 2, 3, 4}, .tls = {5, 6}};
	char frame[TALLY_FRAME_MAX], cut[TALLY_FRAME_MAX];
	struct ipc_frame f;
	struct tally got;
	struct buf b;
	size_t i;
	int bad = 0;

	for (i = 0; i < TALLY_CODES; i++)
		t.reply[i] = TALLY_COUNT_MAX - (uint32_t)i;
	buf_init(&b, frame, sizeof(frame));
	tally_put(&b, &t);
	tap_ok(!b.overflow && tally_is(b.p, b.len) &&
	    ipc_size(b.p, b.len) == (long)b.len,
	    "the largest tally fits TALLY_FRAME_MAX");
	ipc_open(&f, b.p, b.len);
	tap_ok(tally_get(&f, &got) == 0 &&
	    memcmp(&got, &t, sizeof(t)) == 0, "and comes back");
	for (i = IPC_HEAD + 1; i < b.len; i++) {
		memcpy(cut, b.p, i);
		ipc_open(&f, cut, i);
		bad |= tally_get(&f, &got) == 0;
	}
	tap_ok(!bad, "cut anywhere it is none");
	t.auth[0] = TALLY_COUNT_MAX + 1;
	tally_put(&b, &t);
	ipc_open(&f, b.p, b.len);
	tap_ok(tally_get(&f, &got) == -1, "over TALLY_COUNT_MAX");
}

static void
test_file(void)
{
	char other[80];
	FILE *f;

	snprintf(other, sizeof(other), "%s/no/x", folder);
	tap_ok(metrics_open(other) == -1 && !metrics_are_on(),
	    "a folder that is not there");
	tap_ok(metrics_print(other) == -1 && errno == ENOENT,
	    "nothing to show");
	snprintf(other, sizeof(other), "%s.counts", path);
	f = fopen(other, "w");
	fputs("short", f);
	fclose(f);
	tap_ok(metrics_print(path) == -1 && errno == EINVAL,
	    "what is no file of counters is not shown");
	tap_ok(metrics_open(path) == 0, "it is replaced");
	metrics_add(METRICS_HELD_BACK, NULL, NULL, 1);
	tap_ok(has("smtp2sms_held_back_total 1\n"), "and counts from 0 on");
}

/* Behind its magic and its size FILE.counts says how many series it has. */
static void
test_broken(void)
{
	const unsigned many = UINT_MAX;
	char counts[80];
	int fd;

	metrics_end();
	snprintf(counts, sizeof(counts), "%s.counts", path);
	fd = open(counts, O_WRONLY);
	tap_ok(pwrite(fd, &many, sizeof(many), 24 + sizeof(size_t)) ==
	    (ssize_t)sizeof(many), "a file that has more series than fit");
	close(fd);
	metrics_gateway("unheard-of");
	metrics_add(METRICS_HELD_BACK, NULL, NULL, 1);
	tap_ok(has("smtp2sms_held_back_total 1\n"), "is not read beyond its end");
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/m.prom", folder);
	test_off();
	test_tally();
	test_processes();
	test_killed();
	test_histogram();
	test_labels();
	test_full();
	test_file();
	test_broken();
	if (chdir(folder) == -1 || unlink("m.prom") == -1 ||
	    unlink("m.prom.counts") == -1 || rmdir(folder) == -1)
		printf("# files are left in %s\n", folder);
	return tap_done();
}
