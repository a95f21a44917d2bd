/*
 * html.c: each rule, the limits, and mails as real programs write them.
 * Every case is also fed octet by octet and cut in two at each place: the
 * output must never depend on the pieces.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/html.h"
#include "mail/html_entities.h"
#include "tap.h"

#define ROOM		(1024 * 1024)
#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

struct sink {
	char text[ROOM];
	size_t len;
	int empty;	/* a piece without octets came */
	int cut;	/* a piece began in the middle of a character */
};

static struct sink sink;

static void
put(void *arg, const char *p, size_t n)
{
	struct sink *s = arg;

	if (n == 0)
		s->empty = 1;
	else if (((unsigned char)*p & 0xc0) == 0x80)
		s->cut = 1;
	if (n > ROOM - 1 - s->len)
		abort();
	memcpy(s->text + s->len, p, n);
	s->len += n;
	s->text[s->len] = '\0';
}

/* Feed n octets in two pieces of which the first has so many. */
static const char *
two(const char *in, size_t n, size_t first, int links)
{
	static struct html h;

	sink.len = 0;
	sink.text[0] = '\0';
	html_init(&h, links, put, &sink);
	html_feed(&h, in, first);
	html_feed(&h, in + first, n - first);
	html_end(&h);
	return sink.text;
}

static const char *
octets(const char *in, size_t n, int links)
{
	static struct html h;
	size_t i;

	sink.len = 0;
	sink.text[0] = '\0';
	html_init(&h, links, put, &sink);
	for (i = 0; i < n; i++)
		html_feed(&h, in + i, 1);
	html_end(&h);
	return sink.text;
}

/* As one test: no cut changes what comes out. */
static void
cuts(const char *in, size_t n, int links, const char *want, const char *name)
{
	size_t i;

	for (i = 0; i <= n; i++)
		if (strcmp(two(in, n, i, links), want) != 0)
			break;
	if (!tap_ok(i > n && strcmp(octets(in, n, links), want) == 0 &&
		!sink.empty && !sink.cut,
		"%s: cut anywhere", name))
		printf("# first difference when cut after %zu of %zu\n", i, n);
}

static void
check_n(const char *in, size_t n, int links, const char *want, const char *name)
{
	tap_is(two(in, n, n, links), want, name);
	cuts(in, n, links, want, name);
}

static void
check(const char *in, const char *want, const char *name)
{
	check_n(in, strlen(in), 0, want, name);
}

static void
linked(const char *in, const char *want, const char *name)
{
	check_n(in, strlen(in), 1, want, name);
}

static void
test_space(void)
{
	check("", "", "nothing");
	check(" \r\n\t ", "", "white space alone");
	check("plain", "plain", "no markup at all");
	check("  a \t b\r\n c\fd  ", "a b c d", "white space collapses");
	check("a <b> b </b> c", "a b c", "white space collapses over tags");
	check("a<b> </b>b", "a b", "a blank inside an element");
	check("<p> a </p> <p> b </p>", "a\nb", "blanks at the edges of blocks");
	check("a&nbsp;&nbsp;b", "a\xc2\xa0\xc2\xa0" "b", "U+00A0 stays");
	check("a&#32;&#10; b", "a b", "references to white space collapse");
	check("Donau&shy;dampf", "Donaudampf", "a soft hyphen is left out");
	check("Donau\xc2\xad" "dampf", "Donaudampf", "as it is in UTF-8");
	check("a\xe2\x80\x8b" "b&#8203;c&ZeroWidthSpace;",
	    "abc&ZeroWidthSpace;", "a zero-width space is left out");
	check("a<wbr>b", "ab", "<wbr> is nothing");
	check_n("a\0b\1c\x7f" "d", 7, 0, "abcd", "control characters go");
	check("&#1;a&#127;b", "ab", "references to them too");
}

static void
test_utf8(void)
{
	check("\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 \xe2\x82\xac "
	      "\xf0\x9f\x94\xa5",
	    "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 \xe2\x82\xac "
	    "\xf0\x9f\x94\xa5",
	    "two, three and four octets");
	check("\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9&#8205;&#x1f467;",
	    "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d"
	    "\xf0\x9f\x91\xa7",
	    "joiners stay");
	check("\xe2\x80\x8f\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d &rlm;(1)",
	    "\xe2\x80\x8f\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe2\x80\x8f(1)",
	    "so do directional marks");
	check("a\xff" "b\xc0\x80", "a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd",
	    "octets that are no UTF-8");
	check("a\xe2\x82<b>b", "a\xef\xbf\xbd" "b", "a character cut by a tag");
	check("a\xe2\x82 b", "a\xef\xbf\xbd b", "by a blank");
	check("a\xf0\x9f\x94", "a\xef\xbf\xbd", "by the end");
	check("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
	    "a surrogate is three wrong octets");
	check("\xe0\x9f\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
	    "an overlong form too");
	check("\xf4\x90\x80\x80",
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
	    "and what is beyond U+10FFFF");
	check("\xf4\x8f\xbf\xbd\xf0\x90\x80\x80\xed\x9f\xbf",
	    "\xf4\x8f\xbf\xbd\xf0\x90\x80\x80\xed\x9f\xbf",
	    "the borders are valid");
}

