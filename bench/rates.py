"""rates: sessions and messages in a second.

The contenders take turns in rounds, each with as many mails as take it about
SECONDS; what is reported are medians of the rounds. Beside it is the
processor time that a mail costs on the server's side: of tcpserver, all that
it started and the agent, but not of the client, nginx and what the kernel
does for no process. Others on the machine disturb that less than the rate.
"""

import os
import subprocess
import sys
import time

import contenders
from place import BUILD, NUMBER, PATH, Place, wait_until
from report import Figure, Report, ratio

ROUNDS = int(os.environ.get("BENCH_ROUNDS") or 5)
SECONDS = float(os.environ.get("BENCH_SECONDS") or 1.5)
PROBE = 60              # mails of the first round, which is not counted
LOGIN = "alice:wonderland"
BASES = ("null", "naive", "peer")
SPEED = ("null", "agent", "fork", "listener", "peer")   # of more loads


def smtp_source(sessions, kept=False):
    """(what it is called, function: port, mails -> command)"""
    def command(port, mails):
        return ["smtp-source", "-s", str(sessions), "-m", str(mails),
                "-l", "500", "-f", "bench@client.test", "-t",
                NUMBER + "@sms.test", *(["-d"] if kept else []),
                "127.0.0.1:%s" % port]
    return command


def own_client(sessions, *options):
    def command(port, mails):
        return [os.path.join(BUILD, "client"), "-c", str(sessions), "-n",
                str(mails), "-l", "500", *options, str(port)]
    return command


def seconds(command):
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env=dict(os.environ, PATH=PATH))
    if done.returncode:
        sys.exit("%s: %s" % (" ".join(command), done.stderr))
    return time.monotonic() - start


class Result:
    """Of one contender under one load."""

    def __init__(self):
        self.rates, self.cpu = [], []   # mails a second; milliseconds each

    def add(self, rival, load, mails):
        before = rival.cpu()
        self.rates.append(mails / seconds(load(rival.port, mails)))
        wait_until(lambda: not rival.sessions())
        self.cpu.append((rival.cpu() - before) * 1000 / mails)


def over(value, base):
    """A ratio, or None if one of both was not measured."""
    return value / base if value and base else None


def race(rivals, load, probe=PROBE):
    """{name: Result}; the rivals take turns."""
    mails, results = {}, {name: Result() for name in rivals}
    for name, rival in rivals.items():
        rate = probe / seconds(load(rival.port, probe))
        mails[name] = max(probe, int(rate * SECONDS))
    for _ in range(ROUNDS):
        for name, rival in rivals.items():
            results[name].add(rival, load, mails[name])
    return results


def measure(report, place, title, text, races):
    """races: (label, rivals, load).  {(label, name): median of rates}"""
    rows, found = [], {}
    commands = {}       # command -> what the table calls it
    for label, rivals, load in races:
        results = race(rivals, load)
        figures = {name: Figure(result.rates)
                   for name, result in results.items()}
        for name, figure in figures.items():
            cpu = Figure(results[name].cpu).median
            found[label, name], found[label, name, "cpu"] = figure.median, cpu
            rows.append([label, name, figure.text()] + [
                ratio(figure.median, figures[base].median)
                if base in figures else "" for base in BASES] +
                ["%.2f" % cpu])
            commands.setdefault(rivals[name].text, []).append((name, label))
        commands[contenders.shown(place, load("PORT", "N"))] = [(label,)]
    report.section(title, text, ["load", "contender", "a second (range)"] +
                   ["/ " + base for base in BASES] + ["CPU ms each"], rows,
                   [(called(who, races), command)
                    for command, who in commands.items()])
    return found


def called(who, races):
    """Contender or load; with the load where it is not the same for all."""
    if len(who[0]) == 1 or len(who) == len(races):
        return who[0][0]
    return "%s (%s)" % (who[0][0], "; ".join(label for _, label in who))


