# Every target sets up what it needs (infra/bootstrap.sh): Python >= 3.10, Java >= 17 and make are enough.
SHELL := /bin/bash
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
# without cached bytecode every Spark worker and Airflow task compiles all it imports again, for seconds
unexport PYTHONDONTWRITEBYTECODE

SCALE ?= small

.DEFAULT_GOAL := help
.PHONY: help setup run test test-fast up down bench check drill clean

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

setup: ## project-local environment and Delta JARs
	@infra/bootstrap.sh

run: setup ## the whole pipeline through Airflow: archive to Monday's report
	@$(BIN)/python -m infra.local.run --standing-driver

test-fast: setup ## unit tests: no JVM, seconds
	$(BIN)/pytest -n logical tests/unit -m "not slow and not drill"

test: setup ## every test that takes minutes at most
	$(BIN)/pytest -n logical tests/unit tests/properties -m "not drill"
	$(BIN)/pytest -n 2 --dist loadfile --durations=20 tests -m "not drill" --ignore=tests/unit --ignore=tests/properties --ignore=tests/benchmarks

up: setup ## Airflow, MLflow, the report site and Spark Connect on this machine
	@$(BIN)/python -m infra.local.up

down: setup ## end what `make up` started
	@$(BIN)/python -m infra.local.down

bench: setup ## speed beside peers and the limit, into docs/benchmarks.md: SCALE=small or full (an hour and more)
	@rm -f var/bench/results.json
	$(BIN)/python -m tests.benchmarks.run --scale $(SCALE)
	$(BIN)/pytest tests/benchmarks -m "drill or not drill" -s

check: setup ## lint, format, types, import rules, file length
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python infra/lint_file_length.py

drill: setup ## slow tests on real processes: cluster, faults, browser
	$(BIN)/pytest tests -m drill

clean: ## remove what was made at run time; the environment stays (remove .venv by hand)
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m infra.local.down; fi
	rm -rf var/lake var/landing var/truth var/airflow var/mlflow var/connect var/reports var/log var/run var/bench build dist
