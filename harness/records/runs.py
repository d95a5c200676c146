"""Runs in words: what was asked, what a model wrote, how it scored, and all that repeats it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.records.benchmark import Case, Level
from harness.records.holds import EXACT, QUOTING, TEXT

BASE = "base"
"""Reserved adapter name: the base model without an adapter."""
BASE_PROMPT = "base+prompt"
"""Reserved adapter name: the base model with the benchmark's own examples in the prompt."""
RESERVED = (BASE, BASE_PROMPT)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a prompt, before the base's chat template is applied."""

    role: Literal["system", "user", "assistant"] = field(metadata=EXACT)
    content: str = field(metadata=TEXT)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What an engine is asked for one case: the turns, which sample, and the ideals to weigh."""

    case: str = field(metadata=EXACT)
    messages: tuple[Message, ...]
    ideals: tuple[str, ...] = field(default=(), metadata=TEXT)
    sample: int = 0
    """Counts from 0; only above 0 when several samples are drawn."""


@dataclass(frozen=True, slots=True)
class Output:
    """The text that a model wrote for a case."""

    case: str = field(metadata=EXACT)
    text: str = field(metadata=TEXT)
    sample: int = 0
    tokens: int | None = None
    finish: Literal["stop", "length", "time"] = field(default="stop", metadata=EXACT)
    """`length`: cut off at the token limit. `time`: at the time limit."""
    ideal_nlls: tuple[float | None, ...] = ()
    """Mean token NLL of each ideal given the prompt; None or empty where the engine has none."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether one output passed one check, and why not."""

    name: str = field(metadata=EXACT)
    level: Level = field(metadata=EXACT)
    passed: bool
    message: str = field(default="", metadata=TEXT)


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
    sample_scores: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    """By metric, each sample's own score where there are several; `scores` are their means."""

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

    id: str = field(metadata=EXACT)
    adapter: str = field(metadata=EXACT)
    benchmark: str = field(metadata=EXACT)
    task: str | None = field(metadata=EXACT)
    fingerprint: str = field(metadata=EXACT)
    """Of the benchmark."""
    results: tuple[CaseResult, ...]
    complete: bool
    """Whether every case of the benchmark is there; an incomplete run can never promote."""
    digests: Mapping[str, str] = field(default_factory=dict, metadata=EXACT)
    """sha256 of adapter, base, embedder and whatever else decided."""
    origin: Mapping[str, Any] = field(default_factory=dict, metadata=EXACT)
    """Engine, decoding, dtype, device, versions, seeds, commit, dirty flag."""
    started: str = field(default="", metadata=EXACT)
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


Flag = Literal["broken", "fixed", "reworded", "changed", "same", "missing"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One case on both sides."""

    case: Case
    reference: CaseResult | None
    candidate: CaseResult | None
    scores: Mapping[str, tuple[float | None, float | None]]
    """By metric, the reference's and the candidate's."""
    change: float | None
    """Candidate minus reference on the chosen metric, better upwards."""
    flag: Flag = field(metadata=EXACT)
    """What the verdict says of the case, else whether the output is the same; missing: one side."""
    accepted: str | None = field(metadata=QUOTING)
    """Who accepted the broken case, and why."""
