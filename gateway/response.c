/*
 * response: a rule decides what an answer means, else the test for success,
 * else the status code; for the whole request or for each recipient.  The
 * text of an error is cleared of messages and credentials.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/buf.h"
#include "gateway/message.h"
#include "gateway/pointer.h"
#include "gateway/response.h"
#include "gateway/value.h"
#include "gateway/variable.h"

#define KEPT_DIGITS 4	/* of a number that is masked */
#define ECHO_MIN    4	/* octets of what is looked for in an error */

/* ---- the whole ---- */

/*
 * What a status code means without a rule; SMSGate documents another table
 * (email-to-sms, "SMTP responses").
 */
static enum ipc_outcome
judge_status(const struct descriptor *g, long status)
{
	if (status == 401 || status == 403)
		return IPC_OUTCOME_CREDENTIALS;
	if (status >= 300 && status < 400)
		return IPC_OUTCOME_TEMPORARY; /* a redirection takes nothing */
	if (status < 400 || status > 599)
		return IPC_OUTCOME_UNCLEAR;
	if (g->documented)
		return status < 500 ? IPC_OUTCOME_REFUSED : IPC_OUTCOME_FAILED;
	if (status >= 500 || status == 408 || status == 425 || status == 429)
		return IPC_OUTCOME_TEMPORARY;
	return status == 402 ? IPC_OUTCOME_CREDENTIALS : IPC_OUTCOME_PERMANENT;
}

static int
needs_json(const struct descriptor *g)
{
	return match_source_needs_json(&g->id) || g->per_recipient.by != DESCRIPTOR_BY_NONE ||
	    match_needs_json(&g->ok_match);
}

/*
 * A success that cannot be read may not be one.  *open: no rule decided,
 * so each recipient's own answer counts.
 */
static enum ipc_outcome
judge_whole(const struct descriptor *g, const struct match_subject *s,
    int *open)
{
	const struct match_rule *r = match_rule(&g->rules, s);

	*open = r == NULL && g->per_recipient.by != DESCRIPTOR_BY_NONE;
	if (r != NULL)
		return r->then;
	if (!member_has_code(&g->ok, s->status))
		return judge_status(g, s->status);
	if (!json_is_object(s->json) && !json_is_array(s->json) &&
	    needs_json(g))
		return IPC_OUTCOME_UNCLEAR;
	return match_all(&g->ok_match, s) ? IPC_OUTCOME_ACCEPTED :
					    IPC_OUTCOME_UNCLEAR;
}

/* ---- each recipient ---- */

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* By their digits: a '+' and separators are not looked at. */
static int
same_number(const char *a, const char *b)
{
	for (;;) {
		while (*a != '\0' && !is_digit(*a))
			a++;
		while (*b != '\0' && !is_digit(*b))
			b++;
		if (*a != *b)
			return 0;
		if (*a == '\0')
			return 1;
		a++;
		b++;
	}
}

static enum ipc_outcome
judge_element(const struct descriptor_per_recipient *e, const struct match_subject *s)
{
	const struct match_rule *r = match_rule(&e->rules, s);

	if (r != NULL)
		return r->then;
	return match_all(&e->ok, s) ? IPC_OUTCOME_ACCEPTED : IPC_OUTCOME_UNCLEAR;
}

static void
keep_id(char out[IPC_ID_MAX + 1], const struct match_source *source,
    const struct match_subject *s)
{
	char *id = match_find(source, s);

	if (id != NULL && strlen(id) <= IPC_ID_MAX && ipc_is_id(id))
		strcpy(out, id);
	free(id);
}

/* An answer being judged. */
struct judging {
	const struct descriptor *g;
	const struct gateway_message *m;
	struct match_subject whole;
	struct gateway_result *result;
	unsigned char *seen;	/* of each recipient: an element was there */
	char *error;		/* of the first who was not accepted */
};

