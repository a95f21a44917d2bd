/*
 * text_rules: from the configuration to the rules of sms/text.h.
 */
#include "common/options.h"
#include "session/text_rules.h"

_Static_assert((int)OPTIONS_SUBJECT_LAST == (int)TEXT_SUBJECT_AUTO,
    "common/options.h knows the last member of enum text_subject");

struct text_rules
text_rules_of(const struct config *c)
{
	return (struct text_rules){
		.subject = (enum text_subject)c->subject,
		.keep_signature = c->keep_signature,
		.alphabet = (enum text_alphabet_rule)c->alphabet,
		.max_parts = (unsigned)c->max_parts,
		.overlong = (enum text_overlong)c->overlong,
	};
}
