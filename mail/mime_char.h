/*
 * mime_char: classes of ASCII characters for the mime files, whatever the
 * locale.
 */
#ifndef MIME_CHAR_H
#define MIME_CHAR_H

/* 1 for a space or a tab. */
static inline int
mime_char_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The value of a hexadecimal digit; -1 if it is none. */
static inline int
mime_char_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

#endif
