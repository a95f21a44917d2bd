"""journal etcd: machines that share a cluster's journal send a message once,
whoever dies, and nothing that is not claimed.

The cluster is three members of the real etcd; a machine is a configuration
of its own.
"""

import os
import re
import signal
import threading
import time

import tap
from agent_lib import Agent
from etcd_lib import PREFIX, TXN, Cluster, Cutter, b64
from gateway import Certificate, Gateway, Response
from machines_lib import (LIMIT, NOTHING, ONE, OWN, TWO, claims, cluster,
                          free_claims, gw, machine, mail, new, probe, sent)
from smtp import NUMBER, Session


@tap.test("two machines and one journal")
def two_machines():
    ident = new()
    tap.like(mail(ONE, ident)[0], "^250 2.0.0 Message accepted", "sent")
    tap.like(mail(TWO, ident)[0], "^250 2.0.0 Already sent",
             "the other machine knows it")
    tap.is_(sent(), 1, "one SMS")
    more = [NUMBER, "+4915100000001"]
    tap.like(mail(TWO, ident, more)[0], "^250 ", "one recipient more")
    tap.is_([m["phoneNumbers"] for m in gw.messages], [more[1:]],
            "only that one is sent to")
    gw.reset()
    gw.queue("429")
    ident = new()
    tap.like(mail(ONE, ident)[0], "^4", "the gateway says no")
    tap.like(mail(TWO, ident)[0], "^250 ", "the other machine tries again")
    tap.is_(sent(), 1, "one SMS")
    pairs = cluster.pairs(PREFIX)
    tap.is_([key for key in pairs if "/claim/" in key], [],
            "no claim is left")
    tap.ok(NUMBER not in str(pairs) and "hello" not in str(pairs),
           "numbers and texts are not in it")
    keys = [kv for kv in cluster.call(
        "/v3/kv/range", {"key": b64(PREFIX), "range_end": b64("/smtp2sms0")},
        cluster.wait())["kvs"]]
    tap.ok(all(kv.get("lease", "0") != "0" for kv in keys),
           "each has a lease", keys)


