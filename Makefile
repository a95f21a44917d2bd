# smtp2sms.  For GNU make and BSD make; packagers set CFLAGS, PREFIX, DESTDIR.
VERSION = 0.2

PREFIX = /usr/local
SBINDIR = $(PREFIX)/sbin
LIBEXECDIR = $(PREFIX)/libexec/smtp2sms
DATADIR = $(PREFIX)/share/smtp2sms
MANDIR = $(PREFIX)/share/man
DOCDIR = $(PREFIX)/share/doc/smtp2sms
SYSCONFDIR = /etc

CC = cc
PKG_CONFIG = pkg-config
PYTHON = python3
CFLAGS = -O2 -g
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wconversion
HARDEN = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE \
	-fstack-clash-protection
HARDEN_LD = -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed
# times after 2038, where a long has 32 bits
WIDE = -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64
DEFS = -D_GNU_SOURCE $(WIDE) -DVERSION='"$(VERSION)"' \
	-DLIBEXECDIR='"$(LIBEXECDIR)"' -DDATADIR='"$(DATADIR)"' \
	-DSYSCONFDIR='"$(SYSCONFDIR)"'
COMPILE = $(CC) -std=c11 -I. $(WARN) $(DEFS) $(CPPFLAGS) $(CFLAGS) $(HARDEN)
LINK = $(CC) $(CFLAGS) $(HARDEN) $(HARDEN_LD) $(LDFLAGS)
# crypt(3); nothing on OpenBSD, whose libc has it
LIBCRYPT = -lcrypt
LIBS = `$(PKG_CONFIG) --libs libcurl jansson uuid` $(LIBCRYPT)

PROGRAMS = smtp2sms smtp2sms-deliver smtp2sms-hook smtp2sms-tls
# A folder is a part of the house: HACKING says which may include which.
COMMON = common/base64.o common/buf.o common/digest.o common/ipc.o \
	common/notify.o common/number.o common/number_plan.o common/options.o common/path.o common/tally.o \
	common/utf8.o common/wording.o
MAIL = mail/charset.o mail/charset_alias.o mail/html.o mail/html_element.o \
	mail/html_token.o mail/html_style.o mail/html_write.o mail/mime.o \
	mail/mime_body.o mail/mime_choice.o \
	mail/mime_decode.o mail/mime_header.o mail/mime_mailbox.o \
	mail/mime_part.o mail/mime_sniff.o mail/mime_word.o
SMS = sms/gsm.o sms/phone.o sms/said.o sms/text.o
# pure: no descriptors, no log, no globals; tests and fuzzers link them alone
PURE = auth.o session/dots.o session/parameter.o session/reply.o \
	session/sources.o $(MAIL) $(SMS) $(COMMON)
SYSTEM = common/config.o common/fds.o common/landlock.o common/log.o \
	common/metrics.o common/terminal.o common/watch.o
SESSION = smtp2sms.o session/ask.o session/argv.o session/conn.o \
	session/extract.o session/helper.o session/keeper.o session/line.o \
	session/link.o session/listener.o session/listener_accept.o \
	session/listener_child.o \
	session/listener_poll.o session/listener_slot.o \
	session/listener_table.o session/listener_tls.o session/peer.o \
	session/privileges.o \
	session/sandbox.o session/session.o session/session_auth.o \
	session/session_data.o session/session_mail.o \
	session/session_options.o session/session_reply.o \
	session/session_send.o session/session_tls.o session/sockets.o \
	session/start.o session/status.o session/stop.o session/text_rules.o session/wrapper.o \
	$(SYSTEM) $(PURE)
LOGIN = delivery/hash.o delivery/login.o delivery/login_hash.o \
	delivery/users.o
GATEWAY = gateway/encrypt.o gateway/filter.o gateway/gateway.o gateway/hook.o \
	gateway/lenient.o \
	gateway/match.o \
	gateway/member.o gateway/placeholder.o gateway/pointer.o \
	gateway/read.o gateway/read_request.o gateway/read_response.o \
	gateway/read_template.o gateway/read_variables.o gateway/request.o \
	gateway/response.o gateway/template.o gateway/value.o \
	gateway/variable.o gateway/wipe.o
