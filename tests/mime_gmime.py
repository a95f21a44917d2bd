"""mime.c against a program on GMime (gmime_dump.c), text for text.

mime_differential.py compares parsers, word by word.  Here GMime also does
what comes after: it converts charsets, names the one that is really used,
decodes 8-bit headers; and whole lines are compared.  The messages are made
up, or are those of tests/mail, as they are and with octets changed.  For the
HTML that GMime finds, mime_dump itself is asked for its text.

Messages that are made up differ in nothing.  Where others differ, one of
these is the reason; the test fails where none is.

Texts, in this order:
warned      GMime itself warns that the message is broken: a multipart without
            a boundary or an end, a field that comes twice, a parameter or a
            type that is none...; each then repairs it in its own way.
header      A header has no end, has a line that is no field (mime.c, and
            Python, then begin the body; GMime skips the line), or a field that
            describes a part is not of its form: mime.c then looks for text
            where there may be some (a type with a slip of the pen and a
            boundary, an encoding with something behind it).
octets      Octets that are not valid in their charset: mime.c takes U+FFFD, or
            windows-1252 where UTF-8 was only supposed, GMime a question mark,
            nothing, or another charset.  UTF-16 without a mark is big-endian
            to mime.c (RFC 2781, 4.3), and what the machine is to GMime.
charset     A charset that GMime does not know (utf7, win1251), or whose name
            has signs in it that are not for names.  A lone "+" in UTF-7 is
            one to mime.c.
encoding    Base64 or quoted-printable with something else in it: mime.c goes
            on after what it cannot read, and after padding.
signs       Shift_JIS is that of Windows to mime.c; GMime turns its "~" into
            U+203E and its backslash into a yen sign.
uuencode    A block in plain text is an attachment, and left out by mime.c.
html        Plain text that begins with <!doctype html> or <html> is HTML to
            mime.c.
twins       The same text in plain and in HTML is one to mime.c.

Subjects:
header      As above.
twice       Of two subjects mime.c has the first.
joined      GMime joins encoded words that are in the same charset and base64,
            and loses those after padding.
octets      8 bits, and not UTF-8: windows-1252 for all of it or from the
            first octet that is wrong.
words       An encoded word that cannot be decoded in full, or has control
            characters in it.

usage: mime_gmime.py [number of messages [seed]]
"""

import base64
import collections
import glob
import os
import quopri
import random
import re
import subprocess
import sys
import tempfile

import tap
from foreign import GMIME, compile_with

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(HERE), "build")
OURS = os.environ.get("MIME_DUMP") or os.path.join(BUILD, "mime_dump")
THEIRS = os.environ.get("GMIME_DUMP") or os.path.join(BUILD, "gmime_dump")
ARGUMENTS = [int(arg) for arg in sys.argv[1:]]
NUMBER, SEED = (ARGUMENTS + [1200, 1][len(ARGUMENTS):])[:2]
del sys.argv[1:]

# ---- messages ----

# a charset's name in mails, Python's name for it, and a text in it
CHARSETS = [
    ("us-ascii", "ascii", "Disk full: 95 % of /var"),
    ("utf-8", "utf-8", "Größe: 5 € – ‚fertig‘ 日本語 Привет 😀"),
    ("UTF-8", "utf-8", "e\u0301 naïve 한글 \u200d"),
    ("iso-8859-1", "latin-1", "Größe, déjà vu, ½"),
    ("ISO-8859-1", "cp1252", "5 € – “fertig”"),     # as Outlook has it
    ("windows-1252", "cp1252", "5 € – “fertig”"),
    ("iso-8859-2", "iso8859-2", "Žluťoučký kůň, łódź"),
    ("windows-1250", "cp1250", "Žluťoučký kůň, łódź"),
    ("iso-8859-15", "iso8859-15", "5 € Œuvre"),
    ("iso-8859-7", "iso8859-7", "Καλημέρα"),
    ("windows-1253", "cp1253", "Καλημέρα"),
    ("iso-8859-9", "iso8859-9", "ışık"),
    ("koi8-r", "koi8-r", "Диск заполнен на 98%"),
    ("koi8-u", "koi8-u", "Диск переповнено: ї"),
    ("windows-1251", "cp1251", "Диск заполнен на 98%"),
    ("gb2312", "gb2312", "磁盘空间不足"),
    ("gbk", "gbk", "磁盘空间不足"),
    ("gb18030", "gb18030", "磁盘空间不足 😀"),
    ("big5", "big5", "磁碟空間不足"),
    ("shift_jis", "shift_jis", "サーバが停止しました"),
    ("iso-2022-jp", "iso-2022-jp", "サーバが停止しました"),
    ("euc-jp", "euc-jp", "サーバが停止しました"),
    ("euc-kr", "euc-kr", "서버가 중지되었습니다"),
    ("utf-16", "utf-16", "Größe 日本 😀"),
    ("utf-7", "utf-7", "Größe – fertig"),
]
OCTETS_WIDE = ("utf-16",)       # base64 alone carries it
# not allowed there; GMime does not look behind the name; another's twin
NOT_IN_WORDS = ("us-ascii", "utf-16", "utf-7", "ISO-8859-1", "UTF-8")


