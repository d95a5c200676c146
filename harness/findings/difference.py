"""The differences between two versions of a benchmark; cases are matched by their ids."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from harness.records import Benchmark, Case, CaseDifference, FieldChange, ReserveDifference

Fields = Mapping[str, str]


def case_differences(
    old: tuple[Case, ...], new: tuple[Case, ...]
) -> tuple[tuple[Case, ...], tuple[Case, ...], tuple[CaseDifference, ...]]:
    """Return the cases that were added, removed, and changed."""
    before = {case.id: case for case in old}
    after = {case.id: case for case in new}
    added = tuple(case for case in new if case.id not in before)
    removed = tuple(case for case in old if case.id not in after)
    pairs = [
        (before[case.id], case) for case in new if case.id in before and before[case.id] != case
    ]
    changed = [
        CaseDifference(mine.id, tuple(_changes(_case(was), _case(mine)))) for was, mine in pairs
    ]
    return added, removed, tuple(one for one in changed if one.fields)


def reserve_difference(old: Benchmark, new: Benchmark) -> ReserveDifference | None:
    """Return the differences between two reserves; None where they are equal."""
    added, removed, changed = case_differences(old.reserve, new.reserve)
    before, after = ([case.id for case in one.reserve] for one in (old, new))
    begins_alike = before == after[: len(before)] and not changed
    if begins_alike and not added:
        return None
    return ReserveDifference(
        added=tuple(case.id for case in added),
        removed=tuple(case.id for case in removed),
        changed=tuple(one.case for one in changed),
        begins_alike=begins_alike,
    )


def settings_differences(old: Benchmark, new: Benchmark) -> tuple[FieldChange, ...]:
    """Return the differences outside the cases."""
    return tuple(_changes(_settings(old), _settings(new)))


def _changes(old: Fields, new: Fields) -> Iterator[FieldChange]:
    for field in dict.fromkeys((*old, *new)):
        was, now = old.get(field, ""), new.get(field, "")
        if was != now:
            yield FieldChange(field, was, now)


def _case(case: Case) -> Fields:
    found = {} if case.system is None else {"system": case.system or "(none)"}
    found |= {
        f"turn {number} ({turn.role})": turn.content
        for number, turn in enumerate(case.turns, start=1)
    }
    found |= {
        "context" if number == 1 else f"context {number}": text
        for number, text in enumerate(case.context, start=1)
    }
    found["input"] = case.input
    found |= {
        "ideal" if number == 1 else f"ideal {number}": ideal
        for number, ideal in enumerate(case.ideals, start=1)
    }
    found |= {f"slice {name}": value for name, value in case.slices.items()}
    found |= {f"check {check.name}": f"{check.level} {_json(check.value)}" for check in case.checks}
    return found | {"critical": "yes" if case.critical else "no", "group": case.group or ""}


def _settings(benchmark: Benchmark) -> Fields:
    found = {
        "task": benchmark.task or "(guard)",
        "description": benchmark.description,
        "system": benchmark.system,
        "template": benchmark.template,
    }
    for number, example in enumerate(benchmark.examples, start=1):
        texts = [turn.content for turn in example.turns]
        texts += [*example.context, example.input, example.output]
        found[f"example {number}"] = "\n".join(texts)
    for rule in benchmark.metrics:
        margin = "" if rule.margin is None else f" at a margin of {rule.margin:g}"
        found[f"metric {rule.name}"] = f"{rule.role}{margin}"
    for part, record in (("generation", benchmark.generation), ("policy", benchmark.policy)):
        found |= {f"{part} {name}": _json(value) for name, value in asdict(record).items()}
    return found


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
