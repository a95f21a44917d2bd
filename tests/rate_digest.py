"""The flood guard with `over digest`: what is held back is told of, once."""

import os
import re
import subprocess
import tempfile
import time

import tap
from foreign import need
from gateway import Gateway
from journal_lib import folder, without_ids
from listener_lib import PATIENCE, Listener
from metrics_lib import new_file, shown
from smtp import (HOME, NUMBER, SECRET_HASH, TOP, Session, configuration,
                  own_credentials, secret_file, wait_until)

gw = Gateway()
HELD = "250 2.0.0 Message held back"
ACCEPTED = r"^250 2\.0\.0 Message accepted"


def lines(*more):
    return [*own_credentials(), "journal " + folder(), "over digest", *more]


def mail(client, text, ident=None, numbers=(NUMBER,)):
    mail.count += 1
    headers = "Message-ID: <%s.1234@client.test>\r\n" % (ident or mail.count)
    return str(client.send_message(text, numbers, headers))


mail.count = 0


def leave(client):
    """End the session at once: it waits for who does not close."""
    client.must("QUIT", 221)
    client.hang_up()
    client.finish()


def texts():
    with gw.lock:
        return [m["textMessage"]["text"] for m in gw.messages]


def digest(config):
    """smtp2sms-deliver --digest; its log."""
    done = subprocess.run([os.path.join(HOME, "smtp2sms-deliver"), "--digest",
                           "-f", config], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, (done.returncode, done.stderr)
    return done.stderr


class Place:
    """A configuration that outlives its sessions."""

    def __init__(self, own):
        self.config = os.path.join(folder(), "smtp2sms.conf")
        self.own = own
        with open(self.config, "w") as file:
            file.write(configuration(own, gw))

    def session(self):
        return Session(config=open(self.config).read())

    def values(self, kind):
        """The files of the journal's values of this kind."""
        with open(self.config) as file:
            journal = re.search(r"journal (.*)", file.read())[1]
        return [os.path.join(base, name) for base, _, names in
                os.walk(journal) for name in names
                if base.endswith("/" + kind) and len(name) == 36]

    def change(self, kind, what, into):
        """Replace a pattern in all of them."""
        for path in self.values(kind):
            with open(path) as file:
                old = file.read()
            with open(path, "w") as file:
                file.write(re.sub(what, into, old))


@tap.test("the next text tells how many")
def next_text():
    gw.reset()
    path = new_file()
    own = lines("rate recipient 1/2s", "metrics " + path)
    with Listener(own, gw) as it, it.connect() as client:
        client.ehlo()
        tap.like(mail(client, "first"), ACCEPTED, "the first is sent")
        for n in range(3):
            tap.is_(mail(client, "held %d" % n),
                    "%s, %d in this window" % (HELD, n + 1), "held %d" % n)
        urgent = "MAIL FROM:<a@client.test> MT-PRIORITY=6"
        client.must(urgent, 250)
        client.rcpt()
        client.must("DATA", 354)
        tap.like(str(client.data("\r\nurgent")), ACCEPTED, "an urgent one")
        tap.is_(texts(), ["first", "(+3 held back) urgent"],
                "tells how many were held back")
        tap.is_(mail(client, "again", "x"), HELD + ", 1 in this window",
                "it counts from one on")
        tap.is_(mail(client, "again", "x"), HELD,
                "a retry of what was held back is not counted")
        wait_until(lambda: len(texts()) == 3, PATIENCE)
        tap.is_(texts()[2:], ["1 message held back: root@client.test (1)"],
                "the window's end tells of that, with nobody's help")
        client.bye()
    tap.is_(shown(path)[("held_back_total",)], 4, "held_back_total")


@tap.test("a refused text tells nothing, and the next one does")
def refused():
    gw.reset()
    own = lines("rate recipient 1/h", "rate total 20/h")
    place = Place(own)
    with place.session() as s:
        s.ehlo()
        mail(s, "first")
        mail(s, "held")
        for status, more in (("503", "550"), ("ok", "250")):
            gw.queue(status)
            s.must("MAIL FROM:<a@client.test> MT-PRIORITY=9", 250)
            s.rcpt()
            s.must("DATA", 354)
            tap.is_(str(s.data("\r\nurgent " + status))[:3], more,
                    "the gateway says " + status)
    tap.is_(texts(), ["first", "(+1 held back) urgent ok"], "told once")
    tap.is_(digest(place.config), "", "there is nothing left to tell")


@tap.test("no process lives when the window ends")
def nobody():
    gw.reset()
    users = secret_file("bob %s\nann %s" % (SECRET_HASH, SECRET_HASH))
    place = Place(lines("rate recipient 1/2s", "auth users " + users))
    for name, n in (("bob", 3), ("ann", 2)):
        with place.session() as s:
            s.ehlo()
            s.login(name, "secret")
            for i in range(n):
                mail(s, "%s %d" % (name, i))
            leave(s)
    # bob's first, and perhaps ann's, if the second was over
    first = len(texts())
    wait_until(lambda: digest(place.config) != "", 5)
    told = texts()[first:]
    tap.is_(len(told), 1, "--digest sends one text", told)
    tap.like(told[0], r"^[34] messages held back: bob \(2\), ann \([12]\)$",
             "how many, and from whom")
    tap.is_(digest(place.config), "", "there is no second one")
    tap.is_(len(texts()), first + 1, "nor at the gateway")


@tap.test("a rate that the users file alone has")
def users_alone():
    gw.reset()
    users = secret_file("bob %s rate=1/2s" % SECRET_HASH)
    place = Place(lines("auth users " + users))
    with place.session() as s:
        s.ehlo()
        s.login("bob", "secret")
        tap.like(mail(s, "first"), ACCEPTED, "the first is sent")
        tap.is_(mail(s, "second"), HELD + ", 1 in this window",
                "the second is held back")
        leave(s)
    tap.ok(wait_until(lambda: digest(place.config) != "", 5),
           "--digest sends what is due")
    tap.is_(texts()[1:], ["1 message held back: bob (1)"], "and tells of it")
    with Session([*own_credentials(), "auth users " + users], gw,
                 greeting=False, args=["-t"]) as s:
        said = s.rest().decode()
        tap.is_(s.finish(), 78, "without a journal: -t fails")
        tap.like(said + s.log(), ":1: rate: requires journal", "and says why")


@tap.test("the next process that starts sends it")
def next_process():
    gw.reset()
    place = Place(lines("rate recipient 1/2s", "gateway " + without_ids()))
    with place.session() as s:
        s.ehlo()
        mail(s, "first")
        mail(s, "held")
        leave(s)
    time.sleep(2.1)     # the window's length is what is tested
    with place.session() as s:
        s.ehlo()
        mail(s, "to another", numbers=["+4915112345679"])
        leave(s)
    tap.ok("1 message held back: root@client.test (1)" in texts(),
           "a session that has nothing to do with it", texts())


@tap.test("eight processes at once, some of them killed")
def killed():
    gw.reset()
    gw.default = "delay:100"
    place = Place(lines("rate recipient 1/2s", "gateway " + without_ids(),
                        "on-unknown drop"))
    numbers = ["+49151123402%02d" % n for n in range(6)]
    with place.session() as s:
        s.ehlo()
        for text in ("first", "held"):
            mail(s, text, numbers=numbers[:5])
        leave(s)
    before = len(gw.posts())
    time.sleep(2.1)     # the window's length is what is tested
    command = [os.path.join(HOME, "smtp2sms-deliver"), "--digest", "-f",
               place.config]
    children = [subprocess.Popen(command, stderr=subprocess.DEVNULL)
                for _ in range(8)]
    gw.wait_for(lambda: len(gw.posts()) > before + 1)
    for child in children[:2]:
        child.kill()
    for child in children:
        child.wait()
    sent = [number for m in gw.messages
            if "held back" in m["textMessage"]["text"]
            for number in m["phoneNumbers"]]
    tap.is_(len(sent), len(set(sent)), "nobody has it twice", sent)
    left = len(os.listdir(re.search(r"journal (.*)", open(
        place.config).read())[1] + "/digest"))
    tap.ok(len(set(sent)) == 5 or left > 2, "and none is lost", sent, left)


@tap.test("a gateway that fails")
def failing():
    gw.reset()
    place = Place(lines("rate recipient 1/2s"))
    with place.session() as s:
        s.ehlo()
        mail(s, "first")
        mail(s, "held")
        leave(s)
    gw.queue("503")
    wait_until(lambda: "outcome=failed" in digest(place.config), 5)
    value = place.values("digest")[0]
    with open(value) as file:
        old = file.read()
    tap.like(old, r"\nt 1 \d+ digest\.\d+ \d+\n", "it is kept")
    # its time has come again
    with open(value, "w") as file:
        file.write(re.sub(r"\nt 1 \d+", "\nt 1 1", old))
    tap.like(digest(place.config), "outcome=accepted", "and sent later")
    tap.is_(texts(), ["first", "1 message held back: root@client.test (1)"],
            "once")
    tap.ok(not os.path.exists(value), "nothing is left of it")


@tap.test("digests keep to rate total")
def total():
    gw.reset()
    place = Place(lines("rate total 2/h"))
    with place.session() as s:
        s.ehlo()
        mail(s, "first", numbers=["+4915112340301", "+4915112340302"])
        mail(s, "held", numbers=["+491511234031%d" % n for n in range(3)])
        leave(s)
    place.change("digest", r"\np 1 \d+", "\np 1 1")
    log = digest(place.config)
    tap.is_(re.findall("outcome=([a-z]+)", log), ["limited"],
            "the first waits, and the others with it", log)
    tap.is_(texts(), ["first", "first"], "none is sent")
    # an hour later
    place.change("rate", r"\n3600 \d+ ", "\n3600 1 ")
    place.change("digest", r"\nt 1 \d+", "\nt 1 1")
    log = digest(place.config)
    tap.is_(re.findall("outcome=([a-z]+)", log),
            ["accepted", "accepted", "limited"], "as many as may be", log)
    tap.is_(len(texts()), 4, "the gateway has them")
    tap.is_(len(place.values("digest")), 1, "and the last is kept")


@tap.test("a session that ends does not wait for all that are due")
def ends():
    gw.reset()
    place = Place(lines("rate recipient 1/h"))
    numbers = ["+491511234032%d" % n for n in range(5)]
    with place.session() as s:
        s.ehlo()
        for text in ("first", "held"):
            mail(s, text, numbers=numbers)
        leave(s)
    place.change("digest", r"\np 1 \d+", "\np 1 1")
    gw.default = "delay:500"
    with place.session() as s:
        s.ehlo()
        mail(s, "to another", numbers=["+4915112345679"])
        leave(s)
    sent = [text for text in texts() if "held back" in text]
    tap.ok(0 < len(sent) < 5, "what it has begun is sent", sent)
    gw.default = "ok"
    digest(place.config)
    tap.is_(len([text for text in texts() if "held back" in text]), 5,
            "and the rest by the next")


@tap.test("credentials that nobody has judged")
def unjudged():
    gw.reset()
    with Session(["journal " + folder(), "over digest", "rate login 1/h",
                  "auth gateway", *own_credentials()[1:]], gw) as s:
        s.ehlo()
        s.login()
        tap.like(mail(s, "first"), ACCEPTED, "the gateway judges the first")
        tap.is_(mail(s, "second"), "450 4.7.1 Too many messages",
                "who may be anybody is refused")


@tap.test("a configuration without an account of its own")
def no_account():
    with Session(["journal " + folder(), "over digest", "rate login 1/h",
                  "auth gateway"], gw) as s:
        s.ehlo()
        s.login()
        s.hang_up()
        s.finish()
        tap.like(s.log(), "over digest: a text of our own cannot be sent",
                 "is an error, in words")


@tap.test("several recipients of one mail")
def several():
    gw.reset()
    numbers = ["+49151123403%02d" % n for n in range(4)]
    with Session(lines("rate recipient 1/h"), gw) as s:
        s.ehlo()
        mail(s, "first", numbers=numbers[:2])
        got = mail(s, "second", numbers=numbers)
        tap.like(got, r"accepted, queued as \S+ \(2 recipients, .*\), held "
                 r"back from 2, 1 in this window", "the reply tells of all")
        s.must("MAIL FROM:<a@client.test> MT-PRIORITY=9", 250)
        for number in numbers:
            s.rcpt(number)
        s.must("DATA", 354)
        tap.like(str(s.data("\r\nurgent")), r"\(4 recipients", "all have it")
    # each in a request of its own, whose id a retry has, too
    tap.is_(sorted((m["textMessage"]["text"], *m["phoneNumbers"])
                   for m in gw.messages),
            [(text, number) for text, some in (
                ("(+1 held back) urgent", numbers[:2]),
                ("first", numbers[:2]), ("second", numbers[2:]),
                ("urgent", numbers[2:])) for number in some],
            "only those are told of whom it was held back")


@tap.test("who is held back stays so where another cannot be counted")
def half_counted():
    gw.reset()
    place = Place(lines("rate recipient 1/h"))
    rates = re.search(r"journal (.*)", open(place.config).read())[1] + "/rate"
    other = "+4915112340499"
    with place.session() as s:
        s.ehlo()
        mail(s, "first")
        before = set(os.listdir(rates))
        mail(s, "first", numbers=[other])
        counter, = (os.path.join(rates, name) for name in
                    set(os.listdir(rates)) - before if len(name) == 36)
        os.rename(counter, counter + ".away")
        os.mkdir(counter)
        tap.like(mail(s, "second", "both", [NUMBER, other]), "^451",
                 "one counter cannot be read: later")
        os.rmdir(counter)
        os.rename(counter + ".away", counter)
        tap.like(mail(s, "second", "both", [NUMBER, other]), "^" + HELD,
                 "the retry: both are held back")
        s.must("MAIL FROM:<a@client.test> MT-PRIORITY=9", 250)
        s.rcpt()
        s.must("DATA", 354)
        tap.like(str(s.data("\r\nurgent")), ACCEPTED, "an urgent one")
    tap.is_(texts()[-1], "(+1 held back) urgent", "it was held back once")


@tap.test("contrib/systemd/smtp2sms-digest.timer, and cron's line")
def timers():
    here = os.path.join(TOP, "contrib", "systemd")
    with open(os.path.join(here, "smtp2sms-digest.service")) as file:
        command = re.search(r"(?m)^ExecStart=(.*)", file.read())[1].split()
    tap.is_(command[0], "/usr/local/libexec/smtp2sms/smtp2sms-deliver",
            "the service starts smtp2sms-deliver")
    place = Place(lines("rate recipient 1/h"))
    done = subprocess.run([os.path.join(HOME, "smtp2sms-deliver"),
                           *command[1:], "-f", place.config],
                          capture_output=True, text=True, check=False)
    tap.is_((done.returncode, done.stderr), (0, ""), "as it is written there")
    with open(os.path.join(TOP, "contrib", "README.md")) as file:
        tap.like(file.read(), r"`\* \* \* \* \* smtp2sms %s --digest`"
                 % re.escape(command[0]), "cron's line is the same command")
    need("systemd-analyze")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("smtp2sms-digest.service", "smtp2sms-digest.timer"):
            with open(os.path.join(here, name)) as file:
                text = file.read().replace(command[0], "/bin/true")
            with open(os.path.join(folder, name), "w") as file:
                file.write(text.replace("User=smtp2sms", "User=root"))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
             *(os.path.join(folder, name) for name in os.listdir(folder))],
            capture_output=True, text=True, check=False)
        tap.is_((done.returncode, done.stderr), (0, ""), "verified")


tap.run()
