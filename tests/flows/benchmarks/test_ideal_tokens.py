"""An ideal with more tokens than an output may have is named before anything is generated."""

from __future__ import annotations

import shutil

import pytest

from harness.flows.benchmarks.case_table import CaseImportRequest
from harness.flows.benchmarks.check import check
from harness.flows.benchmarks.ideal_tokens import ideal_tokens
from harness.flows.benchmarks.importing import import_benchmark
from tests.fakes.project import BENCHMARK, CASES, TASK
from tests.fakes.tokenizers import save_tokenizer


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A tokenizer, saved once."""
    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(folder)
    return folder


@pytest.fixture
def counting(project, made):
    """A project whose base has a tokenizer."""
    for file in made.iterdir():
        shutil.copy(file, project.folder / "base")
    return project


def limited(project, limit: int) -> None:
    project.benchmark(TASK, f"{BENCHMARK}\n[generation]\nmax_new_tokens = {limit}\n", CASES)


def found(project):
    (one,) = check(project.project, [TASK])
    return one


@pytest.mark.long
def test_ideals_that_are_too_long_are_findings_with_their_line(counting):
    needed = ideal_tokens(counting.project, counting.project.benchmark(TASK).cases).longest
    longest = max(needed)
    limited(counting, longest)
    assert not [one for one in found(counting).advice if "max_new_tokens" in one.message]
    limited(counting, longest - 1)
    cut = [one for one in found(counting).advice if "max_new_tokens" in one.message]
    assert [one.line for one in cut] == [
        number for number, tokens in enumerate(needed, start=1) if tokens == longest
    ]
    assert {one.kind for one in cut} == {"size"}
    assert f"has {longest - 1} tokens + end, max_new_tokens is {longest - 1}" in cut[0].message


def test_the_end_of_the_turn_counts(counting, made):
    from transformers import AutoTokenizer

    ideal = CASES[0]["ideal"]
    alone = len(AutoTokenizer.from_pretrained(made).encode(ideal, add_special_tokens=False))
    counted = ideal_tokens(counting.project, counting.project.benchmark(TASK).cases).longest[0]
    assert counted == alone + 1


def test_tokens_are_counted_once(counting, monkeypatch):
    cases = counting.project.benchmark(TASK).cases
    first = ideal_tokens(counting.project, cases)
    monkeypatch.setattr("harness.engines.local.ideal_lengths.ideal_lengths", None)
    assert ideal_tokens(counting.project, cases) == first


@pytest.mark.slow
@pytest.mark.parametrize(
    ("base", "why"),
    [
        ("base", "the base's tokenizer is not on this machine"),
        ("someone/else", "the base is not on this machine"),
    ],
)
def test_without_a_tokenizer_here_it_is_said_and_nothing_is_fetched(project, base, why):
    text = (project.folder / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", text.replace('base = "base"', f'base = "{base}"'))
    note = f"the ideals' tokens are not compared with max_new_tokens: {why}"
    assert note in found(project).health.notes
    file = project.write("cases.csv", "input,ideal\na,b\n")
    assert import_benchmark(project.project, file, CaseImportRequest("new")).notes == [note]
