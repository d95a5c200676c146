"""Write an adapter as it is deployed: merged, merged in 4 bits, or as one GGUF.

Every export is read back and compared with the adapter before it gets its name.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import __version__
from harness.engines.local.prompts import TEMPLATE_FILE
from harness.errors import EngineFailed, RequestError, WorldFailed, reason
from harness.flows.evaluation.backend import AdapterRef
from harness.flows.evaluation.backends import LocalBackend, open_device
from harness.flows.evaluation.export_parity import weight_faults
from harness.flows.evaluation.templates import refuse_unchosen
from harness.flows.project import Project
from harness.libraries import versions
from harness.records import ADAPTER_TEMPLATE, BASE_TEMPLATE, Benchmark, Chat
from harness.records.holds import EXACT, QUOTING
from harness.workspace.adapters.files import TOKENIZER, read_training
from harness.workspace.base.exported import find_export, read_note, write_note
from harness.workspace.base.gguf import model_folder
from harness.workspace.base.gguf_export import TYPES, config_faults, write_gguf

KINDS = ("merged", "gguf", "nf4")
MERGED_TYPES = ("bfloat16", "float16", "float32")
_GENERATION = "generation_config.json"
_NEW = "new"
OnStep = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Export:
    """An export that lies in its folder now."""

    adapter: str = field(metadata=EXACT)
    digest: str = field(metadata=EXACT)
    """The adapter's."""
    kind: str = field(metadata=EXACT)
    form: str = field(metadata=EXACT)
    """The numbers that its files hold."""
    folder: Path
    files: tuple[str, ...] = field(metadata=EXACT)
    files_digest: str = field(metadata=EXACT)
    """Of the files: the digest that runs and verdicts on the export are about."""
    template: str = field(metadata=EXACT)
    """Whose chat template it carries: `base`, `adapter`, or the name of a file."""
    notes: tuple[str, ...] = field(metadata=QUOTING)


def export(
    project: Project,
    name: str,
    kind: str,
    into: Path,
    *,
    dtype: str | None = None,
    template: str | None = None,
    replace: bool = False,
    on_step: OnStep = lambda step: None,
) -> Export:
    """Merge an adapter into its base and write the result into a folder that is empty or new.

    `template` says whose chat template it carries, `base` or `adapter`; else the benchmarks say it.
    """
    into = into.expanduser().absolute()
    _refuse_taken(into, replace)
    with tempfile.TemporaryDirectory(prefix="lora-harness-") as copies:
        backend = LocalBackend(project, Path(copies))
        adapter = backend.adapter(name)
        if adapter.files is None:
            raise RequestError(f"{name} is the base model itself, an adapter is needed here")
        backend.check(adapter)
        chat = _chat(project, backend, adapter, template)
        dtype = _dtype(project, kind, dtype)
        with _folder_beside(into) as aside:
            new = _written(project, backend, adapter, kind, dtype, chat, aside, on_step)
            on_step("comparing with the adapter")
            found = find_export(adapter.files, new)
            faults = [
                *weight_faults(project, backend, found),
                *(_gguf_faults(aside / "plain", found.folder()) if kind == "gguf" else ()),
            ]
            # Rounding is what was asked for; `evaluate --as` says whether it is too much.
            notes = tuple(fault for fault in faults if fault.startswith("rounding"))
            if wrong := [fault for fault in faults if fault not in notes]:
                raise EngineFailed(f"{name}: what was written is not the adapter: {wrong[0]}")
            _refuse_taken(into, replace)  # again: minutes have passed
            _put(new, into, aside)
    return Export(
        adapter=name,
        digest=adapter.digest,
        kind=kind,
        form=found.form,
        folder=into,
        files=tuple(sorted(file.name for file in into.iterdir())),
        files_digest=found.weights.digest,
        template=chat.template or BASE_TEMPLATE,
        notes=notes,
    )


# --- what is asked for ------------------------------------------------------------------------


def _dtype(project: Project, kind: str, dtype: str | None) -> str:
    """Return the type of the numbers; by default the base's own 16 bits, else bfloat16."""
    allowed = tuple(TYPES) if kind == "gguf" else MERGED_TYPES
    if dtype is not None and dtype not in allowed:
        raise RequestError(f"--to {kind} writes {', '.join(allowed)}, not {dtype}")
    config = json.loads((model_folder(project.base) / "config.json").read_text(encoding="utf-8"))
    own = config.get("dtype") or config.get("torch_dtype")
    return dtype or (own if own in ("bfloat16", "float16") else "bfloat16")


def _chat(
    project: Project, backend: LocalBackend, adapter: AdapterRef, template: str | None
) -> Chat:
    """Return the chat template that the export carries: as asked, or as its benchmarks judge."""
    if template is not None:
        return Chat(template)
    assert adapter.files is not None
    task = (read_training(adapter.files.folder) or {}).get("task")
    mine = [b for b in project.benchmarks.values() if b.task and task in (None, b.task)]
    for benchmark in mine:
        refuse_unchosen(project, backend, adapter, benchmark)
    found = {_carried(benchmark): benchmark.name for benchmark in mine}
    if len(found) > 1:
        names = " and ".join(sorted(found.values()))
        raise RequestError(
            f"the benchmarks {names} judge it with different chat templates, say"
            " --template base or --template adapter"
        )
    return mine[0].chat if mine else Chat(BASE_TEMPLATE)


