"""The same reviews on SQLite and PostgreSQL, from one process or from several at once."""

from __future__ import annotations

import multiprocessing
import os
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.project import TinyProject
from tests.flows.reviewed import brought, kept, lines, rates, write

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]


@pytest.fixture(params=["sqlite", "postgresql"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> TinyProject:
    made = TinyProject(tmp_path / "project")
    if request.param == "postgresql":
        made.settings(f'store = "{request.getfixturevalue("postgresql")}"\n')
    made.store().close()
    return made


def test_both_kinds_of_store_give_the_same_rates(project: TinyProject, tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", lines(700))
    assert brought(project, file).new == 700
    assert brought(project, file).known == 700
    other = TinyProject(tmp_path / "other")
    brought(other, file)
    assert rates(project) == rates(other)
    assert kept(project) == kept(other)
    with closing(project.store()) as store:
        assert list(store.reviews.changed()) == []


def bring(project: TinyProject, file: Path) -> None:
    assert not brought(project, file).bad


def test_imports_at_once_count_each_review_once_and_number_without_gaps(
    project: TinyProject, tmp_path: Path
) -> None:
    some = lines(400)
    fork = multiprocessing.get_context("fork")
    files = [write(tmp_path / f"{n}.csv", some[n * 50 : n * 50 + 250]) for n in range(4)]
    workers = [fork.Process(target=bring, args=(project, file)) for file in files]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    reviews = kept(project)
    assert [review.seq for review in reviews] == list(range(1, 401))
    assert sorted(review.id for review in reviews) == sorted(row[0] for row in some)
