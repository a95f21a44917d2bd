"""Each descriptor of gateways/ against its vectors, tests/vectors/NAME.json.

gateway_vectors.py [NAME...] runs those of these gateways.  $SMTP2SMS_GATEWAYS
and $SMTP2SMS_VECTORS name other folders of descriptors and vectors.

A file of vectors is an object:

  configuration   lines of smtp2sms.conf; "secret NAME VALUE" is given the
                  value itself, and the test makes the file.  "set base" is
                  the test's.
  accepts         an answer that accepts: it is given where none is named
  mails           what goes in, and the requests that must come of it
  answers         what the gateway says to a plain "hello" to one recipient,
                  and what it means

A mail:

  title
  text            default: "hello"
  to              an array of numbers; default: [NUMBER]
  options         priority (a level, -9..9), raw (a priority on the gateway's
                  own scale), ttl, schedule (seconds from now), report, sim,
                  device, from, port, data (in hex)
  set             an object: variables besides those of the configuration
  requests        the requests, in any order
  answers         the answers, in the order of the requests' arrival
  results         for each recipient: an outcome, or [outcome, id]; default:
                  "accepted"
  reply           what the reply to the dot begins with; default: what the
                  results say

It goes in by SMTP, its options as parameters and X-SMS- fields.  With options
or results it also goes over the link that smtp2sms has to smtp2sms-deliver,
which tells more of what becomes of each recipient.  A request:

  method          default: POST
  path            without the query
  query           an object; what is there twice is an array; default: none
  headers         those that are looked at; null: must not be there
  basic           USER:PASSWORD, as Authorization
  sigv4           KEY:SECRET:REGION:SERVICE: it is signed as AWS has it
  json, form, text    the body, and by it Content-Type; default: none

An answer: status (default 200), headers, body (a string, or JSON), and in
the list "answers" also outcome, id, error (a regular expression that the
error in the log matches) and docs: where the gateway's maker says so.  Each
rule of a descriptor must decide an answer that has docs.  An answer with
Retry-After comes last: after it the gateway is left alone for that long.  Two more members for what is not to
be expected of every gateway: "garbage", the places in GARBAGE (below) that it
takes for a success; "statuses", its replies to 404, 429, 500 and 503.

In strings of a request <uuid> is any UUID, <any> anything, <+SECONDS FORMAT>
a time from now (strftime's FORMAT in UTC), <like REGEX> what matches it.
Octets of a query or form that are no UTF-8 are \\udc80 to \\udcff.
"""

import base64
import calendar
import hashlib
import hmac
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.parse

import link_lib
import rules_lib
import smtp
import tap
from gateway import Gateway, Response
from smtp import NUMBER, PROGRAM, TOP, WRAP, Session, secret_file

GATEWAYS = os.environ.get("SMTP2SMS_GATEWAYS") or smtp.GATEWAYS
VECTORS = os.environ.get("SMTP2SMS_VECTORS") or os.path.join(
    TOP, "tests", "vectors")
SKEW = 5            # seconds that may pass between a mail and our look
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

# what SMTP says to each outcome under "replies documented"
REPLIES = {"accepted": "250 2.0.0", "duplicate": "250 2.0.0",
           "permanent": "554 5.0.0",
           "credentials": "535 5.7.8", "failed": "550 5.0.0",
           "refused": "450 4.0.0", "temporary": "451", "unclear": "451"}

gw = Gateway()


# ---- what a vector expects ----

def fits(want, got):
    """got is what the vector wants."""
    if isinstance(want, dict):
        return (isinstance(got, dict) and want.keys() == got.keys()
                and all(fits(want[key], got[key]) for key in want))
    if isinstance(want, list):
        return (isinstance(got, list) and len(want) == len(got)
                and all(map(fits, want, got)))
    if not isinstance(want, str):
        return type(want) is type(got) and want == got
    if "<" not in want:
        return want == got
    return fits_token(want, got)


