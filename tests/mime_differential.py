"""mime.c against Python's email package and against GMime: on messages that
are made up, each of which must give the same, and on others with octets
changed, where the three repair what is broken each in its own way.

Only the parsers differ: which parts are the text, as smtp2sms(8) says it, is
written down once more below, over the whole tree (choose).  Differences that
have a reason are counted, see REASONS; the others fail.

usage: mime_differential.py [number of messages [seed]]
"""

import codecs
import ctypes
import email
import email.header
import os
import random
import re
import subprocess
import sys

import tap
from foreign import GMIME, use_libraries

HERE = os.path.dirname(os.path.abspath(__file__))
DUMP = os.environ.get("MIME_DUMP") or os.path.join(
    os.path.dirname(HERE), "build", "mime_dump")
ARGUMENTS = [int(arg) for arg in sys.argv[1:]]
NUMBER, SEED = (ARGUMENTS + [1500, 1][len(ARGUMENTS):])[:2]
del sys.argv[1:]

REASONS = {
    "choice": """mime.c reads a message once and forgets what it does not
choose.  Where the later alternative is itself several texts, one of which is
no better than what there is and another is, it keeps only that other one;
the tree keeps the whole alternative.  The same where parts of a
multipart/related, its root or others, are structures themselves.  Real
programs put the plain one, and the root, first.""",
    "broken": """Python's parser reports a defect, or a field that describes
a part is not of its form: mime.c then looks for text where there may be some
(a type with blanks in it, a multipart by another name but with a boundary,
an encoding with something behind it, what is behind half a header, parts whose
multipart names no boundary, fields that nobody knows where no empty line
ends the header), and decodes base64 as far as it goes, but not what a list or
a scanner has added behind it.""",
    "cr": """GMime leaves the CR of the line end before a delimiter in the
part: it shows where the charset is UTF-16.""",
    "words": """Python drops blanks between encoded words and other text;
GMime loses what follows padding where words in base64 are joined.  Blanks
are not compared, and one of the two has to agree.""",
}

# ---- messages ----

ALPHABETS = {
    None: "",
    "us-ascii": "",
    "utf-8": "äöüßéèñçøłğПривет日本語한글😀€",
    "UTF8": "äöüß日本",
    "iso-8859-1": "äöüßéèñç",
    "windows-1252": "äöüß€“”–",
    "iso-8859-2": "łžčšř",
    "koi8-r": "Привет",
    "windows-1251": "Привет",
    "gb2312": "你好服务器",
    "big5": "你好中文",
    "shift_jis": "日本語カナ",
    "iso-2022-jp": "日本語",
    "euc-kr": "한글",
    "utf-16": "äПр日",
    "utf-7": "äП日",
    "x-unknown": "äöüПр",
}
CODECS = {None: "utf-8", "x-unknown": "utf-8", "gb2312": "gb18030",
          "shift_jis": "cp932", "euc-kr": "cp949"}


