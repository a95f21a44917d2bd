/*
 * response: what a gateway's answer means.
 */
#ifndef RESPONSE_H
#define RESPONSE_H

#include <stddef.h>

#include "gateway/descriptor.h"

/* of a list with an answer for each recipient; more are not looked at */
#define RESPONSE_ELEMENTS_MAX (2 * CONFIG_RCPTS_MAX)

struct gateway_answer;
struct gateway_balance;
struct gateway_message;
struct gateway_result;

/* The answer to a message; gateway_judge is the public name. */
void response_judge(const struct descriptor *, const struct gateway_message *,
    long status, const char *body, size_t n, int whole,
    struct gateway_answer *, struct gateway_result *);

/* The answer to a check; gateway_balance is the public name. */
int response_balance(const struct descriptor *, const char *body, size_t n,
    struct gateway_balance *);

/* 1 if the answer to a lookup shows the id that was asked for. */
int response_shows_id(const struct descriptor *, const char *id,
    const char *body, size_t n);

#endif
