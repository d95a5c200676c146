"""What adapters were worth, as sentences, as a table, and as JSON.

Where nothing says how long people took, no minute, hour or cost stands anywhere.

Tested in tests/flows/queries/test_worth.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.records import (
    SYNTHETIC,
    Editing,
    Estimate,
    MonthlyWorth,
    PromotionWorth,
    PromptWorth,
    TaskWorth,
    TimeBasis,
    WorthSettings,
)
from harness.text.figures import MISSING, count, day, percent
from harness.text.plain import plain
from harness.text.safe import ci_log
from harness.text.table import hang, table

MAX_NAME = 80
BASES: dict[TimeBasis, str] = {
    "measured": "from the seconds that reviews carry",
    "declared": "from minutes_per_edit and minutes_per_rewrite, as declared",
}
PREDICTED = "predicted: editing takes as much longer as the benchmark's edit rate is higher"


def worth_text(found: Sequence[TaskWorth], declared: WorthSettings, width: int = 100) -> str:
    """Return every task under a heading; say so if there is no task."""
    blocks = ["\n".join(_block(one, declared, width)) for one in found]
    return "\n\n".join(blocks) or "no task: a benchmark with `task = ...` makes one"


def _block(found: TaskWorth, declared: WorthSettings, width: int) -> Iterator[str]:
    yield f"WORTH  {ci_log(found.task, limit=64)}{_heading(found)}"
    if found.now is not None:
        yield from hang("  now         ", f"{editing_words(found.now)}{basis_words(found)}", width)
    if found.promotions:
        yield from table([promotion_head(found), *promotion_rows(found)], "<<>>>>>", indent=2)
        for one in found.promotions:
            if one.month is not None and (said := month_words(one.month, declared)):
                yield from hang(f"  {ci_log(one.after.adapter, limit=MAX_NAME)}: ", said, width)
    for prompt in found.prompts:
        yield from hang(f"  {prompt.against:12}", prompt_words(prompt, declared), width)
    for line in found.missing:
        yield from hang("  missing     ", line, width)


def _heading(found: TaskWorth) -> str:
    if found.now is None:
        return ""
    return f"   {ci_log(found.now.adapter, limit=130)}, in production since {day(found.now.since)}"


def basis_words(found: TaskWorth) -> str:
    """Say where the minutes come from; nothing where there are none."""
    return "" if found.basis is None else f" ({BASES[found.basis]})"


def editing_words(one: Editing) -> str:
    """Say how much an adapter's outputs are edited, and how long that takes where it is known."""
    parts = [count(one.reviews, "review")]
    if one.synthetic:
        parts[0] += f", {one.synthetic:,} of them synthetic"
    if one.edit_rate is not None:
        parts.append(f"edit rate {rate_words(one.edit_rate)}")
    if one.minutes is not None:
        parts.append(f"{minutes_words(one.minutes)} per 100 outputs")
    if one.timed:
        parts.append(f"{one.timed:,} timed")
    return ", ".join(parts)


def rate_words(one: Estimate | None) -> str:
    """Write 18.2 % [16.0 %, 20.4 %]."""
    if one is None:
        return MISSING
    if one.low is None or one.high is None:
        return percent(one.value)
    return f"{percent(one.value)} [{percent(max(0.0, one.low))}, {percent(min(1.0, one.high))}]"


def minutes_words(one: Estimate | None) -> str:
    """Write 41.2 min [35.0, 47.4]."""
    return number_words(one, " min")


def number_words(one: Estimate | None, unit: str = "", digits: int = 1) -> str:
    """Write a figure with its unit and its interval."""
    if one is None:
        return MISSING

    def written(value: float) -> str:
        shown = f"{value:,.{digits}f}"
        # A value that rounds to zero has no sign.
        return (shown if float(shown.replace(",", "")) else shown.lstrip("-")).replace("-", "−")

    interval = ""
    if one.low is not None and one.high is not None:
        interval = f" [{written(one.low)}, {written(one.high)}]"
    return f"{written(one.value)}{unit}{interval}"


def promotion_head(found: TaskWorth) -> list[str]:
    """Return the headings of the table; those of minutes only where there are any."""
    head = ["in production", "instead of", "edit rate before", "after"]
    timed = any(one.basis for one in found.promotions)
    return head + (["min per 100 before", "after", "saved"] if timed else [])


def promotion_rows(found: TaskWorth) -> list[list[str]]:
    """Return a row for each change of what is in production."""
    width = len(promotion_head(found))
    return [_row(one)[:width] for one in found.promotions]


def _row(one: PromotionWorth) -> list[str]:
    made = f" ({SYNTHETIC})" if one.before.synthetic or one.after.synthetic else ""
    return [
        f"{ci_log(one.after.adapter, limit=MAX_NAME)} {day(one.decision.at)}{made}",
        ci_log(one.before.adapter, limit=MAX_NAME),
        rate_words(one.before.edit_rate),
        rate_words(one.after.edit_rate),
        number_words(one.before.minutes),
        number_words(one.after.minutes),
        number_words(one.saving),
    ]


def month_words(month: MonthlyWorth, declared: WorthSettings) -> str:
    """Say what a saving comes to in a month, and from how many outputs it pays."""
    parts = []
    if month.hours is not None:
        parts.append(f"{number_words(month.hours, ' h')} a month")
    if month.money is not None:
        unit = f" {ci_log(declared.currency)}" if declared.currency else ""
        parts.append(f"{number_words(month.money, unit, 0)} a month")
    if declared.training_hours is not None:
        parts.append(pays_words(month))
    return "; ".join(parts)


def pays_words(month: MonthlyWorth) -> str:
    """Say from how many outputs a month the hours of training come back within the month."""
    if month.pays_from is None:
        return "it saves no time, so it does not pay"
    said = f"pays within a month from {month.pays_from:,} outputs a month on"
    if month.shown is None:
        return f"{said} (a single week gives no interval)"
    worst = month.pays_from_at_worst
    at_worst = f"{worst:,} at the interval's lower end" if worst else "not shown to pay at all"
    return f"{said} ({at_worst})"


def prompt_words(one: PromptWorth, declared: WorthSettings) -> str:
    """Say whether a prompt would do, and what the adapter saves against it where that is known."""
    if one.ratio is None:
        return one.says
    rests = f"its edit rate is {number_words(one.ratio, ' times', 2)} the adapter's"
    parts = [f"{one.says}: {rests} on {count(one.ratio.n, 'case')} of {ci_log(one.benchmark)}"]
    if one.saving is not None:
        parts.append(f"saved {minutes_words(one.saving)} per 100 outputs, {PREDICTED}")
    if one.month is not None and (said := month_words(one.month, declared)):
        parts.append(said)
    return "; ".join(parts)


def worth_json(found: Sequence[TaskWorth], declared: WorthSettings) -> dict[str, Any]:
    """Return the same for programs; minutes, hours and costs are null where there are none."""
    return {
        "tasks": [_task(one) for one in found],
        "declared": plain(declared),
    }


def _task(one: TaskWorth) -> dict[str, Any]:
    whole: dict[str, Any] = plain(one)
    promotions = [
        made | {"decision": made["decision"]["hash"], "kind": made["decision"]["kind"],
                "at": made["decision"]["at"]}
        for made in whole["promotions"]
    ]  # fmt: skip
    return whole | {"promotions": promotions}
