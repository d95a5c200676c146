"""Records of a benchmark: its cases, and how their outputs are made and judged.

Tested in tests/workspace/project/test_benchmarks.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from harness.records.holds import EXACT, LABELS, QUOTING, TEXT
from harness.records.policy import MetricRule, Policy
from harness.records.turns import Chat, Message, conversation

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


def slice_names(slices: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of slices as reports and filters have them: industry=logistics."""
    return tuple(f"{key}={value}" for key, value in slices.items())


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
    policy: Policy = field(default_factory=Policy)
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
