"""Import reviews from a team's tables: every row is checked before any review is stored."""

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
"""Bad rows that are named; further rows are only counted."""
_SAMPLE = 3
"""Rows that a preview shows."""


@dataclass(frozen=True, slots=True)
class ReviewImportRequest:
    """The options of an import."""

    told: Mapping[str, str] = field(default_factory=dict)
    """Fields to columns; they override the guesses."""
    constants: Mapping[str, str] = field(default_factory=dict)
    forget: bool = False
    """Guess the columns instead of using those that the last import remembered."""
    skip_bad: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """The columns of a file as they are understood, shown before the import starts."""

    columns: Columns
    sample: tuple[TableRow, ...]
    """The first rows."""


@dataclass(slots=True)
class ReviewImport:
    """The counts of an import; complete when it has ended."""

    rows: int = 0
    new: int = 0
    known: int = 0
    """In the store before."""
    twice: int = 0
    """Repeated in the file."""
    bad_count: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list, metadata=QUOTING)
    """Line and `file:line: fault` of the first bad rows."""
    refused: bool = False
    """Whether the bad rows stopped the whole import."""

    def refuse(self, file: Path, line: int, problem: object) -> None:
        """Count a bad row, and name it while the list is short."""
        self.bad_count += 1
        if len(self.faults) < LISTED:
            self.faults.append((line, str(DataError(f"{file}:{line}: {problem}"))))

    @property
    def bad(self) -> list[str]:
        """The faults in the order of the lines."""
        return [fault for _, fault in sorted(self.faults)]


def import_reviews(
    project: Project,
    store: Store,
    file: Path,
    request: ReviewImportRequest,
    on_preview: Callable[[Preview], None] = lambda preview: None,
    on_progress: Callable[[int], None] = lambda rows: None,
) -> ReviewImport:
    """Import all rows of a table or none; with `skip_bad` all rows without a fault."""
    size = regular_file(file, DataError, MAX_TABLE)
    reports = project.settings.reports
    if request.forget:
        forget_columns(reports, KIND)
    rows = read_rows(file, DataError)
    columns = _understood(project, rows, request, file)
    sample = tuple(islice(rows.each, _SAMPLE))
    on_preview(Preview(columns, sample))
    result = ReviewImport()
    source = file.name[:MAX_NAME]
    reader = ReviewReader(columns, KnownAdapters(project, store), datetime.now(UTC), source)
    # The reviews wait in a spool on disk, so that a refused or killed import stores none of them.
    with open_spool() as spool, open_rater(0 if request.dry_run else size) as rater:
        intake = _Intake(file, reader, store, spool, result, request.skip_bad, on_progress)
        batches = intake.batches(chain(sample, rows.each))
        if request.dry_run:
            result.new = sum(map(len, batches))
        else:
            for batch in rater.rated(batches):
                spool.add(intake.rows_of(batch))
        result.refused = bool(result.bad_count) and not request.skip_bad
        if request.dry_run or result.refused:
            return result
        with store.database.together():  # all batches, or none
            result.new = sum(map(store.reviews.keep_rows, spool.batches(_BATCH)))
    remember_columns(reports, KIND, request.told)
    return result


def _understood(
    project: Project, rows: TableRows, request: ReviewImportRequest, file: Path
) -> Columns:
    """Match columns to fields; refuse a table that lacks a needed field."""
    constants = dict(request.constants)
    remembered = remembered_columns(project.settings.reports, KIND)
    columns = understand(rows.columns, FIELDS, request.told, constants, remembered, DataError)
    if not columns.has("task"):
        # The project's only task; `task_benchmark` refuses where there are several.
        constants["task"] = str(project.task_benchmark(None).task)
        columns = understand(rows.columns, FIELDS, request.told, constants, remembered, DataError)
    given = ("input",) if columns.has("messages") else ()
    missing = [name for name in NEEDED if name not in given and not columns.has(name)]
    if not (columns.has("final") or columns.has("decision")):
        missing.append("final")
    if missing:
        name = missing[0]
        raise DataError(
            f"{file}:1: no column is understood as `{name}`, name it with --map {name}=COLUMN or"
            f" --set {name}=VALUE " + COLUMNS.say(", ".join(rows.columns) or "none")
        )
    return columns


@dataclass(frozen=True, slots=True)
class _Intake:
    """Turn rows into new reviews; repeated, known and bad rows are only counted."""

    file: Path
    reader: ReviewReader
    store: Store
    spool: Spool
    result: ReviewImport
    skip_bad: bool
    on_progress: Callable[[int], None]
    contents: dict[str, str] = field(default_factory=dict)
    """Content keys by id, of reviews that are read but not rated yet."""

    def rows_of(self, reviews: Sequence[Review]) -> list[ReviewRow]:
        """Return the rows to store for rated reviews; each may be asked for once."""
        return [row_of(review, self.contents.pop(review.id)) for review in reviews]

    def batches(self, rows: Iterator[TableRow]) -> Iterator[list[Review]]:
        """Yield the new reviews in the order of the file; none once the import is sure to fail."""
        while some := list(islice(rows, _BATCH)):
            yield self._new([(row.line, one) for row in some if (one := self._read(row))])
            self.on_progress(self.result.rows)

    def _new(self, reviews: list[tuple[int, Review]]) -> list[Review]:
        """Return the reviews that neither an earlier line nor the store has."""
        contents = [content_of(review) for _, review in reviews]
        claims = [(r.id, key, line) for (line, r), key in zip(reviews, contents, strict=True)]
        # The spool knows every earlier line of the file, however large the file is.
        first = self.spool.claim(claims)
        kept = self.store.reviews.contents([review.id for _, review in reviews])
        new = [
            review
            for (line, review), content in zip(reviews, contents, strict=True)
            if self._is_new(line, review, content, first.get(line), kept.get(review.id))
        ]
        # A sure refusal needs no rates: the rest of the file is only read for its faults.
        return new if self.skip_bad or not self.result.bad_count else []

    def _read(self, row: TableRow) -> Review | None:
        """Return the review of a row; None for an empty or a bad row."""
        # White space counts as empty: tables often end in lines of blank cells.
        cells = (v.strip() if isinstance(v, str) else v is not None for v in row.values.values())
        if not row.problem and not any(cells):
            return None
        self.result.rows += 1
        try:
            if row.problem:
                raise ValueError(row.problem)
            return self.reader.review(row.values)
        except ValueError as problem:
            self.result.refuse(self.file, row.line, problem)
            return None

    def _is_new(
        self,
        line: int,
        review: Review,
        content: str,
        first: tuple[str, int] | None,
        kept: str | None,
    ) -> bool:
        """Return whether a review is new; otherwise count it as repeated, known or bad."""
        if first is not None and first[0] == content:
            self.result.twice += 1
        elif first is not None:
            where = f"`id` {review.id!r} stands already on line {first[1]}"
            self.result.refuse(self.file, line, f"{where} and says something else there")
        elif kept == content:
            self.result.known += 1
        elif kept is not None:
            fault = f"`id` {review.id!r} is in the store already and says something else there"
            self.result.refuse(self.file, line, fault)
        else:
            self.contents[review.id] = content
            return True
        return False