def aims(report, found):
    for sessions in (10, 50):
        label = "%d at a time" % sessions
        for base, limit in (("peer", 1.0), ("null", 1.5)):
            value = over(found.get((label, "listener")),
                         found.get((label, base)))
            report.aim("sessions/s, listener, %s" % label,
                       ">= %.1f of %s" % (limit, base),
                       value and "%.2f" % value, value and value >= limit)
    for sessions in (1, 10, 50):
        label = "%d at a time" % sessions
        value = found[label, "spawn"] / found[label, "naive"]
        report.aim("sessions/s, spawn, %s" % label, ">= 2 times naive",
                   "%.2f" % value, value >= 2)


def tls_aims(report, found):
    for label in "AUTH, TLS, 10", "AUTH, STARTTLS, 10":
        value = over(found.get((label, "listener")), found.get((label, "peer")))
        report.aim("sessions/s, listener, %s" % label, ">= 1.0 of peer",
                   value and "%.2f" % value, value and value >= 1)
    value = over(found.get(("AUTH, TLS, 10", "listener", "cpu")),
                 found.get(("AUTH, TLS, 10", "agent", "cpu")))
    report.aim("CPU of a session, listener, AUTH, TLS", "<= 0.33 of agent",
               value and "%.2f" % value, value and value <= 1 / 3)


def kept_aims(report, found):
    for label in "1 kept", "10 kept":
        value = over(found.get((label, "listener")), found.get((label, "peer")))
        report.aim("messages/s, listener, %s" % label, ">= 1.0 of peer",
                   value and "%.2f" % value, value and value >= 1)


def encrypted(report, place, config, url, agent, plain):
    def rivals(**more):
        return contenders.make(place, config, url, ["auth-without-tls=yes"],
                               agent=agent, **more)
    ca = place.path("cert.pem")
    login = ["-a", LOGIN]
    found = measure(
        report, place, "Sessions a second, with AUTH and TLS",
        "By bench/client.c, since smtp-source has neither. In TLS null and "
        "naive are behind smtp2sms-tls.",
        [("client, 10", plain, own_client(10)),
         ("AUTH, 10", rivals(names=SPEED), own_client(10, *login)),
         ("AUTH, TLS, 10", rivals(tls=True), own_client(10, *login, "-C", ca)),
         ("AUTH, STARTTLS, 10", rivals(starttls=True, names=SPEED),
          own_client(10, *login, "-S", "-C", ca))])
    tls_aims(report, found)


def run(report):
    """Everything; {name of contender: [sessions/s at 1, 10, 50]}"""
    with Place() as place:
        http, https = place.nginx()
        urls = ["http://localhost:%d" % http, "https://localhost:%d" % https]
        config, secure = map(place.configure, urls)
        agent = contenders.find_agent(place, config)
        plain = contenders.make(place, config, urls[0], ["auth=none"],
                                names=contenders.ALL, agent=agent)
        loads = [("%d at a time" % n, plain, smtp_source(n))
                 for n in (1, 10, 50)]
        found = measure(
            report, place, "Sessions a second",
            "A session is one mail of 500 octets without AUTH; the gateway "
            "is nginx by HTTP. \"CPU\": of the contender, tcpserver and the "
            "agent included.", loads)
        aims(report, found)
        more = agent and contenders.find_agent(place, secure)
        rivals = contenders.make(place, secure, urls[1], ["auth=none"],
                                 agent=more)
        measure(report, place, "Sessions a second, gateway by HTTPS",
                "The same with TLS between the delivery side and nginx.",
                [("10 at a time", rivals, smtp_source(10))])
        encrypted(report, place, config, urls[0], agent, plain)
        kept = measure(report, place, "Messages a second, connections kept",
                       "Sessions that send one mail after the other.",
                       [("%d kept" % n, plain, smtp_source(n, kept=True))
                        for n in (1, 10)])
        kept_aims(report, kept)
    return {name: [found["%d at a time" % n, name]
                   for n in (1, 10, 50)]
            for name in contenders.ALL if ("1 at a time", name) in found}


if __name__ == "__main__":
    run(Report())
