# GridVoice 电力民声. `make` alone lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
BIN := .venv/bin
# Compiled once, not at each of the hundreds of times that the tests start Python.
unexport PYTHONDONTWRITEBYTECODE

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: setup  ## the whole system with a bundled town, from nothing to a console address
	@$(BIN)/gridvoice demo

setup:  ## .venv with what the product needs (quick when nothing changed)
	@tools/setup run

setup-dev:  ## .venv with what tests and checks need besides
	@tools/setup dev

# Every part runs, whatever became of the one before, and each one's outcome is told at the end.
test: setup-dev  ## everything that must hold: format, lint, types, imports, tests, a year on, quality floors
	@red=; table=; for part in check unit year gate; do \
		SECONDS=0; outcome=ok; $(MAKE) --no-print-directory $$part || { outcome=RED; red="$$red $$part"; }; \
		table+=$$(printf '%-6s %-4s %5d s' $$part $$outcome $$SECONDS)$$'\n'; \
	done; \
	printf '== parts\n%s' "$$table"; \
	if [ -n "$$red" ]; then printf '%s\n' "Red:$$red. One part again: make PART." \
		'One test again: .venv/bin/pytest -n0 tests/FILE.py::NAME (names: FAILED lines above; layout alone: make format).' \
		'Green alone and red here is a fault too: a test that hangs on speed or order. Please report it.'; exit 1; fi

check: setup-dev  ## format, lint, types, import rules
	@echo '== format, lint' && $(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@echo '== types' && $(BIN)/mypy
	@echo '== import rules' && $(BIN)/lint-imports --no-cache | tail -n 12

# Twice as many workers as cores: a third of the time is waiting for other processes and for clocks.
unit: setup-dev  ## the tests
	@echo '== tests' && $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder -q --durations=10

year: setup-dev  ## what alerts and judges, a year from now
	@echo '== a year on' && $(BIN)/python tools/clocks.py year -- tests/app tests/alerts

clocks: setup-dev  ## the tests at six moments: a month and a year on, at night, at the end of the year, 29 February, in New York
	@$(BIN)/python tools/clocks.py

mutants: setup-dev  ## do the tests notice? 80 small wrong versions of each folder (an hour and a half)
	@$(BIN)/python tools/mutants domain alerts gridvoice crawlers pipeline db --jobs 2 --json var/mutants.jsonl

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

.PHONY: help demo setup setup-dev test check unit year clocks mutants gate format lock screenshots clean
