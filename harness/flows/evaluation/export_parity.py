"""Say what an export is, and how its weights, tokens and template differ from its adapter's.

These are facts about files; they stand in the notes of a verdict, which the outputs decide.

Tested in tests/flows/evaluation/test_export_parity.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.errors import AdapterRefused, EngineFailed, HarnessError
from harness.flows.evaluation.backend import AdapterRef, Backend
from harness.flows.evaluation.context import Context
from harness.flows.evaluation.work import prompts_for
from harness.flows.project import Project
from harness.flows.rejudge import EXPORT_NOTE
from harness.libraries import versions
from harness.records import Benchmark
from harness.store.keys import key_of
from harness.workspace.adapters.config import read_config
from harness.workspace.adapters.files import CONFIG
from harness.workspace.base.exported import Exported
from harness.workspace.base.gguf import model_folder
from harness.workspace.formats.cache import remember, remembered

_REMEMBERED = "exports.json"
_LIBRARIES = ("torch", "transformers", "peft", "bitsandbytes", "gguf")
_WAY = "1"
"""Raised when the comparison itself changes."""


def export_notes(context: Context, adapter: AdapterRef, benchmark: Benchmark) -> tuple[str, ...]:
    """Return the sentences on an export that go into its verdict; none for an adapter."""
    export = adapter.exported
    if export is None:
        return ()
    found = [
        *note_faults(export),
        *token_faults(context.backend, adapter, benchmark),
        *weight_faults(context.project, context.backend, export),
    ]
    return tuple(f"{EXPORT_NOTE}{said}" for said in (what_it_is(export), *found))


def what_it_is(export: Exported) -> str:
    """Return the sentence on what was judged: form and digests of export and adapter."""
    return (
        f"{export.name} is {export.of.name} ({export.of.digest[:12]}) in {export.form}, its files"
        f" are {export.weights.digest[:12]}"
    )


def note_faults(export: Exported) -> Iterator[str]:
    """Yield what `export.json` says against the export; it is a word, the bytes are judged."""
    said = export.note.get("adapter")
    if isinstance(said, dict) and said.get("digest") not in (None, export.of.digest):
        name, digest = str(said.get("name"))[:80], str(said.get("digest"))[:12]
        yield f"its export.json says that it was made of {name} with the digest {digest}"


def token_faults(backend: Backend, adapter: AdapterRef, benchmark: Benchmark) -> Iterator[str]:
    """Yield how an export's own template and tokenizer differ on the prompts of a benchmark."""
    export = adapter.exported
    assert export is not None
    source = backend.adapter(export.of.name)
    wanted, formats = backend.chat_format(source, benchmark), backend.formats(adapter, benchmark)
    if wanted is None or formats is None:
        return
    # The template that its server would use, also where the benchmark has one in a file.
    try:
        own = formats.of(replace(benchmark.chat, template="", text=""))
    except EngineFailed as problem:
        raise AdapterRefused(f"{export.name}: {problem}") from problem
    prompts = [prompts_for(benchmark, case, source.name)[0] for case in benchmark.cases]
    written = encoded = 0
    for prompt in prompts:
        try:
            same = own.text(prompt.messages) == wanted.text(prompt.messages)
            pairs = [form.pair(prompt.messages, prompt.ideals[0]) for form in (own, wanted)]
        except HarnessError:
            same, pairs = False, []
        written += not same
        encoded += same and pairs[0] != pairs[1]
    of = f"of {len(prompts)} prompts of {benchmark.name}"
    if written:
        yield f"its own chat template writes {written} {of} differently than {source.name} has them"
    if encoded:
        yield f"its own tokenizer makes other tokens of {encoded} {of}, or of their ideals"
    if own.end.text != wanted.end.text:
        mine, theirs = (f"`{end.text[:40]}`" for end in (own.end, wanted.end))
        yield f"its own chat template ends an answer with {mine}, not with {theirs}"


def weight_faults(project: Project, backend: Backend, export: Exported) -> tuple[str, ...]:
    """Return how an export's weights differ from the adapter's; remembered for the same bytes."""
    from harness.engines.local.parity import Untold, compare, faults

    source = backend.adapter(export.of.name)
    key = key_of(
        "export",
        way=_WAY,
        export=export.weights.digest,
        adapter=source.digest,
        base=backend.base_digest,
        versions=dict(versions(_LIBRARIES)),
    )
    known = remembered(_REMEMBERED).get(key)
    if isinstance(known, list) and all(isinstance(line, str) for line in known):
        return tuple(known)
    alpha = read_config(export.of.folder / CONFIG).alpha
    base = project.base
    try:
        tensors = compare(
            model_folder(base),
            base.quantize,
            backend.mount(source),
            export.folder(),
            export.quantised,
        )
    except Untold as problem:
        return (f"its weights cannot be compared with the adapter's: {problem}",)
    found = tuple(faults(tensors, alpha))
    remember(_REMEMBERED, key, list(found))
    return found
