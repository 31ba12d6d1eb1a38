# GridVoice 电力民声. `make` alone lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: setup  ## the whole system with a bundled town, from nothing to a console address
	@$(BIN)/gridvoice demo

setup:  ## .venv with what the product needs (quick when nothing changed)
	@tools/setup run

setup-dev:  ## .venv with what tests and checks need besides
	@tools/setup dev

test: setup-dev check unit gate  ## everything that must hold: format, lint, types, imports, tests, quality floors

check: setup-dev  ## format, lint, types, import rules
	@echo '== format, lint' && $(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@echo '== types' && $(BIN)/mypy
	@echo '== import rules' && $(BIN)/lint-imports --no-cache | tail -n 12

unit: setup-dev  ## the tests
	@echo '== tests' && $(BIN)/pytest -n 2 --dist loadfile -q

gate: setup-dev  ## quality floors of the shipped model
	@echo '== quality floors' && $(BIN)/python -m pipeline.learning.gate tests/eval/fixed.jsonl tests/eval/floors.json

format:  ## rewrite the code's layout
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix .

lock:  ## resolve requirements/*.in anew, hashed, without naming a host
	@for set in run dev; do uv pip compile --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --upgrade -q requirements/$$set.in -o requirements/$$set.txt; done

screenshots: setup-dev  ## docs/images/*.png and docs/alert.txt, from a real run in a real browser
	@$(BIN)/python tools/screenshots.py

clean:  ## remove what set-up and runs made
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: help demo setup setup-dev test check unit gate format lock screenshots clean
