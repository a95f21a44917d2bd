/*
 * job_id: ids for a message, its requests and its recipients, made so that a
 * retry has the same ones.
 *
 * What an id is made from is a list of fields, each with its length in front
 * or of a fixed length: no two lists are the same octets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uuid/uuid.h>

#include "common/buf.h"
#include "delivery/credible.h"
#include "delivery/job_id.h"

#define NAME_ROOM IPC_FRAME_MAX /* octets that an id is made from */

static const uuid_t space = {0x5e, 0x1c, 0x07, 0xd6, 0x2b, 0x8f, 0x4f, 0x0a,
    0x9d, 0x51, 0x3c, 0x1a, 0x64, 0x8b, 0xee, 0x02};

static void
make_uuid(struct buf *name, char out[JOB_UUID])
{
	uuid_t id;

	uuid_generate_sha1(id, space, name->p, name->len);
	uuid_unparse_lower(id, out);
	explicit_bzero(name->p, name->len);
}

static void
put_str(struct buf *b, const char *s)
{
	ipc_put_str(b, s, strlen(s));
}

/* ---- whose it is ---- */

enum owner { OWNER_SENDER, OWNER_USER, OWNER_TOKEN };

/*
 * A bearer token as a name.  It cannot be guessed from that, since no token
 * can be guessed (RFC 6750, 5.2).
 */
static void
digest_token(const struct job *j, char out[JOB_UUID])
{
	uuid_t id;

	uuid_generate_sha1(id, space, j->login->secret,
	    strlen(j->login->secret));
	uuid_unparse_lower(id, out);
}

/*
 * Who the message is from.  Where nobody logs in, one identity would be
 * everybody's: the envelope sender tells them apart.  A bearer token that
 * comes without a name is a name itself, by its digest.
 */
static void
put_owner(const struct job *j, struct buf *b)
{
	char digest[JOB_UUID];

	if (!j->logged_in) {
		ipc_put_u8(b, OWNER_SENDER);
		put_str(b, j->sender);
	} else if (j->user[0] != '\0' || j->login == NULL) {
		ipc_put_u8(b, OWNER_USER);
		put_str(b, j->user);
	} else {
		digest_token(j, digest);
		ipc_put_u8(b, OWNER_TOKEN);
		put_str(b, digest);
	}
}

/*
 * What binds a journal's record to the secret of a user whom nobody has
 * verified: HMAC (RFC 2104) with SHA-1, whose two keys fill a block each.
 * uuid_generate_sha1 hashes its name space and its name, one behind the other,
 * and keeps 122 bits; so it hashes 16 octets of the key, its other 48, and
 * then the text.  Without the key nobody can tell a right guess of the secret
 * from a wrong one, or make a record that is another's.  The inner hash is
 * never shown, and the outer one is over a text of one length, so that none
 * can be extended.
 */
static void
put_proof(const struct job *j, const struct journal_key *key, struct buf *b)
{
	static char text[JOURNAL_KEY_BLOCK - sizeof(uuid_t) + IPC_SECRET_MAX];
	const size_t head = JOURNAL_KEY_BLOCK - sizeof(uuid_t);
	size_t n = strlen(j->login->secret);
	uuid_t id;

	memcpy(text, key->inner + sizeof(uuid_t), head);
	memcpy(text + head, j->login->secret, n);
	uuid_generate_sha1(id, key->inner, text, head + n);
	explicit_bzero(text, head + n);
	memcpy(text, key->outer + sizeof(uuid_t), head);
	memcpy(text + head, id, sizeof(id));
	uuid_generate_sha1(id, key->outer, text, head + sizeof(id));
	explicit_bzero(text, head + sizeof(id));
	buf_put(b, id, sizeof(id));
}

/* ---- which one it is, and what it says ---- */

static void
put_identity(const struct job *j, struct buf *b, long window)
{
	int by_id = j->identity == JOB_BY_ID ||
	    j->identity == JOB_BY_ID_AND_DATE;
	int by_date = j->identity == JOB_BY_DATE ||
	    j->identity == JOB_BY_ID_AND_DATE;

	ipc_put_u8(b, j->identity);
	put_str(b, by_id ? j->message_id : "");
	put_str(b, by_date ? j->date : "");
	ipc_put_u32(b, (uint32_t)window);
}

