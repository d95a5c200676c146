"""The parts of a model and a tokenizer that this engine uses, from transformers or without it.

Tested in tests/engines/local/test_engine.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from tokenizers import AddedToken
    from torch import Tensor

    from harness.engines.local.attention import Reader


class ModelOutput(Protocol):
    """The result of a forward pass."""

    @property
    def logits(self) -> Tensor:
        """The logits of the places to keep, [batch, places, vocabulary]."""
        ...


class CausalModel(Protocol):
    """A causal language model whose attention is ours."""

    def __call__(
        self, *, input_ids: Tensor, position_ids: Tensor, reader: Reader,
        logits_to_keep: int | Tensor = 0, use_cache: bool = False,
    ) -> ModelOutput:  # fmt: skip
        """Run a forward pass over packed tokens."""
        ...

    def modules(self) -> Iterator[object]:
        """Yield the layers, the linear layers among them."""
        ...


class Tokenizer(Protocol):
    """A tokenizer with its chat template."""

    @property
    def chat_template(self) -> Any:
        """The template; some tokenizers have several by name."""
        ...

    @property
    def special_tokens_map(self) -> Mapping[str, str]:
        """The special tokens by name, such as `eos_token`."""
        ...

    @property
    def added_tokens_decoder(self) -> Mapping[int, AddedToken]:
        """The tokens that are split off before all others, the special ones among them, by id."""
        ...

    @property
    def eos_token_id(self) -> int | None:
        """The token that ends a text; a chat template may end turns with another one."""
        ...

    @property
    def pad_token_id(self) -> int | None:
        """The token that fills rows up."""
        ...

    def encode(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        """Return the token ids of a text."""
        ...

    def decode(self, token_ids: list[int], /, *, skip_special_tokens: bool = False) -> Any:
        """Return the text of token ids."""
        ...

    def get_chat_template(self) -> str:
        """Return the template as its author wrote it."""
        ...
