# `make demo` cleans examples/ with the shipped model; `make test` runs every check. Both install what they need, in the
# versions that requirements/ locks. `make lock` renews those; `make test-latest` runs the tests on the newest releases.
# `make bench` measures bgtool beside its peers; `make report` writes docs/reference/performance.md.
# `make docs` makes the site of docs/; `make bundle` the program that needs no Python, `make bundle-test` tries it.

PYTHON ?= python3.11
PIP_FLAGS = --quiet --disable-pip-version-check
GROUPS = --group dev --group train --group export --group docs --group bundle
DEV = $(GROUPS) --editable '.[cpu]'
EXTRAS = --extra cpu --extra openvino  # side by side in a lock, of which pip installs what is asked for
ALL = --extra bag --extra fast --extra heif --extra pdf --extra report --extra vips --extra watch  # what one machine can have
COMPILE = .venv-lock/bin/uv pip compile --quiet --upgrade --python-version 3.11 --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

.PHONY: demo test test-latest lock lint bench report docs bundle bundle-test clean

demo: .venv/ready
	.venv/bin/bgtool clean examples/scans -o out/scans

test: lint
	PIP_CONSTRAINT=requirements/dev.txt .venv-dev/bin/python -m pytest

test-latest: .venv-latest/ready
	.venv-latest/bin/python -m pip install $(PIP_FLAGS) --upgrade --upgrade-strategy eager pip $(DEV)
	.venv-latest/bin/python -m pytest

lock: .venv-lock/ready
	$(COMPILE) --universal --group install -o requirements/install.txt
	$(COMPILE) --universal pyproject.toml --extra cpu -o requirements/demo.txt
	$(COMPILE) --universal pyproject.toml $(EXTRAS) $(GROUPS) -o requirements/dev.txt
	$(COMPILE) --universal pyproject.toml --extra cpu $(ALL) --group bundle -o requirements/program.txt
	$(COMPILE) --python-platform x86_64-manylinux_2_28 pyproject.toml --extra gpu $(ALL) -o requirements/gpu.txt

lint: .venv-dev/ready
	.venv-dev/bin/ruff check .
	.venv-dev/bin/ruff format --check .
	.venv-dev/bin/mypy
	.venv-dev/bin/lint-imports

bench: .venv-dev/ready
	.venv-dev/bin/python -m benchmarks

report: .venv-dev/ready
	.venv-dev/bin/python -m benchmarks report

docs: .venv-dev/ready
	.venv-dev/bin/python docs/site.py out/docs

bundle: .venv-bundle/ready
	.venv-bundle/bin/python -m PyInstaller --noconfirm --log-level WARN --distpath out/bundle --workpath build/bundle \
		deploy/bgtool.spec

bundle-test: bundle .venv-dev/ready
	BGTOOL_BUNDLE=out/bundle .venv-dev/bin/python -m pytest tests/promises/test_bundle.py

.venv/ready: pyproject.toml setup.cfg requirements/install.txt requirements/demo.txt
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install $(PIP_FLAGS) --constraint requirements/install.txt pip
	.venv/bin/python -m pip install $(PIP_FLAGS) --build-constraint requirements/install.txt \
		--constraint requirements/demo.txt --editable '.[cpu]'
	touch $@

.venv-dev/ready: pyproject.toml setup.cfg requirements/install.txt requirements/dev.txt
	$(PYTHON) -m venv .venv-dev
	.venv-dev/bin/python -m pip install $(PIP_FLAGS) --constraint requirements/install.txt pip
	.venv-dev/bin/python -m pip install $(PIP_FLAGS) --build-constraint requirements/install.txt \
		--constraint requirements/dev.txt $(DEV)
	touch $@

.venv-bundle/ready: pyproject.toml setup.cfg requirements/install.txt requirements/program.txt
	$(PYTHON) -m venv .venv-bundle
	.venv-bundle/bin/python -m pip install $(PIP_FLAGS) --constraint requirements/install.txt pip
	.venv-bundle/bin/python -m pip install $(PIP_FLAGS) --build-constraint requirements/install.txt \
		--constraint requirements/program.txt --group bundle --editable '.[cpu,bag,fast,heif,pdf,report,vips,watch]'
	touch $@

.venv-latest/ready:
	$(PYTHON) -m venv .venv-latest
	.venv-latest/bin/python -m pip install $(PIP_FLAGS) --upgrade pip
	touch $@

.venv-lock/ready:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install $(PIP_FLAGS) uv
	touch $@

clean:
	rm -rf .venv .venv-* out build *.egg-info
