"""A whole conversation: a mail by Postfix becomes an SMS; its receipt and the
answer come home through Postfix to a maildir; an answer to that is an SMS."""

import email
import email.policy
import glob
import os
import shutil
import smtplib

import tap
from client_lib import DOMAIN, NUMBER, Service
from hook_lib import Hook, event, keyed, smsgate, text_of
from postfix_lib import Postfix
from server_lib import PATIENCE
from smtp import wait_until

ALICE = "alice@example.org"
HOME = """
virtual_mailbox_domains = example.org
virtual_mailbox_base = {dir}
virtual_mailbox_maps = static:alice/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
"""


def read_new(folder):
    """The mails of a maildir that are new, and then are not."""
    found = []
    for name in sorted(glob.glob(os.path.join(folder, "alice/new/*"))):
        with open(name, "rb") as file:
            found.append(email.message_from_binary_file(
                file, policy=email.policy.default))
        os.unlink(name)
    return found


def wait_mail(folder):
    return wait_until(lambda: read_new(folder), PATIENCE) or []


def send(postfix, mail, *parameters):
    """A mail of Alice's to the number, with parameters of RCPT."""
    with smtplib.SMTP("127.0.0.1", postfix.port) as client:
        client.ehlo()
        client.mail(ALICE, ["ENVID=conversation1"])
        client.rcpt("%s@%s" % (NUMBER, DOMAIN), parameters)
        client.data(mail.replace("\n", "\r\n").encode())


@tap.test("a mail, its receipt, the answer, and an answer to that")
def conversation():
    hook = Hook("smsgate", keyed())
    folder = hook.path("home")
    os.mkdir(folder)
    shutil.chown(folder, 65534, 65534)
    with Service("journal " + hook.path("journal"), keyed(),
                 "replies-to desk@example.org") as service, \
            Postfix(service, more=HOME.format(dir=folder)) as postfix:
        hook.configure(keyed(), "domain " + DOMAIN, "mail-relay "
                       "smtp://127.0.0.1:%d" % postfix.port)
        send(postfix, "From: %s\nMessage-ID: <first@example.org>\n"
             "Subject: db1\n\nDisk full\n" % ALICE, "NOTIFY=SUCCESS")
        # before that, the gateway would be told to come again
        tap.ok(wait_until(lambda: "status=sent" in postfix.log(), PATIENCE),
               "the gateway has the SMS, and Postfix knows", service.log())
        sent = service.gateway.messages[-1]
        hook_answer = hook.post_signed(event("sms:delivered", sent["id"],
                                             NUMBER))
        tap.is_(hook_answer.status, 200, "the phone has it, too", hook.log)
        mails = wait_mail(folder)
        tap.is_([mail.get_content_type() for mail in mails],
                ["multipart/report"], "the receipt is in the maildir",
                postfix.log())
        status = list(mails[0].iter_parts())[1]
        fields = {key: str(value) for block in status.get_payload()
                  for key, value in block.items()}
        tap.is_((fields.get("Original-Envelope-Id"), fields.get("Action"),
                 fields.get("Original-Recipient")),
                ("conversation1", "delivered",
                 "rfc822; %s@%s" % (NUMBER, DOMAIN)),
                "Postfix handed on ENVID and ORCPT")
        tap.is_(hook.post_signed(smsgate("On my way", NUMBER)).status, 200,
                "the answer", hook.log)
        mails = wait_mail(folder)
        tap.is_(len(mails), 1, "is in the maildir", postfix.log())
        answer = mails[0]
        tap.is_(text_of(answer).replace("\r", ""), "On my way", "its text")
        tap.is_(answer["In-Reply-To"], "<first@example.org>", "its thread")
        tap.is_(answer["Return-Path"], "<>", "nobody answers it by machine")
        back = answer["From"].addresses[0].addr_spec
        tap.is_(back, "%s@%s" % (NUMBER, DOMAIN), "From: the number")
        count = len(service.gateway.messages)
        send(postfix, "From: %s\nTo: %s\nMessage-ID: <third@example.org>\n"
             "In-Reply-To: %s\n\nThanks!\n" %
             (ALICE, back, answer["Message-ID"]))
        tap.ok(wait_until(lambda: len(service.gateway.messages) > count,
                          PATIENCE), "an answer to that is an SMS",
               service.log())
        tap.like(service.gateway.messages[-1]["textMessage"]["text"],
                 "Thanks!", "with its text")
        tap.is_(read_new(folder), [], "and nobody has asked for more")


tap.run()
