"""Each part of the benchmark with a project whose processes answer at once."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bench_rows
import pairs
import pytest
import sweep_speed
from bench_rows import PARTS, Row

WORK = {
    "ours": {
        "adapters": [
            {"made": 3.0, "least": 2.0, "noise": 0.0, "tokens": 50, "bandwidth": 4e10, "rate": 8e11}
        ],
        "phases": [{"name": "reading", "bytes": 1e9, "operations": 1e9, "seconds": 0.1}],
        "dtype": "bfloat16",
        "threads": 2,
    },
    "naive": [{"dtype": "float32", "noise": 0.0, "seconds": 30.0, "tokens": 50}],
    "parts": {"load": 4.0, "made": 2.0},
    "finals": {
        "finals": 200,
        "tokens": [9, 20.0, 40],
        "adapters": [{"made": 9.0, "least": 3.0, "noise": 0.0}],
    },
    "equality": [{"dtype": "float32", "merged": True, "batch": 8, "equal": 24, "of": 25}],
}


class FakeProject:
    """A project whose commands take the seconds that are written here."""

    def __init__(self, folder: Path, candidates: int, checkout: Path) -> None:
        self.folder, self.cases = folder, 25
        self.candidates = [f"copy_{number}" for number in range(candidates)]
        self.slower = 2.0 if checkout != bench_rows.ROOT else 1.0
        self._gates = 0
        place = folder / "benchmarks" / bench_rows.BENCHMARK
        place.mkdir(parents=True)
        (place / "cases.jsonl").write_text("as shipped", encoding="utf-8")

    def gate(self, name: str) -> float:
        self._gates += 1
        return 1.0 * self.slower

    def cold(self, name: str) -> float:
        assert (self.folder / "benchmarks" / "outreach" / "cases.jsonl").read_text() == "as shipped"
        self._gates = 0
        return 6.0 * self.slower

    def command(self, *words: str) -> float:
        return self.slower * (9.0 if words[0] == "sweep" else 6.0)

    def script(self, name: str, task: str, *names: str) -> Any:
        return WORK[task]

    def renew(self) -> None:
        pass

    def change_one_case(self) -> None:
        file = self.folder / "benchmarks" / bench_rows.BENCHMARK / "cases.jsonl"
        file.write_text("changed", encoding="utf-8")

    def count(self, what: str) -> int:
        return 5 * self._gates

    def seconds(self, names: list[str]) -> list[dict[str, float]]:
        return [{"generate": 3.0, "likelihood": 1.0, "measure": 0.5} for _ in names]


@pytest.fixture
def asked() -> argparse.Namespace:
    return argparse.Namespace(runs=2, candidates=2, cases=25, adapters=2, rounds=2, before=None)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let processes answer at once, on a machine that keeps still."""
    opened = iter(range(9))

    @contextmanager
    def trial(
        cases: int, candidates: int, checkout: Path = bench_rows.ROOT
    ) -> Iterator[FakeProject]:
        yield FakeProject(tmp_path / str(next(opened)), candidates, checkout)

    monkeypatch.setattr(bench_rows, "trial", trial)
    monkeypatch.setattr(bench_rows, "timed", lambda words, folder: 0.5)
    monkeypatch.setattr(bench_rows, "_says_torch", lambda project: "False")
    for module in (pairs, sweep_speed):
        monkeypatch.setattr(module, "fixed_work", lambda: 0.1)


def rows(part: str, asked: argparse.Namespace) -> dict[str, Row]:
    return {row.what.split(":")[0].split(" /")[0].strip(): row for row in PARTS[part](asked)}


def test_an_idle_plugin_is_told_by_what_it_adds(asked: argparse.Namespace) -> None:
    (row,) = rows("idle", asked).values()
    assert (row.ratio, row.goal) == ("1.00", "at most 10 ms more: +0.0 ms, kept")


def test_a_warm_gate_is_held_against_an_empty_run(asked: argparse.Namespace) -> None:
    row = rows("warm", asked)["warm"]
    assert (row.ratio, row.goal) == ("2.00", "at most 3.5: kept; torch not imported")


def test_a_cold_gate_is_told_with_its_steps(asked: argparse.Namespace) -> None:
    found = rows("cold", asked)
    assert found["cold"].ratio == "0.75"
    assert found["of this weighing the ideals"].ratio == "17% of it"


def test_writing_and_weighing_are_held_against_the_roofline(asked: argparse.Namespace) -> None:
    found = rows("roofline", asked)
    assert found["writing and weighing 25 cases (50 tokens)"].goal == "at most 2: kept"
    assert found["a naive loop over generate, float32 (50 tokens)"].ratio == "10.00"


def test_finals_are_held_against_the_roofline(asked: argparse.Namespace) -> None:
    (row,) = rows("finals", asked).values()
    assert (row.ratio, row.goal) == ("3.00", "at most 2.5: missed")


def test_a_changed_case_begins_every_round_with_the_cases_as_shipped(
    asked: argparse.Namespace,
) -> None:
    (row,) = rows("one", asked).values()
    assert row.ratio == "0.17"
    assert row.goal.startswith("5 outputs written, 5 runs compared")


def test_a_sweep_is_held_against_its_parts_and_its_adapters_alone(
    asked: argparse.Namespace,
) -> None:
    found = rows("sweep", asked)
    assert found["sweep of 2 adapters"].cells[1:] == (
        "9.0 s", "8.0 s", "1.12", "at most 1.1: missed",
    )  # fmt: skip
    assert found["the same 2 one by one"].ratio == "1.33"


def test_texts_that_depend_on_the_batch_are_counted(asked: argparse.Namespace) -> None:
    (row,) = PARTS["equality"](asked)
    assert row.cells[1:] == ("24 of 25", "", "0.96", "all")


@pytest.mark.parametrize("part", ["warm", "cold", "sweep"])
def test_another_checkout_takes_turns(part: str, asked: argparse.Namespace, tmp_path: Path) -> None:
    asked.before = tmp_path
    (row,) = [row for row in PARTS[part](asked) if "the same by commit" in row.what]
    assert row.ratio == "2.00"