class Writer:
    """Makes up messages; the same seed makes the same."""

    def __init__(self, seed, rich="text/html", charsets=ALPHABETS):
        self.r = random.Random(seed)
        self.rich = rich        # what is beside text/plain
        self.charsets = list(charsets)
        self.count = 0

    def words(self, alphabet):
        r = self.r
        out = []
        for _ in range(r.randint(1, 12)):
            out.append("".join(r.choice("abcdefghijklmnopqrstuvwxyz0123456789"
                                        + alphabet)
                               for _ in range(r.randint(1, 9))))
        return out

    def text(self, charset):
        r = self.r
        if r.random() < 0.1:
            return r.choice(["", " ", "\r\n \r\n"])
        lines = [" ".join(self.words(ALPHABETS[charset]))
                 for _ in range(r.randint(1, 4))]
        return "\r\n".join(lines) + r.choice(["", "\r\n", "\r\n\r\n"])

    def parameter(self, name, value):
        r = self.r
        kind = r.random()
        if kind < 0.4 or len(value) < 4:
            return '%s="%s"' % (name, value)
        if kind < 0.7 and re.fullmatch("[A-Za-z0-9_.-]+", value):
            return "%s=%s" % (name, value)
        if kind < 0.8:
            return "%s*=us-ascii'en'%s" % (name, "".join(
                c if c.isalnum() else "%%%02X" % ord(c) for c in value))
        if kind < 0.9:
            k = r.randint(1, len(value) - 1)
            return '%s*0="%s"; %s*1="%s"' % (name, value[:k], name, value[k:])
        return '%s="%s"' % (name.upper(), value)

    def field(self, name, value, *parameters):
        r = self.r
        name = r.choice([name, name.lower(), name.upper()])
        out = name + ":" + r.choice([" ", "", "  "]) + value
        for p in parameters:
            out += r.choice(["; ", ";", ";\r\n ", ";\r\n\t"]) + p
        return out + "\r\n"

    def encode(self, octets, charset):
        """A transfer encoding that suits the octets."""
        r = self.r
        plain = charset not in ("utf-16",)
        choices = ["base64", "quoted-printable"]
        if plain:
            choices += ["8bit", None, "binary"]
        if plain and max(octets, default=0) < 128:
            choices += ["7bit"]
        cte = r.choice(choices)
        if cte == "base64":
            octets = codecs.encode(octets, "base64").replace(b"\n", b"\r\n")
        elif cte == "quoted-printable":
            octets = codecs.encode(octets, "quopri").replace(
                b"\r\n", b"\n").replace(b"\n", b"\r\n") if plain else \
                b"=\r\n".join(b"".join(b"=%02X" % c for c in octets[i:i + 20])
                              for i in range(0, len(octets), 20))
        return cte, octets

    def leaf(self):
        r = self.r
        kind = r.choice(["text/plain"] * 5 + [self.rich] * 4 + [
            "image/png", "application/pdf", "text/calendar",
            "text/markdown", None])
        charset = r.choice(self.charsets)
        text = self.text(charset)
        if kind == "text/html":
            text = "".join("<p>%s</p>\r\n" % line
                           for line in text.split("\r\n"))
        octets = text.encode(CODECS.get(charset, charset))
        if charset == "utf-16" and r.random() < 0.5:
            octets = codecs.BOM_UTF16_BE + text.encode("utf-16-be")
        cte, octets = self.encode(octets, charset)
        head, parameters = "", []
        if charset and kind:
            parameters.append(self.parameter("charset", charset))
        if kind and r.random() < 0.08:
            parameters.append(self.parameter("name", "file.txt"))
        if not kind and charset:
            kind = "text/plain"
            parameters = [self.parameter("charset", charset)]
        if kind:
            head += self.field("Content-Type", kind, *parameters)
        if cte:
            head += self.field("Content-Transfer-Encoding", cte)
        if r.random() < 0.15:
            head += self.field("Content-Disposition",
                               r.choice(["attachment", "inline"]),
                               *([self.parameter("filename", "file.txt")]
                                 if r.random() < 0.5 else []))
        return head, octets

    def multipart(self, depth, inside):
        r = self.r
        kind = r.choice(["mixed", "mixed", "alternative", "alternative",
                         "related", "signed", "report", "x-other"])
        self.count += 1
        boundary = r.choice(["b", "b%d", "=_b%d", "b b%d", "----b%d"])
        if "%" in boundary:
            boundary %= self.count
        boundary += "x" * self.count     # one may begin another
        parts = []
        for i in range(r.randint(1, 4)):
            head, body = self.entity(depth + 1, kind)
            cid = ""
            if kind == "related":
                cid = self.field("Content-ID", "<part%d>" % i)
            parts.append((cid + head).encode() + b"\r\n" + body)
        parameters = [self.parameter("boundary", boundary)]
        if kind == "related" and r.random() < 0.3:
            parameters.append(self.parameter("start", "<part%d>" % r.randint(
                0, len(parts) - 1)))
        line = b"--" + boundary.encode()
        body = r.choice([b"", b"preamble\r\n", b"--other\r\n"])
        for part in parts:
            body += line + r.choice([b"", b"", b" ", b"\t"]) + b"\r\n" + part
            body += b"\r\n"
        body += r.choice([line + b"--", line + b"--", line + b"--\r\n",
                          line + b"--\r\nepilogue\r\n"])
        return self.field("Content-Type", "multipart/" + kind,
                          *parameters), body

    def entity(self, depth, inside):
        r = self.r
        p = r.random()
        if depth < 5 and p < (0.8 if depth == 0 else 0.35):
            return self.multipart(depth, inside)
        if 0 < depth < 5 and p > 0.95 and inside not in ("alternative",
                                                         "related"):
            head, body = self.entity(depth + 1, "message")
            return (self.field("Content-Type", "message/rfc822"),
                    b"Subject: inner\r\n" + head.encode() + b"\r\n" + body)
        return self.leaf()

    def subject(self):
        r = self.r
        out = []
        for _ in range(r.randint(0, 4)):
            charset = r.choice([c for c in self.charsets if c not in (
                None, "utf-16", "utf-7", "x-unknown", "UTF8")])
            words = " ".join(self.words(ALPHABETS[charset])[:3])
            if charset == "us-ascii":
                out.append(words)
                continue
            octets = words.encode(CODECS.get(charset, charset))
            if r.random() < 0.5:
                out.append("=?%s?B?%s?=" % (charset, codecs.encode(
                    octets, "base64").decode().replace("\n", "")))
            else:
                out.append("=?%s?Q?%s?=" % (charset, "".join(
                    chr(c) if chr(c).isalnum() and c < 128 else "=%02X" % c
                    for c in octets)))
        return r.choice([" ", "\r\n "]).join(out)

    def message(self):
        self.count = 0
        head, body = self.entity(0, "message")
        out = (self.field("Subject", self.subject()) + head).encode()
        out += b"\r\n" + body
        if self.r.random() < 0.3:
            out = out.replace(b"\r\n", b"\n")
        return out

    def mutate(self, mail):
        """Change a few octets, lines, or boundaries."""
        r = self.r
        mail = bytearray(mail)
        for _ in range(r.randint(1, 4)):
            kind = r.random()
            at = r.randrange(len(mail)) if mail else 0
            if kind < 0.3:
                mail[at:at + 1] = bytes([r.choice(
                    b"=?\"';:()-<>\\ \tabz09")])
            elif kind < 0.5:
                del mail[at:at + r.choice([1, 1, 2, 5, 40])]
            elif kind < 0.7:
                lines = mail.splitlines(True)
                i = r.randrange(len(lines)) if lines else 0
                if lines and r.random() < 0.5:
                    del lines[i]
                elif lines:
                    lines.insert(r.randrange(len(lines)), lines[i])
                mail = bytearray(b"".join(lines))
            elif kind < 0.8:
                del mail[at:]
            else:
                mail[at:at] = r.choice([b"\r\n", b"--", b"=\r\n", b"(", b'"',
                                        b"--b\r\n", b" ", b"\r\n\r\n"])
        # a bare CR never comes in
        return re.sub(b"\r(?!\n)", b"", bytes(mail))


