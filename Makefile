# Two commands for a fresh machine: `make certify` and `make test`. Everything else is for those who work on Xiangka.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: certify test nightly fuzz lint load bench setup setup-dev lock clean

certify: setup
	$(BIN)/xiangka certify $(ARGS)

test: setup-dev lint
	@sh .ci/test-programs
	$(BIN)/python -m pytest tests -n 2 --dist worksteal $(ARGS)

nightly: setup-dev
	@sh .ci/test-programs
	$(BIN)/python -m pytest tests -n 2 --dist worksteal -m "nightly or not nightly" $(ARGS)

fuzz: setup-dev
	$(BIN)/python -m tests.fuzzing.fuzz_codecs $(ARGS)

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

load: setup
	$(BIN)/xiangka load run $(ARGS)

bench: setup-dev
	$(BIN)/python -m tests.benchmarks $(ARGS)

setup: $(VENV)/.runtime
setup-dev: $(VENV)/.dev

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Xiangka needs Python 3.11 or newer: install python3.11 and its venv module"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "setting up $(VENV) from requirements.lock (a minute or two the first time)"
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@sh .ci/system-libraries $(BIN)/python
	@touch $@

$(VENV)/.dev: requirements-dev.lock requirements-cards.lock $(VENV)/.runtime
	@echo "adding the developers' tools from requirements-dev.lock"
	$(PIP) install --require-hashes -r requirements-dev.lock
	@sh .ci/card-libraries $(BIN)/python
	@touch $@

lock: | $(VENV)/bin/python
	$(PIP) install pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host --no-header --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host --no-header --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	echo pyscard | $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
		--no-emit-find-links --no-emit-trusted-host --no-header --output-file requirements-cards.lock -

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build *.egg-info
