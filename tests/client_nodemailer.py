"""nodemailer, with contrib/clients/nodemailer.js."""

import json
import os

import tap
from client_lib import (BY_TOKEN, DOMAIN, LONG, NUMBER, OTHER, PASSWORD,
                        TOKEN, UMLAUTS, USER, each)
from foreign import need, need_file
from tls_lib import TlsService

HERE = os.path.dirname(os.path.abspath(__file__))
MODULE = "/usr/share/nodejs/nodemailer"


def node(service, *words, input=""):
    need("node")
    path = os.path.dirname(need_file(MODULE)) + ":" + os.environ.get("NODE_PATH", "")
    return service.run("node", *words, input=input, env={"NODE_PATH": path})


def nodemailer(service, *mails, method="PLAIN", user=USER, secret=PASSWORD):
    """Send the mails; what became of each."""
    full = [{"from": "monitor@example.org",
             "to": "%s@%s" % (NUMBER, DOMAIN), **mail} for mail in mails]
    return json.loads(node(
        service, os.path.join(HERE, "client_nodemailer.js"),
        str(service.port), method, user, secret, input=json.dumps(full)))


@tap.test("contrib/clients/nodemailer.js")
@each()
def snippet(service):
    said = node(service, service.write_snippet("nodemailer.js"))
    tap.like(said, r"^250 2\.0\.0 Message accepted, queued as ",
             "it prints the reply")
    service.is_sent("it sends what it says", UMLAUTS)


@tap.test("the same, once there is a certificate for another name")
def with_certificate():
    with TlsService() as service:
        said = node(service, service.write_snippet("nodemailer.js"))
        tap.like(said, r"^250 2\.0\.0 Message accepted, queued as ",
                 "it prints the reply")
        service.is_sent("it sends what it says", UMLAUTS)


@tap.test("every mechanism of AUTH")
@each()
def mechanisms(service):
    for name in "PLAIN", "LOGIN":
        nodemailer(service, {"text": name}, method=name)
        service.is_sent(name, name)
    nodemailer(service, {"text": "bearer"}, method="XOAUTH2", secret=TOKEN)
    service.is_sent("XOAUTH2", "bearer", user=BY_TOKEN)


@tap.test("shapes of mail, all over one connection")
@each()
def shapes(service):
    both = ", ".join("%s@%s" % (n, DOMAIN) for n in (NUMBER, OTHER))
    mails = [
        ({"text": LONG}, LONG),
        ({"text": LONG, "textEncoding": "base64"}, LONG),
        ({"text": LONG, "textEncoding": "quoted-printable"}, LONG),
        ({"text": ".\n..\nend"}, ".\n..\nend"),
        ({"html": "<p>Größe<br>95&nbsp;%</p>"}, "Größe\n95 %"),
        ({"text": "plain", "html": "<b>HTML</b>"}, "plain"),
        ({"text": "with a file", "attachments": [
            {"filename": "a.bin", "content": "\1\2\3"}]}, "with a file"),
        ({"text": "emoji: 👍"}, "emoji: 👍"),
    ]
    results = nodemailer(service, *[mail for mail, _ in mails])
    tap.is_([r for r in results if not r.get("reply", "").startswith("250")],
            [], "all are accepted")
    tap.is_([text for _, _, text in service.sent()],
            [text for _, text in mails], "each has its text")
    tap.is_(service.log().count("event=connect"), 1, "one session")
    nodemailer(service, {"text": "to two", "to": both})
    service.is_sent("two recipients", "to two", [NUMBER, OTHER])


@tap.test("refusals")
@each(["auth-check yes"])
def refusals(service):
    result, = nodemailer(service, {"text": "x"}, secret="wrong")
    tap.is_(result.get("code"), 535, "a wrong password: 535")
    service.gateway.queue(500, 400)
    results = nodemailer(service, *[{"text": "x"}] * 3)
    tap.is_([r.get("code") for r in results], [550, 450, None],
            "550, 450, and then it is taken", results)
    result, = nodemailer(service, {"text": "one is wrong", "to": [
        "%s@%s" % (n, DOMAIN) for n in ("nobody", NUMBER)]})
    tap.is_(result.get("rejected"), ["nobody@" + DOMAIN],
            "a wrong number alone is rejected")


tap.run()
