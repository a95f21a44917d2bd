"""smtp2sms under s6 and s6-tcpserver (s6-networking), with contrib/s6;
and with s6 alone: contrib/s6-listener.

Debian 12 has s6, but not s6-networking: there tcpserver takes the place of
s6-tcpserver, whose options of the same names it understands.
"""

import os
import re
import shutil
import subprocess

import tap
from gateway import Gateway
from server_lib import (PATIENCE, Client, Place, Server, check_all,
                        check_broken, check_mail, check_together, check_waits,
                        need, need_root)
from smtp import SLOW, wait_until

CONFIG = 78     # the status of a broken configuration
STAND_IN = """#!/bin/sh
while getopts vc:C:u:g: option
do
	case $option in
	c) limit=$OPTARG ;;
	u) user=$OPTARG ;;
	g) group=$OPTARG ;;
	C | v) ;;
	*) exit 100 ;;
	esac
done
shift $((OPTIND - 1))
exec tcpserver -v -R -H -l 0 -c "$limit" -u "$user" -g "$group" "$@"
"""

gw = Gateway()
real = shutil.which("s6-tcpserver") is not None


def service(place, *replacements):
    """contrib/s6 at this place, and its supervisor: s6-svscan."""
    need("s6-svscan", "s6-setuidgid", "s6-log")
    need_root()
    path = os.environ["PATH"]
    if not real:
        need("tcpserver")
        tap.note("s6-tcpserver is not here: tcpserver takes its place")
        place.write("bin/s6-tcpserver", STAND_IN, 0o755)
        path = place.path("bin") + ":" + path
    place.script("s6/run", *replacements)
    place.script("s6/log/run")
    os.mkdir(place.path("scan"))
    os.symlink(place.path("run", "s6"), place.path("scan", "smtp2sms"))
    return Server(place, ["s6-svscan", place.path("scan")],
                  env={"PATH": path}, log=place.path("log", "current"))


@tap.test("contrib/s6/run and contrib/s6/log/run")
def run():
    with Place(gw) as place, service(place) as server:
        check_all(server, gw)
        check_broken(place, server, gw)
        pattern = r"end pid \d+ (exitcode \d+|signal \d+)" if real else \
            r"tcpserver: end \d+ status (\d+)"

        def ends():
            return re.findall(pattern, server.log())
        wait_until(lambda: len(ends()) == 6, PATIENCE)
        good, bad = ("exitcode 0", "exitcode %d" % CONFIG) if real else \
            ("0", str(CONFIG << 8))
        tap.is_(ends(), [good] * 4 + [bad, good],
                "every session's status is heard of")
        tap.like(server.log(), r"(?m)^\d\d\d\d-\d\d-\d\d \S+ +smtp2sms\[",
                 "s6-log adds the time")


def listener_of(place):
    """contrib/s6-listener at this place, under s6-svscan."""
    need("s6-svscan", "s6-setuidgid", "s6-log")
    need_root()
    place.script("s6-listener/run")
    place.script("s6-listener/log/run")
    os.mkdir(place.path("scan"))
    os.symlink(place.path("run", "s6-listener"), place.path("scan",
                                                            "smtp2sms"))
    return Server(place, ["s6-svscan", place.path("scan")],
                  log=place.path("log", "current"))


@tap.test("contrib/s6-listener: it opens the port itself, and stays")
def listener():
    with Place(gw) as place, listener_of(place) as server:
        check_mail(server, gw)
        check_together(server, gw)
        check_broken(place, server, gw)
        client = Client(server.port)
        done = subprocess.run(
            ["s6-svc", "-r", place.path("scan", "smtp2sms")], check=False)
        tap.is_(done.returncode, 0, "s6-svc -r")
        tap.like(client.smtp.getreply()[1].decode(), "shutting down",
                 "a session that says nothing is told that it ends")
        client.hang_up()
        wait_until(lambda: len(re.findall("event=listen ", server.log())) > 1,
                   PATIENCE)
        check_mail(server, gw)
        tap.is_(len(re.findall("event=listen ", server.log())), 2,
                "by another listener")


@tap.test("its limit")
def limit():
    with Place(gw) as place, service(place, ("-c 40", "-c 2")) as server:
        check_waits(server)


@tap.test("s6 stops it")
def stop():
    with Place(gw) as place, service(place) as server:
        server.child.terminate()
        tap.is_(server.child.wait(PATIENCE * SLOW), 0, "s6-svscan ends")


tap.run()
