"""client_lib: smtp2sms under a super-server, for real clients to send to.

Service() runs it; its .port, .gateway and .log() are what a test needs.
snippet() is a file of contrib/clients as a manual shows it, with this
service's port in place of the real one.  sent() says what has arrived.

A library: as a program it has nothing to test.
"""

import os
import re
import subprocess

import tap
from gateway import Gateway
from server_lib import CONTRIB, PATIENCE, Place, Server, super_server
from smtp import SLOW

USER, PASSWORD = "USER", "PASSWORD"     # as the snippets have them
TOKEN = "t0ken.of-a_test"
BY_TOKEN = "token"      # what the gateway takes a token's user for
DOMAIN = "sms.example.org"
NUMBER = "+4915112345678"
OTHER = "+4915112345679"
UMLAUTS = "Größe von /var: 95 %"
LONG = "Tür 3 öffnet für Zügig gehende Gäste; " * 3 + "Ende"


class Service:
    """smtp2sms on 127.0.0.1, and its gateway."""

    def __init__(self, *lines, **gateway):
        """Start it; gateway: more of Gateway()'s arguments."""
        self.gateway = Gateway(users={USER: PASSWORD}, tokens=[TOKEN],
                               **gateway)
        self.place = Place(self.gateway, ["domain sms.test " + DOMAIN,
                                          *lines])
        self.port = self.place.port
        try:
            self.server = Server(self.place, [
                *super_server("127.0.0.1", self.port), self.place.program, "-f", self.place.config])
        except BaseException:
            self.place.close()
            raise

    def log(self):
        return self.server.log()

    def snippet(self, name, *replacements):
        """A file of contrib/clients for this service."""
        with open(os.path.join(CONTRIB, "clients", name)) as file:
            text = file.read()
        for old, new in replacements:
            assert old in text, "%s has no %r" % (name, old)
            text = text.replace(old, new)
        return re.sub(r"\b587\b", str(self.port), text)

    def write_snippet(self, name, *replacements, mode=0o600):
        """The same as a file; its path."""
        return self.place.write("clients/" + name,
                                self.snippet(name, *replacements), mode)

    def run(self, *command, input="", env=None, code=0):
        """A client's command; what it printed, if its status is right."""
        done = subprocess.run(
            command, input=input, capture_output=True, text=True,
            timeout=3 * PATIENCE * SLOW, cwd=self.place.dir,
            env=dict(os.environ, HOME=self.place.dir, **(env or {})))
        said = done.stdout + done.stderr
        assert done.returncode == code, (command, done.returncode, said,
                                         self.log())
        return said

    def sent(self):
        """(user, numbers, text) of every message since the last call."""
        with self.gateway.lock:
            messages, self.gateway.messages = self.gateway.messages, []
            # one program after the other says the same in the same second
            self.gateway.taken.clear()
        for message in messages:
            extra = set(message) - {"id", "user", "phoneNumbers",
                                    "textMessage"}
            assert not extra, extra
        return [(m["user"], m["phoneNumbers"], m["textMessage"]["text"])
                for m in messages]

    def is_sent(self, name, text, numbers=(NUMBER,), user=USER):
        """One check: exactly this has arrived."""
        return tap.is_(self.sent(), [(user, list(numbers), text)], name,
                       *self.log().splitlines()[-6:])

    def close(self):
        self.server.stop()
        self.place.close()
        self.gateway.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def each(service_lines=()):
    """Decorator: the test gets a service of its own."""
    def wrap(function):
        def run():
            with Service(*service_lines) as service:
                function(service)
        return run
    return wrap


if __name__ == "__main__":
    print("1..0 # SKIP a library")
