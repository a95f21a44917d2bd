"""smtp2sms under runit and tcpsvd (ipsvd), with contrib/runit."""

import os
import re
import socket

import tap
from gateway import Gateway
from server_lib import (PATIENCE, SLOW, Client, Place, Server, check_all,
                        check_broken, check_waits, need, need_root)
from smtp import wait_until

CONFIG = 78     # the status of a broken configuration

gw = Gateway()


def service(place, *replacements):
    """contrib/runit at this place, and its supervisor: runsv."""
    need("runsv", "tcpsvd", "chpst", "svlogd")
    need_root()
    place.script("runit/run", *replacements)
    place.script("runit/log/run")
    return Server(place, ["runsv", place.path("run", "runit")],
                  log=place.path("log", "current"))


@tap.test("contrib/runit/run and contrib/runit/log/run")
def run():
    with Place(gw) as place, service(place) as server:
        check_all(server, gw)
        check_broken(place, server, gw)

        def ends():
            return re.findall(r"tcpsvd: info: end \d+ exit (\d+)",
                              server.log())
        wait_until(lambda: len(ends()) == 6, PATIENCE)
        tap.is_(ends(), ["0"] * 4 + [str(CONFIG), "0"],
                "tcpsvd hears of every session's status")
        tap.like(server.log(), r"(?m)^\d\d\d\d-\d\d-\d\d_\S+ smtp2sms\[",
                 "svlogd adds the time")


@tap.test("its limits")
def limits():
    with Place(gw) as place, service(place, ("-c 40", "-c 2")) as server:
        check_waits(server)
    with Place(gw) as place, service(place, ("-C '10:", "-C '1:")) as server:
        one = Client(server.port)
        with socket.create_connection(("127.0.0.1", server.port)) as two:
            two.settimeout(PATIENCE * SLOW)
            tap.is_(two.recv(1000), b"421 4.7.0 Too many connections\r\n",
                    "too many connections of one address: 421")
            tap.is_(two.recv(1000), b"", "and the connection is closed")
        one.quit()


@tap.test("runit stops it")
def stop():
    with Place(gw) as place, service(place) as server:
        port = server.port
        server.child.terminate()
        tap.is_(server.child.wait(PATIENCE * SLOW), 0, "runsv ends")
        with socket.socket() as sock:
            tap.ok(sock.connect_ex(("127.0.0.1", port)) != 0,
                   "nobody listens any more")
        tap.ok(os.path.exists(place.path("log", "current")),
               "the log stays")


tap.run()
