"""The files of a commit ask for the checks of what they belong to, and for no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.errors import AdapterRefused
from harness.flows.ci.changed import OF_AN_ADAPTER
from harness.flows.ci.touched import KINDS, checks_for

HOOKS = Path(__file__).parents[3] / ".pre-commit-hooks.yaml"
SETTINGS = '[tool.harness]\nbase = "acme/base"\nadapters = "loras"\nbenchmarks = "cases"\n'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("cases/openers/cases.jsonl", ("benchmark", "check", "openers")),
        ("cases/openers/benchmark.toml", ("benchmark", "check", "openers")),
        ("loras/datasets/a b.csv", ("data", "check", "loras/datasets/a b.csv")),
        ("loras/acme/v1/adapter_config.json", ("doctor", "acme/v1")),
        ("loras/v1/tokenizer.json", ("doctor", "v1")),
        ("loras/v1/served.toml", ("doctor", "v1")),
    ],
)
def test_a_file_asks_for_the_check_of_what_it_belongs_to(file: str, words: tuple[str, ...]) -> None:
    assert checks_for([Path(file)]) == [words]


@pytest.mark.parametrize(
    "file",
    ["README.md", "cases/README.md", "loras/promoted.json", "loras/v1/README.md",
     "loras/datasets/a.versions.jsonl", "loras/datasets/a.origin.toml", "adapters/v1/x.json"],
)  # fmt: skip
def test_other_files_ask_for_none(file: str) -> None:
    assert checks_for([Path(file)]) == []


def test_several_files_of_one_adapter_ask_once_and_a_kind_can_be_chosen() -> None:
    files = [Path("loras/v1/adapter_config.json"), Path("loras/v1/adapter_model.safetensors"),
             Path("cases/openers/cases.jsonl")]  # fmt: skip
    assert checks_for(files) == [("doctor", "v1"), ("benchmark", "check", "openers")]
    assert checks_for(files, "benchmarks") == [("benchmark", "check", "openers")]


def test_a_folder_that_no_adapter_can_have_is_refused() -> None:
    with pytest.raises(AdapterRefused, match="is not an adapter name"):
        checks_for([Path("loras/$(x)/adapter_config.json")])


# --- the hooks of pre-commit --------------------------------------------------------------------


def hooks() -> dict[str, dict[str, Any]]:
    read = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    return {hook["entry"].split()[-1]: hook for hook in read}


def test_there_is_a_hook_for_each_kind_and_its_files_are_what_the_check_knows() -> None:
    assert set(hooks()) == set(KINDS)
    for kind, names in {
        "adapters": [f"loras/v1/{name}" for name in OF_AN_ADAPTER],
        "benchmarks": ["cases/openers/cases.jsonl", "cases/openers/benchmark.toml"],
        "data": ["loras/datasets/a.jsonl", "loras/datasets/a.xlsx"],
    }.items():
        for name in names:
            assert re.search(hooks()[kind]["files"], name), name


def test_no_hook_takes_what_belongs_to_another() -> None:
    for kind, name in (("data", "cases/openers/cases.jsonl"), ("adapters", "README.md"),
                       ("benchmarks", "loras/datasets/a.jsonl")):  # fmt: skip
        assert not re.search(hooks()[kind]["files"], name)
