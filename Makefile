# Set-up and the everyday operations. `make up` needs nothing but Python 3.11 or newer and make; `make test` also needs
# the real servers of tools/servers, and installs them where it may.
#
#   make up STACK=production ARGS="--refresh"      ARGS goes to the Pulumi CLI; to regulated-partners
#                                                  for review and drift; to pytest for test
#   make review STACK="staging production"         previews and reviews stacks; writes .review/<stack>/
#   make up STACK=production PLAN=.review/production/plan.json    applies what was reviewed, and nothing else
#
# make turns every failure into exit code 2. Exact ones: 0 fine, 1 findings, 2 could not run, from
# `.venv/bin/regulated-partners review --stack …` and `… drift`.

STACK ?= dev
PLAN ?=
ARGS ?=
# What stops a pull request until the declaration says that it is meant. For many partners add --max-changed 30%.
GATES ?= --fail-on weakens

# The first Python that is new enough; python3 when none is, whose set-up then says so.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$name && exit; \
	done; echo python3)

# Relative, because a directory may be called anything: a space, an & or a $ in it would end a shell's word.
VENV := .venv
RUN := $(VENV)/bin/python
PARTNERS := $(RUN) -m regulated_partners
# Runs a command with the environment activated.
ACTIVATED = PATH="$$(cd $(VENV) && pwd)/bin:$$PATH" VIRTUAL_ENV="$$(cd $(VENV) && pwd)"

# A run of the engine starts some ten processes of Python. Where an environment forbids to keep what is compiled, as images
# of containers do, each of them would compile all of this again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help up preview review drift destroy emulator test lint generate docs bench chaos venv servers cli languages env plugin-archive lock clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo "  STACK=$(STACK) chooses the stack; ARGS=\"…\" goes to what the target runs."

up: cli ## apply the stack: set up everything, then `pulumi up` (the stack dev runs on the emulator)
	@$(PARTNERS) up --stack $(STACK) $(if $(PLAN),--plan $(PLAN)) -- $(ARGS)

preview: cli ## show what `up` would change
	@$(PARTNERS) preview --stack $(STACK) -- $(ARGS)

review: cli ## say what stacks would do to mail, for a pull request; fails when that weakens it without consent
	@$(PARTNERS) review $(foreach stack,$(STACK),--stack $(stack)) $(GATES) $(ARGS)

drift: cli ## show what somebody changed in the tenant, read-only; fails when there is something
	@$(PARTNERS) drift --stack $(STACK) $(ARGS)

destroy: cli ## remove everything the stack has made
	@$(PARTNERS) destroy --stack $(STACK) -- $(ARGS)

emulator: venv ## start Exchange Online on this machine, if it is not running, and print its URL
	@$(PARTNERS) emulator start --state .emulator/state.db

test: cli languages servers ## run all tests, those on the real Pulumi engine included
	@$(ACTIVATED) $(RUN) -m pytest -p tools.ci --numprocesses=auto --maxprocesses=4 --dist=worksteal $(ARGS)

lint: venv ## check style, format, types, imports between packages, the lock file and the pipelines
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy .
	@$(VENV)/bin/lint-imports
	@$(RUN) -m tools.lock --check
	@$(RUN) -m tools.generated --check
	@$(RUN) -m tools.pipelines

generate: venv ## write the files that are made from others: resources, schema, the emulator's tables, pages of docs/
	@$(RUN) -m tools.generated

docs: venv ## make the documentation's site, which is read and searched without a server: .docs/site
	@$(RUN) -m tools.site

bench: cli ## measure the engine and the provider
	@$(ACTIVATED) $(RUN) -m tests.bench $(ARGS)

chaos: cli ## random faults and kills in the middle of runs; afterwards all must be right: ARGS="--seed 1 --count 300"
	@$(ACTIVATED) $(RUN) -m tests.chaos $(ARGS)

venv: ## make .venv with the locked dependencies
	@$(PYTHON) tools/venv.py

servers: venv ## get the real servers that tests start (Debian packages), or say what to install
	@$(RUN) -m tools.servers

cli: venv ## get the pinned Pulumi CLI and link it into .venv/bin
	@$(RUN) -m regulated_partners.engine.install --link $(VENV)/bin >/dev/null

languages: cli ## get what programs in other languages need: YAML's language host, and the generator of SDKs
	@$(RUN) -m regulated_partners.engine.install --tool yaml --tool generator --link $(VENV)/bin >/dev/null

env: cli ## print the variables of a stack for a shell: eval "$(make -s env)"
	@$(PARTNERS) env --stack $(STACK)

plugin-archive: cli languages ## pack the plugin with its Python for this system, and try it: dist/*.tar.gz
	@$(RUN) -m tools.plugin_archive
	@$(ACTIVATED) $(RUN) -m pytest -q tests/engine/test_native_archive.py

lock: venv ## make requirements.lock anew from pyproject.toml
	@$(RUN) -m tools.lock $(ARGS)

clean: ## stop the emulator; remove .venv, the local stack's state, the emulator's state and the caches
	@test ! -x $(RUN) || $(RUN) -m exchange_online_emulator stop --state .emulator/state.db || true
	@rm -rf .venv .state .emulator .review .pages .docs .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
