/*
 * config: reads /etc/smtp2sms.conf and -o key=value.  The file has no secrets,
 * only the paths of secrets.  smtp2sms.conf(5) is its manual.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stddef.h>

#include "common/number.h"

#ifndef SYSCONFDIR	/* the Makefile gives it */
#define SYSCONFDIR "/etc"
#endif

#define CONFIG_FILE	  SYSCONFDIR "/smtp2sms.conf"
#define CONFIG_SIZE_MAX	  (64 * 1024)	/* octets of the file */
#define CONFIG_WORDS_MAX  128		/* words on a line */
#define CONFIG_OVERRIDES_MAX 64		/* -o options */
#define CONFIG_RCPTS_MAX  1000		/* bound of max-recipients */
#define CONFIG_GATEWAYS_MAX 8
#define CONFIG_NAME_MAX	  63		/* octets of a gateway's name */

#define CONFIG_PROGRAM_MAX 32		/* words of checkpassword's program */

enum config_auth {
	CONFIG_AUTH_GATEWAY,
	CONFIG_AUTH_NONE,
	CONFIG_AUTH_ANY,		/* whatever is given */
	CONFIG_AUTH_USERS,		/* FILE */
	CONFIG_AUTH_CHECKPASSWORD	/* PROGRAM... */
};
enum config_clear { CONFIG_CLEAR_NO, CONFIG_CLEAR_LOCAL, CONFIG_CLEAR_YES };
enum config_lf { CONFIG_LF_NO, CONFIG_LF_YES, CONFIG_LF_ALL };
enum config_sender { CONFIG_SENDER_MAIL, CONFIG_SENDER_FIXED };
enum config_dedupe { CONFIG_DEDUPE_MESSAGE, CONFIG_DEDUPE_TEXT };
enum config_unknown { CONFIG_UNKNOWN_RETRY, CONFIG_UNKNOWN_DROP };
enum config_over { CONFIG_OVER_REFUSE, CONFIG_OVER_DIGEST };
enum config_sandbox { CONFIG_SANDBOX_REQUIRED, CONFIG_SANDBOX_BEST_EFFORT };
enum config_receipts { CONFIG_RECEIPTS_NO, CONFIG_RECEIPTS_MAIL };
enum config_replies { CONFIG_REPLIES_DOCUMENTED, CONFIG_REPLIES_RETRY };

struct config_list {
	char **v;
	size_t n;
};

struct config_pair {
	char *name, *value;
	char *where;		/* "FILE:LINE", or "-o" */
};

struct config_pairs {
	struct config_pair *v;
	size_t n;
};

/* Of the flood guard: at most n texts in so many seconds. */
enum config_rate_kind {
	CONFIG_RATE_RECIPIENT,
	CONFIG_RATE_LOGIN,
	CONFIG_RATE_TOTAL
};
#define CONFIG_RATE_KINDS 3
#define CONFIG_RATES_EACH 4		/* rules of a kind */

struct config_rate {
	enum config_rate_kind kind;
	long n, seconds;
};

struct config_alias {
	char *name;
	int line;			/* config.c's: where it stands */
	struct config_list numbers;
};

/* Gateways by their positions in `gateway`, in the order of trying. */
struct config_road {
	unsigned char n;
	unsigned char gateway[CONFIG_GATEWAYS_MAX];
};

struct config_route {
	char prefix[NUMBER_SIZE];	/* "+49"; "": all other numbers */
	int line;			/* config.c's: where it stands */
	struct config_list names;
	struct config_road road;	/* ... and what they stand for */
};

/* A network of IPv6, or of IPv4 mapped into it; or "local": pipes. */
struct config_net {
	unsigned char addr[16];
	unsigned bits;
	int local;
};

