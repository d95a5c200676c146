"""`make vllm`, what needs no vLLM: comparing, reading verdicts, one recipe in two places."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import vllm_check
import vllm_environment
from vllm_project import Ended, outcomes, same
from vllm_server import NotUp, VLLMServer, free_port
from vllm_trial import Line

from harness.records import Output

ROOT = Path(__file__).parents[2]
HERE = {
    ("outreach", "a"): Output("a", "one", tokens=1, ideal_nlls=(1.0,)),
    ("outreach", "b"): Output("b", "two", tokens=1, ideal_nlls=(2.0, None)),
}


def a_server(folder: Path, **how: Any) -> VLLMServer:
    return VLLMServer(folder / "bin", folder / "base", folder / "log", free_port(), **how)


def test_equal_answers_are_counted_with_their_ideals() -> None:
    found = same(HERE, dict(HERE))
    assert (found.texts, found.of, found.ideals, found.apart) == (2, 2, 2, 0.0)


def test_a_case_that_a_server_lacks_counts_against_it() -> None:
    found = same(HERE, {("outreach", "a"): Output("a", "one", tokens=1, ideal_nlls=(1.5,))})
    assert (found.texts, found.of, found.apart) == (1, 2, 0.5)


def test_a_benchmark_that_was_not_run_counts_for_nothing() -> None:
    here = HERE | {("general", "c"): Output("c", "three")}
    assert same(here, HERE).of == 2


@pytest.mark.parametrize("change", [{"text": "ones"}, {"tokens": 2}, {"finish": "length"}])
def test_another_text_count_or_end_is_another_answer(change: dict[str, Any]) -> None:
    other = {case: replace(output, **change) for case, output in HERE.items()}
    assert same(HERE, other).texts == 0


def test_verdicts_are_read_from_a_sweep_and_from_an_evaluation() -> None:
    verdict = {"candidate": "v3", "benchmark": "outreach", "outcome": "promote"}
    sweep = {"rows": [{"verdict": verdict}, {"verdict": None, "outcome": None, "error": "lost"}]}
    for found in (sweep, verdict):
        assert outcomes(Ended(0, json.dumps(found), "")) == {("v3", "outreach", "promote")}
    for refused in ("lora-harness: no server", '{"error": "no server"}'):
        assert outcomes(Ended(4, refused, "")) == set()


def test_the_recipe_of_the_readme_is_the_command_that_is_tried(tmp_path: Path) -> None:
    readme = (ROOT / "harness/engines/README.md").read_text(encoding="utf-8")
    _, _, block = readme.partition("vllm serve org/base ")
    recipe, _, _ = block.partition("\n\n")
    tried = a_server(tmp_path).command()
    words = recipe.replace("\\\n", " ").split()
    assert "--lora-target-modules" in words
    assert [word for word in words if word not in tried] == []


@pytest.mark.slow
def test_a_server_that_ends_at_once_is_said_with_its_error(tmp_path: Path) -> None:
    program = tmp_path / "bin/vllm"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'ValueError: no such model'\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(NotUp, match="ValueError: no such model"), a_server(tmp_path):
        pass


def test_a_server_that_does_not_start_is_a_line_that_is_not_as_wanted() -> None:
    def scene(_: object) -> Iterator[Line]:
        raise NotUp("no memory")
        yield Line("never", "reached", True)

    (line,) = vllm_check.tried(None, scene)  # type: ignore[arg-type]
    assert "no memory" in line.seen
    assert not line.fine


def test_the_environment_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = tmp_path / "lib/python3.11/site-packages"
    packages.mkdir(parents=True)
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(vllm_environment, "FOLDER", tmp_path)
    monkeypatch.setattr(vllm_environment, "READY", tmp_path / ".ready")
    monkeypatch.setattr(vllm_environment, "_run", lambda *words: ran.append(words))
    assert vllm_environment.environment() == vllm_environment.environment() == tmp_path / "bin"
    assert sum("install" in words for words in ran) == 1
    facts = (packages / f"vllm-{vllm_environment.VERSION}+cpu.dist-info/METADATA").read_text()
    assert "Name: vllm\n" in facts


def test_a_step_that_fails_ends_the_building() -> None:
    with pytest.raises(SystemExit, match="to begin anew"):
        vllm_environment._run(sys.executable, "-c", "raise SystemExit(1)")


@pytest.mark.long
def test_help_builds_nothing() -> None:
    asked = subprocess.run(
        [sys.executable, "perf/vllm_check.py", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert asked.stdout.startswith("usage:")
    assert "building" not in asked.stderr
