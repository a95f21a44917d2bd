"""foreign: programs of other people, which some tests run.

usage: foreign.py           where each of them is
       foreign.py fetch     unpack below build/foreign what is not installed

`make check` needs none of them: with SMTP2SMS_FOREIGN=no a test that asks for
one is skipped.  `make check-all` fetches them as Debian's packages and unpacks
them below build/foreign, a folder for each.  Nothing is installed, removed or
started, and it takes no root.  A test that is run by hand uses what is
installed or was fetched.

tests/run puts all of them over the system, in a mount namespace of its own, as
if they were installed (tests/foreign_root).  Where that is forbidden, and for
a test that is run by hand, there is a script for each program in
build/foreign/bin, which knows where the rest of its package is.  Some programs
cannot be run that way.

A test asks by need("swaks"), which skips it if there is no such program, and
then runs "swaks"; need_file("/usr/share/...") finds what is no program.  This
file is the only one that knows where they come from.
"""

import concurrent.futures
import functools
import glob
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOME = os.path.join(TOP, "build", "foreign")
TREES = os.path.join(HOME, "trees")
BIN = os.path.join(HOME, "bin")
STUBS = os.path.join(TOP, "build", "tests", "stubs")
# where daemons are, and Kannel's tools for tests
PLACES = "/usr/sbin:/sbin:/usr/local/sbin:/usr/lib/kannel/test"
LATER = "left to make check-all: "      # tests/run knows this, too
ABSENT = ".absent"      # why a package is not here
DONE = ".done"
APT_AGE = 24 * 3600     # seconds that the lists of packages are good for


class Package:
    """A package of Debian's, and what the tests use of it.

    programs   what has to be found, by name
    more       packages that it works better with
    placed     it looks for its own files at the places where they would be
               if it were installed: it runs in a mount namespace only
    files      files that have to be there, in place of programs
    newest     the last release of Debian that has it
    """

    def __init__(self, name, programs="", more="", placed=False, files=(),
                 newest=None):
        self.name = name
        self.programs = programs.split()
        self.more = more.split()
        self.placed = placed
        self.files = files
        self.newest = newest
        self.tree = os.path.join(TREES, name)

    def installed(self):
        """The system has all of it."""
        return all(shutil.which(program, path=system_path())
                   for program in self.programs) and \
            all(glob.glob(name) for name in self.files)

    def fetched(self):
        return os.path.exists(os.path.join(self.tree, DONE))

    def absent(self):
        """Why it could not be fetched; None if nobody tried."""
        try:
            with open(os.path.join(HOME, self.name + ABSENT),
                      encoding="utf-8") as file:
                return file.read().strip()
        except OSError:
            return None

    def path(self, name):
        return os.path.join(self.tree, name.lstrip("/"))