/*
 * The text, and all options, since each of them changes what is sent.  The
 * schedule counts as the client said it: HOLDFOR is the same at a retry, the
 * time that comes of it is not.
 */
static void
put_content(const struct job *j, struct buf *b)
{
	struct options o = j->options;

	o.schedule = 0;
	put_str(b, j->text);
	options_put(b, &o);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A message's id for these recipients, in whatever order they come. */
static void
make_id(const struct job *j, char *const *numbers, size_t n, long window,
    char out[JOB_UUID])
{
	static char storage[NAME_ROOM];
	static char *to[CONFIG_RCPTS_MAX];
	struct buf b;
	size_t i;

	buf_init(&b, storage, sizeof(storage));
	put_owner(j, &b);
	put_identity(j, &b, window);
	put_content(j, &b);
	memcpy(to, numbers, n * sizeof(*to));
	qsort(to, n, sizeof(*to), compare);
	for (i = 0; i < n; i++)
		put_str(&b, to[i]);
	make_uuid(&b, out);
}

static enum job_identity
identity_of(const struct job *j, time_t now)
{
	int dated = credible_date(j->date, now);

	if (j->message_id[0] == '\0')
		return dated ? JOB_BY_DATE : JOB_UNIQUE;
	if (credible_message_id(j->message_id))
		return JOB_BY_ID;
	return dated ? JOB_BY_ID_AND_DATE : JOB_UNIQUE;
}

void
job_id_identify(struct job *j, const struct config *c, time_t now)
{
	j->window = -1;
	if (j->digest) {
		j->identity = JOB_BY_ID;
	} else if (c->dedupe == CONFIG_DEDUPE_TEXT) {
		j->identity = JOB_BY_TEXT;
		j->window = (long)(now / c->dedupe_window);
	} else {
		j->identity = identity_of(j, now);
	}
}

void
job_id_request(const struct job *j, char *const *to, size_t n,
    char id[JOB_UUID], char before[JOB_UUID])
{
	uuid_t random;

	before[0] = '\0';
	if (j->identity == JOB_UNIQUE) {
		uuid_generate_random(random);
		uuid_unparse_lower(random, id);
		return;
	}
	make_id(j, to, n, j->window, id);
	if (j->identity == JOB_BY_TEXT)
		make_id(j, to, n, j->window - 1, before);
}

int
job_id_needs_key(const struct job *j)
{
	return j->logged_in && !j->verified && j->login != NULL;
}

void
job_id_message(const struct job *j, const struct journal_key *key,
    char out[JOB_UUID])
{
	static char storage[NAME_ROOM];
	struct buf b;

	buf_init(&b, storage, sizeof(storage));
	put_owner(j, &b);
	/* of windows the journal counts the time of each recipient */
	put_identity(j, &b, 0);
	put_content(j, &b);
	if (job_id_needs_key(j))
		put_proof(j, key, &b);
	make_uuid(&b, out);
}

void
job_id_recipient(const char *number, char out[JOB_UUID])
{
	char storage[64];
	struct buf b;

	buf_init(&b, storage, sizeof(storage));
	put_str(&b, number);
	make_uuid(&b, out);
}

void
job_id_login(const struct job *j, char out[JOB_UUID])
{
	char digest[JOB_UUID];

	if (j->verified || j->login == NULL || j->login->kind != IPC_BEARER) {
		job_id_name("rate login", j->user, out);
		return;
	}
	digest_token(j, digest);
	job_id_name("rate token", digest, out);
}

void
job_id_name(const char *kind, const char *what, char out[JOB_UUID])
{
	char storage[IPC_USER_MAX + 64];
	struct buf b;

	buf_init(&b, storage, sizeof(storage));
	put_str(&b, kind);
	put_str(&b, what);
	make_uuid(&b, out);
}
