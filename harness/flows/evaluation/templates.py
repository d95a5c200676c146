"""Refuse an adapter that ships another chat template or tokenizer, until the benchmark chooses.

With a wrong template an adapter looks worse than it is. Which is right only a person knows: the one
that the adapter was trained with, or the one that it will be served with.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path

from harness.engines.local.shipped import (
    SHIPPED,
    ShippedDifference,
    compare,
    prompt_tail,
)
from harness.errors import AdapterRefused
from harness.flows.evaluation.backend import AdapterRef, Backend
from harness.flows.evaluation.work import prompts_for
from harness.flows.project import Project
from harness.libraries import versions
from harness.measure import opens_thought
from harness.records import ADAPTER_TEMPLATE, Benchmark, Prompt
from harness.store.keys import key_of
from harness.workspace.adapters.files import file_digest
from harness.workspace.formats.cache import remember, remembered
from harness.workspace.formats.reading import opened
from harness.workspace.formats.scratch import scratch_folder

MAX_FILE = 256 * 1024 * 1024
"""Bytes of a tokenizer's file; the largest known have 35 MB."""
MAX_TEMPLATE_FILE = 1024 * 1024
_REMEMBERED = "templates.json"
_LIBRARIES = ("transformers", "tokenizers")
_WAY = "1"
"""Raised when the comparison itself changes."""


def refuse_unchosen(
    project: Project, backend: Backend, adapter: AdapterRef, benchmark: Benchmark
) -> None:
    """Refuse an adapter whose own template or tokenizer differs while `[chat]` chooses none."""
    if benchmark.chat.template not in ("", ADAPTER_TEMPLATE):
        return
    found = shipped_difference(backend, adapter, benchmark)
    if found is None or not found.matters or benchmark.chat.template:
        return
    file = project.settings.benchmarks / benchmark.name / "benchmark.toml"
    guards = [b.name for b in project.benchmarks.values() if b.guard and not b.chat.template]
    others = [name for name in guards if name != benchmark.name]
    too = f" (and in that of {', '.join(others)})" if others else ""
    raise AdapterRefused(
        f"{adapter.name}: {described(found, benchmark)}; say which counts in {file}{too}:"
        ' [chat] template = "adapter" or "base"'
    )


def shipped_difference(
    backend: Backend, adapter: AdapterRef, benchmark: Benchmark
) -> ShippedDifference | None:
    """Return what an adapter's own files make differently; None where it ships none that could."""
    if adapter.files is None or not (shipped := _shipped(adapter.files.folder)):
        return None
    base = backend.tokenizer_folder()
    if base is None:
        return None
    digests = {name: _digest(adapter, name) for name in shipped}
    if all(_same(base / name, digest) for name, digest in digests.items()):
        return None
    prompts = [prompts_for(benchmark, case, adapter.name)[0] for case in benchmark.cases]
    key = _key("shipped", backend, digests, prompts)
    known = remembered(_REMEMBERED).get(key)
    if isinstance(known, dict) and set(known) == {f.name for f in fields(ShippedDifference)}:
        return ShippedDifference(**known | {"ends": tuple(known["ends"])})
    with _copies(adapter, digests) as copies:
        found = compare(base, copies, prompts, adapter.name)
    remember(_REMEMBERED, key, asdict(found))
    return found


def begins_thought(backend: Backend, adapter: AdapterRef, benchmark: Benchmark) -> bool:
    """Return whether the chat template itself begins a thought in the prompt.

    False where the template is not on this machine.
    """
    export = adapter.exported
    base = export.folder() if export is not None else backend.tokenizer_folder()
    if base is None:
        return False
    digests: dict[str, str] = {} if export is None else {"export": export.weights.digest}
    if benchmark.chat.template == ADAPTER_TEMPLATE and adapter.files is not None:
        digests = {name: _digest(adapter, name) for name in _shipped(adapter.files.folder)}
    prompt = prompts_for(benchmark, benchmark.cases[0], adapter.name)[0]
    key = _key("thought", backend, digests, [prompt])
    known = remembered(_REMEMBERED).get(key)
    if isinstance(known, bool):
        return known
    if digests and export is None:
        with _copies(adapter, digests) as copies:
            found = opens_thought(prompt_tail(base, copies, prompt, adapter.name))
    else:
        found = opens_thought(prompt_tail(base, None, prompt, adapter.name))
    remember(_REMEMBERED, key, found)
    return found


def described(found: ShippedDifference, benchmark: Benchmark) -> str:
    """Say what an adapter's own template and tokenizer make differently, without any text."""
    of = f"of {found.prompts} prompts of {benchmark.name}"
    parts = []
    if found.written:
        parts.append(f"its own chat template writes {found.written} {of} differently")
    if found.ended:
        parts.append(f"its own chat template ends the answer to {found.ended} {of} differently")
    if found.encoded:
        parts.append(f"its own tokenizer makes other tokens of {found.encoded} {of}")
    if found.read:
        parts.append(f"its own tokenizer reads {found.read} {of} back as another text")
    if found.ends[0] != found.ends[1]:
        base, own = (_named(end) if end else "nothing" for end in found.ends)
        parts.append(f"its own tokenizer ends a text with {own}, the base's with {base}")
    if found.new:
        tokens = "1 token" if found.new == 1 else f"{found.new} tokens"
        parts.append(
            f"its own tokenizer has {tokens} that the base's lacks, such as {_named(found.such_as)}"
        )
    return "; ".join(parts)


def _named(token: str) -> str:
    return f"`{token[:40]}`"


def _shipped(folder: Path) -> list[str]:
    return [name for name in SHIPPED if (folder / name).exists() or (folder / name).is_symlink()]


def _digest(adapter: AdapterRef, name: str) -> str:
    """Hash a shipped file; refuse what is no file, or too large to be one."""
    assert adapter.files is not None
    limit = MAX_TEMPLATE_FILE if name.endswith(".jinja") else MAX_FILE
    path = adapter.files.folder / name
    with opened(path, AdapterRefused, limit) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # wants readinto


def _same(file: Path, digest: str) -> bool:
    return file.is_file() and file_digest(file) == digest


def _key(kind: str, backend: Backend, digests: Mapping[str, str], prompts: list[Prompt]) -> str:
    return key_of(
        kind,
        way=_WAY,
        base=backend.base_digest,
        files=dict(digests),
        prompts=[[asdict(prompt)["messages"], list(prompt.ideals[:1])] for prompt in prompts],
        chat=[[prompt.chat.text, dict(prompt.chat.kwargs)] for prompt in prompts[:1]],
        versions=dict(versions(_LIBRARIES)),
    )


@contextmanager
def _copies(adapter: AdapterRef, digests: Mapping[str, str]) -> Iterator[Path]:
    """Copy the shipped files as they were hashed; the copies are removed afterwards."""
    assert adapter.files is not None
    with scratch_folder() as made:
        for name, digest in digests.items():
            copy = made / name
            shipped = opened(adapter.files.folder / name, AdapterRefused, MAX_FILE)
            with shipped as file, copy.open("wb") as written:
                shutil.copyfileobj(file, written)
            if file_digest(copy) != digest:
                raise AdapterRefused(f"{adapter.name}: {name} changed while it was read, try again")
        yield made
