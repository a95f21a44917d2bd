/* rate_value: windows, what is held back, and how both are written down. */
#include "delivery/rate_value.h"
#include "tap.h"

static char storage[8193];

static const char *
counter_text(const struct rate_counter *c)
{
	struct buf b;

	buf_init(&b, storage, sizeof(storage));
	rate_counter_write(c, &b);
	return b.overflow ? "overflow" : storage;
}

static const char *
held_text(const struct rate_held *h)
{
	struct buf b;

	buf_init(&b, storage, sizeof(storage));
	rate_held_write(h, &b);
	return b.overflow ? "overflow" : storage;
}

static void
test_windows(void)
{
	static const struct config_rate rules[] = {
		{CONFIG_RATE_TOTAL, 3, 60}, {CONFIG_RATE_TOTAL, 5, 3600}};
	struct rate_counter c;
	long long until;

	rate_counter_read(&c, "");
	tap_ok(rate_counter_take(&c, rules, 2, 2, 0, 1000, &until) == 2 &&
	    until == 0, "two of three");
	tap_ok(rate_counter_take(&c, rules, 2, 2, 0, 1010, &until) == 1 &&
	    until == 1060, "one is left, until the minute is over");
	tap_ok(rate_counter_take(&c, rules, 2, 1, 0, 1059, &until) == 0,
	    "none in its last second");
	tap_is(counter_text(&c), "60 1000 3\n3600 1000 3\n", "as text");
	rate_counter_read(&c, "60 1000 3\n3600 1000 3\n");
	tap_ok(rate_counter_take(&c, rules, 2, 9, 0, 1060, &until) == 2 &&
	    until == 4600, "the next minute begins, the hour goes on");
	tap_ok(rate_counter_take(&c, rules, 2, 4, 1, 1061, &until) == 4,
	    "force takes all");
	tap_is(counter_text(&c), "60 1060 6\n3600 1000 9\n", "and counts");
	tap_ok(rate_counter_take(&c, rules, 2, 1, 0, 4600, &until) == 1,
	    "all windows are over");
	tap_ok(rate_counter_take(&c, rules, 2, 1, 0, 900, &until) == 1,
	    "a clock that was set back begins anew");
	rate_counter_read(&c, "60 1000 3\nnonsense\n3600 1000 -1\n3600 1000 5");
	tap_is(counter_text(&c), "60 1000 3\n", "what is no line is left out");
}

static void
test_give(void)
{
	struct rate_counter c;

	rate_counter_read(&c, "60 1000 3\n3600 500 9\n");
	rate_counter_give(&c, 2, 1000);
	tap_is(counter_text(&c), "60 1000 1\n3600 500 7\n", "two come back");
	rate_counter_give(&c, 1, 999);
	tap_is(counter_text(&c), "60 1000 1\n3600 500 6\n",
	    "not to a window that began later");
	rate_counter_give(&c, 5, 2000);
	tap_is(counter_text(&c), "60 1000 0\n3600 500 1\n", "never below 0");
}

static void
test_held(void)
{
	struct rate_held h, again;
	char text[RATE_TEXT_MAX];

	tap_ok(rate_held_read(&h, "") == 0 && h.pile.n == 0, "nothing yet");
	strcpy(h.number, "+4915112345678");
	rate_held_add(&h, "bob", 100);
	rate_held_add(&h, "ann", 90);
	rate_held_add(&h, "bob", 120);
	tap_is(held_text(&h),
	    "n +4915112345678\np 3 120\nf 2 bob\nf 1 ann\n", "a pile");
	rate_held_tell(&h, "digest.120", 180);
	rate_held_add(&h, "joe r", 200);
	tap_is(held_text(&h), "n +4915112345678\np 1 200\nf 1 joe r\n"
	    "t 3 180 digest.120 120\nf 2 bob\nf 1 ann\n",
	    "what is being told grows no more");
	tap_ok(rate_held_read(&again, storage) == 0 &&
	    memcmp(&h, &again, sizeof(h)) == 0, "it is read as it was");
	rate_held_text(&h, text);
	tap_is(text, "3 messages held back: bob (2), ann (1)", "in words");
	rate_held_untell(&h);
	tap_is(held_text(&h),
	    "n +4915112345678\np 4 200\nf 1 joe r\nf 2 bob\nf 1 ann\n",
	    "not told: all is one pile again");
	tap_ok(rate_held_read(&h, "n +491\nx\n") == -1 && h.number[0] == '\0',
	    "a wrong line: none of it counts");
}

