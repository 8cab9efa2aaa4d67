# innoERP: the daily verbs. `make` or `make help` lists them.
#
# Every verb builds the whole workspace in one profile: another choice of crates or flags would choose
# other features for the dependencies and compile them again.

TARGET := $(or $(CARGO_TARGET_DIR),target)
INNOERP = $(TARGET)/debug/innoerp

.PHONY: help up dev test conformance oracle check check-queries fmt lint prepare sdl migrate seed bench bench-gateways soak containers manifests audit clean-dev

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## install what is missing, build, and start everything (Ctrl-C stops it)
	@scripts/setup
	@cargo build
	@exec $(INNOERP) up

dev: ## as up, and build and restart whatever changes; clients stay connected
	@scripts/setup
	@cargo build
	@exec $(INNOERP) dev

test: ## install what is missing and run the whole suite on a throwaway database server
	@scripts/setup --test
	@cargo test --workspace --no-run
	@$(TARGET)/debug/cluster run -- cargo test --workspace --no-fail-fast

conformance: ## compose the federation audit; INNOERP_CONFORMANCE names the folder that holds its data
	@cargo test --workspace --test composition -- --ignored --nocapture conformance

oracle: ## compare answers to random queries (ORACLE_QUERIES, ORACLE_SEED) with those of one server with all the data
	@ORACLE_QUERIES=$${ORACLE_QUERIES:-10000} cargo test --workspace --test oracle -- --nocapture $${INNOERP_CONFORMANCE:+--include-ignored}

check: ## formatting and lints, as CI checks them
	@cargo fmt --all --check
	@$(MAKE) --no-print-directory lint

fmt: ## format all Rust code
	@cargo fmt --all

lint: ## clippy, with every warning an error
	@cargo clippy --workspace --all-targets -- -D warnings

prepare: ## renew .sqlx and schema/ after a change of queries, migrations or the API
	@scripts/setup --test
	@scripts/prepare
	@$(MAKE) --no-print-directory sdl

check-queries: ## compile, asking a database of its own about every query that changed
	@cargo build --bin cluster
	@SQLX_OFFLINE=false $(TARGET)/debug/cluster prepare -- cargo check --workspace --all-targets

sdl: ## write schema/ from the code
	@cargo build
	@$(INNOERP) sdl

migrate: ## bring the database of DATABASE_URL up to date
	@cargo build
	@$(INNOERP) migrate

seed: ## make the demo organizations in the database of DATABASE_URL
	@cargo build
	@$(INNOERP) seed

bench: ## measure against the floor, and print one table
	@scripts/setup --test
	@bench/run

bench-gateways: ## measure our router beside other routers and an ideal client (installs Hive Router once)
	@bench/gateways/rivals
	@bench/gateways/run

soak: ## try for SECONDS (60), or COUNT (10000) times, what the tests try for a moment; SOAK is log-in, hang-ups, database or events
	@scripts/setup --test
	@bench/soak $(or $(SOAK),log-in) --lasting $(or $(SECONDS),60) --count $(or $(COUNT),$(if $(filter database,$(SOAK)),50,10000))

containers: ## build the image, start the small set in containers, ask it, kill some, stop it; needs Docker
	@docker/check

manifests: ## check the Helm chart and its manifests, offline; SERVER=1 asks a real API server; builds what it needs once, with Go
	@docker/kubernetes/check
	@$(if $(SERVER),docker/kubernetes/dry-run)

audit: ## run the federation audit; needs its cases (INNOERP_CONFORMANCE) and its subgraphs, see bench/audit
	@cargo build
	@$(TARGET)/debug/audit; given=$$?; $(TARGET)/debug/audit --compose && exit $$given

clean-dev: ## remove .innoerp: the development database, keys and settings of this copy
	@scripts/clean-dev
