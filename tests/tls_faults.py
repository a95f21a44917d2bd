"""TLS that goes wrong: handshakes, cut connections, certificates, keys.

Whatever happens, nothing is sent that was not asked for to the end, no
process stays behind, the log says why, and the private key is in
smtp2sms-tls alone.
"""

import atexit
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time

import smtp
import tap
from gateway import Gateway
from server_lib import need, need_root
from smtp import PROGRAM, SLOW, b64, own_credentials, wait_until
from tls_lib import (Secure, TlsService, at_once, certificate,
                     client_context)
from x509 import LOCKED_CERTIFICATE, LOCKED_KEY, EcKey, RsaKey, certify

gw = Gateway()
PROTOCOL, CONFIG = 76, 78       # exit statuses
MIB = 1024 * 1024
CONFIG_REPLY = r"\A421 4\.3\.5 [ -~]+\r\n\Z"
DIR = tempfile.mkdtemp(prefix="smtp2sms-tls.")
os.chmod(DIR, 0o755)
atexit.register(shutil.rmtree, DIR, True)


def path(name):
    return os.path.join(DIR, name)


def read(name):
    with open(name, "rb") as file:
        return file.read()


def write(name, data, mode=0o644):
    """Put a file in place at once, as a renewal does."""
    with open(path(name + ".new"), "wb") as file:
        file.write(data)
    os.chmod(file.name, mode)
    os.rename(file.name, path(name))
    return path(name)


def make(name, subject, key=None, issuer=None):
    """The files NAME.pem and NAME.key; signed by itself, if not told."""
    made = certify(key or EcKey(), subject, issuer)
    write(name + ".pem", made.pem.encode())
    write(name + ".key", made.key.pem().encode(), 0o600)
    return made


def files(cert, key):
    return ["tls-cert " + cert, "tls-key " + key]


good = certificate()
PEM, KEY = good.path("server.pem"), good.path("server.key")


# ---- handshakes ----

GARBAGE = {
    "text": b"EHLO evil.test\r\nQUIT\r\n",
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "zeros": b"\0" * 5000,
    "a record that is too long": b"\x16\x03\x01\xff\xff" + b"a" * 70000,
    "a hello that is none": b"\x16\x03\x01\x00\x08\x01\x00\x00\x04abcd",
    "an alert": b"\x15\x03\x03\x00\x02\x02\x28",
    "data before the handshake": b"\x17\x03\x03\x00\x04QUIT",
}


@tap.test("handshakes that are none")
def garbage():
    for name, octets in GARBAGE.items():
        with Secure(gateway=gw) as s:
            s.ehlo()
            s.must("STARTTLS", 220)
            s.try_send(octets)
            tap.ok(not re.search(rb"^[2-5]\d\d[ -]", s.rest(), re.M),
                   name + " behind STARTTLS: no reply")
            s.ended(0, "the session ends")
            tap.ok(s.logged("handshake")["error"], "the log says why")
        with Secure(gateway=gw, args=["-s"], greeting=False) as s:
            s.try_send(octets)
            tap.ok(not re.search(rb"^[2-5]\d\d[ -]", s.rest(), re.M),
                   name + " with -s: no reply")
            s.ended(PROTOCOL, "the status is 76")
            tap.ok(not s.logged("connect", 0), "there was no session")


@tap.test("old protocols are refused")
def old():
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        context = client_context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = version
        with Secure(gateway=gw, args=["-s"], greeting=False) as s:
            try:
                s.handshake(context)
                refused = False
            except ssl.SSLError:
                refused = True
            tap.ok(refused, version.name)
            s.ended(PROTOCOL, "the status is 76")


def hello(s):
    """The octets with which a client begins."""
    try:
        s.prepare().do_handshake()
    except ssl.SSLWantReadError:
        pass
    return s.outgoing.read()


def half(s):
    s.raw_send(hello(s)[:100])


def whole(s):
    s.raw_send(hello(s))


def dripping(s):
    """An octet now and then must not win time."""
    octets = iter(hello(s))
    while not s.has_ended():
        s.try_send(bytes([next(octets)]))
        time.sleep(0.05)


class Dripping(Secure):
    def has_ended(self):
        return not self.quiet() or self.child.poll() is not None


