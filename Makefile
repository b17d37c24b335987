# Ten words. Each does its own set-up, in a .venv beside this file.
.PHONY: setup format check test cluster-test bench best docs demo release
.DEFAULT_GOAL := setup

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
# The build for processors, by its number: any other word for it brings gigabytes of libraries for GPUs.
TORCH := torch==2.13.0
SAMPLE := src/mizaj/sample/posts.jsonl

# What is compiled or packed at install: a change there installs again.
PXD := $(shell find src -name '*.pxd')
BUILT := pyproject.toml setup.py src/mizaj/lexicon/pack.py \
	$(PXD) $(PXD:.pxd=.py) $(shell find src -name '*.pyx' -o -path '*/lexicon/data/*.tsv')
BUILT := $(wildcard $(BUILT))

setup: .venv/.dev

format: .venv/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Nodes start, and are given up for lost, for minutes in which processors idle: the other tests run beside them.
test: .venv/.dev .venv/.browser .venv/.nodes
	$(BIN)/pytest tests/cluster -m nodes -p no:cacheprovider > .venv/nodes.txt 2>&1 & nodes=$$!; \
	$(BIN)/pytest -m "not nodes"; others=$$?; \
	wait $$nodes; nodes=$$?; cat .venv/nodes.txt; \
	exit $$((others || nodes))

# Three nodes on this machine, each in a network of its own; ends what it started and nothing else.
cluster-test: .venv/.dev .venv/.nodes
	$(BIN)/pytest tests/cluster tests/contracts/test_places.py -v

bench: .venv/.bench
	$(BIN)/python benchmarks/run.py

# Takes hours. What is trained lies in best-members; stopped, it goes on there.
best: .venv/.dev
	$(BIN)/python benchmarks/train_best.py

docs: .venv/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

demo: .venv/.core
	$(BIN)/mizaj score $(SAMPLE) -o demo/scored --overwrite
	$(BIN)/mizaj report demo/scored -o demo/report.html
	$(BIN)/python examples/01_score_a_list.py
	@echo "Open demo/report.html in a browser."

release: check test docs
	rm -rf build dist
	$(BIN)/python -m build
	$(PYTHON) -m venv build/clean
	build/clean/bin/pip --disable-pip-version-check --quiet install dist/*.whl
	mkdir build/empty
	cd build/empty && ../clean/bin/mizaj score sample -o scored/ \
	  && ../clean/bin/mizaj report scored/ -o report.html \
	  && ../clean/bin/mizaj explain "accha nahi hai" | grep -q '^negative'
	@echo "dist/ holds the release; it is uploaded by hand."

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "mizaj needs Python 3.11 or newer; name one: make PYTHON=python3.11" >&2; exit 2; }
	$(PYTHON) -m venv .venv

.venv/.core: $(BUILT) | .venv/bin/pip
	$(PIP) install --editable .
	@touch $@

.venv/.dev: $(BUILT) | .venv/bin/pip
	$(PIP) install $(TORCH)
	$(PIP) install --editable '.[dev]'
	@touch .venv/.core $@

.venv/.bench: $(BUILT) | .venv/bin/pip
	$(PIP) install $(TORCH)
	$(PIP) install --editable '.[dev,bench]'
	@touch .venv/.core .venv/.dev $@

.venv/.docs: $(BUILT) | .venv/bin/pip
	$(PIP) install --editable '.[docs]'
	@touch .venv/.core $@

# The report is looked at in a real browser; without one, its tests are skipped and say so.
.venv/.browser: | .venv/.dev
	@if command -v chromium >/dev/null || command -v google-chrome >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "make test: installing chromium and fonts for the report's browser test"; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
	    --no-install-recommends chromium fonts-noto-core fonts-noto-color-emoji >/dev/null; } \
	  || echo "make test: chromium could not be installed; the browser test will be skipped" >&2; \
	else \
	  echo "make test: no chromium here, and not root on Debian: the browser test will be skipped" >&2; \
	fi
	@touch $@

# Nodes need `ip`, Spark needs Java; without them, their tests are skipped and say so.
.venv/.nodes: | .venv/.dev
	@wanted=""; command -v ip >/dev/null || wanted="iproute2"; \
	command -v java >/dev/null || wanted="$$wanted openjdk-17-jre-headless"; \
	if [ -z "$$wanted" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "make: installing $$wanted for the tests of clusters"; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
	    --no-install-recommends $$wanted >/dev/null; } \
	  || echo "make: $$wanted could not be installed; tests of clusters will be skipped" >&2; \
	else \
	  echo "make: no $$wanted here, and not root on Debian: tests of clusters will be skipped" >&2; \
	fi
	@touch $@
