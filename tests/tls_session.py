"""TLS in the session: STARTTLS, -s, require-tls, auth-without-tls, user.

What RFC 3207 asks for: TLS is offered where it can be had, nothing that was
said in clear counts after it, nothing that came in clear behind STARTTLS is
run.  And smtp2sms under another implementation of UCSPI-TLS, written here,
gives the same session as under smtp2sms-tls.
"""

import os
import re
import ssl
import sys
import tempfile

import smtp
import tap
from gateway import Gateway
from server_lib import need_root
from smtp import NUMBER, Session, own_credentials, wait_until
from tls_lib import Secure, at_once, certificate, client_context

gw = Gateway()
LINUX = sys.platform.startswith("linux")
REMOTE = "192.0.2.1"    # a client on no loopback
NOBODY = 65534
BEHIND = "501 5.5.4 Nothing may follow STARTTLS"
EHLO_FIRST = "503 5.5.1 Send EHLO first"
CLEAR = "538 5.7.11 Encryption required for requested authentication " \
        "mechanism"
TLS_FIRST = "530 5.7.0 Must issue a STARTTLS command first"
MANY = ["max-errors 1000"]


def keyword(words, name):
    """The lines of EHLO that begin with this word."""
    return [word for word in words if word.split()[0] == name]


# ---- when STARTTLS is there ----

@tap.test("without a wrapper there is no STARTTLS")
def no_wrapper():
    with Session(gateway=gw) as s:
        tap.is_(str(s.cmd("STARTTLS")), EHLO_FIRST, "before EHLO: 503")
        tap.is_(keyword(s.ehlo(), "STARTTLS"), [], "EHLO does not announce")
        tap.is_(str(s.cmd("STARTTLS")), "502 5.5.1 Command not implemented",
                "and it is refused: 502")
        tap.ok("STARTTLS" not in s.cmd("HELP").lines[0], "nor does HELP")
        tap.is_(s.quit(), 0, "an orderly end")


@tap.test("with tls-cert and tls-key there is")
def offered():
    with Secure(gateway=gw) as s:
        tap.is_(str(s.cmd("STARTTLS")), EHLO_FIRST, "before EHLO: 503")
        tap.is_(keyword(s.ehlo(), "STARTTLS"), ["STARTTLS"],
                "EHLO announces it")
        tap.ok("STARTTLS" in s.cmd("HELP").lines[0].split(), "so does HELP")
        tap.is_(str(s.cmd("STARTTLS now")), "501 5.5.4 No argument allowed",
                "with an argument: 501")
        tap.is_(str(s.cmd("sTaRtTlS")), "220 2.0.0 Ready to start TLS",
                "in any letter case: 220")
        s.handshake()
        tap.is_(str(s.cmd("STARTTLS")), EHLO_FIRST,
                "in TLS, before EHLO: 503")
        tap.is_(keyword(s.ehlo(), "STARTTLS"), [], "in TLS it is not "
                "announced")
        tap.ok("STARTTLS" not in s.cmd("HELP").lines[0].split(),
               "nor by HELP")
        tap.is_(str(s.cmd("STARTTLS")), "503 5.5.1 TLS is already active",
                "and a second one is refused: 503")
        tap.is_(s.quit(), 0, "QUIT in TLS")
        tap.is_(s.how, "notify", "it ends with a close_notify")
        event = s.logged("starttls")
        tap.like(event["protocol"], r"^TLSv1\.[23]$", "the log knows the "
                 "protocol")
        tap.is_(event["cipher"], s.logged("tls")["cipher"],
                "and the cipher", s.log())


@tap.test("STARTTLS after HELO, TLS 1.2 and a verified name")
def helo():
    with Secure(gateway=gw) as s:
        s.must("HELO client.test", 250)
        context = client_context(certificate().ca, ssl.TLSVersion.TLSv1_2)
        s.starttls(context)
        tap.is_(s.tls.version(), "TLSv1.2", "the certificate is believed")
        tap.is_(s.quit(), 0, "the session goes on")


# ---- what came in clear ----

