# Everything a fresh machine needs: Python 3.11, pip, git, make (and apt for system libraries and fonts).
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint bench fonts system
.DEFAULT_GOAL := demo

demo: $(VENV)/installed | system  ## words -> shards -> a trained recognizer -> scores -> a page to look at
	$(BIN)/ocrmill demo -o demo

# One thread a process: waiting threads of two networks would keep each other from working.
test: lint  ## the whole suite, three files at a time: some of them wait for Ray
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/installed-dev | system
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/installed  ## images per CPU-second of the generators and where their time goes
	$(BIN)/python -m benchmarks.stages

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
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable .
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable ".[dev]"
	@touch $@ $(VENV)/installed
