"""Proxies in front: the PROXY protocol by its octets; HAProxy and stunnel.

proxy-protocol yes: a header of version 1 or 2 must come first, before TLS
where there is TLS, and says who the client is.  contrib/haproxy.cfg and
contrib/stunnel.conf are run with Debian's programs.
"""

import os
import re
import smtplib
import socket
import ssl
import struct
import time

import smtp
import tap
from gateway import Gateway
from server_lib import (PATIENCE, Place, Server, events, free_port, need,
                        need_root, super_server)
from smtp import NUMBER, SLOW, own_credentials, wait_until
from tls_lib import (Secure, certificate, client_context, complaints,
                     tls_lines)

gw = Gateway()
PROXIED = ["proxy-protocol yes"]
V1_MAX, V2_MAX = 107, 4096      # octets; PEER_PROXY_V1_MAX, _V2_MAX
WAIT = 10                       # seconds; PEER_PROXY_WAIT
REFUSED = b"421 4.7.0 PROXY header expected\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
CLIENT = "127.0.0.5"            # an address of ours that no proxy has


def v1(text):
    return b"PROXY " + text.encode() + b"\r\n"


def v2(command, family, block=b"", length=None):
    return SIGNATURE + struct.pack(
        "!BBH", command, family, len(block) if length is None else length) \
        + block


def tcp4(source="192.0.2.7", port=4711):
    return socket.inet_aton(source) + socket.inet_aton("198.51.100.1") + \
        struct.pack("!HH", port, 587)


def tcp6(source="2001:db8::7", port=4711):
    return socket.inet_pton(socket.AF_INET6, source) + \
        socket.inet_pton(socket.AF_INET6, "2001:db8::1") + \
        struct.pack("!HH", port, 587)


TLV = b"\x04\x00\x03abc"        # PP2_TYPE_NOOP
FOUR, SIX, SOCKET = ("192.0.2.7", "4711"), ("2001:db8::7", "4711"), None

GOOD = [
    ("v1 TCP4", v1("TCP4 192.0.2.7 198.51.100.1 4711 587"), FOUR),
    ("v1 TCP6", v1("TCP6 2001:db8::7 2001:db8::1 4711 587"), SIX),
    ("v1, the longest addresses and ports",
     v1("TCP6 ffff:f00f:ffff:ffff:ffff:ffff:ffff:fff7 "
        "ffff:f00f:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535"),
     ("ffff:f00f:ffff:ffff:ffff:ffff:ffff:fff7", "65535")),
    ("v1 UNKNOWN", v1("UNKNOWN"), SOCKET),
    ("v1 UNKNOWN and more", v1("UNKNOWN ffff::1 ffff::2 1 2"), SOCKET),
    ("v1 UNKNOWN, as long as a line may be",
     v1("UNKNOWN " + "x" * (V1_MAX - len(v1("UNKNOWN ")))), SOCKET),
    ("v2 TCP4", v2(0x21, 0x11, tcp4()), FOUR),
    ("v2 TCP6", v2(0x21, 0x21, tcp6()), SIX),
    ("v2 TCP4 with a TLV", v2(0x21, 0x11, tcp4() + TLV), FOUR),
    ("v2 as long as it may be",
     v2(0x21, 0x11, tcp4() + b"\0" * (V2_MAX - 12)), FOUR),
    ("v2 LOCAL", v2(0x20, 0x00), SOCKET),
    ("v2 LOCAL with addresses", v2(0x20, 0x11, tcp4()), SOCKET),
    ("v2 LOCAL with what is to be skipped", v2(0x20, 0x00, b"junk" * 50),
     SOCKET),
    ("v2 of no family", v2(0x21, 0x00), SOCKET),
]

