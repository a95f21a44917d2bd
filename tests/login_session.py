"""Sessions with logins of our own: the users file and checkpassword, and
what of a login's profile reaches the gateway."""

import atexit
import os
import shutil
import subprocess
import tempfile

import tap
from gateway import Gateway
from smtp import NUMBER, PROGRAM, SECRET_HASH, Session, b64, own_credentials
from tls_lib import Secure, certificate, client_context
from x509 import EcKey, certify

AUSTRIA, VIENNA = "+436641234567", "+431123456789"
gw = Gateway(users={"house": "own", "acme": "two words"},
             tokens=["t0ken.abc"])
OWN = own_credentials("house", "own")[1:]   # without "auth none"
home = tempfile.mkdtemp(prefix="smtp2sms-login.")
atexit.register(shutil.rmtree, home, ignore_errors=True)
USERS = os.path.join(home, "users")


def write(name, text, mode=0o600):
    """Put a file in its place at once."""
    path = os.path.join(home, name)
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path + ".new", mode)
    os.rename(path + ".new", path)
    return path


def logins(users, lines=(), session=Session):
    """A session whose users file has this text."""
    write("users", users)
    gw.reset()
    return session([*OWN, "auth users " + USERS, *lines], gateway=gw)


def line(*options, name="alice"):
    return " ".join((name, SECRET_HASH) + options) + "\n"


def only_post():
    """The one request that the gateway got for messages."""
    posts = gw.posts()
    assert len(posts) == 1, posts
    return posts[0]


def message(users, *args, lines=(), **more):
    """What the gateway is sent for one mail of alice's."""
    with logins(users, lines) as s:
        s.login("alice", "secret")
        reply = s.send_message(*args, **more)
        assert reply.code == 250, repr(reply)
    return only_post().json()


@tap.test("right, wrong, unknown")
def verdicts():
    with logins(line() + "bob -\n") as s:
        tap.is_([k for k in s.ehlo() if k.startswith("AUTH")],
                ["AUTH PLAIN LOGIN"], "what can be checked is offered")
        tap.is_(s.cmd("AUTH XOAUTH2 " + b64("user=alice\1auth=Bearer x\1\1"))
                .code, 504, "no tokens")
        tap.ok(s.auth_plain("alice", "guess").starts("535 5.7.8"), "wrong")
        tap.ok(s.auth_plain("bob", "secret").starts("535 5.7.8"),
               "a login without a password")
        tap.ok(s.auth_plain("alice", "secret").starts("235"), "right")
        tap.is_(s.send_message().code, 250, "a mail")
    tap.is_(only_post().header("Authorization"),
            "Basic " + b64("house:own"),
            "goes out with the configuration's own credentials")
    with logins(line(), ["max-auth-failures 2"]) as s:
        s.ehlo()
        tap.is_(s.auth_plain("carol", "secret").code, 535, "unknown")
        tap.is_(s.auth_plain("carol", "secret").code, 421, "once too often")
    with logins(line()) as s:
        s.ehlo()
        tap.is_(s.mail().code, 530, "without AUTH there is no mail")
        tap.is_(s.cmds("AUTH LOGIN", b64("alice"), b64("secret"))[2][:3],
                "235", "AUTH LOGIN")


@tap.test("a line with an error concerns its own login alone")
def broken():
    with logins("carol %s sim=9\n" % SECRET_HASH + line()) as s:
        s.ehlo()
        tap.ok(s.auth_plain("carol", "secret").starts("454 4.7.0"), "454")
        tap.is_(s.auth_plain("alice", "secret").code, 235, "others can")
        tap.is_(s.quit(), 0, "exit 0")
        log = s.log()
    tap.like(log, r'event=login.* error="\S*users:1: sim: \'9\' is not a number',
             "the log says where and why")
    tap.ok("secret" not in log and SECRET_HASH not in log, "and no secret", log)


@tap.test("a change of the file counts at once")
def change():
    with logins(line()) as s:
        s.ehlo()
        tap.is_(s.auth_plain("dave", "secret").code, 535, "unknown")
        write("users", line(name="dave"))
        tap.is_(s.auth_plain("dave", "secret").code, 235, "known")


