# The whole project in a few words. Plain `make` lists the targets.
PYTHON ?= python3
PORT ?= 8050
BIN := .venv/bin
READY := .venv/.ready
LAKE_READY := .venv-lake/.ready

.DEFAULT_GOAL := help
.PHONY: help install install-lake run desk etl test quick sweep check format texts bench cluster image lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(READY) ## create the environment, .venv in the checkout

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name it with PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

install-lake: $(LAKE_READY) ## create the environment for a lake, .venv-lake

# The tool that resolved the lock installs it in ten seconds.
$(LAKE_READY): requirements-lake.lock $(READY)
	$(PYTHON) -m venv --clear --without-pip .venv-lake
	$(BIN)/uv pip install --quiet --python .venv-lake/bin/python --require-hashes -r requirements-lake.lock
	@touch $@

run: $(READY) ## set up, fetch the data and serve the dashboard at http://127.0.0.1:8050
	@$(BIN)/python -m etl run || [ $$? -eq 1 ]
	$(BIN)/python -m dashboard --port $(PORT)

desk: $(READY) ## serve the editor's desk, and the dashboard on the same port
	$(BIN)/python -m desk --port $(PORT)

etl: $(READY) ## fetch, check, store and publish
	$(BIN)/python -m etl run

test: check $(LAKE_READY) ## run the checks, then every test, with a real browser
	@sh tests/ensure_browser.sh
	@sh tests/ensure_servers.sh
	$(BIN)/python -m pytest -n 2

quick: $(READY) ## run the tests that need no browser and little time
	$(BIN)/python -m pytest -n 2 -m "not browser and not slow" --hypothesis-profile=quick

sweep: $(READY) ## look at every chart where make test looks at some, and try other examples of each law
	@sh tests/ensure_browser.sh
	$(BIN)/python -m pytest -n 2 --whole-sweeps tests/test_labels.py \
	  tests/test_browser_charts.py tests/test_pages.py \
	  -k "words_lie or near_the_top or every_link_of_the_site"
	$(BIN)/python -m pytest -n 2 -m hypothesis --hypothesis-profile=drawn

check: $(READY) ## check format, lint, types, import contracts and the authored files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m etl check

format: $(READY) ## format the code and fix what the linter can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

texts: $(READY) ## print every text in Chinese and English side by side, for an editor to read
	@$(BIN)/python -m dashboard.reading_copy

bench: $(READY) ## measure speed, as ratios to a plain peer in the same run
	@sh tests/ensure_browser.sh
	$(BIN)/python -m benchmarks

cluster: $(READY) $(LAKE_READY) ## start a site on several machines on loopback, break it in turn, tell what readers saw
	@sh tests/ensure_servers.sh
	$(BIN)/python -m benchmarks.cluster

image: ## build the image without a registry (deploy/Dockerfile, Debian's buildah and mmdebstrap)
	@sh deploy/image.sh

lock: ## regenerate the lock files from pyproject.toml; the lake's differs in DuckDB
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --group dev pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate -c requirements.lock pyproject.toml -o requirements-image.lock
	@for machine in x86_64 aarch64; do $(BIN)/uv pip compile --quiet --only-binary :all: \
	  --python-platform $$machine-manylinux_2_36 --python-version 3.11 requirements-image.lock \
	  -o /dev/null || { echo "a package has no wheel for $$machine"; exit 1; }; done
	grep -E '^[^ #]' requirements.lock | sed 's/ *\\$$//' | grep -vE '^(duckdb|python-dateutil)=' \
	  | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --extra lake --group lake -c - pyproject.toml -o requirements-lake.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --extra lake -c requirements-lake.lock pyproject.toml \
	  -o requirements-image-lake.lock

clean: ## remove the environment and everything generated
	rm -rf .venv .venv-lake data/raw data/published data/state data/warehouse.duckdb data/warehouse.duckdb.wal data/.lock data/served.sqlite*
