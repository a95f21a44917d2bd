/*
 * status: what `systemctl status` shows of a listener (sd_notify(3)).
 */
#ifndef STATUS_H
#define STATUS_H

/* Tell whoever supervises us, if somebody has asked (NOTIFY_SOCKET). */
void status_tell(const char *text);

#endif
