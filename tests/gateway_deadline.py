"""The deadline holds, whatever the gateway does."""

import time

import tap
from gateway import Gateway
from smtp import SLOW, Session, own_credentials

OWN = own_credentials()
LIMIT = 1           # seconds: timeout-gateway, which SMTP2SMS_SLOW multiplies
gw = Gateway()


def timed(s, text="hello"):
    """The reply to a message, and the seconds from the dot to it."""
    s.envelope()
    start = time.monotonic()
    reply = s.data("Message-ID: <1@c>\n\n" + text)
    return reply, time.monotonic() - start


def in_time(took):
    return LIMIT * SLOW - 0.1 <= took <= (LIMIT + 1) * SLOW


@tap.test("each way to stall: 451 4.4.2 Timeout")
def stalls():
    for action in ("stall", "stall-head", "half", "half-body", "drip",
                   "lost-stall", "delay:5000"):
        gw.reset()
        gw.queue(action)
        with Session(OWN + ["timeout-gateway %d" % LIMIT], gw) as s:
            s.ehlo()
            reply, took = timed(s)
            tap.is_(str(reply), "451 4.4.2 Timeout", action)
            tap.ok(in_time(took), action + ": in time", "%.2f s" % took)
            reply, took = timed(s, "the next")
            tap.ok(reply.code == 250 and took < LIMIT * SLOW,
                   action + ": the next mail is sent", repr(reply))
            tap.is_(s.quit(), 0, action + ": exit 0")


@tap.test("a gateway that accepts a connection and is silent")
def silent():
    gw.reset()
    gw.on_connect = "stall"
    with Session(OWN + ["timeout-gateway %d" % LIMIT], gw) as s:
        s.ehlo()
        reply, took = timed(s)
        tap.is_(str(reply), "451 4.4.2 Timeout", "451 4.4.2 Timeout")
        tap.ok(in_time(took), "in time", "%.2f s" % took)


@tap.test("a gateway that is silent before TLS")
def silent_tls():
    with Gateway(tls="good") as tls:
        tls.on_connect = "stall"
        with Session(OWN + ["timeout-gateway %d" % LIMIT], tls) as s:
            s.ehlo()
            reply, took = timed(s)
            tap.ok(reply.starts("451 4.4.1"), "451 4.4.1: nothing was sent",
                   repr(reply))
            tap.ok(took <= (LIMIT + 1) * SLOW, "in time", "%.2f s" % took)


@tap.test("stalls over TLS")
def stalls_tls():
    with Gateway(tls="good") as tls:
        for action in ("stall", "half-body"):
            tls.reset()
            tls.queue(action)
            with Session(OWN + ["timeout-gateway %d" % LIMIT], tls) as s:
                s.ehlo()
                reply, took = timed(s)
                tap.is_(str(reply), "451 4.4.2 Timeout", action)
                tap.ok(in_time(took), action + ": in time",
                       "%.2f s" % took)


@tap.test("a slow answer within the limit is an answer")
def slow():
    gw.reset()
    gw.queue("delay:600")
    with Session(OWN + ["timeout-gateway %d" % LIMIT], gw) as s:
        s.ehlo()
        reply, took = timed(s)
        tap.is_(reply.code, 250, "250")
        tap.ok(took >= 0.6 * SLOW, "after the delay")


@tap.test("the clock starts at the dot")
def dot():
    gw.reset()
    gw.queue("delay:600")
    with Session(OWN + ["timeout-gateway %d" % LIMIT], gw) as s:
        s.ehlo()
        s.envelope()
        s.send("Message-ID: <1@c>\r\n\r\nhel")
        until = time.monotonic() + LIMIT * SLOW + 0.2
        while time.monotonic() < until:     # a slow client, not a wait
            s.send("l")
            time.sleep(0.1)
        tap.is_(s.raw_data("o\r\n.\r\n").code, 250,
                "a client that takes its time leaves the gateway its own")


@tap.test("a warm-up that hangs does not cost the mail its time")
def warm_up():
    for action in ("stall", "half", "close", "reset", "500", "not-http",
                   "huge"):
        gw.reset()
        gw.routes["GET /health"] = action
        with Session(OWN + ["timeout-gateway 3"], gw) as s:
            s.ehlo()
            s.envelope()
            gw.wait_for_request("GET")
            start = time.monotonic()
            reply = s.data("Message-ID: <1@c>\n\nhello")
            took = time.monotonic() - start
            tap.ok(reply.code == 250 and took < 2 * SLOW,
                   "GET /health, %s: the mail is sent" % action,
                   repr(reply), "%.2f s" % took)
        tap.is_(len(gw.messages), 1, action + ": once")


@tap.test("a client that leaves while the gateway is silent")
def leaves():
    gw.reset()
    gw.queue("stall")
    with Session(OWN + ["timeout-gateway 3"], gw) as s:
        s.ehlo()
        s.envelope()
        s.send("\r\nhello\r\n.\r\n")
        gw.wait_for_request()
        s.hang_up()
        start = time.monotonic()
        code = s.finish(8)
        tap.is_(code, 0, "exit 0")
        tap.ok(time.monotonic() - start <= 5 * SLOW,
               "no later than the deadline and a little")
    tap.ok(gw.wait_for(lambda: gw.open == 0, 5),
           "and the gateway's connection is closed")


tap.run()
