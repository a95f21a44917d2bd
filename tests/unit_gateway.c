/* gateway: descriptors, requests and answers, without a network. */
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "descriptor.h"
#include "gateway.h"
#include "tap.h"

static struct config c;
static char errors[8192], dir[] = "/tmp/smtp2sms-unit-gateway-XXXXXX";
static char file[64], secret[64];

static void
report(const char *what)
{
	strncat(errors, what, sizeof(errors) - strlen(errors) - 2);
	strcat(errors, "\n");
}

static void
write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	fputs(text, f);
	fclose(f);
}

/* Load a descriptor with a configuration of these lines. */
static struct descriptor *
load(const char *descriptor, const char *lines)
{
	char conf[96];

	snprintf(conf, sizeof(conf), "%s/conf", dir);
	write_file(conf, lines);
	errors[0] = '\0';
	config_load(&c, conf, NULL, 0, report);
	c.gateway = file;
	if (descriptor != NULL)
		write_file(file, descriptor);
	else
		c.gateway = (char *)(size_t)"gateways/smsgate.json";
	return descriptor_load(&c, report);
}

#define MINIMAL_BUT(url, more) "{\"url\": \"" url "\", " \
    "\"to\": {\"mode\": \"array\", \"max\": 2}, " \
    "\"body\": {\"type\": \"json\", \"template\": {\"t\": \"${text!}\"}}, " \
    "\"ok\": {\"status\": [200]}" more "}"
#define MINIMAL(more) MINIMAL_BUT("http://h/", more)

static void
bad(const char *descriptor, const char *lines, const char *want)
{
	struct descriptor *g = load(descriptor, lines);

	tap_ok(g == NULL && strstr(errors, want) != NULL &&
	    strstr(errors, file) != NULL, "%s", want);
	if (g != NULL || strstr(errors, want) == NULL)
		tap_show("got", errors);
}

static void
test_errors(void)
{
	bad("{", "", "line 1: ");
	bad("[]", "", "is not a JSON object");
	bad("{}", "", "/url: is missing");
	bad(MINIMAL(", \"x\": 1"), "", "/x: unknown member");
	bad(MINIMAL(", \"url\": \"\""), "", "duplicate object key");
	bad(MINIMAL_BUT("${base}/", ""), "",
	    "/url: ${base} is not set");
	bad(MINIMAL_BUT("ftp://h/", ""), "",
	    "/url: 'ftp://h/' is not an http or https URL");
	bad(MINIMAL_BUT("http://${X}", ""), "", "/url: bad placeholder");
	bad(MINIMAL(", \"id\": \"id\""), "",
	    "/id: 'id' is not a JSON pointer");
	bad(MINIMAL(", \"auth\": [{\"type\": \"digest\"}]"), "",
	    "/auth/0: type is none of");
	bad(MINIMAL(", \"auth\": [{\"type\": \"basic\"}]"), "",
	    "/auth/0/user: is missing");
	bad(MINIMAL(", \"rules\": [{\"then\": \"maybe\"}]"), "",
	    "/rules/0/then: 'maybe' is none of");
	bad(MINIMAL(", \"rules\": [{\"match\": {\"regex\": \"(\"}, "
	    "\"then\": \"accepted\"}]"), "", "/rules/0/match: regex: ");
	bad(MINIMAL(", \"method\": \"GET\""), "", "/body: does not go with GET");
	bad(MINIMAL(", \"method\": \"PATCH\""), "",
	    "/method: 'PATCH' is none of");
	bad(MINIMAL(", \"rules\": [{\"status\": \"409\", \"then\": "
	    "\"accepted\"}]"), "", "/rules/0/status: is not a status code");
	bad(MINIMAL(", \"defaults\": {\"a\": 1}"), "",
	    "/defaults/a: is not a string");
	bad(MINIMAL(""), "set device x\n", "has no variable 'device' (set)");
	bad(MINIMAL(""), "auth-check yes\n", "/check: is missing");
	bad(MINIMAL(""), "secret token /nonexistent\n",
	    "secret token: /nonexistent: No such file or directory");
	bad("{\"url\": \"http://h/\", \"body\": {\"type\": \"json\", "
	    "\"template\": {\"a\": [\"${\"]}}}", "",
	    "/body/template/a/0: bad placeholder");
}

