"""Find the run that the store has of the same bytes, and decide whether it counts.

Tested in tests/flows/evaluation/test_runs.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.errors import RowChanged
from harness.flows.evaluation.scoring import measures
from harness.flows.evaluation.work import RunSpec
from harness.flows.project import Project
from harness.records import Run
from harness.store import Store
from harness.store.keys import key_again, key_of
from harness.store.seals import is_proven
from harness.text.left_out import sealed_form

_HELD = 2_000
"""Cases of runs that stay in memory: those of base and promoted adapter serve every candidate."""

Pair = tuple[str, str]
"""Names of an adapter and a benchmark."""


@dataclass
class KnownRuns:
    """The runs of a store, asked for by all that goes into a run."""

    project: Project
    store: Store
    made_again: dict[Pair, str]
    """Where it is noted why a run that the store has is made again."""
    _counting: dict[str, bool] = field(default_factory=dict)
    """Whether a stored run counts, by its id; each is checked once in this process."""
    _held: dict[str, Run] = field(default_factory=dict)
    """Runs that were asked for of late, by key, the last at the end."""

    def key(self, spec: RunSpec, metrics: tuple[str, ...]) -> str:
        """Return the key of a run: a digest over everything that goes into it."""
        return key_of(
            "run",
            adapter=spec.adapter.name,
            benchmark=spec.benchmark.name,
            fingerprint=spec.benchmark.fingerprint,
            outputs=list(spec.outputs.values()),
            embedder=self.project.embedder.digest,
            measures=measures(metrics),
            metrics=list(metrics),
        )

    def newest(self, key: str, spec: RunSpec) -> tuple[Run | None, str]:
        """Return the last run made of exactly this, and the key that a refreshed run would get."""
        # A stored run is never overwritten: a refreshed run gets the first key that is free.
        known, place, again = None, key, 0
        while (found := self._by_key(place)) is not None:
            if self._counts(found, spec):
                known = found
            again += 1
            place = key_again(key, again)
        return known, place

    def _by_key(self, key: str) -> Run | None:
        """Return the run stored under a key; recent ones stay in memory, as runs never change."""
        found = self._held.pop(key, None) or self.store.runs.by_key(key)
        if found is not None:
            self._held[key] = found
            while sum(len(run.results) for run in self._held.values()) > _HELD:
                del self._held[next(iter(self._held))]
        return found

    def _counts(self, run: Run, spec: RunSpec) -> bool:
        """Return whether a stored run may decide; refuse one that was changed by hand.

        A run that came with a history, and that no decision rests on, is made again; not one of
        the commit's own history that sets the bar (`--harness-base-ref`).
        """
        if run.id not in self._counting:
            asked = (spec.adapter.name, spec.adapter.digest, spec.benchmark.fingerprint)
            said = (run.adapter, run.digests.get("adapter"), run.fingerprint)
            if said != asked or self.store.runs.changed([run.id]):
                raise RowChanged(f"{run.id}: was changed by hand, see `lora-harness verify`")
            bar = self.project.bar
            of_commit = bar is not None and bar.store_of_commit
            self._counting[run.id] = of_commit or is_proven(self.store, run.id)
        if not self._counting[run.id]:
            self.made_again[run.adapter, run.benchmark] = (
                f"{run.adapter}: its run on {run.benchmark} came with a history and no decision"
                " rests on it, so it is made again"
            )
        return self._counting[run.id]

    def confirmed(self, made: Run, key: str) -> Run | None:
        """Return the run that came with a history, if it has exactly the results just made."""
        came = self.store.runs.by_key(key)
        if came is None or self._counting.get(came.id, True):
            return None
        if sealed_form(came.results) != sealed_form(made.results):
            return None
        self.store.runs.made_here(came.id)
        self._counting[came.id] = True
        self.made_again.pop((came.adapter, came.benchmark), None)
        return came

    def note_older_way(self, spec: RunSpec, base: str) -> None:
        """Note a run that is made only because the engine no longer makes what it made before."""
        pair = (spec.adapter.name, spec.benchmark.name)
        older = self.store.runs.newest(*pair)
        if older is None or older.fingerprint != spec.benchmark.fingerprint:
            return
        same = {"adapter": spec.adapter.digest, "base": base}
        same_bytes = same.items() <= dict(older.digests).items()
        ways = older.origin.get("way"), spec.origin.get("way")
        engines = older.origin.get("engine"), spec.origin.get("engine")
        if same_bytes and engines[0] == engines[1] and ways[0] != ways[1]:
            self.made_again[pair] = (
                f"{pair[0]}: its run of {older.started[:10]} was made by the engine's way"
                f" {ways[0]}, so it is made again by {ways[1]}"
            )
