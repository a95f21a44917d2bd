"""TLS under systemd, with contrib/systemd: STARTTLS on 587, TLS on 465.

The units as systemd-analyze sees them, then a systemd of our own (that of
server_systemd.py) with every wall of the services: certificate and key are
root's, come as credentials, and may be renewed at any time.
"""

import os
import re
import smtplib
import ssl
import subprocess

import smtp
import tap

# It is a program; here only its systemd is wanted, and none of its tests.
_run, tap.run = tap.run, lambda: None
import server_systemd as base   # noqa: E402
tap.run = _run
tap._tests.clear()

from client_lib import NUMBER   # noqa: E402
from server_lib import PATIENCE, Place, free_port, need   # noqa: E402
from smtp import SLOW, wait_until   # noqa: E402
from tls_lib import certificate, complaints   # noqa: E402

SOCKET, SERVICE = "smtp2sms-tls.socket", "smtp2sms-tls@.service"

gw = base.gw
base_lay_out = base.lay_out


def adapted(place, name, *changes):
    """A file of contrib/systemd for this place."""
    text = place.contrib("systemd/accept-yes/" + name, *changes)
    return re.sub(r"\b465\b", str(place.tls_port), text).replace(
        "/etc/smtp2sms/", place.path("secrets/"))


def lay_out(place, *rest):
    """The units for both ports."""
    base_lay_out(place, *rest)
    place.tls_port = free_port()
    place.write("units/test.target", "[Unit]\nDefaultDependencies=no\n"
                "Wants=%s %s\n" % (base.SOCKET, SOCKET))
    place.write("units/" + SOCKET, adapted(place, SOCKET))
    place.write("units/" + SERVICE, adapted(
        place, SERVICE, ("StandardError=journal",
                         "StandardError=append:" + place.path("log"))))
    install(place, "good")


base.lay_out = lay_out


def install(place, name):
    """What a renewal does: both files are new, and root's."""
    made = certificate(name)
    for ours, theirs in (("server.pem", "cert.pem"),
                         ("server.key", "key.pem")):
        with open(made.path(ours)) as file:
            new = place.write("secrets/%s.new" % theirs, file.read(), 0o600)
        os.rename(new, place.path("secrets", theirs))


@tap.test("the units")
def units():
    need("systemd-analyze")
    with Place(gw) as place:
        place.tls_port = free_port()
        for name in (SOCKET, SERVICE):
            place.write("units/" + name, adapted(place, name))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
             place.path("units", SOCKET), place.path("units", SERVICE)],
            capture_output=True, text=True)
        tap.is_((done.returncode, done.stdout + done.stderr), (0, ""),
                "verify has nothing to say")
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true",
             "--threshold=%d" % (base.EXPOSURE * 10), "--no-pager",
             place.path("units", SERVICE)], capture_output=True, text=True)
        tap.is_(done.returncode, 0, "security: at most %.1f" % base.EXPOSURE,
                done.stdout)


def settings(name):
    return [line for line in base.raw(name).splitlines()
            if line and not line.startswith("#")]


@tap.test("the two services have the same walls")
def same():
    ours, theirs = settings(SERVICE), settings(base.SERVICE)
    tap.is_([line.split("=")[0] for line in theirs if line not in ours],
            ["Description", "ExecStart"], "of 587 and not of 465")
    tap.is_([line.split("=")[0] for line in ours if line not in theirs],
            ["Description", "LoadCredential", "LoadCredential", "ExecStart"],
            "of 465 and not of 587")


class Mail:
    """smtplib, in TLS one way or the other."""

    def __init__(self, port, at_once, name="good"):
        made = certificate(name)
        context = ssl.create_default_context(cafile=made.ca)
        patience = PATIENCE * SLOW
        if at_once:
            self.smtp = smtplib.SMTP_SSL("localhost", port, context=context,
                                         timeout=patience)
        else:
            self.smtp = smtplib.SMTP("localhost", port, timeout=patience)
            self.smtp.starttls(context=context)
        self.smtp.login("alice", "wonderland")

    def send(self, text):
        self.smtp.sendmail("root@client.test", [NUMBER + "@sms.test"],
                           "\r\n%s\r\n" % text)

    def quit(self):
        self.smtp.quit()


@tap.test("mails through all the walls, and a renewed certificate")
def walls():
    with Place(gw) as place, base.Systemd(place, drop_in=base.TLS) as server:
        wait_until(lambda: base.socket.create_connection(
            ("127.0.0.1", place.tls_port)).close() is None, PATIENCE)
        for port, at_once in ((place.port, False), (place.tls_port, True)):
            how = "465" if at_once else "587, STARTTLS"
            install(place, "good")
            gw.reset()
            old = Mail(port, at_once)
            old.send(how)
            owners = {smtp.process_status(pid, "Uid")
                      for pid in server.sessions()}
            tap.ok(owners and 0 not in owners, how + ": nothing is root's",
                   owners)
            tap.is_({smtp.process_name(pid) for pid in server.sessions()},
                    {"smtp2sms", "smtp2sms-deliver"[:15], "smtp2sms-tls"},
                    "all three programs are there")
            install(place, "renewed")
            new = Mail(port, at_once, "renewed")
            new.send(how + ", renewed")
            old.send(how + ", the old connection")
            old.quit()
            new.quit()
            tap.is_([m["textMessage"]["text"] for m in gw.messages],
                    [how, how + ", renewed", how + ", the old connection"],
                    "with the new certificate, and on with the old",
                    server.log())
        tap.ok(wait_until(lambda: not server.sessions(), PATIENCE),
               "no process is left")
        tap.is_(complaints(server.log()), [], "no complaint")
        server.wait_said("Deactivated successfully", 4)
        tap.is_(re.findall(r"status=\S+", server.said()), [],
                "every session's status is 0")


tap.run()
