"""Cases as two runs have them: both scores, what the verdict says of them, the worst first."""

from __future__ import annotations

from harness.records import LOWER_IS_BETTER, CaseChange, CaseResult, Compared, Flag, Run, Verdict

__all__ = ["Compared", "Flag", "compared", "parts_of"]


def compared(
    new: Run | None, old: Run | None, verdict: Verdict | None, metric: str
) -> list[Compared]:
    """Every case of either run; those without a score on both sides come last."""
    now = {result.case.id: result for result in new.results} if new else {}
    before = {result.case.id: result for result in old.results} if old else {}
    flags = _flags(verdict)
    found = [
        _compared(before.get(case), now.get(case), flags.get(case), metric)
        for case in dict.fromkeys([*now, *before])
    ]
    return sorted(found, key=lambda one: (one.change is None, one.change))


def _flags(verdict: Verdict | None) -> dict[str, tuple[Flag, str | None]]:
    found: dict[str, tuple[Flag, str | None]] = {}
    if verdict is not None:
        groups: tuple[tuple[Flag, tuple[CaseChange, ...]], ...] = (
            ("reworded", verdict.reworded),
            ("fixed", verdict.fixed),
            ("broken", verdict.broken),
        )
        for flag, changes in groups:
            found |= {change.case: (flag, change.accepted) for change in changes}
    return found


def _compared(
    before: CaseResult | None,
    now: CaseResult | None,
    said: tuple[Flag, str | None] | None,
    metric: str,
) -> Compared:
    some = now or before
    assert some is not None
    names = dict.fromkeys([*(before.scores if before else ()), *(now.scores if now else ())])
    scores = {
        name: (
            before.scores.get(name) if before else None,
            now.scores.get(name) if now else None,
        )
        for name in names
    }
    flag, accepted = said or (_flag(before, now), None)
    change = _change(scores.get(metric, (None, None)), metric)
    return Compared(some.case, before, now, scores, change, flag, accepted)


def _flag(before: CaseResult | None, now: CaseResult | None) -> Flag:
    if before is None or now is None:
        return "missing"
    same = [o.text for o in before.outputs] == [o.text for o in now.outputs]
    return "same" if same else "changed"


def _change(scores: tuple[float | None, float | None], metric: str) -> float | None:
    before, now = scores
    if before is None or now is None:
        return None
    return before - now if metric in LOWER_IS_BETTER else now - before


def parts_of(run: Run) -> set[str]:
    """Every slice that a run's cases belong to, as industry=logistics."""
    return {f"{k}={v}" for result in run.results for k, v in result.case.slices.items()}
