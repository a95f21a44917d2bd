"""run: all the benchmarks; writes RESULTS.md and results.svg beside it.

usage: run.py

BENCH_ROUNDS (5), BENCH_SECONDS (1.5, of a load in a round) and
BENCH_SESSIONS (1000, idle ones) make it shorter; what was made with other
numbers than these is not for RESULTS.md, and goes to build/ instead.
"""

import os
import platform
import re
import subprocess
import sys
import time

import contenders
import cpu
import guard
import latency
import mail
import memory
import rates
import storm
from place import BUILD, HERE, TOP, read
from report import Report

SHORT = any(name in os.environ for name in (
    "BENCH_ROUNDS", "BENCH_SECONDS", "BENCH_SESSIONS"))
GAP = "?"               # gnuplot: nothing to draw


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True,
                              check=False)
    except OSError:
        return "?"
    return ((done.stdout or done.stderr).splitlines() or ["?"])[0].strip()


def machine():
    model = re.search(r"model name\s*: (.*)", read("/proc/cpuinfo"))
    memory_kib = int(re.search(r"MemTotal:\s+(\d+)", read("/proc/meminfo"))[1])
    return "%d x %s%s, %.0f GiB, Linux %s, %s, %s, %s" % (
        os.cpu_count(), model.group(1) if model else platform.machine(),
        " (virtual)" if "hypervisor" in read("/proc/cpuinfo") else "",
        memory_kib / 1048576, platform.release(),
        " ".join(platform.libc_ver()), first_line("cc", "--version"),
        first_line("nginx", "-v"))


def head(seconds, load):
    commit = first_line("git", "-C", TOP, "rev-parse", "--short", "HEAD")
    return """# Figures

Made by `make bench` in %d minutes, commit %s, on %s. The load average before
it began was %.1f: it should be near 0.

Absolute numbers are this machine's; what counts are ratios between
contenders of the same run, which take turns. Each figure is the median of
several rounds, with the least and the greatest behind it. What stands behind
the aims that are missed is in [FINDINGS.md](FINDINGS.md).

""" % (
        round(seconds / 60), commit, machine(), load) + CONTENDERS


CONTENDERS = """\
- **null**: a C program that answers 250 to everything, the limit of any
  filter under tcpserver
- **spawn**: smtp2sms that starts a delivery side for itself
- **agent**: smtp2sms with a shared delivery agent
- **agent, static**: agent, with the session program linked statically
  (`make static`; not the default)
- **naive**: a shell filter that calls curl(1) for each mail
- **fork**: null, which accepts and forks by itself, the limit of any listener
  with a process for each session
- **listener**: smtp2sms that has the port itself, as systemd starts it
- **peer**: a daemon in Go (bench/peer: go-smtp, net/http), one process for all

![The figures as a picture](results.svg)"""


def cell(value):
    return GAP if value is None else "%.3f" % value


def table(name, rows):
    """A file of data for gnuplot; its path."""
    path = os.path.join(BUILD, "bench.%s.dat" % name)
    with open(path, "w") as file:
        for label, *values in rows:
            file.write('"%s" %s\n' % (label.replace(", ", "\\n"),
                                      " ".join(map(cell, values))))
    return path


def draw(path, rate, dot, weight, size):
    """The picture."""
    data = {
        "rate": table("rate", [[name, *values]
                               for name, values in rate.items()]),
        "dot": table("dot", [
            [name.replace("warm-up over", "warm"), *values]
            for name, values in dot.items() if "no device" not in name]),
        "memory": table("memory", [
            [name, weight.get((name, "before AUTH"))]
            for name in contenders.ALL
            if (name, "before AUTH") in weight]),
    }
    for name, values in size.items():
        data["size_" + name] = table("size_" + name, [
            ["", octets / 1000, ms] for octets, ms in values])
    words = ["output='%s'; series='%s'" % (path, " ".join(size))]
    words += ["%s='%s'" % pair for pair in data.items()]
    subprocess.run(["gnuplot", "-e", "; ".join(words),
                    os.path.join(HERE, "plot.gp")], check=True)


def main():
    memory.more_files()
    report, start, load = Report(), time.monotonic(), os.getloadavg()[0]
    rate = rates.run(report)
    dot = latency.run(report)
    weight, size = memory.run(report)
    storm.run(report)
    cpu.run(report)
    guard.run(report)
    mail.run(report)
    folder = BUILD if SHORT else HERE
    picture = os.path.join(folder, "results.svg")
    draw(picture, rate, dot, weight, size)
    path = os.path.join(folder, "RESULTS.md")
    with open(path, "w") as file:
        file.write(report.markdown(head(time.monotonic() - start, load)))
    print("\n" + report.aim_table() + "\n\n%s\n%s" % (path, picture))


if __name__ == "__main__":
    sys.exit(main())
