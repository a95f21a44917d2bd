"""make coverage: which lines of the pure files do the tests reach?

  tests/coverage.py DIR     DIR was built with --coverage, and its tests ran

A table of the pure files (the Makefile's PURE), the lines that nothing
reaches, and a closing line.  Fails below LEAST percent in all.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LEAST = 95.0


def pure_files():
    made = subprocess.run(["make", "-s", "-f", "-", "pure"], cwd=TOP,
                          input="include Makefile\npure:\n\t@echo $(PURE)\n",
                          capture_output=True, text=True, check=True)
    return [name[:-2] + ".c" for name in made.stdout.split()]


def counts_of(folder):
    """{file: {line: how often}}, over all objects and tests."""
    data = [os.path.join(path, name)
            for path, _, names in os.walk(folder)
            for name in names if name.endswith(".gcda")]
    counts = {}
    with tempfile.TemporaryDirectory() as out:
        for one in data:
            subprocess.run(["gcov", "--json-format", "--hash-filenames",
                            os.path.abspath(one)], cwd=out, check=True,
                           capture_output=True)
        for name in os.listdir(out):
            with gzip.open(os.path.join(out, name)) as file:
                for source in json.load(file)["files"]:
                    lines = counts.setdefault(
                        os.path.normpath(source["file"]), {})
                    for line in source["lines"]:
                        number = line["line_number"]
                        lines[number] = lines.get(number, 0) + line["count"]
    return counts


def main(folder):
    counts = counts_of(folder)
    reached = lines = 0
    missed = []
    print("%-28s %6s %8s %8s" % ("file", "lines", "reached", "percent"))
    for name in pure_files():
        with open(os.path.join(TOP, name), encoding="utf-8") as file:
            text = [line.strip() for line in file]
        mine = counts.get(name, {})
        if not mine:
            continue
        got = sum(1 for n in mine.values() if n > 0)
        reached, lines = reached + got, lines + len(mine)
        print("%-28s %6d %8d %7.1f%%" % (name, len(mine), got,
                                         100 * got / len(mine)))
        missed += ["%s:%d: %s" % (name, number, text[number - 1])
                   for number, n in sorted(mine.items()) if n == 0]
    if not lines:
        sys.exit("no coverage data below " + folder)
    print("\nnot reached:\n" + "\n".join(missed))
    percent = 100 * reached / lines
    print("%.1f %% of %d lines of pure files (least: %g %%)"
          % (percent, lines, LEAST))
    return percent < LEAST


sys.exit(main(sys.argv[1]))