def unwrapped(text):
    """What HTML shows, escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


class Writer:
    """Makes up messages; the same seed makes the same."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.count = 0

    def lines(self, sample):
        """A few lines that have the sample in them."""
        r = self.r
        words = ["alarm", "=", "-- x", "a=3D", "From", ">q", "=?x?=", "&amp;",
                 ".", "--", "x" * r.randint(1, 90), "  two"]
        out = [" ".join(r.sample(words, r.randint(0, 4)) + [sample])
               for _ in range(r.randint(1, 4))]
        if r.random() < 0.3:
            out.insert(r.randint(0, len(out)), "")
        return out

    def encoded(self, octets, name):
        """(transfer encoding or None, the octets in it)."""
        r = self.r
        choices = ["base64"]
        if name not in OCTETS_WIDE:
            choices += ["quoted-printable", "8bit", "Binary", None]
        how = r.choice(choices)
        if how == "base64":
            return r.choice(["base64", "BASE64"]), base64.encodebytes(
                octets).replace(b"\n", b"\r\n")
        if how == "quoted-printable":
            text = quopri.encodestring(octets.replace(b"\r\n", b"\n"))
            return how, text.replace(b"\n", b"\r\n")
        return how, octets

    def parameter(self, name, value):
        r = self.r
        k = r.randint(0, len(value))
        return r.choice([
            '%s="%s"' % (name, value),
            '%s="%s"' % (name.title(), value),
            '%s*0="%s"; %s*1="%s"' % (name, value[:k], name, value[k:]),
            "%s*=utf-8''%s" % (name, "".join("%%%02X" % ord(c)
                                             for c in value)),
        ])

    def field(self, name, *values):
        r = self.r
        fold = r.choice(["; ", ";", ";\r\n ", ";\r\n\t"])
        return (r.choice([name, name.lower(), name.upper()]) + ": " +
                fold.join(values) + "\r\n").encode()

    def leaf(self, kind):
        """A part of this type: (header, body)."""
        name, codec, sample = self.r.choice(CHARSETS)
        lines = self.lines(sample)
        if kind == "text/html":
            lines = ["<p>%s</p>" % unwrapped(line) for line in lines]
        octets = "\r\n".join(lines).encode(codec)
        how, body = self.encoded(octets, name)
        head = self.field("Content-Type", kind,
                          self.parameter("charset", name))
        if how:
            head += self.field("Content-Transfer-Encoding", how)
        return head, body

    def bare(self):
        """Text with no word on what it is."""
        codec = self.r.choice(["utf-8", "cp1252"])
        return b"", "\r\n".join(self.lines("Größe: 5 €")).encode(codec)

    def attachment(self):
        r = self.r
        head, body = self.leaf(r.choice(["text/plain", "text/html"]))
        if r.random() < 0.5:
            head = self.field("Content-Type", "application/octet-stream",
                              'name="x.bin"')
            head += self.field("Content-Transfer-Encoding", "base64")
            body = base64.encodebytes(r.randbytes(r.randint(0, 300)))
        return head + self.field("Content-Disposition", "attachment",
                                 'filename="x.txt"'), body

    def multipart(self, subtype, parts):
        r = self.r
        self.count += 1
        boundary = r.choice(["b%d", "=_%d_=", "---- %d", "b'(%d)+_,-./:=?"])
        boundary = boundary % self.count + "x" * self.count
        line = b"--" + boundary.encode()
        body = r.choice([b"", b"This is MIME.\r\n", b"--b\r\n"])
        for head, octets in parts:
            body += line + r.choice([b"", b"", b"  "]) + b"\r\n"
            body += head + b"\r\n" + octets + b"\r\n"
        body += line + b"--" + r.choice([b"", b"\r\n", b"\r\nepilogue\r\n"])
        return self.field("Content-Type", "multipart/" + subtype,
                          self.parameter("boundary", boundary)), body

    def text(self, depth):
        """What a mail program would send as text: plain, HTML or both."""
        r = self.r
        p = r.random()
        if depth > 4 or p < 0.3:
            return self.leaf("text/plain")
        if p < 0.4:
            return self.leaf("text/html")
        if p < 0.45:
            return self.bare()
        if p < 0.65:
            return self.multipart("alternative", [
                self.leaf("text/plain"), self.leaf("text/html")])
        if p < 0.7:     # the plain part is there and empty
            return self.multipart("alternative", [
                (self.field("Content-Type", "text/plain"), b"\r\n"),
                self.leaf("text/html")])
        if p < 0.8:
            return self.multipart("related", [
                self.text(depth + 1), (self.field(
                    "Content-Type", "image/png") + self.field(
                        "Content-ID", "<i@x>"), b"png")])
        if p < 0.85:
            return self.multipart("signed", [
                self.text(depth + 1), (self.field(
                    "Content-Type", "application/pgp-signature"), b"sig")])
        return self.mixed(depth)

    def mixed(self, depth):
        r = self.r
        parts = [self.text(depth + 1)]
        for _ in range(r.randint(0, 3)):
            p = r.random()
            if p < 0.6:
                parts.append(self.attachment())
            elif p < 0.8:
                parts.append(self.text(depth + 1))
            else:
                head, body = self.text(depth + 1)
                parts.append((self.field("Content-Type", "message/rfc822"),
                              b"Subject: inner\r\n" + head + b"\r\n" + body))
        return self.multipart("mixed", parts)

    def word(self, name, codec, sample):
        """An encoded word, or an ordinary one."""
        r = self.r
        if name in NOT_IN_WORDS or r.random() < 0.2:
            return r.choice(["Alert", "[x]", "a=b", "50%", "x?="])
        octets = sample[:10].encode(codec)
        if r.random() < 0.5:
            return "=?%s?%s?%s?=" % (name, r.choice("Bb"),
                                     base64.b64encode(octets).decode())
        return "=?%s?%s?%s?=" % (name, r.choice("Qq"), "".join(
            "_" if c == 32 else chr(c) if chr(c).isalnum() and c < 128
            else "=%02X" % c for c in octets))

    def subject(self):
        r = self.r
        p = r.random()
        if p < 0.1:
            return r.choice(["Größe 5 €".encode(), "Größe".encode("cp1252"),
                             b"", b"plain"])
        # no two of the same charset: GMime joins such words in base64, and
        # loses what comes after padding
        return "".join(self.word(*charset) + r.choice([" ", "\r\n ", "  "])
                       for charset in r.sample(CHARSETS, r.randint(1, 5))
                       ).rstrip().encode()

    def message(self):
        self.count = 0
        head, body = self.text(0)
        mail = b"Subject: " + self.subject() + b"\r\n" + head + b"\r\n" + body
        if self.r.random() < 0.3:
            mail = mail.replace(b"\r\n", b"\n")
        return mail

    def changed(self, mail):
        """The same with a few octets or lines changed."""
        r = self.r
        mail = bytearray(mail)
        for _ in range(r.randint(1, 3)):
            at = r.randrange(len(mail) + 1)
            p = r.random()
            if p < 0.3:
                mail[at:at + 1] = bytes([r.choice(b"=?\"';:()-<> \tabz09\xfc")])
            elif p < 0.5:
                del mail[at:at + r.choice([1, 1, 2, 5, 40])]
            elif p < 0.7:
                lines = mail.splitlines(True)
                i = r.randrange(len(lines) + 1)
                lines[i:i + 1] = lines[i:i + 1] * r.choice([0, 2])
                mail = bytearray(b"".join(lines))
            elif p < 0.75:
                del mail[at:]
            else:
                mail[at:at] = r.choice([b"\r\n", b"--", b"=\r\n", b"(", b'"',
                                        b" ", b"\r\n\r\n", b"\xe2\x82\xac"])
        # a bare CR never comes in
        return re.sub(b"\r(?!\n)", b"", bytes(mail)) or b"\n"


