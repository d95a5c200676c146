from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import BenchmarkError
from harness.records import Chat
from harness.workspace.formats.fields import toml_table
from harness.workspace.project.chat import read_chat


def chat(folder: Path, text: str) -> Chat:
    file = folder / "benchmark.toml"
    file.write_text(text, encoding="utf-8")
    return read_chat(toml_table(file, BenchmarkError).table("chat"), folder)


def test_a_benchmark_without_the_table_leaves_the_choice_open(tmp_path: Path) -> None:
    assert chat(tmp_path, "") == Chat()


def test_the_words_kwargs_and_strip_are_read(tmp_path: Path) -> None:
    found = chat(
        tmp_path,
        '[chat]\ntemplate = "adapter"\nkwargs = { enable_thinking = false }\nstrip = "think"\n',
    )
    assert found == Chat("adapter", "", {"enable_thinking": False}, "think")
    assert found.rendering == {"template": "adapter", "kwargs": {"enable_thinking": False}}


def test_a_file_is_read_whole_and_is_what_counts(tmp_path: Path) -> None:
    (tmp_path / "ours.jinja").write_text("{{ messages }}", encoding="utf-8")
    found = chat(tmp_path, '[chat]\ntemplate = "ours.jinja"\n')
    assert found.rendering == {"template": "{{ messages }}"}


def test_saying_base_renders_as_saying_nothing(tmp_path: Path) -> None:
    assert chat(tmp_path, '[chat]\ntemplate = "base"\n').rendering == Chat().rendering == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('template = "none.jinja"', "base, adapter or the name of a file"),
        ('template = "../cases.jinja"', "leads out of"),
        ('strip = "all"', "allowed are think"),
        ("kwargs = { day = 2026-01-01 }", "a date"),
        ("kwargs = { value = nan }", "no number"),
        ('tempalte = "base"', "did you mean `template`"),
    ],
)
def test_a_wrong_choice_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BenchmarkError, match=said):
        chat(tmp_path, f"[chat]\n{text}\n")


def test_an_empty_template_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ours.jinja").write_text(" \n", encoding="utf-8")
    with pytest.raises(BenchmarkError, match=r"ours\.jinja, which is empty"):
        chat(tmp_path, '[chat]\ntemplate = "ours.jinja"\n')