GMIME = "/usr/lib/*/pkgconfig/gmime-3.0.pc"
PACKAGES = [
    # super-servers and supervisors
    Package("ucspi-tcp", "tcpserver"),
    Package("ipsvd", "tcpsvd"),
    Package("openbsd-inetd", "inetd"),
    Package("xinetd", "xinetd"),
    Package("s6", "s6-svscan s6-supervise s6-setuidgid s6-log",
            placed=True),
    Package("runit", "runsv chpst svlogd"),
    Package("socat", "socat"),
    Package("systemd", "systemd-analyze systemd-socket-activate systemctl",
            placed=True, files=["/lib/systemd/systemd"]),
    # proxies
    Package("stunnel4", "stunnel4"),
    Package("haproxy", "haproxy"),
    Package("nginx-light", "nginx"),
    # web servers with CGI
    Package("fcgiwrap", "fcgiwrap"),
    Package("apache2-bin", "apache2", placed=True,
            files=["/usr/lib/apache2/modules/mod_cgid.so"]),
    Package("lighttpd", "lighttpd", placed=True,
            files=["/usr/lib/lighttpd/mod_cgi.so"]),
    Package("busybox", "busybox"),
    # what a journal can be
    Package("etcd-server", "etcd"),
    # gateways
    Package("kannel", "bearerbox smsbox"),
    Package("kannel-extras", "fakesmsc"),
    # clients
    Package("curl", "curl"),
    Package("swaks", "swaks", more="perl libnet-ssleay-perl "
            "libauthen-sasl-perl"),
    Package("msmtp", "msmtp"),
    Package("s-nail", "s-nail"),
    Package("mailutils", "mail.mailutils"),
    Package("nodejs", "node", placed=True),
    Package("node-nodemailer", files=["/usr/share/nodejs/nodemailer"]),
    Package("php-cli", "php"),
    Package("libphp-phpmailer",
            files=["/usr/share/php/libphp-phpmailer/autoload.php"]),
    Package("postfix", "postfix postqueue postmap sendmail", placed=True,
            more="libsasl2-modules"),
    Package("exim4-daemon-light", "exim4", placed=True),
    Package("prometheus-alertmanager", "prometheus-alertmanager amtool",
            placed=True),
    Package("prometheus", "prometheus promtool"),
    Package("prometheus-node-exporter", "prometheus-node-exporter"),
    Package("nagios4-core", "nagios4", placed=True),
    Package("monit", "monit"),
    Package("sendemail", "sendEmail", more="perl libnet-ssleay-perl "
            "libio-socket-ssl-perl"),
    Package("mutt", "mutt"),
    Package("ssmtp", "ssmtp"),
    Package("esmtp", "esmtp", placed=True),
    Package("dma", "dma", placed=True),
    Package("nullmailer", "nullmailer-send nullmailer-inject", placed=True),
    Package("ruby", "ruby", more="ruby-mail", placed=True),
    Package("python3-aiosmtplib", files=[
        "/usr/lib/python3/dist-packages/aiosmtplib/__init__.py"]),
    # programs that check passwords
    Package("cvm", "cvm-checkpassword cvm-pwfile", newest="bookworm"),
    Package("checkpw", "checkpw"),
    # tools that look at our own
    Package("openssl", "openssl"),
    Package("libgmime-3.0-dev", files=[GMIME]),
    Package("mandoc", "mandoc"),
    Package("strace", "strace"),
    Package("time", files=["/usr/bin/time"]),
    Package("git", "git"),
    Package("rpm", "rpmbuild rpm", placed=True),
    Package("procps", "ps"),
]
BY_PROGRAM = {program: package for package in PACKAGES
              for program in package.programs}
BY_NAME = {package.name: package for package in PACKAGES}


def system_path():
    """PATH without what we have put in front of it."""
    return ":".join([word for word in os.environ.get("PATH", "").split(":")
                     if word not in (BIN, STUBS)] + [PLACES])


def search_path():
    """PATH for a daemon: with the places where daemons are."""
    return os.environ["PATH"] + ":" + PLACES


def overlaid():
    """We are in the namespace that tests/run has made."""
    return bool(os.environ.get("SMTP2SMS_OVERLAID"))


def overlay(words):
    """What to put in front of a command, so that it finds what was fetched as
    if it were installed; () if nothing was, or the system forbids it."""
    if forbidden() or overlaid() or not os.path.isdir(TREES) or \
            TOP.startswith(("/usr/", "/etc/")):
        return ()
    put_etc()
    front = ("sh", os.path.join(TOP, "tests", "foreign_root"), TREES)
    done = subprocess.run([*front, "true"], capture_output=True, check=False)
    return (*front, "env", "SMTP2SMS_OVERLAID=yes", *words) \
        if done.returncode == 0 else ()


# Users that a package makes when it is installed; the numbers are free on
# every Debian (its policy, 9.2.2).
ACCOUNTS = {"passwd": "postfix:x:%d:%d::/var/spool/postfix:/bin/false\n",
            "group": "postfix:x:%d:\npostdrop:x:%d:\n"}
FIRST_ID = 60900


def put_etc():
    """What the packages' own scripts would have put into /etc: the system's
    users with those of the packages, and Postfix's configuration."""
    folder = os.path.join(TREES, "accounts", "etc")
    os.makedirs(folder, exist_ok=True)
    for name, more in ACCOUNTS.items():
        with open(os.path.join("/etc", name), encoding="utf-8") as known:
            text = known.read()
        if not re.search("(?m)^postfix:", text):
            text += more % ((FIRST_ID, FIRST_ID) if name == "passwd" else
                            (FIRST_ID, FIRST_ID + 1))
        path = os.path.join(folder, name)
        new = "%s.%d" % (path, os.getpid())
        with open(new, "w", encoding="utf-8") as made:
            made.write(text)
        os.replace(new, path)
    # sendmail(1) reads it before the one that it is told to read
    if not os.path.exists("/etc/postfix/main.cf"):
        os.makedirs(os.path.join(folder, "postfix"), exist_ok=True)
        open(os.path.join(folder, "postfix", "main.cf"), "w").close()


def forbidden():
    return os.environ.get("SMTP2SMS_FOREIGN") == "no"


