#!/bin/sh
# An SMS with options, by fields of the mail's header, with swaks.
# Use: options.sh
#
# swaks takes a word that begins with "+" for an option: 00 in its place.
swaks --server localhost:587 --auth-user USER --auth-password PASSWORD \
	--from monitor@example.org --to 004915112345678@sms.example.org \
	--header 'X-SMS-Priority: 100' \
	--header 'X-SMS-TTL: 3600' \
	--header 'X-SMS-Delivery-Report: yes' \
	--body 'Disk full on db1'
