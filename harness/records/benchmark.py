"""Records of a benchmark: its cases, how their outputs are made and judged, and its history.

Tested in tests/workspace/project/test_benchmarks.py.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from harness.records.holds import EXACT, LABELS, QUOTING, TEXT
from harness.records.turns import Chat, Message, conversation

Role = Literal["gate", "guard", "report"]
"""`gate`: promotion needs not-worse; `guard`: only a proven drop rejects; `report`: only shown."""
Level = Literal["must", "report"]
"""`must`: a failed check makes the output unusable; `report`: the failure is only shown."""

PLACEHOLDER = "PLACEHOLDER-"
"""The prefix of the ids of cases that are still to be written; no verdict rests on them."""


@dataclass(frozen=True, slots=True)
class Check:
    """A yes-or-no demand on an output."""

    name: str = field(metadata=EXACT)
    """Which check: contains, excludes, matches, max_words, min_words, json, terms, grounded."""
    value: Any = field(metadata=TEXT)
    """The argument of the check; its type depends on the check."""
    level: Level = field(default="must", metadata=EXACT)
    """How much a failure counts for."""


@dataclass(frozen=True, slots=True)
class Case:
    """An input with its ideal outputs, written by a person."""

    id: str = field(metadata=EXACT)
    """Name of the case, unique in its benchmark."""
    input: str = field(metadata=TEXT)
    """The text that is filled into the benchmark's template; the user's last turn."""
    ideals: tuple[str, ...] = field(metadata=TEXT)
    """Acceptable outputs, at least one; a score is the best over them."""
    slices: Mapping[str, str] = field(default_factory=dict, metadata=LABELS)
    """Named groups that the case belongs to, such as industry=logistics."""
    critical: bool = False
    """Whether breaking this case alone rejects an adapter."""
    checks: tuple[Check, ...] = ()
    """Demands on every output of this case."""
    group: str | None = field(default=None, metadata=QUOTING)
    """Name shared by cases that are not independent; standard errors are clustered by it."""
    turns: tuple[Message, ...] = ()
    """The conversation before the input, for a case that was written as `messages`."""
    system: str | None = field(default=None, metadata=TEXT)
    """The system turn of this case; None for the benchmark's own."""
    context: tuple[str, ...] = field(default=(), metadata=TEXT)
    """Retrieved texts, filled into the template's `{context}`."""

    @property
    def conversation(self) -> str:
        """All turns as one text, for comparisons; a case without earlier turns is its input."""
        return conversation(self.turns, self.input)

    @property
    def given(self) -> tuple[str, ...]:
        """Every text that is this case's own and that the model sees, the input last."""
        own = (self.system,) if self.system else ()
        return (*own, *self.context, *(turn.content for turn in self.turns), self.input)

    @property
    def placeholder(self) -> bool:
        """Whether the case only marks the place of a real case."""
        return self.id.startswith(PLACEHOLDER)


@dataclass(frozen=True, slots=True)
class Example:
    """An input with its output, shown to the base model in `base+prompt`."""

    input: str = field(metadata=TEXT)
    """The user's turn, filled into the template like the input of a case."""
    output: str = field(metadata=TEXT)
    """The assistant's turn."""
    turns: tuple[Message, ...] = ()
    """The conversation before the input, for an example that was written as `messages`."""
    context: tuple[str, ...] = field(default=(), metadata=TEXT)
    """Retrieved texts, filled into the template's `{context}`."""


