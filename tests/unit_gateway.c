/*
 * gateway: descriptors, requests and answers, without a network.  JSON is
 * written with ' for ", which no case needs.
 */
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "gateway/descriptor.h"
#include "gateway/gateway.h"
#include "gateway/lenient.h"
#include "gateway/placeholder.h"
#include "gateway/pointer.h"
#include "gateway/read.h"
#include "gateway/request.h"
#include "gateway/response.h"
#include "gateway/value.h"
#include "gateway/wipe.h"
#include "tap.h"

#define NOW	1800000000	/* 2027-01-15T08:00:00Z */
#define JSON_ROOM (256 * 1024)

static struct config c;
static char errors[65536], dir[] = "/tmp/smtp2sms-unit-gateway-XXXXXX";
static char file[64], secret[64];

static char *one[] = {"+491711234567"};
static char *two[] = {"+491711234567", "+431234567890"};

static void
report(const char *what)
{
	if (strlen(errors) + strlen(what) + 2 > sizeof(errors))
		return;
	strcat(errors, what);
	strcat(errors, "\n");
}

static void
write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	fputs(text, f);
	fclose(f);
}

/* ' becomes " */
static const char *
json(const char *s)
{
	static char out[JSON_ROOM];
	char *p;

	snprintf(out, sizeof(out), "%s", s);
	for (p = out; (p = strchr(p, '\'')) != NULL; p++)
		*p = '"';
	return out;
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
		write_file(file, json(descriptor));
	else
		c.gateway = (char *)(size_t)"gateways/smsgate.json";
	return read_descriptor(&c, report);
}

#define OK  "'ok': {'status': [200]}"
#define TEXT "'body': {'type': 'text', 'template': '${text}'}"
#define ONE "'to': {'mode': 'one'}"
#define URL "'url': 'http://h/'"

/* A descriptor that lacks nothing, and one or two members more. */
#define WITH(more) "{" URL ", " ONE ", " TEXT ", " OK ", " more "}"
#define BODY(body) "{" URL ", " ONE ", 'body': " body ", " OK "}"
#define JSON_BODY(t, more) "{" URL ", " ONE ", 'body': {'type': 'json', " \
    "'template': " t "}, " OK more "}"
#define FORM(t, more) "{" URL ", " ONE ", 'body': {'type': 'form', " \
    "'template': " t "}, " OK more "}"
#define QUERY(q, more) "{" URL ", " ONE ", 'method': 'GET', 'query': " q \
    ", " OK more "}"
#define TO(to, body) "{" URL ", 'to': " to ", 'body': {'type': 'json', " \
    "'template': " body "}, " OK "}"

/* ---- what is wrong with a descriptor ---- */

