/*
 * journal_etcd: records, claims and values as keys of an etcd cluster.
 *
 *	PREFIX record/KEY	a message's record, in lines (journal_record.c)
 *	PREFIX claim/KEY	who is sending it now: a nonce
 *	PREFIX KIND/NAME	a value: a nonce, a newline, and its octets
 *	PREFIX lease/SECONDS/N	the lease of records that are kept so long
 *	PREFIX key		the journal's random octets
 *
 * A message is claimed by one transaction: if nobody claims it, and its record
 * is what we believe, then the claim and the record are written together.
 * The claim has a lease that ends after all sending is over, by etcd's clock;
 * who dies leaves it, and until then the message is BUSY.  A record that was
 * left as SENDING without a claim is UNKNOWN.  The result is written, and the
 * claim removed, if the claim is still ours.
 *
 * Every transaction may come twice, since a member that did not answer may
 * have carried it out: its "else" reads what there is, and our nonce tells
 * that it is ours.  A late one does no harm: it finds the record changed, or
 * a claim that is not its own.  So no record is removed but by its lease.
 */
#include <sys/random.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>
#include <uuid/uuid.h>

#include "common/base64.h"
#include "common/buf.h"
#include "common/clock.h"
#include "delivery/journal_etcd.h"
#include "delivery/journal_link.h"
#include "gateway/lenient.h"
#include "gateway/wipe.h"

#define KEY_ROOM     512	/* octets of an etcd key, with a NUL: more than
				   JOURNAL_PREFIX_MAX and any name */
#define CLAIM_REUSE  4		/* seconds that a lease serves new claims */
#define CLAIM_AFTER  5		/* seconds that a claim outlives all sending */
#define CHECK_KEEP   60		/* seconds */
#define PERIOD_LEAST 60		/* seconds that a lease serves new records */
#define LEASES	     8		/* that are remembered */
#define RENEWALS     2		/* of leases that were gone, for a request */
#define RECORD_MAX   (JOURNAL_NAMES_MAX * JOURNAL_RECORD_LINE)

enum kind { KEY, CLAIM, RESULT, GET, PUT, NEXT, CHECK };

/* A request of ours, which may take several of etcd's. */
struct op {
	enum kind kind;
	long long deadline;
	journal_etcd_done done;
	journal_etcd_key_done key_done;
	journal_etcd_got got;
	void *arg;
	/* leases */
	long keep;		/* seconds; 0: none is needed */
	int64_t lease;		/* 0: not known yet */
	long period;		/* the number of the period that it serves */
	long long claim_end;	/* when the claim may end */
	int64_t claim_lease;
	long long granted;	/* when a lease of ours was asked for */
	long ttl;
	int renewals;
	/* a record */
	struct journal *journal;
	char nonce[JOURNAL_NONCE_MAX + 1];
	char *lines;
	size_t n;
	/* a value */
	enum journal_kind value_kind;
	char name[JOURNAL_NAME_MAX + 1];
	uint64_t revision;
	char *text;		/* with the nonce; NULL: remove it */
	size_t ntext;
	struct journal_key key;
};

static struct {
	const struct config *config;
	char why[JOURNAL_WHY_MAX + 1];
	struct {
		long keep, period;
		int64_t id;
	} lease[LEASES];
	size_t next_lease;	/* the one to forget next */
	/* the lease of our claims */
	int64_t claim_lease;
	long long claim_new;	/* until then it serves new claims */
	long long claim_end;	/* it does not end before */
	struct journal_key key;
	int has_key;
} self;

static void step(struct op *);

int
journal_etcd_init(const struct config *c)
{
	self.config = c;
	return journal_link_init(c);
}

const char *
journal_etcd_why(void)
{
	return self.why;
}

/* ---- octets as JSON wants them ---- */

static json_t *
must(json_t *j)
{
	return wipe_must(j);
}

static json_t *
encode(const void *p, size_t n)
{
	size_t room = (n + 2) / 3 * 4 + 1;
	char *out = wipe_must(malloc(room));
	struct buf b;
	json_t *j;

	buf_init(&b, out, room);
	buf_base64(&b, p, n);
	j = must(json_stringn(b.p, b.len));
	explicit_bzero(out, room);
	free(out);
	return j;
}

static json_t *
encode_str(const char *s)
{
	return encode(s, strlen(s));
}

