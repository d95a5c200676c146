"""Engines that keep the protocol without any model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from harness.engines.protocol import Mounted, Weighed
from harness.errors import EngineFailed
from harness.records import Generation, Output, Prompt


class EchoEngine:
    """Answers with the last turn, upside down with an adapter; counts all that it was asked."""

    name = "echo"
    likelihoods = True

    def __init__(
        self,
        write: Callable[[Mounted, Prompt], str] | None = None,
        *,
        batch: int = 2,
        fail_after: int | None = None,
    ) -> None:
        """`fail_after` batches it breaks, as a machine does in the middle of a run."""
        self.write = write or _echo
        self.batch = batch
        self.fail_after = fail_after
        self.written: list[tuple[str, str, int]] = []
        """(adapter, case, sample) in the order of writing."""
        self.weighed: list[tuple[str, str, int]] = []
        """(adapter, case, ideal)."""

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """Enough to be addressed by."""
        return {"engine": self.name, "decoding": {"temperature": generation.temperature}}

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """In batches of `batch`."""
        for number, start in enumerate(range(0, len(prompts), self.batch)):
            if number == self.fail_after:
                raise EngineFailed(f"{adapter.name}: the machine broke after {number} batches")
            some = prompts[start : start + self.batch]
            self.written += [(adapter.name, p.case, p.sample) for p in some]
            yield tuple(Output(p.case, self.write(adapter, p), p.sample, 3) for p in some)

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """The same for everything; one batch per prompt."""
        for prompt in prompts:
            self.weighed += [(adapter.name, prompt.case, i) for i in range(len(prompt.ideals))]
            yield tuple(Weighed(prompt.case, i, 0.5) for i in range(len(prompt.ideals)))

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float | None:
        """It has no logits."""
        return None

    def close(self) -> None:
        """It holds nothing."""


def _echo(adapter: Mounted, prompt: Prompt) -> str:
    text = prompt.messages[-1].content
    return text if adapter.folder is None else text[::-1]


class Watched(EchoEngine):
    """Remembers in which order it was asked for what; breaks when asked the `fail_at`-th time."""

    def __init__(self, fail_at: int | None = None) -> None:
        super().__init__()
        self.asked: list[tuple[str, list[str]]] = []
        self.fail_at = fail_at

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        if len(self.asked) == self.fail_at:
            raise EngineFailed("the machine broke")
        self.asked.append(("write", [prompt.case for prompt in prompts]))
        return super().generate(adapter, prompts, generation)

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        self.asked.append(("weigh", [prompt.case for prompt in prompts]))
        return super().likelihood(adapter, prompts, generation)
