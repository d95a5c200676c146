"""Records of a run: prompts, outputs, their scores, and all that is needed to repeat it.

Tested in tests/store/test_round_trips.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.records.benchmark import Case, Level
from harness.records.holds import EXACT, QUOTING, TEXT
from harness.records.presented import Presented
from harness.records.turns import Chat, Message

BASE = "base"
"""Reserved adapter name: the base model without an adapter."""
BASE_PROMPT = "base+prompt"
"""Reserved adapter name: the base model with the benchmark's own examples in the prompt."""
RESERVED = (BASE, BASE_PROMPT)
"""Names that no adapter may have."""
NOT_BYTES = "a name, not bytes"
"""Stands for the digest of a base where a model is only a name on a server."""
_BY_SERVER = ("batch", "dtype")
"""Settings of decoding that a server decides."""
EXPORTED = "+"
"""Stands between an adapter's name and that of its export: no adapter's own name has it."""


def exported_adapter(name: str) -> str | None:
    """Return the adapter that `adapter_v2+merged` is an export of; None for every other name."""
    of, sign, _ = name.partition(EXPORTED)
    return of if sign and name not in RESERVED else None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request to an engine for a case: the turns, the sample, and the ideals to weigh."""

    case: str = field(metadata=EXACT)
    """Id of the case."""
    messages: tuple[Message, ...]
    """The turns, in order."""
    ideals: tuple[str, ...] = field(default=(), metadata=TEXT)
    """Texts whose likelihood after these turns is measured."""
    sample: int = 0
    """Number of the sample, from 0; above 0 only when several samples are drawn."""
    chat: Chat = field(default_factory=Chat)
    """The chat template that makes a text of the turns."""


@dataclass(frozen=True, slots=True)
class Output:
    """A text that a model wrote for a case."""

    case: str = field(metadata=EXACT)
    """Id of the case."""
    text: str = field(metadata=TEXT)
    """The text, without the prompt."""
    sample: int = 0
    """Number of the sample, from 0."""
    tokens: int | None = None
    """Length in tokens; None where the engine does not tell."""
    finish: Literal["stop", "length", "time"] = field(default="stop", metadata=EXACT)
    """`length`: cut off at the token limit. `time`: cut off at the time limit."""
    ideal_nlls: tuple[float | None, ...] = ()
    """Mean token NLL of each ideal given the prompt; None or empty where the engine has none."""
    answer: str | None = field(default=None, metadata=TEXT)
    """The text without its thoughts, where the benchmark strips them; None where it has none."""
    unended: bool = False
    """Whether its thoughts never end, so that it has no answer."""

    @property
    def scored(self) -> str:
        """The text that is scored, checked and shown: the answer, else the text."""
        return self.text if self.answer is None else self.answer


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check on an output."""

    name: str = field(metadata=EXACT)
    """Name of the check."""
    level: Level = field(metadata=EXACT)
    """How much a failure counts for."""
    passed: bool
    """Whether the output passed."""
    message: str = field(default="", metadata=TEXT)
    """Why it failed; empty where it passed."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case with its outputs and scores; enough to judge without the files."""

    case: Case
    """The case as it was when the run was made."""
    outputs: tuple[Output, ...]
    """One output per sample."""
    scores: Mapping[str, float | None]
    """By metric, the mean over samples; None is missing, which is not zero."""
    best_ideals: Mapping[str, int] = field(default_factory=dict)
    """By metric, the index of the ideal that scored best (first sample)."""
    checks: tuple[CheckResult, ...] = ()
    """Results over all samples: a check fails when any sample fails it."""
    sample_scores: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    """By metric, the score of each sample where there are several; `scores` are their means."""

    @property
    def text(self) -> str:
        """The first sample's text, without thoughts where they are stripped."""
        return self.outputs[0].scored if self.outputs else ""

    @property
    def whole(self) -> str | None:
        """The first sample's text with its thoughts; None where none were taken out."""
        first = self.outputs[0] if self.outputs else None
        return None if first is None or first.answer is None else first.text

    @property
    def unended(self) -> bool:
        """Whether the first sample never ended its thinking."""
        return bool(self.outputs) and self.outputs[0].unended

    @property
    def failed_musts(self) -> tuple[CheckResult, ...]:
        """The `must` checks that failed."""
        return tuple(c for c in self.checks if c.level == "must" and not c.passed)


