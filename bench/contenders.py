"""contenders: what is measured against what, each behind a tcpserver.

  null    bench/null.c: 250 to everything
  spawn   smtp2sms that starts a delivery side of its own
  agent   smtp2sms that uses a shared one
  naive   bench/naive.sh: a shell filter that calls curl(1)
  agent, static
          agent, with smtp2sms as "make static" links it; where it is asked for

A library: as a program it has nothing to measure.
"""

import collections
import os
import smtplib
import sys

from place import BUILD, HERE, HOME, NUMBER, cpu_time, process_name

NULL = os.path.join(BUILD, "null")
NAIVE = os.path.join(HERE, "naive.sh")
STATIC = os.path.join(BUILD, "static", "smtp2sms")
NAMES = ("null", "spawn", "agent", "naive")
ALL = ("null", "spawn", "agent", "agent, static", "naive")


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
Agent = collections.namedtuple("Agent", "path pid")


class Contender:
    def __init__(self, place, command, agent=None):
        self.text = shown(place, command)
        self.port, self.pid = place.tcpserver(command)
        self.agent = agent

    def cpu(self):
        """Seconds of processor time, all its processes up to now."""
        pids = [self.pid] + ([self.agent.pid] if self.agent else [])
        return sum(map(cpu_time, pids))


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


def make(place, config, url, settings, tls=False, names=NAMES, agent=None):
    """{name: Contender}, for those that are there."""
    curl = ["--cacert", place.path("cert.pem")] if "https:" in url else []
    dash = ["-s"] if tls else []
    more = list(settings) + (with_tls(place) if tls else [])
    commands = {
        "null": [NULL],
        "spawn": place.smtp2sms(config, *more, dash=dash),
        "agent": agent and place.smtp2sms(
            config, *more, "delivery=" + agent.path, dash=dash),
        "naive": ["sh", NAIVE, url] + curl,
    }
    if agent and os.path.exists(STATIC):
        commands["agent, static"] = [STATIC] + commands["agent"][1:]
    if tls:
        for name in ("null", "naive"):  # smtp2sms starts it by itself
            commands[name] = wrapped(place, commands[name])
    return {name: Contender(place, commands[name],
                            agent if name.startswith("agent") else None)
            for name in names if commands.get(name)}


def find_agent(place, config, *settings):
    """An Agent; None if it cannot be had."""
    path, pid = place.agent(config, *settings)
    probe = Contender(place, place.smtp2sms(
        config, "auth=none", "delivery=" + path))
    error = try_mail(probe.port)
    # started by the first who connects
    if process_name(pid).startswith("smtp2sms"):
        return Agent(path, pid)
    print("there is no agent%s" % (": %s" % error if error else ""),
          file=sys.stderr)
    return None
