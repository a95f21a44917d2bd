"""tap: the few lines that a test in Python needs to speak TAP.

A test program defines functions under @test("what should hold") and ends
in run().  A function makes one or more checks (ok, is_, like); each is a
line.  An exception is a failed check with its traceback, and the next
function runs all the same; a function that checks nothing has failed.
"program.py WORD..." runs only the functions whose title has a WORD in it.
SMTP2SMS_SLOW multiplies every time limit (for valgrind).

Run as a program it tests itself.
"""

import faulthandler
import os
import re
import sys
import traceback

SLOW = float(os.environ.get("SMTP2SMS_SLOW") or 1)
LIMIT = 120     # seconds that a test program may take

_tests = []
_count = 0
_failed = 0


class Skip(Exception):
    """Raised by a test that cannot run here; the argument says why."""


def note(text):
    """Print lines for people."""
    for line in str(text).splitlines():
        print("# " + line)
    sys.stdout.flush()


def ok(cond, name, *notes):
    """One check: cond holds; the notes are printed where it does not."""
    global _count, _failed
    _count += 1
    name = re.sub(r"[^\x20-\x7e]", "?", name).replace("#", "\\#")
    print("%sok %d - %s" % ("" if cond else "not ", _count, name))
    if not cond:
        _failed += 1
        where = traceback.extract_stack(limit=4)
        for frame in where[:-1]:
            if frame.filename != __file__:
                line = "at %s line %d" % (frame.filename, frame.lineno)
        note(line)
        for text in notes:
            note(text)
    sys.stdout.flush()
    return bool(cond)


def is_(got, want, name, *notes):
    """One check: both are equal."""
    return ok(got == want, name, "got:  %r" % (got,), "want: %r" % (want,),
              *notes)


def like(got, pattern, name, *notes):
    """One check: the regular expression is found in the string."""
    return ok(re.search(pattern, got) is not None, name, "got:  %r" % got,
              "want: /%s/" % pattern, *notes)


def test(title):
    """Decorator: the function is one of this program's tests."""
    def add(function):
        _tests.append((title, function))
        return function
    return add


def skip(why, name):
    """One check that cannot be made here; tests/run judges whether it may be
    left out."""
    global _count
    _count += 1
    print("ok %d - %s # SKIP %s" % (_count, name, why))


def skip_all(why):
    """Leave: nothing of this program can be done here."""
    print("1..0 # SKIP %s" % why)
    sys.stdout.flush()
    sys.exit(0)


def _one(title, function):
    """Run one test function; whatever it does, the next can run."""
    before = _count
    try:
        function()
        if _count == before:
            ok(False, title + ": makes no check")
    except Skip as why:
        skip(why, title)
    except Exception as why:
        ok(False, "%s: %s" % (title, type(why).__name__),
           traceback.format_exc())


def run(limit=LIMIT):
    """Run the tests and leave: with 1 if a check failed."""
    words = sys.argv[1:]
    faulthandler.dump_traceback_later(limit * SLOW, exit=True)
    for title, function in _tests:
        if words and not any(word in title for word in words):
            continue
        note(title)
        _one(title, function)
    faulthandler.cancel_dump_traceback_later()
    print("1..%d" % _count)
    sys.stdout.flush()
    sys.exit(1 if _failed else 0)


def _selftest():
    """Count what checks of both kinds print, in a child."""
    import subprocess
    program = (
        "import tap\n"
        "@tap.test('good')\n"
        "def good():\n"
        "    tap.ok(1, 'a'); tap.is_(2, 2, 'b'); tap.like('abc', 'b', 'c')\n"
        "@tap.test('bad')\n"
        "def bad():\n"
        "    tap.ok(0, 'd'); tap.is_(1, 2, 'e'); tap.like('a', 'b', 'f')\n"
        "@tap.test('dies')\n"
        "def dies():\n"
        "    raise ValueError('why')\n"
        "@tap.test('empty')\n"
        "def empty():\n"
        "    pass\n"
        "@tap.test('skips')\n"
        "def skips():\n"
        "    raise tap.Skip('no such thing')\n"
        "@tap.test('hangs')\n"
        "def hangs():\n"
        "    import time\n"
        "    time.sleep(60)\n"
        "tap.run(1)\n")
    here = os.path.dirname(os.path.abspath(__file__))
    env = dict(os.environ, PYTHONPATH=here, SMTP2SMS_SLOW="1")

    def child(*words):
        return subprocess.run([sys.executable, "-c", program, *words],
                              env=env, capture_output=True, text=True)

    done = child("good")
    is_(done.returncode, 0, "success is 0")
    is_(re.findall(r"^(?:not )?ok|^1\.\..*", done.stdout, re.M),
        ["ok", "ok", "ok", "1..3"], "three good checks and the plan")
    done = child("bad", "dies", "empty", "skips")
    is_(done.returncode, 1, "failure is 1")
    is_(re.findall(r"^(?:not )?ok|^1\.\..*", done.stdout, re.M),
        ["not ok"] * 5 + ["ok", "1..6"], "five bad checks and a skipped one")
    like(done.stdout, r"# ValueError: why", "an exception is shown")
    like(done.stdout, r"not ok \d - dies: ValueError", "and named")
    like(done.stdout, r"# SKIP no such thing", "so is why one was skipped")
    done = child("hangs")
    ok(done.returncode != 0, "a hang is a failure")


if __name__ == "__main__":
    test("the TAP library")(_selftest)
    sys.argv[1:] = []
    run()