def fits_token(want, got):
    moment = re.fullmatch(r"<\+([0-9]+) (.*)>", want)
    if moment:
        return fits_time(int(moment.group(1)), moment.group(2), got)
    like = re.fullmatch(r"<like (.*)>", want)
    if like:
        return re.search(like.group(1), str(got)) is not None
    pattern = re.escape(want).replace("<uuid>", UUID).replace("<any>", ".*")
    return isinstance(got, str) and re.fullmatch(pattern, got) is not None


def fits_time(seconds, form, got):
    """got is the time that is some seconds from now (or from the mail)."""
    now = time.time()
    try:
        if form in ("unix", "minutes", "seconds"):
            at = int(got)
        else:
            at = calendar.timegm(time.strptime(got, form))
    except (TypeError, ValueError):
        return False
    unit = 60 if form == "minutes" else 1
    if form in ("minutes", "seconds"):
        at, now = at * unit, 0
    return -SKEW - unit < at - now - seconds <= SKEW + unit


def pairs(encoded):
    """An encoded form as a dict; what is there twice is a list."""
    found = {}
    if not encoded:
        return found
    for key, value in urllib.parse.parse_qsl(
            encoded, keep_blank_values=True, strict_parsing=True,
            errors="surrogateescape"):
        found.setdefault(key, []).append(value)
    return {k: v[0] if len(v) == 1 else v for k, v in found.items()}


def body_of(request, want):
    """(name of the kind, body) as far as it can be read as what is wanted."""
    kind = (request.header("Content-Type") or "").partition(";")[0]
    try:
        text = request.body.decode("utf-8")
        if "json" in want:
            return "json", json.loads(text)
        if "form" in want:
            return "form", pairs(text)
    except ValueError:
        return kind, request.body
    return "text" if text else None, text


TYPES = {"json": "application/json", "text": "text/plain",
         "form": "application/x-www-form-urlencoded"}


def differences(request, want):
    """Where the request is not the one that is wanted."""
    path, _, query = request.path.partition("?")
    found = []

    def check(what, wanted, got):
        if not fits(wanted, got):
            found.append("%s: want %r, got %r" % (what, wanted, got))

    check("method", want.get("method", "POST"), request.method)
    check("path", want["path"], urllib.parse.unquote(path))
    check("query", want.get("query", {}), pairs(query))
    headers = dict(want.get("headers", {}))
    if "basic" in want:
        headers["Authorization"] = "Basic " + base64.b64encode(
            want["basic"].encode()).decode()
    if "sigv4" in want:
        headers["Authorization"] = sigv4(request, *want["sigv4"].split(":"))
    headers.setdefault("Authorization", None)
    kinds = [kind for kind in TYPES if kind in want]
    if kinds:
        headers.setdefault("Content-Type", "<like ^%s(;|$)>" % re.escape(
            TYPES[kinds[0]]))
    for name, value in headers.items():
        check(name, value, request.header(name))
    kind, body = body_of(request, want)
    check("kind of body", kinds[0] if kinds else None, kind)
    check("body", want[kinds[0]] if kinds else "", body)
    return found


def sigv4(request, key, secret, region, service):
    """What Authorization must be: AWS Signature, Version 4.

    The headers that are signed and the time are the request's own.
    """
    said = request.header("Authorization") or ""
    names = re.search(r"SignedHeaders=([a-z0-9;-]+)", said)
    names = names.group(1).split(";") if names else []
    token = "x-amz-security-token"
    for name in ("host", "x-amz-date", *names,
                 *([token] if request.header(token) else [])):
        if name not in names or request.header(name) is None:
            return "one with %s there and signed" % name
    path, _, query = request.path.partition("?")
    canonical = "\n".join([
        request.method, path, query,
        *("%s:%s" % (name, request.header(name)) for name in names), "",
        ";".join(names), hashlib.sha256(request.body).hexdigest()])
    moment = request.header("X-Amz-Date")
    scope = "/".join([moment[:8], region, service, "aws4_request"])
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    sign = ("AWS4" + secret).encode()
    for part in (*scope.split("/"), text):
        sign = hmac.new(sign, part.encode(), "sha256").digest()
    return ("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, "
            "Signature=%s" % (key, scope, ";".join(names), sign.hex()))


