"""Hold the rules of a verdict: the role and margin of each metric, and the constants of the policy.

Tested in tests/workspace/project/test_benchmarks.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from harness.records.holds import EXACT

Role = Literal["gate", "guard", "report"]
"""`gate`: promotion needs not-worse; `guard`: only a proven drop rejects; `report`: only shown."""


SMALLEST_MARGIN = 1e-9
"""A margin or risk below it is meant as 0 and is not: tests would divide by what rounds to 0."""


@dataclass(frozen=True, slots=True)
class MetricRule:
    """The part of a metric in a benchmark's verdict."""

    name: str = field(metadata=EXACT)
    """Name of the metric."""
    role: Role = field(metadata=EXACT)
    """How the metric takes part in the decision."""
    margin: float | None = None
    """The drop that still counts as not worse; None for reported metrics."""


LOWER_IS_BETTER: frozenset[str] = frozenset({"edit_rate"})
"""Metrics where less is better. Of all others, also of those from other packages, more is better:
a registered metric cannot say otherwise."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Every constant of the verdict; the README of `judge/` gives the formulas."""

    alpha: float = 0.05
    """Risk of calling not-worse a candidate that is worse by the margin."""
    broken_from: float = 0.5
    """A broken case has a reference text with at least this edit similarity."""
    broken_below: float = 0.5
    """A broken case has a candidate text with less than this edit similarity."""
    broken_drop: float = 0.3
    """A broken case's edit similarity fell by at least this."""
    broken_likelihood_drop: float = 0.05
    """A broken case's likelihood of the ideal, where known, fell by at least this."""
    break_rate: float = 0.04
    """The share of cases that may break by chance; more is evidence against the candidate."""
    break_alpha: float = 0.02
    """The candidate is rejected at the smallest count whose chance under `break_rate` is this
    or less."""
    break_cover: float = 0.10
    """Promotion needs an upper bound of the break rate of at most this."""
    slice_alpha: float = 0.04
    """Risk of finding a lost slice where there is none, over all slices at once."""
    slice_cases: int = 5
    """Slices with fewer cases are not judged."""
    slice_exact: int = 12
    """Sign flips are exact up to this many cases in a slice, and drawn with a seed beyond."""
    slice_draws: int = 20_000
    """Number of drawn sign flips."""
    holm_alpha: float = 0.02
    """Family-wise risk of a false rejection over gate and guard metrics."""
    min_cases: int = 5
    """Fewer paired cases are never judged."""
    min_differences: int = 5
    """A metric with fewer non-zero differences is reported as counts."""
    power: float = 0.80
    """Power at which the certifiable margin and the needed cases are computed."""
    reuse: Literal["count", "spend"] = field(default="count", metadata=EXACT)
    """`count` only counts the candidates judged on the same cases; `spend` shrinks alpha with
    each of them."""
    seed: int = 0
    """Seed of the drawn sign flips."""
    margin_share: float = 0.5
    """A gate's margin is at most this share of what the promoted adapter gains over the base."""
    drop_alpha: float = 0.01
    """Risk of rejecting for a drop of a gate's mean that is chance."""
    guard_alpha: float = 0.0033
    """Risk of rejecting for a drop of a guard metric that is chance."""
    collapse_drop: float = 0.25
    """A case collapsed where the likelihood of its ideal fell by this much."""
    collapse_spread: float = 4.0
    """And by this many times the usual scatter of the cases' differences."""
    text_drop: float = 0.15
    """A case whose text broke collapsed where the likelihood fell by this much."""
    collapsed: int = 2
    """So many collapsed cases reject."""
    text_alpha: float = 0.02
    """Without a likelihood they reject only if so many more texts broke than mended by chance in
    this share of benchmarks or fewer."""
    slice_reject: float = 0.02
    """Risk, over all slices, of rejecting for a slice that did not lose more than the margin."""
    slice_hold: float = 0.05
    """Risk, over all slices, of holding promotion back for such a slice."""
    slice_prior: int = 4
    """Cases by which a slice's own scatter is pulled towards the scatter within all slices."""
    reserve_looks: tuple[int, ...] = (10, 30)
    """Numbers of reserve cases after which an open verdict is looked at again."""
    reserve_alpha: tuple[float, ...] = (0.02, 0.02, 0.03)
    """Share of `alpha`'s role at each look, the one without reserve cases first."""
    reserve_drop: float = 0.002
    """In place of `drop_alpha` at each look."""
    reserve_collapsed: tuple[int, ...] = (3, 3, 4)
    """In place of `collapsed` at each look."""
    reserve_text_drop: float = 0.10
    """In place of `text_drop` at each look."""
    reserve_bears: int = 50
    """From so many cases on, a single collapsed case does not hold promotion back."""
    finals: int = 200
    """Reviewed finals that are weighed at most; 0 weighs none."""
    finals_reject: int = 100
    """Finals from which collapsed ones may reject."""
    finals_promote: int = 160
    """Finals from which they may promote, or hold promotion back."""
    finals_rate: float = 0.005
    """The share of finals that may collapse by chance."""
    finals_alpha: float = 0.005
    """Risk of rejecting for collapsed finals that are chance."""
    finals_cover: float = 0.03
    """Promotion needs an upper bound of the share of collapsed finals of at most this."""
    finals_slice: float = 0.01
    """Risk, over all slices, of rejecting for finals that collapsed in one slice by chance."""
    finals_newer: int = 50
    """Newer finals without a collapse that make collapsed older ones a question of voice."""
    finals_drop: float = 0.005
    """In place of `drop_alpha` where finals may promote."""
    set_aside: float = 0.2
    """The share of reviewed inputs that is kept for judging and never taught."""
