"""A project that reviews come into, and tables as teams keep them."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from harness.flows.reviews.edit_rates import review_rates
from harness.flows.reviews.importing import ReviewImport, ReviewImportRequest, import_reviews
from harness.records import GroupRates, Review
from tests.fakes.project import TASK, TinyProject

HEAD = ("id", "reviewed_at", "task", "model", "prompt", "draft", "sent", "status", "editor",
        "comment", "slice:industry")  # fmt: skip
WORDS = ("we", "move", "your", "loads", "on", "time", "with", "fewer", "empty", "miles", "so")
Line = list[str]


def line(number: int, **more: str) -> Line:
    """One plain review: accepted as it was."""
    row = dict(
        zip(
            HEAD,
            (f"r{number}", "2026-10-01T09:00:00Z", TASK, "base", f"write to {number}",
             "Hi Ana, how are you", "Hi Ana, how are you", "", "Kim", "", "health"),
            strict=True,
        )
    )  # fmt: skip
    return list((row | more).values())


def lines(count: int, seed: int = 0) -> list[Line]:
    """Reviews of some weeks: accepted, edited and rejected."""
    draw = random.Random(seed)
    found = []
    for number in range(count):
        output = draw.choices(WORDS, k=draw.randint(5, 12))
        final = draw.choice((output, output, draw.sample(output, len(output)), [], output[2:]))
        found.append(
            line(
                number,
                reviewed_at=f"2026-{draw.randint(1, 10):02}-{draw.randint(1, 28):02}",
                draft=" ".join(output),
                sent=" ".join(final),
                editor=draw.choice(("Kim", "Lee")),
                **{"slice:industry": draw.choice(("health", "logistics"))},
            )
        )
    return found


def write(file: Path, rows: Iterable[Sequence[str]], head: Sequence[str] = HEAD) -> Path:
    """A table as CSV."""
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(head)
        table.writerows(rows)
    return file


def brought(project: TinyProject, file: Path, **asked: Any) -> ReviewImport:
    """One import, as a process of its own makes it."""
    with closing(project.store()) as store:
        return import_reviews(project.project, store, file, ReviewImportRequest(**asked))


def rates(project: TinyProject) -> list[list[GroupRates]]:
    """By everything."""
    with closing(project.store()) as store:
        return [review_rates(store, by) for by in ("week", "adapter", "slice", "reviewer", "task")]


def kept(project: TinyProject) -> list[Review]:
    """Every review of the store."""
    with closing(project.store()) as store:
        return list(store.reviews.each())
