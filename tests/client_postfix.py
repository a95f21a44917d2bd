"""Postfix as the queue before smtp2sms, with contrib/clients/postfix.

postfix_lib.Postfix() is one of the test's own.
"""

import tap
from client_lib import LONG, NUMBER, OTHER, UMLAUTS, Service
from postfix_lib import Postfix
from server_lib import PATIENCE
from smtp import wait_until


@tap.test("contrib/clients/postfix: transport_maps")
def transport():
    with Service() as service, Postfix(service) as postfix:
        status, reply = postfix.outcome(postfix.send(UMLAUTS))
        tap.is_(status, "sent", "a mail is sent", reply)
        tap.like(reply, r"250 2\.0\.0 Message accepted, queued as ",
                 "with our reply")
        service.is_sent("the gateway has it, of the user of sasl_passwd",
                        UMLAUTS)
        postfix.outcome(postfix.send(LONG, NUMBER, OTHER))
        service.is_sent("two recipients are one request", LONG,
                        [NUMBER, OTHER])
        postfix.outcome(postfix.send("elsewhere"))
        service.sent()
        tap.is_(postfix.queue(), [], "the queue is empty")


@tap.test("contrib/clients/postfix: relayhost")
def relayhost():
    line = ("transport_maps = inline:{ { sms.example.org = "
            "smtp:[127.0.0.1]:587 } }", "relayhost = [127.0.0.1]:587")
    with Service() as service, Postfix(service, line, (
            "smtp_sasl_auth_enable",
            "default_transport = smtp\nsmtp_sasl_auth_enable")) as postfix:
        status, reply = postfix.outcome(postfix.send(UMLAUTS))
        tap.is_(status, "sent", "a mail is sent", reply)
        service.is_sent("the gateway has it", UMLAUTS)


@tap.test("Postfix keeps what failed for now, and sends it once")
def deferred():
    with Service("timeout-gateway 2") as service, \
            Postfix(service) as postfix:
        gateway = service.gateway
        for action, code in (("400", "450 4.0.0"), ("stall", "451 4.4.2"),
                             ("close", "451 4.4.2"), ("close-head", "451 4.4.2")):
            gateway.queue(action)
            ident = postfix.send("after " + action)
            status, reply = postfix.outcome(ident)
            tap.is_(status, "deferred", action + ": it is kept", reply)
            tap.ok(code in reply, "%s: %s" % (action, code), reply)
            tap.is_(postfix.queue(), [ident], action + ": in the queue")
            postfix.flush()
            status, reply = postfix.outcome(ident, 2)
            tap.is_(status, "sent", action + ": the next attempt", reply)
            service.is_sent(action + ": it arrived once", "after " + action)
            tap.ok(wait_until(lambda: postfix.queue() == [], PATIENCE),
                   action + ": the queue is empty")


@tap.test("Postfix returns what failed for good")
def bounced():
    with Service() as service, Postfix(service) as postfix:
        service.gateway.queue(500)
        ident = postfix.send("x")
        status, reply = postfix.outcome(ident)
        tap.is_(status, "bounced", "the gateway's 500", reply)
        tap.ok("550 5.0.0 Message delivery failed" in reply, "550", reply)
        tap.like(postfix.wait_log(ident + ": sender non-delivery"),
                 ident + ": sender non-delivery notification: ",
                 "the sender is told")
        service.gateway.queue(401)
        status, reply = postfix.outcome(postfix.send("x"))
        tap.is_(status, "bounced", "a wrong password of the gateway", reply)
        ident = postfix.send("one is wrong", NUMBER, "nobody")
        tap.is_([postfix.outcome(ident)[0],
                 postfix.outcome(ident, number="nobody")[0]],
                ["sent", "bounced"], "a wrong number alone is returned")
        service.is_sent("the other is served", "one is wrong")
        tap.ok(wait_until(lambda: postfix.queue() == [], PATIENCE),
               "the queue is empty")


@tap.test("with replies retry, Postfix keeps it over the gateway's outage")
def retry():
    with Service("replies retry") as service, Postfix(service) as postfix:
        service.gateway.queue(500, 503)
        ident = postfix.send("patience")
        for count in 1, 2:
            status, reply = postfix.outcome(ident, count)
            tap.is_(status, "deferred", "attempt %d" % count, reply)
            postfix.flush()
        status, reply = postfix.outcome(ident, 3)
        tap.is_(status, "sent", "attempt 3", reply)
        service.is_sent("it arrived once", "patience")


@tap.test("a burst: every mail once, fewer sessions than mails")
def burst():
    with Service() as service, Postfix(service) as postfix:
        service.gateway.default = "delay:50"
        idents = [postfix.send("mail %d" % i) for i in range(40)]
        tap.is_([postfix.outcome(ident)[0] for ident in idents],
                ["sent"] * 40, "all are sent")
        tap.is_(sorted(text for _, _, text in service.sent()),
                sorted("mail %d" % i for i in range(40)), "each once")
        sessions = service.log().count("event=connect")
        tap.ok(sessions < 40, "Postfix uses a session for several mails",
               "sessions: %d" % sessions)


tap.run(300)
