"""What the gate says, in words: per metric, per slice, per case, and as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.records.benchmark import MetricRule, Policy, Role
from harness.records.holds import EXACT, QUOTING, TEXT

Outcome = Literal["promote", "reject", "inconclusive"]
State = Literal["worse", "open", "not worse", "better", "identical"]


Limit = Literal["samples", "cases", "both", "nothing"]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How much of a metric's uncertainty comes from drawing samples, the rest from the cases."""

    samples: int
    """Per case, on both sides."""
    deviation: float | None
    """Of the candidate: standard deviation between the samples of one case."""
    share: float
    """Of the variance of the mean difference: what would go with ever more samples."""
    needed: int | None
    """Samples a case for the margin asked on these cases; None where no number would do."""
    limit: Limit | None = field(metadata=EXACT)
    """What keeps the margin from being certified; None where no margin is asked."""


@dataclass(frozen=True, slots=True)
class MetricVerdict:
    """One metric against one reference: where it stands and how sure that is."""

    name: str = field(metadata=EXACT)
    role: Role = field(metadata=EXACT)
    against: str = field(metadata=EXACT)
    """`promoted` or `pinned`, or `base` for the first adapter of a task."""
    margin: float | None
    reference: float | None
    """Mean of the reference over the paired cases."""
    candidate: float | None
    difference: float | None
    low: float | None
    """Two-sided 1 - alpha interval of the mean difference."""
    high: float | None
    p_drop: float | None
    """Evidence of a drop: small means the candidate is worse."""
    state: State = field(metadata=EXACT)
    n: int
    changed: int
    """Cases whose score differs at all."""
    counts: Mapping[str, int] | None = None
    """Instead of an interval where it cannot be had: how many rose, fell, stayed."""
    risk: float | None = None
    """The risk that the true drop is beyond the margin."""
    certifiable_margin: float | None = None
    cases_needed: int | None = None
    """For the margin asked, with the policy's power."""
    sampling: Sampling | None = None
    """Where several samples were drawn: whether more of them would help."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What fine-tuning gained or cost on one metric, beside the base model itself."""

    against: str = field(metadata=EXACT)
    """`base` or `base+prompt`."""
    benchmark: str = field(metadata=EXACT)
    metric: str = field(metadata=EXACT)
    role: Role = field(metadata=EXACT)
    gain: float
    """Mean difference, better upwards; a loss is negative."""
    low: float | None
    """Two-sided 1 - alpha interval of the gain."""
    high: float | None
    n: int
    state: State = field(metadata=EXACT)
    says: str = field(default="", metadata=QUOTING)
    """What follows from it in words, such as that a prompt would do."""


@dataclass(frozen=True, slots=True)
class SliceVerdict:
    """How a slice changed on a metric."""

    name: str = field(metadata=QUOTING)
    """key=value"""
    metric: str = field(metadata=EXACT)
    n: int
    difference: float
    p: float | None
    """Adjusted for looking at all slices; None where the slice is too small."""
    cases: tuple[str, ...] = field(metadata=EXACT)


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A case that broke, was fixed, or changed in wording only."""

    case: str = field(metadata=EXACT)
    critical: bool
    reference_score: float
    candidate_score: float
    """Edit similarity on both sides."""
    ideal: str = field(default="", metadata=TEXT)
    reference_text: str = field(default="", metadata=TEXT)
    candidate_text: str = field(default="", metadata=TEXT)
    accepted: str | None = field(default=None, metadata=QUOTING)
    """Who accepted the broken case, and why; None when nobody did."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says, and everything that made it say so."""

    outcome: Outcome = field(metadata=EXACT)
    task: str | None = field(metadata=EXACT)
    benchmark: str = field(metadata=EXACT)
    fingerprint: str = field(metadata=EXACT)
    candidate: str = field(metadata=EXACT)
    promoted: str | None = field(metadata=EXACT)
    pinned: str | None = field(metadata=EXACT)
    n: int
    reasons: tuple[str, ...] = field(metadata=QUOTING)
    """What decided, in words, the most important first."""
    metrics: tuple[MetricVerdict, ...] = ()
    slices: tuple[SliceVerdict, ...] = ()
    broken: tuple[CaseChange, ...] = ()
    fixed: tuple[CaseChange, ...] = ()
    reworded: tuple[CaseChange, ...] = ()
    """Text changed as if broken while the likelihood of the ideal held: shown, not counted."""
    advice: tuple[str, ...] = field(default=(), metadata=QUOTING)
    """What to do next, the cheapest first."""
    certifiable_margin: float | None = None
    """The smallest margin that this many cases can certify, on the first gated metric."""
    identical: bool = False
    """Every output equals the reference's."""
    break_bound: float | None = None
    """Upper bound of the share of cases that break in production."""
    candidates_judged: int = 1
    """On this benchmark version, this one included."""
    alpha: float = 0.05
    """The alpha that was used, after reuse accounting."""
    policy: Policy = field(default_factory=Policy)
    rules: tuple[MetricRule, ...] = ()
    """What each metric was meant to count for, as the benchmark says it."""
    notes: tuple[str, ...] = field(default=(), metadata=QUOTING)
    """Statements that did not decide."""
    runs: Mapping[str, str] = field(default_factory=dict, metadata=EXACT)
    """Run ids by side: candidate, promoted, pinned, base, base+prompt."""
    guards: tuple[Verdict, ...] = ()
    """Verdicts of the guard benchmarks that this one took in."""
    worth: tuple[Worth, ...] = ()
    """The gain over `base` and `base+prompt`, gates first; empty where they were not run."""
    forgetting: tuple[Worth, ...] = ()
    """The same of each guard benchmark against `base`: what fine-tuning cost elsewhere."""
    samples: int = 1
    """Outputs per case."""
    left_out: Mapping[str, str] = field(default_factory=dict, metadata=QUOTING)
    """Cases that no side was judged on, and why: an adapter has seen them in training."""


@dataclass(frozen=True, slots=True)
class Job:
    """One adapter to be judged on one benchmark; plain data, which can be sent anywhere."""

    adapter: str = field(metadata=EXACT)
    benchmark: str = field(metadata=EXACT)


@dataclass(frozen=True, slots=True)
class JobResult:
    """How one errand ended: with a verdict, or with the line that says why there is none."""

    adapter: str = field(metadata=EXACT)
    benchmark: str | None = field(metadata=EXACT)
    """None where the adapter itself was refused."""
    verdict: Verdict | None = None
    error: str = field(default="", metadata=QUOTING)
    code: int | None = None
    """The exit code of the error."""
