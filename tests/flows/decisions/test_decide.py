"""Decisions by people on real bytes: recorded for ever, only for what was judged, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import AdapterRefused, RequestError, SettingsError, StoreFailed
from harness.flows.decisions import decide
from harness.flows.decisions.decide import DecisionRequest, pin, reject, rollback
from harness.flows.decisions.promoted_file import promoted
from harness.records import Decision
from harness.store.decisions import Decisions
from tests.fakes.refusals import refused
from tests.fakes.served import ServedProject


@pytest.fixture
def project(tmp_path: Path) -> ServedProject:
    return ServedProject(tmp_path / "project")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> ServedProject:
    """Made once and left alone."""
    made = ServedProject(tmp_path_factory.mktemp("template") / "project")
    made.line("v1", "v2", "v3")
    return made


@pytest.fixture
def three(template: ServedProject, tmp_path: Path) -> ServedProject:
    """`v1`, `v2` and `v3` were promoted one after the other."""
    return ServedProject.copy_of(template, tmp_path / "three")


def back(project: ServedProject, name: str | None = None, **how: object) -> Decision:
    return rollback(project.project, name, project.ask("it was worse", **how))


# --- promote ----------------------------------------------------------------------------------


@pytest.mark.medium
def test_a_promotion_says_who_why_when_and_all_that_it_rests_on(project: ServedProject) -> None:
    project.judge("v1")
    made = project.put("v1")
    assert (made.by, made.why, made.task, made.override) == ("Ana", "it is good", "openers", False)
    assert made.digest == project.adapter("v1").files().digest
    assert made.base == project.base.digest
    assert (made.benchmark, made.fingerprint) == (
        "openers",
        project.project.known("openers").fingerprint,
    )
    assert all((made.verdict, made.policy, made.hash, made.at))


@pytest.mark.long
def test_a_name_belongs_to_a_client(project: ServedProject) -> None:
    project.line("acme/openers_v1", "acme/openers_v2")
    assert project.promoted() == "acme/openers_v2"
    assert back(project).adapter == "acme/openers_v1"
    project.judge("globex/openers_v1")
    assert project.put("globex/openers_v1").adapter == "globex/openers_v1"


@pytest.mark.long
def test_every_task_has_its_own(project: ServedProject) -> None:
    project.second_task()
    project.line("v1")
    assert project.judge("r1", task="replies").outcome == "promote"
    project.put("r1", task="replies")
    assert (project.promoted(), project.promoted("replies")) == ("v1", "r1")
    with refused("several benchmarks fit, name the task"):
        project.put("v1", task=None)  # type: ignore[arg-type]
    with refused("r1 is the first, there is nothing before it"):
        back(project, task="replies")


@pytest.mark.medium
def test_bytes_that_were_swapped_after_they_were_judged_are_refused(project: ServedProject) -> None:
    project.judge("v1")
    project.flip("v1")
    with refused("v1: its bytes changed since it was judged, run `pytest --model v1`"):
        project.put("v1")
    assert project.kinds() == []


@pytest.mark.medium
def test_the_other_files_of_its_folder_may_change(project: ServedProject) -> None:
    project.judge("v1")
    project.flip("v1", "training.json")
    assert project.put("v1").adapter == "v1"


CHANGED = {
    "a score": "UPDATE run_scores SET value = 1.0 WHERE value < 1 AND run = 1",
    "a case": "UPDATE run_cases SET body = replace(body, 'Hi ', 'Ho ') WHERE run = 1",
    "the head": "UPDATE runs SET body = replace(body, '\"base\"', '\"bass\"') WHERE seq = 1",
    "the guard's scores": "UPDATE run_scores SET value = 0.5 WHERE run ="
    " (SELECT seq FROM runs WHERE benchmark = 'manners' AND adapter = 'v1')",
    "the verdict": "UPDATE verdicts SET body = replace(body, 'no drop', 'no  drop') || ' '"
    " WHERE benchmark = 'openers'",
}


@pytest.mark.medium
@pytest.mark.parametrize("statement", CHANGED.values(), ids=CHANGED)
def test_a_verdict_on_rows_that_were_changed_by_hand_is_refused(
    project: ServedProject, statement: str
) -> None:
    project.judge("v1")
    project.by_hand(statement)
    with refused("was changed by hand, see `lora-harness verify`"):
        project.put("v1")
    assert project.kinds() == []


@pytest.mark.slow
def test_a_verdict_that_somebody_wrote_by_hand_is_refused(project: ServedProject) -> None:
    project.line("v1")
    assert project.judge("v2", "bad").outcome == "reject"
    project.by_hand("UPDATE verdicts SET body = replace(body, '\"reject\"', '\"promote\"')")
    with refused("changed by hand"):
        project.put("v2")
    assert project.promoted() == "v1"


@pytest.mark.medium
def test_runs_that_were_removed_are_asked_for_again(project: ServedProject) -> None:
    project.judge("v1")
    with project.opened() as store:
        (base,) = [
            i for i, adapter, name in store.runs.heads() if (adapter, name) == ("base", "openers")
        ]
        store.runs.remove([base])
    with refused("the run that the verdict rests on is not in the store"):
        project.put("v1")


@pytest.mark.slow
def test_a_card_that_cannot_be_written_stops_the_promotion_before_it_is_recorded(
    project: ServedProject,
) -> None:
    project.judge("v1")
    readme = project.write("adapters/v1/README.md", "---\n{broken: [\n---\nbody\n")
    with refused("README.md.* its metadata is no YAML", AdapterRefused):
        project.put("v1")
    assert project.kinds() == []
    with refused("its metadata is no YAML", AdapterRefused):
        project.put("v1", dry_run=True)
    readme.unlink()
    assert project.put("v1").seq == 1


@pytest.mark.slow
def test_the_card_says_how_it_was_judged_and_the_bytes_stay(project: ServedProject) -> None:
    before = project.judge("v1") and project.adapter("v1").files().digest
    assert project.put("v1", dry_run=True).digest == before
    card = project.folder / "adapters/v1/README.md"
    assert not card.exists(), "a dry run writes nothing"
    project.put("v1")
    assert "model-index" in card.read_text()
    assert "ideal_likelihood" in card.read_text()
    assert project.adapter("v1").files().digest == before


@pytest.mark.slow
def test_a_promotion_that_is_repeated_completes_what_is_missing(project: ServedProject) -> None:
    project.line("v1")
    card = project.folder / "adapters/v1/README.md"
    pointer = project.folder / "adapters/promoted.json"
    said = card.read_bytes(), pointer.read_bytes()
    card.unlink()
    pointer.unlink()
    for _ in range(2):
        with refused("v1: is promoted already"):
            project.put("v1")
        assert (card.read_bytes(), pointer.read_bytes()) == said
    assert project.kinds() == ["promote v1"]


# --- against the verdict ----------------------------------------------------------------------


@pytest.mark.slow
def test_an_override_is_recorded_as_one(project: ServedProject) -> None:
    project.line("v1")
    project.judge("v2", "bad")
    made = project.put("v2", override=True)
    assert (made.override, made.verdict) == (True, None)
    with project.opened() as store:
        held = store.decisions.promoted("openers")
    assert held == made


@pytest.mark.slow
def test_an_override_that_is_not_needed_is_none(project: ServedProject) -> None:
    project.judge("v1")
    made = project.put("v1", override=True)
    assert (made.override, made.verdict is None) == (False, False)


@pytest.mark.long
def test_an_override_goes_back_as_one(project: ServedProject) -> None:
    project.judge("v1", "bad")
    project.put("v1", override=True)
    project.line("v2")
    assert back(project).override, "what went in against the verdict never looks as if it had one"


# --- reject -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_rejected_adapter_is_promoted_by_override_only(project: ServedProject) -> None:
    project.judge("v1")
    made = reject(project.project, "v1", project.ask("stiff tone"))
    assert (made.kind, made.adapter, made.why) == ("reject", "v1", "stiff tone")
    with refused(r"v1: was rejected by Ana \(stiff tone\), --override promotes it still"):
        project.put("v1")
    assert project.put("v1", override=True).override
    assert project.kinds() == ["reject v1", "promote v1"]


@pytest.mark.slow
def test_a_pin_does_not_take_a_rejection_back(project: ServedProject) -> None:
    project.judge("v1")
    reject(project.project, "v1", project.ask())
    pin(project.project, "v1", project.ask())
    with pytest.raises(RequestError):
        project.put("v1")


@pytest.mark.long
def test_a_rejection_is_of_bytes_and_not_of_a_name(project: ServedProject) -> None:
    project.judge("v1")
    reject(project.project, "v1", project.ask())
    project.flip("v1")
    project.judge("v1")
    assert not project.put("v1").override


@pytest.mark.slow
def test_what_is_in_production_is_rolled_back_and_not_rejected(project: ServedProject) -> None:
    project.line("v1")
    with refused("v1: is promoted, `lora-harness rollback` takes it back"):
        reject(project.project, "v1", project.ask())


@pytest.mark.medium
def test_a_rejection_names_the_verdict_that_was_there_if_there_was_one(
    project: ServedProject,
) -> None:
    project.adapter("v1").write()
    assert reject(project.project, "v1", project.ask()).verdict is None
    project.judge("v1", "bad")
    made = reject(project.project, "v1", project.ask())
    with project.opened() as store:
        found = store.verdicts.by_id(str(made.verdict))
    assert found is not None
    assert (found.candidate, found.outcome) == ("v1", "reject")


@pytest.mark.long
def test_a_rejection_leaves_production_as_it_is(project: ServedProject) -> None:
    project.line("v1")
    project.judge("v2", "bad")
    reject(project.project, "v2", project.ask())
    assert project.promoted() == "v1"


# --- roll back --------------------------------------------------------------------------------


@pytest.mark.long
def test_the_last_good_one_comes_back(project: ServedProject) -> None:
    project.line("v1", "v2")
    first = project.adapter("v1").files().digest
    made = back(project)
    assert (made.kind, made.adapter, made.digest) == ("rollback", "v1", first)
    assert made.verdict, "the verdict that it was promoted on"
    assert project.promoted() == "v1"


@pytest.mark.long
def test_a_second_rollback_goes_further_back(three: ServedProject) -> None:
    assert [back(three).adapter for _ in range(2)] == ["v2", "v1"]
    with refused("v1 is the first, there is nothing before it"):
        back(three)
    assert three.kinds()[3:] == ["rollback v2", "rollback v1"]


@pytest.mark.long
def test_a_named_one_comes_back(three: ServedProject) -> None:
    assert back(three, "v1").adapter == "v1"
    with refused("v1 is the first, there is nothing before it"):
        back(three)


@pytest.mark.long
def test_after_a_rollback_the_next_promotion_has_the_old_one_before_it(
    project: ServedProject,
) -> None:
    project.line("v1", "v2")
    back(project)
    project.line("v3")
    assert back(project).adapter == "v1", "v2 was taken back and is no good one"


@pytest.mark.long
def test_what_was_taken_back_may_be_promoted_again(project: ServedProject) -> None:
    project.line("v1", "v2")
    back(project)
    assert project.put("v2").adapter == "v2"


@pytest.mark.long
def test_one_that_was_rejected_since_is_no_good_one(three: ServedProject) -> None:
    reject(three.project, "v2", three.ask())
    assert back(three, dry_run=True).adapter == "v1"
    assert back(three, "v2").adapter == "v2", "a person may still name it"


@pytest.mark.long
@pytest.mark.parametrize("name", [None, "v2"])
def test_a_rollback_that_was_killed_is_completed_and_goes_no_further(
    three: ServedProject, name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(decide, "write_committed", killed)
        back(three, name)
    assert promoted("openers", three.folder).name == "v3", "the pointer was not written yet"
    with refused("the last rollback, v2 by Ana, was recorded but cut off .*it is done now"):
        back(three, name)
    assert promoted("openers", three.folder).name == three.promoted() == "v2"
    assert back(three).adapter == "v1", "who means it goes further"


@pytest.mark.long
def test_there_must_be_something_to_roll_back(project: ServedProject) -> None:
    project.adapter("v1").write()
    with refused("openers: nothing is promoted, so there is nothing to roll back"):
        back(project)
    project.line("v1")
    with refused("openers: v1 is the first, there is nothing before it"):
        back(project)
    assert project.kinds() == ["promote v1"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("v2", "v2: is promoted, name the one to go back to"),
        ("v9", r"v9: was not in production before v2 \(those that were: v1\)"),
        ("", "was not in production"),
    ],
)
def test_only_what_was_in_production_comes_back(
    project: ServedProject, name: str, line: str
) -> None:
    project.line("v1", "v2")
    with refused(line):
        back(project, name)


@pytest.mark.long
def test_bytes_that_changed_since_do_not_come_back(project: ServedProject) -> None:
    project.line("v1", "v2")
    project.flip("v1")
    with refused("v1: its bytes are not those that were in production, restore", AdapterRefused):
        back(project)
    assert project.promoted() == "v2"
    project.flip("v1")
    assert back(project).adapter == "v1", "once they are restored it does"


@pytest.mark.long
def test_a_promotion_on_a_state_that_was_rolled_back_is_refused(project: ServedProject) -> None:
    project.line("v1", "v2")
    project.judge("v3")
    back(project)
    with refused("v3: was not compared with the promoted adapter, which is v1 now"):
        project.put("v3")


# --- pin --------------------------------------------------------------------------------------


@pytest.mark.medium
def test_a_pinned_adapter_is_what_the_next_ones_are_compared_with(three: ServedProject) -> None:
    made = pin(three.project, "v2", three.ask())
    assert (made.kind, made.adapter) == ("pin", "v2")
    verdict = three.judge("v4")
    assert (verdict.promoted, verdict.pinned) == ("v3", "v2")


@pytest.mark.slow
def test_a_verdict_from_before_the_pin_was_moved_does_not_count(three: ServedProject) -> None:
    three.judge("v4")
    pin(three.project, "v2", three.ask())
    with refused("v4: was not compared with the pinned adapter, which is v2 now"):
        three.put("v4")


@pytest.mark.long
def test_a_pin_that_moves_while_somebody_promotes_stops_the_promotion(
    three: ServedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The baseline is the same, and yet the verdict was made against another state."""
    from harness.flows.decisions import decide as flow

    three.judge("v4")
    late = []

    def now(calendar: object) -> str:
        if not late:
            late.append(True)
            pin(three.project, "v2", three.ask())
        return "2026-01-01T00:00:00.000Z"

    monkeypatch.setattr(flow, "utc_now", now)
    with refused("the pin moved to v2 meanwhile: run the gate against it"):
        three.put("v4")
    assert three.promoted() == "v3"


