"""Kills and races, each followed by a plain look at what is there."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from collections.abc import Callable

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from harness.errors import RequestError
from harness.records import Output
from harness.store import Store
from harness.store.decisions import broken_links
from tests.store.conftest import URL
from tests.store.records import make_decision, make_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9"),
]
MANY = multiprocessing.get_context("fork") if hasattr(os, "fork") else None


def in_processes(work: Callable[..., None], *arguments: tuple[object, ...]) -> list[int | None]:
    """Run each in a process of its own, all at once; their exit codes."""
    workers = [MANY.Process(target=work, args=one) for one in arguments]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return [worker.exitcode for worker in workers]


# --- kill -9 -----------------------------------------------------------------------------------


def killed_at(step, work, *arguments):
    """Do the work, but die without a word before its n-th statement (or commit)."""
    count = 0

    def die(*_):
        nonlocal count
        count += 1
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", die)
    event.listen(Engine, "commit", die)
    work(*arguments)


def every_step(work, folders, *arguments):
    """Yield the folder after each killed attempt, until one was let through."""
    for step, folder in enumerate(folders, start=1):
        (code,) = in_processes(killed_at, (step, work, folder, *arguments))
        assert code in (0, -signal.SIGKILL)
        yield folder, code == 0
        if code == 0:
            assert step > 3, "nothing was killed"
            return


def anew(folder):
    """A folder of its own for every attempt."""
    return (folder / str(number) for number in itertools.count())


def make_store(folder):
    Store(URL, folder).close()


@pytest.mark.long
def test_a_store_killed_while_it_is_made_is_made_the_next_time(tmp_path):
    for folder, _ in every_step(make_store, anew(tmp_path)):
        store = Store(URL, folder)
        store.runs.keep(make_run(), "k")
        assert store.runs.ids() == ["r1"]
        store.close()


def keep_a_run(folder):
    Store(URL, folder).runs.keep(make_run(), "k")


def test_a_run_killed_while_it_is_kept_is_whole_or_not_there(tmp_path):
    make_store(tmp_path)
    for folder, through in every_step(keep_a_run, itertools.repeat(tmp_path)):
        store = Store(URL, folder)
        found = store.runs.by_key("k")
        assert found == make_run() or (found is None and not through)
        assert store.runs.changed() == []
        store.close()


def keep_batches(folder, done):
    store = Store(URL, folder)
    for batch in range(3):
        outputs = {f"{batch}-{n}": Output("c", f"text {batch} {n}", n) for n in range(4)}
        store.outputs.keep_texts(outputs, "now")
        os.write(done, b"x")


def test_every_finished_batch_survives_a_kill(tmp_path):
    make_store(tmp_path)
    places = {f"{batch}-{n}": ("c", n) for batch in range(3) for n in range(4)}
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    for folder, through in every_step(keep_batches, itertools.repeat(tmp_path), writer):
        try:
            finished = len(os.read(reader, 100))
        except BlockingIOError:
            finished = 0
        store = Store(URL, folder)
        found = store.outputs.texts(places)
        assert len(found) % 4 == 0, "no half batches"
        assert {f"{b}-{n}" for b in range(finished) for n in range(4)} <= set(found)
        assert len(found) == 12 or not through
        store.close()


def decide(folder):
    Store(URL, folder).decisions.add(make_decision())


def test_a_decision_killed_while_it_is_taken_leaves_a_whole_ledger(tmp_path):
    make_store(tmp_path)
    for folder, through in every_step(decide, itertools.repeat(tmp_path)):
        store = Store(URL, folder)
        assert len(store.decisions.all()) == through
        store.close()


# --- races ---------------------------------------------------------------------------------------


def test_eight_processes_that_open_a_new_store_all_get_it(tmp_path):
    for number in range(3):
        folder = tmp_path / str(number)
        assert in_processes(make_store, *[(folder,)] * 8) == [0] * 8


def write_much(folder, mine):
    store = Store(URL, folder)
    for number in range(5):
        key = f"{mine}-{number}"
        store.outputs.keep_texts({key: Output("c", key)}, "now")
        store.outputs.keep_texts({f"shared-{number}": Output("c", "same")}, "now")
        store.runs.keep(make_run(f"run {key}", cases=2), f"key {key}")
        store.runs.keep(make_run(f"run shared-{number}", cases=2), f"key shared-{number}")
        store.decisions.add(make_decision(adapter=key))
    store.close()


def test_processes_that_write_at_once_lose_nothing(tmp_path):
    make_store(tmp_path)
    assert in_processes(write_much, *[(tmp_path, mine) for mine in "abcd"]) == [0] * 4
    store = Store(URL, tmp_path)
    keys = [f"{mine}-{n}" for mine in ("a", "b", "c", "d", "shared") for n in range(5)]
    assert len(store.outputs.texts(dict.fromkeys(keys, ("c", 0)))) == 25
    assert sorted(store.runs.ids()) == sorted(f"run {key}" for key in keys)
    assert store.runs.changed() == []
    ledger = store.decisions.all()
    assert len(ledger) == 20 and list(broken_links(ledger)) == []
    store.close()


def promote(folder, mine, results):
    store = Store(URL, folder)
    try:
        store.decisions.add(make_decision(adapter=mine), after="")
        results.put(mine)
    except RequestError as refused:
        assert "the baseline moved to" in str(refused)
    store.close()


def test_of_many_promotions_at_once_exactly_one_wins(tmp_path):
    make_store(tmp_path)
    results = MANY.Queue()
    assert in_processes(promote, *[(tmp_path, mine, results) for mine in "abcd"]) == [0] * 4
    store = Store(URL, tmp_path)
    (winner,) = store.decisions.all()
    assert winner.adapter == results.get(timeout=10) and results.empty()
    store.close()
