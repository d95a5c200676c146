"""Nothing goes out unless an engine or `--push` asks for it: whole jobs in sealed processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import main_job
from tests.fakes.sealed.sitecustomize import CODE

ROOT = Path(__file__).resolve().parents[1]
SEAL = ROOT / "tests" / "fakes" / "sealed"
OPEN_ANYWAY = (
    "HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "TRANSFORMERS_OFFLINE",
)  # fmt: skip
"""What a machine may have set already: a promise must hold on one that has not."""


def sealed(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A Python process that ends with 97 where it, or one that it starts, asks the network."""
    environment = {name: value for name, value in os.environ.items() if name not in OPEN_ANYWAY}
    environment |= {
        "PYTHONPATH": os.pathsep.join(map(str, (SEAL, ROOT))),
        "LORA_HARNESS_CACHE": str(folder / "cache"),
    }
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize(
    "asking",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9), timeout=1)",
        "import socket; socket.getaddrinfo('example.com', 443)",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
        "import asyncio; asyncio.run(asyncio.open_connection('127.0.0.1', 9))",
        "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c',"
        " 'import socket; socket.socket().connect_ex((\"127.0.0.1\", 9))']))",
        "import httpx2; httpx2.get('http://127.0.0.1:9')",
        "import huggingface_hub; huggingface_hub.HfApi().model_info('gpt2')",
    ],
)  # fmt: skip
def test_the_seal_sees_every_way_out(asking: str, tmp_path: Path) -> None:
    done = sealed("-c", asking, folder=tmp_path)
    assert done.returncode == CODE
    assert "sealed: socket." in done.stderr


@pytest.mark.long
def test_a_whole_month_of_work_asks_nobody(tmp_path: Path) -> None:
    done = sealed("-m", "tests.fakes.main_job", str(tmp_path / "work"), folder=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "sealed" not in done.stderr
    said = [line.removeprefix("done: ") for line in done.stdout.splitlines()]
    for _, words in (*main_job.RECORDED, *main_job.COMMANDS):
        assert " ".join(words) in said
    assert "7 pages" in said and "pytest --model bad" in said


def test_the_dashboard_serves_without_usage_statistics() -> None:
    from harness.cli.dashboard import options, pages

    told = dict(each.removeprefix("--").split("=", 1) for each in options(pages()))
    assert told["browser.gatherUsageStats"] == "false"
    assert told["server.showEmailPrompt"] == "false"


@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"])
def test_model_libraries_are_told_to_stay_at_home(name: str) -> None:
    from harness.libraries import _QUIET

    assert _QUIET[name] == "1"
