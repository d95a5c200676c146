"""A wrong request ends before anything is made: exit 4 and one line that says what to do."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.fakes.project import TinyProject
from tests.plugin.conftest import Gate


def said(result: pytest.RunResult) -> str:
    """The one line."""
    lines = [line for line in result.errlines if line.strip()]
    assert result.ret == 4
    assert len(lines) == 1, lines
    assert lines[0].startswith("ERROR: ")
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    return lines[0]


NAMES = [
    "../../x",
    "/etc",
    "~",
    ".",
    "..",
    "",
    "-x",
    "a\nb",
    "con",
    "x.",
    "x\\..\\y",
    "%2e%2e",
    "A",
]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_name_never_becomes_a_path(gate: Gate, name: str) -> None:
    assert "is not an adapter name" in said(gate(f"--model={name}"))


ODD = os.fsdecode(b"caf\xe9")
"""What Python makes of a byte on the command line that is no UTF-8."""


@pytest.mark.parametrize(
    "words",
    [
        ("--model", ODD),
        ("--model", "same", "--harness-against", ODD),
        ("--model", "same", "--harness-benchmark", ODD),
        ("--model", "same", "--harness-base-ref", ODD),
        ("--model", "same", "--harness-engine", ODD),
        ("--model", "same", "--harness-engine", f"recorded:{ODD}"),
        ("--model", "same", "--harness-engine", f"openai:http://127.0.0.1:1/{ODD}"),
        ("--model", "same", "--harness-store", f"sqlite:///{ODD}"),
        ("--model", "same", "--harness-store", f"postgresql+psycopg://{ODD}@127.0.0.1:1/x"),
        ("--model", "same", "--harness-mlflow", f"sqlite:///{ODD}"),
        ("--model", "same", "--harness-mlflow", f"http://127.0.0.1:1/{ODD}"),
    ],
    ids=lambda words: " ".join(words[-2:]).encode("ascii", "replace").decode(),
)
def test_bytes_that_are_no_text_are_refused_in_every_option(
    gate: Gate, words: tuple[str, ...]
) -> None:
    assert ODD not in said(gate(*words))


def test_a_bad_name_is_not_listed_either(gate: Gate) -> None:
    assert "is not an adapter name" in said(gate("--collect-only", "--model", "\x1b[31mred"))


def test_an_unknown_adapter(gate: Gate) -> None:
    assert "nosuch" in said(gate("--model", "nosuch"))


def test_one_unknown_adapter_among_two(gate: Gate, project: TinyProject) -> None:
    said(gate("--model", "same", "--model", "nosuch"))


@pytest.mark.parametrize("more", [(), ("--collect-only",)])
def test_a_mistyped_benchmark_is_suggested(gate: Gate, more: tuple[str, ...]) -> None:
    line = said(gate("--model", "same", "--harness-benchmark", "opners", *more))
    assert "did you mean `openers`?" in line


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--harness-samples", "0"), "1 to 64"),
        (("--harness-samples", "65"), "1 to 64"),
        (("--harness-engine", "vllm"), "no such engine"),
        (("--harness-engine", "recorded:elsewhere"), "no recorded outputs"),
        (("--harness-store", "nonsense"), "must be a URL"),
        (("--harness-against", "nosuch"), "nosuch"),
        (("--harness-against", "../x"), "is not an adapter name"),
    ],
)
def test_options_that_make_no_sense(gate: Gate, options: tuple[str, ...], word: str) -> None:
    assert word in said(gate("--model", "same", *options))


@pytest.mark.parametrize(
    ("place", "text", "words"),
    [
        ("pyproject.toml", "[tool.harness]\nbsae = 'x'\n", "`base` is missing"),
        ("pyproject.toml", "[tool.harness\n", "pyproject.toml"),
        ("pyproject.toml", "", "no pyproject.toml with [tool.harness]"),
        ("benchmarks/openers/benchmark.toml", "task = 3\n", "`task` is a number"),
        ("benchmarks/openers/cases.jsonl", '{"id": "a"}\n', "cases.jsonl:1"),
        ("benchmarks/openers/cases.jsonl", "", "holds no case"),
        ("recorded/same/openers.jsonl", '{"case": "health-1"}\n', "openers.jsonl:1"),
        (
            "recorded/same/openers.jsonl",
            '{"case": "health-1", "output": "Hi"}\n',
            "no output for 7 cases",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    gate: Gate, project: TinyProject, place: str, text: str, words: str
) -> None:
    project.write(place, text)
    assert words in said(gate("--model", "same"))


def test_what_was_opened_for_a_refused_request_is_given_back(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "temporary"
    here.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(here))
    said(gate("--model", "same", "--model", "nosuch"))
    assert list(here.iterdir()) == []


@pytest.mark.medium
def test_a_case_that_was_not_asked_for_need_not_be_recorded(
    gate: Gate, project: TinyProject
) -> None:
    project.write(
        "recorded/same/openers.jsonl", '{"case": "health-1", "output": "Hi", "ideal_nll": 0.2}\n'
    )
    assert gate("--model", "same", "-k", "health-1").ret in (1, 10)
