"""The house itself: who may call what, and what must be in step.

Objects are asked with nm(1), programs with ldd(1) and readelf(1), manuals
with mandoc(1).
"""

import glob
import os
import re
import subprocess

import tap

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.chdir(TOP)

PURE = ["address", "auth", "buf", "charset", "gsm", "html", "html_element",
        "html_token", "html_write", "ipc", "mime",
        "mime_decode", "mime_leaf", "mime_part", "mime_word", "options",
        "parameter", "reply", "text", "utf8"]
# who may read JSON
DELIVER = ["deliver", "advise", "agent", "serve", "job", "job_id",
           "job_journal", "exchange", "journal", "try", "login", "login_hash",
           "users", "hash", "answer", "body", "descriptor", "filter",
           "gateway", "headers", "load", "maps", "match", "names", "pointer",
           "shape", "template", "variable", "wipe"]
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


@tap.test("what objects ask for")
def objects():
    for obj in sorted(glob.glob("*.o")):
        name = obj[:-2]
        asked = symbols(obj, "Uw")
        curl = {s for s in asked if s.startswith("curl_")}
        tls = {s for s in asked if s.startswith("tls_") and
               not s.startswith("tls_sandbox")}
        json = {s for s in asked if s.startswith("json")}
        tap.ok(not curl or name == "exchange", obj + ": curl", curl)
        tap.ok(not json or name in DELIVER, obj + ": jansson", json)
        crypt = {s for s in asked if s.startswith("crypt")}
        tap.ok(not crypt or name == "hash", obj + ": crypt(3)", crypt)
        tap.ok(not tls or name in ("tls", "tls_pump"), obj + ": libtls", tls)
    for name in PURE:
        hands = {s for s in symbols(name + ".o", "Uw") if HANDS.match(s)}
        tap.is_(hands, set(), name + ".o: pure")
        kept = re.findall(r"^\.(?:data|bss) +([1-9]\d*)",
                          run("size", "-A", name + ".o").stdout, re.M)
        tap.is_(kept, [], name + ".o: no variable outlives a call")


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
    for program in ("smtp2sms", "smtp2sms-deliver"):
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


@tap.test("nobody includes from the other program")
def includes():
    session = {"session", "conn", "ask", "sandbox", "auth", "mime", "html",
               "html_element", "html_token", "html_write",
               "charset"}
    for name in DELIVER:
        got = set(re.findall(r'#include "(\w+)\.h"', read(name + ".c")))
        # two limits of the session's are checked on the other side, too
        tap.is_(got & session - {"auth", "mime"}, set(), name + ".c")
    for name in PURE:
        got = set(re.findall(r'#include "(\w+)\.h"', read(name + ".c")))
        tap.ok(got <= set(PURE) | {"html_char", "html_entities"},
               name + ".c", got)


@tap.test("maps and manuals are in step")
def manuals():
    hacking = read("HACKING")
    for name in sorted(glob.glob("*.c")):
        tap.ok(name in hacking, name + " is in HACKING")
    conf = read("smtp2sms.conf.5")
    for word in re.findall(r'^\t(?:\{|[A-Z]+\()"([a-z-]+)"',
                           read("config.c"), re.M):
        tap.ok(re.search(r"^\.It (Ic|Cm) %s( |$)" % re.escape(word),
                         conf, re.M), word + " is in smtp2sms.conf(5)")
    users = read("smtp2sms-users.5")
    words = re.findall(r'^\t(?:    )?\{"([a-z-]+)", parse_', read("users.c"),
                       re.M)
    tap.ok(len(words) > 10, "the table of a login's options was found")
    for word in words:
        tap.ok(re.search(r"^\.It Cm %s Ns" % word, users, re.M),
               word + " is in smtp2sms-users(5)")
    manual = read("smtp2sms.8").replace("\\&", "")
    replies = re.findall(r'\[REPLY_\w+\] = \{(\d+), "([\d.]+)",\s+"([^"]+)"',
                         read("reply.c"))
    tap.ok(len(replies) > 40, "the table of replies was found")
    for code, enhanced, text in replies:
        tap.ok("%s %s" % (code, enhanced) in manual,
               "%s %s %s is in smtp2sms(8)" % (code, enhanced, text))
    for page in sorted(glob.glob("*.[578]")):
        lint = [line for line in run("mandoc", "-Tlint", "-Wwarning",
                                     page).stdout.splitlines()]
        tap.is_(lint, [], page + ": mandoc -Tlint")


@tap.test("no notes to self, no paths of somebody's machine")
def notes():
    for name in run("git", "ls-files").stdout.split() or glob.glob("*"):
        if not os.path.isfile(name) or name == "tests/house_map.py":
            continue
        text = read(name) if not name.endswith((".eml", ".bin")) else ""
        found = re.findall(r"\b(?:TODO|FIXME|XXX|HACK)\b|/work/|/root/",
                           text)
        tap.ok(not found, name, found)


tap.run()
