"""Records of a conversation: its turns, and how a chat template makes a text of them.

Tested in tests/workspace/project/test_benchmarks.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.records.holds import EXACT, TEXT

ADAPTER_TEMPLATE = "adapter"
"""The word for the template that the adapter's folder ships."""
BASE_TEMPLATE = "base"
"""The word for the template of the base."""


@dataclass(frozen=True, slots=True)
class Message:
    """A turn of a prompt, before the base's chat template is applied."""

    role: Literal["system", "user", "assistant"] = field(metadata=EXACT)
    """The speaker of the turn."""
    content: str = field(metadata=TEXT)
    """The text of the turn."""


def conversation(turns: Sequence[Message], text: str) -> str:
    """Return a text and the turns before it as one text, without roles, for comparisons."""
    # Without roles, so that a conversation is found in data that writes the roles in another way.
    return "\n".join((*(turn.content for turn in turns), text))


@dataclass(frozen=True, slots=True)
class Chat:
    """The chat template of a benchmark's prompts, with its variables."""

    template: str = field(default="", metadata=EXACT)
    """`base`, `adapter` or the name of a file; empty where the benchmark does not say, which means
    `base`, and an adapter that ships another one is refused."""
    text: str = field(default="", metadata=EXACT)
    """The template itself, where it comes from a file."""
    kwargs: Mapping[str, Any] = field(default_factory=dict, metadata=EXACT)
    """Variables for the template, such as enable_thinking."""
    strip: Literal["", "think"] = field(default="", metadata=EXACT)
    """`think`: thoughts in `<think>…</think>` are taken out of an output before it is scored."""

    @property
    def rendering(self) -> dict[str, object]:
        """The parts that change a prompt's text, by name; empty for the base's own template."""
        found: dict[str, object] = {}
        if self.text:
            found["template"] = self.text
        elif self.template == ADAPTER_TEMPLATE:
            found["template"] = ADAPTER_TEMPLATE
        if self.kwargs:
            found["kwargs"] = dict(self.kwargs)
        return found
