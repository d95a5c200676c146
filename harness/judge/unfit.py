"""Where no verdict can be given whatever the scores are, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from harness.judge import wording
from harness.records import BASE, Run, Verdict

WRITE_YOUR_OWN = (
    "write 20 to 30 cases of your own in their place, then: lora-harness benchmark check"
)
NOTHING_TO_COMPARE = "there is neither a promoted adapter nor a run of the base to compare with"
RUN_THE_BASE = "evaluate the base on this benchmark first: lora-harness evaluate base"
BASE_ALONE = (
    "nothing is promoted yet, and the base is what the first adapter is compared with:"
    " its outputs are kept for that"
)
TRAIN_ONE = "train an adapter: lora-harness train NAME --data FILE, then pytest --model NAME"


def without_verdict(blank: Verdict, candidate: Run, sides: Collection[str]) -> Verdict | None:
    """The answer where nothing is to be judged; None where there is."""
    idle = [each.case.id for each in candidate.results if each.case.placeholder]
    if idle:
        said = _placeholders(idle, len(candidate.results))
        return replace(blank, reasons=(said,), advice=(WRITE_YOUR_OWN,))
    if sides:
        return None
    if candidate.adapter == BASE:
        return replace(blank, reasons=(BASE_ALONE,), advice=(TRAIN_ONE,))
    return replace(blank, reasons=(NOTHING_TO_COMPARE,), advice=(RUN_THE_BASE,))


def _placeholders(idle: list[str], total: int) -> str:
    which = wording.listed(idle) if len(idle) < total else f"all {wording.cases(total)}"
    are = "is a placeholder" if len(idle) == 1 < total else "are placeholders"
    return f"{which} {are}, and placeholders are not a benchmark"
