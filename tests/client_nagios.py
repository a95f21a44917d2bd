"""Nagios, with contrib/clients/nagios.cfg and msmtp.

The real program checks a host and a service, and notifies.
"""

import os
import shutil

import tap
from client_lib import NUMBER, USER, Service
from server_lib import Server, need, need_root
from server_lib import USER as ACCOUNT
from smtp import wait_until

PATIENCE = 30
MAIN = """cfg_file={dir}/objects.cfg
cfg_file={snippet}
log_file={dir}/nagios.log
object_cache_file={dir}/objects.cache
precached_object_file={dir}/objects.precache
status_file={dir}/status.dat
state_retention_file={dir}/retention.dat
command_file={dir}/nagios.cmd
lock_file={dir}/nagios.lock
temp_file={dir}/nagios.tmp
temp_path={dir}
check_result_path={dir}/results
query_socket={dir}/nagios.qh
nagios_user={user}
nagios_group=nogroup
use_syslog=0
check_external_commands=0
check_for_updates=0
interval_length=1
service_inter_check_delay_method=n
host_inter_check_delay_method=n
cached_host_check_horizon=0
illegal_macro_output_chars=`~$&|'"<>
"""
OBJECTS = """define timeperiod {{
    timeperiod_name 24x7
    alias           always
    monday          00:00-24:00
    tuesday         00:00-24:00
    wednesday       00:00-24:00
    thursday        00:00-24:00
    friday          00:00-24:00
    saturday        00:00-24:00
    sunday          00:00-24:00
}}
define command {{
    command_name    look
    command_line    /bin/sh {dir}/$ARG1$
}}
define host {{
    host_name               db1
    address                 127.0.0.1
    check_command           look!host
    check_interval          1
    max_check_attempts      1
    check_period            24x7
    notification_interval   0
    notification_period     24x7
    contacts                oncall
}}
define service {{
    host_name               db1
    service_description     disk
    check_command           look!service
    check_interval          1
    retry_interval          1
    max_check_attempts      1
    check_period            24x7
    notification_interval   0
    notification_period     24x7
    contacts                oncall
}}
"""


class Nagios(Server):
    """Nagios with contrib's command and contact, for this service."""

    def __init__(self, service):
        need("msmtp", "nagios4")
        need_root()
        self.place = place = service.place
        os.makedirs(place.path("nagios", "results"))
        account = service.write_snippet("msmtprc")
        snippet = service.write_snippet(
            "nagios.cfg", ("/etc/nagios/msmtprc", account), mode=0o644)
        main = place.write("nagios/nagios.cfg", MAIN.format(
            dir=place.path("nagios"), snippet=snippet, user=ACCOUNT))
        place.write("nagios/objects.cfg", OBJECTS.format(
            dir=place.path("nagios")))
        self.set("host", 0, "up")
        self.set("service", 0, "fine")
        for path in (place.path("nagios"), place.path("nagios", "results"),
                     account):
            shutil.chown(path, ACCOUNT)
        self.valid = service.run("nagios4", "-v", main)
        super().__init__(place, ["nagios4", main], port=service.port,
                         log=place.path("nagios", "nagios.log"))

    def set(self, what, status, said):
        """What a check is to find from now on."""
        new = self.place.write("nagios/%s.new" % what,
                               "echo '%s'\nexit %d\n" % (said, status))
        os.replace(new, self.place.path("nagios", what))


def arrives(service, nagios, text):
    """One check: this text, and no other, arrives next."""
    wait_until(lambda: service.gateway.messages, PATIENCE)
    tap.is_(service.sent(), [(USER, [NUMBER], text)], text, nagios.log(),
            nagios.said())


@tap.test("contrib/clients/nagios.cfg")
def snippet():
    with Service() as service, Nagios(service) as nagios:
        tap.like(nagios.valid, "Total Errors: +0", "nagios -v: no error")
        nagios.set("service", 2, 'Größe: 95 % of "/var" & more')
        arrives(service, nagios,
                "PROBLEM db1/disk CRITICAL: Größe: 95 % of /var  more")
        nagios.set("service", 0, "fine again")
        arrives(service, nagios, "RECOVERY db1/disk OK: fine again")
        nagios.set("host", 2, "no answer")
        arrives(service, nagios, "PROBLEM db1 DOWN: no answer")
        nagios.set("host", 0, "up again")
        arrives(service, nagios, "RECOVERY db1 UP: up again")


tap.run()
