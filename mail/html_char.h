/*
 * html_char: the classes of ASCII characters that HTML has, whatever the
 * locale.  Only the html files use it.
 */
#ifndef HTML_CHAR_H
#define HTML_CHAR_H

static inline int
html_char_is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

static inline int
html_char_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline int
html_char_is_word(char c)
{
	return html_char_is_letter(c) || (c >= '0' && c <= '9');
}

static inline char
html_char_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

#endif
