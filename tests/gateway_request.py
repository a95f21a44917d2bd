"""What the gateway gets: the descriptor's request, by SMSGate's own rules."""

import re
import time
from email.utils import formatdate

import tap
from gateway import Gateway
from smtp import NUMBER, Session, b64, own_credentials, own_token

gw = Gateway(users={"alice": "wonderland", "bob": "builder"},
             tokens=["t0ken"])
OWN = own_credentials()
UUID = (r"^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-"
        r"[0-9a-f]{12}$")
SECOND = "+4915112345679"


def posted(lines, text="hello", numbers=(NUMBER,),
           headers="Message-ID: <1@client.test>\r\n", login=None):
    """The one request that a mail makes."""
    gw.reset()
    with Session(lines, gw) as s:
        s.ehlo()
        if login:
            s.auth_plain(*login)
        reply = s.send_message(text, numbers, headers)
        assert reply.code == 250, repr(reply)
    posts = gw.posts()
    assert len(posts) == 1, posts
    assert posts[0].complete
    return posts[0]


@tap.test("the JSON")
def body():
    message = posted(OWN).json()
    tap.like(message.pop("id"), UUID, "id is a UUID")
    tap.is_(message, {"phoneNumbers": [NUMBER],
                      "textMessage": {"text": "hello"}},
            "nothing that was not set")
    message = posted(OWN + ["set device dev1", "set sim 2",
                            "set report no"]).json()
    message.pop("id")
    tap.is_(message, {"phoneNumbers": [NUMBER], "deviceId": "dev1",
                      "simNumber": 2, "withDeliveryReport": False,
                      "textMessage": {"text": "hello"}},
            "device, sim (a number) and report (a truth value)")
    message = posted(OWN + ["set report yes"]).json()
    tap.is_(message.get("withDeliveryReport"), True, "report yes")
    message = posted(OWN, numbers=[NUMBER, SECOND, "+12025550123"]).json()
    tap.is_(message["phoneNumbers"], [NUMBER, SECOND, "+12025550123"],
            "all recipients in one request")


@tap.test("texts")
def texts():
    for text in ('"quoted" \\ and / {"json": 1}', "a\nb\n\nc",
                 "\u00e4\u00f6\u00fc\u20ac", "\u4f60\u597d \U0001f600",
                 "${text} ${password} %s %n $(id) `id`", "'; DROP TABLE--",
                 "</script>&amp;", "\u007e\u00a1\u00bf"):
        message = posted(
            OWN + ["alphabet keep"], text, headers="Message-ID: <1@c>\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n").json()
        tap.is_(message["textMessage"]["text"], text, repr(text))


@tap.test("the request's head")
def head():
    request = posted(OWN)
    tap.is_((request.method, request.path.split("?")[0], request.version),
            ("POST", "/messages", "HTTP/1.1"), "POST /messages")
    tap.is_(request.header("Authorization"),
            "Basic " + b64("alice:wonderland"), "Basic")
    tap.like(request.header("Content-Type"), r"^application/json(; ?charset"
             "=utf-8)?$", "Content-Type")
    tap.is_(request.header("Host"), "127.0.0.1:%d" % gw.port, "Host")
    tap.is_(request.header("Content-Length"), str(len(request.body)),
            "Content-Length")
    tap.is_(request.header("Expect"), None, "no Expect")
    tap.like(request.header("User-Agent") or "", r"^smtp2sms\b",
             "User-Agent: it says who it is")
    request = posted(own_token("t0ken"))
    tap.is_(request.header("Authorization"), "Bearer t0ken", "Bearer")
    request = posted([], login=("bob", "builder"))
    tap.is_(request.header("Authorization"), "Basic " + b64("bob:builder"),
            "the client's own")


@tap.test("a path in the base URL")
def base():
    with Gateway(base="/3rdparty/v1") as deep:
        with Session(OWN, deep) as s:
            s.ehlo()
            tap.is_(s.send_message().code, 250, "is kept")
        tap.is_(deep.posts()[0].path.split("?")[0], "/3rdparty/v1/messages",
                "POST /3rdparty/v1/messages")


def ident(*args, **named):
    return posted(*args, **named).json()["id"]


def dated(ago):
    """A Date field of so many seconds ago."""
    return "Date: %s\r\n" % formatdate(time.time() - ago)


