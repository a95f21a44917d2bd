/*
 * text_rules: the configuration's rules for the text of an SMS.
 */
#ifndef TEXT_RULES_H
#define TEXT_RULES_H

#include "common/config.h"
#include "mail/mime.h"
#include "mail/mime_mailbox.h"
#include "sms/text.h"

struct text_rules text_rules_of(const struct config *);

/* What a template's placeholders stand for; keep it as long as the rules. */
struct text_rules_values {
	struct mime_mailbox from;
	char time[8];		/* "14:05" */
};

/*
 * Set what the placeholders stand for, where the rules have a template.
 * sender is the envelope's, host the client's name; "" if there is none.
 */
void text_rules_fill(struct text_rules *, struct text_rules_values *,
    const struct mime *, const char *sender, const char *host);

/* Octets of template and values that text_make needs room for. */
#define TEXT_RULES_ROOM (WORDING_MAX + 4 * (MIME_FIELD_MAX + 1))

#endif
