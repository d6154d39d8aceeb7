# Every target does what it needs first and may be run again at any time.
#   make demo    the whole circle on a virtual factory line   (core install only: .venv-core)
#   make test    every test, JOBS=2 at a time                 (.venv)
#   make check   lint, types, layers, house rules, budgets    (parts: types, rules, budgets)
#   make peers   other tools that tests meet: readers, MLflow  (.venv-peers)
#   make bench   figures against peers and physical limits    (BENCH=name for one)
#   make docs    write what derives from the code: reference pages, app's door, the page's types
#   make setup   the development environment, .venv

PYTHON ?= python3
BENCH ?= *
TESTS ?=
JOBS ?= 2
DEMO ?= demo-line

PIP_FLAGS := --quiet --disable-pip-version-check -c constraints.txt
SOURCES := $(shell find src -type f -not -name '*.pyc')
BIN := .venv/bin

# Small matrices on few cores: threads only get in each other's way.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1

# A suite that starts a thousand processes would compile all that each of them imports, again and again.
unexport PYTHONDONTWRITEBYTECODE

PEERS ?= datumaro label-studio-sdk supervision datasets mlflow tensorboard \
  model-signing pyopenssl 'cyclonedx-python-lib[json-validation]'

.PHONY: setup peers core demo test check types rules budgets bench docs clean
.DEFAULT_GOAL := test

setup: .venv/.stamp

.venv/.stamp: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install $(PIP_FLAGS) -e '.[dev]'
	touch $@

# Other people's readers want other versions of what we use: an environment of their own. This package
# is in there too: `mlflow.pyfunc` runs our models in the environment of whoever loads them.
peers: .venv-peers/.stamp

.venv-peers/.stamp: constraints-peers.txt
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -c $< $(PEERS) -e .
	touch $@

core: .venv-core/.stamp

# As a user gets it: no development tools, no extras, a built wheel. Byte code is left to the first
# use: most of scipy's is never used, and all of it would be 120 MB.
.venv-core/.stamp: pyproject.toml constraints.txt $(SOURCES)
	test -x .venv-core/bin/python || $(PYTHON) -m venv .venv-core
	.venv-core/bin/python -m pip install $(PIP_FLAGS) --no-compile .
	touch $@

# With a person at the terminal it ends with the page open (Ctrl-C), else it ends.
demo: .venv-core/.stamp
	if [ -f '$(DEMO)/visloop.yaml' ]; then rm -rf '$(DEMO)'; fi
	if [ -t 0 ] && [ -t 1 ]; then stay=--serve; else stay=--no-serve; fi; \
	.venv-core/bin/visloop quickstart '$(DEMO)' $$stay

# In the order of the folders: unit tests, many and short, come last and fill what is left.
test: setup
	$(BIN)/python -m pytest $(if $(TESTS),$(TESTS),-n $(JOBS) --dist loadfile --no-loadscope-reorder)

check: types rules budgets

types: setup
	$(BIN)/pyright

rules: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest tests/test_house.py
	$(BIN)/python tools/doors.py --check
	$(BIN)/python tools/reference.py --check

# It measures time: nothing else should run beside it.
budgets: setup
	$(BIN)/python tools/budgets.py

bench: setup
	@set -e; for file in bench/bench_$(BENCH).py; do echo "== $$file"; $(BIN)/python $$file; done

docs: setup
	$(BIN)/python tools/doors.py
	$(BIN)/python tools/reference.py
	$(BIN)/python tests/ui/api_types.py
	$(BIN)/python -m tests.contract.bad.page

clean:
	rm -rf .venv .venv-core .venv-peers build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