/* A 64-bit number is a string (proto3's JSON). */
static json_t *
number(uint64_t n)
{
	char s[24];

	snprintf(s, sizeof(s), "%" PRIu64, n);
	return must(json_string(s));
}

/* The number that a member is, as a string or not; 0: there is none. */
static uint64_t
get_number(const json_t *object, const char *name)
{
	const json_t *j = json_object_get(object, name);

	if (json_is_integer(j))
		return (uint64_t)json_integer_value(j);
	return json_is_string(j) ? strtoull(json_string_value(j), NULL, 10) :
				   0;
}

/*
 * The octets of a member in base64, as memory with a NUL behind them; NULL if
 * it is malformed.  What is absent is empty.
 */
static char *
get_octets(const json_t *object, const char *name, size_t *n)
{
	const char *s = json_string_value(json_object_get(object, name));
	size_t max = s == NULL ? 0 : strlen(s) / 4 * 3 + 3;
	char *out = wipe_must(calloc(1, max + 1));
	long len = base64_decode(s == NULL ? "" : s, out, max);

	if (len < 0) {
		free(out);
		return NULL;
	}
	*n = (size_t)len;
	return out;
}

/* ---- requests ---- */

static void
name_key(char out[KEY_ROOM], const char *kind, const char *name)
{
	snprintf(out, KEY_ROOM, "%s%s%s", self.config->journal_prefix, kind,
	    name);
}

static json_t *
key_of(const char *kind, const char *name)
{
	char key[KEY_ROOM];

	name_key(key, kind, name);
	return encode_str(key);
}

static json_t *
value_key(const struct op *o)
{
	char kind[32];

	snprintf(kind, sizeof(kind), "%s/", journal_value_kind(o->value_kind));
	return key_of(kind, o->name);
}

/* The parts of a transaction; each takes over the key. */
static json_t *
if_absent(json_t *key)
{
	return must(json_pack("{s:o,s:s,s:s}", "key", key, "target", "CREATE",
	    "createRevision", "0"));
}

/* The key is as it was at this revision; 0: it is not there. */
static json_t *
if_revision(json_t *key, uint64_t revision)
{
	if (revision == 0)
		return if_absent(key);
	return must(json_pack("{s:o,s:s,s:o}", "key", key, "target", "MOD",
	    "modRevision", number(revision)));
}

static json_t *
if_value(json_t *key, json_t *value)
{
	return must(json_pack("{s:o,s:s,s:o}", "key", key, "target", "VALUE",
	    "value", value));
}

static json_t *
do_put(json_t *key, json_t *value, int64_t lease)
{
	return must(json_pack("{s:{s:o,s:o,s:o}}", "requestPut", "key", key,
	    "value", value, "lease", number((uint64_t)lease)));
}

static json_t *
do_read(json_t *key)
{
	return must(json_pack("{s:{s:o}}", "requestRange", "key", key));
}

static json_t *
do_remove(json_t *key)
{
	return must(json_pack("{s:{s:o}}", "requestDeleteRange", "key", key));
}

/* A list of one or two; b may be NULL. */
static json_t *
list(json_t *a, json_t *b)
{
	return must(b == NULL ? json_pack("[o]", a) :
				json_pack("[o,o]", a, b));
}

static void
ask(struct op *o, const char *path, json_t *request, journal_link_done done)
{
	char *body = wipe_must(json_dumps(request, JSON_COMPACT));

	json_decref(request);
	journal_link_ask(path, body, strlen(body), clock_left(o->deadline),
	    done, o);
}

static void
ask_txn(struct op *o, json_t *compare, json_t *success, json_t *failure,
    journal_link_done done)
{
	ask(o, "/v3/kv/txn", must(json_pack("{s:o,s:o,s:o}", "compare",
	    compare, "success", success, "failure", failure)), done);
}

/* ---- answers ---- */

/* What etcd says of an error; else the answer as it is, or its status. */
static void
set_why(const struct journal_link_answer *e, json_t *root)
{
	const char *s = json_string_value(json_object_get(root, "error"));

	if (e->status == 0)
		s = e->error;
	if (s != NULL)
		snprintf(self.why, sizeof(self.why), "%s", s);
	else if (e->status != 200)
		snprintf(self.why, sizeof(self.why), "status %ld: %.100s",
		    e->status, e->body);
	else
		snprintf(self.why, sizeof(self.why), "an answer that is none");
}