static void
test_lines(void)
{
	check("a<br>b<BR/>c<br />d", "a\nb\nc\nd", "<br> in each form");
	check("a</br>b", "a\nb", "</br> is <br>");
	check("a<br><br>b", "a\n\nb", "two make a blank line");
	check("a<br><br><br><br>b", "a\n\nb", "more make no more");
	check("<br><br>a<br><br>", "a", "none at the start and the end");
	check("<p>a</p><p>b</p>", "a\nb", "a paragraph is a line");
	check("<p>a<p>b", "a\nb", "without end tags");
	check("a</p>b", "a\nb", "an end tag alone");
	check("<div>a<div>b</div>c</div>d", "a\nb\nc\nd", "divisions");
	check("<div>a<br></div><div>b</div>", "a\nb",
	    "a <br> at a block's end is its line's end");
	check("<div>a</div><div><br></div><div>b</div>", "a\n\nb",
	    "an empty line as webmail writes it");
	check("<h1>a</h1>b<h6>c</h6>d", "a\nb\nc\nd", "headings");
	check("a<hr>b<hr/>", "a\nb", "<hr>");
	check("<dl><dt>a<dd>b<dt>c</dl>d", "a\nb\nc\nd", "definitions");
	check("<address>a</address><article>b</article><blockquote>c"
	      "</blockquote><center>d</center><form>e</form>"
	      "<section>f</section><fieldset><legend>g</legend>h</fieldset>i",
	    "a\nb\nc\nd\ne\nf\ng\nh\ni", "other blocks");
	check("<b>a</b><i>b</i><span>c</span>10<sup>2</sup>H<sub>2</sub>O",
	    "abc102H2O", "inline elements have no effect");
	check("<x-y>a</x-y><foo:bar>b</foo:bar>", "ab", "unknown ones neither");
	check("-- <br>Joe", "-- \nJoe", "the blank of a signature's line");
	check("<div>-- </div>Joe", "-- \nJoe", "before a block's end too");
	check("a<br>-<b>-</b> <br>Joe", "a\n-- \nJoe", "across tags");
	check("--- <br>-- a <br>b", "---\n-- a\nb", "no other does");
	check("<q>a <q>b</q></q></q>", "\"a \"b\"\"", "quotes");
	check("<button>OK</button><button>No</button>", "OK No", "buttons");
}

static void
test_lists(void)
{
	check("<ul><li>a</li><li>b</li></ul>c", "- a\n- b\nc", "bullets");
	check("<ul>\n <li> a\n <li> b\n</ul>", "- a\n- b", "without end tags");
	check("<ul><li><p>a</p><p>b</p></li></ul>", "- a\nb",
	    "a paragraph in an item");
	check("<ul><li></li><li> </li><li>a</ul>b", "- a\nb",
	    "an empty item is nothing");
	check("<ol><li>a<li>b</ol><ol><li>c</ol>", "1. a\n2. b\n1. c",
	    "numbers");
	check("<ol start=9><li>a<li>b<li value=\"20\">c<li value=x>d</ol>",
	    "9. a\n10. b\n20. c\n21. d", "start and value");
	check("<ol start=' 5 '><li>a</ol><ol start='- 5'><li>b</ol>",
	    "5. a\n1. b", "blanks around it");
	check("<ol start=-1><li>a<li>b</ol>", "-1. a\n0. b", "below zero");
	check("<ol start=1000000><li>a</ol><ol start=999999><li>b<li>c</ol>",
	    "1. a\n999999. b\n1000000. c", "a number that is too large");
	check("<ol><li>a<ul><li>b<li>c</ul><li>d</ol>",
	    "1. a\n- b\n- c\n2. d", "a list in a list");
	check("<ol><li><ol><li>a</ol>b</ol>", "1. a\nb",
	    "an item that begins with a list");
	check("<li>a<li>b", "- a\n- b", "items without a list");
	check("<ul style='list-style: none'><li>a</ul>", "a",
	    "list-style:none of a list");
	check("<ol><li style='list-style-type:none'>a<li>b</ol>", "a\n2. b",
	    "of an item");
	check("<ol><li hidden>a<li>b</ol>", "1. b",
	    "a hidden item does not count");
	check("<menu><li>a</menu><dir><li>b</dir>", "- a\n- b", "old lists");
}

static void
test_tables(void)
{
	check("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr>"
	      "</table>d",
	    "a b\nc\nd", "cells and rows");
	check("<table><tr><th>a<td>b<tr><td>c</table>d", "a b\nc\nd",
	    "without end tags");
	check("<table><thead><tr><td>a</thead><tbody><tr><td>b<tfoot><tr>"
	      "<td>c</table>",
	    "a\nb\nc", "groups of rows");
	check("<table><caption>t</caption><tr><td>a</table>", "t\na",
	    "a caption");
	check("<table>\n<tr>\n<td>\na\n</td>\n<td></td>\n<td>b</td>\n</tr>\n"
	      "</table>",
	    "a b", "an empty cell");
	check("<table><tr><td><p>a</p></td><td><div>b</div></td></tr>"
	      "<tr><td><p>c</p></td></tr></table>",
	    "a b\nc", "paragraphs that fill cells");
	check("<table><tr><td>a<br></td><td><br>b</td></tr></table>", "a b",
	    "<br> at the edges of a cell");
	check("<table><tr><td>a<br>b</td><td><p>c<p>d</td></tr></table>",
	    "a\nb c\nd", "lines inside cells");
	check("<table><tr><td>a</td><td><ul><li>b</ul></td><td>c</table>",
	    "a\n- b\nc", "a list in a cell");
	check("<table><tr><td>a</td><td><table><tr><td>b</td><td>c</td></tr>"
	      "<tr><td>d</table></td><td>e</td></tr></table>f",
	    "a\nb c\nd\ne\nf", "a table in a table");
	check("a<table><tr><td></td></tr></table>b", "a\nb", "an empty table");
	check("<table><tr><td>a</td></tr><tr><td><br></td></tr>"
	      "<tr><td>b</td></tr></table>",
	    "a\n\nb", "a row that is a blank line");
	check("a<td>b", "a b", "a cell without a table");
}

static void
test_pre(void)
{
	check("<pre>a  b\n\tc\n</pre>d", "a  b\n\tc\nd", "<pre>");
	check("<pre>\n a\r\n b\rc\n\nd</pre>", " a\n b\nc\n\nd",
	    "line ends of each kind, the first is none");
	check("<pre>\r\na</pre>", "a", "if it is CRLF neither");
	check("x<pre>\n\na</pre>", "x\n\na", "the second is one");
	check("x<pre><b>\na</b></pre>", "x\n\na", "so is one after a tag");
	check("<pre>a&#13;&#10;b&#10;c</pre>", "a\nb\nc", "references");
	check("<pre>a\n\n\n\nb</pre>", "a\n\nb", "one blank line is enough");
	check("<pre>a <b>  b</b>\f</pre>", "a   b ", "tags inside");
	check("<pre>a<p>b  c</p>d", "a\nb  c\nd", "blocks inside");
	check("<table><tr><td><pre>a  b</td><td>c  d</table>", "a  b\nc d",
	    "one without its end tag ends with its cell");
	check("<div style=\"white-space: pre-wrap\">a\n b</div>c\nd",
	    "a\n b\nc d", "white-space:pre-wrap");
	check("<span style='white-space:pre'>a\tb</span> \t c", "a\tb c",
	    "white-space:pre");
	check("<div style='white-space:pre;white-space:normal'>a\nb</div>",
	    "a b", "the last declaration counts");
	check("<p style='white-space:pre-line'>a\nb", "a\nb", "pre-line");
	check("a<textarea>\n<b>  &lt;</textarea>b", "a\n<b>  <\nb",
	    "<textarea> has references and no tags");
	check("<xmp><b>  &lt;</xmp>b", "<b>  &lt;\nb", "<xmp> has neither");
	check("<textarea>a</textareab></TEXTAREA >b", "a</textareab>\nb",
	    "only the end tag itself ends it");
	check("<textarea>a</xx>b</ c<d</textarea>", "a</xx>b</ c<d",
	    "whatever looks like it stays as it was written");
	check("<textarea>a</TextAre", "a</TextAre", "to the very end");
	check("<textarea>a<", "a<", "even there");
}

