"""The delivery side that sessions share, where a supervisor keeps it: with
contrib/runit-deliver under runit and contrib/s6-deliver under s6.

Debian 12 has no s6-networking; the sessions come from contrib/runit in both.
"""

import contextlib
import os
import socket
import subprocess
import threading

import smtp
import tap
from gateway import Gateway
from server_lib import (PATIENCE, Client, Place, Server, below, check_all,
                        need, need_root)
from smtp import SLOW, wait_until

FOLDER = "dir=/run/smtp2sms\n"
PROGRAM = "/usr/local/libexec/smtp2sms/smtp2sms-deliver"

gw = Gateway()


class Agent:
    """A folder of contrib/ at this place, and its supervisor."""

    def __init__(self, place, folder, command):
        need(*command[:1])
        need_root()
        self.socket = place.path("socket", "deliver.sock")
        self.logfile = place.path("log-deliver", "current")
        place.configure(["delivery " + self.socket])
        place.script(folder + "/log/run")
        place.script(folder + "/run",
                     (FOLDER, "dir=%s\n" % place.path("socket")),
                     (PROGRAM, "%s -f %s" % (place.path(
                         "libexec", "smtp2sms-deliver"), place.config)))
        os.mkdir(place.path("scan"))
        os.symlink(place.path("run", folder), place.path("scan", "deliver"))
        self.child = subprocess.Popen(
            [word.replace("SCAN", place.path("scan")) for word in command],
            stderr=subprocess.DEVNULL, start_new_session=True)
        assert wait_until(self.listens, PATIENCE), "it does not listen"

    def listens(self):
        with socket.socket(socket.AF_UNIX) as sock:
            return sock.connect_ex(self.socket) == 0

    def processes(self):
        return [pid for pid, _ in below(self.child.pid)
                if smtp.process_name(pid) == "smtp2sms-deliver"[:15]]

    def log(self):
        with open(self.logfile, errors="replace") as file:
            return file.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait(PATIENCE * SLOW)


@contextlib.contextmanager
def both(folder, *command):
    """The place, an agent and a super-server for the sessions."""
    need("runsv", "tcpsvd", "chpst", "svlogd")
    with Place(gw) as place, Agent(place, folder, command) as agent:
        place.script("runit/run")
        with Server(place, ["runsv", place.path("run", "runit")]) as server:
            yield place, agent, server


def mail(server, text):
    client = Client(server.port).login()
    client.envelope()
    reply = client.data(text)
    client.hang_up()
    return reply


def check_agent(place, agent, server):
    check_all(server, gw)
    tap.is_(len(agent.processes()), 1, "one delivery side for all of them")
    first = agent.processes()
    owner = smtp.process_status(first[0], "Uid")
    tap.ok(owner != 0, "it is not root's", owner)
    mode = os.stat(agent.socket).st_mode & 0o777
    tap.is_(mode, 0o660, "its socket is its user's and its group's")
    with open("/proc/%d/limits" % first[0]) as file:
        limit = [line.split()[3] for line in file
                 if line.startswith("Max open files")]
    tap.is_(limit, ["4096"], "it may have the descriptors for its clients")
    check_restart(agent, server, first)


def check_restart(agent, server, first):
    """It ends with a mail under way, and the supervisor starts another."""
    gw.reset()
    gw.queue("delay:1500")
    replies = []
    thread = threading.Thread(
        target=lambda: replies.append(mail(server, "under way")))
    thread.start()
    gw.wait_for(lambda: gw.posts())
    os.kill(first[0], 15)
    thread.join()
    tap.like(replies[0], "^250 ", "what is under way has its answer")
    tap.ok(wait_until(lambda: agent.processes() not in (first, []) and
                      agent.listens(), PATIENCE), "another is started")
    tap.like(mail(server, "after that"), "^250 ", "and serves")
    tap.is_(len(gw.messages), 2, "both were sent, and once")


@tap.test("contrib/runit-deliver")
def runit():
    with both("runit-deliver", "runsv", "SCAN/deliver") as what:
        check_agent(*what)


@tap.test("contrib/s6-deliver")
def s6():
    need("s6-setuidgid", "s6-log")
    with both("s6-deliver", "s6-svscan", "SCAN") as what:
        check_agent(*what)


@tap.test("its log")
def log():
    with both("runit-deliver", "runsv", "SCAN/deliver") as (_, agent, server):
        gw.reset()
        gw.queue("500:no")
        mail(server, "in vain")
        tap.ok(wait_until(lambda: "status=500" in agent.log(), PATIENCE),
               "svlogd has what it says", agent.log())


tap.run()