/* The answer of a success; NULL: there is none, and why says so. */
static json_t *
read_answer(const struct journal_link_answer *e)
{
	json_t *root = e->status == 0 ? NULL : lenient_json(e->body, e->n);

	if (e->status == 200 && json_is_object(root))
		return root;
	set_why(e, root);
	json_decref(root);
	return NULL;
}

/* The i-th answer of a transaction's range: its first pair, or NULL. */
static const json_t *
pair_of(const json_t *root, size_t i)
{
	const json_t *r = json_array_get(json_object_get(root, "responses"),
	    i);

	r = json_object_get(r, "response_range");
	return json_array_get(json_object_get(r, "kvs"), 0);
}

static int
has_succeeded(const json_t *root)
{
	return json_is_true(json_object_get(root, "succeeded"));
}

/* The value of a pair is this string. */
static int
is_value(const json_t *pair, const char *want)
{
	size_t n = 0;
	char *s = pair == NULL ? NULL : get_octets(pair, "value", &n);
	int same = s != NULL && n == strlen(want) && memcmp(s, want, n) == 0;

	free(s);
	return same;
}

static uint64_t
revision_now(const json_t *root)
{
	return get_number(json_object_get(root, "header"), "revision");
}

static void
free_op(struct op *o)
{
	if (o->lines != NULL)
		explicit_bzero(o->lines, o->n);
	free(o->lines);
	free(o->text);
	explicit_bzero(o, sizeof(*o));
	free(o);
}

static void
end(struct op *o, enum journal_answer a)
{
	switch (o->kind) {
	case KEY:
		o->key_done(o->arg, a == JOURNAL_OK ? &self.key : NULL);
		break;
	case CLAIM:
	case RESULT:
	case CHECK:
		o->done(o->arg, a);
		break;
	case GET:
	case PUT:
	case NEXT:
		o->got(o->arg, a, NULL);
		break;
	}
	free_op(o);
}

static void
fail(struct op *o, const char *why)
{
	snprintf(self.why, sizeof(self.why), "%s", why);
	end(o, JOURNAL_FAILED);
}

/* ---- leases ---- */

/*
 * Records that are kept for so many seconds share a lease for a while: for a
 * quarter of that time.  Its number is in the name under which all machines
 * find it, and it is two such periods longer, for clocks that differ.
 */
static long
period_of(long keep)
{
	return keep / 4 > PERIOD_LEAST ? keep / 4 : PERIOD_LEAST;
}

static json_t *
lease_key(const struct op *o)
{
	char name[64];

	snprintf(name, sizeof(name), "%ld/%ld", o->keep, o->period);
	return key_of("lease/", name);
}

static void
remember_lease(const struct op *o)
{
	size_t i = self.next_lease++ % LEASES;

	self.lease[i].keep = o->keep;
	self.lease[i].period = o->period;
	self.lease[i].id = o->lease;
}

static int64_t
find_lease(long keep, long period)
{
	size_t i;

	for (i = 0; i < LEASES; i++)
		if (self.lease[i].id != 0 && self.lease[i].keep == keep &&
		    self.lease[i].period == period)
			return self.lease[i].id;
	return 0;
}

static void
forget_leases(struct op *o)
{
	memset(self.lease, 0, sizeof(self.lease));
	self.claim_lease = o->claim_lease = o->lease = 0;
}

/* A lease under its name is there by now: ours, or another's. */
static void
on_shared(void *arg, const struct journal_link_answer *e)
{
	json_t *root = read_answer(e);
	struct op *o = arg;
	const json_t *pair;
	size_t n;
	char *s;

	if (root == NULL) {
		end(o, JOURNAL_FAILED);
		return;
	}
	if (!has_succeeded(root)) {
		pair = pair_of(root, 0);
		s = pair != NULL ? get_octets(pair, "value", &n) : NULL;
		o->lease = s != NULL ? strtoll(s, NULL, 10) : 0;
		free(s);
	}
	json_decref(root);
	if (o->lease == 0) {
		fail(o, "a lease that is none");
		return;
	}
	remember_lease(o);
	step(o);
}

static void
on_granted(void *arg, const struct journal_link_answer *e)
{
	json_t *root = read_answer(e);
	char id[24];
	struct op *o = arg;

	o->lease = root != NULL ? (int64_t)get_number(root, "ID") : 0;
	json_decref(root);
	if (root != NULL && o->lease == 0)
		set_why(e, NULL);
	if (o->lease == 0) {
		end(o, JOURNAL_FAILED);
		return;
	}
	snprintf(id, sizeof(id), "%" PRId64, o->lease);
	ask_txn(o, list(if_absent(lease_key(o)), NULL),
	    list(do_put(lease_key(o), encode_str(id), o->lease), NULL),
	    list(do_read(lease_key(o)), NULL), on_shared);
}

