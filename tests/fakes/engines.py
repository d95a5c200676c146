"""Engines that keep the protocol without any model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from harness.engines.protocol import Mounted, Weighed
from harness.errors import EngineFailed
from harness.records import Generation, Output, Prompt


class EchoEngine:
    """Answer with the last turn, upside down with an adapter, and count all requests."""

    name = "echo"
    likelihoods = True

    def __init__(
        self,
        write: Callable[[Mounted, Prompt], str] | None = None,
        *,
        batch: int = 2,
        fail_after: int | None = None,
    ) -> None:
        """Fail after `fail_after` batches, as a machine does in the middle of a run."""
        self.write = write or _echo
        self.batch = batch
        self.fail_after = fail_after
        self.written: list[tuple[str, str, int]] = []
        """(adapter, case, sample) in the order of writing."""
        self.weighed: list[tuple[str, str, int]] = []
        """(adapter, case, ideal)."""

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """Return enough of an origin for content keys."""
        return {"engine": self.name, "decoding": {"temperature": generation.temperature}}

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """Yield outputs in batches of `batch`."""
        for number, start in enumerate(range(0, len(prompts), self.batch)):
            if number == self.fail_after:
                raise EngineFailed(f"{adapter.name}: the machine broke after {number} batches")
            some = prompts[start : start + self.batch]
            self.written += [(adapter.name, p.case, p.sample) for p in some]
            yield tuple(Output(p.case, self.write(adapter, p), p.sample, 3) for p in some)

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Yield the same likelihood for all ideals; one batch per prompt."""
        for prompt in prompts:
            self.weighed += [(adapter.name, prompt.case, i) for i in range(len(prompt.ideals))]
            yield tuple(Weighed(prompt.case, i, 0.5) for i in range(len(prompt.ideals)))

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float | None:
        """Return no shift, for lack of logits."""
        return None

    def close(self) -> None:
        """Do nothing; no resources are held."""


def _echo(adapter: Mounted, prompt: Prompt) -> str:
    text = prompt.messages[-1].content
    return text if adapter.folder is None else text[::-1]


class Watched(EchoEngine):
    """Remember the order of requests; fail at request number `fail_at`."""

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
