"""The agent and a gateway that speaks HTTP/2: nginx.

Many requests at a time share a connection, each with the credentials of its
own sender.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import threading

import tap
from agent_lib import Agent
from gateway import Certificate
from smtp import b64, wait_until

NGINX = """daemon off;
{user}
pid {dir}/pid;
error_log {dir}/error;
events {{ }}
http {{
    log_format facts '$connection $server_protocol $request_method '
                     '$http_authorization $status';
    access_log {dir}/access facts;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    default_type application/json;
    upstream slow {{ server 127.0.0.1:{slow}; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {cert}/server.pem;
        ssl_certificate_key {cert}/server.key;
        location / {{ proxy_pass http://slow; }}
        location = /health {{ return 200; }}
    }}
}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


class Nginx:
    """It hands on to a gateway what comes in HTTP/2; .url, .ca."""

    def __init__(self, gateway):
        self.dir = tempfile.mkdtemp(prefix="smtp2sms-nginx.")
        os.chmod(self.dir, 0o755)
        self.certificate = Certificate()
        self.ca = self.certificate.ca
        port = free_port()
        self.url = "https://localhost:%d" % port
        with open(os.path.join(self.dir, "conf"), "w") as file:
            file.write(NGINX.format(
                dir=self.dir, cert=self.certificate.dir, port=port,
                slow=gateway.port,
                user="user root;" if os.geteuid() == 0 else ""))
        self.child = subprocess.Popen(
            ["nginx", "-p", self.dir, "-e", os.path.join(self.dir, "error"),
             "-c", os.path.join(self.dir, "conf")])
        assert wait_until(lambda: self.listens(port)), self.read("error")

    @staticmethod
    def listens(port):
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", port)) == 0

    def read(self, name):
        with open(os.path.join(self.dir, name)) as file:
            return file.read()

    def posts(self):
        """[connection, protocol, method, scheme, credentials, status]"""
        return [line.split() for line in self.read("access").splitlines()
                if " POST " in line]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
        shutil.rmtree(self.certificate.dir, ignore_errors=True)


def send(agent, user, password, text, codes):
    with agent.session() as s:
        s.login(user, password)
        codes.append(s.send_message(
            text, headers="Message-ID: <%s@c>\r\n" % text).code)
        s.quit()


@tap.test("many requests, few connections")
def multiplexed():
    from gateway import Gateway
    behind = Gateway()
    logins = [("alice", "wonderland"), ("bob", "builder")]
    with Nginx(behind) as nginx, \
            Agent(["auth gateway", "set device d1"], nginx) as agent:
        codes = []
        send(agent, *logins[0], "first", codes)
        behind.default = "delay:300"
        threads = [threading.Thread(target=send, args=(
            agent, *logins[i % 2], "mail%d" % i, codes)) for i in range(20)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        posts = nginx.posts()
    tap.is_(codes, [250] * 21, "21 mails")
    tap.is_({p[1] for p in posts}, {"HTTP/2.0"}, "by HTTP/2")
    tap.ok(len({p[0] for p in posts}) <= 3, "over at most three connections",
           posts)
    tap.is_(sorted(p[4] for p in posts), sorted(
        [b64("alice:wonderland")] * 11 + [b64("bob:builder")] * 10),
        "each with its sender's credentials")
    tap.is_(sorted((m["user"], m["textMessage"]["text"])
                   for m in behind.messages),
            sorted([("alice", "first")] + [(logins[i % 2][0], "mail%d" % i)
                                           for i in range(20)]),
            "and each text under its sender's name")


tap.run()
