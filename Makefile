# The one door to everything that is done with this repository. `make` alone lists what it can do.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules

CARGO ?= cargo
PYTHON ?= python3
COMPOSE ?= $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
CLIENTS := $(TARGET)/clients
PYTEST := $(CLIENTS)/bin/python -B -m pytest -p no:cacheprovider

# Where cargo-nextest is not there, cargo's own runner does the same, slower.
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)
RUN_TESTS := $(if $(NEXTEST),$(CARGO) nextest run,$(CARGO) test --no-fail-fast)

.PHONY: help run cluster image up down verify fix test unit clients build bench bench-cluster soak sim power-cut damage fuzz fuzz-api clean

help: ## List what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## Start a node on ./data, with the API at http://127.0.0.1:9090
	$(CARGO) run --release --locked --bin hearth -- serve --data-dir ./data

cluster: ## Start three nodes that are one cluster, on ./data/cluster, with their APIs at ports 9091 to 9093
	$(CARGO) build --release --locked --bin hearth
	.deploy/cluster.sh $(TARGET)/release/hearth

image: ## Make the image hearth, of a static binary alone; pulls nothing where there is cargo
	CARGO=$(CARGO) .deploy/image.sh hearth

up: image ## Start three containers that are one cluster of that image, with their APIs at ports 9091 to 9093
	$(COMPOSE) up --detach

down: ## Stop those containers; their data stays
	$(COMPOSE) down

verify: ## Check format, lints, documentation, licences and imports; writes nothing but build output
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked --quiet -- -D warnings
	cp Cargo.lock cluster-tests/fuzz/Cargo.lock
	$(CARGO) clippy --manifest-path cluster-tests/fuzz/Cargo.toml --target-dir $(TARGET) --quiet -- -D warnings
	RUSTDOCFLAGS='-D warnings -A rustdoc::private_intra_doc_links' $(CARGO) doc --workspace --no-deps --document-private-items --locked --quiet
	$(RUN_TESTS) --workspace --locked --test house

fix: ## Mend what can be mended without a thought: format and simple lints
	$(CARGO) fmt --all
	$(CARGO) clippy --workspace --all-targets --fix --allow-dirty --allow-staged
	$(CARGO) fmt --all

# With the tests, whose dependencies ask some crates for more features: without them these would be built twice.
build: ## Build the binaries that the tests start, and the tests
	$(CARGO) build --workspace --bins --tests --locked

test: verify clients unit ## Everything: verify, clients of others, unit tests, the API over HTTP

unit: build ## The Rust tests alone: units, properties, and the real binary from outside
	$(RUN_TESTS) --workspace --locked

clients: build $(CLIENTS)/.installed ## Drive a real server with clients that others wrote
	HEARTH_BIN=$(TARGET)/debug/hearth $(PYTEST) -q cluster-tests/clients

fuzz-api: build $(CLIENTS)/.installed ## Throw generated requests at every endpoint for long (EXAMPLES, SEED)
	HEARTH_BIN=$(TARGET)/debug/hearth EXAMPLES=$(or $(EXAMPLES),400) SEED=$(or $(SEED),random) $(PYTEST) cluster-tests/clients/test_document.py

$(CLIENTS)/.installed: cluster-tests/clients/requirements.txt
	rm -rf $(CLIENTS)
	$(PYTHON) -m venv $(CLIENTS)
	$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement $<
	touch $@

bench: ## Measure; prints a table
	$(CARGO) build --release --workspace --bins --locked
	$(CARGO) run --release --locked --package cluster-tests --bin bench

bench-cluster: ## Measure three nodes against etcd's three; prints a table
	$(CARGO) build --release --workspace --bins --locked
	$(CARGO) run --release --locked --package cluster-tests --bin bench -- cluster kills catch-up $(BENCH)

soak: build ## The tests that take too long for every day
	$(RUN_TESTS) --workspace --locked $(if $(NEXTEST),--run-ignored only,-- --ignored)

sim: ## Simulate a cluster from very many seeds (SEEDS)
	HEARTH_SIM_SEEDS=$(or $(SEEDS),10000) $(CARGO) test --workspace --locked --lib -- --nocapture hundreds_of_seeds

power-cut: build ## Cut the power of loaded nodes again and again (root and loop devices)
	$(CARGO) test --workspace --locked --test storage --test cluster -- --ignored --nocapture power_cuts

damage: build ## Damage the files of a node in a thousand ways
	$(CARGO) test --workspace --locked --test storage -- --ignored --nocapture damage

fuzz: ## Fuzz every reader of foreign bytes (SECONDS_EACH, TARGETS)
	cluster-tests/fuzz/run

clean: ## Remove what was built
	$(CARGO) clean