@tap.test("what is pipelined in clear behind STARTTLS is never run")
def pipelined():
    attacks = {
        "a command": b"NOOP\r\n",
        "half a command": b"NO",
        "a whole mail": b"RSET\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<%s@sms.test>"
                        b"\r\nDATA\r\n\r\nevil\r\n.\r\n" % NUMBER.encode(),
        "STARTTLS": b"STARTTLS\r\n",
        "an empty line": b"\r\n",
    }
    for name, clear in attacks.items():
        gw.reset()
        with Secure(own_credentials() + ["auth gateway", "trust 127.0.0.1"],
                    gateway=gw, args=["-v"]) as s:
            s.ehlo()
            s.send(b"STARTTLS\r\n" + clear)
            tap.is_(str(s.reply()), BEHIND, name + " in the same packet: 501")
            tap.is_(s.rest(), b"", "and the connection is closed")
            s.ended(0, "an orderly end")
            tap.is_(gw.requests, [], "nothing is sent")


@tap.test("what comes in clear after the reply is never run")
def afterwards():
    for name, clear in (
            ("commands", b"EHLO evil.test\r\nMAIL FROM:<a@b.test>\r\n"),
            ("octets", b"\0" * 600)):
        gw.reset()
        with Secure(own_credentials() + ["trust 127.0.0.1"], gateway=gw,
                    args=["-v"]) as s:
            s.ehlo()
            s.must("STARTTLS", 220)
            s.send(clear)
            tap.ok(b"250" not in s.rest(), name + ": no reply")
            s.ended(0, "the session ends")
            dialogue = [e for e in s.events() if e["event"] == "dialogue"
                        and "c" in e]
            tap.is_([e["c"] for e in dialogue],
                    ['"EHLO client.test"', "STARTTLS"], "nothing was run",
                    s.log())
            tap.is_(gw.requests, [], "nothing is sent")


@tap.test("commands in clear in front of a real handshake")
def in_front():
    with Secure(gateway=gw, args=["-v"]) as s:
        s.ehlo()
        s.must("STARTTLS", 220)
        tls = s.prepare()
        try:
            tls.do_handshake()
        except Exception:       # it wants to read: its hello is there
            pass
        s.raw_send(b"NOOP\r\n" + s.outgoing.read())
        tap.ok(b"250" not in s.rest(), "no reply")
        s.ended(0, "the session ends")
        tap.ok(not any(e.get("c") == "NOOP" for e in s.events()),
               "NOOP was not run", s.log())


@tap.test("after TLS everything is forgotten")
def forgotten():
    with Secure(gateway=gw) as s:
        s.login()
        s.must("MAIL FROM:<root@client.test>", 250)
        s.must("RCPT TO:<%s@sms.test>" % NUMBER, 250)
        s.starttls()
        tap.is_(s.cmds("MAIL FROM:<a@b.test>", "RCPT TO:<%s@sms.test>"
                       % NUMBER, "DATA", "AUTH PLAIN AGEAYg=="),
                ["503 5.5.1 Send EHLO or HELO first"] * 3 + [EHLO_FIRST],
                "that there was an EHLO")
        words = s.ehlo()
        tap.is_(s.cmds("DATA", "RCPT TO:<%s@sms.test>" % NUMBER),
                ["503 5.5.1 Need MAIL command", "503 5.5.1 Send MAIL first"],
                "the transaction")
        tap.is_(str(s.mail()), "530 5.7.0 Authentication required",
                "who the client was")
        tap.ok(keyword(words, "AUTH"), "AUTH is announced again")
        gw.reset()
        tap.is_(s.auth_plain("bob", "builder").code, 235, "as somebody else")
        tap.is_(s.send_message("after").code, 250, "a mail")
        tap.is_([m["user"] for m in gw.messages], ["bob"],
                "goes out as that")
        tap.is_(s.quit(), 0, "an orderly end")


@tap.test("and so it is for a trusted peer that had authenticated")
def forgotten_trusted():
    with Secure(own_credentials("bob", "builder") + ["auth gateway",
                "trust 127.0.0.1"], gateway=gw) as s:
        gw.reset()
        s.login()
        s.starttls()
        s.ehlo()
        tap.is_(s.send_message("not hers").code, 250, "it may still send")
        tap.is_([m["user"] for m in gw.messages], ["bob"],
                "with the configuration's credentials, not those in clear")
        event = [e for e in s.events() if e["event"] == "message"][0]
        tap.ok("user" not in event, "the log names no user", event)
        tap.is_(s.quit(), 0, "an orderly end")


