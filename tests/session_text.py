"""From mail to SMS, end to end: each keyword that changes the text, and
each thing that people complain about (CLIENTS).  The details are the unit
tests' of mime.c, html.c, charset.c and text.c."""

import base64
import quopri
import time

import tap
from gateway import Gateway
from smtp import NUMBER, PROGRAM, Session, own_credentials

gw = Gateway()
OWN = own_credentials()
TYPE = "Content-Type: text/plain; charset=utf-8\n"


def is_static():
    """The program is linked with musl (make static): it has no interpreter,
    and its iconv(3) knows fewer charsets."""
    with open(PROGRAM, "rb") as file:
        return b"/ld-linux" not in file.read(4096)


def sms(mail, *lines):
    """The text that a mail becomes, or the reply that refuses it."""
    gw.reset()
    with Session(OWN + list(lines), gw) as s:
        s.ehlo()
        s.envelope()
        reply = s.data(mail)
    if reply.code != 250:
        return reply.code
    return gw.messages[0]["textMessage"]["text"]


@tap.test("subject")
def subject():
    both, only, none = "Subject: Alarm\n\nfire\n", "Subject: Alarm\n\n", \
        "X: y\n\nfire\n"
    rows = {"ignore": ["fire", 550, "fire"],
            "prefix": ["Alarm\nfire", "Alarm", "fire"],
            "fallback": ["fire", "Alarm", "fire"],
            "only": ["Alarm", "Alarm", None],
            "auto": ["Alarm\nfire", "Alarm", "fire"]}
    for rule, wants in rows.items():
        for mail, want in zip((both, only, none), wants):
            got = sms(mail, "subject " + rule)
            if want is None:
                tap.ok(got in (550, "fire"), "%s, %r" % (rule, mail), got)
            elif rule == "prefix" and mail is both:
                tap.ok(got in ("Alarm\nfire", "Alarm: fire"),
                       "%s, %r" % (rule, mail), got)
            else:
                tap.is_(got, want, "%s, %r" % (rule, mail))
    tap.is_(sms(both), "fire", "by default it is ignored")
    tap.is_(sms("Subject: =?utf-8?B?%s?=\n\n" % base64.b64encode(
        "\u00dcberlauf".encode()).decode(), "subject only"),
        "\u00dcberlauf", "encoded words")


@tap.test("signature")
def signature():
    mail = "X: y\n\nhello\n-- \nJane Doe\n"
    tap.is_(sms(mail), "hello", "goes by default")
    tap.is_(sms(mail, "signature strip"), "hello", "strip")
    tap.like(sms(mail, "signature keep"), r"^hello\n-- ?\nJane Doe$",
             "keep")


@tap.test("alphabet")
def alphabet():
    mail = TYPE + "\n\u201cquoted\u201d \u2013 it\u2019s\u2026\n"
    tap.is_(sms(mail), "\"quoted\" - it's...",
            "auto: typographic signs go where that makes it GSM-7")
    tap.is_(sms(mail, "alphabet keep"),
            "\u201cquoted\u201d \u2013 it\u2019s\u2026", "keep")
    mixed = TYPE + "\n\u201c\u4f60\u201d\n"
    tap.is_(sms(mixed), "\u201c\u4f60\u201d",
            "auto: where it does not they stay")
    got = sms(TYPE + "\n\u0142\u00f3d\u017a \u201cx\u201d\n", "alphabet gsm")
    tap.ok(isinstance(got, str) and got.isascii() and got.endswith('"x"'),
           "gsm: all is transliterated", got)


@tap.test("alphabet ascii, subject auto")
def ascii_and_auto():
    tap.is_(sms(TYPE + "\nGr\u00f6\u00dfe 5 \u20ac\n", "alphabet ascii"),
            "Grosse 5 EUR", "ascii")
    tap.is_(sms("Subject: Fire\n\nfire in zone 3\n", "subject auto"),
            "fire in zone 3", "auto: the text says it")


@tap.test("template")
def template():
    mail = "From: Disk watch <d@x.test>\nSubject: Alarm\n\nfire\n-- \ny\n"
    tap.is_(sms(mail, 'template "${from}: ${subject} ${text}"'),
            "d@x.test: Alarm fire", "values of the mail")
    tap.is_(sms(mail, 'template "${name} on ${host}: ${text}"'),
            "Disk watch on client.test: fire", "name and host")
    tap.is_(sms("X: y\n\nfire\n", 'template "${name}: ${text}"'),
            "root@client.test: fire", "else the sender of the envelope")
    tap.like(sms(mail, 'template "${time} ${text}"'), r"^\d\d:\d\d fire$",
             "the time of arrival")
    tap.is_(sms(time.strftime("Date: Sat, 01 Jan %Y 07:08:09 +0100\n") + mail,
                'template "${time} ${text}"'), "07:08 fire",
            "the time of the mail")
    tap.is_(sms("Subject: x\n\n", 'template "${from}: ${text}"'), 550,
            "no text is refused")


@tap.test("max-parts and overlong")
def parts():
    mail = "X: y\n\n" + "\n".join(["x" * 70] * 100)
    got = sms(mail)
    tap.ok(len(got) <= 1530 and got.endswith("..."), "ten by default",
           len(got))
    got = sms(mail, "max-parts 1")
    tap.ok(len(got) <= 160 and got.endswith("..."), "one", got)
    tap.is_(sms(mail, "max-parts 0"), "\n".join(["x" * 70] * 100),
            "no limit")
    tap.is_(sms(mail, "overlong reject"), 552, "overlong reject")
    tap.is_(sms("X: y\n\n" + "x" * 160, "max-parts 1"), "x" * 160,
            "160 are one")


