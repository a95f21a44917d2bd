"""The keyword metrics under Prometheus' own programs; contrib/metrics."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.parse
import urllib.request

import tap
from foreign import need
from gateway import Gateway
from listener_lib import PATIENCE, Listener
from metrics_lib import new_file, read
from server_lib import free_port
from smtp import SLOW, TOP, own_credentials, wait_until

gw = Gateway()
HERE = os.path.join(TOP, "contrib", "metrics")


def some_mails(path):
    """Figures of a few sessions in this file, and what they say."""
    gw.reset()
    gw.queue("503", "ok", "ok")
    with Listener([*own_credentials(), "metrics " + path], gw) as it:
        for n in range(3):
            with it.connect() as client:
                client.ehlo()
                client.send_message("mail %d" % n)
                client.bye()
        wait_until(lambda: read(path).get(("replies_total", "221")) == 3,
                   PATIENCE)
    return read(path)


@tap.test("promtool check metrics")
def check():
    need("promtool")
    path = new_file()
    some_mails(path)
    with open(path) as file:
        done = subprocess.run(["promtool", "check", "metrics"], stdin=file,
                              capture_output=True, text=True, check=False)
    tap.is_((done.returncode, done.stdout + done.stderr), (0, ""),
            "it has nothing to say")


def start(words, log):
    return subprocess.Popen(words, stdout=log, stderr=log,
                            stdin=subprocess.DEVNULL, start_new_session=True)


def ask(port, expression):
    """{labels: value} of a query, without the labels of every series."""
    url = "http://127.0.0.1:%d/api/v1/query?%s" % (
        port, urllib.parse.urlencode({"query": expression}))
    try:
        with urllib.request.urlopen(url, timeout=5 * SLOW) as answer:
            result = json.load(answer)["data"]["result"]
    except OSError:
        return {}
    return {tuple(value for name, value in sorted(one["metric"].items())
                  if name not in ("__name__", "instance", "job")):
            float(one["value"][1]) for one in result}


@tap.test("Prometheus and its node exporter")
def scrape():
    exporter = need("prometheus-node-exporter")
    prometheus = need("prometheus")
    path = new_file()
    want = some_mails(path)
    with tempfile.TemporaryDirectory(prefix="smtp2sms-prometheus.") as folder:
        os.mkdir(os.path.join(folder, "textfiles"))
        os.symlink(path, os.path.join(folder, "textfiles", "smtp2sms.prom"))
        for name in os.listdir(HERE):
            shutil.copy(os.path.join(HERE, name), folder)
        node, port = free_port(), free_port()
        with open(os.path.join(folder, "prometheus.yml"), "w") as file:
            file.write("global: {scrape_interval: 1s}\n"
                       "rule_files: [smtp2sms.rules.yml]\n"
                       "scrape_configs: [{job_name: node, static_configs: "
                       "[{targets: ['127.0.0.1:%d']}]}]\n" % node)
        with open(os.path.join(folder, "log"), "w+") as log:
            children = [
                start([exporter, "--web.listen-address=127.0.0.1:%d" % node,
                       "--collector.disable-defaults",
                       "--collector.textfile",
                       "--collector.textfile.directory=" +
                       os.path.join(folder, "textfiles")], log),
                start([prometheus, "--config.file=" +
                       os.path.join(folder, "prometheus.yml"),
                       "--storage.tsdb.path=" + os.path.join(folder, "db"),
                       "--web.listen-address=127.0.0.1:%d" % port], log)]
            try:
                got = wait_until(lambda: ask(
                    port, "smtp2sms_messages_total"), 40)
                log.seek(0)
                tap.ok(got, "the series are there", log.read()[-2000:])
                tap.is_({key: value for key, value in got.items() if value},
                        {("smsgate", "accepted"): 2, ("smsgate", "failed"): 1},
                        "with their values")
                tap.is_(ask(port, "smtp2sms_gateway_seconds_count"),
                        {("smsgate",): want[("gateway_seconds_count",
                                             "smsgate")]}, "the histogram")
                tap.is_(ask(port, "node_textfile_scrape_error"), {(): 0},
                        "the exporter has no complaint")
                dashboard(port)
            finally:
                for child in children:
                    child.kill()
                    child.wait()


def expressions():
    """Those of the dashboard, with values in place of Grafana's variables."""
    with open(os.path.join(HERE, "grafana.json")) as file:
        board = json.load(file)
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield panel["title"], re.sub(
                r"\$__(range|rate_interval)", "5m",
                target["expr"]).replace("$instance", ".*")


def dashboard(port):
    """Each expression of the dashboard is one, and of series that are."""
    for title, expression in expressions():
        url = "http://127.0.0.1:%d/api/v1/query?%s" % (
            port, urllib.parse.urlencode({"query": expression}))
        try:
            with urllib.request.urlopen(url, timeout=5 * SLOW) as answer:
                status = json.load(answer)["status"]
        except urllib.error.HTTPError as why:
            status = why.read()
        tap.is_(status, "success", "the dashboard's %s" % title)


@tap.test("alerts")
def alerts():
    need("promtool")
    done = subprocess.run(
        ["promtool", "test", "rules", "smtp2sms.rules.test.yml"], cwd=HERE,
        capture_output=True, text=True, check=False)
    tap.is_(done.returncode, 0, "contrib/metrics/smtp2sms.rules.test.yml",
            done.stdout + done.stderr)
    with open(os.path.join(HERE, "smtp2sms.rules.yml")) as file:
        rules = re.findall(r"alert: (\w+)", file.read())
    with open(os.path.join(HERE, "smtp2sms.rules.test.yml")) as file:
        tested = set(re.findall(r"alertname: (\w+)\n +exp_alerts:\n",
                                file.read()))
    tap.is_(tested, set(rules), "each of them fires in a test")


@tap.test("names")
def names():
    with open(os.path.join(TOP, "common", "metrics.c")) as file:
        known = set(re.findall(r'\{"(\w+)", "(?:counter|gauge|histogram)"',
                               file.read()))
    tap.ok(len(known) > 10, "the table of families was found")
    for name in ("grafana.json", "smtp2sms.rules.yml",
                 "smtp2sms.rules.test.yml"):
        with open(os.path.join(HERE, name)) as file:
            used = set(re.findall(r"smtp2sms_(\w+)", file.read()))
        used = {re.sub(r"(gateway_seconds)_(bucket|sum|count)$", r"\1", one)
                for one in used}
        tap.is_(used - known, set(), "%s: names that are counted" % name)
    with open(os.path.join(TOP, "man", "smtp2sms.conf.5")) as file:
        told = set(re.findall(r"^\.It Li smtp2sms_(\w+)", file.read(), re.M))
    tap.is_(known - told, set(), "smtp2sms.conf(5) has all of them")
    with open(os.path.join(HERE, "grafana.json")) as file:
        board = json.load(file)
    ids = [panel["id"] for panel in board["panels"]]
    tap.is_(len(set(ids)), len(ids), "the dashboard's panels have own ids")
    tap.ok(all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
               for panel in board["panels"]), "and fit its 24 columns")
    tap.is_([one["name"] for one in board["templating"]["list"]],
            ["datasource", "instance"], "its variables")


tap.run()
