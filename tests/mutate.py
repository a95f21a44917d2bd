"""Do the unit tests notice when a pure file is changed?

  tests/mutate.py [-n NUMBER] [-s SEED] [-u UNIT,UNIT...] FILE.c...

NUMBER (100) times an operator, a constant or a statement of the file becomes
another, the unit tests run (all that link pure files alone, or those named),
and one of them must fail.  Prints the mutants that survive, each to be looked
at: a test is missing, or the mutant means the same.  Needs `make units`.
"""

import argparse
import concurrent.futures
import os
import random
import re
import shlex
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(TOP, "build", "mutants")
PATIENCE = 60       # seconds of one test; a mutant may never end
NOT_PURE = ("journal", "sandbox", "config", "login", "metrics")
# What may become what, outside of strings and comments.
CHANGES = [(r"<=", "<"), (r">=", ">"), (r"(?<![-<])<(?![<=])", "<="),
           (r"(?<![->])>(?![>=])", ">="), (r"==", "!="), (r"!=", "=="),
           (r"&&", "||"), (r"\|\|", "&&"), (r"\+\+", "--"),
           (r"(?<!\+)\+(?![+=])", "-"), (r"\b0\b", "1"), (r"\b1\b", "2"),
           (r"(?<=[^\w.])([2-9]|\d\d+)\b", r"(\1 + 1)"),
           (r"^\t+(continue|break);$", "\t;"),
           (r"^(\t+)(\w[\w>.\[\]-]* [+|]?= .*;)$", r"\1;"),
           (r"^(\t+)(\w+\(.*\);)$", r"\1;")]


def make_says(*names):
    """The values of variables of the Makefile."""
    rule = "include Makefile\nsay:\n" + "".join(
        "\t@echo '$(%s)'\n" % name for name in names)
    made = subprocess.run(["make", "-s", "-f", "-", "say"], cwd=TOP,
                          input=rule, capture_output=True, text=True,
                          check=True)
    return made.stdout.splitlines()


def places(lines):
    """Each (line number, text that it could become)."""
    inside = False      # of a comment
    for number, line in enumerate(lines):
        begins, ends = "/*" in line, "*/" in line
        if inside or begins or line.startswith("#"):
            inside = (inside or begins) and not ends
            continue
        quoted = [match.span() for match in
                  re.finditer(r'"(\\.|[^"])*"|\'(\\.|[^\'])*\'', line)]
        for old, new in CHANGES:
            for match in re.finditer(old, line):
                if any(a <= match.start() < b for a, b in quoted):
                    continue
                yield number, (line[:match.start()] + match.expand(new) +
                               line[match.end():])


def pure(units):
    return [unit for unit in units.split() if unit not in NOT_PURE]


class Mutants:
    def __init__(self, path, only):
        self.path = path
        compiler, link, objects, units, jansson = make_says(
            "COMPILE", "TEST_LINK", "TEST_OBJECTS", "UNITS", "LIBCRYPT")
        self.compile = shlex.split(compiler)
        self.link = shlex.split(link)
        self.objects = objects.split()
        self.libs = shlex.split(jansson) + subprocess.run(
            ["pkg-config", "--libs", "jansson"], capture_output=True,
            text=True, check=True).stdout.split()
        mine = os.path.basename(path)[:-2].split("_")[0]
        self.units = sorted((unit for unit in units.split()
                             if unit in (only or pure(units))),
                            key=lambda unit: unit != mine)
        for unit in self.units:
            self.run(self.compile + ["-Itests", "-c", "-o", self.unit(unit),
                                     "tests/unit_%s.c" % unit])

    @staticmethod
    def unit(name):
        return os.path.join(WORK, "unit_%s.o" % name)

    @staticmethod
    def run(command, patience=None):
        return subprocess.run(command, cwd=TOP, check=patience is None,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL,
                              timeout=patience).returncode

    def kill(self, job):
        """What notices the mutant: a unit test, "compiler", or None."""
        number, text = job
        place = os.path.join(WORK, str(number))
        os.makedirs(place, exist_ok=True)
        source, made = place + "/mutant.c", place + "/mutant.o"
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        command = self.compile + ["-w", "-iquote", os.path.dirname(self.path)]
        if self.run(command + ["-c", "-o", made, source], PATIENCE) != 0:
            return "compiler"
        own = self.path[:-2] + ".o"
        objects = [made if name == own else name for name in self.objects]
        for unit in self.units:
            # beside the others: some find their mails from where they are
            program = os.path.join(TOP, "build", "mutant%d" % number)
            if self.run(self.link + ["-o", program, self.unit(unit)] +
                        objects + self.libs, PATIENCE) != 0:
                return "compiler"
            try:
                if self.run([program], PATIENCE) != 0:
                    return unit
            except subprocess.TimeoutExpired:
                return unit
        return None


def judge(path, number, seed, only):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        lines = file.read().split("\n")
    found = list(places(lines))
    random.Random(seed).shuffle(found)
    jobs = []
    for at, text in found[:number]:
        changed = lines[:at] + [text] + lines[at + 1:]
        jobs.append((len(jobs), "\n".join(changed)))
    mutants = Mutants(path, only)
    killer = mutants.kill((-1, "\n".join(lines)))
    if killer is not None:
        sys.exit("%s fails without a mutant" % killer)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        killers = list(pool.map(mutants.kill, jobs))
    survived = 0
    for (at, text), killer in zip(found, killers):
        if killer is None:
            survived += 1
            print("survives: %s:%d: %s\n  was: %s" % (
                path, at + 1, text.strip(), lines[at].strip()))
    known = len(jobs) - killers.count("compiler")
    print("%s: %d mutants, %d killed, %d survive"
          % (path, known, known - survived, survived), flush=True)
    return survived


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=100)
    parser.add_argument("-s", type=int, default=1)
    parser.add_argument("-u", default="")
    parser.add_argument("file", nargs="+")
    args = parser.parse_args()
    os.makedirs(WORK, exist_ok=True)
    return sum(judge(path, args.n, args.s, args.u.split(",") if args.u else []) for path in args.file) > 0


sys.exit(main())
