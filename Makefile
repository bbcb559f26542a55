# reco - recommendations and stock alerts inside PostgreSQL
#
#   make            build the two libraries and the SQL script of the extension
#   make install    and install them into the PostgreSQL of pg_config (PG_CONFIG=... for another)
#   make test       install, run every test on a throw-away server; TESTS='file ...' for some of them
#   make demo       install, start a private server under .demo/ with a shop in it, its pages at WEB_PORT, 8080 if not
#                   set;  make demo-stop ends it
#   make bench      install, run the benchmarks on a throw-away server
#   make soak       load, kills and full disks for ten minutes; a million lists and ten thousand trainings: what grows?
#   make sanitize   the tests with libraries that watch memory and what C leaves undefined;  make valgrind  likewise
#   make sqlsmith   ten minutes of random queries
#   make web-fuzz   ten minutes of changed input for the parsers of the web front (web/web.mk);  make web-attack: sqlmap
#                   looks for SQL injection;  make web-browser: a real browser looks at every page
#   make install-web   the web front into WEB_DIR
#   make clean      remove what was made
#
# WERROR=1 makes every warning an error.  Debian packages that are missing are installed (test/packages.sh).

ifneq ($(dir $(firstword $(MAKEFILE_LIST))),./)
$(error reco is built in its own folder: make -C $(dir $(firstword $(MAKEFILE_LIST))))
endif

EXTENSION   = reco
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" reco.control)

# reco.so: all that PostgreSQL calls.  Every session that asks for a recommendation loads it, so it stays
# small and is never linked to OpenBLAS, whose loading alone costs a new connection several milliseconds.
MODULE_big = reco
SERVE_OBJS = \
	extension/attributes.o \
	extension/bind_evaluate.o \
	extension/bind_forecast.o \
	extension/bind_model.o \
	extension/bind_recommend.o \
	extension/bind_stock.o \
	extension/bind_train.o \
	extension/bind_version.o \
	extension/budget.o \
	extension/demand.o \
	extension/eligible.o \
	extension/evaluate.o \
	extension/evaluate_split.o \
	extension/factors.o \
	extension/fit.o \
	extension/fit_attributes.o \
	extension/fit_purchases.o \
	extension/fit_trials.o \
	extension/fit_ratings.o \
	extension/fit_repeat.o \
	extension/fit_setting.o \
	extension/forecast.o \
	extension/forget.o \
	extension/fresh.o \
	extension/guc.o \
	extension/idmap.o \
	extension/image.o \
	extension/init.o \
	extension/interactions.o \
	extension/job_record.o \
	extension/liking.o \
	extension/logistic.o \
	extension/model.o \
	extension/neighbours.o \
	extension/normal.o \
	extension/options.o \
	extension/progress.o \
	extension/publish.o \
	extension/quantile.o \
	extension/rank.o \
	extension/rank_again.o \
	extension/rank_clients.o \
	extension/rank_explain.o \
	extension/rank_list.o \
	extension/rank_neighbours.o \
	extension/repeat.o \
	extension/retrain.o \
	extension/scan.o \
	extension/select.o \
	extension/serving.o \
	extension/share.o \
	extension/solve.o \
	extension/source.o \
	extension/source_check.o \
	extension/stock.o \
	extension/stock_level.o \
	extension/stock_shop.o \
	extension/stock_triggers.o \
	extension/stock_watch.o \
	extension/store.o \
	extension/topn.o \
	extension/train.o \
	extension/transfer.o \
	extension/trusted.o \
	extension/version.o \
	extension/workers.o

# reco_train.so: the trainer over OpenBLAS, loaded by reco.so when something is trained.
TRAIN_OBJS = \
	extension/bayes.o \
	extension/bayes_features.o \
	extension/bayes_mean.o \
	extension/bayes_spread.o \
	extension/bayes_unrated.o \
	extension/factors.o \
	extension/ials.o \
	extension/matrix.o \
	extension/metrics.o \
	extension/neighbours.o \
	extension/neighbours_fit.o \
	extension/normal.o \
	extension/solve.o \
	extension/svd.o \
	extension/topn.o \
	extension/trainer.o \
	extension/workers.o

