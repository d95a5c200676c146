"""Read all rows of a training file: examples, bad rows, and what is to be said about the file.

Tested in tests/workspace/project/test_training_data.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import DataError, HarnessError
from harness.records.training_example import TrainingExample
from harness.text.quoting import COLUMNS, EXAMPLES
from harness.workspace.formats.fields import suggestion
from harness.workspace.formats.tables import TableRow
from harness.workspace.importers.conversations import BlankText, Leftovers
from harness.workspace.importers.example_columns import ExampleColumns, ignoring, mapping
from harness.workspace.importers.example_formats import (
    FORMATS,
    NAME_OF_ROW,
    ExampleFormat,
    format_of,
    nearest_format,
    read_example,
)
from harness.workspace.importers.example_rows import MAX_SET, example_rows, is_table

MAX_NAMED = 20
"""Columns that a refusal names."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no example, or a fault of the whole file."""

    line: int | None
    message: str
    blank: bool = False
    """Whether it has the right shape but an empty input or output."""


@dataclass(slots=True)
class Scanned:
    """Everything that reading a file has brought to light."""

    path: Path
    columns: ExampleColumns
    examples: list[TrainingExample] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    formats: Counter[str] = field(default_factory=Counter)
    """Lines of each format, by its name."""
    firsts: dict[str, int] = field(default_factory=dict)
    """The first line of each format."""
    unread: dict[int, list[str]] = field(default_factory=dict)
    """Keys that were not read, by the line of their example."""
    cut: int = 0
    """Examples after whose last learnt turn others follow."""
    names: dict[str, None] = field(default_factory=dict)
    """All columns, in the order in which they were met."""
    size: int = 0

    def row(self, row: TableRow) -> None:
        """Read a row as an example, or note why it is none."""
        if row.problem:
            self.bad.append(BadLine(row.line, row.problem))
            return
        self.names.update(dict.fromkeys(row.values))
        where = f"{self.path}:{row.line}"
        left = Leftovers(frozenset(self.columns.ignored))
        try:
            values = self.columns.applied(row.values)
            kind = format_of(values)
            if kind is not None:
                self.formats[kind.name] += 1
                self.firsts.setdefault(kind.name, row.line)
            example = read_example(kind or self._nearest(values), values, row.line, where, left)
        except HarnessError as problem:
            # A finding carries its line in a field, so the message goes without it.
            message = str(problem).removeprefix(f"{where}: ")
            self.bad.append(BadLine(row.line, message, isinstance(problem, BlankText)))
            return
        self._add(example, left)

    def _add(self, example: TrainingExample, left: Leftovers) -> None:
        self.examples.append(example)
        self.cut += left.cut
        if left.unread:
            self.unread[example.line] = left.unread
        texts = (example.input, example.output, *(turn.content for turn in example.turns))
        self.size += sum(map(len, texts)) + len(example.system or "")
        if self.size > MAX_SET:  # a spreadsheet or a Parquet file can repeat a text for nothing
            raise DataError(f"{self.path}: holds more than {MAX_SET:,} characters of examples")

    def _nearest(self, keys: dict[str, object]) -> ExampleFormat:
        """Return the format that a row without one was meant to have: that of the others."""
        known = {one.name: one for one in FORMATS}
        usual = [known[name] for name, _ in self.formats.most_common(1)]
        return usual[0] if usual else nearest_format(keys)

    # --- what is said of the whole file -----------------------------------------------------

    def settle(self) -> None:
        """Turn what concerns many lines into one bad line; call it after the last row."""
        if self.names or not self.bad:
            self.columns.refuse_absent([*self.names], str(self.path))
        if not self.formats and self.bad:
            self.bad = [self._no_format(self.bad[0])]
            return
        spread = Counter(name for names in self.unread.values() for name in names)
        # A key of a few lines is their mistake; a key of most lines is a column of the file.
        most = 0 if is_table(self.path) else len(self.examples) / 2
        wide = [name for name, count in spread.items() if count > most]
        wrong = {
            line: rest
            for line, names in self.unread.items()
            if (rest := [name for name in names if name not in wide])
        }
        self.bad += [BadLine(line, self._unknown(names)) for line, names in wrong.items()]
        self.examples = [example for example in self.examples if example.line not in wrong]
        self.bad.sort(key=lambda bad: bad.line or 0)
        if wide:
            self.bad.append(BadLine(None, self._unknown(wide, of_file=True)))

    def _no_format(self, first: BadLine) -> BadLine:
        names = [*self.names]
        told = mapping(names)
        said = f" {COLUMNS.say(', '.join(names[:MAX_NAMED]))}" if names else ""
        what = f"; {told} would do" if told else f"; an example is {EXAMPLES}"
        return BadLine(first.line, f"{first.message}: no format fits{what}{said}", first.blank)

    def _unknown(self, names: list[str], of_file: bool = False) -> str:
        shown = ", ".join(f"`{name[:60]}`" for name in names[:MAX_NAMED])
        more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
        usual = next(one for one in FORMATS if one.name in self.formats)
        single = len(names) == 1 and "." not in names[0]
        known = suggestion(names[0], usual.known) if single else ""
        said = f"unknown key{'s' if len(names) > 1 else ''} {shown}{more}{known}"
        if known.endswith("?") and not of_file:
            return said  # a slip of the hand, which is to be mended
        them = "them" if len(names) > 1 else "it"
        return f"{said}; {ignoring(names[:MAX_NAMED])} leaves {them} out"

    @property
    def format(self) -> str:
        """The name of the format; of several, the most frequent first."""
        return " and ".join(name for name, _ in self.formats.most_common())

    @property
    def notes(self) -> Iterator[str]:
        """Sentences about what was read, and how."""
        if len(self.formats) > 1:
            each = (
                f"{count:,} {name} (from line {self.firsts[name]})"
                for name, count in self.formats.most_common()
            )
            yield f"the file is mixed: {', '.join(each)}"
        passed = [name for name in (NAME_OF_ROW, *self.columns.ignored) if name in self.names]
        if passed:
            yield f"not read: {', '.join(passed)}"
        if self.cut:
            yield f"{self.cut:,} examples go on after their last learnt turn; that is left out"


def scan(path: Path, columns: ExampleColumns) -> Scanned:
    """Read a whole file."""
    found = Scanned(path, columns)
    for row in example_rows(path):
        found.row(row)
    found.settle()
    return found
