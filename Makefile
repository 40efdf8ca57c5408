# make demo   the whole way on the embedded sample, offline, in ./demo-lake
# make test   the test suite, in minutes
# make test-all   that, and the tests that take longer: CI runs these
# make test-slow  the properties over very many cases: hours
# make fuzz N=10000   damaged answers for every reader
# make lint   style, layout and types; make docs   the pages of docs/reference, from the code
# make mutants N=4   changes to the engine's code that a test must notice, so many a module: hours
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-all test-slow fuzz mutants lint docs clean
demo: .venv/ready
	$(BIN)/lake demo demo-lake

test: .venv/ready
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-all: .venv/ready
	$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not slow'

test-slow: .venv/ready
	$(BIN)/python -m pytest -n 2 --dist loadfile -m slow

N ?= 10000
fuzz: .venv/ready
	PYTHONPATH=tests $(BIN)/python -m sources.fuzz --mutants $(N)

mutants: N = 4
mutants: .venv/ready
	PYTHONPATH=tests $(BIN)/python -m mutation --each $(N) --folder .mutants

lint: .venv/ready
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

.venv/ready: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[torch,test]'
	touch $@

docs: .venv/ready
	$(BIN)/python docs/generate.py

clean:
	rm -rf .venv demo-lake .mutants
