"""Every string of a record says what it holds, so that no outlet shows a text by mistake."""

from __future__ import annotations

import dataclasses
import pkgutil
import types
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

import harness
from harness.flows.evaluation.candidate import Evaluation
from harness.records import CaseResult, Driver
from harness.records.holds import TEXT, held
from harness.text.redact import LEFT_OUT, Redaction

SHOWN = ("harness.records.", "harness.flows.queries.", "harness.findings.", "harness.render.")
"""Rooms whose dataclasses are shown; of the others those that are a part of something shown."""
NOT_SHOWN = {
    "Privacy", "Endpoint", "Tracker", "Cluster",  # settings, which no outlet shows
    "BadCaseLine", "CaseLine", "Measure", "Overlap", "Voice", "Axis",  # what findings are made of
    "_Pair", "Column", "Fold", "Grounds", "Redaction", "Scale",  # what pages are made with
}  # fmt: skip
BY_FLOWS = {
    "evaluation.candidate.Evaluation", "benchmarks.check.CheckedBenchmark",
    "training.check_data.CheckedData", "training.check_data.Fixed",
    "training.check_data.Fingerprint", "training.compare_data.ChangedExample",
    "training.compare_data.DataDiff", "reviews.importing.ReviewImport",
    "decisions.promote.PromotedTask", "benchmarks.adding.AddedCases",
    "reviews.proposals.Proposals", "record.RecordedOutputs",
    "training.origins.SetOrigin", "training.repositioning.Repositioned",
    "training.old_ideals.OldIdeals", "training.new_ideals.NewBenchmark",
}  # fmt: skip
"""What flows hand to commands, which redact it; named, since `flows` holds much else."""


def dataclasses_of_harness() -> Iterator[type]:
    """Every one, where it is defined."""
    for module in pkgutil.walk_packages(harness.__path__, "harness."):
        if "migrations" in module.name or module.name.endswith("__main__"):
            continue
        for found in vars(import_module(module.name)).values():
            here = isinstance(found, type) and found.__module__ == module.name
            if here and dataclasses.is_dataclass(found):
                yield found


EVERY = tuple(dataclasses_of_harness())


def hints(kind: type) -> dict[str, Any]:
    """Types of its fields; names that only a type checker imports are looked up in all rooms."""
    names = {one.__name__: one for one in EVERY} | {"Any": Any, "Mapping": Mapping}
    return get_type_hints(kind, localns=names | vars(import_module(kind.__module__)))


def inside(hint: Any) -> Iterator[Any]:
    """What values of a type are made of; keys of mappings are names, so they are no part of it."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        yield from map(type, parts)
    elif origin in (Union, types.UnionType):
        yield from (one for part in parts for one in inside(part))
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        yield from inside(parts[1])
    elif parts:
        yield from (one for part in parts for one in inside(part))
    else:
        yield hint


def place_of(kind: type) -> str:
    """Where it is defined, with its name."""
    return f"{kind.__module__}.{kind.__name__}"


def is_shown(kind: type) -> bool:
    """Whether a dataclass is shown for its own sake."""
    place = place_of(kind)
    return (
        (place.startswith(SHOWN) and kind.__name__ not in NOT_SHOWN)
        or place.removeprefix("harness.flows.") in BY_FLOWS
        or any(field.metadata for field in dataclasses.fields(kind))
    )


def shown() -> set[type]:
    """Dataclasses that are shown, and all that they are made of."""
    found: set[type] = set()
    waiting = [one for one in EVERY if is_shown(one)]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            parts = (part for hint in hints(one).values() for part in inside(hint))
            waiting += [part for part in parts if dataclasses.is_dataclass(part)]
    return found


def silent(kind: type) -> list[str]:
    """Fields that may hold a string and do not say what it is."""
    types_of = hints(kind)
    return [
        f"{place_of(kind)}.{field.name}"
        for field in dataclasses.fields(kind)
        if {str, Any, object} & set(inside(types_of[field.name])) and not field.metadata
    ]


def test_every_string_of_what_is_shown_says_what_it_holds() -> None:
    found = shown()
    assert {Evaluation, CaseResult, Driver} <= found
    assert [name for kind in found for name in silent(kind)] == []


def test_what_is_listed_is_there() -> None:
    assert {one.__name__ for one in EVERY} >= NOT_SHOWN
    assert {place_of(one).removeprefix("harness.flows.") for one in EVERY} >= BY_FLOWS


@dataclasses.dataclass(frozen=True)
class Made:
    """One field says what it holds, the other one forgot."""

    said: str = dataclasses.field(metadata=TEXT)
    forgotten: str
    scores: Mapping[str, float]


def test_a_field_that_forgot_is_found_and_is_taken_for_a_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(globals(), "EVERY", (*EVERY, Made))
    assert Made in shown()
    assert [name.rpartition(".")[2] for name in silent(Made)] == ["forgotten"]
    made = Redaction(texts=False).record(Made("a", "b", {"edit_similarity": 0.5}))
    assert made == Made(LEFT_OUT, LEFT_OUT, {"edit_similarity": 0.5})


@pytest.mark.parametrize(
    ("kind", "holds"),
    [("slice", "quoting"), ("reviewer", "quoting"), ("removed", "text"), ("added", "text")],
)
def test_what_stands_out_is_a_label_or_a_word_of_a_text(kind: Any, holds: str) -> None:
    one = Driver(kind, "name", 20, 0.5, 0.4, 0.6)
    (name,) = (field for field in dataclasses.fields(one) if field.name == "name")
    assert held(name, one) == holds