@tap.test("handshakes that do not end: timeout-tls")
def slow():
    for name, begin in (("silence", lambda s: None), ("half a hello", half),
                        ("a hello and no more", whole),
                        ("an octet at a time", dripping)):
        for at_first in (False, True):
            with Dripping(["timeout-tls 1"], gateway=gw,
                          args=["-s"] if at_first else [],
                          greeting=not at_first) as s:
                if not at_first:
                    s.ehlo()
                    s.must("STARTTLS", 220)
                start = time.monotonic()
                begin(s)
                s.rest()
                took = time.monotonic() - start
                how = " with -s" if at_first else " behind STARTTLS"
                tap.ok(0.5 < took < 4 * SLOW, name + how +
                       ": over after a second", took)
                s.ended(PROTOCOL if at_first else 0, "nothing is left")
                tap.is_(s.logged("handshake")["error"], "timeout",
                        "the log says so")


@tap.test("clients that leave")
def leave():
    for reset in (False, True):
        how = "reset" if reset else "closed"
        with Secure(gateway=gw) as s:
            s.ehlo()
            s.must("STARTTLS", 220)
            s.cut(reset)
            s.ended(0, how + " behind STARTTLS")
        with Secure(gateway=gw, args=["-s"], greeting=False) as s:
            s.cut(reset)
            s.ended(0, how + " before TLS: nothing that is worth a status")
            tap.is_(s.complaints(), [], "nor a complaint in the log")
        with at_once(gateway=gw) as s:
            s.cut(reset)
            s.ended(0, how + " in TLS")


# ---- cut connections ----

MESSAGE = b"Subject: x\r\n\r\nhalf a mail\r\n"


@tap.test("a message that is cut is not sent")
def truncated():
    cuts = {"in a line": b"Subject: x\r\n\r\nhalf a",
            "behind a line": MESSAGE,
            "before the last LF": MESSAGE + b".\r",
            "before the last CRLF": MESSAGE + b"."}
    for name, octets in cuts.items():
        for reset in (False, True):
            gw.reset()
            with at_once(gateway=gw) as s:
                s.login()
                s.envelope()
                s.send(octets)
                s.cut(reset)
                s.ended(0, "cut %s%s: the session ends"
                        % (name, ", by a reset" if reset else ""))
                tap.is_(gw.posts(), [], "nothing is sent")
                if not reset:
                    tap.like(s.log(), "event=truncated .*no close_notify",
                             "the log says that it was cut")


@tap.test("a message that ends by close_notify is not sent either")
def notified():
    gw.reset()
    with at_once(gateway=gw) as s:
        s.login()
        s.envelope()
        s.send(MESSAGE + b".")
        s.close_notify()
        s.ended(0, "an orderly end")
        tap.is_(gw.posts(), [], "nothing is sent")
        tap.is_(s.complaints(), [], "no complaint")


@tap.test("a record that was changed on its way")
def tampered():
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        gw.reset()
        with at_once(gateway=gw, context=client_context(None, version)) as s:
            s.login()
            s.envelope()
            s.send(MESSAGE)
            s.tls.write(b".\r\n")
            record = bytearray(s.outgoing.read())
            record[-1] ^= 1
            s.raw_send(bytes(record))
            tap.ok(b"250" not in s.rest(), version.name + ": no reply")
            s.ended(0, "the session ends")
            tap.is_(gw.posts(), [], "nothing is sent")
            tap.ok(s.logged("tls-error")["error"], "the log says why")
    gw.reset()
    with at_once(gateway=gw) as s:
        s.login()
        s.envelope()
        s.send(MESSAGE)
        s.tls.write(b".\r\n")
        s.raw_send(s.outgoing.read()[:-1])
        s.cut()
        s.ended(0, "half a record, then cut")
        tap.is_(gw.posts(), [], "nothing is sent")


