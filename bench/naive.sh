#!/bin/sh
#
# usage: naive.sh GATEWAY [OPTION of curl...]
#
# What people write today: a filter that reads the dialogue line by line and
# calls curl(1) for each mail.  It is kept as fast as that can be: the one
# program that it starts is curl, and nothing is decoded, checked or escaped.
gateway=$1
shift
printf '220 naive ESMTP\r\n'
while IFS= read -r line; do
	case $line in
	[Qq][Uu][Ii][Tt]*)
		printf '221 Bye\r\n'
		exit 0
		;;
	[Rr][Cc][Pp][Tt]*)
		to=${line#*<}
		to=${to%%@*}
		printf '250 OK\r\n'
		;;
	[Dd][Aa][Tt][Aa]*)
		printf '354 Go\r\n'
		text='' head=yes
		while IFS= read -r line; do
			case $line in
			.?)	# a dot and a CR
				break
				;;
			?)	# a CR alone
				head=
				;;
			*)
				[ -z "$head" ] && text="$text${line%?}\\n"
				;;
			esac
		done
		curl --silent --show-error --fail --output /dev/null \
			--header 'Content-Type: application/json' "$@" \
			--data "{\"phoneNumbers\":[\"$to\"],\"textMessage\":{\"text\":\"$text\"}}" \
			"$gateway/messages" &&
			printf '250 OK\r\n' || printf '451 No\r\n'
		;;
	*)
		printf '250 OK\r\n'
		;;
	esac
done