@dataclass(frozen=True, slots=True)
class Generation:
    """The settings of decoding; all but the time limit are part of an output's address."""

    max_new_tokens: int = 64
    """Tokens of one output at most."""
    dtype: str = field(default="auto", metadata=EXACT)
    """auto (the fastest that the device does well), bfloat16, float16 or float32."""
    batch: int = 16
    """Rows per forward pass; always filled up, so that no text depends on its neighbours."""
    seed: int = 0
    """Seed of the drawn samples."""
    samples: int = 1
    """Outputs per case; more than one needs a temperature."""
    temperature: float = 0.0
    """Temperature of the drawn samples; 0 decodes greedily."""
    max_seconds: float = 600.0
    """Time limit of one output; the text written by then is kept and marked."""

    @property
    def decoding(self) -> dict[str, object]:
        """The part that outputs are addressed by; the time limit only cuts them off."""
        return {key: value for key, value in asdict(self).items() if key != "max_seconds"}


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
    reserve_drop: float = 0.004
    """In place of `drop_alpha` at each look."""
    reserve_collapsed: tuple[int, ...] = (2, 2, 3)
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


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A named, fingerprinted set of cases for a task, or a guard that every adapter must keep."""

    name: str = field(metadata=EXACT)
    """Name of the benchmark, unique in its project."""
    task: str | None = field(metadata=EXACT)
    """The task whose adapters it judges; None for a guard."""
    cases: tuple[Case, ...]
    """Its cases, in the order of the file."""
    fingerprint: str = field(metadata=EXACT)
    """Digest of cases, system, template and metrics; verdicts never compare across it."""
    description: str = field(default="", metadata=QUOTING)
    """The team's own explanation of it."""
    system: str = field(default="", metadata=TEXT)
    """The system turn of every prompt; no such turn where empty."""
    template: str = field(default="{input}", metadata=TEXT)
    """The user's last turn, with `{input}` and `{context}` in place of the case's own."""
    examples: tuple[Example, ...] = ()
    """Examples that `base+prompt` sees before the input."""
    generation: Generation = Generation()
    """How outputs are decoded."""
    metrics: tuple[MetricRule, ...] = ()
    """What each metric counts for."""
    policy: Policy = Policy()
    """The constants of its verdicts."""
    chat: Chat = field(default_factory=Chat)
    """The chat template of its prompts."""
    reserve: tuple[Case, ...] = ()
    """Further cases in a fixed order, used only while a verdict is open; not in the fingerprint."""

    @property
    def guard(self) -> bool:
        """Whether every adapter must keep it, regardless of its task."""
        return self.task is None

    @property
    def all_cases(self) -> tuple[Case, ...]:
        """Its cases and those of its reserve: no training set may hold any of them."""
        return (*self.cases, *self.reserve)


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """A case over the newest complete run of every adapter on this benchmark version."""

    case: str = field(metadata=EXACT)
    """Id of the case."""
    adapters: int
    """Number of adapters with an output for it."""
    right: int
    """How many of those got it right: edit similarity at least 0.9, or clean."""
    best: float | None
    """The highest edit similarity among them; None where none has this score."""
    ranges: Mapping[str, float] = field(default_factory=dict)
    """By metric, the highest score minus the lowest."""
    base_right: bool | None = None
    """Whether even the plain base gets it right; None where the base was not run."""


@dataclass(frozen=True, slots=True)
class CasesNeeded:
    """The number of cases that a margin takes, by the spread seen so far."""

    metric: str = field(metadata=EXACT)
    """Name of the metric."""
    margin: float
    """The margin that is to be certified."""
    needed: int
    """Number of cases for it."""
    spread: float
    """Standard deviation of the paired differences; the median over the pairs."""
    pairs: tuple[tuple[str, str], ...] = field(metadata=EXACT)
    """The adapters that were compared for it."""


@dataclass(frozen=True, slots=True)
class BenchmarkHealth:
    """The figures of a benchmark check, shown beside its findings."""

    name: str = field(metadata=EXACT)
    """Name of the benchmark."""
    task: str | None = field(metadata=EXACT)
    """Its task; None for a guard."""
    cases: int
    """Number of cases that could be read."""
    fingerprint: str | None = field(metadata=EXACT)
    """Its fingerprint; None while refused lines keep it from being a benchmark."""
    adapters: tuple[str, ...] = field(default=(), metadata=EXACT)
    """Adapters with a complete run on this version."""
    judged: int = 0
    """Number of candidates that this version has judged."""
    luck: float | None = None
    """The risk that one of them, worse by exactly the margin, passed by luck."""
    needed: tuple[CasesNeeded, ...] = ()
    """The cases that each margin takes."""
    notes: tuple[str, ...] = field(default=(), metadata=QUOTING)
    """Checks that were not possible, each with its reason."""
    reserve: int = 0
    """Number of cases in its reserve."""
    reserve_looks: tuple[int, ...] = ()
    """Numbers of reserve cases after which an open verdict is looked at again."""
    looked_at: int = 0
    """Number of reserve cases that verdicts on this version have looked at."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that differs between two versions, both values as text."""

    field: str = dataclasses.field(metadata=EXACT)
    """Name of the field."""
    old: str = dataclasses.field(metadata=TEXT)
    """Its value in the old version."""
    new: str = dataclasses.field(metadata=TEXT)
    """Its value in the new version."""


@dataclass(frozen=True, slots=True)
class CaseDifference:
    """A case that is in both versions and differs."""

    case: str = field(metadata=EXACT)
    """Id of the case."""
    fields: tuple[FieldChange, ...]
    """The fields that differ."""


