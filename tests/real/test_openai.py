"""The engine `openai` against a real server: `transformers serve` on the same base."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from harness.engines.local.engine import Transformers
from harness.engines.openai.engine import OpenAI
from harness.engines.protocol import Engine, Mounted
from harness.flows.evaluation.backends import open_device
from harness.flows.evaluation.work import prompts_for
from harness.flows.project import Project
from harness.records import Endpoint, Generation, Output, Prompt
from harness.workspace.base.gguf import model_folder
from tests.fakes.refusals import refused
from tests.fakes.waiting import wait_for

from .conftest import ROOT

pytestmark = pytest.mark.real

HOW = Generation(max_new_tokens=20, dtype="float32", batch=4)
BASE = Mounted("base", "", None)


@pytest.fixture(scope="module")
def folder() -> Path:
    return model_folder(Project.here(ROOT).base)


@pytest.fixture(scope="module")
def prompts() -> list[Prompt]:
    """Of both benchmarks, with and without a system turn."""
    return [
        prompts_for(benchmark, case, "base")[0]
        for benchmark in Project.here(ROOT).benchmarks.values()
        for case in benchmark.cases[:2]
    ]


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Endpoint]:
    pytest.importorskip("fastapi", reason="`transformers serve` needs transformers[serving]")
    pytest.importorskip("openai", reason="`transformers serve` needs transformers[serving]")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = Path(sys.executable).with_name("transformers")
    exact = ("--device", "cpu", "--dtype", "float32", "--attn-implementation", "eager")
    place = ("--host", "127.0.0.1", "--port", str(port))
    process = subprocess.Popen(
        [str(command), "serve", str(folder), *exact, *place],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: is_up(f"http://127.0.0.1:{port}/health"), process, 120)
        yield Endpoint(f"http://127.0.0.1:{port}/v1", model=str(folder))
    finally:
        process.terminate()
        process.wait(20)


def is_up(url: str) -> bool:
    try:
        with urlopen(url):
            return True
    except OSError:
        return False


def written(engine: Engine, prompts: list[Prompt]) -> dict[str, Output]:
    return {o.case: o for group in engine.generate(BASE, prompts, HOW) for o in group}


def test_greedy_texts_are_the_in_process_ones(
    server: Endpoint, folder: Path, prompts: list[Prompt]
) -> None:
    here = written(Transformers(lambda: folder, open_device()), prompts)
    there = written(OpenAI(server, lambda: folder), prompts)
    assert {case: o.text for case, o in there.items()} == {c: o.text for c, o in here.items()}
    assert all(o.text for o in here.values())


def test_likelihoods_that_it_does_not_give_are_missing(
    server: Endpoint, folder: Path, prompts: list[Prompt]
) -> None:
    engine = OpenAI(server, lambda: folder)
    (found,) = engine.likelihood(BASE, prompts[:1], HOW)
    assert {weighed.nll for weighed in found} == {None}


def test_another_model_than_it_has_is_a_wrong_request(
    server: Endpoint, folder: Path, prompts: list[Prompt]
) -> None:
    engine = OpenAI(Endpoint(server.url, model="another"), lambda: folder)
    with refused(r"the server says 400 \(Server is pinned to"):
        written(engine, prompts[:1])