static const struct {
	const char *descriptor, *lines, *want;
} wrong[] = {
	{"{", "", "line 1: "},
	{"[]", "", "is not a JSON object"},
	{"{}", "", "/url: is missing"},
	{"{}", "", "/to: is missing"},
	{"{}", "", "/ok: is missing"},
	{WITH("'x': 1"), "", "/x: unknown member"},
	{WITH("'max-text': 1"), "", "/max-text: unknown member"},
	{WITH("'url': ''"), "", "duplicate object key"},
	/* url, method */
	{"{'url': '${base}/'}", "",
	    "/url: ${base} is not set; write: set base VALUE"},
	{"{'url': '${base}/', 'variables': {'base': 'the box'}}", "",
	    "/url: ${base} is not set (the box)"},
	{"{'url': '${base}/', 'defaults': {'base': 'http://${host}'}}", "",
	    "/url: ${host} is not set"},
	{"{'url': 7}", "", "/url: 7: must be a string"},
	{"{'url': 'ftp://h/'}", "",
	    "/url: 'ftp://h/' is not an http or https URL"},
	{"{'url': 'http://${X}'}", "", "/url: bad placeholder"},
	{"{'url': 'http://h/${device}'}", "", "/url: ${device} is not set"},
	{"{'url': '${device}/'}", "set device http://h\n",
	    "/url: ${device}: cannot stand at the start"},
	{"{'url': '${to}/'}", "", "/url: ${to}: cannot stand at the start"},
	{"{'url': '${token}/'}", "", "${token}: cannot stand at the start"},
	{WITH("'method': 'PATCH'"), "", "/method: \"PATCH\": must be one of: GET, POST, PUT"},
	{WITH("'method': 'GET'"), "", "/body: does not go with GET"},
	/* query, headers */
	{WITH("'query': []"), "", "/query: []: must be an object"},
	{WITH("'query': {'a': 1}"), "", "/query/a: 1: must be a string or"},
	{WITH("'query': {'a': ['x', 1]}"), "", "/query/a: [\"x\",1]: must be"},
	{WITH("'query': {'a': '${'}"), "", "/query/a: bad placeholder"},
	{WITH("'headers': {'a b': ''}"), "",
	    "/headers/a b: is not a name of a header field"},
	{WITH("'headers': {'content-type': ''}"), "",
	    "/headers/content-type: cannot be set here"},
	{WITH("'headers': {'X': 1}"), "", "/headers/X: 1: must be a string"},
	{WITH("'headers': {'X': '${data|raw}'}"), "",
	    "/headers/X: ${data|raw}: raw can only stand in a form or a query"},
	{WITH("'headers': {'1': '', '2': '', '3': '', '4': '', '5': '', "
	    "'6': '', '7': '', '8': '', '9': '', '10': '', '11': '', "
	    "'12': '', '13': ''}"), "", "/headers: has 13 members; at most 12"},
	/* auth */
	{WITH("'auth': {}"), "", "/auth: {}: must be an array"},
	{WITH("'auth': [{'type': 'digest'}]"), "",
	    "/auth/0/type: \"digest\": must be one of: none, basic, bearer, "
	    "header, aws-sigv4"},
	{WITH("'auth': [{}]"), "", "/auth/0/type: is missing"},
	{WITH("'auth': [{'type': 'basic'}]"), "",
	    "/auth/0/user: is missing"},
	{WITH("'auth': [{'type': 'basic', 'user': ''}]"), "",
	    "/auth/0/password: is missing"},
	{WITH("'auth': [{'type': 'none', 'user': ''}]"), "",
	    "/auth/0/user: unknown member"},
	{WITH("'auth': [{'type': 'header', 'name': 'Host', 'value': ''}]"),
	    "", "/auth/0/name: 'Host' cannot be set here"},
	{WITH("'auth': [{'type': 'aws-sigv4'}]"), "",
	    "/auth/0/provider: is missing"},
	{WITH("'auth': [1,1,1,1,1,1,1,1,1]"), "",
	    "/auth: has 9 elements; at most 8"},
	/* to */
	{"{'to': {'mode': 'many'}}", "", "/to/mode: \"many\": must be one of"},
	{"{'to': {'mode': 'one', 'max': 1}}", "",
	    "/to/max: goes with mode array or join only"},
	{"{'to': {'mode': 'array'}}", "", "/to/max: is missing; it must be a whole number from 1 to 1000"},
	{"{'to': {'mode': 'array', 'max': 0}}", "",
	    "/to/max: 0: must be a whole number from 1 to 1000"},
	{"{'to': {'mode': 'array', 'max': 1001}}", "",
	    "/to/max: 1001: must be a whole number from 1 to 1000"},
	{"{'to': {'mode': 'join', 'max': 2}}", "",
	    "/to/separator: is missing"},
	{"{'to': {'mode': 'join', 'max': 2, 'separator': '123456789'}}", "",
	    "/to/separator: '123456789' must be 1 to 8 octets"},
	{"{'to': {'mode': 'one', 'separator': ','}}", "",
	    "/to/separator: goes with mode join only"},
	{"{'to': {'mode': 'one', 'format': 'national'}}", "",
	    "/to/format: \"national\": must be one of: e164, digits"},
	{"{'to': {'mode': 'one', 'element': {}}}", "",
	    "/to/element: goes with mode array only"},
	{"{'to': {'mode': 'array', 'max': 2, 'element': ['${to}']}}", "",
	    "/to/element/0: ${to}: is made of to.element"},
	{JSON_BODY("['${number}']", ""), "",
	    "/body/template/0: ${number}: can only stand in to.element"},
	{TO("{'mode': 'array', 'max': 2}", "['x${to}']"), "",
	    "/body/template/0: ${to}: is an array: it must be the"
	    " whole string"},
	{TO("{'mode': 'array', 'max': 2}", "['${to|string}']"), "",
	    "is an array: it must be the whole string"},
	{"{'to': {'mode': 'array', 'max': 2}, 'headers': {'X': '${to}'}}",
	    "", "/headers/X: ${to}: is an array, which can only stand"
	    " in JSON or a form"},
	{"{'to': {'mode': 'array', 'max': 2}, 'map': {'a': {'of': 'b', "
	    "'else': '${to}'}}}", "", "is an array, which can only stand"
	    " in JSON or a form"},
	{"{'to': {'mode': 'array', 'max': 2, 'element': {}}, "
	    "'query': {'a': '${to}'}}", "", "is an array, which can only"},
	/* body */
	{BODY("{'type': 'xml', 'template': {}}"), "",
	    "/body/type: \"xml\": must be one of: json, form, text"},
	{BODY("{'template': {}}"), "", "/body/type: is missing"},
	{BODY("{'type': 'json', 'template': '${text}'}"), "",
	    "/body/template: \"${text}\": must be an object or an array"},
	{BODY("{'type': 'form', 'template': []}"), "",
	    "/body/template: []: must be an object"},
	{BODY("{'type': 'form', 'template': {'a': 1}}"), "",
	    "/body/template/a: 1: must be a string or"},
	{BODY("{'type': 'text', 'template': {}}"), "",
	    "/body/template: {}: must be a string"},
	{BODY("{'type': 'text', 'template': '${text}', 'content-type': ''}"),
	    "", "/body/content-type: '' is not a media type"},
	{BODY("{'type': 'text', 'template': '${text}', 'charset': ''}"), "",
	    "/body/charset: unknown member"},
	{JSON_BODY("{'a': ['${']}", ""), "",
	    "/body/template/a/0: bad placeholder"},
	{JSON_BODY("[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]", ""), "",
	    "nested deeper than 16"},
	{JSON_BODY("['x']", ""), "", "nothing that is sent uses ${text}"},
	/* placeholders and filters */
	{JSON_BODY("['${text']", ""), "", "no closing brace"},
	{JSON_BODY("['${text|shout}']", ""), "", "no such filter"},
	{JSON_BODY("['${}']", ""), "", "the name must be 1 to 32"},
	{JSON_BODY("['${aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}']", ""), "",
	    "the name must be 1 to 32"},
	{JSON_BODY("['${a|string|string|string|string|string}']", ""), "",
	    "more than 4 filters"},
	{JSON_BODY("['${text|minutes}']", ""), "",
	    "a filter of times must follow ttl or schedule"},
	{JSON_BODY("['${ttl|string|minutes}']", ""), "",
	    "a filter of times must follow ttl or schedule"},
	{JSON_BODY("['${from|if-ascii}']", ""), "", "a filter of texts must follow text"},
	{JSON_BODY("['${data}']", ""), "", "data requires base64, hex or raw"},
	{JSON_BODY("['${data|string}']", ""), "", "data requires base64"},
	{JSON_BODY("['${data|raw}']", ""), "", "raw can only stand in a form"},
	{FORM("{'a': '${text|raw}'}", ""), "", "raw must follow data or port"},
	{FORM("{'a': '${data|raw|hex}'}", ""), "", "data or port, as the only filter"},
	{JSON_BODY("['${d}']", ", 'map': {'d': {'of': 'port', "
	    "'else': '${data|raw}'}}"), "",
	    "/body/template/0: ${d}: raw can only stand in a form"},
	{JSON_BODY("['${ttl|time}']", ""), "", "no such filter"},
	{JSON_BODY("['${ttl|time()}']", ""), "", "no such filter"},
	{JSON_BODY("['${ttl|time(%Y}']", ""), "", "no such filter"},
	/* defaults, map, variables */
	{WITH("'defaults': {'a': 1}"), "", "/defaults/a: 1: must be a string"},
	{WITH("'defaults': {'to': ''}"), "", "/defaults/to: no variable of this name can"},
	{WITH("'defaults': {'A': ''}"), "", "/defaults/A: no variable of this name can"},
	{WITH("'defaults': {'a': '${a}'}"), "",
	    "/defaults/a: refers to itself"},
	{WITH("'defaults': {'a': '${b}', 'b': '${a}'}"), "",
	    "/defaults/b: refers to itself"},
	{JSON_BODY("['${text}', '${sim}']", ", 'defaults': {'sim': '9'}"),
	    "", "/defaults/sim: \"9\": must be a number from 1 to 3"},
	{WITH("'map': {'text': {'of': 'a', 'else': ''}}"), "",
	    "/map/text: no map can make this variable"},
	{WITH("'map': {'a': {'else': ''}}"), "", "/map/a/of: is missing"},
	{WITH("'map': {'a': {'of': 'A', 'else': ''}}"), "",
	    "/map/a/of: \"A\": must be the name of a variable"},
	{WITH("'map': {'a': {'of': 'b'}}"), "",
	    "/map/a: must have one of: values, else, unset"},
	{WITH("'map': {'a': {'of': 'b', 'values': {'x': []}}}"), "",
	    "/map/a/values/x: []: must be a string, a number, true, false "
	    "or null"},
	{WITH("'map': {'a': {'of': 'b', 'or': ''}}"), "",
	    "/map/a/or: unknown member"},
	{WITH("'map': {'a': {'of': 'a', 'else': ''}}"), "",
	    "/map/a: refers to itself"},
	{WITH("'map': {'a': {'of': 'b', 'unset': '${a}'}}"), "",
	    "/map/a: refers to itself"},
	{WITH("'variables': {'a': 'b'}"), "",
	    "/variables/a: no template uses ${a}"},
	{WITH("'variables': {'text': 1}"), "",
	    "/variables/text: 1: must be a string"},
	/* priority, limits */
	{JSON_BODY("['${text}', '${priority}']", ""), "",
	    "/priority: is missing, and ${priority} is used"},
	{WITH("'priority': {'levels': [1], 'min': 0, 'max': 3}"), "",
	    "/priority/levels: must be 19 numbers, for the levels -9 to 9; "
	    "there are 1"},
	{WITH("'priority': {'levels': [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
	    "9], 'min': 0, 'max': 3}"), "",
	    "/priority/levels/18: 9: must be a number from min, 0, to max, 3"},
	{WITH("'priority': {'levels': []}"), "",
	    "/priority/min: is missing; it must be a whole number from -128"},
	{WITH("'priority': {'levels': [], 'min': -129, 'max': 1}"), "",
	    "/priority/min: -129: must be a whole number from -128 to 127"},
	{WITH("'limits': {'text': 0}"), "",
	    "/limits/text: 0: must be a whole number from 1 to"},
	{WITH("'limits': {'ttl': [0, 9]}"), "",
	    "/limits/ttl: [0,9]: must be [LEAST, MOST], two whole numbers "
	    "from 1 to 2147483647"},
	{WITH("'limits': {'ttl': [9, 8]}"), "", "/limits/ttl: [9,8]: must be"},
	{WITH("'limits': {'schedule': [1]}"), "", "/limits/schedule: [1]: must"},
	{WITH("'limits': {'schedule': 1}"), "", "/limits/schedule: 1: must be"},
	{WITH("'limits': {'parts': 1}"), "", "/limits/parts: unknown member"},
	{WITH("'needs': 1"), "", "/needs: 1: must be an object"},
	{WITH("'needs': {'colour': 'x'}"), "", "/needs/colour: unknown member; known are: message, priority, "
	    "ttl, schedule, report, sim, device, from, data"},
	{WITH("'needs': {'ttl': 1}"), "", "/needs/ttl: 1: must be the name of"},
	{WITH("'needs': {'ttl': 'x'}"), "", "/needs/ttl: nothing that is sent uses ${x}"},
	/* ok, id, error, rules */
	{"{'ok': {}}", "", "/ok/status: is missing"},
	{"{'ok': {'status': []}}", "",
	    "/ok/status: has 0 elements; must have 1 to 16 status codes"},
	{"{'ok': {'status': 99}}", "", "/ok/status: 99: must be a status code of HTTP"},
	{"{'ok': {'status': ['200']}}", "", "/ok/status: \"200\": must be a status code"},
	{WITH("'id': 'id'"), "", "/id: \"id\": must be a JSON pointer"},
	{WITH("'id': {'regex': 'x'}"), "", "/id: regex: 'x' has no group"},
	{WITH("'error': {'regex': '('}"), "", "/error: regex: '(': "},
	{WITH("'error': []"), "", "/error: has 0 elements; must have 1 to 4"},
	{WITH("'error': ['/a', '/b', '/c', '/d', '/e']"), "",
	    "/error: has 5 elements; must have 1 to 4"},
	{WITH("'error': ['/a', 'b']"), "", "/error/1: \"b\": must be a JSON"},
	{WITH("'retry-after': 7"), "", "/retry-after: 7: must be true or"},
	{WITH("'retry-after': 'x'"), "", "/retry-after: \"x\": must be a JSON"},
	{WITH("'replies': 'retry'"), "", "/replies: \"retry\": must be one of: documented"},
	{WITH("'rules': {}"), "", "/rules: {}: must be an array"},
	{WITH("'rules': [{}]"), "", "/rules/0/then: is missing"},
	{WITH("'rules': [{'then': 'maybe'}]"), "",
	    "/rules/0/then: \"maybe\": must be one of: accepted"},
	{WITH("'rules': [{'status': '409', 'then': 'accepted'}]"), "",
	    "/rules/0/status: \"409\": must be a status code"},
	{WITH("'rules': [{'when': '', 'then': 'accepted'}]"), "",
	    "/rules/0/when: unknown member"},
	{WITH("'rules': [{'match': {'regex': '('}, 'then': 'accepted'}]"),
	    "", "/rules/0/match: regex: '(': "},
	{WITH("'rules': [{'match': {'path': '/a'}, 'then': 'accepted'}]"),
	    "", "/rules/0/match: must have one of: equals, in, regex, absent"},
	{WITH("'rules': [{'match': {'path': '/a', 'equals': 1, 'in': [1]}, "
	    "'then': 'accepted'}]"), "", "must have one of: equals, in"},
	{WITH("'rules': [{'match': {'absent': true}, 'then': 'accepted'}]"),
	    "", "/rules/0/match: absent requires a path"},
	{WITH("'rules': [{'match': {'path': '/a', 'absent': false}, "
	    "'then': 'accepted'}]"), "", "/rules/0/match/absent: false: must be true"},
	{WITH("'rules': [{'match': {'path': '/a', 'equals': []}, "
	    "'then': 'accepted'}]"), "",
	    "/rules/0/match/equals: []: must be a string"},
	{WITH("'rules': [{'match': {'path': '/a', 'in': []}, "
	    "'then': 'accepted'}]"), "",
	    "/rules/0/match/in: must be an array of 1 to 64 values"},
	{WITH("'rules': [{'match': {'path': '/a', 'in': [null]}, "
	    "'then': 'accepted'}]"), "", "/rules/0/match/in: null: must be a string"},
	{WITH("'rules': [{'match': {'path': 'a', 'equals': 1}, "
	    "'then': 'accepted'}]"), "", "/rules/0/match/path: \"a\": must be"},
	{WITH("'rules': [{'match': {'path': '/a', 'equals': 1, 'any': 1}, "
	    "'then': 'accepted'}]"), "", "/rules/0/match/any: 1: must be true"},
	{WITH("'rules': [{'match': [1,1,1,1,1,1,1,1,1], "
	    "'then': 'accepted'}]"), "", "/rules/0/match: has 9 tests; at most 8"},
	/* each */
	{WITH("'each': {'list': '/a'}"), "", "/each: must have one of: to, "},
	{WITH("'each': {'list': '/a', 'to': '', 'key': true}"), "",
	    "/each: must have one of: to, "},
	{WITH("'each': {'to': ''}"), "", "/each/list: is missing"},
	{WITH("'each': {'list': 'a', 'to': ''}"), "",
	    "/each/list: \"a\": must be a JSON pointer"},
	{WITH("'each': {'list': '', 'key': true, 'ok': {'status': 1}}"), "",
	    "/each/ok/status: unknown member"},
	{WITH("'each': {'list': '', 'key': true, 'rules': [{'status': 200, "
	    "'then': 'accepted'}]}"), "", "/each/rules/0/status: unknown"},
	{WITH("'each': {'list': '', 'key': true, 'missing': 'lost'}"), "",
	    "/each/missing: \"lost\": must be one of"},
	/* lookup, check, warm */
	{WITH("'check': {}"), "", "/check/url: is missing"},
	{WITH("'check': {'url': '${x}'}"), "", "/check/url: ${x} is not set"},
	{WITH("'check': 'x'"), "", "/check: \"x\": must be an object"},
	{WITH("'warm': {'url': 'http://h/', 'method': 'HEAD'}"), "",
	    "/warm/method: \"HEAD\": must be one of"},
	{WITH("'lookup': {'url': 'http://h/${id}', 'missing': 404}"), "",
	    "/lookup/found: is missing"},
	{WITH("'lookup': {'url': 'http://h/${id}', 'found': 200, 'missing': "
	    "404}"), "", "/lookup/id: is missing"},
	{WITH("'lookup': {'url': 'http://h/${id}', 'found': 200, 'missing': "
	    "404, 'id': 'x'}"), "", "/lookup/id: \"x\": must be a JSON pointer"},
	{WITH("'lookup': {'url': 'http://h/', 'found': 1, 'missing': 404}"),
	    "", "/lookup/found: 1: must be a status code"},
	/* the configuration */
	{WITH("'name': 'x'"), "set device x\n",
	    "descriptor has no variable 'device'; it has: none"},
	{WITH("'query': {'a': '${service}', 'b': '${from}', 'c': '${user}', "
	    "'d': '${m}', 'e': '${id}'}, 'map': {'m': {'of': 'sim', 'else': "
	    "''}}"), "\nset frmo x\n", "/conf:2: set frmo: gateway "},
	{WITH("'query': {'a': '${service}', 'b': '${from}', 'c': '${user}', "
	    "'d': '${m}', 'e': '${id}'}, 'map': {'m': {'of': 'sim', 'else': "
	    "''}}"), "set frmo x\n", "has no variable 'frmo'; it has: user, "
	    "service, sim, from\n"},
	{WITH("'name': 'x'"), "set text x\n",
	    "/conf:1: set text: only a message has this variable"},
	{WITH("'map': {'a': {'of': 'b', 'else': ''}}"), "set a x\n",
	    "/conf:1: set a: the descriptor's /map makes this variable"},
	{WITH("'query': {'a': '${sim}'}"), "set sim 4\n",
	    "/conf:1: set sim: '4' must be a number from 1 to 3\n"},
	{WITH("'query': {'a': '${report}'}"), "set report maybe\n",
	    "/conf:1: set report: 'maybe' must be yes or no\n"},
	{WITH("'query': {'a': '${from}'}, 'limits': {'from': 3}"),
	    "set from abcd\n",
	    "/conf:1: set from: 'abcd' must be at most 3 octets\n"},
	{"{'url': '${base}/x', " ONE ", " TEXT ", " OK "}",
	    "set base htp://x\n",
	    "/url: 'htp://x/x' is not an http or https URL"},
	{"{'url': '${base}/${token}', " ONE ", " TEXT ", " OK "}",
	    "set base htp://x\nset token hidden\n",
	    "/url: 'htp://x/***' is not an http or https URL"},
	{WITH("'name': 'x'"), "auth-check yes\n", "/check: is missing"},
	{WITH("'name': 'x'"), "secret token /nonexistent\n",
	    "/conf:1: secret token: /nonexistent: No such file or directory"},
};

static void
bad(const char *descriptor, const char *lines, const char *want)
{
	struct descriptor *g = load(descriptor, lines);

	tap_ok(g == NULL && strstr(errors, want) != NULL &&
	    strstr(errors, dir) != NULL, "%s", want);
	if (g != NULL || strstr(errors, want) == NULL)
		tap_show("got", errors);
}

/* A list of n times what, the last octet of it gone. */
static const char *
many(const char *before, const char *what, size_t n, const char *after)
{
	static char out[JSON_ROOM];
	size_t i, len = (size_t)snprintf(out, sizeof(out), "%s", before);

	for (i = 0; i < n; i++)
		len += (size_t)snprintf(out + len, sizeof(out) - len, what,
		    i, i);
	snprintf(out + len - 1, sizeof(out) - len, "%s", after);
	return out;
}

static void
test_errors(void)
{
	char lines[128];
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		bad(wrong[i].descriptor, wrong[i].lines, wrong[i].want);
	write_file(secret, "\nsecond\n");
	snprintf(lines, sizeof(lines), "secret token %s\n", secret);
	bad(WITH("'name': 'x'"), lines, "the first line is empty");
	write_file(secret, many("", "s", DESCRIPTOR_SECRET_MAX + 2, ""));
	bad(WITH("'name': 'x'"), lines, "larger than 8192 octets");
	snprintf(lines, sizeof(lines), "secret key %s\n", secret);
	write_file(secret, many("", "s", DESCRIPTOR_SECRET_MAX + 1, ""));
	tap_ok(load(WITH("'query': {'k': '${key}'}"), lines) != NULL,
	    "a secret as long as may be");
}

