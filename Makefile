# make         the default experiment       make demo    the same on included digits
# make test    the test suite               make lint    ruff, mypy, snakefmt, snakemake --lint
# make test-fast    the unit tests that are quick, while you edit; make test-slow    what takes long
# make lock    compile the locks from pyproject.toml    make clean   remove everything made
# make test-oldest  the library with the oldest versions that pyproject.toml allows
# make test-packages   optimizers of optax, Keras and PyTorch packages, in .venv-benchmark
# make test-cluster    the workflow and its faults on a real Slurm started for it: docs/cluster.md
# make benchmark    time the peers, this engine and the limit; make scaling    time evaluation
# make benchmark-gpu    the speed, the bits and the agreement of stacks on a GPU: docs/performance.md
# make efficiency   time the default experiment, job by job
# make check-times  time descent check, rule by rule
# make checkpoints  time the cost of saving progress; make overhead    the cost of calls
# make mutants      check wrong rules: are they caught, and named?
# make small-mistakes  check wrong rules whose effect is small, rare or late
# make shadow-cost  time a training loop beside a shadow: docs/shadow.md
# make right-forms  check right rules in many forms and settings, for false alarms
# make survey       try every optimizer of the common packages by its name: docs/packages.md
# make atlas        compare the optimizers of one name in all packages: docs/atlas.md
# make audit        compare the optimizers of the common packages with their counterparts: docs/audit.md
# make shootout     twelve optimizers, tuned alike, and the table of docs/shootout.md
# make forms        check rules in all forms in which people write them: docs/forms.md
# make grading      grade forty submissions of all kinds, some hostile: docs/teaching.md
# make coverage     measure how often the confidence bands hold
# make simulate-equivalence    measure how often verdicts on equivalence are wrong
# make benchmark-cluster    1,000 runs through Slurm, and the overhead of a job
# make growth       planning, the start of a job and evaluation for up to 10,000 runs: docs/notes/many_runs.md
# make docs         write docs/configuration.md from the schema; make picture    that of the README
# make site         build/site/html, the documentation as a site, with the gallery's experiments
# make notebooks    execute the solution of the lab, and make the exercise of it
# make address      write the public address and the version into the files that quote them

PYTHON ?= python3
BIN := .venv/bin
LOCK := workflow/envs/requirements.txt
# A torch build other than PyPI's, by its name in uv: make setup TORCH_BACKEND=cpu
TORCH_BACKEND ?=
# All but those of other frameworks, which only some need.
EXTRAS := $(addprefix --extra ,workflow cluster notebook dev site)
# The lock has neither the hashes nor the dependencies of such a build: it then only constrains.
UV_INSTALL := uv pip $(if $(TORCH_BACKEND),install --torch-backend $(TORCH_BACKEND) --no-verify-hashes \
    -c $(LOCK) -r pyproject.toml $(EXTRAS),sync --require-hashes $(LOCK))

# Some containers forbid Python to keep compiled modules: then every job would compile all again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: results demo setup test test-fast test-slow test-oldest test-cluster test-packages lint format lock clean benchmark \
    benchmark-gpu benchmark-cluster benchmark-lock efficiency check-times checkpoints overhead scaling mutants coverage \
    docs picture site address notebooks simulate-equivalence right-forms small-mistakes shadow-cost \
    grading forms survey atlas audit shootout growth

results: setup
	$(BIN)/snakemake --cores all

demo: setup
	$(BIN)/snakemake --cores all --configfile config/digits.yaml

setup: .venv/done

# The project, for the command `descent`, is built with the locked setuptools: no download is needed.
.venv/done: .venv/locked
	$(BIN)/uv pip install --python $(BIN)/python --offline --no-deps --no-build-isolation --editable .
	touch $@

# uv is installed first, from the same lock: pip alone would take minutes for everything.
.venv/locked: $(LOCK)
	$(PYTHON) -m venv .venv
	awk '/^[^ ]/ {uv = /^uv==/} uv' $(LOCK) > .venv/uv.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
	$(BIN)/$(UV_INSTALL) --python $(BIN)/python --compile-bytecode
	touch $@

# A process that is done takes half of what another has left. The markers are in pyproject.toml.
PYTEST := $(BIN)/pytest -n auto --dist worksteal

test: setup
	$(PYTEST) -m "not slow and not cluster" --ignore tests/cluster

test-slow: setup
	$(PYTEST) -m "slow and not cluster" --ignore tests/cluster

# What is left out: unit tests that take seconds each, being whole checks and simulated studies.
test-fast: setup
	$(PYTEST) -m "not slow" tests/unit $(addprefix --ignore tests/unit/, analysis/test_equivalence.py \
	    optimizers/test_scaffold.py parity/test_check.py parity/test_diagnosis.py parity/test_replay.py)

# What is left out: tests about what that torch lacks, such as Muon, and files of whole checks, which
# take long.
test-oldest: .venv-oldest/done
	PYTHONPATH=src .venv-oldest/bin/pytest -n auto --dist worksteal \
	    -m "not slow and not new_torch" -k "not muon" \
	    tests/unit/optimizers tests/unit/parity tests/unit/test_cli.py \
	    tests/unit/reporting/figures/test_parity.py \
	    $(addprefix --ignore tests/unit/parity/test_, bad_input.py diagnosis.py reviewed.py right_forms.py)

.venv-oldest/done: .venv/done tests/oldest.txt
	$(BIN)/uv venv --clear --python $(BIN)/python .venv-oldest
	$(BIN)/uv pip sync --require-hashes tests/oldest.txt --python .venv-oldest/bin/python --compile-bytecode
	touch $@

