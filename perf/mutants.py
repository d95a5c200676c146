"""Mutate harness/judge and harness/alarm and count the deliberate mistakes that tests notice.

    python perf/mutants.py --sample 700 --seed 20261120 [--tool VENV/bin/mutmut]

Needs mutmut 3 beside the project's own packages (the tool is no part of the project). Works on a
copy: properties are unwrapped there, which mutmut would leave alone. One process; 10 to 20 mutants
a minute on one core. Survivors are listed by name at the end; `tests/judge/MUTANTS.md` judges them.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MUTATED = ("judge", "alarm")
SETTINGS = """\
[mutmut]
source_paths=harness
only_mutate=
  harness/judge/*
  harness/alarm/*
also_copy=tests
process_isolation=forkserver
pytest_add_cli_args=
  -p
  no:harness
  -p
  no:cacheprovider
pytest_add_cli_args_test_selection=
  tests/judge
  tests/alarm
  --ignore=tests/judge/test_purity.py
  --ignore=tests/judge/test_calibration.py
  --ignore=tests/alarm/test_alarm_calibration.py
use_git_change_detection=false
timeout_constant=5
timeout_multiplier=5
"""
"""Without the simulations: slow under mutation, and they notice only what moves a mean."""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--sample", type=int, default=700, help="mutants to try; 0 for all")
    asked.add_argument("--seed", type=int, default=20261120, help="of the sample")
    asked.add_argument("--tool", default=shutil.which("mutmut"), help="the mutmut to use")
    options = asked.parse_args()
    if not options.tool:
        sys.exit("mutmut is not installed here: name one with --tool VENV/bin/mutmut")
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        place = Path(folder)
        prepared(place)
        run(options.tool, place, "run", "--max-children", "1", "no-such-mutant")  # makes the list
        names = sorted(results(options.tool, place))
        chosen = random.Random(options.seed).sample(
            names, min(options.sample or len(names), len(names))
        )
        print(f"{len(chosen)} of {len(names)} mutants, seed {options.seed}", flush=True)
        run(options.tool, place, "run", "--max-children", "1", *chosen)
        found = results(options.tool, place)
        told({name: found[name] for name in chosen})


def prepared(place: Path) -> None:
    """Copy the files that the tests need, with decorated functions rewritten for mutmut."""
    for folder in ("harness", "tests"):
        shutil.copytree(ROOT / folder, place / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for package in MUTATED:
        for file in (place / "harness" / package).rglob("*.py"):
            file.write_text(bare(file.read_text("utf-8")), encoding="utf-8")
    whole = (ROOT / "pyproject.toml").read_text("utf-8")
    (place / "pyproject.toml").write_text(whole, encoding="utf-8")
    (place / "setup.cfg").write_text(SETTINGS, encoding="utf-8")


def bare(text: str) -> str:
    """Rewrite `@property` above a function as `name = property(name)` below it."""
    lines = text.split("\n")
    for start, end, indent, name, decorator in sorted(_decorated(text), reverse=True):
        lines.insert(end, f"{' ' * indent}{name} = {decorator}({name})")
        del lines[start - 1]
    return "\n".join(lines)


def _decorated(text: str) -> Iterator[tuple[int, int, int, str, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and len(node.decorator_list) == 1:
            (decorator,) = node.decorator_list
            written = ast.unparse(decorator)
            if re.match(r"property$|lru_cache\b", written):
                yield decorator.lineno, node.end_lineno or 0, node.col_offset, node.name, written


def run(tool: str, place: Path, *words: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [tool, *words], cwd=place, capture_output=True, text=True,
        env=environment | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return done.stdout


def results(tool: str, place: Path) -> dict[str, str]:
    lines = run(tool, place, "results", "--all", "true").splitlines()
    pairs = [line.strip().partition(": ") for line in lines if ": " in line]
    return {name: state for name, _, state in pairs}


def told(found: dict[str, str]) -> None:
    counts = Counter(found.values())
    noticed = counts["killed"] + counts["timeout"]
    print(f"noticed {noticed} of {len(found)} ({noticed / len(found):.1%}); {dict(counts)}")
    for name, state in sorted(found.items()):
        if state not in ("killed", "timeout"):
            print(f"  {state}: {name}")


if __name__ == "__main__":
    main()
