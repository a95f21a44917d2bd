"""latency: how long a client waits.

For the greeting, against null; and from the final dot to its reply, with a
gateway that is a network away (delay.py), in round trips to it.
"""

import os
import smtplib
import socket
import ssl
import statistics
import subprocess
import sys
import time

import contenders
from place import BUILD, NUMBER, Place, read, wait_until
from report import Figure, Report, ratio

ROUNDS = int(os.environ.get("BENCH_ROUNDS") or 5)
GREETINGS = 20          # of a contender in a round
GREETING_ROUNDS = 5     # times ROUNDS
PAUSE = 4               # milliseconds between two, for what is left of one
RTT = 50                # milliseconds
MAILS = 4               # of a session
PROBES = 10
MAIL = (b"From: <bench@client.test>\r\nMessage-ID: <%d.%d@client.test>\r\n"
        b"\r\nDisk full on db1\r\n.\r\n")


# ---- the greeting ----

def greetings(port):
    done = subprocess.run(
        [os.path.join(BUILD, "client"), "-g", "-n", str(GREETINGS), "-p",
         str(PAUSE), str(port)], capture_output=True, text=True, check=True)
    return [float(line) for line in done.stdout.split()]


def greeting(report):
    with Place() as place:
        config = place.configure("http://localhost:1")
        rivals = contenders.make(place, config, "http://localhost:1",
                                 ["auth=none"], names=contenders.ALL,
                                 agent=contenders.find_agent(place, config))
        times = {name: [] for name in rivals}
        for _ in range(ROUNDS * GREETING_ROUNDS):
            for name, rival in rivals.items():
                times[name].append(statistics.median(greetings(rival.port)))
        found = {name: Figure(values) for name, values in times.items()}
        null = found["null"].median
        report.section(
            "Greeting",
            "From connect(2) to the first line, one session after the "
            "other: medians of %d, and of the rounds." % GREETINGS,
            ["contender", "us (range)", "/ null"],
            [[name, figure.text(), ratio(figure.median, null)]
             for name, figure in found.items()],
            [("client", "build/client -g -n %d -p %d PORT"
              % (GREETINGS, PAUSE))] +
            [(name, rival.text)
             for name, rival in rivals.items()])
    value = found["listener"].median / null
    report.aim("greeting, listener", "<= 0.25 of null", "%.2f" % value,
               value <= 0.25)


# ---- from the final dot to its reply ----

