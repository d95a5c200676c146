"""What people did with the outputs: rates per group, with their intervals."""

from __future__ import annotations

from harness.alarm.wilson import wilson
from harness.errors import RequestError
from harness.records import GroupRates, Rate, Tally
from harness.store import Store
from harness.store.tallies import By
from harness.workspace.formats.fields import suggestion


def review_rates(
    store: Store, by: By = "week", task: str | None = None, since: str | None = None
) -> list[GroupRates]:
    """One line per group, by name; of one task or of all, since a day or from the beginning."""
    if task is not None and task not in store.reviews.tasks():
        known = suggestion(task, store.reviews.tasks())
        raise RequestError(f"{task}: no review is of this task{known}")
    return [group_rates(tally) for tally in store.reviews.rates(by, task, since)]


def group_rates(tally: Tally) -> GroupRates:
    """The rates of one group.

    A mean of values in 0..1 varies at most as much as a share with that mean, so Wilson's interval
    on it is, if anything, too wide.
    """
    return GroupRates(
        key=tally.key,
        n=tally.n,
        synthetic=tally.synthetic,
        edit_rate=_rate(tally.edit_rate, tally.final_n),
        rejection_rate=_rate(tally.rejection_rate, tally.n),
        edited_share=_rate(tally.edited_share, tally.n),
    )


def _rate(value: float | None, n: int) -> Rate:
    low, high = wilson(value or 0.0, n)
    return Rate(value, n, low, high)