REPORT = ("From: Mail Delivery System <MAILER-DAEMON@relay.test>\n"
          "Content-Type: multipart/report; boundary=b; report-type="
          "delivery-status\n\n--b\n\nnot delivered\n--b--\n")


def from_sender(sender, mail, *lines):
    """The code that a mail with this envelope sender is answered with."""
    gw.reset()
    with Session(OWN + list(lines), gw) as s:
        s.ehlo()
        s.envelope(sender=sender)
        reply = s.data(mail)
    tap.is_(len(gw.messages), int(reply.code == 250),
            "sent or not, as the reply says", reply)
    return str(reply)[:9] if reply.code != 250 else 250


@tap.test("bounces and automatic replies")
def bounces():
    refused = "550 5.7.1"
    for title, sender, mail, want in (
            ("a report", "", REPORT, refused),
            ("a report with a sender", "relay@host.test", REPORT, refused),
            ("a report in a mail", "", REPORT.replace(
                "Content-Type", "Content-Type: message/rfc822\n\nContent-Type",
                1).replace("MAILER-DAEMON", "root"), 250),
            ("away", "joe@host.test",
             "Auto-Submitted: auto-replied (vacation)\n\naway\n", refused),
            ("an alarm", "", "Auto-Submitted: auto-generated\n\nfire\n", 250),
            ("postmaster and no sender", "",
             "From: Postmaster@host.test\n\nfull\n", refused),
            ("postmaster with a sender", "postmaster@host.test",
             "From: postmaster@host.test\n\nfull\n", 250),
            ("a device without a sender", "",
             "From: cam3@host.test\n\nmotion\n", 250)):
        tap.is_(from_sender(sender, mail), want, title)
        tap.is_(from_sender(sender, mail, "bounces accept"), 250,
                title + ", accept")


@tap.test("blank lines and blanks")
def blanks():
    tap.is_(sms("X: y\n\n\n\n a  \n\n\n\nb\t\n \n\n"), " a\n\nb",
            "outer lines go, several are one, trailing blanks go")


HTML = ("<html><head><style>p {color: red}</style><title>t</title></head>"
        "<body><p>Disk &amp; CPU</p><script>x()</script><p>on "
        "<b>web1</b></p></body></html>")


@tap.test("what people complain about")
def complaints():
    text = "The server web1 is down. \u00c4 \u20ac"
    encoded = base64.encodebytes(text.encode()).decode()
    tap.is_(sms(TYPE + "Content-Transfer-Encoding: base64\n\n" + encoded),
            text, "base64 is not sent as base64")
    quoted = quopri.encodestring(text.encode()).decode()
    tap.is_(sms(TYPE + "Content-Transfer-Encoding: quoted-printable\n\n"
                + quoted), text, "nor quoted-printable")
    html = sms("Content-Type: text/html; charset=utf-8\n\n" + HTML)
    tap.ok(isinstance(html, str) and html.split() ==
           ["Disk", "&", "CPU", "on", "web1"], "HTML is text", html)
    mixed = ("MIME-Version: 1.0\nContent-Type: multipart/alternative; "
             "boundary=b\n\n--b\n%s\n%s\n--b\nContent-Type: text/html; "
             "charset=utf-8\n\n%s\n--b--\n" % (TYPE, text, HTML))
    tap.is_(sms(mixed), text, "the plain part")
    tap.is_(sms(mixed.replace(text, " ")).split(),
            ["Disk", "&", "CPU", "on", "web1"],
            "the other, where that is empty")
    latin = "Stra\u00dfe \u20ac".encode("windows-1252")
    tap.is_(sms(b"Content-Type: text/plain; charset=windows-1252\n\n"
                + latin), "Stra\u00dfe \u20ac", "windows-1252")
    tap.is_(sms(b"X: y\n\n" + latin), "Stra\u00dfe \u20ac",
            "without a charset")
    tap.is_(sms("X: y\n\nL\u00fcfter".encode()), "L\u00fcfter",
            "raw UTF-8 without a Content-Type")
    koi8 = "\u041f\u0440\u0438\u0432\u0435\u0442"
    tap.is_(sms(b"Content-Type: text/plain; charset=koi8-r\n\n"
                + koi8.encode("koi8-r")), koi8,
            "a charset of iconv, inside the sandbox")
    got = sms(b"Content-Type: text/plain; charset=iso-2022-kr\n\n"
              b"\x1b$)C\x0e0!\x0f")
    if is_static():
        tap.skip("not in this iconv(3)", "one whose module needs a library")
    else:
        tap.is_(got, "\uac00", "one whose module needs a library")


@tap.test("what was meant as text, and what was not")
def headerless():
    tap.is_(sms("Temp: 45 C in rack 3\n"), "Temp: 45 C in rack 3",
            "a word and a colon")
    tap.is_(sms("X-SMS-TTL 60\nSubject: x\n\nfire\n"), 550,
            "an option without its colon is refused")


@tap.test("the other faults of the bridge that is there already")
def bridge():
    gw.reset()
    second = "+4915112345679"
    with Session([], gw) as s:
        s.login()
        tap.is_(s.send_message("one", [NUMBER, second]).code, 250,
                "several recipients")
        tap.is_(s.send_message("two").code, 250, "a second mail")
        gw.queue("401", "400:{}", "500")
        codes = [s.send_message("mail %d" % i).code for i in range(3)]
        tap.is_(codes, [535, 450, 550], "failures as documented, no 554")
    tap.is_([m["phoneNumbers"] for m in gw.messages],
            [[NUMBER, second], [NUMBER]], "all of them, with their +")
    tap.is_([m["user"] for m in gw.messages], ["alice"] * 2,
            "the credentials are kept")


tap.run()
