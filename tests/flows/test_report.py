"""The report of a run: from the store into its folder, whole or not at all, and again later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import RequestError, WorldFailed
from harness.flows.evaluation.candidate import Evaluation
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.session import open_session
from harness.flows.github import report
from harness.flows.report import find, material_of, text_of, write
from harness.render.report import Material
from harness.store import Store
from tests.fakes.project import TinyProject

HERE = "sqlite:///reports/harness.db"


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyProject:
    """`good` is promoted, `bad` was rejected; reports are not written yet."""
    made = TinyProject(tmp_path / "project")
    made.record("good", quality="good")
    made.record("bad", quality="bad")
    made.promote("good")
    monkeypatch.chdir(made.folder)
    evaluated(made, "bad")
    return made


def evaluated(project: TinyProject, name: str, **asked: object) -> Evaluation:
    with open_session(project.project, Request(**asked), lambda *_: None) as session:  # type: ignore[arg-type]
        return session.candidate(name).evaluate(session.benchmark("openers"))


@contextmanager
def opened(project: TinyProject) -> Iterator[Store]:
    with closing(project.store()) as store:
        yield store


def material(project: TinyProject, name: str = "bad", benchmark: str | None = None) -> Material:
    with opened(project) as store:
        found = find(project.project, store, name, benchmark)
        return material_of(project.project, store, found)


@pytest.mark.long
def test_it_is_made_of_the_run_the_verdict_and_what_it_was_compared_with(
    judged: TinyProject,
) -> None:
    found = material(judged)
    assert (found.run.adapter, found.verdict.outcome, found.against) == ("bad", "reject", "good")
    assert set(found.references) == {"promoted", "base"}
    assert len(found.compared) == 8
    assert found.metric == "ideal_likelihood"
    assert found.promoted_at == "2026-01-01T00:00:00Z"
    changes = [one.change for one in found.compared if one.change is not None]
    assert changes == sorted(changes)


@pytest.mark.long
def test_the_last_verdict_on_an_adapter_is_found_by_run_by_name_and_by_benchmark(
    judged: TinyProject,
) -> None:
    run = material(judged).run.id
    assert material(judged, run).run.id == run
    assert material(judged, "bad", "manners").run.benchmark == "manners"


@pytest.mark.medium
@pytest.mark.parametrize(
    ("name", "said"),
    [("bda", "no run or judged adapter"), ("good", "no run or judged adapter"), ("", "no run")],
)
def test_what_was_never_judged_has_no_report(judged: TinyProject, name: str, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        material(judged, name)


@pytest.mark.medium
def test_a_run_that_is_only_a_reference_says_so(judged: TinyProject) -> None:
    other = material(judged).references["promoted"].id
    with pytest.raises(RequestError, match="no verdict rests on this run"):
        material(judged, other)


@pytest.mark.medium
def test_an_unknown_benchmark_is_named(judged: TinyProject) -> None:
    with pytest.raises(RequestError, match="no such benchmark"):
        material(judged, "bad", "opners")


@pytest.mark.slow
def test_it_is_placed_beside_earlier_adapters_and_never_beside_later_ones(
    judged: TinyProject,
) -> None:
    before = material(judged).placed
    assert {one.adapter for one in before} <= {"base", "good", "bad"}
    assert before[-1].adapter == "bad"
    assert all(one.n == 8 and one.low is not None for one in before)
    judged.record("later", quality="same")
    evaluated(judged, "later")
    assert material(judged).placed == before
    assert material(judged, "later").placed[-1].adapter == "later"


@pytest.mark.medium
def test_three_files_lie_in_the_runs_folder(judged: TinyProject) -> None:
    found = material(judged)
    files = write(judged.project, found)
    folder = judged.folder / "reports" / found.run.id
    assert sorted(path.name for path in folder.iterdir()) == [
        "report.html",
        "report.md",
        "run.json",
    ]
    assert files["html"].read_text(encoding="utf-8") == text_of(found, "html")
    assert json.loads(files["json"].read_text(encoding="utf-8"))["run"]["id"] == found.run.id


@pytest.mark.medium
def test_the_same_verdict_gives_the_same_files(judged: TinyProject) -> None:
    first = {
        form: file.read_bytes() for form, file in write(judged.project, material(judged)).items()
    }
    again = {
        form: file.read_bytes() for form, file in write(judged.project, material(judged)).items()
    }
    assert first == again


@pytest.mark.slow
def test_the_id_of_a_run_that_came_from_elsewhere_leads_nowhere(judged: TinyProject) -> None:
    found = material(judged)
    for identity in ("../out", "/etc/x", "a/b", "..", "", "a\nb", "x" * 300):
        evil = replace(found, run=replace(found.run, id=identity))
        with pytest.raises(RequestError, match="no name for a folder"):
            write(judged.project, evil)
    assert not (judged.folder / "out").exists()


@pytest.mark.medium
def test_a_report_that_cannot_be_written_leaves_the_verdict_standing(judged: TinyProject) -> None:
    identity = material(judged).run.id
    (judged.folder / "reports" / identity).write_text("in the way")
    with pytest.raises(WorldFailed, match="lora-harness report RUN"):
        write(judged.project, material(judged))
    with open_session(judged.project, Request(), lambda *_: None) as session:
        found = session.candidate("bad").evaluate(session.benchmark("openers"))
        told = report(session, found)
    assert found.verdict.outcome == "reject"
    assert told.page.startswith("none: ")
    assert told.comment is None


@pytest.mark.medium
def test_texts_stay_out_where_the_settings_say_so(judged: TinyProject) -> None:
    judged.settings("\n[tool.harness.privacy]\ntexts = false\n")
    found = material(judged)
    for form in ("html", "md", "json"):
        text = text_of(found, form)
        assert "Dear Sir or Madam" not in text, form
        assert "Delta Freight" not in text, form
        assert "words that appeared" not in text, form
    assert json.loads(text_of(found, "json"))["texts"] is False
    assert "8 cases broken" in text_of(found, "md")


@pytest.mark.medium
def test_what_the_settings_mask_is_masked_in_all_three(judged: TinyProject) -> None:
    judged.settings('\n[tool.harness.privacy]\nredact = ["/Delta Freight/"]\n')
    found = material(judged)
    for form in ("html", "md", "json"):
        assert "Delta Freight" not in text_of(found, form), form
    assert "[redacted]" in text_of(found, "html")
    assert [one.flag for one in found.compared].count("broken") == 8


@pytest.mark.slow
def test_commands_can_be_pasted(judged: TinyProject) -> None:
    found = material(judged)
    assert found.commands == {"side by side": "lora-harness compare bad good --benchmark openers"}
    assert (
        found.again["make it all again"]
        == "lora-harness evaluate bad --benchmark openers --refresh"
    )
    promoted = evaluated(judged, "good", against="bad")
    assert promoted.verdict.outcome == "promote"
    assert "promote it" in material(judged, "good").commands
