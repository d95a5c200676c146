"""Write and read learning curves: `reports/curves/BENCHMARK-KEY.json`, after every training.

Tested in tests/flows/training/test_learning_curve.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from harness.errors import DataError, WorldFailed
from harness.records import CurvePoint, LearningCurve
from harness.text.plain import plain
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.fields import Table
from harness.workspace.formats.reading import read_json

CURVES = "curves"
"""The folder of the curves, in that of the reports."""
MAX_SEEDS = 50
_FORMAT = 1
_MANY = 10**9


def curve_file(reports: Path, benchmark: str, key: str) -> Path:
    """Return the file of a curve; `key` is a digest of all that its trainings have in common."""
    return reports / CURVES / f"{benchmark}-{key}.json"


def write_curve(file: Path, curve: LearningCurve) -> None:
    """Write a curve as far as it is done."""
    text = json.dumps({"format": _FORMAT} | plain(curve), indent=1, ensure_ascii=False) + "\n"
    try:
        write_atomically(file, text)
    except OSError as problem:
        raise WorldFailed(f"{file}: cannot be written ({problem.strerror})") from problem


def read_curves(reports: Path, task: str) -> tuple[list[LearningCurve], list[str]]:
    """Return the curves of a task, the newest first, and the errors of files that are damaged."""
    found, damaged = list[LearningCurve](), list[str]()
    for file in sorted((reports / CURVES).glob("*.json")):
        try:
            curve = read_curve(file)
        except DataError as problem:
            damaged.append(str(problem))
        else:
            found += [curve] if curve.task == task else []
    return sorted(found, key=lambda curve: curve.at, reverse=True), damaged


def read_curve(file: Path) -> LearningCurve:
    """Read a curve's file; refuse one that was not written by `train --curve`."""
    table = Table(read_json(file, DataError), str(file), DataError)
    if table.any("format") != _FORMAT:
        raise table.fail("is no learning curve; remove it, `train --curve` writes them")
    points = table.any("points", [])
    if not isinstance(points, list):
        raise table.fail("`points` is no list; remove the file, `train --curve` makes it again")
    found = LearningCurve(
        task=table.text("task"),
        benchmark=table.text("benchmark"),
        set=table.text("set"),
        fingerprint=table.text("fingerprint"),
        examples=table.whole("examples", 0, 1, _MANY),
        seeds=table.whole("seeds", 0, 2, MAX_SEEDS),
        groups=_texts(table.table("groups")),
        left_out=_texts(table.table("left_out")),
        points=tuple(_point(table.item("points", n, raw)) for n, raw in enumerate(points, 1)),
        at=table.text("at"),
    )
    table.done()
    return found


def _texts(table: Table) -> dict[str, str]:
    return {key: table.text(key) for key in table.raw}


def _point(table: Table) -> CurvePoint:
    scores = table.table("scores")
    found = CurvePoint(
        share=table.number("share", None, 0, 1),
        examples=table.whole("examples", 0, 1, _MANY),
        seed=table.whole("seed", 0, 0, 2**31 + MAX_SEEDS),
        scores={metric: _numbers(scores.table(metric)) for metric in scores.raw},
        seconds=table.number("seconds", None, 0, _MANY),
        bytes=table.whole("bytes", 0, 0, 10**15),
    )
    table.done()
    return found


def _numbers(table: Table) -> Mapping[str, float]:
    return {case: table.number(case, None, 0, 1) for case in table.raw}
