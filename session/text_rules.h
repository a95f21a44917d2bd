/*
 * text_rules: the configuration's rules for the text of an SMS.
 */
#ifndef TEXT_RULES_H
#define TEXT_RULES_H

#include "common/config.h"
#include "sms/text.h"

struct text_rules text_rules_of(const struct config *);

#endif
