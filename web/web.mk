# The web front: one program, web/reco.cgi.  Included by the Makefile of the project.

WEB_SOURCES = $(filter-out web/messages.c web/assets.c web/fuzz.c,$(sort $(wildcard web/*.c)))
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

web/assets.c: web/assets.pl web/reco.css
	perl web/assets.pl web/reco.css > $@
