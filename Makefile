# `make demo` and `make test` are all that a newcomer needs; each sets up what it wants, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONUNBUFFERED := 1
RUNS := runs
PORT ?= 8501
SETUP := $(VENV)/.installed
SAMPLES := sample_models/.trained

.PHONY: demo test package fuzz soak audit serve check bench clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    set up, train the samples, audit one, open the dashboard"
	@echo "make test    set up and run every test, the browser's too; ARGS=tests/cube for one room"
	@echo "make package install the wheel on Python 3.11, 3.12 and 3.13, and audit with it"
	@echo "make fuzz    2,000 random changes of files and settings: no traceback"
	@echo "make soak    what takes minutes: every page of a run of 1,000,000 rows, more kinds of models"
	@echo "make audit   audit the credit sample and exit"
	@echo "make serve   open the dashboard"
	@echo "make check   ruff and mypy"
	@echo "make bench   speed and memory on real data"

# torch first and by itself, alibi last and without the dependencies that it would pin back.
$(SETUP): requirements.txt requirements-alibi.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Assay needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-alibi.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

$(SAMPLES): $(SETUP) $(wildcard sample_models/*.py sample_models/*/*.py)
	$(BIN)/python -m sample_models
	touch $@

# The policy may well fail the sample, whose data is biased on purpose: that is exit code 1.
audit: $(SAMPLES)
	$(BIN)/assay run sample_models/credit/audit.toml --fail-on never

demo: audit serve

serve: $(SETUP)
	$(BIN)/assay serve --runs $(RUNS) --port $(PORT)

check: $(SETUP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: $(SETUP)
	CHROMIUM="$$($(BIN)/python tests/find_chromium.py)" $(BIN)/python -m pytest -n 2 --dist loadscope $(ARGS)

package: $(SETUP)
	$(BIN)/python -m pytest -m package tests/packaging --durations 20

fuzz: $(SETUP)
	ASSAY_FUZZ=2000 $(BIN)/python -m pytest tests/tables/test_mutations.py

soak: $(SETUP)
	CHROMIUM="$$($(BIN)/python tests/find_chromium.py)" $(BIN)/python -m pytest -m slow

bench: $(SETUP)
	$(BIN)/python tests/benchmarks/adult.py
	$(BIN)/python tests/benchmarks/interventions.py
	$(BIN)/python tests/benchmarks/recourse.py
	$(BIN)/python tests/benchmarks/scale.py
	$(BIN)/python tests/benchmarks/tables.py
	$(BIN)/python tests/benchmarks/slices.py
	$(BIN)/python tests/benchmarks/sampled.py
	$(BIN)/python tests/benchmarks/explanations.py
	$(BIN)/python tests/benchmarks/moments.py
	ASSAY_WHOLE=1 $(BIN)/python -m pytest -m simulation
	$(BIN)/python tests/benchmarks/simulated_coverage.py
	$(BIN)/python tests/benchmarks/answers.py
	PYTHONPATH=. $(BIN)/python tests/benchmarks/compare.py
	CHROMIUM="$$($(BIN)/python tests/find_chromium.py)" $(BIN)/python tests/benchmarks/dashboard_speed.py

clean:
	rm -rf $(VENV) $(SAMPLES) sample_models/*/data sample_models/*/model
