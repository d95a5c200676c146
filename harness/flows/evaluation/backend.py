"""The interface between flows and engines: adapters and prompts in, outputs and likelihoods out.

Tested in tests/flows/evaluation/test_backends.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.engines.protocol import BackendEngine, FormattingEngine, Mounted, Weighed
from harness.errors import RequestError
from harness.records import BASE, BASE_PROMPT, Benchmark, Output, Prompt

if TYPE_CHECKING:
    from harness.engines.local.chat_format import ChatFormat
    from harness.engines.local.prompts import Formats
    from harness.flows.evaluation.server_check import ServerCheck
    from harness.workspace.adapters.files import AdapterFiles
    from harness.workspace.adapters.served import ServedModel
    from harness.workspace.base.exported import Exported

NO_ADAPTER = hashlib.sha256(b"").hexdigest()
"""The digest of the base's missing adapter: no bytes at all."""


def is_base(name: str) -> bool:
    """Return whether a name stands for the base model."""
    return name in (BASE, BASE_PROMPT)


@dataclass(frozen=True, slots=True)
class AdapterRef:
    """An adapter as a flow handles it: name, digest of its bytes, the files if there are any."""

    name: str
    digest: str
    files: AdapterFiles | None = None
    served: ServedModel | None = None
    """The model on a server that the name stands for; it has no files."""
    exported: Exported | None = None
    """Set for an export: a whole model that is written with in place of base and adapter."""

    @property
    def trained(self) -> AdapterFiles | None:
        """The files of the adapter that was trained: its own, or those that it is an export of."""
        return self.exported.of if self.exported else self.files

    @property
    def folder(self) -> Path | None:
        """The folder with what is known of it: files, `training.json`, or `served.toml`."""
        if self.trained is not None:
            return self.trained.folder
        return self.served.folder if self.served is not None else None

    def has_judged_bytes(self, digest: str) -> bool:
        """Return whether these are the bytes that a run or decision with this digest was about."""
        return digest == self.digest or (
            self.files is not None and self.files.has_judged_bytes(digest)
        )


class Backend(Protocol):
    """An engine together with the adapters that it can be asked to write with."""

    recorded: bool = False
    """Whether outputs come from files and are found by their case, never generated."""

    @property
    def base_digest(self) -> str:
        """The digest of the base's weights and tokenizer."""
        ...

    @property
    def server_check(self) -> ServerCheck | None:
        """The comparison of a server with this process; None where no server answers."""
        return None

    def expect(self, adapters: Iterable[AdapterRef]) -> None:
        """Note the adapters that will be needed, before the first is asked for."""
        return None

    def base_of(self, adapter: AdapterRef) -> str:
        """Return the digest of the base that an adapter is run on."""
        return self.base_digest

    def from_files(self, adapter: AdapterRef) -> bool:
        """Return whether an adapter's outputs are read from files by their case."""
        return self.recorded

    def tokenizer_folder(self) -> Path | None:
        """Return the folder with the base's tokenizer; None where it is not on this machine."""
        return None

    def adapter(self, name: str) -> AdapterRef:
        """Return an adapter with the digest that its bytes have now."""
        ...

    def exported(self, of: str, place: Path) -> AdapterRef:
        """Return the export of an adapter in a folder; from now on `adapter` knows its name too."""
        raise RequestError(
            "an export's files are judged where they are loaded: --engine transformers or ray"
        )

    def check(self, adapter: AdapterRef) -> None:
        """Refuse an adapter whose files are unsound or do not fit the base."""
        return None

    def mount(self, adapter: AdapterRef) -> Mounted:
        """Return what the engine loads: a private copy of the judged bytes, or the base."""
        ...

    def engine(self, benchmark: str, adapter: AdapterRef) -> BackendEngine:
        """Return the engine that answers for an adapter on a benchmark; loads no model yet."""
        ...

    def generate(
        self, adapter: AdapterRef, benchmark: Benchmark, prompts: Sequence[Prompt]
    ) -> Iterator[tuple[Output, ...]]:
        """Yield an output per prompt, in batches, in any order."""
        engine, mounted = self.engine(benchmark.name, adapter), self.mount(adapter)
        return engine.generate(mounted, prompts, benchmark.generation)

    def score_ideals(
        self, adapter: AdapterRef, benchmark: Benchmark, prompts: Sequence[Prompt]
    ) -> Iterator[tuple[Weighed, ...]]:
        """Yield the likelihood of every ideal of every prompt, in batches."""
        engine, mounted = self.engine(benchmark.name, adapter), self.mount(adapter)
        return engine.likelihood(mounted, prompts, benchmark.generation)

    def shift(self, adapter: AdapterRef, benchmark: Benchmark, prompt: Prompt) -> float | None:
        """Return how far an adapter moves the base's logits; None if the engine can't tell."""
        engine, mounted = self.engine(benchmark.name, adapter), self.mount(adapter)
        return engine.shift(mounted, prompt, benchmark.generation)

    def formats(self, adapter: AdapterRef, benchmark: Benchmark) -> Formats | None:
        """Return the chat formats of the base; None where only the engine knows its template."""
        engine = self.engine(benchmark.name, adapter)
        return engine.formats() if isinstance(engine, FormattingEngine) else None

    def chat_format(self, adapter: AdapterRef, benchmark: Benchmark) -> ChatFormat | None:
        """Return the format of an adapter's prompts on a benchmark, where it is known here."""
        formats = self.formats(adapter, benchmark)
        return None if formats is None else formats.of(benchmark.chat, self.mount(adapter).folder)

    def recorded_finals(self, benchmark: str, adapter: AdapterRef) -> Mapping[str, float]:
        """Return the recorded NLLs of reviewed finals, by the id of their review."""
        return {}

    def has_recorded(self, name: str, benchmark: Benchmark) -> bool:
        """Return whether every output of an adapter on a benchmark is there or can be written."""
        return True

    def release(self) -> None:
        """Give the memory of loaded models back; they are loaded again when they are asked for."""
        return None

    def close(self) -> None:
        """Release the engine's memory, processes and connections."""
        return None
