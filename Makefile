# `make brief` and `make test` set everything up by themselves in .venv. Needed beforehand: Python 3.11+, make, git.
# Another interpreter: make PYTHON=python3.12 test

VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The first interpreter on the path that is new enough; if none is, `python3`, and the check below says what to do.
PYTHON ?= $(or $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$name; break; fi; done),python3)

.DEFAULT_GOAL := help
.PHONY: help brief test lint types pytest format notebooks bench validation picture layers constraints clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

brief: $(VENV)/.core  ## install, then write the Kursk briefing to out/kursk
	$(BIN)/frontmap brief

test: lint types pytest  ## install, then lint, type check and run every test

lint: $(VENV)/.test
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.test
	$(BIN)/mypy

pytest: $(VENV)/.test
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

format: $(VENV)/.test  ## rewrite the code in the project's format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

notebooks: $(VENV)/.test  ## open the notebooks in JupyterLab
	$(BIN)/jupyter-lab notebooks

bench: $(VENV)/.test  ## time every stage beside the usual way, same results first; write docs/performance.md
	$(BIN)/python -m benchmarks

# A map drawn by others is optional: make validation MAP=file.geojson
validation: $(VENV)/.test  ## measure how good the estimate is, about half an hour, and write docs/validation.md
	$(BIN)/frontmap validate --workers 2 --out docs/validation.md \
		$(if $(MAP),--map $(MAP) --side RU --from 2024-08-18 --to 2025-03-09 --chosen-by 1 --chosen-by 3)

picture: $(VENV)/.test  ## draw docs/briefing.png from a fresh briefing (needs Chromium)
	$(BIN)/python scripts/picture.py

# npm is used only to fetch one archive of data.
RIVERS := geo-maps-earth-rivers-1m-0.6.0.tgz
layers: $(VENV)/.layers  ## derive frame, border and rivers of the Kursk theatre again (needs npm)
	@command -v npm > /dev/null || { echo "make layers needs npm, for one archive of rivers: install it." >&2; exit 1; }
	test -f $(VENV)/$(RIVERS) || (cd $(VENV) && npm pack --silent @geo-maps/earth-rivers-1m@0.6.0)
	$(BIN)/python scripts/derive_layers.py --osm-rivers $(VENV)/$(RIVERS)

constraints: $(VENV)/.core  ## choose the newest versions again and write them to constraints.txt
	printf '%s\n' '# Written by make constraints: the versions that make installs, for every Python >= 3.11 and platform.' > constraints.new
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --quiet --upgrade \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links >> constraints.new
	mv constraints.new constraints.txt

clean:  ## remove .venv, outputs and caches
	rm -rf $(VENV) out dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.core: EXTRAS := [print]
$(VENV)/.test: EXTRAS := [bench,notebooks,print,scale,test,validate]
$(VENV)/.layers: EXTRAS := [layers]

# A stamp is renewed when what it was installed from has changed. uv where it works, pip where it does not (uv knows
# nothing of pip's own settings, such as a mirror).
$(VENV)/.core $(VENV)/.test $(VENV)/.layers: pyproject.toml constraints.txt | $(VENV)/.python
	@echo "Installing frontmap$(EXTRAS) into $(VENV) ..."
	@$(BIN)/python -m uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.$(EXTRAS)' 2> $(VENV)/uv.log \
		|| { echo "uv could not install (why: $(VENV)/uv.log); trying pip, which takes a minute."; \
		$(BIN)/python -m pip install -qq -c constraints.txt -e '.$(EXTRAS)'; } \
		|| { echo "Could not install. Is a package index reachable? If $(VENV) is damaged: make clean." >&2; exit 1; }
	@touch $@

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "frontmap needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1 || true)" >&2; \
		echo "Install one, or name it: make PYTHON=python3.12 $(or $(MAKECMDGOALS),brief)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: install its venv module (on Debian and Ubuntu: apt-get install python3-venv)." >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq uv || echo "uv could not be had; pip will do."
	@touch $@
