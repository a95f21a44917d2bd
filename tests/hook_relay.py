"""smtp2sms-hook with mail-relay: a server of SMTP takes the mail, or not."""

import email
import email.policy
import socket
import threading

import tap
from hook_lib import REPLIES_TO, Hook, keyed, smsgate, text_of


class Server:
    """One connection to a mail server; answers: what it says to a verb, if
    not what it should."""

    def __init__(self, **answers):
        self.answers = answers
        self.lines = []
        self.mail = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def say(self, file, verb, usual):
        file.write(self.answers.get(verb, usual).encode() + b"\r\n")
        file.flush()

    def read_mail(self, file):
        """Dots are undone; each line has to end with CRLF."""
        while True:
            line = file.readline()
            assert line.endswith(b"\r\n"), line
            if line == b".\r\n":
                return
            self.mail += line[1:] if line.startswith(b".") else line

    def serve(self):
        self.listener.settimeout(30)
        client, _ = self.listener.accept()
        with client, client.makefile("rwb") as file:
            self.say(file, "greeting", "220 mail.test")
            while True:
                line = file.readline().decode().strip()
                if not line:
                    return
                self.lines.append(line)
                verb = line.split()[0].upper()
                if verb == "DATA":
                    self.say(file, "DATA", "354 go on")
                    if "DATA" in self.answers:
                        continue
                    self.read_mail(file)
                    if self.answers.get("dot") == "":
                        return      # the connection breaks
                    self.say(file, "dot", "250 taken")
                else:
                    self.say(file, verb, "250 ok")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.thread.join()
        self.listener.close()


@tap.test("the server takes the mail")
def taken():
    with Server() as server:
        hook = Hook("smsgate", keyed(),
                    "mail-relay smtp://127.0.0.1:%d" % server.port)
        text = ".\n..\n\nähm " + "x" * 200
        answer = hook.post_signed(smsgate(text),
                                  env={"HTTP_PROXY": "http://127.0.0.1:9"})
        tap.is_(answer.status, 200, "taken", hook.log)
    tap.is_(server.lines[0], "EHLO sms.test", "it says who we are")
    tap.ok("MAIL FROM:<>" in [line.split(" SIZE")[0]
                              for line in server.lines],
           "from nobody", server.lines)
    tap.ok("RCPT TO:<%s>" % REPLIES_TO in server.lines, "to replies-to",
           server.lines)
    mail = email.message_from_bytes(server.mail, policy=email.policy.default)
    tap.is_(text_of(mail).replace("\r", ""), text, "the text")
    tap.is_(max(len(line) for line in server.mail.split(b"\r\n")) <= 78, True,
            "no line is too long")
    tap.is_(hook.received(), [], "sendmail gets nothing")


@tap.test("the server does not take it")
def refused():
    for verb, answer in (("greeting", "554 no"),
                         ("MAIL", "451 later"), ("RCPT", "550 nobody"),
                         ("DATA", "452 full"), ("dot", "451 later"),
                         ("dot", "550 spam"), ("dot", "")):
        with Server(**{verb: answer}) as server:
            hook = Hook("smsgate", keyed(),
                        "mail-relay smtp://127.0.0.1:%d" % server.port)
            tap.is_(hook.post_signed(smsgate()).status, 503,
                    "%s: %s" % (verb, answer or "the connection breaks"),
                    hook.log)
            tap.like(hook.log, "event=mail relay=smtp", "... is logged")


@tap.test("there is no server")
def absent():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    hook = Hook("smsgate", keyed(), "mail-relay smtp://127.0.0.1:%d" % port)
    tap.is_(hook.post_signed(smsgate()).status, 503, "later", hook.log)
    hook.configure(keyed())
    tap.is_(hook.post_signed(smsgate()).status, 200, "then by sendmail")
    tap.is_(len(hook.received()), 1, "it has the mail")


tap.run()
