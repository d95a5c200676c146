"""The words of the project as frozen records; DESIGN 2 is their dictionary.

Records carry no behaviour beyond what follows from their own fields, and import nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["gate", "guard", "report"]
Level = Literal["must", "report"]
Outcome = Literal["promote", "reject", "inconclusive"]
State = Literal["worse", "open", "not worse", "better", "identical"]

BASE = "base"
"""Reserved adapter name: the base model without an adapter."""
BASE_PROMPT = "base+prompt"
"""Reserved adapter name: the base model with the benchmark's own examples in the prompt."""
RESERVED = (BASE, BASE_PROMPT)


# --- benchmark ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Check:
    """A yes-or-no demand on an output."""

    name: str
    """Which check: contains, excludes, matches, max_words, min_words, json, terms, grounded."""
    value: Any
    """What it asks for; its type depends on the check."""
    level: Level = "must"
    """`must`: a failure makes the output unusable; `report`: it is only shown."""


@dataclass(frozen=True, slots=True)
class Case:
    """One input whose ideal output somebody wrote down."""

    id: str
    input: str
    ideals: tuple[str, ...]
    """One or several acceptable texts; a score is the best over them."""
    slices: Mapping[str, str] = field(default_factory=dict)
    """Named groups that the case belongs to, such as industry=logistics."""
    critical: bool = False
    """Breaking this case alone rejects an adapter."""
    checks: tuple[Check, ...] = ()
    group: str | None = None
    """Cases that share a group are not independent (clustered standard errors)."""


@dataclass(frozen=True, slots=True)
class MetricRule:
    """What one metric counts for in a benchmark's verdict."""

    name: str
    role: Role
    """`gate`: promotion needs not-worse; `guard`: only a proven drop rejects; `report`: shown."""
    margin: float | None = None
    """The drop that still counts as not worse; None for reported metrics."""


@dataclass(frozen=True, slots=True)
class Example:
    """An input with its output, shown to the base model in `base+prompt`."""

    input: str
    output: str


@dataclass(frozen=True, slots=True)
class Generation:
    """How outputs are decoded; part of what outputs are addressed by."""

    max_new_tokens: int = 64
    dtype: str = "auto"
    """auto (the fastest that the device does well), bfloat16, float16 or float32."""
    batch: int = 16
    """Rows per forward pass. Always filled up, so that a text does not depend on its neighbours."""
    seed: int = 0
    samples: int = 1
    """Outputs per case; more than one needs a temperature."""
    temperature: float = 0.0
    """0 is greedy."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Every constant of the verdict (STATISTICS 1 and 2)."""

    alpha: float = 0.05
    """Risk of calling not-worse what is worse by the margin."""
    broken_from: float = 0.5
    """A case can only break where the promoted adapter's edit similarity was at least this,"""
    broken_below: float = 0.5
    """and the candidate's is below this,"""
    broken_drop: float = 0.3
    """and it fell by at least this,"""
    broken_likelihood_drop: float = 0.05
    """and the likelihood of the ideal, where known, fell by at least this."""
    break_rate: float = 0.04
    """The share of cases that may break by chance; more is evidence against the candidate."""
    break_alpha: float = 0.02
    """Reject at the smallest count whose chance under `break_rate` is at most this."""
    break_cover: float = 0.10
    """Promotion needs the upper bound of the break rate at most here."""
    slice_alpha: float = 0.04
    slice_cases: int = 5
    """Slices with fewer cases are not judged."""
    slice_exact: int = 12
    """Exact sign flips up to this many cases in a slice, seeded draws beyond."""
    slice_draws: int = 20_000
    holm_alpha: float = 0.02
    """Family-wise risk of a false rejection over gate and guard metrics."""
    min_cases: int = 5
    """Fewer paired cases are never judged."""
    min_differences: int = 5
    """A metric with fewer non-zero differences is reported as counts."""
    power: float = 0.80
    """For the margin that the benchmark can certify."""
    reuse: Literal["count", "spend"] = "count"
    """`spend` shrinks alpha with every further candidate judged on the same cases."""
    seed: int = 0
    """Of the drawn sign flips."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A named, fingerprinted set of cases for one task, or a guard that every adapter must keep."""

    name: str
    task: str | None
    """The task whose adapters it judges; None for a guard."""
    cases: tuple[Case, ...]
    fingerprint: str
    """Covers cases, system, template and metrics; verdicts never compare across it."""
    description: str = ""
    system: str = ""
    template: str = "{input}"
    examples: tuple[Example, ...] = ()
    generation: Generation = Generation()
    metrics: tuple[MetricRule, ...] = ()
    policy: Policy = Policy()

    @property
    def guard(self) -> bool:
        """Whether every adapter must keep it, whatever its task."""
        return self.task is None


# --- outputs and scores ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a prompt, before the base's chat template is applied."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What an engine is asked for one case: the turns, which sample, and the ideals to weigh."""

    case: str
    messages: tuple[Message, ...]
    ideals: tuple[str, ...] = ()
    sample: int = 0
    """Counts from 0; only above 0 when several samples are drawn."""