static void
test_limits_of_lists(void)
{
#define START "{" URL ", " ONE ", " TEXT ", " OK ", "
	tap_ok(load(many(START "'rules': [", "{'then': 'accepted'},",
	    MATCH_RULES_MAX, "]}"), "") != NULL, "as many rules as may be");
	bad(many(START "'rules': [", "{'then': 'accepted'},",
	    MATCH_RULES_MAX + 1, "]}"), "", "/rules: has 33 elements; at most 32");
	tap_ok(load(many(START "'map': {", "'m%zu': {'of': 'a', 'else': ''},",
	    DESCRIPTOR_MAPS_MAX, "}}"), "") != NULL, "as many maps");
	bad(many(START "'map': {", "'m%zu': {'of': 'a', 'else': ''},",
	    DESCRIPTOR_MAPS_MAX + 1, "}}"), "", "/map: has 33 members; at most 32");
	tap_ok(load(many("{" URL ", " ONE ", " TEXT ", " OK ", 'query': {",
	    "'q%zu': '${v%zu}',", DESCRIPTOR_VARIABLES_MAX - 1, "}}"), "") != NULL,
	    "as many variables");
	bad(many("{" URL ", " ONE ", " TEXT ", " OK ", 'query': {",
	    "'q%zu': '${v%zu}',", DESCRIPTOR_VARIABLES_MAX, "}}"), "",
	    "more than 64 variables");
	tap_ok(load(many(START "'rules': [{'then': 'accepted', 'match': "
	    "{'path': '', 'in': [", "%zu,", MATCH_VALUES_MAX, "]}}]}"), "") !=
	    NULL, "as many values of `in`");
	bad(many(START "'rules': [{'then': 'accepted', 'match': "
	    "{'path': '', 'in': [", "%zu,", MATCH_VALUES_MAX + 1, "]}}]}"),
	    "", "/rules/0/match/in: must be an array of 1 to 64");
	tap_ok(load("{" URL ", " ONE ", " TEXT ", 'ok': {'status': [200,201,"
	    "202,203,204,205,206,207,208,209,210,211,212,213,214,215]}}",
	    "") != NULL, "as many codes");
	bad("{'ok': {'status': [200,201,202,203,204,205,206,207,208,209,210,"
	    "211,212,213,214,215,216]}}", "", "/ok/status: has 17 elements; must have");
	/* d0 is d1 is d2 ... is d8 */
	tap_ok(load(START "'defaults': {'a': '${b}', 'b': '${c}', 'c': "
	    "'${d}', 'd': '${e}', 'e': '${f}', 'f': '${g}', 'g': '${h}', "
	    "'h': 'x'}}", "") != NULL, "defaults nested as deep as may be");
	bad(START "'defaults': {'a': '${b}', 'b': '${c}', 'c': '${d}', 'd': "
	    "'${e}', 'e': '${f}', 'f': '${g}', 'g': '${h}', 'h': '${i}', "
	    "'i': 'x'}}", "", "/defaults/a: refers to itself, or nests");
	tap_ok(pointer_is("") && pointer_is("/") && !pointer_is("a"),
	    "pointers");
	tap_ok(pointer_is(many("/a/", "a", POINTER_TOKEN_MAX + 1, "/b")),
	    "a long step");
	tap_ok(!pointer_is(many("/a/", "a", POINTER_TOKEN_MAX + 2, "/b")),
	    "one that is too long");
	tap_ok(load(many(START "'query': {'a': '${ttl|time(", "%%",
	    FILTER_ARG_MAX + 1, ")}'}}"), "") != NULL, "a long format");
	bad(many(START "'query': {'a': '${ttl|time(", "%%",
	    FILTER_ARG_MAX + 2, ")}'}}"), "", "no such filter");
	tap_ok(load(JSON_BODY("[[[[[[[[[[[[[[[['${text}']]]]]]]]]]]]]]]]", ""),
	    "") != NULL, "a template nested as deep as may be");
}

/* ---- requests ---- */

static const struct gateway_login password = {IPC_PASSWORD, "u:\xc3\xa4",
    "p"};
static const struct gateway_login bearer = {IPC_BEARER, "u", "abc"};

static int
make(struct descriptor *g, const struct gateway_login *login,
    const char *text, const struct options *o, size_t nto,
    struct gateway_request *r)
{
	struct gateway_message m = {.id = "ID-1", .text = text, .to = two,
	    .nto = nto, .options = o, .now = NOW};

	if (g == NULL) {
		tap_show("descriptor", errors);
		memset(r, 0, sizeof(*r));
		return -1;
	}
	return gateway_send(g, login, &m, 1, r);
}

static const char *
header(const struct gateway_request *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->nheader; i++)
		if (strcmp(r->header[i].name, name) == 0)
			return r->header[i].value;
	return "(none)";
}

static void
is_json(const char *got, const char *want, const char *name)
{
	json_t *a = got != NULL ? json_loads(got, 0, NULL) : NULL;
	json_t *b = json_loads(json(want), 0, NULL);

	if (!tap_ok(a != NULL && b != NULL && json_equal(a, b), "%s", name))
		tap_show("got", got != NULL ? got : "(none)");
	json_decref(a);
	json_decref(b);
}

static void
test_smsgate(void)
{
	struct options o = {OPTIONS_PRIORITY_LEVEL, -9, 3600, NOW + 86400,
	    OPTIONS_REPORT_YES,
	    3, "phone", "", 0, 0, {0}, 0};
	struct options data = {.port = 2948, .ndata = 3,
	    .data = {0, 0xff, 'x'}};
	struct gateway_login broken = {IPC_BEARER, "u", "a\r\nX-Evil: 1"};
	struct gateway_request r;
	struct descriptor *g;
	char lines[256];

	write_file(secret, "s3cret\r\n");
	g = load(NULL, "set device D\nset sim 2\nset report no\n");
	tap_ok(make(g, &password, "text \"q\" \n\xc3\xa4", NULL, 2, &r) == 0,
	    "a request");
	tap_is(r.url, "https://api.sms-gate.app/3rdparty/v1/messages", "url");
	tap_is(r.method, "POST", "method");
	tap_is(header(&r, "Authorization"), "Basic dTrDpDpw", "basic");
	tap_is(header(&r, "Content-Type"), "application/json", "type");
	is_json(r.body, "{'id': 'ID-1', 'deviceId': 'D', 'phoneNumbers': "
	    "['+491711234567', '+431234567890'], 'textMessage': {'text':"
	    " 'text \\'q\\' \\n\xc3\xa4'}, 'simNumber': 2, "
	    "'withDeliveryReport': false}", "body");
	tap_ok(strstr(r.shown, "Basic ***") && !strstr(r.shown, "dTrDpDpw"),
	    "a request is shown without its secret");
	gateway_free(&r);
	tap_ok(make(g, &bearer, "t", &o, 1, &r) == 0, "all options");
	tap_is(header(&r, "Authorization"), "Bearer abc", "bearer");
	is_json(r.body, "{'id': 'ID-1', 'deviceId': 'phone', 'phoneNumbers': "
	    "['+491711234567'], 'textMessage': {'text': 't'}, 'simNumber': 3,"
	    "'priority': -126, 'ttl': 3600, 'scheduleAt': "
	    "'2027-01-16T08:00:00Z', 'withDeliveryReport': true}",
	    "a message's own before `set`");
	gateway_free(&r);
	g = load(NULL, "set skip-phone-validation true\n"
	    "set device-active-within 12\n");
	tap_ok(make(g, &bearer, "", &data, 1, &r) == 0, "a data SMS");
	tap_is(r.url, "https://api.sms-gate.app/3rdparty/v1/messages"
	    "?skipPhoneValidation=true&deviceActiveWithin=12", "its query");
	is_json(r.body, "{'id': 'ID-1', 'phoneNumbers': ['+491711234567'], "
	    "'dataMessage': {'data': 'AP94', 'port': 2948}}",
	    "a data SMS has no text");
	gateway_free(&r);
	tap_ok(make(g, NULL, "t", NULL, 1, &r) == -1, "nobody's request");
	tap_ok(r.url == NULL && r.nheader == 0, "which is empty");
	snprintf(lines, sizeof(lines), "set user me\nsecret password %s\n",
	    secret);
	g = load(NULL, lines);
	tap_ok(make(g, NULL, "t", NULL, 1, &r) == 0, "our own request");
	tap_is(header(&r, "Authorization"), "Basic bWU6czNjcmV0",
	    "user and secret");
	gateway_free(&r);
	tap_ok(make(g, &bearer, "t", NULL, 1, &r) == 0, "another's request");
	tap_is(header(&r, "Authorization"), "Bearer abc", "with none of ours");
	gateway_free(&r);
	tap_ok(make(g, &broken, "t", NULL, 1, &r) == -1,
	    "no CRLF in a header");
	tap_ok(gateway_check(g, &password, &r) == 0, "a check");
	tap_is(r.url, "https://api.sms-gate.app/3rdparty/v1/devices", "url");
	tap_is(r.method, "GET", "method");
	tap_is(header(&r, "Authorization"), "Basic dTrDpDpw", "credentials");
	gateway_free(&r);
	tap_ok(gateway_warm(g, &r) == 0 && r.nheader == 0, "a warm-up");
	gateway_free(&r);
	tap_ok(gateway_lookup(g, &password, "a/b", &r) == 0, "a look-up");
	tap_is(r.url, "https://api.sms-gate.app/3rdparty/v1/messages/a%2Fb",
	    "its id is escaped");
	tap_is(header(&r, "Authorization"), "Basic dTrDpDpw", "credentials");
	gateway_free(&r);
}

/* Requests as one line: method, URL, headers but the type's, body. */
static void
line(const struct gateway_request *r, char *out, size_t room)
{
	size_t n = 0, i;

	n = (size_t)snprintf(out, room, "%s %s", r->method, r->url);
	for (i = 0; i < r->nheader; i++)
		if (strcmp(r->header[i].name, "Content-Type") != 0)
			n += (size_t)snprintf(out + n, room - n, " %s=%s",
			    r->header[i].name, r->header[i].value);
	if (r->body != NULL)
		snprintf(out + n, room - n, " %s", r->body);
}

static const struct options full = {OPTIONS_PRIORITY_LEVEL, 9, 90, NOW + 3601,
    OPTIONS_REPORT_NO, 2, "d/1", "+4930", 0, 0, {0}, 0};
static const struct options binary = {.port = 9200, .ndata = 4,
    .data = {0, 'A', 0xff, '&'}};
static const struct options dots = {.device = ".."};
static const struct options late = {.ttl = 60, .schedule = NOW - 5};
static const struct options hour = {.ttl = 7200, .schedule = NOW + 3600};
static const struct options soon = {.schedule = NOW + 5};
static const struct options raw = {OPTIONS_PRIORITY_RAW, 2, 0, 0,
    OPTIONS_REPORT_YES, 0, "",
    "", 0, 0, {0}, 0};

#define LEVELS "'priority': {'min': 0, 'max': 3, 'levels': " \
    "[0,0,0,0,0,0,0,0,0,1,1,1,2,2,2,2,3,3,3]}"

