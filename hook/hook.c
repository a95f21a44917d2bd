/*
 * smtp2sms-hook: one webhook of a gateway comes in, by CGI; what it tells goes
 * out as mail.  The answer is 2xx only when that is done: nothing is queued
 * here.
 *
 * The order of things is: what is ours is read (configuration, descriptor,
 * secrets, the journal's folder); the mailer is started; the sandbox closes;
 * then what came is read, verified and understood.
 *
 * It takes no arguments: servers make some of a query (RFC 3875, 4.4).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/config.h"
#include "common/log.h"
#include "gateway/lenient.h"
#include "gateway/pointer.h"
#include "gateway/read.h"
#include "hook/cgi.h"
#include "hook/confine.h"
#include "hook/mailer.h"
#include "hook/receipt.h"
#include "hook/reply.h"
#include "hook/secret.h"
#include "hook/verify.h"

#define FILE_VARIABLE "SMTP2SMS_CONF"	/* another configuration file */
#define ITEMS_MAX     100		/* in one webhook */

/* All that one request is about. */
struct request {
	struct config config;
	struct cgi cgi;
	struct hook hook;
	struct verify_secrets secrets;
	struct notes notes;
	struct form form;
	int mailer;
};

static void
report(const char *what)
{
	log_event(LOG_ERR, "config", "error", what, NULL);
}

/* ---- what is ours ---- */

/* The gateway of that name as the configuration writes it, or NULL. */
static const char *
find_gateway(const struct config *c, const char *name)
{
	char other[CONFIG_NAME_MAX + 1];
	const char *gateway;
	size_t i;

	for (i = 0; (gateway = config_gateway(c, i)) != NULL; i++) {
		config_gateway_name(gateway, other);
		if (strcmp(other, name) == 0)
			return gateway;
	}
	return NULL;
}

static enum cgi_answer
prepare(struct request *r)
{
	const struct config *c = &r->config;
	const char *gateway = find_gateway(c, r->cgi.gateway);
	int found;

	if (gateway == NULL) {
		r->cgi.gateway[0] = '\0'; /* it may be the URL's secret */
		return CGI_UNKNOWN;
	}
	if (c->journal == NULL) {
		report("smtp2sms-hook needs a journal that is a folder");
		return CGI_BROKEN;
	}
	if ((found = read_hook(c, gateway, report, &r->hook)) < 1)
		return found == 0 ? CGI_UNKNOWN : CGI_BROKEN;
	/* before there is a key in memory: the mailer needs none */
	if ((r->mailer = mailer_start(c)) == -1) {
		log_event(LOG_ERR, "start", "error", strerror(errno), NULL);
		return CGI_BROKEN;
	}
	if (secret_load(c, r->cgi.gateway, report, &r->secrets) == -1)
		return CGI_BROKEN;
	if (notes_open(&r->notes, c->journal) == -1) {
		log_event(LOG_ERR, "journal", "folder", c->journal, "error",
		    strerror(errno), NULL);
		return CGI_LATER;
	}
	receipt_prepare(c);
	if (confine_enter(c->sandbox == CONFIG_SANDBOX_BEST_EFFORT,
	    c->journal) == -1) {
		log_event(LOG_ERR, "start", "error", strerror(errno), NULL);
		return CGI_BROKEN;
	}
	return CGI_TAKEN;
}

/* ---- what came ---- */

static int
read_form(struct request *r)
{
	switch (r->hook.format) {
	case HOOK_JSON:
		return 0;
	case HOOK_FORM:
		return form_read(&r->form, r->cgi.body, r->cgi.nbody);
	case HOOK_QUERY:
		return form_read(&r->form, r->cgi.query,
		    strlen(r->cgi.query));
	}
	return -1;
}

