"""Entry point group `harness.engines`: what stands behind `NAME:` in, an engine out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from harness import Engine, Generation, HarnessError, Mounted, Output, Prompt, Weighed


class Phrasebook:
    """Answers with the phrase that stands beside a word of the prompt; the adapter's name signs."""

    name = "phrasebook"
    likelihoods = False
    """It cannot say how likely an ideal is; a benchmark that gates on that is inconclusive."""

    def __init__(self, file: Path) -> None:
        try:
            text = file.read_text(encoding="utf-8")
            self.phrases = dict(json.loads(text))
        except (OSError, ValueError) as problem:
            raise HarnessError(f"{file}: is no phrasebook ({problem})") from None
        self.digest = hashlib.sha256(text.encode()).hexdigest()

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """Everything that could change an answer, besides adapter and prompt."""
        return {"phrases": self.digest}

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """Batch by batch, so that what is finished can be kept; here each prompt is a batch."""
        for prompt in prompts:
            asked = prompt.messages[-1].content
            known = [phrase for word, phrase in self.phrases.items() if word in asked]
            text = known[0] if known else "Hello."
            signed = text if adapter.folder is None else f"{text} {adapter.name}"
            yield (Output(prompt.case, signed, prompt.sample),)

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Never asked for, since `likelihoods` is false."""
        yield from ()


def open_phrasebook(place: str, base: Callable[[], Path]) -> Engine:
    """`phrasebook:FILE`; `base()` would give the folder of the base model, which is not needed."""
    return Phrasebook(Path(place))
