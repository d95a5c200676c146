"""What a project's store remembers, as sheets for notebooks and data frames; `harness.history`.

Tested in tests/flows/test_remembered.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from harness.errors import RequestError
from harness.flows.project import Project
from harness.flows.queries import ledger
from harness.flows.queries.events import weeks_of
from harness.flows.queries.sheets import ledger_sheet, verdicts_sheet, weeks_sheet
from harness.flows.store import open_store
from harness.records import Run, Verdict
from harness.render.notebook import scores_sheet
from harness.render.sheet import Sheet
from harness.store import Store
from harness.workspace.formats.fields import suggestion


def history(*, project: str | Path | None = None, store: str | None = None) -> History:
    """Return what the project of this folder, or of `project`, remembers."""
    return History(Project.here(Path(project) if project else None), store)


class History:
    """The store of a project; each sheet is read when it is asked for, and masked as settings say.

    Every sheet has `to_frame()` (pandas), `to_dict()`, and shows itself in a notebook.
    """

    def __init__(self, project: Project, store: str | None = None) -> None:
        self._project, self._url = project, store

    def verdict(self, adapter: str, benchmark: str) -> Verdict:
        """Return the newest verdict on an adapter; refuse one that was never judged there."""
        with self._store() as store:
            found = store.verdicts.of_candidate(adapter, benchmark)
            if found is None:
                judged = [one.verdict for one in store.verdicts.all()]
                raise _unknown("verdict", adapter, benchmark, [v.candidate for v in judged])
        return self._project.redaction.record(found[1])

    def run(self, adapter: str, benchmark: str) -> Run:
        """Return the newest run of an adapter; refuse one that never ran there."""
        with self._store() as store:
            found = store.runs.newest(adapter, benchmark)
            if found is None:
                ran = [name for _, name, _ in store.runs.heads()]
                raise _unknown("run", adapter, benchmark, ran)
        return self._project.redaction.record(found)

    def cases(self, *, adapter: str | None = None, benchmark: str | None = None) -> Sheet:
        """Return runs × cases × metrics, the oldest run first; some of them, where asked."""
        with self._store() as store:
            found = list(self._runs(store, adapter, benchmark))
        return scores_sheet(found)

    def verdicts(self) -> Sheet:
        """Return every verdict, the oldest first."""
        with self._store() as store:
            # all at once: masking one by one would open the store's rows for long
            kept = list(store.verdicts.all())
        return verdicts_sheet(self._project.redaction.record(kept))

    def reviews(self) -> Sheet:
        """Return the rates of reviews by week, task and adapter, the oldest week first."""
        with self._store() as store:
            weekly = {task: store.reviews.weekly_by_adapter(task) for task in store.reviews.tasks()}
        return weeks_sheet({task: weeks_of(found, None, None) for task, found in weekly.items()})

    def ledger(self) -> Sheet:
        """Return every decision, the oldest first, with what is wrong with its row."""
        with self._store() as store:
            found = ledger(self._project, store, limit=len(store.decisions.unchecked()))
        return ledger_sheet(found.entries[::-1])

    @contextmanager
    def _store(self) -> Iterator[Store]:
        with closing(open_store(self._project, self._url, checked=False)) as opened:
            yield opened

    def _runs(self, store: Store, adapter: str | None, benchmark: str | None) -> Iterator[Run]:
        for identity, its_adapter, its_benchmark in store.runs.heads():
            if adapter in (None, its_adapter) and benchmark in (None, its_benchmark):
                run = store.runs.by_id(identity)
                if run is not None:  # removed meanwhile by another process
                    yield self._project.redaction.record(run)

    def _repr_html_(self) -> str:
        return self.verdicts()._repr_html_()


def _unknown(what: str, adapter: str, benchmark: str, names: Collection[str]) -> RequestError:
    near = suggestion(adapter, [name for name in dict.fromkeys(names) if name != adapter])
    return RequestError(f"there is no {what} of {adapter} on {benchmark} in the store{near}")
