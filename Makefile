# `make help` lists the targets. Nothing but Python 3.11+, git and make is needed; `.venv` holds the rest.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help install demo demo-prefect serve test slow bench lint check fmt lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(READY) ## Set up .venv (the other targets do it by themselves)

# Made anew only when the lock or the project file changes, so a second run needs no network.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, '$(PYTHON)' is older; name another: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "python3 -m venv failed; on Debian or Ubuntu: apt-get install python3-venv"; exit 2; }
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## Replay a whole yearly cycle of a published plan (ARGS="--seed 7" for options)
	$(BIN)/ocop demo $(ARGS)

demo-prefect: $(READY) ## Replay a week through a real local Prefect server (ARGS="--prefect-port 4201")
	$(BIN)/ocop demo-prefect $(ARGS)

serve: $(READY) ## Show the demo's status pages in a browser (ARGS="--data DIR" for another folder)
	$(BIN)/ocop serve $(or $(ARGS),--data demo-data)

# One process for each core, and the tests of one module together, since they share what is costly to make.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadscope

test: $(READY) ## Run the fast tests
	$(PYTEST) $(COVERAGE)

slow: $(READY) ## Run the slow tests: a real Prefect server, the wheel, replayed years
	$(PYTEST) -m slow

bench: $(READY) ## Measure a year of the whole nation (ARGS="--scale 0.01" for a quick run)
	$(BIN)/python -m bench.nation_year $(ARGS)

lint: $(READY) ## Format, style, types and import rules, without tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint ## Everything: lint, all tests, coverage of the fast ones
	$(MAKE) test COVERAGE=--cov
	$(MAKE) slow

fmt: $(READY) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## Make requirements.lock anew (needs uv and the network)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra dev pyproject.toml --output-file requirements.lock

clean: ## Remove .venv and the demo's folder
	rm -rf $(VENV) demo-data demo-prefect-data