def use_path():
    """Put in front of PATH what was fetched, or what stands in the way of
    a test that has not asked."""
    words = [word for word in os.environ.get("PATH", "/usr/bin:/bin")
             .split(":") if word not in (BIN, STUBS)]
    front = STUBS if forbidden() else BIN
    os.environ["PATH"] = ":".join(words if overlaid() else [front, *words])


STUB = """#!/bin/sh
echo "make check has none of %s: say need(\\"%s\\")" >&2
exit 127
"""


def put_stubs():
    """Make programs that stand in the way, for use_path()."""
    os.makedirs(STUBS, exist_ok=True)
    for name in BY_PROGRAM:
        path = os.path.join(STUBS, name)
        if not os.path.exists(path):
            with open(path + ".new", "w", encoding="utf-8") as script:
                script.write(STUB % (name, name))
            os.chmod(path + ".new", 0o755)
            os.replace(path + ".new", path)


def skip(why):
    import tap
    raise tap.Skip(why)


def need(*programs):
    """Skip the test unless all the programs are there; the path of the
    last."""
    found = None
    for name in programs:
        package = BY_PROGRAM.get(name)
        if package and forbidden():
            skip(LATER + name)
        found = shutil.which(name, path=search_path())
        if found is None:
            skip("no " + name + because(package))
        if package and package.placed and found.startswith(BIN + os.sep) and \
                not can_place():
            skip("no mount namespace for " + name)
    return found


@functools.cache
def can_place():
    """A program can be run as if it were installed."""
    return subprocess.run(["sh", os.path.join(TOP, "tests", "foreign_root"),
                           TREES, "true"], capture_output=True,
                          check=False).returncode == 0


def need_root(to="become another user"):
    """Skip the test unless we are root."""
    if os.geteuid() != 0:
        skip("only root can " + to)


def account(name):
    """The number of a user that a package would have made; else skip."""
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        skip("no user " + name)


def because(package):
    why = package and package.absent()
    return ": " + why if why else ""


def need_file(path):
    """Where a file of PACKAGES is, installed or fetched; else skip."""
    for package in PACKAGES:
        if path in package.files:
            if forbidden():
                skip(LATER + package.name)
            found = glob.glob(path) or glob.glob(package.path(path))
            if not found:
                skip("no " + package.name + because(package))
            return found[0]
    raise LookupError(path)


def use_libraries(path):
    """Let this program load what came with a file of PACKAGES: if it was
    fetched, it begins again with LD_LIBRARY_PATH; else skip."""
    package = tree_of(need_file(path))
    folders = package and environment(package).get("LD_LIBRARY_PATH")
    if folders and os.environ.get("LD_LIBRARY_PATH") != folders:
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, *sys.argv],
                  dict(os.environ, LD_LIBRARY_PATH=folders))


def tree_of(path):
    """The Package that was fetched and has this file, or None."""
    for package in PACKAGES:
        if path.startswith(package.tree + os.sep):
            return package
    return None


def compile_with(path, module, source, program):
    """Build a program of ours with a library that is a file of PACKAGES and
    a module of pkg-config(1); else skip."""
    package = tree_of(need_file(path))
    if newer(program, source):
        return
    env, front = dict(os.environ), []
    if package:
        env["PKG_CONFIG_PATH"] = existing(package, "usr/lib/*/pkgconfig",
                                          "usr/share/pkgconfig")
        folders = environment(package)["LD_LIBRARY_PATH"]
        front = ["-I" + package.path("usr/include"), "-Wl,--disable-new-dtags",
                 "-Wl,-rpath," + folders, "-Wl,-rpath-link," + folders,
                 *("-L" + folder for folder in folders.split(":"))]
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", module],
                           env=env, check=True, capture_output=True,
                           text=True).stdout.split()
    if package:
        front += ["-I" + package.path(word[2:]) for word in flags
                  if word.startswith("-I/")]
    os.makedirs(os.path.dirname(program), exist_ok=True)
    subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-I" + TOP,
                    *front, "-o", program, source, *flags], check=True)


def newer(made, source):
    try:
        return os.stat(made).st_mtime > os.stat(source).st_mtime
    except FileNotFoundError:
        return False


# ---- fetching ----

class Failure(Exception):
    """Why a package cannot be had."""


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=False,
                          env=dict(os.environ, LC_ALL="C"), **more)