# ---- the two ----

class Found:
    """What one of the two found in a message."""

    def __init__(self):
        self.subject = ""
        self.text = ""
        self.flags = set()      # of gmime_dump
        self.warnings = set()

    def __repr__(self):
        return "<%r %r %s>" % (self.subject, self.text, self.warnings or "")


def tidy(text):
    """As text.c would: no blanks at line ends, no blank lines in a row."""
    text = re.sub("[ \t\r\f\v\xa0]+\n", "\n", text + "\n")
    text = re.sub("[\0-\x08\x0e-\x1f\x7f\ufeff]", "", text)
    return re.sub("\n\n\n+", "\n\n", text).strip("\n")


def line_of(subject):
    """A subject without control characters."""
    return re.sub("[\0-\x1f]+", " ", subject).strip()


def ours(mail):
    out = subprocess.run([OURS], input=mail, capture_output=True,
                         check=True).stdout.decode("utf-8")
    head, text = out.split("\n\n", 1)
    found = Found()
    found.text = tidy(text)
    subject = re.search("(?m)^subject: (.*)$", head)
    found.subject = line_of(subject.group(1)) if subject else ""
    return found


def html(text):
    """The text of HTML; mime_dump needs to decode nothing for it."""
    return ours(b"Content-Type: text/html; charset=utf-8\r\n\r\n" +
                text.encode()).text


