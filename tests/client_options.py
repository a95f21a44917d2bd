"""Options of a message: contrib/clients/options.py and options.sh."""

import datetime
import sys

import tap
from client_lib import NUMBER, UMLAUTS, USER, each
from server_lib import need

SOON = 60   # seconds that a clock may be ahead


def sent(service):
    """The only message, without its id."""
    with service.gateway.lock:
        messages, service.gateway.messages = service.gateway.messages, []
    assert len(messages) == 1, (messages, service.log())
    del messages[0]["id"]
    return messages[0]


@tap.test("contrib/clients/options.py")
@each()
def parameters(service):
    now = datetime.datetime.now(datetime.timezone.utc)
    service.run(sys.executable, service.write_snippet("options.py"))
    got = sent(service)
    when = datetime.datetime.fromisoformat(
        got.pop("scheduleAt").replace("Z", "+00:00"))
    tap.ok(600 - SOON <= (when - now).total_seconds() <= 600 + SOON,
           "in ten minutes", when)
    tap.ok(3600 - SOON <= got.pop("ttl") <= 3600, "within the hour")
    tap.ok(0 < got.pop("priority") < 100, "more urgent than others, and "
           "within the phone's limits")
    tap.is_(got, {"user": USER, "phoneNumbers": [NUMBER], "simNumber": 2,
                  "withDeliveryReport": True,
                  "textMessage": {"text": UMLAUTS}},
            "with a delivery report, by the second SIM")


@tap.test("contrib/clients/options.sh")
@each()
def fields(service):
    need("swaks")
    said = service.run("sh", service.write_snippet("options.sh"))
    tap.like(said, r"(?m)^<-  250 2\.0\.0 Message accepted", "250")
    tap.is_(sent(service), {"user": USER, "phoneNumbers": [NUMBER],
                            "priority": 100, "ttl": 3600,
                            "withDeliveryReport": True,
                            "textMessage": {"text": "Disk full on db1"}},
            "what the fields ask for")


tap.run()
