"""A real local Ray: every output once whoever dies, and every failure one line."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from harness.engines.batches import Batch, BatchResult, each
from harness.engines.protocol import Engine, Mounted
from harness.engines.ray.engine import Ray
from harness.errors import EngineFailed, HarnessError, SettingsError
from harness.records import Cluster, Generation, Message, Prompt
from tests.fakes.refusals import refused
from tests.fakes.workers import Marked, broken, marked, other

GENERATION = Generation(batch=2)
TWO = Cluster(actors=2, cores=1, patience=60.0)
BASE = Mounted("base", "", None)
Make = Callable[[Path, int], Engine]
Open = Callable[..., Ray]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed"),
]


@pytest.fixture(scope="module")
def local() -> Iterator[None]:
    """One Ray for the module: an engine that finds one takes it, and leaves it."""
    from harness.engines.ray.start import reached_ray

    with reached_ray():
        yield


@pytest.fixture
def opened(local: None, tmp_path: Path) -> Iterator[Open]:
    found: list[Ray] = []

    def opened(make: Make = marked, cluster: Cluster = TWO) -> Ray:
        engine = Ray(Marked(tmp_path), lambda: partial(make, tmp_path), cluster)
        found.append(engine)
        return engine

    yield opened
    for engine in found:
        engine.close()


def prompts(number: int) -> tuple[Prompt, ...]:
    return tuple(Prompt(f"c{n}", (Message("user", f"say {n}"),), ("yes",)) for n in range(number))


def asked(folder: Path) -> list[tuple[str, str]]:
    """Pid and case of every text."""
    lines = (folder / "asked").read_text().splitlines()
    return [(line.split()[0], line.split()[2]) for line in lines]


@pytest.mark.long
def test_two_workers_share_the_prompts_and_each_is_answered_once(
    opened: Open, tmp_path: Path
) -> None:
    (tmp_path / "meet").write_text("2")
    found = [o for batch in opened().generate(BASE, prompts(40), GENERATION) for o in batch]
    assert sorted(o.case for o in found) == sorted(p.case for p in prompts(40))
    assert {o.text for o in found} == {f"say {n}" for n in range(40)}
    assert str(os.getpid()) not in {pid for pid, _ in asked(tmp_path)}
    assert len({pid for pid, _ in asked(tmp_path)}) == 2


def test_what_a_killed_worker_had_is_done_by_another_and_said_at_once(
    opened: Open, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "die").write_text("c7 1")
    found = [o for batch in opened().generate(BASE, prompts(40), GENERATION) for o in batch]
    assert sorted(o.case for o in found) == sorted(p.case for p in prompts(40))
    (dead,) = (tmp_path / "dead").read_text().split()
    (alive,) = {pid for pid, case in asked(tmp_path) if case == "c7"}
    assert alive != dead
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(r"ray: a worker on .+ is lost \(.+\); 1 of 2 workers goes on", line)
    assert line.endswith("its piece is begun again, a new worker is started where there is space")


@pytest.mark.long
def test_a_piece_that_kills_every_worker_is_given_up_and_the_others_go_on(
    opened: Open, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "die").write_text("c0 3")
    good = Mounted("good", "2", None)
    pieces = [(who.name, Batch(who, prompts(n), GENERATION)) for who, n in ((BASE, 1), (good, 0))]
    pieces += [("good", Batch(good, prompts(4)[1:], GENERATION))]
    found = list(each(opened(), [pieces]))
    (problem,) = [done for whose, done in found if isinstance(done, HarnessError)]
    assert "base: 3 workers died over the same piece" in str(problem)
    texts = [o.case for _, done in found if isinstance(done, BatchResult) for o in done.outputs]
    assert sorted(texts) == ["c1", "c2", "c3"]
    assert capsys.readouterr().err.count("is lost") == 1


def test_a_worker_on_another_device_is_refused(opened: Open) -> None:
    with refused("has device cpu other, here it is cpu fake", EngineFailed, 11):
        list(opened(other).generate(BASE, prompts(1), GENERATION))


@pytest.mark.long
def test_workers_that_cannot_begin_are_one_line_and_are_not_waited_for_twice(
    opened: Open,
) -> None:
    engine = opened(broken)
    for _ in range(2):
        with refused("no worker is left.*no such device", EngineFailed, 11):
            list(engine.generate(BASE, prompts(1), GENERATION))


def test_more_workers_than_fit_are_refused_at_once(opened: Open) -> None:
    engine = opened(cluster=Cluster(4096, 4096, 60.0))
    with refused("4096 workers with 4096 cores each do not fit", SettingsError):
        list(engine.generate(BASE, prompts(1), GENERATION))


@pytest.fixture(scope="module")
def steady(local: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ray]:
    """Nobody dies over these. They hold their cores, so the tests with others stand above."""
    folder = tmp_path_factory.mktemp("steady")
    engine = Ray(Marked(folder), lambda: partial(marked, folder), TWO)
    yield engine
    engine.close()


def test_an_error_in_a_worker_is_the_line_that_it_would_be_here(steady: Ray) -> None:
    with refused("failing: as it was asked to", EngineFailed, 11):
        list(steady.likelihood(Mounted("failing", "1", None), prompts(2), GENERATION))


def test_an_adapter_that_changes_nothing_is_asked_nothing(steady: Ray) -> None:
    still = Mounted("unapplied", "1", None)
    piece = Batch(still, prompts(2), GENERATION, proof=prompts(1)[0])
    ((_, done),) = each(steady, [[(None, piece)]])
    assert isinstance(done, BatchResult) and done.shift == 0.0 and not done.outputs


def test_copies_that_a_worker_cannot_see_are_told_with_the_setting(
    steady: Ray, tmp_path: Path
) -> None:
    elsewhere = Mounted("v1", "1", tmp_path / "nowhere")
    with refused("see `shared` in", EngineFailed, 11):
        list(steady.generate(elsewhere, prompts(1), GENERATION))


def test_who_stops_listening_leaves_the_workers_usable(steady: Ray) -> None:
    engine = steady
    next(engine.generate(BASE, prompts(40), GENERATION))
    found = [o for batch in engine.generate(BASE, prompts(4), GENERATION) for o in batch]
    assert sorted(o.case for o in found) == ["c0", "c1", "c2", "c3"]
