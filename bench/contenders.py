"""contenders: what is measured against what.

Behind a tcpserver, a process for each connection:

  null    bench/null.c: 250 to everything
  spawn   smtp2sms that starts a delivery side of its own
  agent   smtp2sms that uses a shared one
  naive   bench/naive.sh: a shell filter that calls curl(1)

and those that have the port themselves:

  listener
          smtp2sms -l, as systemd starts it
  fork    bench/null.c again, which accepts and forks by itself: what any
          listener can do that has a process for each session
  peer    bench/peer: a daemon in Go, with the libraries that people take;
          where Go is not there, it is left out
  agent, static
          agent, with smtp2sms as "make static" links it; where it is asked for

A library: as a program it has nothing to measure.
"""

import collections
import functools
import os
import shutil
import smtplib
import subprocess
import sys

from place import (BUILD, HERE, HOME, NUMBER, below, cpu_time, free_port,
                   listens, process_name)

NULL = os.path.join(BUILD, "null")
NAIVE = os.path.join(HERE, "naive.sh")
PEER = os.path.join(BUILD, "peer")
STATIC = os.path.join(BUILD, "static", "smtp2sms")
NAMES = ("null", "spawn", "agent", "naive", "fork", "listener", "peer")
ALL = ("null", "spawn", "agent", "agent, static", "naive", "fork", "listener",
       "peer")
NO_LIMITS = ("max-sessions=2000", "max-sessions-per-source=0")
OWN_PORT = ("fork", "listener", "peer")


def wrapped(place, command):
    """The command behind TLS from the first octet on."""
    return [os.path.join(HOME, "smtp2sms-tls"), "-s", place.path("cert.pem"),
            place.path("key.pem")] + command


def with_tls(place):
    return ["tls-cert=" + place.path("cert.pem"),
            "tls-key=" + place.path("key.pem")]


def shown(place, command):
    """A command as people would write it."""
    return " ".join(command).replace(place.dir + "/", "").replace(
        os.path.dirname(HERE) + "/", "").replace(sys.executable, "python3")


# what a delivery agent listens on, and its process
Agent = collections.namedtuple("Agent", "path pid group")


class Contender:
    front = "tcpserver ... "

    def __init__(self, place, command, agent=None):
        self.text = self.front + shown(place, command)
        self.group = place.group()
        self.port, self.pid = self.start(place, command)
        self.agent = agent

    def start(self, place, command):
        return place.tcpserver(command, self.group)

    def cpu(self):
        """Seconds of processor time, all its processes up to now."""
        return used(self.group, self.pid) + \
            (used(self.agent.group, self.agent.pid) if self.agent else 0)

    def sessions(self):
        """The processes that are there for sessions alone."""
        return below(self.pid)

    def shared(self):
        """Those that all sessions share."""
        return [self.agent.pid] if self.agent else []


class Daemon(Contender):
    """One that has the port itself; PORT stands for it in its command."""

    front = ""

    def start(self, place, command):
        port = free_port()
        command = [word.replace("PORT", str(port)) for word in command]
        return port, place.start(place.around + command,
                                 lambda: listens(port), group=self.group).pid

    def sessions(self):
        return [pid for pid in below(self.pid)
                if process_name(pid) in ("smtp2sms", "null")]

    def shared(self):
        mine = self.sessions()
        return [self.pid, *(pid for pid in below(self.pid)
                            if pid not in mine)]


def used(group, pid):
    """Seconds of a control group; where there are none, of a process, its
    children that are there, and those it has waited for."""
    if group:
        return group.seconds()
    return sum(map(cpu_time, [pid, *below(pid)]))


@functools.lru_cache(maxsize=None)
def has_peer():
    """Build the daemon in Go; false, with words, where that cannot be."""
    go = shutil.which("go", path=os.environ["PATH"] + ":/usr/local/go/bin")
    why = "there is no go(1)"
    if go:
        done = subprocess.run([go, "build", "-o", PEER, "."], text=True,
                              cwd=os.path.join(HERE, "peer"), check=False,
                              capture_output=True)
        why = done.stderr
        if done.returncode == 0:
            return True
    print("peer is left out: %s" % why, file=sys.stderr)
    return False


def peer(place, url, tls, starttls):
    words = [PEER, "-open", "-ca", place.path("cert.pem")]
    if tls or starttls:
        words += ["-smtps" if tls else "-starttls", "-cert",
                  place.path("cert.pem"), "-key", place.path("key.pem")]
    return [*words, "127.0.0.1:PORT", url + "/messages"]


def try_mail(port, login=None):
    """One mail; the reply to its final dot, or what went wrong."""
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
            if login:
                smtp.login(*login)
            smtp.sendmail("bench@client.test", [NUMBER + "@sms.test"],
                          "Subject: bench\r\n\r\nbench\r\n")
            return None
    except (OSError, smtplib.SMTPException) as error:
        return error


def make(place, config, url, settings, tls=False, names=NAMES, agent=None,
         starttls=False, limits=NO_LIMITS):
    """{name: Contender}, for those that are there."""
    curl = ["--cacert", place.path("cert.pem")] if "https:" in url else []
    dash = ["-s"] if tls else []
    more = list(settings) + (with_tls(place) if tls or starttls else [])
    commands = {
        "null": [NULL],
        "spawn": place.smtp2sms(config, *more, dash=dash),
        "agent": agent and place.smtp2sms(
            config, *more, "delivery=" + agent.path, dash=dash),
        "naive": ["sh", NAIVE, url] + curl,
        "fork": [NULL, "PORT"],
        "listener": place.smtp2sms(
            config, *more, *limits, dash=dash) + ["-l", "127.0.0.1:PORT"],
        "peer": has_peer() and peer(place, url, tls, starttls),
    }
    if agent and os.path.exists(STATIC):
        commands["agent, static"] = [STATIC] + commands["agent"][1:]
    if tls:
        for name in ("null", "naive"):  # smtp2sms starts it by itself
            commands[name] = wrapped(place, commands[name])
    if tls or starttls:
        del commands["fork"]
    if starttls:
        del commands["null"], commands["naive"]
    return {name: (Daemon if name in OWN_PORT else Contender)(
        place, commands[name], agent if name.startswith("agent") else None)
            for name in names if commands.get(name)}


def find_agent(place, config, *settings):
    """An Agent; None if it cannot be had."""
    group = place.group()
    path, pid = place.agent(config, *settings, group=group)
    probe = Contender(place, place.smtp2sms(
        config, "auth=none", "delivery=" + path))
    error = try_mail(probe.port)
    # started by the first who connects
    if process_name(pid).startswith("smtp2sms"):
        return Agent(path, pid, group)
    print("there is no agent%s" % (": %s" % error if error else ""),
          file=sys.stderr)
    return None
