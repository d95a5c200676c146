"""A line of a history that no export could have written is refused, in one line that says why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.errors import DataError
from harness.flows.history_line import read_line
from harness.records import Policy, Run, Verdict
from harness.store.codec import encode
from harness.store.seals import seal_of
from tests.fakes.refusals import refused
from tests.store.records import make_decision, make_run, make_verdict


def line_of(record: Any, **beside: str) -> dict[str, Any]:
    """Return a line as an export writes it, with a seal that fits."""
    kind = type(record).__name__.lower()
    return {"kind": kind, **beside, "seal": seal_of(record, **beside), "record": plain(record)}


def plain(record: Any) -> Any:
    return json.loads(encode(record))


def run_line(run: Run | None = None) -> dict[str, Any]:
    return line_of(run or make_run(), key="k")


def verdict_line(verdict: Verdict | None = None) -> dict[str, Any]:
    return line_of(verdict or make_verdict(), id="i", run="r1", digest="d", made="now")


def test_what_an_export_writes_is_read() -> None:
    for line in (run_line(), verdict_line(), line_of(make_decision())):
        found = read_line(line, "h:1")
        assert plain(found.record) == line["record"]
        assert found.sealed


def test_a_line_of_a_version_before_the_seals_is_read() -> None:
    old = {name: value for name, value in verdict_line().items() if name not in ("seal", "id")}
    assert not read_line(old, "h:1").sealed


@pytest.mark.parametrize("name", ["id", "run", "digest", "made", "seal", "record"])
def test_nothing_of_a_sealed_line_can_be_changed(name: str) -> None:
    line = verdict_line()
    line[name] = line["record"] | {"n": 7} if name == "record" else "other"
    with refused("h:1: its verdict does not fit its seal, it was changed by hand", DataError):
        read_line(line, "h:1")


CASE = ("results", 0)
RUNS: dict[str, tuple[tuple[Any, ...], Any, str]] = {
    "a score above 1": ((*CASE, "scores", "clean_rate"), 1.5, "the score 1.5, allowed is 0 to 1"),
    "a score below 0": ((*CASE, "scores", "clean_rate"), -0.1, "has the score -0.1"),
    "a score that is a text": ((*CASE, "scores", "clean_rate"), "0.9", "is of another type"),
    "a score that is true": ((*CASE, "scores", "clean_rate"), True, "is of another type"),
    "a sample's score": ((*CASE, "sample_scores"), {"m": [2.0]}, "the score 2, allowed"),
    "no result": (("results",), [], "has no result"),
    "a case twice": (("results", 1, "case", "id"), "case 0 ' \" é", "twice"),
    "an id with a control letter": ((*CASE, "case", "id"), "a\x1b[31m", "signs that no id has"),
    "an id that leads out": ((*CASE, "case", "id"), "../x", "signs that no id has"),
    "a blank id": ((*CASE, "case", "id"), " ", "signs that no id has"),
    "a run's id that is a path": (("id",), "a/b", "the run's id 'a/b' is none"),
    "a run's id that leads out": (("id",), "..", "the run's id '..' is none"),
    "an adapter's name that leads out": (("adapter",), "../x", "is not an adapter name"),
    "a benchmark's name": (("benchmark",), "A b", "is not a name"),
    "an unknown field": (("extra",), 1, "the field 'extra' is unknown"),
    "an unknown field inside": ((*CASE, "case", "more"), 1, "'results.case.more' is unknown"),
    "a flag that is a number": (("complete",), 1, "'complete' is of another type"),
}


@pytest.mark.parametrize(("place", "value", "said"), RUNS.values(), ids=RUNS)
def test_a_run_that_cannot_be_is_refused(place: tuple[Any, ...], value: Any, said: str) -> None:
    line = run_line()
    inside = line["record"]
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = value
    with pytest.raises(DataError, match=r"^h:3: ") as caught:
        read_line(line, "h:3")
    assert said in str(caught.value)


def test_an_unknown_field_beside_a_record_is_refused() -> None:
    with refused("h:1: has the unknown field 'more'", DataError):
        read_line(run_line() | {"more": 1}, "h:1")


POLICIES = {"alpha": 0.9, "min_cases": 1, "seed": -1}


@pytest.mark.parametrize(("name", "value"), POLICIES.items())
def test_a_policy_out_of_its_range_is_refused(name: str, value: float) -> None:
    guard = make_verdict(task=None, policy=Policy(**{name: value}))
    for verdict in (make_verdict(policy=Policy(**{name: value})), make_verdict(guards=(guard,))):
        with refused(f"h:1: policy {name} is {value}", DataError):
            read_line(verdict_line(verdict), "h:1")


def test_a_decision_about_what_is_no_name_is_refused() -> None:
    for wrong in ({"adapter": "../x"}, {"task": "a\nb"}, {"case": "a\tb"}, {"verdict": "../x"}):
        with pytest.raises(DataError, match=r"^h:1: "):
            read_line(line_of(make_decision(**wrong)), "h:1")