/* want: what the request is; NULL: there is none */
static const struct {
	const char *name, *descriptor, *lines, *text;
	const struct options *options;
	size_t nto;
	const char *want;
} requests[] = {
	{"a text", WITH("'name': ''"), "", "a b", NULL, 1,
	    "POST http://h/ a b"},
	{"PUT", WITH("'method': 'PUT'"), "", "x", NULL, 1, "PUT http://h/ x"},
	{"a header", WITH("'headers': {'X-A': '<${from}>', 'X-B': '${no}'}"),
	    "", "x", &full, 1, "POST http://h/ X-A=<+4930> x"},
	{"control characters do not pass into a header",
	    WITH("'headers': {'X-A': '${text}'}"), "", "a\nb\tc", NULL, 1,
	    "POST http://h/ X-A=a b c a\nb\tc"},
	{"a required header", WITH("'headers': {'X-A': '${no!}'}"), "", "x",
	    NULL, 1, NULL},
	{"a required part of a header",
	    WITH("'headers': {'X-A': 'a ${no!}'}"), "", "x", NULL, 1, NULL},
	/* URLs and queries */
	{"a query", QUERY("{'a': '${text}', 'b': 'c d', 'no': '${no}', "
	    "'l': ['1', '${no}', '${from}']}", ""), "set from 'A&B'\n",
	    "\xc3\xa4=\n", NULL, 1,
	    "GET http://h/?a=%C3%A4%3D%0A&b=c%20d&l=1&l=A%26B"},
	{"behind a query", "{'url': 'http://h/?x=1', " ONE ", 'method': "
	    "'GET', 'query': {'t': '${text}'}, " OK "}", "", "t", NULL, 1,
	    "GET http://h/?x=1&t=t"},
	{"an array repeats", "{" URL ", 'method': 'GET', 'to': {'mode': "
	    "'array', 'max': 9}, 'query': {'to': '${to}', 't': '${text}'}, "
	    OK "}", "", "t", NULL, 2,
	    "GET http://h/?to=%2B491711234567&to=%2B431234567890&t=t"},
	{"a query that is empty", "{" URL ", " ONE ", " TEXT ", 'query': "
	    "{'a': '${no}'}, " OK "}", "", "t", NULL, 1, "POST http://h/ t"},
	{"a message in a URL", "{'url': 'http://h/${device}/${to}?${id}', "
	    ONE ", " TEXT ", " OK "}", "set device x\n", "t", &full, 1,
	    "POST http://h/d%2F1/%2B491711234567?ID-1 t"},
	{"no dots in a URL", "{'url': 'http://h/${device}', " ONE ", " TEXT
	    ", " OK "}", "set device x\n", "t", &dots, 1, NULL},
	{"a secret's URL", "{'url': 'http://h/${token}', " ONE ", " TEXT ", "
	    OK "}", "set token a+b\n", "t", NULL, 1, "POST http://h/a%2Bb t"},
	/* ways to authenticate */
	{"none", WITH("'auth': [{'type': 'bearer', 'token': '${token}'}, "
	    "{'type': 'none'}]"), "", "x", NULL, 1, "POST http://h/ x"},
	{"a header", WITH("'auth': [{'type': 'header', 'name': 'X-Api-Key', "
	    "'value': 'App ${token}'}]"), "set token t\n", "x", NULL, 1,
	    "POST http://h/ X-Api-Key=App t x"},
	{"Authorization", WITH("'auth': [{'type': 'header', 'name': "
	    "'Authorization', 'value': '${token}'}]"), "set token t\n", "x",
	    NULL, 1, "POST http://h/ Authorization=t x"},
	{"none has values", WITH("'auth': [{'type': 'bearer', 'token': "
	    "'${token}'}]"), "", "x", NULL, 1, NULL},
	/* recipients */
	{"joined", TO("{'mode': 'join', 'max': 3, 'separator': ', '}",
	    "['${to}', '${text}']"), "", "t", NULL, 2,
	    "POST http://h/ [\"+491711234567, +431234567890\",\"t\"]"},
	{"joined inside a string, by digits", TO("{'mode': 'join', 'max': 3, "
	    "'separator': '<', 'format': 'digits'}", "['to ${to}', "
	    "'${text}']"), "", "t", NULL, 2,
	    "POST http://h/ [\"to 491711234567<431234567890\",\"t\"]"},
	{"an element for each", TO("{'mode': 'array', 'max': 3, 'format': "
	    "'digits', 'element': {'to': '${number!}', 'n': '${index}', "
	    "'id': '${id}-${index}', 't': '${text}', 'no': '${no}'}}",
	    "{'m': '${to!}'}"), "", "t", NULL, 2,
	    "POST http://h/ {\"m\":[{\"to\":\"491711234567\",\"n\":0,\"id\":"
	    "\"ID-1-0\",\"t\":\"t\"},{\"to\":\"431234567890\",\"n\":1,"
	    "\"id\":\"ID-1-1\",\"t\":\"t\"}]}"},
	/* bodies */
	{"JSON keeps its types", JSON_BODY("{'a': [1, 2.5, true, null, '', "
	    "{}], 'n': '${sim}', 's': 'x${sim}', 'r': '${report}', 'w': "
	    "'r=${report}', 't': '${text}'}", ""), "", "t", &full, 1,
	    "POST http://h/ {\"a\":[1,2.5,true,null,\"\",{}],\"n\":2,"
	    "\"s\":\"x2\",\"r\":false,\"w\":\"r=no\",\"t\":\"t\"}"},
	{"what is emptied goes", JSON_BODY("{'t': '${text}', 'o': {'x': "
	    "'${no}'}, 'a': [['${no}']]}", ""), "", "t", NULL, 1,
	    "POST http://h/ {\"t\":\"t\"}"},
	{"all of it is emptied", JSON_BODY("{'t': '${text}'}", ""), "", "",
	    &binary, 1, NULL},
	{"a form", FORM("{'To': '${to}', 'a b': ['x', '${no}', 'y z'], "
	    "'r': '${report}', 't': '${text}'}", ""), "", "1+1=\xe2\x82\xac",
	    &full, 1, "POST http://h/ To=%2B491711234567&a%20b=x&a%20b=y%20z"
	    "&r=no&t=1%2B1%3D%E2%82%AC"},
	{"octets in a form", FORM("{'d': '${data|raw}', 'p': "
	    "'%06${port|raw}', 'h': '${port|hex}', 'x': '${data|hex}', "
	    "'t': '${text}'}", ""), "", "", &binary, 1,
	    "POST http://h/ d=%00A%FF%26&p=%2506%23%F0&h=23F0&x=0041FF26"},
	/* filters */
	{"ttl", JSON_BODY("['${text}', '${ttl}', '${ttl|seconds}', "
	    "'${ttl|ms}', '${ttl|minutes}', '${ttl|rfc3339}', '${ttl|unix}', "
	    "'${ttl|time(%H:%M)}', '${ttl|string}']", ""), "set ttl 61\n",
	    "t", NULL, 1, "POST http://h/ [\"t\",61,61,61000,2,"
	    "\"2027-01-15T08:01:01Z\",1800000061,\"08:01\",\"61\"]"},
	{"ttl begins now, also with a schedule", JSON_BODY("['${text}', "
	    "'${ttl|unix}']", ""), "", "t", &hour, 1,
	    "POST http://h/ [\"t\",1800007200]"},
	{"one that the schedule is behind begins there", JSON_BODY("['${text}', "
	    "'${ttl|unix}', '${ttl|minutes}']", ""), "", "t", &full, 1,
	    "POST http://h/ [\"t\",1800003691,2]"},
	{"schedule", JSON_BODY("['${text}', '${schedule}', "
	    "'${schedule|unix}', '${schedule|rfc3339}', "
	    "'${schedule|seconds}', '${schedule|minutes}', '${schedule|ms}', "
	    "'${schedule|time(%Y%m%d%H%M)}']", ""), "", "t", &full, 1,
	    "POST http://h/ [\"t\",1800003601,1800003601,"
	    "\"2027-01-15T09:00:01Z\",3601,61,3601000,\"202701150900\"]"},
	{"a schedule that has passed is none", JSON_BODY("['${text}', "
	    "'${schedule}', '${ttl|unix}']", ""), "", "t", &late, 1,
	    "POST http://h/ [\"t\",1800000060]"},
	{"one too near is put off", JSON_BODY("['${text}', "
	    "'${schedule|seconds}']", ", 'limits': {'schedule': [900, 9999]}"),
	    "", "t", &soon, 1, "POST http://h/ [\"t\",900]"},
	{"ASCII", JSON_BODY("['${alphabet}', '${text|if-ascii}', "
	    "'${text|if-gsm7}', '${text|if-ucs2}', '${text|if-not-ascii}', "
	    "'${parts}']", ""), "", "{a}\n", NULL, 1,
	    "POST http://h/ [\"ascii\",\"{a}\\n\",\"{a}\\n\",1]"},
	{"GSM", JSON_BODY("['${alphabet}', '${text|if-ascii}', "
	    "'${text|if-gsm7}', '${text|if-ucs2}', '${text|if-not-ascii}', "
	    "'${parts}']", ""), "", "\xc3\xa4", NULL, 1,
	    "POST http://h/ [\"gsm7\",\"\xc3\xa4\",\"\xc3\xa4\",1]"},
	{"ASCII that GSM lacks", JSON_BODY("['${alphabet}', "
	    "'${text|if-ascii}', '${text|if-ucs2}']", ""), "", "`", NULL, 1,
	    "POST http://h/ [\"ucs2\",\"`\"]"},
	{"UCS-2", JSON_BODY("['${text|if-ucs2|utf16be-hex}', "
	    "'${text|if-gsm7}', '${text|base64}', '${text|hex}']", ""), "",
	    "\xd0\xb6\xf0\x9f\x98\x80", NULL, 1, "POST http://h/ "
	    "[\"0436D83DDE00\",\"0Lbwn5iA\",\"D0B6F09F9880\"]"},
	{"data", JSON_BODY("{'d': '${data|base64}', 'h': '${data|hex}', "
	    "'p': '${port}', 'x': '${port|hex}', 't': '${text}', 'a': "
	    "'${alphabet}', 'n': '${parts}'}", ""), "", "", &binary, 1,
	    "POST http://h/ {\"d\":\"AEH/Jg==\",\"h\":\"0041FF26\",\"p\":9200,"
	    "\"x\":\"23F0\"}"},
	{"types", JSON_BODY("['${text}', '${a|number}', '${b|number}', "
	    "'${b|boolean}', '${a|boolean}', '${c|digits}', '${c|alnum}', "
	    "'${a|string}', '${sim|string}']", ""), "set a 1\nset b yes\n"
	    "set c '+4-a.B'\nset sim 3\n", "t", NULL, 1, "POST http://h/ "
	    "[\"t\",1,true,true,\"4\",\"4aB\",\"1\",\"3\"]"},
	{"a number or a name", JSON_BODY("['${text}', '${from|if-number}', "
	    "'${from|if-name}', '${a|if-number}', '${a|if-name}']", ""),
	    "set from +49\nset a +\n", "t", NULL, 1,
	    "POST http://h/ [\"t\",\"+49\",\"+\"]"},
	{"required behind a filter", JSON_BODY("['${text}', "
	    "'${text!|if-ucs2}']", ""), "", "t", NULL, 1, NULL},
	{"required behind a filter, at the end", JSON_BODY("['${text}', "
	    "'${text|if-ucs2!}']", ""), "", "t", NULL, 1, NULL},
	/* defaults and maps */
	{"defaults of defaults", "{'url': '${base}/x', " ONE ", " TEXT ", "
	    OK ", 'defaults': {'base': 'http://${region}.h', 'region': "
	    "'eu'}}", "set region us\n", "t", NULL, 1,
	    "POST http://us.h/x t"},
	{"a slash too many", "{'url': '${base}/x', " ONE ", " TEXT ", " OK
	    "}", "set base http://h/a/\n", "t", NULL, 1,
	    "POST http://h/a/x t"},
	{"a default has the variable's type", JSON_BODY("['${text}', "
	    "'${sim}', '${ttl}']", ", 'defaults': {'sim': '2', 'ttl': "
	    "'${validity}', 'validity': '70'}"), "", "t", NULL, 1,
	    "POST http://h/ [\"t\",2,70]"},
	{"a map", JSON_BODY("['${text}', '${a}', '${b}', '${c}', '${d}', "
	    "'${e}', '${f}']", ", 'map': {"
	    "'a': {'of': 'alphabet', 'values': {'ucs2': 8}, 'else': 0}, "
	    "'b': {'of': 'alphabet', 'values': {'ascii': true}}, "
	    "'c': {'of': 'alphabet', 'values': {'ucs2': 'x'}}, "
	    "'d': {'of': 'ttl', 'else': 'set'}, "
	    "'e': {'of': 'ttl', 'values': {'1': 'x'}, 'unset': '<${from}>'}, "
	    "'f': {'of': 'e', 'values': {'<f>': '${a}'}, 'else': null}}"),
	    "set from f\n", "t", NULL, 1,
	    "POST http://h/ [\"t\",0,true,\"<f>\",0]"},
	{"a map of a truth, and of a number", JSON_BODY("['${text}', '${r}', "
	    "'${s}']", ", 'map': {'r': {'of': 'report', 'values': {'no': "
	    "'0', 'yes': '31'}}, 's': {'of': 'sim', 'values': {'2': 'two'}}}"),
	    "", "t", &full, 1, "POST http://h/ [\"t\",\"0\",\"two\"]"},
	{"a map is an if", FORM("{'m': '${m}'}", ", 'map': {'m': {'of': "
	    "'port', 'else': '${data|raw}', 'unset': '${text}'}}"), "", "",
	    &binary, 1, "POST http://h/ m=%00A%FF%26"},
	{"... and its other side", FORM("{'m': '${m}'}", ", 'map': {'m': "
	    "{'of': 'port', 'else': '${data|raw}', 'unset': '${text}'}}"),
	    "", "t", NULL, 1, "POST http://h/ m=t"},
	/* priority */
	{"a level", JSON_BODY("['${text}', '${priority}']", ", " LEVELS), "",
	    "t", &full, 1, "POST http://h/ [\"t\",3]"},
	{"a raw priority", JSON_BODY("['${text}', '${priority}', "
	    "'${report}']", ", " LEVELS), "set priority 1\n", "t", &raw, 1,
	    "POST http://h/ [\"t\",2,true]"},
	{"our own priority", JSON_BODY("['${text}', '${priority}']", ", "
	    LEVELS), "set priority 1\n", "t", NULL, 1,
	    "POST http://h/ [\"t\",1]"},
};

static void
test_requests(void)
{
	struct gateway_request r;
	char got[4096];
	size_t i;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (make(load(requests[i].descriptor, requests[i].lines),
		    NULL, requests[i].text, requests[i].options,
		    requests[i].nto, &r) == -1) {
			tap_ok(requests[i].want == NULL, "%s",
			    requests[i].name);
			continue;
		}
		line(&r, got, sizeof(got));
		tap_is(got, requests[i].want != NULL ? requests[i].want : "",
		    requests[i].name);
		tap_ok(r.nbody == (r.body != NULL ? strlen(r.body) : 0),
		    "%s: its length", requests[i].name);
		gateway_free(&r);
	}
}

static void
test_types(void)
{
	static const struct {
		const char *body, *type;
	} types[] = {
		{"{'type': 'json', 'template': ['${text}']}",
		    "application/json"},
		{"{'type': 'form', 'template': {'a': '${text}'}}",
		    "application/x-www-form-urlencoded"},
		{"{'type': 'text', 'template': '${text}'}",
		    "text/plain; charset=utf-8"},
		{"{'type': 'json', 'template': ['${text}'], 'content-type': "
		    "'application/x-amz-json-1.0'}",
		    "application/x-amz-json-1.0"},
	};
	struct gateway_request r;
	char descriptor[512];
	size_t i;

	for (i = 0; i < 4; i++) {
		snprintf(descriptor, sizeof(descriptor), "{" URL ", " ONE
		    ", " OK ", 'body': %s}", types[i].body);
		make(load(descriptor, ""), NULL, "t", NULL, 1, &r);
		tap_is(header(&r, "Content-Type"), types[i].type, "a type");
		gateway_free(&r);
	}
}

