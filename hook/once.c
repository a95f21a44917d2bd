/*
 * once: a note is "busy" while the thing is under way, "done" when it has been
 * done.  Whoever dies in between leaves one that is busy, and the gateway,
 * which has had no answer, comes again.
 */
#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "hook/once.h"

enum once
once_do(const struct tools *t, const char *name, int (*act)(void *),
    void (*later)(void *, const char *), void *arg)
{
	char state[JOURNAL_VALUE_MAX + 1];
	int r = note_get(t->notes, name, state);

	if (r == 1 && strcmp(state, "done") == 0)
		return ONCE_REPEATED;
	if (r == 0)
		r = note_claim(t->notes, name, "busy", ONCE_BUSY_LIFE);
	if (r != 0) {
		later(arg, r == 1 ? "it is under way" : strerror(errno));
		return ONCE_LATER;
	}
	if (act(arg) == -1) {
		note_drop(t->notes, name);
		return ONCE_LATER;
	}
	/* it is done: it is no failure that this is not known */
	if (note_put(t->notes, name, "done", ONCE_LIFE, 1) == -1)
		log_event(LOG_ERR, "journal", "folder", t->config->journal,
		    "error", strerror(errno), NULL);
	return ONCE_DONE;
}
