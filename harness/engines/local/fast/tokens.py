"""A base's tokenizer and chat template without transformers, if neither is unusual.

Tested in tests/engines/local/fast/test_llama.py.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from harness.engines.local.chat_templates import (
    MAX_TEMPLATE,
    OF_TRANSFORMERS,
    compiled,
    is_plain,
)
from harness.engines.local.fast.files import Table, Unusual, only, read_table

if TYPE_CHECKING:
    import tokenizers
    from tokenizers import AddedToken

CLASSES = ("PreTrainedTokenizerFast", "TokenizersBackend")
"""Classes that add no behaviour to `tokenizer.json`."""
_SPECIAL = tuple(f"{name}_token" for name in ("bos", "eos", "unk", "sep", "pad", "cls", "mask"))
_HARMLESS = {
    *_SPECIAL,
    "added_tokens_decoder",
    "backend",
    "chat_template",
    "is_local",
    "local_files_only",
    "model_input_names",
    "model_max_length",
    "padding_side",
    "tokenizer_class",
}


class Tokens:
    """Texts to tokens and back, under the names that transformers' tokenizers have."""

    def __init__(
        self, tokenizer: tokenizers.Tokenizer, special: dict[str, str], template: str
    ) -> None:
        self._tokenizer, self.special_tokens_map = tokenizer, special
        self.chat_template = template

    def _id(self, name: str) -> int | None:
        token = self.special_tokens_map.get(name)
        return None if token is None else self._tokenizer.token_to_id(token)

    @property
    def added_tokens_decoder(self) -> dict[int, AddedToken]:
        """The tokens that are split off before all others, by id."""
        return self._tokenizer.get_added_tokens_decoder()

    @property
    def eos_token_id(self) -> int | None:
        """The token that ends a text."""
        return self._id("eos_token")

    @property
    def pad_token_id(self) -> int | None:
        """The token that fills rows up."""
        return self._id("pad_token")

    def encode(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        """Return the token ids of a text."""
        return self._tokenizer.encode(text, add_special_tokens=add_special_tokens).ids

    def decode(self, ids: list[int], *, skip_special_tokens: bool = False) -> str:
        """Return the text of token ids."""
        return self._tokenizer.decode(ids, skip_special_tokens=skip_special_tokens)

    def get_chat_template(self) -> str:
        """Return the template as its author wrote it."""
        return self.chat_template


def read_tokens(folder: Path) -> Tokens:
    """Read the tokenizer of a base's folder; `Unusual` if transformers is needed to read it."""
    told = read_table(folder / "tokenizer_config.json")
    only(_HARMLESS, told, "tokenizer_config.json")
    if told.get("tokenizer_class") not in CLASSES:
        raise Unusual(f"tokenizer_class is {told.get('tokenizer_class')!r}")
    special = {name: _content(told[name]) for name in _SPECIAL if told.get(name)}
    tokenizer = read_tokenizer(folder, special.values())
    if (folder / "special_tokens_map.json").is_file():
        raise Unusual("special_tokens_map.json may say something else")
    return Tokens(tokenizer, special, _template(folder, told))


def read_tokenizer(folder: Path, special: Collection[str]) -> tokenizers.Tokenizer:
    """Read `tokenizer.json`; `Unusual` unless it knows every special token as special."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as problem:  # the library raises no narrower kind for a damaged file
        raise Unusual("tokenizer.json is not readable") from problem
    added = tokenizer.get_added_tokens_decoder().values()
    if unknown := set(special) - {token.content for token in added if token.special}:
        raise Unusual(f"tokenizer.json does not know {min(unknown)!r} as special")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _content(token: object) -> str:
    found = token.get("content") if isinstance(token, dict) else token
    if not isinstance(found, str):
        raise Unusual(f"a special token is {token!r}")
    return found


def _template(folder: Path, told: Table) -> str:
    """Return the only chat template; `Unusual` if it does more than join turns."""
    file = folder / "chat_template.jinja"
    try:
        template = file.read_text(encoding="utf-8") if file.is_file() else told.get("chat_template")
    except (OSError, ValueError) as problem:
        raise Unusual(f"{file.name} is not readable") from problem
    more = (folder / "additional_chat_templates").exists()
    if not isinstance(template, str) or more or not template:
        raise Unusual("not exactly one chat template")
    if len(template) > MAX_TEMPLATE:
        raise Unusual("the chat template is too long to look at")
    if OF_TRANSFORMERS.search(template) or not is_plain(template):
        raise Unusual("the chat template does more than join turns")
    from jinja2 import TemplateError

    try:
        compiled(template)
    except (TemplateError, SyntaxError, RecursionError) as problem:  # nested too deeply, say
        raise Unusual("the chat template does not compile") from problem
    return template
