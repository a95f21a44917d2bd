"""msmtp, with contrib/clients/msmtprc."""

import re

import tap
from client_lib import (DOMAIN, LONG, NUMBER, OTHER, UMLAUTS, each)
from server_lib import need


def msmtp(service, mail, *words, to=(NUMBER,), code=0, replace=()):
    """Send these lines with the account of msmtprc."""
    need("msmtp")
    file = service.write_snippet("msmtprc", *replace)
    return service.run("msmtp", "--file=" + file, *words, *[
        "%s@%s" % (number, DOMAIN) for number in to], input=mail, code=code)


@tap.test("contrib/clients/msmtprc")
@each()
def snippet(service):
    header = service.snippet("msmtprc").split("\n\n")[0]
    use = re.search(r"^# Use: (printf .*) \| msmtp (\S+)$", header, re.M)
    need("msmtp")
    file = service.write_snippet("msmtprc")
    service.run("sh", "-c", "%s | msmtp --file=%s %s"
                % (use.group(1), file, use.group(2)))
    service.is_sent("its example", "Disk full on db1")


@tap.test("LOGIN and PLAIN")
@each()
def mechanisms(service):
    for name in "plain", "login":
        said = msmtp(service, "\n%s\n" % name, "--debug",
                     replace=[("auth plain", "auth " + name)])
        tap.like(said, "(?i)--> AUTH " + name, name + " is what msmtp uses")
        service.is_sent(name, name)


@tap.test("shapes of mail")
@each()
def shapes(service):
    msmtp(service, "Subject: x\n\nto two\n", to=[NUMBER, OTHER])
    service.is_sent("two recipients", "to two", [NUMBER, OTHER])
    msmtp(service, "Subject: x\n\n.\n..\n%s\n" % UMLAUTS)
    service.is_sent("raw UTF-8, dots", ".\n..\n" + UMLAUTS)
    msmtp(service, "MIME-Version: 1.0\nContent-Type: text/plain; "
          "charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n"
          "\nGr=F6=DFe =\nvon\n")
    service.is_sent("quoted-printable", "Größe von")
    msmtp(service, "To: %s@%s\n\nfrom the header\n" % (OTHER, DOMAIN), "-t",
          to=[])
    service.is_sent("-t", "from the header", [OTHER])
    msmtp(service, "\n%s\n" % LONG)
    service.is_sent("a long line", LONG)


@tap.test("the gateway's answers are msmtp's errors")
@each()
def answers(service):
    for status, code in ((401, 535), (400, 450), (500, 550)):
        service.gateway.queue(status)
        said = msmtp(service, "\nx\n", code=69)
        tap.like(said, "server message: %d " % code, "%d: %d"
                 % (status, code))
    tap.is_(service.sent(), [], "nothing is sent")


tap.run()