/* Each way to hide a text that mails use. */
static void
test_hidden_by_style(void)
{
	static const char *const hides[] = {"visibility:hidden",
	    "visibility:collapse", "opacity:0", "opacity:0.0", "font-size:0",
	    "font-size:0px", "font-size: 0.0em", "font-size:1px",
	    "font:0/0 a", "font: italic 0px/0 x", "line-height:0",
	    "line-height:0px", "color:transparent", "color:rgba(0, 0, 0, 0)",
	    "max-height:0;overflow:hidden", "overflow: hidden; max-height:0px",
	    "max-width:0;overflow:hidden", "height:0", "height:0px", "width:0",
	    "width:0%", "mso-hide:all"};
	static const char *const shows[] = {"display:block", "opacity:0.1",
	    "opacity:1", "font-size:0.9em", "font-size:10px", "font-size:100%",
	    "font:14px/0 a", "font:bold 1em x", "line-height:1.0",
	    "color:#000", "color:rgba(0,0,0,0.5)", "background-color:transparent",
	    "max-height:0", "overflow:hidden", "max-height:10px;overflow:hidden",
	    "height:0.5px", "width:100%", "width:0;min-width:100%",
	    "height:0;min-height:10px", "line-height:normal", "font-size:",
	    "mso-hide:none", "height:0;height:auto", "max-height:0;"
	    "overflow:visible"};
	char in[256];
	size_t i;

	check("a<i style='display: none '>b</i>c", "ac", "display: none");
	check("a<i style='DISPLAY:NONE!important'>b</i>c", "ac", "in capitals");
	check("a<i style='display:block;display:none'>b</i>c", "ac", "the last");
	for (i = 0; i < sizeof(hides) / sizeof(hides[0]); i++) {
		snprintf(in, sizeof(in), "a<div style=\"%s\">b<br>c</div>d",
		    hides[i]);
		check(in, "a\nd", hides[i]);
	}
	for (i = 0; i < sizeof(shows) / sizeof(shows[0]); i++) {
		snprintf(in, sizeof(in), "a<div style=\"%s\">b</div>c", shows[i]);
		check(in, "a\nb\nc", shows[i]);
	}
}

/* What is in an element without size or color may have its own. */
static void
test_hidden_softly(void)
{
	check("<td style='font-size:0'>a<div style='font-size:13px'>b</div>c",
	    "b", "a size inside");
	check("<div style='font-size:0'><p style='font:12px x'>a</p></div>b",
	    "a\nb", "a font inside");
	check("<div style='font-size:0'><b style='font-size:100%'>a</b></div>b",
	    "b", "a size that is a part of none");
	check("<div style='font-size:0'><b style='font-size:inherit'>a</b>b",
	    "", "a size that is inherited");
	check("<div style='visibility:hidden'>a<b style='visibility:visible'>b"
	    "</b>c</div>d", "b\nd", "visible inside");
	check("<div style='color:transparent'>a<b style='color:red'>b", "b",
	    "a color inside");
	check("<div style='line-height:0'>a<p style='line-height:20px'>b", "b",
	    "a line's height inside");
	check("<div style='font-size:0;color:transparent'><b style='color:red'>"
	    "a", "", "one of two is not enough");
	check("<div style='display:none'><b style='display:inline'>a</b></div>b",
	    "b", "what is not there has nothing inside");
	check("<div style='font-size:0'><img alt=a></div>", "a",
	    "a picture has no letters");
	check("<div style='visibility:hidden'><img alt=a></div>b", "b",
	    "but it may be hidden");
	check("<table><tr style='font-size:0'><td><i style='font-size:9px'>a"
	    "</i><td><i style='font-size:9px'>b</i><tr><td>c</table>",
	    "a b\nc", "cells and rows part all the same");
	check("a<ul style='font-size:0'><li>b<li style='font-size:9px'>c</ul>d",
	    "a\n- c\nd", "items");
	check("a<q style='font-size:0'>b</q>c", "ac", "quotes");
	check("<body style='font-size:0'>a", "a", "the body is never hidden");
	check("<table><tr><td style='height:0'>a</table>", "a",
	    "the height of a cell is its least");
}

/* Texts that are there for the list of mails in an inbox. */
static void
test_hidden_preview(void)
{
	check("<div aria-hidden=true>a</div>b", "b", "aria-hidden above all");
	check("<p>a</p><div aria-hidden=true>b</div>", "a\nb",
	    "aria-hidden below a text is an ornament");
	check("<i aria-hidden=true>a</i>b", "ab", "nor is it one in a line");
	check("<div aria-hidden=false>a</div>b", "a\nb", "aria-hidden=false");
	check("<span class='x preheader'>a</span>b", "b", "a class");
	check("<div id=Preheader>a</div>b", "b", "an id");
	check("<span class=mcnPreviewText>a</span>b", "b", "another");
	check("<div class=preheaders>a</div>b", "a\nb", "no such class");
	check("<a style='mso-hide:all'>a</a>b", "ab",
	    "a link that Outlook draws itself");
}

