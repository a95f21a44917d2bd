"""Recipients: every form and every refusal."""

import re

import tap
from gateway import Gateway
from smtp import NUMBER, Session, own_credentials

gw = Gateway()
OWN = own_credentials()
COUNTRY = ["country-code 49"]
SHORT = ["allow-short yes"]
FORMAT = "550 5.1.3 Invalid recipient format (write <NUMBER@DOMAIN>)"
DOMAIN = "550 5.1.2 Invalid recipient domain (ours: sms.test)"
NOT_A_NUMBER = ("550 5.1.3 Invalid phone number format (write +COUNTRYCODE "
                "and the number)")
DENIED = "550 5.7.1 Destination not allowed"

# (configuration, what follows "RCPT TO:", the number or the reply)
ROWS = [
    # forms
    ([], "<+4915112345678@sms.test>", "+4915112345678"),
    ([], "<004915112345678@sms.test>", "+4915112345678"),
    ([], "<4915112345678@sms.test>", "+4915112345678"),
    ([], " <+4915112345678@sms.test>", "+4915112345678"),
    ([], "    <+4915112345678@sms.test>", "+4915112345678"),
    ([], "<@a.test,@b.test:+4915112345678@sms.test>", "+4915112345678"),
    ([], "<+49-151-12345678@sms.test>", "+4915112345678"),
    ([], "<+49.151.12345678@sms.test>", "+4915112345678"),
    ([], "<+49(151)12345678@sms.test>", "+4915112345678"),
    ([], '<"+4915112345678"@sms.test>', "+4915112345678"),
    ([], '<"+49 151 12345678"@sms.test>', "+4915112345678"),
    ([], '<"+49 (151) 123-456.78"@sms.test>', "+4915112345678"),
    ([], '<"0049 151 12345678"@sms.test>', "+4915112345678"),
    ([], '<"\\+4915112345678"@sms.test>', "+4915112345678"),
    ([], "<+4915112345678/TYPE=PLMN@sms.test>", "+4915112345678"),
    ([], "<+4915112345678/type=plmn@sms.test>", "+4915112345678"),
    ([], "<+4915112345678@SMS.TEST>", "+4915112345678"),
    # lengths
    ([], "<+4912345@sms.test>", "+4912345"),
    ([], "<+491234567890123@sms.test>", "+491234567890123"),
    ([], "<00491234567890123@sms.test>", "+491234567890123"),
    ([], "<+491234@sms.test>", NOT_A_NUMBER),
    ([], "<+4912345678901234@sms.test>", NOT_A_NUMBER),
    ([], "<004912345678901234@sms.test>", NOT_A_NUMBER),
    ([], "<+1202555012@sms.test>", NOT_A_NUMBER),
    ([], "<+120255501234@sms.test>", NOT_A_NUMBER),
    ([], "<+99915112345678@sms.test>", NOT_A_NUMBER),
    # one form for one number
    ([], '<"+49 (0) 151 12345678"@sms.test>', "+4915112345678"),
    ([], "<+49015112345678@sms.test>", "+4915112345678"),
    ([], "<+112025550123@sms.test>", "+12025550123"),
    ([], "<+789001234567@sms.test>", "+79001234567"),
    ([], "<+390669812345@sms.test>", "+390669812345"),
    ([], "<+45020123456@sms.test>", NOT_A_NUMBER),
    ([], "<-12025550123@sms.test>", NOT_A_NUMBER),
    # the country code
    (COUNTRY, "<015112345678@sms.test>", "+4915112345678"),
    (COUNTRY, "<15112345678@sms.test>", "+4915112345678"),
    (COUNTRY, '<"0151 / 1234"@sms.test>', NOT_A_NUMBER),
    (COUNTRY, '<"(0151) 12345678"@sms.test>', "+4915112345678"),
    (COUNTRY, "<+4915112345678@sms.test>", "+4915112345678"),
    (COUNTRY, "<004915112345678@sms.test>", "+4915112345678"),
    (COUNTRY, "<+12025550123@sms.test>", "+12025550123"),
    (COUNTRY, "<4915112345678@sms.test>", "+4915112345678"),
    (["country-code 1"], "<12025550123@sms.test>", "+12025550123"),
    (["country-code 1"], "<011-49-151-12345678@sms.test>",
     "+4915112345678"),
    (["country-code 7"], "<89001234567@sms.test>", "+79001234567"),
    (["country-code 61"], "<0011-49-151-12345678@sms.test>",
     "+4915112345678"),
    (COUNTRY, "<0@sms.test>", NOT_A_NUMBER),
    (COUNTRY, "<00@sms.test>", NOT_A_NUMBER),
    (COUNTRY, "<0123@sms.test>", NOT_A_NUMBER),
    (["country-code +1"], "<2025550123@sms.test>", "+12025550123"),
    ([], "<015112345678@sms.test>", NOT_A_NUMBER),
    ([], "<+015112345678@sms.test>", NOT_A_NUMBER),
    ([], "<00015112345678@sms.test>", NOT_A_NUMBER),
    (COUNTRY, "<00015112345678@sms.test>", NOT_A_NUMBER),
    # short codes
    ([], "<112@sms.test>", NOT_A_NUMBER),
    ([], "<123456@sms.test>", NOT_A_NUMBER),
    (SHORT, "<112@sms.test>", "112"),
    (SHORT, "<123456@sms.test>", "123456"),
    (SHORT, "<12@sms.test>", NOT_A_NUMBER),
    (SHORT, "<012@sms.test>", NOT_A_NUMBER),
    (SHORT, "<+112@sms.test>", NOT_A_NUMBER),
    (SHORT, "<1234567@sms.test>", NOT_A_NUMBER),
    (SHORT, "<2901234@sms.test>", "+2901234"),
    (SHORT + COUNTRY, "<22922@sms.test>", "22922"),
    (SHORT + ["allow +49"], "<112@sms.test>", "112"),
    # no numbers
    ([], "<nobody@sms.test>", NOT_A_NUMBER),
    ([], "<+@sms.test>", NOT_A_NUMBER),
    ([], "<++4915112345678@sms.test>", NOT_A_NUMBER),
    ([], "<49+15112345678@sms.test>", NOT_A_NUMBER),
    ([], "<+4915112345678x@sms.test>", NOT_A_NUMBER),
    ([], "<x4915112345678@sms.test>", NOT_A_NUMBER),
    ([], "<+4915112345678+option@sms.test>", NOT_A_NUMBER),
    ([], "<+4915112345678+1@sms.test>", NOT_A_NUMBER),
    ([], "<+4915112345678+@sms.test>", NOT_A_NUMBER),
    ([], "<+4915112345678,+4915112345679@sms.test>", FORMAT),
    ([], '<"+4915112345678,+4915112345679"@sms.test>', NOT_A_NUMBER),
    ([], "<+4915112345678/TYPE=IPV4@sms.test>", NOT_A_NUMBER),
    ([], "</TYPE=PLMN@sms.test>", NOT_A_NUMBER),
    ([], "<+49151#12345678@sms.test>", NOT_A_NUMBER),
    ([], "<*100#@sms.test>", NOT_A_NUMBER),
    ([], '<"+49151\t12345678"@sms.test>', FORMAT),
    ([], '<" "@sms.test>', NOT_A_NUMBER),
    ([], "<1e10@sms.test>", NOT_A_NUMBER),
    ([], "<0x1234567@sms.test>", NOT_A_NUMBER),
    # domains
    ([], "<+4915112345678@other.test>", DOMAIN),
    ([], "<nobody@other.test>", DOMAIN),
    ([], "<+4915112345678@sms.test.other>", DOMAIN),
    ([], "<+4915112345678@x.sms.test>", DOMAIN),
    ([], "<+4915112345678@[127.0.0.1]>", DOMAIN),
    (["domain a.test b.test"], "<+4915112345678@b.test>",
     "+4915112345678"),
    (["domain a.test b.test"], "<+4915112345678@A.Test>",
     "+4915112345678"),
    (["domain a.test b.test"], "<+4915112345678@sms.test>",
     "550 5.1.2 Invalid recipient domain (ours: a.test b.test)"),
    (["domain b\u00fcro.test b.test"], "<+4915112345678@sms.test>",
     "550 5.1.2 Invalid recipient domain (ours: b.test)"),
    (["domain b\u00fcro.test"], "<+4915112345678@sms.test>",
     "550 5.1.2 Invalid recipient domain"),
    (["domain " + " ".join("d%d.%s.test" % (i, "x" * 60) for i in range(9))],
     "<+4915112345678@sms.test>", "550 5.1.2 Invalid recipient domain (ours:"
     + "".join(" d%d.%s.test" % (i, "x" * 60) for i in range(5)) + " ...)"),
    (["domain *"], "<+4915112345678@whatever.example>", "+4915112345678"),
    (["domain *"], "<+4915112345678@[127.0.0.1]>", "+4915112345678"),
    # no brackets
    ([], "+4915112345678@sms.test", "+4915112345678"),
    ([], " +4915112345678@sms.test", "+4915112345678"),
    ([], '"+49 151 12345678"@sms.test', "+4915112345678"),
    ([], "+4915112345678@sms.test NOTIFY=NEVER", "+4915112345678"),
    ([], "+49 151 12345678@sms.test", FORMAT),
    ([], "+4915112345678", FORMAT),
    # not a path
    ([], "<+4915112345678@sms.test", FORMAT),
    ([], "+4915112345678@sms.test>", FORMAT),
    ([], "<+49 151 12345678@sms.test>", FORMAT),
    ([], "<>", FORMAT),
    ([], "<@sms.test>", FORMAT),
    ([], "<+4915112345678@>", FORMAT),
    ([], "<+4915112345678@sms.test@sms.test>", FORMAT),
    ([], "<<+4915112345678@sms.test>>", FORMAT),
    ([], '<"+4915112345678@sms.test>', FORMAT),
    ([], '<""@sms.test>', FORMAT),
    ([], "<+4915112345678@sms test>", FORMAT),
    ([], "<+4915112345678@sms.test>x", FORMAT),
    ([], "<@a.test:>", FORMAT),
    ([], "", FORMAT),
    ([], " ", FORMAT),
    ([], "<" + "1" * 300 + "@sms.test>", FORMAT),
    ([], "<+4915112345678@" + "d" * 300 + ">", FORMAT),
    ([], b"<+49151\xff12345678@sms.test>", FORMAT),
    # prefixes: the longest match wins
    (["allow +49"], "<+4915112345678@sms.test>", "+4915112345678"),
    (["allow 49"], "<+4915112345678@sms.test>", "+4915112345678"),
    (["allow +49"], "<+33612345678@sms.test>", DENIED),
    (["allow +49 +33"], "<+33612345678@sms.test>", "+33612345678"),
    (["deny +49900"], "<+4990012345@sms.test>", DENIED),
    (["deny +49900"], "<+4915112345678@sms.test>", "+4915112345678"),
    (["deny +49900", "allow +49"], "<+4990012345@sms.test>", DENIED),
    (["deny +49900", "allow +4990012"], "<+4990012345@sms.test>",
     "+4990012345"),
    (["deny +49900", "allow +4990012"], "<+4990013345@sms.test>", DENIED),
    (["deny +49", "allow +49"], "<+4915112345678@sms.test>", DENIED),
    (["allow +49", "country-code 49"], "<015112345678@sms.test>",
     "+4915112345678"),
    (["deny +49900", "country-code 49"], "<090012345@sms.test>", DENIED),
    (["deny +49900"], "<004990012345@sms.test>", DENIED),
    # ... whatever stands between the country code and the number
    (["deny +49900"], "<+49090012345@sms.test>", DENIED),
    (["deny +49900"], '<"+49 (0) 900 12345"@sms.test>', DENIED),
    (["deny +44909"], "<+4409091234567@sms.test>", DENIED),
    (["deny +1900"], "<+119002345678@sms.test>", DENIED),
    (["deny +7809"], "<+788091234567@sms.test>", DENIED),
    (["deny +5255"], "<+5215512345678@sms.test>", DENIED),
    (["deny +49900"], '<"+49 (900) 12345"@sms.test>', DENIED),
    # aliases
    (["alias oncall +4915112345678"], "<oncall@sms.test>",
     "+4915112345678"),
    (["alias oncall +4915112345678"], "<OnCall@sms.test>",
     "+4915112345678"),
    (["alias oncall +4915112345678"], '<"oncall"@sms.test>',
     "+4915112345678"),
    (["alias oncall 015112345678", *COUNTRY], "<oncall@sms.test>",
     "+4915112345678"),
    (["alias on.call +4915112345678"], "<on.call@sms.test>",
     "+4915112345678"),
    (["alias oncall +4915112345678"], "<oncall@other.test>", DOMAIN),
    (["alias oncall +4915112345678"], "<oncal@sms.test>", NOT_A_NUMBER),
    (["alias oncall +4915112345678"], "<oncall+x@sms.test>", NOT_A_NUMBER),
    (["alias 112 +4915112345678"], "<112@sms.test>", "+4915112345678"),
    # alias *: whatever else comes
    (["alias * +4915112345678"], "<nobody@sms.test>", "+4915112345678"),
    (["alias * +4915112345678"], "<+49@sms.test>", "+4915112345678"),
    (["alias * +4915112345678"], "<*@sms.test>", "+4915112345678"),
    (["alias * +4915112345678"], "<+4915187654321@sms.test>",
     "+4915187654321"),
    (["alias * +4915112345678", "alias oncall +4915187654321"],
     "<oncall@sms.test>", "+4915187654321"),
    (["alias oncall +4915187654321", "alias * +4915112345678"],
     "<oncal@sms.test>", "+4915112345678"),
    (["alias * +4915112345678"], "<nobody@other.test>", DOMAIN),
    (["alias * +4915112345678", "domain *"], "<nobody@other.test>",
     "+4915112345678"),
    (["alias * +4915112345678"], "<@sms.test>", FORMAT),
    (["alias * +4915112345678", "deny +491518"],
     "<+4915187654321@sms.test>", DENIED),
    (["alias * +4990012345", "deny +49900"], "<nobody@sms.test>", DENIED),
]