static void
grant(struct op *o, long ttl, journal_link_done done)
{
	o->granted = clock_ms();
	o->ttl = ttl;
	ask(o, "/v3/lease/grant", must(json_pack("{s:o}", "TTL",
	    number((uint64_t)ttl))), done);
}

static void
on_lease(void *arg, const struct journal_link_answer *e)
{
	json_t *root = read_answer(e);
	struct op *o = arg;
	const json_t *pair;
	size_t n;
	char *s;

	if (root == NULL) {
		end(o, JOURNAL_FAILED);
		return;
	}
	pair = json_array_get(json_object_get(root, "kvs"), 0);
	s = pair != NULL ? get_octets(pair, "value", &n) : NULL;
	o->lease = s != NULL ? strtoll(s, NULL, 10) : 0;
	free(s);
	json_decref(root);
	if (o->lease == 0) {
		grant(o, o->keep + 2 * period_of(o->keep), on_granted);
		return;
	}
	remember_lease(o);
	step(o);
}

/* The lease of what is written: 1, or 0: it is being asked for. */
static int
need_lease(struct op *o)
{
	if (o->keep == 0 || o->lease != 0)
		return 1;
	o->period = (long)(time(NULL) / period_of(o->keep));
	if ((o->lease = find_lease(o->keep, o->period)) != 0)
		return 1;
	ask(o, "/v3/kv/range", must(json_pack("{s:o}", "key", lease_key(o))),
	    on_lease);
	return 0;
}

static void
on_claim_lease(void *arg, const struct journal_link_answer *e)
{
	json_t *root = read_answer(e);
	struct op *o = arg;

	o->claim_lease = root != NULL ? (int64_t)get_number(root, "ID") : 0;
	if (root != NULL && o->claim_lease == 0)
		set_why(e, NULL);
	json_decref(root);
	if (o->claim_lease == 0) {
		end(o, JOURNAL_FAILED);
		return;
	}
	self.claim_lease = o->claim_lease;
	self.claim_new = o->granted + CLAIM_REUSE * 1000;
	self.claim_end = o->granted + o->ttl * 1000;
	step(o);
}

/*
 * The lease of a claim must not end while we send.  It ends by a clock that
 * began after we had asked for it, so it is safe to count from then.
 */
static int
need_claim_lease(struct op *o)
{
	if (o->kind != CLAIM || o->claim_lease != 0)
		return 1;
	if (self.claim_lease != 0 && clock_ms() < self.claim_new &&
	    o->claim_end <= self.claim_end) {
		o->claim_lease = self.claim_lease;
		return 1;
	}
	grant(o, clock_left(o->claim_end) / 1000 + 1 + CLAIM_REUSE,
	    on_claim_lease);
	return 0;
}

/*
 * A lease that was granted is gone: the cluster has been made anew, or slept.
 * Then nothing was written, and a new lease is asked for.  1 if so.
 */
static int
is_lease_gone(struct op *o, const struct journal_link_answer *e)
{
	if (e->status != 404 || strstr(e->body, "lease not found") == NULL ||
	    o->renewals++ == RENEWALS)
		return 0;
	forget_leases(o);
	step(o);
	return 1;
}

/* ---- the key ---- */

static void
on_key(void *arg, const struct journal_link_answer *e)
{
	json_t *root = read_answer(e);
	struct op *o = arg;
	size_t n = 0;
	char *s;

	if (root == NULL) {
		end(o, JOURNAL_FAILED);
		return;
	}
	if (has_succeeded(root)) {
		self.key = o->key;
		self.has_key = 1;
	} else if ((s = get_octets(pair_of(root, 0), "value", &n)) != NULL) {
		self.has_key = n == sizeof(self.key);
		if (self.has_key)
			memcpy(&self.key, s, n);
		explicit_bzero(s, n);
		free(s);
	}
	json_decref(root);
	if (self.has_key)
		end(o, JOURNAL_OK);
	else
		fail(o, "the journal's key is none");
}

