/*
 * What smtp2sms-hook makes of what comes: forms, points in time, signatures
 * with the examples that gateways publish, and what a descriptor may say of
 * them.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/hook.h"
#include "gateway/wipe.h"
#include "hook/form.h"
#include "hook/mail.h"
#include "hook/timestamp.h"
#include "hook/verify.h"
#include "tap.h"

static char told[1000];

static void
report(const char *s)
{
	snprintf(told, sizeof(told), "%s", s);
}

/* ---- forms ---- */

static void
forms(void)
{
	static const char s[] = "b=1+2%2B&a=%C3%A4%zz%&&c&a=x&d=";
	static char many[4 * FORM_FIELDS_MAX + 8];
	struct form f;
	json_t *o;
	size_t i;

	tap_ok(form_read(&f, s, strlen(s)) == 0 && f.n == 5, "five fields");
	tap_is(f.field[0].value, "1 2+", "plus and percent");
	tap_is(f.field[1].value, "\xc3\xa4%zz%", "what is no escape stays");
	tap_ok(strcmp(f.field[2].name, "c") == 0 &&
	    strcmp(f.field[2].value, "") == 0, "a name alone");
	o = form_json(&f);
	tap_is(json_string_value(json_object_get(o, "a")), "\xc3\xa4%zz%",
	    "of two with one name the first");
	json_decref(o);
	form_sort(&f);
	tap_is(f.field[0].value, "x", "sorted by name, then by value");
	form_free(&f);
	tap_ok(form_read(&f, "a=%00", 5) == -1, "a NUL");
	form_free(&f);
	tap_ok(form_read(&f, "a=\xe4", 3) == 0, "octets");
	o = form_json(&f);
	tap_is(json_string_value(json_object_get(o, "a")), "\xc3\xa4",
	    "that are not UTF-8");
	json_decref(o);
	form_free(&f);
	for (i = 0; i <= FORM_FIELDS_MAX; i++)
		strcat(many, "a&");
	tap_ok(form_read(&f, many, 2 * FORM_FIELDS_MAX) == 0,
	    "as many fields as there may be");
	form_free(&f);
	tap_ok(form_read(&f, many, strlen(many)) == -1, "one more");
	form_free(&f);
}

/* ---- points in time ---- */

static void
timestamps(void)
{
	static const struct {
		const char *s;
		long long want;	/* -1: it is none */
	} rows[] = {
		{"0", 0},
		{"1772355600", 1772355600},
		{"1772355600123", 1772355600},
		{"2026-03-01T09:00:00Z", 1772355600},
		{"2026-03-01T10:00:00.123+01:00", 1772355600},
		{"2026-03-01 04:00:00-0500", 1772355600},
		{"2024-02-29T00:00:00", 1709164800},
		{"2024-03-01T00:00:00Z", 1709251200},
		{"2000-03-01T00:00:00Z", 951868800},
		{"1970-01-01T00:00:00Z", 0},
		{"2100-03-01T00:00:00Z", 4107542400},
		{"", -1},
		{"-1", -1},
		{"1969-12-31T23:59:59Z", -1},
		{"1970-01-01T00:00:00+01:00", -1},
		{"9999-01-01T00:00:00Z", -1},
		{"2026-13-01T09:00:00Z", -1},
		{"2026-03-01T09:00:00X", -1},
		{"2026-03-01T09:00:00+1", -1},
		{"2026-03-01", -1},
		{"9999999999999999", -1},
		{"yesterday", -1},
	};
	size_t i;
	time_t t;
	long long got;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		got = timestamp_read(rows[i].s, &t) == 0 ? (long long)t : -1;
		tap_ok(got == rows[i].want, "'%s' is %lld, and not %lld",
		    rows[i].s, rows[i].want, got);
	}
}

/* ---- the mail ---- */

static void
mails(void)
{
	struct mail_reply m = {.number = "+491511", .name = "+491511",
	    .to = "a@b", .domain = "d", .id = "i", .in_reply_to = "<x@y>",
	    .text = "=\xc3\xa4 \n.\r\nFrom\rend ", .date = 1772355600};
	char storage[1000];
	struct buf b;

	buf_init(&b, storage, sizeof(storage));
	mail_reply(&m, &b);
	tap_is(b.p,
	    "From: <+491511@d>\nTo: <a@b>\nSubject: SMS from +491511\n"
	    "Date: Sun, 01 Mar 2026 09:00:00 +0000\nMessage-ID: <sms-i@d>\n"
	    "In-Reply-To: <x@y>\nReferences: <x@y>\nAuto-Submitted: no\n"
	    "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n"
	    "=3D=C3=A4=20\n=2E\n=46rom\nend=20\n", "the mail");
}

/* ---- descriptors ---- */

static int
read_one(const char *s, struct hook *h)
{
	struct member_errors e = {.file = "f", .report = report};
	json_t *root = json_loads(s, 0, NULL); /* which h borrows from */
	int r;

	told[0] = '\0';
	r = hook_read(&e, root, h);
	return e.failed ? -1 : r;
}

