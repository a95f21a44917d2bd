"""Mail servers that use the extensions of their own accord.

Exim: PRDR and CHUNKING.  Postfix: DSN, SMTPUTF8, and LMTP.
"""

import os
import shutil
import smtplib
import subprocess

import tap
from client_lib import DOMAIN, NUMBER, OTHER, Service
from postfix_lib import Postfix
from server_lib import free_port, need, need_root, super_server
from session_lib import PERMANENT, TEMPORARY, Delivery
from smtp import PROGRAM, SLOW, configuration, wait_until

THIRD = "+4915112345670"

# Exim insists on a user of its own and on its own place for this file.
MAIN = """exim_path = /usr/sbin/exim4
spool_directory = %(dir)s/spool
log_file_path = %(dir)s/log-%%s
primary_hostname = mta.test
qualify_domain = mta.test
keep_environment =
trusted_users = root
"""
CONF = """begin routers
all:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = out
begin transports
out:
  driver = smtp
  port = %(port)d
  hosts_try_prdr = %(prdr)s
  hosts_try_chunking = %(chunking)s
begin retry
* * F,1h,10m
"""
# In a namespace of its own nothing of the system is changed.
RUN = """set -e
mount --make-rprivate /
mkdir {dir}/etc
mount -t tmpfs none {dir}/etc
mkdir {dir}/etc/upper {dir}/etc/work
mount -t overlay -o lowerdir=/etc,upperdir={dir}/etc/upper \
    -o workdir={dir}/etc/work none /etc
cp {dir}/passwd {dir}/group /etc
mkdir -p /etc/exim4
cp {dir}/conf /etc/exim4/exim4.conf
exec exim4 -odf -oi -f monitor@mta.test {to}
"""


class Listening:
    """smtp2sms on a port, its delivery side one that takes notes."""

    def __init__(self, delivery, lines=(), args=""):
        self.port = free_port()
        self.dir = delivery.dir
        conf = os.path.join(self.dir, "conf.sms")
        with open(conf, "w", encoding="ascii") as file:
            file.write(configuration(["auth none", "domain sms.test " + DOMAIN,
                                      *lines], libexec=delivery.dir))
        self.log_file = open(os.path.join(self.dir, "log.sms"), "w+",
                             encoding="utf-8")
        self.child = subprocess.Popen(
            [*super_server("127.0.0.1", self.port), PROGRAM, "-v",
             *args.split(), "-f", conf],
            stderr=self.log_file)
        assert wait_until(self.is_there), "it does not listen"

    def is_there(self):
        """The port is bound: /proc/net/tcp has it in hexadecimal."""
        with open("/proc/net/tcp", encoding="ascii") as file:
            return ":%04X 00000000:0000 0A" % self.port in file.read()

    def log(self):
        self.log_file.seek(0)
        return self.log_file.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait(10 * SLOW)
        self.log_file.close()


