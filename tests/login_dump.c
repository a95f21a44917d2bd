/*
 * login_dump: what login.c says of credentials, for tests in other languages
 * and for people.
 *
 * usage: login_dump [-x] [-n times] [-w ms] config user <password
 *        login_dump -t config
 *        login_dump -h name
 *
 * The verdict, the milliseconds that login_begin() and the whole check took,
 * and what the login has of its own.  -x: the user is a certificate's
 * subject.  -w: the check is ended after so many milliseconds, however far
 * it is.  -n: so many checks at once; the verdicts alone are printed.  -t:
 * the errors of the logins; -h: a line for the users file.
 */
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "delivery/login.h"

#define CHECKS_MAX 64

static const char *const verdicts[] = {
	[IPC_VERDICT_OK] = "ok",
	[IPC_VERDICT_WRONG] = "wrong",
	[IPC_VERDICT_TEMPORARY] = "temporary",
};

static const char *const kinds[] = {
	[IPC_PASSWORD] = "password",
	[IPC_BEARER] = "bearer",
	[IPC_EXTERNAL] = "external",
};

static void
report(const char *what)
{
	fprintf(stderr, "%s\n", what);
}

static void
dump(const struct users_profile *p)
{
	const struct options *o = &p->options;
	size_t i;

	if (o->priority_kind != OPTIONS_PRIORITY_NONE)
		printf("priority: %d %d\n", (int)o->priority_kind, o->priority);
	printf("ttl: %lu\nsim: %u\ndevice: %s\nfrom: %s\nreport: %d\n",
	    (unsigned long)o->ttl, o->sim, o->device, o->from, (int)o->report);
	printf("subject: %d\nmax-parts: %ld\nallow:", p->rights.subject,
	    p->rights.max_parts);
	for (i = 0; i < p->rights.nallow; i++)
		printf(" %s", p->rights.allow[i]);
	printf("\n");
	if (p->has_gateway)
		printf("gateway: %s %s %s\n", kinds[p->kind], p->gateway_user,
		    p->gateway_secret);
}

/* Until the check is over or the time is. */
static void
wait_for(const struct login_check *c, int ms)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};

	poll(&p, 1, ms);
}

static void
check_many(const struct config *c, const char *user, const char *secret,
    int times)
{
	static struct login_check check[CHECKS_MAX];
	struct users_profile profile;
	int i;

	for (i = 0; i < times; i++)
		if (login_begin(&check[i], c, IPC_PASSWORD, user, secret,
			&profile) == -1)
			err(71, "login_begin");
	for (i = 0; i < times; i++) {
		wait_for(&check[i], -1);
		printf("%s\n", verdicts[login_end(&check[i])]);
	}
}

static void
check_one(const struct config *c, enum ipc_kind kind, const char *user,
    const char *secret, int ms)
{
	struct login_check check;
	struct users_profile profile;
	long long start = clock_ms(), begun;
	enum ipc_verdict v;

	if (login_begin(&check, c, kind, user, secret, &profile) == -1)
		err(71, "login_begin");
	begun = clock_ms();
	wait_for(&check, ms);
	v = login_end(&check);
	printf("verdict: %s\nbegun: %lld\ntook: %lld\n", verdicts[v],
	    begun - start, clock_ms() - start);
	dump(&profile);
}

int
main(int argc, char **argv)
{
	static char secret[IPC_SECRET_MAX + 1];
	enum ipc_kind kind = IPC_PASSWORD;
	int ch, ms = -1, test = 0, times = 0;
	struct config c;
	size_t n;

	while ((ch = getopt(argc, argv, "h:n:tw:x")) != -1)
		switch (ch) {
		case 'h':
			return login_hash(optarg);
		case 'n':
			times = atoi(optarg);
			break;
		case 't':
			test = 1;
			break;
		case 'w':
			ms = atoi(optarg);
			break;
		case 'x':
			kind = IPC_EXTERNAL;
			break;
		default:
			return 64;
		}
	if (argc - optind != (test ? 1 : 2) || times > CHECKS_MAX)
		return 64;
	if (config_load(&c, argv[optind], NULL, 0, report) == -1)
		return 78;
	log_open("login_dump", 1);
	if (test)
		return login_test(&c, report) == 0 ? 0 : 78;
	n = kind == IPC_EXTERNAL ? 0 : fread(secret, 1, IPC_SECRET_MAX, stdin);
	secret[n] = '\0';
	if (times > 0)
		check_many(&c, argv[optind + 1], secret, times);
	else
		check_one(&c, kind, argv[optind + 1], secret, ms);
	return fflush(stdout) == 0 ? 0 : 74;
}
