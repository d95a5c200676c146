"""A base's tokenizer and chat template without transformers, where neither is unusual."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.engines.local.chat_templates import MAX_TEMPLATE, is_plain
from harness.engines.local.fast.files import Unusual, described, only

CLASSES = ("PreTrainedTokenizerFast", "TokenizersBackend")
"""Those that are what `tokenizer.json` says and nothing more."""
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
_TEMPLATE = re.compile(r"\b(dict|generation|namespace|strftime_now|tojson)\b")
"""What transformers adds to jinja2 and this does not."""


class Tokens:
    """Texts to tokens and back, under the names that transformers' tokenizers have."""

    def __init__(self, words: Any, special: dict[str, str], template: str) -> None:
        self._words, self.special_tokens_map, self.chat_template = words, special, template
        self._turns = _compiled(template)

    def _id(self, name: str) -> int | None:
        token = self.special_tokens_map.get(name)
        found: int | None = None if token is None else self._words.token_to_id(token)
        return found

    @property
    def eos_token_id(self) -> int | None:
        """The token that ends a turn."""
        return self._id("eos_token")

    @property
    def pad_token_id(self) -> int | None:
        """The token that fills up."""
        return self._id("pad_token")

    def encode(self, text: str, add_special_tokens: bool) -> list[int]:
        """Only ever without: the chat template has written them already."""
        found: list[int] = self._words.encode(text, add_special_tokens=add_special_tokens).ids
        return found

    def decode(self, ids: Sequence[int], skip_special_tokens: bool) -> str:
        """The text of some tokens."""
        return str(self._words.decode(list(ids), skip_special_tokens=skip_special_tokens))

    def get_chat_template(self) -> str:
        """As its author wrote it."""
        return self.chat_template

    def apply_chat_template(
        self, turns: Sequence[Mapping[str, str]], tokenize: bool, add_generation_prompt: bool
    ) -> str:
        """The turns as one text."""
        return str(
            self._turns.render(
                messages=turns,
                tools=None,
                documents=None,
                add_generation_prompt=add_generation_prompt,
                **self.special_tokens_map,
            )
        )


def _compiled(template: str) -> Any:
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise TemplateError(message)

    rules = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    rules.globals["raise_exception"] = refuse
    return rules.from_string(template)


def read_tokens(folder: Path) -> Tokens:
    """The tokenizer of a base's folder; `Unusual` where transformers is needed to read it."""
    told = described(folder / "tokenizer_config.json")
    only(_HARMLESS, told, "tokenizer_config.json")
    if told.get("tokenizer_class") not in CLASSES:
        raise Unusual(f"tokenizer_class is {told.get('tokenizer_class')!r}")
    special = {name: _content(told[name]) for name in _SPECIAL if told.get(name)}
    words = read_words(folder, special.values())
    if (folder / "special_tokens_map.json").is_file():
        raise Unusual("special_tokens_map.json may say something else")
    return Tokens(words, special, _template(folder, told))


def read_words(folder: Path, special: Any) -> Any:
    """`tokenizer.json`, in which every special token is known as one."""
    from tokenizers import Tokenizer

    words = Tokenizer.from_file(str(folder / "tokenizer.json"))
    added = words.get_added_tokens_decoder().values()
    if unknown := set(special) - {token.content for token in added if token.special}:
        raise Unusual(f"tokenizer.json does not know {min(unknown)!r} as special")
    words.no_padding()
    words.no_truncation()
    return words


def _content(token: Any) -> str:
    found = token.get("content") if isinstance(token, dict) else token
    if not isinstance(found, str):
        raise Unusual(f"a special token is {token!r}")
    return found


def _template(folder: Path, told: Mapping[str, Any]) -> str:
    """The one chat template, where it is a plain one."""
    file = folder / "chat_template.jinja"
    template = file.read_text(encoding="utf-8") if file.is_file() else told.get("chat_template")
    more = (folder / "additional_chat_templates").exists()
    if not isinstance(template, str) or more or not template:
        raise Unusual("not exactly one chat template")
    if len(template) > MAX_TEMPLATE:
        raise Unusual("the chat template is too long to look at")
    if _TEMPLATE.search(template) or not is_plain(template):
        raise Unusual("the chat template does more than join turns")
    return template
