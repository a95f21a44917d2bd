#!/bin/sh
# A mail goes in, and you see the SMS that would go out: nothing is sent.
# Run by `make demo`; needs curl and tcpserver (ucspi-tcp).
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server"; rm -rf "$tmp"' EXIT

cat >"$tmp/smtp2sms.conf" <<CONF
hostname demo.example
domain demo.example
libexec $top
descriptors $top/gateways
log stderr
CONF

# Port 0: tcpserver takes a free one, and -1 prints which.
tcpserver -1 -c 1 127.0.0.1 0 "$top/smtp2sms" -n -f "$tmp/smtp2sms.conf" \
    >"$tmp/port" 2>"$tmp/log" </dev/null &
server=$!
until [ -s "$tmp/port" ]; do
	kill -0 "$server" || { cat "$tmp/log"; exit 1; }
	sleep 0.1
done
read -r port <"$tmp/port"

cat >"$tmp/mail" <<MAIL
From: Monitoring <monitoring@demo.example>
To: +491711234567@demo.example
Subject: disk full
Message-ID: <1@demo.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: quoted-printable

Server db1: disk 97 % full =E2=80=93 K=C3=BCche, Rack 7
MAIL

echo "--- the dialogue (curl is the client, tcpserver the super-server)"
curl -sS -v --user demo:secret --mail-from monitoring@demo.example \
    --mail-rcpt +491711234567@demo.example --upload-file "$tmp/mail" \
    "smtp://127.0.0.1:$port/demo.example" 2>&1 | tr -d '\r' |
    sed -n -e 's/^> [A-Za-z0-9+\/=]\{12,\}$/> ***/' -e '/^[<>] /p'
echo
echo "--- the request that SMSGate would get, and in it the SMS"
grep '^{' "$tmp/log"
echo
echo "--- the log"
grep -v '^{' "$tmp/log"