@tap.test("renegotiation")
def renegotiation():
    """TLS 1.2 alone has it; openssl begins one at a line "R"."""
    need("openssl")
    with TlsService() as service:
        client = subprocess.Popen(
            ["openssl", "s_client", "-tls1_2", "-crlf", "-connect",
             "127.0.0.1:%d" % service.tls_port], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        client.stdin.write("EHLO client.test\n")
        client.stdin.flush()
        said = ""
        while "250 AUTH" not in said:
            said += client.stdout.read(1)
        said = client.communicate("R\n", 10 * SLOW)[0]
        tap.like(said, "RENEGOTIATING(.|\n)*no renegotiation",
                 "it is refused")
        tap.ok(service.idle(), "no process is left")
        tap.is_(service.sent(), [], "nothing is sent")


def big_mail(size):
    """A text, and an attachment of this many octets."""
    line = b"QUJD" * 18 + b"\r\n"
    return (b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
            b"boundary=x\r\n\r\n--x\r\n\r\nbefore it\r\n--x\r\n"
            b"Content-Type: application/octet-stream\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" +
            line * (size // len(line)) +
            b"--x\r\nContent-Type: text/plain\r\n\r\nbehind it\r\n--x--\r\n")


@tap.test("a message of 1 MB")
def big():
    mail = big_mail(MIB)
    for version, piece in ((ssl.TLSVersion.TLSv1_2, 16384),
                           (ssl.TLSVersion.TLSv1_3, 16384),
                           (ssl.TLSVersion.TLSv1_3, 101)):
        gw.reset()
        with Secure(gateway=gw) as s:
            s.ehlo()
            s.starttls(client_context(None, version))
            s.login()
            s.envelope()
            for at in range(0, len(mail), piece):
                s.send(mail[at:at + piece])
            tap.is_(s.raw_data(b".\r\n", 30).code, 250,
                    "%s, %d octets in a record" % (version.name, piece))
            tap.is_([m["textMessage"]["text"] for m in gw.messages],
                    ["before it\nbehind it"], "what was around it is sent")
            tap.is_(s.quit(), 0, "an orderly end")


# ---- certificates and keys ----

def broken_files():
    """Name, certificate, key, what the log says."""
    make("other", "/CN=other")
    write("locked.pem", LOCKED_CERTIFICATE.encode())
    write("locked.key", LOCKED_KEY.encode())
    write("junk", b"this is no PEM\n")
    write("large", read(PEM) + b"\n" * 200000)
    os.mkdir(path("folder"))
    return [
        ("a key of another certificate", PEM, path("other.key"), "error="),
        ("no key", PEM, path("missing"), "No such file"),
        ("no certificate", path("missing"), KEY, "No such file"),
        ("a certificate that is none", path("junk"), KEY, "error="),
        ("a key that is none", PEM, path("junk"), "error="),
        ("a key with a password", path("locked.pem"), path("locked.key"),
         "error="),
        ("a certificate in place of the key", PEM, PEM, "error="),
        ("a folder", PEM, path("folder"), "directory"),
        ("a file that is too large", path("large"), KEY, "too large"),
    ]


def refuses(name, lines, why, **more):
    """In clear 421 4.3.5, with -s nothing; 78; and the log says why."""
    with Secure(lines, kind=None, gateway=gw, greeting=False, **more) as s:
        tap.like(s.rest().decode(), CONFIG_REPLY, name + ": 421 4.3.5")
        s.ended(CONFIG, "the status is 78")
        tap.like(s.log(), why, "the log says why")
    with Secure(lines, kind=None, gateway=gw, greeting=False, args=["-s"],
                **more) as s:
        tap.is_(s.rest(), b"", "with -s: not a word in clear")
        s.ended(CONFIG, "the status is 78")


@tap.test("certificates and keys that cannot be used")
def unusable():
    for name, cert, key, why in broken_files():
        refuses(name, files(cert, key), why)
    refuses("a CA of clients that is none",
            files(PEM, KEY) + ["tls-client-ca " + path("junk")], "error=")


@tap.test("keys that may not be read")
def unreadable():
    need_root()

    def nobody():
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    os.chmod(KEY, 0o600)
    refuses("a key of root's, started as nobody", files(PEM, KEY),
            re.escape("file=%s error=\"Permission denied" % KEY),
            before=nobody)


@tap.test("an expired certificate")
def expired():
    with Secure(kind="expired", gateway=gw) as s:
        s.ehlo()
        s.starttls()
        s.login()
        tap.is_(s.send_message().code, 250, "it serves all the same")
        tap.is_(s.quit(), 0, "an orderly end")
        event = s.logged("certificate")
        tap.is_((event["state"], event["until"]),
                ("expired", "2020-01-02T00:00:00Z"), "the log warns")


def check(lines):
    """smtp2sms -t with these lines: (status, what it printed)."""
    file = write("check.conf", smtp.configuration(
        [*lines, "auth gateway"], gw).encode())
    done = subprocess.run([PROGRAM, "-t", "-f", file], capture_output=True,
                          text=True)
    return done.returncode, done.stdout + done.stderr


@tap.test("smtp2sms -t looks at certificate and key")
def checked():
    code, said = check(files(PEM, KEY))
    tap.is_(code, 0, "good ones", said)
    code, said = check(files(PEM, good.path("ca.key")))
    tap.is_(code, CONFIG, "a key of another certificate: 78", said)
    tap.like(said, re.escape(PEM), "it names the file")
    code, said = check(files(PEM, path("missing")))
    tap.is_(code, CONFIG, "no key: 78", said)
    old = certificate("expired")
    code, said = check(files(old.path("server.pem"),
                             old.path("server.key")))
    tap.is_(code, CONFIG, "an expired one: 78", said)
    tap.like(said, "state=expired .*until=2020-01-02T00:00:00Z",
             "and since when")


@tap.test("a renewed certificate serves the next connection")
def renewed():
    for number in (1, 2):
        make("cert%d" % number, "/CN=number %d" % number)

    def install(number):
        write("live.pem", read(path("cert%d.pem" % number)))
        write("live.key", read(path("cert%d.key" % number)), 0o600)

    def is_number(s, number):
        return s.tls.getpeercert(True) == ssl.PEM_cert_to_DER_cert(
            read(path("cert%d.pem" % number)).decode())

    lines = files(path("live.pem"), path("live.key"))
    install(1)
    with Secure(lines, kind=None, gateway=gw) as early, \
            at_once(lines, kind=None, gateway=gw) as open_one:
        tap.ok(is_number(open_one, 1), "the old one")
        install(2)
        with at_once(lines, kind=None, gateway=gw) as s:
            tap.ok(is_number(s, 2), "the next connection has the new one")
            tap.is_(s.quit(), 0, "an orderly end")
        early.ehlo()
        early.starttls()
        tap.ok(is_number(early, 1), "who was connected gets what there was "
               "then, key and all")
        open_one.login()
        tap.is_(open_one.send_message().code, 250,
                "and an open connection goes on")
        tap.is_((early.quit(), open_one.quit()), (0, 0), "orderly ends")


@tap.test("more arguments than can be handed through the wrapper")
def arguments():
    with Secure(gateway=gw, args=["-v"] * 400 + ["-n"], greeting=False) as s:
        tap.ok(s.reply().starts("421 4.3.5"), "none is dropped: 421 4.3.5")
        s.ended(CONFIG, "the status is 78")


@tap.test("tls-client-ca")
def client_certificates():
    make("client", "/O=Example/CN=pager", RsaKey(), good.authority)
    make("stranger", "/CN=stranger")
    lines = ["tls-client-ca " + good.ca]
    mine = (path("client.pem"), path("client.key"))
    for via in ("STARTTLS", "-s"):
        with Secure(lines, gateway=gw, args=["-s"] if via == "-s" else [],
                    greeting=via != "-s") as s:
            context = client_context(cert=mine)
            if via == "-s":
                s.handshake(context).greet()
            else:
                s.ehlo()
                s.starttls(context)
            s.login()
            tap.is_(s.send_message().code, 250, via + ": a known one")
            tap.is_(s.quit(), 0, "an orderly end")
            tap.like(s.logged("tls")["client"], "pager", "the log names it")
    own = [line for line in own_credentials() if line != "auth none"]
    for via in ("STARTTLS", "-s"):
        gw.reset()
        with Secure(lines + own, gateway=gw, greeting=via != "-s",
                    args=["-s"] if via == "-s" else []) as s:
            context = client_context(cert=mine)
            if via == "-s":
                s.handshake(context).greet()
            else:
                tap.ok("EXTERNAL" not in repr(s.ehlo()), "not in clear")
                s.starttls(context)
            tap.ok("EXTERNAL" in repr(s.ehlo()), via + ": announced")
            tap.is_(s.mail().code, 530, "a certificate alone is no AUTH")
            tap.is_(s.cmd("AUTH EXTERNAL " + b64("root")).code, 535,
                    "nobody acts for somebody else")
            tap.is_(s.cmd("AUTH EXTERNAL =").code, 235, "AUTH EXTERNAL: 235")
            tap.is_(s.send_message().code, 250, "and the mail goes out")
            tap.is_(gw.posts()[0].header("Authorization"), "Basic " +
                    b64("alice:wonderland"), "with our own credentials")
            tap.is_(s.quit(), 0, "an orderly end")
            tap.like(s.logged("message")["user"], "pager",
                     "the subject is the identity in the log")
    with at_once(lines, gateway=gw) as s:
        tap.ok("EXTERNAL" not in repr(s.ehlo()), "not announced without one")
        tap.is_(s.cmd("AUTH EXTERNAL =").code, 504, "and refused")
        tap.is_(s.mail().code, 530, "without one there is AUTH as ever")
        tap.is_(s.quit(), 0, "an orderly end")
        tap.ok("client" not in s.logged("tls"), "and no name in the log")
    stranger = client_context(cert=(path("stranger.pem"),
                                    path("stranger.key")))
    with Secure(lines, gateway=gw, args=["-s"], greeting=False) as s:
        try:
            s.handshake(stranger).greet()
            served = True
        except (ssl.SSLError, EOFError):
            served = False
        tap.ok(not served, "one of another CA is refused")
        s.ended(PROTOCOL, "the status is 76")


# ---- the key, and processes ----

def key_secrets(key):
    """What only an RSA key has, in the orders that a library may use."""
    secrets = []
    for octets in key.parts():
        secrets += [octets[:32], octets[::-1][:32]]
    return secrets + key.pem().encode().splitlines()[5:8]


def memory_has(pid, secrets):
    """Whether one of them is in what the process can write to."""
    with open("/proc/%d/maps" % pid) as file:
        areas = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw", file.read(), re.M)
    with open("/proc/%d/mem" % pid, "rb", 0) as file:
        for start, end in ((int(a, 16), int(b, 16)) for a, b in areas):
            if end - start > 1024 * MIB:
                continue        # a sanitizer's shadow
            file.seek(start)
            data = file.read(end - start)
            if any(secret in data for secret in secrets):
                return True
    return False


def holders(s, secrets):
    return {smtp.process_name(pid) for pid in s.processes()
            if memory_has(pid, secrets)}


@tap.test("the private key is in smtp2sms-tls alone")
def key_memory():
    need_root()
    if not os.path.exists("/proc/self/mem"):
        raise tap.Skip("no /proc/PID/mem")
    secrets = key_secrets(make("rsa", "/CN=localhost", RsaKey()).key)
    lines = files(path("rsa.pem"), path("rsa.key"))
    alone = {"smtp2sms-tls"}
    with Secure(lines, kind=None, gateway=gw) as s:
        s.ehlo()
        tap.is_(holders(s, secrets), alone, "in clear")
        s.starttls()
        tap.is_(holders(s, secrets), alone, "in TLS")
        s.login()
        s.send_message()
        tap.is_(len(s.processes()), 3, "with the delivery side at work")
        tap.is_(holders(s, secrets), alone, "likewise")
        tap.is_(s.quit(), 0, "an orderly end")
    with Secure(lines, kind=None, gateway=gw, args=["-s"],
                greeting=False) as s:
        wait_until(lambda: len(s.processes()) == 2)
        wait_until(lambda: holders(s, secrets))
        tap.is_(holders(s, secrets), alone, "-s: before the handshake")
        s.handshake().greet()
        s.login()
        s.send_message()
        tap.is_(holders(s, secrets), alone, "and with all at work")
        tap.is_(s.quit(), 0, "an orderly end")


@tap.test("whichever process dies, none is left")
def killed():
    for name in ("smtp2sms-tls", "smtp2sms", "smtp2sms-deliver"):
        gw.reset()
        with at_once(gateway=gw) as s:
            s.login()
            s.envelope()
            s.send(b"half a mail\r\n")
            wait_until(lambda: s.processes("smtp2sms-deliver"))
            os.kill(s.processes(name)[-1], signal.SIGKILL)
            if name == "smtp2sms-deliver":
                tap.is_(s.raw_data(b".\r\n").code, 451, "without a "
                        "delivery side: 451")
            else:
                s.rest()
            s.hang_up()
            s.finish()
            tap.ok(wait_until(lambda: not s.processes()),
                   name + ": no process is left",
                   [smtp.process_name(pid) for pid in s.processes()])
            tap.is_(gw.messages, [], "nothing is sent")


@tap.test("a program that is not there")
def no_wrapper():
    empty = path("libexec")
    os.mkdir(empty)
    lines = files(PEM, KEY)
    with Secure(lines, kind=None, gateway=gw, greeting=False,
                libexec=empty) as s:
        tap.like(s.rest().decode(), CONFIG_REPLY, "no smtp2sms-tls: 421")
        s.ended(CONFIG, "the status is 78")
        tap.like(s.log(), "smtp2sms-tls", "the log names it")


tap.run()
