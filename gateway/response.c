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
#include "common/number.h"
#include "gateway/lenient.h"
#include "gateway/message.h"
#include "gateway/pointer.h"
#include "gateway/response.h"
#include "gateway/value.h"
#include "gateway/variable.h"
#include "gateway/wipe.h"

#define DIGITS_MAX  31	/* of a number in an answer */
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

/*
 * 1 if the status code says, without a rule, that the gateway found fault
 * with the request (RFC 9110, 15.5.1, 15.5.14, 15.5.21) and did nothing.
 */
static int
is_whole_refused(const struct descriptor *g, long status)
{
	return !member_has_code(&g->ok, status) &&
	    (status == 400 || status == 413 || status == 422);
}

static int
needs_json(const struct descriptor *g)
{
	return match_source_needs_json(&g->id) ||
	    g->per_recipient.by != DESCRIPTOR_BY_NONE ||
	    match_needs_json(&g->ok_match);
}

/*
 * A success that cannot be read may not be one.  *open: no rule has decided,
 * so the answer for each recipient does.
 */
static enum ipc_outcome
judge_whole(const struct descriptor *g, const struct match_subject *s,
    int *open, const char **note, int *next)
{
	const struct match_rule *r = match_rule(&g->rules, s);

	*note = r != NULL ? r->note : NULL;
	*next = r != NULL && r->next;
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

static int
is_apart(const struct descriptor *g, const struct match_subject *s,
    size_t nto)
{
	const struct match_rule *r = match_rule(&g->rules, s);

	return nto > 1 && (r != NULL ? r->apart :
	    is_whole_refused(g, s->status));
}

/* ---- each recipient ---- */

/* An answer being judged. */
struct judging {
	const struct descriptor *g;
	const struct gateway_message *m;
	struct match_subject whole;
	struct gateway_result *result;
	unsigned char *seen;	/* of each recipient: an element was there */
	char *error;		/* of the first who was not accepted */
	const char *note;	/* of the first rule that has one */
	int next;		/* of the rule that decided the whole */
};

/* An element of the answer's list. */
struct element {
	json_t *json;
	char digits[DIGITS_MAX + 1];	/* of the number that it names */
	int used;
};

struct elements {
	struct element v[RESPONSE_ELEMENTS_MAX];
	size_t n;
	int unknown;	/* one is about nobody, or was not looked at */
};

/* The digits of a number; a '+' and separators are left out. */
static void
copy_digits(const char *s, char out[DIGITS_MAX + 1])
{
	size_t n = 0;

	for (; *s != '\0' && n < DIGITS_MAX; s++)
		if (*s >= '0' && *s <= '9')
			out[n++] = *s;
	out[n] = '\0';
}

/* How many of the last digits are the same. */
static size_t
common_end(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b), n = 0;

	while (n < na && n < nb && a[na - n - 1] == b[nb - n - 1])
		n++;
	return n;
}

