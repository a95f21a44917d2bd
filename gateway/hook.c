/*
 * hook: reading the member "hook".  What is done with it, see hook/.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/hook.h"
#include "gateway/pointer.h"

#define AT "/hook"

int
hook_is_name(const char *name)
{
	return strcmp(name, HOOK_URL_SECRET) == 0 ||
	    strcmp(name, HOOK_KEY) == 0 || strcmp(name, HOOK_URL) == 0;
}

/* The name of a header field (RFC 9110, 5.1), as long as we know them. */
static int
is_header(const char *s, size_t n)
{
	return n > 0 && n <= HOOK_HEADER_MAX &&
	    strspn(s, "-0123456789abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ") >= n;
}

static const char *
read_header(struct member_errors *e, json_t *o, const char *path,
    const char *key)
{
	const char *s = member_string(e, o, path, key, 1);
	char where[MEMBER_PATH_MAX];

	if (s != NULL && !is_header(s, strlen(s)))
		member_fail(e, member_path(where, path, key),
		    "'%.40s' is not the name of a header field", s);
	return s;
}

/* ---- what is signed ---- */

/* "${" has been read; what stands up to the '}'. */
static int
read_piece(const char *s, size_t n, struct hook_part *p)
{
	static const char header[] = "header:";

	p->text = s;
	p->n = n;
	if (n == 4 && memcmp(s, "body", 4) == 0) {
		p->piece = HOOK_PIECE_BODY;
	} else if (n == 3 && memcmp(s, "url", 3) == 0) {
		p->piece = HOOK_PIECE_URL;
	} else if (n == 6 && memcmp(s, "fields", 6) == 0) {
		p->piece = HOOK_PIECE_FIELDS;
	} else if (n > strlen(header) &&
	    memcmp(s, header, strlen(header)) == 0) {
		p->piece = HOOK_PIECE_HEADER;
		p->text += strlen(header);
		p->n -= strlen(header);
		return is_header(p->text, p->n) ? 0 : -1;
	} else {
		return -1;
	}
	return 0;
}

/* Returns what is left of s, or NULL if it cannot be read. */
static const char *
next_piece(const char *s, struct hook_part *p)
{
	const char *end;

	if (strncmp(s, "${", 2) != 0) {
		end = strstr(s, "${");
		p->piece = HOOK_PIECE_TEXT;
		p->text = s;
		p->n = end != NULL ? (size_t)(end - s) : strlen(s);
		return s + p->n;
	}
	s += 2;
	end = strchr(s, '}');
	if (end == NULL || read_piece(s, (size_t)(end - s), p) == -1)
		return NULL;
	return end + 1;
}

/* 1 if it has the whole of what came. */
static int
covers_body(const struct hook_sign *sign, enum hook_format format)
{
	size_t i;
	int body = 0, url = 0, fields = 0;

	for (i = 0; i < sign->nparts; i++) {
		body |= sign->part[i].piece == HOOK_PIECE_BODY;
		url |= sign->part[i].piece == HOOK_PIECE_URL;
		fields |= sign->part[i].piece == HOOK_PIECE_FIELDS;
	}
	switch (format) {
	case HOOK_JSON:
		return body;
	case HOOK_FORM:
		return body || fields;
	case HOOK_QUERY:
		return url;
	}
	return 0;
}

static void
read_of(struct member_errors *e, json_t *o, struct hook *h)
{
	const char *s = member_string(e, o, AT "/sign", "of", 1);
	struct hook_sign *sign = &h->sign;

	if (s == NULL)
		return;
	while (s != NULL && *s != '\0' && sign->nparts < HOOK_PIECES_MAX)
		s = next_piece(s, &sign->part[sign->nparts++]);
	if (s == NULL)
		member_fail(e, AT "/sign/of", "a placeholder must be one of: "
		    "${body}, ${url}, ${fields}, ${header:NAME}");
	else if (*s != '\0')
		member_fail(e, AT "/sign/of", "has more than %d pieces",
		    HOOK_PIECES_MAX);
	else if (!covers_body(sign, h->format))
		member_fail(e, AT "/sign/of", "does not cover what is read");
}

/* 1 if the header is one of the pieces. */
static int
covers_header(const struct hook_sign *sign, const char *name)
{
	const struct hook_part *p;
	size_t i;

	for (i = 0; i < sign->nparts; i++) {
		p = &sign->part[i];
		if (p->piece == HOOK_PIECE_HEADER && p->n == strlen(name) &&
		    strncmp(p->text, name, p->n) == 0)
			return 1;
	}
	return 0;
}

