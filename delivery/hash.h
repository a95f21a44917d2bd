/*
 * hash: crypt(3), and what differs about it between systems.
 */
#ifndef HASH_H
#define HASH_H

#define HASH_MAX	  383 /* octets; CRYPT_OUTPUT_SIZE of crypt(3) */
#define HASH_PASSWORD_MAX 511 /* octets; crypt(3) of libxcrypt takes no more */

/*
 * What is wrong with a hash, by its form: NULL, or words for people.  Good
 * are whole hashes of the methods that libxcrypt calls strong.
 */
const char *hash_fault(const char *);

/*
 * 1 if the password is right; 0 if not; -1 if this crypt(3) cannot tell,
 * since it does not know the method.  Slow: that is its purpose.
 */
int hash_verify(const char *password, const char *hash);

/* Hash a password by the best method of this system.  0, or -1: errno. */
int hash_make(const char *password, char out[HASH_MAX + 1]);

#endif
