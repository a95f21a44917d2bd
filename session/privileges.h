/*
 * privileges: to stop being root.
 */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

/*
 * Started as root, become this user for good; NULL, or another user than root
 * at the start: nothing is done.  Returns NULL, or what is wrong.
 */
const char *privileges_drop(const char *user);

#endif
