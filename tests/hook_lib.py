"""hook_lib: smtp2sms-hook as a web server starts it, a program that takes its
mails, and signatures as gateways make them.

A library: as a program it has nothing to test.
"""

import base64
import email
import email.policy
import glob
import hashlib
import hmac
import json
import os
import struct
import subprocess
import tempfile
import time
import urllib.parse
import uuid

import smtp

HOOK = os.path.join(smtp.HOME, "smtp2sms-hook")
SECRET = "a-secret-of-the-url-4711"
KEY = "hook-key-0815"
FROM = "+4915112345678"
REPLIES_TO = "desk@example.org"

# Keeps each mail in a file of its own; it fails while there is a file "down".
SENDMAIL = """#!/bin/sh
cd %s || exit 75
test ! -e down || exit 75
echo "$@" >args
f=mail.$$
cat >"new.$$" && mv "new.$$" "$f.eml"
"""


def hmac_of(kind, key, data):
    return hmac.new(key.encode(), data, kind)


def sign_smsgate(request, key, now):
    mac = hmac_of(hashlib.sha256, key, request["body"] + b"%d" % now)
    return {"X-Signature": mac.hexdigest(), "X-Timestamp": str(now)}


def sign_textbee(request, key, now):
    return {"X-Signature": hmac_of(hashlib.sha256, key,
                                   request["body"]).hexdigest()}


def sign_sinch(request, key, now):
    data = request["body"] + b".nonce-1.%d" % now
    mac = hmac_of(hashlib.sha256, key, data)
    return {"X-Sinch-Webhook-Signature":
            base64.b64encode(mac.digest()).decode(),
            "X-Sinch-Webhook-Signature-Nonce": "nonce-1",
            "X-Sinch-Webhook-Signature-Timestamp": str(now)}


def sign_twilio(request, key, now):
    fields = urllib.parse.parse_qsl(request["body"].decode(),
                                    keep_blank_values=True)
    data = request["url"] + "".join(name + value
                                    for name, value in sorted(fields))
    mac = hmac_of(hashlib.sha1, key, data.encode())
    return {"X-Twilio-Signature": base64.b64encode(mac.digest()).decode()}


SIGNERS = {"smsgate": sign_smsgate, "textbee": sign_textbee,
           "sinch": sign_sinch, "twilio": sign_twilio}


class Answer:
    """What the program wrote: status, reason, headers, body."""

    def __init__(self, octets):
        head, _, self.body = octets.decode().partition("\r\n\r\n")
        self.headers = dict(line.split(": ", 1)
                            for line in head.split("\r\n"))
        self.status = int(self.headers.get("Status", "0").split()[0])


class Hook:
    """A configuration, a journal, a sendmail; post() runs the program."""

    def __init__(self, gateway="smsgate", *lines):
        self.folder = tempfile.TemporaryDirectory(prefix="smtp2sms-hook.")
        self.gateway = gateway
        self.log = ""
        os.chmod(self.folder.name, 0o755)
        self.mails = self.path("mails")
        os.mkdir(self.mails, 0o777)
        os.mkdir(self.path("journal"), 0o700)
        self.write("sendmail", SENDMAIL % self.mails, 0o755)
        self.configure(*lines)

    def configure(self, *lines):
        self.config = self.write("smtp2sms.conf", smtp.configuration([
            "gateway " + self.gateway, "journal " + self.path("journal"),
            "sendmail " + self.path("sendmail"),
            "replies-to " + REPLIES_TO, *lines]))

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def environment(self, path_info, method, query, headers, n):
        env = {"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": method,
               "SERVER_PROTOCOL": "HTTP/1.1", "SCRIPT_NAME": "/hook",
               "PATH_INFO": path_info, "QUERY_STRING": query,
               "REMOTE_ADDR": "192.0.2.1", "HTTPS": "on",
               "HTTP_HOST": "sms.test", "SMTP2SMS_CONF": self.config,
               "REQUEST_URI": "/hook" + path_info +
               ("?" + query if query else "")}
        if n is not None:
            env["CONTENT_LENGTH"] = str(n)
        for name, value in headers.items():
            env["HTTP_" + name.upper().replace("-", "_")] = value
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        return env

    def post(self, body=b"", headers=None, path_info=None, method="POST",
             query="", length=-1, env=None, args=()):
        """Run it for one request; length: what it is told, None: nothing."""
        if path_info is None:
            path_info = "/" + self.gateway
        full = self.environment(path_info, method, query, headers or {},
                                len(body) if length == -1 else length)
        full.update(env or {})
        done = subprocess.run([*smtp.WRAP, HOOK, *args], input=body,
                              env=full, capture_output=True,
                              timeout=60 * smtp.SLOW)
        self.log = done.stderr.decode(errors="replace")
        assert done.returncode == 0, (done.returncode, self.log)
        return Answer(done.stdout)

    def post_signed(self, body, key=KEY, now=None, changed=None, **more):
        """... signed as the gateway does; changed: the body that comes."""
        now = int(time.time()) if now is None else now
        url = "https://sms.test/hook/" + self.gateway
        headers = SIGNERS[self.gateway]({"body": body, "url": url}, key, now)
        return self.post(changed if changed is not None else body, headers,
                         **more)

    def note(self, kind, parts, text):
        """Write a note as smtp2sms-deliver does (delivery/note.c)."""
        with open(self.path("journal/key"), "rb") as file:
            mac = hmac.new(file.read(64), digestmod=hashlib.sha256)
        for part in ("note", kind, *parts):
            mac.update(struct.pack("=Q", len(part)) + part.encode())
        os.makedirs(self.path("journal/reply"), mode=0o700, exist_ok=True)
        self.write("journal/reply/" + str(uuid.UUID(bytes=mac.digest()[:16])),
                   "1 %d\n%s" % (time.time() + 600, text), 0o600)

    def received(self):
        """The mails, as email.message objects; they are taken away."""
        found = []
        for name in sorted(glob.glob(os.path.join(self.mails, "*.eml"))):
            with open(name, "rb") as file:
                found.append(email.message_from_binary_file(
                    file, policy=email.policy.default))
            os.unlink(name)
        return found

    def mail(self):
        """The one mail that there is."""
        found = self.received()
        assert len(found) == 1, (len(found), self.log)
        return found[0]

    def down(self, is_down=True):
        """The mail server takes nothing; or it does again."""
        if is_down:
            open(os.path.join(self.mails, "down"), "w").close()
        else:
            os.unlink(os.path.join(self.mails, "down"))


def text_of(mail):
    return mail.get_content().rstrip("\n")


def keyed(key=KEY):
    """A line of the configuration: the gateway signs with this key."""
    return "secret hook-key " + smtp.secret_file(key)


def secret():
    return "secret hook " + smtp.secret_file(SECRET)


def smsgate(text="On my way", sender=FROM, at="2026-03-01T10:00:00.000+01:00",
            message="m1", event="sms:received", **more):
    """What SMSGate posts."""
    return json.dumps({
        "id": "e1", "webhookId": "w1", "deviceId": "d1", "event": event,
        "payload": {"messageId": message, "message": text, "sender": sender,
                    "recipient": "+4917000000", "simNumber": 1,
                    "receivedAt": at}, **more}).encode()


def event(what, message_id, number=FROM, event_id="e1", **payload):
    """What SMSGate posts of an SMS that it was given."""
    return json.dumps({"id": event_id, "webhookId": "w", "deviceId": "d",
                       "event": what,
                       "payload": {"messageId": message_id,
                                   "recipient": number, **payload}}).encode()


if __name__ == "__main__":
    print("1..0 # SKIP a library")
