"""Export and import a store's history: a JSON object per line; a second import changes no row.

Each line carries a seal over its record and what stands beside it (`store/seals.py`). A history
may leave texts out: then digests stand in their places, and the same seals hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import DataError, RequestError, RowChanged
from harness.flows.history_line import HistoryLine, read_line
from harness.flows.rejudge import unexplained
from harness.records import CALENDAR, Calendar, Decision, Review, Run, Verdict
from harness.store import Store
from harness.store.codec import encode
from harness.store.keys import key_again
from harness.store.seals import runs_under, seal_of, seal_of_grounds
from harness.text.left_out import without_texts
from harness.workspace.formats.reading import json_object, lines_of
from harness.workspace.formats.tables import MAX_TABLE

_REVIEWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class HistoryImport:
    """The counts of imported records that the store did not have."""

    runs: int
    verdicts: int
    decisions: int
    reviews: int = 0


# --- export ---------------------------------------------------------------------------------


def export_history(
    store: Store, *, texts: bool = True, reviews: bool = True, calendar: Calendar | None = None
) -> Iterator[str]:
    """Yield every run, verdict, decision and review as a line, in the order of the store.

    A history whose days are declared says so in its first line. Without `texts`, digests stand in
    the places of texts, and there are no reviews. A row that was changed by hand is refused: its
    line would get a new seal.
    """
    if calendar is not None and calendar.now:
        yield _line("calendar", calendar)
    # runs first: verdicts refer to runs and decisions to verdicts, and an import reads in order
    runs = store.runs.ids()
    for identity in runs:
        run, key = store.runs.by_id(identity), store.runs.key(identity)
        if run is None or key is None:
            continue  # pruned since the ids were read
        _refuse_changed(store.runs.changed([identity]))
        yield _line("run", run, texts, key=key)
    _refuse_changed(store.verdicts.changed())
    for kept in store.verdicts.all():
        # Older versions pruned runs that other verdicts were compared with: such a verdict can be
        # judged again by nobody, and an import refuses it.
        if runs_under(kept.verdict) <= {*runs}:
            yield _line("verdict", kept.verdict, texts, **kept.beside)
    for decision in store.decisions.all():
        yield _line("decision", decision)
    for review in store.reviews.each() if texts and reviews else ():
        yield _line("review", review)


def _refuse_changed(changed: list[str]) -> None:
    if changed:
        raise RowChanged(f"{changed[0]}: was changed by hand, see `lora-harness verify`")


def _line(kind: str, record: object, texts: bool = True, **more: str) -> str:
    seal = seal_of(record, **more)
    shown = json.loads(encode(record if texts else without_texts(record)))
    return json.dumps({"kind": kind, **more, "seal": seal, "record": shown})


def decisions_of(file: Path) -> list[str]:
    """Return the hashes of the decisions in an exported history, in its order."""
    found = []
    for number, line in lines_of(file, DataError, MAX_TABLE):
        if '"decision"' not in line:  # most lines are runs, and long
            continue
        raw = json_object(line, f"{file}:{number}", DataError)
        record = raw.get("record")
        if raw.get("kind") == "decision" and isinstance(record, dict):
            found.append(str(record.get("hash")))
    return found


# --- import ---------------------------------------------------------------------------------


def import_history(store: Store, file: Path, calendar: Calendar | None = None) -> HistoryImport:
    """Import all lines of an exported history or none; records already in the store stay as is.

    Days that were replayed are refused where the project's settings do not say so too, since its
    pages would show them as days that were lived.
    """
    with store.database.together():  # one transaction: a bad line takes back the lines before it
        before = _counts(store)
        importing = _Importing(store, calendar is not None and bool(calendar.now))
        for number, line in lines_of(file, DataError, MAX_TABLE):
            if line.strip():
                where = f"{file}:{number}"
                importing.keep(read_line(json_object(line, where, DataError), where))
        importing.end()
        after = _counts(store)
    return HistoryImport(*(now - then for now, then in zip(after, before, strict=True)))


def _counts(store: Store) -> tuple[int, int, int, int]:
    verdicts = sum(1 for _ in store.verdicts.all())
    decisions = len(store.decisions.unchecked())
    return len(store.runs.ids()), verdicts, decisions, store.reviews.count()


@dataclass
class _Importing:
    """An import under way: what was read so far, to be checked against what comes after it."""

    store: Store
    replayed: bool
    """Whether the project says that its calendar is replayed."""
    sealed: bool | None = None
    """Whether the lines carry seals; None before the first."""
    unsealed: list[HistoryLine] = field(default_factory=list)
    """Verdicts of a version before the seals: only judging them again proves them."""
    reviews: list[Review] = field(default_factory=list)

    def keep(self, line: HistoryLine) -> None:
        """Store a line's record; reviews are collected and stored in batches."""
        if self.sealed not in (None, line.sealed):
            raise DataError(
                f"{line.where}: some lines carry a seal and some do not, export the history anew"
            )
        self.sealed = line.sealed
        try:
            self._keep(line, line.record)
        except RequestError as problem:
            if str(problem).startswith(line.where):
                raise
            raise type(problem)(f"{line.where}: {problem}") from problem
        if len(self.reviews) >= _REVIEWS_AT_ONCE:
            self._keep_reviews()

    def _keep(self, line: HistoryLine, record: Any) -> None:
        if isinstance(record, Calendar):
            return  # every run says it too, beneath its seal
        if isinstance(record, Run):
            self._keep_run(record, line.beside["key"])
        elif isinstance(record, Verdict):
            self._keep_verdict(line, record)
        elif isinstance(record, Decision):
            self._keep_decision(record)
        else:
            self.reviews.append(record)

    def _keep_run(self, run: Run, key: str) -> None:
        """Store a run; where another machine made the same, both stay, as after a refresh."""
        if run.origin.get(CALENDAR) and not self.replayed:
            raise DataError(
                "its days are replayed, not lived: say so in [tool.harness.calendar] (`now`, `why`)"
                " before you import it"
            )
        again = 0
        while True:
            kept = self.store.runs.keep(run, key_again(key, again), imported=True)
            if kept.id == run.id:
                break
            again += 1
        if seal_of(kept) != seal_of(run):
            raise DataError(f"the store has another run of the name {run.id}")

    def _keep_verdict(self, line: HistoryLine, verdict: Verdict) -> None:
        run, digest, made = (line.beside[name] for name in ("run", "digest", "made"))
        for identity in sorted({run, *runs_under(verdict)}):
            if self.store.runs.key(identity) is None:
                raise DataError(f"rests on the run {identity}, which no line before it brings")
        if verdict.runs.get("candidate", run) != run:
            raise DataError(f"is on the run {run}, and judges {verdict.runs['candidate']}")
        kept = self.store.verdicts.keep(verdict, run, digest, made, line.beside.get("id"))
        if self.store.verdicts.changed([kept]):
            raise DataError(f"the verdict does not have the id {kept[:12]}")
        if not line.sealed:
            self.unsealed.append(line)

    def _keep_decision(self, decision: Decision) -> None:
        if not self.store.decisions.carry_over(decision):
            return
        named = decision.verdict
        if decision.kind == "accept":
            known = self.store.runs.key(named or "") is not None
        else:
            known = not named or self.store.verdicts.by_id(named) is not None
        if not known and decision.kind != "acknowledge":  # that names an alarm
            raise DataError(f"rests on {named}, which no line before it brings")
        if decision.rests_on not in (None, seal_of_grounds(self.store, decision)):
            raise DataError(
                f"decision {decision.seq} ({decision.kind} {decision.adapter}) rests on other"
                " results than those here"
            )

    def end(self) -> None:
        """Store what is left, and judge again what no seal proves."""
        self._keep_reviews()
        for line in self.unsealed:
            for why in unexplained(self.store, line.record):
                raise DataError(f"{line.where}: {why}, it was changed by hand")

    def _keep_reviews(self) -> None:
        self.store.reviews.keep(self.reviews)
        self.reviews.clear()
