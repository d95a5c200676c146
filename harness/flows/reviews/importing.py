"""Import reviews from a team's tables: every row is checked before any review is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path

from harness.errors import DataError
from harness.flows.project import Project, utc_now
from harness.flows.reviews.columns import KIND, fits, understood
from harness.flows.reviews.date_order import date_order
from harness.flows.reviews.edit_rates import open_rater
from harness.flows.reviews.questions import question
from harness.flows.reviews.rows import MAX_NAME, KnownAdapters, ReviewReader
from harness.records import Review
from harness.records.holds import QUOTING
from harness.store import Store
from harness.store.review_rows import ReviewRow, content_of, row_of
from harness.store.spool import Spool, open_spool
from harness.text.blanks import is_blank
from harness.workspace.formats.encodings import check_encoding
from harness.workspace.formats.exports import Form, read_export
from harness.workspace.formats.reading import regular_file
from harness.workspace.formats.tables import MAX_TABLE, TableRow
from harness.workspace.importers.columns import (
    Columns,
    forget_columns,
    remember_columns,
    remembered_columns,
)
from harness.workspace.importers.dates import DateOrder, Order, is_date

_BATCH = 500
LISTED = 1_000
"""Bad rows that are named; further rows are only counted."""
_SAMPLE = 3
"""Rows that a preview shows."""
_LOOKED_AT = 100
"""Rows that show what stands in a column."""
_MAX_NOTES = 20
"""Rows at the end of a table that may be totals and notes."""


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
    dates: Order | None = None
    """The order of day, month and year; None where the dates themselves must show it."""
    sheet: str = ""
    """The sheet of a spreadsheet; empty where only one can be meant."""
    encoding: str = ""
    """The encoding of the text; empty where it is to be recognised."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The columns of a file as they are understood, shown before the import starts."""

    columns: Columns
    sample: tuple[TableRow, ...]
    """The first rows."""
    form: Form
    dates: DateOrder
    asked: str = ""
    """What yes means in the column of decisions; empty where it has words."""


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
    passed_over: list[int] = field(default_factory=list)
    """Lines of totals and notes at the end of the table, which are no reviews."""

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
    if request.encoding:
        check_encoding(request.encoding, DataError)
    if request.forget:
        forget_columns(reports, KIND)
    told = {**remembered_columns(reports, KIND), **request.told}
    read = partial(
        read_export, file, DataError, fits(told, request.constants),
        sheet=request.sheet, encoding=request.encoding,
    )  # fmt: skip
    export = read()
    first = list(islice(export.rows.each, _LOOKED_AT))
    found = understood(project, export.rows.columns, first, request.told, request.constants)
    dates, unclear = date_order(request.dates, found, first, lambda: read().rows.each)
    open_questions = "; ".join(filter(None, [unclear, question(project, store, found)]))
    if open_questions:
        raise DataError(f"{file}:{export.form.head}: {open_questions}")
    sample = tuple(first[:_SAMPLE])
    on_preview(Preview(found.columns, sample, export.form, dates, found.asked))
    result = ReviewImport()
    source = file.name[:MAX_NAME]
    known = KnownAdapters(project, store)
    now = datetime.fromisoformat(utc_now(project.settings.calendar))
    reader = ReviewReader(found.columns, known, now, source, dates, found.asked)
    # The reviews wait in a spool on disk, so that a refused or killed import stores none of them.
    with open_spool() as spool, open_rater(0 if request.dry_run else size) as rater:
        intake = _Intake(file, reader, store, spool, result, request.skip_bad, on_progress)
        batches = intake.batches(chain(first, export.rows.each))
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
    notes: list[tuple[int, ValueError]] = field(default_factory=list)
    """Lines and faults of rows that may be notes below the table: no review has followed yet."""

    def rows_of(self, reviews: Sequence[Review]) -> list[ReviewRow]:
        """Return the rows to store for rated reviews; each may be asked for once."""
        return [row_of(review, self.contents.pop(review.id)) for review in reviews]

    def batches(self, rows: Iterator[TableRow]) -> Iterator[list[Review]]:
        """Yield the new reviews in the order of the file; none once the import is sure to fail."""
        while some := list(islice(rows, _BATCH)):
            yield self._new([(row.line, one) for row in some if (one := self._read(row))])
            self.on_progress(self.result.rows)
        self.result.passed_over = [line for line, _ in self.notes]

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
        cells = (
            not is_blank(v) if isinstance(v, str) else v is not None for v in row.values.values()
        )
        if not row.problem and not any(cells):
            return None
        try:
            if row.problem:
                raise ValueError(row.problem)
            review = self.reader.review(row.values)
        except ValueError as problem:
            self.notes.append((row.line, problem))
            if len(self.notes) > _MAX_NOTES or row.problem or not self._is_note(row):
                self._refuse_notes()
            return None
        self._refuse_notes()
        self.result.rows += 1
        return review

    def _is_note(self, row: TableRow) -> bool:
        """Return whether a row has neither texts nor a time: a total or a remark below a table."""
        read = self.reader.columns.text
        try:
            texts = [read(row.values, name) for name in ("input", "output", "final")]
            return not any(map(str.strip, texts)) and not is_date(read(row.values, "at"))
        except ValueError:
            return False

    def _refuse_notes(self) -> None:
        """Count rows as bad: what seemed to be notes stands above another row."""
        for line, problem in self.notes:
            self.result.rows += 1
            self.result.refuse(self.file, line, problem)
        self.notes.clear()

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