static void
test_untold(void)
{
	struct rate_held h;

	rate_held_read(&h, "n +491\np 3 120\nf 3 bob\n");
	rate_held_tell(&h, "0c5e0000-0000-5000-8000-000000000000", 420);
	held_text(&h);
	rate_held_read(&h, storage);
	tap_ok(h.told.due == 420, "a message has until then to tell it");
	rate_held_untell(&h);
	tap_is(held_text(&h), "n +491\np 3 120\nf 3 bob\n",
	    "not told: it is due when it was before");
	rate_held_read(&h, "n +491\nt 3 420 0c5e\n");
	rate_held_untell(&h);
	tap_is(held_text(&h), "n +491\np 3 420\n",
	    "a value without that time is due at the other");
}

static void
test_stale(void)
{
	static const char by_message[] =
	    "n +491\nt 3 180 0c5e0000-0000-5000-8000-000000000000\n";
	struct rate_held h;

	rate_held_read(&h, by_message);
	rate_held_end_stale(&h, CONFIG_UNKNOWN_RETRY, 179);
	tap_ok(h.told.n == 3, "its message may still be on its way");
	rate_held_end_stale(&h, CONFIG_UNKNOWN_RETRY, 180);
	tap_ok(h.told.n == 0 && h.pile.n == 3, "retry: told again");
	rate_held_read(&h, by_message);
	rate_held_end_stale(&h, CONFIG_UNKNOWN_DROP, 180);
	tap_ok(h.told.n == 0 && h.pile.n == 0, "drop: never again");
	rate_held_read(&h, "n +491\nt 3 180 digest.1\n");
	rate_held_end_stale(&h, CONFIG_UNKNOWN_DROP, 180);
	tap_ok(h.told.n == 3, "a digest is sent again as the same message");
}

static void
test_limits(void)
{
	char name[RATE_NAME_MAX + 8], text[RATE_TEXT_MAX];
	struct rate_held h;
	int i;

	memset(&h, 0, sizeof(h));
	for (i = 0; i < RATE_FROM_MAX + 3; i++) {
		snprintf(name, sizeof(name), "sender%d", i);
		rate_held_add(&h, name, 10);
	}
	tap_ok(h.pile.n == RATE_FROM_MAX + 3 && h.pile.nfrom == RATE_FROM_MAX,
	    "RATE_FROM_MAX senders have names");
	rate_held_tell(&h, "digest.10", 20);
	rate_held_text(&h, text);
	tap_ok(strstr(text, ", others (3)") != NULL, "the others are others");
	memset(&h, 0, sizeof(h));
	memset(name, 'n', sizeof(name));
	memcpy(name + RATE_NAME_MAX - 1, "\xc3\xbc" "x", 4);
	rate_held_add(&h, name, 10);
	tap_ok(strlen(h.pile.from[0].name) == RATE_NAME_MAX - 1,
	    "a name is cut before a character that does not fit");
	memset(&h, 0, sizeof(h));
	rate_held_add(&h, "a\nf 9 evil", 10);
	tap_is(held_text(&h), "n \np 1 10\nf 1 af 9 evil\n",
	    "a name is no line of its own");
	for (i = 0; i < RATE_FROM_MAX; i++) {
		memset(name, 'a' + i, RATE_NAME_MAX);
		name[RATE_NAME_MAX] = '\0';
		rate_held_add(&h, name, 10);
	}
	rate_held_tell(&h, "digest.10", 20);
	rate_held_text(&h, text);
	tap_ok(strlen(text) > 300 && strncmp(text, "9 messages", 10) == 0,
	    "the longest text fits RATE_TEXT_MAX");
}

int
main(void)
{
	test_windows();
	test_give();
	test_held();
	test_untold();
	test_stale();
	test_limits();
	return tap_done();
}