def compare(title, requests, wants):
    """Each request that is wanted has come, and no other."""
    left = list(requests)
    for number, want in enumerate(wants, 1):
        name = title if len(wants) == 1 else "%s, request %d" % (title,
                                                                 number)
        found = [differences(request, want) for request in left]
        best = min(found, key=len, default=["it did not come"])
        tap.ok(best == [], name, *best)
        if found:
            del left[found.index(best)]
    tap.is_([r.path for r in left], [], title + ": nothing else")


# ---- one gateway ----

class Vectors:
    """The vectors of one gateway, and the gateway as they say."""

    def __init__(self, name):
        self.name = name
        with open(os.path.join(VECTORS, name + ".json")) as file:
            self.all = json.load(file)
        with open(os.path.join(GATEWAYS, name + ".json")) as file:
            text = file.read()
        self.made = made = json.loads(text)
        self.method = made.get("method", "POST")
        self.has_check = "check" in made
        self.checked = 404          # what is said to check, and to a warm-up
        self.has_password = "${password" in text
        self.secrets = []
        self.lines = ["gateway " + name, "descriptors " + GATEWAYS,
                      "auth none", "allow-short yes",
                      *map(self.line, self.all["configuration"])]
        self.queue = []
        gw.reset()
        gw.respond = self.respond

    def line(self, line):
        """A line of the configuration; a secret goes into a file."""
        words = line.split(None, 2)
        if words[0] != "secret":
            return line
        self.secrets.append(words[2])
        return "secret %s %s" % (words[1], secret_file(words[2]))

    def hidden(self):
        """What must be seen nowhere: each secret, however it is written."""
        user = [line.split(None, 2)[2] for line in self.lines
                if line.startswith("set user ")] or [""]
        for secret in self.secrets:
            yield secret
            yield urllib.parse.quote(secret, safe="")
            yield base64.b64encode((user[0] + ":" + secret).encode()).decode()

    def leaks(self, text):
        return [secret for secret in self.hidden() if secret in text]

    def respond(self, request):
        if request.method != self.method:
            return Response(self.checked)
        answer = self.queue.pop(0) if self.queue else self.all["accepts"]
        return Response(answer.get("status", 200), answer.get("headers"),
                        answer.get("body", b""))

    def sent(self):
        with gw.lock:
            found = [r for r in gw.requests
                     if r.method == self.method and r.complete]
            gw.requests = []
        return found

    def mail(self, mail):
        """One mail of the list: by SMTP, and by the link where it matters."""
        if "options" in mail or "results" in mail:
            self.mail_by(self.by_link, mail, ", by the link")
        # SMTP has no word for the priority that is none
        if mail.get("options", {}).get("priority") != 0 and not WRAP:
            self.mail_by(self.by_smtp, mail, "")

    def mail_by(self, way, mail, how):
        title = self.name + ": " + mail["title"] + how
        lines = self.lines + ["set %s %s" % pair
                              for pair in mail.get("set", {}).items()]
        self.queue = list(mail.get("answers", []))
        gw.reset()
        gw.respond = self.respond
        log = way(title, lines, mail, mail.get("to", [NUMBER]))
        if "requests" in mail:
            compare(title, self.sent(), mail["requests"])
        tap.is_(self.leaks(log), [], title + ": the log has no secret")

    @staticmethod
    def by_link(title, lines, mail, numbers):
        got, log = link_lib.send(lines, gw, mail.get("text", "hello"),
                                 numbers, **mail.get("options", {}))
        wants = mail.get("results", ["accepted"] * len(numbers))
        tap.ok(len(got) == len(wants) and all(map(fits_result, wants, got)),
               title + ": results", "want: %r" % wants, "got:  %r" % got,
               log)
        return log

    @staticmethod
    def by_smtp(title, lines, mail, numbers):
        options = mail.get("options", {})
        want = mail.get("reply") or worst(mail.get("results", []))
        with Session(lines, gw) as s:
            s.ehlo()
            level = options.get("priority")
            s.must("MAIL FROM:<root@client.test>" + (
                "" if level is None else " MT-PRIORITY=%d" % level), 250)
            for number in numbers:
                s.must("RCPT TO:<%s@sms.test>" % number, 250)
            s.must("DATA", 354)
            reply = s.data(message(mail, options))
            link_lib.leave(s)
            tap.ok(str(reply).startswith(want), "%s: %s" % (title, want),
                   repr(reply), s.log())
            tap.ok("without" not in str(reply),
                   title + ": nothing was left out", repr(reply))
            return s.log()

    def answers(self):
        """Each answer of the list, in one session."""
        with Session(self.lines, gw) as s:
            s.ehlo()
            for number, answer in enumerate(self.all["answers"]):
                self.answer(s, number, answer)
            link_lib.leave(s)
            tap.is_(self.leaks(s.log()), [],
                    self.name + ": answers: the log has no secret")

    def answer(self, s, number, answer):
        title = "%s: answer %d, %d %s: %s" % (
            self.name, number, answer.get("status", 200),
            json.dumps(answer.get("body", ""))[:60], answer["outcome"])
        self.queue = [answer]
        before = len(s.events())
        reply = s.send_message(headers="Message-ID: <%d@c.test>\r\n"
                               % number)
        said = [e for e in s.events()[before:] if e["event"] == "message"]
        outcome = said[0].get("outcome") if said else None
        tap.ok(reply.starts(REPLIES[answer["outcome"]])
               and outcome == answer["outcome"], title, repr(reply),
               "outcome: %s" % outcome, s.log()[-1000:])
        if "error" in answer:
            errors = [e.get("error", "") for e in s.events()[before:]
                      if e["event"] == "gateway"]
            tap.like(errors[0] if errors else "", answer["error"],
                     title + ": its error")
        if "id" in answer:
            found = re.search(r"(?:queued as|Already sent,) (\S+)",
                              str(reply))
            tap.ok(found and fits(answer["id"], found.group(1)),
                   title + ", " + answer["id"], repr(reply))


