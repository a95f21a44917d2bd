"""machines_lib: machines that share a real etcd's journal.

A machine is a configuration of its own.  A library: as a program it has
nothing to test.
"""

import os
import subprocess
import time

import tap
from etcd_lib import PREFIX, Cluster
from gateway import Gateway
from journal_lib import without_ids
from smtp import (HOME, NUMBER, SLOW, Session, configuration, own_credentials,
                  secret_file)

gw = Gateway()
LIMIT = int(2 * SLOW)       # seconds: timeout-journal
OWN = own_credentials() + ["gateway " + without_ids(),
                           "timeout-journal %d" % LIMIT]
NOTHING = "451 4.3.0 "
try:
    cluster = Cluster()
except tap.Skip as why:
    tap.skip_all(str(why))
numbers = iter(range(1, 10 ** 6))


def machine(name, *lines):
    """The lines of a machine's configuration."""
    return [*OWN, *cluster.lines(), "hostname %s.test" % name, *lines]


ONE, TWO = machine("one"), machine("two")


def new():
    """A Message-ID that is new."""
    return "Message-ID: <%d@client.test>\r\n" % next(numbers)


def mail(lines, ident, to=(NUMBER,), text="hello"):
    """(the reply as a line, the seconds that it took)."""
    with Session(lines, gw) as s:
        s.ehlo()
        began = time.monotonic()
        reply = s.send_message(text, to, ident)
        return str(reply), time.monotonic() - began


def sent():
    """How many SMS the gateway has accepted since the last call."""
    with gw.lock:
        count = len(gw.messages)
    gw.reset()
    return count


def claims():
    return [key for key in cluster.pairs(PREFIX) if "/claim/" in key]


def free_claims():
    """Let time pass: the claims that are there end."""
    for key in claims():
        cluster.remove(key)


def probe(*words, lines):
    path = secret_file(configuration(lines, gw))
    done = subprocess.run([os.path.join(HOME, "smtp2sms-deliver"), *words,
                           "-f", path], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout + done.stderr


if __name__ == "__main__":
    print("1..0 # SKIP a library")
