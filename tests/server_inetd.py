"""smtp2sms under inetd (openbsd-inetd), with contrib/inetd: inetd.conf, which
is a listener, and nowait.conf.

Classic inetd has the client's socket as descriptor 2, too.
"""

import socket

import tap
from gateway import Gateway
from server_lib import (PATIENCE, PROGRAM, Client, Place, Server, Syslog,
                        check_all, check_broken, check_listener, need,
                        need_root)
from smtp import SLOW

OWN = ["log syslog", "listen-idle 1"]

gw = Gateway()


def inetd(place, *replacements, name="inetd.conf"):
    """inetd in the foreground, and a log of its own."""
    need("inetd", "unshare")
    need_root()
    place.configure(OWN)
    log = Syslog(place)
    text = place.contrib(
        "inetd/" + name,
        (PROGRAM + "\tsmtp2sms",
         "%s\tsmtp2sms -f %s" % (place.program, place.config)),
        *replacements)
    file = place.write("inetd.conf", text)
    return Server(place, log.command("inetd", "-i", file), log=log.file)


@tap.test("contrib/inetd/inetd.conf: a listener")
def listener():
    with Place(gw) as place, inetd(place) as server:
        check_all(server, gw)
        check_listener(server, gw)
        check_broken(place, server, gw)
        tap.is_(server.said(), "", "nothing on descriptor 2")


@tap.test("contrib/inetd/nowait.conf")
def run():
    with Place(gw) as place, inetd(place, name="nowait.conf") as server:
        check_all(server, gw)
        check_broken(place, server, gw)
        tap.like(server.log(), r"(?m)^<22>\S+ .* smtp2sms\[\d+\]: event=",
                 "the log is syslog's: facility mail, priority info")
        tap.like(server.log(), r"(?m)^<19>\S+ .* smtp2sms\[\d+\]: "
                 r"event=config error=.*nonsense",
                 "and so is what is wrong with the configuration")
        tap.is_(server.said(), "", "nothing on descriptor 2")


@tap.test("the log never reaches the client, although it asks for stderr")
def stderr():
    with Place(gw) as place, inetd(place) as server:
        place.configure(["log stderr"])
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.settimeout(PATIENCE * SLOW)
            client.sendall(b"QUIT\r\n")
            said = b""
            while more := client.recv(1000):
                said += more
        tap.like(said.decode(), r"\A220 [^\r\n]*\r\n221 [^\r\n]*\r\n\Z",
                 "a greeting, a farewell and nothing else")


@tap.test("its limit")
def limit():
    with Place(gw) as place, \
            inetd(place, ("nowait.1000", "nowait.3"),
                  name="nowait.conf") as server:
        clients = [Client(server.port) for _ in range(2)]
        with socket.create_connection(("127.0.0.1", server.port)) as third:
            third.settimeout(PATIENCE * SLOW)
            tap.is_(third.recv(100), b"",
                    "the third connection in a minute is turned away")
        for client in clients:
            tap.like(client.quit(), "^221 ", "the others are not disturbed")


tap.run()