static enum cgi_answer
verify(struct request *r)
{
	const char *url = secret_set(&r->config, r->cgi.gateway, HOOK_URL);
	const char *why;

	/* a query is part of the URL, and must be what has been signed */
	if (url == NULL || r->hook.format == HOOK_QUERY)
		url = r->cgi.url;
	form_sort(&r->form);
	why = verify_origin(&r->hook, &r->secrets, &r->cgi, &r->form, url,
	    time(NULL));
	if (why == NULL)
		return CGI_TAKEN;
	log_event(LOG_WARNING, "refused", "gateway", r->cgi.gateway, "peer",
	    getenv("REMOTE_ADDR"), "reason", why, NULL);
	return CGI_FORBIDDEN;
}

/* One item: what is neither a reply nor anything else we know is taken. */
static enum cgi_answer
take_item(struct request *r, json_t *item)
{
	const struct match_subject subject = {.json = item, .text = ""};
	const struct tools tools = {.config = &r->config,
	    .notes = &r->notes, .gateway = r->cgi.gateway,
	    .mailer = r->mailer};

	if (!r->hook.reply.is_there ||
	    !match_all(&r->hook.reply.match, &subject))
		return receipt_take(&tools, &r->hook.receipt, item) == 0 ?
		    CGI_TAKEN : CGI_LATER;
	switch (reply_take(&tools, &r->hook.reply, item)) {
	case REPLY_TAKEN:
		return CGI_TAKEN;
	case REPLY_MALFORMED:
		return CGI_MALFORMED;
	case REPLY_LATER:
		break;
	}
	return CGI_LATER;
}

/*
 * Each item, whatever becomes of another; the worst is the answer.  Those that
 * are done are known when the gateway comes with all again.  Once the mail
 * server has taken its time, the rest waits for that.
 */
static enum cgi_answer
take_items(struct request *r, json_t *root)
{
	long long end = clock_ms() + 1000LL * MAILER_SECONDS;
	enum cgi_answer a = CGI_TAKEN, one;
	json_t *list, *item;
	size_t i;

	if (r->hook.each == NULL)
		return take_item(r, root);
	list = pointer_get(root, r->hook.each);
	if (!json_is_array(list))
		return CGI_MALFORMED;
	if (json_array_size(list) > ITEMS_MAX)
		return CGI_LARGE;
	json_array_foreach(list, i, item) {
		one = take_item(r, item);
		if (a == CGI_TAKEN || one == CGI_LATER)
			a = one;
		if (one == CGI_LATER && clock_left(end) == 0)
			break;
	}
	return a;
}

static enum cgi_answer
understand(struct request *r)
{
	enum cgi_answer a;
	json_t *root = r->hook.format == HOOK_JSON ?
	    lenient_json(r->cgi.body, r->cgi.nbody) : form_json(&r->form);

	if (!json_is_object(root) && !json_is_array(root))
		a = CGI_MALFORMED;
	else
		a = take_items(r, root);
	json_decref(root);
	return a;
}

static enum cgi_answer
work(struct request *r)
{
	enum cgi_answer a = cgi_head(&r->cgi);

	if (a == CGI_TAKEN)
		a = prepare(r);
	if (a == CGI_TAKEN)
		a = cgi_body(&r->cgi);
	if (a == CGI_TAKEN && read_form(r) == -1)
		a = CGI_MALFORMED;
	if (a == CGI_TAKEN)
		a = verify(r);
	secret_wipe(&r->secrets);
	return a == CGI_TAKEN ? understand(r) : a;
}

int
main(void)
{
	static struct request r;
	const char *file = getenv(FILE_VARIABLE);
	enum cgi_answer a = CGI_BROKEN;
	int loaded;

	signal(SIGPIPE, SIG_IGN);
	log_open("smtp2sms-hook", 1);
	loaded = config_load(&r.config, file != NULL ? file : CONFIG_FILE,
	    NULL, 0, report);
	log_open("smtp2sms-hook", r.config.log_stderr);
	if (loaded == 0)
		a = work(&r);
	log_event(LOG_INFO, "webhook", "gateway",
	    r.cgi.gateway[0] != '\0' ? r.cgi.gateway : NULL, "status",
	    LOG_NUM(cgi_status(a, r.hook.status)), NULL);
	cgi_reply(a, r.hook.status, r.hook.body);
	notes_close(&r.notes);
	return 0;
}
