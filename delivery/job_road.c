/*
 * job_road: which gateway is asked, and which one after it.  When the next
 * one is asked is job_send.c's; accounts that must wait are rest.c's.
 */
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "delivery/http.h"
#include "delivery/job_road.h"

/* A gateway that has failed. */
struct rest {
	long long until;	/* clock_ms(); 0: it has not failed */
	int probed;		/* a request finds out whether it is back */
};

static struct {
	const struct config *config;
	const struct descriptor *gateway;	/* the first */
	struct rest rest[CONFIG_GATEWAYS_MAX];
	struct config_road judge;	/* the first alone */
} self;

void
job_road_init(const struct config *c, const struct descriptor *g)
{
	self.config = c;
	self.gateway = g;
	config_road_add(&self.judge, 0);
}

static const struct descriptor *
gateway_at(unsigned index)
{
	const struct descriptor *g = self.gateway;

	while (g->index != index)
		g = g->next;
	return g;
}

/* ---- has a gateway that failed come back? ---- */

static void
begin_rest(struct rest *r)
{
	if (self.config->gateway_rest > 0)
		r->until = clock_ms() + self.config->gateway_rest * 1000;
}

/*
 * Whatever it says of credentials, it is there; a message finds out the rest.
 * Of the address that a connection is made ahead to, any answer will do.
 */
static int
is_back(const struct descriptor *g, const struct http_result *e)
{
	return e->answered && (g->check.url == NULL || (e->status < 500 &&
	    e->status != 408 && e->status != 429));
}

static void
on_probed(void *arg, const struct http_result *e)
{
	const struct descriptor *g = arg;
	struct rest *r = &self.rest[g->index];
	int back = is_back(g, e);

	r->probed = 0;
	if (back)
		r->until = 0;
	else
		begin_rest(r);
	log_event(LOG_INFO, "gateway", "gateway", g->name, "request", "probe",
	    "status", LOG_NUM(e->status), "ms", LOG_NUM(e->ms), "error",
	    e->error, "note", back ? "asked first again" : NULL, NULL);
}

/* Ask it in the background.  If that is impossible, the next message does. */
static void
probe(const struct descriptor *g)
{
	struct rest *rest = &self.rest[g->index];
	struct gateway_request r;

	if (rest->probed)
		return;
	if (gateway_check(g, NULL, &r) == -1 && gateway_warm(g, &r) == -1) {
		rest->until = 0;
		return;
	}
	rest->probed = 1;
	http_start(&r, self.config->timeout_gateway * 1000, on_probed,
	    (void *)(size_t)g);
}

void
job_road_note(const struct descriptor *g, enum job_fate fate)
{
	switch (fate) {
	case JOB_FATE_ACCEPTED:
	case JOB_FATE_PERMANENT:
		self.rest[g->index].until = 0;
		break;
	case JOB_FATE_NOT_TAKEN:
	case JOB_FATE_UNKNOWN:
		begin_rest(&self.rest[g->index]);
		break;
	}
}

/* ---- which gateway ---- */

/* 1 if the gateway cannot take the message; it need not be asked. */
static int
is_impossible(const struct job *j, const struct descriptor *g)
{
	const struct gateway_message m = {
		.text = j->text,
		.options = &j->options,
		.now = time(NULL),
		.login = j->login,
	};
	const char *limit = gateway_limit(g, &m);
	struct abilities a;

	gateway_abilities(g, &a);
	if (j->options.port != 0 && !(a.can & OPTIONS_CAN_DATA))
		limit = "no data";
	/* the session knows what its own can do: others are held to it */
	if (g->index != j->home && (time_t)j->options.schedule > m.now &&
	    !(a.can & OPTIONS_CAN_SCHEDULE))
		limit = "no schedule";
	if (limit != NULL)
		job_trouble(j, g, "send", 0, 0, limit, 0);
	return limit != NULL;
}

const struct descriptor *
job_road_next(const struct job *j, const struct config_road *road,
    unsigned tried)
{
	const struct descriptor *g, *resting = NULL, *due = NULL;
	const struct rest *r;
	size_t i;

	for (i = 0; i < road->n; i++) {
		g = gateway_at(road->gateway[i]);
		if (tried & 1U << g->index || is_impossible(j, g))
			continue;
		r = &self.rest[g->index];
		if (r->until == 0) {
			if (due != NULL)
				probe(due);
			return g;
		}
		if (due == NULL && clock_left(r->until) == 0)
			due = g;
		if (resting == NULL)
			resting = g;
	}
	return resting;
}

/* ---- roads ---- */

int
job_road_is_same(const struct config_road *a, const struct config_road *b)
{
	return a == b || (a != NULL && b != NULL &&
	    memcmp(a, b, sizeof(*a)) == 0);
}

/*
 * A client whom nobody but the first gateway can judge gets no other where
 * that one cannot be asked: others would send on our account for anybody.
 */
static const struct config_road *
permitted(const struct job *j, const struct config_road *road)
{
	if (j->judged || j->dry || self.gateway->check.url != NULL ||
	    job_road_is_same(road, &self.judge))
		return road;
	return memchr(road->gateway, 0, road->n) != NULL ? &self.judge : NULL;
}

static const struct config_road *
choose(const struct job *j, const char *number)
{
	const struct config_road *road = j->own != NULL ? j->own :
	    config_route(self.config, number);
	const struct config_road *may = permitted(j, road);

	if (may == NULL)
		job_trouble(j, gateway_at(road->gateway[0]), "send", 0, 0,
		    "only the first gateway can judge this client", 0);
	return may;
}

void
job_road_choose(struct job *j)
{
	size_t i;

	for (i = 0; i < j->nto; i++)
		j->road[i] = choose(j, j->number[i]);
}
