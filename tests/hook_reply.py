"""smtp2sms-hook: an SMS that comes in becomes one mail, or the gateway comes
again."""

import base64
import json
import os
import subprocess
import time

import smtp
import tap
from hook_lib import (FROM, HOOK, KEY, REPLIES_TO, SECRET, Hook, keyed,
                      secret, sign_smsgate, smsgate, text_of)


@tap.test("an SMS becomes a mail")
def a_mail():
    hook = Hook("smsgate", keyed())
    answer = hook.post_signed(smsgate("Grüße 世界 👍"))
    tap.is_(answer.status, 200, "taken", hook.log)
    tap.is_(answer.body, "", "nobody gets an answer to read")
    mail = hook.mail()
    tap.is_(str(mail["From"]), FROM + "@sms.test", "From")
    tap.is_(str(mail["To"]), REPLIES_TO, "To")
    tap.is_(text_of(mail), "Grüße 世界 👍", "its text")
    tap.is_(mail.get_content_type(), "text/plain", "type")
    tap.is_(mail["Auto-Submitted"], "no", "a person wrote it")
    tap.is_(mail["Date"].datetime.timestamp(), 1772355600.0,
            "the time at which it came in")
    tap.like(str(mail["Message-ID"]), r"^<sms-[0-9a-f-]{36}@sms\.test>$",
             "Message-ID")
    tap.is_(mail["In-Reply-To"], None, "it replies to nothing that we know")
    tap.is_(mail.defects, [], "a mail without defects")
    with open(os.path.join(hook.mails, "args")) as file:
        tap.is_(file.read().strip(), "-i -f <> -- " + REPLIES_TO,
                "how sendmail is called")
    tap.like(hook.log, "event=reply .*outcome=mailed", "it is logged")
    tap.ok(FROM not in hook.log, "the log masks the number", hook.log)


@tap.test("no text can make a header, or end the mail")
def injection():
    hook = Hook("smsgate", keyed())
    text = "a\r\n.\r\nBcc: x@example.org\n\nFrom me\r.\n" + "x=" * 500 + " \n"
    hook.post_signed(smsgate(text))
    mail = hook.mail()
    tap.is_(mail["Bcc"], None, "no field")
    tap.is_(mail.get_content().splitlines(),
            ["a", ".", "Bcc: x@example.org", "", "From me", ".",
             "x=" * 500 + " ", ""], "the text")
    hook.post_signed(smsgate("b", sender="Bank\r\nBcc: x@example.org\n"))
    mail = hook.mail()
    tap.is_(mail["Bcc"], None, "nor by a sender's name")
    tap.is_(mail["From"].addresses[0].addr_spec, "noreply@sms.test",
            "whom nobody can answer")
    tap.ok("Bank" in mail["From"].addresses[0].display_name,
           "his name is shown", mail["From"])


@tap.test("a sender that is a number, a short code, a name")
def senders():
    hook = Hook("smsgate", keyed(), "country-code 49")
    for sender, want in (("+12025550123", "+12025550123@sms.test"),
                         ("151 12345678", "+4915112345678@sms.test"),
                         (" 12025550123", "+12025550123@sms.test"),
                         ("0151 1234 5678", "+4915112345678@sms.test"),
                         ("22333", "22333@sms.test"),
                         ("Vodafone", "noreply@sms.test")):
        hook.post_signed(smsgate(sender=sender, message=sender))
        tap.is_(hook.mail()["From"].addresses[0].addr_spec, want, sender)
    answer = hook.post_signed(smsgate(sender=""))
    tap.is_(answer.status, 400, "one without a sender is none")
    tap.is_(hook.received(), [], "and no mail")


@tap.test("a webhook that is repeated makes one mail")
def repeated():
    hook = Hook("smsgate", keyed())
    hook.post_signed(smsgate())
    first = hook.mail()
    tap.is_(hook.post_signed(smsgate()).status, 200, "again: it is taken")
    tap.is_(hook.post_signed(smsgate(id="e2")).status, 200,
            "with another id of the event, as phones do")
    tap.is_(hook.received(), [], "no second mail")
    tap.like(hook.log, "outcome=repeated", "the log says so")
    hook.post_signed(smsgate(at="2026-03-01T10:00:01.000+01:00"))
    second = hook.mail()
    tap.ok(first["Message-ID"] != second["Message-ID"],
           "the same words, later, are another SMS")


