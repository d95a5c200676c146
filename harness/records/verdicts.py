"""Records of a verdict: per metric, per slice, per case, and as a whole.

Tested in tests/store/test_round_trips.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.records.evidence import CasesUse, FinalsUse, MarginUse, ReserveUse
from harness.records.holds import EXACT, QUOTING, TEXT
from harness.records.policy import MetricRule, Policy, Role
from harness.records.presented import Presented

Outcome = Literal["promote", "reject", "inconclusive"]
"""The decision of a verdict."""
State = Literal["worse", "open", "not worse", "better", "identical"]
"""The conclusion on one metric; `open`: the cases do not decide it."""
Limit = Literal["samples", "cases", "both", "nothing"]
"""What there is too little of for a margin to be certified."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """The part of a metric's uncertainty that comes from drawing samples, not from the cases."""

    samples: int
    """Samples per case, of the reference and of the candidate alike."""
    deviation: float | None
    """Standard deviation between the candidate's samples of one case."""
    share: float
    """Share of the variance of the mean difference that ever more samples would remove."""
    needed: int | None
    """Samples per case for the margin asked on these cases; None where no number would do."""
    limit: Limit | None = field(metadata=EXACT)
    """What keeps the margin from being certified; None where no margin is asked."""


@dataclass(frozen=True, slots=True)
class MetricVerdict:
    """The comparison with a reference on a metric."""

    name: str = field(metadata=EXACT)
    """Name of the metric."""
    role: Role = field(metadata=EXACT)
    """How the metric takes part in the decision."""
    against: str = field(metadata=EXACT)
    """`promoted` or `pinned`, or `base` for the first adapter of a task."""
    margin: float | None
    """The drop that still counts as not worse; None for reported metrics."""
    reference: float | None
    """Mean of the reference over the paired cases."""
    candidate: float | None
    """Mean of the candidate over the paired cases."""
    difference: float | None
    """Mean difference, candidate minus reference; for an error metric less is better."""
    low: float | None
    """Lower end of the two-sided 1 - alpha interval of the mean difference."""
    high: float | None
    """Upper end of that interval."""
    p_drop: float | None
    """p-value of the drop: small means that the candidate is worse."""
    state: State = field(metadata=EXACT)
    """The conclusion."""
    n: int
    """Number of paired cases."""
    changed: int
    """Cases whose score differs at all."""
    counts: Mapping[str, int] | None = None
    """How many cases rose, fell and stayed; given where there is no interval."""
    risk: float | None = None
    """The risk that the true drop is beyond the margin."""
    certifiable_margin: float | None = None
    """The smallest margin that these cases can certify with the policy's power."""
    cases_needed: int | None = None
    """Number of cases for the margin asked, with the policy's power."""
    sampling: Sampling | None = None
    """Whether more samples would help; given where several were drawn."""


@dataclass(frozen=True, slots=True)
class Worth:
    """The gain or loss of fine-tuning on a metric, against the base model itself."""

    against: str = field(metadata=EXACT)
    """`base` or `base+prompt`."""
    benchmark: str = field(metadata=EXACT)
    """Name of the benchmark."""
    metric: str = field(metadata=EXACT)
    """Name of the metric."""
    role: Role = field(metadata=EXACT)
    """The metric's part in the benchmark's verdict."""
    gain: float
    """Mean difference, better upwards; a loss is negative."""
    low: float | None
    """Lower end of the two-sided 1 - alpha interval of the gain."""
    high: float | None
    """Upper end of that interval."""
    n: int
    """Number of paired cases."""
    state: State = field(metadata=EXACT)
    """The conclusion."""
    says: str = field(default="", metadata=QUOTING)
    """A sentence on what follows, such as that a prompt would do."""


@dataclass(frozen=True, slots=True)
class SliceVerdict:
    """The change of a slice on a metric."""

    name: str = field(metadata=QUOTING)
    """The slice, as key=value."""
    metric: str = field(metadata=EXACT)
    """Name of the metric."""
    n: int
    """Number of its cases with both scores."""
    difference: float
    """Mean difference, better upwards."""
    p: float | None
    """p-value, adjusted for looking at all slices; None where the slice is too small."""
    cases: tuple[str, ...] = field(metadata=EXACT)
    """Ids of its cases."""


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A case that broke, was fixed, or changed in wording only."""

    case: str = field(metadata=EXACT)
    """Id of the case."""
    critical: bool
    """Whether breaking it alone rejects an adapter."""
    reference_score: float
    """The reference's edit similarity, or its first gated metric where that is missing."""
    candidate_score: float
    """The candidate's score on the same metric."""
    ideal: str = field(default="", metadata=TEXT)
    """The ideal that the candidate's text is nearest to."""
    reference_text: str = field(default="", metadata=TEXT)
    """The reference's output."""
    candidate_text: str = field(default="", metadata=TEXT)
    """The candidate's output."""
    accepted: str | None = field(default=None, metadata=QUOTING)
    """The person who accepted the broken case, with the reason; None where not accepted."""


