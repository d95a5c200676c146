"""Open a base's tokenizer without its weights, and the chat formats of its prompts.

Every engine with the base's files makes the same tokens of a prompt and its ideals through here.

Tested in tests/engines/local/test_prompts.py.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.engines.local.chat_format import ChatFormat
from harness.engines.local.models import Tokenizer
from harness.engines.local.positions import read_positions
from harness.errors import AdapterRefused, BenchmarkError, EngineFailed, reason
from harness.libraries import quiet_environment, quiet_libraries
from harness.records import ADAPTER_TEMPLATE, BASE_TEMPLATE, Chat, Message, Prompt

if TYPE_CHECKING:
    from harness.engines.local.fast.tokens import Tokens

_log = logging.getLogger(__name__)

TEMPLATE_FILE, CONFIG_FILE = "chat_template.jinja", "tokenizer_config.json"
_WORDS = ("tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json", "vocab.txt")
"""Files of which each holds a vocabulary: a folder with one of them ships a tokenizer."""
MAX_CONFIG = 64 * 1024 * 1024
"""Bytes of an adapter's tokenizer settings and template that are read."""


def load_tokenizer(folder: Path) -> Tokenizer:
    """Load a folder's tokenizer with transformers."""
    quiet_libraries()
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, padding_side="left", trust_remote_code=False)
    except Exception as problem:  # a damaged folder fails in as many ways as it has files
        _log.debug("%s: its tokenizer does not load", folder, exc_info=True)
        raise EngineFailed(
            f"{folder}: its tokenizer does not load ({reason(problem)})"
        ) from problem


def usual_tokenizer(folder: Path) -> Tokens | None:
    """Read the tokenizer of a base or an adapter without transformers; None if it needs that."""
    from harness.engines.local.fast.config import read_config
    from harness.engines.local.fast.files import Unusual
    from harness.engines.local.fast.tokens import read_tokens

    try:
        if (folder / "config.json").is_file():
            read_config(folder)  # transformers gives some kinds of base a tokenizer of their own
        return read_tokens(folder)
    except Unusual as problem:
        _log.info("%s: transformers loads it (%s)", folder, problem)
        return None


class Formats:
    """The chat formats of a base: its own template's, an adapter's, and those of files."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        """Take a function for the folder, of a base or of an adapter that ships a tokenizer."""
        self._folder = folder
        self._formats: dict[str, ChatFormat] = {}
        self._fitting: set[int] = set()
        """Hashes of prompts with their format whose length was checked for an earlier adapter."""

    @cached_property
    def usual(self) -> Tokens | None:
        """The tokenizer, where transformers is not needed for it."""
        quiet_environment()
        return usual_tokenizer(self._folder())

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer, loaded with transformers where it must be."""
        return self.usual or load_tokenizer(self._folder())

    @cached_property
    def positions(self) -> int | None:
        """The number of tokens that the base can read; None where it sets no limit."""
        return read_positions(self._folder() / "config.json")

    def of(self, chat: Chat, adapter: Path | None = None) -> ChatFormat:
        """Return the format of a benchmark's `[chat]` for the adapter in a folder, or the base."""
        shipped = adapter if chat.template == ADAPTER_TEMPLATE and not chat.text else None
        key = json.dumps([chat.template, chat.rendering, str(shipped)], sort_keys=True)
        if key not in self._formats:
            self._formats[key] = self._made(chat, shipped)
        return self._formats[key]

    def _made(self, chat: Chat, adapter: Path | None) -> ChatFormat:
        if chat.text:
            return ChatFormat(self.tokenizer, chat.text, chat.kwargs, chat.template)
        own = _named_template(self.tokenizer)
        if adapter is None:
            return ChatFormat(self.tokenizer, own, chat.kwargs, BASE_TEMPLATE)
        ships = ships_tokenizer(adapter)
        tokenizer = Formats(lambda: adapter).tokenizer if ships else self.tokenizer
        template = shipped_template(adapter)
        source = BASE_TEMPLATE if template is None else ADAPTER_TEMPLATE
        return ChatFormat(tokenizer, template or own, chat.kwargs, source)

    def room(self, length: int, wanted: int) -> int:
        """Return how many of the `wanted` tokens fit behind a prompt of some length."""
        return wanted if self.positions is None else min(wanted, self.positions - length)

    def refuse_long(self, prompts: Sequence[Prompt], adapter: Path | None = None) -> None:
        """Refuse a prompt that leaves no position free, or not enough of them for an ideal."""
        if self.positions is None:
            return
        for prompt in prompts:
            form = self.of(prompt.chat, adapter)
            known = hash((form, prompt.messages, prompt.ideals))
            if known in self._fitting:
                continue
            length = len(form.ids(prompt.messages))
            tails = [sum(map(len, form.pair(prompt.messages, i))) - length for i in prompt.ideals]
            needed = max([1, *tails])
            if length + needed > self.positions:
                ideal = f" and its ideal {needed:,}" if prompt.ideals else ""
                raise BenchmarkError(
                    f"{prompt.case}: its prompt has {length:,} tokens{ideal}, the base reads"
                    f" {self.positions:,} at most; shorten the case, or take a base with more"
                    " positions"
                )
            self._fitting.add(known)


def _named_template(tokenizer: Tokenizer) -> str | None:
    """Return the base's own template; of several by name, the default."""
    if not tokenizer.chat_template:
        return None
    try:
        return str(tokenizer.get_chat_template())
    except Exception as problem:  # several, of which none is named default
        raise EngineFailed(
            f"the base's chat template does not take the prompt ({reason(problem)})"
        ) from problem


def ships_tokenizer(adapter: Path) -> bool:
    """Return whether an adapter's folder has a tokenizer beside the weights."""
    settings = (adapter / CONFIG_FILE).is_file()
    return settings and any((adapter / name).is_file() for name in _WORDS)


def shipped_template(adapter: Path) -> str | None:
    """Return the chat template in an adapter's folder; None where it ships none."""
    text = _read(adapter / TEMPLATE_FILE)
    if text is not None:
        return text
    try:
        settings: Any = json.loads(_read(adapter / CONFIG_FILE) or "{}")
    except (ValueError, RecursionError) as problem:
        raise AdapterRefused(f"{adapter.name}: {CONFIG_FILE} is not JSON") from problem
    found = settings.get("chat_template") if isinstance(settings, dict) else None
    if isinstance(found, list):  # several by name, as older files have them
        found = {row.get("name"): row.get("template") for row in found if isinstance(row, dict)}
    if isinstance(found, dict):
        found = found.get("default")
    return found if isinstance(found, str) and found else None


def _read(file: Path) -> str | None:
    if not file.is_file():
        return None
    if file.stat().st_size > MAX_CONFIG:
        raise AdapterRefused(f"{file.name}: more than {MAX_CONFIG:,} bytes are not read")
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        raise AdapterRefused(f"{file.name}: is no text ({reason(problem)})") from problem


def prompt_ids(
    tokenizer: Tokenizer, messages: Sequence[Message], ask: bool = True
) -> tuple[int, ...]:
    """Tokenize turns with the tokenizer's own chat template, or as plain lines without one.

    `ask`: whether the assistant's turn is opened after them.
    """
    return ChatFormat(tokenizer, _named_template(tokenizer), {}).ids(messages, ask)
