"""curl, with contrib/clients/curl.sh."""

import tap
from client_lib import (BY_TOKEN, DOMAIN, LONG, NUMBER, OTHER, PASSWORD,
                        TOKEN, UMLAUTS, USER, each)
from server_lib import need


def curl(service, mail, *words, to=(NUMBER,), code=0):
    """Send these lines, or what the words say; curl's output."""
    need("curl")
    recipients = [word for number in to
                  for word in ("--mail-rcpt", "%s@%s" % (number, DOMAIN))]
    if mail is not None:
        recipients += ["--crlf", "--upload-file", "-"]
    return service.run(
        "curl", "--silent", "--show-error", "--verbose", "--url",
        "smtp://127.0.0.1:%d" % service.port, "--mail-from",
        "monitor@example.org", *recipients, *words, input=mail or "",
        code=code)


@tap.test("contrib/clients/curl.sh")
@each()
def snippet(service):
    need("curl")
    file = service.write_snippet("curl.sh", mode=0o700)
    service.run(file, NUMBER, input=UMLAUTS + "\nsecond line\n.\nend\n")
    service.is_sent("it sends its input, dots and all",
                    UMLAUTS + "\nsecond line\n.\nend")


@tap.test("every mechanism of AUTH")
@each()
def mechanisms(service):
    for name in "PLAIN", "LOGIN":
        said = curl(service, "\n" + name, "--user", USER + ":" + PASSWORD,
                    "--login-options", "AUTH=" + name)
        tap.like(said, "(?m)^> AUTH " + name, name + " is what curl uses")
        service.is_sent(name, name)
    said = curl(service, "\ninitial", "--user", USER + ":" + PASSWORD,
                "--login-options", "AUTH=PLAIN", "--sasl-ir")
    tap.like(said, "(?m)^> AUTH PLAIN [A-Za-z0-9]", "an initial response")
    service.is_sent("PLAIN with it", "initial")
    said = curl(service, "\nbearer", "--user", USER, "--oauth2-bearer",
                TOKEN)
    tap.like(said, "(?m)^> AUTH OAUTHBEARER", "a token")
    service.is_sent("OAUTHBEARER", "bearer", user=BY_TOKEN)


@tap.test("what curl makes of a mail: encodings, attachments")
@each()
def encodings(service):
    file = service.place.write("graph.bin", "\1\2\3" * 100)
    for encoder in "8bit", "quoted-printable", "base64":
        curl(service, None, "--user", USER + ":" + PASSWORD, "--header",
             "Subject: x", "--form", '="%s";type=text/plain;encoder=%s'
             % (LONG, encoder), "--form", "=@%s;encoder=base64" % file)
        service.is_sent(encoder, LONG)


@tap.test("recipients")
@each()
def recipients(service):
    login = ["--user", USER + ":" + PASSWORD]
    curl(service, "\nto two", *login, to=[NUMBER, OTHER])
    service.is_sent("two", "to two", [NUMBER, OTHER])
    curl(service, "\nto one", *login, "--mail-rcpt-allowfails",
         to=[NUMBER, "nobody"])
    service.is_sent("a wrong one is left out", "to one")
    curl(service, "\nto none", *login, to=["nobody"], code=55)
    tap.is_(service.sent(), [], "a wrong one alone: curl's status is 55")


@tap.test("a refused password is curl's error")
@each(["auth-check yes"])
def wrong(service):
    curl(service, "\nx", "--user", USER + ":wrong", code=67)
    tap.is_(service.sent(), [], "curl's status is 67, nothing is sent")


tap.run()