# ---- which parts are the text, over the whole tree ----

# the fields that describe a part, as they are when nothing is wrong
TOKEN = r"[\w.+*'%-]+"
VALUE = r'(?:"[^"\r\n\\]*"|[^\s"();]+)'
FIELDS = re.compile(
    r"(?:content-type: *TOKEN/TOKEN(?:;\s*TOKEN=VALUE)*\n|"
    r"content-transfer-encoding: *(?:7bit|8bit|binary|base64|"
    r"quoted-printable)\n|"
    r"content-disposition: *TOKEN(?:;\s*TOKEN=VALUE)*\n|"
    r"content-id: *<TOKEN>\n)*".replace("TOKEN", TOKEN).replace(
        "VALUE", VALUE), re.I)

RANKS = {"text/plain": 6, "text/markdown": 5, "text/x-markdown": 5,
         "text/html": 4, "text/enriched": 3, "text/richtext": 3}
NAMED = 2       # what may be a file; a message in the message has 1


class Node:
    """A part: kind is multi, message or leaf."""

    def __init__(self, kind, ctype):
        self.kind = kind
        self.type = ctype
        self.charset = self.start = self.cid = self.disposition = ""
        self.named = False
        self.octets = b""
        self.children = []


def decode(octets, charset):
    """To text, as charset.h has it."""
    name = (charset or "").lower()
    name = {"gb2312": "gb18030", "shift_jis": "cp932", "euc-kr": "cp949",
            "iso-8859-1": "cp1252"}.get(name, name)
    try:
        codecs.lookup(name)
    except (LookupError, UnicodeError, ValueError):
        name = "utf-8"
    if name == "us-ascii":
        name = "utf-8"
    try:
        text = octets.decode(name)
    except UnicodeError:
        text = octets.decode("cp1252" if name == "utf-8" else name,
                             "replace")
    return text.replace("\ufeff", "").replace("\0", "")


