/*
 * gmime_dump: what GMime makes of messages, for the test that holds mime.c
 * against it (mime_gmime.py).
 *
 * usage: gmime_dump [file ...]
 *
 * GMime parses, decodes transfer encodings, converts charsets and finds what
 * is wrong.  What it has no opinion about is written here once more: which
 * parts are the text.  HTML and format=flowed are left as they are.
 *
 * For each message "message: FILE"; "warning: NUMBER" for each thing that
 * GMime found wrong (GMimeParserWarning); "subject: OCTETS" if there is one;
 * "part: TYPE FLAGS OCTETS" for each part of the text.  After the last two
 * come a line end, so many octets of UTF-8, and a line end.  FLAGS are "-" and
 * letters: f for format=flowed, c for a charset that GMime does not know or
 * that is no name, i for octets that are not valid in theirs, e for base64 or
 * quoted-printable with something else in it.  Warning 0: there is a part with
 * one of the last three, and it is blank.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <gmime/gmime.h>

/* What a part's text is worth; nothing is better than plain text. */
enum rank { NONE, MESSAGE, NAMED, ENRICHED, HTML, MARKDOWN, PLAIN };

struct text {
	char *type;
	char *utf8;
	int flowed, unknown, invalid, broken;
};

/* The text of a part, or of parts: both are empty if there is none. */
struct choice {
	enum rank rank;
	GPtrArray *texts;
};

static const struct {
	const char *type;
	enum rank rank;
} ranks[] = {
	{ "text/plain", PLAIN },
	{ "text/markdown", MARKDOWN },
	{ "text/x-markdown", MARKDOWN },
	{ "text/html", HTML },
	{ "text/enriched", ENRICHED },
	{ "text/richtext", ENRICHED },
};

static const char *const fallback[] = { "utf-8", "windows-1252", NULL };

static GMimeParserOptions *options;

static struct choice choose(GMimeObject *, const char *);

static void
warning(gint64 offset, GMimeParserWarning what, const gchar *item, gpointer arg)
{
	(void)offset;
	(void)item;
	(void)arg;
	printf("warning: %d\n", (int)what);
}

static enum rank
rank_of(const char *type)
{
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(ranks); i++)
		if (g_ascii_strcasecmp(ranks[i].type, type) == 0)
			return ranks[i].rank;
	return NONE;
}

/* The octets of a stream in memory, which the stream keeps. */
static GByteArray *
octets(GMimeStream *mem)
{
	return g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(mem));
}

/* The content of a part without its transfer encoding. */
static GMimeStream *
decoded(GMimePart *part)
{
	GMimeStream *mem = g_mime_stream_mem_new();
	GMimeDataWrapper *content = g_mime_part_get_content(part);

	if (content != NULL)
		g_mime_data_wrapper_write_to_stream(content, mem);
	return mem;
}

/* Of the names of one family, the one that the octets are really in. */
static char *
real_charset(GMimeStream *in, const char *claimed)
{
	GMimeStream *null = g_mime_stream_null_new();
	GMimeStream *filtered = g_mime_stream_filter_new(null);
	GMimeFilter *windows = g_mime_filter_windows_new(claimed);
	char *name;

	g_mime_stream_filter_add(GMIME_STREAM_FILTER(filtered), windows);
	g_mime_stream_write_to_stream(in, filtered);
	g_mime_stream_flush(filtered);
	name = g_strdup(g_mime_filter_windows_real_charset(
	    GMIME_FILTER_WINDOWS(windows)));
	g_mime_stream_reset(in);
	g_object_unref(windows);
	g_object_unref(filtered);
	g_object_unref(null);
	return name;
}

/* To UTF-8 from a charset; NULL if GMime does not know it. */
static char *
converted(GMimeStream *in, const char *charset)
{
	GMimeFilter *filter = g_mime_filter_charset_new(charset, "utf-8");
	GMimeStream *mem, *filtered;
	char *out;

	if (filter == NULL)
		return NULL;
	mem = g_mime_stream_mem_new();
	filtered = g_mime_stream_filter_new(mem);
	g_mime_stream_filter_add(GMIME_STREAM_FILTER(filtered), filter);
	g_mime_stream_write_to_stream(in, filtered);
	g_mime_stream_flush(filtered);
	out = g_strndup((char *)octets(mem)->data, octets(mem)->len);
	g_object_unref(filter);
	g_object_unref(filtered);
	g_object_unref(mem);
	return out;
}

