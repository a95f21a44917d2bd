"""Prometheus Alertmanager, with contrib/clients/alertmanager.yml.

The real program is given an alert, and mails it.
"""

import http.client
import json
import os
import re
import time

import tap
from client_lib import NUMBER, USER, Service
from server_lib import TOP, Server, free_port, need
from smtp import wait_until

SNIPPET = "alertmanager.yml"
NO_WAIT = ("receiver: oncall", "receiver: oncall\n  group_wait: 0s")
SUMMARY = "Größe von /var: 95 %"
PATIENCE = 20


class Alertmanager(Server):
    """Alertmanager with contrib's configuration, for this service."""

    def __init__(self, service, *replacements):
        need("prometheus-alertmanager")
        file = service.write_snippet(SNIPPET, NO_WAIT, *replacements)
        port = free_port()
        super().__init__(service.place, [
            "prometheus-alertmanager", "--config.file=" + file,
            "--storage.path=" + service.place.path("alertmanager"),
            "--web.listen-address=127.0.0.1:%d" % port,
            "--cluster.listen-address="], port=port,
            log=service.place.path("alertmanager.log"))

    def alert(self, name):
        """What Prometheus would post."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        client = http.client.HTTPConnection("127.0.0.1", self.port,
                                            timeout=PATIENCE)
        client.request("POST", "/api/v2/alerts", json.dumps([{
            "labels": {"alertname": name, "instance": "db1"},
            "annotations": {"summary": SUMMARY}, "startsAt": now}]),
            {"Content-Type": "application/json"})
        answer = client.getresponse()
        assert answer.status == 200, answer.read()
        client.close()


def arrived(service, count=1):
    """The messages once there are so many."""
    wait_until(lambda: len(service.gateway.messages) >= count, PATIENCE)
    return service.sent()


@tap.test("contrib/clients/alertmanager.yml is valid")
def valid():
    need("amtool")
    with Service() as service:
        said = service.run("amtool", "check-config",
                           service.write_snippet(SNIPPET))
        tap.like(said, "SUCCESS", "says amtool")


@tap.test("contrib/clients/alertmanager.yml")
def snippet():
    with Service() as service, Alertmanager(service) as alertmanager:
        alertmanager.alert("DiskFull")
        tap.is_(arrived(service), [(USER, [NUMBER], "FIRING DiskFull: "
                                    + SUMMARY)],
                "an alert is an SMS of one line", alertmanager.said())
        tap.like(service.log(), r"event=auth .*user=USER result=unchecked",
                 "after AUTH")


@tap.test("the default mail: HTML alone")
def html():
    text = re.search("(?m)^ +text: .*\n", open(os.path.join(
        TOP, "contrib", "clients", SNIPPET)).read()).group()
    with Service() as service, Alertmanager(
            service, ("        html: ''\n", ""), (text, "")) as alertmanager:
        alertmanager.alert("DiskFull")
        (_, numbers, text), = arrived(service)
        tap.is_(numbers, [NUMBER], "it arrives")
        for part in "DiskFull", SUMMARY, "instance = db1":
            tap.ok(part in text, "it has: " + part, text)
        tap.ok(not re.search(r"[<>{}]|&[a-z]+;", text), "and no markup",
               text)


@tap.test("a refusal before the mail is tried again")
def again():
    with Service("auth-check yes") as service, \
            Alertmanager(service) as alertmanager:
        service.gateway.routes["GET /devices"] = "503"
        alertmanager.alert("DiskFull")
        service.gateway.wait_for_request("GET")
        del service.gateway.routes["GET /devices"]
        tap.is_(len(arrived(service)), 1, "it arrives once",
                alertmanager.said())
        tap.like(service.log(), "code=454", "after a 454 to AUTH")


tap.run()
