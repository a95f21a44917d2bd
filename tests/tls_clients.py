"""Real clients by STARTTLS and by TLS at once: the gateway has the mail.

openssl s_client, curl, swaks, msmtp, Python's smtplib, nodemailer, Postfix.
In clear no password is taken (auth-without-tls no), so that a client that
got through has used TLS; all believe one CA, and localhost by its name.
"""

import atexit
import functools
import os
import re
import smtplib
import ssl
import subprocess

import smtp
import tap
from client_lib import DOMAIN, NUMBER, PASSWORD, UMLAUTS, USER
from foreign import account
from server_lib import PATIENCE, TOP, alive, below, need, need_root
from smtp import SLOW, b64, wait_until
from tls_lib import TlsService, certificate, complaints

CLEAR_NO = "auth-without-tls no"
TO = "%s@%s" % (NUMBER, DOMAIN)
SENDER = "monitor@example.org"
NODEMAILER = "/usr/share/nodejs/nodemailer"


@functools.cache
def service():
    """One for all."""
    one = TlsService(CLEAR_NO)
    atexit.register(one.close)
    return one


def both():
    """(name, port, whether TLS comes at once) of the two ports."""
    return (("STARTTLS", service().port, False),
            ("TLS at once", service().tls_port, True))


def clean(name):
    """One check: the log names no error."""
    tap.is_(complaints(service().log()), [], name + ": no complaint in the "
            "log")


@tap.test("openssl s_client")
def s_client():
    need("openssl")
    for name, port, at_once in both():
        dialogue = ["EHLO client.test", "AUTH PLAIN " +
                    b64("\0%s\0%s" % (USER, PASSWORD)),
                    "MAIL FROM:<%s>" % SENDER, "rcpt TO:<%s>" % TO, "DATA",
                    "", name, ".", "QUIT"]
        # -quiet: else a line that begins with R or Q is a command of its own
        said = service().run(
            "openssl", "s_client", "-quiet", "-crlf", "-verify_return_error",
            "-CAfile", service().ca, "-verify_hostname", "localhost",
            *(() if at_once else ("-starttls", "smtp")), "-connect",
            "localhost:%d" % port, input="\n".join(dialogue) + "\n")
        tap.like(said, "(?m)^250 2.0.0 Message accepted", name)
        service().is_sent("the gateway has it", name)
    clean("s_client")


@tap.test("curl")
def curl():
    need("curl")
    for name, port, at_once in both():
        for version in "1.2", "1.3":
            text = "%s %s %s" % (name, version, UMLAUTS)
            said = service().run(
                "curl", "--silent", "--show-error", "--verbose", "--crlf",
                "--url", "%s://localhost:%d" % ("smtps" if at_once else
                                                "smtp", port),
                *(() if at_once else ("--ssl-reqd",)), "--tlsv" + version,
                "--tls-max", version, "--cacert", service().ca, "--user",
                USER + ":" + PASSWORD, "--mail-from", SENDER, "--mail-rcpt",
                TO, "--upload-file", "-", input="\n%s\n" % text)
            tap.like(said, r"SSL connection using TLSv" + version,
                     "%s, TLS %s" % (name, version))
            service().is_sent("the gateway has it", text)
    service().run("curl", "--silent", "--ssl-reqd", "--cacert",
                  certificate("self-signed").ca, "--url",
                  "smtp://localhost:%d" % service().port, "--mail-from",
                  SENDER, "--mail-rcpt", TO, "--upload-file", "-",
                  input="\nx\n", code=60)
    tap.is_(service().sent(), [], "with another CA curl sends nothing")


@tap.test("swaks")
def swaks():
    need("swaks")
    for name, port, at_once in both():
        said = service().run(
            "swaks", "--server", "localhost:%d" % port,
            "--tls-on-connect" if at_once else "--tls", "--from", SENDER,
            "--to", TO.replace("+", "00"), "--auth", "PLAIN", "--auth-user",
            USER, "--auth-password", PASSWORD, "--body", name)
        tap.like(said, r"(?m)^=== TLS started with cipher TLSv1\.3", name)
        service().is_sent("the gateway has it", name)


@tap.test("msmtp")
def msmtp():
    need("msmtp")
    for name, port, at_once in both():
        file = service().write_snippet(
            "msmtprc", ("auth plain", "auth plain\ntls on\ntls_starttls %s\n"
                        "tls_trust_file %s" % ("off" if at_once else "on",
                                               service().ca)),
            ("port 587", "port %d" % port))
        service().run("msmtp", "--file=" + file, TO,
                      input="Subject: x\n\n%s\n" % name)
        service().is_sent(name, name)


@tap.test("Python")
def python():
    context = ssl.create_default_context(cafile=service().ca)
    for name, port, at_once in both():
        patience = PATIENCE * SLOW
        client = smtplib.SMTP_SSL("localhost", port, timeout=patience,
                                  context=context) if at_once else \
            smtplib.SMTP("localhost", port, timeout=patience)
        with client:
            if not at_once:
                client.starttls(context=context)
            client.login(USER, PASSWORD)
            for text in name, name + " again":
                client.sendmail(SENDER, [TO], "\r\n%s\r\n" % text)
                service().is_sent(text, text)


NODE = """
const nodemailer = require("nodemailer");
const [port, secure, ca, user, pass, from, to, text] = process.argv.slice(2);
nodemailer.createTransport({
    host: "localhost", port: +port, secure: secure === "true",
    requireTLS: true, tls: { ca: require("fs").readFileSync(ca) },
    auth: { user, pass },
}).sendMail({ from, to, text }).then((info) => console.log(info.response));
"""


