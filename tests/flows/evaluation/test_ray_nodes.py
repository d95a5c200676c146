"""A Ray of two nodes: a sweep survives the loss of one, and other versions are refused."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from harness.engines.local.device import probe
from harness.engines.local.engine import Transformers
from harness.engines.protocol import BackendEngine, Mounted
from harness.engines.ray import start
from harness.engines.ray.engine import Ray
from harness.errors import EngineFailed
from harness.flows.evaluation.sweep import sweep
from harness.records import Cluster, Generation, Message, Prompt
from tests.fakes.many import ManyAdapters
from tests.fakes.project import TinyProject
from tests.fakes.refusals import refused
from tests.fakes.workers import STALLS, stalling
from tests.flows.evaluation.test_prefetch import plain, proving

NAMES = ("one", "two", "three")
SMALL = {
    "num_cpus": 1,
    "node_ip_address": "127.0.0.1",
    "object_store_memory": 80 * 1024 * 1024,
    "include_dashboard": False,
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head with one core, on 127.0.0.1 only and with a token; tests add a second node."""
    with start._environment(start._SILENT | start._LOOPBACK | start._token()):
        from ray.cluster_utils import Cluster as Nodes

        nodes = Nodes(initialize_head=True, head_node_args=SMALL)
        with start._environment({start.ADDRESS: nodes.address}):
            yield nodes
        nodes.shutdown()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> TinyProject:
    """Three adapters on a Llama of two layers."""
    return ManyAdapters(tmp_path_factory.mktemp("many"), NAMES).project


@contextmanager
def spread(project: TinyProject, folder: Path) -> Iterator[Ray]:
    """The engine with two workers, one for each node."""
    base = project.folder / "llama"
    here, asked = Transformers(lambda: base, probe()), Cluster(actors=2, cores=1, patience=60.0)
    engine = Ray(here, lambda: partial(stalling, base, folder), asked)
    try:
        yield engine
    finally:
        engine.close()


def swept(project: TinyProject, engine: BackendEngine) -> list[Any]:
    """The verdicts of a sweep that finds an empty store."""
    shutil.rmtree(project.folder / "reports", ignore_errors=True)
    with proving(project, engine) as opened:
        return plain(list(sweep(opened, NAMES)))


def when(file: Path, then: Callable[[], None]) -> threading.Thread:
    """Do something as soon as a file exists."""

    def watch() -> None:
        until = time.monotonic() + 120
        while not file.exists() and time.monotonic() < until:
            time.sleep(0.05)
        then()

    watching = threading.Thread(target=watch)
    watching.start()
    return watching


@pytest.mark.long
def test_a_node_that_is_lost_in_a_sweep_changes_no_verdict_and_is_one_line(
    cluster: Any, many: TinyProject, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    base = many.folder / "llama"
    expected = swept(many, Transformers(lambda: base, probe()))
    other = cluster.add_node(**SMALL, env_vars={STALLS: "1"})
    lost = when(tmp_path / "stalled", lambda: cluster.remove_node(other, allow_graceful=False))
    capfd.readouterr()
    with spread(many, tmp_path) as engine:
        found = swept(many, engine)
    lost.join()
    assert found == expected
    assert {row[1] for row in found} == {"openers", "manners"}
    assert not [row for row in found if isinstance(row[2], str)]
    out, err = capfd.readouterr()
    (line,) = err.splitlines()
    assert out == ""
    assert line.startswith("lora-harness: ray: the node ")
    assert line.endswith(
        " (127.0.0.1) is lost with its workers; 1 of 2 workers goes on, its piece is begun again,"
        " a new worker is started where there is space"
    )


@pytest.mark.long
def test_a_node_with_another_version_of_a_library_is_refused_in_one_line(
    cluster: Any, many: TinyProject, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The node finds another `peft` before the installed one, as from another environment."""
    facts = tmp_path / "other/peft-0.1.0.dist-info/METADATA"
    facts.parent.mkdir(parents=True)
    facts.write_text("Metadata-Version: 2.1\nName: peft\nVersion: 0.1.0\n")
    paths = ":".join([str(tmp_path / "other"), *(place for place in sys.path if place)])
    other = cluster.add_node(**SMALL, env_vars={"PYTHONPATH": paths})
    prompts = [Prompt(f"case-{n}", (Message("user", "w1"),)) for n in range(4)]
    capfd.readouterr()
    line = "ray: the worker on .+ has peft 0.1.0, here it is .+; outputs are addressed by it"
    with spread(many, tmp_path) as engine, refused(line, EngineFailed, 11):
        list(engine.generate(Mounted("base", "", None), prompts, Generation(batch=2)))
    assert capfd.readouterr() == ("", "")
    cluster.remove_node(other)
