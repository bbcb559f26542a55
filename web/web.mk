# The web front: one program, web/reco.cgi.  Included by the Makefile of the project.

WEB_SOURCES = $(filter-out web/messages.c web/assets.c,$(sort $(wildcard web/*.c)))
WEB_OBJS    = $(WEB_SOURCES:.c=.o) web/messages.o web/assets.o
WEB_CFLAGS  = -std=gnu11 -D_GNU_SOURCE -O2 -g -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2 \
	-Wall -Wextra -Wformat=2 -Werror=format-nonliteral -Werror=format-security -Wno-clobbered \
	$(if $(filter 1,$(WERROR)),-Werror) -I$(includedir)
WEB_LIBS    = -pie -Wl,-z,relro,-z,now -L$(libdir) -lpq -lfcgi -largon2 -ljpeg -lpng -lcrypto -lm

all: web/reco.cgi

web/reco.cgi: $(WEB_OBJS)
	$(CC) $(LDFLAGS) -o $@ $(WEB_OBJS) $(WEB_LIBS)

# Not by the server's rule for libraries: other flags, and no bitcode.
$(WEB_OBJS): web/%.o: web/%.c $(wildcard web/*.h) web/web.mk
	$(CC) $(WEB_CFLAGS) -c -o $@ $<

# A message without its translations ends the build here.
web/messages.c: web/po/compile.pl $(wildcard web/po/*.po) $(WEB_SOURCES)
	perl web/po/compile.pl $(WEB_SOURCES) > $@

web/assets.c: web/assets.pl web/reco.css web/passwords.txt
	perl web/assets.pl web/reco.css web/passwords.txt > $@

# Feeds the parsers with changed input under the sanitizers: ten minutes, or FUZZ_SECONDS, with libFuzzer where
# clang has it.  The tests do the same for a few seconds with gcc alone.
FUZZ_SECONDS ?= 600
FUZZ_SOURCES  = test/web/fuzz.c web/csv.c web/http.c web/multipart.c web/mem.c web/html.c web/i18n.c web/units.c web/img.c web/messages.c
FUZZ_CFLAGS   = -std=gnu11 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer -I$(includedir)

web/fuzz-gcc: $(FUZZ_SOURCES) test/web/mutate.c $(wildcard web/*.h)
	$(CC) $(FUZZ_CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all -o $@ \
		$(FUZZ_SOURCES) test/web/mutate.c -ljpeg -lpng

web-fuzz: $(FUZZ_SOURCES) web/fuzz-gcc
	@if echo 'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return d == 0 && n > 1; }' | \
		clang -x c -fsanitize=fuzzer -o /dev/null - 2>/dev/null; then \
		clang $(FUZZ_CFLAGS) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o web/fuzz-clang \
			$(FUZZ_SOURCES) -ljpeg -lpng && \
		mkdir -p test/output/fuzz && web/fuzz-clang -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 \
			-print_final_stats=1 -artifact_prefix=test/output/fuzz/ test/output/fuzz; \
	else web/fuzz-gcc $(FUZZ_SECONDS) $$$$; fi

.PHONY: web-fuzz

# The program under the sanitizers, for the tests: make web/reco-asan.cgi && RECO_WEB_CGI=web/reco-asan.cgi make test TESTS=...
web/reco-asan.cgi: $(WEB_SOURCES) web/messages.c web/assets.c $(wildcard web/*.h)
	$(CC) $(filter-out -O2 -D_FORTIFY_SOURCE=2,$(WEB_CFLAGS)) -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
		-o $@ $(WEB_SOURCES) web/messages.c web/assets.c $(WEB_LIBS)

# SQL injection looked for from outside; needs sqlmap and some minutes.
web-attack: installed
	@test/cluster.sh test/web/attack.sh
.PHONY: web-attack

# The program and the settings of web servers, into one folder.
WEB_DIR ?= /usr/local/lib/reco
install-web: web/reco.cgi
	install -d '$(DESTDIR)$(WEB_DIR)'
	install -m 755 web/reco.cgi '$(DESTDIR)$(WEB_DIR)'
	install -m 644 web/lighttpd.conf web/lighttpd-cgi.conf web/lighttpd-tls.conf web/apache.conf '$(DESTDIR)$(WEB_DIR)'
.PHONY: install-web

# Seen by a real browser; needs chromium, and npm with the network for three packages.
web-browser: installed
	@test/cluster.sh test/web/browser.sh
.PHONY: web-browser
