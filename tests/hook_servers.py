"""smtp2sms-hook under real web servers, with the files of contrib/hook."""

import base64
import contextlib
import http.client
import os
import subprocess
import time

import smtp
import tap
from foreign import need, need_file, search_path
from hook_lib import HOOK, KEY, SECRET, Hook, secret, sign_smsgate, smsgate
from server_lib import CONTRIB, free_port

INSTALLED = "/usr/local/libexec/smtp2sms/smtp2sms-hook"


@contextlib.contextmanager
def running(hook, *command):
    """A program with its log in the hook's folder; it ends with us."""
    env = dict(os.environ, PATH=search_path(), SMTP2SMS_CONF=hook.config)
    with open(hook.path("server.log"), "ab") as log:
        child = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL,
                                 stdout=log, stderr=log,
                                 start_new_session=True)
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, 15)
        child.wait(20 * smtp.SLOW)


def log_of(hook):
    with open(hook.path("server.log"), encoding="utf-8") as file:
        return file.read()


class Web:
    """A hook behind a server at a port."""

    def __init__(self, hook, prefix):
        self.hook = hook
        self.prefix = prefix
        self.port = free_port()

    def adapted(self, name):
        """A file of contrib/hook with the paths of this machine."""
        with open(os.path.join(CONTRIB, "hook", name),
                  encoding="utf-8") as file:
            text = file.read()
        for old, new in ((INSTALLED, HOOK),
                         (os.path.dirname(INSTALLED), os.path.dirname(HOOK)),
                         ("/run/smtp2sms-hook.sock", self.hook.path("sock")),
                         ("/var/lib/smtp2sms-hook", self.hook.path("www")),
                         ("127.0.0.1:8080", "127.0.0.1:%d" % self.port),
                         ("-u smtp2sms ", "")):
            text = text.replace(old, new)
        return self.hook.write(name, text, 0o755)

    def request(self, path, body=None, headers=None, method="POST"):
        """(status, body)"""
        client = http.client.HTTPConnection("127.0.0.1", self.port,
                                            timeout=20 * smtp.SLOW)
        try:
            client.request(method, self.prefix + path, body, headers or {})
            answer = client.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (ConnectionError, http.client.HTTPException) as why:
            return 0, str(why)
        finally:
            client.close()

    def wait(self):
        return smtp.wait_until(
            lambda: self.request("/nobody", method="GET")[0] != 0, 20)


def check(web, signed=True):
    hook = web.hook
    if not tap.ok(web.wait(), "it listens", log_of(hook)):
        return
    body = smsgate("Grüße & 50 % <b>", message="w1")
    now = int(time.time())
    headers = {"Content-Type": "application/json"}
    if signed:
        headers.update(sign_smsgate({"body": body}, KEY, now))
        hook.configure("secret smsgate.hook-key " + smtp.secret_file(KEY),
                       secret(), "gateway smsgate kannel")
        path = "/smsgate"
    else:
        hook.configure(secret(), "gateway smsgate kannel")
        path = "/%s/smsgate" % SECRET
    tap.is_(web.request(path, body, headers), (200, ""), "a webhook",
            log_of(hook))
    mail = hook.mail()
    tap.is_(mail.get_content().rstrip("\n"), "Grüße & 50 % <b>", "its mail")
    tap.is_(web.request(path, body, headers)[0], 200, "again")
    tap.is_(hook.received(), [], "no second mail")
    if signed:
        tap.is_(web.request(path, body + b" ", headers)[0], 403,
                "a changed body", log_of(hook))
    query = "/kannel?from=%2B4915112345678&text=a%26b+%C3%A4&id=k1"
    tap.is_(web.request("/" + SECRET + query, method="GET")[0], 200,
            "a GET with the secret of the URL", log_of(hook))
    tap.is_(hook.mail().get_content().rstrip("\n"), "a&b ä", "its mail")
    tap.is_(web.request(query, method="GET")[0], 403, "without the secret")
    basic = base64.b64encode(("u:" + SECRET).encode()).decode()
    if signed:
        tap.is_(web.request(query.replace("k1", "k2"), method="GET",
                            headers={"Authorization": "Basic " + basic})[0],
                200, "with the secret as Basic's password", log_of(hook))
        hook.mail()
    status, _ = web.request(path, b"x" * (300 * 1024), headers)
    # Apache says 502 where fcgiwrap has closed before it has had all
    tap.ok(status in (413, 502, 0), "a body that is too large", status)
    hook.down()
    status, _ = web.request("/" + SECRET + query.replace("k1", "k3"),
                            method="GET")
    tap.is_(status, 503, "the mail server is down: the server says so, too")
    tap.is_(web.request("/nobody", method="GET")[0], 404, "no such gateway")
    tap.is_(hook.received(), [], "and no more mails")