def _carried(benchmark: Benchmark) -> tuple[str, str]:
    return (benchmark.chat.template or BASE_TEMPLATE, benchmark.chat.text)


def _refuse_taken(into: Path, replace: bool) -> None:
    """Refuse a folder with other files; what an export wrote may be replaced on request."""
    if into.exists() and not into.is_dir():
        raise RequestError(f"{into}: is a file, name a folder")
    if not into.is_dir() or not any(into.iterdir()):
        return
    if not read_note(into):
        raise RequestError(f"{into}: holds other files than an export's, name another folder")
    if not replace:
        raise RequestError(f"{into}: holds an export already, name another folder, or --replace")


# --- what is written --------------------------------------------------------------------------


def _written(
    project: Project,
    backend: LocalBackend,
    adapter: AdapterRef,
    kind: str,
    dtype: str,
    chat: Chat,
    aside: Path,
    on_step: OnStep,
) -> Path:
    """Write the export into a folder beside its place, and return that folder."""
    from harness.engines.local.merging import merge, save, save_nf4

    base, mounted = project.base, backend.mount(adapter)
    folder, plain, new = model_folder(base), aside / "plain", aside / _NEW
    on_step("merging")
    save(merge(folder, mounted, base.quantize), plain, "float32" if kind == "gguf" else dtype)
    assert mounted.folder is not None
    own = mounted.folder if chat.template == ADAPTER_TEMPLATE and not chat.text else None
    _tokenizer(backend, folder, own, chat, plain)
    if kind == "merged":
        plain.rename(new)
    elif kind == "nf4":
        on_step("quantising")
        save_nf4(plain, new, open_device().kind, dtype)
        _copy(plain, new, (*TOKENIZER, _GENERATION))
    else:
        on_step("writing GGUF")
        new.mkdir()
        like = base.path if base.path.is_file() else None
        file = new / f"{adapter.name.replace('/', '.')}.{dtype}.gguf"
        write_gguf(plain, file, dtype, like, own_tokenizer=own is not None or bool(chat.text))
    note: dict[str, Any] = {
        "kind": kind,
        "dtype": dtype,
        "adapter": {"name": adapter.name, "digest": adapter.digest},
        "base": {"reference": base.reference, "digest": base.digest},
        "template": chat.template or BASE_TEMPLATE,
        "made_by": f"lora-harness {__version__}",
        "versions": dict(versions(("torch", "transformers", "peft", "bitsandbytes", "gguf"))),
    }
    write_note(new, note)
    return new


def _tokenizer(backend: LocalBackend, base: Path, own: Path | None, chat: Chat, into: Path) -> None:
    """Put tokenizer, template and end tokens beside the weights, as the adapter is judged."""
    from harness.engines.local.prompts import Formats, ships_tokenizer

    _copy(base, into, (*TOKENIZER, _GENERATION))
    if own is not None:
        if ships_tokenizer(own):
            for name in TOKENIZER:  # those of the base would mix with the adapter's
                (into / name).unlink(missing_ok=True)
        _copy(own, into, TOKENIZER)
    if chat.text:
        (into / TEMPLATE_FILE).write_text(chat.text, encoding="utf-8")
    end = Formats(lambda: into).of(Chat()).end.token
    file = into / _GENERATION
    config = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    ends = config.get("eos_token_id")
    known = ends if isinstance(ends, list) else [] if ends is None else [ends]
    if end is not None and end not in known:  # servers stop there too, as the adapter's engine does
        config["eos_token_id"] = [*known, end]
        file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _copy(source: Path, into: Path, names: tuple[str, ...]) -> None:
    for name in names:
        if (source / name).is_file():
            shutil.copyfile(source / name, into / name)


def _gguf_faults(plain: Path, given: Path) -> Iterator[str]:
    if names := config_faults(plain, given):
        yield f"transformers reads another {', '.join(names)} from the GGUF than the base has"


# --- where it goes ----------------------------------------------------------------------------


@contextmanager
def _folder_beside(into: Path) -> Iterator[Path]:
    """Give a folder on the same disk, so that a rename puts the whole export in place."""
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{into.name}.", dir=into.parent))
    except OSError as problem:
        raise WorldFailed(f"{into.parent}: cannot be written ({reason(problem)})") from problem
    try:
        yield aside
    except OSError as problem:
        raise WorldFailed(f"{into}: cannot be written ({reason(problem)})") from problem
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _put(new: Path, into: Path, aside: Path) -> None:
    old = aside / "old"
    if into.exists():
        into.rename(old)
    try:
        new.rename(into)
    except OSError:
        if old.exists():
            old.rename(into)
        raise