# Loops over arrays, which gcc vectorises at -O3.
NUMERIC_OBJS = \
	extension/bayes.o \
	extension/bayes_features.o \
	extension/bayes_mean.o \
	extension/bayes_spread.o \
	extension/bayes_unrated.o \
	extension/factors.o \
	extension/forecast.o \
	extension/ials.o \
	extension/matrix.o \
	extension/metrics.o \
	extension/neighbours.o \
	extension/neighbours_fit.o \
	extension/normal.o \
	extension/quantile.o \
	extension/scan.o \
	extension/solve.o \
	extension/svd.o \
	extension/topn.o

OBJS      = $(SERVE_OBJS)
TRAIN_LIB = reco_train.so

# Without the warnings that the server's own headers and habits give rise to: unused parameters, an int that
# is compared with lengthof(). Debian's server warns of declarations after statements; this is gnu11.
PG_CFLAGS += -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers \
	-Wno-declaration-after-statement -Werror=implicit-function-declaration
ifeq ($(WERROR),1)
PG_CFLAGS += -Werror
endif
# The server's flags and headers are for the compiler that it was built with, gcc.
ifneq ($(findstring clang,$(CC)),)
PG_CFLAGS += -Wno-unknown-warning-option -Wno-ignored-optimization-argument -Wno-ignored-attributes
endif
# The server loads libraries with global symbols: a function of the same name in another extension, or in
# the other one of our two, would be called in place of ours. So only what the server asks for is visible,
# and our own names are looked up among ourselves.
EXPORTS     = extension/exports.map
OWN_NAMES   = -Wl,--version-script=$(EXPORTS) -Wl,-Bsymbolic
SHLIB_LINK += $(OWN_NAMES) -lm

SQL_PARTS := $(sort $(wildcard sql/[0-9][0-9]-*.sql))
DATA_built = sql/reco--$(EXTVERSION).sql
DATA       = $(sort $(wildcard sql/upgrade/reco--*.sql))

