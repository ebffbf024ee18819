# Two commands do everything on a machine with Python 3.11+, a C++ compiler and make:
#   make demo    trains on real MNIST on the simulated board and proves equality with the golden model
#   make test    lint, types and all tests
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# The folders hw, sw and sim are the packages onward.hw, onward.sw and onward.sim; mypy reads them through these links.
TYPES := $(VENV)/types/onward

.PHONY: install demo test lint types unit cosim fuzz formal mutation coverage soak clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Onward needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)"; exit 2; }
	@command -v $${CXX:-g++} >/dev/null \
	  || { echo "Onward needs a C++ compiler (g++, or set CXX) to build its simulated board"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[test,tensorboard]'
	@mkdir -p $(TYPES) && for part in hw sw sim; do ln -sfn $(CURDIR)/$$part $(TYPES)/$$part; done
	@touch $@

demo: install
	$(BIN)/onward demo

test: lint types unit

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	MYPYPATH=$(VENV)/types $(BIN)/mypy -p onward.hw -p onward.sw -p onward.sim

unit: install
	@command -v iverilog >/dev/null || echo "note: iverilog not found; the Icarus half of the co-simulation is skipped"
	$(BIN)/python -m pytest -n 2 --dist loadgroup

cosim: install
	$(BIN)/onward cosim --preset tiny --simulator verilator

fuzz: install
	$(BIN)/onward fuzz --markdown docs/verification.md

formal: install
	$(BIN)/onward formal --markdown docs/verification.md

mutation: install
	$(BIN)/onward mutation --jobs 2 --markdown docs/verification.md

coverage: install
	$(BIN)/onward coverage --markdown docs/verification.md

soak: install
	$(BIN)/onward soak --markdown docs/verification.md

clean:
	rm -rf $(VENV) build *.egg-info
