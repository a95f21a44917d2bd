/*
 * job_id: ids for a message, its requests and its recipients, made so that a
 * retry has the same ones.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uuid/uuid.h>

#include "common/buf.h"
#include "delivery/job_id.h"

#define NAME_ROOM IPC_FRAME_MAX /* octets that an id is made from */

static void
make_uuid(struct buf *name, char out[JOB_UUID])
{
	static const uuid_t space = {0x5e, 0x1c, 0x07, 0xd6, 0x2b, 0x8f, 0x4f,
	    0x0a, 0x9d, 0x51, 0x3c, 0x1a, 0x64, 0x8b, 0xee, 0x02};
	uuid_t id;

	uuid_generate_sha1(id, space, name->p, name->len);
	uuid_unparse_lower(id, out);
}

/* What identifies a message: whose it is, which one, and what it says. */
static void
name_message(const struct job *j, struct buf *b, const char *key)
{
	ipc_put_str(b, j->user, strlen(j->user));
	ipc_put_str(b, key, strlen(key));
	ipc_put_str(b, j->text, strlen(j->text));
	if (j->options.port != 0) {
		ipc_put_u32(b, j->options.port);
		buf_put(b, j->options.data, j->options.ndata);
	}
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A message's id for these recipients, in whatever order they come. */
static void
make_id(const struct job *j, char *const *numbers, size_t n, const char *key,
    char out[JOB_UUID])
{
	static char storage[NAME_ROOM];
	static char *to[CONFIG_RCPTS_MAX];
	struct buf b;
	size_t i;

	buf_init(&b, storage, sizeof(storage));
	name_message(j, &b, key);
	memcpy(to, numbers, n * sizeof(*to));
	qsort(to, n, sizeof(*to), compare);
	for (i = 0; i < n; i++)
		ipc_put_str(&b, to[i], strlen(to[i]));
	make_uuid(&b, out);
}

void
job_id_key(struct job *j, const struct config *c)
{
	j->window = -1;
	j->dedupe_key = j->message_id[0] != '\0' ? j->message_id :
	    j->date[0] != '\0'		   ? j->date :
					     NULL;
	if (c->dedupe == CONFIG_DEDUPE_TEXT) {
		j->window = (long)(time(NULL) / c->dedupe_window);
		j->dedupe_key = "";
	}
}

void
job_id_request(const struct job *j, char *const *to, size_t n,
    char id[JOB_UUID], char before[JOB_UUID])
{
	char key[32];
	uuid_t random;

	before[0] = '\0';
	if (j->dedupe_key == NULL) {
		uuid_generate_random(random);
		uuid_unparse_lower(random, id);
	} else if (j->window == -1) {
		make_id(j, to, n, j->dedupe_key, id);
	} else {
		snprintf(key, sizeof(key), "window %ld", j->window);
		make_id(j, to, n, key, id);
		snprintf(key, sizeof(key), "window %ld", j->window - 1);
		make_id(j, to, n, key, before);
	}
}

void
job_id_message(const struct job *j, char out[JOB_UUID])
{
	static char storage[NAME_ROOM];
	struct buf b;

	buf_init(&b, storage, sizeof(storage));
	name_message(j, &b, j->dedupe_key);
	make_uuid(&b, out);
}

void
job_id_recipient(const char *number, char out[JOB_UUID])
{
	char storage[64];
	struct buf b;

	buf_init(&b, storage, sizeof(storage));
	ipc_put_str(&b, number, strlen(number));
	make_uuid(&b, out);
}
