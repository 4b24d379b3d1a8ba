# make         the real experiment          make demo    the same on embedded digits, no download
# make test    the whole test suite         make lint    ruff, snakefmt, snakemake --lint
# make lock    compile requirements.txt     make clean   remove all that was made

PYTHON ?= python3
BIN := .venv/bin
# A build of torch other than PyPI's, as uv names them: make setup TORCH_BACKEND=cpu
TORCH_BACKEND ?=

.PHONY: results demo setup test lint format lock clean

results: setup
	$(BIN)/snakemake --cores all

demo: setup
	$(BIN)/snakemake --cores all --configfile config/digits.yaml

setup: .venv/done

# uv installs itself first, from the same lock: pip alone would take minutes.
.venv/done: requirements.txt
	$(PYTHON) -m venv .venv
	awk '/^[^ ]/ {uv = /^uv==/} uv' requirements.txt > .venv/uv.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
ifeq ($(TORCH_BACKEND),)
	$(BIN)/uv pip sync --python $(BIN)/python --compile-bytecode --require-hashes requirements.txt
else
	$(BIN)/uv pip sync --python $(BIN)/python --compile-bytecode --no-verify-hashes \
	    --torch-backend $(TORCH_BACKEND) requirements.txt
endif
	touch $@

test: setup
	$(BIN)/pytest -n auto

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

format: setup
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/snakefmt Snakefile workflow

lock: setup
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes \
	    --no-emit-index-url --no-header --python-version 3.11 -o requirements.txt

clean:
	rm -rf .venv .snakemake .pytest_cache .ruff_cache data
	find results -mindepth 1 ! -name README.md -delete
	find . -name __pycache__ -prune -exec rm -rf {} +
