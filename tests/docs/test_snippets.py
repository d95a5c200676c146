"""What a document tells a reader to type works, and what it shows as a file can be read."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.commands import Unknown, check_words
from tests.docs.conftest import Runs
from tests.docs.markdown import ROOT, Block, blocks, documents
from tests.docs.readers import READERS
from tests.docs.shipped import shipped

DOCUMENTS = documents()
BLOCKS = [block for file in DOCUMENTS for block in blocks(file)]
SHOWN = ("text", "yaml", "css")
"""Transcripts and trees, and recipes for other machines' CI."""
named = pytest.mark.parametrize(
    "file", DOCUMENTS, ids=[str(file.relative_to(ROOT)) for file in DOCUMENTS]
)


@pytest.mark.parametrize("block", BLOCKS, ids=[block.place for block in BLOCKS])
def test_every_block_says_what_it_is(block: Block) -> None:
    if block.language == "sh":
        assert block.lines, "an empty block"
    elif block.language == "python":
        assert block.reason or not block.words or block.said("file")
    elif block.language not in SHOWN:
        assert block.reason or (block.language, *block.words[:1]) in READERS


@pytest.mark.parametrize("block", BLOCKS, ids=[block.place for block in BLOCKS])
def test_commands_and_options_exist_even_where_they_are_not_run(block: Block) -> None:
    if block.language != "sh":
        return
    for line in block.lines:
        for words in commands(line):
            try:
                check_words(words)
            except Unknown as wrong:
                pytest.fail(f"{block.place}: {wrong}")


def commands(line: str) -> Iterator[list[str]]:
    """`lora-harness` and `pytest` commands in a shell line."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) <= set("();<>|&"):
            if words[:1] in (["lora-harness"], ["pytest"]):
                yield words
            words = []
        else:
            words.append(word)


@pytest.mark.long
@named
def test_commands_end_as_the_document_says(file: Path, runs: Runs, tmp_path: Path) -> None:
    todo = [b for b in blocks(file) if b.language == "sh" and not b.reason]
    todo = [block for block in todo if "real" not in block.words]
    if not todo:
        return
    recorded = shipped(tmp_path / "project")
    plain = shipped(tmp_path / "plain", recorded=False)
    for block in blocks(file):
        name = block.said("file")
        if name is not None:
            (recorded / name).write_text(block.text, encoding="utf-8")
        elif block in todo:
            runs(block, plain if "as-shipped" in block.words else recorded)


@pytest.mark.real
def test_commands_for_the_real_base_end_as_the_documents_say(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LORA_HARNESS_CACHE")  # the base is converted once for all tests
    folder = shipped(tmp_path / "project", recorded=False)
    for block in BLOCKS:
        if block.language == "sh" and not block.reason and "real" in block.words:
            runs(block, folder)


FILES = [b for b in BLOCKS if (b.language, *b.words[:1]) in READERS]


@pytest.mark.parametrize("block", FILES, ids=[block.place for block in FILES])
def test_what_is_shown_as_a_file_is_read_by_its_reader(block: Block, tmp_path: Path) -> None:
    READERS[block.language, block.words[0]](block.text, tmp_path)


@named
def test_python_runs(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    todo = [b for b in blocks(file) if b.language == "python" and not (b.reason or b.words)]
    if not todo:
        return
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(shipped(tmp_path / "project"))
    for block in todo:
        exec(compile(block.text, block.place, "exec"), {})
