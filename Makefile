# Two commands do everything on a machine that has Python 3.11 or newer, pip and make:
#
#     make demo     see the main job in ten seconds
#     make test     check everything
#
# Both make a virtual environment in .venv and install into it what the lock files pin, by hash.
# Another Python, or another place: make test PYTHON=python3.13 VENV=.venv-3.13

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?= -n 2
UV ?= $(firstword $(wildcard $(VENV)/bin/uv) uv)

export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_NO_INPUT = 1

BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet

# A stamp carries a sum of the files that it stands for: when one of them changes, so does its name.
sum = $(shell cat $(1) | cksum | cut -d ' ' -f 1)
PROGRAM := $(VENV)/.handbill-program-$(call sum,requirements.lock)
TOOLS := $(VENV)/.handbill-tools-$(call sum,requirements-dev.lock)
PACKAGE := $(VENV)/.handbill-package-$(call sum,pyproject.toml src/handbill/__init__.py)
MUTMUT := $(VENV)/.handbill-mutmut-3.8.1

.PHONY: help demo test lint fast bench chaos mutants lock clean

help: ## List what can be made
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1\t/p' Makefile | expand -t 16

demo: $(PROGRAM) $(PACKAGE) ## See the main job in ten seconds, without an account
	@$(BIN)/handbill demo

test: lint ## Check everything: style, types, layers, tests
	@echo "Testing (pytest $(PYTEST_ARGS)) …"
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(TOOLS) $(PACKAGE) ## Check style, types and layers only
	@echo "Checking with $$($(BIN)/python --version) in $(VENV): style …"
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo "Mend it: $(BIN)/ruff format" >&2; exit 1; }
	@echo "Checking types …"
	@$(BIN)/mypy
	@echo "Checking who imports whom …"
	@$(BIN)/lint-imports --no-logo

fast: $(TOOLS) $(PACKAGE) ## Run the quick tests only
	@$(BIN)/python -m pytest $(PYTEST_ARGS) -m "not process and not postgres and not browser"

bench: $(TOOLS) $(PACKAGE) ## Measure; one line a figure
	@$(BIN)/python -m bench

chaos: $(TOOLS) $(PACKAGE) ## Kill everything that can be killed, and count what it did to posts
	@$(BIN)/python -m bench killpoints ambiguity drain fulldisk chaos pgchaos

mutants: $(TOOLS) $(PACKAGE) $(MUTMUT) ## Change the publish core in small ways; do the tests notice?
	@rm -rf mutants
	@$(BIN)/python -m mutmut run $(MUTMUT_ARGS)
	@$(BIN)/python -m bench.mutants

LOCK = $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header \
	--extra rehearsal --extra postgres --extra import --extra build pyproject.toml $(UV_ARGS)

lock: ## Write the lock files anew (needs uv; UV_ARGS=--upgrade takes newer versions)
	$(LOCK) -o requirements.lock
	$(LOCK) --extra dev -o requirements-dev.lock

clean: ## Remove the virtual environment and what the tools keep
	rm -rf $(VENV) build dist mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The set-up. A virtual environment counts as made once pip is in it.

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
		"Handbill needs Python 3.11 or newer; '$(PYTHON)' is not that." \
		"Name another: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@echo "Making a virtual environment in $(VENV) with $$($(PYTHON) --version) …"
	@rm -f $(VENV)/.handbill-*
	@$(PYTHON) -m venv $(VENV) >$(VENV).log 2>&1 || $(WITHOUT_ENSUREPIP) || \
		{ cat $(VENV).log >&2; rm -f $(VENV).log; exit 1; }
	@rm -f $(VENV).log

# Debian's python3 lacks ensurepip until python3-venv is installed; its pip can fill the gap.
WITHOUT_ENSUREPIP = { $(PYTHON) -m venv --without-pip $(VENV) && \
	$(PYTHON) -m pip --python $(BIN)/python install --quiet pip; } >>$(VENV).log 2>&1

$(PROGRAM): | $(BIN)/pip
	@echo "Installing what Handbill needs (about 45 packages, a minute the first time) …"
	@$(PIP) --require-hashes -r requirements.lock
	@touch $@

# The tools' lock holds all that the program's has, so one installation serves both.
$(TOOLS): | $(BIN)/pip
	@echo "Installing what Handbill and its tests need (about 75 packages, a minute or two) …"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@ $(PROGRAM)

# Half an hour's tool, which nobody else needs: it is in no lock.
$(MUTMUT): $(TOOLS)
	@echo "Installing mutmut …"
	@$(PIP) mutmut==$(lastword $(subst -, ,$@))
	@touch $@

$(PACKAGE): | $(BIN)/pip
	@echo "Installing Handbill itself …"
	@$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q src
	@touch $@
