/*
 * mime_word: encoded words in the text of a header field (RFC 2047, with
 * the language of RFC 2231, 5).
 */
#ifndef MIME_WORD_H
#define MIME_WORD_H

#include <stddef.h>

/*
 * Decode the n octets of an unfolded field.  put gets whole characters of
 * valid UTF-8; NUL and control characters are possible.  For text outside of
 * encoded words, the charset is guessed (charset.h).  mime_word_literal decodes
 * no encoded words: all of the field is such text.
 */
void mime_word_text(const char *, size_t n,
    void (*put)(void *arg, const char *, size_t), void *arg);
void mime_word_literal(const char *, size_t n,
    void (*put)(void *arg, const char *, size_t), void *arg);

#endif