static void
ask_key(struct op *o)
{
	ask_txn(o, list(if_absent(key_of("key", "")), NULL),
	    list(do_put(key_of("key", ""), encode(&o->key, sizeof(o->key)), 0),
	    NULL), list(do_read(key_of("key", "")), NULL), on_key);
}

/* ---- a message ---- */

/* Take in the record as others have made it; 0, or -1. */
static int
load(struct journal *j, const json_t *pair)
{
	size_t n = 0;
	char *s;
	int r;

	journal_record_free(j);
	j->revision = 0;
	if (pair == NULL)
		return 0;
	j->revision = get_number(pair, "mod_revision");
	if ((s = get_octets(pair, "value", &n)) == NULL || n > RECORD_MAX) {
		free(s);
		return -1;
	}
	r = journal_record_load(j, s, n);
	free(s);
	return r;
}

static void
on_claimed(void *arg, const struct journal_link_answer *e)
{
	struct op *o = arg;
	json_t *root;
	const json_t *claim;
	enum journal_answer a = JOURNAL_OK;

	if (is_lease_gone(o, e))
		return;
	if ((root = read_answer(e)) == NULL) {
		end(o, JOURNAL_FAILED);
		return;
	}
	if (!has_succeeded(root)) {
		claim = pair_of(root, 0);
		if (is_value(claim, o->nonce))
			a = JOURNAL_OK; /* an earlier try did it */
		else if (claim != NULL)
			a = JOURNAL_BUSY;
		else if (load(o->journal, pair_of(root, 1)) == 0)
			a = JOURNAL_CHANGED;
		else
			a = JOURNAL_FAILED;
	}
	if (a == JOURNAL_FAILED)
		snprintf(self.why, sizeof(self.why), "a record that is none");
	if (a != JOURNAL_OK)
		o->journal->nonce[0] = '\0';
	json_decref(root);
	end(o, a);
}

static void
ask_claim(struct op *o)
{
	const char *key = o->journal->key;

	ask_txn(o, list(if_absent(key_of("claim/", key)),
	    if_revision(key_of("record/", key), o->journal->revision)),
	    list(do_put(key_of("record/", key), encode(o->lines, o->n),
	    o->lease), do_put(key_of("claim/", key), encode_str(o->nonce),
	    o->claim_lease)), list(do_read(key_of("claim/", key)),
	    do_read(key_of("record/", key))), on_claimed);
}

static void
on_result(void *arg, const struct journal_link_answer *e)
{
	struct op *o = arg;
	json_t *root;
	const json_t *record;
	size_t n = 0;
	char *s = NULL;
	int ok;

	if (is_lease_gone(o, e))
		return;
	if ((root = read_answer(e)) == NULL) {
		end(o, JOURNAL_FAILED);
		return;
	}
	ok = has_succeeded(root);
	record = pair_of(root, 0);
	if (!ok && record != NULL &&
	    (s = get_octets(record, "value", &n)) != NULL)
		ok = n == o->n && memcmp(s, o->lines, n) == 0;
	free(s);
	json_decref(root);
	if (ok)
		end(o, JOURNAL_OK);
	else
		fail(o, "the claim is not ours any more");
}

static void
ask_result(struct op *o)
{
	const char *key = o->journal->key;

	ask_txn(o, list(if_value(key_of("claim/", key),
	    encode_str(o->nonce)), NULL),
	    list(do_put(key_of("record/", key), encode(o->lines, o->n),
	    o->lease), do_remove(key_of("claim/", key))),
	    list(do_read(key_of("record/", key)), NULL), on_result);
}

/* ---- values ---- */

/* What a pair says, without its nonce; 0 and nothing if there is none. */
static void
set_value(struct journal_value *v, const char *name, const json_t *pair)
{
	char *s, *body;
	size_t n = 0;

	memset(v, 0, sizeof(*v));
	snprintf(v->name, sizeof(v->name), "%s", name);
	if (pair == NULL || (s = get_octets(pair, "value", &n)) == NULL)
		return;
	v->revision = get_number(pair, "mod_revision");
	if ((body = memchr(s, '\n', n)) != NULL) {
		body++;
		v->n = n - (size_t)(body - s);
		if (v->n > JOURNAL_VALUE_MAX)
			v->n = 0;
		memcpy(v->text, body, v->n);
	}
	free(s);
}