static void
read_time(struct member_errors *e, json_t *o, struct hook_sign *sign)
{
	json_int_t window = 0;

	if (json_object_get(o, "time") == NULL)
		return;
	sign->time = read_header(e, o, AT "/sign", "time");
	member_integer(e, o, AT "/sign", "window", 1, 1, HOOK_WINDOW_MAX,
	    &window);
	sign->window = (long)window;
	if (sign->time != NULL && !covers_header(sign, sign->time))
		member_fail(e, AT "/sign/time",
		    "/hook/sign/of does not cover it");
}

static void
read_sign(struct member_errors *e, json_t *hook, struct hook *h)
{
	static const char *const names[] = {"type", "encoding", "header",
	    "of", "time", "window", NULL};
	static const char *const types[] = {[DIGEST_SHA1] = "hmac-sha1",
	    [DIGEST_SHA256] = "hmac-sha256", NULL};
	static const char *const encodings[] = {"hex", "base64", NULL};
	json_t *o = member_object(e, hook, AT, "sign");
	int type;

	if (o == NULL)
		return;
	member_only(e, AT "/sign", o, names);
	type = member_choice(e, o, AT "/sign", "type", 1, types);
	h->sign.kind = type == DIGEST_SHA1 ? DIGEST_SHA1 : DIGEST_SHA256;
	h->sign.base64 = member_choice(e, o, AT "/sign", "encoding", 1,
	    encodings) == 1;
	h->sign.header = read_header(e, o, AT "/sign", "header");
	read_of(e, o, h);
	read_time(e, o, &h->sign);
}

/* ---- what is in it ---- */

static void
read_place(struct member_errors *e, const char *path, json_t *j,
    struct hook_source *out)
{
	const char *s = json_string_value(j);

	if (s == NULL || !pointer_is(s))
		member_must(e, path, j, "a JSON pointer");
	else
		out->pointer[out->n++] = s;
}

static void
read_source(struct member_errors *e, const char *path, json_t *j,
    struct hook_source *out)
{
	char where[MEMBER_PATH_MAX];
	json_t *item;
	size_t i, n = json_array_size(j);

	if (!json_is_array(j)) {
		read_place(e, path, j, out);
		return;
	}
	if (n == 0 || n > HOOK_PLACES_MAX)
		member_fail(e, path, "has %zu elements; must have 1 to %d", n,
		    HOOK_PLACES_MAX);
	json_array_foreach(j, i, item)
		if (i < HOOK_PLACES_MAX)
			read_place(e, member_index(where, path, i), item, out);
}

static void
read_member(struct member_errors *e, json_t *o, const char *path,
    const char *key, int required, struct hook_source *out)
{
	json_t *j = json_object_get(o, key);
	char where[MEMBER_PATH_MAX];

	member_path(where, path, key);
	if (j != NULL)
		read_source(e, where, j, out);
	else if (required)
		member_fail(e, where, "is missing");
}

static void
read_same(struct member_errors *e, json_t *o, struct hook_reply *r)
{
	json_t *same = json_object_get(o, "same"), *item;
	char where[MEMBER_PATH_MAX];
	size_t i;

	if (!json_is_array(same) || json_array_size(same) == 0 ||
	    json_array_size(same) > HOOK_SAME_MAX) {
		member_fail(e, AT "/reply/same",
		    "must be an array of 1 to %d sources", HOOK_SAME_MAX);
		return;
	}
	json_array_foreach(same, i, item)
		read_source(e, member_index(where, AT "/reply/same", i), item,
		    &r->same[r->nsame++]);
}

static int
read_digits(struct member_errors *e, json_t *o, const char *path)
{
	json_t *digits = json_object_get(o, "digits");
	char where[MEMBER_PATH_MAX];

	if (digits != NULL && !json_is_true(digits))
		member_must(e, member_path(where, path, "digits"), digits,
		    "true");
	return json_is_true(digits);
}

static void
read_reply(struct member_errors *e, json_t *hook, struct hook_reply *r)
{
	static const char *const names[] = {"match", "from", "digits", "text",
	    "time", "same", NULL};
	json_t *o = member_object(e, hook, AT, "reply");

	if (o == NULL)
		return;
	r->is_there = 1;
	member_only(e, AT "/reply", o, names);
	match_read(e, o, AT "/reply", "match", &r->match);
	read_member(e, o, AT "/reply", "from", 1, &r->from);
	read_member(e, o, AT "/reply", "text", 1, &r->text);
	read_member(e, o, AT "/reply", "time", 0, &r->time);
	read_same(e, o, r);
	r->digits = read_digits(e, o, AT "/reply");
}

