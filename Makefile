# `make demo` cleans examples/ with the shipped model; `make test` runs every check. Both install what they need.
# `make bench` measures bgtool beside its peers; `make report` puts the results into README.md and docs/performance.md.

PYTHON ?= python3.11
PIP_FLAGS = --quiet --disable-pip-version-check

.PHONY: demo test lint bench report clean

demo: .venv/ready
	.venv/bin/bgtool clean examples/scans -o out/scans

test: lint
	.venv-dev/bin/python -m pytest

lint: .venv-dev/ready
	.venv-dev/bin/ruff check .
	.venv-dev/bin/ruff format --check .
	.venv-dev/bin/mypy

bench: .venv-dev/ready
	.venv-dev/bin/python -m benchmarks

report: .venv-dev/ready
	.venv-dev/bin/python -m benchmarks report

.venv/ready: pyproject.toml setup.cfg
	$(PYTHON) -m venv .venv
	.venv/bin/pip install $(PIP_FLAGS) --editable '.[cpu]'
	touch $@

.venv-dev/ready: pyproject.toml setup.cfg
	$(PYTHON) -m venv .venv-dev
	.venv-dev/bin/pip install $(PIP_FLAGS) --upgrade 'pip>=25.1'
	.venv-dev/bin/pip install $(PIP_FLAGS) --group dev --group train --group export --editable '.[cpu]'
	touch $@

clean:
	rm -rf .venv .venv-dev out build *.egg-info