RESULTS       ?= test/output
REGRESS        = $(basename $(notdir $(sort $(wildcard test/sql/*.sql))))
REGRESS_OPTS   = --inputdir=test --outputdir=$(RESULTS)/sql --load-extension=reco
ISOLATION      = $(basename $(notdir $(sort $(wildcard test/isolation/specs/*.spec))))
ISOLATION_OPTS = --inputdir=test/isolation --outputdir=$(RESULTS)/isolation --load-extension=reco

EXTRA_CLEAN = $(TRAIN_LIB) $(TRAIN_OBJS) sql/reco--*.sql test/output web/*.o web/*.cgi web/messages.c web/assets.c web/fuzz-gcc web/fuzz-clang

# What is missing on this machine is installed before the server's makefile, PGXS, is looked for.  Not for a
# dry run, nor for the goals that also work where nothing is installed.
PG_CONFIG ?= pg_config
export PG_CONFIG
goals     := $(or $(MAKECMDGOALS),all)
# Who tries it out wants to see the shop, not the compiler.
ifneq ($(filter demo,$(goals)),)
MAKEFLAGS += --silent
endif
tested    := $(filter test bench demo installcheck soak sanitize valgrind sqlsmith web-attack web-browser,$(goals))
ifneq ($(filter-out clean distclean maintainer-clean demo-stop,$(goals)),)
ifeq ($(findstring n,$(filter-out --%,$(firstword -$(MAKEFLAGS)))),)
# A port that cannot be had is told before anything is installed or built.
ifneq ($(filter demo,$(goals)),)
$(shell WEB_PORT='$(WEB_PORT)' test/demo.sh check >&2)
ifneq ($(.SHELLSTATUS),0)
$(error no demo was made)
endif
endif
$(shell PG_CONFIG='$(PG_CONFIG)' test/packages.sh $(if $(tested),test,build) >&2)
ifneq ($(.SHELLSTATUS),0)
$(error cannot go on without these)
endif
endif
PGXS_needed = yes
endif

PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
ifneq ($(PGXS),)

# No bitcode for the server's JIT: it would inline nothing of ours and have every file compiled twice.
override with_llvm := no
include $(PGXS)

ifneq ($(filter 7.% 8.% 9.% 10 11 12 13 14,$(MAJORVERSION)),)
$(error reco needs PostgreSQL 15 or later, but $(PG_CONFIG) is that of PostgreSQL $(VERSION))
endif

.DELETE_ON_ERROR:

# The server is built without dependency tracking, so each object depends on all headers.
$(sort $(SERVE_OBJS) $(TRAIN_OBJS)): %.o: %.c $(wildcard extension/*.h) Makefile
$(NUMERIC_OBJS): override CFLAGS += -O3

all: $(TRAIN_LIB)
$(TRAIN_LIB): $(TRAIN_OBJS)
	$(LINK.shared) -o $@ $(TRAIN_OBJS) $(LDFLAGS) $(LDFLAGS_SL) $(OWN_NAMES) -lopenblas -lpthread -lm
$(MODULE_big)$(DLSUFFIX) $(TRAIN_LIB): $(EXPORTS) Makefile

install: install-train
install-train: $(TRAIN_LIB) installdirs
	$(INSTALL_SHLIB) $(TRAIN_LIB) '$(DESTDIR)$(pkglibdir)/$(TRAIN_LIB)'

uninstall: uninstall-train
uninstall-train:
	rm -f '$(DESTDIR)$(pkglibdir)/$(TRAIN_LIB)'

# The folder too: a part that was taken away is then noticed.
$(DATA_built): $(SQL_PARTS) sql reco.control
	cat $(or $(SQL_PARTS),$(error sql/ has no parts)) > $@

include web/web.mk

installcheck: results
results:
	@mkdir -p $(RESULTS)/sql $(RESULTS)/isolation

# Installs, with sudo where the server's folders are not ours to write, unless all is in place already.
in_place = for f in $(MODULE_big)$(DLSUFFIX) $(TRAIN_LIB); do cmp -s $$f '$(pkglibdir)'/$$f || exit 1; done; \
	for f in reco.control $(DATA) $(DATA_built); do cmp -s $$f '$(datadir)/extension'/$${f\#\#*/} || exit 1; done
installed: all
	@if ($(in_place)); then :; \
	elif test -w '$(pkglibdir)' && test -w '$(datadir)/extension'; then $(MAKE) --no-print-directory install; \
	elif command -v sudo >/dev/null && sudo $(MAKE) --no-print-directory install PG_CONFIG='$(PG_CONFIG)'; then :; \
	else echo 'no right to write into $(pkglibdir): run "make install" as root first' >&2; exit 1; fi

test: installed
	@test/run.sh $(TESTS)

demo: installed
	@test/demo.sh start

bench: installed
	@test -x test/bench/run.sh || { echo 'there is no test/bench/run.sh' >&2; exit 1; }
	@test/cluster.sh test/bench/run.sh

soak: installed
	@SOAK_SECONDS=$(or $(SOAK_SECONDS),300) test/run.sh test/crash/load.t
	@test/cluster.sh test/leaks.sh

sanitize valgrind:
	@test/instrumented.sh $@ $(TESTS)

sqlsmith: installed
	@test/cluster.sh test/sqlsmith.sh

.PHONY: install-train uninstall-train results installed test demo bench soak sanitize valgrind sqlsmith

else

ifdef PGXS_needed
$(error no headers of a PostgreSQL server: install them, or say where its pg_config is by PG_CONFIG=...)
endif

clean distclean maintainer-clean:
	rm -rf $(MODULE_big).so $(OBJS) $(DATA_built) $(EXTRA_CLEAN)
.PHONY: clean distclean maintainer-clean

endif

demo-stop:
	@test/demo.sh stop
.PHONY: demo-stop
