"""PHPMailer, with contrib/clients/phpmailer.php."""

import json
import os

import tap
from client_lib import (BY_TOKEN, DOMAIN, LONG, NUMBER, OTHER, PASSWORD,
                        TOKEN, UMLAUTS, USER, each)
from foreign import need, need_file
from tls_lib import TlsService

HERE = os.path.dirname(os.path.abspath(__file__))
AUTOLOAD = "/usr/share/php/libphp-phpmailer/autoload.php"


def php(service, *words, input=""):
    need("php")
    return service.run("php", *words, input=input,
                       env={"PHPMAILER": need_file(AUTOLOAD)})


def phpmailer(service, *mails, method="PLAIN", user=USER, secret=PASSWORD):
    """Send the mails; what became of each."""
    full = [{"to": ["%s@%s" % (NUMBER, DOMAIN)], **mail} for mail in mails]
    return json.loads(php(
        service, os.path.join(HERE, "client_phpmailer.php"),
        str(service.port), method, user, secret, input=json.dumps(full)))


@tap.test("contrib/clients/phpmailer.php")
@each()
def snippet(service):
    php(service, service.write_snippet(
        "phpmailer.php", ("'vendor/autoload.php'", "'%s'" % need_file(AUTOLOAD))))
    service.is_sent("it sends what it says", UMLAUTS)


@tap.test("the same, once there is a certificate for another name")
def with_certificate():
    with TlsService() as service:
        php(service, service.write_snippet(
            "phpmailer.php", ("'vendor/autoload.php'", "'%s'" % need_file(AUTOLOAD))))
        service.is_sent("it sends what it says", UMLAUTS)


@tap.test("every mechanism of AUTH")
@each()
def mechanisms(service):
    for name in "PLAIN", "LOGIN":
        phpmailer(service, {"Body": name}, method=name)
        service.is_sent(name, name)
    phpmailer(service, {"Body": "bearer"}, method="XOAUTH2", secret=TOKEN)
    service.is_sent("XOAUTH2", "bearer", user=BY_TOKEN)


@tap.test("shapes of mail, all over one connection")
@each()
def shapes(service):
    mails = [
        ({"Body": LONG}, LONG),
        ({"Body": LONG, "Encoding": "base64"}, LONG),
        ({"Body": LONG, "Encoding": "quoted-printable"}, LONG),
        ({"Body": ".\n..\nend"}, ".\n..\nend"),
        ({"html": "<p>Größe<br>95&nbsp;%</p>"}, "Größe\n95 %"),
        ({"html": "<b>HTML</b>", "AltBody": "plain"}, "plain"),
        ({"Body": "with a file", "attachment": "\1\2\3"}, "with a file"),
        ({"Body": "emoji: 👍"}, "emoji: 👍"),
    ]
    results = phpmailer(service, *[mail for mail, _ in mails])
    tap.is_([r for r in results if not r.get("reply", "").startswith("250")],
            [], "all are accepted")
    tap.is_([text for _, _, text in service.sent()],
            [text for _, text in mails], "each has its text")
    tap.is_(service.log().count("event=connect"), 1, "one session")
    phpmailer(service, {"Body": "to two", "to": [
        "%s@%s" % (number, DOMAIN) for number in (NUMBER, OTHER)]})
    service.is_sent("two recipients", "to two", [NUMBER, OTHER])


@tap.test("refusals")
@each(["auth-check yes"])
def refusals(service):
    result, = phpmailer(service, {"Body": "x"}, secret="wrong")
    tap.like(result.get("error", ""), "Could not authenticate",
             "a wrong password")
    service.gateway.queue(500, 400)
    results = phpmailer(service, *[{"Body": "x"}] * 3)
    tap.is_(["error" in result for result in results], [True, True, False],
            "refused, put off, and then it is taken", results)
    tap.like(results[0].get("error", ""), "data not accepted",
             "the error is the end of DATA's")


tap.run()
