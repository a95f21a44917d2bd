/*
 * try: one test SMS, and everything that is known of its way.  Each try is a
 * message of its own: no earlier id keeps it from being sent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uuid/uuid.h>

#include "common/number.h"
#include "common/terminal.h"
#include "delivery/http.h"
#include "delivery/job.h"
#include "delivery/login.h"
#include "delivery/seal.h"
#include "delivery/try.h"
#include "gateway/gateway.h"
#include "gateway/wipe.h"
#include "sms/phone.h"

#define TURN_WAIT 60000 /* milliseconds */

enum { OK = 0, USAGE = 64, REFUSED = 69, AGAIN = 75, NO_REQUEST = 78 };

static struct {
	const struct config *config;
	const struct descriptor *gateway;
	const struct gateway_login *login;
	struct gateway_message message;
	char *to[1];
	char number[NUMBER_SIZE], id[JOB_UUID];
	int over, code;
} self;

/* What an outcome means to an administrator. */
static const struct {
	const char *words;
	int code;
} outcomes[] = {
	[IPC_OUTCOME_ACCEPTED] = {"accepted: the gateway has the message", OK},
	[IPC_OUTCOME_DUPLICATE] = {
	    "not sent again: the gateway has had this id before", OK},
	[IPC_OUTCOME_UNKNOWN] = {"not sent again: nobody knows whether it was "
	    "sent before", AGAIN},
	[IPC_OUTCOME_PERMANENT] = {
	    "refused: the gateway will not take it", REFUSED},
	[IPC_OUTCOME_CREDENTIALS] = {
	    "refused: the credentials, the credit or the "
	    "rights of the account", REFUSED},
	[IPC_OUTCOME_FAILED] = {"failed: the gateway has an error", AGAIN},
	[IPC_OUTCOME_REFUSED] = {
	    "refused: the gateway calls the request wrong",
	    REFUSED},
	[IPC_OUTCOME_TEMPORARY] = {
	    "not now: the gateway asks to try again later", AGAIN},
	[IPC_OUTCOME_UNCLEAR] = {
	    "unclear: the answer cannot be understood; the "
	    "message may have gone out", AGAIN},
	[IPC_OUTCOME_LOST] = {
	    "lost: the connection broke before the answer; the "
	    "message may have gone out", AGAIN},
	[IPC_OUTCOME_TIMEOUT] = {"no answer in time; the message may have gone "
	    "out", AGAIN},
	[IPC_OUTCOME_UNREACHABLE] = {
	    "no connection: name, address, firewall or "
	    "certificate", AGAIN},
	[IPC_OUTCOME_INTERNAL] = {"not sent", NO_REQUEST},
};

/* Print what came from outside, without control characters. */
static void
print_body(const char *s, size_t n)
{
	for (; n > 0; s++, n--)
		if (*s == '\n' || (*s >= ' ' && *s < 0x7f))
			putchar(*s);
		else if (*s != '\r')
			printf("\\x%02x", (unsigned char)*s);
	putchar('\n');
}

static void
conclude(enum ipc_outcome o, const char *id, const char *error)
{
	printf("outcome: %s\n", outcomes[o].words);
	if (*id != '\0')
		printf("id:      %s\n", id);
	if (*error != '\0') {
		printf("error:   ");
		print_body(error, strlen(error));
	}
	self.code = outcomes[o].code;
	self.over = 1;
}

static void
on_end(void *arg, const struct http_result *e)
{
	struct gateway_answer a;
	struct gateway_result r;

	(void)arg;
	if (!e->answered) {
		printf("answer:  none, %ld ms\n", e->ms);
		conclude(e->outcome, "", e->error);
		return;
	}
	printf("answer:  %ld, %ld ms\n", e->status, e->ms);
	print_body(e->body, e->len);
	gateway_judge(self.gateway, &self.message, e->status, e->body, e->len,
	    e->whole, &a, &r);
	conclude(a.outcome, r.id, a.error);
}

static int
make_message(const struct config *c, const struct try_setup *t)
{
	static const struct options none;
	enum number_fault fault;
	uuid_t id;

	fault = number_read(t->number, &c->number, self.number);
	if (fault != NUMBER_OK) {
		fprintf(stderr, "smtp2sms: '%s' %s\n", t->number,
		    number_words(fault));
		return -1;
	}
	uuid_generate_random(id);
	uuid_unparse_lower(id, self.id);
	self.to[0] = self.number;
	self.message = (struct gateway_message){
		.id = self.id,
		.text = t->text != NULL ? t->text : "smtp2sms: a test",
		.to = self.to,
		.nto = 1,
		.options = &none,
		.now = time(NULL),
	};
	return 0;
}

