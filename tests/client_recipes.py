"""The files of contrib/clients that have no test of their own: programs that
send a mail, programs that are sendmail(8), and libraries.  Each is run by the
real program as it is printed, and what the gateway gets is what was meant.
"""

import os
import re
import shutil
import subprocess
import sys

import foreign
import tap
from client_lib import DOMAIN, NUMBER, UMLAUTS, each
from server_lib import CONTRIB, need, need_root
from smtp import SLOW, wait_until

TO = "%s@%s" % (NUMBER, DOMAIN)
DISK = "Disk full on db1"
UTF8 = {"LC_ALL": "C.UTF-8"}
PATIENCE = 30 * SLOW


def use(service, name, *options, **more):
    """Run the line behind "Use:" of a file, which names the program; options
    stand behind the program's name."""
    line = re.search(r"Use: (.*)", service.snippet(name)).group(1)
    program = re.search(r"\| (\S+)", line).group(1)
    line = line.replace("| " + program, "| " + " ".join(
        [more.pop("program", program), *options]))
    return service.run("sh", "-c", line, env=dict(UTF8, **more))


# ---- programs that send a mail ----

@tap.test("mutt")
@each()
def mutt(service):
    need("mutt")
    file = service.write_snippet("muttrc")
    use(service, "muttrc", "-F", file)
    service.is_sent("its example", DISK)
    service.run("mutt", "-F", file, "-s", "x", TO, input=UMLAUTS + "\n",
                env=UTF8)
    service.is_sent("UTF-8", UMLAUTS)


@tap.test("s-nail")
@each()
def s_nail(service):
    need("s-nail")
    file = service.write_snippet("snailrc")
    use(service, "snailrc", "-:u", "-S", "sendwait", MAILRC=file)
    service.is_sent("its example", DISK)


@tap.test("mail of GNU mailutils")
@each()
def mailutils(service):
    need("mail.mailutils")
    file = service.write_snippet("mailutilsrc")
    os.rename(file, service.place.path(".mailrc"))
    use(service, "mailutilsrc", program="mail.mailutils")
    service.is_sent("its example", DISK)


@tap.test("sendEmail")
@each()
def send_email(service):
    need("sendEmail")
    file = service.write_snippet("sendemail.sh", mode=0o700)
    use(service, "sendemail.sh", program=file)
    service.is_sent("its example", DISK)
    service.run(file, NUMBER, input=UMLAUTS + "\n", env=UTF8)
    service.is_sent("UTF-8", UMLAUTS)


