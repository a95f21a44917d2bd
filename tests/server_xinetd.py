"""smtp2sms under xinetd, with contrib/xinetd/smtp2sms.

xinetd, too, gives the client's socket as descriptor 2.
"""

import re
import socket

import tap
from gateway import Gateway
from server_lib import (PATIENCE, PROGRAM, Client, Place, Server, Syslog,
                        check_all, check_broken, need, need_root)
from smtp import SLOW, wait_until

CONFIG = 78     # the status of a broken configuration

gw = Gateway()


def xinetd(place, *replacements):
    """xinetd in the foreground, and a log of smtp2sms's own."""
    need("xinetd", "unshare")
    need_root()
    place.configure(["log syslog"])
    log = Syslog(place)
    text = place.contrib(
        "xinetd/smtp2sms",
        (PROGRAM + "\n", "%s\n\tserver_args\t= -f %s\n"
         % (place.program, place.config)), *replacements)
    text = text.replace("user\t\t= smtp2sms", "user\t\t= nobody")
    file = place.write("xinetd.conf", "defaults\n{\n\tlog_type = FILE %s\n}\n"
                       % place.path("xinetd.log") + text)
    return Server(place, log.command(
        "xinetd", "-dontfork", "-f", file, "-pidfile", place.path("pid")),
        log=log.file)


def ends(place):
    """The statuses of the sessions that have ended."""
    with open(place.path("xinetd.log")) as file:
        return re.findall(r"EXIT: smtp2sms status=(\d+) ", file.read())


@tap.test("contrib/xinetd/smtp2sms")
def run():
    with Place(gw) as place, xinetd(place) as server:
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
        with Place(gw) as place, xinetd(place, (old, new)) as server:
            one, two = Client(server.port), Client(server.port)
            tap.is_(served(server), b"", new.replace("\t", " ") +
                    ": a third session is turned away")
            one.quit()
            tap.ok(wait_until(lambda: served(server), PATIENCE),
                   "until one of them has ended")
            two.quit()


tap.run()
