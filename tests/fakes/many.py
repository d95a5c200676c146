"""A small project whose base really runs, with several adapters on it.

made = ManyAdapters(folder, ("one", "two"))
with made.loads() as loads:        # how often a base was loaded meanwhile
    ...
assert len(loads) == 1
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.engines.local.engine import Transformers
from tests.fakes.llama import TinyLlama
from tests.fakes.project import SETTINGS, TinyProject


class ManyAdapters:
    """The tiny project's benchmarks, judged in process on a Llama of two layers."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.project = TinyProject(folder)
        base = folder / "llama"
        llama = TinyLlama(base)
        for seed, name in enumerate(names):
            llama.adapter(folder / "adapters" / name, name=name, seed=seed)
        text = SETTINGS.replace('"base"', '"llama"').replace('"recorded"', '"transformers"')
        short = "[tool.harness.generation]\nmax_new_tokens = 4\ndtype = 'float32'\nbatch = 8\n"
        self.project.write("pyproject.toml", text + short)

    @contextmanager
    def loads(self) -> Iterator[list[Any]]:
        """Collect every load of a base while the block runs."""
        found: list[Any] = []
        real = Transformers._load

        def counted(engine: Transformers, dtype: str) -> Any:
            found.append(dtype)
            return real(engine, dtype)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Transformers, "_load", counted)
            yield found
