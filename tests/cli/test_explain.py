"""`lora-harness explain` knows every finding, exit code and metric, in the words of the READMEs."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from harness import registered
from harness.exit_codes import CODES, MEANINGS
from harness.findings.kinds import KINDS
from harness.flows.explain import every_word
from harness.measure import METRICS
from tests.cli.conftest import Type

HARNESS = Path(__file__).resolve().parents[2] / "harness"


def table(readme: str, head: str) -> list[list[str]]:
    """The rows below the head of a table, each as its cells."""
    lines = (HARNESS / readme).read_text(encoding="utf-8").splitlines()
    start = lines.index(head) + 2
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_the_table_of_findings_has_these_texts() -> None:
    expected = [[f"`{kind}`", *words] for kind, words in KINDS.items()]
    assert table("cli/README.md", "| finding | it says | what to do |") == expected


def test_the_table_of_exit_codes_has_these_texts() -> None:
    assert table("cli/README.md", "| exit code | |") == [[*pair] for pair in MEANINGS.items()]
    codes = {code for codes in MEANINGS for code in codes.split(", ")}
    assert {str(code) for code in CODES.values()} | {"4", "11"} <= codes


def test_the_table_of_metrics_has_these_texts() -> None:
    found = sorted(table("workspace/README.md", "| metric | |"))
    assert found == sorted([f"`{m.name}`", m.meaning] for m in METRICS.values())


@pytest.mark.parametrize("word", [one.word for one in every_word()])
def test_every_word_is_explained(typed: Type, word: str) -> None:
    found = typed("explain", word)
    assert found.code == 0 and found.out.startswith(word)


def test_a_word_may_be_typed_in_any_way(typed: Type) -> None:
    for word in ("near-duplicate", "Near Duplicate", "NEAR_DUPLICATE"):
        assert typed("explain", word).out.startswith("near_duplicate  finding: ")
    for word in ("10", "exit code 10", "inconclusive"):
        assert typed("explain", word).out.startswith("10  exit code: inconclusive")
    assert "Ctrl-C" in typed("explain", "143").out


def test_json_has_the_same_for_programs(typed: Type) -> None:
    (one,) = typed("explain", "overlap", "--json").json["words"]
    means, remedy = KINDS["overlap"]
    assert one == {"word": "overlap", "about": "finding", "means": means, "remedy": remedy}
    assert len(typed("explain", "--json").json["words"]) == len(every_word())


def test_unknown_words_are_refused_with_near_ones(typed: Type) -> None:
    found = typed("explain", "edit_rats")
    near = "did you mean edit_rate or clean_rate or edit_similarity?"
    assert (found.code, found.line) == (4, f"lora-harness: edit_rats: no such word, {near}")
    assert "lists those there are" in typed("explain", "x" * 500 + "\x1b[31m").line


def test_no_project_is_needed(typed: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert typed("explain").code == 0


def test_a_metric_of_another_package_is_explained_by_its_own_words(
    typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    offers = {
        "good_metric": EntryPoint("good_metric", "textwrap:dedent", registered.METRICS),
        "bad_metric": EntryPoint("bad_metric", "no_such_module:x", registered.METRICS),
    }

    def entries(*, group: str, name: str | None = None) -> list[EntryPoint]:
        wanted = [one for one in offers.values() if name in (None, one.name)]
        return wanted if group == registered.METRICS else []

    monkeypatch.setattr(registered, "entry_points", entries)
    shown = typed("explain", "good_metric").out
    assert "metric: Remove any common leading whitespace from every line" in shown
    assert "cannot be imported" in typed("explain", "bad_metric").out
    assert typed("explain").code == 0
