"""No request goes out twice: a connection that was kept breaks after the
gateway has read the request, and before a word of its answer.
"""

import tap
from gateway import Gateway, Gone, Response
from smtp import Session, own_credentials

gw = Gateway()

KANNEL = ["gateway kannel"]
SNS = ["gateway aws-sns"]
SMSGATE = []


def answer(request):
    """What one of them says to a request that it takes."""
    if "sendsms" in request.path:
        return Response(202, body="0: Accepted for delivery")
    if "Publish" in request.body.decode():
        return Response(200, body="<PublishResponse><MessageId>m1"
                        "</MessageId></PublishResponse>")
    return Response(202, body={"id": "m1", "state": "Pending"})


def is_sending(request):
    return request.method == "POST" or "sendsms" in request.path


@tap.test("a kept connection that breaks")
def kept():
    for lines, what in ((KANNEL, "GET"), (SNS, "signed"),
                        (SMSGATE, "POST")):
        sent = []

        def respond(request):
            if not is_sending(request):
                return Response(404)
            sent.append(request.connection)
            if len(sent) == 2:
                raise Gone
            return answer(request)

        gw.reset()
        gw.respond = respond
        with Session(own_credentials() + lines, gw) as s:
            s.ehlo()
            tap.is_(s.send_message("one").code, 250, what + ": 250")
            reply = s.send_message("two", headers="")
            tap.is_(reply.code, 451, what + ": broken: 451", repr(reply))
            tap.is_(len(sent), 2, what + ": two mails, two requests", sent)
            tap.is_(s.send_message("three", headers="").code, 250,
                    what + ": and then: 250")


tap.run()
