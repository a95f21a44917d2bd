"""smtp2sms under socat, with contrib/socat/run."""

import tap
from gateway import Gateway
from server_lib import (Client, Place, Server, below, check_all,
                        check_broken, check_waits, need, need_root)
from smtp import process_name

gw = Gateway()


@tap.test("contrib/socat/run")
def run():
    need("socat")
    need_root()
    with Place(gw) as place, \
            Server(place, [place.script("socat/run")]) as server:
        check_all(server, gw)
        check_broken(place, server, gw)


@tap.test("socat hands over the socket and is gone")
def nofork():
    need("socat")
    need_root()
    with Place(gw) as place, \
            Server(place, [place.script("socat/run")]) as server:
        client = Client(server.port)
        tap.is_([process_name(pid) for pid, _ in below(server.child.pid)],
                ["smtp2sms", "smtp2sms"],
                "there is nothing between socat's parent and smtp2sms")
        client.quit()


@tap.test("its limit")
def limit():
    need("socat")
    need_root()
    with Place(gw) as place, \
            Server(place, [place.script("socat/run", (
                "max-children=40", "max-children=2"))]) as server:
        check_waits(server)


tap.run()
