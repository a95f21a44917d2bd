"""No message makes smtp2sms -x take more than 4 MiB or more than linear time.

Memory is the peak resident set (as time(1) has it) of the whole process,
libc and its pages included, so it is more than what the mail costs.  That
time is linear is shown by a message and one eight times as long: were it
quadratic, it would take 64 times as long, and more than 24 times fails.  It
is the processor time, the least of several runs, without that of an empty
mail; a busy machine does not triple it.
The messages are those of a mean mind: each has one thing very often.
"""

import re
import resource
import subprocess
import tempfile

import tap
from foreign import need_file
from smtp import PROGRAM

COMMAND = [PROGRAM, "-x", "-f", "/dev/null"]
TIME = "/usr/bin/time"
PEAK = 4 * 1024         # KiB
LONGER = 8              # times as long is the second message
RATIO = 24              # of the times of the two that is too much
RUNS = 3                # ... each the least of so many
MORE_RUNS = 7           # ... or of so many, where that is too much
NOISE = 0.004           # seconds by which a short time may be wrong
MEGA = 1000 * 1000
TEXT = "The door is open"
END = b"\n" + TEXT.encode() + b"\n"


def repeat(octets, size):
    """The octets again and again, so many octets in all."""
    return octets * (size // len(octets))


def header(octets):
    """A field of so many octets in a small message."""
    return lambda n: b"X-Long: " + repeat(octets, n) + b"\nX-End: 1\n" + END


def subject(octets, end=b""):
    return lambda n: b"Subject: " + repeat(octets, n) + end + b"\n" + END


def body(octets, fields=b"", begin=b"", end=b"\n"):
    """A body of so many octets."""
    return lambda n: fields + b"\n" + begin + repeat(octets, n) + end


def html(octets, begin=b"", end=END):
    return body(octets, b"Content-Type: text/html\n", begin, end)


def coded(how, octets, charset=b"utf-8"):
    return body(octets, b"Content-Type: text/plain; charset=" + charset +
                b"\nContent-Transfer-Encoding: " + how + b"\n")


def flat(part, last=END):
    """A multipart of so many parts, and one with the text."""
    def make(count):
        mail = b"Content-Type: multipart/mixed; boundary=b\n\n"
        return mail + (b"--b\n" + part) * count + b"--b\n" + last + b"--b--\n"
    return make


def nested(subtype):
    """Multiparts in each other, so deep; there is text in the innermost, and
    after it in the outermost."""
    def make(depth):
        out = []
        for i in range(depth):
            out.append(b"Content-Type: multipart/%s; boundary=%dx\n\n--%dx\n"
                       % (subtype, i, i))
        out.append(END)
        out += [b"--%dx--\n" % i for i in reversed(range(1, depth))]
        return b"".join(out) + b"--0x\n" + END + b"--0x--\n"
    return make


def messages(depth):
    """Messages in each other, so deep."""
    return b"Content-Type: message/rfc822\n\n" * depth + END


PNG = b"Content-Type: image/png\n\nx\n"

# title, what makes the message, its n, and what the answer must have
CASES = [
    ("100,000 parts that are no text", flat(PNG), 100000, TEXT),
    ("100,000 parts of text", flat(b"\nx\n"), 100000, "truncated: yes"),
    ("100,000 parts without a header", flat(b""), 100000, TEXT),
    ("a part of 100,000 empty fields", body(
        b"Content-Type:\n", b"Content-Type: multipart/mixed; boundary=b\n",
        b"--b\n", END + b"--b--\n"), 14 * 100000, TEXT),
    ("multiparts 10,000 deep", nested(b"mixed"), 10000, TEXT),
    ("alternatives 10,000 deep", nested(b"alternative"), 10000, TEXT),
    ("messages 10,000 deep", messages, 10000, None),
    ("a header of 10 MB", header(b"x"), 10 * MEGA, TEXT),
    ("a header of 10 MB in folded lines", header(b"x y z\n "), 10 * MEGA,
     TEXT),
    ("10 MB of small fields", lambda n: repeat(b"A: b\n", n) + END,
     10 * MEGA, TEXT),
    ("10 MB of subjects", lambda n: repeat(b"Subject: b\n", n) + END,
     10 * MEGA, TEXT),
    ("a name of 10 MB", lambda n: b"x" * n + b": y\n" + END, 10 * MEGA,
     "truncated: yes"),
    ("a subject of 10 MB", subject(b"x"), 10 * MEGA, TEXT),
    ("10 MB of encoded words", subject(b"=?utf-8?q?a?= "), 10 * MEGA, TEXT),
    ("an encoded word of 10 MB", subject(b"a", b"?="), 10 * MEGA, TEXT),
    ("10 MB of comments in a type", lambda n: b"Content-Type: text/plain " +
     repeat(b"(", n) + b"\n" + END, 10 * MEGA, TEXT),
    ("10 MB of parameters", lambda n: b"Content-Type: text/plain" +
     repeat(b"; a*0=b", n) + b"\n" + END, 10 * MEGA, TEXT),
    ("a line of 10 MB", body(b"x"), 10 * MEGA, "truncated: yes"),
    ("10 MB of blanks, and text", body(b" ", end=END), 10 * MEGA, TEXT),
    ("10 MB of empty lines, and text", body(b"\n", end=END), 10 * MEGA, TEXT),
    ("10 MB of octets that are not UTF-8", body(b"\xc3"), 10 * MEGA,
     "truncated: yes"),
    ("10 MB of what begins like a delimiter", body(
        b"--bb\n", b"Content-Type: multipart/mixed; boundary=b\n",
        end=b"--b\n" + END), 10 * MEGA, TEXT),
    ("a line of 10 MB in base64", coded(b"base64", b"eHh4"), 10 * MEGA,
     "truncated: yes"),
    ("10 MB that are not base64", coded(b"base64", b"-"), 10 * MEGA, None),
    ("a line of 10 MB in quoted-printable", coded(
        b"quoted-printable", b"=C3=A4"), 10 * MEGA, "truncated: yes"),
    ("10 MB of soft line breaks", coded(b"quoted-printable", b"=\n"),
     10 * MEGA, None),
    ("10 MB of equals signs", coded(b"quoted-printable", b"="), 10 * MEGA,
     None),
    ("10 MB of blanks in quoted-printable", coded(
        b"quoted-printable", b" "), 10 * MEGA, None),
    ("10 MB of shifts in ISO-2022-JP", coded(
        b"8bit", b"\x1b$B\x1b(B", b"iso-2022-jp"), 10 * MEGA, None),
    ("10 MB of shifts in UTF-7", coded(b"7bit", b"+-", b"utf-7"), 10 * MEGA,
     None),
    ("10 MB of Big5 that is none", coded(b"8bit", b"\xff", b"big5"),
     10 * MEGA, None),
    ("10 MB of quotes in flowed text", body(
        b">", b"Content-Type: text/plain; format=flowed\n"), 10 * MEGA, None),
    ("10 MB of flowed lines", body(
        b"x \n", b"Content-Type: text/plain; format=flowed\n"), 10 * MEGA,
     "truncated: yes"),
    ("10 MB of beginnings of uuencode", body(b"begin 644 x\n"), 10 * MEGA,
     None),
    ("a uuencode block of 10 MB", body(
        b"#>'AX\n", begin=b"text\nbegin 644 x\n"), 10 * MEGA, None),
    ("HTML: elements 2 million deep", html(b"<div>"), 10 * MEGA, TEXT),
    ("HTML: lists in lists", html(b"<ul><li>"), 10 * MEGA, TEXT),
    ("HTML: tables in tables", html(b"<table><tr><td>"), 10 * MEGA, TEXT),
    ("HTML: open elements and others closed", html(
        b"</p></b>", b"<b>" * 1000), 10 * MEGA, TEXT),
    ("HTML: 10 MB of what is no tag", html(b"<", end=b"\n"), 10 * MEGA, None),
    ("HTML: a tag of 10 MB", html(b"a=b ", b"<p ", b">" + END), 10 * MEGA,
     TEXT),
    ("HTML: a value of 10 MB", html(b"x", b'<a href="', b'">' + END),
     10 * MEGA, TEXT),
    ("HTML: a comment of 10 MB", html(b"-", b"<!-- ", b" -->" + END),
     10 * MEGA, TEXT),
    ("HTML: a style of 10 MB", html(b"</styl", b"<style>", b"</style>" + END),
     10 * MEGA, TEXT),
    ("HTML: 10 MB of ampersands", html(b"&", end=b"\n"), 10 * MEGA, None),
    ("HTML: a reference of 10 MB", html(b"9", b"&#"), 10 * MEGA, TEXT),
    ("HTML: 10 MB of links", html(b"<a href=x>", end=END), 10 * MEGA, TEXT),
    ("10 MB of tags that name no charset", html(b"<meta a", end=b">" + END),
     10 * MEGA, TEXT),
    ("parts of comments that may be HTML", flat(
        b"\n" + b"<!-- \n" * 100), 16000, None),
    ("parts of tags that may name a charset", flat(
        b"Content-Type: text/html\n\n" + b"<meta\n" * 100), 16000, None),
    ("parts of equals signs", flat(
        b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=" * 600 +
        b"\n"), 16000, None),
    ("parts of words in base64", flat(
        b"Content-Transfer-Encoding: base64\n\n" + b"word\n" * 100), 16000,
     None),
    ("10 MB of lines of uuencode", body(
        b"#:&D*\n", b"Content-Transfer-Encoding: x-uuencode\n",
        b"begin 644 x\n"), 10 * MEGA, "truncated: yes"),
    ("10 MB of beginnings of uuencode, as an encoding", coded(
        b"x-uuencode", b"begin 644 x\n"), 10 * MEGA, None),
    ("10 MB of shifts in HZ", coded(b"7bit", b"~{~}", b"hz-gb-2312"),
     10 * MEGA, None),
    ("10 MB of what may be UTF-8", coded(b"8bit", b"\xc9\xbb", b"latin1"),
     10 * MEGA, None),
    ("an attachment of 50 MB", lambda n: flat(
        b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n" +
        repeat(b"eHh4" * 19 + b"\r\n", n))(1), 50 * MEGA, TEXT),
]


class Mail:
    """A message in a file that is gone when it is closed."""

    def __init__(self, octets):
        self.file = tempfile.TemporaryFile(prefix="smtp2sms-limits.")
        self.file.write(octets)
        self.file.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def run(self, *front):
        """(status, what was printed, what is in errors)."""
        self.file.seek(0)
        done = subprocess.run([*front, *COMMAND], stdin=self.file,
                              capture_output=True, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def peak(self):
        """(status, what was printed, peak in KiB)."""
        status, out, said = self.run(need_file(TIME), "-f", "peak %M")
        found = re.search(r"(?m)^peak (\d+)$", said)
        assert found, said
        return status, out, int(found.group(1))

    def seconds(self, runs):
        """The processor time of the fastest run."""
        times = []
        for _ in range(runs):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.run()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime -
                         before.ru_utime - before.ru_stime)
        return min(times)


def ratio(once, longer, empty):
    """How much more time the longer mail takes."""
    for runs in RUNS, MORE_RUNS:
        one = once.seconds(runs) - empty
        two = longer.seconds(runs) - empty
        if two < RATIO * (one + NOISE):
            break
    return two / max(one, NOISE), two


def check(title, make, n, want, empty):
    """One message, and the one that is LONGER times as long."""
    with Mail(make(2 * n // LONGER)) as once, Mail(make(2 * n)) as longer:
        status, out, peak = once.peak()
        tap.ok(status in (0, 65), title + ": it is answered", status, out)
        if want:
            tap.ok(want in out, title + ": " + want, out[:500])
        peak = max(peak, longer.peak()[2])
        tap.ok(peak < PEAK, title + ": the peak is under 4 MiB", peak)
        factor, seconds = ratio(once, longer, empty)
        tap.ok(factor < RATIO or seconds < 2 * NOISE,
               title + ": the time is linear", factor, seconds)
        tap.note("%d KiB; 8 times as long takes %.2f times as long, %.3f s"
                 % (peak, factor, seconds))


@tap.test("an empty mail, to compare with")
def nothing():
    with Mail(b"\n") as mail:
        status, out, peak = mail.peak()
        tap.is_(status, 65, "has no text")
        tap.ok(peak < PEAK, "its peak is under 4 MiB", peak, out)
        tap.note("%d KiB" % peak)


@tap.test("what there is too much of")
def limits():
    with Mail(b"\n") as mail:
        empty = mail.seconds(MORE_RUNS)
    for case in CASES:
        check(*case, empty)


tap.run()
