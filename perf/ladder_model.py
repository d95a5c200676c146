"""Hold the base of the ladder, whose lower layers read every text once for all adapters.

An adapter of the ladder lies on the upper layers only, so training and weighing start where the
frozen layers end.

Tested in tests/perf/test_ladder.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from harness.engines.local.prompts import Formats
from harness.records import Chat, Message

READ = 24
"""Texts that are read at once."""
ADAPTED = 6
"""Layers that an adapter changes: the last ones."""

Row = tuple[str, str | tuple[int, ...]]
"""An input, and the text after it or the tokens of one."""


class Base:
    """The model, and the states before its adapted layers of every text that was read."""

    def __init__(self, folder: Path, system: str, dtype: str = "bfloat16") -> None:
        """Load the base; `system` stands before every input."""
        import torch
        from transformers import AutoModelForCausalLM

        self.folder, self.system, self.dtype = folder, system, dtype
        self.model: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=getattr(torch, dtype), attn_implementation="eager"
        )
        self.layers = self.model.model.layers
        self.first = max(0, len(self.layers) - ADAPTED)
        self._form = Formats(lambda: folder).of(Chat())
        self._made: dict[Row, tuple[Any, list[int]]] = {}

    def turns(self, text: str) -> tuple[Message, ...]:
        """Return the prompt of an input."""
        return Message("system", self.system), Message("user", text)

    def pair(self, row: Row) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the tokens of a prompt and of the text after it, the end token included."""
        asked, text = row
        if isinstance(text, tuple):
            return self._form.ids(self.turns(asked)), text
        return self._form.pair(self.turns(asked), text)

    def text(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens that were written."""
        return self._form.answer(tokens).strip()

    def length(self, row: Row) -> int:
        """Return the number of tokens of a text that was read, with its prompt."""
        return len(self._made[row][0])

    def read(self, rows: Sequence[Row]) -> None:
        """Keep each text's states before the first adapted layer, and its own tokens."""
        import torch

        pairs = {row: self.pair(row) for row in rows if row not in self._made}
        ordered = sorted(pairs, key=lambda row: sum(map(len, pairs[row])))
        with self._only(0, self.first + 1), torch.no_grad():
            for start in range(0, len(ordered), READ):
                batch = ordered[start : start + READ]
                ids = [torch.tensor([*pairs[row][0], *pairs[row][1]][:-1]) for row in batch]
                states = self.model.model(
                    input_ids=torch.nn.utils.rnn.pad_sequence(ids, batch_first=True),
                    output_hidden_states=True, use_cache=False,
                ).hidden_states[self.first]  # fmt: skip
                for place, row in enumerate(batch):
                    self._made[row] = states[place, : len(ids[place])].clone(), [*pairs[row][1]]

    def forget(self, rows: Sequence[Row]) -> None:
        """Drop the states of texts that will not be asked for again."""
        for row in rows:
            self._made.pop(row, None)

    def logits(self, batch: Sequence[Row]) -> tuple[Any, Any, list[int]]:
        """Return the logits before each token of the texts, the tokens, and each text's number.

        The texts follow each other. Call within `upper`. Padding comes last in a row, where nothing
        that counts looks at it.
        """
        import torch

        states, tails = zip(*(self._made[row] for row in batch), strict=True)
        padded = torch.nn.utils.rnn.pad_sequence(list(states), batch_first=True)
        seen = self.model.model(inputs_embeds=padded, use_cache=False).last_hidden_state
        own = [
            place * padded.shape[1] + token
            for place, (state, tail) in enumerate(zip(states, tails, strict=True))
            for token in range(len(state) - len(tail), len(state))
        ]
        logits = self.model.lm_head(seen.flatten(0, 1)[torch.tensor(own)]).float()
        tokens = torch.tensor([token for tail in tails for token in tail])
        return logits, tokens, [len(tail) for tail in tails]

    @contextmanager
    def upper(self) -> Iterator[None]:
        """Let only the adapted layers run, on the states before them."""
        with self._only(self.first, len(self.layers)):
            yield

    @contextmanager
    def with_adapter(self, folder: Path | None) -> Iterator[None]:
        """Merge an adapter for a while; None: the base itself."""
        from peft import PeftModel

        if folder is None:
            yield
            return
        kept = [deepcopy(layer.state_dict()) for layer in self.layers[self.first :]]
        self.model = PeftModel.from_pretrained(self.model, str(folder)).merge_and_unload()
        self.layers = self.model.model.layers
        try:
            yield
        finally:
            for layer, state in zip(self.layers[self.first :], kept, strict=True):
                layer.load_state_dict(state)

    @contextmanager
    def _only(self, start: int, stop: int) -> Iterator[None]:
        self.model.model.layers = self.layers[start:stop]
        try:
            yield
        finally:
            self.model.model.layers = self.layers