# What an option is in a mail's header.
FIELDS = {"raw": "Priority", "ttl": "TTL", "schedule": "Schedule",
          "report": "Delivery-Report", "sim": "SIM", "device": "Device",
          "from": "From", "port": "Port"}


def message(mail, options):
    """The octets of a mail."""
    head = ["Message-ID: <1@client.test>", "MIME-Version: 1.0"]
    for name, value in options.items():
        if name in FIELDS:
            value = {True: "yes", False: "no"}.get(value, value) if (
                name == "report") else value
            head.append("X-SMS-%s: %s%s" % (
                FIELDS[name], "+" if name == "schedule" else "", value))
    kind, text = "text/plain; charset=utf-8", mail.get("text", "hello")
    if "data" in options:
        kind = "application/octet-stream"
        text = base64.b64encode(bytes.fromhex(options["data"])).decode()
        head.append("Content-Transfer-Encoding: base64")
    return "\n".join([*head, "Content-Type: " + kind, "", text]).encode()


def worst(results):
    """The reply to a mail with such results; what can be retried decides."""
    outcomes = [r if isinstance(r, str) else r[0] for r in results]
    for outcome in ("unclear", "temporary", "refused", "credentials",
                    "permanent", "failed"):
        if outcome in outcomes:
            return REPLIES[outcome]
    return REPLIES["accepted"]


def fits_result(want, got):
    if isinstance(want, str):
        return want == got[0]
    return want[0] == got[0] and fits(want[1], got[1])