@contextlib.contextmanager
def fcgiwrap(hook):
    with running(hook, need("fcgiwrap"), "-f", "-c", "2", "-s",
                 "unix:" + hook.path("sock")):
        if not smtp.wait_until(lambda: os.path.exists(hook.path("sock"))):
            raise TimeoutError("fcgiwrap: " + log_of(hook))
        os.chmod(hook.path("sock"), 0o777)
        yield


@tap.test("contrib/hook/nginx.conf")
def nginx():
    need("fcgiwrap")
    program = need("nginx")
    web = Web(Hook(), "/hook")
    hook = web.hook
    main = hook.write("main.conf", """
pid %(dir)s/nginx.pid;
error_log stderr;
daemon off;
events { }
http {
	access_log off;
	client_body_temp_path %(dir)s/body;
	fastcgi_temp_path %(dir)s/fastcgi;
	proxy_temp_path %(dir)s/proxy;
	scgi_temp_path %(dir)s/scgi;
	uwsgi_temp_path %(dir)s/uwsgi;
	server {
		listen 127.0.0.1:%(port)d;
		include %(file)s;
	}
}
""" % {"dir": hook.folder.name, "port": web.port,
       "file": web.adapted("nginx.conf")})
    with fcgiwrap(hook), running(hook, program, "-c", main, "-e", "stderr",
                                 "-p", hook.folder.name):
        check(web)


@tap.test("contrib/hook/apache.conf")
def apache():
    need("fcgiwrap")
    program = need("apache2")
    modules = os.path.dirname(need_file(
        "/usr/lib/apache2/modules/mod_cgid.so"))
    web = Web(Hook(), "/hook")
    hook = web.hook
    names = ("mpm_event", "authz_core", "proxy", "proxy_fcgi", "env",
             "reqtimeout")
    main = hook.write("main.conf", """
ServerRoot %(dir)s
ServerName sms.test
DefaultRuntimeDir %(dir)s
PidFile %(dir)s/apache.pid
ErrorLog /dev/stderr
Listen 127.0.0.1:%(port)d
%(load)s
DocumentRoot %(dir)s/www
Include %(file)s
""" % {"dir": hook.folder.name, "port": web.port,
       "load": "\n".join("LoadModule %s_module %s/mod_%s.so" %
                         (name, modules, name) for name in names),
       "file": web.adapted("apache.conf")})
    os.mkdir(hook.path("www"))
    with fcgiwrap(hook), running(hook, program, "-DFOREGROUND", "-f", main):
        check(web)


@tap.test("contrib/hook/lighttpd.conf")
def lighttpd():
    need("fcgiwrap")
    program = need("lighttpd")
    modules = os.path.dirname(need_file("/usr/lib/lighttpd/mod_cgi.so"))
    web = Web(Hook(), "/hook")
    hook = web.hook
    os.mkdir(hook.path("www"))
    main = hook.write("main.conf", """
server.document-root = "%(dir)s/www"
server.port = %(port)d
server.bind = "127.0.0.1"
server.upload-dirs = ( "%(dir)s" )
include "%(file)s"
""" % {"dir": hook.folder.name, "port": web.port,
       "file": web.adapted("lighttpd.conf")})
    with fcgiwrap(hook), running(hook, program, "-D", "-m", modules, "-f",
                                 main):
        check(web)


@tap.test("contrib/hook/busybox")
def busybox():
    need("busybox")
    web = Web(Hook(), "/cgi-bin/hook")
    with running(web.hook, web.adapted("busybox")):
        check(web, signed=False)


@tap.test("the units of contrib/hook")
def units():
    for name in ("smtp2sms-hook.socket", "smtp2sms-hook.service"):
        with open(os.path.join(CONTRIB, "hook", name),
                  encoding="utf-8") as file:
            text = file.read()
            tap.ok("[Unit]" in text, name)
    program = need("systemd-analyze")
    env = dict(os.environ, SYSTEMD_UNIT_PATH=os.path.join(CONTRIB, "hook") +
               ":")
    done = subprocess.run(
        [program, "verify", os.path.join(CONTRIB, "hook",
                                         "smtp2sms-hook.socket")],
        capture_output=True, text=True, check=False, env=env)
    ours = [line for line in done.stderr.splitlines()
            if "smtp2sms-hook" in line and
            "is not executable" not in line]
    tap.is_(ours, [], "systemd-analyze verify")


tap.run()