static void
test_aws(void)
{
	struct gateway_request r;
	struct descriptor *g = load(WITH("'auth': [{'type': 'aws-sigv4', "
	    "'provider': 'aws:amz:${region}:sns', 'user': '${user}', "
	    "'password': '${password}'}], 'defaults': {'region': 'eu'}"),
	    "");

	tap_ok(make(g, &password, "abc", NULL, 1, &r) == 0, "AWS");
	tap_is(r.sigv4, "aws:amz:eu:sns", "provider");
	tap_is(r.sigv4_user, "u:\xc3\xa4", "user");
	tap_is(r.sigv4_secret, "p", "secret");
	tap_is(header(&r, "Authorization"), "(none)", "curl will sign");
	tap_ok(strstr(r.shown, "AWS4-HMAC-SHA256 ***") != NULL, "shown");
	gateway_free(&r);
	tap_ok(make(g, &bearer, "abc", NULL, 1, &r) == -1, "no password");
}

/* ---- secrets ---- */

#define SECRET "S3c/r+t \"x\""

/* Each place that a secret can stand in. */
static const char *const places[] = {
	"{'url': 'http://h/${token}', " ONE ", " TEXT ", " OK "}",
	WITH("'query': {'k': '${token}'}"),
	WITH("'query': {'k': 'a${token}b'}"),
	WITH("'headers': {'X': '${token}'}"),
	WITH("'headers': {'X': 'a${token|base64}b'}"),
	WITH("'auth': [{'type': 'bearer', 'token': '${token}'}]"),
	WITH("'auth': [{'type': 'header', 'name': 'X', 'value': "
	    "'App ${token}'}]"),
	WITH("'auth': [{'type': 'basic', 'user': 'u', 'password': "
	    "'${token}'}]"),
	WITH("'auth': [{'type': 'aws-sigv4', 'provider': 'a', 'user': 'u', "
	    "'password': '${token}'}]"),
	JSON_BODY("['${text}', '${token}']", ""),
	JSON_BODY("['${text}', {'a': '<${token}>'}]", ""),
	JSON_BODY("['${text}', '${token|hex}', '${token|alnum}']", ""),
	FORM("{'k': '${token}', 't': '${text}'}", ""),
	BODY("{'type': 'text', 'template': 'k=${token} ${text}'}"),
	WITH("'query': {'k': '${m}'}, 'map': {'m': {'of': 'token', 'else': "
	    "'x${token}'}}"),
	WITH("'query': {'k': '${d}'}, 'defaults': {'d': 'x${token}'}"),
	"{" URL ", 'to': {'mode': 'array', 'max': 2, 'element': {'k': "
	    "'${token}', 't': '${text}'}}, 'body': {'type': 'json', "
	    "'template': ['${to}']}, " OK "}",
};

/* How a secret may look in a URL, in base64, in hex, without its signs. */
static int
is_seen(const char *shown)
{
	static const char *const forms[] = {"S3c", "c/r", "c%2Fr", "53332F",
	    "533363", "UzNj", "S3crtx"};
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strstr(shown, forms[i]) != NULL)
			return 1;
	return 0;
}

static void
test_secrets(void)
{
	struct gateway_login l = {IPC_BEARER, "u", SECRET};
	struct gateway_request r;
	struct descriptor *g;
	char lines[256];
	size_t i, k;

	write_file(secret, SECRET "\n");
	snprintf(lines, sizeof(lines), "secret token %s\n", secret);
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (k = 0; k < 3; k++) {
			g = load(places[i], k == 0 ? lines : k == 1 ? "" :
			    "set token 'S3c/r+t \"x\"'\n");
			if (make(g, k == 1 ? &l : NULL, "t", NULL, 1, &r) ==
			    -1 || r.shown == NULL) {
				tap_ok(0, "place %zu has a request", i);
				continue;
			}
			if (!tap_ok(strstr(r.shown, "***") != NULL &&
			    !is_seen(r.shown), "a secret in place %zu, %s", i,
			    k == 0 ? "ours" : k == 1 ? "a login's" : "set"))
				tap_show("shown", r.shown);
			gateway_free(&r);
		}
}

/* ---- abilities and limits ---- */

#define NEEDY "'query': {'a': '${ttl}', 'b': '${sim}', 'c': '${x}'}, " \
	      "'needs': {'sim': 'x'}"

static void
test_abilities(void)
{
	struct abilities a;

	gateway_abilities(load(NULL, ""), &a);
	tap_ok(a.can == (OPTIONS_CAN_PRIORITY | OPTIONS_CAN_TTL |
	    OPTIONS_CAN_SCHEDULE | OPTIONS_CAN_REPORT |
	    OPTIONS_CAN_SIM | OPTIONS_CAN_DEVICE |
	    OPTIONS_CAN_DATA), "SMSGate can all but a sender");
	tap_ok(a.ttl_min == 5 && a.ttl_max == 2147483647, "its ttl");
	tap_ok(a.priority_min == -128 && a.priority_max == 127, "its scale");
	gateway_abilities(load(WITH("'name': ''"), ""), &a);
	tap_ok(a.can == 0, "a text alone");
	gateway_abilities(load(WITH("'query': {'a': '${m}', 'b': '${d}'}, "
	    "'map': {'m': {'of': 'n', 'unset': '${from|digits}'}, 'n': "
	    "{'of': 'schedule', 'else': '1'}, 'unused': {'of': 'sim', 'else':"
	    " ''}}, 'defaults': {'d': '${e}', 'e': '${ttl}'}, 'limits': "
	    "{'schedule': [900, 3024000]}"), ""), &a);
	tap_ok(a.can == (OPTIONS_CAN_FROM | OPTIONS_CAN_SCHEDULE |
	    OPTIONS_CAN_TTL),
	    "by way of maps and defaults");
	tap_ok(a.schedule_min == 900 && a.schedule_max == 3024000,
	    "its schedule");
	gateway_abilities(load(WITH("'check': {'url': 'http://h/${device}'}"),
	    "set device x\n"), &a);
	tap_ok(a.can == 0, "what is not sent does not count");
	gateway_abilities(load(WITH(NEEDY), ""), &a);
	tap_ok(a.can == OPTIONS_CAN_TTL, "nor what lacks a variable");
	gateway_abilities(load(WITH(NEEDY), "set x 1\n"), &a);
	tap_ok(a.can == (OPTIONS_CAN_TTL | OPTIONS_CAN_SIM), "until it is set");
}

static const struct {
	const char *limits;
	const char *text;
	struct options options;
	const char *want;
} limits[] = {
	{"'text': 4", "abcd", {0}, NULL},
	{"'text': 4", "abcde", {0}, "text"},
	{"'text': 4", "\xc3\xa4\xc3\xa4", {0}, NULL},
	{"'text': 4", "\xc3\xa4\xc3\xa4x", {0}, "text"},
	{"'characters': 2", "\xc3\xa4\xc3\xa4", {0}, NULL},
	{"'characters': 2", "\xc3\xa4\xc3\xa4x", {0}, "characters"},
	{"'device': 3", "t", {.device = "abc"}, NULL},
	{"'device': 3", "t", {.device = "abcd"}, "device"},
	{"'from': 3", "t", {.from = "abc"}, NULL},
	{"'from': 3", "t", {.from = "abcd"}, "from"},
	{"'data': 2", "", {.port = 1, .ndata = 2}, NULL},
	{"'data': 2", "", {.port = 1, .ndata = 3}, "data"},
	{"'ttl': [60, 90]", "t", {.ttl = 60}, NULL},
	{"'ttl': [60, 90]", "t", {.ttl = 59}, "ttl"},
	{"'ttl': [60, 90]", "t", {.ttl = 90}, NULL},
	{"'ttl': [60, 90]", "t", {.ttl = 91}, "ttl"},
	{"'schedule': [60, 90]", "t", {.schedule = NOW + 90}, NULL},
	{"'schedule': [60, 90]", "t", {.schedule = NOW + 91}, "schedule"},
	{"'schedule': [60, 90]", "t", {.schedule = NOW + 1}, NULL},
	{"'schedule': [60, 90]", "t", {.schedule = NOW - 1}, NULL},
	{"'text': 9", "t",
	    {.priority_kind = OPTIONS_PRIORITY_RAW, .priority = 3},
	    NULL},
	{"'text': 9", "t",
	    {.priority_kind = OPTIONS_PRIORITY_RAW, .priority = 4},
	    "priority"},
};

#define ALL_OPTIONS "'query': {'a': '${device}${from}', 'b': '${ttl}', " \
    "'c': '${schedule}', 'd': '${data|hex}', 'e': '${priority}'}, " LEVELS

static void
test_limits(void)
{
	struct gateway_message m = {.to = one, .nto = 1, .now = NOW};
	struct descriptor *g;
	char descriptor[1024];
	const char *got;
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		snprintf(descriptor, sizeof(descriptor), "{" URL ", " ONE ", "
		    TEXT ", " OK ", " ALL_OPTIONS ", 'limits': {%s}}",
		    limits[i].limits);
		g = load(descriptor, "");
		m.text = limits[i].text;
		m.options = &limits[i].options;
		got = g != NULL ? gateway_limit(g, &m) : "(none)";
		tap_is(got != NULL ? got : "in", limits[i].want != NULL ?
		    limits[i].want : "in", limits[i].limits);
	}
	g = load(WITH("'limits': {'text': 7}"), "");
	m.options = &binary;
	m.text = "";
	tap_is(gateway_limit(g, &m), "data", "a gateway without data SMS");
	m.options = &full;
	tap_ok(gateway_limit(g, &m) == NULL,
	    "what it has no place for has no limit");
	tap_ok(load(NULL, "set sim 2\nset ttl 60\nset report no\n") != NULL,
	    "variables of smsgate");
	tap_ok(load(NULL, "set sim 4\n") == NULL, "sim is 1 to 3");
	tap_ok(load(NULL, "set sim two\n") == NULL, "sim is a number");
	tap_ok(load(NULL, "set ttl 4\n") == NULL, "ttl is at least 5");
	tap_ok(load(NULL, "set report maybe\n") == NULL, "report is yes, no");
	tap_ok(load(NULL, "set priority 128\n") == NULL, "priority");
	tap_ok(load(NULL, "set devcie x\n") == NULL, "a typing error");
	tap_ok(load(NULL, "set device 123456789012345678901\n") != NULL,
	    "21 octets of a device");
	tap_ok(load(NULL, "set device 1234567890123456789012\n") == NULL,
	    "22 octets");
}

/* What is too large makes no request, and breaks nothing. */
static void
test_sizes(void)
{
	static char text[200 * 1024], long_default[20000 + 256];
	struct gateway_request r;
	size_t n;

	memset(text, 'x', sizeof(text) - 1);
	tap_ok(make(load(QUERY("{'t': '${text}'}", ""), ""), NULL, text, NULL,
	    1, &r) == -1, "a URL over %d octets", REQUEST_URL_MAX);
	text[60 * 1024] = '\0';
	tap_ok(make(load(QUERY("{'t': '${text}'}", ""), ""), NULL, text, NULL,
	    1, &r) == 0, "a URL of sixty thousand");
	gateway_free(&r);
	text[60 * 1024] = 'x';
	tap_ok(make(load(JSON_BODY("['${text|utf16be-hex}', '${text|hex}']",
	    ""), ""), NULL, text, NULL, 1, &r) == 0, "a large body");
	tap_ok(r.nbody > 6 * (sizeof(text) - 1), "in hex");
	gateway_free(&r);
	tap_ok(make(load(JSON_BODY("['${text|utf16be-hex}', '${text|hex}', "
	    "'${text|utf16be-hex}', '${text|utf16be-hex}', "
	    "'${text|utf16be-hex}', '${text|utf16be-hex}']", ""), ""), NULL,
	    text, NULL, 1, &r) == -1, "a body over %d octets", REQUEST_BODY_MAX);
	n = (size_t)sprintf(long_default, "%s", "{" URL ", " ONE ", " TEXT
	    ", " OK ", 'query': {'a': 'x${d}'}, 'defaults': {'d': '");
	memset(long_default + n, 'y', VALUE_MAX + 200);
	strcpy(long_default + n + VALUE_MAX + 200, "'}}");
	tap_ok(make(load(long_default, ""), NULL, "t", NULL, 1, &r) == -1,
	    "a value over %d octets", VALUE_MAX);
}

/* ---- answers ---- */

struct answer {
	long status;
	const char *body;
	enum ipc_outcome outcome;
	const char *id;
};

static void
judge(struct descriptor *g, const struct answer *a, size_t n)
{
	struct gateway_message m = {.id = "ID", .text = "t", .to = one,
	    .nto = 1};
	struct gateway_answer got;
	struct gateway_result result;
	const char *body;
	size_t i;

	if (g == NULL)
		tap_show("descriptor", errors);
	for (i = 0; i < n && g != NULL; i++) {
		body = json(a[i].body);
		gateway_judge(g, &m, a[i].status, body, strlen(body), 1, &got,
		    &result);
		if (!tap_ok(got.outcome == a[i].outcome &&
		    result.outcome == a[i].outcome &&
		    strcmp(got.id, a[i].id) == 0, "%ld %.*s", a[i].status,
		    (int)strcspn(a[i].body, "\r\n"), a[i].body))
			tap_show("id", got.id);
	}
}