BAD = [
    ("nothing but a command", b"EHLO client.test\r\n"),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 508),
    ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("zeros", b"\0" * 64),
    ("lower case", b"proxy TCP4 192.0.2.7 198.51.100.1 4711 587\r\n"),
    ("v1 with LF alone", b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 587\n"
     + b"x" * 200),
    ("v1 with no end", b"PROXY UNKNOWN " + b"x" * 200),
    ("v1 one octet too long",
     v1("UNKNOWN " + "x" * (V1_MAX + 1 - len(v1("UNKNOWN "))))),
    ("v1 and no more", v1("")),
    ("v1 of another family", v1("UDP4 192.0.2.7 198.51.100.1 4711 587")),
    ("v1 TCP4 with an IPv6 address", v1("TCP4 2001:db8::7 2001:db8::1 1 2")),
    ("v1 TCP6 with an IPv4 address", v1("TCP6 192.0.2.7 198.51.100.1 1 2")),
    ("v1 with brackets", v1("TCP6 [2001:db8::7] 2001:db8::1 1 2")),
    ("v1 with a name", v1("TCP4 client.test 198.51.100.1 1 2")),
    ("v1 with a bad destination", v1("TCP4 192.0.2.7 x 1 2")),
    ("v1 with one port", v1("TCP4 192.0.2.7 198.51.100.1 4711")),
    ("v1 with three ports", v1("TCP4 192.0.2.7 198.51.100.1 1 2 3")),
    ("v1 with two spaces", v1("TCP4  192.0.2.7 198.51.100.1 1 2")),
    ("v1 with a port too large", v1("TCP4 192.0.2.7 198.51.100.1 65536 1")),
    ("v1 with a signed port", v1("TCP4 192.0.2.7 198.51.100.1 +1 2")),
    ("v1 with a negative port", v1("TCP4 192.0.2.7 198.51.100.1 -1 2")),
    ("v1 with a zero in front of a port",
     v1("TCP4 192.0.2.7 198.51.100.1 4711 0587")),
    ("v1 with a bad second port", v1("TCP4 192.0.2.7 198.51.100.1 1 x")),
    ("v1 with a NUL", v1("TCP4 192.0.2.7\0 198.51.100.1 4711 587")),
    ("v1 local", v1("TCP4 local 198.51.100.1 4711 587")),
    ("v2 with a bad signature", b"\r\n\r\n\0\r\nQUIT\r" + b"\x21\x11\0\x0c"
     + tcp4()),
    ("v2 of version 1", v2(0x11, 0x11, tcp4())),
    ("v2 of version 3", v2(0x31, 0x11, tcp4())),
    ("v2 with an unknown command", v2(0x22, 0x11, tcp4())),
    ("v2 UDP", v2(0x21, 0x12, tcp4())),
    ("v2 of a UNIX socket", v2(0x21, 0x31, b"/" * 216)),
    ("v2 TCP4, an octet too few", v2(0x21, 0x11, tcp4()[:-1])),
    ("v2 TCP6, an octet too few", v2(0x21, 0x21, tcp6()[:-1])),
    ("v2 one octet too long", v2(0x21, 0x11, tcp4() + b"\0" *
                                 (V2_MAX + 1 - 12))),
    ("v2 of 64 KiB", v2(0x21, 0x11, tcp4() + b"\0" * (65535 - 12))),
]


def plain(lines=(), **more):
    """A session that wants a header; nothing has been sent."""
    return Secure([*PROXIED, *lines], kind=None, gateway=gw, greeting=False,
                  **more)


def peer_of(s):
    event = s.logged("connect")
    return event["peer"], event.get("port")


@tap.test("headers that are right")
def good():
    for name, header, who in GOOD:
        with plain() as s:
            mine = "127.0.0.1", str(s.sock.getsockname()[1])
            s.send(header + b"EHLO client.test\r\nQUIT\r\n")
            tap.is_([r.code for r in s.replies(3)], [220, 250, 221],
                    name + ": what follows in the same packet is run")
            tap.is_(peer_of(s), who or mine, "the log has the peer")
            s.ended(0, "an orderly end")


@tap.test("headers that are wrong")
def bad():
    for name, header in BAD:
        with plain() as s:
            s.try_send(header)
            s.end_of_input()
            tap.is_(s.rest(), REFUSED, name + ": 421 4.7.0")
            s.ended(0, "an orderly end")
            tap.ok(s.logged("proxy", 0) and not s.logged("connect", 0),
                   "the log says so, and there was no session", s.log())


@tap.test("headers that end too early")
def short():
    for name, header, _ in GOOD[:2] + GOOD[6:8]:
        wrong = []
        for n in range(1, len(header)):
            with plain() as s:
                s.send(header[:n])
                s.end_of_input()
                if s.rest() != REFUSED or s.finish() != 0:
                    wrong.append(n)
        tap.is_(wrong, [], name + ": cut behind every octet, refused")


@tap.test("one octet at a time")
def slowly():
    for name, header, who in GOOD[:2] + GOOD[6:9]:
        with plain() as s:
            s.send_slowly(header)
            tap.is_(s.reply().code, 220, name)
            tap.is_(peer_of(s), who, "the peer")
            tap.is_(s.quit(), 0, "an orderly end")