def sends(lines, path):
    """The reply to RCPT, and the numbers that the gateway then got."""
    gw.reset()
    with Session([*OWN, *lines], gw) as s:
        s.ehlo()
        s.mail()
        path = path if isinstance(path, bytes) else path.encode()
        reply = s.cmd(b"RCPT TO:" + path)
        if reply.code != 250:
            return reply, None
        s.must("DATA", 354)
        s.data("\nhello")
    return reply, [n for m in gw.messages for n in m["phoneNumbers"]]


@tap.test("the table")
def table():
    for lines, path, want in ROWS:
        what = "%s %s" % (path[:60], ", ".join(lines))
        reply, numbers = sends(lines, path)
        if want.startswith("550"):
            said = re.sub(r"\((begins|has|can) [^;]*; ", "(", str(reply))
            tap.is_(said, want, what)
        else:
            tap.is_((reply.starts("250 2.1.5"), numbers), (True, [want]),
                    what, repr(reply))


@tap.test("what cannot be a number is refused in words")
def reasons():
    for lines, local, words in (
            ([], "+99915112345678", "begins with a country code that does "
             "not exist"),
            ([], "+45020123456", "has a 0, or another trunk prefix, behind "
             "its country code"),
            ([], "+1202555012", "has too few digits for its country"),
            ([], "+120255501234", "has too many digits for its country"),
            ([], "+4412345678", "has a number of digits that its country "
             "does not use"),
            (COUNTRY, "493012345678", "can be read as two numbers")):
        reply, _ = sends(lines, "<%s@sms.test>" % local)
        tap.is_(str(reply), NOT_A_NUMBER.replace("(", "(%s; " % words), local)


