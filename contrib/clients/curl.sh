#!/bin/sh
# An SMS with curl: the text on standard input, the number as argument.
# Copy to /usr/local/bin/sms (mode 700: it holds the password).
# Use: echo 'Disk full on db1' | sms +4915112345678
#
# --crlf: lines of mail end in CR LF.  The empty line ends the header.
{ echo; cat; } | curl --silent --show-error --crlf \
	--url smtp://localhost:587 --user 'USER:PASSWORD' \
	--mail-from monitor@example.org \
	--mail-rcpt "$1@sms.example.org" --upload-file -
