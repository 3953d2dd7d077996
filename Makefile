# Nine words: setup, lab, test, check, fuzz, soak, bench, fmt, wheel. TESTS=tests/zones narrows test, check and fuzz to a room. Everything lives in .venv; nothing else is touched.
# Debian's own Python comes first: it is built with profile-guided optimisation and runs the edge a tenth faster.
PYTHON ?= $(firstword $(foreach p,/usr/bin/python3.11 python3.11 python3.12 python3,$(shell $(p) -c 'import sys, venv, ensurepip; (3, 11) <= sys.version_info[:2] <= (3, 12) and print("$(p)")' 2>/dev/null)))
TESTS ?=
MINUTES ?=
OPTIONS ?=
BIN := .venv/bin
STAMP := .venv/.stamp

# What the native half is compiled from: a change of it compiles it anew, where a compiler is.
NATIVE := setup.py sipedge/pjsip/declarations.h $(wildcard sipedge/*/native/*.[ch])

.PHONY: setup lab test check fuzz soak bench fmt wheel clean

setup: $(STAMP)

$(STAMP): pyproject.toml $(NATIVE)
	@test -n "$(PYTHON)" || { echo "make: no Python found; Python 3.11 or 3.12 is needed (Debian: apt-get install python3 python3-venv)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' || { echo "make: $(PYTHON) is not Python 3.11 or 3.12; call make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "make: $(PYTHON) has no venv module (Debian: apt-get install python3-venv)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]' || { echo "make: pip could not install what pyproject.toml names (its words are above)"; exit 1; }
	@touch $@

lab: setup
	@$(BIN)/sipedge lab

check: setup
	@$(BIN)/python -m tools.check $(OPTIONS) $(TESTS)

test: setup
	@$(BIN)/pytest -n 2 $(TESTS)

fmt: setup
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

fuzz: setup
	@$(BIN)/python -m tools.fuzz $(MINUTES:%=--minutes %) $(OPTIONS) $(TESTS)

soak: setup
	@$(BIN)/python -m tools.soak $(MINUTES:%=--minutes %) $(OPTIONS)

bench: setup
	@$(BIN)/python -m tools.bench

# For machines without a compiler: CPython 3.11 or 3.12, any Linux of x86_64 with glibc 2.17.
wheel: setup
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[wheel]'
	@rm -rf build && $(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheel .
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/auditwheel repair --wheel-dir dist build/wheel/*.whl

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .hypothesis
	find sipedge -name '*.so' -delete
