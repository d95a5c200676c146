"""How the model libraries are brought in: late, offline, silent, without telemetry."""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata

_QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "GOMP_SPINCOUNT": "3000",
}
"""Read by the libraries when they are imported.

The last: torch's threads wait for each other thousands of times a second. Asleep they are slow to
wake; spinning for long they take from each other the very processor they wait for, as soon as
anybody else works on the machine. So they spin for a moment (DECISIONS.md has the figures).
"""


@contextmanager
def lasting() -> Iterator[None]:
    """Around imports that stay: the collector rests meanwhile and never looks at them again.

    torch and transformers are half a million objects. Gone through again and again while they come
    in, at every full collection after that and at exit, they cost more time than many a verdict.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


def quiet_environment() -> None:
    """Before torch is imported: some of it is read at that moment. What the user set stays."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)


def quiet_libraries() -> None:
    """Import transformers so that it neither talks nor calls home."""
    quiet_environment()
    warnings.filterwarnings("ignore", module=r"(torch|transformers|peft|trl|accelerate)(\.|$)")
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def versions(names: tuple[str, ...]) -> dict[str, str]:
    """Installed versions, without importing anything."""
    return {name: _version(name) for name in names}


@cache
def _version(name: str) -> str:
    """Looked up once: every run of a session names them, and each look reads a file."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "absent"