/* http's callback: hand over the request that has been shown. */
static int
hand_over(void *arg, struct gateway_request *r)
{
	memcpy(r, arg, sizeof(*r));
	return 0;
}

/* Where an account goes, if nothing else is missing. */
static void
say_where(const struct config *c)
{
	static const struct gateway_login any[] = {
		{IPC_PASSWORD, "user", "password"},
		{IPC_BEARER, "user", "token"},
	};
	struct gateway_request r;
	size_t i;

	for (i = 0; i < sizeof(any) / sizeof(any[0]); i++)
		if (gateway_send(self.gateway, &any[i], &self.message, 0,
			&r) == 0) {
			gateway_free(&r);
			printf("account: none; give one with -u USER, or in "
			    "%s: set user NAME and secret password FILE, or "
			    "secret token FILE\n", c->file);
			return;
		}
}

/* On a terminal, the SMS as it will stand on the phone. */
static void
show(void)
{
	size_t room = PHONE_ROOM(strlen(self.message.text) +
	    strlen(self.number));
	int look = terminal_look();
	struct buf b;
	char *store;

	if (look == -1 || (store = malloc(room)) == NULL)
		return;
	buf_init(&b, store, room);
	phone_draw(&b, self.number, self.message.text, (unsigned)look);
	fputs(b.p, stdout);
	free(store);
}

/* Make the request and show it; 0, or -1 if there is none. */
static int
make_request(struct gateway_request *r)
{
	if (gateway_send(self.gateway, self.login, &self.message, 1, r) == 0) {
		show();
		printf("request: %s\n", r->shown);
		fflush(stdout);
		return 0;
	}
	conclude(IPC_OUTCOME_INTERNAL, "", r->why);
	if (self.login == NULL)
		say_where(self.config);
	return -1;
}

/* Until there is an outcome. */
static void
wait_for_it(void)
{
	struct curl_waitfd w[SEAL_WAITS];
	unsigned n;
	int ms;

	while (!self.over) {
		ms = TURN_WAIT;
		n = seal_prepare(w, &ms);
		http_turn(w, n, ms);
		seal_turn(w, n);
	}
}

static void
start(void)
{
	static struct gateway_request r;

	if (make_request(&r) == 0)
		http_start_once(hand_over,
		    self.config->timeout_gateway * 1000, on_end, &r);
}

static void
on_sealed(void *arg, struct gateway_texts *sealed, const char *why)
{
	(void)arg;
	if (sealed == NULL) {
		conclude(IPC_OUTCOME_INTERNAL, "", why);
		return;
	}
	self.message.sealed = sealed;
	start();
}

/* Encrypt the message, and send it then. */
static void
seal(void)
{
	struct gateway_request r;
	struct gateway_texts *plain = gateway_plain(self.gateway, self.login,
	    &self.message, &r);
	char *passphrase;

	if (plain == NULL) {
		conclude(IPC_OUTCOME_INTERNAL, "", r.why);
		return;
	}
	passphrase = gateway_passphrase(self.gateway);
	seal_start(passphrase, plain, self.config->timeout_gateway * 1000,
	    on_sealed, NULL);
	wipe_free(passphrase);
	gateway_texts_free(plain);
}

static int
send_request(const struct config *c, const struct gateway_login *login,
    int dry)
{
	struct gateway_request r;

	self.config = c;
	self.login = login;
	if (dry) {
		if (make_request(&r) == -1)
			return self.code;
		gateway_free(&r);
		return OK;
	}
	if (gateway_encrypts(self.gateway))
		seal();
	else
		start();
	wait_for_it();
	return self.code;
}

/* The password has been overwritten, whatever came of it. */
static int
try_user(const struct config *c, const struct try_setup *t)
{
	char secret[HASH_PASSWORD_MAX + 1] = "";
	const struct gateway_login l = {IPC_PASSWORD, t->user, secret};
	int code = USAGE;

	if (login_read_password(0, secret) == 0)
		code = send_request(c, &l, t->dry);
	explicit_bzero(secret, sizeof(secret));
	return code;
}

int
try_run(const struct config *c, const struct descriptor *g,
    const struct try_setup *t)
{
	self.gateway = g;
	if (make_message(c, t) == -1)
		return USAGE;
	return t->user != NULL ? try_user(c, t) :
				 send_request(c, NULL, t->dry);
}
