"""Mails as real programs make them: s-nail, mailutils, monit, Python's email,
and a captured one of cron by way of dma.  Each goes through a session, and
what the gateway gets is what a person wants to read.

Other programs have tests of their own: client_*.py (Alertmanager with its
own HTML, for one).
"""

import email.message
import email.mime.application
import email.mime.message
import email.mime.multipart
import email.mime.text
import os
import smtplib
import subprocess

import tap
from client_lib import DOMAIN, LONG, NUMBER, PASSWORD, UMLAUTS, USER
from client_lib import each
from server_lib import TOP, need
from smtp import SLOW, wait_until

TO = "%s@%s" % (NUMBER, DOMAIN)
FROM = "root@host.example.org"
UTF8 = {"LC_ALL": "C.UTF-8"}
LINES = "Größe von /var: 95 %\n\nnächste Prüfung: 5 min\n"
HTML = ("<html><head><style>p { color: red }</style></head><body>"
        "<p>Tür &amp; Tor<br>offen</p></body></html>")
PATIENCE = 30


class Daemon:
    """A program that runs until the block is left."""

    def __init__(self, place, command):
        self.place, self.command = place, command

    def said(self):
        with open(self.place.path("daemon"), errors="replace") as file:
            return file.read()

    def __enter__(self):
        with open(self.place.path("daemon"), "wb") as file:
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=file,
                stderr=file, cwd=self.place.dir)
        return self

    def __exit__(self, *_):
        self.child.terminate()
        try:
            self.child.wait(PATIENCE * SLOW)
        finally:
            self.child.kill()
            self.child.wait()


# ---- s-nail ----

def s_nail(service, *options, input=LINES, env=UTF8):
    need("s-nail")
    service.run(
        "s-nail", "-:/", "-r", FROM, "-S", "v15-compat",
        "-S", "mta=smtp://%s:%s@127.0.0.1:%d" % (USER, PASSWORD,
                                                 service.port),
        "-S", "smtp-auth=plain", "-S", "DEAD=/dev/null",
        "-S", "sendwait", *options, TO,
        input=input, env=dict(env, MAILRC="/dev/null"))


@tap.test("s-nail")
@each()
def nail(service):
    s_nail(service, "-s", UMLAUTS)
    service.is_sent("UTF-8, the subject is left out", LINES.strip())
    s_nail(service, "-s", "x", "-S", "mime-encoding=base64")
    service.is_sent("base64", LINES.strip())
    s_nail(service, "-s", "x", "-S", "sendcharsets=iso-8859-1")
    service.is_sent("ISO-8859-1", LINES.strip())
    s_nail(service, "-s", "x", input=LONG + "\n")
    service.is_sent("a long line, quoted-printable", LONG)
    s_nail(service, "-s", "x", "-a", service.place.config)
    service.is_sent("an attachment is left out", LINES.strip())
    s_nail(service, "-s", "x", "-M", "text/html", input=HTML)
    service.is_sent("HTML", "Tür & Tor\noffen")


@tap.test("s-nail, with the subject")
@each(["subject prefix"])
def nail_subject(service):
    s_nail(service, "-s", UMLAUTS, input="95 %\n")
    service.is_sent("encoded words", UMLAUTS + "\n95 %")
    s_nail(service, "-s", LONG, input="95 %\n")
    service.is_sent("in several of them", LONG + "\n95 %")


# ---- mailutils ----

def mailutils(service, *options, input=LINES, env=UTF8):
    need("mail.mailutils")
    service.run(
        "mail.mailutils", "-n", "-r", FROM, "-E",
        'set sendmail="smtp://%s:%s@127.0.0.1:%d"'
        % (USER, PASSWORD, service.port), *options, TO, input=input, env=env)


@tap.test("mail of mailutils")
@each()
def mail(service):
    mailutils(service, "-s", UMLAUTS)
    service.is_sent("UTF-8 that is not declared", LINES.strip())
    mailutils(service, "-s", "x", "--encoding=base64",
              "--content-type=text/plain; charset=utf-8")
    service.is_sent("declared", LINES.strip())
    mailutils(service, "-s", "x", "-A", service.place.config)
    service.is_sent("an attachment is left out", LINES.strip())
    mailutils(service, "-s", "x", "--alternative",
              "--content-type=text/html", "--attach=-", input=HTML)
    service.is_sent("HTML", "Tür & Tor\noffen")


# ---- monit ----

MONITRC = """set daemon 1
set log {dir}/monit.log
set pidfile {dir}/monit.pid
set idfile {dir}/monit.id
set statefile {dir}/monit.state
set mailserver 127.0.0.1 port {port} username "{user}" password "{password}"
set mail-format {{
    from: {sender}
    subject: $SERVICE: $EVENT
    message: $SERVICE on $HOST: $DESCRIPTION
}}
set alert {to} only on {{ nonexist }}
check file wanted with path {dir}/wanted
"""


