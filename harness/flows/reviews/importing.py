"""Reviews from a team's own tables: understood, checked whole, then kept whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

from harness.errors import DataError
from harness.flows.project import Project
from harness.flows.reviews.edit_rates import open_rater
from harness.flows.reviews.rows import FIELDS, MAX_NAME, NEEDED, KnownAdapters, ReviewReader
from harness.records import Review
from harness.records.holds import QUOTING
from harness.store import Store
from harness.store.review_rows import ReviewRow, content_of, row_of
from harness.store.spool import Spool, open_spool
from harness.text.quoting import COLUMNS
from harness.workspace.formats.reading import regular_file
from harness.workspace.formats.tables import MAX_TABLE, TableRow, TableRows, read_rows
from harness.workspace.importers.columns import (
    Columns,
    forget_columns,
    remember_columns,
    remembered_columns,
    understand,
)

KIND = "reviews"
_BATCH = 500
LISTED = 1_000
"""Bad rows that are named; of more only the number is kept."""
_SAMPLE = 3


@dataclass(frozen=True, slots=True)
class ReviewImportRequest:
    """How a person wants a file to be read."""

    told: Mapping[str, str] = field(default_factory=dict)
    """Fields to columns, over what would be guessed."""
    constants: Mapping[str, str] = field(default_factory=dict)
    forget: bool = False
    """Guess anew instead of what the last import remembered."""
    skip_bad: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What was understood of a file before anything of it is imported."""

    columns: Columns
    sample: tuple[TableRow, ...]
    """The first rows."""


@dataclass(slots=True)
class ReviewImport:
    """What became of the rows; complete when the import has ended."""

    rows: int = 0
    new: int = 0
    known: int = 0
    """The store had them already."""
    twice: int = 0
    """They stand in the file more than once."""
    bad_count: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list, metadata=QUOTING)
    """Line and `file:line: what is wrong`, of the first of them."""
    refused: bool = False
    """Nothing was imported because of the bad rows."""

    def refuse(self, file: Path, line: int, problem: object) -> None:
        """One more row that cannot be a review."""
        self.bad_count += 1
        if len(self.faults) < LISTED:
            self.faults.append((line, str(DataError(f"{file}:{line}: {problem}"))))

    @property
    def bad(self) -> list[str]:
        """What is wrong, in the order of the lines."""
        return [said for _, said in sorted(self.faults)]


def import_reviews(
    project: Project,
    store: Store,
    file: Path,
    asked: ReviewImportRequest,
    seen: Callable[[Preview], None] = lambda preview: None,
    on_progress: Callable[[int], None] = lambda rows: None,
) -> ReviewImport:
    """All rows of a table or none; with `skip_bad` all that can be reviews."""
    size = regular_file(file, DataError, MAX_TABLE)
    reports = project.settings.reports
    if asked.forget:
        forget_columns(reports, KIND)
    rows = read_rows(file, DataError)
    columns = _understood(project, rows, asked, file)
    sample = tuple(islice(rows.each, _SAMPLE))
    seen(Preview(columns, sample))
    found = ReviewImport()
    source = file.name[:MAX_NAME]
    reading = ReviewReader(columns, KnownAdapters(project, store), datetime.now(UTC), source)
    with open_spool() as spool, open_rater(0 if asked.dry_run else size) as rater:
        intake = _Intake(file, reading, store, spool, found, asked.skip_bad, on_progress)
        batches = intake.batches(chain(sample, rows.each))
        if asked.dry_run:
            found.new = sum(map(len, batches))
        else:
            _put_aside(spool, (intake.rows_of(batch) for batch in rater.rated(batches)))
        found.refused = bool(found.bad_count) and not asked.skip_bad
        if asked.dry_run or found.refused:
            return found
        found.new = _taken_over(store, spool)
    remember_columns(reports, KIND, asked.told)
    return found


