# Everything a person needs: `make run` to see it, `make test` to trust it.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
KUALIK := $(BIN)/kualik
NPM := $(shell command -v npm 2>/dev/null || echo $(BIN)/npm)
# What only reads the sources or builds needs no secrets and touches no data of an installation.
BUILD := KUALIK_DEMO=1 KUALIK_VAR=var/build DATABASE_URL=

.DEFAULT_GOAL := help
.PHONY: help setup setup-test run test check lint format bench day e2e messages docs lock clean

help: ## print the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.run node_modules/.ready var/.built ## prepare everything, start nothing

setup-test: $(VENV)/.dev node_modules/.ready var/.built
	@bin/system-tools chromium-headless-shell:chromium-headless-shell pdfsig:poppler-utils zbarimg:zbar-tools msgfmt:gettext \
	  softhsm2-util:softhsm2 "?libengine-gost-openssl"

run: setup ## the whole system with demonstration data at http://localhost:8000
	@PORT=$(PORT) bin/run

test: setup-test ## every check and every test, on SQLite and PostgreSQL, with the browser
	@$(MAKE) --no-print-directory check
	@bin/test

check: setup-test ## format, lint, types, import contracts, migrations, messages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BUILD) $(BIN)/mypy
	$(BIN)/lint-imports
	$(BUILD) $(KUALIK) makemigrations --check --dry-run
	bin/messages --check

lint: check

format: $(VENV)/.dev ## rewrite the code in the one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup-test ## speeds, ours beside the plain way, in one run
	$(BIN)/python -m bench

day: setup-test ## a whole day of a hall played on the real server, beside books of its own
	$(BIN)/python -m bench.day

e2e: setup-test ## the browser journeys alone; screenshots in var/e2e
	$(BIN)/pytest tests/e2e

messages: setup-test ## collect and compile the interface texts
	bin/messages

docs: setup-test ## write the generated pages of docs/
	$(BUILD) $(KUALIK) write_docs

lock: $(VENV)/.dev ## pin versions and hashes anew
	bin/lock

clean: ## remove what was built (the data in var/ too)
	rm -rf $(VENV) node_modules var src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Kualik needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	test -f $(VENV)/.dev || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.run

node_modules/.ready: package-lock.json | $(VENV)/.run
	bin/npm ci --ignore-scripts --silent
	@touch $@

var/.built: $(shell find locale locale-django src -name '*.po' -o -path '*/static/*' -type f -o -path '*/templates/*' -type f -o -path '*/core/assets.py' 2>/dev/null) | $(VENV)/.run node_modules/.ready
	@mkdir -p -m 700 var
	bin/compile-messages
	$(BUILD) $(KUALIK) collectstatic --no-input --verbosity 0
	@touch $@
