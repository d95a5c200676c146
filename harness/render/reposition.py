"""Show what a repositioning did, which ideals it proposes, and the runs of a new benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from harness.records import Run, VoiceDay
from harness.text.figures import count, metric_title, score
from harness.text.plain import plain
from harness.text.safe import ci_log
from harness.text.table import table

MAX_SHOWN = 10
"""Proposed ideals that a terminal shows; the file has all."""


class ShownRepositioning(Protocol):
    """What a repositioning did, or would do."""

    @property
    def mark(self) -> VoiceDay:
        """The marked day."""

    @property
    def file(self) -> str:
        """The file of the training set."""

    @property
    def old(self) -> int:
        """Examples of the old voice that are still taught."""

    @property
    def already(self) -> int:
        """New examples that were in the set before."""

    @property
    def again(self) -> bool:
        """Whether all of it was done before."""

    @property
    def dry_run(self) -> bool:
        """Whether nothing was written."""


def repositioned_text(done: ShownRepositioning) -> str:
    """Return what was done, and the files that belong into the commit."""
    mark = done.mark
    verb = "would be repositioned" if done.dry_run else "repositioned"
    verb = "was repositioned before, nothing was written," if done.again else verb
    there = f" ({done.already:,} were there)" if done.already else ""
    taught = f"{count(mark.added, 'new example')}{there}, each taught {count(mark.repeat, 'time')}"
    old = f"{count(mark.retired, 'example')} retired, {done.old:,} old still taught"
    lines = [
        ci_log(f"{mark.task}  {verb} on {mark.day}: {mark.why}"),
        ci_log(f"data    {mark.data or done.file}: {taught}; {old}"),
    ]
    if done.old and not mark.retired:
        lines.append("note    both voices are taught; --retire names the lines of the old one")
    if not done.dry_run:
        files = f"{done.file}, its .versions.jsonl, and voice.jsonl of benchmark {mark.benchmark}"
        lines.append(ci_log(f"commit  {files}"))
    return "\n".join(lines)


def next_text(mark: VoiceDay) -> str:
    """Return the commands that follow a repositioning."""
    train = f"lora-harness train NAME --data {mark.data} --task {mark.task}"
    ideals = f"lora-harness reposition --task {mark.task} --adapter NAME"
    return ci_log(f"next    {train}, then {ideals}")


def ideals_text(lines: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> str:
    """Return the proposed ideals, those that fell most first."""
    weighed = f"{count(about['cases'], 'case')} weighed under {about['adapter']}"
    if not lines:
        return ci_log(f"ideals  {weighed}: none fell by more than {about['fall']:g}")
    rows = [("case", "promoted", "new", "ideal")]
    for one in lines[:MAX_SHOWN]:
        likelihood = one["likelihood"]
        ideal = one["ideal"] if isinstance(one["ideal"], str) else one["ideal"][0]
        cells = (score(likelihood["promoted"]), score(likelihood["new"]))
        rows.append((ci_log(one["id"], limit=40), *cells, ci_log(ideal, limit=60)))
    more = len(lines) - MAX_SHOWN
    left = [f"… and {more:,} more"] if more > 0 else []
    head = f"ideals  {weighed}: {len(lines):,} speak the old voice, a person rewrites them"
    return "\n".join([ci_log(head), *table(rows, "<>>", indent=2), *left])


def runs_text(runs: Sequence[Run]) -> str:
    """Return the mean scores of the runs on a benchmark version, a row per adapter."""
    found = run_means(runs)
    metrics = [*dict.fromkeys(name for one in found for name in one["means"])]
    rows = [("", *map(metric_title, metrics))]
    rows += [
        (ci_log(one["adapter"], limit=60), *(score(one["means"].get(name)) for name in metrics))
        for one in found
    ]
    return "\n".join(table(rows, "<" + ">" * len(metrics), indent=2))


def run_means(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return each run's id, adapter and mean scores; a mean is of the cases that have a score."""
    found = []
    for run in runs:
        names = dict.fromkeys(name for result in run.results for name in result.scores)
        values = {
            name: [x for one in run.results if (x := one.scores.get(name)) is not None]
            for name in names
        }
        means = {name: sum(each) / len(each) for name, each in values.items() if each}
        found.append({"id": run.id, "adapter": run.adapter, "means": plain(means)})
    return found