@tap.test("headers that come too late")
def late():
    begun = []
    start = time.monotonic()
    try:
        for name, header in (("silence", b""), ("half of v1", b"PROXY TCP4"),
                             ("half of v2", v2(0x21, 0x11, tcp4())[:20]),
                             ("a block that does not come",
                              v2(0x21, 0x11, b"", 12))):
            begun.append((name, plain()))
            begun[-1][1].send(header)
        for name, s in begun:
            tap.is_(s.rest(WAIT + 5), REFUSED, name + ": 421 4.7.0")
            took = time.monotonic() - start
            tap.ok(WAIT - 1 < took < WAIT + 4 * SLOW, "after %d s" % WAIT,
                   took)
            s.ended(0, "an orderly end")
    finally:
        for _, s in begun:
            s.abandon()


@tap.test("clients that go without a word")
def nobody():
    for reset in (False, True):
        for lines, args in (((), ()), (tls_lines(), ()),
                            (tls_lines(), ("-s",))):
            with plain(lines, args=args) as s:
                s.cut(reset)
                s.ended(0, "%s, with%s TLS%s" % (
                    "reset" if reset else "closed", "" if lines else "out",
                    " -s" if args else ""))
                tap.is_(s.complaints(), [], "nothing to complain of")


@tap.test("nobody is trusted but by the header")
def trust():
    lines = own_credentials() + ["auth gateway", "trust 192.0.2.0/24"]
    for source, code in (("192.0.2.7", 250), ("203.0.113.1", 530)):
        with plain(lines) as s:
            s.send(v2(0x21, 0x11, tcp4(source)))
            s.reply()
            words = s.ehlo()
            tap.is_(s.mail().code, code, source + ": MAIL")
            tap.ok(not [w for w in words if w.startswith("AUTH")],
                   "it is no loopback: no AUTH in clear", words)
            tap.is_(s.quit(), 0, "an orderly end")
    with plain(["trust 127.0.0.1", *own_credentials(), "auth gateway"],
               remote="127.0.0.1") as s:
        s.send(v1("TCP4 203.0.113.1 127.0.0.1 1 2"))
        s.reply()
        s.ehlo()
        tap.is_(s.mail().code, 530, "the super-server's word does not count")
        tap.is_(s.quit(), 0, "an orderly end")
    with plain() as s:
        s.send(v1("TCP4 203.0.113.1 127.0.0.1 1 2"))
        s.reply()
        tap.is_(s.cmd("PROXY TCP4 127.0.0.1 127.0.0.1 1 2").code, 500,
                "a second header is no command")
        tap.is_(s.quit(), 0, "an orderly end")
    with Secure(kind=None, gateway=gw) as s:
        tap.is_(s.cmd("PROXY TCP4 192.0.2.7 127.0.0.1 1 2").code, 500,
                "nor is the first without proxy-protocol")
        tap.is_(s.quit(), 0, "an orderly end")


@tap.test("PROXY, then TLS")
def before_tls():
    for name, header, who in (GOOD[0], GOOD[7]):
        for first in (True, False):
            gw.reset()
            with plain(tls_lines(), args=["-s"] if first else []) as s:
                s.raw_send(header)
                if first:
                    s.handshake().greet()
                else:
                    s.greet().ehlo()
                    s.starttls()
                s.login()
                tap.is_(s.send_message().code, 250, "%s, then TLS by %s"
                        % (name, "-s" if first else "STARTTLS"))
                tap.is_(peer_of(s), who, "the log has the client")
                tap.is_(s.logged("tls")["peer"], who[0],
                        "smtp2sms-tls's too")
                tap.is_(s.cmd("PROXY TCP4 127.0.0.1 127.0.0.1 1 2").code,
                        500, "a header in TLS is no command")
                tap.is_(s.quit(), 0, "an orderly end")
    with plain(tls_lines(), args=["-s"]) as s:
        try:
            s.handshake()
            served = True
        except (ssl.SSLError, OSError):
            served = False
        tap.ok(not served, "-s: TLS without a header is refused")
        s.ended(0, "an orderly end")
    with plain(tls_lines(), args=["-s"]) as s:
        s.try_send(b"EHLO client.test\r\n")
        s.end_of_input()
        tap.is_(s.rest(), b"", "with not a word in clear")
        s.ended(0, "an orderly end")


@tap.test("the header and a TLS hello in one packet")
def together():
    with plain(tls_lines(), args=["-s"]) as s:
        tls = s.prepare(client_context())
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        s.raw_send(GOOD[6][1] + s.outgoing.read())
        s.step(tls.do_handshake, limit=time.monotonic() + 10 * SLOW)
        s.tls = tls
        s.greet()
        tap.is_(s.quit(), 0, "not an octet of the hello was taken")