static const struct answer smsgate[] = {
	{202, "{'id': 'x'}", IPC_OUTCOME_ACCEPTED, "x"},
	{202, "{}", IPC_OUTCOME_ACCEPTED, ""},
	{202, "{'id': 7}", IPC_OUTCOME_ACCEPTED, "7"},
	{202, "{'id': 'a b'}", IPC_OUTCOME_ACCEPTED, ""},
	{202, "{'id': '12345678901234567890123456789012345678901234567890"
	    "123456789012345'}", IPC_OUTCOME_ACCEPTED, ""},
	{202, "", IPC_OUTCOME_UNCLEAR, ""},
	{202, "7", IPC_OUTCOME_UNCLEAR, ""},
	{202, "<html>", IPC_OUTCOME_UNCLEAR, ""},
	{200, "{'id': 'x'}", IPC_OUTCOME_UNCLEAR, "x"},
	{302, "", IPC_OUTCOME_TEMPORARY, ""},
	{400, "{'message': 'no'}", IPC_OUTCOME_REFUSED, ""},
	{401, "", IPC_OUTCOME_CREDENTIALS, ""},
	{402, "", IPC_OUTCOME_REFUSED, ""},
	{403, "", IPC_OUTCOME_CREDENTIALS, ""},
	{404, "", IPC_OUTCOME_REFUSED, ""},
	{409, "{'message': 'message with the same ID already exists'}",
	    IPC_OUTCOME_DUPLICATE, ""},
	{409, "{'message': 'constraint failed'}", IPC_OUTCOME_REFUSED, ""},
	{409, "", IPC_OUTCOME_REFUSED, ""},
	{400, "{'message': 'same ID'}", IPC_OUTCOME_REFUSED, ""},
	{429, "", IPC_OUTCOME_REFUSED, ""},
	{500, "", IPC_OUTCOME_FAILED, ""},
	{503, "{'message': 'queue limits exceeded'}", IPC_OUTCOME_FAILED, ""},
	{0, "", IPC_OUTCOME_UNCLEAR, ""},
	{600, "", IPC_OUTCOME_UNCLEAR, ""},
};

/* no rule, no id */
static const struct answer plain[] = {
	{200, "", IPC_OUTCOME_ACCEPTED, ""},
	{201, "", IPC_OUTCOME_UNCLEAR, ""},
	{302, "", IPC_OUTCOME_TEMPORARY, ""},
	{400, "", IPC_OUTCOME_PERMANENT, ""},
	{401, "", IPC_OUTCOME_CREDENTIALS, ""},
	{402, "", IPC_OUTCOME_CREDENTIALS, ""},
	{403, "", IPC_OUTCOME_CREDENTIALS, ""},
	{404, "", IPC_OUTCOME_PERMANENT, ""},
	{408, "", IPC_OUTCOME_TEMPORARY, ""},
	{422, "", IPC_OUTCOME_PERMANENT, ""},
	{425, "", IPC_OUTCOME_TEMPORARY, ""},
	{429, "", IPC_OUTCOME_TEMPORARY, ""},
	{500, "", IPC_OUTCOME_TEMPORARY, ""},
	{599, "", IPC_OUTCOME_TEMPORARY, ""},
};

#define VONAGE WITH("'ok': {'status': 200, 'match': {'path': " \
    "'/messages/*/status', 'equals': 0}}, 'id': '/messages/0/message-id', " \
    "'rules': [{'match': {'path': '/messages/*/status', 'in': [1, 5], " \
    "'any': true}, 'then': 'temporary'}, {'match': {'path': " \
    "'/messages/*/status', 'in': ['4'], 'any': true}, 'then': " \
    "'credentials'}, {'match': {'path': '/error', 'regex': '^gone'}, " \
    "'status': [410, 411], 'then': 'permanent'}]")
#define WITHOUT_OK(more) "{" URL ", " ONE ", " TEXT ", " more "}"

static const struct answer vonage[] = {
	{200, "{'messages': [{'status': '0', 'message-id': 'A'}]}",
	    IPC_OUTCOME_ACCEPTED, "A"},
	{200, "{'messages': [{'status': 0, 'message-id': 'A'}, "
	    "{'status': '0'}]}", IPC_OUTCOME_ACCEPTED, "A"},
	{200, "{'messages': [{'status': '0'}, {'status': '1'}]}",
	    IPC_OUTCOME_TEMPORARY, ""},
	{200, "{'messages': [{'status': '0'}, {'status': '4'}]}",
	    IPC_OUTCOME_CREDENTIALS, ""},
	{200, "{'messages': [{'status': '0'}, {'status': '99'}]}",
	    IPC_OUTCOME_UNCLEAR, ""},
	{200, "{'messages': [{'status': '0'}, {}]}", IPC_OUTCOME_UNCLEAR, ""},
	{200, "{'messages': []}", IPC_OUTCOME_UNCLEAR, ""},
	{200, "{'messages': {'a': {'status': 0}}}", IPC_OUTCOME_ACCEPTED, ""},
	{200, "{'messages': '0'}", IPC_OUTCOME_UNCLEAR, ""},
	{200, "{}", IPC_OUTCOME_UNCLEAR, ""},
	{200, "0", IPC_OUTCOME_UNCLEAR, ""},
	{411, "{'error': 'gone away'}", IPC_OUTCOME_PERMANENT, ""},
	{412, "{'error': 'gone'}", IPC_OUTCOME_PERMANENT, ""},
	{500, "{'messages': [{'status': '4'}]}", IPC_OUTCOME_CREDENTIALS, ""},
};

#define TEXTS WITHOUT_OK("'ok': {'status': 200, 'match': [{'regex': " \
    "'^Success'}, {'path': '/no', 'absent': true}]}, 'id': {'regex': " \
    "'(id|ID)=([a-z]+)'}, 'rules': [{'match': {'equals': '900'}, 'then': " \
    "'credentials'}, {'match': {'in': [600, 'x']}, 'then': 'temporary'}, " \
    "{'match': {'path': '', 'equals': 700}, 'then': 'permanent'}, " \
    "{'match': [{'regex': 'a'}, {'regex': 'b'}], 'then': 'permanent'}]")
static const struct answer texts[] = {
	{200, "900", IPC_OUTCOME_CREDENTIALS, ""},
	{200, " 900\r\n", IPC_OUTCOME_CREDENTIALS, ""},
	{200, "9001", IPC_OUTCOME_UNCLEAR, ""},
	{200, "600\n", IPC_OUTCOME_TEMPORARY, ""},
	{200, "x", IPC_OUTCOME_TEMPORARY, ""},
	{200, "700", IPC_OUTCOME_PERMANENT, ""},
	{200, "a b", IPC_OUTCOME_PERMANENT, ""},
	{200, "c\nSuccess", IPC_OUTCOME_UNCLEAR, ""},
};

static void
test_answers(void)
{
	struct gateway_message m = {.id = "ID", .text = "t", .to = one,
	    .nto = 1};
	struct gateway_answer a;
	struct gateway_result result;
	struct descriptor *g = load(NULL, "");

#define ALL(a) (a), sizeof(a) / sizeof((a)[0])
	judge(g, ALL(smsgate));
	gateway_judge(g, &m, 202, "{\"id\": \"x\"}", 11, 0, &a, &result);
	tap_ok(a.outcome == IPC_OUTCOME_UNCLEAR, "an answer that was cut");
	gateway_judge(g, &m, 202, "{\"id\": \"a\\u0000b\"}", 18, 1, &a,
	    &result);
	tap_ok(a.outcome == IPC_OUTCOME_ACCEPTED, "a NUL in an answer");
	gateway_judge(g, &m, 400, "{\"message\": \"no\"}", 17, 1, &a, &result);
	tap_is(a.error, "no", "the gateway's words");
	judge(load(WITH("'name': ''"), ""), ALL(plain));
	judge(load(WITHOUT_OK("'ok': {'status': 200, 'match': {'path': "
	    "'/messages/*/status', 'equals': 0}}, 'id': "
	    "'/messages/0/message-id', 'rules': [{'match': {'path': "
	    "'/messages/*/status', 'in': [1, 5], 'any': true}, 'then': "
	    "'temporary'}, {'match': {'path': '/messages/*/status', 'in': "
	    "['4'], 'any': true}, 'then': 'credentials'}, {'match': {'path': "
	    "'/error', 'regex': '^gone'}, 'status': [410, 411], 'then': "
	    "'permanent'}]"), ""), ALL(vonage));
	judge(load(TEXTS, ""), ALL(texts));
	judge(load(WITHOUT_OK("'ok': {'status': 200, 'match': {'path': "
	    "'/error', 'absent': true}}"), ""), (struct answer[]){
	    {200, "{}", IPC_OUTCOME_ACCEPTED, ""},
	    {200, "{'error': null}", IPC_OUTCOME_ACCEPTED, ""},
	    {200, "{'error': 0}", IPC_OUTCOME_UNCLEAR, ""},
	    {200, "x", IPC_OUTCOME_UNCLEAR, ""}}, 4);
	judge(load(WITH("'id': {'regex': 'Success \\\\x22([^\\\\x22]+)'}"),
	    ""), (struct answer[]){{200, "x", IPC_OUTCOME_ACCEPTED, ""}}, 1);
	judge(load(WITH("'id': {'regex': '<Id>([^<]+)</Id>'}"), ""),
	    (struct answer[]){{200, "<a><Id>7-x</Id></a>", IPC_OUTCOME_ACCEPTED,
	    "7-x"}, {200, "<a></a>", IPC_OUTCOME_ACCEPTED, ""}}, 2);
	judge(load(WITH("'id': ['/a', '/b/0', {'regex': 'n=(.)'}]"), ""),
	    (struct answer[]){{200, "{'b': ['B']}", IPC_OUTCOME_ACCEPTED, "B"},
	    {200, "{'a': 'A', 'b': ['B']}", IPC_OUTCOME_ACCEPTED, "A"},
	    {200, "n=4", IPC_OUTCOME_ACCEPTED, "4"}}, 3);
}

/* ---- each recipient ---- */

#define EACH(list) "{" URL ", 'to': {'mode': 'array', 'max': 9}, " TEXT \
    ", 'ok': {'status': [200, 207]}, 'each': {" list "}}"
#define BY_TO EACH("'list': '/m', 'to': '/to', 'id': '/i', 'error': '/e', " \
    "'ok': {'match': {'path': '/s', 'equals': 'ok'}}, 'rules': [" \
    "{'match': {'path': '/s', 'equals': 'bad'}, 'then': 'permanent'}, " \
    "{'match': {'path': '/s', 'equals': 'busy'}, 'then': 'temporary'}]")
#define BY_KEY EACH("'list': '', 'key': true, 'id': '/i', 'ok': {'match': " \
    "{'path': '/s', 'equals': 'ok'}}")
#define BY_ORDER EACH("'list': '/r', 'order': true, 'id': '/i', 'ok': " \
    "{'match': {'path': '/s', 'equals': true}}")
#define INVALID EACH("'list': '/invalid', 'to': '', 'missing': " \
    "'accepted', 'rules': [{'then': 'permanent'}]")