@tap.test("auth-check: a login in clear is asked again in TLS")
def checked_twice():
    with Secure(["auth-check yes"], gateway=gw) as s:
        gw.reset()
        s.login()
        s.starttls()
        s.ehlo()
        tap.is_(s.auth_plain("alice", "wrong").code, 535, "a wrong password")
        tap.is_(s.mail().code, 530, "the old login does not help")
        tap.is_(s.auth_plain().code, 235, "the right one")
        tap.is_(s.send_message("checked").code, 250, "a mail")
        tap.is_(s.quit(), 0, "an orderly end")


# ---- AUTH and TLS ----

@tap.test("auth-without-tls")
def without_tls():
    for value, remote in (("no", None), ("local", REMOTE)):
        with Secure(["auth-without-tls " + value], gateway=gw,
                    remote=remote) as s:
            what = value + (" from afar" if remote else "")
            tap.is_(keyword(s.ehlo(), "AUTH"), [], what +
                    ": AUTH is not announced in clear")
            tap.is_(str(s.auth_plain()), CLEAR, "and is refused: 538")
            tap.is_(s.mail().code, 530, "MAIL needs it")
            s.starttls()
            tap.is_(len(keyword(s.ehlo(), "AUTH")), 1, "in TLS it is "
                    "announced")
            tap.is_(s.auth_plain().code, 235, "and accepted")
            tap.is_(keyword(s.ehlo(), "AUTH"), [], "once")
            tap.is_(s.send_message(value).code, 250, "a mail goes out")
            tap.is_(s.quit(), 0, "an orderly end")
    for value, remote in (("yes", REMOTE), ("local", None)):
        with Secure(["auth-without-tls " + value], gateway=gw,
                    remote=remote) as s:
            tap.is_(len(keyword(s.ehlo(), "AUTH")), 1,
                    value + ": announced in clear")
            tap.is_(s.auth_plain().code, 235, "and accepted")
            tap.is_(s.quit(), 0, "an orderly end")


@tap.test("auth none")
def auth_none():
    with Secure(own_credentials(), gateway=gw, remote=REMOTE) as s:
        tap.is_(keyword(s.ehlo(), "AUTH"), [], "no AUTH in clear")
        s.starttls()
        tap.is_(keyword(s.ehlo(), "AUTH"), [], "nor in TLS")
        tap.is_(s.cmd("AUTH PLAIN AGEAYg==").code, 502, "it is not there")
        tap.is_(s.send_message().code, 250, "a mail goes out")
        tap.is_(s.quit(), 0, "an orderly end")


@tap.test("require-tls")
def require_tls():
    with Secure(["require-tls yes", "auth-without-tls yes", *MANY],
                gateway=gw) as s:
        refused = ["HELO client.test", "AUTH PLAIN AGEAYg==", "AUTH",
                   "MAIL FROM:<a@b.test>", "mail from:<a@b.test>",
                   "RCPT TO:<%s@sms.test>" % NUMBER, "DATA", "RSET",
                   "VRFY x", "EXPN x", "ETRN x", "TURN"]
        tap.is_(s.cmds(*refused), [TLS_FIRST] * len(refused),
                "before EHLO nearly everything is refused: 530")
        tap.is_([s.cmd(c).code for c in ("NOOP", "HELP", "HELP MAIL",
                                         "STARTTLS")], [250, 214, 214, 503],
                "NOOP and HELP are not")
        words = s.ehlo()
        tap.ok(keyword(words, "STARTTLS") and not keyword(words, "AUTH"),
               "EHLO announces STARTTLS and no AUTH", words)
        tap.is_(s.cmds(*refused), [TLS_FIRST] * len(refused),
                "after EHLO likewise")
        tap.is_(s.cmd("NONSENSE").code, 500, "what is no command is 500")
        s.starttls()
        s.login()
        tap.is_(s.send_message().code, 250, "in TLS everything is as ever")
        tap.is_(s.quit(), 0, "an orderly end")
    with Secure(["require-tls yes"], gateway=gw) as s:
        tap.is_(s.quit(), 0, "QUIT needs no TLS")
    for verb in ("GET", "POST", "CONNECT", "OPTIONS"):
        with Secure(["require-tls yes"], gateway=gw) as s:
            tap.is_(str(s.cmd(verb + " / HTTP/1.1")),
                    "421 4.7.0 This is not an HTTP server", verb + ": 421")
            tap.is_(s.rest(), b"", "closed")
    with Secure([*own_credentials(), "auth gateway", "trust 127.0.0.1",
                 "require-tls yes"], gateway=gw) as s:
        s.ehlo()
        tap.is_(str(s.mail()), TLS_FIRST, "a trusted peer is no exception")
        tap.is_(s.quit(), 0, "an orderly end")


