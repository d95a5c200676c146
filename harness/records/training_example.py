"""Hold an example of a training set: its turns, and the answers that are learnt.

Tested in tests/workspace/project/test_benchmarks.py.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.records.holds import EXACT, LABELS, TEXT
from harness.records.turns import Message, conversation


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