@tap.test("without the word TO:, or without anything")
def words():
    with Session(OWN, gw) as s:
        s.ehlo()
        s.mail()
        for line in ("RCPT", "RCPT TO", "RCPT <+4915112345678@sms.test>",
                     "RCPT FROM:<+4915112345678@sms.test>"):
            reply = s.cmd(line)
            tap.ok(reply.code in (501, 550), line + ": 501 or 550",
                   repr(reply))


@tap.test("the same number twice is one recipient")
def twice():
    gw.reset()
    alias = "alias both +4915112345678 +4915112345679"
    with Session([*OWN, *COUNTRY, alias], gw) as s:
        s.ehlo()
        s.mail()
        for path in ("<+4915112345678@sms.test>", "<015112345678@sms.test>",
                     '<"+49 151 12345678"@sms.test>', "<both@sms.test>",
                     "<both@sms.test>", "<+4915112345670@sms.test>"):
            reply = s.cmd("RCPT TO:" + path)
            tap.is_(reply.code, 250, path, repr(reply))
        s.must("DATA", 354)
        tap.is_(s.data("\nhello").code, 250, "the mail")
    tap.is_([m["phoneNumbers"] for m in gw.messages],
            [["+4915112345678", "+4915112345679", "+4915112345670"]],
            "each number once, in their order")


