"""postfix_lib: a Postfix of the test's own, with a queue before smtp2sms.

Configuration, queue, port and log are the test's.  A library: as a program
it has nothing to test.
"""

import os
import re
import shutil
import signal
import smtplib
import subprocess
from email.message import EmailMessage

from client_lib import DOMAIN, NUMBER
from foreign import account
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
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix(Server):
    """Postfix with contrib's lines, for this service."""

    def __init__(self, service, *replacements, more=""):
        """Start it.

        replacements   of contrib's lines, as client_lib.snippet() has them
        more           lines for main.cf
        """
        need("postfix", "postqueue")
        need_root()
        owner = account("postfix")
        self.place = service.place
        place = self.place
        port = free_port()
        for name in ("etc", "queue", "data"):
            os.makedirs(place.path("postfix", name))
        shutil.chown(place.path("postfix", "data"), owner)
        self.dir = place.path("postfix", "etc")
        passwords = service.write_snippet("postfix/sasl_passwd")
        place.write("postfix/etc/main.cf", OWN.format(
            dir=place.path("postfix")) + service.snippet(
                "postfix/main.cf",
                ("/etc/postfix/sasl_passwd", passwords), *replacements) + more)
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


if __name__ == "__main__":
    print("1..0 # SKIP a library")