static const struct {
	const char *descriptor;
	long status;
	const char *body;
	enum ipc_outcome outcome[2];
	const char *id[2], *error;
} each[] = {
	{BY_TO, 200, "{'m': [{'to': '431234567890', 's': 'ok', 'i': 'B'}, "
	    "{'to': '+49 171 1234567', 's': 'ok', 'i': 'A'}]}",
	    {IPC_OUTCOME_ACCEPTED, IPC_OUTCOME_ACCEPTED}, {"A", "B"}, ""},
	{BY_TO, 207, "{'m': [{'to': 431234567890, 's': 'bad', 'e': 'no'}, "
	    "{'to': 491711234567, 's': 'ok', 'i': 'A'}]}",
	    {IPC_OUTCOME_ACCEPTED, IPC_OUTCOME_PERMANENT}, {"A", ""}, "no"},
	{BY_TO, 200, "{'m': [{'to': '431234567890', 's': 'busy'}]}",
	    {IPC_OUTCOME_UNCLEAR, IPC_OUTCOME_TEMPORARY}, {"", ""}, ""},
	{BY_TO, 200, "{'m': [{'to': '431234567890', 's': 'ok'}, {'to': "
	    "'431234567890', 's': 'bad'}, {'to': '491711234567', 's': '?'}]}",
	    {IPC_OUTCOME_UNCLEAR, IPC_OUTCOME_PERMANENT}, {"", ""}, ""},
	{BY_TO, 200, "{'m': {}}", {IPC_OUTCOME_UNCLEAR, IPC_OUTCOME_UNCLEAR},
	    {"", ""}, ""},
	{BY_TO, 200, "x",
	    {IPC_OUTCOME_UNCLEAR, IPC_OUTCOME_UNCLEAR}, {"", ""}, ""},
	{BY_TO, 401, "{'m': [{'to': '431234567890', 's': 'ok'}]}",
	    {IPC_OUTCOME_CREDENTIALS, IPC_OUTCOME_CREDENTIALS}, {"", ""}, ""},
	{BY_KEY, 200, "{'+431234567890': {'s': 'ok', 'i': 2}, '491711234567':"
	    " {'s': 'ok', 'i': 1}}",
	    {IPC_OUTCOME_ACCEPTED, IPC_OUTCOME_ACCEPTED},
	    {"1", "2"}, ""},
	{BY_KEY, 200, "{'431234567890': {'s': 'ok'}}",
	    {IPC_OUTCOME_UNCLEAR, IPC_OUTCOME_ACCEPTED}, {"", ""}, ""},
	{BY_KEY, 200, "[]",
	    {IPC_OUTCOME_UNCLEAR, IPC_OUTCOME_UNCLEAR}, {"", ""}, ""},
	{BY_ORDER, 200, "{'r': [{'s': true, 'i': 'A'}, {'s': false}]}",
	    {IPC_OUTCOME_ACCEPTED, IPC_OUTCOME_UNCLEAR}, {"A", ""}, ""},
	{BY_ORDER, 200, "{'r': [{'s': true}]}",
	    {IPC_OUTCOME_UNCLEAR, IPC_OUTCOME_UNCLEAR}, {"", ""}, ""},
	{BY_ORDER, 200, "{'r': {'s': true}}",
	    {IPC_OUTCOME_UNCLEAR, IPC_OUTCOME_UNCLEAR}, {"", ""}, ""},
	{INVALID, 200, "{'invalid': ['431234567890']}",
	    {IPC_OUTCOME_ACCEPTED, IPC_OUTCOME_PERMANENT}, {"", ""}, ""},
	{INVALID, 200, "{}",
	    {IPC_OUTCOME_ACCEPTED, IPC_OUTCOME_ACCEPTED}, {"", ""},
	    ""},
	{INVALID, 200, "x",
	    {IPC_OUTCOME_UNCLEAR, IPC_OUTCOME_UNCLEAR}, {"", ""}, ""},
	/* the gateway's own form of a number: by its last digits */
	{BY_TO, 200, "{'m': [{'to': '01234567890', 's': 'ok', 'i': 'B'}, "
	    "{'to': '01711234567', 's': 'bad'}]}",
	    {IPC_OUTCOME_PERMANENT, IPC_OUTCOME_ACCEPTED}, {"", "B"}, ""},
	{BY_TO, 200, "{'m': [{'to': '01234567890', 's': 'ok', 'i': 'B'}, "
	    "{'to': '01234567890', 's': 'busy'}, {'to': '491711234567', 's': "
	    "'ok', 'i': 'A'}]}",
	    {IPC_OUTCOME_ACCEPTED, IPC_OUTCOME_TEMPORARY}, {"A", "B"}, ""},
	/* one in its own form, and one that is left */
	{BY_TO, 200, "{'m': [{'to': '?', 's': 'bad'}, {'to': '491711234567', "
	    "'s': 'ok', 'i': 'A'}]}",
	    {IPC_OUTCOME_ACCEPTED, IPC_OUTCOME_PERMANENT}, {"A", ""}, ""},
	/* nothing of the numbers can be known: by their order */
	{BY_TO, 200, "{'m': [{'to': 'xxx', 's': 'bad'}, {'s': 'ok', 'i': "
	    "'B'}]}", {IPC_OUTCOME_PERMANENT, IPC_OUTCOME_ACCEPTED},
	    {"", "B"}, ""},
	/* too few to be in order */
	{BY_TO, 200, "{'m': [{'to': 'xxx', 's': 'ok'}]}",
	    {IPC_OUTCOME_UNCLEAR, IPC_OUTCOME_UNCLEAR}, {"", ""}, ""},
	{BY_KEY, 200, "{'01234567890': {'s': 'ok', 'i': 2}, '01711234567': "
	    "{'s': 'ok', 'i': 1}}", {IPC_OUTCOME_ACCEPTED,
	    IPC_OUTCOME_ACCEPTED}, {"1", "2"}, ""},
	{BY_KEY, 200, "{'x': {'s': 'ok'}, 'y': {'s': 'ok'}}",
	    {IPC_OUTCOME_UNCLEAR, IPC_OUTCOME_UNCLEAR}, {"", ""}, ""},
	{INVALID, 200, "{'invalid': ['01234567890']}",
	    {IPC_OUTCOME_ACCEPTED, IPC_OUTCOME_PERMANENT}, {"", ""}, ""},
	{INVALID, 200, "{'invalid': ['555']}",
	    {IPC_OUTCOME_UNCLEAR, IPC_OUTCOME_UNCLEAR}, {"", ""}, ""},
	{INVALID, 200, "{'invalid': ['555', '556']}",
	    {IPC_OUTCOME_PERMANENT, IPC_OUTCOME_PERMANENT}, {"", ""}, ""},
};

static void
test_each(void)
{
	struct gateway_message m = {.id = "ID", .text = "t", .to = two,
	    .nto = 2};
	struct gateway_answer a;
	struct gateway_result r[2];
	const char *body;
	struct descriptor *g;
	size_t i;

	for (i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		if ((g = load(each[i].descriptor, "")) == NULL) {
			tap_show("descriptor", errors);
			continue;
		}
		body = json(each[i].body);
		gateway_judge(g, &m, each[i].status, body, strlen(body), 1,
		    &a, r);
		tap_ok(r[0].outcome == each[i].outcome[0] &&
		    r[1].outcome == each[i].outcome[1], "each: %ld %s",
		    each[i].status, each[i].body);
		tap_ok(strcmp(r[0].id, each[i].id[0]) == 0 &&
		    strcmp(r[1].id, each[i].id[1]) == 0, "its ids");
		tap_ok(a.outcome == (r[0].outcome > r[1].outcome ?
		    r[0].outcome : r[1].outcome), "the worst is the whole's");
		tap_is(a.error, each[i].error, "its error");
	}
	g = load(BY_ORDER, "");
	m.nto = 1;
	body = json("{'r': {'s': true, 'i': 'A'}}");
	gateway_judge(g, &m, 200, body, strlen(body), 1, &a, r);
	tap_ok(a.outcome == IPC_OUTCOME_ACCEPTED && strcmp(r[0].id, "A") == 0,
	    "a single object for one recipient");
	g = load("{" URL ", " ONE ", " TEXT ", " OK ", 'id': '/id', 'rules': "
	    "[{'status': 200, 'match': {'path': '/s', 'equals': 402}, 'then':"
	    " 'accepted'}], 'each': {'list': '/m', 'to': '/to'}}", "");
	body = json("{'s': 402, 'id': 'X'}");
	gateway_judge(g, &m, 200, body, strlen(body), 1, &a, r);
	tap_ok(r[0].outcome == IPC_OUTCOME_ACCEPTED &&
	    strcmp(r[0].id, "X") == 0,
	    "a rule decides for all");
}

static void
test_apart(void)
{
	static const struct {
		const char *rules;
		long status;
		size_t nto;
		int apart;
	} rows[] = {
		{"", 400, 2, 1}, {"", 413, 2, 1}, {"", 422, 2, 1},
		{"", 400, 1, 0}, {"", 200, 2, 0}, {"", 207, 2, 0},
		{"", 401, 2, 0}, {"", 404, 2, 0}, {"", 409, 2, 0},
		{"", 429, 2, 0}, {"", 500, 2, 0}, {"", 0, 2, 0},
		{"{'then': 'apart'}", 500, 2, 1},
		{"{'then': 'apart'}", 200, 2, 1},
		{"{'then': 'apart'}", 500, 1, 0},
		{"{'then': 'permanent'}", 400, 2, 0},
		{"{'then': 'temporary'}", 400, 2, 0},
	};
	struct gateway_message m = {.id = "ID", .text = "t", .to = two};
	struct gateway_answer a;
	struct gateway_result r[2];
	struct descriptor *g;
	char text[512];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "{" URL ", 'to': {'mode': "
		    "'array', 'max': 9}, " TEXT ", 'ok': {'status': [200, "
		    "207]}, 'rules': [%s]}", rows[i].rules);
		if ((g = load(text, "")) == NULL)
			tap_show("descriptor", errors);
		m.nto = rows[i].nto;
		gateway_judge(g, &m, rows[i].status, "{}", 2, 1, &a, r);
		tap_ok(a.apart == rows[i].apart, "%ld to %zu, rules %s: %s",
		    rows[i].status, rows[i].nto, rows[i].rules,
		    rows[i].apart ? "taken apart" : "not taken apart");
		if (strstr(rows[i].rules, "apart") != NULL)
			tap_ok(r[0].outcome == IPC_OUTCOME_PERMANENT,
			    "which is permanent for one");
	}
	bad(EACH("'list': '', 'key': true, 'rules': [{'then': 'apart'}]"), "",
	    "/each/rules/0/then: \"apart\": must be one of: accepted");
}

/* One recipient: what the gateway calls it is no matter. */
static void
test_each_of_one(void)
{
	static const struct {
		const char *descriptor, *body;
		enum ipc_outcome outcome;
	} rows[] = {
		{BY_TO, "{'m': [{'to': '525512345678', 's': 'ok'}]}",
		    IPC_OUTCOME_ACCEPTED},
		{BY_TO, "{'m': [{'s': 'ok'}]}", IPC_OUTCOME_ACCEPTED},
		{BY_TO, "{'m': [{'to': '525512345678', 's': 'bad'}]}",
		    IPC_OUTCOME_PERMANENT},
		{BY_TO, "{'m': [{'to': '1', 's': 'ok'}, {'to': '1', 's': "
		    "'busy'}]}", IPC_OUTCOME_TEMPORARY},
		{BY_TO, "{'m': []}", IPC_OUTCOME_UNCLEAR},
		{BY_KEY, "{'525512345678': {'s': 'ok'}}",
		    IPC_OUTCOME_ACCEPTED},
		{BY_ORDER, "{'r': [{'s': true}, {'s': true}]}",
		    IPC_OUTCOME_UNCLEAR},
		{INVALID, "{'invalid': ['525512345678']}",
		    IPC_OUTCOME_PERMANENT},
		{INVALID, "{'invalid': []}", IPC_OUTCOME_ACCEPTED},
	};
	static char mexico[] = "+5215512345678";
	char *to[] = {mexico};
	struct gateway_message m = {.id = "ID", .text = "t", .to = to,
	    .nto = 1};
	struct gateway_answer a;
	struct gateway_result r;
	struct descriptor *g;
	const char *body;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		g = load(rows[i].descriptor, "");
		body = json(rows[i].body);
		gateway_judge(g, &m, 200, body, strlen(body), 1, &a, &r);
		tap_ok(r.outcome == rows[i].outcome, "one recipient: %s",
		    rows[i].body);
	}
}

/* A list that is too long to be an answer to our request. */
static void
test_elements_max(void)
{
	struct gateway_message m = {.id = "ID", .text = "t", .to = two,
	    .nto = 2};
	struct gateway_answer a;
	struct gateway_result r[2];
	struct descriptor *g = load(INVALID, "");
	const char *body;

	body = many("{\"invalid\": [", "\"491711234567\",",
	    RESPONSE_ELEMENTS_MAX, "]}");
	gateway_judge(g, &m, 200, body, strlen(body), 1, &a, r);
	tap_ok(r[0].outcome == IPC_OUTCOME_PERMANENT &&
	    r[1].outcome == IPC_OUTCOME_ACCEPTED,
	    "%d elements are looked at", RESPONSE_ELEMENTS_MAX);
	body = many("{\"invalid\": [", "\"491711234567\",",
	    RESPONSE_ELEMENTS_MAX + 1, "]}");
	gateway_judge(g, &m, 200, body, strlen(body), 1, &a, r);
	tap_ok(r[0].outcome == IPC_OUTCOME_PERMANENT &&
	    r[1].outcome == IPC_OUTCOME_UNCLEAR,
	    "who is missing in a longer list may be behind its end");
}

/* ---- JSON that is not quite JSON ---- */

