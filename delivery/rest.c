/*
 * rest: accounts that must not be used for a while.  They are known by a
 * digest under a random name space, since one login's limit is not another's
 * and the table must not hold passwords.
 */
#include <string.h>

#include <uuid/uuid.h>

#include "common/buf.h"
#include "common/clock.h"
#include "delivery/rest.h"

static struct rest {
	uuid_t account;
	long long until;	/* clock_ms(); 0: free */
	enum ipc_outcome outcome;
	long status;
} rests[REST_MAX];

static void
digest(unsigned gateway, const struct gateway_login *l, uuid_t out)
{
	static uuid_t space;
	static char storage[IPC_USER_MAX + IPC_SECRET_MAX + 20];
	struct buf b;

	if (uuid_is_null(space))
		uuid_generate_random(space);
	buf_init(&b, storage, sizeof(storage));
	ipc_put_u32(&b, gateway);
	if (l != NULL) {
		ipc_put_u8(&b, l->kind);
		ipc_put_str(&b, l->user, strlen(l->user));
		ipc_put_str(&b, l->secret, strlen(l->secret));
	}
	uuid_generate_sha1(out, space, b.p, b.len);
	buf_wipe(&b);
}

/* The account's entry, or the one that ends first: it makes room. */
static struct rest *
find(const uuid_t account)
{
	struct rest *r, *first = rests;

	for (r = rests; r < rests + REST_MAX; r++) {
		if (r->until != 0 && uuid_compare(r->account, account) == 0)
			return r;
		if (r->until < first->until)
			first = r;
	}
	return first;
}

void
rest_begin(unsigned gateway, const struct gateway_login *l, long seconds,
    enum ipc_outcome o, long status)
{
	struct rest *r;
	uuid_t account;

	digest(gateway, l, account);
	r = find(account);
	uuid_copy(r->account, account);
	r->until = clock_ms() +
	    1000LL * (seconds < REST_SECONDS ? seconds : REST_SECONDS);
	r->outcome = o;
	r->status = status;
}

long
rest_left(unsigned gateway, const struct gateway_login *l,
    enum ipc_outcome *o, long *status)
{
	const struct rest *r;
	uuid_t account;

	digest(gateway, l, account);
	r = find(account);
	if (r->until == 0 || uuid_compare(r->account, account) != 0)
		return 0;
	*o = r->outcome;
	*status = r->status;
	return (clock_left(r->until) + 999) / 1000;
}
