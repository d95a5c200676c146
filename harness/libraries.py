"""Import large libraries late, and those of models offline, silently and without telemetry."""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module, metadata
from typing import Any

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
"""Environment variables that the libraries read when they are imported.

GOMP_SPINCOUNT: torch's threads wait for each other thousands of times a second. Sleeping threads
wake slowly; threads that spin for long take the processor from the threads they wait for as soon as
another program runs. So they spin for a moment (DECISIONS.md has the figures).
"""


class _Late:
    """Stand for a module, and import it when one of its names is used for the first time."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        found = getattr(import_module(self._module), name)
        setattr(self, name, found)  # the next use finds it without this method
        return found


special: Any = _Late("scipy.special")
"""SciPy's special functions, which a command that ends before any figure does not wait for."""


@contextmanager
def lasting() -> Iterator[None]:
    """Pause the garbage collector during imports that stay, and exempt their objects afterwards.

    torch and transformers are half a million objects. Scanning them again and again during the
    import, at every full collection after it and at exit costs more time than many a verdict.
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
    """Set the libraries' environment variables before torch is imported; the user's stay."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)


def quiet_libraries() -> None:
    """Import transformers without output and without network calls."""
    quiet_environment()
    warnings.filterwarnings("ignore", module=r"(torch|transformers|peft|trl|accelerate)(\.|$)")
    import logging  # not at the top: the command's start does without it

    # PEFT imports it wherever it is installed, and it speaks of kernels that it would rather have.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    from transformers.utils import logging as theirs

    theirs.set_verbosity_error()
    theirs.disable_progress_bar()


def versions(names: tuple[str, ...]) -> dict[str, str]:
    """Return the installed versions of packages without importing them."""
    return {name: _version(name) for name in names}


@cache  # every run of a session names the versions, and each look-up reads a file
def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "absent"
