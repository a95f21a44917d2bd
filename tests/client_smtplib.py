"""Python's smtplib and email, with contrib/clients/python.py."""

import smtplib
import sys
from email.message import EmailMessage

import tap
from client_lib import (BY_TOKEN, DOMAIN, LONG, NUMBER, OTHER, PASSWORD,
                        TOKEN, UMLAUTS, USER, each)


def message(text, *numbers, **how):
    mail = EmailMessage()
    mail["From"] = "monitor@example.org"
    mail["To"] = ", ".join("%s@%s" % (n, DOMAIN) for n in numbers)
    mail["Subject"] = "Größe"
    mail.set_content(text, **how)
    return mail


@tap.test("contrib/clients/python.py")
@each()
def snippet(service):
    file = service.write_snippet("python.py")
    service.run(sys.executable, file)
    service.is_sent("it sends what it says", UMLAUTS)


@tap.test("every transfer encoding")
@each()
def encodings(service):
    with smtplib.SMTP("127.0.0.1", service.port) as smtp:
        smtp.login(USER, PASSWORD)
        for cte in "7bit", "8bit", "quoted-printable", "base64":
            text = "plain" if cte == "7bit" else LONG
            smtp.send_message(message(text, NUMBER, cte=cte))
            service.is_sent(cte, text)
        for charset, text in (("iso-8859-1", LONG), ("utf-8", "Ωμέγα €"),
                              ("koi8-r", "Привет")):
            smtp.send_message(message(text, NUMBER, charset=charset))
            service.is_sent(charset, text)


@tap.test("several recipients, and several mails of one session")
@each()
def recipients(service):
    with smtplib.SMTP("127.0.0.1", service.port) as smtp:
        smtp.login(USER, PASSWORD)
        smtp.send_message(message("to two", NUMBER, OTHER))
        service.is_sent("two recipients", "to two", [NUMBER, OTHER])
        smtp.send_message(message("to one", OTHER))
        service.is_sent("then one", "to one", [OTHER])
        refused = smtp.sendmail(
            "monitor@example.org",
            [NUMBER + "@" + DOMAIN, "nobody@" + DOMAIN],
            message("one is wrong", NUMBER).as_string())
        tap.is_({to: code for to, (code, _) in refused.items()},
                {"nobody@" + DOMAIN: 550}, "a wrong one is refused")
        service.is_sent("the other is served", "one is wrong")


@tap.test("parts: HTML, alternatives, an attachment")
@each()
def parts(service):
    with smtplib.SMTP("127.0.0.1", service.port) as smtp:
        smtp.login(USER, PASSWORD)
        html = "<html><body><p>Größe:<br>95&nbsp;%</p></body></html>"
        smtp.send_message(message(html, NUMBER, subtype="html"))
        service.is_sent("HTML alone", "Größe:\n95 %")
        mail = message("the plain part", NUMBER)
        mail.add_alternative("<p>the HTML part</p>", subtype="html")
        mail.add_attachment(b"\0\1\2" * 1000, maintype="image",
                            subtype="png", filename="graph.png")
        smtp.send_message(mail)
        service.is_sent("the plain one of two, and no attachment",
                        "the plain part")


@tap.test("every mechanism of AUTH")
@each()
def mechanisms(service):
    for name in "PLAIN", "LOGIN", "XOAUTH2":
        for initial in True, False:
            with smtplib.SMTP("127.0.0.1", service.port) as smtp:
                smtp.ehlo()
                smtp.user, smtp.password = USER, PASSWORD
                smtp.auth(name, {
                    "PLAIN": smtp.auth_plain, "LOGIN": smtp.auth_login,
                    "XOAUTH2": lambda challenge=None:
                        "user=%s\1auth=Bearer %s\1\1" % (USER, TOKEN)}[name],
                    initial_response_ok=initial)
                smtp.send_message(message(name, NUMBER))
            service.is_sent("%s, initial response: %s" % (name, initial),
                            name, user=BY_TOKEN if name == "XOAUTH2" else USER)


@tap.test("a wrong password")
@each(["auth-check yes"])
def wrong(service):
    with smtplib.SMTP("127.0.0.1", service.port) as smtp:
        try:
            smtp.login(USER, "wrong")
            tap.ok(False, "is refused")
        except smtplib.SMTPAuthenticationError as why:
            tap.is_(why.smtp_code, 535, "is refused by 535")
        smtp.login(USER, PASSWORD)
        smtp.send_message(message("right", NUMBER))
    service.is_sent("the right one after it", "right")


tap.run()