static void
test_hidden(void)
{
	check("a<style>p>a{x:'<b>'}</style>b", "ab", "<style> in the body");
	check("a<script>if (a<b) x('</p>')</script>b", "ab", "<script>");
	check("a<SCRIPT>x</script\n>b", "ab", "in any case");
	check("a<style>x</styles></style >b", "ab", "not its end tag");
	check("a<style>x</style", "a", "one that never ends");
	check("<head><title>T &amp; <b>t</b></title><meta name=x></head>a", "a",
	    "a title");
	check("<head><title>T</title>a", "a", "a head that never ends");
	check("a<template><p>b</p></template>c", "ac", "<template>");
	check("a<noscript><p>b</noscript>c", "ac", "<noscript>");
	check("a<iframe src=x><p>b</iframe>c", "ac", "<iframe>");
	check("a<xml><o:PixelsPerInch>96</o:PixelsPerInch></xml>b", "ab",
	    "Word's data");
	check("a<div style=\"display:none\">b<div>c</div>d</div>e", "ae",
	    "display:none");
	check("a<div style=\"color:red; DISPLAY : None ! important\">b</div>c",
	    "ac", "in any writing");
	check("a<p hidden>b<p>c", "a\nc", "hidden, without an end tag");
	check("a<span hidden=\"\">b<b>c</b></i>d</span>e", "ae", "in a line");
	check("a<i style='visibility:hidden'>b</i><u style='opacity:0'>c</u>d",
	    "ad", "visibility and opacity");
	check("a<i style='opacity:0.5;visibility:visible;display:block'>b</i>",
	    "ab", "what is not hidden");
	check("<i style='display:none;display:inline'>a</i>", "a",
	    "the last declaration counts");
	check("<i style='color:red' style='display:none'>a</i>", "a",
	    "but the first attribute");
	check("<i style=display&#58;none>a</i>b", "b", "a reference in it");
	check("<i data-style='display:none' class=hidden>a</i>", "a",
	    "other attributes");
	check("<i x-display:none>a</i><b style='x-display:none'>b</b>", "ab",
	    "other properties");
	check("<img hidden alt=a><br style='display:none'>b<input hidden>c",
	    "bc", "elements without content");
	check("<table><tr><td><span hidden>a<td>b<tr hidden><td>c<tr><td>d"
	      "</table>",
	    "b\nd", "hidden cells and rows, without end tags");
	check("<div><span hidden>a</div>b", "b", "it ends with its parent");
	check("<div hidden><table><tr><td></div>a</table></div>b", "b",
	    "an end tag does not reach out of a cell");
	check("<span><div hidden>a</span>b</div>c", "c",
	    "an inline end tag does not reach out of a block");
	check("<div>a<b><i><span hidden>b</i>c</b>d</div>", "acd",
	    "it ends with its parent in a line");
	check("<font hidden><p>a</font>b", "b",
	    "the end tag of a <font> reaches out of a paragraph");
	check("<font><p hidden>a</font>b</p>c", "c",
	    "but not out of one that is hidden");
	check("<h1 hidden>a<h2>b</h2>c", "b\nc", "a heading ends a heading");
	check("<a hidden>a<a>b</a>c", "bc", "a link ends a link");
	check("<ol><li hidden><div>a<li>b</ol>", "1. b",
	    "an item ends what is open in the one before");
	check("<ul><li>a<ul hidden><li>b<section><li>c</section><li>d</ul>e"
	      "<li>f</ul>",
	    "- ae\n- f", "but not what it is in");
	check("<ol><li><b>a<ol><li>b</b><li>c</ol><li>d</ol>",
	    "1. a\n1. b\n2. c\n2. d", "a stray </b> ends no list");
	check("<div hidden><div><pre> a</pre><ul><li>b<style>c</style>"
	      "<textarea>d</textarea><select><option selected>e</select>"
	      "<q>f</q><br><img alt=g>&lt;</div></div>h",
	    "h", "everything in it");
	check("<body style='display:none'>a", "a", "the body is never hidden");
	check("<textarea hidden>a</textarea>b", "b", "a hidden <textarea>");
	check("<datalist><option>a</datalist>b", "b", "<datalist>");
	check("<p>a<select><option>b<option selected>c</option><option>d"
	      "</select>e",
	    "a ce", "<select> shows what is selected");
	check("a<select><optgroup><option>b</optgroup></select>c", "a c",
	    "or nothing");
	check("<div><select><option>a</div>b", "b", "it ends with its parent");
	check("<select multiple><option selected>a<option selected>b</select>",
	    "a b", "more than one");
}

static void
test_comments(void)
{
	check("a<!-- b > c -- d -->e", "ae", "a comment");
	check("a<!---->b<!-->c<!--->d<!----->e", "abcde", "short ones");
	check("a<!--b--!>c<!--d--!e-->f<!--g--!-->h", "acfh", "--!>");
	check("a<!--!>b-->c<!---!>d-->e", "ace", "not at the start");
	check("a<!-- b", "a", "one that never ends");
	check("a<!--[if mso]><p>b</p><![endif]-->c", "ac", "Outlook alone");
	check("a<!--[if !mso]><!-->b<!--<![endif]-->c", "abc",
	    "all but Outlook");
	check("a<!--[if !mso]>-->b<!--<![endif]-->c", "abc",
	    "in the other form");
	check("a<![if !mso]>b<![endif]>c", "abc", "downlevel-revealed");
	check("a<!--[if gte mso 9]><xml><!-- x --><![endif]-->b", "ab",
	    "a comment in a comment");
	check("a<![CDATA[b > c]] ]]]>d", "ad", "a CDATA section");
	check("a<![CDATA b]]>c", "ac", "almost one");
	check("a<!DOCTYPE html>b<?xml version=\"1.0\"?>c<!>d<!->e<!-f>g",
	    "abcdeg", "declarations");
	check("a</ b>c</>d</3>e", "acde", "end tags that are none");
	check("a<!", "a", "the start of one at the end");
}