def round_trips(place, port):
    """Milliseconds of requests on one connection, as they really are."""
    context = ssl.create_default_context(cafile=place.path("cert.pem"))
    times = []
    with socket.create_connection(("127.0.0.1", port)) as raw, \
            context.wrap_socket(raw, server_hostname="localhost") as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(PROBES + 1):
            start = time.monotonic()
            sock.sendall(b"GET /devices HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while not sock.recv(65536).endswith(b"[]"):
                pass
            times.append((time.monotonic() - start) * 1000)
    return Figure(times[1:])


class Dialogue(smtplib.SMTP):
    """One session."""

    def _get_socket(self, host, port, timeout):
        sock = super()._get_socket(host, port, timeout)
        # else the dot would wait for the ACK of what is before it
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def envelope(self):
        self.must("MAIL FROM:<bench@client.test>")
        self.must("RCPT TO:<%s@sms.test>" % NUMBER)

    def must(self, line):
        code, text = self.docmd(line)
        if code >= 400:
            sys.exit("%s: %d %s" % (line, code, text))

    def dot(self, number):
        """Milliseconds from the final dot to its reply."""
        self.must("DATA")
        mail = MAIL % (number, time.monotonic_ns())
        self.send(mail[:-3])
        start = time.monotonic()
        self.send(mail[-3:])
        code, text = self.getreply()
        if code != 250:
            sys.exit("final dot: %d %s" % (code, text))
        return (time.monotonic() - start) * 1000


def warm_ups(place):
    try:
        return read(place.path("seen")).count("/health")
    except FileNotFoundError:
        return 0


def session(place, port, patient):
    """Milliseconds for each mail of a session.

    A patient client gives the warm-up the time to finish, as real ones do
    that are a network away or ask a person for the text.  (An agent that is
    warm already does not begin one.)
    """
    times = []
    before = warm_ups(place)
    with Dialogue("127.0.0.1", port) as client:
        client.ehlo()
        client.login("alice", "wonderland")
        client.envelope()
        if patient:
            wait_until(lambda: warm_ups(place) > before, 8 * RTT / 1000)
            time.sleep(RTT / 1000)      # its answer is on the way
        times.append(client.dot(0))
        for number in range(1, MAILS):
            client.envelope()
            times.append(client.dot(number))
    return times


def dots(report):
    """{(name, patient): (first, later) in round trips}"""
    with Place() as place:
        _, https = place.nginx()
        far = place.delay(https, RTT)
        url = "https://localhost:%d" % far
        config = place.configure(url)
        trip = round_trips(place, far)
        agent = contenders.find_agent(place, config)
        rivals = contenders.make(place, config, url,
                                 ["auth-without-tls=yes"],
                                 names=("spawn", "agent", "listener"),
                                 agent=agent)
        # where no device is named each mail has to be looked up first
        rivals.update(("%s, no device" % name, rival) for name, rival in
                      contenders.make(place, place.configure(url, device=""),
                                      url, ["auth-without-tls=yes"],
                                      names=("spawn",)).items())
        naive = contenders.make(place, config, url, [], names=("naive",))
        found, rows = {}, []
        times = {(name, patient): [] for patient in (True, False)
                 for name in rivals}
        for _ in range(ROUNDS):
            for name, patient in times:
                times[name, patient].append(
                    session(place, rivals[name].port, patient))
        for (name, patient), runs in times.items():
            first = Figure([run[0] for run in runs])
            later = Figure([ms for run in runs for ms in run[1:]])
            found[name, patient] = [figure.median / trip.median
                                    for figure in (first, later)]
            for which, figure in (("first", first), ("later", later)):
                rows.append([name, "warm-up over" if patient else "at once",
                             which, figure.text("%.1f"),
                             ratio(figure.median, trip.median)])
        figure = Figure([naive_dot(naive["naive"].port)
                         for _ in range(ROUNDS)])
        found["naive", False] = [figure.median / trip.median] * 2
        rows.append(["naive", "at once", "each", figure.text("%.1f"),
                     ratio(figure.median, trip.median)])
        report.section(
            "From the final dot to its reply",
            "The gateway is nginx by HTTPS, %d ms away: bench/delay.py, "
            "which lets a connection's set-up cost its round trip as well. "
            "A round trip measured through it on a kept connection: %s ms. "
            "\"Warm-up over\": the client comes to the dot once the delivery "
            "side has its connection; \"at once\": it is on this machine and "
            "does not wait for anything (TCP, TLS and the request then take "
            "3 round trips if all has to be done behind the dot)."
            % (RTT, trip.text("%.1f")),
            ["contender", "client", "mail", "ms (range)", "round trips"],
            rows, [("gateway", "python3 bench/delay.py PORT NGINX %d" % RTT)] +
            [(name, rival.text)
             for name, rival in list(rivals.items()) + list(naive.items())])
    for name in ("spawn", "agent", "listener"):
        value = found.get((name, True))
        worst = value and max(value)
        report.aim("dot to 250, %s, from the first mail on" % name,
                   "<= 1.15 round trips", worst and "%.2f" % worst,
                   worst and worst <= 1.15)
    return {"%s, %s" % (name, "warm-up over" if patient else "at once"): value
            for (name, patient), value in found.items()}


def naive_dot(port):
    with Dialogue("127.0.0.1", port) as client:
        client.ehlo()
        client.envelope()
        return client.dot(0)


def run(report):
    greeting(report)
    return dots(report)


if __name__ == "__main__":
    run(Report())