static int
is_one_of(const char *s, const char *const *names)
{
	for (; *names != NULL; names++)
		if (g_ascii_strcasecmp(s, *names) == 0)
			return 1;
	return 0;
}

static int
is_name(const char *s)
{
	for (; *s != '\0'; s++)
		if (!g_ascii_isalnum(*s) && strchr("-_.:", *s) == NULL)
			return 0;
	return 1;
}

/* Every octet is part of a character, and their order is known. */
static int
valid(GByteArray *a, const char *charset)
{
	gsize in, out;
	char *s;

	s = g_convert((char *)a->data, a->len, "utf-8", charset, &in, &out,
	    NULL);
	g_free(s);
	if (g_ascii_strcasecmp(charset, "utf-16") == 0 && (a->len < 2 ||
	    (memcmp(a->data, "\377\376", 2) != 0 &&
	    memcmp(a->data, "\376\377", 2) != 0)))
		return 0;
	return s != NULL && in == a->len;
}

/* Set the text, from whatever charset the part claims to be in. */
static void
text_decode(struct text *t, GMimePart *part)
{
	static const char *const plain[] = { "us-ascii", "utf-8", "utf8",
		NULL };
	const char *claimed = g_mime_object_get_content_type_parameter(
	    GMIME_OBJECT(part), "charset");
	GMimeStream *in = decoded(part);
	GByteArray *a = octets(in);
	char *charset;

	g_mime_stream_reset(in);
	if (claimed != NULL && !is_one_of(claimed, plain)) {
		charset = real_charset(in, claimed);
		t->utf8 = converted(in, charset);
		t->unknown = t->utf8 == NULL || !is_name(claimed);
		t->invalid = !t->unknown && !valid(a, charset);
		g_free(charset);
	} else
		t->invalid = !g_utf8_validate((char *)a->data, a->len, NULL);
	if (t->utf8 == NULL && a->len > 0)
		t->utf8 = g_mime_utils_decode_8bit(options, (char *)a->data,
		    a->len);
	if (t->utf8 == NULL)
		t->utf8 = g_strdup("");
	g_object_unref(in);
}

/* Base64 to the letter (RFC 2045, 6.8). */
static int
sound_base64(const guint8 *p, size_t n)
{
	size_t digits = 0, padding = 0;

	for (; n > 0; p++, n--) {
		if (*p == '=')
			padding++;
		else if (g_ascii_isalnum(*p) || *p == '+' || *p == '/') {
			if (padding > 0)
				return 0;
			digits++;
		} else if (*p != '\r' && *p != '\n')
			return 0;
	}
	return padding < 3 && (digits + padding) % 4 == 0;
}

/* Every "=" begins an octet or ends a line (RFC 2045, 6.7). */
static int
sound_qp(const guint8 *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] != '=')
			continue;
		if (i + 2 < n && g_ascii_isxdigit(p[i + 1]) &&
		    g_ascii_isxdigit(p[i + 2]))
			continue;
		if (i + 1 < n && (p[i + 1] == '\n' || p[i + 1] == '\r'))
			continue;
		return 0;
	}
	return 1;
}

/* The transfer encoding is what it says. */
static int
sound(GMimePart *part)
{
	GMimeContentEncoding how = g_mime_part_get_content_encoding(part);
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *mem = g_mime_stream_mem_new(), *raw;
	GByteArray *a = octets(mem);
	int r = 1;

	if (content != NULL) {
		raw = g_mime_data_wrapper_get_stream(content);
		g_mime_stream_reset(raw);
		g_mime_stream_write_to_stream(raw, mem);
		g_mime_stream_reset(raw);
	}
	if (how == GMIME_CONTENT_ENCODING_BASE64)
		r = sound_base64(a->data, a->len);
	else if (how == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE)
		r = sound_qp(a->data, a->len);
	g_object_unref(mem);
	return r;
}