static void
test_tags(void)
{
	check("<a title=\"a>b\" class='c>d' x=e>f", "f", "quotes hold >");
	check("<P CLASS = \"x\" >a</P\n>b", "a\nb", "blanks in tags");
	check("<p class=\"a\"id=b/>c<p =\"x\">d<p a= >e", "c\nd\ne",
	    "broken attributes");
	check("a < b, c <3, d <= e, <", "a < b, c <3, d <= e, <",
	    "< that begins no tag");
	check("a</", "a</", "</ at the end");
	check("a<b", "a", "a tag that never ends");
	check("a<b title=\"c>d", "a", "a quote that never ends");
	check("a<b title='&amp", "a", "a reference in it");
	check("a<p", "a", "nor does it break the line");
	check("<nosuchelementatall>a</nosuchelementatall>b<blockquotes>c",
	    "abc", "long names");
	check("<span hidden>a<verylongnamea>b</verylongnameb>c</span>d", "d",
	    "long names while hidden");
	check("<img src=x alt=\"Disk &quot;sda&quot; is\n full\">!",
	    "Disk \"sda\" is full!", "alt");
	check("<img alt><img alt=''><img>a<IMG ALT=b><image alt=c>", "abc",
	    "without, empty, upper case, by its other name");
	check("<img alt=\"<b> & &amp; &copy2 &copy= &copy;\">",
	    "<b> & & &copy2 &copy= \xc2\xa9", "references in attributes");
	check("<p><img alt=a>b</p><span alt=c>d</span>", "ab\nd",
	    "alt of nothing else");
	check("<p alt=a/>b", "b", "an unquoted value");
	check("a<o:p/>b<div hidden><o:x/>c</div>d", "abd",
	    "an empty element of XML");
}

static void
test_refs(void)
{
	check("&lt;b&gt; &amp;amp; &quot;&apos;", "<b> &amp; \"'",
	    "the five of XML");
	check("&euro;&hellip;&mdash;&bull;&rarr;&check;&Scaron;&alpha;",
	    "\xe2\x82\xac\xe2\x80\xa6\xe2\x80\x94\xe2\x80\xa2\xe2\x86\x92"
	    "\xe2\x9c\x93\xc5\xa0\xce\xb1",
	    "names");
	check("&period;&comma;&Tab;&NewLine;&lpar;", "., (", "of ASCII");
	check("&copy 1 &AMP &nbsp&eacute!", "\xc2\xa9 1 & \xc2\xa0\xc3\xa9!",
	    "without a semicolon");
	check("&notit; &notin; &not; &ampx",
	    "\xc2\xacit; \xe2\x88\x89 \xc2\xac &x",
	    "the longest that may lack it");
	check("AT&T a & b &; &bogus; &hellip &euro", "AT&T a & b &; &bogus; "
	      "&hellip &euro",
	    "what is no reference");
	check("&#65;&#x42;&#X43;&#0068;&#69 &#x46g", "ABCDE Fg", "numbers");
	check("&#128;&#x93;&#148;&#159;&#x81;",
	    "\xe2\x82\xac\xe2\x80\x9c\xe2\x80\x9d\xc5\xb8\xef\xbf\xbd",
	    "128 to 159 are windows-1252");
	check("&#0;&#xd800;&#xdfff;&#1114112;&#99999999999;",
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
	    "no characters");
	check("&#x1F525;&#1114109;", "\xf0\x9f\x94\xa5\xf4\x8f\xbf\xbd",
	    "beyond 16 bits");
	check("&#;&#x;&#xg&#a&", "&#;&#x;&#xg&#a&", "no numbers");
	check("&", "&", "& at the end");
	check("&#", "&#", "&# at the end");
	check("&#X", "&#X", "&#X at the end");
	check("&#65", "A", "a number at the end");
	check("&amp", "&", "a name at the end");
	check("&amplifierandmore &abcdefghijklmnop;",
	    "&lifierandmore &abcdefghijklmnop;", "long names");
	check("a&amp<b>b</b>&<i>c</i>", "a&b&c", "a tag after it");
	check("&&lt;&&amp;", "&<&&", "one after another");
	check("<textarea>&lt;&bogus;&#65</textarea>", "<&bogus;A",
	    "in a <textarea>");
}

/* The tables against what a reader of html_entities.h takes for granted. */
static void
test_entities(void)
{
	char in[HTML_ENTITY_MAX + 4];
	size_t i;
	int sorted = 1, legacy = 1;

	for (i = 1; i < LENGTH(html_modern); i++)
		if (strcmp(html_modern[i - 1].name, html_modern[i].name) >= 0)
			sorted = 0;
	for (i = 1; i < LENGTH(html_legacy); i++)
		if (strcmp(html_legacy[i - 1].name, html_legacy[i].name) >= 0)
			sorted = 0;
	tap_ok(sorted, "the tables of references are sorted");
	for (i = 0; i < LENGTH(html_legacy); i++) {
		strcpy(in, "&");
		strcat(in, html_legacy[i].name);
		two(in, strlen(in), strlen(in), 0);
		if (strcmp(html_legacy[i].name, "shy") != 0 &&
		    (sink.len == 0 || sink.len > 2 ||
			(sink.text[0] == '&' && html_legacy[i].code != '&')))
			legacy = 0;
	}
	tap_ok(legacy && LENGTH(html_legacy) == 106,
	    "all 106 that may lack a semicolon may");
}

static void
test_links(void)
{
	check("<a href=\"https://x.org/\">text</a>", "text", "no targets");
	linked("See <a href=\"https://x.org/a?b=1&amp;c=2\">this</a>.",
	    "See this (https://x.org/a?b=1&c=2).", "a target");
	linked("<a href=\"https://x.org/a?b=1&copy=2&lt\">x</a>",
	    "x (https://x.org/a?b=1&copy=2%3C)",
	    "references in a target");
	linked("<a href='https://x.org'>https://x.org</a> "
	       "<a href='https://x.org/'>https://x.org</a> "
	       "<a href='HTTP://X.org/'>x.org</a> "
	       "<a href='https://x.org/p'><b>x.</b><wbr>org/p</a>",
	    "https://x.org https://x.org x.org x.org/p",
	    "a text that is the target");
	linked("<a href='https://x.org'>https://x.org/p</a> "
	       "<a href='https://x.org/p'>x.org</a> "
	       "<a href='https://x.org/p'>x.org /p</a>",
	    "https://x.org/p (https://x.org) x.org (https://x.org/p) "
	    "x.org /p (https://x.org/p)",
	    "a text that is not");
	linked("<a href='mailto:a@b'>a</a> <a href='#top'>b</a> "
	       "<a href='javascript:x()'>c</a> <a href='tel:+1'>d</a> "
	       "<a href='/x'>e</a> <a href=''>f</a> <a href>g</a> <a>h</a> "
	       "<a href='https://'>i</a> <a href='://x'>j</a> "
	       "<a href='+a://x'>k</a>",
	    "a b c d e f g h i j k", "targets that nobody can follow");
	linked("<a href=' https://x.org/a\n\tb c '>x</a>",
	    "x (https://x.org/ab%20c)", "blanks in a target");
	linked("<a href='https://x.org/\xc3\xbc\"'>x</a>",
	    "x (https://x.org/%C3%BC%22)", "what is not ASCII in it");
	linked("<a href='https://x.org/'></a><a href='https://x.org/'>"
	       "<img></a>a",
	    "a", "without text");
	linked("<a href='https://x.org/'><img alt='Logo'></a>",
	    "Logo (https://x.org/)", "an image's text");
	linked("<a href='https://x.org/'><div>a</div></a>b",
	    "a (https://x.org/)\nb", "a block inside");
	linked("<a href='https://x.org/'><p>a<p>b</a>c",
	    "a\nb (https://x.org/)c",
	    "several lines");
	linked("<a href='https://x.org/'>a <a href='https://y.org/'>b",
	    "a (https://x.org/) b (https://y.org/)", "no end tag");
	linked("<table><tr><td><a href='https://x.org/'>a<td>b</table>",
	    "a (https://x.org/) b", "it ends with its cell");
	linked("<a hidden href='https://x.org/'>a</a>b", "b", "a hidden one");
	linked("<a name=x>a</a></a><a href=x:>b</a>", "ab", "an anchor");
	linked("<a href=zoommtg://zoom.us/join>Join</a>",
	    "Join (zoommtg://zoom.us/join)", "another scheme");
}

