"""smtp2sms under tcpserver (ucspi-tcp), with contrib/tcpserver/run."""

import re

import tap
from gateway import Gateway
from server_lib import (Place, Server, check_all, check_broken, check_waits,
                        need, need_root)

CONFIG = 78     # the status of a broken configuration

gw = Gateway()


@tap.test("contrib/tcpserver/run")
def run():
    need("tcpserver")
    need_root()
    with Place(gw) as place, \
            Server(place, [place.script("tcpserver/run")]) as server:
        check_all(server, gw)
        check_broken(place, server, gw)
        ends = re.findall(r"tcpserver: end \d+ status (\d+)",
                          server.wait_said("tcpserver: end", 6))
        tap.is_(ends, ["0"] * 4 + [str(CONFIG << 8), "0"],
                "tcpserver hears of every session's status")


@tap.test("its limit")
def limit():
    need("tcpserver")
    need_root()
    with Place(gw) as place, \
            Server(place, [place.script("tcpserver/run",
                                        ("-c 40", "-c 2"))]) as server:
        check_waits(server)


tap.run()
