"""metrics_lib: what smtp2sms writes for Prometheus, read again.

A library: as a program it has nothing to test.
"""

import os
import re
import subprocess
import tempfile

from smtp import HOME

FOLDER = tempfile.TemporaryDirectory(prefix="smtp2sms-metrics.")
LINE = re.compile(r'(\w+)(?:\{([^}]*)\})? (\d+(?:\.\d+)?)\n')


def new_file():
    """The path of a new file of metrics, in a folder of its own."""
    os.chmod(FOLDER.name, 0o755)
    folder = tempfile.mkdtemp(dir=FOLDER.name)
    os.chmod(folder, 0o777)
    return os.path.join(folder, "smtp2sms.prom")


def parse(text):
    """{(name without smtp2sms_, value of each label...): number}."""
    found = {}
    for line in text.splitlines(True):
        if line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        assert match, "not a line of metrics: %r" % line
        labels = re.findall(r'\w+="([^"]*)"', match[2] or "")
        key = (match[1].replace("smtp2sms_", ""), *labels)
        assert key not in found, "%r is there twice" % (key,)
        found[key] = float(match[3])
    return found


def read(path):
    """What the file says; {} while there is none."""
    try:
        with open(path, encoding="ascii") as file:
            return parse(file.read())
    except FileNotFoundError:
        return {}


def show(path, *args):
    """smtp2sms-deliver --metrics of this file of metrics."""
    return subprocess.run(
        [os.path.join(HOME, "smtp2sms-deliver"), "--metrics", "-f",
         "/dev/null", *(["-o", "metrics=" + path] if path else []), *args],
        capture_output=True, text=True, check=False)


def shown(path):
    done = show(path)
    assert done.returncode == 0, done.stderr
    return parse(done.stdout)


def family(figures, name):
    """{labels: number} of one name, without what is 0."""
    return {key[1] if len(key) == 2 else key[1:]: value
            for key, value in figures.items() if key[0] == name and value}


if __name__ == "__main__":
    print("1..0 # SKIP a library")
