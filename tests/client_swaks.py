"""swaks, the tester's client."""

import tap
from client_lib import (DOMAIN, NUMBER, OTHER, PASSWORD, UMLAUTS, USER, each)
from server_lib import need


# A word that begins with "+" is an option for swaks: 00 takes its place.
def swaks(service, *words, to=(NUMBER,), code=0):
    need("swaks")
    return service.run(
        "swaks", "--server", "127.0.0.1:%d" % service.port, "--from",
        "monitor@example.org", "--to", ",".join(
            "%s@%s" % (number.replace("+", "00"), DOMAIN) for number in to),
        *words, code=code)


def login(mechanism):
    return ["--auth", mechanism, "--auth-user", USER, "--auth-password",
            PASSWORD]


@tap.test("PLAIN and LOGIN")
@each()
def mechanisms(service):
    for name in "PLAIN", "LOGIN":
        swaks(service, *login(name), "--body", name)
        service.is_sent(name, name)


@tap.test("what is announced and what is not")
@each()
def announced(service):
    said = swaks(service, "--quit-after", "EHLO")
    for line in ("PIPELINING", r"SIZE \d+", "8BITMIME",
                 "ENHANCEDSTATUSCODES", "AUTH PLAIN LOGIN.*"):
        tap.like(said, r"(?m)^ ?<-  250[- ]%s$" % line, line)
    said = swaks(service, "--quit-after", "MAIL", code=23)
    tap.like(said, r"(?m)^<\*\* 530 5\.7\.0 ", "MAIL without AUTH: 530")
    said = swaks(service, "--auth", "CRAM-MD5", "--auth-user", USER,
                 "--auth-password", PASSWORD, code=28)
    tap.like(said, "No authentication support|not.*support|Auth not "
             "attempted", "CRAM-MD5 is not there")


@tap.test("two recipients, pipelining, dots, umlauts, an attachment")
@each()
def shapes(service):
    swaks(service, *login("PLAIN"), "--body", "to two", to=[NUMBER, OTHER])
    service.is_sent("two recipients", "to two", [NUMBER, OTHER])
    said = swaks(service, *login("PLAIN"), "--pipeline", "--body", "at once")
    tap.like(said, r" -> MAIL .*\n -> RCPT .*\n -> DATA\n<-  250 ",
             "MAIL, RCPT and DATA go out together")
    service.is_sent("pipelining", "at once")
    swaks(service, *login("PLAIN"), "--body", ".\n..\n" + UMLAUTS)
    service.is_sent("dots and umlauts", ".\n..\n" + UMLAUTS)
    file = service.place.write("graph.bin", "\1\2\3" * 100)
    swaks(service, *login("PLAIN"), "--body", UMLAUTS, "--attach",
          "@" + file)
    service.is_sent("with an attachment", UMLAUTS)


@tap.test("the gateway's answers are swaks's errors")
@each()
def answers(service):
    for status, code in ((401, 535), (400, 450), (500, 550)):
        service.gateway.queue(status)
        said = swaks(service, *login("LOGIN"), "--body", "x", code=26)
        tap.like(said, r"(?m)^<\*\* %d " % code, "%d: %d" % (status, code))
    tap.is_(service.sent(), [], "nothing is sent")


tap.run()