@tap.test("an alias whose number is denied")
def denied_alias():
    alias = "alias mixed +4915112345678 +4990012345"
    reply, _ = sends([alias, "deny +49900"], "<mixed@sms.test>")
    tap.is_(str(reply), DENIED, "is refused as a whole")


@tap.test("a refused recipient does not stop the others")
def others():
    gw.reset()
    with Session([*OWN, "deny +49900"], gw) as s:
        s.ehlo()
        s.mail()
        codes = [s.cmd("RCPT TO:<%s>" % r).code for r in
                 ("nobody@sms.test", "+4915112345678@sms.test",
                  "+4990012345@sms.test", "+4915112345679@sms.test",
                  "x@other.test")]
        tap.is_(codes, [550, 250, 550, 250, 550], "each has its answer")
        s.must("DATA", 354)
        tap.is_(s.data("\nhello").code, 250, "the mail")
    tap.is_([m["phoneNumbers"] for m in gw.messages],
            [["+4915112345678", "+4915112345679"]], "the good ones")


@tap.test("the log names a recipient that was refused, masked")
def logged():
    with Session([*OWN, "deny +49900", "bad-recipient accept"], gw) as s:
        s.ehlo()
        s.mail()
        for line in ("<+4990012345@sms.test>", "<+4915112345678@else.test>",
                     "<x@else.test> NOTIFY=x"):
            s.cmd("RCPT TO:" + line)
        s.cmd("BOGUS")
        s.quit()
        found = [(e["event"], e.get("to"), e.get("domain"))
                 for e in s.events() if e["event"] in ("refused", "left-out")]
        tap.is_(found, [("left-out", "+******2345", "sms.test"),
                        ("refused", "+*********5678", "else.test"),
                        ("refused", "x", "else.test"),
                        ("refused", None, None)], "and nobody else's")


@tap.test("what came does not go into a reply")
def echo():
    with Session(OWN, gw) as s:
        s.ehlo()
        s.mail()
        for path in ("<evil%nmarker@sms.test>", "<x@evilmarker.test>",
                     "evilmarker", "<%s@sms.test> evilmarker=1" % NUMBER):
            reply = s.cmd("RCPT TO:" + path)
            tap.ok(b"marker" not in reply.raw, path, repr(reply))


tap.run()