/* Of two elements for one recipient the worse one counts. */
static void
judge_recipient(struct judging *j, size_t i, json_t *element)
{
	struct match_subject s = {j->whole.status, element, j->whole.text};
	enum ipc_outcome o = judge_element(&j->g->per_recipient, &s);
	struct gateway_result *r = &j->result[i];

	if (!j->seen[i] || o > r->outcome)
		r->outcome = o;
	if (r->id[0] == '\0')
		keep_id(r->id, &j->g->per_recipient.id, &s);
	if (o != IPC_OUTCOME_ACCEPTED && j->error == NULL)
		j->error = match_find(&j->g->per_recipient.error, &s);
	j->seen[i] = 1;
}

static void
judge_number(struct judging *j, const char *number, json_t *element)
{
	size_t i;

	for (i = 0; i < j->m->nto; i++)
		if (same_number(number, j->m->to[i]))
			judge_recipient(j, i, element);
}

/* A single object for a single recipient is a list, too. */
static void
judge_order(struct judging *j, json_t *list)
{
	json_t *element;
	size_t i;

	if (json_is_object(list) && j->m->nto == 1)
		judge_recipient(j, 0, list);
	if (json_array_size(list) == j->m->nto)
		json_array_foreach(list, i, element)
			judge_recipient(j, i, element);
}

static void
judge_list(struct judging *j, json_t *list)
{
	const struct descriptor_per_recipient *e = &j->g->per_recipient;
	char number[POINTER_TOKEN_MAX + 1];
	const char *key;
	json_t *element;
	size_t i;

	switch (e->by) {
	case DESCRIPTOR_BY_NONE:
		break;
	case DESCRIPTOR_BY_NUMBER:
		json_array_foreach(list, i, element) {
			pointer_text(pointer_get(element, e->number), number,
			    sizeof(number));
			judge_number(j, number, element);
		}
		break;
	case DESCRIPTOR_BY_KEY:
		json_object_foreach(list, key, element)
			judge_number(j, key, element);
		break;
	case DESCRIPTOR_BY_ORDER:
		judge_order(j, list);
		break;
	}
}

static void
judge_each(struct judging *j)
{
	const struct descriptor_per_recipient *e = &j->g->per_recipient;
	size_t i;

	judge_list(j, pointer_get(j->whole.json, e->list));
	for (i = 0; i < j->m->nto; i++)
		if (!j->seen[i])
			j->result[i].outcome = e->has_missing ? e->missing :
								IPC_OUTCOME_UNCLEAR;
}

/* ---- the error's text ---- */

/* Cover every place where the n octets of what stand, but for the last. */
static void
cover(char *s, const char *what, size_t n, size_t keep)
{
	if (n < ECHO_MIN)
		return;
	while ((s = strstr(s, what)) != NULL) {
		memset(s, '*', n - keep);
		s += n;
	}
}

/*
 * A secret in the forms that a request has it in: as it is, as in a URL or a
 * form, and behind a name in base64 (RFC 7617).
 */
static void
cover_secret(char *s, const char *user, const char *secret)
{
	size_t n = strlen(secret), nuser = strlen(user);
	size_t npair = nuser + 1 + n, room = 3 * npair + 8;
	char *pair = malloc(npair), *storage = malloc(room);
	struct buf b;

	cover(s, secret, n, 0);
	if (pair != NULL && storage != NULL) {
		buf_init(&b, storage, room);
		value_escape(secret, n, 0, &b);
		cover(s, b.p, b.len, 0);
		memcpy(pair, user, nuser);
		pair[nuser] = ':';
		memcpy(pair + nuser + 1, secret, n);
		buf_reset(&b);
		buf_base64(&b, pair, npair);
		cover(s, b.p, b.len, 0);
		explicit_bzero(pair, npair);
		explicit_bzero(storage, room);
	}
	free(pair);
	free(storage);
}

static void
blank(char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ')
			*s = ' ';
}