static void
test_values(void)
{
	char lines[128];

	tap_ok(load(NULL, "set sim 2\nset ttl 60\nset report no\n") != NULL,
	    "variables of smsgate");
	tap_ok(load(NULL, "set sim 4\n") == NULL, "sim is 1 to 3");
	tap_ok(load(NULL, "set sim two\n") == NULL, "sim is a number");
	tap_ok(load(NULL, "set ttl 4\n") == NULL, "ttl is at least 5");
	tap_ok(load(NULL, "set report maybe\n") == NULL, "report is yes, no");
	tap_ok(load(NULL, "set devcie x\n") == NULL, "a typing error");
	write_file(secret, "\nsecond\n");
	snprintf(lines, sizeof(lines), "secret token %s\n", secret);
	bad(MINIMAL(""), lines, "the first line is empty");
	tap_ok(load(MINIMAL(", \"auth\": [{\"type\": \"bearer\", \"token\": "
	    "\"${token}\"}]"), "") != NULL, "a token may come from a login");
}

static void
is_body(const struct gateway_request *r, const char *want, const char *name)
{
	json_t *a = json_loads(r->body, 0, NULL), *b = json_loads(want, 0, NULL);

	if (!tap_ok(json_equal(a, b), "%s", name))
		tap_show("got", r->body);
	json_decref(a);
	json_decref(b);
}

static const char *
authorization(const struct gateway_request *r)
{
	size_t i;

	for (i = 0; i < r->nheader; i++)
		if (strcmp(r->header[i].name, "Authorization") == 0)
			return r->header[i].value;
	return NULL;
}

static void
test_requests(void)
{
	char *to[] = {"+491711234567", "+431234567890"};
	struct gateway_message m = {.id = "ID", .text = "text \"q\" \n\xc3\xa4",
	    .to = to, .nto = 2};
	struct gateway_login pw = {IPC_PASSWORD, "u:\xc3\xa4", "p"};
	struct gateway_login tok = {IPC_BEARER, "u", "abc"};
	struct gateway_request r;
	struct descriptor *g;
	char lines[256];

	write_file(secret, "s3cret\r\n");
	g = load(NULL, "set device D\nset sim 2\nset report no\n");
	tap_ok(gateway_send(g, &pw, &m, 1, &r) == 0, "a request");
	tap_is(r.url, "https://api.sms-gate.app/3rdparty/v1/messages", "url");
	tap_is(authorization(&r), "Basic dTrDpDpw", "basic");
	is_body(&r, "{\"id\": \"ID\", \"deviceId\": \"D\", \"phoneNumbers\": "
	    "[\"+491711234567\", \"+431234567890\"], \"textMessage\": {\"text\":"
	    " \"text \\\"q\\\" \\n\xc3\xa4\"}, \"simNumber\": 2, "
	    "\"withDeliveryReport\": false}", "body");
	tap_ok(strstr(r.shown, "Basic ***") && !strstr(r.shown, "dTrDpDpw"),
	    "a request is shown without its secret");
	gateway_free(&r);
	g = load(NULL, "");
	tap_ok(gateway_send(g, &tok, &m, 1, &r) == 0, "a bearer's request");
	tap_is(authorization(&r), "Bearer abc", "bearer");
	is_body(&r, "{\"id\": \"ID\", \"phoneNumbers\": [\"+491711234567\", "
	    "\"+431234567890\"], \"textMessage\": {\"text\": \"text \\\"q\\\" "
	    "\\n\xc3\xa4\"}}", "what is not set is left out");
	gateway_free(&r);
	tap_ok(gateway_send(g, NULL, &m, 1, &r) == -1, "nobody's request");
	snprintf(lines, sizeof(lines), "set user me\nsecret password %s\n",
	    secret);
	g = load(NULL, lines);
	tap_ok(gateway_send(g, NULL, &m, 1, &r) == 0, "our own request");
	tap_is(authorization(&r), "Basic bWU6czNjcmV0", "user and secret");
	gateway_free(&r);
	tap_ok(gateway_send(g, &tok, &m, 1, &r) == 0, "another's request");
	tap_is(authorization(&r), "Bearer abc", "with none of ours");
	gateway_free(&r);
	tok.secret = "a\r\nX-Evil: 1";
	tap_ok(gateway_send(g, &tok, &m, 1, &r) == -1, "no CRLF in a header");
	tap_ok(gateway_check(g, &pw, &r) == 0, "a check");
	tap_is(r.url, "https://api.sms-gate.app/3rdparty/v1/devices", "url");
	gateway_free(&r);
	tap_ok(gateway_warm(g, &r) == 0 && r.nheader == 0, "a warm-up");
	gateway_free(&r);
}