@tap.test("an account of its own at the gateway")
def gateway():
    for option, want in (
            ("gateway-user=acme gateway-password='two words'",
             "Basic " + b64("acme:two words")),
            ("gateway-token=t0ken.abc", "Bearer t0ken.abc")):
        message(line(option))
        tap.is_(only_post().header("Authorization"), want, option)
    with logins(line("gateway-user=acme gateway-password=wrong")) as s:
        s.login("alice", "secret")
        tap.ok(s.send_message().starts("535 5.7.8"), "a wrong one is 535")


@tap.test("the text's rules")
def text():
    long = "x" * 400
    got = message(line("max-parts=1"), long)["textMessage"]["text"]
    tap.is_(len(got), 160, "max-parts")
    got = message(line("max-parts=0"), long,
                  lines=["max-parts 1"])["textMessage"]["text"]
    tap.is_(got, long, "0 is no limit, whatever is configured")
    for subject, want in (("only", "News"), ("prefix", "News\nhello"),
                          ("ignore", "hello")):
        got = message(line("subject=" + subject), headers="Subject: News\r\n"
                      "Message-ID: <1@c>\r\n", lines=["subject fallback"])
        tap.is_(got["textMessage"]["text"], want, "subject=" + subject)


@tap.test("the numbers it may send to")
def allow():
    with logins(line("allow=43,+49151"), ["allow +49", "deny +431"]) as s:
        s.login("alice", "secret")
        s.mail()
        tap.ok(s.rcpt("+491761234567").starts("550 5.7.1"), "not its own")
        tap.ok(s.rcpt(VIENNA).starts("550 5.7.1"), "denied to all")
        tap.is_(s.rcpt(AUSTRIA).code, 250, "its own")
        tap.is_(s.rcpt(NUMBER).code, 250, "the other")
        s.must("RSET", 250)
        tap.is_(s.send_message(numbers=[AUSTRIA, NUMBER]).code, 250,
                "a mail to both")
    tap.is_(only_post().json()["phoneNumbers"], [AUSTRIA, NUMBER],
            "is sent")
    with logins(line(), ["allow +49"]) as s:
        s.login("alice", "secret")
        s.mail()
        tap.ok(s.rcpt(AUSTRIA).starts("550 5.7.1"),
               "without any the configuration's count")


@tap.test("the message's options")
def options():
    got = message(line("ttl=3600 sim=2 device=phone2 report=no"))
    tap.is_([got.get(key) for key in ("ttl", "simNumber", "deviceId",
                                      "withDeliveryReport")],
            [3600, 2, "phone2", False], "reach the gateway")
    got = message(line("ttl=3600 sim=2"), lines=["set ttl 60", "set sim 1",
                                                 "set device phone1"])
    tap.is_([got.get(key) for key in ("ttl", "simNumber", "deviceId")],
            [3600, 2, "phone1"], "before those of `set`")
    got = message(line("priority=9"))
    high = got.get("priority")
    got = message(line("priority=-9"))
    tap.ok(high is not None and got["priority"] < high, "priority",
           high, got)
    got = message(line("ttl=3600 sim=2"), headers="X-SMS-TTL: 120\r\n"
                  "Message-ID: <1@c>\r\n")
    tap.is_((got.get("ttl"), got.get("simNumber")), (120, 2),
            "behind those of the message")


@tap.test("MT-PRIORITY=0 is a word of the message, too")
def level_zero():
    """It was taken for none, and the default made it urgent again."""
    for users, lines in ((line("priority=9"), []),
                         (line(), ["set priority 100"])):
        with logins(users, lines) as s:
            s.login("alice", "secret")
            s.must("MAIL FROM:<a@b.test> MT-PRIORITY=0", 250)
            s.must("RCPT TO:<%s@sms.test>" % NUMBER, 250)
            s.must("DATA", 354)
            tap.is_(s.data("\nhello").code, 250, "a mail")
        tap.is_(only_post().json().get("priority"), 0,
                "before %s" % (lines or "the login's priority=9"))