@tap.test("two machines are handed the same mail at the same moment")
def same_moment():
    for turn in range(5):
        ident, replies = new(), []
        threads = [threading.Thread(
            target=lambda lines=lines, ident=ident:
            replies.append(mail(lines, ident)[0])) for lines in (ONE, TWO)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        codes = sorted(reply[:3] for reply in replies)
        tap.ok(codes in (["250", "250"], ["250", "451"]),
               "turn %d: one sends, the other waits or knows it" % turn,
               replies)
        tap.is_(sent(), 1, "one SMS")


@tap.test("while one machine sends, the other waits")
def busy():
    ident, replies = new(), []
    gw.queue("delay:1500")
    first = threading.Thread(
        target=lambda: replies.append(mail(ONE, ident)[0]))
    first.start()
    gw.wait_for_request()
    tap.like(mail(TWO, ident)[0], "^451 4.3.0", "it says 451")
    first.join()
    tap.like(replies[0], "^250 ", "the first has sent it")
    tap.like(mail(TWO, ident)[0], "^250 2.0.0 Already", "then both know it")
    tap.is_(sent(), 1, "one SMS")


@tap.test("the answer to a claim is lost")
def claim_lost():
    with Cutter(cluster.urls[0]) as cut:
        for urls in ([cut.url], [cut.url, cluster.urls[1]]):
            lines = [*OWN, "journal etcd " + " ".join(urls)]
            ident = new()
            cut.lose[TXN] = 1
            cut.seen.clear()
            tap.like(mail(lines, ident)[0], "^250 2.0.0 Message accepted",
                     "it is read again: 250")
            tap.is_(cut.lose[TXN], 0, "an answer was lost")
            tap.is_(sent(), 1, "one SMS")
            tap.like(mail(TWO, ident)[0], "^250 2.0.0 Already", "known")
            tap.is_(claims(), [], "no claim is left")
        # the claim is there, and nobody says so in time
        ident = new()
        cut.lose[TXN] = 10 ** 6
        reply, _ = mail([*OWN, "journal etcd " + cut.url], ident)
        tap.like(reply, "^" + NOTHING, "no answer at all: 451")
        tap.is_(sent(), 0, "nothing is sent")
        tap.like(mail(TWO, ident)[0], "^451 4.3.0", "the claim stands")
        free_claims()
        tap.like(mail(machine("two", "on-unknown drop"), ident)[0],
                 "^(250|554|451) ", "when it has ended nobody knows: drop")
        tap.is_(sent(), 0, "nothing is sent")
        tap.like(mail(machine("two", "on-unknown retry"), ident)[0],
                 "^250 ", "retry")
        tap.is_(sent(), 1, "one SMS")


@tap.test("the answer to a result is lost")
def result_lost():
    with Cutter(cluster.urls[0]) as cut:
        lines = [*OWN, "journal etcd " + cut.url]
        ident = new()
        gw.queue("delay:300")
        done = []
        thread = threading.Thread(
            target=lambda: done.append(mail(lines, ident)[0]))
        thread.start()
        gw.wait_for_request()
        cut.lose[TXN] = 1
        thread.join()
        tap.like(done[0], "^250 2.0.0 Message accepted", "250")
        tap.is_(cut.lose[TXN], 0, "an answer was lost")
        tap.like(mail(TWO, ident)[0], "^250 2.0.0 Already", "it is written")
        tap.is_(sent(), 1, "one SMS")


@tap.test("a machine dies while it sends")
def dies():
    for rule, again in ("retry", 1), ("drop", 0):
        lines = machine("two", "on-unknown " + rule)
        ident = new()
        gw.queue("stall")
        with Session(ONE, gw) as s:
            s.ehlo()
            s.envelope()
            s.send("%s\r\nhello\r\n.\r\n" % ident)
            gw.wait_for_request()
            for pid in s.processes("smtp2sms-deliver"):
                os.kill(pid, signal.SIGKILL)
            tap.is_(s.reply().code, 451, "the client is told 451")
        gw.reset()
        tap.like(mail(lines, ident)[0], "^451 4.3.0",
                 "its claim stands: the other machine waits")
        tap.is_(sent(), 0, "nothing is sent")
        tap.ok(claims(), "the claim has a lease")
        for key in claims():
            kv = cluster.call("/v3/kv/range", {"key": b64(key)},
                              cluster.wait())["kvs"][0]
            left = int(cluster.call("/v3/lease/timetolive",
                                    {"ID": kv["lease"]},
                                    cluster.wait())["TTL"])
            tap.ok(left > 10, "longer than a message takes", left)
        free_claims()
        tap.like(mail(lines, ident)[0], "^[245]", "then it is unknown")
        tap.is_(sent(), again, "on-unknown %s: %d SMS" % (rule, again))


@tap.test("a claim that has been lost is noticed")
def taken_over():
    ident, done = new(), []
    gw.reset()
    gw.queue("delay:1000")

    def first():
        with Session(ONE, gw) as s:
            s.ehlo()
            done.append(str(s.send_message("hello", (NUMBER,), ident)))
            done.append(s.log())
    thread = threading.Thread(target=first)
    thread.start()
    gw.wait_for_request()
    free_claims()
    thread.join()
    tap.like(done[0], "^250 ", "the reply is what the gateway said")
    tap.like(done[1], "event=journal .*not ours any more",
             "the log says that it is not in the journal")
    sent()


@tap.test("sessions of an agent do not wait for each other's journal")
def agent_waits():
    with Agent(ONE, gw) as agent:
        with agent.session() as s:
            s.ehlo()
            tap.is_(s.send_message("hello", (NUMBER,), new()).code, 250,
                    "it works")
        for i in range(3):
            cluster.stop(i)
        try:
            with agent.session() as slow, agent.session() as quick:
                slow.ehlo()
                quick.ehlo()
                slow.envelope()
                began = time.monotonic()
                slow.send("%s\r\nhello\r\n.\r\n" % new())
                # a message that is like no other is in no journal
                tap.is_(quick.send_message("hi", (NUMBER,), "X-A: b\r\n")
                        .code, 250, "another session's message goes out")
                tap.ok(time.monotonic() - began < LIMIT, "meanwhile")
                tap.is_(slow.reply().code, 451, "the other's does not")
        finally:
            for i in range(3):
                cluster.cont(i)
        cluster.wait()
        with agent.session() as s:
            s.ehlo()
            tap.is_(s.send_message("hello", (NUMBER,), new()).code, 250,
                    "it works again")
    sent()


@tap.test("counters of the flood guard are the machines' together")
def counters():
    number = "+4915100000777"
    rate = ["rate recipient 4/1h", "over refuse"]
    replies = [mail(machine(name, *rate), new(), (number,))[0]
               for name in ("one", "two", "one", "two", "one", "two")]
    tap.is_([reply[:9] for reply in replies],
            ["250 2.0.0"] * 4 + ["450 4.7.1"] * 2,
            "four go out, and no more by either")
    tap.is_(sent(), 4, "four SMS")
    number, replies = "+4915100000778", []
    threads = [threading.Thread(target=lambda name=name: replies.append(
        mail(machine(name, *rate), new(), (number,))[0]))
        for name in ("one", "two") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tap.ok(sent() <= 4, "eight at the same moment: not more than four",
           replies)
    with Cutter(cluster.urls[0]) as cut:
        lines = [*OWN, "journal etcd " + cut.url, *rate]
        number = "+4915100000779"
        cut.lose[TXN] = 1
        replies = [mail(lines, new(), (number,))[0] for _ in range(5)]
        tap.is_([reply[:3] for reply in replies],
                ["250"] * 4 + ["450"], "a lost answer counts once")
    values = [key for key in cluster.pairs(PREFIX) if "/rate/" in key]
    tap.ok(values and all(number not in key for key in values),
           "the cluster has them, without numbers", values)
    sent()


@tap.test("-t and --check say whether it answers")
def says():
    code, out = probe("-t", lines=ONE)
    tap.is_(code, 0, "-t: 0", out)
    tap.like(out, r"journal: http://127\.0\.0\.1:\d+ answers", "and says so")
    code, out = probe("--check", lines=ONE)
    tap.is_(code, 0, "--check: OK", out)
    dead = [*OWN, "journal etcd http://127.0.0.1:1", "timeout-journal 1"]
    code, out = probe("-t", lines=dead)
    tap.like(out, "journal: no member answers: .*onnect", "-t says why")
    code, out = probe("--check", lines=dead)
    tap.is_(code, 2, "--check: CRITICAL", out)
    tap.like(out, "the journal does not answer", "and says what")
    for line, why in (
            ("journal etcd 127.0.0.1:2379", "does not begin with http"),
            ("journal /a /b", "requires a folder, or etcd"),
            ("journal-cert /x", "journal-cert: requires journal-key"),
            ("journal-user u", "journal-user: requires secret journal"),
            ("journal-prefix /%s" % ("x" * 400), "longer than 400"),
            ("timeout-journal 0", "from 1 to 60")):
        code, out = probe("-t", lines=[*OWN, line])
        tap.ok(code == 78 and re.search(why, out), line[:40], code, out)


@tap.test("certificates")
def certificates():
    cert, other = Certificate(), Certificate()
    with Cluster(1, tls=cert) as one:
        lines = [*OWN, *one.lines("journal-ca " + cert.ca)]
        mine = ["journal-cert " + cert.path("server.pem"),
                "journal-key " + cert.path("server.key")]
        tap.like(mail([*lines, *mine], new())[0], "^250 ",
                 "with a certificate: 250")
        tap.is_(sent(), 1, "one SMS")
        tap.like(mail(lines, new())[0], "^" + NOTHING, "without: 451")
        tap.like(mail([*OWN, *one.lines(*mine)], new())[0], "^" + NOTHING,
                 "a cluster that nobody vouches for: 451")
        tap.like(mail([*OWN, *one.lines(*mine, "journal-ca " + other.ca)],
                      new())[0], "^" + NOTHING, "another authority: 451")
        tap.is_(sent(), 0, "nothing is sent")
    cert.close()
    other.close()


@tap.test("answers that no etcd would give")
def hostile():
    bodies = {
        "no JSON": b"hello", "nothing": b"", "a list": b"[]",
        "deep": b"[" * 100000, "wrong kinds": b'{"succeeded":"yes",'
        b'"responses":{"a":1},"kvs":7,"ID":[],"header":"x"}',
        "wrong base64": b'{"kvs":[{"value":"%%%"}],"ID":"12",'
        b'"responses":[{"response_range":{"kvs":[{"value":"=="}]}}]}',
        "long": b'{"x":"' + b"y" * (3 * 1024 * 1024) + b'"}',
        "a lease of 0": b'{"ID":"0"}',
        "a number": b'{"kvs":[{"value":"MTI="}],"ID":12}',
    }
    with Gateway() as fake:
        for name, body in bodies.items():
            fake.respond = lambda request, body=body: Response(200, {}, body)
            with Session([*OWN, "journal etcd " + fake.url,
                          "timeout-journal 1"], gw) as s:
                s.ehlo()
                tap.like(str(s.send_message("hello", (NUMBER,), new())),
                         "^451 4.[34].[02]", name + ": 451")
                tap.ok("delivery side has gone" not in s.log(),
                       "and nobody dies", s.log())
    tap.is_(sent(), 0, "nothing is sent")


@tap.test("journal-required no: sent without it, and said")
def not_required():
    lines = [*OWN, "journal etcd http://127.0.0.1:1", "timeout-journal 1",
             "journal-required no"]
    tap.like(mail(lines, new())[0], "^250 .*not in the journal", "250")
    tap.is_(sent(), 1, "one SMS")


if __name__ == "__main__":
    try:
        tap.run()
    finally:
        cluster.close()
