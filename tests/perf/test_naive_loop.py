"""A plain loop writes the same whether it runs rows alone or together, merged or not."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import naive_loop
import pytest

from harness.records import Message, Prompt
from tests.fakes.kinds import KINDS, write_adapter, write_base

INPUTS = ("Hello", "Write to Ana about the trucks in Leeds", "Say it")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    kind = next(one for one in KINDS if one.name == "Llama 3")
    folder = tmp_path_factory.mktemp("loop")
    write_base(kind, folder / "base")
    write_adapter(kind, folder / "base", folder / "adapter")
    return folder / "base", folder / "adapter"


@pytest.fixture
def prompts() -> list[Prompt]:
    return [
        Prompt(text, (Message("system", "Be short."), Message("user", text)), ("yes", "no, thanks"))
        for text in INPUTS
    ]


@pytest.mark.medium
def test_rows_together_are_written_as_alone(
    places: tuple[Path, Path], prompts: list[Prompt]
) -> None:
    alone = naive_loop.run(*places, prompts, 6, "float32")
    together = naive_loop.run(*places, prompts, 6, "float32", merge=True, batch=2)
    assert together["texts"] == alone["texts"]
    assert together["tokens"] == alone["tokens"] > 0


def test_prompts_without_ideals_are_written_alone(
    places: tuple[Path, Path], prompts: list[Prompt]
) -> None:
    asked = [replace(prompt, ideals=()) for prompt in prompts]
    assert len(naive_loop.run(*places, asked, 2, "float32", batch=3)["texts"]) == len(INPUTS)


@pytest.mark.slow
def test_it_runs_as_a_process_that_is_told_its_cases_by_a_file(
    places: tuple[Path, Path], tmp_path: Path
) -> None:
    cases = [{"id": text, "input": text, "ideal": "yes"} for text in INPUTS]
    naive_loop.write_asked(tmp_path / "asked.json", "Be short.", cases, 3)
    words = [*map(str, places), str(tmp_path / "asked.json"), "--merge", "--dtype", "float32"]
    done = subprocess.run(
        [sys.executable, naive_loop.__file__, *words], capture_output=True, text=True, check=True
    )
    assert 0 < json.loads(done.stdout)["tokens"] <= 3 * len(INPUTS)