JOURNAL = delivery/journal.o delivery/journal_etcd.o delivery/journal_file.o \
	delivery/journal_link.o delivery/journal_record.o delivery/journal_value.o
DELIVER = deliver.o delivery/agent.o delivery/answer.o \
	delivery/catalogue.o delivery/check.o \
	delivery/client.o delivery/credible.o delivery/rate_digest.o \
	delivery/http.o delivery/job.o \
	delivery/job_fate.o delivery/job_id.o delivery/job_journal.o \
	delivery/job_metrics.o delivery/job_reply.o delivery/job_road.o \
	delivery/job_send.o $(JOURNAL) delivery/note.o delivery/policy.o \
	delivery/rate.o delivery/rate_value.o \
	delivery/pool.o delivery/probe.o delivery/rest.o delivery/seal.o \
	delivery/serve.o delivery/source.o delivery/try.o \
	delivery/update.o \
	$(LOGIN) $(GATEWAY) $(SMS) $(SYSTEM) $(COMMON)
# what of smtp2sms-hook a unit test or a fuzzer can link
HOOK_PARTS = hook/cgi.o hook/form.o hook/mail.o hook/timestamp.o hook/verify.o
HOOK = hook/confine.o hook/hook.o hook/mailer.o hook/once.o hook/receipt.o hook/relay.o hook/reply.o \
	hook/secret.o $(HOOK_PARTS) delivery/note.o delivery/journal_file.o \
	delivery/journal_record.o delivery/journal_value.o \
	$(GATEWAY) $(SMS) $(SYSTEM) $(COMMON)
SEAL = seal/seal.o seal/seal_sandbox.o common/buf.o common/base64.o \
	common/ipc.o common/landlock.o
TLS = tls/tls.o tls/tls_cert.o tls/tls_environment.o tls/tls_key.o \
	tls/tls_listener.o tls/tls_program.o tls/tls_pump.o \
	tls/tls_sandbox.o tls/tls_session.o tls/tls_setup.o \
	common/base64.o common/buf.o common/fds.o common/landlock.o \
	common/log.o common/watch.o

all: $(PROGRAMS) sealing

# smtp2sms-seal serves "secret passphrase" alone: where libcrypto is missing,
# the others are made.
sealing:
	@if $(PKG_CONFIG) --exists libcrypto; then \
	    $(MAKE) smtp2sms-seal; \
	else \
	    echo "no libcrypto (libssl-dev): smtp2sms-seal is left out"; \
	fi

smtp2sms: $(SESSION)
	$(LINK) -o $@ $(SESSION)

smtp2sms-deliver: $(DELIVER)
	$(LINK) -o $@ $(DELIVER) $(LIBS)

smtp2sms-hook: $(HOOK)
	$(LINK) -o $@ $(HOOK) `$(PKG_CONFIG) --libs libcurl jansson`

smtp2sms-seal: $(SEAL)
	$(LINK) -o $@ $(SEAL) `$(PKG_CONFIG) --libs libcrypto`

smtp2sms-tls: $(TLS)
	$(LINK) -o $@ $(TLS) `$(PKG_CONFIG) --libs libtls`

# The session program alone, linked statically with musl, in build/static:
# HACKING says what for, and what it lacks.  musl-gcc knows no -static-pie, and
# takes the kernel's headers from nowhere; with a gcc whose libc is musl:
# make static STATIC_CC=gcc STATIC_LD=-static-pie
STATIC_CC = musl-gcc
STATIC_LD = -static -nostartfiles -l:rcrt1.o \
	-Wl,-pie,--no-dynamic-linker,-z,text

static:
	mkdir -p build/static/include
	for d in linux asm-generic `$(STATIC_CC) -print-multiarch`/asm; do \
	    ln -sfn /usr/include/$$d build/static/include/ || exit 1; done
	sh tests/variant build/static "$(MAKE)" "CC=$(STATIC_CC)" \
	    "CPPFLAGS=-idirafter include $(CPPFLAGS)" \
	    "LDFLAGS=$(STATIC_LD) $(LDFLAGS)" smtp2sms