@tap.test("one login after the other leaves nothing behind")
def apart():
    message(line("sim=3 max-parts=1 gateway-token=t0ken.abc"))
    got = message(line(), "x" * 400)
    tap.is_((got.get("simNumber"), len(got["textMessage"]["text"])),
            (None, 400), "nothing of the first")
    tap.is_(only_post().header("Authorization"), "Basic " + b64("house:own"),
            "nor its token")


def client_certificate(name):
    """The files of one that our CA has signed."""
    made = certify(EcKey(), "/O=Example/CN=" + name, certificate().authority)
    paths = [os.path.join(home, "client." + end) for end in ("pem", "key")]
    for path, text in zip(paths, (made.pem, made.key.pem())):
        with open(path, "w") as file:
            file.write(text)
    return paths


@tap.test("a certificate is a login")
def subject():
    users = ("'/O=Example/CN=machine one' - sim=3 gateway-token=t0ken.abc\n" +
             line(name='"/O=Example/CN=two"'))
    for name, sim, header in (
            ("machine one", 3, "Bearer t0ken.abc"),
            ("two", None, "Basic " + b64("house:own"))):
        with logins(users, ["tls-client-ca " + certificate().ca],
                    Secure) as s:
            s.ehlo()
            s.starttls(client_context(cert=client_certificate(name)))
            tap.ok("AUTH PLAIN LOGIN EXTERNAL" in s.ehlo(), "is offered")
            tap.is_(s.cmd("AUTH EXTERNAL =").code, 235, name + ": 235")
            tap.is_(s.send_message().code, 250, "a mail")
            tap.is_(s.quit(), 0, "exit 0")
        tap.is_((only_post().header("Authorization"),
                 only_post().json().get("simNumber")), (header, sim),
                "with what the login has")
    with logins(users, ["tls-client-ca " + certificate().ca], Secure) as s:
        s.ehlo()
        s.starttls(client_context(cert=client_certificate("three")))
        s.ehlo()
        tap.is_(s.cmd("AUTH EXTERNAL =").code, 535, "another is no login")
        tap.is_(s.auth_plain("/O=Example/CN=machine one", "").code, 535,
                "and none has an empty password")
        tap.is_(s.quit(), 0, "exit 0")


@tap.test("checkpassword")
def checkpassword():
    script = write("check", "#!/bin/sh\ncase $(tr '\\0' : <&3) in\n"
                   "alice:secret::) exec \"$@\" ;;\nbroken:*) exit 111 ;;\n"
                   "*) exit 1 ;;\nesac\n", 0o755)
    gw.reset()
    with Session(OWN + ["auth checkpassword " + script], gw) as s:
        tap.ok("AUTH PLAIN LOGIN" in s.ehlo(), "PLAIN and LOGIN")
        tap.is_(s.auth_plain("alice", "guess").code, 535, "wrong")
        tap.ok(s.auth_plain("broken", "x").starts("454 4.7.0"), "temporary")
        tap.is_(s.auth_plain("alice", "secret").code, 235, "right")
        tap.is_(s.send_message().code, 250, "a mail")
        tap.is_(s.quit(), 0, "exit 0")
        tap.like(s.log(), "checkpassword: exit status 111",
                 "the reason is in the log")
    tap.is_(only_post().header("Authorization"), "Basic " + b64("house:own"),
            "with the configuration's own credentials")


@tap.test("a program that hangs is not waited for")
def hang():
    script = write("hang", "#!/bin/sh\nsleep 600\n", 0o755)
    gw.reset()
    with Session(["auth checkpassword " + script, "timeout-gateway 1"],
                 gw) as s:
        s.ehlo()
        tap.ok(s.auth_plain().starts("454 4.7.0"), "454")
        tap.is_(s.quit(), 0, "exit 0")
        # the end of the session looks for processes that were left


@tap.test("-t")
def test():
    with logins(line() + line("sim=9") + "bob\n") as s:
        done = subprocess.run([PROGRAM, "-t", "-f", s.config],
                              capture_output=True, text=True, check=False)
    tap.is_(done.returncode, 78, "exit 78")
    for want in ("users:2: sim: '9' is not a number from 1 to 3",
                 "users:3: requires a name and a hash",
                 "users:2: 'alice' is listed more than once"):
        tap.ok(want in done.stderr, want, done.stderr)


tap.run()
