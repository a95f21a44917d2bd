"""Which mails are the same message, and whose it is.

What a small device says in every mail tells no mail from another; a name that
nobody has checked is nobody's.  tests/gateway_dedupe.py counts the SMS of
mails that are told apart by what is right.
"""

import threading
import time

import tap
from gateway import Gateway
from journal_lib import date, folder, journal
from smtp import SLOW, Session, b64, own_credentials, wait_until

gw = Gateway(tokens=("mallory-token", "alice-token"))
OWN = own_credentials()
DAY = 86400
CONSTANT = "Date: Mon, 01 Jan 2001 00:00:00 +0000\r\n"


def mail(lines, headers="Message-ID: <1@client.test>\r\n", text="hello",
         login=None, sender="root@client.test", parameters="", **more):
    """(the reply, the outcome in the log) of a mail in its own session."""
    with Session(list(lines), gw, **more) as s:
        s.ehlo()
        if login:
            s.must(login, 235)
        s.must("MAIL FROM:<%s> %s" % (sender, parameters), 250)
        s.must("RCPT TO:<+4915112345678@sms.test>", 250)
        s.must("DATA", 354)
        reply = s.data((headers or "X-Other: 1\r\n") + "\r\n" + text + "\r\n")
        s.quit()
        said = [e for e in s.events() if e["event"] == "message"]
        return str(reply), said[0]["outcome"] if said else None


def count(first, second, want, what):
    """Two mails, and how many SMS they are."""
    gw.reset()
    replies = [first(), second()]
    tap.is_([r[:3] for r, _ in replies], ["250", "250"], what + ": 250, 250")
    tap.is_(len(gw.messages), want, what + ": %d SMS" % want, replies)
    return replies


def both_ways():
    """Configurations of a gateway that knows ids, and of a journal."""
    return (OWN, "ids"), (OWN + journal(), "journal")


@tap.test("an alarm that is swallowed: a Date that identifies nothing")
def constant_date():
    for lines, kind in both_ways():
        for headers, what in (
                (CONSTANT, "a board without a clock"),
                (date(5 * DAY + 3600), "older than five days"),
                (date(-3600), "in the future"),
                ("Date: tomorrow\r\n", "no date")):
            count(lambda: mail(lines, headers, what),
                  lambda: mail(lines, headers, what), 2, kind + ", " + what)
        for headers, what in ((date(60), "now"), (date(-60), "a little fast"),
                              (date(4 * DAY), "four days old")):
            replies = count(lambda: mail(lines, headers, what),
                            lambda: mail(lines, headers, what), 1,
                            kind + ", " + what)
            tap.like(replies[1][0], r"^250 2\.0\.0 Already sent, \S+$",
                     "the reply says so")
            tap.is_(replies[1][1], "duplicate", "and the log")


@tap.test("an alarm that is swallowed: a Message-ID that others have, too")
def constant_message_id():
    for lines, kind in both_ways():
        for ident in "<1>", "<>", "<@host>", "<undefined@host>", "<%s@%s>":
            weak = "Message-ID: %s\r\n" % ident
            now = date(60)
            for first, second, want, what in (
                    (now, date(90), 2, "another Date"),
                    (now, now, 1, "the same Date"),
                    (CONSTANT, CONSTANT, 2, "a Date that is none"),
                    ("", "", 2, "no Date"))[:4 if ident == "<1>" else 1]:
                # with texts of their own
                text = ident + what
                count(lambda: mail(lines, weak + first, text),
                      lambda: mail(lines, weak + second, text), want,
                      "%s, %s, %s" % (kind, ident, what))


@tap.test("whatever changes what is sent is another message")
def options():
    hour = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7200))
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 9000))
    for lines, kind in both_ways():
        for first, second, want, what in (
                ("X-SMS-TTL: 60", "X-SMS-TTL: 90", 2, "ttl"),
                ("X-SMS-TTL: 60", "X-SMS-TTL: 60", 1, "the same ttl"),
                ("X-SMS-Schedule: " + hour, "X-SMS-Schedule: " + later, 2,
                 "schedule"),
                ("X-SMS-Schedule: " + hour, "X-SMS-Schedule: " + hour, 1,
                 "the same schedule"),
                ("X-SMS-Schedule: +7200", "X-SMS-Schedule: +7200", 1,
                 "so long from now"),
                ("X-SMS-SIM: 1", "X-SMS-SIM: 2", 2, "SIM"),
                ("X-SMS-Device: a", "X-SMS-Device: b", 2, "device"),
                ("X-SMS-Priority: 1", "X-SMS-Priority: 2", 2, "priority"),
                ("X-SMS-Delivery-Report: yes", "X-SMS-Delivery-Report: no", 2,
                 "report")):
            head = "Message-ID: <1@client.test>\r\n%s\r\n"
            count(lambda: mail(lines, head % first, what),
                  lambda: mail(lines, head % second, what), want,
                  kind + ", " + what)
        count(lambda: mail(lines, parameters="HOLDFOR=3600"),
              lambda: (time.sleep(1.1), mail(lines,
                                             parameters="HOLDFOR=3600"))[1],
              1, kind + ", HOLDFOR a second later")
        count(lambda: mail(lines, parameters="HOLDFOR=3601"),
              lambda: mail(lines, parameters="HOLDFOR=3700"), 2,
              kind + ", another HOLDFOR")


