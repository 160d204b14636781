# `make study` runs the workflow, `make test` the tests; both set up the environment first.
.PHONY: study plan test status figures audit docs readme environment lint format lock clean help
.DEFAULT_GOAL := help

PYTHON ?= python3
CONFIG ?= config.yaml
ARGS ?=
STUDY ?=
# make takes config=... for another variable than CONFIG and would run the default in silence
$(foreach name,config args study torch python,$(if $(findstring command,$(origin $(name))),\
	$(error rankscope: $(name)=... is written in capitals: make study CONFIG=FILE)))
VENV := .venv
BIN := $(VENV)/bin
PIP := $(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check
LOCKED := $(PIP) install --quiet --no-deps --require-hashes
# Builds of torch to try, in this order; with `TORCH=` none, and no study that needs it.
TORCH ?= cpu cuda
LOCKS := requirements.lock $(TORCH:%=requirements-%.lock)

help:
	@echo "make study    run the workflow: simulate, predict, judge, plot, report"
	@echo "make plan     what that would do: points, jobs, time, memory and disk"
	@echo "make test     run all tests"
	@echo "make status   what is done, running, failed and missing"
	@echo "make figures  draw all figures again from existing data"
	@echo "make audit    judge every claim on data in which the truth was planted"
	@echo "make docs     the reference of the configuration, and the site of all pages and the API"
	@echo "CONFIG=presets/cluster.yaml takes another configuration, ARGS='...' goes to Snakemake"
	@echo "STUDY=lora makes, plans or draws one paper or study alone"
	@echo "TORCH= leaves torch out of the environment, TORCH=cuda takes the build for GPUs"

study: environment
	@$(BIN)/rankscope study --configfile $(CONFIG) $(STUDY:%=--only %) $(ARGS)

plan: environment
	@$(BIN)/rankscope study --configfile $(CONFIG) $(STUDY:%=--only %) --dry-run $(ARGS)

test: environment
	@$(BIN)/python -m pytest $(ARGS)

status: environment
	@$(BIN)/rankscope status --configfile $(CONFIG)

figures: environment
	@$(BIN)/rankscope figures --configfile $(CONFIG) $(STUDY)

audit: environment
	@$(BIN)/rankscope audit --configfile $(CONFIG)

docs: environment
	@$(BIN)/python docs/reference.py
	@$(BIN)/sphinx-build --quiet --fail-on-warning docs build/site
	@echo "the site is build/site/index.html"

# After a run of the default configuration: the README's findings and its figures.
readme: environment
	@$(BIN)/rankscope readme

lint: environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint

format: environment
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow/rules

# An environment that was installed from these very files is left alone.
environment:
	@cat pyproject.toml $(LOCKS) | cmp -s - $(VENV)/installed || $(MAKE) --no-print-directory $(VENV)

.PHONY: $(VENV)
$(VENV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "rankscope needs Python 3.11 or newer (PYTHON=python3.11 make ...)"; exit 1; }
	@$(PYTHON) -m pip --version >/dev/null 2>&1 \
		|| { echo "pip is missing; on Debian: apt-get install python3-pip"; exit 1; }
	@$(PYTHON) -m venv --without-pip $(VENV) \
		|| { echo "the venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "rankscope: installing the environment into $(VENV), once; this takes minutes"
	@$(LOCKED) -r requirements.lock
	@for build in $(TORCH); do \
		$(LOCKED) -r requirements-$$build.lock && break; \
		echo "rankscope: the build of torch for $$build is not to be had here"; false; \
	done
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib workflow >/dev/null || true
	@cat pyproject.toml $(LOCKS) > $(VENV)/installed

# Lock files and the environment for conda, from pyproject.toml.
lock: environment
	$(BIN)/python envs/lock.py $(ARGS)

clean:
	rm -rf .snakemake results/.unfinished
