/*
 * sealing: what smtp2sms-deliver and smtp2sms-seal say to each other.  One
 * frame of ipc.h goes to the program, one comes back, and it ends:
 *
 *   SEALING_ASK: str passphrase, u32 n, n times str text
 *   SEALING_ANSWER: n times str sealed
 */
#ifndef SEALING_H
#define SEALING_H

#define SEALING_ASK    1
#define SEALING_ANSWER 2

#define SEALING_TEXTS_MAX      16	/* in one frame */
#define SEALING_PASSPHRASE_MAX 1024	/* octets */

/*
 * A sealed text: "$aes-256-cbc/pbkdf2-sha1$i=75000$", the salt and "$", and
 * the whole blocks that hold the text.  Salt and blocks are in base64.
 */
#define SEALING_HEAD	   "$aes-256-cbc/pbkdf2-sha1$i=75000$"
#define SEALING_ITERATIONS 75000
#define SEALING_BLOCK	   16	/* octets; of the salt, too */
#define SEALING_KEY	   32	/* octets */
#define SEALING_BASE64(n)  (((n) + 2) / 3 * 4)
#define SEALING_SIZE(n)	   (sizeof(SEALING_HEAD) - 1 + \
	SEALING_BASE64(SEALING_BLOCK) + 1 + \
	SEALING_BASE64(((n) / SEALING_BLOCK + 1) * SEALING_BLOCK))

#endif
