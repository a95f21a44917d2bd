/*
 * tap: the few lines that a unit test in C needs to speak TAP.
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

/* One test: cond holds or not; name says what should hold. */
#define tap_ok(cond, ...) tap_report((cond) != 0, __FILE__, __LINE__, \
    __VA_ARGS__)

__attribute__((format(printf, 4, 5), unused)) static int
tap_report(int ok, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", ok ? "" : "not ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	if (!ok) {
		printf("# at %s line %d\n", file, line);
		tap_failed++;
	}
	fflush(stdout);
	return ok;
}

/* Print s in C's escapes, for diagnostics. */
__attribute__((unused)) static void
tap_show(const char *label, const char *s)
{
	printf("# %s: \"", label);
	for (; s != NULL && *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == '"' || *s == '\\')
			printf("\\x%02x", (unsigned char)*s);
		else
			putchar(*s);
	printf("\"%s\n", s == NULL ? " (NULL)" : "");
}

/* One test: the strings are equal. */
__attribute__((unused)) static int
tap_is(const char *got, const char *want, const char *name)
{
	int ok = got != NULL && want != NULL ? strcmp(got, want) == 0 :
					       got == want;

	tap_ok(ok, "%s", name);
	if (!ok) {
		tap_show("got ", got);
		tap_show("want", want);
	}
	return ok;
}

/* The plan, last; what main returns. */
__attribute__((unused)) static int
tap_done(void)
{
	printf("1..%d\n", tap_count);
	fflush(stdout);
	return tap_failed != 0;
}

#endif