@dataclass(frozen=True, slots=True)
class ReserveDifference:
    """The differences between the reserves of two versions of a benchmark."""

    added: tuple[str, ...] = field(metadata=EXACT)
    """Ids of the cases of the new reserve only."""
    removed: tuple[str, ...] = field(metadata=EXACT)
    """Ids of the cases of the old reserve only."""
    changed: tuple[str, ...] = field(metadata=EXACT)
    """Ids of the cases of both that differ."""
    begins_alike: bool
    """Whether the new reserve begins with the old: only then do verdicts on it still compare."""


@dataclass(frozen=True, slots=True)
class BenchmarkDifference:
    """The differences between two versions of a benchmark."""

    old: str = field(metadata=EXACT)
    """The place of the old version, as the user named it."""
    new: str = field(metadata=EXACT)
    """The place of the new version, as the user named it."""
    old_fingerprint: str = field(metadata=EXACT)
    """Fingerprint of the old version."""
    new_fingerprint: str = field(metadata=EXACT)
    """Fingerprint of the new version."""
    added: tuple[Case, ...] = ()
    """Cases of the new version only."""
    removed: tuple[Case, ...] = ()
    """Cases of the old version only."""
    changed: tuple[CaseDifference, ...] = ()
    """Cases of both versions that differ."""
    settings: tuple[FieldChange, ...] = ()
    """Differences outside the cases."""
    whole: bool = True
    """Whether the settings could be compared; a version known only from its runs has none."""
    reserve: ReserveDifference | None = None
    """The differences between the reserves; None where they are equal, or are not known."""

    @property
    def same(self) -> bool:
        """Whether the two versions are equal."""
        changed = self.added or self.removed or self.changed or self.settings or self.reserve
        return not changed and self.old_fingerprint == self.new_fingerprint


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """A readable line of a training set, to be compared with the cases of benchmarks."""

    line: int
    """Its line number, from 1, blank lines included, as an editor shows it."""
    input: str = field(metadata=TEXT)
    """The text that the adapter is given."""
    output: str = field(metadata=TEXT)
    """The text that it learns to write."""
    slices: Mapping[str, str] = field(default_factory=dict, metadata=LABELS)
    """Named groups such as kind=opener; not learnt, they only say which cases it resembles."""
    turns: tuple[Message, ...] = ()
    """The conversation before the input, without its system turn."""
    context: tuple[str, ...] = field(default=(), metadata=TEXT)
    """Retrieved texts, filled into the template's `{context}`."""
    system: str | None = field(default=None, metadata=TEXT)
    """The system turn that it is learnt with; None for the benchmark's own."""
    learnt: tuple[int, ...] = ()
    """Places in `turns` of the assistant's turns that are learnt as the output is."""
    retired: str = field(default="", metadata=EXACT)
    """The day from which it is kept, but no longer taught; empty while it is taught."""
    repeat: int = 1
    """How many times it is taught in an epoch."""

    @property
    def as_taught(self) -> str:
        """The output, marked where it is retired or taught more than once."""
        if self.retired:
            return f"{self.output} (retired {self.retired})"
        return self.output if self.repeat == 1 else f"{self.output} (taught {self.repeat} times)"

    @property
    def conversation(self) -> str:
        """All turns before the output as one text, for comparisons."""
        return conversation(self.turns, self.input)

    @property
    def given(self) -> str:
        """All that stands before the output, as people read it; the input where it is alone."""
        if self.system is None and not self.turns and not self.context:
            return self.input
        system = [] if self.system is None else [f"system: {self.system}"]
        context = [f"context: {text}" for text in self.context]
        marks = {place: "" if place in self.learnt else " (not learnt)" for place in self._answers}
        turns = [f"{t.role}{marks.get(n, '')}: {t.content}" for n, t in enumerate(self.turns)]
        return "\n".join([*system, *turns, *context, f"user: {self.input}"])

    @property
    def _answers(self) -> tuple[int, ...]:
        return tuple(n for n, turn in enumerate(self.turns) if turn.role == "assistant")

    def exchanges(self) -> tuple[TrainingExample, ...]:
        """Return each output that is learnt, with the user's turn before it, as an example."""
        if not self.learnt:
            return (self,)
        early = [
            dataclasses.replace(
                self,
                input=self.turns[place - 1].content,
                output=self.turns[place].content,
                turns=self.turns[: place - 1],
                context=(),
                learnt=(),
            )
            for place in self.learnt
        ]
        return (*early, dataclasses.replace(self, learnt=()))
