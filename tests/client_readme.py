"""contrib/README.md shows the files of contrib/clients as they are.

Each block of code in its section "Clients" is, but for the file's comment at
the head and the width of its tabs, a piece of one of these files, which the
other tests run with the real clients.
"""

import os
import re

import tap
from server_lib import CONTRIB, TOP

COMMENT = re.compile(r"(#|//|;)(?!!)")


def files():
    """The lines of each file, without its comment at the head."""
    for folder, _, names in sorted(os.walk(os.path.join(CONTRIB, "clients"))):
        for name in sorted(names):
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as file:
                lines = [words(line) for line in file]
            start = 1 if lines[0].startswith(("#!", "<?")) else 0
            end = start
            while COMMENT.match(lines[end]):
                end += 1
            yield os.path.relpath(path, CONTRIB), lines[:start] + [
                line for line in lines[end:] if line]


def words(line):
    return " ".join(line.split())


def blocks():
    """(heading, lines) of each block of code in the section."""
    with open(os.path.join(CONTRIB, "README.md"), encoding="utf-8") as file:
        section = re.search(r"(?ms)^## Clients$(.*?)^## ", file.read())
    for part in re.split(r"(?m)^### ", section.group(1))[1:]:
        heading, text = part.split("\n", 1)
        for block in re.findall(r"(?m)((?:^ {4}.*\n|^\n(?= {4}))+)", text):
            yield heading, [words(line) for line in block.splitlines()
                            if line.strip()]


def contains(whole, piece):
    return any(whole[i:i + len(piece)] == piece
               for i in range(len(whole) - len(piece) + 1))


@tap.test("every block is in a file")
def every():
    shown = set()
    for heading, block in blocks():
        found = [name for name, lines in files() if contains(lines, block)]
        tap.ok(found, "%s: %s" % (heading, block[0][:50]), *block)
        shown.update(found)
    tap.is_({name for name, _ in files()} - shown, set(),
            "every file is shown")


@tap.test("every file of contrib that a README names is there")
def named():
    names = set()
    for page in "README.md", "contrib/README.md":
        with open(os.path.join(TOP, page), encoding="utf-8") as file:
            names |= set(re.findall(r"\bcontrib/[\w./@-]*\w", file.read()))
    for name in sorted(names):
        tap.ok(os.path.exists(os.path.join(TOP, name)), name)


def anchors(page):
    """What GitHub makes of a page's headings."""
    with open(os.path.join(TOP, page), encoding="utf-8") as file:
        found = re.findall(r"(?m)^#+ (.*)$", file.read())
    return {re.sub(r"[^\w -]", "", name.lower()).replace(" ", "-")
            for name in found}


@tap.test("every link of a README leads somewhere")
def links():
    for page in "README.md", "contrib/README.md":
        folder = os.path.dirname(page)
        with open(os.path.join(TOP, page), encoding="utf-8") as file:
            found = set(re.findall(r"\]\(([^)\s]+)\)", file.read()))
        for link in sorted(found):
            if link.startswith("http"):
                continue
            path, _, anchor = link.partition("#")
            target = os.path.normpath(os.path.join(folder, path)) if path \
                else page
            tap.ok(os.path.exists(os.path.join(TOP, target)) and
                   (not anchor or anchor in anchors(target)),
                   "%s: %s" % (page, link))


tap.run()
