# Gavel. `make help` lists the targets; BUILD selects the flavour of a build
# and O the folder it goes to.

BUILD ?= release
O ?= build/$(BUILD)
CC ?= gcc
CORES := $(shell nproc 2>/dev/null || echo 1)
# Functional tests mostly wait: more of them run at once than there are cores.
TEST_JOBS ?= 4
PYTEST = /usr/bin/python3 -m pytest -q -n $(TEST_JOBS) --dist loadscope
PKGS = libcrypto libssl libsecp256k1 libzmq libevent libevent_openssl \
       libevent_pthreads jansson

DEPS = gcc g++ make pkg-config openssl libssl-dev libsecp256k1-dev \
       librocksdb-dev libzmq3-dev libevent-dev libjansson-dev ca-certificates
DEPS_TEST = libcmocka-dev python3 python3-pytest python3-pytest-xdist curl iproute2 \
            git valgrind clang clang-format libfuzzer-14-dev openjdk-17-jre-headless \
            testssl.sh spin python3-zmq faketime
DEPS_WEB = chromium chromium-driver python3-selenium

.DEFAULT_GOAL := all
.SUFFIXES:
.DELETE_ON_ERROR:

# --- flavours ---------------------------------------------------------------

WARN = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wvla \
       -Wmissing-prototypes -Wwrite-strings -Wundef
BASE = -std=c11 -D_GNU_SOURCE -g -fno-omit-frame-pointer -pthread
OPT_release = -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong
OPT_debug = -Og -DGV_TESTING
OPT_asan = -O1 -DGV_TESTING -fsanitize=address,undefined \
           -fno-sanitize-recover=all
OPT_tsan = -O1 -DGV_TESTING -fsanitize=thread
OPT_fuzz = -O1 -DGV_TESTING -fsanitize=address,undefined,fuzzer-no-link \
           -fno-sanitize-recover=all
OPT_cover = -O0 -DGV_TESTING --coverage
ifeq ($(OPT_$(BUILD)),)
$(error BUILD must be release, debug, asan, tsan, fuzz or cover)
endif
ifeq ($(BUILD),fuzz)
CC = clang
endif

# Installing the packages must work before any of them is there.
ifeq ($(filter deps deps-test deps-web help clean,$(MAKECMDGOALS)),)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
endif

CPPFLAGS += -Iinclude -I. -I$(O)/gen $(PKG_CFLAGS)
CFLAGS += $(BASE) $(OPT_$(BUILD)) $(WARN)
LDFLAGS += -pthread $(filter -fsanitize% --coverage,$(OPT_$(BUILD)))
ifeq ($(BUILD),fuzz)
LDFLAGS := -pthread -fsanitize=address,undefined
endif

CORE_LIBS = -lsecp256k1 -lcrypto
CLIENT_LIBS = -levent_openssl -levent -lssl $(CORE_LIBS) -ljansson
NODE_LIBS = -lrocksdb -lzmq -levent_pthreads $(CLIENT_LIBS) -lm

# --- what is built from what -------------------------------------------------

objs = $(patsubst %.c,$(O)/%.o,$(1))
CORE = $(O)/libgavel-core.a
CHAIN = $(O)/libgavel-chain.a
CLIENT = $(O)/libgavel-client.a
HTTP = $(O)/libgavel-http.a
KERNEL = $(O)/libgavel-kernel.a
NODE = $(O)/libgavel-node.a
WALLET = $(O)/libgavel-wallet.a
MINER = $(O)/libgavel-miner.a
EXPLORER = $(O)/libgavel-explorer.a
# The rules of connecting blocks without fork choice or disk: pure memory.
LEDGER = $(O)/libgavel-ledger.a

