"""roads_lib: two gateways, and configurations that have both.

A library: as a program it has nothing to test.
"""

import json
import os
import tempfile

import link_lib
from gateway import Gateway
from smtp import NUMBER, TOP, Session, own_credentials

FIRST, SECOND = Gateway(), Gateway()
OWN = own_credentials()
FOLDER = tempfile.TemporaryDirectory(prefix="smtp2sms-roads.")
SINGLE = {"to": {"mode": "one"}, "body": {"type": "json", "template": {
    "id": "${id!}", "phoneNumbers": ["${to!}"],
    "textMessage": {"text": "${text!}"}}}}


def descriptor(name, without=(), **changes):
    """SMSGate's descriptor with changes, as the gateway NAME; its path."""
    with open(os.path.join(TOP, "gateways", "smsgate.json")) as file:
        made = json.load(file)
    del made["variables"]   # which need not all be used after the changes
    made.update(changes)
    for member in without:
        del made[member]
    folder = tempfile.mkdtemp(dir=FOLDER.name)
    path = os.path.join(folder, name + ".json")
    with open(path, "w") as file:
        json.dump(made, file)
    return path


def without_ids(name, **changes):
    """One that does not know ids, and cannot be asked for them."""
    return descriptor(name, ["lookup"], ids=False, rules=[], **changes)


def lines(first=None, second=None, *more):
    """A configuration of two gateways, FIRST and SECOND."""
    return [*OWN, "gateway %s %s" % (first or descriptor("one"),
                                     second or descriptor("two")),
            "set one.base " + FIRST.url, "set two.base " + SECOND.url,
            "timeout-gateway 1", *more]


def mail(conf, numbers=None, **more):
    """(reply, log) of a mail under this configuration."""
    with Session(conf, FIRST, **more) as s:
        s.ehlo()
        reply = s.send_message("hello", numbers or [NUMBER],
                               headers="Message-ID: <1@c.test>\r\n")
        link_lib.leave(s)
        return reply, s.log()


def test(conf):
    """(exit status, what it says) of smtp2sms -t."""
    with Session(conf, FIRST, greeting=False, args=["-t"]) as s:
        out = s.rest().decode()
        return s.finish(), out + s.log()


def reset():
    for gateway in (FIRST, SECOND):
        gateway.reset()


def counts():
    return len(FIRST.messages), len(SECOND.messages)


def numbers_of(gateway):
    """The numbers of each message that was accepted."""
    return [m["phoneNumbers"] for m in gateway.messages]


if __name__ == "__main__":
    print("1..0 # SKIP a library")