/* A string of n times a piece, then an end. */
static const char *
times(const char *piece, size_t n, const char *end)
{
	static char s[ROOM];
	size_t len = strlen(piece);
	char *p = s;

	if (n * len + strlen(end) >= sizeof(s))
		abort();
	while (n-- > 0) {
		memcpy(p, piece, len);
		p += len;
	}
	strcpy(p, end);
	return s;
}

/* What is around a long string, in storage that is large enough. */
static const char *
around(char *out, const char *before, const char *s, const char *after)
{
	strcpy(out, before);
	strcat(out, s);
	strcat(out, after);
	return out;
}

static const char *
whole(const char *in, int links)
{
	return two(in, strlen(in), strlen(in), links);
}

static void
test_depth(void)
{
	const char *in;

	tap_ok(sizeof(struct html) <= 8192, "a document is %zu octets",
	    sizeof(struct html));
	in = times("<div>", HTML_DEPTH_MAX - 1, "<p hidden>a</p>b");
	tap_is(whole(in, 0), "b", "elements in elements, as many as may be");
	in = times("<div>", HTML_DEPTH_MAX, "<p hidden>a</p>b");
	tap_is(whole(in, 0), "a\nb", "one more: it is not hidden");
	in = times("<b>", HTML_INLINE_MAX + 1000, "<p hidden>a</p>b");
	tap_is(whole(in, 0), "b", "inline elements leave room for others");
	in = times("<div>", 100000, "a<b>b</b>c");
	tap_is(whole(in, 0), "abc", "a hundred thousand");
	in = times("<div hidden>", 3000, "a");
	tap_is(whole(in, 0), "", "hidden to any depth");
	in = times("</div>", 3000, "a");
	tap_is(whole(in, 0), "a", "end tags without start tags");
	in = times("<ol>", HTML_LIST_MAX, "<li>a<li>b");
	tap_is(whole(in, 0), "1. a\n2. b", "as many lists as are numbered");
	in = times("<ol>", HTML_LIST_MAX + 1, "<li>a<li>b</ol><li>c");
	tap_is(whole(in, 0), "- a\n- b\n1. c", "one more has bullets");
	in = times("<pre>", 3000, "a  b");
	tap_is(whole(in, 0), "a  b", "<pre> in <pre>");
	in = times("<pre></pre>", 3000, "a  b");
	tap_is(whole(in, 0), "a b", "each ended");
	in = times("<table><tr><td>", 80, "a<td>b</table>c");
	tap_is(whole(in, 0), "a b\nc", "tables in tables");
}

static void
test_values(void)
{
	static char in[3 * HTML_VALUE_MAX], want[3 * HTML_VALUE_MAX];
	char *long_name;
	size_t n;

	/* "https://x/" and so many more make the longest target */
	for (n = HTML_VALUE_MAX - 10; n <= HTML_VALUE_MAX - 9; n++) {
		around(in, "<a href='https://x/", times("u", n, ""), "'>a</a>");
		around(want, "a (https://x/", times("u", n, ""), ")");
		tap_is(whole(in, 1), n == HTML_VALUE_MAX - 10 ? want : "a",
		    "a target is whole or not there");
	}
	n = HTML_VALUE_MAX - 3;
	around(in, "<img alt='", times("u", n, "\xe2\x82\xac"), "'>b");
	tap_is(whole(in, 0), times("u", n, "\xe2\x82\xac" "b"),
	    "the longest alt");
	n++;
	around(in, "<img alt='", times("u", n, "\xe2\x82\xac"), "'>b");
	tap_is(whole(in, 0), times("u", n, "b"),
	    "one that is longer is cut, but no character is");
	around(in, "<b style='x", times("y", 1000, ""),
	    ";display:none'>a</b>b");
	tap_is(whole(in, 0), "b", "a declaration of any length");
	around(in, "<b style='display:", times(" ", 1000, ""), "none'>a</b>b");
	tap_is(whole(in, 0), "b", "blanks in it");
	in[0] = '<';
	long_name = in + 1;
	memset(long_name, 'x', 3000);
	strcpy(long_name + 3000, " hidden>a</b>b");
	tap_is(whole(in, 0), "", "a name of any length");
	memset(in, 'x', HTML_OUT_MAX * 3);
	in[HTML_OUT_MAX * 3] = '\0';
	check(in, in, "a word that is longer than the buffer");
	in[HTML_OUT_MAX - 1] = '\0';
	strcat(in, "&euro;");
	strcpy(want, in);
	strcpy(want + HTML_OUT_MAX - 1, "\xe2\x82\xac");
	check(in, want, "a character at the buffer's end");
	around(in, "&#", times("0", 5000, ""), "65;");
	tap_is(whole(in, 0), "A", "a number of any length");
}