/* The value was written by us: it begins with our nonce. */
static int
is_ours(const struct op *o, const json_t *pair)
{
	size_t n = 0, len = strlen(o->nonce);
	char *s = pair == NULL ? NULL : get_octets(pair, "value", &n);
	int ours = s != NULL && n > len && memcmp(s, o->nonce, len) == 0;

	free(s);
	return ours;
}

static void
tell(struct op *o, enum journal_answer a, const struct journal_value *v)
{
	o->got(o->arg, a, v);
	free_op(o);
}

static void
on_put(void *arg, const struct journal_link_answer *e)
{
	struct journal_value v;
	struct op *o = arg;
	const json_t *pair;
	json_t *root;
	enum journal_answer a = JOURNAL_OK;

	if (is_lease_gone(o, e))
		return;
	if ((root = read_answer(e)) == NULL) {
		end(o, JOURNAL_FAILED);
		return;
	}
	pair = pair_of(root, 0);
	if (!has_succeeded(root) && o->text != NULL && !is_ours(o, pair))
		a = JOURNAL_CHANGED;
	if (!has_succeeded(root) && o->text == NULL && pair != NULL)
		a = JOURNAL_CHANGED;
	set_value(&v, o->name, has_succeeded(root) ? NULL : pair);
	if (has_succeeded(root) && o->text != NULL) {
		v.revision = revision_now(root);
		v.n = o->ntext - strlen(o->nonce) - 1;
		memcpy(v.text, o->text + strlen(o->nonce) + 1, v.n);
	}
	json_decref(root);
	tell(o, a, &v);
}

static void
ask_put(struct op *o)
{
	ask_txn(o, list(if_revision(value_key(o), o->revision), NULL),
	    list(o->text == NULL ? do_remove(value_key(o)) :
	    do_put(value_key(o), encode(o->text, o->ntext), o->lease), NULL),
	    list(do_read(value_key(o)), NULL), on_put);
}

static void
on_got(void *arg, const struct journal_link_answer *e)
{
	json_t *root = read_answer(e);
	struct journal_value v;
	struct op *o = arg;
	const json_t *pair;
	size_t n = 0;
	char *key;

	if (root == NULL) {
		end(o, JOURNAL_FAILED);
		return;
	}
	pair = json_array_get(json_object_get(root, "kvs"), 0);
	if (o->kind == NEXT && pair != NULL &&
	    (key = get_octets(pair, "key", &n)) != NULL) {
		if (n > JOURNAL_NAME_MAX)
			snprintf(o->name, sizeof(o->name), "%s",
			    key + n - JOURNAL_NAME_MAX);
		free(key);
	}
	set_value(&v, o->name, pair);
	json_decref(root);
	tell(o, JOURNAL_OK, &v);
}

static void
ask_get(struct op *o)
{
	ask(o, "/v3/kv/range", must(json_pack("{s:o}", "key", value_key(o))),
	    on_got);
}

/* From behind the name, where a NUL follows, to the end of the kind. */
static void
ask_next(struct op *o)
{
	const char *kind = journal_value_kind(o->value_kind);
	char from[KEY_ROOM], to[KEY_ROOM];

	snprintf(from, sizeof(from), "%s%s/%s", self.config->journal_prefix,
	    kind, o->name);
	/* '0' is the character behind '/' */
	snprintf(to, sizeof(to), "%s%s0", self.config->journal_prefix, kind);
	ask(o, "/v3/kv/range", must(json_pack("{s:o,s:o,s:s,s:s,s:s}", "key",
	    encode(from, strlen(from) + (o->name[0] != '\0')), "range_end",
	    encode_str(to), "limit", "1", "sort_order", "ASCEND",
	    "sort_target", "KEY")), on_got);
}

/* ---- the check ---- */

static void
on_checked(void *arg, const struct journal_link_answer *e)
{
	struct op *o = arg;
	json_t *root;

	if (is_lease_gone(o, e))
		return;
	root = read_answer(e);
	json_decref(root);
	end(o, root != NULL ? JOURNAL_OK : JOURNAL_FAILED);
}

static void
ask_check(struct op *o)
{
	ask_txn(o, list(if_absent(key_of("check", "")), NULL),
	    list(do_put(key_of("check", ""), encode_str("check"), o->lease),
	    NULL), list(do_read(key_of("check", "")), NULL), on_checked);
}

/* ---- what others call ---- */

