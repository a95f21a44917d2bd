/* ipc and buf: what one side writes the other reads, and nothing else. */
#include <stdlib.h>

#include "common/buf.h"
#include "common/ipc.h"
#include "tap.h"

static void
test_round(void)
{
	char storage[256], out[16];
	struct ipc_frame f;
	struct buf b;

	buf_init(&b, storage, sizeof(storage));
	ipc_begin(&b, REQ_SEND);
	ipc_put_u8(&b, 200);
	ipc_put_u32(&b, 0xdeadbeef);
	ipc_put_str(&b, "text", 4);
	ipc_put_str(&b, "", 0);
	tap_ok(ipc_end(&b) == 0, "a frame is made");
	tap_ok(ipc_size(b.p, b.len) == (long)b.len, "its size is known");
	tap_ok(ipc_size(b.p, 3) == 0, "three octets do not tell it");
	ipc_open(&f, b.p, b.len);
	tap_ok(f.type == REQ_SEND, "type");
	tap_ok(ipc_get_u8(&f) == 200, "u8");
	tap_ok(ipc_get_u32(&f) == 0xdeadbeef, "u32");
	tap_ok(ipc_close(&f) == -1, "what is left over is refused");
	ipc_get_str(&f, out, 4);
	tap_is(out, "text", "str at its limit");
	ipc_get_str(&f, out, 0);
	tap_is(out, "", "empty str");
	tap_ok(ipc_close(&f) == 0, "all is read");
	ipc_get_u8(&f);
	tap_ok(ipc_close(&f) == -1, "a read behind the end is sticky");
}

static void
test_hostile(void)
{
	static const char huge[] = "\0\x08\0\1\5", none[] = "\0\0\0\0";
	static const char nul[] = "\0\0\0\7\5\0\0\0\2a\0";
	static const char lie[] = "\0\0\0\6\5\xff\xff\xff\xff" "a";
	char out[16];
	struct ipc_frame f;

	tap_ok(ipc_size(huge, 5) == -1, "over IPC_FRAME_MAX");
	tap_ok(ipc_size("\0\x08\0\0", 4) == IPC_FRAME_MAX + IPC_HEAD,
	    "at IPC_FRAME_MAX");
	tap_ok(ipc_size(none, 4) == -1, "no type");
	ipc_open(&f, nul, 11);
	ipc_get_str(&f, out, 15);
	tap_ok(ipc_close(&f) == -1, "a NUL in a string");
	ipc_open(&f, lie, 10);
	ipc_get_str(&f, out, 15);
	tap_ok(ipc_close(&f) == -1, "a length that lies");
	ipc_open(&f, "\0\0\0\7\5\0\0\0\2ab", 11);
	ipc_get_str(&f, out, 1);
	tap_ok(ipc_close(&f) == -1 && out[0] == '\0', "longer than the room");
}

static void
test_overflow(void)
{
	char storage[16];
	struct buf b;

	buf_init(&b, storage, sizeof(storage));
	ipc_begin(&b, REQ_WARM);
	ipc_put_str(&b, "0123456789", 10);
	tap_ok(ipc_end(&b) == -1, "a frame that does not fit is none");
	buf_reset(&b);
	buf_puts(&b, "0123456789abcde");
	tap_ok(!b.overflow && b.len == 15, "cap - 1 octets fit");
	buf_putc(&b, 'x');
	tap_ok(b.overflow && b.len == 15, "one more does not");
	buf_reset(&b);
	buf_fmt(&b, "%s", "0123456789abcdef");
	tap_ok(b.overflow && b.len == 0, "formatted: all or nothing");
	buf_reset(&b);
	buf_puts(&b, "secret");
	buf_wipe(&b);
	tap_ok(memcmp(storage, "\0\0\0\0\0\0", 6) == 0, "wiped");
}

static void
test_base64(void)
{
	static const char *const rows[][2] = {{"", ""}, {"f", "Zg=="},
	    {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
	    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
	char storage[32];
	struct buf b;
	size_t i;

	buf_init(&b, storage, sizeof(storage));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&b);
		buf_base64(&b, rows[i][0], strlen(rows[i][0]));
		tap_is(b.p, rows[i][1], "base64, RFC 4648, section 10");
	}
}

static void
test_ids(void)
{
	char s[IPC_ID_MAX + 2];

	tap_ok(ipc_is_id("5e1c07d6-2b8f-4f0a-9d51-3c1a648bee02"), "a UUID");
	tap_ok(ipc_is_id(""), "none");
	tap_ok(!ipc_is_id("a b"), "a blank");
	tap_ok(!ipc_is_id("a\r\n250 x"), "a line end");
	memset(s, 'a', sizeof(s));
	s[IPC_ID_MAX + 1] = '\0';
	tap_ok(!ipc_is_id(s), "over IPC_ID_MAX");
	s[IPC_ID_MAX] = '\0';
	tap_ok(ipc_is_id(s), "at IPC_ID_MAX");
}

int
main(void)
{
	test_round();
	test_hostile();
	test_overflow();
	test_base64();
	test_ids();
	return tap_done();
}