@dataclass(frozen=True, slots=True)
class Verdict(Presented):
    """The gate's decision on a candidate, with everything that it rests on."""

    outcome: Outcome = field(metadata=EXACT)
    """The decision."""
    task: str | None = field(metadata=EXACT)
    """Task of the benchmark; None for a guard."""
    benchmark: str = field(metadata=EXACT)
    """Name of the benchmark."""
    fingerprint: str = field(metadata=EXACT)
    """Fingerprint of the benchmark."""
    candidate: str = field(metadata=EXACT)
    """Name of the judged adapter."""
    promoted: str | None = field(metadata=EXACT)
    """The adapter in production, as the first reference."""
    pinned: str | None = field(metadata=EXACT)
    """The fixed reference, which small losses from one promotion to the next cannot hide from."""
    n: int
    """Number of paired cases."""
    reasons: tuple[str, ...] = field(metadata=QUOTING)
    """Sentences that say what decided, the most important first."""
    metrics: tuple[MetricVerdict, ...] = ()
    """Every metric against every reference."""
    slices: tuple[SliceVerdict, ...] = ()
    """Every slice, the worst first."""
    broken: tuple[CaseChange, ...] = ()
    """Cases that were right before and are wrong now."""
    fixed: tuple[CaseChange, ...] = ()
    """Cases that were wrong before and are right now."""
    reworded: tuple[CaseChange, ...] = ()
    """Text changed as if broken while the likelihood of the ideal held: shown, not counted."""
    advice: tuple[str, ...] = field(default=(), metadata=QUOTING)
    """Sentences that say what to do next, the cheapest first."""
    certifiable_margin: float | None = None
    """The smallest margin that this many cases can certify, on the first gated metric."""
    identical: bool = False
    """Whether every output equals the reference's."""
    break_bound: float | None = None
    """Upper bound of the share of cases that break in production."""
    candidates_judged: int = 1
    """Number of candidates judged on this benchmark version, this one included."""
    alpha: float = 0.05
    """The alpha that was used, after reuse accounting."""
    policy: Policy = field(default_factory=Policy)
    """The constants that were used."""
    rules: tuple[MetricRule, ...] = ()
    """The part of each metric, as the benchmark declares it."""
    notes: tuple[str, ...] = field(default=(), metadata=QUOTING)
    """Statements that did not decide."""
    runs: Mapping[str, str] = field(default_factory=dict, metadata=EXACT)
    """Run ids by part: candidate, promoted, pinned, base, base+prompt."""
    guards: tuple[Verdict, ...] = ()
    """Verdicts of the guard benchmarks that this verdict takes in."""
    worth: tuple[Worth, ...] = ()
    """The gain over `base` and `base+prompt`, gates first; empty where they were not run."""
    forgetting: tuple[Worth, ...] = ()
    """The gain over `base` on each guard benchmark: what fine-tuning cost elsewhere."""
    samples: int = 1
    """Outputs per case."""
    left_out: Mapping[str, str] = field(default_factory=dict, metadata=QUOTING)
    """Cases that were judged for no adapter, each with its reason: an adapter was trained on it."""
    rule: int = 1
    """Version of the rule that judged."""
    margin_used: float | None = None
    """The margin of the first gate: the declared one, or less where less is to lose."""
    margins: tuple[MarginUse, ...] = ()
    """The margin of every gate, and where it comes from."""
    can_break: int | None = None
    """Cases that can break, as the reference was right; None before the second rule."""
    own_cases: CasesUse | None = None
    """What the benchmark's own cases show; None before the second rule."""
    reserve: ReserveUse | None = None
    """The use of the reserve; None where the benchmark has none."""
    finals: FinalsUse | None = None
    """What people sent; None where nothing was weighed."""
    bar_moved: tuple[str, ...] = field(default=(), metadata=QUOTING)
    """Settings of the bar that differ from the last promotion's, as sentences."""
    luck: float | None = None
    """The risk that a candidate worse by exactly the margin passed among those judged so far."""
    bar_commit: str = field(default="", metadata=EXACT)
    """The commit that set the bar, such as the base of a pull request; empty where none did."""
    bar_differs: tuple[str, ...] = field(default=(), metadata=QUOTING)
    """What the working folder changes of that commit's bar, as sentences; none of it was used."""


@dataclass(frozen=True, slots=True)
class Job:
    """An adapter to be judged on a benchmark; plain data, which can be sent anywhere."""

    adapter: str = field(metadata=EXACT)
    """Name of the adapter."""
    benchmark: str = field(metadata=EXACT)
    """Name of the benchmark."""


@dataclass(frozen=True, slots=True)
class JobResult:
    """The end of a job: a verdict, or the error that explains why there is none."""

    adapter: str = field(metadata=EXACT)
    """Name of the adapter."""
    benchmark: str | None = field(metadata=EXACT)
    """Name of the benchmark; None where the adapter itself was refused."""
    verdict: Verdict | None = None
    """The verdict, if there is one."""
    error: str = field(default="", metadata=QUOTING)
    """The message of the error."""
    code: int | None = None
    """The exit code of the error."""
