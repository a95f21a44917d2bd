/*
 * fuzz_gateway: an answer's octets to outcomes.  The first octet chooses the
 * status, the second the descriptor; what no answer may do is checked, and
 * that JSON is read as it is, however lenient the reader.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/gateway.h"
#include "gateway/lenient.h"
#include "gateway/read.h"
#include "gateway/wipe.h"

#define TEXT "secret text"

static const char *const descriptors[] = {
	"{\"url\": \"http://h/\", \"to\": {\"mode\": \"array\", \"max\": 9},"
	"\"body\": {\"type\": \"text\", \"template\": \"${text}\"},"
	"\"ok\": {\"status\": [200, 207], \"match\": [{\"path\": \"/a/*/b\","
	"\"equals\": 0}, {\"path\": \"/*/*\", \"in\": [1, \"x\"], \"any\": "
	"true}]}, \"id\": \"/a/0/id\", \"error\": [\"/e\", {\"regex\": "
	"\"<e>(.*)</e>\"}], \"retry-after\": \"/wait\","
	"\"each\": {\"list\": \"/m\", \"to\": \"/to\", \"id\": \"/id\", "
	"\"error\": \"/e\", \"ok\": {\"match\": {\"path\": \"/s\", "
	"\"regex\": \"^ok\"}}, \"rules\": [{\"match\": {\"path\": \"/s\", "
	"\"absent\": true}, \"then\": \"temporary\"}]},"
	"\"rules\": [{\"status\": [400, 409], \"match\": {\"regex\": "
	"\"same (ID|id)\"}, \"then\": \"accepted\"}]}",
	"{\"url\": \"http://h/\", \"to\": {\"mode\": \"array\", \"max\": 9},"
	"\"body\": {\"type\": \"text\", \"template\": \"${text}\"},"
	"\"ok\": {\"status\": 200}, \"error\": {\"regex\": \"(.*)\"},"
	"\"each\": {\"list\": \"\", \"key\": true, \"id\": \"/id\"}}",
	"{\"url\": \"http://h/\", \"to\": {\"mode\": \"array\", \"max\": 9},"
	"\"body\": {\"type\": \"text\", \"template\": \"${text}\"},"
	"\"ok\": {\"status\": 200, \"match\": {\"in\": [\"OK\", 1]}},"
	"\"id\": {\"regex\": \"id=([^ ]*)\"}, \"error\": \"/*/e\","
	"\"each\": {\"list\": \"/r\", \"order\": true, \"missing\": "
	"\"permanent\", \"ok\": {\"match\": {\"path\": \"\", \"equals\": "
	"true}}}}",
};
#define COUNT (sizeof(descriptors) / sizeof(descriptors[0]))

static void
report(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static struct descriptor *
load(size_t which)
{
	static struct config c[COUNT];
	char name[] = "/tmp/smtp2sms-fuzz-gateway-XXXXXX";
	int fd = mkstemp(name);
	FILE *f = fd != -1 ? fdopen(fd, "w") : NULL;
	struct descriptor *g;

	if (f == NULL)
		abort();
	fputs(descriptors[which], f);
	fclose(f);
	if (config_load(&c[which], "/dev/null", NULL, 0, report) == -1)
		abort();
	free(c[which].gateway);
	c[which].gateway = name;
	g = read_descriptor(&c[which], report);
	c[which].gateway = NULL;
	unlink(name);
	return g;
}

static void
check(const struct gateway_answer *a, const struct gateway_result *r,
    size_t n)
{
	enum ipc_outcome worst = IPC_OUTCOME_ACCEPTED;
	size_t i;

	for (i = 0; i < n; i++) {
		if (r[i].outcome > IPC_OUTCOME_LAST || !ipc_is_id(r[i].id))
			abort();
		if (r[i].outcome > worst)
			worst = r[i].outcome;
	}
	if (a->outcome != worst || !ipc_is_id(a->id) || a->retry_after < 0 ||
	    strstr(a->error, TEXT) != NULL ||
	    strstr(a->error, "491711234567") != NULL ||
	    strpbrk(a->error, "\r\n") != NULL)
		abort();
}

/*
 * What jansson reads is not changed, but for what is too deep for us; what is
 * repaired can be written.
 */
static void
check_lenient(const char *s, size_t n)
{
	json_t *strict = json_loadb(s, n, JSON_ALLOW_NUL | JSON_DECODE_ANY,
	    NULL);
	json_t *j = lenient_json(s, n);
	char *text = j != NULL ? json_dumps(j, JSON_ENCODE_ANY) : NULL;

	if ((strict != NULL && j != NULL && !json_equal(strict, j)) ||
	    (strict != NULL && j == NULL && n <= LENIENT_DEPTH_MAX) ||
	    (j != NULL && text == NULL))
		abort();
	wipe_free(text);
	json_decref(strict);
	json_decref(j);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct descriptor *g[COUNT];
	char *to[] = {(char *)(size_t)"+491711234567",
	    (char *)(size_t)"12345"};
	struct gateway_message m = {.id = "ID", .text = TEXT, .to = to,
	    .nto = 2};
	struct gateway_answer a;
	struct gateway_result r[2];
	static const long status[] = {200, 207, 400, 409, 500, 0};
	size_t which;

	if (n < 2)
		return 0;
	which = data[1] % COUNT;
	if (g[which] == NULL && (g[which] = load(which)) == NULL)
		abort();
	gateway_judge(g[which], &m, status[data[0] % 6],
	    (const char *)data + 2, n - 2, data[0] < 0x80, &a, r);
	check(&a, r, 2);
	check_lenient((const char *)data + 2, n - 2);
	return 0;
}