@tap.test("nodemailer")
def nodemailer():
    need("node")
    if not os.path.isdir(NODEMAILER):
        raise tap.Skip("no nodemailer")
    file = service().place.write("send.js", NODE)
    for name, port, at_once in both():
        said = service().run(
            "node", file, str(port), "true" if at_once else "false",
            service().ca, USER, PASSWORD, SENDER, TO, UMLAUTS + name,
            env={"NODE_PATH": os.path.dirname(NODEMAILER)})
        tap.like(said, "250 2.0.0 Message accepted", name)
        service().is_sent("the gateway has it", UMLAUTS + name)


@tap.test("what contrib/README.md shows")
def readme():
    """The examples as printed, but for the ports; our CA is the system's."""
    need("openssl", "curl", "swaks")
    with open(os.path.join(TOP, "contrib", "README.md")) as file:
        text = re.search(r"(?ms)^## Clients in TLS\n(.*?)^#", file.read()).group(1)
    examples = [block for block in re.findall(
        r"(?m)^(?:    .*\n)+", text)]
    tap.is_(len(examples), 5, "they were found")
    for example in examples:
        for port, ours in (587, service().port), (465, service().tls_port):
            example = example.replace("sms.example.org:%d" % port,
                                      "localhost:%d" % ours)
        said = service().run("sh", "-ec", example, env={
            "SSL_CERT_FILE": service().ca, "CURL_CA_BUNDLE": service().ca})
        if "s_client" in example:
            tap.is_(said.count("Verification: OK"), 2, "s_client", said)
        else:
            service().is_sent(example.split()[0] + " " + re.search(
                r"smtps?://|--tls\S*", example).group(), "Disk full on db1")


@tap.test("clients end without a complaint in the log")
def quiet():
    tap.is_(len([line for line in service().log().splitlines()
                 if "tls-error" in line and "unknown ca" not in line]), 0,
            "no client's TLS was broken")
    tap.ok(service().idle(), "and no process is left")


# ---- Postfix ----

MASTER = """
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
proxymap  unix  - - n - - proxymap
tlsmgr    unix  - - n 1000? 1 tlsmgr
smtp      unix  - - n - - smtp
error     unix  - - n - - error
retry     unix  - - n - - error
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """A Postfix of our own that hears nobody and sends to one place."""

    def __init__(self, where, port, wrapper):
        need("postfix", "postmap")
        need_root()
        owner = account("postfix")
        self.dir = where.place.path("postfix-%d" % port)
        for name in ("", "/queue", "/data"):
            os.mkdir(self.dir + name, 0o755)
        os.chown(self.dir + "/data", owner, -1)
        self.write("master.cf", MASTER)
        self.write("sasl_passwd", "[localhost]:%d %s:%s\n"
                   % (port, USER, PASSWORD))
        self.write("main.cf", "\n".join([
            "compatibility_level = 3.6", "queue_directory = %s/queue",
            "data_directory = %s/data", "maillog_file = %s/log",
            "maillog_file_prefixes = %s", "inet_interfaces = loopback-only",
            "inet_protocols = ipv4", "myhostname = client.test",
            "mydestination =", "alias_maps =", "alias_database =",
            "smtp_host_lookup = native",
            "relayhost = [localhost]:%d" % port,
            "smtp_sasl_auth_enable = yes",
            "smtp_sasl_password_maps = texthash:%s/sasl_passwd",
            "smtp_sasl_security_options = noanonymous",
            "smtp_tls_security_level = " + ("encrypt" if not wrapper else
                                            "verify"),
            "smtp_tls_wrappermode = " + ("yes" if wrapper else "no"),
            "smtp_tls_CAfile = " + where.ca,
            "smtp_tls_verify_cert_match = hostname", ""]).replace(
                "%s", self.dir))
        self.postfix("start")

    def write(self, name, text):
        with open(os.path.join(self.dir, name), "w") as file:
            file.write(text)

    def postfix(self, word):
        done = subprocess.run(["postfix", "-c", self.dir, word],
                              capture_output=True, text=True)
        assert done.returncode == 0, (done.stderr, self.log())

    def log(self):
        try:
            with open(self.dir + "/log") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def mail(self, text):
        subprocess.run(["sendmail", "-C", self.dir, "-f", SENDER, TO],
                       input="Subject: x\n\n%s\n" % text, text=True,
                       check=True)

    def stop(self):
        with open(self.dir + "/queue/pid/master.pid") as file:
            master = int(file.read())
        mine = [master, *(pid for pid, _ in below(master))]
        self.postfix("stop")
        return wait_until(lambda: not any(map(alive, mine)))


@tap.test("Postfix")
def postfix():
    for name, port, at_once in both():
        how = "wrappermode" if at_once else "smtp_tls_security_level=encrypt"
        queue = Postfix(service(), port, at_once)
        try:
            queue.mail("Postfix, " + how)
            service().gateway.wait_for(lambda: service().gateway.messages)
            service().is_sent(how, "Postfix, " + how) or tap.note(queue.log())
            tap.ok(wait_until(lambda: "status=sent" in queue.log()),
                   "it has let go of the mail", queue.log())
        finally:
            tap.ok(queue.stop(), "it has stopped")


@tap.test("nothing is left of all these")
def end():
    tap.ok(service().idle(), "no process is left",
           *[smtp.process_name(pid) for pid in service().server.sessions()])


tap.run()
