/*
 * delivery.pml: one message to one recipient, from the sender's queue to the
 * gateways, for SPIN.  tests/prove/spin runs it for each setting.
 *
 *   the step in the model        stands for
 *   -----------------------      ------------------------------------------
 *   sender                       an MTA's queue: it tries again after a 4yz,
 *                                and after a connection that was lost
 *   deliver, lock                journal_open()
 *   deliver, look                journal_find(), job_journal_read()
 *   deliver, claim               journal_note(SENDING), journal_commit()
 *   deliver, request             http_start_once(): the request goes out
 *   deliver, answer              on_sent(), gateway_judge()
 *   deliver, result              job_journal_write(), journal_commit()
 *   deliver, reply               finish_send(): ANS_SEND, then the final reply
 *   crash                        the delivery side, the session or the
 *                                machine dies; flock(2) is gone with it
 *   gateway                      takes it, refuses it, or takes it and its
 *                                answer is lost; it may come to a request
 *                                long after the one who sent it has died
 *
 * Settings (-D): DROP: on-unknown drop, else retry.  IDS: the gateways know
 * a message by its id.  GATEWAYS: 1 or 2, in the order of trying.  MACHINES:
 * the sender may have two tries under way at a time, as two machines with one
 * journal, or one that gave up waiting; the journal is linearizable.
 * CLUSTER: the journal is `journal etcd`: who dies leaves his claim, and its
 * lease ends it later; the answer to a claim or a result may be lost.
 * UNKNOWN_TRIES: how often a message whose outcome is unknown goes out again.
 *
 * -DPLANT_...: an error that the claims must find.
 *
 * Claims that hold at the end of each run, and at every step:
 *   sent twice    with DROP the recipient gets at most one text; with IDS and
 *                 one gateway exactly one; else at most 1 + UNKNOWN_TRIES
 *   lost          a 250 means that a gateway has taken the message, or (DROP)
 *                 that the journal said that one may have it
 *   by half       no two requests for the message are under way by two
 *                 owners of the claim at a time
 */
#ifndef GATEWAYS
#define GATEWAYS 1
#endif
#ifndef UNKNOWN_TRIES
#define UNKNOWN_TRIES 2
#endif
#ifndef TRIES
#define TRIES 4		/* of the sender */
#endif

mtype = { NEW, SENDING, ACCEPTED, UNKNOWN };	/* of the journal */
mtype = { TAKEN, REFUSED, LOST, UNREACHED };	/* what the gateway says */
mtype = { ok250, tmp451, gone };		/* what the sender hears */

/* The journal: survives every crash. */
mtype state = NEW;
byte with = 0;		/* the gateway that an unknown message is with */
byte resent = 0;	/* times that it went out with an unknown outcome */
bool locked = false;
#ifdef CLUSTER
byte revision = 0;	/* of the record */
bool alive = false;	/* the owner of the claim may still send */
#endif

/* The world. */
byte texts = 0;			/* that the recipient's phone has got */
bool has[GATEWAYS];		/* the gateway has the message (its id) */
byte under_way = 0;		/* owners between claim and result */
bool assumed = false;		/* a 250 for an unknown message (DROP) */
bool heard_250 = false;

chan request[GATEWAYS] = [2] of { byte };	/* owner's number */
chan answer[2] = [2] of { mtype };		/* to an owner */

inline take(g) {
	if
#ifdef IDS
	:: has[g] -> skip	/* it knows the id: no second text */
	:: else -> has[g] = true; texts++
#else
	:: true -> has[g] = true; texts++
#endif
	fi
}

/* Requests are taken one after another; an answer may find nobody. */
active [GATEWAYS] proctype gateway() {
	byte me = _pid, owner;
end:
	do
	:: request[me] ? owner ->
		if
		:: skip -> atomic { take(me); answer[owner] ! TAKEN }
		:: skip -> atomic { take(me); answer[owner] ! LOST }
		:: answer[owner] ! REFUSED
		:: answer[owner] ! LOST		/* it was lost on the way */
		fi
	od
}

#ifdef CLUSTER
/* A claim's lease is longer than a message may take, but not for ever. */
active proctype lease() {
end:
	do
#ifdef PLANT_SHORT_LEASE
	:: atomic { locked -> locked = false }
#else
	:: atomic { locked && !alive -> locked = false }
#endif
	od
}
#endif

inline let_go() {
#ifdef CLUSTER
	alive = false;
#else
	locked = false;
#endif
	mine = false
}

inline crash() {
	if
	:: mine -> atomic { let_go();
	    if :: claimed -> under_way--; claimed = false :: else fi }
	:: else
	fi;
	result = gone;
	goto over
}

