"""proxy_lib: real servers that a gateway may be, or stand behind.

Nginx(gateway), Haproxy(gateway) and Node(): each listens with TLS on a port
of its own (.url, .ca) until it is closed; the first two hand on what comes to
a Gateway (gateway.py), the last answers by itself.  A library: as a program
it has nothing to test.
"""

import os
import shutil
import socket
import subprocess
import tempfile

from foreign import need
from gateway import Certificate
from server_lib import free_port
from smtp import wait_until

NGINX = """daemon off;
{user}
pid {dir}/pid;
error_log {dir}/error;
events {{ worker_connections 1024; }}
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
    upstream behind {{ server 127.0.0.1:{behind}; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port} ssl{http2};
        ssl_certificate {cert}/server.pem;
        ssl_certificate_key {cert}/server.key;
        {more}
        location / {{
            proxy_pass http://behind;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
        location = /health {{ return 200; }}
    }}
}}
"""

HAPROXY = """global
    log stdout format raw local0 err
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    {more}
frontend front
    bind 127.0.0.1:{port} ssl crt {dir}/both.pem alpn {alpn}
    default_backend behind
backend behind
    server one 127.0.0.1:{behind}
"""

NODE = """
const fs = require("fs"), https = require("https");
const [dir, port, idle] = process.argv.slice(2);
const server = https.createServer({
	cert: fs.readFileSync(dir + "/server.pem"),
	key: fs.readFileSync(dir + "/server.key"),
}, (request, response) => {
	let body = "";
	request.on("data", (data) => { body += data; });
	request.on("end", () => {
		if (request.method == "POST")
			fs.appendFileSync(dir + "/taken",
			    JSON.parse(body).textMessage.text + "\\n");
		response.writeHead(request.method == "POST" ? 202 : 200,
		    {"Content-Type": "application/json"});
		response.end('{"id":"node-1"}');
	});
});
server.keepAliveTimeout = Number(idle);
server.listen(Number(port), "127.0.0.1");
"""


def listens(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """A program that listens with TLS; .url, .ca, .dir."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="smtp2sms-proxy.")
        os.chmod(self.dir, 0o755)
        self.certificate = Certificate()
        self.ca = self.certificate.ca
        self.port = free_port()
        self.url = "https://localhost:%d" % self.port
        self.child = None

    def path(self, name):
        return os.path.join(self.dir, name)

    def read(self, name):
        with open(self.path(name)) as file:
            return file.read()

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def start(self, *command):
        with open(self.path("out"), "ab") as out:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                          stdout=out, stderr=out)
        assert wait_until(lambda: listens(self.port)), self.read("out")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
        self.certificate.close()


class Nginx(Server):
    def __init__(self, gateway, http2=True, more=""):
        """more: lines of its server block."""
        need("nginx")
        super().__init__()
        conf = self.write("conf", NGINX.format(
            dir=self.dir, cert=self.certificate.dir, port=self.port,
            behind=gateway.port, more=more, http2=" http2" if http2 else "",
            user="user root;" if os.geteuid() == 0 else ""))
        self.start("nginx", "-p", self.dir, "-e", self.path("error"),
                   "-c", conf)

    def posts(self):
        """[connection, protocol, method, scheme, credentials, status]"""
        return [line.split() for line in self.read("access").splitlines()
                if " POST " in line]


class Haproxy(Server):
    def __init__(self, gateway, alpn="http/1.1", more=""):
        """more: lines of its defaults."""
        need("haproxy")
        super().__init__()
        with open(self.certificate.path("server.pem")) as one, \
                open(self.certificate.path("server.key")) as two:
            self.write("both.pem", one.read() + two.read())
        conf = self.write("conf", HAPROXY.format(
            dir=self.dir, port=self.port, behind=gateway.port, alpn=alpn,
            more=more))
        self.start("haproxy", "-db", "-f", conf)


class Node(Server):
    def __init__(self, idle):
        """idle: milliseconds it keeps an idle connection."""
        need("node")
        super().__init__()
        for name in ("server.pem", "server.key"):
            shutil.copy(self.certificate.path(name), self.path(name))
        self.start("node", self.write("server.js", NODE), self.dir,
                   str(self.port), str(idle))

    def texts(self):
        """Of the messages that it has taken, in their order."""
        return self.read("taken").splitlines()
