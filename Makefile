# make help lists the targets. Everything runs in .venv, made from the pinned, hashed requirements.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help

$(READY): requirements-setup.txt requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (PYTHON=...)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-setup.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: help setup preview check test test-long lint types contracts lighthouse bench lock docs pack mutate clean
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

setup: $(READY) ## create .venv from the pinned requirements

preview: $(READY) ## show the whole platform of every environment (no cloud, no CLI, no credential)
	@$(BIN)/assurance preview

check: $(READY) ## audit every environment: every policy on every resource
	@$(BIN)/assurance check

# Compiled files are kept, whatever the shell says: the SDK is 350 MB of source.
test: $(READY) ## every test, with coverage of our own code
	@PYTHONDONTWRITEBYTECODE= MEDSPASYNC_COVERAGE=all $(BIN)/python -m pytest -n auto --dist loadscope

test-long: $(READY) ## what `make test` runs a sample of: all of it, and more examples of every property
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto -m "long or hypothesis" --hypothesis-profile=long

lint: $(READY) ## ruff: format and rules; workflows: zizmor, their schema, what they may do, actionlint where it is
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/zizmor --offline --quiet --no-progress --persona pedantic .github/workflows
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/python -m ci workflows
	@if command -v actionlint >/dev/null; then actionlint; fi

types: $(READY) ## mypy over our own code
	@$(BIN)/mypy

contracts: $(READY) ## import-linter: who may import whom
	@$(BIN)/lint-imports

lighthouse: ## measure the front ends of staging in a browser, and hold them to their budget (needs node)
	@npx --yes @lhci/cli@0.15.1 autorun --config=lighthouse/lighthouserc.json
	@npx --yes @lhci/cli@0.15.1 assert --budgetsFile=lighthouse/budget.json

bench: $(READY) ## measure: recording against a bare mocks run, growth, start-up
	@$(BIN)/python -m benchmarks

docs: $(READY) ## write the generated pages: rules, systems, stack config and its schema, the log coverage of prod
	@for page in policies.catalogue assurance.systems assurance.fact_pages assurance.engine_gaps assurance.cost.comments stacks.settings.pages.changes stacks.settings.pages.stack_config stacks.settings.pages.replaced stacks.settings.pages.schema "assurance.coverage prod"; \
	  do $(BIN)/python -m $$page || exit; done

mutate: $(READY) ## every attack of policies/attacks.yaml, and production altered property by property
	@$(BIN)/python -m pytest -n auto -m "long or not long" tests/policies/test_attacks.py tests/policies/test_properties.py

pack: $(READY) ## write out/pack: the policy pack for other projects, with all it needs
	@$(BIN)/python -m policies.packing

lock: ## compile the pinned, hashed requirements from pyproject.toml
	@$(PYTHON) -m uv --version >/dev/null 2>&1 || $(PYTHON) -m pip install --quiet uv
	@$(PYTHON) -m uv pip compile -q pyproject.toml --generate-hashes --no-header --universal --python-version 3.11 -o requirements.txt
	@$(PYTHON) -m uv pip compile -q pyproject.toml --extra dev -c requirements.txt --generate-hashes --no-header --universal --python-version 3.11 -o requirements-dev.txt
	@$(PYTHON) -m uv pip compile -q --group setup --generate-hashes --no-header --universal --python-version 3.11 -o requirements-setup.txt

clean: ## remove .venv and everything generated
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage out build
