"""Postfix as the queue before smtp2sms, with contrib/clients/postfix.

A Postfix of its own: configuration, queue, port and log are the test's.
"""

import os
import pwd
import re
import shutil
import signal
import smtplib
import subprocess
from email.message import EmailMessage

import tap
from client_lib import (DOMAIN, LONG, NUMBER, OTHER, UMLAUTS, Service)
from server_lib import (PATIENCE, Server, free_port, need, need_root,
                        search_path)
from smtp import wait_until

OWN = """compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
maillog_file = {dir}/maillog
maillog_file_prefixes = {dir}
myhostname = mta.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
default_transport = discard
alias_maps =
alias_database =
"""
MASTER = """127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix(Server):
    """Postfix with contrib's lines, for this service."""

    def __init__(self, service, *replacements):
        need("postfix", "postqueue")
        need_root()
        self.place = service.place
        place = self.place
        port = free_port()
        for name in ("etc", "queue", "data"):
            os.makedirs(place.path("postfix", name))
        shutil.chown(place.path("postfix", "data"),
                     pwd.getpwnam("postfix").pw_uid)
        self.dir = place.path("postfix", "etc")
        passwords = service.write_snippet("postfix/sasl_passwd")
        place.write("postfix/etc/main.cf", OWN.format(
            dir=place.path("postfix")) + service.snippet(
                "postfix/main.cf",
                ("/etc/postfix/sasl_passwd", passwords), *replacements))
        place.write("postfix/etc/master.cf", MASTER.format(port=port))
        super().__init__(place, ["postfix", "-c", self.dir, "start-fg"],
                         port=port, log=place.path("postfix", "maillog"))

    def end(self):
        """What "postfix stop" does, which then waits for seconds."""
        with open(self.place.path("postfix", "queue", "pid",
                                  "master.pid")) as file:
            os.kill(int(file.read()), signal.SIGTERM)

    def run(self, *words):
        return subprocess.run([*words[:1], "-c", self.dir, *words[1:]],
                              env={"PATH": search_path()}, check=True,
                              capture_output=True, text=True).stdout

    def queue(self):
        """The ids of the mails in the queue."""
        return re.findall(r"(?m)^([0-9A-F]+)[*!]? ", self.run("postqueue",
                                                              "-p"))

    def flush(self):
        """What an administrator does to try again at once."""
        self.run("postqueue", "-f")

    def send(self, text, *numbers, sender="monitor@example.org"):
        """A mail by SMTP; the id that it has in the queue."""
        mail = EmailMessage()
        mail["From"] = sender
        mail["To"] = ", ".join("%s@%s" % (n, DOMAIN)
                               for n in numbers or (NUMBER,))
        mail["Subject"] = "Größe"
        mail.set_content(text, cte="8bit")
        with smtplib.SMTP("127.0.0.1", self.port) as smtp:
            smtp.ehlo()
            smtp.mail(sender, ["BODY=8BITMIME"])
            for number in numbers or (NUMBER,):
                smtp.rcpt("%s@%s" % (number, DOMAIN))
            _, reply = smtp.data(mail.as_bytes())
        return re.search(rb"queued as (\w+)", reply).group(1).decode()

    def outcome(self, ident, count=1, number=NUMBER):
        """The status and the reply of the latest of so many attempts."""
        pattern = r"%s: to=<%s@[^\n]* status=(\w+) \(([^\n]*)\)" % (
            ident, re.escape(number))

        def found():
            tries = re.findall(pattern, self.log())
            return tries[count - 1] if len(tries) >= count else None
        return wait_until(found, PATIENCE) or ("none", self.log())


@tap.test("contrib/clients/postfix: transport_maps")
def transport():
    with Service() as service, Postfix(service) as postfix:
        status, reply = postfix.outcome(postfix.send(UMLAUTS))
        tap.is_(status, "sent", "a mail is sent", reply)
        tap.like(reply, r"250 2\.0\.0 Message accepted, queued as ",
                 "with our reply")
        service.is_sent("the gateway has it, of the user of sasl_passwd",
                        UMLAUTS)
        postfix.outcome(postfix.send(LONG, NUMBER, OTHER))
        service.is_sent("two recipients are one request", LONG,
                        [NUMBER, OTHER])
        postfix.outcome(postfix.send("elsewhere"))
        service.sent()
        tap.is_(postfix.queue(), [], "the queue is empty")


