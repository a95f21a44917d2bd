/*
 * session_mail: the envelope: MAIL and RCPT.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "session_private.h"

/* The argument behind "FROM:" or "TO:", or NULL. */
static char *
after_keyword(char *args, const char *keyword)
{
	size_t n = strlen(keyword);

	return strncasecmp(args, keyword, n) == 0 ? args + n : NULL;
}

static enum reply
take_size(struct session *s, const char *value)
{
	size_t n = strlen(value);
	long size;

	if (n == 0 || n > 20 || strspn(value, "0123456789") != n)
		return REPLY_BAD_SIZE;
	size = n > 18 ? s->config->max_size + 1 : strtol(value, NULL, 10);
	return size > s->config->max_size ? REPLY_TOO_BIG : GO;
}

static enum reply
take_body(const char *value)
{
	if (strcasecmp(value, "7BIT") == 0 ||
	    strcasecmp(value, "8BITMIME") == 0)
		return GO;
	/* RFC 3030: a value of an extension that is not announced */
	return strcasecmp(value, "BINARYMIME") == 0 ? REPLY_PARAMETER
						    : REPLY_BAD_BODY;
}

/* One ESMTP parameter of MAIL: GO, or why not. */
static enum reply
take_mail_parameter(struct session *s, char *word)
{
	char *value = strchr(word, '=');

	if (value != NULL)
		*value++ = '\0';
	if (strcasecmp(word, "SIZE") == 0)
		return take_size(s, value != NULL ? value : "");
	if (strcasecmp(word, "BODY") == 0)
		return take_body(value != NULL ? value : "");
	/* RFC 4954, section 5: whom the client speaks for is not used */
	if (strcasecmp(word, "AUTH") == 0 && value != NULL &&
	    s->config->auth != CONFIG_AUTH_NONE)
		return GO;
	return REPLY_PARAMETER;
}

static enum reply
take_mail_parameters(struct session *s, char *args)
{
	char *word, *next;
	enum reply r;

	for (word = args; *word != '\0'; word = next) {
		next = word + strcspn(word, " ");
		if (*next != '\0')
			*next++ = '\0';
		if (*word != '\0' && (r = take_mail_parameter(s, word)) != GO)
			return r;
	}
	return GO;
}

static int
sender_allowed(const struct config *c, const struct path *p)
{
	char sender[ADDRESS_LOCAL_MAX + ADDRESS_DOMAIN_MAX + 2], *q;
	size_t i;

	snprintf(sender, sizeof(sender), "%s@%s", p->local, p->domain);
	for (q = sender; *q != '\0'; q++)
		if (*q >= 'A' && *q <= 'Z')
			*q = (char)(*q - 'A' + 'a');
	for (i = 0; i < c->sender_allow.n; i++)
		if (fnmatch(c->sender_allow.v[i], sender, 0) == 0)
			return 1;
	return c->sender_allow.n == 0;
}

enum reply
session_mail(struct session *s, char *args)
{
	const char *end;
	struct path path;
	enum reply r;

	if (!session_may_send(s))
		return REPLY_AUTH_REQUIRED;
	if (ask_broken())
		return REPLY_421_DELIVERY;
	if (s->messages >= s->config->max_messages)
		return REPLY_421_MESSAGES;
	if ((args = after_keyword(args, "FROM:")) == NULL ||
	    address_path(args, &end, &path) == -1 ||
	    (*end != '\0' && *end != ' '))
		return REPLY_MAIL_SYNTAX;
	if ((r = take_mail_parameters(s, args + (end - args))) != GO)
		return r;
	if (!sender_allowed(s->config, &path))
		return REPLY_SENDER_DENIED;
	s->state = SESSION_MAILED;
	if (!s->warmed && !s->authenticated)
		ask_warm();
	s->warmed = 1;
	return REPLY_SENDER_OK;
}

static int
is_our_domain(const struct config *c, const char *domain)
{
	size_t i;

	for (i = 0; i < c->domain.n; i++)
		if (strcmp(c->domain.v[i], "*") == 0 ||
		    strcasecmp(c->domain.v[i], domain) == 0)
			return 1;
	return 0;
}

/* GO, or why the numbers cannot be added; none is added by half. */
static enum reply
add_numbers(struct session *s, char *const *number, size_t n)
{
	const struct config *c = s->config;
	size_t i, k, before = s->nrcpt;

	for (i = 0; i < n; i++) {
		if (!address_allowed(number[i], c->allow.v, c->allow.n,
			c->deny.v, c->deny.n)) {
			s->nrcpt = before;
			return REPLY_RCPT_DENIED;
		}
		for (k = 0; k < s->nrcpt; k++)
			if (strcmp(s->rcpt[k], number[i]) == 0)
				break;
		if (k < s->nrcpt)
			continue;
		if (s->nrcpt >= (size_t)c->max_recipients) {
			s->nrcpt = before;
			return REPLY_TOO_MANY_RCPTS;
		}
		s->rcpt[s->nrcpt] = s->numbers[s->nrcpt];
		snprintf(s->numbers[s->nrcpt++], ADDRESS_NUMBER_MAX, "%s",
		    number[i]);
	}
	return GO;
}

static enum reply
add_recipient(struct session *s, const char *local)
{
	const struct config_alias *alias;
	char storage[ADDRESS_NUMBER_MAX], *number = storage;

	if ((alias = config_find_alias(s->config, local)) != NULL)
		return add_numbers(s, alias->numbers.v, alias->numbers.n);
	if (address_number(local, &s->config->address, number) == -1)
		return REPLY_RCPT_NUMBER;
	return add_numbers(s, &number, 1);
}

enum reply
session_mail_rcpt(struct session *s, char *args)
{
	const char *end;
	struct path path;
	enum reply r;

	if ((args = after_keyword(args, "TO:")) == NULL)
		return REPLY_RCPT_SYNTAX;
	if (address_path(args, &end, &path) == -1 || path.domain[0] == '\0')
		return REPLY_RCPT_FORMAT;
	if (*end != '\0')
		return *end == ' ' ? REPLY_PARAMETER : REPLY_RCPT_FORMAT;
	if (!is_our_domain(s->config, path.domain))
		return REPLY_RCPT_DOMAIN;
	if ((r = add_recipient(s, path.local)) != GO)
		return r;
	s->state = SESSION_RECEIVING;
	return REPLY_RCPT_OK;
}
