"""A gate that SIGTERM or SIGHUP ends leaves nothing behind, and goes on the next time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.openai_server import CHAT, OpenAIServer
from tests.fakes.project import TinyProject
from tests.fakes.waiting import wait_for
from tests.flows.evaluation.test_backends import served, server  # noqa: F401

pytestmark = pytest.mark.slow

Start = Callable[..., subprocess.Popen[str]]

LOAD, UNLOAD = "/load_lora_adapter", "/unload_lora_adapter"
EVALUATE = ("-m", "harness.cli", "evaluate", "v1", "--json")
PYTEST = ("-m", "pytest", "-p", "no:cacheprovider", "--model", "v1")
GATES = {"evaluate": EVALUATE, "pytest": PYTEST, "pytest -n 2": (*PYTEST, "-n", "2")}


@pytest.fixture
def start(served: TinyProject, tmp_path: Path) -> Iterator[Start]:  # noqa: F811
    """Start a command in the project; its temporary files go to the folder `tmp`."""
    (tmp_path / "tmp").mkdir()
    file = served.folder / "pyproject.toml"
    file.write_text(file.read_text() + "concurrency = 1\n")
    root = Path(__file__).resolve().parents[3]
    own = {"PYTHONPATH": str(root), "TMPDIR": str(tmp_path / "tmp"), "OMP_NUM_THREADS": "1"}
    own |= {"LORA_HARNESS_CACHE": str(tmp_path / "cache")}
    started: list[subprocess.Popen[str]] = []

    def run(*words: str) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [sys.executable, *words],
                cwd=served.folder,
                # under `nohup` the tests would pass on that this signal is ignored
                preexec_fn=partial(signal.signal, signal.SIGHUP, signal.SIG_DFL),
                env=os.environ | own,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def prompt_of(body: dict[str, Any]) -> tuple[str, object]:
    """Which side was asked, and what; the adapter's name on the server changes each time."""
    return body["model"].rpartition("-")[0], body["messages"]


@pytest.mark.long
@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_gate_on_a_server_leaves_nothing_and_goes_on(
    name: str,
    number: int,
    start: Start,
    server: OpenAIServer,  # noqa: F811
    tmp_path: Path,
) -> None:
    server.pause = 0.3
    process = start(*GATES[name])
    wait_for(lambda: bool(server.modules) and len(server.bodies(CHAT)) >= 4, process, 120)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == (128 + number if name == "evaluate" else 2), (out, err)
    assert "Traceback" not in out + err
    assert "stopped; run the same command again to go on" in out
    assert server.modules == {}
    left = [one for one in (tmp_path / "tmp").iterdir() if not one.name.startswith("pytest-of-")]
    assert left == []
    asked = server.bodies(CHAT)
    answered = asked[:2]  # the last ones may have been under way
    server.asked.clear()
    server.pause = 0.0
    again = start(*GATES[name])
    out, err = again.communicate(timeout=120)
    assert again.returncode == 0, (out, err)
    known = [prompt_of(body) for body in answered]
    assert not [body for body in server.bodies(CHAT) if prompt_of(body) in known]
    assert server.modules == {}


@pytest.mark.long
def test_an_adapter_that_the_server_is_still_loading_does_not_stay(
    start: Start,
    server: OpenAIServer,  # noqa: F811
) -> None:
    server.loading = 1.5
    process = start(*EVALUATE)
    wait_for(lambda: bool(server.bodies(LOAD)), process, 120)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert server.bodies(LOAD)[0]["lora_name"] in {
        body["lora_name"] for body in server.bodies("/unload_lora_adapter")
    }
    time.sleep(2)  # the server ends loading, asked for or not
    assert server.modules == {}
