"""Each visitor of the dashboard has a thread: nobody works in another's transaction."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.store import Store
from tests.fakes.postgresql import running_server
from tests.store.records import make_run


class Stop(Exception):
    pass


@pytest.fixture(params=["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.slow)])
def shared(request, open_store, tmp_path):
    """One store, opened once, for all threads."""
    if request.param == "SQLite":
        yield open_store()
        return
    with running_server() as server:
        store = Store(server.fresh(), tmp_path)
        yield store
        store.close()


def test_a_transaction_belongs_to_the_thread_that_began_it(shared):
    inside, looked = threading.Event(), threading.Event()
    seen = []

    def visitor():
        assert inside.wait(30)
        seen.append(shared.outputs.likelihoods(["a"]))
        looked.set()
        shared.outputs.keep_likelihoods({"b": 1.0})

    with ThreadPoolExecutor() as pool:
        done = pool.submit(visitor)
        with pytest.raises(Stop), shared.database.together():
            shared.outputs.keep_likelihoods({"a": 1.0})
            inside.set()
            assert looked.wait(30)
            raise Stop
        done.result(60)
    assert seen == [{}], "what is not finished is not seen"
    assert shared.outputs.likelihoods(["a", "b"]) == {"b": 1.0}, "what failed took nothing else"


def test_a_transaction_inside_a_transaction_ends_with_the_outer_one(shared):
    with pytest.raises(Stop), shared.database.together():
        with shared.database.together():
            shared.outputs.keep_likelihoods({"a": 1.0})
        shared.outputs.keep_likelihoods({"b": 1.0})
        raise Stop
    assert shared.outputs.likelihoods(["a", "b"]) == {}


def test_a_page_reads_through_one_connection_and_writes_go_past_it(shared):
    shared.outputs.keep_likelihoods({"a": 1.0})
    with shared.database.at_once():
        with shared.database.read() as first, shared.database.read() as second:
            assert first is second
        shared.outputs.keep_likelihoods({"b": 1.0})
        with shared.database.at_once(), shared.database.read() as inner:
            assert inner is first
    assert first.closed, "it is given back"
    assert shared.outputs.likelihoods(["a", "b"]) == {"a": 1.0, "b": 1.0}


@pytest.mark.medium
def test_many_threads_read_and_write_at_once(shared):
    def visit(number):
        shared.runs.keep(make_run(f"r{number}"), f"k{number}")
        with shared.database.together():
            shared.outputs.keep_likelihoods({str(number): float(number)})
        return shared.runs.by_id(f"r{number}") is not None and shared.trends.counts()[0] > 0

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(visit, range(24)))
    assert len(shared.runs.ids()) == 24 and shared.runs.changed() == []