def parse(answer):
    """What gmime_dump says of one message."""
    found, texts = Found(), []
    while answer:
        line, _, answer = answer.partition(b"\n")
        word, *rest = line.decode().split(" ")
        size = int(rest[-1])
        if word == "warning:":
            found.warnings.add(size)
            continue
        text = answer[:size].decode("utf-8", "replace")
        answer = answer[size + 1:]
        if word == "subject:":
            found.subject = line_of(text)
            continue
        kind, flags = rest[:2]
        found.flags |= set(flags[1:])
        if kind.lower() == "text/html":
            text = html(text)
        texts.append(text if text.endswith("\n") else text + "\n")
    found.text = tidy("".join(texts))
    return found


def theirs(mails):
    """GMime's answers, in the order of the messages."""
    with tempfile.TemporaryDirectory(prefix="smtp2sms-gmime.") as folder:
        names = [os.path.join(folder, "%05d" % i) for i in range(len(mails))]
        for name, mail in zip(names, mails):
            with open(name, "wb") as file:
                file.write(mail)
        out = subprocess.run([THEIRS, *names], capture_output=True,
                             check=True).stdout
    answers = re.split(rb"(?m)^message: %s/\d+\n" % folder.encode(), out)
    assert len(answers) == len(mails) + 1, len(answers)
    return list(map(parse, answers[1:]))


def same(one, two):
    """The same text; what is flowed without its quotes and blanks."""
    if "f" in two.flags:
        return re.sub("(?m)^>+|\\s", "", one.text) == \
            re.sub("(?m)^>+|\\s", "", two.text)
    return one.text == two.text


# ---- reasons: see the head ----

# in messages that nobody broke GMime warns of these as well: a header in
# 8 bits, an address that is none
HARMLESS = {3, 14}
TOKEN = r"[\w.+*'%-]+"
VALUE = r'(?:"[^"\r\n\\]*"|[^\s"();=]+)'
FIELD = re.compile(r"[!-9;-~]+:|[ \t]")
DESCRIBES = re.compile(
    r"content-type:\s*(?:(?:text|image|application|message)/TOKEN"
    r"(?:;\s*(?!boundary)TOKEN=VALUE)*|multipart/TOKEN(?:;\s*TOKEN=VALUE)*);?"
    r"|content-transfer-encoding:\s*(?:7bit|8bit|binary|base64|"
    r"quoted-printable)"
    r"|content-disposition:\s*TOKEN(?:;\s*TOKEN=VALUE)*;?"
    r"|(?!content-(?:type|transfer-encoding|disposition))[^:]*:.*".replace(
        "TOKEN", TOKEN).replace("VALUE", VALUE), re.I | re.S)
WORD = re.compile(r"=\?([\w-]+)\?([bq])\?([!->@-~]*)\?=", re.I)
HTML = re.compile(r"(?:\s|<!--.*?-->|<\?xml.*?\?>)*"
                  r"<(?:!doctype\s+html|html[\s>/])", re.I | re.S)
KNOWN = {name.lower(): name if name == "ISO-8859-1" else codec
         for name, codec, _ in CHARSETS}


def headers(mail):
    """The lines of the headers of a message and of its parts, unfolded."""
    found, inside, message = [], True, False
    for line in mail.decode("latin-1").splitlines():
        if line.startswith("--"):
            inside, message = True, False
        elif not line.strip():
            inside, message = inside and message, False
        elif inside and found and line[0] in " \t":
            found[-1] += "\n" + line
        elif inside:
            found.append(line)
        if inside and re.match("content-type: *message/", line, re.I):
            message = True
    return found


