# Everything a newcomer runs. `make` alone lists the targets.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
UV_VERSION := 0.13.9

.DEFAULT_GOAL := help
.PHONY: help install demo test simulate lint format bench million chaos docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## set up .venv from the lock; leaves .venv/bin/prismd

demo: $(INSTALLED) ## import real input and watch; FILE=people.csv imports that file (TYPE=contact, DEDUPE_BY=email)
	@$(BIN)/python -m demo $(if $(FILE),--file "$(FILE)") $(if $(TYPE),--type "$(TYPE)") $(if $(DEDUPE_BY),--dedupe-by "$(DEDUPE_BY)")

test: $(INSTALLED) ## run all tests; ARGS="tests/core -x" runs some
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

simulate: $(INSTALLED) ## run imports under injected faults by seed, SEEDS=300 of them; SEED=5 runs one and tells all
	@$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),300) $(if $(FIRST),--first $(FIRST)) $(if $(SEED),--seed $(SEED))

lint: $(INSTALLED) ## check style, types and the arrows of the architecture
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(INSTALLED) ## format the code and mend what can be mended
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: $(INSTALLED) ## measure imports, the record API and other programs, for half an hour; ARGS="--only imports --runs 5"
	@$(BIN)/python -m bench $(ARGS)

million: $(INSTALLED) ## import a million rows: memory, what other teams notice, how soon a cancel stops
	@$(BIN)/python -m bench.million $(ARGS)

chaos: $(INSTALLED) ## kill processes during imports and look for what is lost or doubled; KILLS=200 SEED=1
	@$(BIN)/python -m chaos $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

docs: $(INSTALLED) ## write the pages that follow from the code anew
	@$(BIN)/python -m docs.generate
	@$(BIN)/python -m docs.native_properties

lock: ## resolve the dependencies of pyproject.toml anew, to versions and hashes
	@test -x build/uv/bin/uv || { $(PYTHON) -m venv build/uv && build/uv/bin/pip install --quiet uv==$(UV_VERSION); }
	@build/uv/bin/uv pip compile --quiet $(LOCK) --output-file requirements.txt pyproject.toml
	@build/uv/bin/uv pip compile --quiet $(LOCK) --output-file requirements-dev.txt --group dev --constraints requirements.txt pyproject.toml

LOCK := --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

clean: ## remove what the other targets made, data of the demo included
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# Debian splits ensurepip out of Python (package python3-venv). Where it is missing, the pip of the system fills the .venv.
$(INSTALLED): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "prismd needs Python 3.11 or newer; name one with: make install PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up .venv from requirements-dev.txt (half a minute) ..."
	@if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
		$(PYTHON) -m venv .venv && set -- .venv/bin/python -m pip; \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then \
		$(PYTHON) -m venv --without-pip .venv && set -- $(PYTHON) -m pip --python .venv/bin/python; \
	else \
		echo "Python has no pip here; on Debian: apt-get install python3-venv" >&2; exit 1; \
	fi; \
	"$$@" --disable-pip-version-check install -qq --require-hashes -r requirements-dev.txt \
		&& "$$@" --disable-pip-version-check install -qq --no-deps --no-build-isolation --editable .
	@touch $@
