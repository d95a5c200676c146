"""Say which base an adapter was trained on by its own word, and how that compares with ours.

Shapes cannot tell two versions of a model apart; their names can. The word is read from
`adapter_config.json`, or from the model card where that has only a path of another machine.
"""

from __future__ import annotations

import re
from pathlib import Path

from harness.errors import AdapterRefused, HarnessError
from harness.workspace.adapters.config import read_config
from harness.workspace.adapters.files import CONFIG, read_training
from harness.workspace.adapters.model_card import named_base
from harness.workspace.formats.reading import read_json

_HUB = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_QUANTISED = re.compile(r"[2348]bit|bnb|nf4|int[48]|w?[48]a?(8|16)?bit|gptq|awq|fp8|hqq|aqlm")
_FILE = re.compile(r"[-._](i?q\d\w*|b?f(p)?(16|32))$")
"""The end of a GGUF's name, which says how it is quantised."""
_SAME_MODEL = frozenset({"unsloth", "meta", "hf", "gguf", "dynamic"})
_MAX_SHOWN = 100


def trained_on(folder: Path, reference: str, base: Path, digest: str) -> str:
    """Return a sentence on the base that an adapter was trained on; empty where it is proven.

    `reference` is the base of the settings, `base` its path and `digest` that of its content.
    """
    training = (read_training(folder) or {}).get("base")
    if isinstance(training, dict) and training.get("digest") == digest:
        return ""
    word = _own_word(folder)
    if not word or word == reference:
        return ""
    said = f"trained on {_shown(word)} (its own word), judged on {_shown(reference)}"
    return f"{said}{_difference(word, _name_of(reference, base))}"


def _own_word(folder: Path) -> str:
    try:
        word = read_config(folder / CONFIG).named_base
    except AdapterRefused:  # `doctor` says what is wrong with it
        return ""
    if _HUB.fullmatch(word):
        return word
    return named_base(folder) or word


def _name_of(reference: str, base: Path) -> str:
    """Return the base's name; a folder's is in its config, where transformers has kept it."""
    if not base.is_dir() or not (base / "config.json").is_file() or _HUB.fullmatch(reference):
        return reference
    try:
        found = read_json(base / "config.json", AdapterRefused).get("_name_or_path")
    except (HarnessError, AttributeError):
        found = None
    return found if isinstance(found, str) and _HUB.fullmatch(found) else base.name


def _difference(word: str, ours: str) -> str:
    theirs, mine = _parts(word), _parts(ours)
    if theirs[0] == mine[0]:
        if theirs[1] and not mine[1]:
            return ": the same model by name, but it was trained on a quantised one"
        return ""
    if not _HUB.fullmatch(word):
        return ": a path elsewhere, which does not say which model that was"
    return ": another model by name, so its scores here may say little about it"


def _parts(name: str) -> tuple[tuple[str, ...], bool]:
    """Return the words of a model's name without case, owner and quantisation; whether it has one.

    A file's own quantisation (`.Q4_1.gguf`) does not count: it is what the base is made from.
    """
    last = re.split(r"[/\\]", name.partition("@")[0].rstrip("/\\"))[-1].lower()
    last = _FILE.sub("", last.removesuffix(".gguf"))
    words = [word for word in re.split(r"[-._]", last) if word not in _SAME_MODEL]
    kept = tuple(word for word in words if not _QUANTISED.fullmatch(word))
    return kept, len(kept) < len(words)


def _shown(name: str) -> str:
    text = name if name.isprintable() else ascii(name)[1:-1]
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 1]}…"