#define SIGN(of, more) \
	"{\"hook\": {\"format\": \"json\", \"sign\": {\"type\": " \
	"\"hmac-sha256\", \"encoding\": \"hex\", \"header\": \"X-S\", " \
	"\"of\": \"" of "\"" more "}, " REPLY "}}"
#define REPLY \
	"\"reply\": {\"from\": \"/f\", \"text\": \"/t\", \"same\": [\"/i\"]}"

static void
descriptors(void)
{
	static const struct {
		const char *s, *error;
	} rows[] = {
		{"{}", ""},
		{SIGN("${body}.${header:X-T}",
		     ", \"time\": \"X-T\", \"window\": 300"), ""},
		{SIGN("${url}", ""), "/hook/sign/of: does not cover"},
		{SIGN("${body}", ", \"time\": \"X-T\", \"window\": 300"),
		    "/hook/sign/time: /hook/sign/of does not cover it"},
		{SIGN("${body}${header:X-T}",
		     ", \"time\": \"X-T\", \"window\": 86401"), "86400"},
		{SIGN("${text}", ""), "must be one of: ${body}"},
		{SIGN("${body", ""), "must be one of: ${body}"},
		{SIGN("${header:a b}${body}", ""), "must be one of: ${body}"},
		{SIGN("${body}${url}${url}${url}${url}${url}${url}${url}"
		      "${url}${url}${url}${url}${url}", ""),
		    "more than 12 pieces"},
		{"{\"hook\": {\"format\": \"json\"}}",
		    "/hook/reply: is missing"},
		{"{\"hook\": {\"format\": \"xml\", " REPLY "}}",
		    "one of: json, form, query"},
		{"{\"hook\": {\"format\": \"json\", \"reply\": {\"from\": "
		 "\"f\", \"text\": [\"/a\", \"/b\"], \"same\": [\"/i\"]}}}",
		    "/hook/reply/from: \"f\": must be a JSON pointer"},
		{"{\"hook\": {\"format\": \"json\", \"reply\": {\"from\": "
		 "\"/f\", \"text\": \"/t\", \"same\": []}}}",
		    "array of 1 to 4"},
		{"{\"hook\": {\"format\": \"json\", \"reply\": {\"from\": "
		 "[\"/a\", \"/a\", \"/a\", \"/a\", \"/a\"], \"text\": \"/t\", "
		 "\"same\": [\"/i\"]}}}", "has 5 elements"},
		{"{\"hook\": {\"format\": \"form\", \"answer\": {\"status\": "
		 "500}, " REPLY "}}", "/hook/answer/status"},
		{"{\"hook\": {\"format\": \"form\", \"more\": 1, " REPLY "}}",
		    "unknown member"},
	};
	struct hook h;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		read_one(rows[i].s, &h);
		tap_ok(*rows[i].error == '\0' ? told[0] == '\0' :
		    strstr(told, rows[i].error) != NULL, "row %zu: %s", i,
		    told);
	}
}

/* ---- signatures ---- */

/* Twilio's own example: twilio-python, tests/unit/test_request_validator.py */
static void
twilio(void)
{
	static const char body[] = "Digits=1234&CallSid=CA1234567890ABCDE&"
	    "To=%2B18005551212&Caller=%2B14158675309&From=%2B14158675309";
	static const char url[] =
	    "https://mycompany.com/myapp.php?foo=1&bar=2";
	struct verify_secrets secrets = {.nkeys = 1};
	struct cgi request = {.body = (char *)(uintptr_t)body,
	    .nbody = strlen(body)};
	struct form form;
	struct hook h;

	secrets.key[0] = strdup("12345");
	tap_ok(read_one("{\"hook\": {\"format\": \"form\", \"sign\": {\"type\": "
	    "\"hmac-sha1\", \"encoding\": \"base64\", \"header\": "
	    "\"X-Twilio-Signature\", \"of\": \"${url}${fields}\"}, "
	    REPLY "}}", &h) == 1, "a descriptor as Twilio's");
	form_read(&form, body, strlen(body));
	form_sort(&form);
	setenv("HTTP_X_TWILIO_SIGNATURE", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", 1);
	tap_is(verify_origin(&h, &secrets, &request, &form, url, 0), NULL,
	    "Twilio's example");
	tap_is(verify_origin(&h, &secrets, &request, &form,
	    "https://mycompany.com/", 0), "the signature is wrong",
	    "... with another URL");
	setenv("HTTP_X_TWILIO_SIGNATURE", "RSOYDt4T1cUTdK1PDd93/VVr8B8", 1);
	tap_is(verify_origin(&h, &secrets, &request, &form, url, 0),
	    "the signature is wrong", "... cut");
	form_free(&form);
	free(secrets.key[0]);
}

int
main(void)
{
	wipe_install();
	forms();
	timestamps();
	mails();
	descriptors();
	twilio();
	return tap_done();
}
