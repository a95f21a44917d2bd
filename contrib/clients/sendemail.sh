#!/bin/sh
# sms NUMBER: sends its standard input, by sendEmail.
# Use: echo 'Disk full on db1' | sms +4915112345678
sendEmail -q -s localhost:587 -xu USER -xp PASSWORD -o tls=no \
	-o message-charset=utf-8 -f monitor@example.org \
	-t "$1@sms.example.org" -u sms
