"""Several mails in a session, and the way to the gateway."""

import tap
from gateway import Gateway
from smtp import NUMBER, Session, own_credentials

gw = Gateway()
OWN = own_credentials()


def warmed(lines, login):
    """One mail, slowly enough for the warm-up; the reply to its dot."""
    gw.reset()
    with Session(lines, gw) as s:
        s.ehlo()
        assert gw.requests == [], gw.requests
        s.auth_plain() if login else s.mail()
        gw.wait_for_request("GET")
        for _ in range(20):
            s.must("NOOP", 250)
        s.must("RSET", 250)
        return s.send_message()


def verbs():
    """What was asked for, but for look-ups of ids (gateway_lookup.py)."""
    return [(r.method, r.path) for r in gw.requests
            if not r.path.startswith("/messages/")]


def connections():
    return {r.connection for r in gw.requests}


@tap.test("the connection is made while the client is still talking")
def warm():
    for what, lines, login in (("auth none, at MAIL", OWN, False),
                               ("auth gateway, at AUTH", [], True)):
        for _ in range(5):      # the answer may be on its way for long
            reply = warmed(lines, login)
            if len(connections()) == 1:
                break
        tap.is_(reply.code, 250, what + ": the mail")
        tap.is_(verbs(), [("GET", "/health"), ("POST", "/messages")],
                what + ": GET /health, and then POST")
        tap.is_(len(connections()), 1, what + ": on the same connection")
        tap.is_(gw.requests[0].header("Authorization"), None,
                what + ": the first without credentials")


@tap.test("auth-check warms the connection, too")
def check():
    gw.reset()
    with Session(["auth-check yes"], gw) as s:
        s.login()
        tap.is_(s.send_message().code, 250, "the mail")
    tap.is_([v for v in verbs() if v[1] != "/health"],
            [("GET", "/devices"), ("POST", "/messages")],
            "GET /devices, then POST")
    tap.is_(len({r.connection for r in gw.requests
                 if r.path != "/health"}), 1, "on the same connection")


@tap.test("several mails go over one connection")
def several():
    gw.reset()
    with Session(OWN, gw) as s:
        s.ehlo()
        codes = [s.send_message("mail %d" % i).code for i in range(10)]
        tap.is_(codes, [250] * 10, "ten mails")
    tap.is_([m["textMessage"]["text"] for m in gw.messages],
            ["mail %d" % i for i in range(10)], "in their order")
    tap.ok(len(connections()) <= 2, "over one connection, or two where the "
           "first mail came before the warm-up's answer", connections())


@tap.test("each mail has its own recipients and its own text")
def apart():
    gw.reset()
    with Session(OWN, gw) as s:
        s.ehlo()
        s.send_message("first " + "x" * 100, [NUMBER, "+4915112345679"])
        s.send_message("2", ["+4915112345670"])
        s.mail()
        s.rcpt("+4915199999999")
        s.must("RSET", 250)
        s.send_message("third", [NUMBER])
    tap.is_([(m["phoneNumbers"], m["textMessage"]["text"])
             for m in gw.messages],
            [([NUMBER, "+4915112345679"], "first " + "x" * 100),
             (["+4915112345670"], "2"), ([NUMBER], "third")],
            "nothing is left over")


@tap.test("the credentials of AUTH reach every mail")
def credentials():
    gw.reset()
    with Session([], gw) as s:
        s.login("bob", "builder")
        for i in range(3):
            s.send_message("mail %d" % i)
    tap.is_([m["user"] for m in gw.messages], ["bob"] * 3, "three times bob")


@tap.test("a gateway that closes its idle connections")
def idle():
    gw.reset()
    with Session(OWN, gw) as s:
        s.ehlo()
        gw.routes["GET /health"] = "close"
        s.mail()
        gw.wait_for_request("GET")
        gw.wait_for(lambda: gw.open == 0)
        s.must("RSET", 250)
        tap.is_(s.send_message("a").code, 250, "is connected to again")
    tap.is_(len(gw.messages), 1, "and gets the mail once")


@tap.test("a POST is never sent twice, not even over a warm connection")
def never_twice():
    for action in ("close", "lost", "reset", "close-head"):
        gw.reset()
        gw.queue(action)
        with Session(OWN, gw) as s:
            s.ehlo()
            s.envelope()
            gw.wait_for_request("GET")
            reply = s.data("Message-ID: <1@c>\n\nhello")
            # a gateway that has the message says so when it is asked
            want = 250 if action == "lost" else 451
            tap.is_(reply.code, want, "%s: %d" % (action, want), repr(reply))
        tap.is_(len(gw.posts()), 1, action + ": one POST")


@tap.test("a failure in the middle of a session")
def middle():
    gw.reset()
    gw.queue("ok", "500", "close", "ok", "400", "stall", "ok")
    with Session(OWN + ["timeout-gateway 1"], gw) as s:
        s.ehlo()
        codes = [s.send_message("mail %d" % i).code for i in range(7)]
        tap.is_(codes, [250, 550, 451, 250, 450, 451, 250],
                "each mail has its own answer")
        tap.is_(s.quit(), 0, "exit 0")
    tap.is_([m["textMessage"]["text"] for m in gw.messages],
            ["mail 0", "mail 3", "mail 6"], "three were sent")


@tap.test("sessions side by side")
def together():
    gw.reset()
    gw.default = "delay:200"
    sessions = [Session(OWN, gw) for _ in range(8)]
    try:
        for i, s in enumerate(sessions):
            s.ehlo()
            s.envelope(["+49151000000%02d" % i])
            s.send("Message-ID: <%d@c>\r\n\r\ntext %d\r\n.\r\n" % (i, i))
        codes = [s.reply().code for s in sessions]
        tap.is_(codes, [250] * 8, "eight at once")
        tap.is_([s.quit() for s in sessions], [0] * 8, "exit 0, eight times")
    finally:
        for s in sessions:
            s.abandon()
    tap.is_(sorted((m["phoneNumbers"][0][-2:], m["textMessage"]["text"])
                   for m in gw.messages),
            [("%02d" % i, "text %d" % i) for i in range(8)],
            "each has its own number and text")


tap.run()
