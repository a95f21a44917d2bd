"""guard: what metrics and the flood guard cost for a message, beside a
journal.

A listener serves some hundred sessions of one mail each; its processor time,
and that of all its sessions and of smtp2sms-deliver, is what wait4(2) says of
it.  The gateway plays in this process and is not counted.
"""

import os
import shutil
import signal
import sys
import tempfile

from place import TOP
from report import Report

sys.path.insert(0, os.path.join(TOP, "tests"))

from gateway import Gateway                             # noqa: E402
from listener_lib import Listener                       # noqa: E402
from smtp import own_credentials                        # noqa: E402

SESSIONS = 200
ROUNDS = int(os.environ.get("BENCH_ROUNDS") or 5)
AIM = 0.05

WITHOUT = "journal alone"
EXTRA = {
    WITHOUT: [],
    "and metrics": ["metrics {folder}/smtp2sms.prom"],
    "and rate": ["rate recipient 100000/h", "rate total 100000/h"],
    "and both": ["metrics {folder}/smtp2sms.prom", "rate recipient 100000/h",
                 "rate total 100000/h"],
}


def measure(gateway, lines):
    """Seconds of processor time for a session with a message."""
    folder = tempfile.mkdtemp(prefix="smtp2sms-bench.")
    try:
        os.mkdir(os.path.join(folder, "journal"))
        lines = [line.format(folder=folder) for line in lines]
        with Listener([*own_credentials(), "journal %s/journal" % folder,
                       "max-sessions-per-source 0", *lines], gateway) as it:
            for n in range(SESSIONS):
                with it.connect() as client:
                    client.ehlo()
                    reply = client.send_message(
                        "mail %d" % n, headers="Message-ID: "
                        "<%d.4711@client.test>\r\n" % n)
                    assert reply.code == 250, reply
                    client.bye()
            it.signal(signal.SIGTERM)
            _, _, usage = os.wait4(it.pid, 0)
            it.child.returncode = 0
    finally:
        shutil.rmtree(folder)
    return (usage.ru_utime + usage.ru_stime) / SESSIONS


def run(report):
    best = {}
    with Gateway() as gateway:
        for _ in range(ROUNDS):
            for name, lines in EXTRA.items():
                gateway.reset()
                spent = measure(gateway, lines)
                best[name] = min(spent, best.get(name, spent))
    base = best[WITHOUT]
    report.section(
        "The cost of metrics and of the flood guard",
        "Processor time of a listener, its session and smtp2sms-deliver for "
        "a session with one message; the least of %d rounds of %d sessions."
        % (ROUNDS, SESSIONS), ["configuration", "ms", "more"],
        [[name, "%.3f" % (1000 * value),
          "" if name == WITHOUT else "%+.1f %%" % (100 * (value / base - 1))]
         for name, value in best.items()], [])
    for name in ("and metrics", "and rate"):
        more = best[name] / base - 1
        report.aim("the cost of a journal " + name, "under 5 %",
                   "%.1f %%" % (100 * more), more < AIM)
    return best


if __name__ == "__main__":
    run(Report())