@tap.test("monit")
@each()
def monit(service):
    need("monit")
    place = service.place
    rules = place.write("monitrc", """set daemon 1
set pidfile {0}/monit.pid
set idfile {0}/monit.id
set statefile {0}/monit.state
check file wanted with path {0}/wanted
{1}""".format(place.dir, service.snippet("monitrc")), 0o600)
    child = subprocess.Popen(["monit", "-I", "-c", rules],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # the first says that monit has started
    try:
        wait_until(lambda: "wanted on" in str(service.gateway.messages),
                   PATIENCE)
    finally:
        child.terminate()
        said, _ = child.communicate(timeout=PATIENCE)
    texts = [text for _, _, text in service.sent()]
    tap.like(" ".join(texts), "wanted on .*: file doesn't exist", "an alert",
             said, service.log())


# ---- programs that are sendmail(8) ----

@tap.test("ssmtp")
@each()
def ssmtp(service):
    need("ssmtp")
    file = service.write_snippet("ssmtp.conf")
    service.run("ssmtp", "-C" + file, TO, input="Subject: x\n\n%s\n" % UMLAUTS)
    service.is_sent("raw UTF-8", UMLAUTS)


@tap.test("esmtp")
@each()
def esmtp(service):
    need("esmtp")
    file = service.write_snippet("esmtprc")
    service.run("esmtp", "-C", file, "-f", "root@host.example.org", TO,
                input="Subject: x\n\n%s\n" % UMLAUTS)
    service.is_sent("raw UTF-8", UMLAUTS)


# In a namespace of its own nothing of the system is changed.
PRIVATE = """set -e
mount --make-rprivate /
mkdir -p {dir}/etc
mount -t tmpfs none {dir}/etc
mkdir {dir}/etc/upper {dir}/etc/work
mount -t overlay -o lowerdir=/etc,upperdir={dir}/etc/upper \
    -o workdir={dir}/etc/work none /etc
cp -aT {dir}/files /etc
mount -t tmpfs none /var/spool
"""


def private(service, files, commands, **more):
    """Run a shell's commands as root, with files of contrib/clients in /etc:
    {their place: (name, mode, owner, group)}."""
    need_root("put files into /etc")
    folder = service.place.path("files")
    for place, (name, mode, owner, group) in files.items():
        path = os.path.join(folder, place)
        os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
        os.chmod(folder, 0o755)
        with open(path, "w", encoding="utf-8") as file:
            file.write(service.snippet(name))
        os.chmod(path, mode)
        shutil.chown(path, owner, group)
    # the packages' own /etc lies below ours
    return subprocess.Popen(
        [*foreign.overlay(()), "unshare", "-m", "sh", "-c",
         PRIVATE.format(dir=service.place.dir) + commands],
        env=dict(os.environ, PATH=foreign.system_path()), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, **more)


@tap.test("dma")
@each()
def dma(service):
    need("dma")
    child = private(
        service, {"dma/dma.conf": ("dma/dma.conf", 0o644, "root", "root"),
                  "dma/auth.conf": ("dma/auth.conf", 0o640, "root", "mail")},
        "install -d -m 2775 -o root -g mail /var/spool/dma\n"
        "exec dma -D -f root@host.example.org %s\n" % TO)
    said, _ = child.communicate("Subject: x\n\n%s\n" % UMLAUTS,
                                timeout=PATIENCE)
    tap.is_(child.returncode, 0, "dma", said)
    service.is_sent("raw UTF-8", UMLAUTS)


@tap.test("nullmailer")
@each()
def nullmailer(service):
    need("nullmailer-send", "nullmailer-inject")
    child = private(
        service, {"nullmailer/remotes": ("nullmailer/remotes", 0o600, "mail",
                                         "mail")},
        """echo host.example.org >/etc/mailname
cd /var/spool
mkdir -p nullmailer/queue nullmailer/tmp nullmailer/failed
mkfifo nullmailer/trigger
chown -R mail:mail nullmailer
nullmailer-inject -f root@host.example.org %s
exec setpriv --reuid mail --regid mail --clear-groups nullmailer-send
""" % TO, start_new_session=True)
    child.stdin.write("Subject: x\n\n%s\n" % UMLAUTS)
    child.stdin.close()
    try:
        wait_until(lambda: service.gateway.messages, PATIENCE)
    finally:
        os.killpg(child.pid, 15)
        said = child.stdout.read()
        child.wait(PATIENCE)
    service.is_sent("from its queue", UMLAUTS)
    tap.like(said, "Delivery complete|Sent file", "it is out of the queue")


# ---- libraries ----

def run_file(service, *command, name, **env):
    file = service.write_snippet(name)
    service.run(*command, file, env=dict(UTF8, **env))
    service.is_sent("the file as it is", UMLAUTS)


@tap.test("Perl's Net::SMTP")
@each()
def perl(service):
    need("swaks")       # which brings Perl and its Authen::SASL along
    run_file(service, "perl", name="perl.pl", **perl_path())


def perl_path():
    """Where the packages of swaks are."""
    return {name: value for name, value in foreign.environment(
        foreign.BY_NAME["swaks"]).items() if name == "PERL5LIB"}


@tap.test("Ruby's mail")
@each()
def ruby(service):
    need("ruby")
    run_file(service, "ruby", name="ruby.rb")


@tap.test("aiosmtplib")
@each()
def aiosmtplib(service):
    path = foreign.need_file("/usr/lib/python3/dist-packages/aiosmtplib/"
                             "__init__.py")
    run_file(service, sys.executable, name="aio.py",
             PYTHONPATH=os.path.dirname(os.path.dirname(path)))


@tap.test("PHP's mail(), by msmtp")
@each()
def php(service):
    need("php", "msmtp")
    msmtp = service.write_snippet("msmtprc")
    line = re.search(r'(?m)^sendmail_path = "(.*)"$',
                     service.snippet("php.ini")).group(1)
    line = line.replace("/usr/bin/msmtp", shutil.which("msmtp")).replace(
        "/etc/msmtprc", msmtp)
    example = re.search("Use: (.*)", service.snippet("php.ini")).group(1)
    service.run("php", "-d", "sendmail_path=" + line, "-r",
                example.replace(DISK, UMLAUTS))
    service.is_sent("UTF-8 that is not declared", UMLAUTS)


tap.run()