ASPECTS = ("benchmark version", "base", "decoding")
"""The properties that two runs must share, in the order of `Run.like`."""


@dataclass(frozen=True, slots=True)
class Run(Presented):
    """All outputs and scores of an adapter on a benchmark, with all that repeats them."""

    id: str = field(metadata=EXACT)
    """Readable name of the run, unique in the store."""
    adapter: str = field(metadata=EXACT)
    """Name of the adapter."""
    benchmark: str = field(metadata=EXACT)
    """Name of the benchmark."""
    task: str | None = field(metadata=EXACT)
    """Task of the benchmark; None for a guard."""
    fingerprint: str = field(metadata=EXACT)
    """Fingerprint of the benchmark."""
    results: tuple[CaseResult, ...]
    """One result per case, in the benchmark's order."""
    complete: bool
    """Whether every case of the benchmark is there; an incomplete run can never promote."""
    digests: Mapping[str, str] = field(default_factory=dict, metadata=EXACT)
    """sha256 of adapter, base, embedder and all other bytes that influenced the scores."""
    origin: Mapping[str, Any] = field(default_factory=dict, metadata=EXACT)
    """Engine, decoding, dtype, device, versions, seeds, commit, dirty flag."""
    started: str = field(default="", metadata=EXACT)
    """Start of the run; ISO 8601, UTC."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Durations by step."""

    @property
    def like(self) -> tuple[str, ...]:
        """The properties that two runs must share before their scores may be compared."""
        return (
            self.fingerprint,
            self.digests.get("base", ""),
            str(self.origin.get("decoding", "")),
        )

    @property
    def named(self) -> bool:
        """Whether its adapter is only the name of a model on a server."""
        return self.digests.get("base") == NOT_BYTES

    def unlike(self, other: Run) -> Iterator[tuple[str, str, str]]:
        """Yield what must be shared and is not: its name, and both values.

        A name is a whole model: it has no base, and decodes as its server does.
        """
        for aspect, mine, theirs in zip(ASPECTS, self.like, other.like, strict=True):
            if mine == theirs or (aspect == "base" and (self.named or other.named)):
                continue
            if aspect == "decoding" and (self.named or other.named) and _decode_alike(self, other):
                continue
            yield aspect, mine, theirs


def _decode_alike(one: Run, other: Run) -> bool:
    """Return whether two runs, one of a name, decode alike in what both settings say."""
    mine, theirs = one.origin.get("decoding"), other.origin.get("decoding")
    if not isinstance(mine, Mapping) or not isinstance(theirs, Mapping):
        return True
    shared = (mine.keys() & theirs.keys()) - {*_BY_SERVER}
    return all(mine[key] == theirs[key] for key in shared)


Flag = Literal["broken", "fixed", "reworded", "changed", "same", "missing"]
"""The verdict's word for a case, else whether the output changed; `missing`: one run lacks it."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A case in the run of the reference and in that of the candidate."""

    case: Case
    """The case."""
    reference: CaseResult | None
    """Its result in the reference's run; None where that lacks it."""
    candidate: CaseResult | None
    """Its result in the candidate's run; None where that lacks it."""
    scores: Mapping[str, tuple[float | None, float | None]]
    """By metric, the reference's and the candidate's score."""
    change: float | None
    """Candidate minus reference on the chosen metric, better upwards."""
    flag: Flag = field(metadata=EXACT)
    """How the case changed."""
    accepted: str | None = field(metadata=QUOTING)
    """The person who accepted the broken case, with the reason; None where not accepted."""
