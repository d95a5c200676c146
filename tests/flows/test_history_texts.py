"""A history without texts proves the same: its seals hold, and its verdicts follow from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import harness
from harness.flows.history import export_history, import_history
from harness.flows.rejudge import judged_again
from harness.records import Case, Check
from harness.store import Store
from harness.store.seals import seal_of
from harness.text.left_out import is_left_out, same_texts, without_texts
from tests.fakes.project import TinyProject
from tests.store.records import make_run, make_verdict


@pytest.fixture
def lived(project: TinyProject) -> TinyProject:
    project.record("good", quality="good")
    project.record("broken", quality="good", texts={"health-1": "Dear Sir, 17 of you"})
    harness.evaluate("good", project=project.folder)
    project.promote("good")
    harness.evaluate("broken", project=project.folder)
    return project


def lines(store: Store, texts: bool) -> list[str]:
    return list(export_history(store, texts=texts))


@pytest.fixture
def bare(lived: TinyProject, tmp_path: Path) -> Iterator[Store]:
    """A store that began with the history without its texts."""
    file = tmp_path / "bare.jsonl"
    with closing(lived.store()) as store:
        file.write_text("".join(f"{line}\n" for line in lines(store, False)))
    with closing(Store("sqlite:///bare.db", tmp_path)) as new:
        import_history(new, file)
        yield new


@pytest.mark.slow
def test_no_word_of_a_case_or_an_output_is_in_it(lived: TinyProject) -> None:
    with closing(lived.store()) as store:
        whole, without = "".join(lines(store, True)), "".join(lines(store, False))
        results = [r for i in store.runs.ids() if (run := store.runs.by_id(i)) for r in run.results]
    texts = {r.case.input for r in results} | {i for r in results for i in r.case.ideals}
    texts |= {output.text for r in results for output in r.outputs}
    assert all(json.dumps(text)[1:-1] in whole for text in texts)
    assert [text for text in texts if json.dumps(text)[1:-1] in without] == []
    assert "Dear Sir" not in without


@pytest.mark.slow
def test_both_forms_carry_the_same_seals(lived: TinyProject, bare: Store) -> None:
    with closing(lived.store()) as store:
        seals = [json.loads(line)["seal"] for line in lines(store, True)]
        assert [json.loads(line)["seal"] for line in lines(store, False)] == seals
    assert [json.loads(line)["seal"] for line in lines(bare, False)] == seals


@pytest.mark.slow
def test_a_store_without_texts_is_as_recorded_and_its_verdicts_follow(bare: Store) -> None:
    assert bare.runs.changed() == [] == bare.verdicts.changed()
    kept = [one.verdict for one in bare.verdicts.all()]
    assert len(kept) >= 4
    assert all(judged_again(bare, verdict).same for verdict in kept)


@pytest.mark.long
def test_a_history_with_texts_changes_nothing_in_it(
    lived: TinyProject, bare: Store, tmp_path: Path
) -> None:
    file = tmp_path / "whole.jsonl"
    with closing(lived.store()) as store:
        file.write_text("".join(f"{line}\n" for line in lines(store, True)))
    before = lines(bare, True)
    found = import_history(bare, file)
    assert (found.runs, found.verdicts, found.decisions) == (0, 0, 0)
    assert lines(bare, True) == before


@pytest.mark.long
def test_a_candidate_is_judged_against_what_came_without_texts(
    lived: TinyProject, bare: Store
) -> None:
    for file in (lived.folder / "reports").glob("harness.db*"):
        file.unlink()
    lived.write("reports/history.jsonl", "".join(f"{line}\n" for line in lines(bare, False)))
    lived.record("twin", quality="good")
    assert harness.evaluate("twin", project=lived.folder)["openers"].identical
    lived.record("other", quality="same")
    verdict = harness.evaluate("other", project=lived.folder)["openers"]
    assert not verdict.identical
    assert not any("words that" in note for note in verdict.notes)
    with closing(lived.store()) as store:
        assert all(judged_again(store, one.verdict).same for one in store.verdicts.all())


@pytest.mark.long
def test_a_verdict_changed_in_a_store_without_texts_is_named(bare: Store) -> None:
    with bare.database.write() as connection:
        connection.exec_driver_sql("UPDATE verdicts SET digest = 'other' WHERE seq = 1")
    assert bare.verdicts.changed() == [next(bare.verdicts.all()).id]


# --- records ----------------------------------------------------------------------------------


def test_leaving_out_twice_is_leaving_out_once() -> None:
    for record in (make_run(), make_verdict()):
        once = without_texts(record)
        assert once != record
        assert without_texts(once) == once
        assert seal_of(once) == seal_of(record)


def test_every_word_is_under_the_seal() -> None:
    verdict, other = make_verdict(notes=('it says "one"',)), make_verdict(notes=('it says "two"',))
    assert seal_of(verdict) != seal_of(other)
    assert without_texts(verdict).notes != without_texts(other).notes
    assert without_texts(verdict).notes[0].startswith("it says [text left out]")


def test_a_check_s_table_of_words_is_one_text() -> None:
    case = Case("a", "x", ("y",), checks=(Check("terms", {"trial": ("pilot",)}, "must"),))
    assert is_left_out(without_texts(case).checks[0].value)


def test_a_text_equals_its_digest_and_no_other() -> None:
    mark = without_texts(Case("a", "x", ("y",))).input
    assert same_texts(["x", ""], [mark, ""])
    assert same_texts([mark], [mark])
    assert not same_texts(["z"], [mark])
    assert not same_texts([], [mark])