.SUFFIXES: .c .o
.c.o:
	$(COMPILE) -c -o $@ $<

$(SESSION) $(DELIVER) $(HOOK) $(SEAL) $(TLS): *.h */*.h

# ---- installation ----

# or build/static/smtp2sms
SMTP2SMS = smtp2sms

# What is installed names the places where it is.
PLACES = s|/usr/local/sbin|$(SBINDIR)|g; \
	s|/usr/local/libexec/smtp2sms|$(LIBEXECDIR)|g; \
	s|/usr/local/share/smtp2sms|$(DATADIR)|g; \
	s|/usr/local/share/doc/smtp2sms|$(DOCDIR)|g; \
	s|/etc/smtp2sms|$(SYSCONFDIR)/smtp2sms|g

install: all
	mkdir -p $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBEXECDIR) \
	    $(DESTDIR)$(DATADIR)/gateways $(DESTDIR)$(MANDIR)/man8 \
	    $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man7 \
	    $(DESTDIR)$(DOCDIR)/contrib
	install -m 755 $(SMTP2SMS) $(DESTDIR)$(SBINDIR)/smtp2sms
	install -m 755 smtp2sms-deliver smtp2sms-hook smtp2sms-tls \
	    $(DESTDIR)$(LIBEXECDIR)/
	test ! -x smtp2sms-seal || \
	    install -m 755 smtp2sms-seal $(DESTDIR)$(LIBEXECDIR)/
	sed '$(PLACES)' contrib/smtp2sms-setup \
	    >$(DESTDIR)$(LIBEXECDIR)/smtp2sms-setup
	chmod 755 $(DESTDIR)$(LIBEXECDIR)/smtp2sms-setup
	install -m 644 gateways/*.json $(DESTDIR)$(DATADIR)/gateways/
	for page in smtp2sms.8 man/*.[578]; do \
	    to=$(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}; \
	    sed '$(PLACES)' $$page >$$to && chmod 644 $$to || exit 1; done
	install -m 644 README.md CHANGES LICENSE $(DESTDIR)$(DOCDIR)/
	cp -R contrib/. $(DESTDIR)$(DOCDIR)/contrib/

# systemd's units, for packagers: they name the programs of this PREFIX.
UNITDIR = /lib/systemd/system

install-units:
	mkdir -p $(DESTDIR)$(UNITDIR)
	for unit in smtp2sms.socket smtp2sms-smtps.socket smtp2sms.service; do \
	    sed '$(PLACES)' contrib/systemd/$$unit \
		>$(DESTDIR)$(UNITDIR)/$$unit && \
	    chmod 644 $(DESTDIR)$(UNITDIR)/$$unit || exit 1; done

# The configuration stays.
uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/smtp2sms $(DESTDIR)$(MANDIR)/man8/smtp2sms.8 \
	    $(DESTDIR)$(MANDIR)/man8/smtp2sms-deliver.8 \
	    $(DESTDIR)$(MANDIR)/man8/smtp2sms-hook.8 \
	    $(DESTDIR)$(MANDIR)/man8/smtp2sms-setup.8 \
	    $(DESTDIR)$(MANDIR)/man8/smtp2sms-seal.8 \
	    $(DESTDIR)$(MANDIR)/man8/smtp2sms-tls.8 \
	    $(DESTDIR)$(MANDIR)/man5/smtp2sms.conf.5 \
	    $(DESTDIR)$(MANDIR)/man5/smtp2sms-gateway.5 \
	    $(DESTDIR)$(MANDIR)/man5/smtp2sms-users.5 \
	    $(DESTDIR)$(MANDIR)/man7/smtp2sms-gateways.7 \
	    $(DESTDIR)$(MANDIR)/man7/smtp2sms-journal.7
	rm -rf $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR) $(DESTDIR)$(DOCDIR)

dist:
	git archive --format=tar.gz --prefix=smtp2sms-$(VERSION)/ \
	    -o smtp2sms-$(VERSION).tar.gz HEAD

# The manuals as web pages, in build/html.
html:
	sh man/html/make build/html

# A Debian package in build/deb, with its source; lintian judges it.
deb:
	sh tests/install deb
	sh debian/build $(VERSION)

# ---- what a newcomer runs first ----

demo:
	@sh tests/install demo
	@sh contrib/demo.sh "$(MAKE)"

build/phone_dump: tests/phone_dump.c common/terminal.o $(PURE)
	mkdir -p build
	$(COMPILE) $(LDFLAGS) -pie -o $@ tests/phone_dump.c common/terminal.o \
	    $(PURE)

# ---- tests: HACKING says how to run one ----

UNITS = auth charset config credible cuts digest fate gateway hook html ipc \
	journal login metrics mime number options parameter phone path rate \
	reply sandbox smuggling sources text utf8 value
DUMPS = mime_dump text_dump
TEST_OBJECTS = delivery/rate_value.o $(HOOK_PARTS) delivery/job_fate.o $(GATEWAY) $(LOGIN) delivery/credible.o session/sandbox.o \
	$(SYSTEM) $(PURE)
TEST_LINK = $(COMPILE) -Itests $(LDFLAGS) -pie

units: all $(TEST_OBJECTS)
	mkdir -p build
	for t in $(UNITS); do $(TEST_LINK) -o build/unit_$$t \
	    tests/unit_$$t.c $(TEST_OBJECTS) `$(PKG_CONFIG) --libs jansson` \
	    $(LIBCRYPT) || exit 1; done
	for t in $(DUMPS); do $(TEST_LINK) -o build/$$t tests/$$t.c $(PURE) \
	    || exit 1; done
	for t in confine note; do $(TEST_LINK) -o build/unit_$$t \
	    tests/unit_$$t.c hook/confine.o delivery/note.o \
	    delivery/journal_file.o delivery/journal_record.o \
	    delivery/journal_value.o common/digest.o common/ipc.o \
	    common/buf.o common/landlock.o || exit 1; done
	$(TEST_LINK) -o build/login_dump tests/login_dump.c $(LOGIN) \
	    $(SYSTEM) $(PURE) $(LIBCRYPT)

# Of these, what needs libc alone: for other machines and other libcs.
LIBC_UNITS = auth charset config credible fate html ipc mime number parameter \
	path phone sandbox smuggling sources text utf8
LIBC_OBJECTS = delivery/credible.o delivery/job_fate.o session/sandbox.o \
	$(SYSTEM) $(PURE)

libc-units: smtp2sms $(LIBC_OBJECTS)
	mkdir -p build
	for t in $(LIBC_UNITS); do $(TEST_LINK) -o build/unit_$$t \
	    tests/unit_$$t.c $(LIBC_OBJECTS) || exit 1; done

# A test program is tests/AREA_WHAT.py or build/unit_WHAT; _lib are none.
TESTS = `ls tests/*_*.py tests/tap.py tests/gateway.py tests/x509.py | \
	grep -v _lib` $(UNITS:%=build/unit_%) build/unit_confine build/unit_note
# What a check that asks for a program of others has been left to.
LEFT = build/tests/left

# What needs nobody else's server, client or tool: see tests/foreign.py.
check:
	sh tests/install
	$(MAKE) check-built

# The same where all that is needed is there: for packagers.
check-built: units
	SMTP2SMS_FOREIGN=no $(PYTHON) tests/run -n check -s $(LEFT) $(TESTS)

# ... and all the rest, with the programs of others.
check-all: check
	$(MAKE) check-foreign

# ... alone, after a check.
check-foreign:
	$(PYTHON) tests/foreign.py fetch
	$(PYTHON) tests/run -n check-all `cat $(LEFT)`

# No SMS twice, none lost: a thousand mails, three times.
PROOF_SEEDS = 1 2 3

proof: all
	sh tests/install
	$(PYTHON) tests/foreign.py fetch
	for s in $(PROOF_SEEDS); do SMTP2SMS_SEED=$$s SMTP2SMS_PROOF=1000 \
	    $(PYTHON) tests/run -n proof-$$s tests/queue_postfix.py || exit 1; \
	    SMTP2SMS_SEED=$$s SMTP2SMS_PROOF=300 \
	    $(PYTHON) tests/run -n roads-$$s tests/queue_roads.py || exit 1; \
	    SMTP2SMS_SEED=$$s SMTP2SMS_PROOF=300 $(PYTHON) tests/run \
	    -n machines-$$s tests/proof_machines.py || exit 1; \
	    done

# The scripted sessions once more, under valgrind; it needs no sandbox.
# Left out: what starts hundreds of programs, or programs of others.
SCRIPTED = `ls tests/session_*.py tests/gateway_*.py tests/fault_*.py \
	tests/agent_sessions.py | grep -v -e _vectors -e _kannel -e _house \
	-e _manual`

# One test for each way through the programs: enough for CI, which has all of
# them without valgrind.  make valgrind SCRIPTED='$(SAMPLE)'
SAMPLE = tests/session_auth.py tests/session_chunks.py \
	tests/session_data.py tests/session_lmtp.py tests/session_options.py \
	tests/session_text.py tests/gateway_answers.py \
	tests/gateway_request.py tests/gateway_several.py tests/fault_ipc.py

valgrind:
	sh tests/install valgrind
	sh tests/variant build/valgrind "$(MAKE)" \
	    "CFLAGS=-O1 -g -DSANDBOX_NONE" "HARDEN=-fPIE"
	sh tests/valgrind build/valgrind $(SCRIPTED)

# ... and built with the sanitizers.
asan:
	sh tests/install
	sh tests/variant build/asan "$(MAKE)" \
	    "CFLAGS=-O1 -g -DSANDBOX_NONE -fsanitize=address,undefined -fno-sanitize-recover=all" \
	    "HARDEN=-fPIE"
	SMTP2SMS=$$PWD/build/asan/smtp2sms ASAN_OPTIONS=detect_leaks=0 \
	    $(PYTHON) tests/run -n asan $(SCRIPTED)

# ... and the static one, on a libc that knows fewer charsets.
STATIC_TESTS = `ls tests/session_*.py tests/agent_*.py | grep -v _lib`

static-check: all
	sh tests/install static
	$(MAKE) static
	ln -sf ../../smtp2sms-deliver ../../smtp2sms-tls build/static/
	$(STATIC_CC) -std=c11 $(DEFS) -fPIE -Itests -I. $(STATIC_LD) \
	    -o build/static/unit_charset tests/unit_charset.c \
	    build/static/mail/charset.o build/static/mail/charset_alias.o \
	    build/static/common/utf8.o
	SMTP2SMS=$$PWD/build/static/smtp2sms $(PYTHON) tests/run -n static \
	    $(STATIC_TESTS) build/static/unit_charset

FUZZ_SECONDS = 20
FUZZERS = answer cert charset config gateway hook html journal mime number \
	parameter path proxy session text users
# a whole session, whose connection and clock are tests/fuzz_session.c's
FUZZ_SESSION = -include tests/fuzz_session.h session/conn.c \
	session/session*.c session/stop.c session/text_rules.c

fuzz: fuzz-link
	sh tests/install fuzz
	mkdir -p build
	for f in $(FUZZERS); do \
		clang -std=c11 -D_GNU_SOURCE -O1 -g -I. \
		    -fsanitize=fuzzer,address,undefined \
		    -fno-sanitize-recover=all -o build/fuzz_$$f \
		    tests/fuzz_$$f.c common/config.c common/log.c $(GATEWAY:.o=.c) \
		    $(HOOK_PARTS:.o=.c) $(PURE:.o=.c) \
		    `$(PKG_CONFIG) --libs jansson` \
		    `sed -n "s/^$$f: //p" tests/fuzz_sources` \
		    `test $$f != session || echo "$(FUZZ_SESSION)"` || exit 1; \
		mkdir -p build/corpus_$$f && build/fuzz_$$f \
		    -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
		    `test $$f != session || echo -dict=tests/fuzz_session.dict` \
		    -max_len=4096 build/corpus_$$f `test ! -d \
		    tests/corpus/$$f || echo tests/corpus/$$f` tests/mail || \
		    exit 1; \
	done

# The delivery side but for HTTP, which fuzz_link.c plays.
FUZZ_LINK = delivery/answer.c delivery/client.c delivery/credible.c \
	delivery/hash.c delivery/job.c delivery/job_fate.c delivery/job_id.c \
	delivery/rate_digest.c delivery/job_journal.c delivery/job_metrics.c \
	delivery/job_reply.c delivery/job_road.c \
	delivery/job_send.c $(JOURNAL:.o=.c) \
	delivery/login.c delivery/note.c \
	delivery/policy.c delivery/rate.c delivery/rate_value.c \
	delivery/rest.c delivery/seal.c delivery/serve.c \
	delivery/source.c delivery/update.c delivery/users.c

fuzz-link:
	sh tests/install compilers
	mkdir -p build/corpus_link
	clang -std=c11 $(DEFS) -O1 -g -I. -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=all -o build/fuzz_link tests/fuzz_link.c \
	    $(FUZZ_LINK) $(GATEWAY:.o=.c) $(SMS:.o=.c) $(SYSTEM:.o=.c) \
	    $(COMMON:.o=.c) $(LIBS)
	build/fuzz_link -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
	    -max_len=4096 build/corpus_link

# Which lines of the pure files the unit tests reach.
coverage:
	sh tests/install
	rm -rf build/coverage
	sh tests/variant build/coverage "$(MAKE)" \
	    "CFLAGS=-O0 -g --coverage" "HARDEN=-fPIE" units
	for t in `ls build/coverage/build/unit_* | grep -v -e '[.]gc' \
	    -e sandbox`; do $$t >/dev/null || exit 1; done
	$(PYTHON) tests/coverage.py build/coverage

# What CBMC proves of the pure files (PROVE=all: also what takes long), and
# what SPIN says of the way of a message: tests/prove.
prove:
	$(PYTHON) tests/prove/run.py

model:
	sh tests/install model
	tests/prove/spin

# Code for other machines, tried on this one: HACKING, "Where it runs".
portable: all
	$(PYTHON) tests/portable.py "$(MAKE)"

# Under a real systemd, the first process of a Debian of its own: as root.
systemd: all
	sh tests/install systemd
	mkdir -p build
	$(COMPILE) $(LDFLAGS) -pie -o build/client bench/client.c \
	    `$(PKG_CONFIG) --libs libtls`
	$(PYTHON) tests/run -n systemd tests/booted.py

# Figures, as ratios between contenders of the same run: bench/RESULTS.md.
bench: all
	sh tests/install bench
	$(PYTHON) tests/foreign.py fetch curl nginx-light openssl postfix \
	    systemd ucspi-tcp
	$(MAKE) static
	mkdir -p build
	$(COMPILE) $(LDFLAGS) -pie -o build/null bench/null.c
	$(COMPILE) $(LDFLAGS) -pie -o build/client bench/client.c \
	    `$(PKG_CONFIG) --libs libtls`
	PATH="$$PWD/build/foreign/bin:$$PATH" $(PYTHON) bench/run.py

# No warning, whichever compiler.
warnings:
	sh tests/install compilers
	sh tests/variant build/gcc "$(MAKE)" CC=gcc "CFLAGS=-O2 -Werror"
	sh tests/variant build/clang "$(MAKE)" CC=clang "CFLAGS=-O2 -Werror"

clean:
	rm -rf build $(PROGRAMS) smtp2sms-seal *.o */*.o smtp2sms-*.tar.gz

.PHONY: all sealing install install-units uninstall dist html deb demo units \
	check check-built check-all check-foreign libc-units portable proof \
	valgrind asan static static-check fuzz \
	fuzz-link coverage prove model systemd bench warnings clean