@tap.test("contrib/clients/postfix: relayhost")
def relayhost():
    line = ("transport_maps = inline:{ { sms.example.org = "
            "smtp:[127.0.0.1]:587 } }", "relayhost = [127.0.0.1]:587")
    with Service() as service, Postfix(service, line, (
            "smtp_sasl_auth_enable",
            "default_transport = smtp\nsmtp_sasl_auth_enable")) as postfix:
        status, reply = postfix.outcome(postfix.send(UMLAUTS))
        tap.is_(status, "sent", "a mail is sent", reply)
        service.is_sent("the gateway has it", UMLAUTS)


@tap.test("Postfix keeps what failed for now, and sends it once")
def deferred():
    with Service("timeout-gateway 2") as service, \
            Postfix(service) as postfix:
        gateway = service.gateway
        for action, code in (("400", "450 4.0.0"), ("stall", "451 4.4.2"),
                             ("close", "451 4.4.2"), ("lost", "451 4.4.2")):
            gateway.queue(action)
            ident = postfix.send("after " + action)
            status, reply = postfix.outcome(ident)
            tap.is_(status, "deferred", action + ": it is kept", reply)
            tap.ok(code in reply, "%s: %s" % (action, code), reply)
            tap.is_(postfix.queue(), [ident], action + ": in the queue")
            postfix.flush()
            status, reply = postfix.outcome(ident, 2)
            tap.is_(status, "sent", action + ": the next attempt", reply)
            service.is_sent(action + ": it arrived once", "after " + action)
            tap.ok(wait_until(lambda: postfix.queue() == [], PATIENCE),
                   action + ": the queue is empty")


@tap.test("Postfix returns what failed for good")
def bounced():
    with Service() as service, Postfix(service) as postfix:
        service.gateway.queue(500)
        ident = postfix.send("x")
        status, reply = postfix.outcome(ident)
        tap.is_(status, "bounced", "the gateway's 500", reply)
        tap.ok("550 5.0.0 Message delivery failed" in reply, "550", reply)
        tap.like(postfix.wait_log(ident + ": sender non-delivery"),
                 ident + ": sender non-delivery notification: ",
                 "the sender is told")
        service.gateway.queue(401)
        status, reply = postfix.outcome(postfix.send("x"))
        tap.is_(status, "bounced", "a wrong password of the gateway", reply)
        ident = postfix.send("one is wrong", NUMBER, "nobody")
        tap.is_([postfix.outcome(ident)[0],
                 postfix.outcome(ident, number="nobody")[0]],
                ["sent", "bounced"], "a wrong number alone is returned")
        service.is_sent("the other is served", "one is wrong")
        tap.ok(wait_until(lambda: postfix.queue() == [], PATIENCE),
               "the queue is empty")


@tap.test("with replies retry, Postfix keeps it over the gateway's outage")
def retry():
    with Service("replies retry") as service, Postfix(service) as postfix:
        service.gateway.queue(500, 503)
        ident = postfix.send("patience")
        for count in 1, 2:
            status, reply = postfix.outcome(ident, count)
            tap.is_(status, "deferred", "attempt %d" % count, reply)
            postfix.flush()
        status, reply = postfix.outcome(ident, 3)
        tap.is_(status, "sent", "attempt 3", reply)
        service.is_sent("it arrived once", "patience")


@tap.test("a burst: every mail once, fewer sessions than mails")
def burst():
    with Service() as service, Postfix(service) as postfix:
        service.gateway.default = "delay:50"
        idents = [postfix.send("mail %d" % i) for i in range(40)]
        tap.is_([postfix.outcome(ident)[0] for ident in idents],
                ["sent"] * 40, "all are sent")
        tap.is_(sorted(text for _, _, text in service.sent()),
                sorted("mail %d" % i for i in range(40)), "each once")
        sessions = service.log().count("event=connect")
        tap.ok(sessions < 40, "Postfix uses a session for several mails",
               "sessions: %d" % sessions)


tap.run(300)