def exim(service, conf, *recipients):
    """What Exim's log says of a mail to these; "" if it cannot run."""
    folder = os.path.join(service.dir, "exim")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "spool"))
    for name, line in (("passwd", "Debian-exim:x:4242:4242::%s:/bin/false\n"
                        % folder), ("group", "Debian-exim:x:4242:\n")):
        with open("/etc/" + name, encoding="utf-8") as file:
            known = [one + "\n" for one in file.read().splitlines()
                     if not one.startswith("Debian-exim:")]
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write("".join(known) + line)
    with open(os.path.join(folder, "conf"), "w", encoding="ascii") as file:
        file.write(MAIN % {"dir": folder} + conf)
    for name in (folder, os.path.join(folder, "spool")):
        os.chown(name, 4242, 4242)
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", RUN.format(
            dir=folder, to=" ".join(recipients))],
        input="Subject: x\n\nhello\n", capture_output=True, text=True,
        check=False, timeout=60 * SLOW)
    try:
        with open(os.path.join(folder, "log-main"), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        tap.note(done.stdout + done.stderr)
        return ""


def need_exim():
    need_root()
    need("exim4", "unshare")


def at(domain, *numbers):
    return [number.lstrip("+") + "@" + domain for number in numbers]


@tap.test("contrib/clients/exim.conf")
def recipe():
    need_exim()
    with Service() as service:
        service.dir = service.place.dir
        log = exim(service, service.snippet("exim.conf"),
                   *at(DOMAIN, NUMBER, OTHER))
        tap.is_(log.count('C="250 2.0.0 Message accepted'), 2,
                "both recipients are delivered", log)
        service.is_sent("with the user of its authenticator", "hello",
                        [NUMBER, OTHER])


@tap.test("Exim: PRDR and CHUNKING")
def from_exim():
    need_exim()
    for chunking, how in (("*", "BDAT"), ("", "DATA")):
        with Delivery(outcomes={OTHER: PERMANENT, THIRD: TEMPORARY}) as d, \
                Listening(d, ["bad-recipient accept"]) as service:
            log = exim(service, CONF % {
                "port": service.port, "prdr": "*", "chunking": chunking},
                *at("sms.test", NUMBER, OTHER, THIRD, "nobody"))
            said = service.log()
            tap.like(said, r'c="MAIL FROM:<[^>]*>[^"]* PRDR"',
                     how + ": it asks for PRDR")
            tap.like(said, 'c="?' + how, how + ": it uses it")
            tap.like(log, r"=> 4915112345678@sms\.test .* PRDR ",
                     how + ": the first is delivered", log)
            tap.like(log, r"\*\* 4915112345679@sms\.test .* 554 5\.0\.0 ",
                     how + ": the second is returned", log)
            tap.like(log, r"== 4915112345670@sms\.test .* 451 4\.3\.0 ",
                     how + ": the third is kept", log)
            tap.like(log, r"\*\* nobody@sms\.test .* 550 5\.1\.3 ",
                     how + ": the fourth is returned, and is no number", log)
            tap.is_([m["to"] for m in d.sent()], [[NUMBER, OTHER, THIRD]],
                    how + ": one request")
    with Delivery() as d, Listening(d) as service:
        log = exim(service, CONF % {"port": service.port, "prdr": "",
                                    "chunking": "*"},
                   *at("sms.test", NUMBER, OTHER))
        tap.is_(log.count("C=\"250 2.0.0 Message accepted"), 2,
                "without PRDR: both are delivered", log)
        tap.is_(d.sent()[0]["text"], "hello", "by BDAT")


@tap.test("Postfix: DSN and SMTPUTF8")
def from_postfix():
    with Service() as service, Postfix(service) as postfix:
        for what, options, want in (
                ("SUCCESS", ["NOTIFY=SUCCESS,FAILURE"], True),
                ("NEVER", ["NOTIFY=NEVER"], False), ("nothing", [], None)):
            service.gateway.reset()
            with smtplib.SMTP("127.0.0.1", postfix.port) as client:
                client.sendmail("monitor@example.org",
                                ["%s@%s" % (NUMBER, DOMAIN)],
                                "Message-ID: <%s@x>\r\n\r\nhello" % what,
                                ["RET=HDRS", "ENVID=" + what], options)
            service.gateway.wait_for(lambda: service.gateway.messages)
            tap.is_(service.gateway.messages[0].get("withDeliveryReport"),
                    want, "NOTIFY: %s" % what)
        service.gateway.reset()
        with smtplib.SMTP("127.0.0.1", postfix.port) as client:
            client.ehlo("c")
            client.command_encoding = "utf-8"
            client.docmd("MAIL FROM:<j\u00fcrgen@example.org> SMTPUTF8")
            client.rcpt("%s@%s" % (NUMBER, DOMAIN))
            client.data("Subject: x\r\n\r\nhello".encode())
        service.gateway.wait_for(lambda: service.gateway.messages)
        tap.is_(service.gateway.messages[0]["textMessage"]["text"], "hello",
                "a sender in UTF-8")


@tap.test("Postfix: LMTP")
def by_lmtp():
    with Delivery(outcomes={OTHER: PERMANENT, THIRD: TEMPORARY}) as d, \
            Listening(d, args="-L") as lmtp, Service() as service:
        there = ("transport_maps = inline:{ { sms.example.org = "
                 "smtp:[127.0.0.1]:587 } }",
                 "transport_maps = inline:{ { sms.example.org = "
                 "lmtp:inet:127.0.0.1:%d } }" % lmtp.port)
        with Postfix(service, there) as postfix:
            ident = postfix.send("hello", NUMBER, OTHER, THIRD)
            got = [postfix.outcome(ident, number=n) for n in
                   (NUMBER, OTHER, THIRD)]
            tap.is_([status for status, _ in got],
                    ["sent", "bounced", "deferred"], "each has its outcome",
                    got)
            tap.like(lmtp.log(), 'c="LHLO ', "LHLO")
            tap.is_([sorted(m["to"]) for m in d.sent()],
                    [sorted([NUMBER, OTHER, THIRD])], "one request")


tap.run(300)