CORE_SRC := $(wildcard chain/core/*.c chain/rules/*.c)
CHAIN_SRC := $(wildcard chain/state/*.c chain/store/*.c)
# What nodes say and how they are named, which the client of their submit
# sockets needs too; the rest of src/net is the node's alone.
NET_SHARED := src/net/message.c src/net/message_gossip.c src/net/netkey.c
CLIENT_SRC := $(wildcard src/client/*.c src/base/*.c src/pki/*.c) $(NET_SHARED)
KERNEL_SRC := $(wildcard miner/kernel/*.c)
# The server of HTTP and the files of the pages: of the node and of gavel web.
HTTP_SRC := $(wildcard src/rpc/http*.c)
WEB_FILES := $(sort $(wildcard $(addprefix src/web/,*.html *.css *.js *.svg)))
NODE_SRC := $(filter-out src/main.c $(NET_SHARED) $(HTTP_SRC),$(wildcard \
            $(addsuffix /*.c,src src/net src/ttp src/rpc)))
LEDGER_SRC := $(wildcard chain/state/book*.c) $(addprefix chain/state/, \
              directory.c directory_anchor.c directory_epoch.c \
              directory_node.c spine.c links.c order.c table.c)
WALLET_SRC := $(filter-out wallet/main.c,$(wildcard wallet/*.c))
MINER_SRC := $(filter-out miner/main.c,$(wildcard miner/*.c))
EXPLORER_SRC := $(filter-out src/explorer/main.c,$(wildcard src/explorer/*.c))
PROGRAMS = $(addprefix $(O)/,gaveld gavel gavel-miner gavel-explorer)

all: $(PROGRAMS) ## build the four programs

$(CORE): $(call objs,$(CORE_SRC)) $(O)/gen/genesis.o
$(CHAIN): $(call objs,$(CHAIN_SRC))
$(CLIENT): $(call objs,$(CLIENT_SRC))
$(HTTP): $(call objs,$(HTTP_SRC)) $(O)/gen/web.o
$(KERNEL): $(call objs,$(KERNEL_SRC))
$(NODE): $(call objs,$(NODE_SRC))
$(LEDGER): $(call objs,$(LEDGER_SRC))
$(WALLET): $(call objs,$(WALLET_SRC))
$(MINER): $(call objs,$(MINER_SRC))
$(EXPLORER): $(call objs,$(EXPLORER_SRC))
%.a:
	@echo "  AR    $@"
	@rm -f $@ && ar rcs $@ $^

# The order of the libraries is the proof of the layers: wallet and miner are
# linked without state, store and RocksDB, and the miner without ZeroMQ, which
# the wallet needs to hand in bids (src/client/submit.c). Of the node's parts the
# wallet has the HTTP server alone.
$(O)/gaveld: $(O)/src/main.o $(NODE) $(HTTP) $(CHAIN) $(KERNEL) $(CLIENT) \
        $(CORE)
	$(link) $(NODE_LIBS)
$(O)/gavel: $(O)/wallet/main.o $(WALLET) $(HTTP) $(CLIENT) $(CORE)
	$(link) -lzmq $(CLIENT_LIBS)
$(O)/gavel-miner: $(O)/miner/main.o $(MINER) $(KERNEL) $(CLIENT) $(CORE)
	$(link) $(CLIENT_LIBS)
$(O)/gavel-explorer: $(O)/src/explorer/main.o $(EXPLORER) $(LEDGER) \
        $(CLIENT) $(CORE)
	$(link) $(CLIENT_LIBS)
link = @echo "  LD    $@" && $(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) \
       -Wl,--start-group $(filter %.a,$^) -Wl,--end-group

$(O)/%.o: %.c | $(O)/gen/networks.h
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The networks are data: genesis/*.json become const structs. main comes first:
# it is what --network means when it is not given.
GENESIS := genesis/main.json $(sort $(filter-out genesis/main.json, \
           $(wildcard genesis/*.json)))
$(O)/gen/genesis.c: $(O)/genesis/compile $(GENESIS)
	@mkdir -p $(@D)
	@$< $(GENESIS) >$@
$(O)/gen/networks.h: $(O)/genesis/compile $(GENESIS)
	@mkdir -p $(@D)
	@$< --names $(GENESIS) >$@
$(O)/genesis/compile: genesis/compile.c
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< -ljansson -lcrypto
$(O)/gen/web.c: src/web/embed $(WEB_FILES)
	@mkdir -p $(@D)
	@src/web/embed $(WEB_FILES) >$@
$(O)/gen/genesis.o $(O)/gen/web.o: %.o: %.c src/web/assets.h
	@$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# --- tests -------------------------------------------------------------------

UNIT_SRC := $(sort $(wildcard tests/unit/*/test_*.c tests/vectors/test_*.c))
UNIT = $(patsubst %.c,$(O)/%,$(UNIT_SRC))
SUPPORT := $(call objs,$(wildcard tests/support/*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ = $(patsubst %.c,$(O)/%,$(FUZZ_SRC))
BENCH_SRC := $(sort $(wildcard tests/bench/bench_*.c))
BENCH = $(patsubst %.c,$(O)/%,$(BENCH_SRC))
BENCH_LOAD := $(call objs,$(wildcard tests/bench/load*.c))
ALL_LIBS = $(NODE) $(HTTP) $(WALLET) $(MINER) $(EXPLORER) $(CHAIN) $(KERNEL) \
           $(CLIENT) $(CORE)

$(UNIT): $(O)/%: $(O)/%.o $(SUPPORT) $(ALL_LIBS)
	$(link) -lcmocka $(NODE_LIBS)
$(BENCH): $(O)/%: $(O)/%.o $(BENCH_LOAD) $(SUPPORT) $(ALL_LIBS)
	$(link) -lcmocka $(NODE_LIBS)

# A fuzz target is an ordinary program that replays its corpus, or, built with
# BUILD=fuzz, a libFuzzer program.
ifeq ($(BUILD),fuzz)
$(FUZZ): $(O)/%: $(O)/%.o $(SUPPORT) $(ALL_LIBS)
	$(link) -fsanitize=fuzzer $(NODE_LIBS)
else
$(FUZZ): $(O)/%: $(O)/%.o $(O)/tests/fuzz/replay.o $(SUPPORT) $(ALL_LIBS)
	$(link) $(NODE_LIBS)
endif

# The wire of the network lab needs nothing of Gavel.
SWITCH = $(O)/tests/netlab/switch
$(SWITCH): $(O)/tests/netlab/switch.o
	$(link)

# The simulated network needs nothing of Gavel either.
SIM = $(O)/tests/sim/sim
$(SIM): $(call objs,$(wildcard tests/sim/*.c))
	$(link) -lm

# Not one of FUZZ: it writes inputs and reads none.
$(O)/tests/fuzz/seeds: $(call objs,$(wildcard tests/fuzz/seeds*.c)) \
        $(SUPPORT) $(ALL_LIBS)
	$(link) -lcmocka $(NODE_LIBS)

# These need valgrind with its header, and a build without sanitizers.
CT_SRC := $(sort $(wildcard tests/ct/ct_*.c))
CT = $(patsubst %.c,$(O)/%,$(CT_SRC))
CT_CAN := $(and $(filter release debug,$(BUILD)),$(shell command -v valgrind),\
          $(wildcard /usr/include/valgrind/memcheck.h))
$(CT): $(O)/%: $(O)/%.o $(SUPPORT) $(ALL_LIBS)
	$(link) $(NODE_LIBS)

unit: $(UNIT) ## build and run the unit tests and vectors
	@tests/run-unit $(O) $(UNIT)
fuzz-replay: $(FUZZ) ## replay the committed corpora through every decoder
	@tests/run-fuzz $(O) $(FUZZ)
check-ct: ## secrets decide no branch and no address
	@$(if $(CT_CAN),$(MAKE) --no-print-directory ct-run,echo "SKIP \
	    check-ct: it needs valgrind, and BUILD=release or debug")
ct-run: $(CT)
	@tests/run-ct $(CT)
check-sim: $(SIM) ## small runs of the simulated network
	@tests/run-sim $<
sim: $(SIM) ## a network of 1,000 nodes, simulated: the table of PERFORMANCE.md
	@$<
check-model: ## spin searches the models of finality
	@tests/run-model
functional-short: all
	@GAVEL_BUILD=$(abspath $(O)) $(PYTEST) -m "not long" tests/functional
check: deps-test ## every quick test: unit, vectors, corpora, short functional
	@$(MAKE) --no-print-directory check-installed
check-installed: lint
	@$(MAKE) --no-print-directory -j$(CORES) all $(UNIT) $(FUZZ) $(SIM)
	@$(MAKE) --no-print-directory unit fuzz-replay check-ct check-model \
	    check-sim functional-short
check-long: deps-test all ## what check leaves out of check-functional
	@GAVEL_BUILD=$(abspath $(O)) $(PYTEST) -m long tests/functional
check-functional: deps-test all $(SWITCH) ## real processes, faults, networks
	@GAVEL_BUILD=$(abspath $(O)) $(PYTEST) tests/functional
	@GAVEL_BUILD=$(abspath $(O)) $(PYTEST) tests/netlab
netlab: deps-test all $(SWITCH) ## nodes in namespaces, on bad links (needs root)
	@GAVEL_BUILD=$(abspath $(O)) $(PYTEST) tests/netlab
MINUTES ?= 2
soak: deps-test all $(SWITCH) ## random kills and cuts for MINUTES (needs root)
	@GAVEL_SOAK_MINUTES=$(MINUTES) GAVEL_BUILD=$(abspath $(O)) \
	    $(PYTEST) -n 0 -rP tests/netlab/test_soak.py
lint: ## the house rules that a machine can check
	@tests/lint
bench: $(BENCH) all ## figures, as ratios taken in one run
	@tests/run-bench $(O) $(BENCH) tests/bench/bench_replay \
	    tests/bench/bench_net
fuzz: ## run every fuzz target for FUZZ_SECONDS (default 60)
	@$(MAKE) --no-print-directory BUILD=fuzz fuzz-run
fuzz-run: $(FUZZ)
	@tests/run-fuzz --search $(O) $(FUZZ)
fuzz-seeds: $(O)/tests/fuzz/seeds ## write the corpora's first inputs again
	@$< tests/fuzz/corpus
cover: ## line coverage of the unit tests
	@$(MAKE) --no-print-directory BUILD=cover unit
	@tests/run-cover build/cover
fresh: ## both README commands in a fresh Debian 12 (needs root, debootstrap)
	@tests/run-fresh
demo: deps ## an auction from start to proof, on loopback
	@$(MAKE) --no-print-directory -j$(CORES) all
	@tests/demo/run $(abspath $(O))
RUN_DIR ?= build/run
run: deps ## leave a regtest node running in the foreground
	@$(MAKE) --no-print-directory -j$(CORES) all
	@echo "In another terminal, the wallet's page:  $(O)/gavel --network" \
	    "regtest --datadir $(RUN_DIR) web"
	@$(O)/gaveld --network regtest --datadir $(RUN_DIR) --ttp all
deps: ## install what a build needs (Debian packages)
	@tests/install-deps $(DEPS)
deps-test: deps ## install what the tests need
	@tests/install-deps $(DEPS_TEST)
deps-web: deps-test ## install what the tests in a browser need
	@tests/install-deps $(DEPS_WEB)
format: ## rewrite the sources in the house style
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i
install: all ## install the programs under DESTDIR/PREFIX
	install -d $(DESTDIR)$(or $(PREFIX),/usr/local)/bin
	install -m 755 $(PROGRAMS) $(DESTDIR)$(or $(PREFIX),/usr/local)/bin
clean: ## remove every build
	rm -rf build
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | \
	    awk -F'|' '{ printf "%-24s %s\n", $$1, $$2 }'
	@echo "  BUILD=release|debug|asan|tsan|fuzz|cover selects the flavour."

.PHONY: all unit fuzz-replay check-ct ct-run check-model check-sim sim \
        functional-short \
        check check-installed check-long check-functional netlab soak \
        lint bench fuzz \
        fuzz-run fuzz-seeds cover fresh demo run deps deps-test deps-web format \
        install clean help
.SECONDARY:

-include $(shell find $(O) -name '*.d' 2>/dev/null)
