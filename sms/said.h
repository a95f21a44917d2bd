/*
 * said: whether a text says something already.
 */
#ifndef SAID_H
#define SAID_H

#define SAID_MAX 256	/* letters and digits of what is looked for */

/*
 * 1 if the text has all words of what, in their order and nothing between
 * them, whatever the case of ASCII letters, the blanks and the punctuation;
 * also if there are none.  Both are valid UTF-8.  What has more than SAID_MAX
 * letters is not looked for.  Time is linear.
 */
int said_in(const char *text, const char *text_end, const char *what,
    const char *what_end);

#endif
