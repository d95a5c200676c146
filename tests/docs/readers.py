"""What a document shows as a file is read by the project's own reader of such files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from harness.errors import DataError, RequestError
from harness.flows.project import rules
from harness.records import Generation
from harness.workspace.adapters.served import read_served
from harness.workspace.formats.reading import read_jsonl
from harness.workspace.formats.tables import read_rows
from harness.workspace.project.benchmarks import read_benchmark
from harness.workspace.project.data_origins import read_data_origin
from harness.workspace.project.recipes import read_recipe
from harness.workspace.project.scores import read_scores
from harness.workspace.project.settings import read_settings
from harness.workspace.project.training_data import read_training_set

Reader = Callable[[str, Path], None]
CASE = '{"id": "a", "input": "b", "ideal": "c"}\n'


def settings(text: str, folder: Path) -> None:
    """`[tool.harness]`, whole or a part of it."""
    if "[tool.harness]\n" not in text:
        text = f"[tool.harness]\nbase = 'x'\n{text}"
    elif "\nbase =" not in text:
        text = text.replace("[tool.harness]\n", "[tool.harness]\nbase = 'x'\n")
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    read_settings(folder)


def benchmark(text: str, folder: Path) -> None:
    """`benchmark.toml`, whole or a part of it."""
    if "name =" not in text:
        text = f'name = "x"\nguard = true\n{text}'
    name = text.split('name = "')[1].split('"')[0]
    place = folder / name
    place.mkdir()
    (place / "benchmark.toml").write_text(text, encoding="utf-8")
    (place / "cases.jsonl").write_text(CASE, encoding="utf-8")
    read_benchmark(folder, name, Generation(), rules())


def cases(text: str, folder: Path) -> None:
    """`cases.jsonl` of a benchmark whose prompts show context."""
    place = folder / "x"
    place.mkdir()
    toml = 'name = "x"\nguard = true\ntemplate = "{context} {input}"\n'
    (place / "benchmark.toml").write_text(toml, encoding="utf-8")
    (place / "cases.jsonl").write_text(text, encoding="utf-8")
    read_benchmark(folder, "x", Generation(), rules())


def training(suffix: str) -> Reader:
    """Training examples."""

    def read(text: str, folder: Path) -> None:
        file = folder / f"x{suffix}"
        file.write_text(text, encoding="utf-8")
        assert read_training_set(file).format

    return read


def origin(text: str, folder: Path) -> None:
    """`SET.origin.toml`, in which every field is stated."""
    (folder / "voice.origin.toml").write_text(text, encoding="utf-8")
    assert not read_data_origin(folder / "voice.jsonl").missing


def served(text: str, folder: Path) -> None:
    """`served.toml` of a model that is only a name."""
    (folder / "ft").mkdir()
    (folder / "ft" / "served.toml").write_text(text, encoding="utf-8")
    assert read_served(folder, "ft").digest


def recorded(text: str, folder: Path) -> None:
    """Outputs that ran elsewhere."""
    from harness.engines.recorded import Recorded

    file = _file(text, folder)
    assert Recorded(list(read_jsonl(file, DataError)), file).found


def finals(text: str, folder: Path) -> None:
    """NLLs of texts that people sent."""
    from harness.engines.recorded import finals_of

    assert finals_of(list(read_jsonl(_file(text, folder), DataError)))


def waiting(text: str, folder: Path) -> None:
    """Outputs that wait for a review."""
    from harness.flows.project import Project
    from harness.flows.reviews.waiting import read_waiting

    (folder / "pyproject.toml").write_text("[tool.harness]\nbase = 'x'\n", encoding="utf-8")
    place = folder / "reports" / "waiting"
    place.mkdir(parents=True)
    _file(text, place)
    assert list(read_waiting(Project.here(folder)))


def scores(text: str, folder: Path) -> None:
    """Paired scores."""
    assert read_scores(_file(text, folder))


def table(text: str, folder: Path) -> None:
    """A table as people export one; the commands of the same document read it for good."""
    file = folder / "x.csv"
    file.write_text(text, encoding="utf-8")
    assert list(read_rows(file, RequestError).each)


def recipe(text: str, folder: Path) -> None:
    """A training's hyper-parameters."""
    assert read_recipe(_file(text, folder))


def plain_json(text: str, _: Path) -> None:
    """JSON that a command prints; its keys are looked for by the tests of that command."""
    json.loads(text)


def _file(text: str, folder: Path) -> Path:
    file = folder / "x.jsonl"
    file.write_text(text, encoding="utf-8")
    return file


READERS: dict[tuple[str, str], Reader] = {
    ("toml", "settings"): settings,
    ("toml", "benchmark"): benchmark,
    ("toml", "recipe"): recipe,
    ("toml", "served"): served,
    ("toml", "origin"): origin,
    ("jsonl", "cases"): cases,
    ("jsonl", "training"): training(".jsonl"),
    ("json", "training"): training(".json"),
    ("csv", "training"): training(".csv"),
    ("jsonl", "recorded"): recorded,
    ("jsonl", "finals"): finals,
    ("jsonl", "waiting"): waiting,
    ("csv", "scores"): scores,
    ("csv", "table"): table,
    ("json", "printed"): plain_json,
}
