"""The flood guard: rate and `over refuse`."""

import os
import signal
import threading

import tap
from gateway import Gateway
from journal_lib import folder, without_ids
from listener_lib import PATIENCE, Listener
from metrics_lib import family, new_file, read
from smtp import (NUMBER, SECRET_HASH, Session, b64, own_credentials,
                  secret_file, wait_until)

gw = Gateway()
OTHER = "+4915112345679"
LIMITED = "450 4.7.1 Too many messages"
ACCEPTED = r"^250 2\.0\.0 Message accepted"


def lines(*more, journal=None):
    return [*own_credentials(), "journal " + (journal or folder()), *more]


def mail(client, text, numbers=None, ident=None):
    """Send one; the reply as text."""
    headers = "Message-ID: <%s@client.test>\r\n" % (ident or "1")
    return str(client.send_message(text, numbers or (NUMBER,), headers))


def texts():
    return [m["textMessage"]["text"] for m in gw.messages]


@tap.test("a recipient")
def recipient():
    gw.reset()
    with Session(lines("rate recipient 2/h"), gw) as s:
        s.ehlo()
        for n in range(2):
            tap.like(mail(s, "mail %d" % n), ACCEPTED, "mail %d" % n)
        tap.is_(mail(s, "one more"), LIMITED, "the third is refused")
        tap.like(mail(s, "another", [OTHER]), ACCEPTED, "not to another")
        tap.is_(mail(s, "both", [NUMBER, OTHER]), LIMITED,
                "both at once: the reply is that of the worse")
        tap.is_(texts(), ["mail 0", "mail 1", "another", "both"],
                "the other has it")
        tap.like(s.log(), "outcome=limited", "the log says why")


@tap.test("a login, its own line, and all together")
def login():
    gw.reset()
    users = secret_file("bob %s\nboss %s rate=3/h" % (SECRET_HASH,
                                                       SECRET_HASH))
    own = lines("rate login 1/h", "rate total 5/h", "auth users " + users)
    replies = {}
    with Listener(own, gw) as it:
        for turn, name in enumerate(("bob", "boss", "bob")):
            with it.connect() as client:
                client.ehlo()
                client.login(name, "secret")
                replies.setdefault(name, []).extend(
                    mail(client, "%d %d" % (turn, n))[:9] for n in range(4))
                client.bye()
    tap.is_(replies["bob"], ["250 2.0.0"] + ["450 4.7.1"] * 7,
            "bob's line is that of all")
    tap.is_(replies["boss"], ["250 2.0.0"] * 3 + ["450 4.7.1"],
            "boss has one of his own")
    tap.is_(len(gw.messages), 4, "the gateway has as many")


@tap.test("a bearer token, with another name each time")
def token():
    with Gateway(tokens=["t0ken", "other"]) as gateway, Listener(
            ["auth gateway", "journal " + folder(), "rate login 1/h"],
            gateway) as it:
        replies = []
        for name, secret in (("alice", "t0ken"), ("bob", "t0ken"),
                             ("bob", "other")):
            with it.connect() as client:
                client.ehlo()
                client.must("AUTH XOAUTH2 " + b64(
                    "user=%s\1auth=Bearer %s\1\1" % (name, secret)), 235)
                replies.append(mail(client, secret + name)[:3])
                client.bye()
        tap.is_(replies, ["250", "450", "250"], "the token is what counts")


