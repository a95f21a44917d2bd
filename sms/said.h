/*
 * said: does a text contain some words already, however they are punctuated?
 */
#ifndef SAID_H
#define SAID_H

#define SAID_MAX 256	/* letters and digits that can be searched for */

/*
 * 1 if the text contains all words of what, in their order and with no other
 * word between them; the case of ASCII letters, blanks and punctuation do not
 * matter.  1 also if what has no words; 0 if it has more than SAID_MAX letters
 * and digits.  Both are valid UTF-8.  Time is linear.
 */
int said_in(const char *text, const char *text_end, const char *what,
    const char *what_end);

#endif