@pytest.mark.slow
def test_a_promotion_that_lands_while_somebody_rolls_back_is_not_skipped(
    three: ServedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ana saw `v3` and goes back to `v2`; to take back `v4` as well was never her decision."""
    three.judge("v4")
    real, late = Decisions.all, []

    def all_and_then(self: Decisions, task: str | None = None) -> list[Decision]:
        found = real(self, task)
        if task and not late:
            late.append(True)
            three.put("v4")
        return found

    monkeypatch.setattr(Decisions, "all", all_and_then)
    with refused("the baseline moved to v4 meanwhile: run the gate against it"):
        back(three)
    assert three.promoted() == "v4"
    assert three.kinds()[-1] == "promote v4"


@pytest.mark.slow
def test_a_rejection_that_lands_while_somebody_promotes_stops_the_promotion(
    three: ServedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    three.judge("v4")
    real, late = decide.drafted, []

    def drafted_late(*about: Any) -> Decision:
        if not late:
            late.append(True)
            reject(three.project, "v4", DecisionRequest("Bo", "it lies"))
        return real(*about)

    monkeypatch.setattr("harness.flows.decisions.promote.drafted", drafted_late)
    with refused(r"Bo decided meanwhile \(reject v4\): look at `lora-harness log`, then decide"):
        three.put("v4")
    assert three.kinds()[-1] == "reject v4"


@pytest.mark.long
def test_a_promotion_that_lands_while_somebody_rejects_stops_the_rejection(
    three: ServedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    three.judge("v4")
    real, late = decide._last_verdict, []

    def last_verdict_late(*about: Any) -> str | None:
        if not late:
            late.append(True)
            three.put("v4")
        return real(*about)

    monkeypatch.setattr(decide, "_last_verdict", last_verdict_late)
    with refused("the baseline moved to v4 meanwhile: run the gate against it"):
        reject(three.project, "v4", three.ask())
    assert three.kinds()[-1] == "promote v4"


# --- every decision ---------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", ["base", "base+prompt", "nosuch", "../v1", "v1/", "/etc", ""])
def test_what_is_no_adapter_is_refused(project: ServedProject, name: str) -> None:
    project.line("v1")
    for flow in (reject, pin):
        with pytest.raises(RequestError):
            flow(project.project, name, project.ask())
    with pytest.raises(RequestError):
        project.put(name)
    assert project.kinds() == ["promote v1"]


@pytest.mark.long
def test_a_dry_run_says_the_decision_and_records_nothing(project: ServedProject) -> None:
    project.line("v1", "v2")
    project.judge("v3")
    pointer = project.folder / "adapters/promoted.json"
    before = pointer.read_bytes(), project.kinds()
    ask = project.ask(dry_run=True)
    said = [
        project.put("v3", dry_run=True),
        reject(project.project, "v3", ask),
        pin(project.project, "v2", ask),
        rollback(project.project, None, ask),
    ]
    assert [(d.kind, d.adapter, d.seq, d.hash) for d in said] == [
        ("promote", "v3", 0, ""),
        ("reject", "v3", 0, ""),
        ("pin", "v2", 0, ""),
        ("rollback", "v1", 0, ""),
    ]
    assert (pointer.read_bytes(), project.kinds()) == before


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ("", "x"),
        (" ", "x"),
        ("x", ""),
        ("a\nb", "x"),
        ("x", "a\0b"),
        ("b" * 201, "x"),
        ("x", "w" * 2001),
    ],
)
def test_who_and_why_fit_into_every_store(by: str, why: str) -> None:
    with refused("--by must|--why must"):
        DecisionRequest(by, why)


@pytest.mark.long
def test_nothing_is_decided_on_a_ledger_that_was_changed_by_hand(project: ServedProject) -> None:
    project.line("v1", "v2")
    project.judge("v3")
    project.by_hand("UPDATE decisions SET adapter = 'v9' WHERE seq = 1")
    with refused("the ledger was changed by hand .*verify", StoreFailed, code=11):
        project.put("v3")
    with refused("the ledger was changed by hand", StoreFailed, code=11):
        back(project)


@pytest.mark.long
def test_an_unknown_task_or_store_is_named(project: ServedProject) -> None:
    project.line("v1")
    with refused("poems: no benchmark is for this task"):
        back(project, task="poems")
    with pytest.raises(SettingsError):
        back(project, store="no url")