@dataclass(frozen=True, slots=True)
class Output:
    """The text that a model wrote for a case."""

    case: str
    text: str
    sample: int = 0
    tokens: int | None = None
    finish: Literal["stop", "length"] = "stop"
    """`length`: cut off at the token limit."""
    ideal_nlls: tuple[float | None, ...] = ()
    """Mean token NLL of each ideal given the prompt; None or empty where the engine has none."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether one output passed one check, and why not."""

    name: str
    level: Level
    passed: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case with what was written for it and how it scored; enough to judge without the files."""

    case: Case
    outputs: tuple[Output, ...]
    """One per sample."""
    scores: Mapping[str, float | None]
    """By metric, the mean over samples; None is missing, which is not zero."""
    best_ideals: Mapping[str, int] = field(default_factory=dict)
    """By metric, the index of the ideal that scored best (first sample)."""
    checks: tuple[CheckResult, ...] = ()
    """Of every sample, failed when any sample fails."""

    @property
    def text(self) -> str:
        """The first sample's text."""
        return self.outputs[0].text if self.outputs else ""

    @property
    def failed_musts(self) -> tuple[CheckResult, ...]:
        """The `must` checks that failed."""
        return tuple(c for c in self.checks if c.level == "must" and not c.passed)


@dataclass(frozen=True, slots=True)
class Run:
    """All outputs and scores of one adapter on one benchmark, and all that repeats them."""

    id: str
    adapter: str
    benchmark: str
    task: str | None
    fingerprint: str
    """Of the benchmark."""
    results: tuple[CaseResult, ...]
    complete: bool
    """Whether every case of the benchmark is there; an incomplete run can never promote."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """sha256 of adapter, base, embedder and whatever else decided."""
    origin: Mapping[str, Any] = field(default_factory=dict)
    """Engine, decoding, dtype, device, versions, seeds, commit, dirty flag."""
    started: str = ""
    """ISO 8601, UTC."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Durations by step."""

    @property
    def like(self) -> tuple[str, ...]:
        """What two runs must share before their scores may be compared."""
        return (
            self.fingerprint,
            self.digests.get("base", ""),
            str(self.origin.get("decoding", "")),
        )


# --- verdict --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MetricVerdict:
    """One metric against one reference: where it stands and how sure that is."""

    name: str
    role: Role
    against: str
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
    state: State
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


@dataclass(frozen=True, slots=True)
class SliceVerdict:
    """How a slice changed on a metric."""

    name: str
    """key=value"""
    metric: str
    n: int
    difference: float
    p: float | None
    """Adjusted for looking at all slices; None where the slice is too small."""
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A case that broke, was fixed, or changed in wording only."""

    case: str
    critical: bool
    reference_score: float
    candidate_score: float
    """Edit similarity on both sides."""
    ideal: str = ""
    reference_text: str = ""
    candidate_text: str = ""
    accepted: str | None = None
    """Who accepted the broken case, and why; None when nobody did."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says, and everything that made it say so."""

    outcome: Outcome
    task: str | None
    benchmark: str
    fingerprint: str
    candidate: str
    promoted: str | None
    pinned: str | None
    n: int
    reasons: tuple[str, ...]
    """What decided, in words, the most important first."""
    metrics: tuple[MetricVerdict, ...] = ()
    slices: tuple[SliceVerdict, ...] = ()
    broken: tuple[CaseChange, ...] = ()
    fixed: tuple[CaseChange, ...] = ()
    reworded: tuple[CaseChange, ...] = ()
    """Text changed as if broken while the likelihood of the ideal held: shown, not counted."""
    advice: tuple[str, ...] = ()
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
    policy: Policy = Policy()
    rules: tuple[MetricRule, ...] = ()
    """What each metric was meant to count for, as the benchmark says it."""
    notes: tuple[str, ...] = ()
    """Statements that did not decide."""
    runs: Mapping[str, str] = field(default_factory=dict)
    """Run ids by side: candidate, promoted, pinned, base, base+prompt."""
    guards: tuple[Verdict, ...] = ()
    """Verdicts of the guard benchmarks that this one took in."""


# --- adapters -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DoctorCheck:
    """One thing that the doctor looked at before an adapter may be judged."""

    name: str
    ok: bool
    message: str
    """What was found; where not ok, what to do."""


# --- decisions ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person did; never edited, only followed by another."""

    kind: Literal["promote", "reject", "rollback", "pin", "accept"]
    task: str
    adapter: str
    digest: str
    """Of the adapter's bytes."""
    by: str
    why: str
    at: str
    """ISO 8601, UTC."""
    verdict: str | None = None
    """Id of the verdict that it rests on; for `accept` the id of the run."""
    case: str | None = None
    """The accepted case, for `accept`."""
    override: bool = False
    """Taken against the verdict; shown in red everywhere."""
    base: str | None = None
    """Digest of the base."""
    benchmark: str | None = None
    fingerprint: str | None = None
    """Of the benchmark."""
    policy: str | None = None
    """Digest of the policy."""
    seq: int = 0
    """The store's own order, from 1."""
    prev: str = ""
    """Hash of the decision before it, of whatever task."""
    hash: str = ""
    """Over everything above but `seq`: the chain that a row changed by hand breaks."""
