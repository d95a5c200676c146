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
from harness.workspace.adapters.files import TOKENIZER, AdapterFiles, read_training
from harness.workspace.base.exported import Exported, find_export, read_note, write_note
from harness.workspace.base.gguf import model_folder
from harness.workspace.base.gguf_export import TYPES, config_faults, write_gguf

MERGED_TYPES = ("bfloat16", "float16", "float32")
_GENERATION = "generation_config.json"
_LIBRARIES = ("torch", "transformers", "peft", "bitsandbytes", "gguf")
OnStep = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class WrittenExport:
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


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be written."""

    project: Project
    backend: LocalBackend
    adapter: AdapterRef
    files: AdapterFiles
    kind: str
    dtype: str
    chat: Chat

    @property
    def template(self) -> str:
        """Whose chat template the export carries."""
        return self.chat.template or BASE_TEMPLATE


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
) -> WrittenExport:
    """Merge an adapter into its base and write the result into a folder that is empty or new.

    `kind` is merged, gguf or nf4. `template` says whose chat template it carries, `base` or
    `adapter`; else the benchmarks say it.
    """
    into = into.expanduser().absolute()
    _refuse_taken(into, replace)
    with tempfile.TemporaryDirectory(prefix="lora-harness-") as copies, _beside(into) as aside:
        order = _order(LocalBackend(project, Path(copies)), project, name, kind, dtype, template)
        new = _written(order, aside, on_step)
        on_step("comparing with the adapter")
        found = find_export(order.files, new)
        form, notes = found.form, _compared(order, found, aside / "plain")
        _refuse_taken(into, replace)  # again: minutes have passed
        _put(new, into, aside)
    return WrittenExport(
        adapter=name,
        digest=order.adapter.digest,
        kind=kind,
        form=form,
        folder=into,
        files=tuple(sorted(file.name for file in into.iterdir())),
        files_digest=found.weights.digest,
        template=order.template,
        notes=notes,
    )


# --- what is asked for ------------------------------------------------------------------------


def _order(
    backend: LocalBackend,
    project: Project,
    name: str,
    kind: str,
    dtype: str | None,
    template: str | None,
) -> _Order:
    adapter = backend.adapter(name)
    if adapter.files is None:
        raise RequestError(f"{name} is the base model itself, an adapter is needed here")
    backend.check(adapter)
    chat = Chat(template) if template else _judged_chat(project, backend, adapter, adapter.files)
    chosen = _dtype(project, kind, dtype)
    return _Order(project, backend, adapter, adapter.files, kind, chosen, chat)


def _dtype(project: Project, kind: str, dtype: str | None) -> str:
    """Return the type of the numbers; by default the base's own 16 bits, else bfloat16."""
    allowed = tuple(TYPES) if kind == "gguf" else MERGED_TYPES
    if dtype is not None and dtype not in allowed:
        raise RequestError(f"--to {kind} writes {', '.join(allowed)}, not {dtype}")
    config = json.loads((model_folder(project.base) / "config.json").read_text(encoding="utf-8"))
    own = config.get("dtype") or config.get("torch_dtype")
    return dtype or (own if own in ("bfloat16", "float16") else "bfloat16")


def _judged_chat(
    project: Project, backend: LocalBackend, adapter: AdapterRef, files: AdapterFiles
) -> Chat:
    """Return the chat template by which the adapter's benchmarks judge it."""
    task = (read_training(files.folder) or {}).get("task")
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


def _written(order: _Order, aside: Path, on_step: OnStep) -> Path:
    """Write the export into a folder beside its place, and return that folder."""
    from harness.engines.local.merging import merge, save, save_nf4

    base, mounted = order.project.base, order.backend.mount(order.adapter)
    folder, plain, new = model_folder(base), aside / "plain", aside / "new"
    on_step("merging")
    merged = merge(folder, mounted, base.quantize)
    save(merged, plain, "float32" if order.kind == "gguf" else order.dtype)
    own = mounted.folder if order.chat.template == ADAPTER_TEMPLATE else None
    _write_tokenizer(folder, own, order.chat.text, plain)
    if order.kind == "merged":
        plain.rename(new)
    elif order.kind == "nf4":
        on_step("quantising")
        save_nf4(plain, new, open_device().kind, order.dtype)
        _copy(plain, new, (*TOKENIZER, _GENERATION))
    else:
        on_step("writing GGUF")
        new.mkdir()
        file = new / f"{order.adapter.name.replace('/', '.')}.{order.dtype}.gguf"
        like = base.path if base.path.is_file() else None
        write_gguf(plain, file, order.dtype, like, bool(own or order.chat.text))
    note = {
        "kind": order.kind,
        "dtype": order.dtype,
        "adapter": {"name": order.adapter.name, "digest": order.adapter.digest},
        "base": {"digest": base.digest},
        "template": order.template,
        "made_by": f"lora-harness {__version__}",
        "versions": dict(versions(_LIBRARIES)),
    }
    write_note(new, note)
    return new


def _write_tokenizer(base: Path, own: Path | None, template: str, into: Path) -> None:
    """Put tokenizer, template and end tokens beside the weights, as the adapter is judged.

    `own` is the adapter's folder, where its own files count; `template` the text of a file.
    """
    from harness.engines.local.prompts import Formats, ships_tokenizer

    _copy(base, into, (*TOKENIZER, _GENERATION))
    if own is not None:
        if ships_tokenizer(own):
            for name in TOKENIZER:  # those of the base would mix with the adapter's
                (into / name).unlink(missing_ok=True)
        _copy(own, into, TOKENIZER)
    if template:
        (into / TEMPLATE_FILE).write_text(template, encoding="utf-8")
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


def _compared(order: _Order, found: Exported, plain: Path) -> tuple[str, ...]:
    """Return how much was rounded; refuse files that are otherwise not the adapter."""
    faults = list(weight_faults(order.project, order.backend, found))
    if order.kind == "gguf" and (names := config_faults(plain, found.folder())):
        faults.append(f"transformers reads another {', '.join(names)} from the GGUF")
    # Rounding is what was asked for; `evaluate --as` says whether it is too much.
    notes = tuple(fault for fault in faults if fault.startswith("rounding"))
    name = order.adapter.name
    for fault in faults:
        if fault not in notes:
            raise EngineFailed(f"{name}: what was written is not the adapter: {fault}")
    return notes


# --- where it goes ----------------------------------------------------------------------------


@contextmanager
def _beside(into: Path) -> Iterator[Path]:
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
