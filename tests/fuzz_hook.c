/*
 * Any request: read as a form and as JSON, verified, its texts found, and a
 * mail made of them, in whose header there is no more than we have put there.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/hook.h"
#include "gateway/lenient.h"
#include "gateway/wipe.h"
#include "hook/form.h"
#include "hook/mail.h"
#include "hook/timestamp.h"
#include "hook/verify.h"

#define MAIL_ROOM (64 * 1024)	/* octets; an input has 4096, one becomes 5 */

static const char descriptor[] =
    "{\"hook\": {\"format\": \"json\", \"sign\": {\"type\": \"hmac-sha256\", "
    "\"encoding\": \"hex\", \"header\": \"X-S\", \"of\": "
    "\"${body}${fields}${url}${header:X-T}\", \"time\": \"X-T\", "
    "\"window\": 300}, \"reply\": {\"from\": [\"/from\", \"/a/*/b\"], "
    "\"text\": \"/text\", \"time\": \"/time\", \"same\": [\"/id\"]}}}";

static json_t *root;	/* hook borrows from it */
static struct hook hook;
static struct verify_secrets secrets = {.url = "a-secret-of-a-url",
    .nkeys = 1};

static void
report(const char *s)
{
	(void)s;
	abort(); /* the descriptor above is right */
}

static void
start(void)
{
	struct member_errors e = {.file = "f", .report = report};
	static char key[] = "key";

	wipe_install();
	root = json_loads(descriptor, 0, NULL);
	hook_read(&e, root, &hook);
	secrets.key[0] = key;
}

/* Every line of the header is one of ours, and none is too long. */
static void
check_header(const char *mail)
{
	static const char *const fields[] = {"From: ", "To: ", "Subject: ",
	    "Date: ", "Message-ID: ", "Auto-Submitted: ", "MIME-Version: ",
	    "Content-Type: ", "Content-Transfer-Encoding: "};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strncmp(mail, fields[i], strlen(fields[i])) != 0 ||
		    strcspn(mail, "\n") > 200 || strcspn(mail, "\r") <
		    strcspn(mail, "\n"))
			abort();
		mail += strcspn(mail, "\n") + 1;
	}
	if (*mail++ != '\n')
		abort();
	for (; *mail != '\0'; mail += strcspn(mail, "\n") + 1)
		if (strcspn(mail, "\n") > 76 || *mail == '.')
			abort();
}

static void
make_mail(json_t *j)
{
	static char storage[MAIL_ROOM];
	char *from = hook_find(&hook.reply.from, j);
	char *text = hook_find(&hook.reply.text, j);
	char *when = hook_find(&hook.reply.time, j);
	struct mail_reply m = {.number = "", .name = from, .to = "a@b.test",
	    .domain = "c.test", .id = "1", .in_reply_to = "", .text = text};
	struct buf b;

	if (timestamp_read(when, &m.date) == -1)
		m.date = 0;
	buf_init(&b, storage, sizeof(storage));
	mail_reply(&m, &b);
	if (b.overflow)
		abort();
	check_header(b.p);
	free(from);
	free(text);
	free(when);
}

/* A receipt, whose ENVID, ORCPT and error are the same text. */
static void
make_receipt(json_t *j)
{
	static char storage[MAIL_ROOM];
	char *text = hook_find(&hook.reply.text, j), *p;
	struct mail_receipt m = {.number = "+4915112345678",
	    .to = "a@b.test", .envid = "", .orcpt = "", .message_id = "",
	    .action = "failed", .status = "5.0.0", .error = text,
	    .domain = "c.test", .hostname = "d.test", .id = "1"};
	struct buf b;

	/* the session lets no other octets through */
	for (p = text; *p > ' ' && *p < 0x7f; p++)
		;
	if (*p == '\0')
		m.envid = m.orcpt = text;
	buf_init(&b, storage, sizeof(storage));
	mail_receipt(&m, &b);
	/* its last part is where it was put, and what came makes none */
	if (b.overflow || strstr(b.p, "\nAction: failed\nStatus: 5.0.0\n") ==
	    NULL || strstr(b.p, "\n--=_1--\n") + 9 != b.p + b.len)
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct cgi request = {.nbody = n};
	struct form form;
	json_t *j;

	if (secrets.key[0] == NULL)
		start();
	request.body = malloc(n + 1);
	memcpy(request.body, data, n);
	request.body[n] = '\0';
	if (form_read(&form, request.body, n) == 0) {
		form_sort(&form);
		if (verify_origin(&hook, &secrets, &request, &form, "u", 0) ==
		    NULL)
			abort(); /* nobody has signed it */
		j = form_json(&form);
		make_mail(j);
		make_receipt(j);
		json_decref(j);
	}
	form_free(&form);
	if ((j = lenient_json(request.body, n)) != NULL) {
		make_mail(j);
		make_receipt(j);
	}
	json_decref(j);
	free(request.body);
	return 0;
}