/* want: as compact JSON; NULL: it cannot be read */
static const struct {
	const char *name, *json, *want;
} lenient[] = {
	{"JSON", "{\"a\": [1, -2.5, true, null, \"x\"]}",
	    "{\"a\":[1,-2.5,true,null,\"x\"]}"},
	{"a byte order mark", "\xef\xbb\xbf{\"a\": 1}", "{\"a\":1}"},
	{"half of an emoji", "[\"a\\ud83d\"]", "[\"a\xef\xbf\xbd\"]"},
	{"the other half", "[\"\\uDE00b\"]", "[\"\xef\xbf\xbd""b\"]"},
	{"halves that do not fit", "[\"\\ud83d\\ud83d\\ude00\"]",
	    "[\"\xef\xbf\xbd\xf0\x9f\x98\x80\"]"},
	{"half before another escape", "[\"\\ud83d\\n\\\\\"]",
	    "[\"\xef\xbf\xbd\\n\\\\\"]"},
	{"half at the end", "[\"\\ud83", NULL},
	{"an emoji beside half of one", "[\"\\ud83d\\ude00\\ud83d\"]",
	    "[\"\xf0\x9f\x98\x80\xef\xbf\xbd\"]"},
	{"an integer of 19 digits", "[9223372036854775807]",
	    "[9223372036854775807]"},
	{"one that is larger than 63 bits", "[9223372036854775808]",
	    "[\"9223372036854775808\"]"},
	{"a negative one", "{\"i\":-92233720368547758080}",
	    "{\"i\":\"-92233720368547758080\"}"},
	{"digits in a string stay", "[\"x92233720368547758080\\\"1\",1e999]",
	    "[\"x92233720368547758080\\\"1\",\"1e999\"]"},
	{"ISO 8859-1", "{\"e\": \"Gr\xfc\xdf""e\"}",
	    "{\"e\":\"Gr\xc3\xbc\xc3\x9f""e\"}"},
	{"UTF-8 beside it stays", "[\"\xc3\xbc \xfc \xe2\x82\xac\"]",
	    "[\"\xc3\xbc \xc3\xbc \xe2\x82\xac\"]"},
	{"a character that is cut", "[\"\xe2\x82\"]",
	    "[\"\xc3\xa2\xc2\x82\"]"},
	{"control characters", "[\"a\tb\nc\"]", "[\"a\\tb\\nc\"]"},
	{"a NUL in a name", "{\"a\\u0000\": 1}",
	    "{\"a\xef\xbf\xbd\":1}"},
	{"HTML", "<html>", NULL},
	{"nothing", "", NULL},
	{"a mark alone", "\xef\xbb\xbf", NULL},
	{"an end that is missing", "{\"a\": \"\xfc", NULL},
	{"something behind it", "{\"a\": 1} x", NULL},
	{"octets outside of strings", "{\xfc: 1}", NULL},
	{"a backslash at the end", "[\"\xfc\\", NULL},
	{"a number that is none", "[1.2.3]", NULL},
	{"a zero too many", "[007]", NULL},
};

static void
test_lenient(void)
{
	static const char nul[] = "[\"a\0b\xfc\"]";
	json_t *j;
	char *got;
	size_t i;

	for (i = 0; i < sizeof(lenient) / sizeof(lenient[0]); i++) {
		j = lenient_json(lenient[i].json, strlen(lenient[i].json));
		got = j != NULL ? json_dumps(j, JSON_COMPACT |
		    JSON_ENCODE_ANY) : NULL;
		tap_is(got != NULL ? got : "none", lenient[i].want != NULL ?
		    lenient[i].want : "none", lenient[i].name);
		wipe_free(got);
		json_decref(j);
	}
	j = lenient_json(nul, sizeof(nul) - 1);
	tap_is(json_string_value(json_array_get(j, 0)),
	    "a\xef\xbf\xbd""b\xc3\xbc", "a NUL as it is");
	json_decref(j);
}

/* "[" so often, then what is between, and as many "]". */
static int
is_read(size_t depth, const char *item, size_t items)
{
	size_t n = 0, len = strlen(item), i;
	char *s = malloc(2 * depth + items * len + 1);
	json_t *j;

	for (i = 0; i < depth; i++)
		s[n++] = '[';
	for (i = 0; i < items; i++, n += len)
		memcpy(s + n, item, len);
	if (items > 0)
		n--; /* the last comma */
	for (i = 0; i < depth; i++)
		s[n++] = ']';
	j = lenient_json(s, n);
	free(s);
	json_decref(j);
	return j != NULL;
}

static void
test_lenient_limits(void)
{
	tap_ok(is_read(LENIENT_DEPTH_MAX, "", 0), "as deep as may be");
	tap_ok(!is_read(LENIENT_DEPTH_MAX + 1, "", 0), "deeper");
	tap_ok(is_read(1, "1,", LENIENT_VALUES_MAX - 1), "as many values");
	tap_ok(!is_read(1, "1,", LENIENT_VALUES_MAX + 1), "more values");
	tap_ok(is_read(1, "{},", LENIENT_VALUES_MAX / 2 - 1), "objects");
	tap_ok(!is_read(1, "{},", LENIENT_VALUES_MAX / 2 + 1), "more objects");
	tap_ok(is_read(1, "\"{[,:\\\"[[\",", LENIENT_VALUES_MAX / 2),
	    "what stands in strings is no value");
}

/* What was accepted is accepted, however its answer is written. */
static void
test_lenient_answers(void)
{
	struct descriptor *g = load(NULL, "");
	static const struct answer rows[] = {
		{202, "\xef\xbb\xbf{'id': 'x'}", IPC_OUTCOME_ACCEPTED, "x"},
		{202, "{'id': 'x', 'text': '\\ud83d'}",
		    IPC_OUTCOME_ACCEPTED, "x"},
		{202, "{'id': 123456789012345678901234567890}",
		    IPC_OUTCOME_ACCEPTED, "123456789012345678901234567890"},
		{202, "{'id': 'x', 'note': 'Gr\xfc\xdf""e'}",
		    IPC_OUTCOME_ACCEPTED, "x"},
		{409, "{'message': 'same ID: Gr\xfc\xdf""e'}",
		    IPC_OUTCOME_DUPLICATE, ""},
	};
	struct gateway_message m = {.id = "ID", .text = "t", .to = one,
	    .nto = 1};
	struct gateway_answer a;
	struct gateway_result r;
	const char *body;

	judge(g, rows, sizeof(rows) / sizeof(rows[0]));
	body = json("{'id': 'ID', 'text': '\\ud83d'}");
	tap_ok(gateway_judge_lookup(g, "ID", 200, body, strlen(body), 1) ==
	    GATEWAY_FOUND, "a lookup with half an emoji");
	judge(load(TEXTS, ""), (struct answer[]){{200,
	    "\xef\xbb\xbfSuccess id=x", IPC_OUTCOME_UNCLEAR, "id"},
	    {200, "\xef\xbb\xbf""900", IPC_OUTCOME_CREDENTIALS, ""}}, 2);
	body = json("{'message': 'Gr\xfc\xdf""e'}");
	gateway_judge(g, &m, 400, body, strlen(body), 1, &a, &r);
	tap_is(a.error, "Gr\xc3\xbc\xc3\x9f""e",
	    "an error's text in ISO 8859-1");
}

/* ---- errors' texts, ids, look-ups ---- */

static void
test_error_texts(void)
{
	struct gateway_login l = {IPC_PASSWORD, "u", "pass word"};
	struct gateway_message m = {.id = "ID", .text = "the text", .to = one,
	    .nto = 1, .login = &l};
	struct gateway_answer a;
	struct gateway_result r;
	struct descriptor *g;
	char lines[256], body[1024];
	size_t n;

	write_file(secret, "s3cret\n");
	snprintf(lines, sizeof(lines), "secret password %s\n", secret);
	g = load(WITH("'error': '/e', 'retry-after': '/wait', 'query': {'p': "
	    "'${password}'}"), lines);
	n = (size_t)sprintf(body, "%s", json("{'e': 'key s3cret, pass word "
	    "for +491711234567:\\nthe text!', 'wait': 30}"));
	gateway_judge(g, &m, 400, body, n, 1, &a, &r);
	tap_is(a.error, "key ******, ********* for +********4567: ********!",
	    "no secret, number or text in an error");
	tap_ok(a.retry_after == 30, "when to come again");
	/* "u:pass word" */
	n = (size_t)sprintf(body, "%s", json("{'e': 'no: /?p=pass%20word, "
	    "Basic dTpwYXNzIHdvcmQ=.'}"));
	gateway_judge(g, &m, 400, body, n, 1, &a, &r);
	tap_is(a.error, "no: /?p=***********, Basic ****************.",
	    "nor a secret as the request had it");
	gateway_judge(g, &m, 400, "{\"wait\": -1}", 12, 1, &a, &r);
	tap_ok(a.retry_after == 0 && a.error[0] == '\0', "without");
	memset(body, 'x', sizeof(body));
	memcpy(body, "{\"e\": \"y", 8);
	for (n = 8; n < 400; n += 2)
		memcpy(body + n, "\xc3\xa4", 2);
	memcpy(body + n, "\"}", 2);
	gateway_judge(g, &m, 400, body, n + 2, 1, &a, &r);
	tap_ok(strlen(a.error) == GATEWAY_ERROR_MAX - 1 &&
	    strcmp(a.error + GATEWAY_ERROR_MAX - 3, "\xc3\xa4") == 0,
	    "cut at a character");
	g = load(WITH("'error': {'regex': '(Z)'}"), "");
	memset(body, 'x', sizeof(body));
	gateway_judge(g, &m, 400, many("", "x", MATCH_TEXT_MAX, "Z"),
	    MATCH_TEXT_MAX, 1, &a, &r);
	tap_is(a.error, "Z", "the last octet that is looked at");
	gateway_judge(g, &m, 400, many("", "x", MATCH_TEXT_MAX + 1, "Z"),
	    MATCH_TEXT_MAX + 1, 1, &a, &r);
	tap_is(a.error, "", "one that is not");
	g = load(WITH("'error': [{'regex': '<m>(.*)</m>'}, '/e']"), "");
	gateway_judge(g, &m, 400, "<m>a</m>", 8, 1, &a, &r);
	tap_is(a.error, "a", "by a regular expression");
	tap_ok(!gateway_retry_after(g) && gateway_retry_after(
	    load(WITH("'retry-after': true"), "")), "the header Retry-After");
}

static enum gateway_found
looked_up(const struct descriptor *g, long status, const char *body)
{
	return gateway_judge_lookup(g, "ID", status, body, strlen(body), 1);
}

static void
test_lookup(void)
{
	struct options o = {.device = "d"};
	struct gateway_message m = {.id = "ID", .text = "t", .to = one,
	    .nto = 1};
	struct gateway_request r;
	struct descriptor *g = load(NULL, "");

	tap_ok(gateway_lookup_rule(g, &m) == GATEWAY_FIRST,
	    "without a device SMSGate is asked first");
	m.options = &o;
	tap_ok(gateway_lookup_rule(g, &m) == GATEWAY_NEVER,
	    "not with a message's device");
	m.options = NULL;
	tap_ok(gateway_lookup_rule(load(NULL, "set device d\n"), &m) ==
	    GATEWAY_NEVER, "nor with one that is set");
	tap_ok(gateway_lookup_after(g, 409) && gateway_lookup_after(g, 503) &&
	    !gateway_lookup_after(g, 500), "after 409 and 503");
	tap_ok(looked_up(g, 200, "{\"id\": \"ID\"}") == GATEWAY_FOUND,
	    "200 with the id");
	tap_ok(looked_up(g, 200, "{\"id\": \"IDX\"}") == GATEWAY_MISSING &&
	    looked_up(g, 200, "{}") == GATEWAY_MISSING &&
	    looked_up(g, 200, "<html>") == GATEWAY_MISSING,
	    "200 with another, or with none");
	tap_ok(looked_up(g, 404, "") == GATEWAY_MISSING, "404");
	tap_ok(looked_up(g, 500, "{\"id\": \"ID\"}") == GATEWAY_UNCLEAR &&
	    looked_up(g, 0, "") == GATEWAY_UNCLEAR, "500");
	tap_ok(gateway_has_ids(g), "SMSGate has ids");
	g = load(WITH("'name': ''"), "");
	tap_ok(gateway_lookup_rule(g, &m) == GATEWAY_NEVER &&
	    gateway_lookup(g, NULL, "x", &r) == -1 &&
	    gateway_check(g, NULL, &r) == -1 && gateway_warm(g, &r) == -1,
	    "a gateway without look-up, check, warm-up");
	tap_ok(!gateway_has_ids(g), "and without ids");
	tap_ok(!gateway_has_ids(load(WITH("'query': {'ref': '${id}'}"), "")),
	    "a reference alone is not one");
	tap_ok(!gateway_has_ids(load(WITH("'query': {'ref': '${id}'}, 'rules':"
	    " [{'then': 'accepted'}]"), "")), "nor is a rule of success");
	tap_ok(gateway_has_ids(load(WITH("'query': {'ref': '${id}'}, 'rules':"
	    " [{'then': 'duplicate'}]"), "")), "one of duplicates is");
	g = load(WITH("'check': {'url': 'http://h/c?u=${user}', 'method': "
	    "'POST', 'headers': {'X-P': '${password}', 'X-N': '${no}'}}"),
	    "");
	tap_ok(gateway_check(g, &password, &r) == 0, "a check of its own");
	tap_is(r.url, "http://h/c?u=u%3A%C3%A4", "url");
	tap_is(r.method, "POST", "method");
	tap_is(header(&r, "X-P"), "p", "header");
	tap_is(header(&r, "X-N"), "(none)", "and one that is not set");
	gateway_free(&r);
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 2;
	snprintf(file, sizeof(file), "%s/descriptor.json", dir);
	snprintf(secret, sizeof(secret), "%s/secret", dir);
	test_errors();
	test_limits_of_lists();
	test_smsgate();
	test_requests();
	test_types();
	test_aws();
	test_secrets();
	test_abilities();
	test_limits();
	test_sizes();
	test_answers();
	test_each();
	test_each_of_one();
	test_apart();
	test_elements_max();
	test_lenient();
	test_lenient_limits();
	test_lenient_answers();
	test_error_texts();
	test_lookup();
	snprintf(errors, sizeof(errors), "%s/conf", dir);
	unlink(errors);
	unlink(file);
	unlink(secret);
	rmdir(dir);
	return tap_done();
}