# ---- HAProxy ----

class Machine:
    """One smtp2sms under a super-server that knows proxies only: 587 and 465."""

    def __init__(self, address):
        self.place = Place(gw)
        self.place.copy("smtp2sms-tls", "libexec")
        self.place.configure([*PROXIED, *tls_lines(),
                              "auth-without-tls yes"])
        self.servers = []
        try:
            for words in ((), ("-s",)):
                port = free_port()
                self.servers.append(Server(self.place, [
                    *super_server(address, port),
                    self.place.program, "-f", self.place.config, *words],
                    port=port))
        except BaseException:
            self.close()
            raise
        self.address = address

    def log(self):
        """What the sessions of both ports wrote."""
        return "".join(server.log() for server in self.servers)

    def idle(self):
        return wait_until(lambda: not any(
            s.sessions() for s in self.servers if s.child))

    def where(self, number):
        return "%s:%d" % (self.address, self.servers[number].port)

    def close(self):
        for server in self.servers:
            server.stop()
        self.place.close()


class Mail:
    """smtplib from CLIENT's address."""

    def __init__(self, port, first=False):
        self.context = ssl.create_default_context(cafile=certificate().ca)
        kind = smtplib.SMTP_SSL if first else smtplib.SMTP
        more = {"context": self.context} if first else {}
        self.smtp = kind("localhost", port, timeout=PATIENCE * SLOW,
                         source_address=(CLIENT, 0), **more)
        self.port = self.smtp.sock.getsockname()[1]

    def starttls(self):
        self.smtp.starttls(context=self.context)

    def send(self, text):
        self.smtp.login("alice", "wonderland")
        self.smtp.sendmail("root@client.test", [NUMBER + "@sms.test"],
                           "\r\n%s\r\n" % text)
        self.smtp.quit()


def haproxy_file(place, machines, ports, *replacements):
    with open(os.path.join(smtp.TOP, "contrib", "haproxy.cfg")) as file:
        text = file.read()
    changes = [("bind :587", "bind 127.0.0.1:%d" % ports[0]),
               ("bind :465", "bind 127.0.0.1:%d" % ports[1]),
               ("inter 10s", "inter 100ms"), *replacements]
    for number, port in enumerate((587, 465)):
        for machine, address in zip(machines, ("192.0.2.11", "192.0.2.12")):
            changes.append(("%s:%d" % (address, port),
                            machine.where(number)))
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return place.write("haproxy.cfg", "global\n\tlog stdout format raw "
                       "local0\n" + text)


def through(machines, ports, how):
    """Mails by both ports: they arrive, and the log has the client."""
    for port, first in ((ports[0], False), (ports[0], True),
                        (ports[1], True)):
        gw.reset()
        what = "%s, %s" % (how, "TLS at once" if port == ports[1] else
                           "STARTTLS" if first else "in clear")
        mail = Mail(port, port == ports[1])
        if first and port == ports[0]:
            mail.starttls()
        mail.send(what)
        tap.is_([m["textMessage"]["text"] for m in gw.messages], [what],
                what + ": the gateway has it")
        tap.ok(wait_until(lambda: any(
            e["event"] == "connect" and
            (e["peer"], e["port"]) == (CLIENT, str(mail.port))
            for machine in machines for e in events(machine.log()))),
            "the log has the client's address and port")


def checks(machine):
    """How many health checks it has seen: sessions of nobody's."""
    return len([e for e in events(machine.log()) if e["event"] == "connect"
                and e["peer"] != CLIENT])


@tap.test("HAProxy with contrib/haproxy.cfg")
def haproxy():
    need("haproxy")
    for how, changes in (
            ("send-proxy-v2", ()),
            ("send-proxy", (("send-proxy-v2", "send-proxy"),)),
            ("bare checks", ((" check-send-proxy", " no-check-send-proxy"),
                             ("\toption smtpchk EHLO haproxy.invalid\n",
                              ""))),
            ("checks with a header and no more",
             (("\toption smtpchk EHLO haproxy.invalid\n", ""),
              (" no-check-send-proxy", " check-send-proxy")))):
        machines = [Machine("127.0.0.2"), Machine("127.0.0.3")]
        ports = free_port(), free_port()
        place = machines[0].place
        file = haproxy_file(place, machines, ports, *changes)
        try:
            with Server(place, ["haproxy", "-db", "-f", file],
                        port=ports[0]) as proxy:
                through(machines, ports, how)
                if "bare" not in how:
                    tap.ok(wait_until(lambda: min(map(checks, machines)) > 3),
                           "there were health checks")
                else:
                    time.sleep(0.5 * SLOW)  # for checks that leave no trace
                tap.is_([line for m in machines
                         for line in complaints(m.log())], [],
                        "the machines' logs have no complaint")
                tap.is_(re.findall("is DOWN.*", proxy.said()), [],
                        "HAProxy has none either")
                if how == "send-proxy-v2":
                    failover(machines, ports, proxy)
            tap.ok(all(m.idle() for m in machines), "no process is left")
        finally:
            for machine in machines:
                machine.close()


