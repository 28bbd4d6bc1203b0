# Every command of the project. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
BIN := .venv/bin
# Where bytecode is forbidden each process compiles all that it imports: 6 of the 9 seconds that a worker takes to start.
unexport PYTHONDONTWRITEBYTECODE
UV_COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" --system-certs

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: ## virtual environment, pinned requirements and Temporal; quick when nothing changed
	@scripts/setup.sh

.PHONY: run
run: ## the whole product on the demo shop: http://127.0.0.1:8000, Temporal UI on :8233; Ctrl-C stops it
	@scripts/setup.sh run
	@exec $(BIN)/selvedge demo

.PHONY: test
test: setup lint types imports ## every check
	$(BIN)/pytest -n 2 --dist loadfile

.PHONY: test-fast
test-fast: setup ## only tests that need no server, browser or database server
	$(BIN)/pytest -m "not slow"

.PHONY: test-production
test-production: setup ## end-to-end and fault tests with Temporal's server and the shop on PostgreSQL, as a shop runs them
	@$(BIN)/python -m scripts.production_server >/dev/null
	@# Commands that run inside a test leave connections to the end of a process.
	$(BIN)/pytest --production -p no:unraisableexception -n 2 --dist loadfile tests/e2e tests/faults

.PHONY: lint
lint: setup ## style and likely faults (ruff)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: setup ## strict types (mypy)
	$(BIN)/mypy .

.PHONY: imports
imports: setup ## the direction in which rooms may import each other
	$(BIN)/lint-imports --no-cache

.PHONY: fmt
fmt: setup ## mend style in place
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: setup ## measure; the figures go to bench/results.json
	$(BIN)/python -m bench

.PHONY: openapi
openapi: setup ## write docs/openapi.json after a change of the API
	$(BIN)/selvedge web --openapi > docs/openapi.json

.PHONY: lock
lock: setup ## pin all requirements anew, with hashes
	$(UV_COMPILE) pyproject.toml --group dev -o requirements.lock
	$(UV_COMPILE) pyproject.toml -c requirements.lock -o deploy/requirements.lock
	sed -n 's/^\(uv==[0-9.]*\).*/\1/p' scripts/uv.lock | $(UV_COMPILE) - -o scripts/uv.lock

.PHONY: release
release: ## VERSION=0.2.0: date the changelog, set the version, commit and tag
	@$(BIN)/python -m scripts.release "$(VERSION)"

.PHONY: clean
clean: ## remove the environment, caches and the demo's state (Temporal stays in your cache folder)
	rm -rf .venv .selvedge .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