def readable(node):
    text = decode(node.octets, node.charset)
    if node.type == "text/html":
        text = re.sub("<[^>]*>", " ", text)
    return text


def choose(node, parent):
    """The rank and the texts of a part; rank 0: it has none."""
    if node.kind == "leaf":
        attached = node.disposition == "attachment" and parent != "message"
        named = node.named and parent not in ("alternative", "related",
                                              "message")
        text = readable(node) if node.type in RANKS and not attached else ""
        rank = NAMED if named else RANKS.get(node.type)
        return (rank, [text]) if text.strip() else (0, [])
    if node.kind == "message":
        found = [choose(child, "message") for child in node.children]
        return (1, found[0][1]) if found and found[0][0] else (0, [])
    if node.disposition == "attachment" and parent != "message":
        return 0, []
    sub = node.type.split("/")[1]
    found = [choose(child, sub) for child in node.children]
    if sub == "signed":
        return found[0] if found else (0, [])
    if sub == "alternative":
        return max(found, key=lambda f: f[0], default=(0, []))
    if sub == "related":
        root = [f for f, child in zip(found, node.children)
                if child.cid == node.start] if node.start else found[:1]
        root = [f for f in root if f[0]]
        found = root or found
    else:
        own = [f for f in found if f[0] > NAMED]
        found = own or [f for f in found if f[0] == NAMED] or found
    return (max((f[0] for f in found), default=0),
            [t for f in found for t in f[1]])


def text_of(node):
    """The text of a whole message, as a list of words."""
    rank, texts = choose(node, "message")
    return " ".join(texts).split() if rank else []


# ---- Python's email ----

def bare(value):
    return (value or "").strip("<> \t")


def from_email(part):
    ctype = part.get_content_type()
    if part.is_multipart() or ctype.startswith("multipart/"):
        kind = "message" if ctype.startswith("message/") else "multi"
    else:
        kind = "leaf"
    node = Node(kind, ctype)
    try:
        node.charset = email.utils.collapse_rfc2231_value(
            part.get_param("charset") or "")
    except (LookupError, ValueError):
        pass
    node.start = bare(email.utils.collapse_rfc2231_value(
        part.get_param("start") or ""))
    node.cid = bare(str(part.get("content-id") or ""))
    node.disposition = part.get_content_disposition() or ""
    node.named = bool(part.get_filename())
    if part.is_multipart():
        node.children = [from_email(p) for p in part.get_payload()]
    elif kind == "leaf":
        node.octets = part.get_payload(decode=True) or b""
    return node


