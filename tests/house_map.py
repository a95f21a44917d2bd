"""The house itself: who may call what, and what must be in step.

Objects are asked with nm(1), programs with ldd(1) and readelf(1), manuals
with mandoc(1).
"""

import glob
import os
import re
import subprocess

import tap
from foreign import need

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.chdir(TOP)

# DESIGN: what a file of each folder may include; a folder's own files are
# its own business, as long as they make no circle.
MAY_INCLUDE = {
    "session": {"auth", "mail", "sms", "common"},
    "mail": {"common"},
    "sms": {"common"},
    "delivery": {"gateway", "sms", "common"},
    "gateway": {"sms", "common"},
    "hook": {"gateway", "delivery/note", "common"},
    "seal": {"common"},
    "tls": {"common"},
    "common": set(),
}
FOLDERS = sorted(MAY_INCLUDE)
# Pure files are all of these folders, and:
PURE_FOLDERS = ("mail", "sms")
PURE_FILES = ("auth", "session/parameter", "session/reply",
              "session/sources",
              "common/base64", "common/buf", "common/digest", "common/ipc",
              "common/number",
              "common/number_plan",
              "common/options", "common/path", "common/tally", "common/utf8", "common/wording",
              "delivery/credible", "delivery/rate_value", "hook/mail", "hook/timestamp")
# who may read JSON, who may call the libraries
JSON_FOLDERS = ("delivery", "gateway", "hook")
CURL_FILES = ("delivery/journal_link", "delivery/http", "hook/relay")
# what a pure object may ask of libc: memory, strings, iconv, no more
HANDS = re.compile(
    r"^(open|openat|creat|read|write|readv|writev|pread|pwrite|close|dup2?|"
    r"poll|ppoll|select|socket|connect|accept|send|sendto|recv|fopen\w*|"
    r"fread|fwrite|printf|fprintf|puts|syslog|log_\w+|getenv|malloc|calloc|"
    r"realloc|strdup|fork|exec\w*|system|popen|setlocale|time|clock_gettime|"
    r"getpid|exit|_exit)(64)?$")


def read(name):
    with open(name, encoding="utf-8") as f:
        return f.read()


