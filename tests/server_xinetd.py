"""smtp2sms under xinetd, with contrib/xinetd: smtp2sms, which is a listener,
and nowait.

xinetd, too, gives the client's socket as descriptor 2.
"""

import contextlib
import re
import socket

import tap
from gateway import Gateway
from server_lib import (PATIENCE, PROGRAM, Client, Place, Server, Syslog,
                        check_all, check_broken, check_listener, need,
                        need_root)
from smtp import SLOW, wait_until

CONFIG = 78     # the status of a broken configuration

gw = Gateway()


def xinetd(place, *replacements, name="smtp2sms"):
    """xinetd in the foreground, and a log of smtp2sms's own."""
    need("xinetd", "unshare")
    need_root()
    place.configure(["log syslog", "listen-idle 1"])
    log = Syslog(place)
    given = ("server_args\t= ", "server_args\t= -f %s " % place.config) \
        if name == "smtp2sms" else \
        (PROGRAM + "\n", "%s\n\tserver_args\t= -f %s\n" %
         (place.program, place.config))
    text = place.contrib("xinetd/" + name, given, *replacements, option=False)
    file = place.write("xinetd.conf", "defaults\n{\n\tlog_type = FILE %s\n}\n"
                       % place.path("xinetd.log") + text)
    return Server(place, log.command(
        "xinetd", "-dontfork", "-f", file, "-pidfile", place.path("pid")),
        log=log.file)


def ends(place):
    """The statuses of the sessions that have ended."""
    with open(place.path("xinetd.log")) as file:
        return re.findall(r"EXIT: smtp2sms status=(\d+) ", file.read())


@tap.test("contrib/xinetd/smtp2sms: a listener")
def listener():
    with Place(gw) as place, xinetd(place) as server:
        check_all(server, gw)
        check_listener(server, gw)
        check_broken(place, server, gw)


@tap.test("a listener that dies at once closes the port for a second only")
def starts():
    with Place(gw) as place, xinetd(place, (
            "-f %s " % place.config, "-Z ")) as server:
        with socket.create_connection(("127.0.0.1", server.port)):
            tap.ok(wait_until(lambda: len(ends(place)) >= 50, PATIENCE),
                   "it is started 50 times", ends(place))

        def again():
            """The port is open, and somebody is started for it."""
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", server.port)).close()
            return len(ends(place)) > 60
        tap.ok(wait_until(again, PATIENCE), "and after cps once more")
        tap.is_(set(ends(place)), {"64"}, "with the status of a bad option")


@tap.test("contrib/xinetd/nowait")
def run():
    with Place(gw) as place, xinetd(place, name="nowait") as server:
        check_all(server, gw)
        check_broken(place, server, gw)
        wait_until(lambda: len(ends(place)) == 6, PATIENCE)
        tap.is_(ends(place), ["0"] * 4 + [str(CONFIG), "0"],
                "xinetd hears of every session's status")


def served(server):
    """The greeting that one more client gets; empty: turned away."""
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(PATIENCE * SLOW)
        return client.recv(100)


@tap.test("its limits")
def limits():
    for old, new in (("instances\t= 40", "instances\t= 2"),
                     ("per_source\t= 10", "per_source\t= 2")):
        with Place(gw) as place, \
                xinetd(place, (old, new), name="nowait") as server:
            one, two = Client(server.port), Client(server.port)
            tap.is_(served(server), b"", new.replace("\t", " ") +
                    ": a third session is turned away")
            one.quit()
            tap.ok(wait_until(lambda: served(server), PATIENCE),
                   "until one of them has ended")
            two.quit()


tap.run()