def defects(part):
    """1 if the parser had something to repair, or should have had."""
    if part.defects or not FIELDS.fullmatch("".join(
            "%s:%s\n" % (name, value) for name, value in part.items()
            if name.lower() not in ("subject", "mime-version"))):
        return True
    if part.get_param("boundary") and \
            part.get_content_maintype() != "multipart":
        return True
    return part.is_multipart() and any(map(defects, part.get_payload()))


def python(mail):
    """The text, the tree, and whether something was broken."""
    msg = email.message_from_bytes(mail)
    tree = from_email(msg)
    return text_of(tree), tree, defects(msg)


def python_subject(mail):
    subject = ""
    for s, charset in email.header.decode_header(
            email.message_from_bytes(mail)["subject"] or ""):
        subject += s if isinstance(s, str) else decode(s, charset)
    return subject


# ---- GMime ----

class GMime:
    """As much of libgmime-3.0 as is needed."""

    class ByteArray(ctypes.Structure):
        _fields_ = [("data", ctypes.POINTER(ctypes.c_ubyte)),
                    ("len", ctypes.c_uint)]

    def __init__(self):
        use_libraries(GMIME)
        self.lib = ctypes.CDLL("libgmime-3.0.so.0")
        self.lib.g_mime_init()
        self.types = {t: self.call("g_mime_%s_get_type" % t,
                                   restype=ctypes.c_size_t)
                      for t in ("multipart", "message_part", "part")}

    def call(self, name, *args, restype=ctypes.c_void_p):
        f = getattr(self.lib, name)
        f.restype = restype
        return f(*(ctypes.c_void_p(a) if isinstance(a, int) else a
                   for a in args))

    def string(self, name, *args):
        s = self.call(name, *args, restype=ctypes.c_char_p)
        return s.decode("utf-8", "replace") if s else ""

    def is_a(self, obj, name):
        f = self.lib.g_type_check_instance_is_a
        f.restype = ctypes.c_int
        return f(ctypes.c_void_p(obj), ctypes.c_size_t(self.types[name]))

    def octets(self, part):
        content = self.call("g_mime_part_get_content", part)
        if not content:
            return b""
        stream = self.call("g_mime_stream_mem_new")
        self.call("g_mime_data_wrapper_write_to_stream", content, stream)
        array = ctypes.cast(
            self.call("g_mime_stream_mem_get_byte_array", stream),
            ctypes.POINTER(self.ByteArray)).contents
        out = ctypes.string_at(array.data, array.len) if array.len else b""
        self.call("g_object_unref", stream)
        # REASONS["cr"]
        return out[:-1] if out.endswith(b"\r") else out

    def node(self, obj):
        ctype = self.call("g_mime_object_get_content_type", obj)
        name = self.call("g_mime_content_type_get_mime_type", ctype)
        mime = ctypes.string_at(name).decode("utf-8", "replace").lower()
        self.call("g_free", name)
        multi = self.is_a(obj, "multipart")
        message = self.is_a(obj, "message_part")
        node = Node("multi" if multi else "message" if message else "leaf",
                    mime)
        get = "g_mime_object_get_content_type_parameter"
        node.charset = self.string(get, obj, b"charset")
        node.start = bare(self.string(get, obj, b"start"))
        node.cid = bare(self.string("g_mime_object_get_content_id", obj))
        if self.call("g_mime_object_get_content_disposition", obj):
            node.disposition = self.string("g_mime_object_get_disposition",
                                           obj).lower()
        if multi:
            n = self.call("g_mime_multipart_get_count", obj,
                          restype=ctypes.c_int)
            for i in range(n):
                f = self.lib.g_mime_multipart_get_part
                f.restype = ctypes.c_void_p
                node.children.append(self.node(
                    f(ctypes.c_void_p(obj), ctypes.c_int(i))))
        elif message:
            inner = self.call("g_mime_message_part_get_message", obj)
            if inner:
                inner = self.call("g_mime_message_get_mime_part", inner)
            node.children = [self.node(inner)] if inner else []
        elif self.is_a(obj, "part"):
            node.named = bool(self.string("g_mime_part_get_filename", obj))
            node.octets = self.octets(obj)
        return node

    def __call__(self, mail):
        stream = self.lib.g_mime_stream_mem_new_with_buffer
        stream.restype = ctypes.c_void_p
        stream = stream(mail, ctypes.c_size_t(len(mail)))
        parser = self.call("g_mime_parser_new_with_stream", stream)
        message = self.call("g_mime_parser_construct_message", parser, None)
        words, subject = [], ""
        if message:
            part = self.call("g_mime_message_get_mime_part", message)
            words = text_of(self.node(part)) if part else []
            subject = self.string("g_mime_message_get_subject", message)
            self.call("g_object_unref", message)
        self.call("g_object_unref", parser)
        self.call("g_object_unref", stream)
        return words, subject