# The optimizers of other packages, which only this environment has.
test-packages: .venv-benchmark/done
	PYTHONPATH=src .venv-benchmark/bin/pytest -n auto --dist worksteal -m "not browser" \
	    tests/unit/optimizers/test_adapters.py tests/workflow/test_package_runs.py \
	    tests/project/test_atlas.py tests/project/test_audit.py

# They mostly wait for Slurm; each process starts its own.
test-cluster: setup
	$(BIN)/pytest -n 3 -rs tests/cluster

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

format: setup
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/snakefmt Snakefile workflow

COMPILE := $(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header \
    --python-version 3.11

lock: setup
	$(COMPILE) pyproject.toml $(EXTRAS) -o $(LOCK)
	$(COMPILE) pyproject.toml tests/oldest.in --resolution lowest-direct -o tests/oldest.txt

# The peers have their own lock and environment, separate from the main ones.
benchmark: .venv-benchmark/done
	$(BIN)/snakemake --cores 1 prepare
	PYTHONPATH=src .venv-benchmark/bin/python benchmarks/run.py data/mnist

benchmark-gpu: .venv-benchmark/done
	$(BIN)/snakemake --cores 1 prepare
	PYTHONPATH=src .venv-benchmark/bin/python benchmarks/gpu.py data/mnist

benchmark-cluster: setup
	PYTHONPATH=tests/support:src $(BIN)/python benchmarks/cluster.py

growth: setup
	PYTHONPATH=tests/support:src $(BIN)/python benchmarks/cluster.py --growth 100 1000 4000 10000

efficiency: setup
	$(BIN)/snakemake --cores 1 prepare
	PYTHONPATH=src $(BIN)/python benchmarks/efficiency.py data/mnist

check-times: setup
	PYTHONPATH=src $(BIN)/python benchmarks/check_times.py

checkpoints: setup
	$(BIN)/snakemake --cores 1 prepare
	PYTHONPATH=src $(BIN)/python benchmarks/checkpoints.py data/mnist

overhead: setup
	PYTHONPATH=src $(BIN)/python benchmarks/overhead.py

scaling: setup
	$(BIN)/snakemake --cores 1 prepare
	PYTHONPATH=src $(BIN)/python benchmarks/scaling.py data/mnist

mutants: setup
	PYTHONPATH=src $(BIN)/python benchmarks/mutants.py

small-mistakes: setup
	PYTHONPATH=src $(BIN)/python benchmarks/small_mistakes.py

right-forms: setup
	PYTHONPATH=src $(BIN)/python benchmarks/false_alarms.py

shadow-cost: setup
	PYTHONPATH=src $(BIN)/python benchmarks/shadow.py

forms: setup
	PYTHONPATH=tests/support:src $(BIN)/python benchmarks/forms.py

grading: setup
	PYTHONPATH=tests/support:src $(BIN)/python benchmarks/grading.py

survey: .venv-benchmark/done
	PYTHONPATH=src .venv-benchmark/bin/python benchmarks/survey.py

atlas: .venv-benchmark/done
	mkdir -p build/atlas
	.venv-benchmark/bin/snakemake --cores all --quiet --snakefile benchmarks/atlas/atlas.smk \
	    --directory build/atlas

audit: .venv-benchmark/done
	OMP_NUM_THREADS=1 PYTHONPATH=src .venv-benchmark/bin/python benchmarks/audit/audit.py

# In the environment that has the packages.
shootout: .venv-benchmark/done
	PYTHONPATH=src .venv-benchmark/bin/snakemake --cores 2 --configfile config/shootout.yaml
	PYTHONPATH=src .venv-benchmark/bin/python benchmarks/shootout.py results/shootout

docs: setup
	$(BIN)/python docs/make_configuration.py

picture: setup
	PYTHONPATH=src $(BIN)/python docs/make_picture.py

# The gallery and the pages of mistakes are made again only where something has changed.
SITE := build/site

site: setup
	mkdir -p $(SITE)/gallery
	cp -p docs/gallery/rules.py $(SITE)/gallery
	set -e; for name in $(notdir $(basename $(wildcard docs/gallery/*.yaml))); do \
	    $(BIN)/snakemake --cores all --quiet --snakefile Snakefile --directory $(SITE)/gallery \
	        --configfile docs/gallery/$$name.yaml -- \
	        results/$$name/report.html results/$$name/interactive.html figures; \
	done
	$(BIN)/snakemake --cores all --quiet --snakefile docs/site/mistakes.smk --directory $(SITE)
	PYTHONPATH=src $(BIN)/python docs/site/build.py $(SITE)

notebooks: setup
	PYTHONPATH=src $(BIN)/python notebooks/publish.py

address: setup
	$(BIN)/python docs/fill_address.py

coverage: setup
	PYTHONPATH=src $(BIN)/python benchmarks/coverage.py

simulate-equivalence: setup
	$(BIN)/snakemake --cores 1 --configfile config/digits.yaml -- prepare
	OPENBLAS_NUM_THREADS=1 PYTHONPATH=src $(BIN)/python benchmarks/equivalence.py data/digits

.venv-benchmark/done: .venv/done benchmarks/requirements.txt
	$(BIN)/uv venv --clear --python $(BIN)/python .venv-benchmark
	$(BIN)/$(UV_INSTALL) $(if $(TORCH_BACKEND),-r) benchmarks/requirements.txt \
	    --python .venv-benchmark/bin/python --compile-bytecode
	touch $@

benchmark-lock: setup
	$(COMPILE) benchmarks/requirements.in -c $(LOCK) -o benchmarks/requirements.txt

clean:
	rm -rf .venv .venv-benchmark .venv-oldest .snakemake .pytest_cache .ruff_cache .mypy_cache data
	find results -mindepth 1 ! -name README.md -delete
	find . -name __pycache__ -prune -exec rm -rf {} +
	rm -rf src/*.egg-info build