@tap.test("monit")
@each(["subject prefix"])
def monit(service):
    need("monit")
    place = service.place
    rules = place.write("monitrc", MONITRC.format(
        dir=place.dir, port=service.port, user=USER, password=PASSWORD,
        sender=FROM, to=TO), 0o600)
    with Daemon(place, ["monit", "-I", "-c", rules]) as daemon:
        wait_until(lambda: service.gateway.messages, PATIENCE)
        said = daemon.said()
    text = "".join(text for _, _, text in service.sent())
    tap.like(text, r"^wanted: Does not exist\nwanted on \S+: file doesn't "
             "exist$", "an alert, and its subject", said, service.log())


# ---- Python ----

def send(service, message):
    """By smtplib, as a script would."""
    message["From"], message["To"] = FROM, TO
    with smtplib.SMTP("127.0.0.1", service.port,
                      timeout=PATIENCE * SLOW) as client:
        client.login(USER, PASSWORD)
        client.send_message(message)


def modern(text, subtype="plain", **options):
    message = email.message.EmailMessage()
    message["Subject"] = UMLAUTS
    message.set_content(text, subtype=subtype, **options)
    return message


@tap.test("Python's email")
@each()
def python(service):
    for how in "8bit", "base64", "quoted-printable":
        send(service, modern(LINES, cte=how))
        service.is_sent("EmailMessage, " + how, LINES.strip())
    send(service, modern(LINES, charset="iso-8859-1"))
    service.is_sent("in ISO-8859-1", LINES.strip())
    send(service, modern(LONG + "\n"))
    service.is_sent("a long line", LONG)
    send(service, modern(HTML, "html"))
    service.is_sent("HTML", "Tür & Tor\noffen")
    message = modern("")
    message.add_alternative(HTML, subtype="html")
    send(service, message)
    service.is_sent("an alternative whose plain part is empty",
                    "Tür & Tor\noffen")
    message = modern("plain\n")
    message.add_alternative(HTML, subtype="html")
    message.get_payload()[1].add_related(b"png", "image", "png", cid="<i>")
    message.add_attachment(b"%PDF", "application", "pdf", filename="ä.pdf")
    message.add_attachment("not this\n", filename="log.txt")
    send(service, message)
    service.is_sent("plain and HTML, a picture and two attachments", "plain")


@tap.test("Python's email, as it was before 3.6")
@each()
def legacy(service):
    send(service, email.mime.text.MIMEText(LINES, "plain", "utf-8"))
    service.is_sent("MIMEText in UTF-8: base64", LINES.strip())
    send(service, email.mime.text.MIMEText(LINES, "plain", "iso-8859-1"))
    service.is_sent("in ISO-8859-1: quoted-printable", LINES.strip())
    message = email.mime.multipart.MIMEMultipart("alternative")
    message.attach(email.mime.text.MIMEText("plain"))
    message.attach(email.mime.text.MIMEText(HTML, "html"))
    send(service, message)
    service.is_sent("MIMEMultipart: an alternative", "plain")
    message = email.mime.multipart.MIMEMultipart()
    message.attach(email.mime.text.MIMEText("one"))
    message.attach(email.mime.application.MIMEApplication(
        b"zip", Name="x.zip"))
    message.attach(email.mime.text.MIMEText("two"))
    send(service, message)
    service.is_sent("text around an attachment", "one\ntwo")
    forwarded = email.mime.multipart.MIMEMultipart()
    forwarded.attach(email.mime.text.MIMEText("see below"))
    forwarded.attach(email.mime.message.MIMEMessage(
        email.mime.text.MIMEText("not this")))
    send(service, forwarded)
    service.is_sent("a forwarded message is left out", "see below")


# ---- captured ----

@tap.test("cron and dma: no MIME, 8 bits")
@each(["alphabet keep"])
def cron(service):
    with open(os.path.join(TOP, "tests", "mail", "cron-dma.eml"),
              "rb") as file:
        captured = file.read().replace(b"\n", b"\r\n")
    with open(os.path.join(TOP, "tests", "mail", "cron-dma.txt"),
              encoding="utf-8") as file:
        text = file.read().strip("\n")
    with smtplib.SMTP("127.0.0.1", service.port,
                      timeout=PATIENCE * SLOW) as client:
        client.login(USER, PASSWORD)
        client.sendmail(FROM, TO, captured, ["BODY=8BITMIME"])
    service.is_sent("the output of the job", text)


tap.run()