# ---- -s ----

@tap.test("-s: TLS from the first octet")
def first():
    gw.reset()
    with at_once(["require-tls yes", "auth-without-tls no"], gateway=gw,
                 remote=REMOTE) as s:
        tap.is_(s.greeting.lines, ["sms.test ESMTP smtp2sms"],
                "the greeting comes in TLS")
        words = s.ehlo()
        tap.ok(keyword(words, "AUTH") and not keyword(words, "STARTTLS"),
               "AUTH is announced, STARTTLS is not", words)
        tap.ok(str(s.cmd("STARTTLS"))[:10] in ("502 5.5.1 ", "503 5.5.1 "),
               "and is refused")
        tap.is_(s.auth_plain().code, 235, "AUTH")
        tap.is_(s.send_message("by 465").code, 250, "a mail")
        tap.is_([m["textMessage"]["text"] for m in gw.messages], ["by 465"],
                "the gateway has it")
        tap.is_(s.quit(), 0, "QUIT")
        tap.is_(s.how, "notify", "it ends with a close_notify")
        event = s.logged("connect")
        tap.is_(event["peer"], REMOTE, "the log knows who the client was")
        tap.like(event["tls"], r"^TLSv1\.", "and the protocol")
    with at_once(gateway=gw) as s:
        port = s.sock.getsockname()[1]
        s.quit()
        event = s.logged("connect")
        tap.is_((event["peer"], event["port"]), ("127.0.0.1", str(port)),
                "without a super-server's word: getpeername")


@tap.test("-s with no certificate")
def no_certificate():
    with Session(gateway=gw, args=["-s"], greeting=False) as s:
        tap.is_(s.rest(), b"", "not a word in clear")
        tap.is_(s.finish(), 78, "the status is 78")
        tap.like(s.log(), "-s requires tls-cert and tls-key", "the log says why")


@tap.test("-s over two pipes")
def pipes():
    with at_once(gateway=gw, via="pipe") as s:
        s.login()
        tap.is_(s.send_message().code, 250, "a mail")
        tap.is_(s.logged("connect")["peer"], "local", "the peer is local")
        tap.is_(s.quit(), 0, "an orderly end")


@tap.test("-o on the command line counts behind the wrapper too")
def overrides():
    with Secure(gateway=gw, args=["-o", "hostname=other.test", "-v"]) as s:
        tap.like(str(s.greeting), "^220 other.test ", "in clear")
        s.ehlo()
        s.starttls()
        tap.is_(s.must("EHLO x", 250).lines[0], "other.test", "and in TLS")
        tap.is_(s.quit(), 0, "an orderly end")


# ---- processes: users and descriptors ----

def owners(s):
    return {name: {smtp.process_status(pid, "Uid")
                   for pid in s.processes(name)}
            for name in ("smtp2sms", "smtp2sms-tls", "smtp2sms-deliver")
            if s.processes(name)}


def users(s):
    """Nobody at every stage of a session; root never."""
    s.login()
    tap.is_(owners(s), {"smtp2sms": {NOBODY}, "smtp2sms-tls": {NOBODY},
                        "smtp2sms-deliver": {NOBODY}},
            "TLS, session and delivery are nobody's")
    groups = set()
    for pid in s.processes():
        with open("/proc/%d/status" % pid) as file:
            text = file.read()
        groups.add(re.search(r"^Groups:[ \t]*(.*?)\s*$", text, re.M).group(1))
    tap.is_(groups & {"0"}, set(), "and none is in root's group")
    tap.is_(s.quit(), 0, "an orderly end")


