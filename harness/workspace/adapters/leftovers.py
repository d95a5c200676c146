"""Tell the files of an adapter's folder that are loaded from those that a trainer left there.

Trainers leave pickles, logs and whole checkpoints beside an adapter. Nothing opens these, so they
do no harm; a pickle in the weights' own place and code that belongs to a model are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from harness.errors import AdapterRefused
from harness.workspace.adapters.files import (
    CONFIG,
    TRAINING,
    WEIGHTS,
    contents,
    judged_names,
)
from harness.workspace.formats.reading import read_text

_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib")
_COMPILED = (".pyc", ".pyd", ".so", ".dll", ".dylib")
_MODEL_CODE = re.compile(r"(modeling|modelling|configuration|tokenization|processing).*\.py")
"""The names of code that transformers loads from a folder where it is allowed to."""
_EXPECTED = frozenset({"README.md", TRAINING, "model.sig", "LICENSE"})
_MAX_NAMED = 6
_CACHES = "__pycache__"


def folder_faults(folder: Path) -> Iterator[str]:
    """Yield what is wrong with the files: a pickle as weights, code, a missing file."""
    files = [path for path in contents(folder) if path.is_file() and path.parent.name != _CACHES]
    beside = sorted(path.name for path in files if path.parent == folder)
    pickles = [name for name in beside if name.lower().endswith(_PICKLES)]
    weights = [name for name in pickles if name.lower().startswith("adapter_model.")]
    if not (folder / WEIGHTS).is_file():
        weights = weights or pickles
    for name in weights[:1]:
        yield (
            f"{shown(name)} is a pickle, which runs code when loaded; save it as safetensors"
            " (PEFT's `save_pretrained` does)"
        )
    for code in sorted(path.name for path in files if _is_code(folder, path)):
        yield f"{shown(code)} is code, an adapter is weights and a config only"
    for needed in (CONFIG, WEIGHTS):
        if not (folder / needed).is_file():
            yield f"{needed} is missing, `save_pretrained` of PEFT writes it"


def _is_code(folder: Path, path: Path) -> bool:
    name = path.name.lower()
    if name.endswith(_COMPILED) or _MODEL_CODE.fullmatch(name):
        return True
    # Scripts such as DeepSpeed's `zero_to_fp32.py` are passed over, unless a config names them.
    return name.endswith(".py") and path.parent == folder and _is_named(folder, path.stem)


def _is_named(folder: Path, module: str) -> bool:
    for config in (CONFIG, "tokenizer_config.json"):
        if (folder / config).is_file():
            text = read_text(folder / config, AdapterRefused)
            if re.search(rf'["/-]{re.escape(module)}[."]', text):
                return True
    return False


def passed_over(folder: Path) -> str:
    """Return the files and folders that nothing loads, as a list for people; empty for none."""
    known = {*judged_names(folder), *_EXPECTED}
    found = [
        path.name + ("/" if path.is_dir() else "")
        for path in sorted(folder.iterdir())
        if path.name not in known and not path.name.startswith(".")
    ]
    some = ", ".join(map(shown, found[:_MAX_NAMED]))
    more = len(found) - _MAX_NAMED
    return f"{some} and {more} more" if more > 0 else some


def shown(name: str) -> str:
    """Return a file's name for one line of text: short, and without controls."""
    return (name if name.isprintable() else ascii(name)[1:-1])[:80]