def misshapen(mail):
    """A header has no end or a line that is no field, or a field is not of
    its form."""
    return not re.search(rb"\n\s*\n", mail) or not all(
        FIELD.match(line) and DESCRIBES.fullmatch(line)
        for line in headers(mail))


def why_text(mail, one, two):
    """The reason why texts differ, or None."""
    if two.warnings - HARMLESS:
        return "warned"
    if misshapen(mail):
        return "header"
    for flag, reason in (("i", "octets"), ("c", "charset"),
                         ("e", "encoding")):
        if flag in two.flags:
            return reason
    if one.text == two.text.translate({0x203e: "~", 0xa5: "\\"}):
        return "signs"
    if re.search("(?m)^begin [0-7]{3} ", two.text):
        return "uuencode"
    if re.search(rb"(?i)utf-?7", mail) and "+" in one.text:
        return "charset"
    if HTML.match(two.text):
        return "html"
    if one.text and two.text.split() == one.text.split() * 2:
        return "twins"
    return None


def good_words(subject):
    """Every encoded word is one and can be decoded in full."""
    rest = WORD.sub("", subject)
    if re.search(r"=\?", rest):
        return False
    for name, how, text in WORD.findall(subject):
        try:
            if how in "Bb":
                octets = base64.b64decode(text, validate=True)
            elif re.search("=(?![0-9A-F]{2})", text):
                return False
            else:
                octets = quopri.decodestring(text, header=True)
            text = octets.decode(KNOWN[name.lower()])
        except (ValueError, KeyError):
            return False
        if re.search("[\0\x80-\x9f]", text):
            return False
    return True


def good_octets(subject):
    """UTF-8, ASCII if you will."""
    try:
        subject.encode("latin-1").decode("utf-8")
    except ValueError:
        return False
    return True


def why_subject(mail):
    """The reason why subjects differ, or None."""
    found = [line for line in headers(mail)
             if line.lower().startswith("subject:")]
    if not found or misshapen(mail):
        return "header"
    if len(found) > 1:
        return "twice"
    words = WORD.findall(found[0])
    names = [name.lower() for name, how, text in words if how in "Bb"]
    if len(set(names)) < len(names):
        return "joined"
    if not good_octets(found[0]):
        return "octets"
    return None if good_words(found[0]) else "words"


def compare(mails):
    """Reasons and their number, and the messages that have none."""
    reasons, wrong = collections.Counter(), []
    for mail, two in zip(mails, theirs(mails)):
        one = ours(mail)
        if not same(one, two):
            why = why_text(mail, one, two)
        elif one.subject != two.subject:
            why = why_subject(mail)
        else:
            why = "none"
        reasons[why] += 1
        if why is None:
            wrong.append((mail, one, two))
    return reasons, wrong


def tell(reasons):
    same_ones = reasons.pop("none", 0)
    tap.note("%d the same; %s" % (same_ones, ", ".join(
        "%s %d" % pair for pair in reasons.most_common()) or "no other"))
    return same_ones


@tap.test("messages that are made up, seed %d" % SEED)
def made_up():
    writer = Writer(SEED)
    reasons, wrong = compare([writer.message() for _ in range(NUMBER)])
    tap.is_(wrong[:3], [], "no text and no subject differs without a reason")
    tap.is_(tell(reasons), NUMBER, "in fact none differs")


def corpus():
    mails = []
    for name in sorted(glob.glob(os.path.join(HERE, "mail", "*.eml"))):
        with open(name, "rb") as file:
            mails.append(file.read())
    return mails


@tap.test("the messages of tests/mail")
def real():
    mails = corpus()
    reasons, wrong = compare(mails)
    tap.is_(wrong[:3], [], "no text and no subject differs without a reason")
    tap.ok(tell(reasons) >= len(mails) * 3 // 4, "few differ", reasons)


@tap.test("messages with octets changed, seed %d" % SEED)
def changed():
    writer, mails = Writer(SEED), corpus()
    reasons, wrong = compare([
        writer.changed(writer.r.choice([writer.message(),
                                        writer.r.choice(mails)]))
        for _ in range(NUMBER)])
    tap.is_(wrong[:3], [], "no text and no subject differs without a reason")
    tap.ok(tell(reasons) > NUMBER * 3 // 5, "most are the same", reasons)


try:
    compile_with(GMIME, "gmime-3.0", os.path.join(HERE, "gmime_dump.c"),
                 THEIRS)
except tap.Skip as missing:
    tap.skip_all(missing)
tap.run()
