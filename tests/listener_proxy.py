"""A listener behind a proxy: the client that the PROXY header names is the
source, and the proxy itself is none."""

import time

import tap
from gateway import Gateway
from listener_lib import PATIENCE, Listener
from smtp import SLOW, wait_until
from tls_lib import tls_lines

gw = Gateway()


def head(address):
    return ("PROXY TCP4 %s 127.0.0.1 1234 587\r\n" % address).encode()


def come(it, address):
    """A client with this address, behind the proxy, and its greeting."""
    client = it.connect(greeting=False)
    client.raw_send(head(address))
    return client, str(client.reply())


@tap.test("the client is counted, and not the proxy")
def counted():
    with Listener(["proxy-protocol yes", "max-sessions-per-source 2"],
                  gw) as it:
        said = [come(it, address) for address in
                ("192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2")]
        tap.is_([word[:9] for _, word in said],
                ["220 sms.t", "220 sms.t", "421 4.3.2", "220 sms.t"],
                "the third session of one client is one too many")
        tap.is_([e["peer"] for e in it.events("connect")],
                ["192.0.2.1", "192.0.2.1", "192.0.2.2"],
                "the log names the clients")
        said[0][0].close()
        wait_until(lambda: len(it.sessions()) == 2, PATIENCE)
        again, word = come(it, "192.0.2.1")
        tap.like(word, "^220 ", "one that has ended makes room")
        for client, _ in said[1:]:
            client.close()
        again.close()


@tap.test("failures are the client's")
def failures():
    with Listener(["proxy-protocol yes", "max-auth-failures-per-source 1",
                   "auth-without-tls yes"], gw) as it:
        client, _ = come(it, "192.0.2.1")
        client.login("alice", "wrong")
        gw.queue("401")
        tap.like(str(client.send_message("x")), "^535 ", "a wrong password")
        client.close()
        tap.like(come(it, "192.0.2.1")[1], "^421 4.7.0", "this client: 421")
        tap.like(come(it, "192.0.2.2")[1], "^220 ", "another is served")


@tap.test("trust is the client's, for smtp2sms-deliver as well")
def trusted():
    gw.reset()
    with Listener(["proxy-protocol yes", "trust 192.0.2.9", "set user alice",
                   "secret password " + secret()], gw) as it:
        client, _ = come(it, "192.0.2.9")
        client.ehlo()
        tap.like(str(client.send_message("x")), "^250 ", "needs no AUTH")
        client.close()
        client, _ = come(it, "192.0.2.8")
        client.ehlo()
        tap.like(str(client.mail()), "^530 ", "another does")
        client.close()


def secret():
    from smtp import secret_file
    return secret_file("wonderland")


@tap.test("no header")
def none():
    with Listener(["proxy-protocol yes"], gw) as it:
        with it.connect(greeting=False) as client:
            client.send(b"EHLO client.test\r\nNOOP\r\n")
            tap.like(str(client.reply()), "^421 4.7.0 PROXY", "421")
        with it.connect(greeting=False):
            pass
        tap.ok(wait_until(lambda: not it.sessions(), PATIENCE),
               "a health check leaves nothing")
        slow = it.connect(greeting=False)
        begun = time.monotonic()
        client, word = come(it, "192.0.2.1")
        tap.ok(word.startswith("220") and
               time.monotonic() - begun < 5 * SLOW,
               "one that says nothing keeps nobody waiting")
        client.close()
        slow.close()


@tap.test("in front of TLS")
def over_tls():
    with Listener(["proxy-protocol yes", "trust 192.0.2.9", *tls_lines()],
                  gw, args=["-s"]) as it:
        with it.connect(greeting=False) as client:
            client.raw_send(head("192.0.2.9"))
            client.handshake().greet()
            client.ehlo()
            tap.like(str(client.mail()), "^250 ", "the header comes first")
            event = it.events("connect")[0]
            tap.is_((event["peer"], event["trusted"]), ("192.0.2.9", "yes"),
                    "the client is known")


tap.run()
