# make demo   set up, and watch a fire being run
# make test   set up, and run every check
# make audit  hold the lock against the public advisories
# make bench  measure every figure beside its floor
# make fuzz   throw rubbish at everything that comes from outside, and let anything happen in hundreds of nights
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Many tests wait for a socket, a browser or a process: one more of them than there are cores.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

# The tests start the program hundreds of times: what was compiled once is kept, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint tests audit setup format lock bench fuzz clean

demo: $(STAMP)
	@$(BIN)/emergency demo

# Side by side: types are checked while tests wait.
test: $(STAMP)
	@$(MAKE) --no-print-directory -j 2 lint tests

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

tests: $(STAMP)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# Fails when an advisory matches; says `not audited` where the database cannot be reached (AUDIT=--required: fails then).
audit: $(STAMP)
	$(BIN)/python tools/audit.py requirements.lock $(AUDIT)

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up in $(VENV) (once) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The lock holds hashes and no addresses; it is made with `uv pip compile`, for every platform and Python we support.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --extra dev --extra pdf --extra build pyproject.toml -o requirements.lock

# Every figure beside its floor, in one run; some minutes.
bench: $(STAMP)
	$(BIN)/python -m bench

# Hostile input without end, or for FUZZ_EXAMPLES cases a test; one night for each fifty of these; and what holds for
# everything that can be drawn, with new dice.
fuzz: $(STAMP)
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-20000} $(BIN)/python -m pytest tests/fuzz tests/faults/test_promises.py \
		$$(grep -rl '^@given' tests --include='*.py' --exclude-dir=fuzz) -q

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
