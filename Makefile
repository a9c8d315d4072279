# `make run` and `make test` are all a newcomer needs; each installs what it
# lacks and says so. Builds live outside the checkout, so that a second clone
# on the same machine starts warm.

CACHE := $(or $(BENCH_CACHE_DIR),$(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/arewefastyet)
export BENCH_CACHE_DIR := $(CACHE)
export CARGO_TARGET_DIR ?= $(CACHE)/target/tools
# Where a new Rust installation puts cargo, should the shell not know yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

SITE := site/out
BENCH := $(CARGO_TARGET_DIR)/release/bench
HOST := host-under-test
COMPONENTIZE := cargo run --quiet --locked --manifest-path suites/components/build/Cargo.toml --target-dir $(CACHE)/target/componentize --
# Workspaces of their own, each with its own lockfile.
OTHERS := $(HOST) $(HOST)/native $(HOST)/conformance $(HOST)/tiny suites/components/build
# Adapters bring a whole runtime each, so they are not linted with the rest.
FORMATTED := $(OTHERS) $(HOST)/adapters/wash-runtime

.PHONY: help run test lint screenshot components components-check components-large page-module page-module-check firmware-twice

help:
	@echo "make run         build the host, run the quick profile of every suite, render the site"
	@echo "make test        everything CI runs"
	@echo "make screenshot  take the README's picture of the site anew"
	@echo "make firmware-twice  build every firmware twice, from nothing the second time, and compare the bytes"
	@echo "make components  rebuild the WebAssembly guests"
	@echo "make page-module rebuild what pages run to compare versions (after a change of stats)"
	@echo "make components-large  build those that are too large to be committed (Node.js, Python, their registries)"

run:
	@.ci/install boards
	@echo "== building bench"
	cargo build --release --locked --package bench
	@echo "== measuring (the first builds take 10 to 20 minutes for the host, 10 to 15 for the tiny host and one board)"
	$(BENCH) run --quick
	$(BENCH) site build --out $(SITE)
	@echo "== done. Look at $(SITE)/index.html, or run: $(BENCH) site serve"

test:
	@.ci/test

# Not a part of the tests, whose time is short: all six take half an hour on two idle cores.
firmware-twice:
	@.ci/install boards
	cargo build --release --locked --package bench
	$(BENCH) build tiny --firmware all --twice

# Of the site as it was last built: `make run`, or bench site build --out site/out.
screenshot:
	@.ci/install tests
	@test -f $(SITE)/index.html || { echo "there is no site in $(SITE); run: make run" >&2; exit 1; }
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1 \
	  --user-data-dir="$$(mktemp -d)" --window-size=1280,1400 \
	  --screenshot=$(CURDIR)/.github/site.png file://$(CURDIR)/$(SITE)/index.html

lint:
	cargo fmt --all --check
	for dir in $(FORMATTED); do cargo fmt --all --check --manifest-path $$dir/Cargo.toml || exit 1; done
	cargo clippy --workspace --all-targets --locked -- -D warnings
	for dir in $(OTHERS); do \
	  CARGO_TARGET_DIR=$(CACHE)/target/lint cargo clippy --all-targets --locked \
	    --manifest-path $$dir/Cargo.toml -- -D warnings || exit 1; done

components:
	@.ci/install compiler
	$(COMPONENTIZE) build

components-large:
	@.ci/install node
	$(COMPONENTIZE) large

components-check:
	$(COMPONENTIZE) check

page-module:
	@.ci/install compiler
	$(COMPONENTIZE) page

page-module-check:
	$(COMPONENTIZE) check-page
