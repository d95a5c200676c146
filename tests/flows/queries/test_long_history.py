"""What keeps pages quick however long the history is, without a clock."""

import re
from contextlib import closing

import pytest
from sqlalchemy import event

from harness.flows.project import Project
from harness.store import Store
from perf.dashboard_speed import NAMES, pages
from perf.history_generator import Size, fill, write_project
from tests.fakes.postgresql import running_server

SMALL = Size(runs=400, cases=5, tasks=2, reviews=300, decisions=40)
LARGE = Size(runs=1200, cases=5, tasks=2, reviews=900, decisions=40)
SLACK = 3
"""Questions that only come up once there are runs enough to gather or to compare."""
LONG = ("run_scores", "run_cases", "run_means", "run_slice_means", "verdicts", "reviews")
"""Tables that grow with every run or review; no page may read one from end to end."""


def long_history(folder, size, url="sqlite:///reports/harness.db"):
    project = write_project(folder, size)
    store = Store(url, folder)
    fill(store, project, size, lambda line: None)
    return project, store


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    project, store = long_history(tmp_path_factory.mktemp("small"), SMALL)
    yield project, store
    store.close()


@pytest.fixture
def unasked(small):
    """The small history as a new process opens it: what pages read before is not kept."""
    project, store = small
    with closing(Store(*store.database.given)) as opened:
        yield project, opened


def statements_of(store, ask):
    found = []

    def heard(connection, cursor, statement, parameters, context, many):
        found.append((statement, parameters))

    event.listen(store.database.engine, "before_cursor_execute", heard)
    try:
        assert len(ask()) > 0
    finally:
        event.remove(store.database.engine, "before_cursor_execute", heard)
    return [(said, with_) for said, with_ in found if said.lstrip().startswith("SELECT")]


@pytest.mark.parametrize("page", NAMES)
def test_no_page_reads_a_long_table_from_end_to_end(unasked, page):
    project, store = unasked
    asked = statements_of(store, pages(project, store)[page])
    assert asked
    for statement, parameters in asked:
        with store.database.read() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        scans = [row[3] for row in plan if re.match(rf"SCAN ({'|'.join(LONG)})\b", row[3])]
        assert scans == [], statement


@pytest.mark.long
def test_a_longer_history_is_not_asked_more_questions(unasked, tmp_path):
    project, store = long_history(tmp_path / "large", LARGE)
    theirs = pages(project, store)
    for page, ask in pages(*unasked).items():
        few, many = statements_of(unasked[1], ask), statements_of(store, theirs[page])
        assert len(many) <= len(few) + SLACK, page
    store.close()


def test_a_generated_run_reads_like_a_real_one(small):
    store = small[1]
    run = store.runs.by_id(store.runs.ids()[7])
    scores = [result.scores["edit_similarity"] for result in run.results]
    [point] = store.trends.points(_window(run), "run")[:1]
    assert len(run.results) == 5 and point.mean == pytest.approx(sum(scores) / 5)
    assert store.trends.counts() == (400, 300, 40)
    assert store.reviews.count() == 300 and len(store.decisions.all()) == 40


def _window(run):
    from harness.store.points import Window

    day = run.started[:10]
    return Window(run.benchmark, "edit_similarity", (run.adapter,), day, day)


@pytest.mark.long
def test_every_page_says_the_same_on_postgresql(small, tmp_path):
    with running_server() as server:
        project, store = long_history(tmp_path / "pg", SMALL, server.fresh())
        again, theirs = Project.here(tmp_path / "pg"), pages(project, store)
        assert again.benchmarks == small[0].benchmarks
        for name, ask in pages(*small).items():
            assert _rounded(theirs[name]()) == _rounded(ask()), name
        store.close()


def _rounded(rows):
    """Databases add up in an order of their own: the last bits may differ."""
    return re.sub(r"\d+\.\d+(e-\d+)?", lambda m: f"{float(m[0]):.9f}", repr(rows))