/* The next thing to ask for. */
static void
step(struct op *o)
{
	if (!need_lease(o) || !need_claim_lease(o))
		return;
	switch (o->kind) {
	case KEY:
		ask_key(o);
		break;
	case CLAIM:
		ask_claim(o);
		break;
	case RESULT:
		ask_result(o);
		break;
	case GET:
		ask_get(o);
		break;
	case PUT:
		ask_put(o);
		break;
	case NEXT:
		ask_next(o);
		break;
	case CHECK:
		ask_check(o);
		break;
	}
}

static struct op *
new_op(enum kind kind, void *arg)
{
	struct op *o = wipe_must(calloc(1, sizeof(*o)));
	uuid_t id;

	o->kind = kind;
	o->arg = arg;
	o->deadline = clock_ms() + self.config->timeout_journal * 1000;
	uuid_generate_random(id);
	uuid_unparse_lower(id, o->nonce);
	return o;
}

void
journal_etcd_read_key(journal_etcd_key_done done, void *arg)
{
	struct op *o;

	if (self.has_key) {
		done(arg, &self.key);
		return;
	}
	o = new_op(KEY, arg);
	o->key_done = done;
	/* used if there is none yet */
	if (getentropy(o->key.inner, sizeof(o->key.inner)) == -1 ||
	    getentropy(o->key.outer, sizeof(o->key.outer)) == -1)
		fail(o, strerror(errno));
	else
		step(o);
}

int
journal_etcd_open(struct journal *j, const char *key)
{
	memset(j, 0, sizeof(*j));
	j->fd = j->folder = -1;
	if (!journal_record_is_name(key)) {
		snprintf(self.why, sizeof(self.why), "%s", strerror(EINVAL));
		return -1;
	}
	memcpy(j->key, key, sizeof(j->key));
	return 0;
}

/* A claim's or a result's lines; ms: the most that it may take. */
static struct op *
new_record(enum kind kind, struct journal *j, long ms, journal_etcd_done done,
    void *arg)
{
	struct op *o = new_op(kind, arg);
	long long end = clock_ms() + ms;
	size_t lines;

	if (end < o->deadline)
		o->deadline = end;
	o->journal = j;
	o->done = done;
	o->keep = self.config->journal_keep;
	o->lines = wipe_must(journal_record_lines(j, 1, &o->n, &lines));
	return o;
}

void
journal_etcd_claim(struct journal *j, long ms, journal_etcd_done done,
    void *arg)
{
	struct op *o = new_record(CLAIM, j, ms, done, arg);

	strcpy(j->nonce, o->nonce);
	o->claim_end = clock_ms() + ms + CLAIM_AFTER * 1000;
	step(o);
}

void
journal_etcd_result(struct journal *j, long ms, journal_etcd_done done,
    void *arg)
{
	struct op *o = new_record(RESULT, j, ms, done, arg);

	strcpy(o->nonce, j->nonce);
	step(o);
}

/* A value of this name, or one that stands behind it. */
static struct op *
new_value(enum kind kind, enum journal_kind value_kind, const char *name,
    journal_etcd_got got, void *arg)
{
	struct op *o = new_op(kind, arg);

	o->got = got;
	o->value_kind = value_kind;
	snprintf(o->name, sizeof(o->name), "%s", name);
	return o;
}

void
journal_etcd_get(enum journal_kind kind, const char *name,
    journal_etcd_got got, void *arg)
{
	step(new_value(GET, kind, name, got, arg));
}

void
journal_etcd_put(const struct journal_change *c, journal_etcd_got got,
    void *arg)
{
	struct op *o = new_value(PUT, c->kind, c->name, got, arg);
	size_t head = strlen(o->nonce) + 1;

	o->revision = c->revision;
	if (c->n > JOURNAL_VALUE_MAX) {
		fail(o, strerror(EINVAL));
		return;
	}
	if (c->text != NULL) {
		o->keep = c->keep;
		o->ntext = head + c->n;
		o->text = wipe_must(malloc(o->ntext + 1));
		memcpy(o->text, o->nonce, head);
		o->text[head - 1] = '\n';
		memcpy(o->text + head, c->text, c->n);
	}
	step(o);
}

void
journal_etcd_next(enum journal_kind kind, const char *name,
    journal_etcd_got got, void *arg)
{
	step(new_value(NEXT, kind, name, got, arg));
}

void
journal_etcd_check(journal_etcd_done done, void *arg)
{
	struct op *o = new_op(CHECK, arg);

	o->done = done;
	o->keep = CHECK_KEEP;
	step(o);
}
