"""BENCHMARKS.md is made by its commands, section by section."""

from __future__ import annotations

import shlex
from pathlib import Path

import benchmarks_page
import pytest
from benchmarks_page import HEAD, PLACE, SECTIONS, Section, command, keep, made, rendered, sections

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "BENCHMARKS.md"


def test_every_section_runs_a_script_that_there_is() -> None:
    scripts = {shlex.split(section.words)[0] for section in SECTIONS.values()}
    assert all((ROOT / script).is_file() for script in scripts)


def test_the_page_in_the_tree_has_only_sections_of_the_command() -> None:
    text = PLACE.read_text(encoding="utf-8")
    assert text.startswith(HEAD)
    assert set(sections(text)) <= set(SECTIONS)
    assert text == benchmarks_page.whole(sections(text))


def test_a_section_has_its_command_above_what_that_printed() -> None:
    text = rendered("bases", "perf/bases.py --rounds 5", "- a machine\n\n| a |\n|---|\n")
    head, machine = text.index("    python perf/bases.py --rounds 5"), text.index("- a machine")
    assert text.index("## As the base grows") < head < machine
    assert text.endswith("| a |\n|---|\n")


def test_a_script_that_prints_no_markdown_is_shown_as_it_prints() -> None:
    text = rendered("data", "perf/data_speed.py", "a   b\n\n1   2\n")
    assert "\n    a   b\n\n    1   2\n" in text


def test_sections_come_in_one_order_and_the_others_stay(page: Path) -> None:
    keep(page, "memory", rendered("memory", "perf/memory.py", "first"))
    keep(page, "speed", rendered("speed", "perf/bench.py", "second"))
    keep(page, "memory", rendered("memory", "perf/memory.py", "third"))
    text = page.read_text(encoding="utf-8")
    assert list(sections(text)) == ["speed", "memory"]
    assert "second" in text and "third" in text and "first" not in text
    keep(page, "memory", sections(text)["memory"])
    assert page.read_text(encoding="utf-8") == text


def test_the_page_shows_no_path_of_a_second_checkout() -> None:
    assert command(SECTIONS["peers"], "CHECKOUT").endswith("--rounds 5 --before CHECKOUT")
    assert command(SECTIONS["cases"], "CHECKOUT") == SECTIONS["cases"].words


def test_a_small_run_has_fewer_rounds_than_the_section(monkeypatch: pytest.MonkeyPatch) -> None:
    assert command(SECTIONS["peers"], small=True).endswith("--rounds 5 --rounds 1 --cases 3")


def test_further_words_are_shown_on_the_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, page: Path
) -> None:
    scripted(monkeypatch, tmp_path, "import sys; print(sys.argv[1:])")
    made(["speed"], "", False, page, "--rounds 2")
    text = page.read_text(encoding="utf-8")
    assert "script.py --rounds 2\n" in text and "['--rounds', '2']" in text


def scripted(monkeypatch: pytest.MonkeyPatch, folder: Path, code: str, **section: object) -> None:
    script = folder / "script.py"
    script.write_text(code, encoding="utf-8")
    found = Section("Some", shlex.quote(str(script)), **section)
    monkeypatch.setattr(benchmarks_page, "SECTIONS", {"speed": found})


def test_what_a_command_prints_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, page: Path
) -> None:
    scripted(monkeypatch, tmp_path, "print('| 1 |')")
    assert made(["speed"], "", False, page) == []
    assert "| 1 |" in sections(page.read_text(encoding="utf-8"))["speed"]


def test_a_promise_that_is_not_kept_is_kept_on_the_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, page: Path
) -> None:
    code = "print('3 s above the limit'); raise SystemExit(1)"
    scripted(monkeypatch, tmp_path, code, missed="above the limit", plain=True, nowhere=True)
    assert made(["speed"], "", False, page) == []
    text = page.read_text(encoding="utf-8")
    assert "    3 s above the limit" in text
    assert "- commit " in text  # the command itself does not name the machine


def test_a_command_that_fails_leaves_its_section_as_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, page: Path
) -> None:
    scripted(monkeypatch, tmp_path, "print('half'); raise SystemExit(3)")
    keep(page, "speed", rendered("speed", "perf/bench.py", "whole"))
    before = page.read_text(encoding="utf-8")
    assert made(["speed"], "", False, page) == ["speed"]
    assert page.read_text(encoding="utf-8") == before
