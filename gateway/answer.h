/*
 * answer: what a gateway's answer means; gateway_judge is its public name.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stddef.h>

struct descriptor;
struct gateway_answer;
struct gateway_message;
struct gateway_result;

void answer_judge(const struct descriptor *, const struct gateway_message *,
    long status, const char *body, size_t n, int whole,
    struct gateway_answer *, struct gateway_result *);

#endif