/* Nothing to be seen; of HTML, nothing beside tags. */
static int
blank(const char *s, int html)
{
	int tag = 0;
	gunichar c;

	for (; *s != '\0'; s = g_utf8_next_char(s)) {
		c = g_utf8_get_char_validated(s, -1);
		if (html && (c == '<' || c == '>'))
			tag = c == '<';
		else if (!tag && c != 0xfeff && c != 0xa0 &&
		    !g_unichar_isspace(c) && !g_unichar_iscntrl(c))
			return 0;
	}
	return 1;
}

static int
parameter_is(GMimeObject *o, const char *name, const char *value)
{
	const char *s = g_mime_object_get_content_type_parameter(o, name);

	return s != NULL && g_ascii_strcasecmp(s, value) == 0;
}

static void
text_free(void *p)
{
	struct text *t = p;

	g_free(t->type);
	g_free(t->utf8);
	g_free(t);
}

/* No text. */
static struct choice
nothing(void)
{
	struct choice c = { NONE, g_ptr_array_new_with_free_func(text_free) };

	return c;
}

/* Add the texts of one choice to another, which keeps the better rank. */
static void
join(struct choice *to, struct choice from)
{
	if (from.rank > to->rank)
		to->rank = from.rank;
	g_ptr_array_extend_and_steal(to->texts, from.texts);
}

static void
drop(struct choice *c)
{
	g_ptr_array_unref(c->texts);
	*c = nothing();
}

/* 1 if it may be something attached where it stands. */
static int
attachable(const char *inside)
{
	return strcmp(inside, "message") != 0 &&
	    g_ascii_strcasecmp(inside, "alternative") != 0 &&
	    g_ascii_strcasecmp(inside, "related") != 0;
}

static int
attached(GMimeObject *o, const char *inside)
{
	return attachable(inside) &&
	    g_mime_object_get_content_disposition(o) != NULL &&
	    g_ascii_strcasecmp(g_mime_object_get_disposition(o),
	    "attachment") == 0;
}

/* 1 if it may be a file. */
static int
named(GMimeObject *o, const char *inside)
{
	const char *s = g_mime_part_get_filename(GMIME_PART(o));

	return attachable(inside) && s != NULL && *s != '\0';
}

static struct choice
choose_leaf(GMimeObject *o, const char *inside)
{
	struct choice c = nothing();
	char *type = g_mime_content_type_get_mime_type(
	    g_mime_object_get_content_type(o));
	enum rank rank = rank_of(type);
	struct text *t;

	if (rank == NONE || !GMIME_IS_PART(o) || attached(o, inside)) {
		g_free(type);
		return c;
	}
	t = g_new0(struct text, 1);
	t->type = type;
	t->flowed = rank == PLAIN && parameter_is(o, "format", "flowed");
	text_decode(t, GMIME_PART(o));
	t->broken = !sound(GMIME_PART(o));
	g_ptr_array_add(c.texts, t);
	c.rank = named(o, inside) ? NAMED : rank;
	if (blank(t->utf8, rank == HTML)) {
		if (t->unknown || t->invalid || t->broken)
			printf("warning: 0\n");
		drop(&c);
	}
	return c;
}

static struct choice
choose_message(GMimeMessagePart *part)
{
	GMimeMessage *m = g_mime_message_part_get_message(part);
	struct choice c;

	if (m == NULL || g_mime_message_get_mime_part(m) == NULL)
		return nothing();
	c = choose(g_mime_message_get_mime_part(m), "message");
	if (c.rank != NONE)
		c.rank = MESSAGE;
	return c;
}

/*
 * Every part's text; those of messages, and those that may be files, only
 * where nothing else has any.
 */
static struct choice
choose_all(GMimeMultipart *m, const char *subtype)
{
	struct choice found[3] = {nothing(), nothing(), nothing()}, c;
	int i, best;

	for (i = 0; i < g_mime_multipart_get_count(m); i++) {
		c = choose(g_mime_multipart_get_part(m, i), subtype);
		join(&found[c.rank > NAMED ? 2 : c.rank == NAMED], c);
	}
	for (best = 2; best > 0 && found[best].rank == NONE; best--)
		continue;
	for (i = 0; i < 3; i++)
		if (i != best)
			g_ptr_array_unref(found[i].texts);
	return found[best];
}

