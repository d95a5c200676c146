"""Write an adapter's evaluation into its README.md as the Hub's `model-index` metadata.

Text that a person wrote stays letter for letter; the judged files are never touched.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import AdapterRefused, WorldFailed, reason
from harness.records import CALENDAR, TaughtData
from harness.workspace.adapters.files import CONFIG, AdapterFiles
from harness.workspace.adapters.served import SERVED, ServedModel
from harness.workspace.formats.cache import write_atomically
from harness.workspace.formats.reading import read_text

CARD = "README.md"
LIBRARY = "peft"
TAGS = ("lora", "lora-harness")
DATASET = "lora-harness-benchmark"
"""The `dataset.type` of our results, by which they are found and replaced."""
_TASK = "text-generation"
_INDEX = "model-index"
TAUGHT = "training_data"
"""Our key of the metadata: the training sets and where each comes from."""
FETCHED = "fetched_from"
"""Our key of the metadata: the place that the judged bytes were fetched from."""
_LIMIT = 1024 * 1024
_MAX_METADATA = 32 * 1024
_MAX_DEPTH = 32
_log = logging.getLogger(__name__)
_BODY = """\

# {name}

A LoRA adapter. How it was judged stands in the metadata above, under `model-index`.
"""
_NAME_BODY = """\

# {name}

A name, not bytes: `{model}` at {url}. What answers under it may change at any time. How its answers
were judged stands in the metadata above, under `model-index`.
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric of the adapter on a benchmark."""

    benchmark: str
    fingerprint: str
    """Of the benchmark."""
    task: str | None
    metric: str
    title: str
    """The metric's name for people."""
    value: float
    """The mean score, 0 to 1."""


def write_card(
    adapter: AdapterFiles,
    figures: Sequence[Figure],
    base_model: str | None = None,
    fetched_from: str | None = None,
    taught: Sequence[TaughtData] = (),
    calendar: str = "",
    *,
    dry_run: bool = False,
) -> Path:
    """Write the figures into the card, replacing our earlier figures.

    `base_model` is a Hub id and `fetched_from` a reference that others can follow; a path on this
    machine has no place in a card. `taught` are the training sets and where they come from,
    `calendar` says why the days of a replayed history are declared.
    """
    file = adapter.folder / CARD
    if file.is_symlink():
        raise AdapterRefused(f"{file}: is a link, put the file itself there")
    old = read_text(file, AdapterRefused, _LIMIT) if file.exists() else None
    new = card_text(
        *(old, adapter.name, figures, base_model, str(file), fetched_from),
        taught=taught,
        calendar=calendar,
    )
    if new != old and not dry_run:
        _write(file, new, adapter.folder / CONFIG)
    return file


def write_name_card(
    served: ServedModel, figures: Sequence[Figure], calendar: str = "", *, dry_run: bool = False
) -> Path:
    """Write the figures of a model that is only a name into a card that says so."""
    file = served.folder / CARD
    old = read_text(file, AdapterRefused, _LIMIT) if file.exists() else None
    model, url = served.endpoint.model, served.endpoint.url
    begun = old or _NAME_BODY.format(name=served.name, model=model, url=url)
    keys = _of_name(model, url)
    new = card_text(*(begun, served.name, figures, None, str(file)), wanted=keys, calendar=calendar)
    if new != old and not dry_run:
        _write(file, new, served.folder / SERVED)
    return file


def _of_name(model: str, url: str) -> dict[str, str | None]:
    return {"not_bytes": f"{model} at {url}"}


def _write(file: Path, text: str, beside: Path) -> None:
    """Write a card as readable as the file beside it."""
    try:
        write_atomically(file, text)
        file.chmod(beside.stat().st_mode & 0o666)
    except OSError as problem:
        raise WorldFailed(f"{file}: cannot be written ({reason(problem)})") from problem


def card_text(
    old: str | None,
    name: str,
    figures: Sequence[Figure],
    base_model: str | None,
    where: str = CARD,
    fetched_from: str | None = None,
    wanted: Mapping[str, str | None] | None = None,
    taught: Sequence[TaughtData] = (),
    calendar: str = "",
) -> str:
    """Return the card with the figures in it, from the old card or from a new page.

    `wanted` are the keys that a card needs; without them, those of a LoRA adapter.
    """
    from huggingface_hub import ModelCard
    from huggingface_hub.repocard import REGEX_YAML_BLOCK

    if old is None:
        old = _BODY.format(name=name)
    found = REGEX_YAML_BLOCK.search(old)
    metadata, body = (found[2], old[found.end() :]) if found else ("", old)
    line_end = "\r\n" if "\r\n" in old else "\n"
    # Our own lines end in line feeds; the whole head gets the line ends that the file had before.
    found_in = _Metadata(metadata, where)
    keys = {"library_name": LIBRARY, "base_model": base_model} if wanted is None else wanted
    _edit(found_in, name, figures, keys, TAGS if wanted is None else TAGS[1:])
    if fetched_from is not None and found_in.values.get(FETCHED) != fetched_from:
        # An earlier value is of the place where the card itself came from.
        found_in.put(FETCHED, fetched_from)
    sets = [one.stated() for one in taught]
    if sets and found_in.values.get(TAUGHT) != sets:
        found_in.put(TAUGHT, sets)
    if calendar and found_in.values.get(CALENDAR) != calendar:
        found_in.put(CALENDAR, calendar)
    head = line_end.join(["---", *found_in.text.replace("\r\n", "\n").split("\n"), "---"])
    text = f"{head}{line_end}{body}"
    try:
        ModelCard(text)
    except Exception as problem:  # of the library or of YAML; all mean: the Hub would not take it
        _log.debug("%s: huggingface_hub cannot read the card", where, exc_info=True)
        raise AdapterRefused(f"{where}: the Hub would not read it ({reason(problem)})") from problem
    return text


