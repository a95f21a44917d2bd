/*
 * landlock: one table of its rights, for all sandboxes.
 */
#include <errno.h>

#include "common/landlock.h"

#if defined(__linux__)

#include <sys/syscall.h>

#include <linux/landlock.h>

#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule	    445
#define SYS_landlock_restrict_self  446
#endif

#define SCOPE_SOCKET 1U	/* abstract sockets */
#define SCOPE_SIGNAL 2U

#define KEEP_FILES \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | \
	LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG)

/*
 * The rights by the version that added them, as numbers: the headers of the
 * system that builds may be older than the kernel that runs.
 */
static const struct {
	int version;
	uint64_t fs, net, scoped;
} rights[] = {
	{1, (1ULL << 13) - 1, 0, 0},
	{2, 1ULL << 13, 0, 0},		/* refer */
	{3, 1ULL << 14, 0, 0},		/* truncate */
	{4, 0, 3, 0},			/* bind and connect of TCP */
	{5, 1ULL << 15, 0, 0},		/* ioctl of devices */
	{6, 0, 0, SCOPE_SOCKET | SCOPE_SIGNAL},
};

struct ruleset {
	uint64_t fs, net, scoped;
};

int
landlock_version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

/* A ruleset that names rights and has no rules forbids them all. */
static int
create(int version, unsigned permits)
{
	struct ruleset set = {0, 0, 0};
	size_t i, size = version >= 6 ? 24 : version >= 4 ? 16 : 8;

	for (i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		if (rights[i].version > version)
			break;
		set.fs |= rights[i].fs;
		set.net |= rights[i].net;
		set.scoped |= rights[i].scoped;
	}
	if (permits & LANDLOCK_SIGNALS)
		set.scoped &= ~(uint64_t)SCOPE_SIGNAL;
	return (int)syscall(SYS_landlock_create_ruleset, &set, size, 0U);
}

int
landlock_create(int version, int folder, unsigned permits)
{
	struct landlock_path_beneath_attr beneath = {
		.allowed_access = permits & LANDLOCK_KEEP_FILES ?
		    KEEP_FILES : LANDLOCK_ACCESS_FS_READ_FILE,
		.parent_fd = folder,
	};
	int fd = create(version, permits);

	if (fd == -1 || folder == -1 ||
	    syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH,
		&beneath, 0U) == 0)
		return fd;
	close(fd);
	return -1;
}

int
landlock_enter(int fd)
{
	return (int)syscall(SYS_landlock_restrict_self, fd, 0U);
}

int
landlock_restrict(int version, int folder, unsigned permits)
{
	int fd = landlock_create(version, folder, permits), result;

	if (fd == -1)
		return -1;
	result = landlock_enter(fd);
	close(fd);
	return result;
}

#else

int
landlock_version(void)
{
	errno = ENOSYS;
	return -1;
}

int
landlock_create(int version, int folder, unsigned permits)
{
	(void)version;
	(void)folder;
	(void)permits;
	errno = ENOSYS;
	return -1;
}

int
landlock_enter(int fd)
{
	(void)fd;
	errno = ENOSYS;
	return -1;
}

int
landlock_restrict(int version, int folder, unsigned permits)
{
	return landlock_create(version, folder, permits);
}

#endif
