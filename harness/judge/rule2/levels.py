"""The risks and counts at which the cases decide: alone, beside finals, or with a reserve.

Tested in tests/judge/rule2/test_levels.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.records import Policy


@dataclass(frozen=True, slots=True)
class Levels:
    """The risks and counts of one look at the cases."""

    alpha: float
    """Risk of calling not-worse what is worse by the margin."""
    drop: float
    """Risk of a false drop on a gate."""
    guard: float
    """Risk of a false drop on a guard metric."""
    slice_reject: float
    """Risk of a falsely lost slice, over all slices; 0 where slices are not tested."""
    slice_hold: float
    """The same for a slice that holds promotion back."""
    text_drop: float
    """Fall of the likelihood from which a broken text is a collapsed case."""
    collapsed: int
    """Collapsed cases that reject."""
    text_alpha: float
    """Risk of rejecting for broken texts where no likelihood confirms them."""
    bears: int = 0
    """Collapsed cases that do not hold promotion back."""


def alone(policy: Policy, alpha: float) -> Levels:
    """Return the levels of a benchmark without reserve and finals."""
    return Levels(
        alpha=alpha,
        drop=policy.drop_alpha,
        guard=policy.guard_alpha,
        slice_reject=policy.slice_reject,
        slice_hold=policy.slice_hold,
        text_drop=policy.text_drop,
        collapsed=policy.collapsed,
        text_alpha=policy.text_alpha,
    )


def beside_finals(policy: Policy, alpha: float) -> Levels:
    """Return the levels of the cases where finals may promote: slices are left to the finals."""
    return Levels(
        alpha=alpha,
        drop=policy.finals_drop,
        guard=policy.guard_alpha,
        slice_reject=0.0,
        slice_hold=0.0,
        text_drop=policy.text_drop,
        collapsed=policy.collapsed,
        text_alpha=policy.text_alpha,
    )


def looks(policy: Policy, alpha: float, n: int, reserve: int) -> list[tuple[int, Levels]]:
    """Return the number of reserve cases and the levels of every look, the first with none.

    `alpha` may be a spent share of the policy's: the levels shrink with it. A reserve that is
    smaller than the first look gives none, and the cases are judged alone.
    """
    counts = [0, *(count for count in policy.reserve_looks if count <= reserve)]
    if len(counts) == 1:
        return []
    scale = alpha / policy.alpha
    planned = 1 + len(policy.reserve_looks)
    return [
        (
            count,
            Levels(
                alpha=policy.reserve_alpha[k] * scale,
                drop=policy.reserve_drop,
                guard=policy.guard_alpha / planned,
                slice_reject=policy.slice_reject / planned,
                slice_hold=policy.slice_hold / planned,
                text_drop=policy.reserve_text_drop,
                collapsed=policy.reserve_collapsed[k],
                text_alpha=policy.text_alpha / planned,
                bears=1 if n + count >= policy.reserve_bears else 0,
            ),
        )
        for k, count in enumerate(counts)
    ]
