"""Has the gateway the message already?  Asked before a retry can repeat it.

SMSGate's ids are a device's.  Where none is set it picks one, and the same id
may be accepted again: so it is asked first.  dedupe text asks for the id of
the window before as well.
"""

import http.server
import re
import threading

import tap
from gateway import Gateway
from journal_lib import date
from smtp import Session, own_credentials

gw = Gateway()
OWN = own_credentials()
ANY = ("GET", "/messages/*")


def asked():
    """What the gateway was asked: ids as *, without the warm-up."""
    return [(r.method, "/messages/*" if r.path.startswith("/messages/")
             else r.path) for r in gw.requests if r.path != "/health"]


def mail(lines=(), text="hello", gateway=gw,
         headers="Message-ID: <1@client.test>\r\n"):
    with Session(OWN + list(lines), gateway) as s:
        s.ehlo()
        return s.send_message(text, headers=headers)


POST = ("POST", "/messages")


@tap.test("when it is asked")
def when():
    rows = [([], None, [ANY, POST], "no device: first"),
            (["set device d1"], None, [POST], "a device: never"),
            ([], "", [POST], "neither Message-ID nor Date: never"),
            ([], date(60), [ANY, POST],
             "a Date alone: first")]
    for lines, headers, want, what in rows:
        gw.reset()
        more = {} if headers is None else {"headers": headers}
        tap.is_(mail(lines, **more).code, 250, what + ": 250")
        tap.is_(asked(), want, what)
    gw.reset()
    mail()
    id = gw.messages[0]["id"]
    tap.is_(gw.requests[-2].path, "/messages/" + id, "the id that is sent")
    tap.ok(gw.requests[-2].header("Authorization"), "with the credentials")


@tap.test("a retry of what was taken")
def retry():
    gw.reset()
    first = mail()
    second = mail()
    id = re.search(r"queued as (\S+)", str(first)).group(1)
    tap.is_(str(second), "250 2.0.0 Already sent, " + id, "says so")
    tap.is_(asked(), [ANY, POST, ANY], "and it was not sent again")
    tap.is_(len(gw.messages), 1, "one message")


@tap.test("an answer that is lost, or lies")
def lies():
    for action in ("lost", "close-body"):
        gw.reset()
        gw.queue(action)
        reply = mail()
        if gw.messages:
            tap.is_(reply.code, 250, action + ": found: 250")
        else:
            tap.is_(reply.code, 451, action + ": not there: 451")
    # GATEWAYS: queue limits are checked before the id is
    gw.reset()
    mail(["set device d1"])
    gw.queue("503:{\"message\":\"queue limits exceeded\"}")
    reply = mail(["set device d1"])
    tap.is_(reply.code, 250, "503 to a retry of what is there: 250")
    tap.is_(asked(), [POST, POST, ANY], "asked after the answer")
    gw.reset()
    gw.queue("503:{\"message\":\"queue limits exceeded\"}")
    tap.is_(mail(["set device d1"]).code, 550, "503, and it is not: 550")
    tap.is_(mail(["set device d1"]).code, 250, "and then it is sent")
    gw.reset()
    gw.queue("409:{\"message\":\"constraint\"}")
    tap.is_(mail(["set device d1"]).code, 450, "another 409: 450")
    tap.is_(gw.messages, [], "and not sent")


@tap.test("an answer that is lost, to a message that is like no other")
def lost_alone():
    gw.reset()
    gw.queue("lost")
    reply = mail(headers="X-Other: 1\r\n")
    tap.is_(reply.code, 250, "its retry would have another id: found: 250",
            repr(reply))
    tap.is_(len(gw.messages), 1, "one message")
    gw.reset()
    gw.queue("close-body")
    tap.is_(mail(headers="X-Other: 1\r\n").code, 451, "not there: 451")


@tap.test("a look-up that fails")
def fails():
    path = None
    gw.reset()
    mail()
    path = gw.requests[-2].path
    rows = [("500", 451, 451), ("401", 535, 535), ("429", 450, 451),
            ("stall", 451, 451), ("close", 451, 451)]
    for action, documented, retry in rows:
        for replies, want in (("documented", documented), ("retry", retry)):
            gw.reset()
            gw.routes["GET " + path] = action
            reply = mail(["replies " + replies, "timeout-gateway 1"])
            tap.is_(reply.code, want, "%s, %s: %d" % (action, replies, want),
                    repr(reply))
            tap.is_(gw.posts(), [], "and nothing was sent")
    for action in ("404", "405", "501", "400", "200:{}", "200:[]",
                   '200:{"id":"other"}', "200:garbage"):
        gw.reset()
        gw.routes["GET " + path] = action
        tap.is_(mail().code, 250, action + ": not there")
        tap.is_(len(gw.messages), 1, "so it is sent")


@tap.test("a server that can do nothing but POST")
def post_only():
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(202)
            self.end_headers()
            self.wfile.write(b'{"id":"x","state":"Pending"}')

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    reply = mail(["set base http://127.0.0.1:%d" % server.server_port],
                 gateway=None)
    tap.is_((reply.code, len(got)), (250, 1), "is served")
    server.shutdown()


@tap.test("dedupe text: a new Message-ID for each try")
def dedupe():
    for device in ([], ["set device d1"]):
        what = "a device" if device else "no device"
        gw.reset()
        for i in range(3):
            tap.is_(mail(device + ["dedupe text"],
                         headers="Message-ID: <%d@c>\r\n" % i).code, 250,
                    "%s, try %d: 250" % (what, i))
        tap.is_(len(gw.messages), 1, what + ": one SMS")
        mail(device + ["dedupe text"], "another text")
        tap.is_(len(gw.messages), 2, what + ": another text is another")


@tap.test("without dedupe equal texts are several SMS")
def equal():
    gw.reset()
    for i in range(2):
        mail(headers="Message-ID: <%d@c>\r\n" % i)
    mail(headers="")
    mail(headers="")
    tap.is_(len(gw.messages), 4, "four mails, four SMS")


tap.run()