/* One try; me tells those apart that are under way at a time. */
proctype deliver(byte me; chan reply) {
	bool mine = false, claimed = false;
	byte g;
	mtype got, result = tmp451;

#ifdef CLUSTER
	/* what is claimed later is claimed on the strength of this */
	byte seen;
	atomic {
		if
		:: locked -> goto over
		:: else -> seen = revision
		fi
	}
#elif !defined(PLANT_NO_LOCK)
	/* lock */
	atomic {
		if
		:: locked -> goto over
		:: else -> locked = true; mine = true
		fi
	}
#endif
	if :: crash() :: skip fi;
	/* look */
	g = 0;
	if
	:: state == ACCEPTED -> result = ok250; goto unlock
	:: state == SENDING || state == UNKNOWN ->
#ifdef IDS
		g = with	/* the gateway itself knows whether it has it */
#else
#ifdef DROP
		assumed = true; result = ok250; goto unlock;
#else
		if
		:: resent == UNKNOWN_TRIES ->
			assumed = true; result = ok250; goto unlock
		:: else -> g = with
		fi
#endif
#endif
	:: else
	fi;
claim:
	atomic {
#ifdef CLUSTER
		if
		:: mine
#ifndef PLANT_BLIND_CLAIM
		:: !mine && (locked || revision != seen) -> goto over
		:: !mine && !locked && revision == seen ->
#else
		:: !mine ->
#endif
			locked = true; mine = true; alive = true
		fi;
		revision++;
#endif
		if
		:: state == SENDING || state == UNKNOWN -> resent++
		:: else
		fi;
#ifndef PLANT_LATE_CLAIM
		state = SENDING;
#endif
		with = g; claimed = true; under_way++
	}
	assert(under_way == 1);
	if :: crash() :: skip fi;	/* or the answer to the claim is lost */
#ifdef PLANT_EARLY_REPLY
	result = ok250;
#endif
	/* request: no connection means that nothing was sent */
	if
	:: got = UNREACHED
	:: request[g] ! me;
		if
		:: crash()
		:: answer[me] ? got
		:: got = LOST	/* a time-out: the answer may come yet */
		fi
	fi;
	if :: crash() :: skip fi;
#ifdef CLUSTER
	/* the result cannot be written: the reply is the gateway's all the same */
	if
	:: atomic {
		if :: got == TAKEN -> result = ok250 :: else fi;
		under_way--; claimed = false; let_go(); goto over }
	:: skip
	fi;
#endif
	/* result, and what comes next */
	atomic {
#ifdef CLUSTER
		revision++;
#endif
		under_way--; claimed = false;
		if
		:: got == TAKEN -> state = ACCEPTED; result = ok250
#ifdef PLANT_LOST_IS_NEW
		:: got == LOST -> state = NEW
#else
		:: got == LOST -> state = UNKNOWN
#endif
		:: got == REFUSED || got == UNREACHED ->
#ifdef IDS
			state = NEW
#else
			/* what an earlier try left unknown stays unknown */
			if :: resent > 0 -> state = UNKNOWN
			:: else -> state = NEW
			fi
#endif
		fi
	}
	if :: crash() :: skip fi;
#if GATEWAYS > 1
	if
	:: state == NEW && g + 1 < GATEWAYS -> g++; goto claim
	:: else
	fi;
#endif
unlock:
#ifdef CLUSTER
	atomic { if :: mine -> locked = false; let_go() :: else fi }
#else
	atomic { locked = false; mine = false }
#endif
over:
	reply ! result
}

init {
	byte tries = 0, running = 0;
	mtype heard;
	chan reply = [2] of { mtype };

	do
	:: heard_250 -> break
	:: !heard_250 && tries == TRIES -> break
	:: !heard_250 && tries < TRIES ->
		/* an answer to an earlier try is nobody's */
		do :: answer[tries % 2] ? heard :: empty(answer[tries % 2]) -> break od;
		run deliver(tries % 2, reply);
		tries++;
#ifdef MACHINES
		if
		:: tries < TRIES && running == 0 -> running = 1	/* do not wait */
		:: reply ? heard
		fi;
#else
		reply ? heard;
#endif
		heard_250 = heard_250 || heard == ok250
	od;
	if
	:: running == 1 -> reply ? heard; heard_250 = heard_250 || heard == ok250
	:: else
	fi;
	/* whatever is still on its way to a gateway arrives */
	timeout;
#ifdef IDS
#if GATEWAYS == 1
	assert(texts <= 1);
	assert(!heard_250 || texts == 1);
#endif
#else
#ifdef DROP
	assert(texts <= 1);
	assert(!heard_250 || assumed || texts == 1);
#else
	assert(texts <= 1 + UNKNOWN_TRIES);
	assert(!heard_250 || assumed || texts >= 1);
#endif
#endif
}