def _understood(
    project: Project, rows: TableRows, asked: ReviewImportRequest, file: Path
) -> Columns:
    constants = dict(asked.constants)
    remembered = remembered_columns(project.settings.reports, KIND)
    columns = understand(rows.columns, FIELDS, asked.told, constants, remembered, DataError)
    if not columns.has("task"):
        only = project.task_benchmark(None).task  # refused where there are several
        constants["task"] = str(only)
        columns = understand(rows.columns, FIELDS, asked.told, constants, remembered, DataError)
    missing = [name for name in NEEDED if not columns.has(name)]
    if not (columns.has("final") or columns.has("decision")):
        missing.append("final")
    if missing:
        name = missing[0]
        raise DataError(
            f"{file}:1: no column is understood as `{name}`, name it with --map {name}=COLUMN or"
            f" --set {name}=VALUE " + COLUMNS.say(", ".join(rows.columns) or "none")
        )
    return columns


def _put_aside(spool: Spool, batches: Iterator[list[ReviewRow]]) -> None:
    for rows in batches:
        spool.add(rows)


def _taken_over(store: Store, spool: Spool) -> int:
    """Everything that was put aside, or nothing; how many were new."""
    with store.database.together():
        return sum(map(store.reviews.keep_rows, spool.batches(_BATCH)))


@dataclass(frozen=True, slots=True)
class _Intake:
    """Rows on their way in: each becomes a review that is new, or is counted as something else."""

    file: Path
    reading: ReviewReader
    store: Store
    spool: Spool
    found: ReviewImport
    skip_bad: bool
    on_progress: Callable[[int], None]
    contents: dict[str, str] = field(default_factory=dict)
    """By id, of reviews between their reading and their rating."""

    def rows_of(self, reviews: Sequence[Review]) -> list[ReviewRow]:
        """What the store is to keep of reviews that came from here."""
        return [row_of(review, self.contents.pop(review.id)) for review in reviews]

    def batches(self, rows: Iterator[TableRow]) -> Iterator[list[Review]]:
        """The new reviews of the file, in its order; none once it is sure to be refused."""
        while some := list(islice(rows, _BATCH)):
            yield self._new([(row.line, one) for row in some if (one := self._read(row))])
            self.on_progress(self.found.rows)

    def _new(self, reviews: list[tuple[int, Review]]) -> list[Review]:
        """Those that nobody said before, neither this file nor the store."""
        contents = [content_of(review) for _, review in reviews]
        claims = [(r.id, said, line) for (line, r), said in zip(reviews, contents, strict=True)]
        first = self.spool.claim(claims)
        kept = self.store.reviews.contents([review.id for _, review in reviews])
        new = [
            review
            for (line, review), said in zip(reviews, contents, strict=True)
            if self._is_new(line, review, said, first.get(line), kept.get(review.id))
        ]
        return new if self.skip_bad or not self.found.bad_count else []

    def _read(self, row: TableRow) -> Review | None:
        if not row.problem and not any(_is_said(value) for value in row.values.values()):
            return None  # an empty line
        self.found.rows += 1
        try:
            if row.problem:
                raise ValueError(row.problem)
            return self.reading.review(row.values)
        except ValueError as problem:
            self.found.refuse(self.file, row.line, problem)
            return None

    def _is_new(
        self,
        line: int,
        review: Review,
        content: str,
        first: tuple[str, int] | None,
        kept: str | None,
    ) -> bool:
        if first is not None and first[0] == content:
            self.found.twice += 1
        elif first is not None:
            where = f"`id` {review.id!r} stands already on line {first[1]}"
            self.found.refuse(self.file, line, f"{where} and says something else there")
        elif kept == content:
            self.found.known += 1
        elif kept is not None:
            said = f"`id` {review.id!r} is in the store already and says something else there"
            self.found.refuse(self.file, line, said)
        else:
            self.contents[review.id] = content
            return True
        return False


def _is_said(value: object) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None
