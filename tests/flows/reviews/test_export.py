"""What people sent becomes examples, what they threw away becomes proposals, nothing leaks."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError, RequestError
from harness.findings.reviewed import reserve_id
from harness.findings.set_aside import is_set_aside
from harness.flows.history import export_history, import_history
from harness.flows.reviews.edit_rates import review_rates
from harness.flows.reviews.export import ReviewFilter, candidate_lines, raw_lines, training_lines
from harness.store import Store
from harness.workspace.project.training_data import read_training_set
from tests.fakes.finals import finals, keep, reserve_of
from tests.fakes.project import BENCHMARK, CASES, TinyProject
from tests.fakes.refusals import refused
from tests.flows.reviewed import brought, kept, line, lines, rates, write


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    return TinyProject(tmp_path / "project")


def bring(project: TinyProject, *some: list[str]) -> None:
    assert not brought(project, write(project.folder / "r.csv", some)).bad


def exported(project: TinyProject, shape: Any, **chosen: Any) -> list[dict[str, Any]]:
    with closing(project.store()) as store:
        return list(shape(project.project, store, ReviewFilter(**chosen)))


@pytest.mark.slow
def test_raw_lines_come_in_again_as_they_were(project: TinyProject, tmp_path: Path) -> None:
    bring(project, *lines(40))
    with closing(project.store()) as store:
        found = list(raw_lines(store, ReviewFilter()))
    assert [one["id"] for one in found] == [f"r{n}" for n in range(40)]
    assert all(one["edit_rate"] is None for one in found if one["decision"] == "rejected")
    file = tmp_path / "raw.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in found))
    other = TinyProject(tmp_path / "other")
    assert brought(other, file).new == 40
    assert kept(other) == kept(project)


def test_examples_are_the_newest_finals_of_each_input(project: TinyProject) -> None:
    bring(
        project,
        line(1, prompt="Write to Cleo!", sent="first", reviewed_at="2026-10-05"),
        line(2, prompt="write to cleo", sent="second", reviewed_at="2026-10-07"),
        line(3, prompt="Write to  Cleo", sent="third", reviewed_at="2026-10-06"),
        line(4, prompt="write to cleo", sent="", reviewed_at="2026-10-08"),
        line(5, prompt="Write to Ben"),
    )
    found = exported(project, training_lines)
    assert [(one["input"], one["output"]) for one in found] == [
        ("write to cleo", "second"),
        ("Write to Ben", "Hi Ana, how are you"),
    ]


def test_examples_are_what_training_reads(project: TinyProject, tmp_path: Path) -> None:
    bring(project, *lines(30))
    file = tmp_path / "t.jsonl"
    found = exported(project, training_lines)
    file.write_text("".join(json.dumps(one) + "\n" for one in found))
    assert len(read_training_set(file).examples) == len(found) > 10


@pytest.mark.parametrize("shape", [training_lines, candidate_lines])
def test_no_input_of_a_benchmark_leaves(project: TinyProject, shape: Any) -> None:
    asked = str(CASES[0]["input"])
    loud = asked.upper().replace(",", " -")
    guard = "say YES politely"
    bring(
        project,
        *(
            line(n, prompt=text, sent="all of it new")
            for n, text in enumerate((asked, loud, guard))
        ),
        line(9, prompt="Something else", sent="all of it new"),
    )
    assert [one["input"] for one in exported(project, shape)] == ["Something else"]


def test_candidates_are_what_was_thrown_away_or_rewritten(project: TinyProject) -> None:
    bring(
        project,
        line(1, sent="", comment="tone"),
        line(2, sent="All of this is new to you"),
        line(3, sent="Hi Ana, how are they"),
        line(4),
    )
    first, second = exported(project, candidate_lines)
    assert first == {"id": "r1", "input": "write to 1", "slices": {"industry": "health"}}
    assert second["ideal"] == "All of this is new to you"
    assert second["slices"] == {"industry": "health"}
    assert len(exported(project, candidate_lines, from_rate=0.1)) == 3


def test_only_what_is_asked_for_leaves(project: TinyProject) -> None:
    bring(project, line(1, reviewed_at="2026-09-01"), line(4), line(3, model="base+prompt"))
    assert len(exported(project, training_lines, since="2026-10-01")) == 2
    assert len(exported(project, training_lines, adapter="base+prompt")) == 1
    assert exported(project, training_lines, task="support") == []


@pytest.mark.medium
def test_reviews_travel_with_the_history(project: TinyProject, tmp_path: Path) -> None:
    bring(project, *lines(30))
    project.record("good")
    project.promote("good")
    file = tmp_path / "h.jsonl"
    with closing(project.store()) as store:
        file.write_text("".join(f"{one}\n" for one in export_history(store)))
    with closing(Store("sqlite:///new.db", tmp_path)) as new:
        found = import_history(new, file)
        assert (found.reviews, found.decisions) == (30, 1)
        assert import_history(new, file).reviews == 0
        assert list(new.reviews.each()) == kept(project)


def test_rates_are_of_what_is_asked_for(project: TinyProject) -> None:
    bring(
        project,
        line(1, reviewed_at="2026-09-01", sent=""),
        line(2, sent="Hi Ana, how are they"),
        line(3),
    )
    (groups,) = [one for one in rates(project) if one[0].key == "openers"]
    (group,) = groups
    assert (group.n, group.edit_rate.n) == (3, 2)
    assert group.edit_rate.value == pytest.approx(0.1)
    assert group.rejection_rate.value == pytest.approx(1 / 3)
    assert group.rejection_rate.low < 1 / 3 < group.rejection_rate.high
    with closing(project.store()) as store:
        (recent,) = review_rates(store, "adapter", since="2026-10-01")
        assert (recent.n, recent.rejection_rate.value) == (2, 0.0)
        with refused("no review is of this task, did you mean `openers`", RequestError):
            review_rates(store, "week", "opener")


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": "yesterday"},
        {"decision": "banana"},
        {"edit_rate": 1.5},
        {"edit_rate": "x"},
        {"id": None},
        {"id": "x" * 201},
        {"slices": {"a": "b" * 201}},
    ],
)
def test_a_review_that_cannot_be_does_not_travel(
    project: TinyProject, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    bring(project, *lines(3))
    with closing(project.store()) as store:
        exported = [json.loads(one) for one in export_history(store)]
    exported[1]["record"] |= wrong
    file = tmp_path / "h.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in exported))
    with closing(Store("sqlite:///new.db", tmp_path)) as new:
        with refused(r"h\.jsonl:2: is no review", DataError):
            import_history(new, file)
        assert new.reviews.count() == 0


def test_what_is_set_aside_for_judging_is_never_an_example(project: TinyProject) -> None:
    reviews = keep(project, finals(200, edited=60))
    found = {one["input"] for one in exported(project, training_lines)}
    aside = {review.input for review in reviews if is_set_aside(review.input, 0.2)}
    assert len(aside) > 20
    assert found == {review.input for review in reviews} - aside


def test_of_several_benchmarks_of_a_task_the_largest_share_is_set_aside(
    project: TinyProject,
) -> None:
    keep(project, finals(100))
    for name, share in (("another", 0.6), ("more", 0.0)):
        toml = BENCHMARK.replace('name = "openers"', f'name = "{name}"')
        other = [case | {"input": f"{case['input']} and else"} for case in CASES]
        project.benchmark(name, f"{toml}\n[policy]\nset_aside = {share}\n", other)
    found = exported(project, training_lines)
    assert found and not any(is_set_aside(one["input"], 0.6) for one in found)


@pytest.mark.parametrize("shape", [training_lines, candidate_lines])
def test_no_input_of_a_reserve_leaves(project: TinyProject, shape: Any) -> None:
    first, second, *others = finals(12, edited=12)
    keep(project, [first, second, *others])
    masked = reserve_of(second, reserve_id(second)) | {"input": "NAME asks in another way"}
    project.write_lines(
        "benchmarks/openers/cases.reserve.jsonl",
        [reserve_of(first, "ours") | {"input": first.input.upper()}, masked],
    )
    found = {one["input"] for one in exported(project, shape)}
    assert found and not found & {first.input, second.input}
