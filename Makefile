# The commands of this project; `make` lists them. Everything else is Python under local/ and tools/.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Handlers run from this environment: without byte-code every cold start would compile it again.
unexport PYTHONDONTWRITEBYTECODE
# The roots that the project's code imports from; a caller's own must not leak in.
export PYTHONPATH := $(CURDIR):$(CURDIR)/functions:$(CURDIR)/layers/common/python
unexport PYTHONHOME VIRTUAL_ENV

VENV := .venv
PY := $(VENV)/bin/python
# With the functions' own code, which the handlers otherwise bring with them.
OURS := PYTHONPATH=.:functions:layers/common/python $(PY)
ENVIRONMENT := $(VENV)/.installed
CLI := node_modules/.installed
# The typed client that is generated from the API's document.
CLIENT := generated/ticketing_api/py.typed
LOCK := $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --no-config

.PHONY: help up dev demo reconcile down logs test unit check lint types architecture synth docs docs-unchanged snapshot \
	answers prove simulate faults crash-points mutants deploy destroy fmt lock environment clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

up: environment ## start the whole system on this machine: API on 8000, mailbox on 8025
	@$(PY) -m local.up

dev: up ## reload functions of the running system whenever their sources change
	@$(OURS) -m local.dev

demo: up ## drive the journey over HTTP, step by step, then check the tables
	@$(OURS) -m local.demo

reconcile: ## look at all bookings of the running system, mend what is broken; GRACE=30 is how many seconds old it must be
	@bin/ticketing reconcile --grace $(or $(GRACE),30)

down: ## stop what `make up` started
	@if [ -x $(PY) ]; then $(PY) -m local.down; else echo "nothing is running"; fi

logs: ## follow the emulator's, the proxy's and the functions' log
	@$(PY) -m local.logs

unit: environment ## run the fast tests: no emulator, no synthesis
	@$(PY) -m pytest --numprocesses auto tests/unit

test: environment $(CLIENT) ## run the tests, on an emulator of their own; TESTS='-k holds tests/unit' narrows
ifdef TESTS
	@$(PY) -m pytest $(TESTS)
else
	@$(PY) -m pytest --numprocesses auto --dist loadgroup --ignore tests/e2e --ignore tests/storm
	@$(PY) -m pytest tests/e2e
	@$(PY) -m pytest tests/storm
endif

check: environment ## what CI runs: lint, types, architecture, synth and nag, docs unchanged, tests
	@$(MAKE) lint
	@$(MAKE) types
	@$(MAKE) architecture
	@$(MAKE) synth
	@$(MAKE) docs-unchanged
	@$(MAKE) test

lint: environment
	@$(PY) tools/check_locks.py
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@node_modules/.bin/spectral lint --fail-severity=hint docs/openapi.json

types: environment $(CLIENT)
	@$(PY) -m mypy

architecture: environment
	@$(PY) tools/check_architecture.py
	@$(PY) tools/check_names.py
	@$(PY) -m deptry .

synth: environment
	@$(PY) tools/check_synth.py

docs: environment ## generate docs/ from the topology and the code
	@$(OURS) -m tools.docs

docs-unchanged: environment
	@$(OURS) -m tools.docs --check

snapshot: environment ## write what outlives a deployment: tests/infra/stored_data.json
	@$(OURS) -m tests.infra.stored_data

answers: environment $(CLIENT) ## ask the deployed system for every documented answer, and write docs/answers.md
	@-$(PY) -m pytest -q tests/e2e/test_answers_*.py tests/e2e/test_every_answer.py
	@$(OURS) -m tools.docs.answers_page

prove: environment $(CLIENT) ## the long proofs, with their times; not part of CI
	@$(PY) -m pytest -m proof --durations=0 $(or $(TESTS),--ignore tests/storm)
	@$(if $(TESTS),true,$(PY) -m pytest -m proof --durations=0 tests/storm)

simulate: environment ## seeded schedules of the whole system with faults: make simulate SEEDS=1000 FROM=1
	@$(OURS) -m tests.simulation $(or $(SEEDS),1000) $(or $(FROM),1)

faults: environment ## each of the 34 faults: its test, and how it ends without the guard that answers it
	@$(OURS) -m tests.simulation.fault_report

crash-points: environment ## let each function's process end before and after each call that it makes, and count
	@$(OURS) -m tests.saga

mutants: environment ## change the cores in thousands of small ways, which the tests must notice: CORES="common booking"
	@$(OURS) -m tests.mutants $(CORES)

deploy: environment ## deploy to the AWS account of the environment: make deploy STAGE=dev
	@$(PY) -m tools.deploy deploy "$(STAGE)"

destroy: environment ## remove a stage's stacks from that account: make destroy STAGE=dev
	@$(PY) -m tools.deploy destroy "$(STAGE)"

fmt: environment ## format the code and mend what a machine can mend
	@$(PY) -m ruff check --fix --quiet . || true
	@$(PY) -m ruff format .

lock: environment ## pin every requirement anew, with hashes (UPGRADE=1 takes newer releases)
	@$(PY) -m pip install --quiet uv
	@$(LOCK) $(if $(UPGRADE),--upgrade) requirements/runtime.in requirements/infra.in requirements/local.in requirements/dev.in -o requirements/all.txt
	@$(LOCK) requirements/runtime.in -c requirements/all.txt -o requirements/runtime.txt

environment:
	@$(MAKE) --silent --jobs=2 $(ENVIRONMENT) $(CLI)

$(ENVIRONMENT): requirements/all.txt local/bootstrap.sh
	@local/bootstrap.sh environment $(VENV) requirements/all.txt
	@touch $@

$(CLI): package.json package-lock.json local/bootstrap.sh
	@local/bootstrap.sh cli
	@touch $@

$(CLIENT): docs/openapi.json tools/generate_client.py | $(ENVIRONMENT)
	@$(OURS) -m tools.generate_client

clean: down ## remove what was built here; the environment stays
	@rm -rf build generated cdk.out .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
