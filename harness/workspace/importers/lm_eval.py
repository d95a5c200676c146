"""Read a task of lm-evaluation-harness as cases: `doc_to_text` and `doc_to_target` over its rows.

Only tasks that generate text are read, in the plain form: a field's name, or text with `{{field}}`.

Tested in `tests/workspace/importers/test_any_tool.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.workspace.formats.fields import kind_of
from harness.workspace.formats.names import inside
from harness.workspace.formats.tables import TableRow, TableRows, read_rows
from harness.workspace.importers.case_table import CaseTable
from harness.workspace.importers.columns import text_of
from harness.workspace.importers.placeholders import filled, is_template

_READ = ("task", "doc_to_text", "doc_to_target", "description", "output_type")
_WHERE = ("dataset_path", "dataset_name", "dataset_kwargs", "test_split", "validation_split")
_IDLE = ("task_alias", "tag", "group", "metadata", "training_split", "fewshot_split", "num_fewshot")
"""Keys without meaning for a case; `num_fewshot` only if it is 0."""
_COLUMNS = ("id", "input", "ideal")


def is_task(raw: Any) -> bool:
    """Return whether a YAML document is a task."""
    return isinstance(raw, dict) and bool({"doc_to_text", "doc_to_target", "include"} & set(raw))


def task_table(
    raw: Mapping[str, Any], path: Path, data: Path | None, error: type[HarnessError]
) -> CaseTable:
    """Return the task's rows as cases; count the keys that no case can hold."""
    _refuse_other_kinds(raw, path, error)
    texts: dict[str, str] = {}
    for key in ("doc_to_text", "doc_to_target"):
        text = raw.get(key)
        if not isinstance(text, str) or not text.strip():
            what = f"{kind_of(text)}, a field or a text with {{{{field}}}}"
            raise error(f"{path}: `{key}` is {what}")
        texts[key] = text
    rows = read_rows(data or _file(raw, path, error), error)
    description = raw.get("description") or ""
    if not isinstance(description, str) or is_template(description):
        raise error(f"{path}: `description` is no plain text, write it into benchmark.toml")
    left = Counter(key for key in raw if key not in (*_READ, *_WHERE, *_IDLE))
    if raw.get("num_fewshot"):
        left[f"num_fewshot: {raw['num_fewshot']}"[:60]] = 1
    each = (_case(row, texts, description) for row in rows.each)
    return CaseTable(TableRows(_COLUMNS, each), left)


def _refuse_other_kinds(raw: Mapping[str, Any], path: Path, error: type[HarnessError]) -> None:
    if "include" in raw:
        raise error(f"{path}: `include` is not followed, write out what it stands for")
    kind = raw.get("output_type", "generate_until")
    if kind != "generate_until":
        raise error(
            f"{path}: `output_type` is {kind!r:.60}; only generate_until writes text, the others"
            " weigh answers that are given"
        )
    for key in ("use_prompt", "process_docs"):
        if key in raw:
            raise error(f"{path}: `{key}` needs code of that project, which is never run here")


def _file(raw: Mapping[str, Any], path: Path, error: type[HarnessError]) -> Path:
    """Return the local file that the task names: its test split, else the validation split."""
    kwargs = raw.get("dataset_kwargs")
    named = kwargs.get("data_files") if isinstance(kwargs, Mapping) else None
    if isinstance(named, Mapping):
        split = raw.get("test_split") or raw.get("validation_split")
        named = named.get(split) if isinstance(split, str) else None
    if isinstance(named, list) and len(named) == 1:
        named = named[0]
    if raw.get("dataset_path") not in ("json", "csv") or not isinstance(named, str):
        raise error(
            f"{path}: its dataset is no single local file (`dataset_path: json` with"
            " `dataset_kwargs: {data_files: {test: FILE}}`), give its rows with --data FILE.jsonl"
        )
    # A configuration from elsewhere must not make us read any file of this machine.
    file = path.parent / named
    inside(path.parent, file, error)
    return file


def _case(row: TableRow, texts: Mapping[str, str], description: str) -> TableRow:
    if row.problem:
        return row
    try:
        plain = {k: v for k, v in row.values.items() if not isinstance(v, dict | list)}
        values = {name: text_of(value, name) for name, value in plain.items()}
        text, target = (
            _applied(texts[key], row.values, values, key)
            for key in ("doc_to_text", "doc_to_target")
        )
    except ValueError as problem:
        return TableRow(row.line, {}, str(problem))
    identity = values.get("id", "")
    return TableRow(row.line, {"id": identity, "input": description + str(text), "ideal": target})


def _applied(
    template: str, raw: Mapping[str, Any], values: Mapping[str, str], key: str
) -> str | list[str]:
    """Return the named field or the filled template; several targets are several ideals."""
    if template in raw:
        value = raw[template]
        if key == "doc_to_target" and isinstance(value, list):
            return [text_of(target, template) for target in value]
        return text_of(value, template)
    if not is_template(template):
        raise ValueError(f"has no field {template[:60]!r}, which `{key}` names")
    return filled(template, values, f"`{key}`")
