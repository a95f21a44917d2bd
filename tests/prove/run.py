"""make prove: what CBMC proves of the pure files, and what it must not.

Each tests/prove/NAME.c is a harness: its head says in words what is proved,
within which bounds, and what the bounds leave out.  It includes the source
that it judges.  Lines of the head are read here:

  prove FUNCTION OPTION...          run CBMC on this function of the harness
  prove-long FUNCTION OPTION...     ... only with PROVE=all (or a name)
  within FILE: OLD -> NEW           everywhere: the limit OLD is NEW
  mutant FUNCTION FILE: OLD -> NEW  the function must fail when OLD, which is
                                    in the file just once, has become NEW

  tests/prove/run.py [NAME...]      all, or these harnesses
"""

import concurrent.futures
import glob
import os
import re
import resource
import shutil
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
HERE = os.path.join(TOP, "tests", "prove")
WORK = os.path.join(TOP, "build", "prove")
CHECKS = ["--bounds-check", "--pointer-check", "--pointer-overflow-check",
          "--signed-overflow-check", "--undefined-shift-check",
          "--div-by-zero-check", "--unwinding-assertions",
          "--no-standard-checks", "--drop-unused-functions"]
SECONDS = float(os.environ.get("PROVE_SECONDS") or 1500)
MEMORY = 6 << 30    # octets of one run; more than it needs, less than there is


def bounded():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


class Run:
    """One call of CBMC, and how it must end."""

    def __init__(self, harness, function, options, limits, mutant=None):
        self.harness, self.function = harness, function
        self.options, self.limits, self.mutant = options, limits, mutant

    def title(self):
        name = "%s: %s" % (os.path.basename(self.harness), self.function)
        return name if not self.mutant else \
            "%s finds %s -> %s" % (name, *self.mutant[1:])

    def folders(self, number):
        """Where included sources are looked for: changed copies first."""
        edits = self.limits + ([self.mutant] if self.mutant else [])
        copy = os.path.join(WORK, "changed%d" % number)
        shutil.rmtree(copy, ignore_errors=True)
        for path, old, new in edits:
            target = os.path.join(copy, path)
            source = target if os.path.exists(target) else \
                os.path.join(TOP, path)
            with open(source, encoding="utf-8") as file:
                text = file.read()
            if text.count(old) != 1:
                raise ValueError("%s has %r %d times" % (path, old,
                                                         text.count(old)))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "w", encoding="utf-8") as file:
                file.write(text.replace(old, new))
        return ["-I" + os.path.relpath(copy, TOP), "-I."] if edits else \
            ["-I."]

    def go(self, number):
        """(1 if it ended as it must, seconds, what CBMC said at its end)."""
        began = time.monotonic()
        command = [os.path.join(HERE, "cbmc"), "-D_GNU_SOURCE", "-DPROVE",
                   *self.folders(number), "--function", self.function,
                   *CHECKS, *self.options, os.path.relpath(self.harness, TOP)]
        try:
            done = subprocess.run(command, cwd=TOP, capture_output=True,
                                  text=True, check=False, timeout=SECONDS,
                                  preexec_fn=bounded)
        except subprocess.TimeoutExpired:
            return 0, SECONDS, "no answer in %g seconds" % SECONDS
        want = 10 if self.mutant else 0
        said = [line for line in done.stdout.splitlines()
                if "FAILURE" in line or "VERIFICATION" in line]
        if done.returncode not in (0, 10):
            said = (done.stdout + done.stderr).splitlines()[-12:]
        return (done.returncode == want, time.monotonic() - began,
                "\n# ".join(said[:12]))


def runs_of(harness, everything):
    with open(harness, encoding="utf-8") as file:
        head = file.read().split("*/", 1)[0]
    options, limits = {}, []
    lines = re.sub(r"\\\n \*\s*", "", head).splitlines()
    for line in lines:
        found = re.match(r" \* within (\S+): (.*) -> (.*)$", line)
        if found:
            limits.append(found.groups())
    for line in lines:
        found = re.match(r" \* (prove|prove-long) (\w+)(.*)$", line)
        if found:
            options[found[2]] = found[3].split()
            if found[1] == "prove" or everything:
                yield Run(harness, found[2], options[found[2]], limits)
    for line in lines:
        found = re.match(r" \* mutant (\w+) (\S+): (.*) -> (.*)$", line)
        if found:
            yield Run(harness, found[1], options[found[1]], limits,
                      found.groups()[1:])


def main(names):
    everything = bool(names) or os.environ.get("PROVE") == "all"
    harnesses = [os.path.join(HERE, name + ".c") for name in names] or \
        sorted(glob.glob(os.path.join(HERE, "*.c")))
    # fetched before two of them ask for it at a time
    subprocess.run([os.path.join(HERE, "cbmc"), "--version"], check=True,
                   stdout=subprocess.DEVNULL)
    runs = [run for harness in harnesses
            for run in runs_of(harness, everything)]
    print("1..%d" % len(runs), flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(run.go, i) for i, run in enumerate(runs)]
        for i, (run, job) in enumerate(zip(runs, jobs)):
            good, seconds, said = job.result()
            failed += not good
            print("%s %d - %s (%.1f s)" % ("ok" if good else "not ok", i + 1,
                                           run.title(), seconds))
            if not good:
                print("# " + said)
            sys.stdout.flush()
    return failed > 0


sys.exit(main(sys.argv[1:]))
