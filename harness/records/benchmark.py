"""A benchmark in words: cases, what is asked of their outputs, how outputs are made and judged."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from harness.records.holds import EXACT, LABELS, QUOTING, TEXT

Role = Literal["gate", "guard", "report"]
Level = Literal["must", "report"]

PLACEHOLDER = "PLACEHOLDER-"
"""How the id of a case begins that nobody has written yet; no verdict rests on such a case."""


@dataclass(frozen=True, slots=True)
class Check:
    """A yes-or-no demand on an output."""

    name: str = field(metadata=EXACT)
    """Which check: contains, excludes, matches, max_words, min_words, json, terms, grounded."""
    value: Any = field(metadata=TEXT)
    """What it asks for; its type depends on the check."""
    level: Level = field(default="must", metadata=EXACT)
    """`must`: a failure makes the output unusable; `report`: it is only shown."""


@dataclass(frozen=True, slots=True)
class Case:
    """One input whose ideal output somebody wrote down."""

    id: str = field(metadata=EXACT)
    input: str = field(metadata=TEXT)
    ideals: tuple[str, ...] = field(metadata=TEXT)
    """One or several acceptable texts; a score is the best over them."""
    slices: Mapping[str, str] = field(default_factory=dict, metadata=LABELS)
    """Named groups that the case belongs to, such as industry=logistics."""
    critical: bool = False
    """Breaking this case alone rejects an adapter."""
    checks: tuple[Check, ...] = ()
    group: str | None = field(default=None, metadata=QUOTING)
    """Cases that share a group are not independent (clustered standard errors)."""

    @property
    def placeholder(self) -> bool:
        """Whether it only shows where a real case is to stand."""
        return self.id.startswith(PLACEHOLDER)


@dataclass(frozen=True, slots=True)
class MetricRule:
    """What one metric counts for in a benchmark's verdict."""

    name: str = field(metadata=EXACT)
    role: Role = field(metadata=EXACT)
    """`gate`: promotion needs not-worse; `guard`: only a proven drop rejects; `report`: shown."""
    margin: float | None = None
    """The drop that still counts as not worse; None for reported metrics."""


LOWER_IS_BETTER: frozenset[str] = frozenset({"edit_rate"})
"""Metrics shown as their field defines them. Of every other one, also from other packages, more is
better: a registered metric cannot say otherwise."""


@dataclass(frozen=True, slots=True)
class Example:
    """An input with its output, shown to the base model in `base+prompt`."""

    input: str = field(metadata=TEXT)
    output: str = field(metadata=TEXT)


@dataclass(frozen=True, slots=True)
class Generation:
    """How outputs are decoded; part of what outputs are addressed by."""

    max_new_tokens: int = 64
    dtype: str = field(default="auto", metadata=EXACT)
    """auto (the fastest that the device does well), bfloat16, float16 or float32."""
    batch: int = 16
    """Rows per forward pass. Always filled up, so that a text does not depend on its neighbours."""
    seed: int = 0
    samples: int = 1
    """Outputs per case; more than one needs a temperature."""
    temperature: float = 0.0
    """0 is greedy."""
    max_seconds: float = 600.0
    """One output may take so long at most; what was written by then is kept, and marked."""

    @property
    def decoding(self) -> dict[str, object]:
        """What outputs are addressed by: all but the time limit, which only cuts off."""
        return {key: value for key, value in asdict(self).items() if key != "max_seconds"}


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
    reuse: Literal["count", "spend"] = field(default="count", metadata=EXACT)
    """`spend` shrinks alpha with every further candidate judged on the same cases."""
    seed: int = 0
    """Of the drawn sign flips."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A named, fingerprinted set of cases for one task, or a guard that every adapter must keep."""

    name: str = field(metadata=EXACT)
    task: str | None = field(metadata=EXACT)
    """The task whose adapters it judges; None for a guard."""
    cases: tuple[Case, ...]
    fingerprint: str = field(metadata=EXACT)
    """Covers cases, system, template and metrics; verdicts never compare across it."""
    description: str = field(default="", metadata=QUOTING)
    system: str = field(default="", metadata=TEXT)
    template: str = field(default="{input}", metadata=TEXT)
    examples: tuple[Example, ...] = ()
    generation: Generation = Generation()
    metrics: tuple[MetricRule, ...] = ()
    policy: Policy = Policy()

    @property
    def guard(self) -> bool:
        """Whether every adapter must keep it, whatever its task."""
        return self.task is None


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """One case over the newest complete run of every adapter on this benchmark version."""

    case: str = field(metadata=EXACT)
    adapters: int
    """How many of them wrote for it."""
    right: int
    """How many of those got it right: edit similarity at least 0.9, or clean."""
    best: float | None
    """The highest edit similarity among them; None where there is none."""
    ranges: Mapping[str, float] = field(default_factory=dict)
    """By metric, the highest score minus the lowest."""
    base_right: bool | None = None
    """Whether even the plain base gets it right; None where the base was not run."""