@tap.test("two at the same time make one mail")
def at_once():
    hook = Hook("smsgate", keyed())
    slow = "#!/bin/sh\ntouch %s/started\nwhile test ! -e %s/go; do :; done\n" \
        "cat >%s/mail.1.eml\n" % ((hook.mails,) * 3)
    hook.write("sendmail", slow, 0o755)
    body = smsgate()

    env = hook.environment("/smsgate", "POST", "", sign_smsgate(
        {"body": body}, KEY, int(time.time())), len(body))
    first = subprocess.Popen([HOOK], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, env=env,
                             stderr=subprocess.PIPE)
    first.stdin.write(body)
    first.stdin.close()
    tap.ok(smtp.wait_until(lambda: os.path.exists(
        os.path.join(hook.mails, "started"))), "the first is under way")
    answer = hook.post_signed(body)
    tap.is_(answer.status, 503, "the second has to come again", hook.log)
    tap.is_(answer.headers.get("Retry-After"), "60", "and knows when")
    open(os.path.join(hook.mails, "go"), "w").close()
    tap.like(first.stdout.read().decode(), "Status: 200", "the first is done")
    first.stderr.close()
    first.stdout.close()
    first.wait()
    tap.is_(hook.post_signed(body).status, 200, "now the second is known")
    tap.is_(len(hook.received()), 1, "one mail")


@tap.test("the mail server is down")
def down():
    hook = Hook("smsgate", keyed())
    hook.down()
    tap.is_(hook.post_signed(smsgate()).status, 503, "the gateway comes again")
    tap.like(hook.log, "event=mail .*exit status 75", "the log says why")
    hook.down(False)
    tap.is_(hook.post_signed(smsgate()).status, 200, "and then it is taken")
    tap.is_(len(hook.received()), 1, "one mail")
    hook.configure(keyed(), "sendmail /nonexistent/sendmail")
    answer = hook.post_signed(smsgate("x", message="m2"))
    tap.is_(answer.status, 503, "there is no such program", hook.log)


@tap.test("a number has a limit")
def limit():
    hook = Hook("smsgate", keyed())
    answers = [hook.post_signed(smsgate("n", message=str(i))).status
               for i in range(31)]
    tap.is_(answers, [200] * 30 + [503], "30 mails in an hour", hook.log)
    tap.like(hook.log, "too many from this number", "the log says why")
    tap.is_(hook.post_signed(smsgate(sender="+12025550123")).status, 200,
            "another number has its own")
    tap.is_(len(hook.received()), 31, "so many mails")


@tap.test("events that are no replies are taken, and nothing comes of them")
def others():
    hook = Hook("smsgate", keyed())
    ping = json.dumps({"id": "e", "event": "system:ping", "payload":
                       {"health": {}}}).encode()
    tap.is_(hook.post_signed(ping).status, 200, "system:ping")
    tap.is_(hook.post_signed(smsgate(event="sms:sent")).status, 200,
            "sms:sent")
    tap.is_(hook.received(), [], "no mail")


@tap.test("what cannot be a webhook")
def malformed():
    hook = Hook("smsgate", keyed())
    for body, what in ((b"", "nothing"), (b"[", "half of JSON"),
                       (b"7", "a number"), (b"\xff\xfe", "octets"),
                       (b"[" * 5000, "depth")):
        tap.is_(hook.post_signed(body).status, 400, what)
    tap.is_(hook.post_signed(smsgate().replace(b"way", b"w\xe4y"),
                             ).status, 200, "ISO 8859-1 in a string")
    tap.is_(text_of(hook.mail()), "On my wäy", "is read as such")
    body = b'{"event":"sms:received","payload":{"sender":"+4915112345678",' \
        b'"message":"a\\u0000b","messageId":"n"}}'
    tap.is_(hook.post_signed(body).status, 200, "a NUL")
    tap.is_(text_of(hook.mail()), "a b", "becomes a blank")


def post_infobip(hook, *items):
    """The status of a webhook of several SMS."""
    auth = base64.b64encode(("x:" + SECRET).encode()).decode()
    body = json.dumps({"results": [
        dict(item, receivedAt="2026-03-01T10:00:00.000+0100")
        for item in items]}).encode()
    return hook.post(body, {"Authorization": "Basic " + auth}).status


@tap.test("each item of a webhook, whatever becomes of another")
def items():
    hook = Hook("infobip", secret())

    def post(*senders, name="m"):
        return post_infobip(hook, *[
            {"messageId": name + str(i), "from": sender, "text": "t%d" % i}
            for i, sender in enumerate(senders)])

    tap.is_(post("", "491511111111", "491522222222"), 400,
            "one of three has no sender", hook.log)
    tap.is_(sorted(text_of(mail) for mail in hook.received()), ["t1", "t2"],
            "the others are mails")
    tap.is_(post(*["491533333333"] * 30, name="n"), 200, "30 of a number")
    hook.received()
    tap.is_(post("491533333333", "491544444444", name="o"), 503,
            "one of two has reached its limit", hook.log)
    tap.is_([mail["From"].addresses[0].username for mail in hook.received()],
            ["+491544444444"], "the other is a mail")


@tap.test("what nothing tells from the next one is refused, not dropped")
def no_id():
    hook = Hook("infobip", secret())
    tap.is_([post_infobip(hook, {"from": "491511111111", "text": text})
             for text in ("one", "two")], [400, 400], "SMS without an id")
    tap.like(hook.log, "no id", "the log says why")