# What no gateway says, and what a proxy before it may say: nothing of it is
# a success, and the sender may try again.
GARBAGE = [
    {"status": 200, "body": "<html>welcome to the wifi</html>"},
    {"status": 200, "body": ""},
    {"status": 200, "body": "null"},
    {"status": 200, "body": "[" * 2000},
    {"status": 200, "body": "{\"messages\": {\"x\": [1, 2]}, \"data\": 7}"},
    {"status": 302, "body": "", "headers": {"Location": "http://127.0.0.1/"}},
]


@tap.test("every descriptor has its vectors")
def complete():
    tap.is_(names(VECTORS), names(GATEWAYS), "the same names in both folders")


def test_docs(v):
    """Each rule decides an answer that says where the rule comes from."""
    rules = [("rules", i) for i in range(len(v.made.get("rules", [])))]
    rules += [("each", i) for i in
              range(len(v.made.get("each", {}).get("rules", [])))]
    if not rules:
        return
    known = set()
    for answer in v.all["answers"]:
        if re.match("(https://|source: )", answer.get("docs", "")):
            known |= rules_lib.deciding(v.made, answer)
    tap.is_([rule for rule in rules if rule not in known], [],
            v.name + ": each rule decides an answer that has docs")


MESSAGE = {"id", "text", "to", "number", "index", "alphabet", "parts", "port"}
OPTIONS = {"ttl", "schedule", "priority", "report", "sim", "device", "data"}


@tap.test("every descriptor is in smtp2sms-gateways(7)")
def manual():
    with open(os.path.join(TOP, "man", "smtp2sms-gateways.7")) as file:
        page = file.read().replace("\\-", "-")
    items = dict(re.findall(r"^\.It Pa (\S+)\.json\n(.*?)(?=^\.It Pa|^\.El)",
                            page, re.S | re.M))
    folder = os.path.join(TOP, "gateways")
    tap.is_(sorted(items), names(folder), "its list")
    for name in names(folder):
        with open(os.path.join(folder, name + ".json")) as file:
            made = json.load(file)
        made.pop("hook", None)  # its placeholders are smtp2sms-gateway(5)'s
        text = json.dumps(made)
        maps = made.get("map", {})
        used = set(re.findall(r"\$\{([a-z0-9_-]+)", text))
        used |= {m["of"] for m in maps.values()}
        used -= maps.keys() | MESSAGE
        said = set(re.findall(r"^\.Va ([a-z-]+)", items[name], re.M))
        listed = re.search(r"^Options: ([^.]*)\.", items[name], re.M)
        listed = re.sub(r"\([^)]*\)", "", listed.group(1)) if listed else ""
        tap.is_(set(re.findall(r"[a-z]+", listed)), used & OPTIONS,
                name + ": options")
        tap.ok(name == "smsgate" or used - OPTIONS - said <= {
            "base", "user", "password", "token"}, name + ": variables",
            used - OPTIONS - said)
        many = re.search(r"^([0-9]+) recipients", items[name], re.M)
        tap.is_(int(many.group(1)) if many else 1,
                made["to"].get("max", 1), name + ": recipients")


def names(folder):
    return sorted(name[:-5] for name in os.listdir(folder)
                  if name.endswith(".json"))


def test_conf(v):
    """smtp2sms -t has no complaint; without the configuration it may."""
    with tempfile.TemporaryDirectory(prefix="smtp2sms-vectors.") as folder:
        path = link_lib.write_configuration(folder, v.lines, gw)
        done = subprocess.run([*WRAP, PROGRAM, "-t", "-f", path],
                              capture_output=True, text=True, check=False)
    tap.is_((done.returncode, done.stderr), (0, ""), v.name + ": -t",
            done.stdout)


