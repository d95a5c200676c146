"""Eight sessions review at once, in threads and in processes, on SQLite and on PostgreSQL."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.flows.queries import review_queue
from harness.flows.reviews.file_review import file_review
from harness.flows.reviews.handing_out import hand_out, open_elsewhere, take_back
from harness.store import Store
from tests.fakes.project import TASK, TinyProject

SESSIONS, CLICKS = 8, 4


def waiting_lines(project: TinyProject, number: int) -> None:
    """Write outputs of production that wait for a review."""
    lines = [
        {"task": TASK, "adapter": "v1", "input": f"input {n}", "output": f"output {n}"}
        for n in range(number)
    ]
    project.write_lines("reports/waiting/today.jsonl", lines)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> TinyProject:
    """Return a project with as many outputs as there will be clicks."""
    made = TinyProject(tmp_path / "project")
    if request.param == "postgresql":
        made.settings(f'store = "{request.getfixturevalue("postgresql")}"\n')
    made.adapter("v1").write()
    waiting_lines(made, SESSIONS * CLICKS)
    return made


def queue(project: TinyProject, store: Store) -> list[tuple[object]]:
    return [(one,) for one in review_queue(project.project, store, TASK, "v1").waiting]


def click(project: TinyProject, store: Store, holder: str) -> str:
    """See an output as a page would, and accept it; return its key."""
    groups = queue(project, store)
    place = hand_out(store, groups, holder, "Ana")
    assert place is not None
    (one,) = groups[place]
    assert [claim for claim in store.claims.of([one.key]) if claim.holder != holder] == []
    file_review(project.project, store, one, "accepted", reviewer="Ana", final=one.output)
    return str(one.key)


def reviewed_once(project: TinyProject) -> bool:
    with closing(project.store()) as store:
        reviews = list(store.reviews.each(TASK))
        assert [one.seq for one in reviews] == list(range(1, SESSIONS * CLICKS + 1))
        return len({one.output for one in reviews}) == SESSIONS * CLICKS


@pytest.mark.long
def test_eight_sessions_at_once_review_every_output_once(project: TinyProject) -> None:
    with closing(project.store()) as store, ThreadPoolExecutor(SESSIONS) as pool:
        for _ in range(CLICKS):
            names = [f"session {n}" for n in range(SESSIONS)]
            list(pool.map(lambda name: click(project, store, name), names))
    assert reviewed_once(project)


def session(project: TinyProject, name: str, rounds: Barrier) -> None:
    with closing(project.store()) as store:
        for _ in range(CLICKS):
            rounds.wait()
            click(project, store, name)


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_eight_servers_with_one_store_review_every_output_once(project: TinyProject) -> None:
    fork = multiprocessing.get_context("fork")
    project.store().close()  # makes the tables
    rounds = fork.Barrier(SESSIONS)
    workers = [
        fork.Process(target=session, args=(project, f"session {n}", rounds))
        for n in range(SESSIONS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * SESSIONS
    assert reviewed_once(project)


def test_the_last_review_can_be_undone_and_its_output_waits_again(project: TinyProject) -> None:
    with closing(project.store()) as store:
        first = queue(project, store)
        (one,) = first[0]
        review = file_review(project.project, store, one, "rejected", reviewer="Ana")
        assert len(queue(project, store)) == len(first) - 1
        take_back(store, review)
        assert queue(project, store) == first
        with pytest.raises(DataError, match="taken back already"):
            take_back(store, review)
        again = file_review(
            project.project, store, one, "accepted", reviewer="Ana", final=one.output
        )
    assert (review.seq, again.seq) == (1, 2)


def test_it_is_said_which_outputs_other_sessions_have_open(project: TinyProject) -> None:
    with closing(project.store()) as store:
        groups = queue(project, store)
        for name in ("ana", "ben"):
            hand_out(store, groups, name, name.title())
        claims = open_elsewhere(store, groups, "ana")
        assert Counter(claim.reviewer for claim in claims) == {"Ben": 1}
