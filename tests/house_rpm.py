"""contrib/packaging/smtp2sms.spec: Debian's rpmbuild makes a package of it.

What Fedora's macros would say is given here, since Debian's rpm has none of
them; its tests are left out (--nocheck), and so are the names of packages that
it needs (--nodeps).
"""

import os
import re
import subprocess
import tempfile

import tap
from foreign import need
from smtp import SLOW, TOP

SPEC = os.path.join(TOP, "contrib", "packaging", "smtp2sms.spec")
MACROS = {
    "_unitdir": "/usr/lib/systemd/system",
    "_sysusersdir": "/usr/lib/sysusers.d",
    "_tmpfilesdir": "/usr/lib/tmpfiles.d",
    "build_cflags": "-O1", "build_ldflags": "-Wl,--as-needed",
    "systemd_requires": "%{nil}", "sysusers_requires_compat": "%{nil}",
    "systemd_post()": "systemd_post %*",
    "systemd_preun()": "systemd_preun %*",
    "systemd_postun()": "systemd_postun %*",
    "sysusers_create_compat()": "sysusers_create_compat %*",
    "debug_package": "%{nil}",
}
# Fedora's macros also compress the manuals, and put LICENSE elsewhere
LIST = """
-rw-r--r-- /etc/smtp2sms.conf
-rwxr-xr-x /usr/libexec/smtp2sms/smtp2sms-deliver
-rwxr-xr-x /usr/libexec/smtp2sms/smtp2sms-hook
-rwxr-xr-x /usr/libexec/smtp2sms/smtp2sms-setup
-rwxr-xr-x /usr/libexec/smtp2sms/smtp2sms-tls
-rw-r--r-- /usr/lib/systemd/system/smtp2sms-smtps.socket
-rw-r--r-- /usr/lib/systemd/system/smtp2sms.service
-rw-r--r-- /usr/lib/systemd/system/smtp2sms.socket
-rw-r--r-- /usr/lib/sysusers.d/smtp2sms.conf
-rw-r--r-- /usr/lib/tmpfiles.d/smtp2sms.conf
-rwxr-xr-x /usr/sbin/smtp2sms
-rw-r--r-- /usr/share/doc/smtp2sms/README.md
-rw-r--r-- /usr/share/man/man5/smtp2sms.conf.5
-rw-r--r-- /usr/share/man/man8/smtp2sms.8
-rw-r--r-- /usr/share/smtp2sms/gateways/smsgate.json
"""


def version():
    with open(os.path.join(TOP, "Makefile"), encoding="utf-8") as file:
        return re.search(r"(?m)^VERSION = (\S+)", file.read()).group(1)


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False,
                          timeout=100 * SLOW)
    return done.returncode, done.stdout + done.stderr


@tap.test("without a version it says how to give one")
def no_version():
    need("rpmbuild")
    code, said = run("rpmbuild", "-bs", SPEC)
    tap.ok(code != 0, "it fails")
    tap.like(said, "say which version", "it says why")


@tap.test("the package: its files, modes, scripts")
def package():
    need("rpmbuild", "rpm", "git")
    if not os.path.exists(os.path.join(TOP, ".git")):
        raise tap.Skip("this is no clone")
    with tempfile.TemporaryDirectory(prefix="smtp2sms-rpm.") as folder:
        os.makedirs(os.path.join(folder, "SOURCES"))
        name = "smtp2sms-" + version()
        subprocess.run(
            ["git", "-C", TOP, "archive", "--format=tar.gz", "--prefix=%s/"
             % name, "-o", os.path.join(folder, "SOURCES", name + ".tar.gz"),
             "HEAD"], check=True)
        defines = ["--define", "_topdir " + folder,
                   "--define", "version " + version()]
        for macro, value in MACROS.items():
            defines += ["--define", "%s %s" % (macro, value)]
        code, said = run("rpmbuild", "-bb", "--nodeps", "--nocheck", *defines,
                         SPEC)
        if not tap.is_(code, 0, "rpmbuild", said[-3000:]):
            return
        found = [os.path.join(path, file) for path, _, names in
                 os.walk(os.path.join(folder, "RPMS")) for file in names]
        tap.is_(len(found), 1, "one package")
        _, files = run("rpm", "-qp", "--queryformat",
                       "[%{FILEMODES:perms} %{FILENAMES} %{FILEUSERNAME}:"
                       "%{FILEGROUPNAME} %{FILEFLAGS:fflags}\n]", found[0])
        _, scripts = run("rpm", "-qp", "--scripts", found[0])
    rows = [row.split(" ") for row in files.splitlines()]
    listed = {"%s %s" % (row[0], row[1]) for row in rows}
    for line in LIST.split("\n"):
        if line:
            tap.ok(line in listed, line, files)
    tap.is_({row[2] for row in rows}, {"root:root"}, "all is root's", files)
    tap.is_([row for row in rows if re.match("...[sS]|......[sS]|.{8}w",
                                             row[0]) and row[0][0] != "l"],
            [], "nothing is set-user-ID, nor writable for others")
    tap.is_([row[1] for row in rows if "c" in row[3]], ["/etc/smtp2sms.conf"],
            "the configuration is kept at an upgrade")
    for word in ("systemd_post smtp2sms.socket",
                 "systemd_preun smtp2sms.socket smtp2sms.service",
                 "systemd_postun smtp2sms.service"):
        tap.ok(word in scripts, word, scripts)
    tap.ok("LICENSE l" in files.replace("root:root ", ""),
           "the licence is marked as one", files)


tap.run()
