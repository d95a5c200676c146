"""What a document mentions exists, and what exists is documented."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from harness.records import Policy
from harness.workspace.formats import fields as fields_module
from harness.workspace.project.settings import read_settings
from tests.docs.commands import Unknown, check_words, every_option, plugin_options
from tests.docs.markdown import ROOT, STARTER, blocks, documents, prose

FOREIGN = {
    "--collect-only", "--color",
    "--no-deps", "--junitxml", "--lora-modules", "--max-lora-rank", "--generation-config",
    "--enable-lora", "--exclude-editable", "--help", "--lf", "--write", "--head", "--address",
    "--trust-request-chat-template", "--lora-target-modules", "--max-model-len", "--enforce-eager",
}  # fmt: skip
"""Options of pip, pytest and vLLM that documents mention."""
DOCUMENTS = [*documents(), STARTER]
EVERYTHING = "\n".join(file.read_text(encoding="utf-8") for file in DOCUMENTS)
SETTINGS = (ROOT / "harness/workspace/README.md").read_text(encoding="utf-8")
named = pytest.mark.parametrize(
    "file", DOCUMENTS, ids=[str(file.relative_to(ROOT)) for file in DOCUMENTS]
)


@named
def test_commands_and_options_in_sentences_exist(file: Path) -> None:
    known = {*every_option(), *plugin_options(), *FOREIGN}
    for line, text in prose(file):
        words = text.split()
        if words[:1] in (["lora-harness"], ["pytest"]) and "|" not in text:
            try:
                check_words([word.strip("[]") for word in words])
            except Unknown as wrong:
                pytest.fail(f"{file.name}:{line}: {wrong}")
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text):
            assert option in known, f"{file.name}:{line}: {option}"


@named
def test_links_lead_to_files(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert (file.parent / target).exists(), f"{file.relative_to(ROOT)}: {target}"


@named
def test_make_targets_exist(file: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    told = [text for _, text in prose(file)]
    told += [line for block in blocks(file) for line in block.text.splitlines()]
    for text in told:
        found = re.match(r"\s*make ([a-z-]+)\b", text)
        assert found is None or found.group(1) in known, f"{file.relative_to(ROOT)}: {text}"


def test_every_setting_is_documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    original = fields_module.Table.any

    def heard(table: fields_module.Table, key: str, default: object = None) -> object:
        asked.add(key)
        return original(table, key, default)

    monkeypatch.setattr(fields_module.Table, "any", heard)
    (tmp_path / "pyproject.toml").write_text(
        "[tool.harness]\nbase = 'x'\n[tool.harness.monitor.t]\n"
        "edit_rate = { acceptable = 0.1, retrain = 0.2 }\n"
    )
    read_settings(tmp_path)
    assert len(asked) > 25
    assert [key for key in sorted(asked) if not re.search(rf"\b{key}\b", EVERYTHING)] == []


def test_the_shown_settings_are_the_defaults(tmp_path: Path) -> None:
    [block] = [b for b in blocks(ROOT / "harness/workspace/README.md") if "defaults" in b.words]
    (tmp_path / "pyproject.toml").write_text(block.text)
    shown = read_settings(tmp_path)
    told = tomllib.loads(block.text)["tool"]["harness"]
    own = "".join(f'{key} = "{told[key]}"\n' for key in ("base", "project"))  # no default fits all
    (tmp_path / "pyproject.toml").write_text(f"[tool.harness]\n{own}")
    assert read_settings(tmp_path) == shown


def test_the_table_of_the_policy_shows_its_defaults() -> None:
    text = (ROOT / "harness/judge/README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", text, re.MULTILINE))
    for field in fields(Policy):
        several = isinstance(field.default, tuple)
        told = str(list(field.default)) if several else str(field.default)
        assert rows.get(field.name, "").strip("`") in (told, f'"{told}"'), field.name


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_exit_codes_are_said_the_same_everywhere() -> None:
    from harness.exit_codes import CODES

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for word, code in CODES.items():
        assert re.search(rf"\b{code} {word}", text)


@pytest.mark.parametrize("file", documents(), ids=lambda file: file.relative_to(ROOT).as_posix())
def test_the_tests_that_a_document_names_are_there(file: Path) -> None:
    mentioned = re.findall(r"`(tests/[\w/]+\.py)`", file.read_text(encoding="utf-8"))
    assert [name for name in mentioned if not (ROOT / name).is_file()] == []