@tap.test("user: everything becomes that user")
def user():
    if not LINUX:
        raise tap.Skip("looks into /proc")
    need_root()
    with Secure(["user nobody"], gateway=gw) as s:
        key = os.stat(certificate().path("server.key"))
        tap.is_((key.st_uid, key.st_mode & 0o077), (0, 0),
                "the key is root's alone")
        s.ehlo()
        tap.is_(owners(s), {"smtp2sms": {NOBODY}, "smtp2sms-tls": {NOBODY}},
                "before TLS")
        s.starttls()
        users(s)
    with at_once(["user nobody"], gateway=gw) as s:
        users(s)
    with Session(["user nobody"], gateway=gw) as s:
        s.login()
        tap.is_(owners(s), {"smtp2sms": {NOBODY},
                            "smtp2sms-deliver": {NOBODY}}, "without TLS")
        tap.is_(s.quit(), 0, "an orderly end")


@tap.test("user: one that does not exist")
def no_user():
    need_root()
    for kind in ("good", None):
        what = "with TLS" if kind else "without"
        with Secure(["user no-such-user"], kind=kind, gateway=gw,
                    greeting=False) as s:
            tap.like(s.rest().decode(), r"\A421 4\.3\.5 [^\r\n]*\r\n\Z",
                     what + ": 421 4.3.5")
            s.ended(78, "the status is 78")
            tap.like(s.log(), "no such user", "the log says why")


def descriptors(pid):
    """What a process holds, but for standard error and devices."""
    found = set()
    for name in os.listdir("/proc/%d/fd" % pid):
        try:
            target = os.readlink("/proc/%d/fd/%s" % (pid, name))
        except FileNotFoundError:   # closed since
            continue
        if target.startswith(("socket:", "pipe:")):
            found.add(target)
    return found


def apart(s, what):
    """No process holds what is another's, but for the two ends that pump
    and session have of the client's connection in clear."""
    tls = descriptors(s.processes("smtp2sms-tls")[0])
    ours = [(pid, descriptors(pid)) for pid in s.processes("smtp2sms")]
    parent = [fds for pid, fds in ours if len(fds) == 1]
    tap.is_(len(parent), 1, what + ": the waiting parent has its link alone",
            ours)
    session = [fds for pid, fds in ours if len(fds) > 1]
    tap.is_(len(session), 1, "the session has more", ours)
    tap.is_(parent[0] & (tls | session[0]), set(), "and shares nothing")


@tap.test("each process has its own descriptors and no others")
def own_descriptors():
    if not LINUX:
        raise tap.Skip("looks into /proc")
    with Secure(gateway=gw) as s:
        wait_until(lambda: len(s.processes("smtp2sms")) == 2)
        wait_until(lambda: any(len(descriptors(pid)) == 1
                               for pid in s.processes("smtp2sms")))
        apart(s, "in clear")
        s.ehlo()
        s.starttls()
        s.ehlo()
        apart(s, "in TLS")
        s.auth_plain()
        wait_until(lambda: s.processes("smtp2sms-deliver"))
        deliver = descriptors(s.processes("smtp2sms-deliver")[0])
        rest = [descriptors(pid) for name in ("smtp2sms", "smtp2sms-tls")
                for pid in s.processes(name)]
        tap.is_([deliver & fds for fds in rest], [set(), set()],
                "smtp2sms-deliver shares nothing either")
        tap.is_(s.quit(), 0, "an orderly end")
    with at_once(gateway=gw) as s:
        wait_until(lambda: any(len(descriptors(pid)) == 1
                               for pid in s.processes("smtp2sms")))
        apart(s, "-s")
        tap.is_(s.quit(), 0, "an orderly end")


# ---- another implementation of UCSPI-TLS ----

