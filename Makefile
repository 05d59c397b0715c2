# Everything a newcomer needs. `make` alone says what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run lab test bench front lock clean

help: ## what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

run: ## install what is missing, then serve on http://127.0.0.1:8080 (Ctrl-C stops everything)
	@scripts/install.sh run && .venv/bin/python build_front.py && exec .venv/bin/yingda serve

lab: ## the same with an emulated WeChat and a phone beside it; its data lie in ./var/lab
	@scripts/install.sh run && .venv/bin/python build_front.py && exec .venv/bin/yingda lab

test: ## lint, types, import contracts, front end and every test
	@scripts/check.sh

bench: ## all benchmarks, each held to its promise
	@scripts/install.sh dev && .venv/bin/python build_front.py && exec .venv/bin/python -m benchmarks

front: ## build the console, the widget and the demo page
	@scripts/install.sh run && .venv/bin/python build_front.py

lock: ## resolve the hashed locks in requirements/ again, from pyproject.toml
	@scripts/install.sh dev && scripts/lock.sh

clean: ## remove what was built and installed; the data in ./var stays
	rm -rf .venv dist ui/node_modules bot/web/static .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