/* The shape of Alertmanager's default template: tables in tables, <br>. */
static void
test_alertmanager(void)
{
	static const char in[] =
	    "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" "
	    "\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n"
	    "<!--\nStyle and HTML derived from elsewhere, <with> a licence\n"
	    "-->\n<html xmlns=\"http://www.w3.org/1999/xhtml\" style=\""
	    "font-family: 'Helvetica Neue', sans-serif; margin: 0;\">\n"
	    "<head style=\"margin: 0;\">\n<meta name=\"viewport\" content=\""
	    "width=device-width\" style=\"margin: 0;\" />\n"
	    "<title>[FIRING:1] DiskFull (db1 critical)</title>\n\n</head>\n\n"
	    "<body itemscope=\"\" style=\"margin: 0;\" bgcolor=\"#f6f6f6\">\n"
	    "\n<table style=\"width: 100%;\">\n  <tr style=\"margin: 0;\">\n"
	    "    <td valign=\"top\"></td>\n    <td width=\"600\" style=\""
	    "display: block !important; max-width: 600px !important\">\n"
	    "      <div style=\"display: block; padding: 0;\">\n"
	    "        <table width=\"100%\" cellpadding=\"0\">\n"
	    "          <tr style=\"margin: 0;\">\n"
	    "            <td align=\"center\" bgcolor=\"#E6522C\">\n"
	    "              1 alert for \n"
	    "                alertname=DiskFull\n              \n"
	    "            </td>\n          </tr>\n          <tr>\n"
	    "            <td style=\"padding: 10px;\" valign=\"top\">\n"
	    "              <table width=\"100%\">\n                <tr>\n"
	    "                  <td><a href=\"http://am.example:9093/#/alerts?"
	    "receiver=sms\" style=\"color: #FFF;\">View in AlertManager</a>\n"
	    "                  </td>\n                </tr>\n"
	    "                <tr>\n                  <td>\n"
	    "                    <strong>[1] Firing</strong>\n"
	    "                  </td>\n                </tr>\n"
	    "                <tr>\n                  <td>\n"
	    "                    <strong>Labels</strong><br />\n"
	    "                    alertname = DiskFull<br style=\"margin: 0;\" "
	    "/>instance = db1:9100<br style=\"margin: 0;\" />\n"
	    "                    <strong>Annotations</strong><br />\n"
	    "                    summary = /var is 97% full &amp; &lt;1 GiB "
	    "left<br />\n                    <a href=\"http://prom.example/"
	    "graph?g0.expr=a&amp;g0.tab=1\">Source</a><br />\n"
	    "                  </td>\n                </tr>\n"
	    "              </table>\n            </td>\n          </tr>\n"
	    "        </table>\n\n        <div style=\"clear: both;\">\n"
	    "          <table width=\"100%\">\n            <tr>\n"
	    "              <td align=\"center\"><a href=\""
	    "http://am.example:9093\">Sent by AlertManager</a></td>\n"
	    "            </tr>\n"
	    "          </table>\n        </div></div>\n    </td>\n"
	    "    <td valign=\"top\"></td>\n  </tr>\n</table>\n\n</body>\n"
	    "</html>\n";

	check(in,
	    "1 alert for alertname=DiskFull\nView in AlertManager\n[1] Firing\n"
	    "Labels\nalertname = DiskFull\ninstance = db1:9100\nAnnotations\n"
	    "summary = /var is 97% full & <1 GiB left\nSource\n"
	    "Sent by AlertManager",
	    "Alertmanager");
	tap_is(whole(in, 1),
	    "1 alert for alertname=DiskFull\nView in AlertManager "
	    "(http://am.example:9093/#/alerts?receiver=sms)\n[1] Firing\n"
	    "Labels\nalertname = DiskFull\ninstance = db1:9100\nAnnotations\n"
	    "summary = /var is 97% full & <1 GiB left\nSource "
	    "(http://prom.example/graph?g0.expr=a&g0.tab=1)\n"
	    "Sent by AlertManager (http://am.example:9093)",
	    "Alertmanager with links");
}

/* The shape of Grafana's (made with MJML): preheader, Outlook's tables. */
static void
test_grafana(void)
{
	check("<!doctype html>\n<html lang=\"und\" dir=\"auto\" xmlns:v=\"urn:"
	      "schemas-microsoft-com:vml\">\n<head>\n  <title>[FIRING:1] CPU"
	      "</title>\n  <!--[if !mso]><!-->\n  <meta http-equiv=\"X-UA-"
	      "Compatible\" content=\"IE=edge\">\n  <!--<![endif]-->\n"
	      "  <style type=\"text/css\">\n    table,\n    td > p { margin: 0 "
	      "}\n  </style>\n  <!--[if mso]>\n    <noscript>\n    <xml>\n"
	      "    <o:OfficeDocumentSettings>\n      <o:AllowPNG/>\n"
	      "      <o:PixelsPerInch>96</o:PixelsPerInch>\n"
	      "    </o:OfficeDocumentSettings>\n    </xml>\n    </noscript>\n"
	      "    <![endif]-->\n</head>\n"
	      "<body style=\"word-spacing:normal;\">\n"
	      "  <div style=\"display:none;font-size:1px;max-height:0px;"
	      "opacity:0;overflow:hidden;\"><mj-raw>\n    </mj-raw>\n"
	      "    <strong>1 firing</strong> alert instance\n  </div>\n"
	      "  <div class=\"canvas\" style=\"background-color: #fff;\">\n"
	      "    <!--[if mso | IE]><table align=\"center\" border=\"0\"><tr>"
	      "<td style=\"line-height:0px;\"><![endif]-->\n"
	      "    <div style=\"margin:0px auto;max-width:600px;\">\n"
	      "      <table align=\"center\" border=\"0\"><tbody><tr><td>\n"
	      "        <table><tbody><tr><td style=\"width:200px;\">\n"
	      "          <img alt src=\"https://grafana.example/logo.png\" "
	      "style=\"display:block\" width=\"200\">\n"
	      "        </td></tr></tbody></table>\n"
	      "      </td></tr></tbody></table>\n    </div>\n"
	      "    <!--[if mso | IE]></td></tr></table><![endif]-->\n"
	      "    <table><tbody><tr><td align=\"left\">\n"
	      "      <div><h2>\xf0\x9f\x93\x81 Infra &rsaquo; CPU</h2></div>\n"
	      "    </td></tr><tr><td>\n      <div>\n"
	      "        <h3>\xf0\x9f\x94\xa5 1 firing instances</h3></div>\n"
	      "    </td></tr></tbody></table>\n"
	      "    <table><tbody>\n"
	      "      <tr><td><div>Values</div></td><td><div>A=97.5&nbsp;"
	      "</div></td></tr>\n"
	      "      <tr><td><div><strong>host</strong></div></td>\n"
	      "        <td><div>web-1</div></td></tr>\n"
	      "    </tbody></table>\n"
	      "    <table><tr><td><a href=\"https://grafana.example/a\" "
	      "target=\"_blank\"> Silence </a></td><td><a href=\"https://"
	      "grafana.example/b\"> View alert </a></td></tr></table>\n"
	      "    <p>\xc2\xa9 2024 Grafana Labs. Sent by <a href=\"https://"
	      "grafana.example/\">Grafana v10</a>.</p>\n"
	      "  </div>\n</body>\n</html>\n",
	    "\xf0\x9f\x93\x81 Infra \xe2\x80\xba CPU\n"
	    "\xf0\x9f\x94\xa5 1 firing instances\n"
	    "Values A=97.5\xc2\xa0\nhost web-1\nSilence View alert\n"
	    "\xc2\xa9 2024 Grafana Labs. Sent by Grafana v10.",
	    "Grafana");
}