@tap.test("rate total, over many recipients and sessions at once")
def total():
    gw.reset()
    numbers = ["+49151123401%02d" % n for n in range(30)]
    path = new_file()
    own = lines("rate total 50/h", "metrics " + path)
    taken = []

    def client_of(it, n):
        with it.connect() as client:
            client.ehlo()
            taken.append(mail(client, "mail %d" % n, numbers[:10 + n]))
            client.bye()
    with Listener(own, gw) as it:
        threads = [threading.Thread(target=client_of, args=(it, n))
                   for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        figures = wait_until(lambda: read(path).get(
            ("replies_total", "221")) == 6 and read(path), PATIENCE)
        sent = sum(len(m["phoneNumbers"]) for m in gw.messages)
        tap.is_(sent, 50, "exactly as many texts as may be")
        outcomes = {key[1]: value for key, value in
                    family(figures, "recipients_total").items()}
        tap.is_(outcomes, {"accepted": 50, "limited": 75 - 50},
                "the others are limited")


@tap.test("what was not sent does not count")
def not_sent():
    gw.reset()
    gw.queue("503", "401", "422")
    own = lines("rate recipient 1/h", "rate total 1/h")
    with Session(own, gw) as s:
        s.ehlo()
        for status in ("550", "535", "450"):
            tap.is_(mail(s, "mail")[:3], status, "the gateway says no")
        tap.like(mail(s, "at last"), ACCEPTED, "one may be sent all the same")
        tap.is_(mail(s, "too many"), LIMITED, "and no more")


@tap.test("a retry is not counted twice")
def retry():
    gw.reset()
    own = lines("rate recipient 2/h", "gateway " + without_ids())
    gw.queue("close")
    with Session(own, gw) as s:
        s.ehlo()
        tap.is_(mail(s, "one", ident="one.1234")[:3], "451",
                "nobody knows whether it was sent")
        tap.like(mail(s, "one", ident="one.1234"), ACCEPTED,
                 "it is sent again")
        tap.like(mail(s, "one", ident="one.1234"), "Already sent",
                 "it was sent already")
        tap.like(mail(s, "two", ident="two.1234"), ACCEPTED,
                 "a second one may be")
        tap.is_(mail(s, "three", ident="three.1234"), LIMITED,
                "not a third")
        tap.is_(mail(s, "three", ident="three.1234"), LIMITED,
                "nor its retry")


@tap.test("a window ends")
def window():
    gw.reset()
    own = lines("rate recipient 1/1s", "rate total 2/d")
    with Session(own, gw) as s:
        s.ehlo()
        tap.like(mail(s, "one"), ACCEPTED, "one")
        tap.ok(wait_until(lambda: mail(s, "two")[:3] == "250"),
               "another, when a second is over")
        tap.ok(not wait_until(lambda: mail(s, "three")[:3] == "250", 1.5),
               "the longer window still holds")


@tap.test("urgent ones pass")
def urgent():
    gw.reset()
    own = lines("rate recipient 1/h")
    with Session(own, gw) as s:
        s.ehlo()
        tap.like(mail(s, "one"), ACCEPTED, "one")
        for parameter, header, want in (
                ("MT-PRIORITY=5", "", "450"), ("MT-PRIORITY=6", "", "250"),
                ("", "X-SMS-Priority: 99\r\n", "450"),
                ("", "X-SMS-Priority: 100\r\n", "250")):
            s.must("MAIL FROM:<a@client.test> " + parameter, 250)
            s.rcpt()
            s.must("DATA", 354)
            tap.is_(str(s.cmd(header + "Subject: x\r\n\r\nhi\r\n."))[:3], want,
                    parameter + header.strip())


@tap.test("processes that are killed, and a listener that starts again")
def killed():
    gw.reset()
    own = lines("rate recipient 3/h")
    for n in range(3):
        with Listener(own, gw) as it, it.connect() as client:
            client.ehlo()
            tap.like(mail(client, "mail %d" % n), ACCEPTED, "mail %d" % n)
            for pid in it.deliver():
                os.kill(pid, signal.SIGKILL)
    with Session(own, gw) as s:
        s.ehlo()
        tap.is_(mail(s, "one more"), LIMITED, "what was counted stays")


@tap.test("a journal that cannot be used")
def broken():
    if os.geteuid() == 0:
        place = "/proc/self/fdinfo"
    else:
        place = "/"
    gw.reset()
    for required, want in (("yes", "451"), ("no", "250")):
        with Session([*own_credentials(), "journal " + place,
                      "rate recipient 3/h", "journal-required " + required],
                     gw) as s:
            s.ehlo()
            got = s.cmd("MAIL FROM:<a@client.test>")
            if got.code == 250:
                s.rcpt()
                s.must("DATA", 354)
                got = s.cmd("Subject: x\r\n\r\nhi\r\n.")
            tap.is_(str(got)[:3], want, "journal-required " + required,
                    s.log())


tap.run()