/* What a gateway echoes is not for the log. */
static void
cover_all(const struct judging *j, char *s)
{
	const struct gateway_message *m = j->m;
	const char *digits, *user = variable_set(j->g, "user");
	size_t i;

	for (i = 0; i < j->g->nsecret; i++)
		cover_secret(s, user != NULL ? user : "",
		    j->g->secret[i].value);
	if (m->login != NULL && m->login->secret != NULL)
		cover_secret(s, m->login->user, m->login->secret);
	cover(s, m->text, strlen(m->text), 0);
	for (i = 0; i < m->nto; i++) {
		digits = m->to[i] + (*m->to[i] == '+');
		cover(s, digits, strlen(digits), KEPT_DIGITS);
	}
}

/* One line, cut at the end of a character. */
static void
keep_error(const struct judging *j, char *error, char *out, size_t room)
{
	size_t n;

	out[0] = '\0';
	if (error == NULL)
		return;
	cover_all(j, error);
	blank(error);
	cover_all(j, error);
	n = strlen(error);
	if (n >= room)
		for (n = room - 1; n > 0; n--)
			if (((unsigned char)error[n] & 0xc0) != 0x80)
				break;
	snprintf(out, room, "%.*s", (int)n, error);
}

/* ---- all of it ---- */

static void
judge_results(struct judging *j, struct gateway_answer *a, int open)
{
	size_t i;

	for (i = 0; i < j->m->nto; i++) {
		j->result[i].outcome = a->outcome;
		j->result[i].id[0] = '\0';
	}
	if (open && a->outcome == IPC_OUTCOME_ACCEPTED)
		judge_each(j);
	for (i = 0; i < j->m->nto; i++) {
		if (j->result[i].outcome > a->outcome)
			a->outcome = j->result[i].outcome;
		if (j->result[i].id[0] == '\0' &&
		    j->result[i].outcome == IPC_OUTCOME_ACCEPTED)
			strcpy(j->result[i].id, a->id);
	}
}

static long
retry_after(const struct descriptor *g, json_t *json)
{
	char text[24];
	long n;

	if (g->retry_after == NULL || json == NULL)
		return 0;
	pointer_text(pointer_get(json, g->retry_after), text, sizeof(text));
	n = strtol(text, NULL, 10);
	return n > 0 ? n : 0;
}

void
response_judge(const struct descriptor *g, const struct gateway_message *m,
    long status, const char *body, size_t n, int whole,
    struct gateway_answer *a, struct gateway_result *result)
{
	unsigned char seen[CONFIG_RCPTS_MAX] = {0};
	char text[MATCH_TEXT_MAX + 1], *error;
	json_t *json = whole ? json_loadb(body, n, JSON_ALLOW_NUL |
	    JSON_DECODE_ANY, NULL) : NULL;
	struct judging j = {.g = g, .m = m, .whole = {status, json, text},
	    .result = result, .seen = seen};
	int open;

	snprintf(text, sizeof(text), "%.*s",
	    (int)(n < sizeof(text) ? n : sizeof(text) - 1), body);
	memset(a, 0, sizeof(*a));
	a->outcome = judge_whole(g, &j.whole, &open);
	keep_id(a->id, &g->id, &j.whole);
	a->retry_after = retry_after(g, json);
	judge_results(&j, a, open);
	error = match_find(&g->error, &j.whole);
	keep_error(&j, error != NULL ? error : j.error, a->error,
	    sizeof(a->error));
	free(error);
	free(j.error);
	json_decref(json);
}

/* ---- lookup ---- */

int
response_shows_id(const struct descriptor *g, const char *id, const char *body,
    size_t n)
{
	json_t *answer = json_loadb(body, n, JSON_ALLOW_NUL, NULL);
	char shown[IPC_ID_MAX + 2];

	pointer_text(pointer_get(answer, g->found_id), shown, sizeof(shown));
	json_decref(answer);
	return strcmp(shown, id) == 0;
}