@tap.test("ids")
def ids():
    date = dated(3600)
    first = ident(OWN)
    tap.is_(ident(OWN), first, "the same mail again: the same id")
    tap.is_(ident(OWN, headers="X-Other: 1\r\nMessage-ID: "
                  "<1@client.test>\r\nReceived: by x\r\n"), first,
            "so it is with another Received")
    tap.is_(ident(OWN, headers="Message-ID: <1@client.test>\r\n" + date),
            first, "the Message-ID counts, not the Date")
    others = {
        "another recipient": ident(OWN, numbers=[SECOND]),
        "one recipient more": ident(OWN, numbers=[NUMBER, SECOND]),
        "another text": ident(OWN, "hallo"),
        "another Message-ID": ident(
            OWN, headers="Message-ID: <2@client.test>\r\n"),
        "another identity": ident([], login=("bob", "builder")),
        "only a Date": ident(OWN, headers=date),
        "another Date": ident(OWN, headers=dated(7200)),
        "neither": ident(OWN, headers="X: y\r\n"),
        "neither, again": ident(OWN, headers="X: y\r\n"),
    }
    for what, other in others.items():
        tap.like(other, UUID, what + ": a UUID")
        tap.ok(other != first, what + ": another id")
    tap.is_(len(set(others.values())), len(others), "all of them differ")
    tap.is_(ident(OWN, headers=date), others["only a Date"],
            "the same Date: the same id")
    old = dated(6 * 86400)
    tap.ok(ident(OWN, headers=old) != ident(OWN, headers=old),
           "a Date that is too old to be believed: another id each time")
    tap.is_(ident([], login=("bob", "builder")), others["another identity"],
            "the same identity: the same id")
    # what is inside one must not look like what is inside another
    tap.ok(ident(OWN, "ab", headers="Message-ID: <c>\r\n")
           != ident(OWN, "a", headers="Message-ID: b<c>\r\n"),
           "the parts do not run into each other")


@tap.test("the same mail twice is sent once")
def twice():
    gw.reset()
    lines = OWN + ["set device d1"]     # its ids are the device's
    for session in (1, 2):
        with Session(lines, gw) as s:
            s.ehlo()
            reply = s.send_message()
            tap.is_(reply.code, 250, "session %d: 250" % session)
    with Session(lines, gw) as s:
        s.ehlo()
        replies = [s.send_message().code for _ in range(2)]
        tap.is_(replies, [250, 250], "and twice in a session")
    tap.is_((len(gw.messages), len(gw.posts())), (1, 4),
            "four requests, one message")


@tap.test("the id is in the reply")
def reply_id():
    gw.reset()
    with Session(OWN, gw) as s:
        s.ehlo()
        reply = s.send_message()
    found = re.search(r"queued as (\S+)", str(reply)).group(1)
    tap.is_(found, gw.messages[0]["id"], "as the gateway has it")
    tap.ok(len(found) <= 36, "36 characters at most")


@tap.test("headers of a mail cannot reach the request")
def injection():
    request = posted(OWN, headers="Message-ID: <a\tb\"\\c@d>\r\n"
                     "Subject: =?utf-8?q?x=0D=0AX-Evil:_1?=\r\n")
    tap.ok(not [n for n, _ in request.headers if "evil" in n.lower()],
           "an encoded CRLF is not a header")


@tap.test("a mail of many recipients and a long text")
def large():
    numbers = ["+49151%08d" % i for i in range(100)]
    text = "x" * 60000
    request = posted(OWN + ["max-parts 0"], "\r\n".join(
        text[i:i + 900] for i in range(0, len(text), 900)), numbers)
    message = request.json()
    tap.is_(len(message["phoneNumbers"]), 100, "a hundred numbers")
    tap.is_(message["textMessage"]["text"].replace("\n", ""), text,
            "sixty thousand characters")


@tap.test("a text that the gateway cannot take")
def too_large():
    gw.reset()
    with Session(OWN + ["max-parts 0"], gw) as s:
        s.ehlo()
        reply = s.send_message("\r\n".join(["x" * 900] * 80))
        tap.ok(reply.starts("554 5.0.0") or reply.starts("552"),
               "more than 65535 octets: 554 or 552", repr(reply))
    tap.is_(gw.posts(), [], "it was not asked")


tap.run()
