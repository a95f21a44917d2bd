/*
 * hash: crypt(3), and what differs about it between systems.
 */
#ifndef HASH_H
#define HASH_H

#define HASH_MAX	  383 /* octets; CRYPT_OUTPUT_SIZE of crypt(3) */
#define HASH_PASSWORD_MAX 511 /* octets; crypt(3) of libxcrypt takes no more */

/*
 * Check the form of a hash.  Returns NULL if it is a whole hash of a method
 * that libxcrypt calls strong, else what is wrong, in words for people.
 */
const char *hash_fault(const char *);

/*
 * 1 if the password is right, 0 if it is wrong, -1 if this crypt(3) does not
 * know the method.  Slow: that is its purpose.
 */
int hash_verify(const char *password, const char *hash);

/* Hash a password by the best method of this system.  0, or -1: errno. */
int hash_make(const char *password, char out[HASH_MAX + 1]);

#endif
