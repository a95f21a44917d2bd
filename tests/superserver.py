"""superserver: the smallest super-server, in the manner of tcpserver(1).

usage: superserver.py ADDRESS PORT PROGRAM [ARGUMENT]...

For each connection it starts the program, with the connection as descriptors
0 and 1, and the addresses in the environment (UCSPI, TCPREMOTEIP and so on).
With port 0 it takes a free one, and prints which.  Tests that are not about
super-servers use it, so that they need none of somebody else's, and so does
`make demo` where there is no tcpserver.
"""

import os
import signal
import socket
import sys


def serve(connection, peer, command):
    """Become the program; only in a child."""
    for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    here = connection.getsockname()
    env = dict(os.environ, PROTO="TCP", TCPLOCALIP=here[0],
               TCPLOCALPORT=str(here[1]), TCPREMOTEIP=peer[0],
               TCPREMOTEPORT=str(peer[1]))
    os.dup2(connection.fileno(), 0)
    os.dup2(connection.fileno(), 1)
    os.execvpe(command[0], command, env)


def main(address, port, *command):
    listener = socket.create_server((address, int(port)), backlog=128)
    if port == "0":
        print(listener.getsockname()[1], flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)   # no zombies
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    while True:
        connection, peer = listener.accept()
        if os.fork() == 0:
            try:
                serve(connection, peer, command)
            except OSError as why:
                print("superserver: %s: %s" % (command[0], why),
                      file=sys.stderr, flush=True)
            finally:
                os._exit(111)
        connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