@tap.test("requests that are none")
def requests():
    hook = Hook("smsgate", keyed())
    body = smsgate()
    for want, what, more in (
            (405, "PUT", {"method": "PUT"}),
            (404, "no gateway", {"path_info": ""}),
            (404, "another gateway", {"path_info": "/twilio"}),
            (404, "a path in its place", {"path_info": "/../smsgate.json"}),
            (404, "a long name", {"path_info": "/" + "x" * 5000}),
            (411, "no length", {"length": None}),
            (411, "a length that is none", {"length": "1x"}),
            (413, "10 MB", {"length": 10 * 1024 * 1024}),
            (413, "a length without an end", {"length": "9" * 30}),
            (400, "less than the length", {"length": len(body) + 1})):
        answer = hook.post_signed(body, **more)
        tap.is_(answer.status, want, what, hook.log)
    tap.is_(hook.post_signed(b" " * (256 * 1024 - len(body)) + body).status,
            200, "256 KiB")
    tap.is_(len(hook.received()), 1, "is a mail")
    tap.is_(hook.post_signed(smsgate(message="q"), args=("-x", "-f/etc/passwd")
                             ).status, 200, "arguments mean nothing")
    hook.received()


@tap.test("a configuration that will not do")
def configurations():
    hook = Hook("smsgate", keyed(), "journal " + "/nonexistent/journal")
    tap.is_(hook.post_signed(smsgate()).status, 503, "no such journal")
    hook.configure("secret hook-key /nonexistent/key")
    tap.is_(hook.post_signed(smsgate()).status, 500, "no such key")
    tap.like(hook.log, "secret hook-key: /nonexistent/key: No such file",
             "the log names it")
    hook.configure("set hook-key ''")
    tap.is_(hook.post_signed(smsgate(), key="").status, 500,
            "an empty key, with which anybody could sign")
    hook.configure(secret())
    tap.is_(hook.post(smsgate(), path_info="/" + SECRET).status, 404,
            "the secret in the gateway's place")
    tap.ok(SECRET not in hook.log, "does not get into the log", hook.log)
    hook.configure("secret hook " + smtp.secret_file("short"))
    tap.is_(hook.post_signed(smsgate()).status, 500, "a short secret")
    hook.configure("nonsense yes")
    tap.is_(hook.post_signed(smsgate()).status, 500, "an unknown keyword")
    hook.config = hook.write("c", smtp.configuration(
        [keyed(), "gateway smsgate", "journal " + hook.path("journal"),
         "sendmail " + hook.path("sendmail")]))
    tap.is_(hook.post_signed(smsgate()).status, 503, "no replies-to")
    tap.like(hook.log, "replies-to is not set", "the log says so")
    tap.is_(hook.received(), [], "no mail of all these")


@tap.test("smtp2sms -t knows what is for webhooks")
def checked():
    hook = Hook()
    journal = "journal " + hook.path("journal")
    for lines, want in (
            ([keyed(), secret(), "set hook-url https://a/", journal], ""),
            (["secret smsgate.hook-key /nonexistent", journal], ""),
            ([keyed(), "gateway seven", "set from a", journal],
             "none of the gateways has webhooks"),
            (["secret seven.hook-key /x", "gateway smsgate seven",
              "set seven.from a", journal],
             "no gateway of this name that has webhooks"),
            (["secret twilio.hook /x", journal],
             "no gateway of this name that has webhooks"),
            (["set hook-key ''", journal], "it is empty"),
            ([keyed()], "needs a journal that is a folder")):
        own = smtp.own_token("t") if "gateway seven" in lines else \
            smtp.own_credentials()
        config = hook.write("t.conf", smtp.configuration(
            [*own, "trust 127.0.0.0/8", *lines]))
        done = subprocess.run([smtp.PROGRAM, "-t", "-f", config],
                              capture_output=True, text=True, check=False)
        if want:
            tap.ok(done.returncode != 0 and want in done.stderr, want,
                   done.stderr)
        else:
            tap.is_(done.returncode, 0, "; ".join(lines[:2]), done.stderr)


@tap.test("its program cannot be reached by what comes")
def environment():
    hook = Hook("smsgate", keyed())
    hook.write("sendmail", "#!/bin/sh\nenv >%s/env.eml\n" % hook.mails,
               0o755)
    hook.post_signed(smsgate(), env={"HTTP_PROXY": "http://192.0.2.1",
                                     "LD_LIBRARY_PATH": "/nonexistent"})
    with open(os.path.join(hook.mails, "env.eml")) as file:
        names = {line.split("=")[0] for line in file}
    tap.is_(names - {"PWD", "_", "SHLVL", "OLDPWD"}, {"PATH", "LANG"},
            "sendmail's environment is ours alone")


tap.run()
