"""make install, uninstall and dist; and what was installed works."""

import os
import subprocess
import tarfile
import tempfile

import tap
from foreign import need

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MAIL = b"Subject: s\n\nGr\xc3\xbc\xc3\x9fe\n"


def make(*words):
    done = subprocess.run(["make", "-C", TOP] + list(words),
                          capture_output=True, text=True, check=False)
    tap.is_(done.returncode, 0, "make " + words[0], done.stdout, done.stderr)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def tree(folder):
    return sorted(os.path.relpath(os.path.join(path, name), folder)
                  for path, _, names in os.walk(folder) for name in names)


@tap.test("without libcrypto everything but smtp2sms-seal is made")
def no_libcrypto():
    done = subprocess.run(["make", "-C", TOP, "sealing", "PKG_CONFIG=false"],
                          capture_output=True, text=True, check=False)
    tap.is_(done.returncode, 0, "make goes on", done.stdout, done.stderr)
    tap.like(done.stdout, "smtp2sms-seal is left out", "and says so")


@tap.test("install and uninstall")
def install():
    with tempfile.TemporaryDirectory(prefix="smtp2sms-install.") as dest:
        where = ["DESTDIR=" + dest, "PREFIX=/usr"]
        make("install", *where)
        got = tree(dest)
        for name in ("sbin/smtp2sms", "libexec/smtp2sms/smtp2sms-deliver",
                     "libexec/smtp2sms/smtp2sms-hook",
                     "libexec/smtp2sms/smtp2sms-seal",
                     "libexec/smtp2sms/smtp2sms-tls",
                     "libexec/smtp2sms/smtp2sms-setup",
                     "share/smtp2sms/gateways/smsgate.json",
                     "share/man/man8/smtp2sms.8",
                     "share/man/man8/smtp2sms-deliver.8",
                     "share/man/man8/smtp2sms-hook.8",
                     "share/man/man8/smtp2sms-setup.8",
                     "share/man/man8/smtp2sms-seal.8",
                     "share/man/man8/smtp2sms-tls.8",
                     "share/man/man5/smtp2sms.conf.5",
                     "share/man/man5/smtp2sms-gateway.5",
                     "share/man/man5/smtp2sms-users.5",
                     "share/man/man7/smtp2sms-gateways.7",
                     "share/man/man7/smtp2sms-journal.7",
                     "share/doc/smtp2sms/README.md"):
            tap.ok("usr/" + name in got, name, got)
        modes = {os.stat(os.path.join(dest, name)).st_mode & 0o7022
                 for name in got}
        tap.is_(modes, {0}, "nothing is set-user-ID, nor writable for others")
        named = [name for name in got if b"/usr/local/" in read(
            os.path.join(dest, name)) and "/doc/" not in name
                 and not name.endswith(("smtp2sms.conf.5", "sbin/smtp2sms"))
                 and "libexec/smtp2sms/smtp2sms-" not in name]
        tap.is_(named, [], "manuals name the places of this PREFIX")
        tap.ok(b"/usr/local/" not in read(os.path.join(
            dest, "usr/libexec/smtp2sms/smtp2sms-setup")), "so does --setup")
        open(os.path.join(dest, "usr", "keep"), "w").close()
        make("uninstall", *where)
        tap.is_(tree(dest), ["usr/keep"], "nothing of ours is left")


@tap.test("dist: what is in it builds")
def dist():
    need("git")
    if not os.path.exists(os.path.join(TOP, ".git")):
        raise tap.Skip("this is no clone")
    version = subprocess.run([os.path.join(TOP, "smtp2sms"), "-V"],
                             capture_output=True, text=True, check=True)
    name = version.stdout.strip().replace(" ", "-")
    with tempfile.TemporaryDirectory(prefix="smtp2sms-dist.") as folder:
        file = os.path.join(folder, name + ".tar.gz")
        subprocess.run(["git", "-C", TOP, "archive", "--format=tar.gz",
                        "--prefix=%s/" % name, "-o", file, "HEAD"],
                       check=True)
        with tarfile.open(file) as tar:
            tar.extractall(folder)
        where = os.path.join(folder, name)
        done = subprocess.run(["make", "-C", where, "smtp2sms",
                               "SYSCONFDIR=/none"],
                              capture_output=True, text=True, check=False)
        tap.is_(done.returncode, 0, "make smtp2sms", done.stderr)
        done = subprocess.run([os.path.join(where, "smtp2sms"), "-t"],
                              capture_output=True, text=True, check=False)
        tap.like(done.stderr, "/none/smtp2sms.conf: No such file",
                 "its configuration is in SYSCONFDIR")
        done = subprocess.run([os.path.join(where, "smtp2sms"), "-x", "-f",
                               "/dev/null"], input=MAIL, capture_output=True,
                              check=False)
        tap.is_(done.returncode, 0, "and it runs", done.stderr)
        tap.is_(done.stdout.decode(), "result: accepted\nsource: 1 text/plain"
                "\nalphabet: GSM-7\nparts: 1\ntruncated: no\n\nGrüße\n",
                "-x shows what a mail becomes")


@tap.test("-x: the other answers")
def extract():
    for options, mail, status, want in (
            ([], b"Subject: s\n\n\n", 65, "no text"),
            (["-o", "subject=fallback"], b"Subject: s\n\n\n", 0, "accepted"),
            (["-o", "max-parts=1", "-o", "overlong=reject"],
             b"\n" + b"x" * 161, 65, "too many parts"),
            (["-o", "max-parts=1"], b"\n" + b"x" * 161, 0,
             "truncated: yes"),
            ([], b"Auto-Submitted: auto-replied\n\nx", 65, "bounce"),
            ([], b"From: postmaster\n\nx", 65, "bounce"),
            (["-o", "bounces=accept"], b"From: postmaster\n\nx", 0,
             "accepted")):
        done = subprocess.run([os.path.join(TOP, "smtp2sms"), "-x", "-f",
                               "/dev/null"] + options, input=mail,
                              capture_output=True, check=False)
        tap.is_(done.returncode, status, "%r: exit %d" % (options, status))
        tap.ok(want in done.stdout.decode(), want, done.stdout)


tap.run()
