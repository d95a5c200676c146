"""Retention: what the ledger refers to stays for ever, whatever else goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.flows.decisions.decide import rollback
from harness.flows.decisions.promote import accept
from harness.flows.decisions.prune import Pruned, prune
from harness.flows.decisions.verify import verify
from harness.flows.rejudge import rejudge
from tests.fakes.served import ServedProject
from tests.store.records import make_run


@pytest.fixture
def project(tmp_path: Path) -> ServedProject:
    """`v1` and `v2` were promoted; every adapter has three older and three newer runs beside."""
    made = ServedProject(tmp_path / "project")
    spare(made, "older", "base", "v1", "v2")
    made.line("v1", "v2")
    spare(made, "newer", "base", "v1", "v2")
    return made


def spare(project: ServedProject, what: str, *adapters: str) -> None:
    with project.opened() as store:
        for adapter in adapters:
            for number in range(3):
                name = f"{what}-{adapter}-{number}"
                store.runs.keep(make_run(name, adapter, 1), f"key {name}")


def pruned(project: ServedProject, keep: int, dry_run: bool = False) -> Pruned:
    with project.opened() as store:
        return prune(store, keep, dry_run)


def left(project: ServedProject) -> set[str]:
    with project.opened() as store:
        return set(store.runs.ids())


@pytest.mark.long
def test_the_newest_stay_and_what_is_needed_stays(project: ServedProject) -> None:
    before = left(project)
    found = pruned(project, 1)
    after = left(project)
    assert set(found.runs) == before - after
    assert found.kept == len(after)
    assert {f"newer-{adapter}-2" for adapter in ("base", "v1", "v2")} <= after
    assert not any(name.startswith("older") for name in after)
    assert not {"newer-v1-0", "newer-v1-1"} & after


@pytest.mark.long
def test_every_decision_can_still_be_judged_again_and_rolled_back(project: ServedProject) -> None:
    pruned(project, 1)
    with project.opened() as store:
        for decision in store.decisions.all():
            verdict = store.verdicts.by_id(str(decision.verdict))
            assert verdict is not None
            runs = [*verdict.runs.values(), *(r for g in verdict.guards for r in g.runs.values())]
            assert all(store.runs.by_id(run) for run in runs)
            assert rejudge(store, verdict.runs["candidate"]).same
    assert all(check.ok for check in verify(project.project))
    assert rollback(project.project, None, project.ask()).adapter == "v1"


@pytest.mark.long
def test_an_accepted_case_keeps_its_run(project: ServedProject) -> None:
    texts, nlls = {"health-1": "Dear Sir"}, {"health-1": 0.43}
    verdict = project.judge("v3", texts=texts, nlls=nlls)
    run = verdict.runs["candidate"]
    accept(project.project, "health-1", run, by="Ana", why="may be formal")
    spare(project, "newest", "v3")
    pruned(project, 1)
    assert run in left(project)


@pytest.mark.long
def test_what_is_not_decided_goes_with_its_verdict(project: ServedProject) -> None:
    run = project.judge("v3", "bad").runs["candidate"]
    with project.opened() as store:
        again = make_run("again", "v3", 1, benchmark="openers")
        store.runs.keep(again, "again")
    assert run in pruned(project, 1).runs
    with project.opened() as store:
        assert store.verdicts.of_run(run) is None
        assert store.runs.changed() == []


@pytest.mark.long
def test_a_dry_run_says_the_same_and_removes_nothing(project: ServedProject) -> None:
    before = left(project)
    said = pruned(project, 2, dry_run=True)
    assert left(project) == before
    assert pruned(project, 2) == said


@pytest.mark.slow
def test_with_few_runs_nothing_goes(project: ServedProject) -> None:
    assert pruned(project, 100).runs == ()


@pytest.mark.long
def test_pruning_twice_removes_nothing_more(project: ServedProject) -> None:
    pruned(project, 1)
    assert pruned(project, 1).runs == ()