@tap.test("where nobody logs in the envelope sender tells senders apart")
def senders():
    trusted = journal("auth gateway", "trust 127.0.0.0/8 local",
                      *OWN[1:])
    for lines, kind in (*both_ways(), (trusted, "trust")):
        count(lambda: mail(lines, sender="a@client.test"),
              lambda: mail(lines, sender="b@client.test"), 2,
              kind + ", another sender")
        count(lambda: mail(lines, text="b", sender=""),
              lambda: mail(lines, text="b", sender=""), 1,
              kind + ", no sender, twice")
    plain = "AUTH PLAIN " + b64("\0alice\0wonderland")
    lines = journal("auth gateway")
    count(lambda: mail(lines, login=plain, sender="a@client.test"),
          lambda: mail(lines, login=plain, sender="b@client.test"), 1,
          "a login is the same with another sender")


def xoauth2(user, token):
    return "AUTH XOAUTH2 " + b64("user=%s\1auth=Bearer %s\1\1" % (user, token))


def oauthbearer(token):
    return "AUTH OAUTHBEARER " + b64("n,,\1auth=Bearer %s\1\1" % token)


@tap.test("the journal does not believe a name that nobody has verified")
def false_name():
    lines = journal("auth gateway")
    alice = xoauth2("alice", "alice-token")
    count(lambda: mail(lines, login=xoauth2("alice", "mallory-token")),
          lambda: mail(lines, login=alice), 2, "by her own token")
    gw.reset()
    tap.like(mail(lines, login=alice)[0], "^250 .*Already sent",
             "alice's retry is known")
    for wrong in (xoauth2("alice", "guess"),
                  "AUTH PLAIN " + b64("\0alice\0guess")):
        tap.like(mail(lines, login=wrong)[0], "^535 5.7.8",
                 "a wrong guess does not learn that she sent this text")
    lines = journal("auth gateway", "auth-check yes")
    count(lambda: mail(lines, login=xoauth2("alice", "mallory-token")),
          lambda: mail(lines, login=alice), 2, "a token that was checked")


@tap.test("a wrong password does not hold the lock of another's message")
def false_lock():
    lines = journal("auth gateway")
    right = "AUTH PLAIN " + b64("\0alice\0wonderland")
    wrong = "AUTH PLAIN " + b64("\0alice\0guess")
    gw.reset()
    gw.queue("delay:1500")
    got = []
    thread = threading.Thread(target=lambda: got.append(
        mail(lines, login=wrong)[0]))
    thread.start()
    gw.wait_for_request("POST")
    tap.like(mail(lines, login=right)[0], "^250", "alice's is sent meanwhile")
    thread.join()
    tap.is_(len(gw.messages), 1, "one SMS", got)


@tap.test("a password that the gateway alone judges: a retry is known")
def unverified_retry():
    for lines, kind in ((["auth gateway"], "ids"),
                        (journal("auth gateway"), "journal")):
        for login, what in (
                ("AUTH PLAIN " + b64("\0alice\0wonderland"), "password"),
                (xoauth2("alice", "alice-token"), "token"),
                (oauthbearer("alice-token"), "token without a name")):
            count(lambda: mail(lines, login=login, text=what),
                  lambda: mail(lines, login=login, text=what), 1,
                  kind + ", " + what)


@tap.test("OAUTHBEARER without a name shares its identity with nobody")
def nameless():
    for lines, kind in ((["auth gateway"], "ids"),
                        (journal("auth gateway"), "journal")):
        count(lambda: mail(lines, login=oauthbearer("alice-token")),
              lambda: mail(lines, login=oauthbearer("mallory-token")), 2,
              kind + ", another token")
    lines = ["auth gateway", "trust 127.0.0.0/8 local",
             "secret token " + own_token()]
    count(lambda: mail(lines, login=oauthbearer("alice-token"), sender=""),
          lambda: mail(lines, sender=""), 2, "nor with who does not log in")


def own_token():
    """The file of the configuration's own token."""
    from smtp import own_token as lines
    return lines("mallory-token")[1].split()[2]


@tap.test("the journal's key")
def key():
    import os
    import stat
    kept = folder()
    lines = journal("auth gateway", "journal " + kept)
    gw.reset()
    mail(lines, login="AUTH PLAIN " + b64("\0alice\0wonderland"))
    path = os.path.join(kept, "key")
    st = os.stat(path)
    tap.is_((st.st_size, stat.S_IMODE(st.st_mode)), (128, 0o600),
            "is made once, for its owner")
    tap.is_([name for name in os.listdir(kept) if name.startswith("key.")],
            [], "nothing is left beside it")
    names = {name for _, _, files in os.walk(kept) for name in files}
    mail(lines, login="AUTH PLAIN " + b64("\0alice\0wonderland"))
    tap.is_({name for _, _, files in os.walk(kept) for name in files}, names,
            "a retry has the same record")
    with open(path, "w") as file:
        file.write("short")
    gw.reset()
    with Session(lines, gw) as s:
        s.login()
        s.envelope()
        tap.is_(s.data("Message-ID: <1@c>\r\n\r\nhello\r\n").code, 451,
                "one that is broken: 451")
        tap.ok(wait_until(lambda: "event=journal" in s.log() or
                          " journal " in s.log(), 5), "and a line", s.log())
    tap.is_(gw.posts(), [], "nothing is sent")


tap.run(200)