static void
read_rule(struct member_errors *e, json_t *o, const char *path,
    struct hook_rule *r)
{
	static const char *const names[] = {"match", "then", NULL};
	static const char *const actions[] = {[HOOK_DELIVERED] = "delivered",
	    [HOOK_FAILED] = "failed", [HOOK_DELAYED] = "delayed", NULL};
	int then;

	member_only(e, path, o, names);
	match_read(e, o, path, "match", &r->match);
	if ((then = member_choice(e, o, path, "then", 1, actions)) != -1)
		r->then = (enum hook_action)then;
}

static void
read_receipt(struct member_errors *e, json_t *hook, struct hook_receipt *r)
{
	static const char *const names[] = {"id", "to", "digits", "error",
	    "part", "rules", NULL};
	json_t *o = member_object(e, hook, AT, "receipt"), *rules, *item;
	char where[MEMBER_PATH_MAX];
	size_t i;

	if (o == NULL)
		return;
	member_only(e, AT "/receipt", o, names);
	read_member(e, o, AT "/receipt", "id", 1, &r->id);
	read_member(e, o, AT "/receipt", "to", 1, &r->to);
	read_member(e, o, AT "/receipt", "error", 0, &r->error);
	read_member(e, o, AT "/receipt", "part", 0, &r->part);
	r->digits = read_digits(e, o, AT "/receipt");
	rules = member_array(e, o, AT "/receipt", "rules", HOOK_RULES_MAX);
	json_array_foreach(rules, i, item)
		read_rule(e, item, member_index(where, AT "/receipt/rules", i),
		    &r->rule[r->nrules++]);
	if (r->nrules == 0)
		member_fail(e, AT "/receipt/rules", "is missing or empty");
}

static void
read_answer(struct member_errors *e, json_t *hook, struct hook *h)
{
	static const char *const names[] = {"status", "body", NULL};
	json_t *o = member_object(e, hook, AT, "answer");
	json_int_t status = 200;
	const char *body;

	h->status = 200;
	h->body = "";
	if (o == NULL)
		return;
	member_only(e, AT "/answer", o, names);
	member_integer(e, o, AT "/answer", "status", 0, 200, 299, &status);
	h->status = (int)status;
	if ((body = member_string(e, o, AT "/answer", "body", 0)) != NULL)
		h->body = body;
}

int
hook_read(struct member_errors *e, json_t *root, struct hook *h)
{
	static const char *const names[] = {"format", "each", "sign",
	    "reply", "receipt", "answer", NULL};
	static const char *const formats[] = {[HOOK_JSON] = "json",
	    [HOOK_FORM] = "form", [HOOK_QUERY] = "query", NULL};
	json_t *hook = member_object(e, root, "", "hook");
	int format;

	memset(h, 0, sizeof(*h));
	if (hook == NULL)
		return 0;
	member_only(e, AT, hook, names);
	format = member_choice(e, hook, AT, "format", 1, formats);
	h->format = format == -1 ? HOOK_JSON : (enum hook_format)format;
	h->each = member_pointer(e, hook, AT, "each", 0);
	read_sign(e, hook, h);
	read_reply(e, hook, &h->reply);
	read_receipt(e, hook, &h->receipt);
	read_answer(e, hook, h);
	if (!h->reply.is_there)
		member_fail(e, AT "/reply", "is missing");
	return 1;
}

static char *
copy_string(json_t *j)
{
	size_t i, n = json_string_length(j);
	char *s = malloc(n + 1);

	if (s == NULL)
		return NULL;
	memcpy(s, json_string_value(j), n);
	s[n] = '\0';
	for (i = 0; i < n; i++)
		if (s[i] == '\0')
			s[i] = ' ';
	return s;
}

char *
hook_find(const struct hook_source *source, json_t *j)
{
	char number[32];	/* true, false, or a number of JSON */
	json_t *found;
	size_t i;

	for (i = 0; i < source->n; i++) {
		found = pointer_get(j, source->pointer[i]);
		if (json_is_string(found))
			return copy_string(found);
		pointer_text(found, number, sizeof(number));
		if (number[0] != '\0')
			return strdup(number);
	}
	return strdup("");
}
