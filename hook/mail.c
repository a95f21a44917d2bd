/*
 * mail: header fields, and the text in quoted-printable.
 */
#include <string.h>

#include "common/utf8.h"
#include "hook/mail.h"

#define ERROR_MAX   200	/* octets of the gateway's words */
#define LINE_MAX_QP 76	/* octets of a line; RFC 2045, 6.7, rule 5 */

static void
put_date(time_t t, struct buf *b)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu",
	    "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL)
		return;
	buf_fmt(b, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\n",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* The octets of a name that are shown: whole characters. */
static size_t
cut(const char *s)
{
	size_t n = 0;
	int len;

	while (s[n] != '\0') {
		len = utf8_length(s + n, UTF8_MAX, NULL);
		if (len < 1)
			len = 1;
		if (n + (size_t)len > MAIL_NAME_MAX)
			break;
		n += (size_t)len;
	}
	return n;
}

/* A number or a name, as a word that can stand in any header field. */
static void
put_name(const char *s, struct buf *b)
{
	char shown[MAIL_NAME_MAX];	/* without control characters */
	size_t i, n;

	if (s[strspn(s, "+0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz")] == '\0' &&
	    strlen(s) <= MAIL_NAME_MAX) {
		buf_puts(b, s);
		return;
	}
	n = cut(s);
	for (i = 0; i < n; i++)
		shown[i] = (unsigned char)s[i] < ' ' || s[i] == 0x7f ? ' ' :
								     s[i];
	buf_puts(b, "=?utf-8?B?");
	buf_base64(b, shown, n);
	buf_puts(b, "?=");
}

/* ---- quoted-printable ---- */

/* 1 if a character is a line's end; *n: octets of it. */
static int
is_end(const char *s, size_t *n)
{
	*n = *s == '\r' && s[1] == '\n' ? 2 : 1;
	return *s == '\n' || *s == '\r';
}

/* 1 if it may stand as it is: at that place of a line, before next. */
static int
is_plain(char c, char next, size_t at)
{
	if (c == ' ' || c == '\t')
		return next != '\0' && next != '\n' && next != '\r';
	/* no "From ", and no dot that SMTP would double */
	if (at == 0 && (c == '.' || c == 'F'))
		return 0;
	return c > ' ' && c < 0x7f && c != '=';
}

static void
put_text(const char *s, struct buf *b)
{
	size_t at = 0, n;

	for (; *s != '\0'; s += n) {
		if (is_end(s, &n)) {
			buf_putc(b, '\n');
			at = 0;
			continue;
		}
		if (at + 3 >= LINE_MAX_QP) {
			buf_puts(b, "=\n");
			at = 0;
		}
		if (is_plain(*s, s[1], at)) {
			buf_putc(b, *s);
			at++;
		} else {
			buf_fmt(b, "=%02X", (unsigned)(unsigned char)*s);
			at += 3;
		}
	}
	buf_putc(b, '\n');
}

void
mail_reply(const struct mail_reply *m, struct buf *b)
{
	buf_puts(b, "From: ");
	if (m->number[0] == '\0') {
		put_name(m->name, b);
		buf_fmt(b, " <noreply@%s>\n", m->domain);
	} else {
		buf_fmt(b, "<%s@%s>\n", m->number, m->domain);
	}
	buf_fmt(b, "To: <%s>\nSubject: SMS from ", m->to);
	put_name(m->name, b);
	buf_putc(b, '\n');
	put_date(m->date, b);
	buf_fmt(b, "Message-ID: <sms-%s@%s>\n", m->id, m->domain);
	if (m->in_reply_to[0] != '\0')
		buf_fmt(b, "In-Reply-To: %s\nReferences: %s\n",
		    m->in_reply_to, m->in_reply_to);
	buf_puts(b, "Auto-Submitted: no\nMIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n");
	put_text(m->text, b);
}

/* ---- receipts ---- */

static int
digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'A' && c <= 'F'    ? c - 'A' + 10 :
				      -1;
}

/* xtext (RFC 3461, 4) as it was; what cannot stand in a line is a '?'. */
static void
put_xtext(const char *s, struct buf *b)
{
	int c;

	for (; *s != '\0'; s++) {
		c = *s;
		if (c == '+' && digit(s[1]) != -1 && digit(s[2]) != -1) {
			c = digit(s[1]) << 4 | digit(s[2]);
			s += 2;
		}
		buf_putc(b, c >= ' ' && c < 0x7f ? (char)c : '?');
	}
}

/* The gateway's words in one line of ASCII. */
static void
put_words(const char *s, struct buf *b)
{
	size_t i;

	for (i = 0; s[i] != '\0' && i < ERROR_MAX; i++)
		buf_putc(b, s[i] >= ' ' && s[i] < 0x7f ? s[i] : '?');
}

static void
put_status(const struct mail_receipt *m, struct buf *b)
{
	const char *semicolon = strchr(m->orcpt, ';');

	if (m->envid[0] != '\0') {
		buf_puts(b, "Original-Envelope-Id: ");
		put_xtext(m->envid, b);
		buf_putc(b, '\n');
	}
	buf_fmt(b, "Reporting-MTA: dns; %s\n\n", m->hostname);
	if (semicolon != NULL) {
		buf_fmt(b, "Original-Recipient: %.*s; ",
		    (int)(semicolon - m->orcpt), m->orcpt);
		put_xtext(semicolon + 1, b);
		buf_putc(b, '\n');
	}
	buf_fmt(b, "Final-Recipient: tel; %s\nAction: %s\nStatus: %s\n",
	    m->number, m->action, m->status);
	if (m->error[0] != '\0') {
		buf_puts(b, "Diagnostic-Code: x-sms; ");
		put_words(m->error, b);
		buf_putc(b, '\n');
	}
}

/* For people: they all know what happened to an SMS. */
static void
put_story(const struct mail_receipt *m, struct buf *b)
{
	if (strcmp(m->action, "delivered") == 0)
		buf_fmt(b, "The SMS to %s has been delivered.\n", m->number);
	else if (strcmp(m->action, "failed") == 0)
		buf_fmt(b, "The SMS to %s could not be delivered.\n",
		    m->number);
	else
		buf_fmt(b, "The SMS to %s has not been delivered yet.\n",
		    m->number);
	if (m->error[0] != '\0') {
		buf_puts(b, "\nThe gateway says:\n");
		put_text(m->error, b);
	}
}

void
mail_receipt(const struct mail_receipt *m, struct buf *b)
{
	buf_fmt(b, "From: <postmaster@%s>\nTo: <%s>\n"
	    "Subject: SMS to %s: %s\n", m->domain, m->to, m->number,
	    m->action);
	put_date(m->date, b);
	buf_fmt(b, "Message-ID: <receipt-%s@%s>\n", m->id, m->domain);
	if (m->message_id[0] != '\0')
		buf_fmt(b, "In-Reply-To: %s\nReferences: %s\n",
		    m->message_id, m->message_id);
	/* =_ is in no quoted-printable; RFC 2045, 6.7 */
	buf_fmt(b, "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\n"
	    " boundary=\"=_%s\"\n\n--=_%s\n"
	    "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n", m->id, m->id);
	put_story(m, b);
	buf_fmt(b, "\n--=_%s\nContent-Type: message/delivery-status\n\n",
	    m->id);
	put_status(m, b);
	if (m->message_id[0] != '\0')
		buf_fmt(b, "\n--=_%s\nContent-Type: text/rfc822-headers\n\n"
		    "Message-ID: %s\n", m->id, m->message_id);
	buf_fmt(b, "\n--=_%s--\n", m->id);
}