static void
test_mails(void)
{
	check("Dear user,<br><br>The volume (Volume 1) on NAS has degraded."
	      "<br>Please <a href=\"http://nas:5000/\">log in</a>.<br>\r\n<br>"
	      "\r\nSincerely,<br>Synology DiskStation<br>",
	    "Dear user,\n\nThe volume (Volume 1) on NAS has degraded.\n"
	    "Please log in.\n\nSincerely,\nSynology DiskStation",
	    "Synology");
	check("<html xmlns:o=\"urn:schemas-microsoft-com:office:office\">"
	      "<head><meta name=Generator content=\"Microsoft Word 15\">"
	      "<!--[if !mso]><style>v\\:* {behavior:url(#default#VML);}</style>"
	      "<![endif]--><style><!--\n/* Font Definitions */\n@font-face\n\t"
	      "{font-family:Calibri;}\n--></style><!--[if gte mso 9]><xml>\n"
	      "<o:shapedefaults v:ext=\"edit\" spidmax=\"1026\" />\n</xml>"
	      "<![endif]--></head>\r\n<body lang=DE link=\"#0563C1\">"
	      "<div class=WordSection1><p class=MsoNormal>Server down,"
	      "<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>\r\n"
	      "<p class=MsoNormal>please&nbsp;call<span style='mso-spacerun:"
	      "yes'>\xc2\xa0 </span>me.<o:p></o:p></p>"
	      "<p class=MsoListParagraph><![if !supportLists]>1."
	      "<span>&nbsp;&nbsp; </span><![endif]>First</p>"
	      "<table class=MsoTableGrid><tr><td width=301><p class=MsoNormal>"
	      "Host<o:p></o:p></p></td><td><p class=MsoNormal>db1<o:p></o:p>"
	      "</p></td></tr></table></div></body></html>",
	    "Server down,\n\xc2\xa0\nplease\xc2\xa0" "call\xc2\xa0 me.\n"
	    "1.\xc2\xa0\xc2\xa0 First\nHost db1",
	    "Outlook");
	check("<div dir=\"ltr\">Hi,<div><br></div><div>backup <b>failed</b>."
	      "</div><div><br clear=\"all\"></div>-- <br><div class=\"gmail_"
	      "signature\">Joe</div></div>\r\n",
	    "Hi,\n\nbackup failed.\n\n-- \nJoe", "webmail");
	check("<body><span class=\"mcnPreviewText\" style=\"display:none; "
	      "font-size:0px; visibility:hidden; mso-hide:all;\">Sale!</span>"
	      "<!--*|END:IF|*--><center><table align=\"center\" id=\"bodyTable"
	      "\"><tbody><tr><td align=\"center\" valign=\"top\" id=\"bodyCell"
	      "\"><!--[if (gte mso 9)|(IE)]><table><tr><td><![endif]-->"
	      "<table class=\"templateContainer\"><tr><td><table><tbody><tr>"
	      "<td class=\"mcnTextContent\"><h1>News</h1>\n<p>All "
	      "services&nbsp;run.</p></td></tr></tbody></table></td></tr><tr>"
	      "<td><table align=\"left\"><tbody><tr><td>Left</td></tr></tbody>"
	      "</table><table align=\"right\"><tbody><tr><td>Right</td></tr>"
	      "</tbody></table></td></tr><tr><td>&copy; 2024 | <a href=\"x\">"
	      "unsubscribe</a><img src=\"pixel.gif\" height=\"1\" width=\"1\">"
	      "</table><!--[if (gte mso 9)|(IE)]></td></tr></table><![endif]-->"
	      "</td></tr></tbody></table></center></body>",
	    "News\nAll services\xc2\xa0run.\nLeft\nRight\n"
	    "\xc2\xa9 2024 | unsubscribe",
	    "a newsletter");
	check("<html><body><pre>Filesystem  Size Used\n/dev/sda1    20G  97%\n"
	      "</pre><p>cron</body></html>\nDisclaimer",
	    "Filesystem  Size Used\n/dev/sda1    20G  97%\ncron\nDisclaimer",
	    "a report, and what a mailing list appended");
	check("<div style=\"color:red;\n display:\n none\">x</div>"
	      "Tempera&shy;ture: 41&deg;C&nbsp;&#8211; &ldquo;high&rdquo;",
	    "Temperature: 41\xc2\xb0" "C\xc2\xa0\xe2\x80\x93 "
	    "\xe2\x80\x9chigh\xe2\x80\x9d",
	    "signs");
}

int
main(void)
{
	test_space();
	test_utf8();
	test_lines();
	test_lists();
	test_tables();
	test_pre();
	test_hidden();
	test_hidden_by_style();
	test_hidden_softly();
	test_hidden_preview();
	test_comments();
	test_tags();
	test_refs();
	test_entities();
	test_links();
	test_depth();
	test_values();
	test_alertmanager();
	test_grafana();
	test_mails();
	return tap_done();
}