def run(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def symbols(obj, kinds):
    """The names in an object whose nm type is one of kinds."""
    out = run("nm", obj).stdout
    rows = [line.split() for line in out.splitlines()]
    return {row[-1].split("@")[0] for row in rows if row[-2] in kinds}


def sources(suffix):
    """The files of the house, as "folder/name.c"; the mains have no folder."""
    return sorted(name for pattern in ["*." + suffix] +
                  [folder + "/*." + suffix for folder in FOLDERS]
                  for name in glob.glob(pattern))


def folder_of(name):
    return os.path.dirname(name)


def is_pure(name):
    return folder_of(name) in PURE_FOLDERS or name in PURE_FILES


def included(name):
    """The files of the house that a file includes, without their ending."""
    return {got[:-2] for got in re.findall(r'^#include "([^"]+)"', read(name),
                                           re.M)}


@tap.test("what objects ask for")
def objects():
    for obj in [name[:-1] + "o" for name in sources("c")]:
        name = obj[:-2]
        asked = symbols(obj, "Uw")
        curl = {s for s in asked if s.startswith("curl_")}
        tls = {s for s in asked if s.startswith("tls_") and
               not s.startswith("tls_sandbox")}
        json = {s for s in asked if s.startswith("json")}
        crypt = {s for s in asked if s.startswith("crypt")}
        tap.ok(not curl or name in CURL_FILES, obj + ": curl", curl)
        tap.ok(not json or folder_of(name) in JSON_FOLDERS,
               obj + ": jansson", json)
        tap.ok(not crypt or name == "delivery/hash", obj + ": crypt(3)",
               crypt)
        tap.ok(not tls or folder_of(name) == "tls", obj + ": libtls", tls)
        crypto = {s for s in asked if s.startswith(("EVP_", "RAND_"))}
        tap.ok(not crypto or name == "seal/seal", obj + ": libcrypto", crypto)
        if not is_pure(name):
            continue
        hands = {s for s in asked if HANDS.match(s)}
        tap.is_(hands, set(), obj + ": pure")
        kept = re.findall(r"^\.(?:data|bss) +([1-9]\d*)",
                          run("size", "-A", obj).stdout, re.M)
        tap.is_(kept, [], obj + ": no variable outlives a call")


@tap.test("what programs are linked with")
def programs():
    needed = re.findall(r"NEEDED.*\[(.*)\]",
                        run("readelf", "-d", "smtp2sms").stdout)
    tap.is_(needed, ["libc.so.6"], "smtp2sms needs libc and nothing else")
    needed = re.findall(r"NEEDED.*\[(\w+)",
                        run("readelf", "-d", "smtp2sms-deliver").stdout)
    tap.is_(sorted(needed), ["libc", "libcrypt", "libcurl", "libjansson",
                             "libuuid"],
            "smtp2sms-deliver")
    needed = re.findall(r"NEEDED.*\[(\w+)",
                        run("readelf", "-d", "smtp2sms-hook").stdout)
    tap.is_(sorted(needed), ["libc", "libcurl", "libjansson"],
            "smtp2sms-hook")
    needed = re.findall(r"NEEDED.*\[(\w+)",
                        run("readelf", "-d", "smtp2sms-seal").stdout)
    tap.is_(sorted(needed), ["libc", "libcrypto"], "smtp2sms-seal")
    for program in ("smtp2sms", "smtp2sms-deliver", "smtp2sms-hook",
                    "smtp2sms-seal"):
        head = run("readelf", "-hlW", program).stdout
        dynamic = run("readelf", "-dW", program).stdout
        tap.ok("DYN (Position-Independent Executable" in head,
               program + ": PIE")
        tap.ok("GNU_RELRO" in head and "NOW" in dynamic,
               program + ": full RELRO")
        tap.ok(re.search(r"GNU_STACK.*RW ", head), program + ": no stack "
               "that runs")
        asked = run("nm", "-D", program).stdout
        tap.ok("__stack_chk_fail" in asked, program + ": stack protector")
        tap.ok("_chk@" in asked, program + ": fortified")


@tap.test("a folder includes what its row in the table names")
def rows():
    for name in sources("c") + sources("h"):
        folder = folder_of(name)
        if not folder:
            continue
        rooms = {got if got in MAY_INCLUDE[folder] else folder_of(got) or got
                 for got in included(name)}
        tap.is_(rooms - MAY_INCLUDE[folder] - {folder}, set(), name)
    for name in sources("c"):
        if is_pure(name[:-2]):
            got = {other for other in included(name)
                   if not is_pure(other) and not os.path.exists(other + ".h")}
            tap.is_(got, set(), name + ": includes what is pure")
    tap.is_(included("auth.c") | included("auth.h"),
            {"auth", "common/base64", "common/ipc"}, "auth.c is a leaf")


def circles():
    """Files (.c and .h together) that include each other in a circle, and
    those between two circles."""
    arrows = {(name[:-2], to) for name in sources("c") + sources("h")
              for to in included(name) - {name[:-2]}}
    while True:
        inner = {name for name, _ in arrows} & {to for _, to in arrows}
        left = {(name, to) for name, to in arrows if {name, to} <= inner}
        if left == arrows:
            return sorted(inner)
        arrows = left


@tap.test("no circle of files")
def no_circle():
    tap.is_(circles(), [], "none includes another that includes it")


@tap.test("statics of mail/ and sms/ carry their file's name")
def statics():
    for name in sources("c"):
        if folder_of(name) not in ("mail", "sms"):
            continue
        prefix = os.path.basename(name)[:-2] + "_"
        names = re.findall(r"^static [^\n;=]*\n([a-z_0-9]+)\(", read(name),
                           re.M)
        tap.is_([n for n in names if not n.startswith(prefix)], [], name)


@tap.test("maps and manuals are in step")
def manuals():
    hacking = read("HACKING")
    for name in sources("c"):
        tap.ok(os.path.basename(name) in hacking, name + " is in HACKING")
    conf = read("man/smtp2sms.conf.5")
    for word in re.findall(r'^\t(?:\{|[A-Z]+\()"([a-z-]+)"',
                           read("common/config.c"), re.M):
        tap.ok(re.search(r"^\.It (Ic|Cm) %s( |$)" % re.escape(word),
                         conf, re.M), word + " is in smtp2sms.conf(5)")
    users = read("man/smtp2sms-users.5")
    words = re.findall(r'^\t(?:    )?\{"([a-z-]+)", parse_', read("delivery/users.c"),
                       re.M)
    tap.ok(len(words) > 10, "the table of a login's options was found")
    for word in words:
        tap.ok(re.search(r"^\.It Cm %s Ns" % word, users, re.M),
               word + " is in smtp2sms-users(5)")
    manual = read("smtp2sms.8").replace("\\&", "")
    replies = re.findall(r'\[REPLY_\w+\] = \{(\d+), "([\d.]+)",\s+"([^"]+)"',
                         read("session/reply.c"))
    tap.ok(len(replies) > 40, "the table of replies was found")
    for code, enhanced, text in replies:
        tap.ok("%s %s" % (code, enhanced) in manual,
               "%s %s %s is in smtp2sms(8)" % (code, enhanced, text))


@tap.test("mandoc has nothing to say of the manuals")
def lint():
    need("mandoc")
    for page in sorted(["smtp2sms.8"] + glob.glob("man/*.[578]")):
        lint = [line for line in run("mandoc", "-Tlint", "-Wwarning",
                                     page).stdout.splitlines()]
        tap.is_(lint, [], page + ": mandoc -Tlint")


@tap.test("no notes to self, no paths of somebody's machine")
def notes():
    need("git")
    names = run("git", "ls-files").stdout.split()
    if not names:
        raise tap.Skip("this is no clone")
    for name in names:
        if not os.path.isfile(name) or name == "tests/house_map.py":
            continue
        text = read(name) if not name.endswith((".eml", ".bin")) else ""
        found = re.findall(r"\b(?:TODO|FIXME|XXX|HACK)\b|/work/|/root/",
                           text)
        tap.ok(not found, name, found)


tap.run()