# ---- ours ----

def ours(mail):
    out = subprocess.run([DUMP], input=mail, capture_output=True,
                         check=True).stdout.decode("utf-8")
    head, text = out.split("\n\n", 1)
    found = re.search("^subject: (.*)$", head, re.M)
    return text.split(), found.group(1) if found else ""


# ---- the comparison ----

def several(node):
    """Whether it may be REASONS["choice"]."""
    if node.type == "multipart/alternative":
        for child in node.children[1:]:
            if child.kind == "multi" and len(leaves(child)) > 1:
                return True
    if node.type == "multipart/related" and any(
            child.kind != "leaf" for child in node.children):
        return True
    return any(map(several, node.children))


def leaves(node):
    if node.kind == "leaf":
        return [node] if node.type in RANKS else []
    return [leaf for child in node.children for leaf in leaves(child)]


def skeleton(words):
    """What is ASCII: the rest depends on where a charset breaks."""
    return re.findall("[A-Za-z0-9]+", " ".join(words))


def squeeze(s):
    return "".join(s.split())


@tap.test("messages that are made up")
def made_up():
    gmime, writer = GMime(), Writer(SEED)
    reasons = 0
    wrong = []
    for _ in range(NUMBER):
        mail = writer.message()
        words, subject = ours(mail)
        by_python = python(mail)
        by_gmime = gmime(mail)
        if words != by_python[0] or words != by_gmime[0]:
            if several(by_python[1]):
                reasons += 1
            else:
                wrong.append(mail)
        elif squeeze(subject) not in (squeeze(python_subject(mail)),
                                      squeeze(by_gmime[1])):
            wrong.append(mail)
    tap.note("%d messages, %d differ by their choice" % (NUMBER, reasons))
    tap.is_(wrong[:3], [], "the same text and subject as both")
    tap.ok(reasons < NUMBER // 50, "few make a difference by their choice",
           reasons)


@tap.test("messages that are broken")
def broken():
    gmime = GMime()
    writer = Writer(SEED, "text/enriched",
                    [None, "us-ascii", "utf-8", "iso-8859-1", "koi8-r"])
    same = either = reasons = 0
    wrong = []
    for _ in range(NUMBER):
        mail = writer.mutate(writer.message())
        words = skeleton(ours(mail)[0])
        try:
            found, tree, defect = python(mail)
        except (LookupError, ValueError, TypeError, AttributeError):
            continue    # it has errors of its own
        found = [skeleton(found), skeleton(gmime(mail)[0])]
        if found[0] == words == found[1]:
            same += 1
        elif words in found:
            either += 1
        elif defect or several(tree) or found[0] != found[1]:
            reasons += 1
        else:
            wrong.append(mail)
    tap.note("%d messages: %d the same, %d the same as one of the two, "
             "%d differ for a reason" % (NUMBER, same, either, reasons))
    tap.is_(wrong[:3], [], "no difference without a reason")
    tap.ok(reasons < NUMBER // 12, "few with one", reasons)


tap.run()
