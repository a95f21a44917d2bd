"""The last reply can be read, whatever the client still sends."""

import socket
import time

import tap
from gateway import Gateway
from smtp import Session


@tap.test("421 is not lost to a reset over unread octets")
def reset():
    for lines in ("GET / HTTP/1.1\r\n", "x\r\n" * 10):
        with Session(["max-errors 10"]) as s:
            s.sock.sendall(lines.encode() + b"y" * 200000)
            got = b""
            try:
                s.sock.shutdown(socket.SHUT_WR)
                while True:
                    piece = s.sock.recv(4096)
                    if not piece:
                        break
                    got += piece
            except OSError as why:
                tap.ok(False, "no reset", why)
            tap.ok(b"\n421 4.7.0 " in b"\n" + got, "421 is read", got)


@tap.test("a client that does not hang up is not waited for long")
def stays():
    with Session() as s:
        s.sock.sendall(b"QUIT\r\n")
        start = time.monotonic()
        while s.sock.recv(4096):
            pass
        tap.ok(time.monotonic() - start < 1 * tap.SLOW, "the end comes "
               "with the reply")
        tap.is_(s.finish(5), 0, "and the program ends by itself")


@tap.test("a gateway that is silent holds nobody who sends nothing")
def warm():
    with Gateway() as gw:
        gw.routes["GET /health"] = "stall"
        with Session(["timeout-gateway 30"], gw) as s:
            s.ehlo()
            s.auth_plain()
            gw.wait_for(lambda: gw.requests)
            start = time.monotonic()
            s.cmd("QUIT")
            tap.is_(s.finish(10), 0, "exit 0")
            tap.ok(time.monotonic() - start < 5 * tap.SLOW, "at once")


tap.run()