struct config {
	const char *file;
	int *lines;			/* of the keywords; for config.c */
	char *hostname;
	struct config_list domain;	/* in lower case */
	char *gateway, *descriptors, *libexec, *gateway_ca;
	struct config_list next_gateways; /* tried after the first */
	struct config_road all;		/* of them */
	struct {
		struct config_route *v;
		size_t n;
	} route;
	char *gateway_cert, *gateway_key; /* of ours; both or neither */
	struct config_pairs set, secret;
	int auth, auth_check, auth_without_tls, auth_legacy;
	char *tls_cert, *tls_key, *tls_client_ca, *user;
	int require_tls, proxy_protocol;
	struct {
		struct config_net *v;
		size_t n;
	} trust;
	struct config_list sender_allow; /* in lower case */
	struct number_rules number;
	char *country;
	struct config_list allow, deny;
	struct {
		struct config_alias *v;
		size_t n;
	} alias;
	long max_size, max_recipients, max_messages, max_errors;
	long max_auth_failures;
	long timeout_command, timeout_data, timeout_session;
	long timeout_greeting, timeout_gateway, timeout_tls; /* seconds */
	long timeout_delivery, gateway_rest;
	char *template;			/* what an SMS says; NULL: subject */
	int subject, keep_signature, alphabet, overlong, accept_bounces;
	long max_parts;
	int links;
	int replies, log_stderr, bare_lf;
	int sender, options, accept_bad;
	long max_hold;			/* seconds; FUTURERELEASE */
	char *users;			/* auth users */
	struct config_list checkpassword; /* auth checkpassword */
	int dedupe, on_unknown;
	long dedupe_window, journal_keep; /* seconds */
	int journal_required;
	long unknown_tries;		/* 0: never again */
	char *journal;			/* a folder; NULL: none */
	struct config_list journal_etcd; /* or members of a cluster */
	char *journal_prefix, *journal_user, *journal_secret;
	char *journal_ca, *journal_cert, *journal_key;
	long timeout_journal;		/* seconds */
	struct config_rate rate[CONFIG_RATE_KINDS * CONFIG_RATES_EACH];
	size_t nrates;			/* sorted by their kind */
	int over;			/* enum config_over */
	char *metrics;			/* a file; NULL: none are kept */
	char *delivery;			/* an agent's socket; NULL: spawn */
	long agent_idle;		/* seconds */
	long agent_clients, agent_requests;
	struct config_list agent_users;
	int sandbox;			/* enum config_sandbox */
	/* of smtp2sms-hook */
	int receipts;
	long receipts_for;		/* seconds */
	char *replies_to;		/* an address; NULL: none */
	long replies_for;		/* seconds; 0: replies are not matched */
	char *sendmail;			/* a program, */
	char *mail_relay;		/* or if not NULL the URL of a server */
	/* of a listener; 0: no limit, or never */
	long listen_idle;		/* seconds; -1: not set */
	long max_sessions, max_sessions_per_source;
	long max_auth_failures_per_source;
};

/* Reports an error: "FILE:LINE: what is wrong". */
typedef void (*config_report)(const char *);

/*
 * Set the defaults, then read the file and the overrides ("key=value").  The
 * string file must live as long as c.  Every error is reported.  Returns 0, or
 * -1 if there was one; log_stderr is then set as far as it could be read.
 */
int config_load(struct config *c, const char *file, char *const *overrides,
    size_t n, config_report);

/* Free all that config_load() has allocated. */
void config_free(struct config *);

/*
 * Report that a keyword's value turned out to be wrong later: "FILE:LINE: " or
 * "-o: " and the text.  Returns -1.
 */
int config_error(const struct config *, const char *keyword, config_report,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * Split a line in place into at most max words, which blanks separate; quotes
 * hold a word together, '#' at the start of a word begins a comment.  Returns
 * the number of words, or one of the errors below.
 */
#define CONFIG_OPEN_QUOTE (-1)
#define CONFIG_MANY_WORDS (-2)
int config_split(char *, char *word[], int max);

/* The names of enum text_subject, in its order, and NULL. */
extern const char *const config_subjects[];

/* Parse N/PERIOD, as 10/10m.  0, or -1. */
int config_parse_rate(const char *, long *n, long *seconds);

/* The value that a `set` or `secret` line gave to a name, or NULL. */
const char *config_find(const struct config_pairs *, const char *name);

/* The i-th gateway in the order of trying, from 0 on; NULL: there is none. */
const char *config_gateway(const struct config *, size_t i);

/* The name of a gateway: a path without its folders and its ".json". */
void config_gateway_name(const char *gateway, char out[CONFIG_NAME_MAX + 1]);

/* The position of the gateway of that name; -1: there is none. */
int config_find_gateway(const struct config *, const char *name);

/* Put it at the end of a road.  -1: it is there already. */
int config_road_add(struct config_road *, int gateway);

/*
 * The gateways for a number in its one form: those of the longest prefix in
 * `route`.  A short code has no prefix.
 */
const struct config_road *config_route(const struct config *,
    const char *number);

/* 1 if there is a journal, of whatever kind. */
int config_has_journal(const struct config *);

/* The seconds for all gateways together. */
long config_timeout_delivery(const struct config *);

/*
 * The alias of this name, in any letter case, or NULL.  The alias "*" is for
 * all that is neither another alias nor a number.
 */
const struct config_alias *config_find_alias(const struct config *,
    const char *name);

/*
 * 1 if receipts become mail: they may, there is a journal to remember who
 * wants one, and webhooks can be verified.
 */
int config_has_receipts(const struct config *);

/* 1 if the address (as text; "local" for pipes) is in a trusted network. */
int config_trusts(const struct config *, const char *peer);

/* Parse an IP address as text to IPv6 or mapped IPv4.  0, or -1. */
int config_ip(const char *, unsigned char out[16]);

#endif
