# Needs git, make and Python 3.11 or newer; everything else is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
# Older and newer DuckDB, as other programs carry it, that what is published is read with.
READERS := 1.2.2 1.4.4 2.0.1
# What needs files that are packed, and what a first run needs.
RELEASE_TESTS := $(patsubst %,tests/test_%.py,cli source analytics dashboard superset_files doors)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help run test test-superset test-orchestrators soak lint bench bench-marts bench-publishing docs
.PHONY: dashboard sandbox requirements release clean

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

run: .venv/run  ## Load what is due; without an API key, from the built-in sandbox
	$(BIN)/altur-calls run --demo

test: .venv/dev .venv/dbt/installed $(READERS:%=.venv/readers/%/installed)  ## Run the tests
	$(BIN)/python -m pytest --numprocesses=3 --dist=worksteal \
	    --ignore=tests/superset --ignore=tests/orchestrators --ignore=tests/soak

test-superset: .venv/dev .venv/superset/installed  ## Try the dashboard in a real Apache Superset; needs Python 3.11 or 3.12
	$(BIN)/python -m pytest tests/superset

test-orchestrators: .venv/dagster/installed .venv/airflow/installed  ## Try the definitions for Dagster and Airflow
	.venv/dagster/bin/python -m pytest -W default tests/orchestrators/test_dagster.py
	.venv/airflow/bin/python -m pytest -W default tests/orchestrators/test_airflow.py

soak: .venv/dev  ## Run 300 times in one process and in as many, in half an hour, and tell what grew; RUNS=1000 for more
	ALTUR_SOAK=$(or $(RUNS),300) $(BIN)/python -m pytest -s tests/soak

release: .venv/dev  ## Build wheel and sdist in dist/, and test the wheel without its source in a fresh environment
	rm -rf dist .venv/release
	$(BIN)/hatchling build --target sdist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps \
	    --wheel-dir dist dist/altur_calls-*.tar.gz
	$(BIN)/python -m venv .venv/release
	tar -xzf dist/altur_calls-*.tar.gz -C .venv/release --strip-components=1
	rm -r .venv/release/pipelines
	.venv/release/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.txt
	.venv/release/bin/python -m pip install --quiet --disable-pip-version-check --no-deps dist/altur_calls-*.whl
	cd .venv/release && bin/python -m pytest --numprocesses=2 $(RELEASE_TESTS)

lint: .venv/dev  ## Check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: .venv/dev  ## Compare with other extractors, in half an hour; CALLS=60000 for more
	$(BIN)/python tests/benchmarks/compare.py $(if $(CALLS),--api-calls $(CALLS)) --results tests/benchmarks/RESULTS.md

bench-marts: .venv/dev  ## Time the marts of ten million calls, in a quarter of an hour and 8 GB of disk
	$(BIN)/python tests/benchmarks/marts.py --results tests/benchmarks/MARTS.md

bench-publishing: .venv/dev  ## Time publishing of 100 MB and 1 GB, in five minutes and 3 GB of disk
	$(BIN)/python tests/benchmarks/publishing.py --results tests/benchmarks/PUBLISHING.md

docs: .venv/run  ## Write the data dictionary, the dbt sources and the dashboard for Superset anew
	$(BIN)/altur-calls run --demo
	$(BIN)/altur-calls docs --demo --output pipelines/altur_calls/docs
	$(BIN)/altur-calls superset --demo --path /path/to/altur_calls.published.duckdb \
	    --output pipelines/altur_calls/superset/bundle

dashboard: .venv/run  ## Show a dashboard of what is loaded
	$(BIN)/altur-calls dashboard --demo --open

sandbox: .venv/run  ## Serve the sandbox API on 127.0.0.1:8765
	$(BIN)/altur-calls sandbox

requirements: .venv/dev  ## Pin the requirements anew, with hashes
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --no-annotate --extra sandbox --extra dashboard --group build -o requirements.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --no-annotate --extra sandbox --extra dashboard --group build --group test --group lint \
	    -c requirements.txt -o tests/requirements.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --no-annotate --no-strip-extras --group dbt -o tests/requirements-dbt.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --no-annotate --no-strip-extras --group superset -o tests/requirements-superset.txt
	for version in $(READERS); do echo "duckdb==$$version" | $(BIN)/uv pip compile --quiet - --universal \
	    --python-version 3.11 --no-deps --generate-hashes --no-emit-index-url --no-header --no-annotate \
	    -o tests/readers/duckdb-$$version.txt || exit 1; done
	for name in dagster airflow; do \
	    $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	        --no-header --no-annotate --extra sandbox --extra $$name --group build --group orchestrators \
	        -o tests/requirements-$$name.txt pyproject.toml || exit; \
	done

clean:  ## Remove the environment and what tools left behind; warehouses stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis dist

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "altur-calls needs Python 3.11 or newer; name it with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run: requirements.txt pyproject.toml | .venv/bin/python
	$(INSTALL) --require-hashes -r requirements.txt
	$(INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@

.venv/dev: tests/requirements.txt .venv/run
	$(INSTALL) --require-hashes -r tests/requirements.txt
	@touch $@

.venv/dbt/installed: tests/requirements-dbt.txt | .venv/bin/python
	$(BIN)/python -m venv .venv/dbt
	.venv/dbt/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/readers/%/installed: tests/readers/duckdb-%.txt | .venv/bin/python
	rm -rf .venv/readers/$*
	$(INSTALL) --require-hashes --no-deps --only-binary :all: --target .venv/readers/$* -r $< && touch $@ || \
	    echo "DuckDB $* has no wheel for this Python: its tests are skipped."

.venv/superset/installed: tests/requirements-superset.txt | .venv/bin/python
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info >= (3, 13))' || \
	    { echo "Superset's requirements have no packages for Python 3.13 or newer."; exit 1; }
	$(BIN)/python -m venv .venv/superset
	.venv/superset/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/dagster/installed .venv/airflow/installed: .venv/%/installed: tests/requirements-%.txt | .venv/bin/python
	$(BIN)/python -m venv .venv/$*
	.venv/$*/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	.venv/$*/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@