static enum ipc_outcome
judge_element(const struct descriptor_per_recipient *p,
    const struct match_subject *s, const char **note, int *next)
{
	const struct match_rule *r = match_rule(&p->rules, s);

	if (r != NULL && *note == NULL)
		*note = r->note;
	*next = r != NULL && r->next;
	if (r != NULL)
		return r->then;
	return match_all(&p->ok, s) ? IPC_OUTCOME_ACCEPTED :
				      IPC_OUTCOME_UNCLEAR;
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

/* The element is about recipient i.  Of two the worse one counts. */
static void
assign(struct judging *j, size_t i, struct element *e)
{
	const struct descriptor_per_recipient *p = &j->g->per_recipient;
	struct match_subject s = {j->whole.status, e->json, j->whole.text};
	int next;
	enum ipc_outcome o = judge_element(p, &s, &j->note, &next);
	struct gateway_result *r = &j->result[i];

	if (!j->seen[i] || o > r->outcome) {
		r->outcome = o;
		r->next = next;
	}
	if (r->id[0] == '\0')
		keep_id(r->id, &p->id, &s);
	if (!ipc_is_success(o) && j->error == NULL)
		j->error = match_find(&p->error, &s);
	j->seen[i] = 1;
	e->used = 1;
}

/* A gateway may write the number in another form: 521... as 52..., 0171... */
static int
may_be(const struct judging *j, size_t i, const struct element *e)
{
	return !j->seen[i] && !e->used &&
	    common_end(j->m->to[i], e->digits) >= NUMBER_E164_MIN;
}

/* The only recipient that an element may be about; nto: none, or several. */
static size_t
only_recipient(const struct judging *j, const struct element *e)
{
	size_t i, found = j->m->nto;

	for (i = 0; i < j->m->nto; i++) {
		if (!may_be(j, i, e))
			continue;
		if (found != j->m->nto)
			return j->m->nto;
		found = i;
	}
	return found;
}

/* 1 if no other number may be this recipient's, too. */
static int
is_only_number(const struct judging *j, size_t i, const struct elements *all,
    const struct element *e)
{
	size_t k;

	for (k = 0; k < all->n; k++)
		if (may_be(j, i, &all->v[k]) &&
		    strcmp(all->v[k].digits, e->digits) != 0)
			return 0;
	return 1;
}

static void
assign_by_digits(struct judging *j, struct elements *all)
{
	char digits[DIGITS_MAX + 1];
	size_t i, k;

	for (i = 0; i < j->m->nto; i++) {
		copy_digits(j->m->to[i], digits);
		for (k = 0; k < all->n; k++)
			if (strcmp(all->v[k].digits, digits) == 0)
				assign(j, i, &all->v[k]);
	}
}

static void
assign_by_last_digits(struct judging *j, struct elements *all)
{
	struct element *e;
	size_t i, k, n;

	for (k = 0; k < all->n; k++) {
		e = &all->v[k];
		i = only_recipient(j, e);
		if (i == j->m->nto || !is_only_number(j, i, all, e))
			continue;
		for (n = k + 1; n < all->n; n++)
			if (!all->v[n].used &&
			    strcmp(all->v[n].digits, e->digits) == 0)
				assign(j, i, &all->v[n]);
		assign(j, i, e);
	}
}

/* What is left on both sides stands in the same order, if it is as many. */
static void
assign_by_order(struct judging *j, struct elements *all)
{
	size_t i, k = 0, recipients = 0, elements = 0;

	for (i = 0; i < j->m->nto; i++)
		recipients += !j->seen[i];
	for (i = 0; i < all->n; i++)
		elements += !all->v[i].used;
	if (elements != recipients)
		return;
	for (i = 0; i < j->m->nto; i++) {
		if (j->seen[i])
			continue;
		while (all->v[k].used)
			k++;
		assign(j, i, &all->v[k]);
	}
}

static void
add_element(struct elements *all, json_t *json, const char *number)
{
	struct element *e = &all->v[all->n];

	if (all->n == RESPONSE_ELEMENTS_MAX) {
		all->unknown = 1;
		return;
	}
	e->json = json;
	e->used = 0;
	copy_digits(number, e->digits);
	all->n++;
}

/* A single object may stand for a list of one. */
static void
list_elements(const struct judging *j, json_t *list, struct elements *all)
{
	const struct descriptor_per_recipient *p = &j->g->per_recipient;
	char number[POINTER_TOKEN_MAX + 1];
	const char *key;
	json_t *json;
	size_t i;

	all->n = 0;
	all->unknown = 0;
	if (p->by == DESCRIPTOR_BY_KEY) {
		json_object_foreach(list, key, json)
			add_element(all, json, key);
		return;
	}
	if (json_is_object(list) && p->by == DESCRIPTOR_BY_ORDER)
		add_element(all, list, "");
	json_array_foreach(list, i, json) {
		pointer_text(p->number == NULL ? NULL :
		    pointer_get(json, p->number), number, sizeof(number));
		add_element(all, json, number);
	}
}

/* All elements are about the only recipient, whatever they call it. */
static void
assign_all(struct judging *j, struct elements *all)
{
	size_t k;

	for (k = 0; k < all->n; k++)
		assign(j, 0, &all->v[k]);
}

static void
assign_elements(struct judging *j, struct elements *all)
{
	enum descriptor_by by = j->g->per_recipient.by;

	if (by != DESCRIPTOR_BY_ORDER)
		assign_by_digits(j, all);
	if (j->m->nto == 1 && !j->seen[0] &&
	    (by != DESCRIPTOR_BY_ORDER || all->n == 1))
		assign_all(j, all);
	if (by != DESCRIPTOR_BY_ORDER)
		assign_by_last_digits(j, all);
	if (by != DESCRIPTOR_BY_KEY) /* an object has no order */
		assign_by_order(j, all);
}

/* Who is not in the list has the outcome `missing`, if that is certain. */
static void
judge_each(struct judging *j)
{
	const struct descriptor_per_recipient *p = &j->g->per_recipient;
	struct elements *all = wipe_must(malloc(sizeof(*all)));
	enum ipc_outcome missing = IPC_OUTCOME_UNCLEAR;
	size_t i;

	if (all != NULL) {
		list_elements(j, pointer_get(j->whole.json, p->list), all);
		assign_elements(j, all);
		for (i = 0; i < all->n; i++)
			all->unknown |= !all->v[i].used;
		if (p->has_missing && !all->unknown)
			missing = p->missing;
	}
	for (i = 0; i < j->m->nto; i++)
		if (!j->seen[i])
			j->result[i].outcome = missing;
	free(all);
}

/* ---- the error's text ---- */

/* Mask each occurrence of the n octets of what, except the last `keep`. */
static void
mask(char *s, const char *what, size_t n, size_t keep)
{
	if (n < ECHO_MIN)
		return;
	while ((s = strstr(s, what)) != NULL) {
		memset(s, '*', n - keep);
		s += n;
	}
}

/*
 * Mask a secret in each form that a request may have it in: as it is,
 * percent-encoded, and with the user's name in base64 (RFC 7617).
 */
static void
mask_secret(char *s, const char *user, const char *secret)
{
	size_t n = strlen(secret), nuser = strlen(user);
	size_t npair = nuser + 1 + n, room = 3 * npair + 8;
	char *pair = wipe_must(malloc(npair)), *storage = wipe_must(malloc(room));
	struct buf b;

	mask(s, secret, n, 0);
	if (pair != NULL && storage != NULL) {
		buf_init(&b, storage, room);
		value_escape(secret, n, 0, &b);
		mask(s, b.p, b.len, 0);
		memcpy(pair, user, nuser);
		pair[nuser] = ':';
		memcpy(pair + nuser + 1, secret, n);
		buf_reset(&b);
		buf_base64(&b, pair, npair);
		mask(s, b.p, b.len, 0);
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

/* A gateway may echo what it was sent, which must not reach the log. */
static void
mask_all(const struct judging *j, char *s)
{
	const struct gateway_message *m = j->m;
	const char *digits, *user = variable_set(j->g, "user");
	size_t i;

	for (i = 0; i < j->g->nsecret; i++)
		mask_secret(s, user != NULL ? user : "",
		    j->g->secret[i].value);
	if (m->login != NULL && m->login->secret != NULL)
		mask_secret(s, m->login->user, m->login->secret);
	mask(s, m->text, strlen(m->text), 0);
	for (i = 0; i < m->nto; i++) {
		digits = m->to[i] + (*m->to[i] == '+');
		mask(s, digits, strlen(digits), KEPT_DIGITS);
	}
}

/* One line, behind the descriptor's note; cut at the end of a character. */
static void
keep_error(const struct judging *j, char *error, char *out, size_t room)
{
	size_t n = 0;

	if (j->note != NULL)
		n = (size_t)snprintf(out, room, "%.100s%s", j->note,
		    error != NULL ? ": " : "");
	out += n;
	room -= n;
	*out = '\0';
	if (error == NULL)
		return;
	mask_all(j, error);
	blank(error);
	mask_all(j, error);
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
		j->result[i].next = j->next;
		j->result[i].id[0] = '\0';
	}
	if (open && a->outcome == IPC_OUTCOME_ACCEPTED)
		judge_each(j);
	for (i = 0; i < j->m->nto; i++) {
		if (j->result[i].outcome > a->outcome)
			a->outcome = j->result[i].outcome;
		if (j->result[i].id[0] == '\0' &&
		    ipc_is_success(j->result[i].outcome))
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

/* The beginning of a body, for tests that look at text. */
static void
copy_text(char text[MATCH_TEXT_MAX + 1], const char *body, size_t n)
{
	body = lenient_skip_mark(body, &n);
	snprintf(text, MATCH_TEXT_MAX + 1, "%.*s",
	    (int)(n < MATCH_TEXT_MAX ? n : MATCH_TEXT_MAX), body);
}

void
response_judge(const struct descriptor *g, const struct gateway_message *m,
    long status, const char *body, size_t n, int whole,
    struct gateway_answer *a, struct gateway_result *result)
{
	unsigned char seen[CONFIG_RCPTS_MAX] = {0};
	char text[MATCH_TEXT_MAX + 1], *error;
	json_t *json = whole ? lenient_json(body, n) : NULL;
	struct judging j = {.g = g, .m = m, .whole = {status, json, text},
	    .result = result, .seen = seen};
	int open;

	copy_text(text, body, n);
	memset(a, 0, sizeof(*a));
	a->outcome = judge_whole(g, &j.whole, &open, &j.note, &j.next);
	if (!whole && !member_has_code(&g->ok, status))
		a->outcome = match_rules_cut(&g->rules, status, a->outcome);
	keep_id(a->id, &g->id, &j.whole);
	a->retry_after = retry_after(g, json);
	a->apart = is_apart(g, &j.whole, m->nto);
	judge_results(&j, a, open);
	error = match_find(&g->error, &j.whole);
	keep_error(&j, error != NULL ? error : j.error, a->error,
	    sizeof(a->error));
	free(error);
	free(j.error);
	json_decref(json);
}

/* ---- a check's answer ---- */

/* A number as text, without the digits that it cannot have as a real. */
static int
copy_amount(const char *s, char out[GATEWAY_AMOUNT_MAX + 1])
{
	char *end;
	double x = strtod(s, &end);

	if (end == s || end[strspn(end, " \t\r\n")] != '\0' || !(x > -1e15 &&
	    x < 1e15))
		return -1;
	snprintf(out, GATEWAY_AMOUNT_MAX + 1, "%.10g", x);
	return 0;
}

static int
is_unit(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz");

	return s[n] == '\0' && n <= GATEWAY_UNIT_MAX;
}

int
response_balance(const struct descriptor *g, const char *body, size_t n,
    struct gateway_balance *b)
{
	char text[MATCH_TEXT_MAX + 1], *amount, *unit;
	struct match_subject s = {0, lenient_json(body, n), text};
	int found;

	copy_text(text, body, n);
	amount = match_find(&g->balance, &s);
	unit = match_find(&g->currency, &s);
	memset(b, 0, sizeof(*b));
	found = amount != NULL && copy_amount(amount, b->amount) == 0;
	if (unit != NULL && is_unit(unit))
		strcpy(b->unit, unit);
	free(amount);
	free(unit);
	json_decref(s.json);
	return found ? 0 : -1;
}

/* ---- lookup ---- */

int
response_shows_id(const struct descriptor *g, const char *id, const char *body,
    size_t n)
{
	json_t *answer = lenient_json(body, n);
	char shown[IPC_ID_MAX + 2];

	pointer_text(pointer_get(answer, g->found_id), shown, sizeof(shown));
	json_decref(answer);
	return strcmp(shown, id) == 0;
}