def named_base(folder: Path) -> str:
    """Return the Hub id that a card names as the base; empty where it names none or is damaged."""
    from huggingface_hub.repocard import REGEX_YAML_BLOCK

    try:
        text = read_text(folder / CARD, AdapterRefused, _LIMIT) if (folder / CARD).exists() else ""
        found = REGEX_YAML_BLOCK.search(text)
        value = _Metadata(found[2], CARD).values.get("base_model") if found else None
    except AdapterRefused:
        return ""
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, str) and len(first.split("/")) == 2 else ""


class _Metadata:
    """YAML kept as text, so that replacing a top-level key leaves the rest as written."""

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        self.where = where
        self.read()

    def read(self) -> None:
        """Read values and positions of the top-level keys from the current text."""
        import yaml

        if len(self.text) > _MAX_METADATA:
            raise AdapterRefused(f"{self.where}: its metadata is longer than {_MAX_METADATA:,}")
        try:
            _refuse_bombs(self.text, self.where)
            loader = yaml.SafeLoader(self.text)
            root = loader.get_single_node()
            values = loader.construct_document(root) if root is not None else None
        except (yaml.YAMLError, RecursionError, ValueError) as problem:
            mark = getattr(problem, "problem_mark", None)
            line = f":{mark.line + 2}" if mark else ""
            said = getattr(problem, "problem", None) or reason(problem)
            raise AdapterRefused(
                f"{self.where}{line}: its metadata is no YAML ({said})"
            ) from problem
        if root is not None and (not isinstance(values, dict) or root.flow_style):
            raise AdapterRefused(f"{self.where}: its metadata must be `key: value` lines")
        keys = root.value if root else []
        self.values: dict[str, Any] = values or {}
        if len(keys) != len(self.values):
            raise AdapterRefused(f"{self.where}: a key of its metadata stands twice")
        self.starts = {
            name: key.start_mark.index for name, (key, _) in zip(self.values, keys, strict=True)
        }

    def put(self, key: str, value: Any) -> None:
        """Replace or add a top-level key; the comments after its old value stay."""
        import yaml

        written = yaml.safe_dump({key: value}, sort_keys=False, allow_unicode=True).strip("\n")
        if key not in self.starts:
            whole = self.text.rstrip()
            self.text = f"{whole}\n{written}" if whole else written
        else:
            start = self.starts[key]
            later = [place for place in self.starts.values() if place > start]
            end = min(later, default=len(self.text))
            # Blank and comment lines at the end of the block belong to what follows: keep them.
            lines = self.text[start:end].split("\n")
            kept = len(lines)
            while kept > 1 and (not lines[kept - 1].strip() or lines[kept - 1].startswith("#")):
                kept -= 1
            self.text = self.text[:start] + "\n".join([written, *lines[kept:]]) + self.text[end:]
        self.read()


def _refuse_bombs(text: str, where: str) -> None:
    """Refuse aliases and deep nesting, by which a small text becomes a huge value."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise AdapterRefused(f"{where}: its metadata has YAML aliases, write the values out")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise AdapterRefused(f"{where}: its metadata is nested deeper than {_MAX_DEPTH} levels")


def _edit(
    metadata: _Metadata,
    name: str,
    figures: Sequence[Figure],
    wanted: Mapping[str, str | None],
    ours: Sequence[str],
) -> None:
    """Add missing keys and tags, and replace our results; a person's own values win."""
    for key, value in wanted.items():
        if value is not None and metadata.values.get(key) is None:
            metadata.put(key, value)
    tags = metadata.values.get("tags", [])
    if not isinstance(tags, list):
        tags = [] if tags is None else [tags]
    if not all(tag in tags for tag in ours):
        metadata.put("tags", [*tags, *(tag for tag in ours if tag not in tags)])
    index = _index(metadata, name, figures)
    if index != metadata.values.get(_INDEX):
        metadata.put(_INDEX, index)


def _index(metadata: _Metadata, name: str, figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """Return the index with our results in its first model; other results stay."""
    from huggingface_hub import EvalResult
    from huggingface_hub.repocard_data import eval_results_to_model_index

    results = [
        EvalResult(
            task_type=_TASK,
            task_name=figure.task or "guard",
            dataset_type=DATASET,
            dataset_name=figure.benchmark,
            dataset_revision=figure.fingerprint,
            metric_type=figure.metric,
            metric_name=figure.title,
            metric_value=round(figure.value, 6),
        )
        for figure in figures
    ]
    # Our results carry our own `dataset.type`, by which a later run finds and replaces them.
    ours = eval_results_to_model_index(name, results)
    old = metadata.values.get(_INDEX)
    if not old:
        return list(ours)
    try:
        first, *others = old
        kept = [result for result in first["results"] if result["dataset"]["type"] != DATASET]
        return [{**first, "results": [*kept, *ours[0]["results"]]}, *others]
    except (KeyError, TypeError, ValueError) as problem:
        raise AdapterRefused(
            f"{metadata.where}: its model-index is not in the Hub's form, mend or remove it"
        ) from problem