static void
test_digits(void)
{
	char *to[] = {"+491711234567"};
	struct gateway_message m = {.id = "ID", .text = "t", .to = to,
	    .nto = 1};
	struct gateway_request r;
	struct descriptor *g = load("{\"url\": \"http://h/${from}\", "
	    "\"to\": {\"mode\": \"one\", \"format\": \"digits\"}, \"body\": "
	    "{\"type\": \"json\", \"template\": {\"to\": \"${to}\", \"n\": 1, "
	    "\"who\": \"<${from}>\", \"o\": {\"x\": \"${none}\"}, "
	    "\"a\": [\"${none}\"], \"t\": \"${text}\"}}, \"ok\": {\"status\": [200]}}",
	    "set from 'a/b c'\n");

	tap_ok(g != NULL && gateway_max_recipients(g) == 1, "mode one");
	tap_ok(gateway_send(g, NULL, &m, 1, &r) == 0, "its request");
	tap_is(r.url, "http://h/a%2Fb%20c", "a URL is escaped");
	is_body(&r, "{\"to\": \"491711234567\", \"n\": 1, "
	    "\"who\": \"<a/b c>\", \"t\": \"t\"}", "what is emptied goes");
	gateway_free(&r);
}

static const struct {
	long status;
	const char *body;
	enum outcome outcome;
	const char *id;
} answers[] = {
	{202, "{\"id\": \"x\"}", OUTCOME_ACCEPTED, "x"},
	{202, "{}", OUTCOME_ACCEPTED, ""},
	{202, "{\"id\": 7}", OUTCOME_ACCEPTED, "7"},
	{202, "{\"id\": \"a b\"}", OUTCOME_ACCEPTED, ""},
	{202, "", OUTCOME_UNCLEAR, ""},
	{202, "<html>", OUTCOME_UNCLEAR, ""},
	{200, "{\"id\": \"x\"}", OUTCOME_UNCLEAR, "x"},
	{302, "", OUTCOME_UNCLEAR, ""},
	{400, "{\"message\": \"no\"}", OUTCOME_REFUSED, ""},
	{401, "", OUTCOME_CREDENTIALS, ""},
	{402, "", OUTCOME_REFUSED, ""},
	{403, "", OUTCOME_CREDENTIALS, ""},
	{404, "", OUTCOME_REFUSED, ""},
	{409, "{\"message\": \"message with the same ID already exists\"}",
	    OUTCOME_ACCEPTED, ""},
	{409, "{\"message\": \"constraint failed\"}", OUTCOME_REFUSED, ""},
	{409, "", OUTCOME_REFUSED, ""},
	{400, "{\"message\": \"same ID\"}", OUTCOME_REFUSED, ""},
	{429, "", OUTCOME_REFUSED, ""},
	{500, "", OUTCOME_FAILED, ""},
	{503, "{\"message\": \"queue limits exceeded\"}", OUTCOME_FAILED, ""},
	{0, "", OUTCOME_UNCLEAR, ""},
	{600, "", OUTCOME_UNCLEAR, ""},
};

static void
test_answers(void)
{
	struct descriptor *g = load(NULL, "");
	char *to[] = {"+491711234567"};
	struct gateway_message m = {.id = "ID", .text = "t", .to = to,
	    .nto = 1};
	struct gateway_answer a;
	struct gateway_result result;
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		gateway_judge(g, &m, answers[i].status, answers[i].body,
		    strlen(answers[i].body), 1, &a, &result);
		tap_ok(a.outcome == answers[i].outcome &&
		    strcmp(a.id, answers[i].id) == 0, "%ld %s",
		    answers[i].status, answers[i].body);
	}
	gateway_judge(g, &m, 202, "{\"id\": \"x\"}", 11, 0, &a, &result);
	tap_ok(a.outcome == OUTCOME_UNCLEAR, "an answer that was cut");
	gateway_judge(g, &m, 400, "{\"message\": \"no\"}", 17, 1, &a, &result);
	tap_is(a.error, "no", "the gateway's words");
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 2;
	snprintf(file, sizeof(file), "%s/descriptor.json", dir);
	snprintf(secret, sizeof(secret), "%s/secret", dir);
	test_errors();
	test_values();
	test_requests();
	test_digits();
	test_answers();
	snprintf(errors, sizeof(errors), "%s/conf", dir);
	unlink(errors);
	unlink(file);
	unlink(secret);
	rmdir(dir);
	return tap_done();
}