# Arguments: certificate, key, program and its arguments.
OTHER = r'''
import os, select, socket, ssl, sys

cert, key = sys.argv[1:3]
ours, theirs = socket.socketpair()
up, down = os.pipe(), os.pipe()     # from the client; to the client
child = os.fork()
if child == 0:
    for name, fd in (("SSLCTLFD", theirs.fileno()), ("SSLREADFD", up[0]),
                     ("SSLWRITEFD", down[1])):
        os.set_inheritable(fd, True)
        os.environ[name] = str(fd)
    os.execv(sys.argv[3], sys.argv[3:])
for end in (theirs.detach(), up[0], down[1]):
    os.close(end)
client = socket.socket(fileno=os.dup(0))
os.close(0)
os.close(1)

def pump(client):
    while True:
        ready = [client] if client.pending() else \
            select.select([client, down[0]], [], [])[0]
        if client in ready:
            data = client.recv(4096)
            if not data:
                break
            os.write(up[1], data)
        if down[0] in ready:
            data = os.read(down[0], 4096)
            if not data:
                client.setblocking(False)
                client.unwrap()     # a close_notify, and not to wait for one
                break
            client.sendall(data)

word = ours.recv(1)
try:
    if word in (b"y", b"Y"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        context.num_tickets = 0
        client = context.wrap_socket(client, server_side=True)
        if word == b"Y":
            ours.sendall(b"SSL_PROTOCOL=%s\0SSL_CIPHER=%s\0\0" % (
                client.version().encode(), client.cipher()[0].encode()))
        pump(client)
except OSError:     # and so the failures of TLS
    pass
ours.close()
os.close(up[1])
os.close(down[0])
client.close()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
'''


def hello(s):
    """What EHLO says, without the time of day."""
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:]+Z", "",
                  repr(s.must("EHLO client.test", 250).lines))


def dialogue(s):
    """A session with most of what STARTTLS touches; its replies."""
    said = [str(s.greeting)]
    said += s.cmds("STARTTLS")
    said += [hello(s)]
    said += s.cmds("STARTTLS x", "AUTH PLAIN AGEAYg==",
                   "MAIL FROM:<a@b.test>")
    s.starttls()
    said += s.cmds("MAIL FROM:<a@b.test>")
    said += [hello(s)]
    said += s.cmds("STARTTLS")
    said += [str(s.auth_plain())]
    for text in ("one", "two" * 3000):
        said.append(re.sub(r"[0-9a-f]{8}-[0-9a-f-]+", "ID",
                           str(s.send_message(text))))
    said += [s.quit(), s.how]
    said += [[(e["event"], e.get("protocol"), e.get("user"))
              for e in s.events()
              if e["event"] in ("starttls", "auth", "message", "end")]]
    return said


@tap.test("another implementation of UCSPI-TLS gives the same session")
def other():
    made = certificate()
    lines = ["auth-without-tls no", *MANY]
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(OTHER)
        file.flush()
        wrap = ["/usr/bin/python3", file.name, made.path("server.pem"),
                made.path("server.key")]
        gw.reset()
        with Secure(lines, kind=None, wrap=wrap, gateway=gw) as s:
            theirs = dialogue(s)
            tap.ok(not s.logged("tls", 0), "it was not our wrapper")
        sent, _ = gw.messages, gw.reset()
        with Secure(lines, gateway=gw) as s:
            ours = dialogue(s)
        tap.is_(theirs, ours, "every reply and every line of the log")
        tap.is_([m["textMessage"] for m in sent],
                [m["textMessage"] for m in gw.messages],
                "and what the gateway gets")
        tap.is_(len(sent), 2, "two messages")
        with Secure(lines, kind=None, wrap=wrap, gateway=gw) as s:
            s.ehlo()
            tap.is_(s.quit(), 0, "a session that wants no TLS")
        with Secure(lines, kind=None, wrap=wrap, gateway=gw) as s:
            s.ehlo()
            s.must("STARTTLS", 220)
            s.send(b"EHLO evil.test\r\n" * 100)
            tap.ok(b"250" not in s.rest(), "no handshake: no session")
            s.ended(0, "an orderly end")
            tap.ok(s.logged("starttls")["error"], "and the log says so")


@tap.test("descriptors of UCSPI-TLS that are none")
def bad_descriptors():
    good = {"SSLCTLFD": "3", "SSLREADFD": "4", "SSLWRITEFD": "5"}
    for change in ({"SSLCTLFD": "30"}, {"SSLREADFD": ""}, {"SSLWRITEFD": "x"},
                   {"SSLCTLFD": "0"}, {"SSLREADFD": "-1"},
                   {"SSLCTLFD": "99999999999999999999"}):
        with Session(gateway=gw, env={**good, **change}) as s:
            tap.is_(keyword(s.ehlo(), "STARTTLS"), [], "%s: no STARTTLS"
                    % change)
            tap.is_(s.quit(), 0, "and a session all the same")


tap.run()
