/*
 * fds: descriptors that others have left open.
 */
#ifndef FDS_H
#define FDS_H

#define FDS_MAX 65536	/* see below */

/*
 * Close all descriptors from this one on; on a system that cannot do so at
 * once (Linux before 5.9) those below FDS_MAX.
 */
void fds_close_from(int);

#endif
