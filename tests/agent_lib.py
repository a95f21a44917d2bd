"""agent_lib: an agent that sessions share.

Agent(lines, gateway) writes a configuration and starts smtp2sms-deliver on a
socket of its own; session() is a Session (smtp.py) that uses it.  A library:
as a program it has nothing to test.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile

from smtp import HOME, SLOW, WRAP, Session, configuration, wait_until


class Agent:
    def __init__(self, lines, gateway, command=None):
        self.dir = tempfile.mkdtemp(prefix="smtp2sms-agent.")
        os.chmod(self.dir, 0o755)
        self.socket = os.path.join(self.dir, "deliver.sock")
        self.lines = list(lines) + ["delivery " + self.socket]
        self.gateway = gateway
        self.config = os.path.join(self.dir, "smtp2sms.conf")
        text = configuration(self.lines, gateway)
        with open(self.config, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        self.child = None
        self.command = command
        self.start()

    def start(self):
        """Start it (again)."""
        program = os.path.join(HOME, "smtp2sms-deliver")
        command = self.command(self, program) if self.command else \
            [program, "-l", self.socket, "-f", self.config]
        with open(os.path.join(self.dir, "log"), "ab") as log:
            self.child = subprocess.Popen([*WRAP, *command], stderr=log,
                                          stdin=subprocess.DEVNULL,
                                          start_new_session=True)
        wait_until(self.listens, 10)

    def listens(self):
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(self.socket)
                return True
            except OSError:
                return False

    def session(self, **more):
        return Session(self.lines, self.gateway, **more)

    def log(self):
        with open(os.path.join(self.dir, "log"), errors="replace") as file:
            return file.read()

    def terminate(self):
        self.child.send_signal(signal.SIGTERM)

    def kill(self):
        self.child.kill()

    def wait(self, timeout=20):
        return self.child.wait(timeout * SLOW)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