/* The best part's text, the first of equals. */
static struct choice
choose_best(GMimeMultipart *m)
{
	struct choice best = nothing(), c;
	int i;

	for (i = 0; i < g_mime_multipart_get_count(m); i++) {
		c = choose(g_mime_multipart_get_part(m, i), "alternative");
		if (c.rank > best.rank) {
			g_ptr_array_unref(best.texts);
			best = c;
		} else
			g_ptr_array_unref(c.texts);
	}
	return best;
}

/* The text of the part that has the Content-ID; without an ID, the first. */
static struct choice
choose_root(GMimeMultipart *m)
{
	const char *start = g_mime_object_get_content_type_parameter(
	    GMIME_OBJECT(m), "start"), *id;
	char *bare = g_strdup(start != NULL ? start : "");
	struct choice c = nothing();
	int i;

	g_strdelimit(bare, "<>", ' ');
	g_strstrip(bare);
	for (i = 0; i < g_mime_multipart_get_count(m); i++) {
		id = g_mime_object_get_content_id(
		    g_mime_multipart_get_part(m, i));
		if (*bare != '\0' && (id == NULL || strcmp(id, bare) != 0))
			continue;
		g_ptr_array_unref(c.texts);
		c = choose(g_mime_multipart_get_part(m, i), "related");
		break;
	}
	g_free(bare);
	return c;
}

static struct choice
choose_multipart(GMimeMultipart *m, const char *inside)
{
	const char *subtype = g_mime_content_type_get_media_subtype(
	    g_mime_object_get_content_type(GMIME_OBJECT(m)));
	struct choice c;

	if (attached(GMIME_OBJECT(m), inside))
		return nothing();
	if (g_ascii_strcasecmp(subtype, "alternative") == 0)
		return choose_best(m);
	if (g_ascii_strcasecmp(subtype, "signed") == 0)
		return g_mime_multipart_get_count(m) == 0 ? nothing() :
		    choose(g_mime_multipart_get_part(m, 0), subtype);
	if (g_ascii_strcasecmp(subtype, "related") != 0)
		return choose_all(m, subtype);
	c = choose_root(m);
	if (c.rank != NONE)
		return c;
	g_ptr_array_unref(c.texts);
	return choose_all(m, subtype);
}

static struct choice
choose(GMimeObject *o, const char *inside)
{
	if (GMIME_IS_MULTIPART(o))
		return choose_multipart(GMIME_MULTIPART(o), inside);
	if (GMIME_IS_MESSAGE_PART(o))
		return choose_message(GMIME_MESSAGE_PART(o));
	return choose_leaf(o, inside);
}

static void
dump(GMimeMessage *message)
{
	GMimeObject *o = g_mime_message_get_mime_part(message);
	const char *subject = g_mime_message_get_subject(message);
	struct choice c = o != NULL ? choose(o, "message") : nothing();
	struct text *t;
	guint i;

	if (subject != NULL)
		printf("subject: %zu\n%s\n", strlen(subject), subject);
	for (i = 0; i < c.texts->len; i++) {
		t = g_ptr_array_index(c.texts, i);
		printf("part: %s -%s%s%s%s %zu\n%s\n", t->type,
		    t->flowed ? "f" : "", t->unknown ? "c" : "",
		    t->invalid ? "i" : "", t->broken ? "e" : "",
		    strlen(t->utf8), t->utf8);
	}
	g_ptr_array_unref(c.texts);
}

static void
read_file(const char *name)
{
	GMimeStream *in = g_mime_stream_fs_open(name, O_RDONLY, 0, NULL);
	GMimeParser *parser;
	GMimeMessage *message;

	if (in == NULL)
		errx(66, "%s: cannot be opened", name);
	printf("message: %s\n", name);
	parser = g_mime_parser_new_with_stream(in);
	message = g_mime_parser_construct_message(parser, options);
	if (message != NULL) {
		dump(message);
		g_object_unref(message);
	}
	g_object_unref(parser);
	g_object_unref(in);
}

int
main(int argc, char **argv)
{
	int i;

	g_mime_init();
	options = g_mime_parser_options_new();
	g_mime_parser_options_set_fallback_charsets(options,
	    (const char **)fallback);
	g_mime_parser_options_set_warning_callback(options, warning, NULL);
	for (i = 1; i < argc; i++)
		read_file(argv[i]);
	return fflush(stdout) == 0 ? 0 : 74;
}
