# make demo   the whole way on the embedded sample, offline, in ./demo-lake
# make test   the test suite
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint bench clean
demo: .venv/ready
	$(BIN)/lake demo demo-lake

test: .venv/ready
	$(BIN)/python -m pytest -n 2

lint: .venv/ready
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

.venv/ready: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[torch,test]'
	touch $@

clean:
	rm -rf .venv demo-lake
