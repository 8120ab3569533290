# Everything a fresh machine needs: Python 3.11 or newer, pip, git, make (and apt for system libraries and fonts).

# The newest tested Python that runs and can make an environment, else any other newer one; PYTHON= overrides.
USABLE := -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
  $$python $(USABLE) && echo $$python && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test check lint bench docs fonts system
.DEFAULT_GOAL := demo

demo: $(VENV)/installed | system  ## words -> shards -> a trained recognizer -> scores -> a page to look at
	$(BIN)/ocrmill demo -o demo

# Bytecode of the tests is kept, whatever the environment says: every process would compile all of them again.
TESTS := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 OPENCV_FOR_THREADS_NUM=1 $(BIN)/python -m pytest --dist loadfile --no-loadscope-reorder

# One thread a process: waiting threads of two networks would keep each other from working.
# A test that reaches the time limit is started once more: on a busy machine, processes of Ray may never start.
test: lint  ## the whole suite, four files at a time: some of them wait for Ray
	$(TESTS) -n 4 --reruns 1 --only-rerun Timeout

# Everything that needs no Ray, training or browser and is quick: for the minutes between two edits.
check: lint  ## lint, types, and the quick tests
	$(TESTS) -n 2 -m "not ray and not train and not browser and not slow and not docs"

lint: $(VENV)/installed-dev | system
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/installed  ## images per CPU-second of the generators and where their time goes
	$(BIN)/python -m benchmarks.stages

# The notebooks start `ocrmill`, `ray` and `rclone` by name.
docs: $(VENV)/installed-docs  ## the documentation in build/site, and the notebooks with outputs in build/notebooks
	PYTHONPATH=. NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	PYTHONPATH=. PATH="$(abspath $(BIN)):$$PATH" OMP_NUM_THREADS=1 $(BIN)/python -m docs.notebooks run

fonts:  ## free fonts of many kinds, from Debian (asks for root)
	$(if $(filter 0,$(shell id -u)),,sudo) apt-get install -y --no-install-recommends $$(grep -v '^#' fonts.txt)

# OpenCV needs libGL and GLib, Pillow's shaping (the tests' oracle) FriBidi: say so before anything fails in an odd way.
system:
	@missing=$$(for library in libGL.so.1 libglib-2.0.so.0 libfribidi.so.0; do \
	  ldconfig -p 2>/dev/null | grep -q "$$library" || echo "$$library"; done); \
	if [ -n "$$missing" ] && command -v ldconfig >/dev/null; then \
	  echo "Missing system libraries: $$missing"; \
	  echo "Install them with: apt-get install -y libgl1 libglib2.0-0 libfribidi0"; exit 1; fi

$(VENV)/bin/python:
	@python="$(PYTHON)"; if ! $${python:-false} $(USABLE); then \
	  echo "$${python:-Every python3 on the PATH} is missing, older than Python 3.11 or without the module venv:" \
	    "install python3 and python3-venv, or name another interpreter with PYTHON=/path/to/python"; exit 1; fi; \
	echo "Setting up $(VENV) with $$python"; $$python -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable .
	@touch $@

$(VENV)/installed-docs: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable ".[docs]"
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable ".[dev]"
	@touch $@ $(VENV)/installed
