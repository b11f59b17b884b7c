# SPDX-License-Identifier: Apache-2.0
# A front to Meson that needs nothing but make: each target installs the Debian packages it lacks.
#   make         builds build/nonzero
#   make demo    builds, makes a real Debian image and a hardened one, and scans both
#   make check   runs all tests, plain and under ASan + UBSan
#   make lint    static analysis and format
#   make help    the rest

# The distribution's tools, whatever else is on the machine.
export PATH := /usr/bin:/usr/sbin:/bin:/sbin:$(PATH)
PYTHON := /usr/bin/python3
RESULTS := build/results
# A newer compiler's new warnings stop the tests' builds, never a user's.
CONFIGURE := meson setup
STRICT := $(CONFIGURE) -Dwerror=true

.PHONY: all help demo check check-programs check-engines unit cli asan e2e watch-e2e install-e2e lint format bench fuzz soak \
  install uninstall static deb clean

all: build/build.ninja
	ninja -C build product

help:
	@sed -n 's/^#   //p' Makefile
	@echo 'make unit, cli, asan, e2e, watch-e2e, install-e2e   parts of make check'
	@echo 'make format  rewrites the C files as clang-format wants them'
	@echo 'make bench   measures against other programs and writes docs/BENCHMARKS.md'
	@echo 'make fuzz    runs each fuzzer for FUZZ_SECONDS (60)'
	@echo 'make soak    the long tests: every fuzzer for 10 minutes, 10 times the random images, deep analysis'
	@echo 'make install [DESTDIR=DIR] [PREFIX=/usr/local]'
	@echo 'make uninstall  removes what the last make install installed'
	@echo 'make deb     the Debian package, in build/deb'
	@echo 'make static  build-static/nonzero, which needs no library'
	@echo 'make clean   removes build and build-*'

build/build.ninja: meson.build meson_options.txt
	@packaging/deps.sh build
	test -f $@ && meson setup --reconfigure build || $(CONFIGURE) build

demo: all
	@packaging/deps.sh demo
	packaging/demo.sh

# --- tests: each part leaves JUnit files in $(RESULTS), tests/summary.py counts them ---

check:
	@packaging/deps.sh build check e2e deb
	rm -rf $(RESULTS)
	$(MAKE) unit || echo "make unit failed"
	# Engines are waited for more than they work: others work meanwhile. By now all that both need is built.
	@echo "cli and asan, and beside them e2e and watch-e2e: each is printed when it has ended, after some minutes"
	$(MAKE) -j2 --output-sync=line check-programs check-engines
	$(MAKE) install-e2e || echo "make install-e2e failed"
	$(PYTHON) tests/summary.py $(RESULTS) unit cli unit-asan cli-asan e2e watch-e2e install-e2e

check-programs:
	for part in cli asan; do $(MAKE) $$part || echo "make $$part failed"; done

check-engines:
	for part in e2e watch-e2e; do $(MAKE) $$part || echo "make $$part failed"; done

# $(1): build directory, $(2): name of the result
define meson_test
	@mkdir -p $(RESULTS)
	ninja -C $(1)
	rm -f $(1)/meson-logs/testlog.junit.xml
	meson test -C $(1) --no-rebuild --print-errorlogs; status=$$?; \
	  cp $(1)/meson-logs/testlog.junit.xml $(RESULTS)/$(2).xml; exit $$status
endef

# A test that hangs ends by name, with where it was, and the others go on.
PYTEST = $(PYTHON) -m pytest -q -p no:cacheprovider -rs --timeout=900
# Tests that share nothing run side by side.
JOBS := $(shell nproc)

unit: all
	$(call meson_test,build,unit)

cli: all
	@mkdir -p $(RESULTS)
	NONZERO=$(CURDIR)/build/nonzero $(PYTEST) -n $(JOBS) --junitxml=$(RESULTS)/cli.xml tests/cli

asan:
	test -d build-asan || $(STRICT) -Db_sanitize=address,undefined -Db_lundef=false build-asan
	$(call meson_test,build-asan,unit-asan)
	NONZERO=$(CURDIR)/build-asan/nonzero NONZERO_TEST_TIMEOUT=300 NONZERO_TEST_MAX_RSS=4294967296 \
	  UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	  $(PYTEST) -n $(JOBS) --junitxml=$(RESULTS)/cli-asan.xml tests/cli

e2e: all
	@packaging/deps.sh e2e deb
	ninja -C build tests/toclist tests/containerlist
	@mkdir -p $(RESULTS) build/e2e/bin
	cp build/nonzero build/nonzero-fetch build/nonzero-watch build/e2e/bin/
	NONZERO=$(CURDIR)/build/e2e/bin/nonzero $(PYTEST) -n $(JOBS) --dist loadfile \
	  --junitxml=$(RESULTS)/e2e.xml --ignore-glob='*/test_watch*.py' --ignore-glob='*/test_install.py' tests/e2e

# The watcher sees, and with --enforce kill ends, what is root in any container of the host: no other may run beside.
watch-e2e: all
	@packaging/deps.sh e2e
	ninja -C build tests/containerlist
	@mkdir -p $(RESULTS) build/e2e/bin
	cp build/nonzero build/nonzero-fetch build/nonzero-watch build/e2e/bin/
	NONZERO=$(CURDIR)/build/e2e/bin/nonzero $(PYTEST) --junitxml=$(RESULTS)/watch-e2e.xml tests/e2e/test_watch*.py

# To install is to link the programs anew: not while others run them.
install-e2e: all
	@packaging/deps.sh e2e
	@mkdir -p $(RESULTS)
	$(PYTEST) --junitxml=$(RESULTS)/install-e2e.xml tests/e2e/test_install.py

# --- everything else ---

SOURCES = $(shell git ls-files '*.c' '*.h')

lint: build/build.ninja
	@packaging/deps.sh lint
	clang-format --dry-run -Werror $(SOURCES)
	ninja -C build
	tests/lint.sh build

format:
	@packaging/deps.sh lint
	clang-format -i $(SOURCES)

bench: all
	@packaging/deps.sh bench
	bench/make-images.sh build/bench
	$(PYTHON) bench/run.py --write

FUZZ_SECONDS ?= 60
fuzz:
	@packaging/deps.sh build fuzz
	test -d build-fuzz || CC=clang $(STRICT) -Dfuzz=true build-fuzz
	ninja -C build-fuzz
	tests/fuzz/run.sh build-fuzz $(FUZZ_SECONDS)

soak:
	$(MAKE) fuzz FUZZ_SECONDS=600
	NONZERO_SOAK=10 $(MAKE) e2e
	ANALYZER_NODES=225000 $(MAKE) lint

PREFIX ?= /usr/local
install: build/build.ninja
	meson setup --reconfigure --prefix $(PREFIX) build >/dev/null
	ninja -C build product
	meson install -C build --no-rebuild

# What the last `make install` installed.
uninstall:
	ninja -C build uninstall

# A static-pie program that needs no library of the system: build-static/nonzero
static:
	@packaging/deps.sh build
	test -d build-static || $(CONFIGURE) -Dprefer_static=true build-static
	ninja -C build-static product

deb:
	@packaging/deps.sh deb
	packaging/deb.sh build/deb

clean:
	rm -rf build build-*