@dataclass(frozen=True, slots=True)
class CasesNeeded:
    """How many cases a margin takes, by the spread that was seen."""

    metric: str = field(metadata=EXACT)
    margin: float
    needed: int
    spread: float
    """Standard deviation of the paired differences; the median over the pairs."""
    pairs: tuple[tuple[str, str], ...] = field(metadata=EXACT)
    """The adapters that were compared for it."""


@dataclass(frozen=True, slots=True)
class BenchmarkHealth:
    """What a check of a benchmark says beside its findings."""

    name: str = field(metadata=EXACT)
    task: str | None = field(metadata=EXACT)
    """None for a guard."""
    cases: int
    fingerprint: str | None = field(metadata=EXACT)
    """None where lines are refused, so that there is no benchmark yet."""
    adapters: tuple[str, ...] = field(default=(), metadata=EXACT)
    """Those with a complete run on this version."""
    judged: int = 0
    """Candidates that this version has judged."""
    luck: float | None = None
    """The risk that one of them, worse by exactly the margin, passed by luck."""
    needed: tuple[CasesNeeded, ...] = ()
    notes: tuple[str, ...] = field(default=(), metadata=QUOTING)
    """What could not be looked at, and why."""


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """One line of a training set that can be read."""

    line: int
    """Counted from 1, blank lines included, as an editor shows it."""
    input: str = field(metadata=TEXT)
    output: str = field(metadata=TEXT)
    slices: Mapping[str, str] = field(default_factory=dict, metadata=LABELS)
    """Named groups such as kind=opener; they are not learnt, they say what to compare it with."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that is not what it was, both sides as text."""

    field: str = dataclasses.field(metadata=EXACT)
    old: str = dataclasses.field(metadata=TEXT)
    new: str = dataclasses.field(metadata=TEXT)


@dataclass(frozen=True, slots=True)
class CaseDifference:
    """A case that is in both versions and not the same."""

    case: str = field(metadata=EXACT)
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class BenchmarkDifference:
    """What changed from one version of a benchmark to another."""

    old: str = field(metadata=EXACT)
    """Where the old version was found, as it was asked for."""
    new: str = field(metadata=EXACT)
    old_fingerprint: str = field(metadata=EXACT)
    new_fingerprint: str = field(metadata=EXACT)
    added: tuple[Case, ...] = ()
    removed: tuple[Case, ...] = ()
    changed: tuple[CaseDifference, ...] = ()
    settings: tuple[FieldChange, ...] = ()
    """What differs outside the cases."""
    whole: bool = True
    """Whether the settings could be compared; a version that only runs remember has none."""

    @property
    def same(self) -> bool:
        """Whether nothing differs at all."""
        changed = self.added or self.removed or self.changed or self.settings
        return not changed and self.old_fingerprint == self.new_fingerprint
