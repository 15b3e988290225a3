# Five verbs. Each sets up what it needs on a fresh machine (Python 3.11 or newer, make; Debian's packages when run as root).
#
#   make demo [DEMO_SECONDS=90] [PROMETHEUS_URL=http://…]   a Prometheus, a rule, an alert, its notification
#   make test [PYTEST_ARGS=…]                               lint, then every test that this machine can run
#   make lint                                               ruff and mypy
#   make bench [BENCH_ARGS=alertmanager|incidents|…]        the measured comparisons with the peers; what ladders cost
#   make docs                                               the generated parts of the references

.DEFAULT_GOAL := test
.PHONY: demo test lint bench docs prometheus servers venv-package no-python
.NOTPARALLEL:

VENV := .venv
# Processes that share the tests. More than there are processors gain little, and starve the servers that tests run beside.
WORKERS ?= 2
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check --no-input

# Tests start Python again and again, and every start would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

# The interpreter that makes the virtual environment: the first of these that is new enough.
BASE_PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

# A virtual environment whose Python is gone, or that was moved or copied here with the tree, is not sound and is made anew.
SOUND := $(shell $(PYTHON) -c 'import pip' 2>/dev/null && grep -qsF '$(CURDIR)/$(PYTHON)' $(VENV)/bin/pip && echo yes)

demo: $(VENV)/demo.stamp prometheus
	$(PYTHON) -m evaluator demo

test: lint servers
	$(PYTHON) -m pytest -rs --numprocesses=$(WORKERS) --dist=loadscope $(PYTEST_ARGS)

lint: $(VENV)/test.stamp
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy

bench: $(VENV)/test.stamp servers
	$(PYTHON) bench/run.py $(BENCH_ARGS)

docs: $(VENV)/demo.stamp
	$(PYTHON) -m docs.generate

# Stamps: the package is installed again only when pyproject.toml or the virtual environment changed.
$(VENV)/demo.stamp: pyproject.toml $(if $(SOUND),,$(VENV))
	$(PIP) install --editable .
	@touch $@

$(VENV)/test.stamp: pyproject.toml $(if $(SOUND),,$(VENV))
	$(PIP) install --editable '.[test,lint]'
	@touch $(VENV)/demo.stamp $@

ifneq ($(SOUND),yes)
.PHONY: $(VENV)
$(VENV): $(if $(BASE_PYTHON),,no-python) venv-package
	$(BASE_PYTHON) -m venv --clear $(VENV)
endif

no-python:
	@echo >&2 'Python 3.11 or newer is needed and none was found; name one with: make BASE_PYTHON=/path/to/python3'; exit 1

# Debian's packages: on Debian, as root, and only what is missing. A Prometheus given by PROMETHEUS_URL needs none.
prometheus:
	@$(if $(PROMETHEUS_URL),,$(call debian,command -v prometheus,prometheus))

servers:
	@$(call debian,command -v prometheus,prometheus)
	@$(call debian,command -v alertmanager || command -v prometheus-alertmanager,prometheus-alertmanager)
	@$(call debian,command -v victoria-metrics,victoria-metrics)
	@$(call debian,command -v chromium,chromium)
	@$(call debian,command -v exim4 || test -x /usr/sbin/exim4,exim4-daemon-light)

venv-package:
	@$(call debian,$(BASE_PYTHON) -c "import ensurepip",python3-venv)

# $(call debian,TEST,PACKAGE): unless TEST succeeds, install PACKAGE without starting its services (an Alertmanager that
# starts would sit on the evaluator's own port). What cannot be installed is said and left out; its tests are then skipped.
define debian
set -e; if { $(1); } >/dev/null 2>&1; then exit 0; fi; \
if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then echo "$(2) is missing and left out: only root on Debian can install it"; exit 0; fi; \
policy=/usr/sbin/policy-rc.d; if [ ! -e $$policy ]; then \
	trap "rm -f $$policy" EXIT; trap "exit 1" HUP INT TERM; \
	printf '#!/bin/sh\nexit 101\n' >$$policy; chmod +x $$policy; fi; \
{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $(2); } </dev/null || \
	echo "$(2) is missing and left out: apt-get could not install it"
endef
