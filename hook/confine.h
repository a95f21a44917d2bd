/*
 * confine: what smtp2sms-hook may still do once it reads what came.
 */
#ifndef CONFINE_H
#define CONFINE_H

/*
 * From here on: the descriptors that are open, memory, time, and the files in
 * the journal's folder; no other files, no sockets, no processes, no exec.
 * What is not allowed fails with EPERM or EACCES.  Returns 0, or -1 with errno
 * if the system cannot do it.  With best_effort the parts that the system has
 * are enough.
 */
int confine_enter(int best_effort, const char *journal);

#endif
