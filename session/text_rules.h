/*
 * text_rules: the configuration's rules for the text of an SMS.
 */
#ifndef TEXT_RULES_H
#define TEXT_RULES_H

#include "common/config.h"
#include "mail/mime.h"
#include "mail/mime_mailbox.h"
#include "sms/text.h"

/* The rules that the configuration says. */
struct text_rules text_rules_of(const struct config *);

/* Values of a template's placeholders; they must live as long as the rules. */
struct text_rules_values {
	struct mime_mailbox from;
	char time[8];		/* "14:05" */
};

/*
 * Set the values of the placeholders, if the rules have a template.  sender is
 * the envelope's, host the client's name; "" if there is none.
 */
void text_rules_fill(struct text_rules *, struct text_rules_values *,
    const struct mime *, const char *sender, const char *host);

/* The octets of template and values, for TEXT_ROOM. */
#define TEXT_RULES_ROOM (WORDING_MAX + 4 * (MIME_FIELD_MAX + 1))

#endif
