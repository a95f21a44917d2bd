"""The manuals as web pages (make html): each is there, and each link leads
somewhere."""

import glob
import html.parser
import os
import re
import subprocess
import tempfile

import tap
from foreign import need
from smtp import TOP

OTHERS = re.compile(r"https://(manpages\.debian\.org|man\.openbsd\.org)/"
                    r"[\w.-]+\.[1-8]$")


class Page(html.parser.HTMLParser):
    """The links and the anchors of a page, and whether its tags match."""

    VOID = ("meta", "link", "br", "hr", "img")

    def __init__(self, path):
        super().__init__()
        self.links, self.ids, self.styles = [], set(), []
        self.open, self.bad = [], []
        with open(path, encoding="utf-8") as file:
            self.feed(file.read())
        self.close()

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "link":
            self.styles.append(found["href"])
        if "id" in found:
            self.ids.add(found["id"])
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.bad.append((tag, self.getpos()))


def sources():
    return [os.path.join(TOP, "smtp2sms.8"),
            *sorted(glob.glob(os.path.join(TOP, "man", "*.[578]")))]


@tap.test("make html")
def made():
    need("mandoc")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["sh", os.path.join(TOP, "man", "html", "make"), folder],
            capture_output=True, text=True, check=False)
        tap.is_((done.returncode, done.stderr), (0, ""), "it runs")
        names = [os.path.basename(path) for path in sources()]
        tap.is_(sorted(os.listdir(folder)), sorted(
            [name + ".html" for name in names] + ["index.html",
                                                  "manual.css"]),
                "a page for each manual, an index and a style sheet")
        pages = {name: Page(os.path.join(folder, name))
                 for name in os.listdir(folder) if name.endswith(".html")}
    tap.is_(set(pages["index.html"].links), {name + ".html"
                                             for name in names}, "the index")
    for name, page in sorted(pages.items()):
        tap.is_((page.bad, page.open), ([], []), name + ": its tags match")
        tap.is_(page.styles, ["manual.css"], name + ": its style")
        lost = [link for link in page.links if not leads(link, name, pages)]
        tap.is_(lost, [], name + ": each link leads somewhere")
    for path in sources():
        name = os.path.basename(path)
        with open(path, encoding="utf-8") as file:
            named = re.findall(r"(?m)^\.Xr (smtp2sms\S*) (\d)", file.read())
        want = {"%s.%s.html" % xr for xr in named} - {name + ".html"}
        tap.is_(want - set(pages[name + ".html"].links), set(),
                name + ": what it names is a link")


# The addresses that the manuals themselves name.
WRITTEN = {url for path in sources() for url in re.findall(
    r"(?m)^\.Lk (\S+)", open(path, encoding="utf-8").read())}


def leads(link, name, pages):
    if link.startswith("https:"):
        return bool(OTHERS.match(link)) or link in WRITTEN
    path, _, anchor = link.partition("#")
    page = pages.get(path or name)
    return page is not None and (not anchor or anchor in page.ids)


tap.run()
