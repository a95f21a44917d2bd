"""Grafana: contrib/clients/grafana.ini is what Grafana's parser reads.

Grafana itself is not in Debian; its mails are those of Go's smtp package,
which Alertmanager's test meets.
"""

import configparser
import os
import re

import tap
from server_lib import CONTRIB

# The keys of [smtp] in Grafana's conf/defaults.ini.
KNOWN = {"enabled", "host", "user", "password", "cert_file", "key_file",
         "skip_verify", "from_address", "from_name", "ehlo_identity",
         "startTLS_policy", "enable_tracing"}


@tap.test("contrib/clients/grafana.ini")
def snippet():
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    with open(os.path.join(CONTRIB, "clients", "grafana.ini")) as file:
        parser.read_file(file)
    tap.is_(parser.sections(), ["smtp"], "it has one section")
    smtp = parser["smtp"]
    tap.is_(set(smtp) - KNOWN, set(), "all its keys are Grafana's")
    tap.ok(smtp.getboolean("enabled"), "it is enabled")
    tap.is_(smtp["host"], "localhost:587",
            "Go sends a password in clear to localhost alone")
    tap.is_(smtp["startTLS_policy"], "NoStartTLS", "TLS is not asked for")
    tap.ok(re.fullmatch(r"[^@\s]+@[^@\s]+", smtp["from_address"]),
           "the sender is an address")


tap.run()
