/*
 * privileges: gives up root.
 */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

/*
 * If this process is root, become this user for good; do nothing if it is not
 * root, or if user is NULL.  Returns NULL, or what is wrong.
 */
const char *privileges_drop(const char *user);

#endif
