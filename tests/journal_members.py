"""journal etcd: members of the cluster die, hang, and forget us.

While two of three are there all goes on; without a quorum nothing is sent.
"""

import time

import tap
from agent_lib import Agent
from etcd_lib import PREFIX, b64
from machines_lib import (LIMIT, NOTHING, ONE, TWO, claims, cluster,
                          free_claims, gw, mail, new, probe, sent)
from smtp import NUMBER, SLOW, Session, secret_file, wait_until


def others(leader):
    return [i for i in range(3) if i != leader]


def mail_again(ident):
    """The replies of the two machines in turn, until one is no 451: an
    election may take longer than timeout-journal."""
    replies = [mail(ONE, ident)[0]]
    while replies[-1].startswith(NOTHING) and len(replies) < 5:
        replies.append(mail(TWO, ident)[0])
    return replies


@tap.test("a member is killed")
def member_killed():
    for i in range(3):
        ident = new()
        cluster.kill(i)
        replies = mail_again(ident)
        tap.like(replies[-1], "^250 ", "member %d is dead: 250" % i, replies)
        tap.like(mail(TWO, ident)[0], "^250 2.0.0 Already", "known")
        cluster.start(i)
        cluster.wait()
        tap.is_(sent(), 1, "one SMS")


@tap.test("the leader is killed, or hangs")
def leader_lost():
    for how in cluster.kill, cluster.stop:
        leader = cluster.wait()
        ident = new()
        how(leader)
        replies = mail_again(ident)
        tap.like(replies[-1], "^250 ", "%s: 250" % how.__name__, replies)
        tap.is_(sent(), 1, "one SMS")
        if how == cluster.kill:
            cluster.start(leader)
        else:
            cluster.cont(leader)
        cluster.wait()
        tap.like(mail(TWO, ident)[0], "^250 2.0.0 Already", "and known")
        tap.is_(sent(), 0, "nothing more")


@tap.test("without a quorum nothing is sent")
def no_quorum():
    for how in cluster.kill, cluster.stop:
        gone = others(cluster.wait())
        ident = new()
        for i in gone:
            how(i)
        for lines in ONE, TWO:
            with Session(lines, gw) as s:
                s.ehlo()
                began = time.monotonic()
                reply = s.send_message("hello", (NUMBER,), ident)
                took = time.monotonic() - began
                tap.like(str(reply), "^" + NOTHING,
                         "%s two of three: 451 4.3.0" % how.__name__)
                tap.ok(took < LIMIT + 1 * SLOW, "in time", took)
                tap.like(s.log(), 'event=journal .*member="?http://127.*'
                         'error=', "and the log says why")
        tap.is_(sent(), 0, "nothing is sent")
        for i in gone:
            if how == cluster.kill:
                cluster.start(i)
            else:
                cluster.cont(i)
        cluster.wait()
        # a claim that came too late may stand until its lease ends
        wait_until(lambda: free_claims() or not claims(), 10)
        reply = mail(TWO, ident)[0]
        tap.like(reply, "^250 ", "with a quorum it is sent")
        tap.is_(sent(), 1, "one SMS")


@tap.test("user and password")
def password():
    call = cluster.call
    for name, secret in ("root", "top"), ("sms", "s3cret"):
        call("/v3/auth/user/add", {"name": name, "password": secret},
             cluster.wait())
    call("/v3/auth/role/add", {"name": "sms"})
    call("/v3/auth/role/grant", {"name": "sms", "perm": {
        "permType": "READWRITE", "key": b64(PREFIX),
        "range_end": b64("/smtp2sms0")}})
    call("/v3/auth/role/add", {"name": "root"})
    call("/v3/auth/user/grant", {"user": "sms", "role": "sms"})
    call("/v3/auth/user/grant", {"user": "root", "role": "root"})
    call("/v3/auth/enable", {})
    try:
        secret = secret_file("s3cret\n")
        with_user = ["journal-user sms", "secret journal " + secret]
        tap.like(mail(ONE, new())[0], "^" + NOTHING, "without a user: 451")
        tap.like(mail([*ONE, "journal-user sms", "secret journal " +
                       secret_file("wrong\n")], new())[0], "^" + NOTHING,
                 "a wrong password: 451")
        tap.like(mail([*ONE, *with_user, "journal-prefix /other/"],
                      new())[0], "^" + NOTHING, "no permission: 451")
        tap.is_(sent(), 0, "nothing is sent")
        ident = new()
        tap.like(mail([*ONE, *with_user], ident)[0], "^250 ",
                 "the right one: 250")
        tap.like(mail([*TWO, *with_user], ident)[0], "^250 2.0.0 Already",
                 "the other machine knows it")
        tap.is_(sent(), 1, "one SMS")
        with Agent([*ONE, *with_user], gw) as agent:
            for what in "an agent has a token", "members know it no more":
                with agent.session() as s:
                    s.ehlo()
                    tap.is_(s.send_message("hello", (NUMBER,), new()).code,
                            250, what)
                for i in range(3):
                    cluster.kill(i)
                    cluster.start(i)
                wait_until(quorum, 20)
        tap.is_(sent(), 2, "two SMS")
        code, out = probe("-t", lines=[*ONE, *with_user])
        tap.like(out, "answers", "-t says that it answers", out)
        code, out = probe("-t", lines=ONE)
        tap.like(out, "user name is empty", "-t says what is missing")
    finally:
        wait_until(root_token, 20)
        call("/v3/auth/disable", {})
        cluster.token = None
        cluster.wait()


def quorum():
    """The members answer again, whoever asks."""
    try:
        cluster.call("/v3/auth/authenticate", {"name": "sms",
                                               "password": "s3cret"})
        return True
    except (OSError, LookupError):
        return False


def root_token():
    try:
        cluster.token = None
        cluster.token = cluster.call("/v3/auth/authenticate", {
            "name": "root", "password": "top"})["token"]
        return True
    except (OSError, LookupError):
        return False


if __name__ == "__main__":
    try:
        tap.run()
    finally:
        cluster.close()
