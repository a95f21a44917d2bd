"""Webhooks of each gateway that has them: the mail of each vector in
tests/hooks/, and what is refused.

usage: hook_vectors.py [GATEWAY...]

A vector file has "hooks", a list of
  title
  json, form, query   what comes; the body, or the query of a GET
  mails               what must come of it: {"from", "text", "date"}; date is
                      in seconds
  answer              the body of the answer; ""
  asked               [id, number] of an SMS of which somebody wants to hear
  action, diagnostic  what he is told (RFC 3464)
and "source", where the gateway says so.  Signatures are made by hook_lib.py,
which knows nothing of descriptors.
"""

import base64
import glob
import json
import os
import sys
import time
import urllib.parse

import tap
from hook_lib import KEY, SECRET, SIGNERS, Hook, keyed, secret, text_of

HERE = os.path.dirname(os.path.abspath(__file__))
ONLY = sys.argv[1:]
sys.argv[1:] = []


def request_of(vector):
    """(body, query, method)"""
    if "json" in vector:
        return json.dumps(vector["json"]).encode(), "", "POST"
    if "form" in vector:
        return urllib.parse.urlencode(vector["form"]).encode(), "", "POST"
    return b"", urllib.parse.urlencode(vector["query"]), "GET"


def seen(mail):
    return {"from": mail["From"].addresses[0].username,
            "text": text_of(mail),
            "date": int(mail["Date"].datetime.timestamp())}


def check_mails(hook, vector, title):
    mails = sorted((seen(mail) for mail in hook.received()),
                   key=lambda m: m["text"])
    wanted = sorted(vector["mails"], key=lambda m: m["text"])
    tap.is_(len(mails), len(wanted), title + ": so many mails", hook.log)
    for mail, want in zip(mails, wanted):
        if "date" not in want:      # the gateway does not say
            tap.ok(abs(mail.pop("date") - time.time()) < 60,
                   title + ": dated now")
        tap.is_(mail, want, title + ": the mail")


def with_secret(name, vector, title):
    """By the secret of the URL, and by that of Basic."""
    body, query, method = request_of(vector)
    hook = Hook(name, secret())
    more = {"body": body, "query": query, "method": method}
    answer = hook.post(path_info="/%s/%s" % (SECRET, name), **more)
    tap.is_((answer.status, answer.body), (200, vector.get("answer", "")),
            title + ": taken with the secret of the URL", hook.log)
    check_mails(hook, vector, title)
    basic = base64.b64encode(("any:" + SECRET).encode()).decode()
    answer = hook.post(headers={"Authorization": "Basic " + basic}, **more)
    tap.is_(answer.status, 200, title + ": ... or by Basic", hook.log)
    tap.is_(hook.received(), [], title + ": which makes no second mail")
    for path, what in (("/" + name, "no secret"),
                       ("/%s/%s" % (SECRET[:-1], name), "a part of it"),
                       ("/%s/%s" % (SECRET + "x", name), "more than that")):
        tap.is_(hook.post(path_info=path, **more).status, 403,
                title + ": " + what, hook.log)
    bare = Hook(name)
    tap.is_(bare.post(path_info="//" + name, **more).status, 403,
            title + ": with no secret at all nobody is believed", bare.log)
    tap.ok(SECRET not in hook.log, title + ": no log shows the secret")


def with_key(name, vector, title):
    """By a signature; and what is wrong with one."""
    body, _, _ = request_of(vector)
    hook = Hook(name, keyed("another key\n" + KEY), secret())
    answer = hook.post_signed(body)
    tap.is_(answer.status, 200, title + ": signed", hook.log)
    check_mails(hook, vector, title + ", signed")
    changed = body.replace(b"o", b"0", 1)
    refused = [
        ("another key", hook.post_signed(body, key=KEY + "x")),
        ("a changed body", hook.post_signed(body, changed=changed)),
        ("no signature", hook.post(body)),
        ("the URL's secret in place of a signature",
         hook.post(body, path_info="/%s/%s" % (SECRET, name))),
    ]
    for what, answer in refused:
        tap.is_(answer.status, 403, title + ": " + what)
    if name in ("smsgate", "sinch"):
        now = int(time.time())
        for age, what in ((-400, "an old time"), (400, "a time to come")):
            tap.is_(hook.post_signed(body, now=now + age).status, 403,
                    title + ": " + what)
        tap.is_(hook.post_signed(body, now=now - 200).status, 200,
                title + ": a time within the window")
    tap.is_(hook.received(), [], title + ": none of these made a mail")


def with_asker(name, vector, title):
    """A receipt for somebody who has asked for it."""
    body, query, method = request_of(vector)
    hook = Hook(name, secret())
    more = {"body": body, "query": query, "method": method,
            "path_info": "/%s/%s" % (SECRET, name)}
    tap.is_(hook.post(**more).status, 200, title + ": nobody has asked",
            hook.log)
    tap.is_(hook.received(), [], title + ": no mail")
    hook.note("receipt", [name, *vector["asked"]],
              "a@example.org\n\n\n<1@client.test>\n14 1\n")
    tap.is_(hook.post(**more).status, 200, title + ": somebody has", hook.log)
    _, status, _ = hook.mail().iter_parts()
    fields = {key: str(value) for block in status.get_payload()
              for key, value in block.items()}
    tap.is_((fields["Final-Recipient"], fields["Action"],
             fields.get("Diagnostic-Code")),
            ("tel; " + vector["asked"][1], vector["action"],
             vector.get("diagnostic")), title + ": what he is told")


@tap.test("every gateway that has webhooks has vectors")
def complete():
    for path in sorted(glob.glob(os.path.join(HERE, "../gateways/*.json"))):
        name = os.path.basename(path)
        with open(path, encoding="utf-8") as file:
            has = "hook" in json.load(file)
        tap.is_(os.path.exists(os.path.join(HERE, "hooks", name)), has, name)


def add(name):
    @tap.test(name)
    def run():
        with open(os.path.join(HERE, "hooks", name + ".json"),
                  encoding="utf-8") as file:
            got = json.load(file)
        for vector in got["hooks"]:
            with_secret(name, vector, name + ": " + vector["title"])
            if "asked" in vector:
                with_asker(name, vector, name + ": " + vector["title"])
            if name in SIGNERS:
                with_key(name, vector, name + ": " + vector["title"])


for path in sorted(glob.glob(os.path.join(HERE, "hooks", "*.json"))):
    stem = os.path.basename(path)[:-5]
    if not ONLY or stem in ONLY:
        add(stem)

tap.run()
