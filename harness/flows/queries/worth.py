"""The page Worth: what each promotion saved, and whether a prompt would do as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.alarm import editing_time
from harness.alarm.editing_time import Mean, basis_of, minutes, monthly, predicted_saving, saving
from harness.errors import RequestError
from harness.flows.project import Project
from harness.flows.queries.shared import read_page
from harness.measure import score_case
from harness.records import (
    BASE,
    BASE_PROMPT,
    Benchmark,
    CaseResult,
    Decision,
    Editing,
    PromotionWorth,
    PromptWorth,
    Run,
    TaskWorth,
    TimeBasis,
    WeekTimes,
    WorthSettings,
)
from harness.store import Store
from harness.store.editing_times import week_times
from harness.store.in_production import puts_in_production
from harness.workspace.formats.fields import suggestion

NO_TIMES = (
    "nothing says how long people took: import reviews with a column `seconds`, or declare"
    " `minutes_per_edit` and `minutes_per_rewrite` under [tool.harness.worth]"
)
BETTER, OPEN, NONE, WORSE = (
    "the adapter needs fewer edits",
    "as far as these cases show, {} would do",
    "{} would do",
    "{} would do better",
)
NAMES = {BASE_PROMPT: "a prompt", BASE: "the plain base"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which an adapter was in production, with the reviews of its outputs."""

    decision: Decision
    weeks: Sequence[WeekTimes]

    def editing(self, basis: TimeBasis | None, declared: WorthSettings) -> Editing:
        """Return its reviews as a page shows them."""
        rate, time = editing_time.edit_rate(self.weeks), minutes(self.weeks, basis, declared)
        return Editing(
            adapter=self.decision.adapter,
            since=self.decision.at,
            reviews=sum(week.n for week in self.weeks),
            timed=sum(week.timed for week in self.weeks),
            synthetic=sum(week.synthetic for week in self.weeks),
            edit_rate=rate.estimate() if rate else None,
            minutes=time.estimate() if time else None,
        )


@read_page
def worth(project: Project, store: Store, task: str | None = None) -> tuple[TaskWorth, ...]:
    """Return what the adapters of each task were worth, or of one."""
    if task is not None and task not in project.tasks:
        raise RequestError(f"{task}: no such task{suggestion(task, project.tasks)}")
    return tuple(_of_task(project, store, one) for one in project.tasks if task in (None, one))


def _of_task(project: Project, store: Store, task: str) -> TaskWorth:
    declared = project.settings.worth
    stretches = _stretches(store, task)
    if not stretches:
        return TaskWorth(task, None, None, missing=("nothing is promoted yet",))
    held = stretches[-1].decision
    # All reviews of its outputs, also those from before a rollback to it.
    made_by = (held.adapter, held.digest)
    last = Stretch(held, week_times(store.database, task, made_by))
    basis = basis_of([last.weeks], declared)
    benchmark = next(b for b in project.benchmarks.values() if b.task == task)
    changes = [_promotion(one, other, declared) for one, other in pairwise(stretches)]
    return TaskWorth(
        task=task,
        now=last.editing(basis, declared),
        basis=basis,
        promotions=tuple(changes[::-1]),
        prompts=tuple(
            _beside(store, benchmark, last, minutes(last.weeks, basis, declared), name, declared)
            for name in (BASE_PROMPT, BASE)
        ),
        missing=tuple(_missing(basis, declared)),
    )


def _stretches(store: Store, task: str) -> list[Stretch]:
    """Return what was in production, one after the other, each with the reviews of its outputs.

    A review comes after its output, often when another adapter is in production already. So it is
    the adapter's that counts, and of an adapter that came back the last stretch begun by then.
    """
    begun: list[Decision] = []
    for one in puts_in_production(store.decisions.all(task)):
        if not begun or begun[-1].digest != one.digest:  # the same bytes again begin nothing new
            begun.append(one)
    found = []
    for one in begun:
        mine = [other for other in begun if other.digest == one.digest]
        turn = mine.index(one)
        since = one.at if turn else ""
        until = mine[turn + 1].at if turn + 1 < len(mine) else ""
        weeks = week_times(store.database, task, (one.adapter, one.digest), since, until)
        found.append(Stretch(one, weeks))
    return found


def _promotion(before: Stretch, after: Stretch, declared: WorthSettings) -> PromotionWorth:
    basis = basis_of([before.weeks, after.weeks], declared)
    saved = saving(minutes(before.weeks, basis, declared), minutes(after.weeks, basis, declared))
    return PromotionWorth(
        decision=after.decision,
        before=before.editing(basis, declared),
        after=after.editing(basis, declared),
        basis=basis,
        saving=saved,
        month=monthly(saved, declared),
    )


def _beside(
    store: Store,
    benchmark: Benchmark,
    last: Stretch,
    now: Mean | None,
    name: str,
    declared: WorthSettings,
) -> PromptWorth:
    """Return what the adapter saves against `base+prompt`, or the base, by the same cases."""
    ours, theirs = _run_of(store, benchmark, last.decision), store.runs.newest(name, benchmark.name)
    if ours is None or theirs is None or ours.fingerprint != theirs.fingerprint:
        says = f"{name} has no run on the cases of the promoted adapter's"
        return PromptWorth(name, benchmark.name, None, None, None, says)
    rates = _paired(ours, theirs)
    found = editing_time.ratio(
        [there for _, there, _ in rates],
        [here for here, _, _ in rates],
        [group for _, _, group in rates],
    )
    saved = predicted_saving(now, found)
    return PromptWorth(
        against=name,
        benchmark=benchmark.name,
        ratio=found.estimate() if found else None,
        saving=saved,
        month=monthly(saved, declared),
        says=_says(found, NAMES[name]),
    )


def _run_of(store: Store, benchmark: Benchmark, held: Decision) -> Run | None:
    """Return the newest whole run of the promoted bytes."""
    run = store.runs.newest(held.adapter, benchmark.name)
    return run if run is not None and run.digests.get("adapter") == held.digest else None


def _paired(ours: Run, theirs: Run) -> list[tuple[float, float, str]]:
    """Return both edit rates of each case, with the group that the case belongs to."""
    others = {result.case.id: _edit_rate(result) for result in theirs.results}
    found = []
    for result in ours.results:
        here, there = _edit_rate(result), others.get(result.case.id)
        if here is not None and there is not None:
            found.append((here, there, result.case.group or f"case {result.case.id}"))
    return found


def _edit_rate(result: CaseResult) -> float | None:
    """Return a case's edit rate, worked out where the benchmark does not report it."""
    known = result.scores.get("edit_rate")
    if known is not None or not result.outputs:
        return known
    return score_case(result.case, result.outputs, None, ("edit_rate",)).scores["edit_rate"]


def _says(found: Mean | None, name: str) -> str:
    if found is None:
        return "the adapter needs no edit on these cases, so no ratio can be told"
    one = found.estimate()
    if one.low is None or one.high is None:
        return OPEN.format(name)
    if one.low > 1:
        return BETTER
    if one.high < 1:
        return WORSE.format(name)
    return NONE.format(name) if one.low == one.high else OPEN.format(name)


def _missing(basis: TimeBasis | None, declared: WorthSettings) -> list[str]:
    if basis is None:
        return [NO_TIMES]
    wanted = {
        "hours a month": ("outputs_per_month", declared.outputs_per_month),
        "money a month": ("cost_per_hour", declared.cost_per_hour),
        "from how many outputs it pays": ("training_hours", declared.training_hours),
    }
    return [
        f"{what}: declare `{key}` under [tool.harness.worth]"
        for what, (key, value) in wanted.items()
        if value is None
    ]
