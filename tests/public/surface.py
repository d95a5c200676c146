"""Everything that people outside may rest on, one line each; `surface.txt` is how it was frozen.

python -m tests.public.surface --write      after a change that is meant; see CONTRIBUTING.md
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import harness
from harness import errors, registered
from harness.cli.command import COMMANDS, cli
from harness.exit_codes import CODES
from harness.plugin import hooks
from harness.plugin.fixture import Harness
from harness.records import Policy
from harness.workspace.formats.fields import Table
from tests.fakes.project import BENCHMARK, CASES, TinyProject

FROZEN = Path(__file__).with_name("surface.txt")

SETTINGS = """
[tool.harness.monitor.openers]
edit_rate = { acceptable = 0.2, retrain = 0.25 }
[tool.harness.mlflow]
tracking_uri = "x"
[tool.harness.notify]
webhook = "X"
[tool.harness.worth]
minutes_per_edit = 3
minutes_per_rewrite = 9
cost_per_hour = 60
training_hours = 10
outputs_per_month = 900
"""
TOML = """
[[examples]]
input = "a"
output = "b"
[checks]
max_words = 90
"""


def surface() -> list[str]:
    """Every line, sorted."""
    parts = (_python(), _errors(), _plugin(), _commands(), _files(), _json(), _exits())
    return sorted({line for part in parts for line in part})


# --- Python -------------------------------------------------------------------------------------


def _python() -> Iterator[str]:
    for name in harness.__all__:
        yield from _about(f"python harness.{name}", getattr(harness, name))
    for group in (registered.METRICS, registered.ENGINES, registered.STORES):
        yield f"entry points {group}"


def _about(place: str, found: Any) -> Iterator[str]:
    if not inspect.isclass(found):
        yield f"{place}{_signature(found)}"
        return
    yield place
    if dataclasses.is_dataclass(found):
        for one in dataclasses.fields(found):
            required = one.default is one.default_factory is dataclasses.MISSING
            yield f"{place}.{one.name}: {one.type}{'' if required else ' = ...'}"
    ours = [kind for kind in found.__mro__ if kind.__module__.startswith("harness.")]
    for name, one in {name: one for kind in ours[::-1] for name, one in vars(kind).items()}.items():
        if not name.startswith("_") and isinstance(one, property):
            yield f"{place}.{name}"
        elif not name.startswith("_") and inspect.isfunction(one):
            yield f"{place}.{name}{_signature(one)}"


def _signature(found: Any) -> str:
    """Names and which of them may be left out; annotations may be made wider."""
    shown = []
    for one in inspect.signature(found).parameters.values():
        star = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**", one.KEYWORD_ONLY: "*, "}
        default = "" if one.default is one.empty else "=..."
        shown.append(f"{star.get(one.kind, '')}{one.name}{default}")
    return f"({', '.join(name for name in shown if name != 'self')})"


def _errors() -> Iterator[str]:
    for name, found in vars(errors).items():
        if inspect.isclass(found) and issubclass(found, errors.HarnessError):
            yield f"error {name}({found.__bases__[0].__name__}) exit {found.exit_code}"


# --- pytest and the command ---------------------------------------------------------------------


def _plugin() -> Iterator[str]:
    for name, found in vars(hooks).items():
        if name.startswith("pytest_"):
            yield f"hook {name}{_signature(found)}"
    yield from (line.replace("python", "fixture", 1) for line in _about("python harness", Harness))
    parser = pytest.Parser(_ispytest=True)
    import_module("harness.plugin").pytest_addoption(parser)
    for option in parser.getgroup("harness").options:
        yield f"pytest {' '.join(option.names())}"


def _commands() -> Iterator[str]:
    for name, (module, _) in COMMANDS.items():
        yield from _command(name, getattr(import_module(module), name))


def _command(name: str, found: click.Command) -> Iterator[str]:
    yield f"command {name}"
    for one in found.params:
        many = "..." if one.nargs == -1 or one.multiple else ""
        said = one.opts[0] if one.param_type_name == "option" else f"<{one.name}>"
        needed = " (required)" if one.required else ""
        yield f"command {name} {said}{many}{needed}"
    if isinstance(found, click.Group):
        for below, inner in found.commands.items():
            yield from _command(f"{name} {below}", inner)


def _exits() -> Iterator[str]:
    for outcome, code in CODES.items():
        yield f"exit {code}: {outcome}"
    yield "exit 4: the request is wrong"
    yield "exit 11: could not judge"


# --- files --------------------------------------------------------------------------------------


def _files() -> Iterator[str]:
    """Keys are those that the readers ask for, while they read a project that has everything."""
    asked: set[tuple[str, str]] = set()

    def spied(plain: Any) -> Any:
        def ask(table: Table, key: str, *rest: Any) -> Any:
            asked.add((table.where, key))
            return plain(table, key, *rest)

        return ask

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        made = TinyProject(Path(folder))
        made.settings(SETTINGS)
        made.benchmark("openers", BENCHMARK + TOML, CASES[:1])
        for name in ("any", "has"):
            patch.setattr(Table, name, spied(getattr(Table, name)))
        assert made.project.benchmarks
    for where, key in asked:
        place = re.sub(r":\d+", "", where.split("/")[-1])
        for said, meant in (
            ("pyproject.toml ", "setting "),
            ("ideal_likelihood", "NAME"),
            ("edit_similarity", "NAME"),
            ("[openers]", "[TASK]"),
            ("[[examples]] 1", "[[examples]]"),
        ):
            place = place.replace(said, meant)
        if place != "pyproject.toml" and not place.endswith(
            ("[checks]", "[metrics]", "[monitor]", "checks")
        ):
            yield f"{place} {key}"
    yield from (f"benchmark.toml [policy] {one.name}" for one in dataclasses.fields(Policy))


# --- JSON ---------------------------------------------------------------------------------------

ASKED = {
    "verdict": "evaluate good",
    "sweep": "sweep good --no-baselines",
    "promote": "promote good --by Ana --why good",
    "status": "status",
    "log": "log",
    "verify": "verify",
    "history list": "history list",
    "compare": "compare good base",
    "doctor": "doctor v1",
    "fetch": "fetch v2 adapters/v1",
    "monitor": "monitor",
    "benchmark check": "benchmark check openers",
    "benchmark diff": "benchmark diff openers manners",
    "data check": "data check pairs.jsonl",
    "data fingerprint": "data fingerprint pairs.jsonl",
    "reviews rates": "reviews rates",
    "init": "init another",
    "error": "path --task nosuch",
}
"""What is printed under `--json`, by the command that prints it."""


def _json() -> Iterator[str]:
    """Keys down to those of the tables in a list; deeper ones may be data, such as slices."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        made = TinyProject(Path(folder) / "project")
        made.record("good")
        made.adapter("v1", task="openers").write()
        made.write("pairs.jsonl", '{"input": "a", "output": "b c"}\n' * 2)
        patch.chdir(made.folder)
        patch.setenv("LORA_HARNESS_CACHE", f"{folder}/cache")
        for name, words in ASKED.items():
            patch.setattr(sys, "argv", ["lora-harness", *words.split(), "--json"])
            printed = CliRunner().invoke(cli, sys.argv[1:]).stdout.splitlines()
            for key in _keys(json.loads(printed[0])):
                if not key.startswith("guards[]."):  # each is a verdict again
                    yield f"json {name}: {key}"


def _keys(found: Any, place: str = "", depth: int = 2) -> Iterator[str]:
    if isinstance(found, list):
        for one in found:
            yield from _keys(one, f"{place}[].", depth)
    elif isinstance(found, dict) and depth and (depth == 2 or place.endswith("[].")):
        for key, value in found.items():
            yield f"{place}{key}"
            yield from _keys(value, f"{place}{key}", depth - 1)


if __name__ == "__main__":
    text = "".join(f"{line}\n" for line in surface())
    if "--write" in sys.argv:
        FROZEN.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