def failover(machines, ports, proxy):
    """One machine goes; the other does all."""
    machines[0].servers[0].stop()
    proxy.wait_said(r"smtp2sms_587/sms1 is DOWN")
    gw.reset()
    for text in "one", "two":
        Mail(ports[0]).send(text)
    tap.is_([m["textMessage"]["text"] for m in gw.messages], ["one", "two"],
            "with one machine down the other serves")
    tap.ok(wait_until(lambda: len([
        e for e in events(machines[1].log()) if e["event"] == "connect" and
        e["peer"] == CLIENT]) >= 2), "all of it")


# ---- stunnel ----

def stunnel(place, text):
    """stunnel with this file in place of contrib/stunnel.conf."""
    made = certificate()
    for old, new in (("pid = /run/stunnel-smtp2sms.pid", "pid =\n"
                      "foreground = yes\nsocket = l:SO_REUSEADDR=1"),
                     ("syslog = yes", "syslog = no"),
                     ("setgid = smtp2sms", "setgid = nogroup"),
                     ("setuid = smtp2sms", "setuid = nobody"),
                     ("/etc/stunnel/cert.pem", made.path("server.pem")),
                     ("/etc/stunnel/key.pem", made.path("server.key")),
                     ("accept = :::465", "accept = 127.0.0.1:%d"
                      % place.port),
                     ("/usr/local/sbin/smtp2sms", place.program + " -f " +
                      place.config)):
        assert old in text, old
        text = text.replace(old, new)
    file = place.write("stunnel.conf", text)
    return Server(place, ["stunnel4", file])


def parts():
    """contrib/stunnel.conf: its head, and its services by name."""
    with open(os.path.join(smtp.TOP, "contrib", "stunnel.conf")) as file:
        text = file.read()
    head, inetd, proxy = re.split(r"(?m)^;?(?=\[)", text)
    return head, inetd, re.sub(r"(?m)^;", "", proxy)


def check_tls(server, log, how):
    gw.reset()
    mail = Mail(server.port, True)
    words = mail.smtp.ehlo()[1].decode()
    tap.ok("AUTH PLAIN" in words and "STARTTLS" not in words,
           how + ": AUTH is there, STARTTLS is not", words)
    mail.send(how)
    tap.is_([m["textMessage"]["text"] for m in gw.messages], [how],
            "the gateway has it")
    tap.is_(wait_until(lambda: next((e["peer"] for e in events(log())
                                     if e["event"] == "connect"), None)),
            CLIENT, "the log has the client's address", log())
    tap.is_(complaints(log()), [], "no complaint")


@tap.test("stunnel starts smtp2sms, with contrib/stunnel.conf")
def stunnel_inetd():
    need("stunnel4")
    need_root()
    # tls-cert: for other ports; here it must not count
    with Place(gw, ["auth-without-tls no", *tls_lines()]) as place:
        head, inetd, _ = parts()
        with stunnel(place, head + inetd) as server:
            check_tls(server, server.log, "stunnel, inetd style")
            tap.ok(wait_until(lambda: not server.sessions()),
                   "no process is left")


@tap.test("stunnel as a proxy, with contrib/stunnel.conf")
def stunnel_proxy():
    need("stunnel4")
    need_root()
    with Place(gw, ["auth-without-tls no"]) as behind, \
            Place(gw) as place:
        with Server(behind, [
                *super_server("127.0.0.1", behind.port), behind.program, "-f", behind.config, "-o",
                "proxy-protocol=yes"], env={"SSL_PROTOCOL": "TLS"}) as inner:
            head, inetd, proxy = parts()
            proxy = proxy.replace("2465", str(behind.port))
            # the program that is started is the other service's
            assert "/usr/local/sbin/smtp2sms" in inetd
            text = head + proxy + "\n; /usr/local/sbin/smtp2sms\n"
            with stunnel(place, text) as outer:
                check_tls(outer, inner.log, "stunnel, as a proxy")
            tap.ok(wait_until(lambda: not inner.sessions()),
                   "no process is left")


tap.run()
