/*
 * privileges: see privileges.h.
 */
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "session/privileges.h"

const char *
privileges_drop(const char *user)
{
	struct passwd *pw;

	if (user == NULL || geteuid() != 0)
		return NULL;
	if ((pw = getpwnam(user)) == NULL)
		return "there is no such user";
	if (initgroups(user, pw->pw_gid) == -1 || setgid(pw->pw_gid) == -1 ||
	    setuid(pw->pw_uid) == -1 || (pw->pw_uid != 0 && setuid(0) == 0))
		return "cannot become this user";
	return NULL;
}