def test_dry(v):
    """What -n shows is whole, and has no secret."""
    with Session(v.lines, gw, args=["-n"]) as s:
        s.ehlo()
        reply = s.send_message()
        tap.is_(reply.code, 250, v.name + ": -n: 250", repr(reply))
        link_lib.leave(s)
        log = s.log()
    shown = [json.loads(line) for line in log.splitlines()
             if line.startswith("{")]
    tap.is_([one.get("method") for one in shown], [v.method],
            v.name + ": -n shows the request", log)
    tap.is_(v.leaks(log), [], v.name + ": -n shows no secret", log)
    tap.ok(not v.secrets or "***" in log, v.name + ": it is masked", log)
    tap.is_(v.sent(), [], v.name + ": -n sends nothing")


def test_login(v):
    """A client's own credentials go to the gateway, and none of ours."""
    user, secret = "own-user", "own-secret-4712"
    with Session([*v.lines, "auth gateway"], gw) as s:
        s.login(user, secret)
        reply = s.send_message()
        want = 250 if v.has_password else 451
        tap.is_(reply.code, want, "%s: a login: %d" % (v.name, want),
                repr(reply), s.log())
        link_lib.leave(s)
        log = s.log()
    requests = v.sent()
    tap.is_(len(requests), int(v.has_password), v.name + ": a login: "
            + ("a request" if v.has_password else "no request"))
    for request in requests:
        sent = repr([request.path, request.headers, request.body])
        basic = base64.b64encode((user + ":" + secret).encode()).decode()
        tap.ok(secret in sent or basic in sent
               or "Credential=%s/" % user in sent,
               v.name + ": a login: its credentials", sent)
        tap.is_(v.leaks(sent), [], v.name + ": a login: and none of ours")
    tap.ok(secret not in log and v.leaks(log) == [],
           v.name + ": a login: the log has none", log)


def test_check(v):
    """auth-check: the gateway is asked, with the client's credentials."""
    user, secret = "own-user", "own-secret-4712"
    for v.checked, want in ((200, 235), (401, 535), (500, 454)):
        gw.reset()
        gw.respond = v.respond
        with Session([*v.lines, "auth gateway", "auth-check yes"], gw) as s:
            s.ehlo()
            reply = s.auth_plain(user, secret)
            tap.is_(reply.code, want, "%s: auth-check, %d: %d" % (
                v.name, v.checked, want), repr(reply), s.log())
            link_lib.leave(s)
        basic = base64.b64encode((user + ":" + secret).encode()).decode()
        asked = [repr(r.headers) for r in gw.requests if r.method == "GET"]
        tap.ok(any(secret in one or basic in one for one in asked),
               v.name + ": auth-check: its credentials", asked)
    v.checked = 404


def test_garbage(v):
    """Nothing that is no answer is a success."""
    passes = v.all.get("garbage", [])
    with Session(v.lines, gw) as s:
        s.ehlo()
        for number, answer in enumerate(GARBAGE):
            if number in passes:
                continue
            v.queue = [answer]
            reply = s.send_message(headers="Message-ID: <g%d@c.test>\r\n"
                                   % number)
            tap.is_(reply.code, 451, "%s: %d %r is no answer" % (
                v.name, answer["status"], answer["body"][:30]), repr(reply))
        for status in (404, 429, 500, 503):
            v.queue = [{"status": status, "body": "<html>%d" % status}]
            reply = s.send_message(headers="Message-ID: <s%d@c.test>\r\n"
                                   % status)
            want = {404: 554}.get(status, 451)
            if "statuses" in v.all:
                want = v.all["statuses"][str(status)]
            tap.is_(reply.code, want, "%s: %d" % (v.name, status),
                    repr(reply))


def add(name):
    @tap.test(name)
    def one():
        v = Vectors(name)
        if not WRAP:        # many starts, which would take their time
            test_conf(v)
            test_dry(v)
            test_login(v)
        if v.has_check and v.has_password and not WRAP:
            test_check(v)
        test_docs(v)
        for mail in v.all["mails"]:
            v.mail(mail)
        v.answers()
        test_garbage(v)


for gateway in names(VECTORS):
    add(gateway)

if __name__ == "__main__":
    tap.run(600)
