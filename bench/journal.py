"""What a journal costs a message: none, a folder, an etcd cluster.

One listener and one delivery side, whose gateway is an nginx that takes
everything; clients send mails one after the other in sessions that stay.
The three take turns, several times; what is printed are medians.  The folder
is on the disk of $TMPDIR, and so are the three members of etcd, which share
it: three machines have three.  Nothing fails for being slow.

usage: journal.py       (BENCH_ROUNDS, BENCH_SECONDS make it shorter)
"""

import os
import socket
import statistics
import sys
import tempfile
import threading
import time

from place import TOP

sys.path.insert(0, os.path.join(TOP, "tests"))
import foreign                                      # noqa: E402
from etcd_lib import Cluster                        # noqa: E402
from journal_lib import without_ids                 # noqa: E402
from listener_lib import Listener                   # noqa: E402
from place import Place                             # noqa: E402
from smtp import own_credentials                    # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS") or 5)
SECONDS = float(os.environ.get("BENCH_SECONDS") or 1.5)


class Load:
    """Clients that send mail after mail until they are told to stop."""

    def __init__(self, port, clients, tag):
        self.took, self.over = [], False
        threads = [threading.Thread(target=self.client,
                                    args=(port, "%s-%d" % (tag, i)))
                   for i in range(clients)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        time.sleep(SECONDS)
        self.over = True
        for thread in threads:
            thread.join()
        self.rate = len(self.took) / (time.monotonic() - began)

    def client(self, port, tag):
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            file = sock.makefile("rb")
            file.readline()
            sock.sendall(b"EHLO bench\r\n")
            while file.readline()[3:4] == b"-":
                pass
            count = 0
            while not self.over:
                count += 1
                sock.sendall(b"MAIL FROM:<root@client.test>\r\nRCPT TO:"
                             b"<+4915112345678@sms.test>\r\nDATA\r\n")
                for _ in range(3):
                    file.readline()
                began = time.monotonic()
                sock.sendall(b"Message-ID: <%s-%d@client.test>\r\n\r\nhello"
                             b"\r\n.\r\n" % (tag.encode(), count))
                reply = file.readline()
                assert reply.startswith(b"250 2.0.0 Message"), reply
                self.took.append(time.monotonic() - began)


def main():
    foreign.use_path()
    foreign.need("etcd", "nginx")
    with Place() as place, Cluster() as cluster, \
            tempfile.TemporaryDirectory() as folder:
        gateway = place.nginx()[0]
        kinds = {"none": [], "folder": ["journal " + folder],
                 "etcd": cluster.lines()}
        common = [*own_credentials(), "gateway " + without_ids(),
                  "set base http://127.0.0.1:%d" % gateway,
                  "max-messages 1000000", "max-sessions 0",
                  "max-sessions-per-source 0"]
        found = {}
        listeners = {kind: Listener(common + lines)
                     for kind, lines in kinds.items()}
        try:
            for turn in range(ROUNDS):
                for kind, listener in listeners.items():
                    for clients in 1, 10:
                        load = Load(listener.port, clients, "%s-%d-%d" % (
                            kind, turn, clients))
                        found.setdefault((kind, clients), []).append(
                            (statistics.median(load.took) * 1000, load.rate))
        finally:
            for listener in listeners.values():
                listener.stop()
        print("%-8s %22s %22s" % ("journal", "1 client: dot to reply",
                                  "10 clients: mails/s"))
        for kind in kinds:
            print("%-8s %19.2f ms %22.0f" % (
                kind, statistics.median(ms for ms, _ in found[kind, 1]),
                statistics.median(rate for _, rate in found[kind, 10])))


if __name__ == "__main__":
    main()
