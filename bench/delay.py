"""delay: a port that is another port, but a network away.

usage: delay.py PORT TARGET MS

What a client writes reaches the target half of MS later, and the other way
round; a round trip takes MS milliseconds. The kernel sets up a connection on
loopback at once: so what the client writes during the first MS milliseconds
is sent on as if it had been written at their end, which is when a client on
a real network would have had the answer to its SYN. Bandwidth is not
limited, nothing is lost, and there is no slow start.
"""

import heapq
import select
import socket
import sys
import time

BLOCK = 65536


class Way:
    """One direction of a connection: from one socket to another."""

    def __init__(self, source, sink, open_at):
        self.source, self.sink = source, sink
        self.open_at = open_at      # nothing leaves before


class Delay:
    def __init__(self, port, target, seconds):
        self.target, self.half = target, seconds / 2
        self.listener = socket.create_server(("127.0.0.1", port), backlog=1000)
        self.ways = {}              # source -> Way
        self.due = []               # (when, number, way, octets)
        self.number = 0             # keeps what is due at once in its order

    def accept(self):
        client, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.target))
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        now = time.monotonic()
        self.ways[client] = Way(client, server, now + 2 * self.half)
        self.ways[server] = Way(server, client, now)

    def take(self, source):
        way = self.ways[source]
        try:
            octets = source.recv(BLOCK)
        except OSError:
            octets = b""
        if not octets:
            del self.ways[source]
        when = max(time.monotonic(), way.open_at) + self.half
        self.number += 1
        heapq.heappush(self.due, (when, self.number, way, octets))

    @staticmethod
    def give(way, octets):
        try:
            if octets:
                way.sink.sendall(octets)
            else:
                way.sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass                    # it has hung up

    def turn(self):
        wait = max(0, self.due[0][0] - time.monotonic()) if self.due else None
        # select(2) counts microseconds, poll(2) milliseconds
        ready, _, _ = select.select([self.listener, *self.ways], [], [], wait)
        for sock in ready:
            if sock is self.listener:
                self.accept()
            else:
                self.take(sock)
        while self.due and self.due[0][0] <= time.monotonic():
            _, _, way, octets = heapq.heappop(self.due)
            self.give(way, octets)


def main():
    port, target, ms = sys.argv[1:]
    delay = Delay(int(port), int(target), float(ms) / 1000)
    while True:
        delay.turn()


if __name__ == "__main__":
    main()