def apt(*words):
    """apt-get with a state and a cache of its own: the system's are only
    read.  The sources of packages are the system's."""
    folder = os.path.join(HOME, "apt")
    for name in ("state/lists/partial", "cache/archives/partial"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    return ["apt-get", "-q", "-o", "Dir::State=%s/state" % folder,
            "-o", "Dir::State::status=/var/lib/dpkg/status",
            "-o", "Dir::Cache=%s/cache" % folder,
            "-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1",
            "-o", "APT::Install-Recommends=no", *words]


def complaint(done):
    """The first thing that apt-get complained of."""
    found = re.findall(r"(?m)^E: (.*)$", done.stderr + done.stdout)
    return found[0] if found else "apt-get failed"


def update():
    """Fetch the lists of packages, if those that we have are old."""
    stamp = os.path.join(HOME, "apt", "updated")
    try:
        if time.time() - os.stat(stamp).st_mtime < APT_AGE:
            return
    except OSError:
        pass
    done = run(*apt("update"))
    if done.returncode != 0:
        raise Failure("no lists of packages: " + complaint(done))
    open(stamp, "w").close()


INST = re.compile(r"(?m)^Inst (\S+)(?: \[[^]]*\])? \((\S+) .*\[([^]]+)\]")
# What these come with is what our own programs are linked with, too.
NEVER = ("libc6", "libc-bin", "dpkg", "apt", "base-files")


def closure(package):
    """The packages, as apt-get knows them, that would be installed."""
    names = [package.name, *package.more]
    done = run(*apt("-s", "install", "--reinstall", *names))
    if done.returncode != 0 and "--reinstall" in done.args:
        done = run(*apt("-s", "install", *names))
    if done.returncode != 0:
        raise Failure(complaint(done))
    return ["%s:%s=%s" % (name.split(":")[0], arch, version)
            for name, version, arch in INST.findall(done.stdout)
            if name not in NEVER]


def deb(what):
    """The file of a package that was downloaded, or None."""
    name, _, version = what.partition("=")
    name, _, arch = name.partition(":")
    path = os.path.join(HOME, "deb", "%s_%s_%s.deb"
                        % (name, version.replace(":", "%3a"), arch))
    return path if os.path.exists(path) else None


def download(what):
    """Have the files of these packages below build/foreign/deb."""
    folder = os.path.join(HOME, "deb")
    os.makedirs(folder, exist_ok=True)
    missing = sorted(one for one in set(what) if deb(one) is None)
    if not missing:
        return
    names = [re.sub(":all=", "=", one) for one in missing]
    done = run(*apt("download", *names), cwd=folder)
    if done.returncode != 0:
        for name in names:      # at least the others
            run(*apt("download", name), cwd=folder)


def unpack(package, what):
    """Lay the packages' files into its folder."""
    shutil.rmtree(package.tree, ignore_errors=True)
    os.makedirs(package.tree)
    for name in ("bin", "sbin", "lib", "lib64"):
        os.makedirs(package.path("usr/" + name))
        os.symlink("usr/" + name, package.path(name))
    for one in what:
        path = deb(one)
        if path is None:
            raise Failure("cannot download " + one.partition(":")[0])
        done = run("sh", "-c", 'dpkg-deb --fsys-tarfile "$1" | tar -x '
                   '--keep-directory-symlink -f - -C "$2"', "sh", path,
                   package.tree)
        if done.returncode != 0:
            raise Failure("cannot unpack %s: %s" % (
                os.path.basename(path), done.stderr.strip()[:200]))
    make_links(package)


def make_links(package):
    """What the packages' own scripts would have done; and links to where
    they would be if they were installed."""
    for folder, folders, files in os.walk(package.tree):
        for name in folders + files:
            path = os.path.join(folder, name)
            target = os.path.islink(path) and os.readlink(path)
            if target and target.startswith("/") and os.path.lexists(
                    package.path(target)):
                os.unlink(path)
                os.symlink(os.path.relpath(package.path(target), folder),
                           path)
    for old in glob.glob(package.path("usr/bin/php[0-9]*")):
        link(package, os.path.basename(old), "usr/bin/php")
        ini = package.path("etc/php/%s/cli/conf.d" % old[-3:])
        os.makedirs(ini, exist_ok=True)
        for path in glob.glob(package.path("usr/share/php*/*/ctype.ini")):
            shutil.copy(path, ini)
    link(package, "mail.mailutils", "usr/bin/mail")
    for path in glob.glob(package.path("usr/*bin/*")):
        owner = BY_PROGRAM.get(os.path.basename(path), package)
        if owner is not package:    # Exim's sendmail is not Postfix's
            os.unlink(path)


def link(package, old, new):
    if not os.path.lexists(package.path(new)) and os.path.lexists(
            os.path.join(os.path.dirname(package.path(new)), old)):
        os.symlink(old, package.path(new))


def existing(package, *patterns):
    """The folders of its tree that match, joined as in a search path."""
    found = []
    for pattern in patterns:
        found += [path for path in sorted(glob.glob(package.path(pattern)))
                  if os.path.isdir(path) and path not in found]
    return ":".join(found)


def environment(package):
    """What lets the programs of its tree find the rest of it."""
    return {name: value for name, value in {
        "LD_LIBRARY_PATH": existing(
            package, "usr/lib/*-linux-*", "usr/lib", "usr/lib/*/systemd",
            "usr/lib/systemd", "usr/lib/postfix", "usr/lib/*/perl*/*/CORE"),
        "PERL5LIB": existing(
            package, "usr/share/perl5", "usr/lib/*/perl5/*",
            "usr/share/perl/*", "usr/lib/*/perl/*", "usr/lib/*/perl-base"),
        "PHP_INI_SCAN_DIR": existing(package, "etc/php/*/cli/conf.d"),
        "NODE_PATH": existing(package, "usr/share/nodejs"),
        "GIT_EXEC_PATH": existing(package, "usr/lib/git-core"),
        "OPENSSL_MODULES": existing(package, "usr/lib/*/ossl-modules"),
        "SASL_PATH": existing(package, "usr/lib/*/sasl2"),
    }.items() if value}


WRAPPER = """#!/bin/sh
# made by tests/foreign.py
%s
exec %s "$@"
"""


def wrap(package):
    """Put its programs into one folder, each as a script that knows where
    the rest of its package is."""
    os.makedirs(BIN, exist_ok=True)
    where = [package.path("usr/" + name)
             for name in ("bin", "sbin", "lib/kannel/test")]
    for program in package.programs:
        real = shutil.which(program, path=":".join(where))
        if real is None:
            raise Failure("there is no %s in it" % program)
        options = ""
        if program == "php":
            options = ' -d "extension_dir=%s"' % existing(
                package, "usr/lib/php/20*")
        lines = ["%s=%s; export %s" % (name, shlex.quote(value), name)
                 for name, value in environment(package).items()]
        words = shlex.quote(real) + options
        if package.placed:
            words = "sh %s %s %s" % (
                shlex.quote(os.path.join(TOP, "tests", "foreign_root")),
                shlex.quote(TREES), shlex.quote("/" + os.path.relpath(
                    real, package.tree)))
        path = os.path.join(BIN, program)
        with open(path + ".new", "w", encoding="utf-8") as script:
            script.write(WRAPPER % ("\n".join(lines), words))
        os.chmod(path + ".new", 0o755)
        os.replace(path + ".new", path)


def fetch_one(package, what):
    try:
        if isinstance(what, Failure):
            raise what
        unpack(package, what)
        wrap(package)
        open(package.path(DONE), "w").close()
        return None
    except (Failure, OSError) as why:
        shutil.rmtree(package.tree, ignore_errors=True)
        with open(os.path.join(HOME, package.name + ABSENT), "w",
                  encoding="utf-8") as note:
            note.write("%s\n" % why)
        return why


def resolve(package):
    try:
        return closure(package)
    except Failure as why:
        return why


def fetch(packages):
    """Unpack what is missing of these; {package: why} of what cannot be."""
    missing = [p for p in packages if not p.installed() and not p.fetched()]
    if not missing:
        return {}
    os.makedirs(TREES, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:
            if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
                raise Failure("this is no Debian: install it yourself")
            update()
            closures = list(pool.map(resolve, missing))
            download([one for what in closures
                      if not isinstance(what, Failure) for one in what])
        except Failure as why:
            closures = [why] * len(missing)
        failed = list(pool.map(fetch_one, missing, closures))
    shutil.rmtree(os.path.join(HOME, "deb"), ignore_errors=True)
    return {p: why for p, why in zip(missing, failed) if why}


def main(words):
    packages = PACKAGES
    if words[:1] == ["fetch"]:
        chosen = words[1:]
        if chosen:
            packages = [BY_NAME[name] for name in chosen]
        for package, why in fetch(packages).items():
            print("not to be had: %s: %s" % (package.name, why))
        return
    for package in packages:
        print("%-24s %s" % (
            package.name, "installed" if package.installed() else
            package.tree if package.fetched() else
            package.absent() or "not here; foreign.py fetch"))


use_path()

if __name__ == "__main__":
    main(sys.argv[1:])
