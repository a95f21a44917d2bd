#!/bin/sh
# A mail goes in, and you see the SMS that would go out: nothing is sent.
#
# usage: demo.sh [MAKE]
#
# `make demo` runs it.  It builds the programs if they are not there; python3 is
# the super-server and the client.
set -eu
make=${1:-make}
top=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
number=+491711234567
server=
trap 'test -z "$server" || kill "$server" 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# Say what failed, and show what is known of it.
stop() {
	printf 'demo: %s\n' "$1" >&2
	shift
	for file; do
		[ ! -s "$file" ] || tail -n 40 "$file" >&2
	done
	exit 1
}

cd "$top"
mkdir -p build
echo "building (the compiler's words are in build/demo.log)..."
"$make" all build/phone_dump >build/demo.log 2>&1 ||
	stop "the programs cannot be built:" build/demo.log

cat >"$tmp/smtp2sms.conf" <<CONF
hostname demo.example
domain demo.example
libexec "$top"
descriptors "$top/gateways"
log stderr
CONF

cat >"$tmp/mail" <<MAIL
From: Monitoring <monitoring@demo.example>
To: $number@demo.example
Subject: disk full
Message-ID: <1@demo.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: quoted-printable

Server db1: disk 97 % full =E2=80=93 K=C3=BCche, Rack 7
MAIL

# Port 0: a free one is taken, and printed.
python3 tests/superserver.py 127.0.0.1 0 "$top/smtp2sms" -n \
    -f "$tmp/smtp2sms.conf" >"$tmp/port" 2>"$tmp/log" </dev/null &
server=$!
until [ -s "$tmp/port" ]; do
	kill -0 "$server" 2>/dev/null || stop "nobody listens:" "$tmp/log"
	sleep 0.1
done
read -r port <"$tmp/port"

client() {
	python3 - "$port" "$number@demo.example" "$tmp/mail" <<'PYTHON'
import smtplib
import sys

port, recipient, mail = sys.argv[1:]
client = smtplib.SMTP("127.0.0.1", int(port), "demo.example", timeout=60)
send, getreply = client.send, client.getreply


def shown(data):
    text = data.decode() if isinstance(data, bytes) else data
    if text.startswith("AUTH"):
        text = "AUTH PLAIN ***"
    print("> " + ("(the mail)" if "\n\r\n" in text else text.strip()))
    send(data)


def heard():
    code, text = getreply()
    print("< %d %s" % (code, text.decode().splitlines()[-1]))
    return code, text


client.send, client.getreply = shown, heard
client.login("demo", "secret")
with open(mail, "rb") as file:
    client.sendmail("monitoring@demo.example", [recipient], file.read())
client.quit()
PYTHON
}

client >"$tmp/dialogue" 2>&1 && status=0 || status=$?
request=$(grep '^{' "$tmp/log" || true)
reply=$(grep '^< 250 2.0.0 ' "$tmp/dialogue" | tail -n 1 | cut -c3-)
if [ "$status" != 0 ] || [ -z "$request" ] || [ -z "$reply" ]; then
	stop "the mail was not taken:" "$tmp/dialogue" "$tmp/log"
fi

# What the gateway would be sent: a method, a URL, and the text in JSON.
fields() {
	printf '%s\n' "$request" | python3 -c "import json, sys
request = json.load(sys.stdin)
body = request['body']
sys.stdout.buffer.write(($1).encode())"
}

echo
echo "--- the dialogue"
cat "$tmp/dialogue"
echo
echo "--- the log"
grep -v '^{' "$tmp/log"
echo
echo "--- the request that the gateway would get"
printf '%s\n' "$request"
echo
build/phone_dump "$(fields 'body["phoneNumbers"][0]')" \
    "$(fields 'body["textMessage"]["text"]')"
echo
echo "  mail in      monitoring@demo.example -> $number@demo.example"
echo "  request out  $(fields 'request["method"] + " " + request["url"]')"
echo "  reply        $reply"
echo
echo "Nothing was sent.  Next, as root: make install, then smtp2sms --setup, which
asks for your gateway and sends a real one.  README.md says what comes then."
